"""An auditor's package: whole, told by its index, the same bytes for the same content, and never in memory whole."""

import csv
import hashlib
import io
import json
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_STORED, ZipFile

import pytest

from infra import registry
from infra.contents import Contents
from infra.documents import WHY, Content, Document
from infra.packages.building import build
from infra.packages.index import YearAbout
from infra.plugin import YearRead
from schemas.ledger import LedgerPartRead

SAMPLE = Path(__file__).parents[3] / "connectors" / "sie" / "samples" / "year-with-history.se"
AT = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
TENANT = "fika"


def document(number: str, source_id: str, content: bytes | None = None, note: str = "", series: str = "A") -> Document:
    """Return a document of a voucher."""
    held = Content(hashlib.sha256(content).hexdigest(), len(content), "application/pdf") if content else None
    return Document(series, number, source_id, "accounting", held, note, AT, AT)  # type: ignore[arg-type]


async def parts_of(year: YearRead) -> AsyncIterator[LedgerPartRead]:
    """Yield a year's parts as the database does."""
    for part in year.part([each.part for each in year.parts]):
        yield part


def about(year: YearRead) -> YearAbout:
    """Return what is said of a year."""
    return YearAbout(
        company="Fikabolaget AB",
        organisation_number=year.organisation_number,
        first=year.first,
        last=year.last,
        source="fortnox",
        read_at=AT,
        read_by="anna",
        ledger=year.sha256,
        vouchers=year.vouchers,
        rows=year.rows,
    )


async def packed(into: IO[bytes], contents: Contents, documents: Sequence[Document]) -> None:
    """Write a package of the sample's year."""
    with SAMPLE.open("rb") as file, registry.ledger_file().read(file) as year:
        await build(
            into,
            about(year),
            parts_of(year),
            documents,
            contents,
            tenant=TENANT,
            format_of=registry.ledger_file(),
        )


@pytest.fixture
async def contents() -> Contents:
    """Return an empty store in memory."""
    from obstore.store import MemoryStore  # noqa: PLC0415 - where the product imports it, too

    return Contents(MemoryStore())


async def kept(contents: Contents, *each: bytes) -> None:
    """Store contents."""
    for content in each:
        await contents.keep(TENANT, hashlib.sha256(content).hexdigest(), io.BytesIO(content))


async def test_a_package_holds_ledger_documents_and_an_index(contents: Contents) -> None:
    """Each document by its voucher, with its hash; a text where one is missing; what is shared stands there once."""
    await kept(contents, b"%PDF-one", b"%PDF-two")
    documents = [
        document("", "suppliers", note="not_permitted"),
        document("7", "f-1", b"%PDF-one"),
        document("7", "f-2", b"%PDF-two"),
        document("8", "f-1", b"%PDF-one"),
        document("8", "f-3", note="not_there"),
        document("9", "f-4"),
    ]
    with TemporaryFile() as file:
        await packed(file, contents, documents)
        with ZipFile(file) as zipped:
            assert zipped.testzip() is None
            assert {info.compress_type for info in zipped.infolist()} == {ZIP_STORED}
            held = {name: zipped.read(name) for name in zipped.namelist()}
    assert set(held) == {
        "README.txt",
        "index.json",
        "index.csv",
        "ledger.se",
        "documents/01 accounting missing.txt",
        "documents/A/7/01 accounting.pdf",
        "documents/A/7/02 accounting.pdf",
        "documents/A/8/02 accounting missing.txt",
        "documents/A/9/01 accounting missing.txt",
    }
    index = json.loads(held["index.json"])
    assert (index["company"], index["missing"], len(index["documents"])) == ("Fikabolaget AB", 2, 5)
    assert (index["ledger"]["read_by"], index["ledger"]["read_at"]) == ("anna", "2026-11-30T03:00:00Z")
    assert index["ledger"]["sha256"] == hashlib.sha256(held["ledger.se"]).hexdigest()
    for each in index["documents"]:
        if each["sha256"]:
            assert hashlib.sha256(held[each["file"]]).hexdigest() == each["sha256"]
        else:
            assert each["note"] in held[each["file"]].decode()
    notes = {each["id"]: each["note"] for each in index["documents"] if each["note"]}
    assert notes == {"f-3": WHY["not_there"].english, "f-4": "it is not read yet"}
    assert index["documents"][2]["file"] == "documents/A/7/01 accounting.pdf"
    table = list(csv.DictReader(io.StringIO(held["index.csv"].decode("utf-8-sig")), delimiter=";"))
    assert [(row["number"], row["id"]) for row in table][1:3] == [("7", "f-1"), ("7", "f-2")]
    assert (table[1]["date"], table[1]["text"]) == ("2024-01-31", "Hyra januari")


