"""The watched folder: a whole file is accepted and moved, a wrong one is refused with reasons, and nothing is lost."""

import asyncio
import errno
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, chdir
from pathlib import Path
from typing import BinaryIO

import pytest
import structlog.testing
from aiokafka import AIOKafkaProducer

from infra import clock, registry
from infra.embedded.broker import EmbeddedKafka
from infra.intake import inbox
from infra.intake.accepting import read_payload
from infra.intake.inbox import Inbox
from infra.kafka import cluster
from infra.postgres import Engine
from infra.settings import KafkaSettings
from schemas.events import DayClosed
from tests.bus import messages, records
from tests.infra import delivery_driver
from tests.infra.delivery_driver import EVENT, REPORT

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
async def watching(folder: Path, engine: Engine, producer: AIOKafkaProducer, tenant: str) -> AsyncIterator[None]:
    """Watch the inbox of a company that is known."""
    async with delivery_driver.opened(engine, producer) as opened:
        await opened.add(tenant)
        stop = asyncio.Event()
        watched = Inbox(folder.parent.parent, opened.acceptor, registry.sources())
        task = asyncio.create_task(watched.run(stop))
        yield
        assert not task.done()
        stop.set()
        await asyncio.wait_for(task, 60)


async def until(test: Callable[[], bool], within: float = 120.0) -> None:
    """Wait until a test is true."""
    async with asyncio.timeout(within):
        while not test():
            await clock.sleep(0.02)


