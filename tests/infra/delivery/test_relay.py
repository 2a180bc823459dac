"""The relay: every audit record reaches its topic, each company's in their order, and none is lost by a crash."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from infra import clock
from infra.delivery.relay import Relay
from infra.leases import Leases
from infra.postgres import Engine, text
from infra.trail import Entry, put_on_record
from schemas import envelope as envelopes
from schemas.audit import AuditRecord
from schemas.commands import HoldForReview
from tests.bus import messages, records
from tests.infra.facts import WHEN

UNPUBLISHED = text("select count(*) from audit where published_at is null")


async def put(engine: Engine, tenants: tuple[str, ...], number: int) -> None:
    """Put as many records of each company on record, taking turns."""
    for one in range(number):
        async with engine.begin() as connection:
            entries = [
                Entry(
                    envelopes.wrap(
                        HoldForReview(
                            flow="daysales",
                            key=f"openpos/K1/{one}",
                            revision="0",
                            step="hold/1",
                            rule="a_rule",
                            reason="a_reason",
                            message="It waits.",
                        ),
                        message_id=f"m{one}",
                        source="/tests",
                        time=WHEN,
                        tenant=tenant,
                        causation=f"f{one}",
                        trace=f"00-{one:032x}-{1:016x}-01",
                    ),
                    "held",
                )
                for tenant in tenants
            ]
            await put_on_record(connection, entries)


@asynccontextmanager
async def relaying(engine: Engine, producer: AIOKafkaProducer) -> AsyncIterator[None]:
    """Run a relay, and end it."""
    stop = asyncio.Event()
    task = asyncio.create_task(Relay(engine, producer, Leases(engine, 5.0)).run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def until(test: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a test is true."""
    async with asyncio.timeout(180):
        while not await test():
            await clock.sleep(0.02)


async def test_each_company_s_records_arrive_in_their_order_and_are_marked(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """More than a page of them; they are whole, chained, and carry the fact and the trace that they go back to."""
    tenants = (f"{tenant}-a", f"{tenant}-b")
    await put(engine, tenants, 300)

    async def all_are_marked() -> bool:
        async with engine.connect() as connection:
            return await connection.scalar(UNPUBLISHED) == 0

    async with relaying(engine, producer), relaying(engine, producer):  # the second one waits for its turn
        await until(all_are_marked)
    for name in tenants:
        sent = await messages(kafka, AuditRecord.TOPIC, name)
        assert [m.id for m in sent] == [f"{name}/{n}" for n in range(1, 301)]
        assert all(m.data.is_whole() and m.data.sequence == n for n, m in enumerate(sent, 1))
        assert all(later.data.previous == m.data.hash for m, later in itertools.pairwise(sent))
        assert [(m.causationid, int(m.trace_id, 16)) for m in sent] == [(f"f{n}", n) for n in range(300)]


async def test_what_a_newer_version_wrote_is_published_as_it_stands(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """A version that was rolled back knows not all of it: whoever reads waits, and no other company does."""
    newer, other = f"{tenant}-a", f"{tenant}-b"
    await put(engine, (newer, other), 1)
    added = 'update audit set body = body || \'{"added": ["later"]}\' where tenant = :tenant'
    async with engine.begin() as connection:
        await connection.execute(text(added), {"tenant": newer})

    async def all_are_marked() -> bool:
        async with engine.connect() as connection:
            return await connection.scalar(UNPUBLISHED) == 0

    async with relaying(engine, producer):
        await until(all_are_marked)
    [sent] = await messages(kafka, AuditRecord.TOPIC, other)
    assert sent.data.is_whole()
    [waits] = await records(kafka, AuditRecord.TOPIC, newer)
    with pytest.raises(envelopes.NotYetReadable, match="added"):
        envelopes.decode(waits.value)


async def test_a_crash_before_marking_repeats_the_same_records(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Kafka has them and the database does not know: they come again with the same ids, and nothing comes too late."""
    await put(engine, (tenant,), 3)
    async with engine.begin() as connection:
        function = "create function fail() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$"
        await connection.execute(text(function))
        await connection.execute(text("create trigger fail before update on audit execute function fail()"))

    async def they_are_sent() -> bool:
        return len(await messages(kafka, AuditRecord.TOPIC, tenant)) >= 3

    async with relaying(engine, producer):
        await until(they_are_sent)
        async with engine.begin() as connection:
            assert await connection.scalar(UNPUBLISHED) == 3
            await connection.execute(text("drop trigger fail on audit"))

        async def they_are_marked() -> bool:
            async with engine.connect() as connection:
                return await connection.scalar(UNPUBLISHED) == 0

        await until(they_are_marked)
    numbers = [m.data.sequence for m in await messages(kafka, AuditRecord.TOPIC, tenant)]
    assert len(numbers) % 3 == 0
    assert len(numbers) > 3
    assert numbers == [1, 2, 3] * (len(numbers) // 3)
