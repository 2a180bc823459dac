"""Payments of customers' and of suppliers' invoices: each reduces its invoice's balance once it is bookkept.

How they look is Fortnox's specification; no recording shows one. That a payment counts when it is bookkept, and that a
write-off settles what the payment leaves, is how the product's own pages describe it.
"""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any, Final

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.books import ZERO, Company, Draft
from connectors.fortnox.sandbox.forms import Day, Digits, Field, Form, Number, Rows, Text
from connectors.fortnox.sandbox.records import Record, Values
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import registers
from connectors.fortnox.sandbox.resources.actions import posting, route
from connectors.fortnox.sandbox.resources.documents import INVOICES, amount, rows
from connectors.fortnox.sandbox.resources.registers import Change, Register
from connectors.fortnox.sandbox.resources.route import Route
from connectors.fortnox.sandbox.resources.suppliers import INVOICES as SUPPLIER_INVOICES

_BANK: Final = 1930
_WRITE_OFFS: Final[Form] = {
    "Amount": Number(empty=0),
    "AccountNumber": Number(places=0, least=1000, most=9999),
    "CostCenter": Text(empty=""),
    "Project": Text(empty=""),
    "TransactionInformation": Text(longest=100, empty=""),
    "Currency": Text(shortest=3, longest=3, empty="SEK"),
    "Description": Text(empty=""),
}
_PAYMENT: Final[Form] = {
    "Amount": Number(required=True, empty=0),
    "AmountCurrency": Number(empty=0),
    "Booked": Field(empty=False),
    "Currency": Field(empty="SEK"),
    "CurrencyRate": Number(empty=1),
    "CurrencyUnit": Number(empty=1),
    "InvoiceDueDate": Field(),
    "InvoiceNumber": Number(places=0, required=True, texts=True),
    "InvoiceOCR": Field(empty=""),
    "InvoiceTotal": Field(),
    "ModeOfPayment": Text(empty=""),
    "Number": Field(),
    "PaymentDate": Day(),
    "Source": Field(empty="manual"),
    "VoucherNumber": Field(),
    "VoucherSeries": Field(),
    "VoucherYear": Field(),
    "WriteOffs": Rows(form=_WRITE_OFFS),
}


def _prepare(change: Change, invoices: Register) -> Values:
    number = str(change.values["InvoiceNumber"])
    invoice = invoices.find(number, change.company)
    if (change.stored or {}).get("Booked"):
        raise RequestRefused(answers.DOCUMENT_CLOSED, change.key)
    paid = amount(change.values, "Amount")
    given: Values = {
        "PaymentDate": change.asked.today.isoformat(),
        "AmountCurrency": str(paid),
        "Currency": str(invoice.values.get("Currency") or "SEK"),
    }
    given.update(change.values)
    given["InvoiceNumber"] = number
    return given


def _bookkeep(payment: Record, asked: ApiRequest, company: Company, account: int, sign: int) -> Values:
    """Book a payment: the bank against what the invoice is booked on."""
    values = payment.values
    if values.get("Booked"):
        raise RequestRefused(answers.DOCUMENT_CLOSED, asked.path["key"])
    day = date.fromisoformat(str(values["PaymentDate"]))
    year = answers.found(company.year_on(day), answers.NO_YEAR, day)
    offs = rows(values, "WriteOffs")
    settled = amount(values, "Amount") + sum((amount(off, "Amount") for off in offs), ZERO)
    postings = [
        posting(_BANK, sign * amount(values, "Amount")),
        *(posting(int(str(off["AccountNumber"])), sign * amount(off, "Amount")) for off in offs),
        posting(account, -sign * settled),
    ]
    series = "C" if sign > 0 else "E"
    draft = Draft(year.id, series, day, f"Betalning {values['InvoiceNumber']}", tuple(postings))
    booked = company.book(draft, asked.at, asked.listed_from)
    return {"Booked": True, "VoucherNumber": booked.number, "VoucherSeries": series, "VoucherYear": year.id}


def _shown(values: Values, asked: ApiRequest, company: Company, *, invoices: Register, who: str) -> Mapping[str, Any]:
    """Return what the invoice says."""
    invoice = company.register(invoices.path).get(str(values["InvoiceNumber"]))
    full = invoices.full(invoice, asked, company) if invoice else {}
    return {
        "InvoiceNumber": values["InvoiceNumber"] if who == "Supplier" else int(str(values["InvoiceNumber"])),
        "InvoiceDueDate": full.get("DueDate"),
        "InvoiceTotal": full.get("Total"),
        f"Invoice{who}Name": full.get(f"{who}Name", ""),
        f"Invoice{who}Number": full.get(f"{who}Number", ""),
        **({"Number": int(str(values["Number"]))} if who == "Supplier" and "Number" in values else {}),
    }


def _register(path: str, name: str, invoices: Register, who: str) -> Register:
    names: Form = {f"Invoice{who}Name": Field(), f"Invoice{who}Number": Field()}
    if who == "Supplier":  # what is a number of customers' payments is text here, and the other way round (spec)
        names = {**names, "InvoiceNumber": Digits(places=0, required=True), "Information": Text(empty="")}
    else:
        references = {f"ExternalInvoiceReference{each}": Text(longest=80, empty="") for each in (1, 2)}
        names = {**names, **references, "ModeOfPaymentAccount": Number(places=0, least=1000, most=9999)}
    return Register(
        path=path,
        one=name,
        many=f"{name}s",
        key="Number",
        scope="payment",
        form={**_PAYMENT, **names},
        missing=answers.NO_PAYMENT,
        location=path,
        deleted=204,
        equals=registers.named("InvoiceNumber"),
        sort=registers.named("PaymentDate"),
        prepare=partial(_prepare, invoices=invoices),
        shown=partial(_shown, invoices=invoices, who=who),
    )


PAYMENTS: Final = _register("invoicepayments", "InvoicePayment", INVOICES, "Customer")
SUPPLIER_PAYMENTS: Final = _register("supplierinvoicepayments", "SupplierInvoicePayment", SUPPLIER_INVOICES, "Supplier")

ROUTES: Final[tuple[Route, ...]] = (
    *registers.routes(PAYMENTS),
    route(PAYMENTS, "bookkeep", partial(_bookkeep, account=1510, sign=1)),
    *registers.routes(SUPPLIER_PAYMENTS),
    route(SUPPLIER_PAYMENTS, "bookkeep", partial(_bookkeep, account=2440, sign=-1)),
)
