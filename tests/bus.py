"""What tests ask of a shared broker: where a company's records are, and how a group leaves out what others left."""

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import murmur2

from infra.records import Record, at
from schemas import envelope as envelopes
from schemas.envelope import Envelope
from schemas.topics import PARTITIONS


def partition_of(tenant: str) -> int:
    """Return the partition of a company's messages, the same in every topic."""
    return int(murmur2(tenant.encode()) & 0x7FFFFFFF) % PARTITIONS


async def records(kafka: str, topic: str, tenant: str) -> list[Record]:
    """Return a company's records on a topic, in their order."""
    place = TopicPartition(topic, partition_of(tenant))
    async with AIOKafkaConsumer(bootstrap_servers=kafka, fetch_max_wait_ms=10) as consumer:
        consumer.assign([place])
        consumer.seek(place, 0)  # aiokafka's seek_to_beginning may be undone by the position that it looked up before
        end = (await consumer.end_offsets([place]))[place]
        found: list[Record] = []
        while await consumer.position(place) < end:
            for rows in (await consumer.getmany(timeout_ms=100)).values():
                found += [Record(r.topic, r.partition, r.offset, at(r.timestamp), r.key, r.value) for r in rows]
    return [record for record in found if record.key == tenant.encode()]


async def messages(kafka: str, topic: str, tenant: str) -> list[Envelope[Any]]:
    """Return a company's messages on a topic, in their order."""
    return [envelopes.decode(record.value) for record in await records(kafka, topic, tenant)]


async def pass_by(kafka: str, group: str, topics: Iterable[str]) -> dict[TopicPartition, int]:
    """Let a group that nobody is in have read everything; return how far each partition goes."""
    places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False) as consumer:
        consumer.assign(places)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        await consumer.commit(ends)
    return ends


async def committed(kafka: str, group: str, place: TopicPartition) -> int:
    """Return up to where a group has read a partition."""
    async with AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False) as consumer:
        consumer.assign([place])
        return await consumer.committed(place) or 0
