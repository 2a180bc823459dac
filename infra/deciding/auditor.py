"""The auditor: compares the offsets that the topics hold with the lines "decided", and decides what was passed by.

What is parked has a place of its own, and is no hole.

It trusts neither Faust nor Kafka's groups: a record that lies before a decided or a committed one, and has no line
itself, is a hole; so is one that nobody decides although nothing else happens. What Kafka deleted before it was read,
by a retention that somebody set, cannot be mended, and is said. It also says how far each group is behind.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from infra import clock, store, telemetry
from infra.deciding.decider import Decider
from infra.ending import closed
from infra.kafka.fetching import Consumer, heed
from infra.kafka.lives import Now, name_in
from infra.kafka.meeting import Lives
from infra.kafka.parking import FLOWS
from infra.kafka.records import AT_ONCE, Record, between
from infra.kafka.securing import client
from infra.leases import Lease, Leases, lead
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas.topics import PARTITIONS

_log = telemetry.log(__name__)

_WINDOW = 10_000
"""Offsets of one partition that one audit looks at."""
_FETCH_MS = 10
_UPTO = text("select topic, partition, upto from audited")
_DECIDED = text(
    """select "offset" from decided where topic = :topic and partition = :partition
       and "offset" >= :first and "offset" < :last
       union all
       select "offset" from parked where reader = :reader and topic = :topic and partition = :partition
       and "offset" >= :first and "offset" < :last"""
)
_LAST = text(
    """select t, p, (select max("offset") from decided where topic = t and partition = p)
       from unnest(cast(:topics as text[]), cast(:partitions as int[])) as x(t, p)"""
)
_ADVANCE = text(
    """insert into audited (topic, partition, upto)
       select * from unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:uptos as bigint[]))
       on conflict (topic, partition) do update set upto = greatest(audited.upto, excluded.upto)"""
)


_Standing = dict[TopicPartition, tuple[int, float]]
"""An offset of each partition, and since when it is that one (monotonic seconds)."""


def _stood(standing: _Standing, tp: TopicPartition, offset: int) -> float:
    """Return for how many seconds this has been the offset; another one is taken down, and stands from now on."""
    now = clock.monotonic()
    known, since = standing.get(tp, (None, now))
    if known != offset:
        standing[tp] = (offset, now)
        return 0.0
    return now - since


class Auditor:
    """One process at a time audits. ``old_enough`` is the age in seconds at which a hole is mended."""

    def __init__(
        self,
        *,
        kafka: KafkaSettings,
        engine: Engine,
        decider: Decider,
        lives: Lives,
        leases: Leases,
        topics: Sequence[str],
        groups: Mapping[str, Sequence[str]],
        flows_group: str,
        old_enough: float,
    ) -> None:
        self._kafka = kafka
        self._engine = engine
        self._decider = decider
        self._lives = lives
        self._now: Now = {}
        self._leases = leases
        self._topics = tuple(topics)
        self._groups = {flows_group: tuple(topics), **groups}
        self._flows_group = flows_group
        self._old_enough = old_enough
        self._first: _Standing = {}
        """The first offset that is not proved."""
        self._young: _Standing = {}
        """Where proving ended last since a record was young."""
        self._begun: dict[tuple[str, TopicPartition], int] = {}
        """Where a partition began when it was said that it begins behind what a group has read."""
        self._short: frozenset[str] = frozenset()
        """Topics that ended, at the last look, before what was read of them."""
        self.mended = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Audit until asked to stop."""

        async def work(lease: Lease) -> None:
            self._now, self._first, self._young, self._short = await self._lives.look(), {}, {}, frozenset()
            try:
                async with self._clients() as (consumer, admin):
                    while not stop.is_set() and await self._lives.look() == self._now:
                        lease.check()
                        await self._audit(consumer, admin, stop)
                        await clock.wait(stop, max(0.5, min(self._old_enough / 4, 15.0)))
            finally:  # whoever leads next tells; what stood here would wait for ever
                telemetry.CONSUMER_LAG_RECORDS.clear()
                telemetry.CONSUMER_LAG_SECONDS.clear()

        await lead(self._leases, "auditor", stop, work)

    @asynccontextmanager
    async def _clients(self) -> AsyncIterator[tuple[Consumer, AIOKafkaAdminClient]]:
        # It reads one partition after the other, each from behind a fetch that waits for news of the one before.
        consumer = Consumer(self._kafka, self._now, fetch_max_wait_ms=_FETCH_MS)
        admin = AIOKafkaAdminClient(**client(self._kafka))
        heed(admin._client)  # noqa: SLF001 - versions are pinned
        await consumer.start()
        try:
            await admin.start()
            try:
                topics = {topic for topics in self._groups.values() for topic in topics}
                every = [TopicPartition(t, p) for t in sorted(topics) for p in range(PARTITIONS)]
                consumer.assign(every)
                consumer.pause(*every)
                yield consumer, admin
            finally:
                await closed("admin", admin.close)
        finally:
            await consumer.stop()

    async def _audit(self, consumer: Consumer, admin: AIOKafkaAdminClient, stop: asyncio.Event) -> None:
        every = sorted(consumer.assignment())
        async with self._engine.connect() as connection:
            upto = {(t, p): u for t, p, u in await connection.execute(_UPTO)}
            names = {"topics": [self._name(tp) for tp in every], "partitions": [tp.partition for tp in every]}
            last = {(t, p): o for t, p, o in await connection.execute(_LAST, names) if o is not None}
        # After what was decided: on a busy topic more is decided while we ask where it ends.
        ends = await consumer.end_offsets(every)
        starts = await consumer.beginning_offsets(every)
        committed = await self._report_lag(consumer, admin, starts, ends)
        await self._end_short_lives({tp.topic for tp in every if last.get(self._place(tp), -1) >= ends[tp]})
        proved: dict[TopicPartition, int] = {}
        for tp in (tp for tp in every if tp.topic in self._topics):
            if upto.get(self._place(tp), starts[tp]) < starts[tp]:
                await self._say_gone(tp, upto[self._place(tp)], starts[tp])
                proved[tp] = starts[tp]
            first = max(upto.get(self._place(tp), 0), starts[tp])
            # What lies before the last decided record, or before the committed offset, was passed by.
            passed = max(last.get(self._place(tp), -1) + 1, committed.get(tp, 0))
            if self._stands_still(tp, first):
                passed = ends[tp]
            passed = min(ends[tp], passed, first + _WINDOW)
            if passed > first and not stop.is_set():
                proved[tp] = await self._prove(consumer, tp, first, passed)
        if proved:
            await store.write(
                self._engine,
                _ADVANCE,
                {
                    "topics": [self._name(tp) for tp in proved],
                    "partitions": [tp.partition for tp in proved],
                    "uptos": list(proved.values()),
                },
            )

    async def _say_gone(self, tp: TopicPartition, first: int, start: int) -> None:
        """Say how many of the offsets before a partition's beginning hold what nobody had decided."""
        places = {"topic": self._name(tp), "partition": tp.partition, "first": first, "last": start, "reader": FLOWS}
        if gone := start - first - len(set(await store.scalars(self._engine, _DECIDED, places))):
            self._count_gone(self._flows_group, tp, gone, start)

    def _count_gone(self, group: str, tp: TopicPartition, gone: int, start: int) -> None:
        _log.error(
            "records gone unread", group=group, topic=tp.topic, partition=tp.partition, number=gone, before=start
        )
        telemetry.RECORDS_GONE.labels(tp.topic).inc(gone)

    def _name(self, tp: TopicPartition) -> str:
        return name_in(self._now, tp.topic)

    def _place(self, tp: TopicPartition) -> tuple[str, int]:
        return self._name(tp), tp.partition

    def _is_ours(self, tp: TopicPartition, mark: str) -> bool:
        return tp.topic not in self._now or self._now[tp.topic].has_committed(mark)

    async def _end_short_lives(self, short: set[str]) -> None:
        """Let topics live anew that end, twice, before what was read of them: their broker stands on an older copy."""
        for topic in short & self._short & self._now.keys():
            await self._lives.rewound(self._now[topic])
        self._short = frozenset(short)

    def _stands_still(self, tp: TopicPartition, first: int) -> bool:
        """Tell whether nothing was proved of a partition for as long as a hole may be old.

        Faust can lose the last record of a partition: nothing comes after it, and it would wait until something does.
        """
        return _stood(self._first, tp, first) >= self._old_enough

    def _is_young(self, tp: TopicPartition, record: Record) -> bool:
        """Tell whether a worker may be deciding a record right now.

        A time that lies ahead is a producer's mistake, and must not keep a hole open until then; where there is none it
        is always the present, and when we met the record counts.
        """
        if abs((clock.now() - record.timestamp).total_seconds()) >= self._old_enough:
            return False
        return _stood(self._young, tp, record.offset) < self._old_enough

    async def _prove(self, consumer: Consumer, tp: TopicPartition, first: int, passed: int) -> int:
        """Return up to where every record has a line, after deciding those that have waited long enough for one."""
        places = {"topic": self._name(tp), "partition": tp.partition, "first": first, "last": passed}
        lines = set(await store.scalars(self._engine, _DECIDED, places | {"reader": FLOWS}))
        missing = [offset for offset in range(first, passed) if offset not in lines]
        if not missing:
            return passed
        holes: list[Record] = []
        upto, held = passed, 0
        async with aclosing(between(consumer, tp, missing[0], missing[-1] + 1)) as records:
            async for record in records:
                if record.offset in lines:
                    continue
                if self._is_young(tp, record):
                    upto = record.offset
                    break
                holes.append(record)
                held += len(record.value or b"")
                if held > AT_ONCE:
                    upto = record.offset + 1
                    break
        if holes:
            _log.error("holes mended", topic=tp.topic, partition=tp.partition, offsets=[r.offset for r in holes][:20])
            await self._decider.decide(holes)
            telemetry.HOLES_MENDED.labels(tp.topic).inc(len(holes))
            self.mended += len(holes)
        return upto

    async def _report_lag(
        self,
        consumer: Consumer,
        admin: AIOKafkaAdminClient,
        starts: Mapping[TopicPartition, int],
        ends: Mapping[TopicPartition, int],
    ) -> dict[TopicPartition, int]:
        """Set the lag of every group; return the committed offsets of the flows."""
        flows: dict[TopicPartition, int] = {}
        for group, topics in self._groups.items():
            offsets = await admin.list_consumer_group_offsets(group)
            for tp in (tp for tp in ends if tp.topic in topics):
                known = offsets.get(tp)
                ours = known is not None and (
                    tp.topic not in self._now or self._now[tp.topic].has_committed(known.metadata)
                )
                position = known.offset if ours and known.offset >= 0 else starts[tp]
                if group == self._flows_group:
                    flows[tp] = position
                elif position < starts[tp] != self._begun.get((group, tp)):
                    self._begun[group, tp] = starts[tp]
                    self._count_gone(group, tp, starts[tp] - position, starts[tp])
                behind, age = 0, 0.0
                async with aclosing(between(consumer, tp, position, ends[tp])) as records:
                    async for record in records:  # the first one; where a transaction's end stands there is none
                        behind = ends[tp] - record.offset
                        age = max(0.0, (clock.now() - record.timestamp).total_seconds())
                        break
                labels = (group, tp.topic, str(tp.partition))
                telemetry.CONSUMER_LAG_RECORDS.labels(*labels).set(behind)
                telemetry.CONSUMER_LAG_SECONDS.labels(*labels).set(age)
        return flows
