"""The documents of a year's vouchers: each file read once, stored by its content, and each missing one says why."""

import hashlib
from collections.abc import AsyncIterator
from datetime import date, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from connectors.fortnox.classify import Page, Year
from connectors.fortnox.forms import ledger
from connectors.fortnox.ledger import documents
from connectors.fortnox.ledger.books import Books
from connectors.fortnox.sandbox import Company, Fault, Faults
from connectors.fortnox.sandbox.records import Record
from infra import clock, contents
from infra.delivery.requests import Request
from infra.documents import WHY, Content, DocumentCounts, Documents, Listed
from infra.plugin import Attempt
from infra.postgres import Engine, text
from infra.verdicts import Delivered, RetryLater
from tests.connectors.fortnox.ledger_driver import (
    DOCUMENTS,
    NUMBER,
    TENANT,
    LedgerDriver,
    attach,
    book,
    ledger_driver,
    order,
    read_in_a_process,
    supplier_invoice,
)

pytestmark = pytest.mark.usefixtures("hurried")


YEAR = date(2026, 12, 31)
PDF, PNG = b"%PDF-1.7 kvitto", b"\x89PNG\r\n\x1a\n kvitto"


def wanted(key: str = "documents", **fields: object) -> object:
    """Return an order for a year's documents alone, given a while from now: what is missing is tried again."""
    later = clock.now() + timedelta(minutes=1)
    return order(later, key=key, **({"year": 2026, "ledger": False, "documents": True} | fields))


@pytest.fixture
async def books(engine: Engine, tmp_path: Path) -> AsyncIterator[LedgerDriver]:
    """Yield a company with three vouchers of its own and one of a supplier's, which have four files."""
    company = Company(NUMBER)
    book(company, 3)
    book(company, 1, series="D")
    book(company, 1, date(2025, 1, 1))
    attach(company, 1, PDF, "receipt")
    attach(company, 2, PDF, "copy")
    attach(company, 2, PNG, "picture")
    attach(company, 1, b"another year's", "old", year=3)
    company.files["invoice"] = company.files["receipt"].__class__("invoice", "x", "i.pdf", "root", b"%PDF faktura")
    supplier_invoice(company, "7", 1, "invoice")
    async with ledger_driver(engine, tmp_path, company) as driver:
        await driver.consented(DOCUMENTS)
        yield driver


def at(books: LedgerDriver) -> Documents:
    """Return the rows."""
    return Documents(books.host.engine, TENANT)


async def stored(books: LedgerDriver) -> dict[tuple[str, str, str], bytes]:
    """Return what the stored documents of the year hold, by voucher and id."""
    store = contents.opened(books.host.settings)
    return {
        (one.series, one.number, one.source_id): b"".join([p async for p in store.read(TENANT, one.content.sha256)])
        for one in await at(books).of_year(YEAR)
        if one.content is not None
    }


async def test_every_document_is_stored_with_its_voucher(books: LedgerDriver) -> None:
    """Of Accounting and of Suppliers, in one call for each file and one for each list; with its type."""
    verdict = await books.read(wanted())
    assert isinstance(verdict, Delivered)
    assert verdict.note == "2026-12-31: 4 of 4 documents stored, 0 missing"
    assert await stored(books) == {
        ("A", "1", "receipt"): PDF,
        ("A", "2", "copy"): PDF,
        ("A", "2", "picture"): PNG,
        ("D", "1", "invoice"): b"%PDF faktura",
    }
    found = {one.source_id: one for one in await at(books).of_year(YEAR)}
    assert found["picture"].content == Content(hashlib.sha256(PNG).hexdigest(), len(PNG), "image/png")
    assert (found["invoice"].module, found["billing"].note) == ("suppliers", "left_out")
    assert books.calls == {
        "GET /3/financialyears": 1,
        "GET /3/voucherfileconnections": 1,
        "GET /3/supplierinvoicefileconnections": 1,
        "GET /3/supplierinvoices": 1,
        "GET /3/archive/{id}": 4,
    }
    assert books.told == []


