"""The Faust worker on a real broker: it brings every record to the decider, and never passes one by."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from infra import clock, registry
from infra.deciding.decider import Decider, topics_of
from infra.deciding.flows import GROUP, FlowRole
from infra.deciding.worker import Standstill, Worker
from infra.kafka import parking
from infra.kafka.meeting import Lives
from infra.kafka.records import Record
from infra.plugin import Flow
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas.commands import HoldForReview
from schemas.events import DayClosed
from schemas.topics import LARGEST
from tests.bus import committed, messages, partition_of, pass_by
from tests.infra.facts import day, produce
from tests.infra.fake_flows import DAY_SALES, BugError, fake_flow

pytestmark = pytest.mark.usefixtures("added")

LINES = text('select "offset" from decided where topic = :topic and tenant = :tenant order by "offset"')
Running = Callable[..., Any]


@pytest.fixture
async def worker(kafka: str, engine: Engine, producer: AIOKafkaProducer, tmp_path: Path) -> Running:
    """Return what runs a worker in a ``with``; it begins where the topics end now."""
    await pass_by(kafka, GROUP, topics_of(registry.flows()))

    @asynccontextmanager
    async def running(*flows: Flow, code: str = "") -> AsyncIterator[asyncio.Task[None]]:
        decider = Decider(engine, producer, flows or registry.flows(), code)
        settings = KafkaSettings(bootstrap=kafka, session_timeout=6.0)
        role = FlowRole(
            kafka=settings,
            decider=decider,
            lives=Lives(engine, producer, settings),
            flows=flows or registry.flows(),
            data=tmp_path,
        )
        stop = asyncio.Event()
        task = asyncio.create_task(role.run(stop))
        try:
            yield task
        finally:
            stop.set()
            _, late = await asyncio.wait([task], timeout=90)
            assert not late, "the worker does not end"

    return running


async def until(test: Callable[[], Awaitable[bool]], within: float = 180.0) -> None:
    """Wait until a test is true."""
    async with asyncio.timeout(within):
        while not await test():
            await clock.sleep(0.05)


async def decided(engine: Engine, tenant: str) -> list[int]:
    """Return the offsets of a company's day closes that have a line."""
    async with engine.connect() as connection:
        return list(await connection.scalars(LINES, {"topic": DayClosed.TOPIC, "tenant": tenant}))


