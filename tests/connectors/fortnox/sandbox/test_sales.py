"""Customers, articles, invoices and orders (facts §2.6, §3.12)."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox import Company, answers
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.records import Record
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import ROUTES
from infra import clock

HANDLERS = {f"{method} {path}": handler for method, path, _, handler in ROUTES}
ONE = {
    "customers": "Customer",
    "articles": "Article",
    "invoices": "Invoice",
    "orders": "Order",
    "invoicepayments": "InvoicePayment",
    "supplierinvoices": "SupplierInvoice",
}


class SandboxDriver:
    """One company, asked without HTTP."""

    def __init__(self) -> None:
        self.company = Company(1001)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Return a record or a list of records, or the name of the refusal."""
        register, *rest = path.split("/")
        template = "/".join(["/3", register, *(["{key}"] if rest else []), *rest[1:]])
        content = b"" if body is None else json.dumps({ONE[register]: body}).encode()
        now = clock.now()
        asked = ApiRequest(now, {"key": rest[0]} if rest else {}, query, content, now)
        try:
            answer = HANDLERS[f"{method} {template}"](asked, self.company)
        except RequestRefused as no:
            return no.refusal.name
        found = json.loads(answer.body, parse_float=Decimal) if answer.body else {}
        return found.get(ONE[register], found.get(f"{ONE[register]}s"))

    def invoice(self, *rows: dict[str, Any], **fields: Any) -> Any:
        """Make an invoice to customer 1."""
        return self.ask("POST", "invoices", {"CustomerNumber": "1", "InvoiceRows": list(rows), **fields})

    def order(self, *rows: dict[str, Any], **fields: Any) -> Any:
        """Make an order of customer 1."""
        return self.ask("POST", "orders", {"CustomerNumber": "1", "OrderRows": list(rows), **fields})


def row(price: float, quantity: str = "1", **fields: Any) -> dict[str, Any]:
    """Return an invoice row."""
    return {"Price": price, "DeliveredQuantity": quantity, **fields}


@pytest.fixture
def fortnox() -> SandboxDriver:
    """Return a company with one customer, number 1."""
    found = SandboxDriver()
    found.ask("POST", "customers", {"Name": "Grosshandel AB", "City": "Lund"})
    return found


def test_a_customers_number_stays_taken_after_its_customer_is_deleted(fortnox: SandboxDriver) -> None:
    """2000637: "Kundnumret har redan använts men blivit raderat"."""
    fortnox.ask("POST", "customers", {"Name": "Gone AB", "CustomerNumber": "7"})
    fortnox.ask("DELETE", "customers/7")
    assert fortnox.ask("GET", "customers/7") == "no_customer"
    again = {"Name": "Gone AB", "CustomerNumber": "7"}
    assert fortnox.ask("POST", "customers", again) == "customer_number_reserved"
    assert answers.CUSTOMER_NUMBER_RESERVED.text.endswith("Kundnumret har redan använts men blivit raderat.")
    assert fortnox.ask("POST", "customers", {**again, "CustomerNumber": "1"}) == "customer_number_used"
    assert fortnox.ask("POST", "customers", {"Name": "Next AB"})["CustomerNumber"] == "8"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"Name": ""}, "missing_field"),
        ({"Type": "FRIEND"}, "bad_customer_type"),
        ({"CustomerNumber": "a b"}, "not_text"),
        ({"Country": "Sverige"}, "unknown_field"),
        ({"CountryCode": "SWE"}, "too_long"),
    ],
)
def test_a_bad_customer_is_refused(fortnox: SandboxDriver, fields: dict[str, Any], refusal: str) -> None:
    """Country is read only, its code has two letters, a number has no blank."""
    assert fortnox.ask("POST", "customers", {"Name": "x", **fields}) == refusal


def test_a_customer_in_a_list_is_reduced(fortnox: SandboxDriver) -> None:
    """As recorded: ten fields, "" where the customer has null."""
    (item,) = fortnox.ask("GET", "customers", name="GROSS")
    assert item == {
        "@url": "https://api.fortnox.se/3/customers/1",
        "Address1": "",
        "Address2": "",
        "City": "Lund",
        "CustomerNumber": "1",
        "Email": "",
        "Name": "Grosshandel AB",
        "OrganisationNumber": "",
        "Phone": "",
        "ZipCode": "",
    }
    assert fortnox.ask("GET", "customers", name="nobody") == []