async def test_what_is_joined_to_a_voucher_no_more_does_not_lie_with_it(contents: Contents) -> None:
    """The number may be another voucher's by now: whose it was is not said by that one's day and text."""
    await kept(contents, b"%PDF-one", b"%PDF-two")
    documents = [
        replace(document("7", "f-1", b"%PDF-one"), gone=True),
        document("7", "f-2", b"%PDF-two"),
        replace(document("8", "f-3"), gone=True),
    ]
    with TemporaryFile() as file:
        await packed(file, contents, documents)
        with ZipFile(file) as zipped:
            held = {name: zipped.read(name) for name in zipped.namelist() if name.startswith("documents/")}
            index = json.loads(zipped.read("index.json"))
    assert {name: held[name] for name in sorted(held)[:2]} == {
        "documents/A/7/01 accounting.pdf": b"%PDF-two",
        "documents/earlier/A/7/01 accounting.pdf": b"%PDF-one",
    }
    assert sorted(held)[2:] == ["documents/earlier/A/8/01 accounting missing.txt"]
    said = [(one["id"], one["text"], bool(one["note"])) for one in index["documents"]]
    assert said == [("f-1", "", True), ("f-2", "Hyra januari", False), ("f-3", "", True)]
    assert index["missing"] == 1


async def test_its_ledger_is_the_year(contents: Contents) -> None:
    """The file in the package is read as the very year that went into it."""
    with TemporaryFile() as file:
        await packed(file, contents, [])
        with ZipFile(file) as zipped:
            ledger = io.BytesIO(zipped.read("ledger.se"))
    with (
        SAMPLE.open("rb") as sample,
        registry.ledger_file().read(sample) as before,
        registry.ledger_file().read(ledger) as after,
    ):
        assert (after.first, after.last, after.vouchers) == (before.first, before.last, before.vouchers)
        assert after.sha256 == before.sha256


async def test_the_same_content_gives_the_same_bytes(contents: Contents) -> None:
    """Whoever builds it, and whenever; another document gives others."""
    await kept(contents, b"%PDF-one", b"%PDF-two")
    digests = []
    for content in (b"%PDF-one", b"%PDF-one", b"%PDF-two"):
        with TemporaryFile() as file:
            await packed(file, contents, [document("7", "f-1", content)])
            file.seek(0)
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    assert digests[0] == digests[1] != digests[2]


async def test_large_documents_pass_through(tmp_path: Path) -> None:
    """300 MB of them take a few megabytes of memory."""
    from obstore.store import LocalStore  # noqa: PLC0415 - the same

    contents = Contents(LocalStore(tmp_path))
    large = [document(str(n), f"f-{n}", bytes([65 + n]) * 1024 * 1024 * 50) for n in range(1, 7)]
    for n in range(1, 7):
        await kept(contents, bytes([65 + n]) * 1024 * 1024 * 50)
    tracemalloc.start()
    try:
        with TemporaryFile() as file:
            await packed(file, contents, large)
            size = file.tell()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 300 * 1024 * 1024
    assert peak < 24 * 1024 * 1024


async def test_a_content_that_is_gone_is_said(contents: Contents) -> None:
    """A package that would lack a document that it names is none."""
    with TemporaryFile() as file, pytest.raises(FileNotFoundError):
        await packed(file, contents, [document("7", "f-1", b"%PDF-gone")])


async def test_what_a_cell_begins_with_is_no_formula(contents: Contents) -> None:
    """A spreadsheet that opens the index runs nothing of it."""
    with TemporaryFile() as file:
        await packed(file, contents, [document("7", '=HYPERLINK("http://x")', note="not_there")])
        with ZipFile(file) as zipped:
            table = zipped.read("index.csv").decode("utf-8-sig")
    assert "'=HYPERLINK" in table
