"""Deliveries that are files of any size: signed over their bytes, read from disk, refused whole, told once."""

import asyncio
import base64
import errno
import hashlib
import hmac
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from aiokafka import AIOKafkaProducer
from standardwebhooks import Webhook

from connectors.sie.settings import SieSettings
from infra import clock, registry
from infra.access.vault import signing_secret
from infra.intake import inbox
from infra.intake.inbox import Inbox
from infra.intake.signing import verified
from infra.postgres import Engine
from infra.settings import Settings
from schemas.events import ClosingEntriesReady, Fact
from schemas.ledger import LedgerPartRead, LedgerRetrieved
from tests.bus import messages
from tests.infra import delivery_driver
from tests.infra.delivery_driver import MAX_BODY, REPORT, DeliveryDriver

SAMPLES = Path(__file__).parents[3] / "connectors" / "sie" / "samples"
YEAR = (SAMPLES / "year-with-history.se").read_bytes()
ENTRIES = (SAMPLES / "closing-entries.si").read_bytes()
MOST = 300_000


@pytest.fixture
async def opened(engine: Engine, producer: AIOKafkaProducer, tenant: str) -> AsyncIterator[DeliveryDriver]:
    """Yield a door, with a company that is known."""
    async with delivery_driver.opened(engine, producer, sie=SieSettings(size=MOST)) as made:
        await made.add(tenant)
        yield made


def signed(secret: str, body: bytes, delivery: str, ago: int = 0) -> dict[str, str]:
    """Return the headers of a delivery that is signed over its bytes, as the standard has it."""
    at = str(int(clock.now().timestamp()) - ago)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    seal = hmac.new(key, f"{delivery}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": delivery,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(seal).decode()}",
    }


async def told(kafka: str, tenant: str, topic: str = LedgerRetrieved.TOPIC) -> list[str]:
    """Return the names of the parts and the closings that were told of a company."""
    found = [message.data for message in await messages(kafka, topic, tenant)]
    return [one.part if isinstance(one, LedgerPartRead) else type(one).__name__ for one in found]


async def test_a_year_is_told_once_however_often_its_file_comes(
    opened: DeliveryDriver, kafka: str, tenant: str
) -> None:
    """The parts, then what closes them; of the same file again only that it was read; of the same delivery nothing."""
    status, answer = await opened.post(f"{tenant}/sie", YEAR, signed(opened.secret, YEAR, "one"))
    first = await told(kafka, tenant)
    assert status == 202
    assert len(answer["event_ids"]) == len(first)
    assert first[-1] == "LedgerRetrieved"
    assert "chart" in first
    again = await opened.post(f"{tenant}/sie", YEAR, signed(opened.secret, YEAR, "one"))
    assert again == (202, answer)
    assert await told(kafka, tenant) == first
    assert (await opened.post(f"{tenant}/sie", YEAR, signed(opened.secret, YEAR, "two")))[0] == 202
    assert await told(kafka, tenant) == [*first, "LedgerRetrieved"]
    assert (await opened.post(f"{tenant}/sie", ENTRIES, signed(opened.secret, ENTRIES, "two")))[0] == 409


