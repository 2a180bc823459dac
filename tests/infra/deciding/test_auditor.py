"""The auditor trusts nobody: what lies before a committed offset and has no line is decided from the topic itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from infra import clock, registry
from infra.deciding.auditor import Auditor
from infra.deciding.decider import Decider, topics_of
from infra.deciding.flows import GROUP
from infra.kafka import parking
from infra.kafka.fetching import Consumer
from infra.kafka.meeting import Lives
from infra.kafka.records import Record
from infra.leases import Leases
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from infra.tenants import UNKNOWN_TENANT
from schemas.commands import HoldForReview
from schemas.events import DayClosed
from schemas.settings import SettingsApplied
from tests.bus import header_that_is_no_text, messages, partition_of, pass_by, put_batch
from tests.infra.facts import applied, day, message, produce
from tests.infra.fake_flows import DAY_SALES, fake_flow

pytestmark = pytest.mark.usefixtures("added")

TOPICS = topics_of(registry.flows())
OLD_ENOUGH = 0.2
LINES = text('select "offset" from decided where tenant = :t and topic = :topic order by "offset"')
PROVED = text(
    """insert into audited (topic, partition, upto)
       select * from unnest(cast(:topics as text[]), cast(:partitions as int[]), cast(:uptos as bigint[]))"""
)
LIVES = text("select max(number) from topic_lives where topic = :topic")
UPTO = text("select upto from audited where topic = :topic and partition = :partition")


@pytest.fixture
async def house(kafka: str, engine: Engine, producer: AIOKafkaProducer) -> Any:
    """Return what runs an auditor in a ``with``; everything that other tests left on the topics is proved already."""
    ends = await pass_by(kafka, GROUP, TOPICS)
    async with engine.begin() as connection:
        await connection.execute(
            PROVED,
            {
                "topics": [place.topic for place in ends],
                "partitions": [place.partition for place in ends],
                "uptos": list(ends.values()),
            },
        )

    @asynccontextmanager
    async def auditing(old_enough: float = OLD_ENOUGH, decider: Decider | None = None) -> AsyncIterator[Auditor]:
        auditor = Auditor(
            kafka=KafkaSettings(bootstrap=kafka),
            engine=engine,
            decider=decider or Decider(engine, producer, registry.flows()),
            lives=Lives(engine, producer, KafkaSettings(bootstrap=kafka)),
            leases=Leases(engine, 5.0),
            topics=TOPICS,
            groups={},
            flows_group=GROUP,
            old_enough=old_enough,
        )
        stop = asyncio.Event()
        task = asyncio.create_task(auditor.run(stop))
        yield auditor
        stop.set()
        await asyncio.wait_for(task, 60)

    return auditing


async def until(test: Callable[[], Awaitable[bool]], within: float = 180.0) -> None:
    """Wait until a test is true."""
    async with asyncio.timeout(within):
        while not await test():
            await clock.sleep(0.05)


async def lines(engine: Engine, tenant: str, topic: str = DayClosed.TOPIC) -> list[int]:
    """Return the offsets of a company's records that have a line."""
    async with engine.connect() as connection:
        return list(await connection.scalars(LINES, {"t": tenant, "topic": topic}))


async def upto(engine: Engine, tenant: str, topic: str = DayClosed.TOPIC) -> int:
    """Return how far the company's partition of a topic is proved."""
    async with engine.connect() as connection:
        values = {"topic": topic, "partition": partition_of(tenant)}
        return int(await connection.scalar(UPTO, values) or 0)