def test_prices_and_quantities_are_rounded_half_up(fortnox: SandboxDriver) -> None:
    """1.125 becomes 1.13, as recorded; the answer has both numbers in their own types."""
    made = fortnox.invoice(row(1.125, "2.675"))
    (line,) = made["InvoiceRows"]
    assert (line["Price"], line["DeliveredQuantity"], line["Total"]) == (Decimal("1.13"), "2.68", Decimal("3.03"))
    assert (line["AccountNumber"], line["VAT"], line["VATCode"]) == (3001, 25, "MP1")
    assert (made["DocumentNumber"], made["Credit"], made["Booked"]) == ("1", "false", False)


def test_an_invoice_adds_up(fortnox: SandboxDriver) -> None:
    """Net, VAT and total of rows of several rates, with a discount."""
    made = fortnox.invoice(
        row(100, "2"),
        row(50, VAT=12),
        row(10, VAT=0),
        row(100, Discount=10),
        row(100, Discount=30, DiscountType="AMOUNT"),
    )
    assert (made["Net"], made["TotalVAT"], made["Total"], made["Balance"]) == (420, Decimal(96), 516, 516)
    included = fortnox.invoice(row(125), VATIncluded=True)
    assert (included["Net"], included["TotalVAT"], included["Total"]) == (100, 25, 125)


def test_a_customer_and_an_article_give_what_is_left_out(fortnox: SandboxDriver) -> None:
    """The customer's name, terms and currency, the article's text, account and VAT; the due date is by the terms."""
    fortnox.ask("PUT", "customers/1", {"TermsOfPayment": "10", "Currency": "EUR"})
    fortnox.ask("POST", "articles", {"ArticleNumber": "K", "Description": "Kaffe", "VAT": 12, "SalesAccount": 3002})
    made = fortnox.invoice(row(10, ArticleNumber="K"), InvoiceDate="2026-02-20")
    assert (made["CustomerName"], made["City"], made["DueDate"]) == ("Grosshandel AB", "Lund", "2026-03-02")
    assert (made["Currency"], fortnox.invoice(row(10), Currency="SEK")["Currency"]) == ("EUR", "SEK")
    (line,) = made["InvoiceRows"]
    assert (line["Description"], line["AccountNumber"], line["VAT"]) == ("Kaffe", 3002, 12)
    fortnox.ask("PUT", "customers/1", {"InvoiceAdministrationFee": "29", "InvoiceFreight": "49"})
    assert [fortnox.invoice(row(10))[name] for name in ("AdministrationFee", "Freight")] == [29, 49]
    assert fortnox.invoice(row(10), AdministrationFee=0, Freight=0)["Freight"] == 0


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"CustomerNumber": "9"}, "unknown_customer"),
        ({"InvoiceRows": [row(1, ArticleNumber="x")]}, "unknown_article"),
        ({"InvoiceRows": [row(1, CostCenter=None)]}, "null"),
        ({"InvoiceRows": [row(1, Project="9")]}, "unknown_project"),
        ({"InvoiceRows": [row(1, RowId=7)]}, "bad_choice"),
        ({"InvoiceRows": [row(1, Total=1)]}, "unknown_field"),
        ({"InvoiceRows": ["a row"]}, "bad_structure"),
        ({"Total": 1}, "unknown_field"),
        ({"ExternalInvoiceReference1": "x" * 81}, "too_long"),
        ({"YourOrderNumber": "x" * 76}, "too_long"),
    ],
)
def test_a_bad_invoice_is_refused_and_not_kept(fortnox: SandboxDriver, fields: dict[str, Any], refusal: str) -> None:
    """Each check has its own refusal."""
    assert fortnox.invoice(**fields) == refusal
    assert fortnox.ask("GET", "invoices") == []


def test_a_written_invoice_is_found_by_our_references(fortnox: SandboxDriver) -> None:
    """Both external references and the order number of the customer can be searched for, in any case."""
    names = ("ExternalInvoiceReference1", "ExternalInvoiceReference2", "YourOrderNumber")
    for name in names:
        fortnox.invoice(**{name: f"bb-{name}"})
    for number, name in enumerate(names, 1):
        found = fortnox.ask("GET", "invoices", **{name.lower(): f"BB-{name}"})
        assert [one["DocumentNumber"] for one in found] == [str(number)]
    fortnox.order(ExternalInvoiceReference1="bb-7")
    assert len(fortnox.ask("GET", "orders", externalinvoicereference1="bb-7")) == 1
    assert fortnox.ask("GET", "orders", yourordernumber="bb-7") == "bad_parameter"
    assert len(fortnox.ask("GET", "invoices", currency="SEK")) == 3
    assert fortnox.ask("GET", "invoices", currency="EUR") == []
    assert fortnox.ask("GET", "invoices", todate="2001-01-01") == []


