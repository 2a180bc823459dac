"""What conformance has to be told of a connector: all that it cannot find in the folder of the party by itself.

A connector whose samples are no deliveries, or that has a sink, has a file ``tests/connectors/<party>/party.py`` with
``PARTY``.
"""

import importlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import registry
from infra.access.vault import Vault
from infra.intake.sealing import sealed
from infra.plugin import System
from schemas import ids
from schemas.envelope import type_of
from schemas.events import Fact

TENANT = "acme"
VAULT = Vault(bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Party:
    """An outside party as it is tried.

    Attributes:
        system: what its folder exports.
        folder: where its README and its samples are.
        translated: a sample's name and bytes as facts, where ``Source.translate`` does not say it: answers that we ask
            for, and deliveries that are told apart by when they came. Raises Malformed.
    """

    system: System
    folder: Path
    translated: Callable[[str, bytes], Sequence[Fact]] | None = None

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
    """Return every outside party that the host finds."""
    return [_party(system) for system in registry.systems().values()]


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


def _party(system: System) -> Party:
    if (Path(__file__).parent / system.name / "party.py").exists():
        party: Party = importlib.import_module(f"tests.connectors.{system.name}.party").PARTY
        return party
    connector = importlib.import_module(f"connectors.{system.name}")
    return Party(system, Path(str(connector.__file__)).parent)
