"""What recordings of the real Fortnox show of sales (facts §0, [vcr]), asked without HTTP."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.fortnox.sandbox import Company, CostCentre
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import ROUTES

HANDLERS = {f"{method} {path}": handler for method, path, _, handler in ROUTES}
NAMES = {
    "customers": "Customer",
    "articles": "Article",
    "invoices": "Invoice",
    "orders": "Order",
    "units": "Unit",
    "termsofpayments": "TermsOfPayment",
    "labels": "Label",
}
AT = datetime(2026, 5, 8, 12, tzinfo=UTC)


def ask(company: Company, method: str, path: str, body: Any = None, *, at: datetime = AT) -> Any:
    """Return a record or a list, or the code and the text of a refusal."""
    register, *key = path.split("/")
    one = NAMES[register]
    content = json.dumps({one: body}).encode() if body else b""
    asked = ApiRequest(at, {"key": key[0]} if key else {}, {}, content, at)
    try:
        answer = HANDLERS[f"{method} /3/{register}{'/{key}' if key else ''}"](asked, company)
    except RequestRefused as no:
        return no.refusal.code, no.refusal.text.format(*no.details)
    found = json.loads(answer.body, parse_float=Decimal) if answer.body else {}
    return found.get(one, found.get(f"{one}s"))


@pytest.fixture
def company() -> Company:
    """Return a company with customer 1, who has an e-mail address, and article 101."""
    found = Company(1001, cost_centres={"1": CostCentre("1", "Ett")})
    ask(found, "POST", "customers", {"Name": "Kund AB", "Email": "kund@exempel.se"})
    ask(found, "POST", "articles", {"ArticleNumber": "101", "Description": "Hammer"})
    return found


def order(company: Company, reduction: str | None, **row: Any) -> Any:
    """Make an order of one hammer."""
    rows = [{"ArticleNumber": "101", "OrderedQuantity": 1.0, **row}]
    kind = {"TaxReductionType": reduction} if reduction else {}
    return ask(
        company, "POST", "orders", {"CustomerNumber": "1", "Country": "", "Labels": [], "OrderRows": rows, **kind}
    )


@pytest.mark.parametrize(
    ("reduction", "kind", "work", "code"),
    [
        ("rot", "CONSTRUCTION", True, None),
        ("rot", "OTHERCOSTS", False, None),
        ("rut", "OTHERCOSTS", False, None),
        ("rut", "TEXTILECLOTHING", True, None),
        ("rut", "ITSERVICES", True, None),
        ("rut", "MAJORAPPLIANCEREPAIR", True, None),
        ("rot", "OTHERCOSTS", True, 2002980),
        ("rut", "CONSTRUCTION", True, 2004021),
        ("rut", "COOKING", True, 2003157),
        ("rut", "TUTORING", True, 2003157),
        (None, "CONSTRUCTION", False, 2004019),
    ],
)
def test_house_work_goes_with_its_tax_reduction(
    company: Company, reduction: str | None, kind: str, work: object, code: int | None
) -> None:
    """Each combination was recorded of orders; invoices say the same."""
    found = order(company, reduction, HouseWorkType=kind, HouseWork=work)
    if code is not None:
        assert found[0] == code
        assert ask(company, "GET", "orders") == []
        row = {"HouseWorkType": kind, "HouseWork": work, "DeliveredQuantity": "1"}
        invoice = {
            "CustomerNumber": "1",
            "InvoiceRows": [row],
            **({"TaxReductionType": reduction} if reduction else {}),
        }
        assert ask(company, "POST", "invoices", invoice) == found
    else:
        (row,) = found["OrderRows"]
        assert (row["HouseWorkType"], row["HouseWork"], found["TaxReductionType"]) == (kind, work, reduction)


def test_an_order_adds_up_what_was_delivered(company: Company) -> None:
    """One ordered for 10 and none delivered is 0; what is delivered counts."""
    found = order(company, None, Price=10.0)
    (row,) = found["OrderRows"]
    assert (row["OrderedQuantity"], row["DeliveredQuantity"], row["Price"]) == ("1", "0", 10)
    assert (row["Total"], found["Gross"], found["Total"]) == (0, 0, 0)
    assert order(company, None, Price=10.0, DeliveredQuantity=1.0)["Net"] == 10


def test_a_document_has_a_least_sum(company: Company) -> None:
    """Of what is ordered, VAT included, though nothing is delivered yet; nothing is kept."""
    refused = order(company, None, Price=-9999999999.0)
    assert refused == (2001145, "Värdet får inte vara mindre än -9999999999 (-12499999998.75)")
    assert order(company, None, Price=9999999999.0)[0] == 9900035
    assert ask(company, "GET", "orders") == []
    assert order(company, None, Price=-7999999999.0)["DocumentNumber"] == "1"


@pytest.mark.parametrize(("path", "rows"), [("orders", "OrderRows"), ("invoices", "InvoiceRows")])
def test_fees_and_rounding_are_in_the_sum(company: Company, path: str, rows: str) -> None:
    """100 and fees of 50 and 25, 25 % VAT on each: 218.75, so 219 kronor; the row contributes all its price."""
    row = {"Price": 100.0, "DeliveredQuantity": 1.0, "CostCenter": ""}
    found = ask(company, "POST", path, {"CustomerNumber": "1", "AdministrationFee": 50.0, "Freight": 25.0, rows: [row]})
    sums = ("AdministrationFeeVAT", "FreightVAT", "Gross", "Net", "TotalVAT", "RoundOff", "Total", "TotalToPay")
    expected = [Decimal(one) for one in ("12.5", "6.25", "100", "100", "43.75", "0.25", "219", "219")]
    assert [found[name] for name in sums] == expected
    assert (found["ContributionPercent"], found["ContributionValue"]) == (100, 100)
    assert (found[rows][0]["ContributionPercent"], found[rows][0]["ContributionValue"]) == ("100", "100")


def test_a_booked_and_a_credited_invoice_carry_its_fees_and_its_rounding(company: Company) -> None:
    """The voucher balances, receivables are the total, and invoice and credit leave nothing behind."""
    row = {"Price": 100.0, "DeliveredQuantity": 1.0}
    body = {"CustomerNumber": "1", "AdministrationFee": 50.0, "Freight": 25.0, "InvoiceRows": [row]}
    ask(company, "POST", "invoices", body)
    for key, action in (("1", "credit"), ("1", "bookkeep"), ("2", "bookkeep")):
        HANDLERS[f"PUT /3/invoices/{{key}}/{action}"](ApiRequest(AT, {"key": key}, {}, b"", AT), company)
    booked, credited = company.vouchers()
    assert [(one.account, one.debit - one.credit) for one in booked.draft.rows] == [
        (1510, 219),
        (3001, -100),
        (3540, -50),
        (3590, -25),
        (2611, Decimal("-43.75")),
        (3740, Decimal("-0.25")),
    ]
    assert {one.account: one.debit - one.credit for one in credited.draft.rows} == {
        one.account: one.credit - one.debit for one in booked.draft.rows
    }


def test_a_document_proposes_its_e_mail_and_leaves_today(company: Company) -> None:
    """To the customer, under the document's own subject; what a body says replaces only that. Goods leave today."""
    proposed = {
        "EmailAddressFrom": None,
        "EmailAddressTo": "kund@exempel.se",
        "EmailAddressCC": None,
        "EmailAddressBCC": None,
        "EmailSubject": "Order {no} bifogas",
        "EmailBody": " ",
    }
    found = ask(company, "POST", "orders", {"CustomerNumber": "1"})
    assert found["EmailInformation"] == proposed
    assert (found["OutboundDate"], found["WarehouseReady"]) == ("2026-05-08", True)
    found = ask(company, "PUT", "orders/1", {"EmailInformation": {"EmailSubject": "Order {no}"}})
    assert found["EmailInformation"] == {**proposed, "EmailSubject": "Order {no}"}
    later = ask(company, "POST", "invoices", {"CustomerNumber": "1", "OutboundDate": "2026-05-15"})
    assert later["EmailInformation"]["EmailSubject"] == "Faktura {no} bifogas"
    assert (later["OutboundDate"], later["WarehouseReady"]) == ("2026-05-15", False)
    assert ask(company, "GET", "invoices/1", at=datetime(2026, 5, 15, 12, tzinfo=UTC))["WarehouseReady"] is True