async def test_what_was_passed_by_is_found_and_decided(
    house: Any, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Faust acknowledged facts that it never gave to anybody: each gets its line and its order, and it is counted."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 8)))
    await Decider(engine, producer, registry.flows()).decide([facts[2], facts[5]])
    await pass_by(kafka, GROUP, TOPICS)
    counted = {"topic": DayClosed.TOPIC}
    before = REGISTRY.get_sample_value("bokbuss_offset_holes_total", counted) or 0

    async def proved() -> bool:
        return await upto(engine, tenant) == facts[-1].offset + 1

    async with house() as auditor:
        await until(proved)
    assert await lines(engine, tenant) == [fact.offset for fact in facts]
    assert auditor.mended == 5
    assert REGISTRY.get_sample_value("bokbuss_offset_holes_total", counted) == before + 5
    assert len({hold.id for hold in await messages(kafka, HoldForReview.TOPIC, tenant)}) == len(facts)


async def test_of_large_holes_few_are_held_at_once(
    house: Any,
    engine: Engine,
    producer: AIOKafkaProducer,
    kafka: str,
    tenant: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flows that stood still leave thousands of records, and some are megabytes: look by look they are all mended."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 6)))
    await pass_by(kafka, GROUP, TOPICS)
    monkeypatch.setattr("infra.deciding.auditor.AT_ONCE", 1, raising=False)
    together = list[int]()

    class Watched(Decider):
        async def decide(self, records: Sequence[Record]) -> None:
            together.append(len(records))
            await super().decide(records)

    async def proved() -> bool:
        return await upto(engine, tenant) == facts[-1].offset + 1

    async with house(decider=Watched(engine, producer, registry.flows())):
        await until(proved)
    assert together == [1] * len(facts)
    assert await lines(engine, tenant) == [fact.offset for fact in facts]


async def test_a_topic_on_which_more_is_decided_meanwhile_is_no_older_copy(
    house: Any, engine: Engine, producer: AIOKafkaProducer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time that the auditor has asked where topics end, another record comes and is decided."""
    looks = 0

    class Busy(Consumer):
        async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
            nonlocal looks
            ends: dict[TopicPartition, int] = await super().end_offsets(partitions)
            if len(partitions) > 1:
                looks += 1
                decider = Decider(engine, producer, registry.flows())
                await decider.decide(await produce(producer, tenant, day(looks)))
            return ends

    async def looked() -> bool:
        return looks > 3

    monkeypatch.setattr("infra.deciding.auditor.Consumer", Busy)
    async with house():
        await until(looked)
    async with engine.connect() as connection:
        assert await connection.scalar(LIVES, {"topic": DayClosed.TOPIC}) == 1


async def test_what_kafka_deleted_before_it_was_decided_is_said(
    house: Any, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Once, by number; what was decided before it was deleted is none of it, and what is left is decided."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 6)))
    await Decider(engine, producer, registry.flows()).decide([facts[1]])
    place = TopicPartition(DayClosed.TOPIC, partition_of(tenant))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=facts[4].offset)})
    finally:
        await admin.close()
    counted = {"topic": DayClosed.TOPIC}
    before = REGISTRY.get_sample_value("bokbuss_records_gone_total", counted) or 0

    async def proved() -> bool:
        return await upto(engine, tenant) == facts[-1].offset + 1

    with capture_logs() as said:
        async with house():
            await until(proved)
            await clock.sleep(2.0)
    assert REGISTRY.get_sample_value("bokbuss_records_gone_total", counted) == before + 3
    assert [(each["number"], each["group"]) for each in said if each["event"] == "records gone unread"] == [(3, GROUP)]
    assert await lines(engine, tenant) == [facts[1].offset, facts[4].offset]


async def test_a_hole_before_a_decided_record_needs_no_commit(
    house: Any, engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """A later record has its line: the earlier one was passed by, whatever the group says."""
    facts = await produce(producer, tenant, day(1), day(2))
    await Decider(engine, producer, registry.flows()).decide(facts[1:])

    async def both_are() -> bool:
        return await lines(engine, tenant) == [fact.offset for fact in facts]

    async with house():
        await until(both_are)


async def test_a_young_hole_waits(
    house: Any, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """A worker may be deciding it right now; what is proved ends before it."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 4)))
    await Decider(engine, producer, registry.flows()).decide([facts[0], facts[2]])
    await pass_by(kafka, GROUP, TOPICS)

    async def proved() -> bool:
        return await upto(engine, tenant) == facts[1].offset

    async with house(old_enough=3600.0) as auditor:
        await until(proved)
        await clock.sleep(1.0)
        assert await upto(engine, tenant) == facts[1].offset
    assert auditor.mended == 0
    assert await lines(engine, tenant) == [facts[0].offset, facts[2].offset]


async def test_a_hole_that_tells_no_time_is_mended_too(
    house: Any, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """What cannot be taken out of its batch has none, and hides nothing that lies behind it."""
    place = TopicPartition(DayClosed.TOPIC, partition_of(tenant))
    unread = await put_batch(producer, place, header_that_is_no_text(b"{}"))
    [fact] = await produce(producer, tenant, day(1))
    await pass_by(kafka, GROUP, TOPICS)

    async def proved() -> bool:
        return await upto(engine, tenant) == fact.offset + 1

    async with house() as auditor:
        await until(proved)
    assert (auditor.mended, await lines(engine, tenant)) == (2, [fact.offset])
    assert (await lines(engine, UNKNOWN_TENANT))[-1] == unread


async def test_offsets_without_a_record_are_no_holes(house: Any, engine: Engine, kafka: str, tenant: str) -> None:
    """Compaction takes records out, and a transaction's end takes an offset: nothing is missing there."""
    topic = SettingsApplied.TOPIC
    offsets = []
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=tenant) as writer:
        for version in (1, 2):
            async with writer.transaction():
                value = message(tenant, applied(tenant, version)).to_bytes()
                offsets.append((await writer.send_and_wait(topic, value, key=tenant.encode())).offset)
    assert offsets[1] - offsets[0] == 2
    await pass_by(kafka, GROUP, TOPICS)

    async def proved() -> bool:
        return await upto(engine, tenant, topic) == offsets[1] + 2

    async with house() as auditor:
        await until(proved)
    assert await lines(engine, tenant, topic) == offsets
    assert auditor.mended == 2


async def test_how_far_a_group_is_behind_is_told(
    house: Any, engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """In records and in seconds: the age of the first one that nobody has dealt with."""
    await produce(producer, tenant, day(1), day(2))
    labels = {"group": GROUP, "topic": DayClosed.TOPIC, "partition": str(partition_of(tenant))}

    async def told() -> bool:
        records = REGISTRY.get_sample_value("bokbuss_consumer_lag_records", labels)
        seconds = REGISTRY.get_sample_value("bokbuss_consumer_lag_seconds", labels) or 0
        return records == 2 and 0 < seconds < 60

    async with house(old_enough=3600.0):
        await until(told)
    assert await lines(engine, tenant) == []
    assert REGISTRY.get_sample_value("bokbuss_consumer_lag_records", labels) is None, "whoever audits now tells"


async def test_what_is_parked_is_no_hole_and_is_not_decided_behind_its_back(
    house: Any, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """It has a place of its own; a record that was passed by meanwhile joins it, and is decided after it."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 6)))
    broken = Decider(engine, producer, (fake_flow("decide"),), "broken")
    await broken.decide([*facts[:3], facts[4]])
    await pass_by(kafka, GROUP, TOPICS)

    async def proved() -> bool:
        return await upto(engine, tenant) == facts[-1].offset + 1

    async with house(decider=broken) as auditor:
        await until(proved)
    assert auditor.mended == 1
    assert await lines(engine, tenant) == [facts[0].offset]
    assert [one.record.offset for one in await parking.listed(engine, tenant)] == [
        facts[n].offset for n in (1, 2, 4, 3)
    ]
    async with house(decider=Decider(engine, producer, (DAY_SALES,), "mended")) as auditor:
        await Decider(engine, producer, (DAY_SALES,), "mended").sweep()
        await until(proved)
    assert (auditor.mended, await lines(engine, tenant)) == (0, [fact.offset for fact in facts])
