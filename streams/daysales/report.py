"""The Z report as a PDF that a person can read, made of what the till sent; the same report is the same bytes. Pure."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import BytesIO
from itertools import islice
from typing import Final

import pydyf

from schemas.base import SWEDEN
from schemas.documents import Flaw
from schemas.events import DayClosed, Payment
from schemas.identities import shown_organisation
from schemas.money import rate_text

_PAGE: Final = (595, 842)
"""A4, in points."""
_MARGIN: Final = 56
_SIZE: Final = 10
_LEADING: Final = 14
_LINES: Final = 52
_WIDTH: Final = 74
_AMOUNT: Final = 16
_FLAWS: Final[dict[Flaw, str]] = {
    "not_base64": "den är ingen text i base64",
    "not_a_pdf": "den är ingen hel PDF",
    "too_large": "den är för stor",
}


def pdf(day: DayClosed) -> bytes:
    """Return the report in Swedish, on pages of A4; letters that Western European fonts lack are question marks."""
    document = pydyf.PDF()
    font = pydyf.Dictionary(
        {"Type": "/Font", "Subtype": "/Type1", "BaseFont": "/Courier", "Encoding": "/WinAnsiEncoding"}
    )
    document.add_object(font)
    lines = _lines(day)
    while page := tuple(islice(lines, _LINES)):
        content = pydyf.Stream()
        content.begin_text()
        content.set_font_size("F1", _SIZE)
        content.move_text_to(_MARGIN, _PAGE[1] - _MARGIN)
        for line in page:
            content.show_text_string(line[:_WIDTH].encode("cp1252", "replace"))
            content.move_text_to(0, -_LEADING)
        content.end_text()
        document.add_object(content)
        described = {
            "Type": "/Page",
            "Parent": document.pages.reference,
            "MediaBox": pydyf.Array([0, 0, *_PAGE]),
            "Contents": content.reference,
            "Resources": pydyf.Dictionary({"Font": pydyf.Dictionary({"F1": font.reference})}),
        }
        document.add_page(pydyf.Dictionary(described))
    written = BytesIO()
    document.write(written)
    return written.getvalue()


def name(day: DayClosed) -> str:
    """Return what the file is called: ``Z-rapport K1 12 2026-04-10.pdf``."""
    return f"Z-rapport {day.register_id} {day.z_number} {day.business_date}.pdf"


def _lines(day: DayClosed) -> Iterator[str]:
    yield from _head(day)
    yield from _part(
        "Försäljning per varugrupp, netto och moms",
        (_amounts(f"{sold.group}, {rate_text(sold.vat_rate)} %", sold.net, sold.vat) for sold in day.sales),
    )
    yield from _part(
        "Moms per skattesats, netto och moms",
        (_amounts(f"{rate_text(total.vat_rate)} %", total.net, total.vat) for total in day.vat),
    )
    yield from _part("Betalningsmedel", (_amounts(_paid(paid), paid.amount) for paid in day.payments))
    yield from _part("Övrigt", (_amounts(other.category, other.amount) for other in day.others))
    yield from _part("Summor", _sums(day))
    yield ""
    yield f"Framställd av bokbuss ur det som {day.system} sände."
    if day.pdf_flaw:
        yield f"Kassans egen PDF gick inte att använda: {_FLAWS[day.pdf_flaw]}."


def _head(day: DayClosed) -> Iterator[str]:
    yield "Z-DAGRAPPORT"
    yield ""
    if day.organisation_number:
        yield _text("Organisationsnummer", shown_organisation(day.organisation_number))
    yield _text("Butik", day.store)
    yield _text("Kassa", day.register_id)
    yield _text("Löpnummer (Z)", f"{day.z_number}")
    yield _text("Försäljningsdag", f"{day.business_date}")
    yield _text("Tagen", f"{day.taken_at.astimezone(SWEDEN):%Y-%m-%d %H:%M:%S}")
    if day.amendment:
        yield _text("Rättelse nummer", f"{day.amendment}")


def _paid(paid: Payment) -> str:
    return paid.method if paid.count is None else f"{paid.method} ({paid.count} st)"


def _sums(day: DayClosed) -> Iterator[str]:
    yield _amounts("Total försäljning inklusive moms", day.total_sales)
    for what, amount in (
        ("Kassadifferens", day.cash_difference),
        ("Rabatter, redan avdragna", day.discounts),
        ("Returer, redan avdragna", day.returns),
    ):
        if amount:
            yield _amounts(what, amount)
    for what, many in (("Kvitton", day.receipts), ("Varor och tjänster", day.goods)):
        if many is not None:
            yield _text(what, f"{many}")


def _part(title: str, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if not number:
            yield from ("", title, "-" * _WIDTH)
        yield line


def _text(what: str, value: str) -> str:
    return f"{what:<24}{value}"


def _amounts(what: str, *amounts: Decimal) -> str:
    room = _WIDTH - _AMOUNT * len(amounts)
    return f"{what[:room]:<{room}}" + "".join(f"{_swedish(amount):>{_AMOUNT}}" for amount in amounts)


def _swedish(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ",")