def test_a_booked_invoice_is_a_voucher_in_series_b(fortnox: SandboxDriver) -> None:
    """Receivables against sales and VAT; the voucher names the invoice; a second time is refused."""
    fortnox.invoice(row(100, "2"), row(50, VAT=12), InvoiceDate="2026-02-01")
    booked = fortnox.ask("PUT", "invoices/1/bookkeep")
    assert (booked["Booked"], booked["VoucherSeries"], booked["VoucherNumber"], booked["VoucherYear"]) == (
        True,
        "B",
        1,
        4,
    )
    (voucher,) = fortnox.company.vouchers()
    assert [(one.account, one.debit - one.credit) for one in voucher.draft.rows] == [
        (1510, 306),
        (3001, -200),
        (3002, -50),
        (2611, -50),
        (2621, -6),
    ]
    assert (voucher.draft.reference, voucher.draft.reference_type) == ("1", "INVOICE")
    assert fortnox.ask("PUT", "invoices/1/bookkeep") == "document_closed"
    assert fortnox.ask("PUT", "invoices/1/cancel") == "document_closed"
    assert fortnox.ask("PUT", "invoices/1", {"InvoiceRows": []}) == "document_closed"


def test_an_invoice_in_a_locked_period_is_not_booked(fortnox: SandboxDriver) -> None:
    """2002141, and the invoice stays as it is."""
    fortnox.invoice(row(1), InvoiceDate="2026-02-01")
    fortnox.company.locked_until = fortnox.company.years[4].to_date
    assert fortnox.ask("PUT", "invoices/1/bookkeep") == "invoice_locked"
    assert fortnox.ask("GET", "invoices/1")["Booked"] is False


def test_a_credited_invoice_and_its_credit_name_each_other(fortnox: SandboxDriver) -> None:
    """The answer is the invoice; the new one has the opposite quantities and says Credit "true"."""
    fortnox.invoice(row(100, "2"))
    assert fortnox.ask("PUT", "invoices/1/credit")["CreditInvoiceReference"] == "2"
    credit = fortnox.ask("GET", "invoices/2")
    assert (credit["Credit"], credit["CreditInvoiceReference"], credit["Total"]) == ("true", "1", -250)
    assert fortnox.ask("PUT", "invoices/1/credit") == "document_closed"
    fortnox.ask("PUT", "invoices/1/bookkeep")
    fortnox.ask("PUT", "invoices/2/bookkeep")
    assert {account.balance for account in fortnox.company.years[4].accounts.values()} == {0}


def test_filters_of_invoices_choose_by_their_state(fortnox: SandboxDriver) -> None:
    """Cancelled ones are neither unpaid nor unbooked; one whose due date has passed is overdue."""
    fortnox.invoice(row(1), InvoiceDate="2026-01-01")
    fortnox.invoice(row(1), DueDate="2099-01-01")
    fortnox.invoice(row(1))
    fortnox.ask("PUT", "invoices/3/cancel")
    fortnox.ask("PUT", "invoices/1/bookkeep")

    def numbers(name: str) -> str:
        return "".join(one["DocumentNumber"] for one in fortnox.ask("GET", "invoices", filter=name))

    found = {name: numbers(name) for name in ("cancelled", "unpaid", "unpaidoverdue", "unbooked", "fullypaid")}
    assert found == {"cancelled": "3", "unpaid": "12", "unpaidoverdue": "1", "unbooked": "2", "fullypaid": ""}


def test_an_order_becomes_an_invoice_once(fortnox: SandboxDriver) -> None:
    """The invoice has what the order delivered, and its references; a second one is refused."""
    delivered = {"Price": 10, "OrderedQuantity": "4", "DeliveredQuantity": "3"}
    fortnox.order(delivered, YourOrderNumber="o-1", ExternalInvoiceReference1="bb-1")
    assert fortnox.ask("PUT", "orders/1/createinvoice")["InvoiceReference"] == "1"
    invoice = fortnox.ask("GET", "invoices/1")
    assert (invoice["OrderReference"], invoice["YourOrderNumber"], invoice["Net"]) == ("1", "o-1", 30)
    assert invoice["ExternalInvoiceReference1"] == "bb-1"
    assert fortnox.ask("PUT", "orders/1/createinvoice") == "document_closed"
    fortnox.order()
    assert fortnox.ask("PUT", "orders/2/cancel")["Cancelled"] is True
    assert fortnox.ask("PUT", "orders/2/createinvoice") == "document_closed"
    assert [one["DocumentNumber"] for one in fortnox.ask("GET", "orders", filter="invoicecreated")] == ["1"]