class Long(Books):
    """The books of a company that has joined very many files to its vouchers."""

    def __init__(self) -> None:
        """Be asked by nobody else."""

    async def list(self, request: Request, key: str, attempt: Attempt) -> Page | RetryLater:  # noqa: ARG002 - the same
        """Return 500 of 150,000 files, of three years."""
        first = (int(dict(request.params)["page"]) - 1) * 500
        joined = ({"FileId": f"f-{n}", "VoucherYear": n % 3 + 1} for n in range(first, min(first + 500, 150_000)))
        return Page(tuple(one | {"VoucherSeries": "A", "VoucherNumber": 7} for one in joined), 150_000)


async def test_what_is_joined_to_all_years_vouchers_is_read_to_its_end() -> None:
    """However much that is; of other years no more is held than that it came."""
    keep = partial(ledger.joined, years=[Year(2, date(2026, 1, 1), date(2026, 12, 31))])
    found = await Long().whole(
        ledger.voucher_files, ledger.CONNECTIONS, "FileId VoucherYear", Attempt.of_no_lane(), keep=keep
    )
    assert (found.is_complete, len(found.items), sum(map(bool, found.items))) == (True, 150_000, 50_000)


class Yearless(Long):
    """The books of a company of which one file's voucher is named without its year."""

    async def list(self, request: Request, key: str, attempt: Attempt) -> Page | RetryLater:  # noqa: ARG002 - the same
        """Return a file of a year, one of another, and one of none."""
        joined = [
            {"FileId": f"f-{year}", "VoucherSeries": "A", "VoucherNumber": "7", "VoucherYear": year} for year in (2, 3)
        ]
        return Page((*joined, {"FileId": "f", "VoucherSeries": "A", "VoucherNumber": "7", "VoucherYear": None}), 3)


async def test_a_file_whose_voucher_has_no_year_is_guessed_to_be_of_none(books: LedgerDriver) -> None:
    """Series and number begin anew each year: it stands with no voucher, and that one is missing is said."""
    year = Year(2, date(2026, 1, 1), date(2026, 12, 31))
    found = await documents._of_vouchers(Yearless(), [year], Attempt.of_no_lane())
    assert (found.listed, found.yearless) == ({year: [Listed("A", "7", "f-2", "accounting")]}, True)

    supplier_invoice(books.fortnox, "8", 0, "unbooked", year=0)
    books.fortnox.register("supplierinvoices")["8"].values["VoucherSeries"] = None
    await books.read(wanted())
    assert (await at(books).counts())[YEAR].notes == ("left_out",)  # not booked: it belongs to no voucher yet
    supplier_invoice(books.fortnox, "9", 1, "receipt", year=0)
    verdict = await books.read(wanted("again"))
    assert isinstance(verdict, Delivered)
    assert (await at(books).counts())[YEAR] == DocumentCounts(4, 4, 0, ("left_out", "of_no_year"))
    [note] = [one for one in await at(books).of_year(YEAR) if one.note == "of_no_year"]
    assert (note.module, note.number) == ("suppliers", "")
    assert "of which year" in WHY["of_no_year"].english
    del books.fortnox.register("supplierinvoices")["9"]
    await books.read(wanted("mended"))
    assert (await at(books).counts())[YEAR].notes == ("left_out",)


async def test_what_is_stored_is_not_read_again(books: LedgerDriver) -> None:
    """The next reading lists, and reads what is new; a file that a second voucher has as well is not."""
    await books.read(wanted())
    attach(books.fortnox, 3, b"GIF89a", "new")
    await books.read(wanted("again"))
    assert books.calls["GET /3/archive/{id}"] == 5
    assert (await at(books).counts())[YEAR] == DocumentCounts(5, 5, 0, ("left_out",))


async def test_what_the_store_has_lost_is_read_again_when_somebody_asks(books: LedgerDriver) -> None:
    """As after a backup that was put back without its documents: the rows say that they are stored, and nothing is."""
    await books.read(wanted())
    before, store = await stored(books), contents.opened(books.host.settings)
    await store.forget(TENANT)
    await store.keep(TENANT, hashlib.sha256(PNG).hexdigest(), BytesIO(PNG))
    books.fortnox.calls.routes.clear()
    await books.read(wanted("again"))
    assert await stored(books) == before
    assert books.calls["GET /3/archive/{id}"] == 3


