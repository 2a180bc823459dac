"""The watched folder: a whole file is accepted and moved, a wrong one is refused with reasons, and nothing is lost."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import broker, clock, registry
from infra.broker import EmbeddedKafka
from infra.inbox import Inbox
from schemas.events import DayClosed
from tests.bus import messages, records
from tests.infra import door
from tests.infra.door import EVENT, REPORT

FACTS = DayClosed.TOPIC


@pytest.fixture
def folder(tmp_path: Path, tenant: str) -> Path:
    """Return the folder that the company's till writes to."""
    made = tmp_path / "inbox" / tenant / "openpos"
    made.mkdir(parents=True)
    return made


def put(folder: Path, name: str, content: bytes, *, age: float = 5.0) -> Path:
    """Write a file that was last written to some seconds ago."""
    path = folder / name
    path.write_bytes(content)
    written = clock.now().timestamp() - age
    os.utime(path, (written, written))
    return path


def names(folder: Path) -> list[str]:
    """Return the files in a folder."""
    return sorted(path.name for path in folder.glob("*") if path.is_file())


@asynccontextmanager
async def watching(folder: Path, engine: AsyncEngine, producer: AIOKafkaProducer, tenant: str) -> AsyncIterator[None]:
    """Watch the inbox of a company that is known."""
    async with door.opened(engine, producer) as opened:
        await opened.add(tenant)
        stop = asyncio.Event()
        inbox = Inbox(folder.parent.parent, opened.acceptor, registry.sources())
        task = asyncio.create_task(inbox.run(stop))
        yield
        assert not task.done()
        stop.set()
        await asyncio.wait_for(task, 15)


async def until(test: Callable[[], bool], within: float = 20.0) -> None:
    """Wait until a test is true."""
    async with asyncio.timeout(within):
        while not test():
            await clock.sleep(0.02)


async def test_a_file_is_accepted_and_moved(
    folder: Path, engine: AsyncEngine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """To done, after Kafka had it; one of the same name does not overwrite it. Other files are not ours."""
    for name in ("z1.json", ".z2.json.tmp", "notes.txt"):
        put(folder, name, REPORT)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: names(folder / "done") == ["z1.json"])
        put(folder, "z1.json", REPORT)
        await until(lambda: names(folder / "done") == ["z1-2.json", "z1.json"])
    assert names(folder) == [".z2.json.tmp", "notes.txt"]
    assert {event.subject for event in await messages(kafka, FACTS, tenant)} == {EVENT}


async def test_a_malformed_file_is_refused_with_its_reasons(
    folder: Path, engine: AsyncEngine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """They stand beside it, each wrong field on a line; the files behind it are accepted."""
    put(folder, "a.json", REPORT.replace(b'"zNumber": 412', b'"zNumber": "x", "odd": 1'))
    put(folder, "b.json", REPORT)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: names(folder / "done") == ["b.json"])
    assert names(folder / "refused") == ["a.json", "a.json.reasons.txt"]
    reasons = (folder / "refused" / "a.json.reasons.txt").read_text().splitlines()
    assert [reason.split(":")[0] for reason in sorted(reasons)] == ["odd", "zNumber"]
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_a_file_of_an_unknown_company_is_refused(
    folder: Path, engine: AsyncEngine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """With that as its reason."""
    other = folder.parent.parent / "nobody" / "openpos"
    other.mkdir(parents=True)
    put(other, "z.json", REPORT)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: "z.json.reasons.txt" in names(other / "refused"))
    assert "no company is called 'nobody'" in (other / "refused" / "z.json.reasons.txt").read_text()


async def test_a_file_that_is_being_written_waits(
    folder: Path, engine: AsyncEngine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Half a file would be refused; it is taken when nobody has written to it for a second."""
    path = put(folder, "z.json", REPORT[:1000], age=-30.0)
    async with watching(folder, engine, producer, tenant):
        await clock.sleep(1.3)
        assert names(folder) == ["z.json"]
        path.write_bytes(REPORT)
        put(folder, "z.json", REPORT)
        await until(lambda: names(folder / "done") == ["z.json"])
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_a_folder_that_takes_no_files_accepts_none(
    folder: Path, engine: AsyncEngine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """A file that cannot be moved away would be accepted every second; and other companies' files go on."""
    (folder / "done").write_text("a file where a folder belongs")
    put(folder, "z.json", REPORT)
    other = folder.parent.parent / "nobody" / "openpos"
    other.mkdir(parents=True)
    put(other, "z.json", REPORT)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: "z.json.reasons.txt" in names(other / "refused"))
        await clock.sleep(1.2)
    assert names(folder) == ["done", "z.json"]
    assert await records(kafka, FACTS, tenant) == []


async def test_files_stay_while_the_broker_is_away(
    folder: Path, engine: AsyncEngine, fragile_kafka: EmbeddedKafka, tenant: str
) -> None:
    """They are accepted when it is back."""
    producer = await broker.producer(fragile_kafka.bootstrap)
    await asyncio.to_thread(fragile_kafka.kill)
    try:
        put(folder, "z.json", REPORT)
        async with watching(folder, engine, producer, tenant):
            await clock.sleep(7.0)  # longer than accepting waits
            assert names(folder) == ["z.json"]
            await asyncio.to_thread(fragile_kafka.start)
            await until(lambda: names(folder / "done") == ["z.json"], within=40)
    finally:
        if not fragile_kafka.pid:
            await asyncio.to_thread(fragile_kafka.start)
    assert {event.subject for event in await messages(fragile_kafka.bootstrap, FACTS, tenant)} == {EVENT}
    await producer.stop()
