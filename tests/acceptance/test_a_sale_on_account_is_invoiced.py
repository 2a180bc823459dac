"""A till sells on account: one invoice, or one order, and the ledger has the sale once, whichever way it came in."""

import json
from decimal import Decimal
from typing import Any

import pytest

from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.records import Record
from schemas import ids
from schemas.settings import InvoicingSettings
from tests.acceptance.house import DAY, Roles, Shop, rows_of, z_report
from tests.connectors.fortnox.sandbox.test_sales import SandboxDriver

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

CLEARING, RECEIVABLES, TIPS = 1518, 1510, 2820
LOST = Faults(only=["POST /3/invoices", "POST /3/customers"], script=[Fault.COMMIT_THEN_LOSE_ANSWER] * 2)
BUYER = {"organisationNumber": "559999-0032", "name": "Bygg & Mur AB", "email": "faktura@exempel.se"}


def sale(receipt: str = "88213", **changes: Any) -> dict[str, Any]:
    """Return a sale on account: books for 500.00 with VAT at 25 %, and 50.00 of tip."""
    content: dict[str, Any] = {
        "format": "bokbuss.openpos.sale-on-account/1",
        "company": {"name": "Boklådan AB"},
        "store": "CITY",
        "registerId": "KASSA1",
        "receiptNumber": receipt,
        "date": DAY,
        "currency": "SEK",
        "customer": BUYER,
        "rows": [{"text": "Böcker", "quantity": "2.00", "price": "250.00", "vatRate": "25", "group": "books"}],
        "tip": "50.00",
        "total": "550.00",
    }
    return content | changes


CLOSED = z_report(
    21,
    payments=[
        {"method": "cash", "amount": "400.00"},
        {"method": "card", "amount": "100.00"},
        {"method": "invoice", "amount": "550.00"},
    ],
    tips="50.00",
)
"""The day close, in which the sale on account is counted: 1,000.00 of sales, and the tip."""


async def invoicing_shop(house: Roles, chosen: InvoicingSettings) -> Shop:
    """Add a company that has consented to customers, invoices and orders as well."""
    shop = await house.shop(invoicing=chosen)
    shop.fortnox.scopes = f"{shop.fortnox.scopes} customer invoice order"
    return shop


def accountant(shop: Shop) -> SandboxDriver:
    """Return somebody who works in the company's Fortnox."""
    found = SandboxDriver()
    found.company = shop.fortnox
    return found


def balance(shop: Shop, number: int) -> Decimal:
    """Return what an account holds; debit is above zero."""
    return Decimal(shop.fortnox.years[4].accounts[number].balance)


async def test_a_sale_on_account_with_a_tip_is_one_invoice(house: Roles) -> None:
    """The customer is made, answers are lost, and all comes twice; booked in Fortnox, the ledger has the sale once."""
    settings = InvoicingSettings(allow_tip_on_invoice=True, customers="create")
    shop = await invoicing_shop(house, settings)
    shop.fortnox.faults = Faults(only=LOST.only, script=[*LOST.script])
    event_id = await house.deliver(shop, sale())
    await house.deliver(shop, sale())
    await house.deliver(shop, CLOSED)
    vouchers = await house.ends_with(shop, vouchers=2)

    assert balance(shop, CLEARING) == 0
    [made] = [record.values for record in shop.fortnox.register("invoices").values()]
    [buyer] = [record.values for record in shop.fortnox.register("customers").values()]
    assert (buyer["Name"], buyer["OrganisationNumber"]) == ("Bygg & Mur AB", "5599990032")
    assert made["CustomerNumber"] == buyer["CustomerNumber"]
    assert (made["ExternalInvoiceReference2"], made["Remarks"]) == (
        "KASSA1 88213",
        f"Kvitto 88213, kassa KASSA1, {DAY}",
    )
    [invoiced] = [r for r in await house.trail(shop) if r.message_type == "bokbuss.create-invoice.v1" and r.record]
    assert invoiced.order_id is not None
    assert made["ExternalInvoiceReference1"] == ids.mark(invoiced.order_id)
    assert (invoiced.fact_id, invoiced.outcome, invoiced.record) == (event_id, "already_there", made["DocumentNumber"])
    [beside] = [v for v in vouchers if "från dagsavslut till faktura 1" in v.draft.description]
    assert (3001, Decimal("400.00"), Decimal("0.00")) in rows_of(beside)

    booked = accountant(shop).ask("PUT", f"invoices/{made['DocumentNumber']}/bookkeep")
    assert booked["Total"] == Decimal(550)
    sold = {number: balance(shop, number) for number in (3001, 2611, TIPS, RECEIVABLES, CLEARING)}
    assert sold == {
        3001: Decimal(-800),
        2611: Decimal(-200),
        TIPS: Decimal(-50),
        RECEIVABLES: Decimal(550),
        CLEARING: 0,
    }


