"""The one kind of producer, and whoever waits for what it sends."""

import pytest
from aiokafka.errors import KafkaTimeoutError

from infra.embedded.broker import EmbeddedKafka
from infra.kafka import cluster
from schemas.events import ReviewAnswered


async def test_somebody_who_waits_is_told_that_the_broker_is_away(fragile_kafka: EmbeddedKafka) -> None:
    """And not kept for as long as it is: aiokafka itself would try for ever."""
    producer = await cluster.producer(fragile_kafka.bootstrap)
    fragile_kafka.kill()
    try:
        with pytest.raises(KafkaTimeoutError):
            await cluster.sent(producer, ReviewAnswered.TOPIC, b"{}", key=b"somebody", within=0.5)
    finally:
        await producer.stop()
        fragile_kafka.start()
