"""Invoices that were open on a day, though paid since: what Fortnox's lists say of them, in its words. Pure.

Facts: ``fortnox.md`` A20, A22, and its specification of ``invoicepayments`` and ``supplierinvoicepayments``, whose
lists cannot be asked by the day of payment: by the time of the last change, and by invoice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from connectors.fortnox import classify, encode
from connectors.fortnox.classify import Year
from connectors.fortnox.open_item_words import NO_AMOUNT, NO_DAY
from infra.delivery.requests import Request
from infra.specifications import OpenInvoice
from schemas.money import LARGEST, ORE, ZERO
from schemas.words import Spoken

_SEK: Final = "SEK"
_BEFORE: Final = timedelta(days=92)
"""A payment may have been entered so long before its day; one that was entered earlier is asked for by its invoice."""
_DAY: Final = timedelta(days=1)
Item = Mapping[str, Any]


class Unreadable(Spoken, ValueError):
    """What a list says cannot be; ``said`` names what, and no value."""


@dataclass(frozen=True, slots=True)
class Side:
    """Customers' invoices, or suppliers': where they stand, and what Fortnox calls their parts.

    Attributes:
        account: what they are booked on (BAS).
        sign: of what they stand for there; debit is positive.
    """

    name: str
    account: int
    sign: int
    invoices: str
    many: str
    number: str
    payments: str
    many_payments: str
    party: str
    scopes: frozenset[str]

    def unpaid(self, day: date, page: int) -> Request:
        """Return the request for invoices of that day or before that are not paid by now."""
        return self._list(self.invoices, page, filter="unpaid", todate=day.isoformat())

    def paid_since(self, day: date, page: int) -> Request:
        """Return the request for invoices of that day or before that were paid in full after it."""
        return self._list(self.invoices, page, todate=day.isoformat(), fromfinalpaydate=(day + _DAY).isoformat())

    def payments_since(self, day: date, page: int) -> Request:
        """Return the request for payments that may be of days after it."""
        return self._list(self.payments, page, lastmodified=f"{day - _BEFORE} 00:00")

    def payments_of(self, number: str, page: int) -> Request:
        """Return the request for all payments of an invoice."""
        return self._list(self.payments, page, invoicenumber=number)

    @staticmethod
    def _list(resource: str, page: int, **params: str) -> Request:
        return Request("GET", resource, {**params, "limit": encode.LIMIT, "page": page})


CUSTOMERS: Final = Side(
    name="customers",
    account=1510,
    sign=1,
    invoices="invoices",
    many="Invoices",
    number="DocumentNumber",
    payments="invoicepayments",
    many_payments="InvoicePayments",
    party="Customer",
    scopes=frozenset({"invoice", "payment"}),
)
SUPPLIERS: Final = Side(
    name="suppliers",
    account=2440,
    sign=-1,
    invoices="supplierinvoices",
    many="SupplierInvoices",
    number="GivenNumber",
    payments="supplierinvoicepayments",
    many_payments="SupplierInvoicePayments",
    party="Supplier",
    scopes=frozenset({"supplierinvoice", "payment"}),
)


def account(side: Side, year: Year) -> Request:
    """Return the request for what stands on a side's account at the end of a year."""
    return Request("GET", f"accounts/{side.account}", {"financialyear": year.id})


def kept(item: Item, side: Side) -> Item:
    """Return what is held of an invoice of a long list."""
    names = (
        *(side.number, "InvoiceNumber", "OCR", f"{side.party}Number", f"{side.party}Name", "InvoiceDate", "DueDate"),
        *("Total", "Balance", "Booked", "Cancelled", "Cancel", "Currency", "CurrencyRate", "CurrencyUnit"),
        "FinalPayDate",
    )
    return {name: item[name] for name in names if name in item}


def payment(item: Item) -> Item:
    """Return what is held of a payment."""
    names = ("Number", "InvoiceNumber", "Amount", "AmountCurrency", "Booked", "PaymentDate", "WriteOffs", "Currency")
    return {name: item[name] for name in names if name in item}


@dataclass(frozen=True, slots=True)
class Found:
    """What the lists tell: the invoices that were open, what was left out, and what must be asked one by one."""

    open: tuple[OpenInvoice, ...]
    ask: tuple[Item, ...]
    not_booked: int
    payments_not_booked: int


