"""A host that keeps the facts it is told, as they stand on their topics."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from connectors.huma.client import Huma
from connectors.huma.source import PeopleReader
from infra.access.vault import Vault
from infra.http import Client
from infra.intake.sealing import sealed
from infra.plugin import Attempt, Host
from schemas import ids
from schemas.events import EmployeeChanged, Fact

VAULT = Vault(bytes(range(32)))
TENANT = "acme"


@dataclass
class FakeAcceptor:
    """The facts that were told; ``fails`` is raised instead, once."""

    facts: list[Fact] = field(default_factory=list)
    fails: BaseException | None = None

    async def accept(self, tenant: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        """Keep facts, as the host does."""
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error
        assert (tenant, system) == (TENANT, "huma")
        done = [type(fact).model_validate_json(sealed(fact, VAULT, tenant).model_dump_json()) for fact in facts]
        self.facts += done
        return tuple(ids.fact_id(fact.key, ids.revision(fact)) for fact in done)

    def people(self) -> list[EmployeeChanged]:
        """Return what was told about people, and forget everything."""
        found = [fact for fact in self.facts if isinstance(fact, EmployeeChanged)]
        self.facts.clear()
        return found


def attempt() -> Attempt:
    """Return an attempt that may always send, and has no budget to keep."""

    async def take() -> None:
        pass

    return Attempt(may_send=lambda: None, take=take)


@asynccontextmanager
async def reading(host: Host) -> AsyncIterator[PeopleReader]:
    """Open the company for reading, without a budget."""
    async with Client(timeout=5.0) as client:
        yield PeopleReader(Huma(TENANT, host, client, tries=3), attempt())
