"""The auditor decides what was passed by, whoever passed it by and wherever it stands."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import broker, registry, store
from infra.auditor import Auditor
from infra.decider import Decider, Record
from infra.leases import Leases
from infra.settings import KafkaSettings
from schemas import envelope as envelopes
from schemas import ids
from schemas.events import DayClosed
from schemas.topics import Topic

WHEN = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)
TENANT = "kaos"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Yield a database with its tables."""
    made = store.engine(database_url, 4)
    await store.prepare(made)
    yield made
    await made.dispose()


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a producer that works."""
    made = await broker.producer(kafka)
    yield made
    await made.stop()


@pytest.fixture
async def topic(kafka: str) -> str:
    """Return a topic of this test's own: an auditor decides whatever it finds."""
    name = f"facts.audited-{uuid.uuid4().hex[:8]}.v1"
    await broker.ensure_topics(kafka, topics=[Topic(name, "a test", (), ())])
    return name


async def put(producer: AIOKafkaProducer, topic: str, count: int) -> list[Record]:
    """Put day closes on a topic; return them as they stand there."""
    records = []
    for number in range(1, count + 1):
        day = DayClosed(
            store="SODER",
            register_id="K1",
            z_number=number,
            business_date=date(2026, 4, 10),
            taken_at=WHEN,
            total_sales="0.00",  # type: ignore[arg-type] # read as Money
        )
        fact = ids.fact_id(day.key, ids.revision(day))
        value = envelopes.wrap(day, message_id=fact, source="/test", time=WHEN, tenant=TENANT).to_bytes()
        sent = await producer.send_and_wait(topic, value, key=TENANT.encode())
        records.append(Record(topic, sent.partition, sent.offset, WHEN, TENANT.encode(), value))
    return records


@asynccontextmanager
async def auditing(
    kafka: str, engine: AsyncEngine, producer: AIOKafkaProducer, topic: str, old_enough: float
) -> AsyncIterator[Auditor]:
    """Let an auditor work; no flow runs."""
    auditor = Auditor(
        kafka=KafkaSettings(bootstrap=kafka),
        engine=engine,
        decider=Decider(engine, producer, registry.flows()),
        leases=Leases(engine, 10.0),
        topics=[topic],
        groups={},
        flows_group=f"nobody-{topic}",
        old_enough=old_enough,
    )
    stop = asyncio.Event()
    work = asyncio.create_task(auditor.run(stop))
    try:
        yield auditor
    finally:
        stop.set()
        await work


async def decided(engine: AsyncEngine, topic: str) -> list[int]:
    """Return the offsets that have a line."""
    async with engine.connect() as connection:
        lines = text('select "offset" from decided where topic = :topic order by 1')
        return list(await connection.scalars(lines, {"topic": topic}))


async def until_decided(engine: AsyncEngine, topic: str, offsets: list[int]) -> None:
    """Wait until these records, and no others, have a line."""
    async with asyncio.timeout(30):
        while await decided(engine, topic) != offsets:  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.1)


async def test_a_record_before_a_decided_one_is_decided(
    kafka: str, engine: AsyncEngine, producer: AIOKafkaProducer, topic: str
) -> None:
    """Faust went on and one record has no line: it was lost on the way to the agent."""
    first, _lost, last = await put(producer, topic, 3)
    await Decider(engine, producer, registry.flows()).decide([first, last])
    async with auditing(kafka, engine, producer, topic, old_enough=0.0) as auditor:
        await until_decided(engine, topic, [0, 1, 2])
        assert auditor.mended == 1


async def test_the_last_record_of_a_partition_is_decided_when_nobody_does(
    kafka: str, engine: AsyncEngine, producer: AIOKafkaProducer, topic: str
) -> None:
    """A lost record with nothing after it must not wait for the company's next day close."""
    first, _lost = await put(producer, topic, 2)
    await Decider(engine, producer, registry.flows()).decide([first])
    async with auditing(kafka, engine, producer, topic, old_enough=2.0):
        await until_decided(engine, topic, [0, 1])


async def test_a_record_that_is_on_its_way_is_left_to_the_flows(
    kafka: str, engine: AsyncEngine, producer: AIOKafkaProducer, topic: str
) -> None:
    """Until a record is old enough, the worker that has it is given its time."""
    first, _under_way, last = await put(producer, topic, 3)
    await Decider(engine, producer, registry.flows()).decide([first, last])
    async with auditing(kafka, engine, producer, topic, old_enough=600.0) as auditor:
        await asyncio.sleep(2.0)
        assert auditor.mended == 0
    assert await decided(engine, topic) == [0, 2]
