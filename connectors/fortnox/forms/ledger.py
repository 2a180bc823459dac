"""Financial years, their ledgers, and what is joined to their vouchers, in Fortnox's words. Pure.

Facts: ``fortnox.md`` §3.8, §3.9, §3.11, §8. A list of files says neither their names nor their sizes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from connectors.fortnox import encode
from connectors.fortnox.classify import Year, day
from infra.delivery.requests import Request

YEARS: Final = "FinancialYears"
CONNECTIONS: Final = "VoucherFileConnections"
SUPPLIER_CONNECTIONS: Final = "SupplierInvoiceFileConnections"
SUPPLIER_INVOICES: Final = "SupplierInvoices"
INVOICES: Final = "Invoices"

_ERROR: Final = re.compile(rb"\s*\{\s*\"ErrorInformation\"", re.IGNORECASE)
_NOTHING: Final[Mapping[str, Any]] = {}
Voucher = tuple[str, str]
"""Its series and number."""


def years(page: int) -> Request:
    """Return the request for a page of the financial years."""
    return _list("financialyears", page)


def locked_period() -> Request:
    """Return the request for the day up to which nothing is booked any more."""
    return Request("GET", "settings/lockedperiod")


def locked_until(period: Mapping[str, Any]) -> str:
    """Return the day up to which nothing is booked any more; "" for none, and for one that we may not read."""
    return str(day(period.get("EndDate")) or "")


def sie(year: Year) -> Request:
    """Return the request for a year's whole ledger."""
    return Request("GET", "sie/4", {"financialyear": year.id})


def voucher_files(page: int) -> Request:
    """Return the request for a page of what joins files to vouchers of all years; for one year Fortnox refuses it."""
    return _list("voucherfileconnections", page)


def supplier_files(page: int) -> Request:
    """Return the request for a page of what joins files to suppliers' invoices."""
    return _list("supplierinvoicefileconnections", page)


def supplier_invoices(page: int) -> Request:
    """Return the request for a page of the suppliers' invoices; each names its voucher."""
    return _list("supplierinvoices", page)


def invoices(first: date, last: date, page: int) -> Request:
    """Return the request for a page of the customers' invoices of these days; each names its voucher."""
    return _list("invoices", page, fromdate=first.isoformat(), todate=last.isoformat())


def file_by_id(file_id: str) -> Request:
    """Return the request for a file of the archive, by the id that vouchers name."""
    return Request("GET", f"archive/{file_id}")


def file_by_archive_id(file_id: str) -> Request:
    """Return the request for a file of the archive, by its other id."""
    return Request("GET", "archive", {"fileid": file_id})


def preview(number: str) -> Request:
    """Return the request for a customer invoice's picture. ``print`` would mark it as printed."""
    return Request("GET", f"invoices/{number}/preview")


def file_id(item: Mapping[str, Any]) -> str:
    """Return the id of the file that is joined; "" where none is named."""
    return _text(item.get("FileId"))


def is_error(head: bytes) -> bool:
    """Tell whether what came for a file begins as Fortnox's errors do; no document does."""
    return bool(_ERROR.match(head))


def voucher_of(item: Mapping[str, Any], year: Year) -> Voucher | None:
    """Return the voucher that an item of a list names, if it is one of this year."""
    series, number = _text(item.get("VoucherSeries")), _text(item.get("VoucherNumber"))
    if not series or not number or _text(item.get("VoucherYear")) != str(year.id):
        return None
    return series, number


def is_yearless(item: Mapping[str, Any]) -> bool:
    """Tell whether an item of a list names a voucher and not its year: each year has one of that number."""
    series, number, year = (_text(item.get(f"Voucher{name}")) for name in ("Series", "Number", "Year"))
    return bool(series and number and not year)


def joined(item: Mapping[str, Any], years: Iterable[Year]) -> Mapping[str, Any]:
    """Return what is held of what joins a file to a voucher: nothing where it is one of another year."""
    if not is_yearless(item) and all(voucher_of(item, year) is None for year in years):
        return _NOTHING
    return {name: item.get(name) for name in ("FileId", "VoucherSeries", "VoucherNumber", "VoucherYear")}


def its_voucher(item: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return what is held of an invoice: its number, and the voucher that it was booked as."""
    return {name: item.get(name) for name in (key, "VoucherSeries", "VoucherNumber", "VoucherYear")}


def supplier_vouchers(
    files: Sequence[Mapping[str, Any]], booked: Iterable[Mapping[str, Any]], year: Year
) -> Iterator[tuple[Voucher, str]]:
    """Yield each voucher of this year that a supplier's invoice was booked as, with a file of the invoice."""
    vouchers = {_text(item.get("GivenNumber")): voucher for item in booked if (voucher := voucher_of(item, year))}
    for item in files:
        voucher = vouchers.get(_text(item.get("SupplierInvoiceNumber")))
        if voucher is not None and (found := file_id(item)):
            yield voucher, found


def yearless_suppliers(files: Sequence[Mapping[str, Any]], booked: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether one of a supplier's invoices that have files was booked as a voucher of no year."""
    numbers = {_text(item.get("SupplierInvoiceNumber")) for item in files if file_id(item)}
    return any(is_yearless(item) and _text(item.get("GivenNumber")) in numbers for item in booked)


def _list(resource: str, page: int, **params: str) -> Request:
    return Request("GET", resource, {**params, "limit": encode.LIMIT, "page": page})


def _text(value: object) -> str:
    """Return a number or a text as a text; "" for anything else, and for 0, which stands for none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return "" if text == "0" else text