async def test_a_file_is_accepted_and_moved(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
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


async def test_a_file_that_takes_long_keeps_no_other_company_waiting(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever comes while it is read is taken meanwhile; and what lies behind it, when it is over."""
    over, begun, real = threading.Event(), threading.Event(), inbox._open

    def open_(path: Path) -> BinaryIO:
        if path.name == "long.json":
            begun.set()
            over.wait(120)
        return real(path)

    monkeypatch.setattr(inbox, "_open", open_)
    slow = folder.parent.parent / "nobody" / "openpos"
    slow.mkdir(parents=True)
    put(slow, "long.json", REPORT)
    put(slow, "short.json", REPORT)
    try:
        async with watching(folder, engine, producer, tenant):
            await until(begun.is_set)
            put(folder, "z1.json", REPORT)
            await until(lambda: names(folder / "done") == ["z1.json"], within=20.0)
            put(folder, "z2.json", REPORT)
            await until(lambda: names(folder / "done") == ["z1.json", "z2.json"], within=20.0)
            assert names(slow) == ["long.json", "short.json"]
            over.set()
            await until(lambda: not names(slow))
    finally:
        over.set()


async def test_a_malformed_file_is_refused_with_its_reasons(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
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
    folder: Path, engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """With that as its reason."""
    other = folder.parent.parent / "nobody" / "openpos"
    other.mkdir(parents=True)
    put(other, "z.json", REPORT)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: "z.json.reasons.txt" in names(other / "refused"))
    assert "no company is called 'nobody'" in (other / "refused" / "z.json.reasons.txt").read_text()


async def test_a_file_that_is_being_written_waits(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Half a file would be refused; it is taken when nobody has written to it for a second."""
    put(folder, "z.json", REPORT[:1000], age=0.0)
    async with watching(folder, engine, producer, tenant):
        for some in range(1001, 1008):
            await clock.sleep(0.3)
            put(folder, "z.json", REPORT[:some], age=0.0)
        assert names(folder) == ["z.json"]
        put(folder, "z.json", REPORT)
        await until(lambda: names(folder / "done") == ["z.json"])
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_a_folder_that_takes_no_files_accepts_none(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
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


async def test_no_link_leads_into_another_company_s_folder(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Neither is what lies there taken for this company, nor is what this company sends put there for the other."""
    other = folder.parent.parent / "other"
    for name in ("openpos", "private"):
        (other / name).mkdir(parents=True)
    theirs = put(other / "private", "y.se", b"")
    (folder.parent / "sie").symlink_to(Path("..", "other", "private"))
    (folder / "done").symlink_to(Path("..", "..", "other", "openpos"))
    put(folder, "z.json", REPORT)
    with structlog.testing.capture_logs() as said:
        async with watching(folder, engine, producer, tenant):
            await until(lambda: len([line for line in said if inbox.ANOTHERS in line.get("why", "")]) == 2)
            await clock.sleep(1.2)
    assert (names(folder), names(other / "openpos"), theirs.exists()) == (["z.json"], [], True)
    assert await records(kafka, FACTS, tenant) == []


async def test_files_stay_while_the_broker_is_away(
    folder: Path, engine: Engine, fragile_kafka: EmbeddedKafka, tenant: str
) -> None:
    """They are accepted when it is back."""
    producer = await cluster.producer(KafkaSettings(bootstrap=fragile_kafka.bootstrap))
    await asyncio.to_thread(fragile_kafka.kill)
    try:
        put(folder, "z.json", REPORT)
        async with watching(folder, engine, producer, tenant):
            await clock.sleep(7.0)  # longer than accepting waits
            assert names(folder) == ["z.json"]
            await asyncio.to_thread(fragile_kafka.start)
            await until(lambda: names(folder / "done") == ["z.json"])
    finally:
        if not fragile_kafka.pid:
            await asyncio.to_thread(fragile_kafka.start)
    assert {event.subject for event in await messages(fragile_kafka.bootstrap, FACTS, tenant)} == {EVENT}
    await producer.stop()


def beside(folder: Path) -> Path:
    """Return the folder of a company that nobody knows: what lies there is refused by a turn that reaches it."""
    made = folder.parent.parent / "nobody" / "openpos"
    made.mkdir(parents=True)
    return made


async def test_what_can_never_be_taken_is_refused_and_holds_up_nobody(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Too large, a link, a pipe that nobody writes to, a socket: each lies in refused, beside its reason."""
    put(folder, "a-large.json", b" " * 60_000_000)
    (folder / "b-link.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "c-pipe.json")
    with socket.socket(socket.AF_UNIX) as listening, chdir(folder):
        listening.bind("d-socket.json")
    (folder / "e-folder.json").mkdir()
    put(folder, "f-empty.json", b"")
    put(folder, "z.json", REPORT)
    other = beside(folder)
    put(other, "z.json", REPORT)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: names(folder / "done") == ["z.json"] and "z.json" in names(other / "refused"))
        await until(lambda: len([name for name in names(folder / "refused") if name.endswith(".txt")]) == 5)
    refused = ["a-large", "b-link", "c-pipe", "d-socket", "f-empty"]
    reasons = [(folder / "refused" / f"{name}.json.reasons.txt").read_text() for name in refused]
    assert [reason.split(":")[0] for reason in reasons] == ["payload", "file", "file", "file", "report"]
    assert "1,000,000 bytes (BOKBUSS_MAX_BODY)" in reasons[0]
    with os.scandir(folder / "refused") as entries:
        assert {f"{name}.json" for name in refused} <= {entry.name for entry in entries}
    with os.scandir(folder) as entries:
        assert {entry.name for entry in entries} == {"done", "refused", "e-folder.json"}
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_a_file_that_cannot_be_taken_now_holds_up_no_other(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in its own folder nor elsewhere; it is told once, and taken when it can be."""
    real, odd = inbox._open, True

    def read(path: Path) -> BinaryIO:
        if odd and path.name == "a.json":
            raise PermissionError(13, "Permission denied")
        if odd and path.name == "b.json":
            raise LookupError("a bug")
        return real(path)

    monkeypatch.setattr(inbox, "_open", read)  # root may read everything
    for name in ("a.json", "b.json", "z.json"):
        put(folder, name, REPORT)
    with structlog.testing.capture_logs() as said:
        async with watching(folder, engine, producer, tenant):
            await until(lambda: names(folder / "done") == ["z.json"])
            put(folder, "z.json", REPORT)
            await until(lambda: len(names(folder / "done")) == 2)
            odd = False
            await until(lambda: len(names(folder / "done")) == 4)
    told = [(Path(line["path"]).name, line["why"]) for line in said if line["event"] == "left alone"]
    assert told == [
        ("a.json", "it cannot be taken: Permission denied"),
        ("b.json", "it cannot be taken: LookupError"),
    ]


async def test_what_lies_in_no_company_s_folder_is_told_once(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """A folder of a system that there is not, and a file beside the folders."""
    (folder.parent / "opnpos").mkdir()
    put(folder.parent / "opnpos", "z.json", REPORT)
    put(folder.parent, "z.json", REPORT)
    with structlog.testing.capture_logs() as said:
        async with watching(folder, engine, producer, tenant):
            for number in (1, 2):
                put(folder, "z.json", REPORT)
                await until(lambda number=number: len(names(folder / "done")) == number)  # type: ignore[misc]
    told = {Path(line["path"]).name: line["why"] for line in said if line["event"] == "left alone"}
    assert list(told) == [tenant, "opnpos"]
    assert "openpos" in told["opnpos"]
    assert len([line for line in said if line["event"] == "left alone"]) == 2


async def test_a_file_that_could_not_be_moved_is_not_accepted_again(
    folder: Path,
    engine: Engine,
    producer: AIOKafkaProducer,
    kafka: str,
    tenant: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would stand in Kafka once for each second; another file of its name is accepted."""
    away = threading.Event()
    real = inbox._put_away

    def put_away(path: Path, mark: inbox.FileMark) -> None:
        if not away.is_set():
            raise OSError(errno.EROFS, "Read-only file system")
        real(path, mark)

    monkeypatch.setattr(inbox, "_put_away", put_away)
    put(folder, "z.json", REPORT)
    async with watching(folder, engine, producer, tenant):
        await clock.sleep(3.0)
        assert len(await records(kafka, FACTS, tenant)) == 1
        put(folder, "z.json", REPORT.replace(b'"zNumber": 412', b'"zNumber": 413'))
        away.set()
        await until(lambda: names(folder / "done") == ["z.json"])
    assert len(await records(kafka, FACTS, tenant)) == 2


async def test_a_file_that_grows_while_it_is_read_is_taken_again(
    folder: Path,
    engine: Engine,
    producer: AIOKafkaProducer,
    kafka: str,
    tenant: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was written after we read it must not go to done unread."""
    later = REPORT.replace(b'"zNumber": 412', b'"zNumber": 413')
    real = read_payload

    def read(file: BinaryIO, most: int) -> bytes:
        payload = real(file, most)
        if payload == REPORT:
            put(folder, "z.json", later)
        return payload

    monkeypatch.setattr(inbox, "read_payload", read)
    put(folder, "z.json", REPORT, age=10)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: names(folder / "done") == ["z.json"])
    assert (folder / "done" / "z.json").read_bytes() == later
    assert len(await records(kafka, FACTS, tenant)) == 2


async def test_a_file_of_which_half_was_read_is_not_refused(
    folder: Path,
    engine: Engine,
    producer: AIOKafkaProducer,
    kafka: str,
    tenant: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its writer paused for more than a second, and went on while we read: what becomes whole is taken."""
    real = read_payload

    def read(file: BinaryIO, most: int) -> bytes:
        payload = real(file, most)
        if len(payload) == 1000:
            put(folder, "z.json", REPORT)
        return payload

    monkeypatch.setattr(inbox, "read_payload", read)
    put(folder, "z.json", REPORT[:1000], age=10)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: names(folder / "done") + names(folder / "refused") != [])
    assert (names(folder / "done"), names(folder / "refused")) == (["z.json"], [])
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_a_writer_s_clock_may_be_ahead(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """A file of next year is taken when nobody has written to it for a second."""
    put(folder, "z.json", REPORT, age=-3e7)
    async with watching(folder, engine, producer, tenant):
        await until(lambda: names(folder / "done") == ["z.json"])


async def test_names_of_any_kind_are_taken(
    folder: Path, engine: Engine, producer: AIOKafkaProducer, tenant: str
) -> None:
    """Bytes that are no text, a line break, the longest that there is; right and wrong ones."""
    odd = [b"\xff\xfe\n.json", b"x" * 250 + b".json", "dåg.JSON".encode()]
    for name in odd:
        put(folder, os.fsdecode(name), REPORT)
        put(folder, os.fsdecode(b"w" + name[1:]), b"wrong")
    async with watching(folder, engine, producer, tenant):
        await until(lambda: len(names(folder / "done")) == 3 and len(names(folder / "refused")) == 6)
    assert names(folder) == []


def test_many_files_are_listed_piece_by_piece_and_in_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ones that stay at the front do not hide those behind; and new ones come when the others have had their turn."""
    monkeypatch.setattr(inbox, "_LISTED", 10)
    for number in range(25):
        (folder / f"{number:02}.json").touch()
    watched = inbox._Folder(folder, "acme", registry.sources()["openpos"])
    seen = []
    for _ in range(4):
        watched.look()
        seen.append([name.removesuffix(".json") for name in watched.waiting])
        watched.waiting.clear()
        (folder / "000.json").touch()
    whole = [f"{number:02}" for number in range(25)]
    assert seen == [whole[:10], whole[10:20], whole[20:], ["00", "000", *whole[1:9]]]
