"""What would have become of what came in, under other settings: compared with those in force. It only reads."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from infra.deciding import remembering
from infra.plugin import Flow, Outcome, Terms
from schemas.money import ZERO

_EXAMPLES: Final = 10


@dataclass(slots=True)
class Simulation:
    """The difference that settings make.

    Attributes:
        keys: that were compared.
        changed: whose outcome is another.
        booked: of these, those for which a voucher stands in the ledger already: settings alone change none.
        held: that would wait and do not now, by reason; ``released`` wait now, and would not.
        examples: the first keys of each reason, under ``held`` and ``released``.
        amounts: by day and account what would be booked less what is; debit above zero, and nothing where it is zero.
    """

    keys: int = 0
    changed: int = 0
    booked: int = 0
    held: Counter[str] = field(default_factory=Counter)
    released: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    amounts: defaultdict[tuple[date, int], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))

    def add(self, key: str, now: Outcome, then: Outcome) -> None:
        """Take in what becomes of a key under the settings in force and under the others."""
        self.keys += 1
        if (now.held, now.amounts, now.dated) == (then.held, then.amounts, then.dated):
            return
        self.changed += 1
        self.booked += now.booked
        for outcome, sign in ((now, -1), (then, 1)):
            for account, amount in outcome.amounts.items():
                self.amounts[outcome.dated, account] += sign * amount
        if then.held and then.held != now.held:
            self._note("held", self.held, then.held, key)
        if now.held and then.held != now.held:
            self._note("released", self.released, now.held, key)

    def _note(self, what: str, counts: Counter[str], reason: str, key: str) -> None:
        counts[reason] += 1
        if counts[reason] <= _EXAMPLES:
            self.examples[what, reason].append(key)

    def differences(self) -> Iterator[tuple[date, int, Decimal]]:
        """Yield day, account and difference, in their order."""
        for (day, account), amount in sorted(self.amounts.items()):
            if amount:
                yield day, account, amount


async def simulate(
    engine: AsyncEngine,
    flow: Flow,
    tenant: str,
    terms: tuple[Terms, Terms],
    days: tuple[date, date],
    progress: Callable[[int], None],
) -> Simulation:
    """Compare what a flow makes of everything that it remembers of a company.

    Args:
        terms: those in force, and the others.
        days: the first and the last that count.
        progress: is called with the number of keys that were looked at since the last time.
    """
    if (trial := flow.trial) is None:
        raise TypeError(f"the flow {flow.name} cannot be tried under other settings")
    found = Simulation()
    now, then = terms
    async for key, states in remembering.of_days(engine, flow, tenant, days, progress):
        before, after = trial(key, states, now), trial(key, states, then)
        if before is not None and after is not None:
            found.add(key, before, after)
    return found
