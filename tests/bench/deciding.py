"""Facts per second through the whole day-sales flow, beside a bare Faust agent and a bare aiokafka loop."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

from infra.kafka.cluster import ensure_topics
from infra.settings import KafkaSettings
from schemas.commands import PostVoucher
from schemas.events import DayClosed
from schemas.topics import Topic
from tests.bench import loads
from tests.bench.house import House, Process, cpu_seconds, filled, until
from tests.bench.report import Report

_COMPANIES = 40
_FLOW, _FAUST, _AIOKAFKA = "the day-sales flow", "bare Faust", "bare aiokafka"
_TARGETS = {_FLOW: PostVoucher.TOPIC, _FAUST: "bench-faust", _AIOKAFKA: "bench-aiokafka"}


@dataclass(frozen=True, slots=True)
class _Round:
    """Facts per second, and microseconds of processor per fact: the process's own, and the database's and broker's."""

    rate: float
    own: float
    others: float


async def measure(*, quick: bool) -> Report:
    """Run rounds in which each contender gets the same facts, in turn first, second and third."""
    count, rounds = (6_000, 1) if quick else (20_000, 3)
    facts = list(loads.facts(count, _COMPANIES))
    rounds_of: dict[str, list[_Round]] = {name: [] for name in _TARGETS}
    for number in range(rounds):
        async with House() as house:
            topics = [Topic(_TARGETS[name], "", (), ()) for name in (_FAUST, _AIOKAFKA)]
            await ensure_topics(KafkaSettings(bootstrap=house.bootstrap), topics)
            await loads.publish(house.bootstrap, loads.settings(_COMPANIES))
            flow = house.role("flows")
            await until(lambda: house.count("settings") == _COMPANIES, 60, "settings")
            house.end(flow)
            await loads.publish(house.bootstrap, facts)
            names = list(_TARGETS)
            for name in (*names[number:], *names[:number]):
                rounds_of[name].append(await _round(house, _starter(house, name), _TARGETS[name], count))
    rates = {name: [each.rate for each in found] for name, found in rounds_of.items()}
    bare = median(rates[_FAUST])
    rows = [
        {
            "what": name,
            "facts/s": median(found),
            "lowest": min(found),
            "highest": max(found),
            "of bare Faust": median(found) / bare,
            "its processor, µs a fact": median(each.own for each in rounds_of[name]),
            "database and broker, µs": median(each.others for each in rounds_of[name]),
        }
        for name, found in rates.items()
    ]
    rows[0] |= {"aim": "1 or more of bare Faust", "met": rows[0]["of bare Faust"] >= 1}
    note = (
        f"{count:,} day closes of 12 lines, {_COMPANIES} companies, {rounds} rounds; from the first to the last output."
    )
    return Report("Facts per second", rows, [note])


def _starter(house: House, name: str) -> Callable[[], Process]:
    if name == _FLOW:
        return partial(house.role, "flows")
    return partial(
        house.contender,
        {_FAUST: "faust", _AIOKAFKA: "aiokafka"}[name],
        house.bootstrap,
        DayClosed.TOPIC,
        _TARGETS[name],
    )


async def _round(house: House, start: Callable[[], Process], topic: str, count: int) -> _Round:
    process = start()
    begun = await filled(house, topic, 1, within=60)
    others = (house.postgres.pid, house.kafka.pid)
    own, rest = cpu_seconds(process.pid), sum(map(cpu_seconds, others))
    await filled(house, topic, count, within=300)
    own, rest = cpu_seconds(process.pid) - own, sum(map(cpu_seconds, others)) - rest
    house.end(process)
    sent = [record.timestamp / 1000 for record in await loads.records(house.bootstrap, topic)]
    rate = len(sent) / (max(sent) - min(sent))
    return _Round(rate, own / (count - begun) * 1e6, rest / (count - begun) * 1e6)