async def test_an_error_that_comes_for_a_file_is_no_document(books: LedgerDriver) -> None:
    """Whatever its status: it would stand for the receipt for ever, and the year's package would have it."""
    error = b'{"ErrorInformation":{"error":1,"message":"Internt fel","code":1000003}}'
    receipt = books.fortnox.files["receipt"]
    books.fortnox.files["receipt"] = receipt.__class__("receipt", "r", "r.pdf", "root", error)
    await books.read(wanted())
    assert {found for _, _, found in await stored(books)} == {"copy", "picture", "invoice"}
    assert {one.source_id: one.note for one in await at(books).of_year(YEAR)}["receipt"] == "not_there"
    books.fortnox.files["receipt"] = receipt
    await books.read(wanted("again"))
    assert (await stored(books))["A", "1", "receipt"] == PDF


async def test_a_file_is_found_by_its_other_id(books: LedgerDriver) -> None:
    """Some lists name ``Id``, others ``ArchiveFileId``; Fortnox says 404 to the wrong one."""
    receipt = books.fortnox.files.pop("receipt")
    books.fortnox.files["other"] = receipt.__class__("other", "receipt", "r.pdf", "root", PDF)
    books.fortnox.attached = {"copy": books.fortnox.attached["copy"]}
    supplier_invoice(books.fortnox, "8", 1, "receipt")
    await books.read(wanted())
    assert (await stored(books))["D", "1", "receipt"] == PDF
    assert books.calls["GET /3/archive"] == 1


async def test_each_missing_document_says_why(engine: Engine, tmp_path: Path) -> None:
    """Gone, or too large; the others are stored all the same, and the next request tries again."""
    company = Company(NUMBER)
    book(company, 3)
    attach(company, 1, PDF, "receipt")
    attach(company, 2, b"%PDF" + b"x" * 2_000, "large")
    supplier_invoice(company, "7", 1, "gone")
    async with ledger_driver(engine, tmp_path, company, largest=1_000) as books:
        await books.consented(DOCUMENTS)
        verdict = await books.read(wanted())
        assert isinstance(verdict, Delivered)
        assert verdict.note == "2026-12-31: 1 of 3 documents stored, 2 missing"
        notes = {one.source_id: one.note for one in await at(books).of_year(YEAR)}
        assert notes == {"receipt": "", "large": "too_large", "gone": "not_there", "billing": "left_out"}
        attach(company, 3, PDF, "gone")
        await books.read(wanted("again"))
        assert (await at(books).counts())[YEAR].stored == 3


async def test_a_large_document_passes_through_the_disk(engine: Engine, tmp_path: Path) -> None:
    """Of three megabytes as of three bytes: stored whole, and read from any place on."""
    company = Company(NUMBER)
    book(company, 2)
    large = b"%PDF" + bytes(range(256)) * 12_000
    attach(company, 1, large, "large")
    attach(company, 2, b"", "empty")
    async with ledger_driver(engine, tmp_path, company, largest=len(large)) as books:
        await books.consented(DOCUMENTS)
        await books.read(wanted())
        assert await stored(books) == {("A", "1", "large"): large, ("A", "2", "empty"): b""}


async def test_without_consent_it_is_said_and_the_ledger_is_read_all_the_same(books: LedgerDriver) -> None:
    """Fortnox's lists would be empty, and not say why: they are not asked for."""
    await books.consented("bookkeeping companyinformation settings")
    verdict = await books.read(wanted(ledger=True))
    assert isinstance(verdict, Delivered)
    assert [closed.vouchers for closed in books.closed] == [4]
    assert {one.source_id: one.note for one in await at(books).of_year(YEAR)} == {
        "accounting": "not_consented",
        "suppliers": "not_consented",
        "billing": "left_out",
    }
    assert books.calls == {"GET /3/financialyears": 1, "GET /3/sie/{type}": 1}
    await books.consented(DOCUMENTS)
    await books.read(wanted("again"))
    assert (await at(books).counts())[YEAR] == DocumentCounts(4, 4, 0, ("left_out",))


async def test_an_empty_list_says_nothing_where_nobody_knows_what_was_consented_to(
    engine: Engine, tmp_path: Path
) -> None:
    """Without the scopes Fortnox's lists are empty: that is not "none". A list with documents speaks for itself."""
    company = Company(NUMBER)
    book(company, 2)
    async with ledger_driver(engine, tmp_path, company) as books:
        company.scopes = DOCUMENTS
        await books.read(wanted("before", documents=False, ledger=True))
        async with engine.begin() as database:  # a token need not say what it is good for
            await database.execute(text("update connections set scopes = ''"))
        await books.read(wanted())
        assert {one.source_id: one.note for one in await at(books).of_year(YEAR)} == {
            "accounting": "not_asked",
            "suppliers": "not_asked",
            "billing": "left_out",
        }
        attach(company, 1, PDF, "receipt")
        await books.read(wanted("again"))
        notes = {one.source_id: one.note for one in await at(books).of_year(YEAR)}
        assert notes == {"receipt": "", "suppliers": "not_asked", "billing": "left_out"}


