"""How long a backlog takes at a Fortnox that fails often: lost answers, 500s, late commits, old lists, dead tokens."""

import asyncio
from collections import Counter

from tests.bench import loads
from tests.bench.house import House, now
from tests.bench.report import Report, Row

_COMPANIES = 3
_VOUCHERS = 120
"""Of each company."""
_AIMS = {0.1: 130.0, 0.35: 300.0}
_LONGEST = 900.0
_DONE = "select count(*) from journal where state = 'delivered'"
_ONCE_IN_DOUBT = "select count(distinct message_id) from audit where body ->> 'outcome' = 'unknown'"


async def measure(*, quick: bool) -> Report:
    """Let one sinks process work on a backlog of three companies, at every kind of fault alike."""
    rows = [await _at(share) for share in ((0.35,) if quick else (0.1, 0.35))]
    note = "Every kind of fault that the sandbox has and that ends with its request, at any call, tokens included."
    return Report(f"{_COMPANIES * _VOUCHERS} vouchers of {_COMPANIES} companies at a failing Fortnox", rows, [note])


async def _at(share: float) -> Row:
    total = _COMPANIES * _VOUCHERS
    async with House(_COMPANIES) as house:
        sandbox = house.sandbox(faults=share)
        await loads.publish(house.bootstrap, loads.orders(total, _COMPANIES))
        house.role("sinks")
        begun = now()
        with house.database() as database:
            done = 0
            while done < total and now() < begun + _LONGEST:
                await asyncio.sleep(1.0)
                done = database.execute(_DONE).fetchone()[0]  # type: ignore[index]
            took = now() - begun
            doubts = database.execute(_ONCE_IN_DOUBT).fetchone()[0]  # type: ignore[index]
        marks = Counter(description.rpartition(" ")[2] for description in sandbox.descriptions())
        counted = sandbox.companies()
    return {
        "faults": f"{share:.0%}",
        "booked": done,
        "doubles": sum(count - 1 for count in marks.values()),
        "once in doubt": doubts,
        "calls": sum(sum(company["calls"].values()) for company in counted),
        "429s": sum(company["throttled"] for company in counted),
        "seconds": took,
        "aim": f"under {_AIMS[share]:.0f} s, no doubles",
        "met": done == total == len(marks) and took < _AIMS[share] and max(marks.values()) == 1,
    }
