"""What conformance has to be told of a connector: all that it cannot find in the folder of the party by itself.

A connector whose samples are no deliveries, or that has a sink, has a file ``tests/connectors/<party>/party.py`` with
``PARTY``. The toys are asked as well: they are what ``bokbuss new`` makes connectors of.
"""

import importlib
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import registry
from infra.access.vault import Vault
from infra.intake.sealing import sealed
from infra.leases import Leases
from infra.plugin import Host, System
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas import ids
from schemas.commands import Order
from schemas.envelope import type_of
from schemas.events import Fact

ROOT = Path(__file__).parents[2]
TOYS = ("tests.toys.toytill", "tests.toys.toyhr")
TENANT = "acme"
VAULT = Vault(bytes(range(32)))
_ADD = text("insert into tenants (tenant, database_number, created_at) values (:tenant, :number, clock_timestamp())")


@dataclass(frozen=True, slots=True)
class Imitated:
    """A sandbox with a company that our company is connected to.

    Attributes:
        host: lends what the connector needs, with settings that name the sandbox.
        orders: one at least of each kind, in a sequence in which they can be carried out.
        lose: lets the next writing call be done, and its answer be lost.
        records: counts what the company holds there.
        number: the company's number there, if it has one.
    """

    host: Host
    orders: tuple[Order, ...]
    lose: Callable[[], None]
    records: Callable[[], int]
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """An outside party as it is tried.

    Attributes:
        system: what its folder exports.
        imitated: opens its sandbox, for a sink.
        translated: a sample's name and bytes as facts, where ``Source.translate`` does not say it: answers that we ask
            for, and deliveries that are told apart by when they came. Raises Malformed.
    """

    system: System
    translated: Callable[[str, bytes], Sequence[Fact]] | None = None
    imitated: Callable[[Engine], AbstractAsyncContextManager[Imitated]] | None = None

    @property
    def folder(self) -> Path:
        """Where its README and its samples are."""
        places = (ROOT / "connectors" / self.system.name, ROOT / "tests" / "toys" / self.system.name)
        return next(place for place in places if place.is_dir())

    def facts(self, name: str, payload: bytes) -> Sequence[Fact]:
        """Return what a sample becomes. Raises Malformed."""
        if self.translated is not None:
            return self.translated(name, payload)
        assert self.system.source is not None, (
            f"tests/connectors/{self.system.name}/party.py must say what samples mean"
        )
        return self.system.source.translate(payload)

    def samples(self) -> list[Path]:
        """Return the samples, without the facts that lie beside them."""
        return sorted(
            path for path in (self.folder / "samples").rglob("*") if path.is_file() and ".facts." not in path.name
        )


def parties() -> list[Party]:
    """Return every outside party that the host finds, and the toys."""
    names = [*(f"connectors.{name}" for name in registry.systems()), *TOYS]
    return [_party(name) for name in names]


async def accepted(_tenant: str, _system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
    """Take facts, as the host does."""
    return tuple(ids.fact_id(fact.key, ids.revision(fact)) for fact in facts)


def host(settings: Settings, engine: Engine, vault: Vault = VAULT) -> Host:
    """Return what a connector works with."""
    return Host(settings, engine, vault, Leases(engine, 5.0), accepted)


async def add_company(engine: Engine, number: int | None = None) -> None:
    """Let a database know our company."""
    row = {"tenant": TENANT, "number": number}
    async with engine.begin() as connection:
        await connection.execute(_ADD, row)


def shown(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """Return facts as they lie beside their sample, and as they travel: what is personal is sealed."""
    return [
        {"type": type_of(type(one)), "id": ids.fact_id(one.key, ids.revision(one)), "data": one.to_json()}
        for fact in facts
        for one in [sealed(fact, VAULT, TENANT)]
    ]


def written(value: object) -> bytes:
    """Return a JSON value as somebody else would write it: other gaps, other sequence of names."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _party(name: str) -> Party:
    place = f"tests.{name.removeprefix('tests.')}"
    if (ROOT / place.replace(".", "/") / "party.py").exists():
        party: Party = importlib.import_module(f"{place}.party").PARTY
        return party
    return Party(importlib.import_module(name).SYSTEM)
