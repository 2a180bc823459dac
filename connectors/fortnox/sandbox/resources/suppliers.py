"""Suppliers' invoices as they are listed, each with the voucher that it was booked as, and the files joined to them."""

from decimal import Decimal
from functools import partial
from typing import Any, Final

from connectors.fortnox.sandbox import answers, forms
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import Company
from connectors.fortnox.sandbox.forms import Field, Form, Text
from connectors.fortnox.sandbox.records import Record, Values
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import registers
from connectors.fortnox.sandbox.resources.registers import Register
from connectors.fortnox.sandbox.resources.route import BASE, Route, created, ok
from connectors.fortnox.sandbox.resources.settling import settled

_CONNECTIONS: Final = "supplierinvoicefileconnections"
_INVOICE: Final[Form] = {
    name: Field()
    for name in (
        *("GivenNumber", "InvoiceNumber", "SupplierNumber", "SupplierName", "InvoiceDate", "DueDate", "Total"),
        *("Booked", "Cancelled", "VoucherSeries", "VoucherNumber", "VoucherYear"),
        *("Balance", "FinalPayDate", "Currency", "CurrencyRate", "CurrencyUnit"),
    )
} | {
    **{name: Field(empty="") for name in ("OCR", "CostCenter", "Project", "OurReference", "YourReference")},
    "PaymentPending": Field(empty=False),
}
"""The fields that say which invoice it is and what became of it (facts A20); a test puts them into the register."""
_CONNECTION: Final[Form] = {"FileId": Text(required=True), "SupplierInvoiceNumber": Text(required=True)}


def _show_invoice(values: Values, _asked: ApiRequest, company: Company) -> dict[str, Any]:
    """Return what is left of an invoice; its amounts are texts (facts §3.12)."""
    total = Decimal(str(values.get("Total") or 0))
    left = settled("supplierinvoices", str(values["GivenNumber"]), total, values, company)
    return {"Balance": str(left.balance), "FinalPayDate": left.final}


INVOICES: Final = Register(
    path="supplierinvoices",
    one="SupplierInvoice",
    many="SupplierInvoices",
    key="GivenNumber",
    scope="supplierinvoice",
    form=_INVOICE,
    missing=answers.NO_SUPPLIER_INVOICE,
    location=None,
    reduced=lambda full: {**full, "VoucherYear": str(full["VoucherYear"] or "")},  # a text in lists only
    dated="InvoiceDate",
    paid="FinalPayDate",
    contains=registers.named("InvoiceNumber OurReference SupplierName YourReference"),
    equals={
        **registers.named("CostCenter OCR Project SupplierNumber"),
        "serialnumber": "GivenNumber",  # what else a supplier's invoice is numbered by is not public
    },
    filters={
        **registers.PAID,
        "authorizepending": lambda _values, _today: False,  # who is to authorise is not public
        "pendingpayment": lambda values, _today: bool(values.get("PaymentPending")),
    },
    shown=_show_invoice,
)


def connections(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List the connections, of one invoice where it is named."""
    asked.allow("supplierinvoicenumber")
    wanted = asked.query.get("supplierinvoicenumber")
    found = [
        one
        for one in company.register(_CONNECTIONS).values()
        if wanted is None or one.values["SupplierInvoiceNumber"] == wanted
    ]
    return ok(**asked.page("SupplierInvoiceFileConnections", found, partial(_shown, company)))


def post_connection(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Join a file to a supplier's invoice."""
    asked.allow()
    values = forms.read(_CONNECTION, forms.content(asked.body, "SupplierInvoiceFileConnection"), new=True)
    file, invoice = str(values["FileId"]), str(values["SupplierInvoiceNumber"])
    if file not in company.files:
        raise RequestRefused(answers.UNKNOWN_FILE, file)
    if file in company.register(_CONNECTIONS):
        raise RequestRefused(answers.TAKEN, file)
    INVOICES.find(invoice, company)
    company.register(_CONNECTIONS)[file] = Record({"FileId": file, "SupplierInvoiceNumber": invoice}, asked.at)
    return created(
        "supplierinvoicefileconnection",
        SupplierInvoiceFileConnection=_shown(company, company.register(_CONNECTIONS)[file]),
    )


def connection(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give the connection of a file."""
    asked.allow()
    return ok(SupplierInvoiceFileConnection=_shown(company, _joined(asked, company)))


def delete_connection(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Take a file off its invoice."""
    asked.allow()
    del company.register(_CONNECTIONS)[str(_joined(asked, company).values["FileId"])]
    return ApiAnswer(204, b"")


def _joined(asked: ApiRequest, company: Company) -> Record:
    return answers.found(company.register(_CONNECTIONS).get(str(asked.path["id"])), answers.NO_FILE_CONNECTION)


def _shown(company: Company, one: Record) -> dict[str, Any]:
    file, invoice = (
        str(one.values["FileId"]),
        company.register("supplierinvoices").get(str(one.values["SupplierInvoiceNumber"])),
    )
    return {
        "@url": f"{BASE}/{_CONNECTIONS}/{file}",
        "FileId": file,
        "Name": company.files[file].name if file in company.files else "",
        "SupplierInvoiceNumber": one.values["SupplierInvoiceNumber"],
        "SupplierName": invoice.values.get("SupplierName", "") if invoice else "",
    }


ROUTES: Final[tuple[Route, ...]] = (
    ("GET", "/3/supplierinvoices", "supplierinvoice", partial(registers.listing, INVOICES)),
    ("GET", "/3/supplierinvoices/{key}", "supplierinvoice", partial(registers.read, INVOICES)),
    ("GET", f"/3/{_CONNECTIONS}", "connectfile", connections),
    ("POST", f"/3/{_CONNECTIONS}", "connectfile", post_connection),
    ("GET", f"/3/{_CONNECTIONS}/{{id}}", "connectfile", connection),
    ("DELETE", f"/3/{_CONNECTIONS}/{{id}}", "connectfile", delete_connection),
)
EMPTY_WITHOUT_SCOPE: Final = {
    "/3/voucherfileconnections": "VoucherFileConnections",
    f"/3/{_CONNECTIONS}": "SupplierInvoiceFileConnections",
}
"""Lists that are empty, and not refused, where the scope was not consented to (facts §8)."""
