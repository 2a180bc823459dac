"""What every reader is built on: committed records only, and no batch that stops it or costs what stands beside it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import GroupLoadInProgressError, KafkaTimeoutError, NotCoordinatorForGroupError
from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchResponse_v3

from infra import clock
from infra.embedded.broker import EmbeddedKafka
from infra.kafka import records
from infra.kafka.fetching import Consumer
from infra.settings import KafkaSettings
from schemas.events import DayClosed
from tests.bus import header_that_is_no_text, partition_of, put_batch

WITHIN = 20.0


@asynccontextmanager
async def reading(kafka: str, *places: TopicPartition) -> AsyncIterator[Consumer]:
    """Read partitions from their end on."""
    consumer = Consumer(KafkaSettings(bootstrap=kafka), fetch_max_wait_ms=10)
    await consumer.start()
    try:
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        yield consumer
    finally:
        await consumer.stop()


async def read(consumer: Consumer, number: int, at_once: int = 500) -> list[records.Record]:
    """Return the next records, in order of partition and offset."""
    found: list[records.Record] = []
    until = clock.monotonic() + WITHIN
    while len(found) < number:
        assert clock.monotonic() < until, f"only {found}"
        for rows in (await consumer.getmany(timeout_ms=500, max_records=at_once)).values():
            found += [records.of(row, {}) for row in rows]
    return sorted(found, key=lambda r: r.place)


def place_of(tenant: str) -> TopicPartition:
    """Return where a company's day closes are."""
    return TopicPartition(DayClosed.TOPIC, partition_of(tenant))


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_read(kafka: str, tenant: str, codec: str) -> None:
    """A sender chooses it, and nobody asks us."""
    async with (
        reading(kafka, place_of(tenant)) as consumer,
        AIOKafkaProducer(bootstrap_servers=kafka, compression_type=codec) as sender,
    ):
        await sender.send_and_wait(DayClosed.TOPIC, b"squeezed" * 100, key=tenant.encode())
        [record] = await read(consumer, 1)
    assert (record.value, record.problem) == (b"squeezed" * 100, "")


@pytest.mark.parametrize("at_once", [1, 500])
async def test_what_cannot_be_taken_apart_has_a_place_and_a_reason(
    kafka: str, producer: AIOKafkaProducer, tenant: str, at_once: int
) -> None:
    """Nothing that stands before it, behind it or in another partition is lost, however much is taken at once."""
    topic, here = place_of(tenant)
    other = TopicPartition(topic, (here + 1) % 8)
    async with reading(kafka, place_of(tenant), other) as consumer:
        for value in (b"1", b"2"):
            await producer.send_and_wait(topic, value, partition=here)
        await put_batch(producer, place_of(tenant), header_that_is_no_text(b"3"))
        for number, value in ((here, b"4"), (other.partition, b"5")):
            await producer.send_and_wait(topic, value, partition=number)
        found = await read(consumer, 5, at_once)
    assert [r.value for r in found if r.partition == here] == [b"1", b"2", None, b"4"]
    assert [r.value for r in found if r.partition == other.partition] == [b"5"]
    bad = next(r for r in found if r.problem)
    assert (bad.value, bad.problem) == (None, "batch: it cannot be taken apart (UnicodeDecodeError)")