async def test_a_sale_on_account_is_an_order_where_the_company_invoices_collectively(house: Roles) -> None:
    """The trail says that making the invoice is a person's move; what came back is an order below zero."""
    shop = await invoicing_shop(house, InvoicingSettings(order_instead_of_invoice=True, allow_tip_on_invoice=True))
    shop.fortnox.register("customers")["1042"] = Record({"CustomerNumber": "1042", "Name": "Skolan"})
    known = {"customer": {"number": "1042"}}
    path = house.settings.data / "sale.json"
    path.write_text(json.dumps(sale(**known)))
    await house.command("publish", "openpos", str(path), "--tenant", shop.tenant)
    await house.deliver(shop, CLOSED)
    await house.ends_with(shop, vouchers=2)
    back = {"rows": [{**sale()["rows"][0], "quantity": "-1.00"}], "tip": "0.00", "total": "-250.00"}
    await house.deliver(shop, sale("88214", returnedReceipt="88213", **known, **back))
    await house.ends_with(shop, vouchers=3)

    told = [r for r in await house.trail(shop) if r.message_type == "bokbuss.create-invoice.v1"]
    assert [r.record for r in told] == ["1", "2"]
    assert all("invoice it in Fortnox by hand" in r.why for r in told)
    returned = shop.fortnox.register("orders")["2"].values
    assert returned["Remarks"].startswith("Kreditering av order 1. Kvitto 88214")
    assert balance(shop, CLEARING) == Decimal(250)  # the return is in the next day's close
    person = accountant(shop)
    for number in ("1", "2"):
        made = person.ask("PUT", f"orders/{number}/createinvoice")["InvoiceReference"]
        assert person.ask("PUT", f"invoices/{made}/bookkeep")["Booked"] is True
    assert balance(shop, RECEIVABLES) == Decimal(300)


async def test_a_tip_that_is_not_allowed_waits_and_the_answer_ends_it(house: Roles) -> None:
    """By the canonical event, put on its topic by any program."""
    shop = await invoicing_shop(house, InvoicingSettings())
    shop.fortnox.register("customers")["1042"] = Record({"CustomerNumber": "1042", "Name": "Skolan"})
    event = {
        "specversion": "1.0",
        "id": "mytill/K7/3",
        "source": "/tills/city",
        "type": "bokbuss.invoice-requested.v1",
        "subject": "mytill/K7/3",
        "time": f"{DAY}T19:04:11Z",
        "tenant": shop.tenant,
        "data": {
            "system": "mytill",
            "register_id": "K7",
            "receipt_number": "3",
            "invoice_date": DAY,
            "customer_number": "1042",
            "rows": [{"text": "Bok", "quantity": "1.00", "price": "80.00", "vat_rate": "25"}],
            "tip": "10.00",
        },
    }
    await house.publish("facts.invoice-requested.v1", shop.tenant, json.dumps(event).encode())
    hold = await house.held(shop, "tip_not_allowed")
    await house.answer(shop, hold, "allow_tip")
    [beside] = await house.ends_with(shop, vouchers=1)
    assert (CLEARING, Decimal("0.00"), Decimal("110.00")) in rows_of(beside)
    assert len(shop.fortnox.register("invoices")) == 1