@pytest.mark.parametrize("account", ["3001", 3001])
def test_a_customers_account_and_fees_are_numbers(company: Company, account: object) -> None:
    """A text or a number comes in, a number goes out; the customer's address on the web may be a whole one."""
    body = {"Name": "Rik AB", "SalesAccount": account, "InvoiceFreight": "25", "InvoiceAdministrationFee": 50.0}
    found = ask(company, "POST", "customers", {**body, "CostCenter": "1", "WWW": "https://example.com"})
    shown = [found[name] for name in ("SalesAccount", "InvoiceFreight", "InvoiceAdministrationFee", "WWW")]
    assert shown == [3001, 25, 50, "https://example.com"]
    assert ask(company, "POST", "customers", {"Name": "x", "Comments": "https://example.com"})[0] == 2000359


@pytest.mark.parametrize(
    ("written", "shown"), [(1.123, Decimal("1.12")), (-99999999999999.9, Decimal(-100000000000000))]
)
def test_an_articles_stock_is_at_its_disposal(company: Company, written: float, shown: Decimal) -> None:
    """Rounded to two places and to fourteen digits, text in lists; an article without a unit has "" there."""
    found = ask(company, "POST", "articles", {"Description": "Test article", "QuantityInStock": written})
    assert (found["QuantityInStock"], found["DisposableQuantity"], found["Unit"]) == (shown, shown, None)
    item = ask(company, "GET", "articles")[-1]
    assert (item["DisposableQuantity"], item["QuantityInStock"], item["Unit"]) == (str(shown), str(shown), "")