async def test_a_broker_that_goes_away_in_between_is_not_waited_for_for_ever(
    fragile_kafka: EmbeddedKafka, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads from here to there would stand there, and what it tells others would stand as it was."""
    monkeypatch.setattr(records, "_SILENT", 2.0)
    place, number = place_of(tenant), 6
    async with AIOKafkaProducer(bootstrap_servers=fragile_kafka.bootstrap) as sender:
        for _ in range(number):  # each is a fetch of its own
            await sender.send_and_wait(DayClosed.TOPIC, os.urandom(900_000), key=tenant.encode())
    async with reading(fragile_kafka.bootstrap, place) as consumer:
        end = (await consumer.end_offsets([place]))[place]
        coming = records.between(consumer, place, end - number, end)
        await anext(coming)
        await asyncio.to_thread(fragile_kafka.kill)
        try:
            async with asyncio.timeout(60):
                with pytest.raises(KafkaTimeoutError, match="nothing comes of"):
                    [record async for record in coming]
        finally:
            await asyncio.to_thread(fragile_kafka.start)


async def test_a_wrong_checksum_stops_nobody(fragile_kafka: EmbeddedKafka, tenant: str) -> None:
    """A disk that forgets a bit: each record of the batch has a place and a reason, what stands behind it is read."""
    place = place_of(tenant)
    async with (
        reading(fragile_kafka.bootstrap, place) as consumer,
        AIOKafkaProducer(bootstrap_servers=fragile_kafka.bootstrap, linger_ms=200) as sender,
    ):
        rotten = f"rotten-{tenant}".encode()
        sent = [await sender.send(place.topic, value, partition=place.partition) for value in (rotten, b"with it")]
        consumer.pause(place)
        offsets = [(await one).offset for one in sent]
        _spoil(fragile_kafka, place, rotten)
        consumer.seek(place, offsets[0])  # what may have been fetched before is forgotten
        consumer.resume(place)
        await sender.send_and_wait(place.topic, b"sound", partition=place.partition)
        found = await read(consumer, 3)
    assert [(r.offset, r.value) for r in found] == [(offsets[0], None), (offsets[1], None), (offsets[1] + 1, b"sound")]
    assert {r.problem for r in found[:2]} == {"batch: it cannot be taken apart (CorruptRecordException)"}


def _spoil(broker: EmbeddedKafka, place: TopicPartition, value: bytes) -> None:
    folder = Path(broker.home, "log", f"{place.topic}-{place.partition}")
    for segment in folder.glob("*.log"):
        at = segment.read_bytes().find(value)
        if at >= 0:
            with segment.open("r+b") as file:
                file.seek(at)
                file.write(b"R")
            return
    raise AssertionError("the record is in no segment")


async def test_what_was_aborted_is_not_read_and_not_waited_for(kafka: str, tenant: str) -> None:
    """And an open transaction hides what stands behind it only as long as it is open."""
    place = place_of(tenant)
    async with (
        reading(kafka, place) as consumer,
        AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=tenant) as writer,
    ):

        async def send(value: bytes) -> int:
            return int((await writer.send_and_wait(place.topic, value, partition=place.partition)).offset)

        await writer.begin_transaction()
        await send(b"aborted")
        await writer.abort_transaction()
        await writer.begin_transaction()
        first = await send(b"committed")
        assert (await consumer.end_offsets([place]))[place] == first
        assert await consumer.getmany(timeout_ms=200) == {}
        assert await consumer.position(place) == first  # past what was aborted, although nothing came
        await writer.commit_transaction()
        found = await read(consumer, 1)
    assert [(r.offset, r.value) for r in found] == [(first, b"committed")]


async def test_a_refusal_of_the_broker_is_no_bad_batch(kafka: str, tenant: str) -> None:
    """Where the broker says no, nothing is passed by."""
    place = place_of(tenant)
    consumer = Consumer(KafkaSettings(bootstrap=kafka), auto_offset_reset="none")
    await consumer.start()
    try:
        consumer.assign([place])
        consumer.seek(place, 10**9)
        with pytest.raises(Exception, match="OffsetOutOfRange"):
            await _getmany_until_it_raises(consumer)
        assert await consumer.position(place) == 10**9
    finally:
        await consumer.stop()


async def _getmany_until_it_raises(consumer: Consumer) -> Any:
    while True:
        await consumer.getmany(timeout_ms=500)


async def test_a_coordinator_that_cannot_say_what_was_committed_is_asked_again(
    kafka: str, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It moves, or has just begun: it says so of the group, and nothing of its partitions, as if nothing were there."""
    place, send = place_of(tenant), AIOKafkaClient.send
    errors = [GroupLoadInProgressError, NotCoordinatorForGroupError]

    async def answered(client: AIOKafkaClient, node_id: int, request: Any, **more: Any) -> Any:
        answer = await send(client, node_id, request, **more)
        if isinstance(request, OffsetFetchRequest) and errors:
            return OffsetFetchResponse_v3(0, [], errors.pop().errno)
        return answer

    monkeypatch.setattr(AIOKafkaClient, "send", answered)
    consumer = Consumer(KafkaSettings(bootstrap=kafka), group_id=f"asking-{tenant}")
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.commit({place: 7})
        assert await consumer.committed(place) == 7
        assert errors == []
    finally:
        await consumer.stop()
