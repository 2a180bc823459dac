"""Invoices and orders in Fortnox, against the sandbox: one order of ours, one document there."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import CostCentre, Fault, Faults
from connectors.fortnox.sandbox.records import Record
from infra.postgres import Engine
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater
from schemas import ids
from schemas.invoices import OTHER_AMOUNTS, DocumentRow
from tests.connectors.fortnox.lane_driver import SCOPES, attempt, carry_out, connected, invoice

PATH = {"invoice": "invoices", "order": "orders"}
FAULTS = [
    *(Fault.COMMIT_THEN_LOSE_ANSWER, Fault.COMMIT_THEN_500, Fault.COMMIT_THEN_HTML, Fault.LATE_COMMIT),
    *(Fault.STALE_LIST, Fault.RESET_BEFORE_COMMIT, Fault.HTML_WITHOUT_COMMIT, Fault.FAIL_WITHOUT_COMMIT),
]


@pytest.fixture
def company() -> sandbox.Company:
    """Return a company in Fortnox with one customer."""
    made = sandbox.Company(123456, scopes=SCOPES, cost_centres={"S1": CostCentre("S1", "Butiken")})
    made.register("customers")["1"] = Record({"CustomerNumber": "1", "Name": "Skolan"})
    return made


def documents(company: sandbox.Company, document: str) -> list[dict[str, Any]]:
    """Return the documents in Fortnox."""
    return [record.values for record in company.register(PATH[document]).values()]


@pytest.mark.parametrize("document", ["invoice", "order"])
async def test_a_document_is_made_with_its_mark_and_is_not_booked(
    engine: Engine, company: sandbox.Company, document: str
) -> None:
    """Rows and cost centre arrive; an order says that it is invoiced by hand; another order of ours is absent."""
    order = invoice(document=document, cost_centre="S1")
    async with connected(engine, company) as connection:
        verdict = await connection.write(order, attempt())
        assert isinstance(verdict, Delivered)
        assert ("by hand" in verdict.note) == (document == "order")
        assert "held otherwise" not in verdict.note
        found = await connection.probe(order, attempt())
        assert (type(found), found.record) == (AlreadyThere, verdict.record)
        assert await connection.probe(invoice("openpos/3/2", document=document), attempt()) == Absent()
    (held,) = documents(company, document)
    assert held["ExternalInvoiceReference1"] == ids.mark(UUID(order.id))
    assert (held["DocumentNumber"], held["CustomerNumber"], held["CostCenter"]) == (verdict.record, "1", "S1")
    rows = held["InvoiceRows" if document == "invoice" else "OrderRows"]
    assert [(row["Description"], row["Price"], row["VAT"], row["DeliveredQuantity"]) for row in rows] == [
        ("Böcker", "99.50", 6, "2.00"),
        ("Frakt", "40.00", 25, "1.00"),
    ]
    assert not held.get("Booked")


async def test_two_documents_with_one_mark_are_both_told(engine: Engine, company: sandbox.Company) -> None:
    """The first is the order's; who decides learns of the other, which a person must credit."""
    order = invoice()
    async with connected(engine, company) as connection:
        made = [await connection.write(order, attempt()) for _ in range(2)]
        first, second = [verdict.record for verdict in made if isinstance(verdict, Delivered)]
        found = await connection.probe(order, attempt())
    assert isinstance(found, AlreadyThere)
    assert (found.record, found.others) == (first, (second,))


@pytest.mark.parametrize("document", ["invoice", "order"])
async def test_a_document_whose_mark_may_not_be_read_is_not_absent(
    engine: Engine, company: sandbox.Company, document: str
) -> None:
    """API_NORIGHT in place of the mark says nothing: taken for absent, the document would be made a second time."""
    order = invoice(document=document)
    async with connected(engine, company) as connection:
        await connection.write(order, attempt())
        company.no_right = {"ExternalInvoiceReference1"}
        look = await connection.probe(order, attempt())
        assert isinstance(look, RetryLater)
        assert look.code == "list_unreadable"
        company.no_right = set()
        assert isinstance(await connection.probe(order, attempt()), AlreadyThere)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("document", ["invoice", "order"])
async def test_a_lost_answer_never_doubles_a_document(
    engine: Engine, company: sandbox.Company, document: str, fault: Fault
) -> None:
    """Whatever became of the POST, there is one, and its number is known."""
    company.faults = Faults(script=[fault], only=f"POST /3/{PATH[document]}", seconds={fault: 0.2})
    async with connected(engine, company) as connection:
        verdict = await carry_out(connection, invoice(document=document))
    assert isinstance(verdict, Delivered | AlreadyThere)
    assert [held["DocumentNumber"] for held in documents(company, document)] == [verdict.record]


@pytest.mark.parametrize("document", ["invoice", "order"])
async def test_what_is_found_after_a_lost_answer_is_judged_as_the_answer_would_have_been(
    engine: Engine, company: sandbox.Company, document: str
) -> None:
    """An empty stock makes quantities 0: whoever found only the mark would take the sale out of the day for nothing."""
    order, rows = invoice(document=document), "InvoiceRows" if document == "invoice" else "OrderRows"
    quantity = "DeliveredQuantity" if document == "invoice" else "OrderedQuantity"
    async with connected(engine, company) as connection:
        await connection.write(order, attempt())
        held = documents(company, document)[0]
        held[rows] = [{**held[rows][0], quantity: "0"}, *held[rows][1:]]
        found = await connection.probe(order, attempt())
    assert isinstance(found, AlreadyThere)
    assert found.code == OTHER_AMOUNTS
    assert f"{quantity} of row 1 0 for 2.00" in found.note


