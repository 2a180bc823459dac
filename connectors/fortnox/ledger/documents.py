"""The documents of vouchers: listed in the fewest calls, each file read once and stored by its content.

Which there are, and how far reading them has come, are rows: after a crash it goes on with those that wait. What cannot
be read leaves a note that says why, and stops nothing else.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from connectors.fortnox.classify import TooLarge, Year
from connectors.fortnox.forms import ledger
from connectors.fortnox.ledger.books import TRIES, Books
from connectors.fortnox.tokens import SYSTEM
from connectors.fortnox.waiting_words import DOCUMENTS_TOLD
from infra import faultpoints, telemetry
from infra.access.connections import Connections
from infra.delivery.answers import Missing
from infra.delivery.reading import NotRead, answered
from infra.delivery.requests import Request
from infra.documents import MODULES, Content, Documents, Listed, Module, Waiting, type_of
from infra.documents import Missing as Note
from infra.http import Download
from infra.plugin import Attempt
from schemas.words import Text

_SCOPES: Final[Mapping[Module, frozenset[str]]] = {
    "accounting": frozenset({"connectfile", "archive"}),
    "suppliers": frozenset({"connectfile", "archive", "supplierinvoice"}),
    "billing": frozenset({"invoice"}),
}
"""What has to be consented to: without it a list is empty, not refused (facts §8)."""
_EMPTY_WITHOUT_CONSENT: Final[frozenset[Module]] = frozenset({"accounting", "suppliers"})
_IN_MEMORY: Final = 1024 * 1024
_PIECE: Final = 1024 * 1024
_HEAD: Final = 64
_REFUSALS: Final = 3
"""Files of a module, one after the other, that we may not read; then it is said of the others as well."""
_log = telemetry.log(__name__)


async def tell_documents(
    books: Books, years: Sequence[Year], attempt: Attempt, *, since: datetime | None
) -> list[Text]:
    """List and store the documents of some years; return what there is to say of each. Raises NotRead.

    Args:
        since: what was said to be missing before then is tried again, and what the store has lost; None: none of that.
    """
    documents = Documents(books.host.engine, books.company.tenant)
    held = await Connections(books.host.engine, books.host.vault).held(books.company.tenant, SYSTEM)
    known = frozenset(held.scopes) if held else frozenset[str]()
    for module, needed in _SCOPES.items():
        note: Note | None = None if needed <= known or not known else "not_consented"
        if module == "billing" and not books.settings.invoice_previews:
            note = "left_out"
        try:
            found = _NONE if note else await _LISTS[module](books, years, attempt)
        except NotRead as error:
            if not _is_refusal(error):
                raise
            _log.warning("documents not listed", tenant=books.company.tenant, module=module, code=error.verdict.code)
            note, found = "not_permitted", _NONE
        if found.yearless:
            note = "of_no_year"
        elif not known and not note and module in _EMPTY_WITHOUT_CONSENT and not any(found.listed.values()):
            note = "not_asked"
        for year in years:
            await documents.said(year.last, module, note or "")
            await documents.listed(year.last, found.listed.get(year, ()))
    faultpoints.reach("documents.listed")
    for year in years:
        if since is not None:
            await documents.try_again(year.last, since)
            stored = {(c.sha256, c.size) for one in await documents.of_year(year.last) if (c := one.content)}
            await documents.lost(sha256 for sha256, _ in stored - await books.contents.every(books.company.tenant))
        await _store(books, documents, year, attempt)
    counts = await documents.counts()
    return [
        DOCUMENTS_TOLD(year=year.last, stored=count.stored, documents=count.documents, missing=count.missing)
        for year in years
        if (count := counts.get(year.last))
    ]


async def not_wanted(books: Books, years: Sequence[Year]) -> None:
    """Take back what was said of years' documents as a whole: nobody asks for them. Those that are stored stay."""
    documents = Documents(books.host.engine, books.company.tenant)
    for year in years:
        for module in MODULES:
            await documents.said(year.last, module, "")


def _is_refusal(error: NotRead) -> bool:
    """Tell whether Fortnox said no to this question, and not to all that this company asks."""
    return error.verdict.who is not None and not error.verdict.steady


# --- Which there are ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """The documents of each year's vouchers, and whether there are some whose voucher is named without its year."""

    listed: Mapping[Year, Sequence[Listed]] = field(default_factory=dict)
    yearless: bool = False


_NONE: Final = _Found()


