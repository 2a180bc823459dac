"""The consumer that every reader is built on: it reads what is committed, and no batch stops it."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException, KafkaError, UnsupportedCodecError, for_code
from aiokafka.protocol.commit import OffsetFetchRequest

from infra import clock, telemetry
from infra.kafka.cutting import cut, stopped
from infra.kafka.lives import Now
from infra.kafka.securing import client
from infra.settings import KafkaSettings

_log = telemetry.log(__name__)

UNREADABLE = object()
"""Stands in the headers of a record that could not be taken out of its batch; no producer can send it."""
_OF_A_BATCH = (CorruptRecordException, UnsupportedCodecError)
"""Errors of Kafka's own that say what is wrong with a batch. Others say that the broker or our rights are."""


class Consumer(AIOKafkaConsumer):  # type: ignore[misc] # aiokafka is not typed
    """Reads committed, commits nothing by itself, and gives what it cannot read as a record that says so.

    ``now`` is what each topic is: an offset that was committed of another life of it is not gone to.

    aiokafka raises what it meets in a batch (a codec that it lacks, a wrong checksum, a header that is no text), drops
    what it had taken of other partitions in the same call, and meets the same batch for ever.
    """

    def __init__(self, kafka: KafkaSettings, now: Now | None = None, **options: Any) -> None:
        super().__init__(**client(kafka), enable_auto_commit=False, isolation_level="read_committed", **options)
        heed(self._client)
        self.now = now or {}
        self._doubted: dict[TopicPartition, int] = {}
        """Where reading failed once. What stands before it is taken one by one, and then it has a second chance."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return what has arrived, waiting for it at most so long."""
        until = clock.monotonic() + timeout_ms / 1000
        with self._subscription.fetch_context():
            while True:
                if self._closed:
                    raise ConsumerStoppedError
                self._coordinator.check_errors()
                found = await self._arrived(partitions, max_records or self._max_poll_records)
                if found or (left := until - clock.monotonic()) <= 0:
                    return found
                await self._news(left)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit, and write beside each offset which life of the topic it is of."""
        marked = {p: (offset, self.now[p.topic].mark if p.topic in self.now else "") for p, offset in offsets.items()}
        await super().commit(marked)

    async def seek_to_committed(self, *partitions: TopicPartition) -> dict[TopicPartition, int | None]:
        """Go where the group has come. What it has committed of another life of a topic counts for nothing there."""
        places = partitions or tuple(self.assignment())
        reached: dict[TopicPartition, int | None] = await super().seek_to_committed(*places)
        return reached | await self.begin_anew(places)

    async def begin_anew(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Go to the beginning of partitions of which the group has committed an offset of another life."""
        committed = await self._coordinator.fetch_committed_offsets(list(places))
        others = [
            place
            for place, known in committed.items()
            if place.topic in self.now and not self.now[place.topic].has_committed(known.metadata)
        ]
        if not others:
            return {}
        begins: dict[TopicPartition, int] = await self.beginning_offsets(others)
        for place, offset in begins.items():
            self.seek(place, offset)
        _log.warning("offsets of another life of a topic are left alone", partitions=[tuple(p) for p in others])
        return begins

    async def start(self) -> None:
        """Connect, and join the group; leave nothing open when that fails or is cancelled."""
        try:
            await super().start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End, within seconds: leaving a group, or a connection, can hang while the broker is away."""
        await stopped("consumer", super().stop, self._client, self._coordinator, self._fetcher)

    async def cut(self) -> None:
        """End whatever is left of it, also of an end that was itself cut off."""
        await cut(self._client, self._coordinator, self._fetcher)

    async def _arrived(
        self, wanted: tuple[TopicPartition, ...], most: int | None
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        found: dict[TopicPartition, list[ConsumerRecord]] = {}
        for place in [p for p in self._fetcher._records if not wanted or p in wanted]:  # noqa: SLF001 - versions are pinned
            left = None if most is None else most - sum(map(len, found.values()))
            if left == 0:
                break
            try:
                found.update(await self._of(place, left))
            except KafkaError:
                if not found:
                    raise
                break  # what was taken is not lost; the error comes again
        return found

    async def _of(self, place: TopicPartition, most: int | None) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return what has arrived of one partition, or a record that says why its next one cannot be read."""
        doubted = self._doubted.get(place)
        try:
            records: dict[TopicPartition, list[ConsumerRecord]] = await self._fetcher.fetched_records(
                (place,), 0, max_records=most if doubted is None else 1
            )
        except Exception as error:
            if isinstance(error, KafkaError) and not isinstance(error, _OF_A_BATCH):
                raise
            failed: int = self._fetcher._records[place]._partition_records.next_fetch_offset  # noqa: SLF001 - versions are pinned
            if doubted != failed:
                self._doubted[place] = failed
                self.seek(place, await self.position(place))  # fetched anew
                return {}
            del self._doubted[place]
            self.seek(place, failed + 1)
            return {place: [_unreadable(place, failed, error)]}
        if doubted is not None and records and records[place][-1].offset >= doubted:
            del self._doubted[place]
        return records

    async def _news(self, within: float) -> None:
        """Wait until something arrives."""
        waiter = self._fetcher._create_fetch_waiter()  # noqa: SLF001 - versions are pinned
        try:
            async with asyncio.timeout(within):
                await waiter
        except TimeoutError:
            pass


def heed(client: AIOKafkaClient) -> None:
    """Let a client raise what a broker says of a whole group that is asked for its offsets.

    aiokafka (0.14.0) reads only what is said of each partition. Of none of them anything is said while the coordinator
    moves, or has just begun and reads what it knows: as if the group had committed nothing, and all is read again.
    """
    send = client.send

    async def heeded(node_id: int, request: Any, **more: Any) -> Any:
        answer = await send(node_id, request, **more)
        if isinstance(request, OffsetFetchRequest) and (code := getattr(answer, "error_code", 0)):
            raise for_code(code)
        return answer

    client.send = heeded


def _unreadable(place: TopicPartition, offset: int, error: Exception) -> ConsumerRecord:
    reason = f"batch: it cannot be taken apart ({type(error).__name__})".encode()
    return ConsumerRecord(
        topic=place.topic,
        partition=place.partition,
        offset=offset,
        timestamp=-1,
        timestamp_type=0,
        key=None,
        value=None,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=-1,
        headers=((UNREADABLE, reason),),
    )
