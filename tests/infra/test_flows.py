"""The Faust worker on a real broker: it brings every record to the decider, and never passes one by."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import clock, registry
from infra.decider import Decider, topics_of
from infra.decision import FlowFailed
from infra.flows import GROUP, FlowRole
from infra.plugin import Flow
from infra.settings import KafkaSettings
from schemas.commands import HoldForReview
from schemas.events import DayClosed
from tests.bus import committed, messages, partition_of, pass_by
from tests.infra.facts import day, produce

LINES = text('select "offset" from decided where topic = :topic and tenant = :tenant order by "offset"')
Worker = Callable[..., Any]


@pytest.fixture
async def worker(kafka: str, engine: AsyncEngine, producer: AIOKafkaProducer, tmp_path: Path) -> Worker:
    """Return what runs a worker in a ``with``; it begins where the topics end now."""
    await pass_by(kafka, GROUP, topics_of(registry.flows()))

    @asynccontextmanager
    async def running(*flows: Flow) -> AsyncIterator[asyncio.Task[None]]:
        decider = Decider(engine, producer, flows or registry.flows())
        settings = KafkaSettings(bootstrap=kafka, session_timeout=6.0)
        role = FlowRole(kafka=settings, decider=decider, flows=flows or registry.flows(), data=tmp_path)
        stop = asyncio.Event()
        task = asyncio.create_task(role.run(stop))
        try:
            yield task
        finally:
            stop.set()
            _, late = await asyncio.wait([task], timeout=30)
            assert not late, "the worker does not end"

    return running


async def until(test: Callable[[], Awaitable[bool]], within: float = 40.0) -> None:
    """Wait until a test is true."""
    async with asyncio.timeout(within):
        while not await test():
            await clock.sleep(0.05)


async def decided(engine: AsyncEngine, tenant: str) -> list[int]:
    """Return the offsets of a company's day closes that have a line."""
    async with engine.connect() as connection:
        return list(await connection.scalars(LINES, {"topic": DayClosed.TOPIC, "tenant": tenant}))


async def test_the_worker_decides_what_is_produced_and_commits_it_when_it_ends(
    worker: Worker, engine: AsyncEngine, producer: AIOKafkaProducer, kafka: str, tenant: str
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
    worker: Worker, engine: AsyncEngine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """Any program can write a tombstone; what stands behind it is decided."""
    await producer.send_and_wait(DayClosed.TOPIC, None, key=tenant.encode())
    [fact] = await produce(producer, tenant, day(1))

    async def both_are() -> bool:
        return await decided(engine, tenant) == [fact.offset - 1, fact.offset]

    async with worker() as task:
        await until(both_are)
    assert task.exception() is None


class BugError(Exception):
    """A rule that cannot go on."""


def broken_at(z_number: int) -> Flow:
    """Return the flow of day sales with a rule that raises for one report."""
    flow = next(one for one in registry.flows() if one.name == "daysales")

    def decide(states: Any, *rest: Any) -> Any:
        if f"openpos/K1/{z_number}" in states:
            raise BugError
        return flow.decide(states, *rest)

    return replace(flow, decide=decide)


async def test_a_rule_that_raises_stops_the_worker_and_its_record_is_decided_after_the_repair(
    worker: Worker, engine: AsyncEngine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Faust would log it, acknowledge the record and go on; here the worker ends with the error and loses nothing."""
    facts = await produce(producer, tenant, *(day(z) for z in range(1, 6)))
    async with worker(broken_at(3)) as task:
        with pytest.raises(FlowFailed):
            await asyncio.wait_for(asyncio.shield(task), 40)
    assert facts[2].offset not in await decided(engine, tenant)
    place = TopicPartition(DayClosed.TOPIC, partition_of(tenant))
    assert await committed(kafka, GROUP, place) <= facts[2].offset

    async def all_are() -> bool:
        return await decided(engine, tenant) == [fact.offset for fact in facts]

    async with worker():
        await until(all_are)


async def test_a_worker_that_is_stopped_in_mid_work_leaves_nothing_half_done(
    worker: Worker, engine: AsyncEngine, producer: AIOKafkaProducer, kafka: str, tenant: str
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


async def test_a_database_that_is_away_for_a_while_costs_time_and_nothing_else(
    worker: Worker,
    engine: AsyncEngine,
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


async def test_a_worker_ends_also_while_the_database_is_away(
    worker: Worker,
    engine: AsyncEngine,
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
        assert clock.monotonic() - begun < 12
    assert task.exception() is None
    assert await decided(engine, tenant) == []

    async def it_is() -> bool:
        return len(await decided(engine, tenant)) == 1

    async with worker():
        await until(it_is)