def test_a_row_with_its_id_is_changed_and_one_without_is_new(fortnox: SandboxDriver) -> None:
    """The rows of a PUT are the document's rows from then on."""
    first, second = fortnox.invoice(row(1, Description="a"), row(2, Description="b"))["InvoiceRows"]
    changed = fortnox.ask("PUT", "invoices/1", {"InvoiceRows": [{"RowId": second["RowId"], "Price": 5}, row(7)]})
    rows = changed["InvoiceRows"]
    assert [(one["Description"], one["Price"]) for one in rows] == [("b", 5), ("", 7)]
    assert len({first["RowId"], *(one["RowId"] for one in rows)}) == 3


def test_what_is_cleared_is_empty_and_what_is_empty_is_kept(fortnox: SandboxDriver) -> None:
    """As recorded: a PUT of "" keeps the comment; API_BLANK clears it."""
    fortnox.invoice(Comments="A comment to be reset")
    assert fortnox.ask("PUT", "invoices/1", {"Comments": ""})["Comments"] == "A comment to be reset"
    assert fortnox.ask("PUT", "invoices/1", {"Comments": "API_BLANK"})["Comments"] == ""


def test_the_ocr_number_has_a_length_and_a_check_digit(fortnox: SandboxDriver) -> None:
    """As recorded: invoice 5 has 539, 7 has 737, 119 has 11957."""
    found = {number: fortnox.invoice(DocumentNumber=number)["OCR"] for number in ("5", "7", "119")}
    assert found == {"5": "539", "7": "737", "119": "11957"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"sortby": "total"}, "231"),
        ({"sortby": "total", "sortorder": "descending"}, "132"),
        ({"sortby": "ocr", "sortorder": "descending"}, "321"),
        ({"articlenumber": "T-1"}, "1"),
        ({"articledescription": "KAFFE"}, "13"),
        ({"accountnumberfrom": "3002", "accountnumberto": "3002"}, "2"),
        ({"label": "1"}, "3"),
        ({"notcompleted": "true"}, "2"),
        ({"notcompleted": "0"}, "13"),
        ({"sent": "true"}, "1"),
        ({"credit": "false"}, "123"),
        ({"credit": "true"}, ""),
    ],
)
def test_invoices_are_found_by_what_fortnoxs_document_names(
    fortnox: SandboxDriver, query: dict[str, str], found: str
) -> None:
    """By their rows, their labels and their flags, and ordered by their sums as numbers."""
    fortnox.ask("POST", "articles", {"ArticleNumber": "T-1", "Description": "Kaffe"})
    fortnox.invoice(row(1000, ArticleNumber="T-1"))
    fortnox.invoice(row(9.5, VAT=12), NotCompleted=True)
    fortnox.invoice(row(99, Description="Mer kaffe"), Labels=[{"Id": 1}])
    fortnox.ask("PUT", "invoices/1/externalprint")
    assert "".join(one["DocumentNumber"] for one in fortnox.ask("GET", "invoices", **query)) == found
    assert fortnox.ask("GET", "invoices", sent="perhaps") == "bad_parameter"


def test_suppliers_invoices_are_found_by_what_fortnoxs_document_names(fortnox: SandboxDriver) -> None:
    """By supplier, numbers and references, and by what became of them."""
    invoices = fortnox.company.register("supplierinvoices")
    whole = {"SupplierNumber": "3", "SupplierName": "Grossisten AB", "OCR": "123", "DueDate": "2020-01-31"}
    invoices["7"] = Record({"GivenNumber": "7", **whole, "InvoiceNumber": "A-17", "Booked": True})
    invoices["8"] = Record({"GivenNumber": "8", "SupplierNumber": "33", "Cancelled": True})

    def found(**query: str) -> str:
        return "".join(one["GivenNumber"] for one in fortnox.ask("GET", "supplierinvoices", **query))

    assert found(suppliernumber="3") == found(suppliername="gross") == found(ocr="123") == "7"
    assert found(invoicenumber="a-17") == found(serialnumber="7") == found(filter="unpaidoverdue") == "7"
    assert found(filter="cancelled") == "8"
    assert found(filter="unbooked") == found(filter="pendingpayment") == found(filter="authorizepending") == ""


