"""The one kind of producer, and whoever waits for what it sends."""

import asyncio
from itertools import product

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError

from infra.embedded.broker import EmbeddedKafka
from infra.kafka import cluster
from infra.settings import KafkaSettings
from schemas.events import ReviewAnswered


async def test_somebody_who_waits_is_told_that_the_broker_is_away(fragile_kafka: EmbeddedKafka) -> None:
    """And not kept for as long as it is: aiokafka itself would try for ever."""
    producer = await cluster.producer(KafkaSettings(bootstrap=fragile_kafka.bootstrap))
    fragile_kafka.kill()
    try:
        with pytest.raises(KafkaTimeoutError):
            await cluster.sent(producer, ReviewAnswered.TOPIC, b"{}", key=b"somebody", within=0.5)
    finally:
        await producer.stop()
        fragile_kafka.start()


async def test_what_the_broker_refuses_stops_nothing_that_comes_later(kafka: str) -> None:
    """Of its own partition or of others; nothing is doubled, and all of it is in order."""
    topic, partitions = "refused", range(2)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, len(partitions), 1, topic_configs={"max.message.bytes": "1000"})])
    await admin.close()
    producer = await cluster.producer(KafkaSettings(bootstrap=kafka))
    try:
        async with asyncio.timeout(60):
            for number, partition in product(range(6), partitions):
                if number % 3 == 1:
                    with pytest.raises(MessageSizeTooLargeError):
                        await producer.send_and_wait(topic, bytes(2000), partition=partition)
                await producer.send_and_wait(topic, str(number).encode(), partition=partition)
    finally:
        await producer.stop()
    found: dict[int, list[int]] = {partition: [] for partition in partitions}
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, partition) for partition in partitions])
        async with asyncio.timeout(60):
            while sum(map(len, found.values())) < 6 * len(partitions):
                row = await consumer.getone()
                found[row.partition].append(int(row.value))
    assert found == {partition: [*range(6)] for partition in partitions}
