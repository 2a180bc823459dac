"""Reads facts back from Kafka, at the places where they were accepted."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from infra.access import people
from infra.kafka.fetching import Consumer
from infra.kafka.lives import topic_of
from infra.postgres import Engine
from infra.rows import FactLine
from infra.settings import KafkaSettings
from schemas import envelope as envelopes
from schemas.envelope import Envelope, Unreadable

_PATIENCE = 5.0
_FETCH_MS = 1000


async def read_back(engine: Engine, kafka: KafkaSettings, lines: Iterable[FactLine]) -> dict[str, Envelope[Any] | None]:
    """Return the message at each place; None where it is gone, cannot be read, or the broker does not answer."""
    wanted = list(lines)
    found: dict[str, Envelope[Any] | None] = {line.place: None for line in wanted}
    if not wanted:
        return found
    consumer = Consumer(kafka, auto_offset_reset="none")
    try:
        async with asyncio.timeout(_PATIENCE + len(wanted)):
            await consumer.start()
            for line in wanted:
                found[line.place] = await _at(engine, consumer, line)
    except (KafkaError, TimeoutError, OSError):
        pass  # the rest of the story is told without them
    finally:
        await consumer.stop()
    return found


async def _at(engine: Engine, consumer: Consumer, line: FactLine) -> Envelope[Any] | None:
    partition = TopicPartition(topic_of(line.topic), line.partition)
    consumer.assign([partition])
    end = (await consumer.end_offsets([partition]))[partition]
    if line.offset >= end:
        return None
    consumer.seek(partition, line.offset)
    try:
        rows = await consumer.getmany(partition, timeout_ms=_FETCH_MS, max_records=1)
        values = [row.value for row in rows.get(partition, ()) if row.offset == line.offset and row.value is not None]
        async with engine.connect() as connection:
            messages = [envelopes.decode(value) for value in await people.opened(connection, values)]
    except (OffsetOutOfRangeError, Unreadable):
        return None
    # The topic may have been made anew, and another message stand there.
    return next((m for m in messages if (m.causationid or m.id) == line.fact_id), None)
