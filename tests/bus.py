"""What tests ask of a shared broker: where a company's records are, and how a group leaves out what others left."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import CommitFailedError
from aiokafka.partitioner import murmur2
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from infra import clock
from infra.kafka.fetching import Consumer
from infra.kafka.records import Record, of
from infra.settings import KafkaSettings
from schemas import envelope as envelopes
from schemas.envelope import Envelope
from schemas.topics import PARTITIONS


def partition_of(tenant: str) -> int:
    """Return the partition of a company's messages, the same in every topic."""
    return int(murmur2(tenant.encode()) & 0x7FFFFFFF) % PARTITIONS


async def records(kafka: str, topic: str, tenant: str) -> list[Record]:
    """Return a company's records on a topic, in their order."""
    place = TopicPartition(topic, partition_of(tenant))
    earliest = {"auto_offset_reset": "earliest"}  # what is old by its own time may be gone
    async with Consumer(KafkaSettings(bootstrap=kafka), fetch_max_wait_ms=10, **earliest) as consumer:
        consumer.assign([place])
        consumer.seek(place, 0)  # aiokafka's seek_to_beginning may be undone by the position that it looked up before
        end = (await consumer.end_offsets([place]))[place]
        found: list[Record] = []
        while await consumer.position(place) < end:
            for rows in (await consumer.getmany(timeout_ms=100)).values():
                found += [of(r, {}) for r in rows]
    return [record for record in found if record.key == tenant.encode()]


async def messages(kafka: str, topic: str, tenant: str) -> list[Envelope[Any]]:
    """Return a company's messages on a topic, in their order."""
    return [envelopes.decode(record.value) for record in await records(kafka, topic, tenant)]


async def pass_by(kafka: str, group: str, topics: Iterable[str]) -> dict[TopicPartition, int]:
    """Let a group that nobody is in have read everything; return how far each partition goes."""
    places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
    async with Consumer(KafkaSettings(bootstrap=kafka), group_id=group) as consumer:
        consumer.assign(places)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        async with asyncio.timeout(120):
            while not await _commits(consumer, ends):
                await clock.sleep(0.5)
    return ends


async def _commits(consumer: Consumer, offsets: dict[TopicPartition, int]) -> bool:
    """Commit; False while a member that was killed counts as one."""
    try:
        await consumer.commit(offsets)
    except CommitFailedError:
        return False
    return True


async def committed(kafka: str, group: str, place: TopicPartition) -> int:
    """Return up to where a group has read a partition."""
    async with Consumer(KafkaSettings(bootstrap=kafka), group_id=group) as consumer:
        consumer.assign([place])
        return await consumer.committed(place) or 0


def header_that_is_no_text(*values: bytes) -> bytes:
    """Return a batch, as it goes over the wire, whose records carry a header with a name that is not UTF-8."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1_000_000,
    )
    for number, value in enumerate(values):
        builder.append(number, 1_775_858_651_000, None, value, [("name-of-it", b"")])
    raw = bytearray(bytes(builder.build()).replace(b"name-of-it", b"\xff\xfe\xfd\xfc-of-it"))
    raw[_CRC] = calc_crc32c(bytes(raw[_CRC.stop :])).to_bytes(4, "big")
    return bytes(raw)


_CRC = slice(17, 21)
"""Where a batch has the checksum of everything behind it."""


async def put_batch(producer: AIOKafkaProducer, place: TopicPartition, raw: bytes) -> int:
    """Put a batch on a partition as it is; return the offset of its first record."""
    await producer.partitions_for(place.topic)
    leader = producer.client.cluster.leader_for_partition(place)
    request = ProduceRequest(None, -1, 10_000, [(place.topic, [(place.partition, raw)])])
    answer = await producer.client.send(leader, request)
    _, error, offset, *_ = answer.topics[0][1][0]
    assert error == 0, answer
    return int(offset)
