"""What was open at a balance date, though paid since: against the sandbox's own books, to the öre."""

import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.fortnox.ledger.open_items import read_open
from connectors.fortnox.sandbox import Company, Faults
from connectors.fortnox.sandbox.books import Draft, Row
from connectors.fortnox.sandbox.records import Record
from infra.commanding import Failed
from infra.delivery.reading import NotRead
from infra.postgres import Engine
from infra.specifications import OpenInvoice, Specification
from tests.connectors.fortnox.ledger_driver import AT, NUMBER, TENANT, LedgerDriver, ledger_driver

LAST = date(2025, 12, 31)
SCOPES = "bookkeeping companyinformation settings invoice supplierinvoice payment"
SIDES = {"customers": (1510, 1, "invoices"), "suppliers": (2440, -1, "supplierinvoices")}


class Trade:
    """Invoices and payments of a company in the sandbox, each with its voucher, as Fortnox books them."""

    def __init__(self, company: Company) -> None:
        self.company = company

    def book(self, account: int, amount: Decimal, day: date) -> None:
        """Move an account, against the bank."""
        year = self.company.year_on(day)
        assert year is not None
        value = abs(amount)
        sides = (value, Decimal(0)), (Decimal(0), value)
        first, second = sides if amount > 0 else sides[::-1]
        self.company.book(Draft(year.id, "B", day, "faktura", (Row(account, *first), Row(1930, *second))), AT, AT)

    def invoice(self, side: str, number: str, amount: str, day: date, *, booked: bool = True, **more: Any) -> None:
        """Put an invoice into the register."""
        account, sign, register = SIDES[side]
        if booked:
            self.book(account, sign * Decimal(amount), day)
        named = {"InvoiceDate": str(day), "Booked": booked, "Currency": "SEK"}
        if side == "customers":
            row = {"Price": amount, "DeliveredQuantity": "1", "VAT": 0, "RowId": 1}
            values = {"DocumentNumber": number, "CustomerNumber": "7", "CustomerName": "Skolan", "InvoiceRows": [row]}
        else:
            values = {"GivenNumber": number, "InvoiceNumber": f"L{number}", "SupplierNumber": "9", "Total": amount}
            values["SupplierName"] = "Elbolaget"
        self.company.register(register)[number] = Record({**named, **values, **more})

    def pay(self, side: str, invoice: str, amount: str, day: date, *, entered: date | None = None, **more: Any) -> None:
        """Let a payment be bookkept, entered on its day unless another one is named."""
        account, sign, _ = SIDES[side]
        register = self.company.register("invoicepayments" if side == "customers" else "supplierinvoicepayments")
        if more.get("Booked", True):
            self.book(account, -sign * Decimal(amount), day)
        number = str(len(register) + 1)
        named = {"Number": number, "InvoiceNumber": invoice, "Amount": amount, "PaymentDate": str(day), "Booked": True}
        at = AT.replace(year=(entered or day).year, month=(entered or day).month, day=(entered or day).day)
        register[number] = Record({**named, **more}, at)


@pytest.fixture
async def books(engine: Engine, tmp_path: Path) -> AsyncIterator[LedgerDriver]:
    """Yield a company that has consented to what this takes."""
    async with ledger_driver(engine, tmp_path, Company(NUMBER)) as driver:
        await driver.consented(SCOPES)
        yield driver


async def read(books: LedgerDriver) -> dict[str, Specification]:
    """Return what was open at the end of 2025, by side."""
    return {one.side: one for one in (await read_open(books.host, TENANT, 2025)).sides}


def told(one: OpenInvoice) -> tuple[str, str, str, str]:
    """Return what an invoice says, in a few texts."""
    return one.number, str(one.open), str(one.paid_later), str(one.last_paid or "")


@pytest.mark.parametrize("side", SIDES)
async def test_what_was_open_is_told_though_it_is_paid_by_now(books: LedgerDriver, side: str) -> None:
    """Unpaid, paid in part before or after, paid since, paid before, of the next year, cancelled, credited since."""
    trade = Trade(books.fortnox)
    december, january = date(2025, 12, 10), date(2026, 1, 15)
    trade.invoice(side, "1", "1000.00", december)
    trade.invoice(side, "2", "2000.00", december)
    trade.pay(side, "2", "500.00", date(2025, 12, 20))
    trade.pay(side, "2", "300.00", january)
    trade.invoice(side, "3", "3000.00", december)
    trade.pay(side, "3", "3000.00", january)
    trade.invoice(side, "4", "4000.00", december)
    trade.pay(side, "4", "4000.00", LAST)
    trade.invoice(side, "5", "5000.00", january)
    trade.invoice(side, "6", "6000.00", december, booked=False, Cancelled=True)
    trade.invoice(side, "7", "-700.00", december)
    trade.invoice(side, "8", "800.00", date(2025, 3, 1))
    trade.pay(side, "8", "800.00", date(2026, 1, 2), entered=date(2025, 3, 2))  # entered long before its day
    found = (await read(books))[side]
    assert [told(one) for one in found.invoices] == [
        ("8", "800.00", "800.00", "2026-01-02"),
        ("1", "1000.00", "0.00", ""),
        ("2", "1500.00", "300.00", "2026-01-15"),
        ("3", "3000.00", "3000.00", "2026-01-15"),
        ("7", "-700.00", "0.00", ""),
    ]
    assert (str(found.total), found.findings, found.note) == ("5600.00", (), "")
    assert found.balance == SIDES[side][1] * found.total
    assert all(one.party_name for one in found.invoices)


