"""What Kafka knows more than a restored database is taken in: the trail as it stands, and every decision once more.

A company's records are decided in the order of their times over all topics, as they were the first time: settings
before what was decided with them, an order's end before what came of it. So the same facts give the same orders, and
what became of each stands in the trail already.
"""

import heapq
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from aiokafka import AIOKafkaProducer, TopicPartition

from infra import registry, store
from infra.deciding.decider import Decider, topics_of
from infra.delivery.journal import end_as_on_record
from infra.kafka.fetching import Consumer
from infra.kafka.lives import topic_of
from infra.kafka.meeting import Lives
from infra.kafka.records import Record, between, read
from infra.postgres import DatabaseConnection, Engine, text
from infra.settings import KafkaSettings
from infra.trail import Published, take_back
from schemas.audit import ANSWERED, AuditRecord
from schemas.envelope import Envelope, Unreadable
from schemas.topics import PARTITIONS

_MARGIN: Final = timedelta(minutes=2)
"""What Kafka had so long before the backup is looked at as well: clocks differ, and senders wait."""
_BATCH: Final = 200
_FETCH_MS: Final = 10
# Whose chain a record belongs to: a removed company's has a name of its own.
_COMPANIES = text(
    """select t.tenant, t.incarnation, coalesce(h.sequence, 0), coalesce(h.hash, '')
       from tenants t left join audit_heads h using (tenant)"""
)


@dataclass(slots=True)
class TakenIn:
    """What was found in Kafka, by company.

    Attributes:
        records: of the trail that were taken back.
        ended: orders of the journal that had ended, by them.
        forked: records of the trail that belong to another chain than the one here.
        removed: companies that were removed after the backup.
        unknown: companies that this database does not know.
    """

    records: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    forked: Counter[str] = field(default_factory=Counter)
    removed: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    decided: int = 0


class Replay:
    """Reads what Kafka had since a moment."""

    def __init__(self, engine: Engine, producer: AIOKafkaProducer, kafka: KafkaSettings) -> None:
        self._engine = engine
        self._producer = producer
        self._kafka = kafka
        self._lives = Lives(engine, producer, kafka)

    async def goes_on(self, since: datetime) -> bool:
        """Tell whether audit.v1 holds a record that follows the end of a chain here: then this database is older."""
        found: set[tuple[str, int, str]] = set()
        async with self._consumer() as consumer:
            for partition in range(PARTITIONS):
                async with aclosing(self._merged(consumer, [AuditRecord.TOPIC], partition, since)) as records:
                    async for record in records:
                        if (message := _audited(record)) is not None:
                            found.add((message.tenant, message.data.sequence, message.data.previous))
        # after Kafka was read: what is published was written before
        tips = {(t, s + 1): h for t, _, s, h in await store.rows(self._engine, _COMPANIES)}
        return any(tips.get((tenant, sequence)) == previous for tenant, sequence, previous in found)

    async def take_in(self, since: datetime) -> TakenIn:
        """Take back the trail, and decide what was decided since; what is there already stays as it is."""
        now = await self._lives.look()
        decider = Decider(self._engine, self._producer, registry.flows())
        decider.met(now)
        taken = TakenIn()
        topics = topics_of(registry.flows())
        async with self._consumer() as consumer:
            for partition in range(PARTITIONS):
                async with aclosing(self._merged(consumer, topics, partition, since)) as records:
                    async for batch in _batches(records):
                        await self._take_back(batch, taken)
                        await decider.decide(batch)
                        taken.decided += len(batch)
        return taken

    async def _take_back(self, batch: Sequence[Record], taken: TakenIn) -> None:
        messages = [message for record in batch if (message := _audited(record)) is not None]
        if not messages:
            return
        times = {message.id: record.timestamp for record in batch if (message := _audited(record)) is not None}
        async with self._engine.begin() as connection:
            known = {(t, n) for t, n, *_ in await connection.execute(_COMPANIES)}
            ours = [m for m in messages if (m.tenant, m.incarnation or 0) in known]
            taken.unknown |= {m.tenant for m in messages} - {tenant for tenant, _ in known}
            if ours:
                await self._append(
                    connection, [Published(m.tenant, m.data, m.traceparent, times[m.id]) for m in ours], taken
                )

    @staticmethod
    async def _append(connection: DatabaseConnection, records: Sequence[Published], taken: TakenIn) -> None:
        new, others = await take_back(connection, records)
        taken.records.update(each.tenant for each in new)
        taken.forked.update(each.tenant for each in others)
        # Also what was taken back by a process that was cut off before it could say so.
        taken.removed |= {each.tenant for each in records if each.record.outcome == "removed"}
        if ends := [(e.tenant, e.record.message_id) for e in new if e.record.outcome in ANSWERED]:
            taken.ended += await end_as_on_record(connection, ends)

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[Consumer]:
        consumer = Consumer(self._kafka, await self._lives.look(), fetch_max_wait_ms=_FETCH_MS)
        await consumer.start()
        try:
            every = [TopicPartition(t, p) for t in topics_of(registry.flows()) for p in range(PARTITIONS)]
            consumer.assign(every)
            consumer.pause(*every)
            yield consumer
        finally:
            await consumer.stop()

    @staticmethod
    async def _merged(
        consumer: Consumer, topics: Sequence[str], partition: int, since: datetime
    ) -> AsyncGenerator[Record]:
        """Yield a partition's records of all these topics since a moment, in the order of their times."""
        places = [TopicPartition(topic, partition) for topic in topics]
        from_ = int((since - _MARGIN).timestamp() * 1000)
        firsts = await consumer.offsets_for_times(dict.fromkeys(places, from_))
        ends = await consumer.end_offsets(places)
        streams = [
            between(consumer, place, first.offset, ends[place])
            for place in places
            if (first := firsts.get(place)) is not None
        ]
        heads: list[tuple[datetime, int, Record]] = []
        try:
            for number, stream in enumerate(streams):
                await _push(heads, number, stream)
            while heads:
                _, number, record = heapq.heappop(heads)
                yield record
                await _push(heads, number, streams[number])
        finally:
            for stream in streams:
                await stream.aclose()


async def _push(heads: list[tuple[datetime, int, Record]], number: int, stream: AsyncIterator[Record]) -> None:
    if (record := await anext(stream, None)) is not None:
        heapq.heappush(heads, (record.timestamp, number, record))


async def _batches(records: AsyncIterator[Record]) -> AsyncIterator[list[Record]]:
    batch: list[Record] = []
    async for record in records:
        batch.append(record)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _audited(record: Record) -> Envelope[AuditRecord] | None:
    """Return the record of a trail that this is; None: it is something else, or cannot be read."""
    if topic_of(record.topic) != AuditRecord.TOPIC:
        return None
    try:
        return read(record)
    except Unreadable:
        return None
