"""A plain consumer for the sinks and the desk: read, hand over, and only then commit the offset."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from infra import clock, telemetry
from infra.fetching import Consumer
from infra.records import Record, bury, letter_of, of, read, tenant_of
from infra.settings import KafkaSettings
from schemas.audit import DeadLetter
from schemas.envelope import Envelope, Unreadable

_log = telemetry.log(__name__)

_BATCH = 500
_POLL_MS = 200
_RETRY = 0.5

Message = tuple[Record, Envelope[Any]]
Handler = Callable[[Sequence[Message]], Awaitable[None]]


class Reader(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is not typed
    """One member of a consumer group. ``assigned`` is the set of partition numbers that are ours."""

    def __init__(self, *, kafka: KafkaSettings, group: str, topics: Iterable[str], producer: AIOKafkaProducer) -> None:
        self._kafka = kafka
        self._group = group
        self._topics = tuple(topics)
        self._producer = producer
        self.assigned: frozenset[int] = frozenset()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Go on meanwhile: whoever acts holds a lease, and most partitions come back in a moment."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Take note of what is ours now."""
        self.assigned = frozenset(tp.partition for tp in assigned)

    async def run(self, handle: Handler, stop: asyncio.Event) -> None:
        """Read until asked to stop. A batch that cannot be handled is tried again; nothing is skipped."""
        consumer = Consumer(
            self._kafka.bootstrap or "",
            group_id=self._group,
            auto_offset_reset="earliest",
            session_timeout_ms=int(self._kafka.session_timeout * 1000),
            heartbeat_interval_ms=int(min(1.0, self._kafka.session_timeout / 5) * 1000),
            metadata_max_age_ms=10_000,
        )
        consumer.subscribe(self._topics, listener=self)
        await consumer.start()
        try:
            while not stop.is_set():
                batches = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)
                if records := [of(r) for rows in batches.values() for r in rows]:
                    await self._until_done(records, handle)
                    await self._commit(consumer, {tp: rows[-1].offset + 1 for tp, rows in batches.items() if rows})
        finally:
            self.assigned = frozenset()
            await consumer.stop()

    async def _until_done(self, records: Sequence[Record], handle: Handler) -> None:
        while True:
            try:
                messages = [message for r in records if (message := await self._decode(r)) is not None]
                if messages:
                    await handle(messages)
            except Exception as error:  # noqa: BLE001 - whatever it is, the records are not skipped
                _log.warning(
                    "batch is tried again", group=self._group, error=type(error).__name__, records=len(records)
                )
                await clock.sleep(_RETRY)
            else:
                return

    async def _decode(self, record: Record) -> Message | None:
        try:
            return record, read(record)
        except Unreadable as error:
            letter = letter_of(record, self._group.removeprefix("bokbuss-"), str(error))
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
            _log.warning("offsets not committed", group=self._group, error=type(error).__name__)
        telemetry.CONSUMER_LAST_COMMIT.labels(self._group).set(clock.now().timestamp())