async def _of_vouchers(books: Books, years: Sequence[Year], attempt: Attempt) -> _Found:
    names = "FileId VoucherYear VoucherSeries VoucherNumber"
    keep = partial(ledger.joined, years=years)
    files = (await books.whole(ledger.voucher_files, ledger.CONNECTIONS, names, attempt, keep=keep)).items
    listed = {
        year: [
            Listed(*voucher, found, "accounting")
            for item in files
            if (voucher := ledger.voucher_of(item, year)) and (found := ledger.file_id(item))
        ]
        for year in years
    }
    return _Found(listed, any(ledger.is_yearless(item) for item in files if ledger.file_id(item)))


async def _of_suppliers(books: Books, years: Sequence[Year], attempt: Attempt) -> _Found:
    names = "FileId SupplierInvoiceNumber"
    files = (await books.whole(ledger.supplier_files, ledger.SUPPLIER_CONNECTIONS, names, attempt)).items
    if not files:
        return _NONE
    key = "GivenNumber"
    keep = partial(ledger.its_voucher, key=key)
    invoices = await books.whole(ledger.supplier_invoices, ledger.SUPPLIER_INVOICES, key, attempt, keep=keep)
    listed = {
        year: [
            Listed(*voucher, found, "suppliers")
            for voucher, found in ledger.supplier_vouchers(files, invoices.items, year)
        ]
        for year in years
    }
    return _Found(listed, ledger.yearless_suppliers(files, invoices.items))


async def _of_customers(books: Books, years: Sequence[Year], attempt: Attempt) -> _Found:
    key = "DocumentNumber"
    keep = partial(ledger.its_voucher, key=key)
    found: dict[Year, list[Listed]] = {}
    yearless = False
    for year in years:
        days = partial(ledger.invoices, year.first, year.last)
        invoices = (await books.whole(days, ledger.INVOICES, key, attempt, keep=keep)).items
        found[year] = [
            Listed(*voucher, f"{_INVOICE}{item[key]}", "billing")
            for item in invoices
            if (voucher := ledger.voucher_of(item, year))
        ]
        yearless = yearless or any(map(ledger.is_yearless, invoices))
    return _Found(found, yearless)


_LISTS: Final[Mapping[Module, Any]] = {
    "accounting": _of_vouchers,
    "suppliers": _of_suppliers,
    "billing": _of_customers,
}
_INVOICE: Final = "invoice/"
"""A customer invoice's picture is called so, and by its number."""


# --- What they hold -------------------------------------------------------------------------------------------------


async def _store(books: Books, documents: Documents, year: Year, attempt: Attempt) -> None:
    """Read and store what waits of a year, each file once."""
    refused: dict[Module, int] = {}
    for one in await documents.waiting(year.last):
        if refused.get(one.module, 0) >= _REFUSALS:
            await documents.missing(one.module, one.source_id, "not_permitted")
            continue
        try:
            found = await _fetched(books, one, attempt)
        except NotRead as error:
            if not _is_refusal(error):
                raise
            found = "not_permitted"
        refused[one.module] = refused.get(one.module, 0) + 1 if found == "not_permitted" else 0
        if isinstance(found, Content):
            await documents.stored(one.module, one.source_id, found)
            faultpoints.reach("documents.stored")
        else:
            await documents.missing(one.module, one.source_id, found)


async def _fetched(books: Books, one: Waiting, attempt: Attempt) -> Content | Note:
    """Store a document's content, by whichever of its ids Fortnox finds it. Raises NotRead."""
    most = books.host.settings.documents.largest
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        for request in _requests(one):
            got = await answered(partial(books.fetch, request, attempt, Download(file, most)), TRIES)
            if isinstance(got, TooLarge):
                return "too_large"
            if isinstance(got, Missing):
                continue
            content = _content(file)
            if content is None:
                continue
            await books.contents.keep(books.company.tenant, content.sha256, file)
            return content
    return "not_there"


def _requests(one: Waiting) -> tuple[Request, ...]:
    if one.source_id.startswith(_INVOICE):
        return (ledger.preview(one.source_id.removeprefix(_INVOICE)),)
    return ledger.file_by_id(one.source_id), ledger.file_by_archive_id(one.source_id)


def _content(file: Any) -> Content | None:
    """Return what came; None for an error, whatever its status: it would stand for the receipt for ever."""
    file.seek(0)
    head = file.read(_HEAD)
    if ledger.is_error(head):
        return None
    sha256, size = hashlib.sha256(head), len(head)
    while piece := file.read(_PIECE):
        sha256.update(piece)
        size += len(piece)
    return Content(sha256.hexdigest(), size, type_of(head))
