"""Invoices and orders: rows that the server rounds and adds up."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from connectors.fortnox.sandbox import answers, forms
from connectors.fortnox.sandbox.answers import RequestRefused, to_json
from connectors.fortnox.sandbox.books import ZERO, Company
from connectors.fortnox.sandbox.records import Scalar, Values
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import house_work, registers
from connectors.fortnox.sandbox.resources.document_forms import INVOICE, ORDER
from connectors.fortnox.sandbox.resources.registers import Change, Register
from connectors.fortnox.sandbox.resources.route import BASE, number
from connectors.fortnox.sandbox.resources.settling import settled

SALES: Final = {25: (3001, 2611, "MP1"), 12: (3002, 2621, "MP2"), 6: (3003, 2631, "MP3"), 0: (3004, None, "MF")}
"""By VAT rate in per cent: sales account, VAT account and VAT code of the sandbox's chart."""

FEES: Final = {"AdministrationFee": 3540, "Freight": 3590}
"""What a document adds to its rows, and the accounts of the sandbox's chart. VAT is 25 % of it (recorded)."""

_OF_THE_CUSTOMER: Final = {
    **{name: name for name in ("Address1", "Address2", "City", "ZipCode", "TermsOfPayment", "OrganisationNumber")},
    "AdministrationFee": "InvoiceAdministrationFee",
    "Freight": "InvoiceFreight",
}
"""What a document that does not say it has of its customer, by its names there: fees are predefined, too."""
_FEE_VAT: Final = 25
_MOST: Final = 9_999_999_999
"""Of a document's sum, VAT included; as much below zero (recorded)."""

Line = dict[str, Scalar]


def rows(values: Values, name: str) -> list[Line]:
    """Return a document's rows as they are kept."""
    found = values.get(name)
    return found if isinstance(found, list) else []


def amount(values: Mapping[str, Any], name: str) -> Decimal:
    """Return a number that is kept as text; 0 where there is none."""
    return Decimal(str(values.get(name) or 0))


def _row_total(row: Line, quantity: str) -> Decimal:
    total = amount(row, "Price") * amount(row, quantity)
    discount = amount(row, "Discount")
    return forms.rounded(total - (discount if row.get("DiscountType") == "AMOUNT" else total * discount / 100))


def vat_rate(row: Mapping[str, Any]) -> int:
    """Return a row's VAT rate in per cent."""
    rate = row.get("VAT")
    return 25 if rate is None else int(rate)


def vat(row: Mapping[str, Any]) -> Decimal:
    """Return the VAT of a row that is shown."""
    return forms.rounded(Decimal(row["TotalExcludingVAT"]) * vat_rate(row) / 100)


def _shown_row(row: Line, quantity: str, *, included: bool) -> dict[str, Any]:
    total, rate = _row_total(row, quantity), vat_rate(row)
    share = Decimal(100) / (100 + rate) if included else Decimal(1)
    account, _, code = SALES.get(rate, SALES[25])
    net = forms.rounded(total * share)
    value = net - forms.rounded(amount(row, "Cost") * amount(row, quantity))
    return {
        **row,
        "ContributionPercent": to_json(_percent(value, net)).decode(),
        "ContributionValue": to_json(value).decode(),
        "AccountNumber": row.get("AccountNumber") or account,
        "VATCode": row.get("VATCode") or code,
        "Total": total,
        "TotalExcludingVAT": net,
        "PriceExcludingVAT": forms.rounded(amount(row, "Price") * share),
    }


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return forms.rounded(part / whole * 100) if whole else ZERO


def _prepare(change: Change, rows_name: str, date_name: str, quantity: str, mail: str) -> Values:
    """Return a document's fields. ``quantity``: of its rows, limits its sum; ``mail``: what an e-mail calls it."""
    values = dict(change.values)
    wanted = values["CustomerNumber"]
    customer = answers.found(change.company.register("customers").get(str(wanted)), answers.UNKNOWN_CUSTOMER, wanted)
    if change.stored is not None and _closed(change.stored) and rows_name in change.changes:
        raise RequestRefused(answers.DOCUMENT_CLOSED, change.key)
    values.setdefault("CustomerName", customer.values["Name"])
    values.setdefault("Currency", customer.values.get("Currency") or "SEK")
    for name, source in _OF_THE_CUSTOMER.items():
        if name not in values and customer.values.get(source):
            values[name] = customer.values[source]
    for name in (date_name, "OutboundDate"):
        values.setdefault(name, change.asked.today.isoformat())
    values["EmailInformation"] = _email(change, customer.values, mail)
    known = rows(change.stored or {}, rows_name)
    values[rows_name] = [_numbered(row, known, change) for row in rows(values, rows_name)]
    for index, row in enumerate(rows(values, rows_name)):
        row["RowId"] = row.get("RowId") or max((int(one.get("RowId") or 0) for one in known), default=0) + index + 1
    house_work.check(str(values.get("TaxReductionType") or "none"), rows(values, rows_name))
    totals = _totals(values, rows_name, quantity)
    exact = totals["Total"] - totals["RoundOff"]
    if exact < -_MOST:
        raise RequestRefused(answers.TOO_SMALL, -_MOST, exact)
    if exact > _MOST:
        raise RequestRefused(answers.TOO_LARGE, _MOST, exact)
    return values


