"""What can be done with an invoice or an order besides changing it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import ZERO, Company, Draft, Row
from connectors.fortnox.sandbox.forms import names
from connectors.fortnox.sandbox.records import Record, Scalar, Values
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import documents, registers
from connectors.fortnox.sandbox.resources.documents import FEES, INVOICES, ORDERS, SALES, amount, vat, vat_rate
from connectors.fortnox.sandbox.resources.registers import Change, Register, next_number
from connectors.fortnox.sandbox.resources.route import Handler, Route

_RECEIVABLES: Final = 1510
_ROUNDING: Final = 3740
_VAT_OF_FEES: Final = 2611
_SERIES: Final = "B"
_COPIED: Final = names(
    "CustomerNumber CustomerName Address1 Address2 City ZipCode Country CostCenter Project Currency OurReference "
    "YourReference YourOrderNumber ExternalInvoiceReference1 ExternalInvoiceReference2 TermsOfPayment VATIncluded "
    "Comments OrganisationNumber"
)
_COPIED_OF_ROW: Final = names(
    "AccountNumber ArticleNumber CostCenter Description Discount DiscountType Price Project Unit VAT VATCode"
)

_Work = Callable[[Record, ApiRequest, Company], Values]
"""Returns what an action sets. Raises RequestRefused."""


def bookkeep(invoice: Record, asked: ApiRequest, company: Company) -> Values:
    """Book an invoice in series B: receivables against sales, fees, VAT and what was rounded."""
    values = invoice.values
    if values.get("Booked") or values.get("Cancelled"):
        raise RequestRefused(answers.DOCUMENT_CLOSED, values["DocumentNumber"])
    day = date.fromisoformat(str(values["InvoiceDate"]))
    year = answers.found(company.year_on(day), answers.NO_YEAR, day)
    if company.locked_until is not None and day <= company.locked_until:
        raise RequestRefused(answers.INVOICE_LOCKED, company.locked_until)
    shown = INVOICES.full(invoice, asked, company)
    lines = shown["InvoiceRows"]
    rows, taxes = [], dict.fromkeys((account for _, account, _ in SALES.values() if account), ZERO)
    for line in lines:
        net, account = Decimal(line["TotalExcludingVAT"]), SALES.get(vat_rate(line), SALES[25])[1]
        rows.append(posting(int(line["AccountNumber"]), -net, line["CostCenter"] or None, line["Project"] or None))
        if account is not None:
            taxes[account] -= vat(line)
    for name, account in FEES.items():
        rows += [posting(account, -shown[name])] if shown[name] else []
        taxes[_VAT_OF_FEES] -= shown[f"{name}VAT"]
    rows += [posting(account, tax) for account, tax in taxes.items() if tax]
    rows += [posting(_ROUNDING, -shown["RoundOff"])] if shown["RoundOff"] else []
    rows.insert(0, posting(_RECEIVABLES, sum((row.credit - row.debit for row in rows), ZERO)))
    for row in rows:
        if row.account not in year.accounts:
            raise RequestRefused(answers.UNKNOWN_ACCOUNT, row.account)
    if _SERIES not in year.series:
        raise RequestRefused(answers.UNKNOWN_SERIES, _SERIES)
    number = str(values["DocumentNumber"])
    text = f"Kundfaktura {values['CustomerName']} ({number})"
    draft = Draft(year.id, _SERIES, day, text, tuple(rows), reference=number, reference_type="INVOICE")
    booked = company.book(draft, asked.at, asked.listed_from)
    return {"Booked": True, "VoucherNumber": booked.number, "VoucherSeries": _SERIES, "VoucherYear": year.id}


def cancel(document: Record, _asked: ApiRequest, _company: Company) -> Values:
    """Cancel an invoice or an order; a booked invoice must be credited."""
    if document.values.get("Booked"):
        raise RequestRefused(answers.DOCUMENT_CLOSED, document.values["DocumentNumber"])
    return {"Cancelled": True}


def credit(invoice: Record, asked: ApiRequest, company: Company) -> Values:
    """Make a credit invoice: the same rows with the opposite quantities. Both name each other."""
    values = invoice.values
    if values.get("CreditInvoiceReference") or values.get("Cancelled"):
        raise RequestRefused(answers.DOCUMENT_CLOSED, values["DocumentNumber"])
    number = _new_invoice(values, "InvoiceRows", -1, asked, company)
    made = company.register("invoices")[number].values
    made.update({"Credit": "true", "CreditInvoiceReference": values["DocumentNumber"]})
    return {"CreditInvoiceReference": number}


def print_outside(_document: Record, _asked: ApiRequest, _company: Company) -> Values:
    """Mark a document as sent."""
    return {"Sent": True}


def preview(register: Register, asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give a document's picture; it is not marked as sent or printed by that."""
    asked.allow()
    record = register.find(asked.path["key"], company)
    text = f"{register.one} {asked.path['key']}, {record.values.get('CustomerName') or 'nobody'}"
    return ApiAnswer(200, b"%PDF-1.4\n% " + text.encode() + b"\n%%EOF\n", "application/pdf")