async def test_who_wants_no_documents_is_told_of_none(books: LedgerDriver) -> None:
    """What was said of them as a whole is taken back by a request without; what is stored stays."""
    await books.consented("bookkeeping companyinformation settings")
    await books.read(wanted())
    assert await at(books).counts() != {}
    await books.read(wanted("without", documents=False, ledger=True))
    assert await at(books).counts() == {}


async def test_what_fortnox_does_not_let_us_read_is_noted_and_stops_nothing(books: LedgerDriver) -> None:
    """A licence for suppliers' invoices that ran out closes one module."""
    books.fortnox.licences -= {"supplier-invoices"}
    await books.read(wanted())
    notes = {one.source_id: one.note for one in await at(books).of_year(YEAR) if one.number == ""}
    assert notes["suppliers"] == "not_permitted"
    assert (await at(books).counts())[YEAR].stored == 3


async def test_customers_invoices_are_pictures_where_the_settings_say_so(engine: Engine, tmp_path: Path) -> None:
    """``preview`` and never ``print``, which would mark them as printed."""
    company = Company(NUMBER)
    book(company, 1)
    for number, day, voucher in (("1", "2026-02-01", 1), ("2", "2025-02-01", 1), ("3", "2026-03-01", None)):
        company.register("invoices")[number] = Record(
            {
                "DocumentNumber": number,
                "CustomerNumber": "1",
                "CustomerName": "Skolan",
                "InvoiceDate": day,
                "VoucherSeries": "A" if voucher else None,
                "VoucherNumber": voucher,
                "VoucherYear": 4 if voucher else None,
                "InvoiceRows": [],
            }
        )
    async with ledger_driver(engine, tmp_path, company, invoice_previews=True) as books:
        await books.consented(DOCUMENTS)
        await books.read(wanted())
        assert [(one.number, one.source_id, one.module) for one in await at(books).of_year(YEAR) if one.number] == [
            ("1", "invoice/1", "billing")
        ]
        assert next(iter((await stored(books)).values())).startswith(b"%PDF")
        assert not any("print" in route and "preview" not in route for route in books.calls)


async def test_a_third_of_all_answers_lost_loses_no_document(books: LedgerDriver) -> None:
    """Each is stored whole, under its own hash."""
    for number in range(20):
        attach(books.fortnox, 3, f"%PDF {number}".encode() * 500, f"more-{number}")
    books.fortnox.faults = Faults.evenly(0.35, 5)
    books.fortnox.faults.seconds.update(dict.fromkeys(books.fortnox.faults.seconds, 0.2))
    await books.read(wanted())
    found = await stored(books)
    assert len(found) == 24
    assert all(found["A", "3", f"more-{number}"] == f"%PDF {number}".encode() * 500 for number in range(20))


async def test_a_document_that_was_cut_on_its_way_is_read_again(books: LedgerDriver) -> None:
    """Half a receipt has a hash, too."""
    books.fortnox.faults = Faults(only=["GET /3/archive/{id}"], script=[Fault.CUT_ANSWER, Fault.CUT_ANSWER])
    await books.read(wanted())
    assert (await stored(books))["A", "1", "receipt"] == PDF
    assert books.calls["GET /3/archive/{id}"] == 6


@pytest.mark.parametrize("step", ["documents.listed:1", "documents.stored:1", "documents.stored:3"])
async def test_killed_anywhere_it_goes_on_where_it_was(books: LedgerDriver, prepared_url: str, step: str) -> None:
    """What was stored before is not read again."""
    asked = wanted()
    assert await read_in_a_process(books, prepared_url, asked, f"{step}:kill") == -9
    assert await read_in_a_process(books, prepared_url, asked, "") == 0
    assert len(await stored(books)) == 4
    assert books.calls["GET /3/archive/{id}"] == 4
