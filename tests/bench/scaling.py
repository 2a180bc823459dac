"""A thousand companies in simulation: an evening on which all tills close, and a year that is caught up with.

Time is virtual, and what each step costs is measured elsewhere (``make bench ARGS="--only facts,calls,latency"``,
``make soak``): this says which number grows with what, and which part is full first. docs/scaling.md reads from it.
"""

from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Final

from schemas.topics import PARTITIONS
from tests.bench.house import percentile
from tests.bench.report import Report, Row

_ALLOWED: Final = 4.8
"""Calls a second to Fortnox that a company's lane makes: 24 in 5 s."""
_CLOSES: Final = 2
"""Day closes of a company in an evening."""
_EVENING, _PEAK, _SPREAD = 4 * 3600, 2 * 3600, 1800.0
"""Seconds: of the evening, until most close, and how far they are from each other (a normal distribution)."""
_BUSY: Final = 0.7
"""Of a core: fuller than this nothing is planned, so that a restart catches up."""
_YEAR: Final = 365 * _CLOSES


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of a core for one day close, at each place; bytes that it leaves behind."""

    sources: float = 4.0
    flows: float = 1.4
    sinks: float = 2.5
    database: float = 2.5
    broker: float = 1.0
    table_bytes: int = 10_000
    topic_bytes: int = 7_000


_ALONE: Final = Costs(sources=12, flows=25, sinks=30, database=25, broker=23)
"""Of a day close that comes by itself, as in an evening: the other costs are of one among hundreds, as in a backlog."""


async def measure(*, quick: bool) -> Report:
    """Simulate few companies and many."""
    costs = Costs()
    sizes = (10, 100, 1_000) if quick else (10, 100, 300, 1_000, 3_000)
    rows: list[Row] = [_size(companies, costs) for companies in sizes]
    full = f"so many keep every company's budget full meanwhile ({_ALLOWED} calls a second each)"
    notes = [
        f"An evening: {_CLOSES} day closes of each company, one process of each role.",
        f"A year at once: every company's history is sent in one go; no core is planned fuller than {_BUSY:.0%}.",
        f"Processes: {full}; more than {PARTITIONS} of a role have no work: so many partitions a topic has.",
    ]
    return Report("Companies in simulation: what is full first", rows, notes)


def _size(companies: int, costs: Costs) -> Row:
    evening = _evening(companies, _ALONE)
    full = companies * _ALLOWED  # day closes a second, when every company has a backlog
    one_process = _BUSY * 1000 / max(costs.flows, costs.sinks)  # what the slower of the two does in a second
    return {
        "companies": companies,
        "evening: closes/s": evening["peak"],
        "fullest core": evening["fullest"],
        "till to books, 99 % (s)": evening["late"],
        "a year at once (min)": companies * _YEAR / min(full, one_process) / 60,
        "flows": ceil(full * costs.flows / 1000 / _BUSY),
        "sinks": ceil(full * costs.sinks / 1000 / _BUSY),
        "database cores": full * costs.database / 1000,
        "tables, GB a year": companies * _YEAR * costs.table_bytes / 1e9,
        "topics, GB": companies * _YEAR * costs.topic_bytes / 1e9,
    }


def _evening(companies: int, costs: Costs) -> dict[str, float]:
    """Let one process of each role work through an evening; each is a queue, and so is each company's lane."""
    random = Random(companies)
    closes = sorted(
        (min(max(random.gauss(_PEAK, _SPREAD), 0.0), float(_EVENING)), random.randrange(companies))
        for _ in range(companies * _CLOSES)
    )
    free = dict.fromkeys(("sources", "flows", "sinks"), 0.0)
    lanes: dict[int, float] = {}
    took: list[float] = []
    for at, company in closes:
        now = at
        for role in ("sources", "flows"):
            now = free[role] = max(now, free[role]) + getattr(costs, role) / 1000
        now = max(now, lanes.get(company, 0.0))
        now = free["sinks"] = max(now, free["sinks"]) + costs.sinks / 1000
        lanes[company] = now + 1 / _ALLOWED
        took.append(now - at)
    minutes: dict[int, int] = {}
    for at, _ in closes:
        minutes[int(at // 60)] = minutes.get(int(at // 60), 0) + 1
    peak = max(minutes.values()) / 60
    dearest = max(costs.sources, costs.flows, costs.sinks, costs.database, costs.broker)
    return {"peak": peak, "late": percentile(took, 0.99), "fullest": peak * dearest / 1000}