async def test_what_is_not_the_accounts_is_a_finding_by_name(books: LedgerDriver) -> None:
    """Somebody has booked on 1510 by hand; what is not booked, or in another currency, is said as well."""
    trade = Trade(books.fortnox)
    trade.invoice("customers", "1", "1000.00", LAST)
    trade.book(1510, Decimal("12.34"), LAST)
    trade.invoice("customers", "2", "50.00", LAST, booked=False)
    trade.invoice("suppliers", "1", "100.00", LAST, Currency="EUR", CurrencyRate="11.25", CurrencyUnit=1)
    trade.pay("suppliers", "1", "20.00", LAST, Booked=False)
    sides = await read(books)
    customers, suppliers = sides["customers"], sides["suppliers"]
    assert [one.code for one in customers.findings] == ["differs_from_account", "not_booked"]
    assert "come to 1000.00" in customers.findings[0].why.replace("\xa0", "").replace(" 000", "000")
    assert "12.34" in customers.findings[0].why
    assert [told(one)[1] for one in suppliers.invoices] == ["1125.00"]
    assert {one.code for one in suppliers.findings} == {
        "differs_from_account",
        "payments_not_booked",
        "foreign_currency",
    }


async def test_what_was_not_consented_to_is_not_an_empty_list(books: LedgerDriver) -> None:
    """It is said, and the other side is read; so is what Fortnox does not let us read."""
    Trade(books.fortnox).invoice("customers", "1", "1000.00", LAST)
    await books.consented("bookkeeping companyinformation settings invoice payment")
    sides = await read(books)
    assert (sides["suppliers"].note, len(sides["customers"].invoices)) == ("not_consented", 1)
    await books.consented(SCOPES)
    books.fortnox.licences -= {"supplier-invoices"}
    sides = await read(books)
    assert (sides["suppliers"].note, len(sides["customers"].invoices)) == ("not_permitted", 1)
    with pytest.raises(Failed, match="no financial year in Fortnox that ends in 2019"):
        await read_open(books.host, TENANT, 2019)


@pytest.mark.parametrize("odd", [{"Total": "ett"}, {"Total": "NaN"}, {"InvoiceDate": "i går"}, {"Total": "1 000,00"}])
async def test_what_cannot_be_read_is_not_nothing(books: LedgerDriver, odd: dict[str, str]) -> None:
    """An amount that is none is no invoice of nothing: there is no answer, and the value is not shown."""
    trade = Trade(books.fortnox)
    trade.invoice("suppliers", "1", "100.00", LAST, CurrencyRate=odd.get("Total", ""))
    trade.company.register("supplierinvoices")["1"].values["DueDate"] = odd.get("InvoiceDate", str(LAST))
    with pytest.raises(NotRead) as told:
        await read(books)
    assert (told.value.verdict.code, told.value.verdict.who) == ("list_unreadable", "developer")
    assert not any(value in told.value.verdict.why for value in odd.values())


async def test_a_thousand_invoices_of_any_history_come_to_the_account(books: LedgerDriver) -> None:
    """Whatever was paid when, while a fifth of all answers is lost: the sums are the account's, in few calls."""
    chance, trade = random.Random(7), Trade(books.fortnox)
    for number in range(1, 601):
        side = chance.choice(list(SIDES))
        day = date(2025, 1, 1) + timedelta(days=chance.randrange(480))
        amount = Decimal(chance.randrange(100, 99_000))
        trade.invoice(side, str(number), f"{amount}.00", day)
        for _ in range(chance.randrange(3)):
            part = (amount * chance.choice([1, 1, 2]) // 4) or Decimal(1)
            amount -= part
            trade.pay(side, str(number), f"{part}.00", day + timedelta(days=chance.randrange(120)))
        if chance.random() < 0.4 and amount:
            trade.pay(side, str(number), f"{amount}.00", day + timedelta(days=120 + chance.randrange(60)))
    books.fortnox.faults = Faults.evenly(0.2, 5)
    books.fortnox.faults.seconds.update(dict.fromkeys(books.fortnox.faults.seconds, 0.1))
    sides = await read(books)
    for side, (_, sign, _) in SIDES.items():
        assert sides[side].findings == ()
        assert sides[side].balance == sign * sides[side].total != 0