def test_lists_can_be_sorted(fortnox: SandboxDriver) -> None:
    """By number as a number, by name as a text, both ways; any other name is refused."""
    for number in ("10", "9"):
        fortnox.ask("POST", "customers", {"Name": f"Kund {number}", "CustomerNumber": number})

    def order(**query: str) -> list[str]:
        return [one["CustomerNumber"] for one in fortnox.ask("GET", "customers", **query)]

    assert order() == ["1", "10", "9"]
    assert order(sortby="customernumber", sortorder="descending") == ["10", "9", "1"]
    assert order(sortby="name") == ["1", "10", "9"]
    assert fortnox.ask("GET", "customers", sortby="city") == "bad_parameter"


@given(
    prices=st.lists(
        st.tuples(st.integers(-(10**6), 10**6), st.integers(-999, 999), st.sampled_from([0, 6, 12, 25])), max_size=8
    )
)
def test_a_booked_invoice_always_balances(prices: list[tuple[int, int, int]]) -> None:
    """Whatever its rows are: the voucher balances, and receivables are the invoice's total."""
    fortnox = SandboxDriver()
    fortnox.ask("POST", "customers", {"Name": "x"})
    rows = [row(price / 1000, str(quantity / 100), VAT=rate) for price, quantity, rate in prices]
    total = fortnox.invoice(*rows, InvoiceDate="2026-02-01")["Total"]
    fortnox.ask("PUT", "invoices/1/bookkeep")
    (voucher,) = fortnox.company.vouchers()
    assert sum(one.debit - one.credit for one in voucher.draft.rows) == 0
    assert voucher.draft.rows[0].debit - voucher.draft.rows[0].credit == total


def test_a_payment_counts_when_it_is_bookkept(fortnox: SandboxDriver) -> None:
    """A part, then the rest with a write-off: the balance, the final day, the lists, and the voucher."""
    number = fortnox.invoice(row(800), InvoiceDate="2026-03-01")["DocumentNumber"]
    fortnox.ask("PUT", f"invoices/{number}/bookkeep")
    part = {"InvoiceNumber": int(number), "Amount": 400, "PaymentDate": "2026-03-10"}
    paid = fortnox.ask("POST", "invoicepayments", part)
    assert (paid["Booked"], paid["InvoiceTotal"], paid["InvoiceCustomerName"]) == (
        False,
        Decimal(1000),
        "Grosshandel AB",
    )
    assert fortnox.ask("GET", f"invoices/{number}")["Balance"] == 1000
    booked = fortnox.ask("PUT", f"invoicepayments/{paid['Number']}/bookkeep")
    assert (booked["VoucherSeries"], booked["VoucherNumber"]) == ("C", 1)
    assert fortnox.ask("PUT", f"invoicepayments/{paid['Number']}/bookkeep") == "document_closed"
    assert fortnox.ask("GET", f"invoices/{number}")["Balance"] == 600
    rest = {**part, "Amount": 590, "PaymentDate": "2026-04-02"}
    last = fortnox.ask("POST", "invoicepayments", rest | {"WriteOffs": [{"Amount": 10, "AccountNumber": 3740}]})
    assert fortnox.ask("GET", "invoices", filter="unpaid") != []
    fortnox.ask("PUT", f"invoicepayments/{last['Number']}/bookkeep")
    shown = fortnox.ask("GET", f"invoices/{number}")
    assert (shown["Balance"], shown["FinalPayDate"]) == (0, "2026-04-02")
    assert fortnox.ask("GET", "invoices", filter="unpaid") == []
    assert len(fortnox.ask("GET", "invoices", fromfinalpaydate="2026-04-01")) == 1
    assert fortnox.ask("GET", "invoices", fromfinalpaydate="2026-04-03") == []
    assert len(fortnox.ask("GET", "invoicepayments", invoicenumber=number)) == 2
    assert fortnox.ask("POST", "invoicepayments", part | {"InvoiceNumber": 99}) == "no_invoice"
    assert fortnox.company.year_on(date(2026, 4, 2)).accounts[1510].balance == 0  # type: ignore[union-attr] # it has
