"""A host that keeps the facts it is told, as they stand on their topics."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.access.vault import Vault
from infra.intake.sealing import sealed
from infra.plugin import Attempt
from schemas import ids
from schemas.events import EmployeeChanged, Fact, LeaveChanged

VAULT = Vault(bytes(range(32)))
TENANT = "acme"


@dataclass
class FakeAcceptor:
    """The facts that a system told; ``fails`` is raised instead, once."""

    system: str
    facts: list[Fact] = field(default_factory=list)
    fails: BaseException | None = None

    async def accept(self, tenant: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        """Keep facts, as the host does."""
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error
        assert (tenant, system) == (TENANT, self.system)
        done = [type(fact).model_validate_json(sealed(fact, VAULT, tenant).model_dump_json()) for fact in facts]
        self.facts += done
        return tuple(ids.fact_id(fact.key, ids.revision(fact)) for fact in done)

    def people(self) -> list[EmployeeChanged]:
        """Return what was told about people, and forget everything."""
        found = [fact for fact in self.facts if isinstance(fact, EmployeeChanged)]
        self.facts.clear()
        return found

    def leaves(self) -> list[LeaveChanged]:
        """Return what was told about leaves, and forget everything."""
        found = [fact for fact in self.facts if isinstance(fact, LeaveChanged)]
        self.facts.clear()
        return found


def attempt() -> Attempt:
    """Return an attempt that may always send, and has no budget to keep."""

    async def take() -> None:
        pass

    return Attempt(may_send=lambda: None, take=take)
