"""A plain consumer for the sinks and the desk: read, hand over, and only then commit the offset."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from infra import clock, store, telemetry
from infra.failing import named
from infra.kafka.fetching import Consumer
from infra.kafka.lives import Now
from infra.kafka.meeting import AWAY, Lives
from infra.kafka.parking import Parking, fault_of
from infra.kafka.records import Record, bury, letter_of, of, read, tenant_of
from infra.postgres import Engine
from infra.settings import KafkaSettings
from schemas.audit import DeadLetter
from schemas.envelope import Envelope, NotYetReadable, Unreadable

_log = telemetry.log(__name__)

_BATCH = 500
_POLL_MS = 200
_RETRY = 0.5
_LOOK = 1.0
"""Seconds between two looks for what is parked and may go on."""
_PARKED_PAGE = 200
_AGAIN = 1.0
_METADATA_MS = 10_000

Consumed = tuple[Record, Envelope[Any]]
Handler = Callable[[Sequence[Consumed]], Awaitable[None]]


class GroupMember(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is not typed
    """One member of a consumer group. ``assigned`` is the set of partition numbers that are ours."""

    def __init__(
        self,
        *,
        kafka: KafkaSettings,
        group: str,
        topics: Iterable[str],
        producer: AIOKafkaProducer,
        lives: Lives,
        engine: Engine,
        code: str = "",
        takes: Callable[[Any], bool] = lambda _data: True,
    ) -> None:
        """Read topics as one of a group.

        Args:
            takes: tells of a message's content whether it is for this reader; of others on its topics it knows nothing.
        """
        self._kafka = kafka
        self._lives = lives
        self._consumer: Consumer | None = None
        self._engine = engine
        self._parking = Parking(group.removeprefix("bokbuss-"), code)
        self._group = group
        self._topics = tuple(topics)
        self._producer = producer
        self._takes = takes
        self.assigned: frozenset[int] = frozenset()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Go on meanwhile: whoever acts holds a lease, and most partitions come back in a moment."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Take note of what is ours now."""
        if self._consumer is not None:
            await self._consumer.begin_anew(assigned)
        self.assigned = frozenset(tp.partition for tp in assigned)

    async def run(self, handle: Handler, stop: asyncio.Event) -> None:
        """Read until asked to stop. What cannot be handled is parked; while Kafka or the database is away all wait."""
        while not stop.is_set():
            try:
                await self._read(await self._lives.look(), handle, stop)
            except AWAY as error:
                _log.warning("reader begins again", group=self._group, error=named(error))
                await clock.wait(stop, _AGAIN)

    async def _read(self, now: Now, handle: Handler, stop: asyncio.Event) -> None:
        """Read as long as the topics are what they are."""
        consumer = self._consumer = Consumer(
            self._kafka,
            now,
            group_id=self._group,
            auto_offset_reset="earliest",
            session_timeout_ms=int(self._kafka.session_timeout * 1000),
            heartbeat_interval_ms=int(min(1.0, self._kafka.session_timeout / 5) * 1000),
            metadata_max_age_ms=_METADATA_MS,
        )
        consumer.subscribe(self._topics, listener=self)
        changed = asyncio.create_task(self._lives.changed(now))
        try:
            await consumer.start()
            looked = clock.monotonic()
            while not stop.is_set() and not changed.done():
                if clock.monotonic() - looked > _LOOK:
                    await self._retry_parked(handle)
                    looked = clock.monotonic()
                batches = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)
                records = [of(row, now) for rows in batches.values() for row in rows]
                if records and await self._until_done(records, handle, stop):
                    await self._commit(consumer, {tp: rows[-1].offset + 1 for tp, rows in batches.items() if rows})
        finally:
            changed.cancel()
            self.assigned = frozenset()
            await consumer.stop()

    async def _until_done(self, records: Sequence[Record], handle: Handler, stop: asyncio.Event) -> bool:
        """Handle records, again and again until it is done; False when asked to stop before."""
        while not stop.is_set():
            try:
                await self._handle_all(records, handle)
            except Exception as error:  # noqa: BLE001 - whatever it is, the records are not skipped
                _log.warning("batch is tried again", group=self._group, error=named(error), records=len(records))
                await clock.wait(stop, _RETRY)
            else:
                return True
        return False

    async def _handle_all(self, records: Sequence[Record], handle: Handler) -> None:
        """Handle records in their order; what a newer version wrote waits for it."""
        messages: list[Consumed] = []
        for record in records:
            try:
                if (message := await self._decode(record)) is not None:
                    messages.append(message)
            except NotYetReadable as newer:
                await self._handle(messages, handle)
                messages = []
                newer_one = [(record, newer.head)]
                async with self._engine.begin() as connection:
                    await store.together(connection, [asked := self._parking.asking(newer_one)])
                    if new := await self._parking.join(connection, newer_one, asked):
                        await self._parking.add(connection, new, fault_of(newer))
        await self._handle(messages, handle)

    async def _handle(self, messages: Sequence[Consumed], handle: Handler) -> None:
        """Hand messages over together; when one cannot be handled, each by itself: nobody but its own company waits."""
        if not messages:
            return
        async with store.alone(self._engine) as connection:
            await store.together(connection, [asked := self._parking.asking(messages)])
            messages = await self._parking.join(connection, messages, asked)
        try:
            if messages:
                await handle(messages)
        except Exception as error:
            if (fault := fault_of(error)) is None:
                raise
            if len(messages) == 1:
                async with self._engine.begin() as connection:
                    await self._parking.add(connection, messages, fault)
                return
            for message in messages:
                await self._handle([message], handle)

    async def _retry_parked(self, handle: Handler) -> None:
        """Hand over what this code has not tried, or what a person lets go on; each company's in its order."""
        try:
            async with store.alone(self._engine) as connection:
                ready = await self._parking.ready(connection)
            for tenant in ready:
                for _ in range(_PARKED_PAGE):
                    if not await self._retry(tenant, handle):
                        break
        except Exception as error:  # noqa: BLE001 - Kafka or the database is away; what is parked stays there
            _log.warning("parked records are tried later", group=self._group, error=named(error))

    async def _retry(self, tenant: str, handle: Handler) -> bool:
        """Hand over a company's first parked record again; tell whether the one behind it may be tried."""
        async with self._engine.begin() as connection:
            if not await self._parking.begins(connection, tenant):
                return False
            first = await self._parking.first(connection, tenant)
            if first is None or first.record.partition not in self.assigned:
                return False
            try:
                if (message := await self._decode(first.record)) is not None:
                    await handle([message])
            except Exception as error:
                if (fault := fault_of(error)) is None:
                    raise
                await self._parking.again(connection, first, fault)
                return False
            # Handled twice, if this is lost, it changes nothing.
            await store.together(connection, [taken := self._parking.taking(first.number)])
        return bool(taken.rows)

    async def _decode(self, record: Record) -> Consumed | None:
        try:
            message = read(record)
            return (record, message) if self._takes(message.data) else None
        except NotYetReadable:
            raise
        except Unreadable as error:
            letter = letter_of(record, self._group.removeprefix("bokbuss-"), error)
            envelope = bury(letter, tenant_of(record))
            await self._producer.send_and_wait(DeadLetter.TOPIC, envelope.to_bytes(), key=envelope.tenant.encode())
            _log.warning("dead letter", place=letter.place, reason=letter.reason)
            return None

    async def _commit(self, consumer: Consumer, offsets: dict[TopicPartition, int]) -> None:
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            pass  # the partitions moved; whoever has them reads the records again, which changes nothing
        except KafkaError as error:
            _log.warning("offsets not committed", group=self._group, error=named(error))
        telemetry.CONSUMER_LAST_COMMIT.labels(self._group).set(clock.now().timestamp())