def _email(change: Change, customer: Values, mail: str) -> dict[str, Scalar]:
    """Return how a document is e-mailed: as it says, or as it said before, or as Fortnox proposes (recorded)."""
    address = customer.get("EmailInvoice" if mail == "Faktura" else "EmailOrder") or customer.get("Email") or ""
    found: dict[str, Scalar] = {
        "EmailAddressTo": str(address),
        "EmailSubject": f"{mail} {{no}} bifogas",
        "EmailBody": " ",
    }
    for values in (change.stored or {}, change.changes):
        if isinstance(said := values.get("EmailInformation"), dict):
            found |= said
    return found


def _closed(values: Values) -> bool:
    return bool(values.get("Booked") or values.get("Cancelled") or values.get("InvoiceReference"))


def _numbered(row: Line, known: list[Line], change: Change) -> Line:
    """Return a row with what is stored under its id; an article gives what the row leaves out."""
    stored = [one for one in known if row.get("RowId") is not None and one.get("RowId") == row["RowId"]]
    if row.get("RowId") is not None and not stored:
        raise RequestRefused(answers.BAD_CHOICE, row["RowId"])
    whole = {**(stored[0] if stored else {}), **row}
    if (number := whole.get("ArticleNumber")) is not None:
        article = answers.found(change.company.register("articles").get(str(number)), answers.UNKNOWN_ARTICLE, number)
        given = {"Description": "Description", "AccountNumber": "SalesAccount", "VAT": "VAT", "Unit": "Unit"}
        for name, source in given.items():
            value = article.values.get(source)
            if name not in whole and isinstance(value, str | int):
                whole[name] = value
    return whole


def _totals(values: Values, rows_name: str, quantity: str) -> dict[str, Any]:
    included = bool(values.get("VATIncluded"))
    shown = [_shown_row(row, quantity, included=included) for row in rows(values, rows_name)]
    net = sum((row["TotalExcludingVAT"] for row in shown), ZERO)
    fees = {name: amount(values, name) for name in FEES}
    taxes = {f"{name}VAT": forms.rounded(fee * _FEE_VAT / 100) for name, fee in fees.items()}
    tax = sum((vat(row) for row in shown), sum(taxes.values(), ZERO))
    exact = net + tax + sum(fees.values(), ZERO)
    total = forms.rounded(exact, 0) if values.get("Currency", "SEK") == "SEK" else exact
    value = sum((Decimal(row["ContributionValue"]) for row in shown), ZERO)
    return {
        rows_name: shown,
        **taxes,
        "ContributionPercent": _percent(value, net),
        "ContributionValue": value,
        "Gross": net,
        "Net": net,
        "RoundOff": total - exact,
        "TotalVAT": tax,
        "Total": total,
        "TotalToPay": total,
    }


def _ready(values: Values, asked: ApiRequest) -> bool:
    """Tell whether a document's goods have left by now."""
    return str(values.get("OutboundDate") or asked.today) <= str(asked.today)


def _show_invoice(values: Values, asked: ApiRequest, company: Company) -> dict[str, Any]:
    number = str(values["DocumentNumber"])
    totals = _totals(values, "InvoiceRows", "DeliveredQuantity")
    days = str(values.get("TermsOfPayment") or "30")
    due = date.fromisoformat(str(values["InvoiceDate"])) + timedelta(int(days) if days.isdecimal() else 0)
    left = settled("invoices", number, totals["Total"], values, company)
    return {
        **totals,
        "Balance": left.balance,
        "FinalPayDate": left.final,
        "DueDate": values.get("DueDate") or due,
        "WarehouseReady": _ready(values, asked),
        "OCR": values.get("OCR") or (_ocr(number) if number.isdecimal() else ""),
        "@urlTaxReductionList": f"{BASE}/taxreductions?filter=invoices&referencenumber={number}",
    }


