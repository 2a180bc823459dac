"""A till's Z report becomes a day close, its sale on account a request for an invoice. Pure; flows judge the sums."""

import base64
import hashlib
from typing import Any, Final

from connectors.openpos.wire import Customer, SaleOnAccount, ZReport
from infra.intake import payloads
from schemas.documents import LARGEST, Document, Flaw
from schemas.events import DayClosed, Fact, GroupSales, OtherAmount, Payment, RateTotal
from schemas.identities import is_sole_trader, ten_of
from schemas.invoices import Buyer, InvoiceRequested, InvoiceRow
from schemas.money import ZERO
from schemas.personal import unsealed_number

_SALE: Final = "bokbuss.openpos.sale-on-account/1"
_BEGIN: Final = b"%PDF-"
_END: Final = b"%%EOF"
_TAIL: Final = 1024
"""Bytes at a PDF's end in which its end is marked, as readers look for it."""
_MOST_COMMAS: Final = 50_000
"""Ten thousand lines: far more than a day has. A report of nothing but mistakes is soon refused."""


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return the one fact that a Z report, or a sale on account, tells.

    The same content gives the same fact, whatever the order of fields and a report's lines and the time's offset.

    Raises:
        Malformed: naming what breaks the format field by field, never a value.
    """
    if _is_sale(raw):
        return (_invoice_requested(payloads.read(raw, SaleOnAccount, called="sale", most_commas=_MOST_COMMAS)),)
    return (_day_closed(payloads.read(raw, ZReport, called="report", most_commas=_MOST_COMMAS)),)


def documents(raw: bytes) -> tuple[bytes, ...]:
    """Return the till's own report, where a payload that was translated has one that can be used."""
    if not payloads.may_say(raw, '"pdf"') or _is_sale(raw):
        return ()
    pdf = _pdf(payloads.read(raw, ZReport, called="report", most_commas=_MOST_COMMAS).pdf)
    return (pdf,) if isinstance(pdf, bytes) else ()


def _pdf(told: Any) -> bytes | Flaw | None:
    """Return what the PDF holds that a payload has, or what is wrong with it; None: it has none."""
    if told is None:
        return None
    try:
        content = base64.b64decode("".join(told.split()), validate=True)
    except (AttributeError, ValueError):  # no text, or none of base64
        return "not_base64"
    if len(content) > LARGEST:
        return "too_large"
    is_whole = content.startswith(_BEGIN) and _END in content[-_TAIL:]
    return content if is_whole else "not_a_pdf"


def _is_sale(raw: bytes) -> bool:
    return payloads.format_of(raw, _SALE, most_commas=_MOST_COMMAS) == _SALE


def _invoice_requested(sale: SaleOnAccount) -> InvoiceRequested:
    return InvoiceRequested(
        system="openpos",
        store=sale.store,
        register_id=sale.register_id,
        receipt_number=sale.receipt_number,
        invoice_date=sale.date,
        amendment=sale.amendment,
        organisation_number=sale.company.organisation_number,
        customer_number=sale.customer.number,
        buyer=_buyer(sale.customer, sale),
        rows=tuple(InvoiceRow(**dict(row)) for row in sale.rows),
        tip=sale.tip,
        vat_included=True,
        total=sale.total,
        returned_receipt=sale.returned_receipt,
    )


def _buyer(customer: Customer, sale: SaleOnAccount) -> Buyer | None:
    said = customer.model_dump(include={"email", "name", "street", "postal_code", "city"})
    if number := customer.organisation_number:
        if (ten := ten_of(number)) and not is_sole_trader(ten):
            said["organisation_number"] = ten
        else:  # a person's, a sole trader's too: the host seals it
            said["personal_number"] = unsealed_number(number, sale.date)
    buyer = Buyer(**said)
    return None if buyer == Buyer() else buyer


def _day_closed(report: ZReport) -> DayClosed:
    named = (
        ("tips", report.tips),
        ("rounding", report.rounding),
        ("gift_cards_sold", report.gift_cards_sold),
        *((other.category, other.amount) for other in report.other_amounts),
    )
    pdf = _pdf(report.pdf)
    # Lines are sorted because their order says nothing, and must not make the report another revision.
    return DayClosed(
        system="openpos",
        store=report.store,
        register_id=report.register_id,
        z_number=report.z_number,
        business_date=report.business_date,
        taken_at=report.taken_at,
        amendment=report.amendment,
        organisation_number=report.company.organisation_number,
        currency=report.currency,
        sales=tuple(
            GroupSales(group=g.group, vat_rate=g.vat_rate, net=g.net, vat=g.vat)
            for g in sorted(report.product_groups, key=lambda g: (g.group, g.vat_rate, g.net, g.vat))
        ),
        vat=tuple(
            RateTotal(vat_rate=v.vat_rate, net=v.net, vat=v.vat)
            for v in sorted(report.vat_totals, key=lambda v: (-v.vat_rate, v.net, v.vat))
        ),
        payments=tuple(
            Payment(method=p.method, amount=p.amount, count=p.count)
            for p in sorted(report.payments, key=lambda p: (p.method, p.amount, -1 if p.count is None else p.count))
        ),
        others=tuple(OtherAmount(category=c, amount=a) for c, a in sorted(named) if a),
        cash_difference=report.cash.counted - report.cash.registered if report.cash else ZERO,
        total_sales=report.total_sales,
        discounts=report.discounts.amount if report.discounts else ZERO,
        returns=report.returns.amount if report.returns else ZERO,
        receipts=report.receipts,
        goods=_sum(report.goods_sold, report.services_sold),
        pdf=Document(sha256=hashlib.sha256(pdf).hexdigest(), size=len(pdf)) if isinstance(pdf, bytes) else None,
        pdf_flaw=pdf if isinstance(pdf, str) else None,
    )


def _sum(*counts: int | None) -> int | None:
    """Return how many there are of what was counted; None when nothing was."""
    counted = [count for count in counts if count is not None]
    return sum(counted) if counted else None
