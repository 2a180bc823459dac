"""What would have become of what came in, under other settings: compared with those in force. It only reads."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from infra.deciding import remembering
from infra.plugin import Flow, Outcome, Terms
from infra.postgres import Engine
from schemas.money import ZERO, summed

_EXAMPLES: Final = 10


@dataclass(slots=True)
class Simulation:
    """The difference that settings make to what a flow makes.

    Attributes:
        flow: its name.
        keys: that were compared.
        changed: whose outcome is another.
        booked: of these, those for which a voucher or a document stands already: settings alone change none.
        held: that would wait and do not now, by reason; ``released`` wait now, and would not.
        examples: the first keys of each reason, under ``held`` and ``released``.
        amounts: by day and account what would be booked less what is; debit above zero, and nothing where it is zero.
        documents: that would be another kind of document, by what they are and what they would be.
        owed: what customers would owe less what they do.
    """

    flow: str
    keys: int = 0
    changed: int = 0
    booked: int = 0
    held: Counter[str] = field(default_factory=Counter)
    released: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    amounts: defaultdict[tuple[date, int], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    documents: Counter[tuple[str, str]] = field(default_factory=Counter)
    owed: Decimal = ZERO

    def add(self, key: str, now: Outcome, then: Outcome) -> None:
        """Take in what becomes of a key under the settings in force and under the others."""
        self.keys += 1
        if now == then:
            return
        self.changed += 1
        self.booked += now.booked
        for outcome, sign in ((now, -1), (then, 1)):
            self.owed += sign * outcome.owed
            for place, amount in outcome.amounts.items():
                self.amounts[place] += sign * amount
        if now.document and then.document and now.document != then.document:
            self.documents[now.document, then.document] += 1
        if then.held and then.held != now.held:
            self._note("held", self.held, then.held, key)
        if now.held and then.held != now.held:
            self._note("released", self.released, now.held, key)

    def _note(self, what: str, counts: Counter[str], reason: str, key: str) -> None:
        counts[reason] += 1
        if counts[reason] <= _EXAMPLES:
            self.examples[what, reason].append(key)


def differences(found: Iterable[Simulation]) -> Iterator[tuple[date, int, Decimal]]:
    """Yield day, account and difference of all that flows make, in their order."""
    amounts = summed(each for one in found for each in one.amounts.items())
    for (day, account), amount in sorted(amounts.items()):
        if amount:
            yield day, account, amount


def tried(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """Return the flows that can be tried under other settings."""
    return tuple(flow for flow in flows if flow.trial is not None)


async def count(engine: Engine, flows: Iterable[Flow], tenant: str) -> int:
    """Return how many keys a simulation looks at."""
    return sum([await remembering.count(engine, flow, tenant) for flow in tried(flows)])


async def simulate(
    engine: Engine,
    flows: Iterable[Flow],
    tenant: str,
    terms: tuple[Terms, Terms],
    days: tuple[date, date],
    progress: Callable[[int], None],
) -> tuple[Simulation, ...]:
    """Compare what flows make of everything that they remember of a company; return it for each that can be tried.

    Args:
        terms: those in force, and the others.
        days: the first and the last that count.
        progress: is called with the number of keys that were looked at since the last time.
    """
    found: list[Simulation] = []
    now, then = terms
    for flow in flows:
        if (trial := flow.trial) is None:
            continue
        found.append(one := Simulation(flow.name))
        async for key, states in remembering.of_days(engine, flow, tenant, days, progress):
            await asyncio.sleep(0)  # whoever asks for a page of this process meanwhile gets it
            before, after = trial(key, states, now), trial(key, states, then)
            if before is not None and after is not None:
                one.add(key, before, after)
    return tuple(found)