async def test_the_worker_decides_what_is_produced_and_commits_it_when_it_ends(
    worker: Running, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Every record gets its line and its order; asked to stop, it leaves nothing that it would decide again."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 101)))

    async def all_are() -> bool:
        return len(await decided(engine, tenant)) == len(facts)

    async with worker() as task:
        await until(all_are)
    assert task.exception() is None
    assert await decided(engine, tenant) == [fact.offset for fact in facts]
    assert len({m.id for m in await messages(kafka, HoldForReview.TOPIC, tenant)}) == len(facts)
    place = TopicPartition(DayClosed.TOPIC, partition_of(tenant))
    assert await committed(kafka, GROUP, place) == facts[-1].offset + 1


async def test_a_record_without_a_value_does_not_stop_the_worker(
    worker: Running, engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """Any program can write a tombstone; what stands behind it is decided."""
    await producer.send_and_wait(DayClosed.TOPIC, None, key=tenant.encode())
    [fact] = await produce(producer, tenant, day(1))

    async def both_are() -> bool:
        return await decided(engine, tenant) == [fact.offset - 1, fact.offset]

    async with worker() as task:
        await until(both_are)
    assert task.exception() is None


async def test_a_rule_that_raises_stops_no_other_company_of_its_partition(
    worker: Running,
    engine: Engine,
    producer: AIOKafkaProducer,
    kafka: str,
    tenant: str,
    added: Callable[[str], Awaitable[None]],
) -> None:
    """Faust would log it, acknowledge the record and lose it; here it waits in order, and new code decides it."""
    other = next(name for n in count() if partition_of(name := f"{tenant}-{n}") == partition_of(tenant))
    await added(other)
    facts = [(await produce(producer, t, day(z)))[0] for z in (1, 2, 3) for t in (tenant, other)]
    mine, theirs = [f.offset for f in facts[::2]], [f.offset for f in facts[1::2]]

    async def others_are() -> bool:
        return await decided(engine, other) == theirs

    async with worker(broken_for(tenant), code="broken") as task:
        await until(others_are)
    assert task.exception() is None
    assert await decided(engine, tenant) == mine[:1]
    place = TopicPartition(DayClosed.TOPIC, partition_of(tenant))
    assert await committed(kafka, GROUP, place) == theirs[-1] + 1
    assert [one.record.offset for one in await parking.listed(engine, tenant)] == mine[1:]

    async def all_are() -> bool:
        return await decided(engine, tenant) == mine

    async with worker(code="mended"):
        await until(all_are)
    held = await messages(kafka, HoldForReview.TOPIC, tenant)
    assert list({m.id: m.subject for m in held}.values()) == [f"openpos/CITY/K1/{z}/2026-04-10" for z in (1, 2, 3)]


def broken_for(tenant: str) -> Flow:
    """Return the flow of day sales, which breaks for the second report of one company."""

    def decide(states: Any, message: Any, *rest: Any) -> Any:
        return (fake_flow("decide") if message.tenant == tenant else DAY_SALES).decide(states, message, *rest)

    return replace(DAY_SALES, decide=decide)


async def test_a_process_that_dies_between_parking_and_committing_parks_it_once(
    kafka: str, prepared_url: str, engine: Engine, producer: AIOKafkaProducer, tenant: str, tmp_path: Path
) -> None:
    """Its records come again to the next process, which finds them parked; and to new code, which decides them."""
    await pass_by(kafka, GROUP, topics_of(registry.flows()))
    facts = await produce(producer, tenant, *(day(z) for z in (1, 2, 3)))
    place = TopicPartition(DayClosed.TOPIC, partition_of(tenant))

    async def parked() -> list[int]:
        return [one.record.offset for one in await parking.listed(engine, tenant)]

    async def two_are() -> bool:
        return await parked() == [fact.offset for fact in facts[1:]]

    async def committed_all() -> bool:
        return await committed(kafka, GROUP, place) == facts[-1].offset + 1

    arguments = ("-m", "tests.infra.fake_flows", kafka, prepared_url, str(tmp_path))
    killed = await started(*arguments, BOKBUSS_FAULTPOINT="decide.parked:1:kill")
    assert await asyncio.wait_for(killed.wait(), 180) == -signal.SIGKILL
    assert await parked() == [facts[1].offset]
    assert await committed(kafka, GROUP, place) <= facts[1].offset
    second = await started(*arguments)
    try:
        await until(two_are)
        await until(committed_all)
    finally:
        second.kill()
        await second.wait()
    assert await decided(engine, tenant) == [facts[0].offset]
    await Decider(engine, producer, (DAY_SALES,), "mended").sweep()
    assert await decided(engine, tenant) == [fact.offset for fact in facts]
    assert await parked() == []


async def started(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    """Start a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=Path(__file__).parents[3], env={**os.environ, **environment}
    )


async def test_a_worker_that_is_stopped_in_mid_work_leaves_nothing_half_done(
    worker: Running, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """What it committed is decided; the rest is decided by the next one; every fact has one order."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 3001)))

    async def some_are() -> bool:
        return bool(await decided(engine, tenant))

    async with worker():
        await until(some_are)
    lines = set(await decided(engine, tenant))
    upto = await committed(kafka, GROUP, TopicPartition(DayClosed.TOPIC, partition_of(tenant)))
    assert {fact.offset for fact in facts if fact.offset < upto} <= lines

    async def all_are() -> bool:
        return len(await decided(engine, tenant)) == len(facts)

    async with worker():
        await until(all_are)
    assert len({m.id for m in await messages(kafka, HoldForReview.TOPIC, tenant)}) == len(facts)


async def test_of_large_records_no_more_are_read_than_is_held_at_once(
    kafka: str, engine: Engine, producer: AIOKafkaProducer, tenant: str, tmp_path: Path
) -> None:
    """However many a company has written: the worker of all companies would be ended for its memory, at every start."""
    await pass_by(kafka, GROUP, topics_of(registry.flows()))
    size = LARGEST * 3 // 4
    written = [await producer.send(DayClosed.TOPIC, b"x" * size, key=tenant.encode()) for _ in range(60)]
    last = [await record for record in written][-1].offset
    settings = KafkaSettings(bootstrap=kafka, session_timeout=6.0)
    taken, goes_on, stop = list[Record](), asyncio.Event(), asyncio.Event()

    async def decide(records: Sequence[Record]) -> None:
        taken.extend(records)
        await goes_on.wait()

    worker = Worker(
        kafka=settings,
        topics=[DayClosed.TOPIC],
        now=await Lives(engine, producer, settings).look(),
        decide=decide,
        data=tmp_path,
        still_after=600,
    )
    task = asyncio.create_task(worker.run(stop.wait()))
    place, read = TopicPartition(DayClosed.TOPIC, partition_of(tenant)), list[int]()

    async def stands() -> bool:
        """Tell whether reading has begun and stood still for a second."""
        await clock.sleep(0.2)
        read.append((await worker._app.consumer.waiting()).get(place, last + 1) if taken else -1)
        return read[-1] >= 0 and len(set(read[-5:])) == 1 and len(read) >= 5

    await until(stands)
    behind = last + 1 - read[-1]
    goes_on.set()

    async def all_are() -> bool:
        return any(record.offset == last for record in taken)

    await until(all_are)
    stop.set()
    await asyncio.wait_for(task, 90)
    assert behind > 20
    assert {record.offset for record in taken if record.key == tenant.encode()} == set(range(last - 59, last + 1))


async def test_a_database_that_is_away_for_a_while_costs_time_and_nothing_else(
    worker: Running,
    engine: Engine,
    producer: AIOKafkaProducer,
    kafka: str,
    tenant: str,
    outage: Callable[[], AbstractContextManager[None]],
) -> None:
    """The batch is tried again until it passes."""
    async with worker() as task:
        with outage():
            [fact] = await produce(producer, tenant, day(1))
            await clock.sleep(1.5)
            assert not task.done()

        async def it_is() -> bool:
            return await decided(engine, tenant) == [fact.offset]

        await until(it_is)
    assert len({m.id for m in await messages(kafka, HoldForReview.TOPIC, tenant)}) == 1


@pytest.mark.parametrize("state", ["25006", "25P04", "53100", "XX001"])
async def test_a_database_that_takes_nothing_is_waited_for_as_one_that_is_away(
    worker: Running, engine: Engine, producer: AIOKafkaProducer, tenant: str, state: str
) -> None:
    """One that is only read after a failover, whose administrator limits transactions, whose disk is full or broken."""
    async with engine.begin() as connection:
        refused = f"begin raise exception 'not now' using errcode = '{state}'; end"
        await connection.execute(text(f"create function refuse() returns trigger language plpgsql as $$ {refused} $$"))
        await connection.execute(text("create trigger refuse before insert on decided execute function refuse()"))
    async with worker() as task:
        [fact] = await produce(producer, tenant, day(1))
        await clock.sleep(1.5)
        assert not task.done()
        async with engine.begin() as connection:
            await connection.execute(text("drop trigger refuse on decided"))

        async def it_is() -> bool:
            return await decided(engine, tenant) == [fact.offset]

        await until(it_is)
    assert task.exception() is None


async def test_a_worker_ends_also_while_the_database_is_away(
    worker: Running,
    engine: Engine,
    producer: AIOKafkaProducer,
    tenant: str,
    outage: Callable[[], AbstractContextManager[None]],
) -> None:
    """It does not wait for what it cannot decide; that comes again."""
    with outage():
        async with worker() as task:
            await produce(producer, tenant, day(1))
            await clock.sleep(1.5)
            begun = clock.monotonic()
        assert clock.monotonic() - begun < 40
    assert task.exception() is None
    assert await decided(engine, tenant) == []

    async def it_is() -> bool:
        return len(await decided(engine, tenant)) == 1

    async with worker():
        await until(it_is)


async def test_a_worker_whose_service_has_ended_is_followed_by_the_next_one(
    kafka: str, engine: Engine, producer: AIOKafkaProducer, tenant: str, tmp_path: Path
) -> None:
    """Whatever of Faust ends: what comes is decided, and meanwhile the role says that it does not move."""
    await pass_by(kafka, GROUP, topics_of(registry.flows()))
    settings = KafkaSettings(bootstrap=kafka, session_timeout=6.0)
    role = FlowRole(
        kafka=settings,
        decider=Decider(engine, producer, registry.flows()),
        lives=Lives(engine, producer, settings),
        flows=registry.flows(),
        data=tmp_path,
    )
    with pytest.raises(Standstill, match="no worker runs"):
        await role.check()
    stop = asyncio.Event()
    task = asyncio.create_task(role.run(stop))
    try:
        for number in (1, 2):
            [fact] = await produce(producer, tenant, day(number))

            async def it_is(offset: int = fact.offset) -> bool:
                return offset in await decided(engine, tenant)

            await until(it_is)
            await role.check()
            assert role._worker is not None
            await role._worker._app.consumer.crash(BugError())
    finally:
        stop.set()
        await asyncio.wait_for(task, 90)