def found(side: Side, day: date, invoices: Iterable[Item], payments: Sequence[Item]) -> Found:
    """Return which invoices were open at the end of a day, and what was paid of them since."""
    later: defaultdict[str, list[Item]] = defaultdict(list)
    for each in payments:
        if _is(each, "Booked") and (_day(each.get("PaymentDate")) or day) > day:
            later[_text(each.get("InvoiceNumber"))].append(each)
    opened: list[OpenInvoice] = []
    ask: list[Item] = []
    not_booked = 0
    for item in {_text(one.get(side.number)): one for one in invoices}.values():
        if _is(item, "Cancelled") or _is(item, "Cancel") or (_day(item.get("InvoiceDate")) or date.max) > day:
            continue
        if not _is(item, "Booked"):
            not_booked += 1
            continue
        known = later[_text(item.get(side.number))]
        if not known and (_day(item.get("FinalPayDate")) or day) > day:
            ask.append(item)  # paid since, and no payment tells: entered long before, or credited
            continue
        left = _number(item.get("Balance"))
        paid = sum((_settles(one, item) for one in known), ZERO)
        if one := _invoice(
            side, item, left + paid, paid, max((_text(p.get("PaymentDate")) for p in known), default="")
        ):
            opened.append(one)
    unsettled = sum(not _is(each, "Booked") and (_day(each.get("PaymentDate")) or date.max) <= day for each in payments)
    return Found(tuple(opened), tuple(ask), not_booked, unsettled)


def by_its_payments(side: Side, day: date, item: Item, payments: Iterable[Item]) -> OpenInvoice | None:
    """Return an invoice that was paid in full since as it stood on a day; None: it was not open."""
    before = [p for p in payments if _is(p, "Booked") and (_day(p.get("PaymentDate")) or date.max) <= day]
    left = _number(item.get("Total")) - sum((_settles(one, item) for one in before), ZERO)
    return _invoice(side, item, left, left - _number(item.get("Balance")), _text(item.get("FinalPayDate")))


def _invoice(side: Side, item: Item, left: Decimal, paid: Decimal, last: str) -> OpenInvoice | None:
    if not left.quantize(ORE):  # floats come with a rest
        return None
    rate = _number(item.get("CurrencyRate")) or Decimal(1)
    unit = _number(item.get("CurrencyUnit")) or Decimal(1)
    currency = _text(item.get("Currency")) or _SEK
    kronor = Decimal(1) if currency == _SEK else rate / unit
    return OpenInvoice(
        number=_text(item.get(side.number)),
        reference=_text(item.get("InvoiceNumber")) or _text(item.get("OCR")),
        party=_text(item.get(f"{side.party}Number")),
        party_name=_text(item.get(f"{side.party}Name")),
        day=_day(item.get("InvoiceDate")) or date.min,
        due=_day(item.get("DueDate")),
        currency=currency,
        total=(_number(item.get("Total")) * kronor).quantize(ORE),
        open=(left * kronor).quantize(ORE),
        paid_later=(paid * kronor).quantize(ORE),
        last_paid=_day(last),
    )


def _settles(payment: Item, invoice: Item) -> Decimal:
    """Return what a payment settles of its invoice, in the invoice's currency, with what was written off."""
    foreign = (_text(invoice.get("Currency")) or _SEK) != _SEK
    amount = _number(payment.get("AmountCurrency" if foreign else "Amount"))
    offs = payment.get("WriteOffs")
    items = offs if isinstance(offs, list) else []
    return amount + sum((_number(off.get("Amount")) for off in items if isinstance(off, dict)), ZERO)


def balance(fields: Item) -> Decimal:
    """Return what stands on an account at the end of the year; debit is positive."""
    return _number(fields.get("BalanceCarriedForward")).quantize(ORE)


def _number(value: object) -> Decimal:
    """Return an amount; nothing is 0. Raises Unreadable for what is none: it is not guessed that it is nothing."""
    if value is None or value == "":
        return ZERO
    found = classify.number_of(value)
    if found is None or abs(found) >= LARGEST:
        raise Unreadable(NO_AMOUNT())
    return found


def _day(value: object) -> date | None:
    """Return a day; None where there is none. Raises Unreadable for what is none."""
    if value is None or value == "":
        return None
    if (found := classify.day(value)) is None:
        raise Unreadable(NO_DAY())
    return found


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _is(item: Item, name: str) -> bool:
    return classify.is_true(item.get(name))