def test_stock_goods_have_costs(company: Company) -> None:
    """The purchase price is the direct cost of stock goods, and nothing is of others."""
    goods = ask(company, "POST", "articles", {"Description": "x", "StockGoods": True, "PurchasePrice": 100.0})
    assert [goods[name] for name in ("DirectCost", "FreightCost", "OtherCost")] == [100, 0, 0]
    assert ask(company, "GET", "articles/101")["DirectCost"] is None


def test_rows_in_an_object_are_rows_and_texts_are_none(company: Company) -> None:
    """PHP does not tell an object from a list: the field in the row is what is complained of."""
    rows: Any = {"invoice_row": {"price": 10}}
    assert ask(company, "POST", "invoices", {"CustomerNumber": "1", "InvoiceRows": rows})[0] == 2001399
    assert ask(company, "POST", "invoices", {"CustomerNumber": "1", "InvoiceRows": ["a row"]})[0] == 2002649


def test_there_are_units_and_terms_of_payment(company: Company) -> None:
    """Fortnox's own are there from the start; addresses are encoded; a missing one has its own code."""
    units = {one["Code"]: one for one in ask(company, "GET", "units")}
    assert units["förp"] == {
        "@url": "https://api.fortnox.se/3/units/f%C3%B6rp",
        "Code": "förp",
        "CodeEnglish": "pack",
        "Description": "förpackning",
    }
    made = ask(company, "POST", "units", {"Code": "hink", "Description": "Hink"})
    assert made["CodeEnglish"] == ""
    assert ask(company, "PUT", "units/hink", {"Description": "Spann"})["Description"] == "Spann"
    assert ask(company, "GET", "units/123456789") == (2000432, "Kan inte hitta enheten.")
    terms = [one["Code"] for one in ask(company, "GET", "termsofpayments")]
    assert terms == ["0", "10", "15", "20", "30", "K", "PF", "AG"]
    assert ask(company, "GET", "termsofpayments/123456789") == (2000429, "Kan inte hitta betalningsvillkoret.")


def test_labels_are_bare(company: Company) -> None:
    """A number and a text: neither an address nor, in lists, MetaInformation."""
    assert ask(company, "POST", "labels", {"Description": "Brådskande"}) == {"Id": 1, "Description": "Brådskande"}
    assert ask(company, "PUT", "labels/1", {"Description": "Lugn"}) == {"Id": 1, "Description": "Lugn"}
    answer = HANDLERS["GET /3/labels"](ApiRequest(AT, {}, {}, b"", AT), company)
    assert json.loads(answer.body) == {"Labels": [{"Id": 1, "Description": "Lugn"}]}