async def test_what_is_adapted_is_named_by_row(engine: Engine, company: sandbox.Company) -> None:
    """The text itself may name a person."""
    rows = (DocumentRow(text="Bok [Anna]", quantity=Decimal(1), price=Decimal("1.13"), vat_rate=Decimal(6)),)
    async with connected(engine, company) as connection:
        verdict = await connection.write(invoice(rows=rows), attempt())
    assert verdict == Delivered(record="1", note="adapted to what Fortnox takes: text of row 1")


async def test_amounts_stay_what_the_till_said(engine: Engine, company: sandbox.Company) -> None:
    """A quantity that is finer than Fortnox keeps becomes one of all of it; a discount is the whole row's."""
    kilo = {"price": Decimal("289.00"), "vat_rate": Decimal(6), "account": 3003}
    rows = (
        DocumentRow(text="Ost", quantity=Decimal("0.345"), unit="kg", **kilo),
        DocumentRow(text="Ost", quantity=Decimal("-0.50"), discount=Decimal("-4.50"), **kilo),
        DocumentRow(text="Ost", quantity=Decimal("2.00"), discount=Decimal("8.00"), **kilo),
        DocumentRow(text="Dricks", quantity=Decimal(1), price=Decimal("50.00"), vat_rate=Decimal(0), account=2820),
    )
    receipt = {"receipt": "K1 88213", "remark": "Kvitto 88213, kassa K1 [Söder]"}
    async with connected(engine, company) as connection:
        verdict = await connection.write(invoice(rows=rows, vat_included=True, **receipt), attempt())
    assert verdict == Delivered(record="1", note="adapted to what Fortnox takes: text of row 1, text of row 2")
    (held,) = documents(company, "invoice")
    assert (held["ExternalInvoiceReference2"], held["Remarks"]) == ("K1 88213", "Kvitto 88213, kassa K1 (Söder)")
    shown = ("Description", "DeliveredQuantity", "Price", "Discount", "AccountNumber")
    assert [tuple(row.get(name) for name in shown) for row in held["InvoiceRows"]] == [
        ("Ost, 0.345 kg à 289.00", "1.00", "99.71", "0.00", 3003),
        ("Ost, -0.50 st à 289.00, rabatt 4.50", "-1.00", "140.00", "0.00", 3003),
        ("Ost", "2.00", "289.00", "8.00", 3003),
        ("Dricks", "1.00", "50.00", "0.00", 2820),
    ]


@pytest.mark.parametrize("document", ["invoice", "order"])
async def test_a_customer_of_another_currency_owes_kronor(
    engine: Engine, company: sandbox.Company, document: str
) -> None:
    """A till sells in kronor; a document that does not say so has its customer's currency."""
    company.register("customers")["1"].values["Currency"] = "EUR"
    async with connected(engine, company) as connection:
        verdict = await connection.write(invoice(document=document), attempt())
    assert isinstance(verdict, Delivered)
    assert "held otherwise" not in verdict.note
    assert [held["Currency"] for held in documents(company, document)] == ["SEK"]


@pytest.mark.parametrize("document", ["invoice", "order"])
async def test_what_is_predefined_for_a_customer_adds_nothing_to_what_was_sold(
    engine: Engine, company: sandbox.Company, document: str
) -> None:
    """A fee and freight that no till has taken, and that no day close has, would be owed and booked."""
    company.register("customers")["1"].values.update(InvoiceAdministrationFee="29.00", InvoiceFreight="49.00")
    async with connected(engine, company) as connection:
        verdict = await connection.write(invoice(document=document), attempt())
    assert isinstance(verdict, Delivered)
    assert "held otherwise" not in verdict.note
    (held,) = documents(company, document)
    assert [Decimal(str(held[name])) for name in ("AdministrationFee", "Freight")] == [0, 0]


async def test_an_article_that_is_missing_is_the_accountants_move(engine: Engine, company: sandbox.Company) -> None:
    """Rows name the till's articles only where a company chose so."""
    rows = (DocumentRow(text="Ost", quantity=Decimal(1), price=Decimal(1), vat_rate=Decimal(6), article="OST"),)
    async with connected(engine, company) as connection:
        verdict = await connection.write(invoice(rows=rows), attempt())
        assert isinstance(verdict, Rejected)
        assert (verdict.code, verdict.who) == ("article_missing", "accountant")
        company.register("articles")["OST"] = Record({"ArticleNumber": "OST", "Description": "Ost"})
        assert isinstance(await connection.write(invoice(rows=rows), attempt()), Delivered)


async def test_a_customer_that_is_missing_is_the_accountants_move(engine: Engine, company: sandbox.Company) -> None:
    """Its name is bounded."""
    async with connected(engine, company) as connection:
        verdict = await connection.write(invoice(customer_number="77"), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("customer_missing", "accountant")


async def test_a_missing_module_stops_invoices_and_rejects_none(engine: Engine, company: sandbox.Company) -> None:
    """What else the company has carried out goes on; the click path is said."""
    company.licences -= {"invoicing"}
    async with connected(engine, company) as connection:
        verdict = await connection.write(invoice(), attempt())
    assert isinstance(verdict, RetryLater)
    assert (verdict.code, verdict.who, verdict.of_kind) == ("licence_missing", "operator", True)
    assert "Add Licenses" in verdict.why