def _ocr(number: str) -> str:
    """Return an OCR number: the document's, its own length, and a check digit, as recorded (119 is 11957)."""
    text = f"{number}{(len(number) + 2) % 10}"
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text))]
    return f"{text}{-sum(value // 10 + value % 10 for value in doubled) % 10}"


def _show_order(values: Values, asked: ApiRequest, _company: Company) -> dict[str, Any]:
    number = values["DocumentNumber"]
    url = f"{BASE}/taxreductions?filter=orders&referencenumber={number}"
    totals = _totals(values, "OrderRows", "DeliveredQuantity")  # of what has been delivered: recorded
    return {**totals, "WarehouseReady": _ready(values, asked), "@urlTaxReductionList": url}


_INVOICE_ITEM: Final = registers.only(
    "Balance Booked Cancelled CostCenter Currency CurrencyRate CurrencyUnit CustomerName CustomerNumber "
    "DocumentNumber DueDate ExternalInvoiceReference1 ExternalInvoiceReference2 InvoiceDate InvoiceType NoxFinans "
    "OCR VoucherNumber VoucherSeries VoucherYear WayOfDelivery TermsOfPayment Project Sent Total FinalPayDate"
)


def _reduced_invoice(full: dict[str, Any]) -> dict[str, Any]:
    """Return an invoice as lists show it: the rate is text (recorded)."""
    item = _INVOICE_ITEM(full)
    return {**item, "CurrencyRate": to_json(item["CurrencyRate"]).decode()}


_ASKS: Final[Mapping[str, registers.Question]] = {
    "label": registers.row_is("Labels", "Id"),
    "notcompleted": registers.flag("NotCompleted"),
    "sent": registers.flag("Sent"),
}
_SAID: Final = "CustomerName ExternalInvoiceReference1 ExternalInvoiceReference2 OurReference YourReference"
"""What both kinds of documents can be asked for."""
INVOICES: Final = Register(
    path="invoices",
    one="Invoice",
    many="Invoices",
    key="DocumentNumber",
    scope="invoice",
    form=INVOICE,
    missing=answers.NO_INVOICE,
    location="invoices",
    reduced=_reduced_invoice,
    contains=registers.named(f"{_SAID} YourOrderNumber"),
    equals=registers.named("CostCenter Currency CustomerNumber DocumentNumber InvoiceType OCR Project"),
    asks={
        **_ASKS,
        "accountnumberfrom": lambda values, text: any(
            row["AccountNumber"] >= number(text) for row in values["InvoiceRows"]
        ),
        "accountnumberto": lambda values, text: any(
            row["AccountNumber"] <= number(text) for row in values["InvoiceRows"]
        ),
        "articledescription": registers.row_says("InvoiceRows", "Description"),
        "articlenumber": registers.row_is("InvoiceRows", "ArticleNumber"),
        "credit": registers.flag("Credit"),
    },
    dated="InvoiceDate",
    paid="FinalPayDate",
    sort=registers.named("CustomerName CustomerNumber DocumentNumber InvoiceDate OCR Total"),
    filters=registers.PAID,
    prepare=partial(
        _prepare, rows_name="InvoiceRows", date_name="InvoiceDate", quantity="DeliveredQuantity", mail="Faktura"
    ),
    shown=_show_invoice,
)

ORDERS: Final = Register(
    path="orders",
    one="Order",
    many="Orders",
    key="DocumentNumber",
    scope="order",
    form=ORDER,
    missing=answers.NO_ORDER,
    location="orders",
    reduced=registers.only(
        "Cancelled Currency CustomerName CustomerNumber DeliveryDate DocumentNumber ExternalInvoiceReference1 "
        "ExternalInvoiceReference2 OrderDate OrderType Project Sent Total"
    ),
    contains=registers.named(_SAID),
    equals=registers.named("CostCenter CustomerNumber DocumentNumber OrderType Project"),
    asks=_ASKS,
    dated="OrderDate",
    sort=registers.named("CustomerName CustomerNumber DocumentNumber OrderDate Total"),
    filters={
        "cancelled": lambda values, _today: bool(values.get("Cancelled")),
        "expired": lambda _values, _today: False,  # what expires an order is not public
        "invoicecreated": lambda values, _today: bool(values.get("InvoiceReference")),
        "invoicenotcreated": lambda values, _today: not values.get("InvoiceReference"),
    },
    prepare=partial(_prepare, rows_name="OrderRows", date_name="OrderDate", quantity="OrderedQuantity", mail="Order"),
    shown=_show_order,
)