def create_invoice(order: Record, asked: ApiRequest, company: Company) -> Values:
    """Make an invoice of what an order has delivered, once."""
    values = order.values
    if values.get("InvoiceReference") or values.get("Cancelled"):
        raise RequestRefused(answers.DOCUMENT_CLOSED, values["DocumentNumber"])
    number = _new_invoice(values, "OrderRows", 1, asked, company)
    company.register("invoices")[number].values["OrderReference"] = values["DocumentNumber"]
    return {"InvoiceReference": number}


def posting(account: int, amount: Decimal, cost_centre: str | None = None, project: str | None = None) -> Row:
    """Return a voucher's row; debit is above zero."""
    return Row(account, max(amount, ZERO), max(-amount, ZERO), cost_centre, project=project)


def _new_invoice(values: Values, rows: str, sign: int, asked: ApiRequest, company: Company) -> str:
    number = next_number("invoices", company)
    copied: Values = {name: values[name] for name in _COPIED if name in values}
    copied |= {name: str(sign * amount(values, name)) for name in FEES}
    lines: list[dict[str, Scalar]] = [
        {
            **{name: row[name] for name in _COPIED_OF_ROW if name in row},
            "DeliveredQuantity": str(sign * amount(row, "DeliveredQuantity")),
        }
        for row in documents.rows(values, rows)
    ]
    copied["InvoiceRows"] = [*lines]
    INVOICES.save(Change(asked, company, number, None, copied, {**copied, "DocumentNumber": number}))
    return number


def _act(register: Register, work: _Work, asked: ApiRequest, company: Company) -> ApiAnswer:
    asked.allow()
    record = register.find(asked.path["key"], company)
    record.values.update(work(record, asked, company))
    record.changed = asked.at
    return register.answer(record, asked, company)


def route(register: Register, action: str, work: _Work) -> Route:
    """Return the route of what can be done with a record of a register."""
    handler: Handler = partial(_act, register, work)
    return "PUT", f"/3/{register.path}/{{key}}/{action}", register.scope, handler


ROUTES: Final[tuple[Route, ...]] = (
    *registers.routes(INVOICES),
    route(INVOICES, "bookkeep", bookkeep),
    route(INVOICES, "cancel", cancel),
    route(INVOICES, "credit", credit),
    route(INVOICES, "externalprint", print_outside),
    ("GET", "/3/invoices/{key}/preview", INVOICES.scope, partial(preview, INVOICES)),
    *registers.routes(ORDERS),
    route(ORDERS, "cancel", cancel),
    route(ORDERS, "createinvoice", create_invoice),
    route(ORDERS, "externalprint", print_outside),
    ("GET", "/3/orders/{key}/preview", ORDERS.scope, partial(preview, ORDERS)),
)