async def test_entries_are_a_batch(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """A file that is no year's ledger is what it is."""
    status, answer = await opened.post(f"{tenant}/sie", ENTRIES, signed(opened.secret, ENTRIES, "one"))
    assert (status, len(answer["event_ids"])) == (202, 1)
    assert await told(kafka, tenant, ClosingEntriesReady.TOPIC) == ["ClosingEntriesReady"]
    assert await told(kafka, tenant) == []


async def test_whoever_sends_entries_hears_what_the_file_says_of_itself(opened: DeliveryDriver, tenant: str) -> None:
    """It counts all the same."""
    taken = ENTRIES.replace(b"#FLAGGA 0", b"#FLAGGA 1")
    status, answer = await opened.post(f"{tenant}/sie", taken, signed(opened.secret, taken, "one"))
    assert (status, answer["problems"]) == (202, ["the flag says that a program has taken this file before"])


async def test_who_loads_entries_is_who_sent_them(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """The file does not say; where a company wants four eyes, somebody else applies the plan."""
    source = registry.sources()["sie"]
    await opened.acceptor.accept_file(tenant=tenant, source=source, file=BytesIO(ENTRIES), requested_by="anna")
    [batch] = [message.data for message in await messages(kafka, ClosingEntriesReady.TOPIC, tenant)]
    assert batch.submitted_by == "anna"


async def test_a_broken_file_leaves_nothing(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """It is broken at its very end; what is wrong is said by line."""
    broken = YEAR + b"#VER A 900 20240101\r\n{\r\n#TRANS 1910 {} 1,50\r\n}\r\n"
    status, answer = await opened.post(f"{tenant}/sie", broken, signed(opened.secret, broken, "one"))
    assert status == 422
    lines = broken.count(b"\n")
    assert f"line {lines - 1}, column" in answer["problems"][0]
    assert await told(kafka, tenant) == []


async def test_each_source_has_its_own_limit(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """A file may be larger than another payload, and not larger than is set for files; its length is enough to know."""
    large = YEAR + b"#PROSA x\r\n" * (2 * MAX_BODY // 10)
    assert (await opened.post(f"{tenant}/sie", large, signed(opened.secret, large, "one")))[0] == 202
    assert await told(kafka, tenant) != []
    huge = b"x" * (MOST + 1)
    status, answer = await opened.post(f"{tenant}/sie", huge, signed(opened.secret, huge, "two"))
    assert (status, answer) == (413, {"error": f"the body is larger than {MOST:,} bytes (BOKBUSS_SIE__SIZE)"})
    report = b" " * (MAX_BODY + 1)
    assert (await opened.post(f"{tenant}/openpos", report, {}))[1] == {
        "error": f"the body is larger than {MAX_BODY:,} bytes (BOKBUSS_MAX_BODY)"
    }


async def test_a_file_that_is_not_signed_is_not_read(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """Another secret, another body, an old delivery."""
    for headers in (
        signed(signing_secret(), YEAR, "one"),
        signed(opened.secret, YEAR + b" ", "one"),
        signed(opened.secret, YEAR, "one", ago=400),
        signed(opened.secret, YEAR, "x" * 201),
        {},
    ):
        assert (await opened.post(f"{tenant}/sie", YEAR, headers))[0] == 401
    assert await told(kafka, tenant) == []


async def test_a_file_in_the_inbox_is_told_and_moved(
    opened: DeliveryDriver, kafka: str, tenant: str, tmp_path: Path
) -> None:
    """Who loaded it is its name there; what is broken lies among the refused, with its reasons."""
    folder = tmp_path / tenant / "sie"
    folder.mkdir(parents=True)
    written = clock.now().timestamp() - 5
    for name, content in (("a.SE", YEAR), ("b.se", YEAR[:-30]), ("c.si", ENTRIES)):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (written, written))
    stop = asyncio.Event()
    watched = asyncio.create_task(Inbox(tmp_path, opened.acceptor, registry.sources(), 10).run(stop))
    async with asyncio.timeout(20):
        while any(path.is_file() for path in folder.iterdir()):
            await clock.sleep(0.05)
    stop.set()
    await watched
    assert sorted(path.name for path in (folder / "done").iterdir()) == ["a.SE", "c.si"]
    assert "line " in (folder / "refused" / "b.se.reasons.txt").read_text()
    closing = (await messages(kafka, LedgerRetrieved.TOPIC, tenant))[-1].data
    assert (closing.source, closing.requested_by) == ("sie", "inbox: a.SE")
    assert await told(kafka, tenant, ClosingEntriesReady.TOPIC) == ["ClosingEntriesReady"]


async def test_a_file_whose_name_is_no_text_is_told(
    opened: DeliveryDriver, kafka: str, tenant: str, tmp_path: Path
) -> None:
    """Windows wrote ``år`` in its own code page: who loaded it is said without what is no letter here."""
    folder = tmp_path / tenant / "sie"
    folder.mkdir(parents=True)
    written = clock.now().timestamp() - 5
    for name, content in ((b"\xe5r.se", YEAR), (b"bokslut \xe5r.si", ENTRIES)):
        path = folder / os.fsdecode(name)
        path.write_bytes(content)
        os.utime(path, (written, written))
    stop = asyncio.Event()
    watched = asyncio.create_task(Inbox(tmp_path, opened.acceptor, registry.sources(), 10).run(stop))
    async with asyncio.timeout(20):
        while any(path.is_file() for path in folder.iterdir()):
            await clock.sleep(0.05)
    stop.set()
    await watched
    assert len(list((folder / "done").iterdir())) == 2
    assert (await messages(kafka, LedgerRetrieved.TOPIC, tenant))[-1].data.requested_by == "inbox: r.se"
    [batch] = [message.data for message in await messages(kafka, ClosingEntriesReady.TOPIC, tenant)]
    assert batch.submitted_by == "inbox: bokslut r.si"


async def test_a_file_that_cannot_be_read_holds_up_no_other(
    opened: DeliveryDriver, kafka: str, tenant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever wrote it on a share has it locked still; it is taken when it can be read."""
    real, locked = inbox._open, True

    class Locked(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if locked:
                raise OSError(errno.EACCES, "Permission denied")
            return super().read(size)

    def open_(path: Path) -> BinaryIO:
        return Locked(path.read_bytes()) if path.name == "a.si" else real(path)

    monkeypatch.setattr(inbox, "_open", open_)
    folder = tmp_path / tenant / "sie"
    folder.mkdir(parents=True)
    written = clock.now().timestamp() - 5
    for name, content in (("a.si", ENTRIES), ("b.se", YEAR)):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (written, written))
    stop = asyncio.Event()
    watched = asyncio.create_task(Inbox(tmp_path, opened.acceptor, registry.sources(), 10).run(stop))
    async with asyncio.timeout(20):
        while (folder / "b.se").exists():
            await clock.sleep(0.05)
        locked = False
        while (folder / "a.si").exists():
            await clock.sleep(0.05)
    stop.set()
    await watched
    assert await told(kafka, tenant, ClosingEntriesReady.TOPIC) == ["ClosingEntriesReady"]


async def test_companies_with_large_files_keep_no_other_waiting(opened: DeliveryDriver, tenant: str) -> None:
    """More files at once than a process has threads, and each takes long to read: another company's day is accepted."""
    sie, over = registry.sources()["sie"], threading.Event()
    assert sie.files is not None

    @contextmanager
    def slowly(_file: BinaryIO, _settings: Settings) -> Iterator[tuple[Fact, ...]]:
        over.wait(60)
        yield ()

    source = replace(sie, files=replace(sie.files, read=slowly))
    companies = [f"{tenant}-{number}" for number in range(40)]
    for company in [*companies, other := f"{tenant}-too"]:
        await opened.add(company)
    loading = [
        asyncio.create_task(opened.acceptor.accept_file(tenant=company, source=source, file=BytesIO()))
        for company in companies
    ]
    try:
        await clock.sleep(1.0)
        status, _ = await opened.post(f"{other}/openpos", REPORT)
        assert status == 202
    finally:
        over.set()
        ended = await asyncio.gather(*loading)
    assert [accepted.event_ids for accepted in ended] == [()] * len(companies)


def test_a_file_is_signed_as_a_text_is() -> None:
    """What the standard's library signs is verified; so is one of several signatures, and nothing else."""
    secret, body, now = signing_secret(), "Åkeri".encode(), clock.now()
    at = str(int(now.timestamp()))
    seal = Webhook(secret).sign("one", now, body.decode())
    for signature in (seal, f"v1,AAAA {seal}", f"v1a,zzz v1,%% {seal}"):
        headers = {"webhook-id": "one", "webhook-timestamp": at, "webhook-signature": signature}
        assert verified(BytesIO(body), headers, secret) == "one"
    for wrong in (
        {"webhook-id": "", "webhook-timestamp": at, "webhook-signature": seal},
        {"webhook-id": "two", "webhook-timestamp": at, "webhook-signature": seal},
        *(
            {"webhook-id": "one", "webhook-timestamp": when, "webhook-signature": seal}
            for when in ("soon", "²", "9" * 400, "9" * 5000)
        ),
        {"webhook-id": "one", "webhook-timestamp": at, "webhook-signature": "v1,%%"},
        {"webhook-id": "one", "webhook-timestamp": at, "webhook-signature": seal.removeprefix("v1,")},
    ):
        with pytest.raises(PermissionError, match="webhook-"):
            verified(BytesIO(body), wrong, secret)
