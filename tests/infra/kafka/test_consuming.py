"""The consumer of the sinks and the desk: what cannot be handled waits, with what comes later of its company."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError

from infra import clock
from infra.kafka import parking
from infra.kafka.consuming import Consumed, GroupMember
from infra.kafka.meeting import Lives
from infra.postgres import Engine
from infra.settings import KafkaSettings
from schemas.events import DayClosed
from tests.bus import partition_of, pass_by
from tests.infra.facts import day, produce
from tests.infra.fake_flows import SECRET, BugError

Handler = Callable[[Sequence[Consumed]], Awaitable[None]]


class FakeHandler:
    """Takes messages down, but for one that it cannot."""

    def __init__(self, tenant: str, error: Exception | None) -> None:
        self.taken: list[tuple[str, str]] = []
        self._tenant = tenant
        self._error = error
        self.tried = 0

    async def handle(self, messages: Sequence[Consumed]) -> None:
        """Take all of a batch, or none of it."""
        for _, message in messages:
            if (message.tenant, message.subject) == (self._tenant, day(2).key) and self._error:
                self.tried += 1
                raise self._error
        self.taken += [(m.tenant, m.subject) for _, m in messages]

    def mend(self) -> None:
        """Take everything from now on."""
        self._error = None


@asynccontextmanager
async def reading(desk: FakeHandler, reader: GroupMember) -> AsyncIterator[None]:
    """Let a reader read meanwhile."""
    stop = asyncio.Event()
    task = asyncio.create_task(reader.run(desk.handle, stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 90)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(180):
        while not true():
            await clock.sleep(0.02)


@pytest.fixture
async def reader(kafka: str, engine: Engine, producer: AIOKafkaProducer, tenant: str) -> Callable[[str], GroupMember]:
    """Return what makes a reader of some code; its group begins where the topic ends now."""
    group = f"bokbuss-{tenant}"
    await pass_by(kafka, group, [DayClosed.TOPIC])

    def made(code: str) -> GroupMember:
        settings = KafkaSettings(bootstrap=kafka, session_timeout=6.0)
        return GroupMember(
            kafka=settings,
            group=group,
            topics=[DayClosed.TOPIC],
            producer=producer,
            lives=Lives(engine, producer, settings),
            engine=engine,
            code=code,
        )

    return made


def neighbour(tenant: str) -> str:
    """Return another company of the same partition."""
    return next(name for n in count() if partition_of(name := f"{tenant}-{n}") == partition_of(tenant))


async def test_what_is_tried_this_very_moment_is_neither_set_aside_nor_discarded(
    reader: Callable[[str], GroupMember], engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """A person's word would stand on record beside what was carried out: they are told that it is too late."""
    desk, said = FakeHandler(tenant, BugError(SECRET)), list[bool]()
    await produce(producer, tenant, day(2))
    async with reading(desk, reader("broken")):
        await until(lambda: desk.tried == 1)

    class Watched(FakeHandler):
        async def handle(self, messages: Sequence[Consumed]) -> None:
            [one] = await parking.listed(engine, tenant)
            said.append(await parking.turn(engine, one, "set_aside", "anna", "not now"))
            said.append(await parking.discard(engine, one, "anna", "never"))
            await super().handle(messages)

    mended = Watched(tenant, None)
    async with reading(mended, reader("mended")):
        await until(lambda: bool(mended.taken))
    assert said == [False, False]
    assert mended.taken == [(tenant, day(2).key)]
    assert await parking.listed(engine, tenant) == []


async def test_what_cannot_be_handled_waits_with_what_comes_later_and_nobody_else_does(
    reader: Callable[[str], GroupMember], engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """Of one partition; other code takes it all in its order."""
    other, desk = neighbour(tenant), FakeHandler(tenant, BugError(SECRET))
    for z in (1, 2, 3):
        for company in (tenant, other):
            await produce(producer, company, day(z))
    theirs = [(other, day(z).key) for z in (1, 2, 3)]
    async with reading(desk, reader("broken")):
        await until(lambda: [one for one in desk.taken if one[0] == other] == theirs)
    waits = await parking.listed(engine, tenant)
    assert [(p.about, p.code, p.reader) for p in waits] == [
        (day(2).key, "BugError", tenant),
        (day(3).key, "", tenant),
    ]
    assert SECRET not in waits[0].reason
    desk.mend()
    async with reading(desk, reader("mended")):
        await until(lambda: (tenant, day(3).key) in desk.taken)
    assert [key for company, key in desk.taken if company == tenant] == [day(z).key for z in (1, 2, 3)]
    assert await parking.listed(engine, tenant) == []


async def test_while_kafka_or_the_database_is_away_nobody_is_parked(
    reader: Callable[[str], GroupMember], engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """The batch is tried again, whole, until it passes."""
    desk = FakeHandler(tenant, KafkaConnectionError())
    await produce(producer, tenant, day(1), day(2), day(3))
    async with reading(desk, reader("any")):
        await until(lambda: desk.tried > 1)
        assert await parking.listed(engine, tenant) == []
        desk.mend()
        await until(lambda: len(desk.taken) >= 3)
    assert list(dict.fromkeys(key for _, key in desk.taken)) == [day(z).key for z in (1, 2, 3)]
