"""A trial under other settings says what those settings really make of sales on account, to the öre."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.deciding.simulating import Simulation, differences
from infra.plugin import Outcome, Terms
from schemas.bas import BAS_DAY_SALES
from schemas.commands import HoldForReview, Order, PostVoucher
from schemas.invoices import CreateInvoice, FindCustomer, InvoiceRequested
from schemas.money import ZERO
from schemas.settings import CategoryAccount, DaySalesSettings, SalesAccount, TenantSettings
from streams.invoicing import FLOW, booking
from streams.invoicing.trial import trial
from tests.streams.invoicing.receipts import (
    CLEARING,
    DAY,
    WORKS,
    Host,
    accounts,
    answered,
    chosen,
    held,
    outcome,
    receipt,
    refusal,
    row,
)
from tests.streams.invoicing.test_histories import Sale, weeks

NO_WINE = accounts(sales=(SalesAccount(group="meals", account=3002),))
OTHERS = accounts(
    sales=(SalesAccount(group="wine", account=3051), *BAS_DAY_SALES.sales),
    others=tuple(
        CategoryAccount(category=o.category, account=2890) if o.category == "tips" else o for o in BAS_DAY_SALES.others
    ),
)
CHOICES = st.builds(
    chosen,
    st.sampled_from([BAS_DAY_SALES, NO_WINE, OTHERS, accounts(start_date=DAY + timedelta(days=1))]),
    order_instead_of_invoice=st.booleans(),
    allow_tip_on_invoice=st.booleans(),
    in_day_close=st.booleans(),
    sync_invoices=st.sampled_from([True, True, True, False]),
)


def of(host: Host, terms: TenantSettings | None = None, key: str | None = None) -> Outcome | None:
    """Return what a receipt comes to, under settings that may be others."""
    key = key or receipt().key
    states = {key: host.state(key), **host.remembered.states}
    wanted = [key]
    while wanted := [kin for each in wanted for kin in FLOW.akin(states[each]) if kin not in states]:
        states |= {kin: FLOW.state() for kin in wanted}
    return trial(key, states, Terms(terms or host.settings, 2, None))


def compared(host: Host, terms: TenantSettings) -> Simulation:
    """Return the difference that settings make, of all that a company's host remembers."""
    found = Simulation("invoicing")
    for key in host.remembered.states:
        if (now := of(host, key=key)) and (then := of(host, terms, key)):
            found.add(key, now, then)
    return found


def made(orders: Iterable[Order], accounts: DaySalesSettings) -> tuple[dict[tuple[date, int], Decimal], Decimal]:
    """Return what documents and vouchers come to, by day and account, and what customers owe for them."""
    sums: dict[tuple[date, int], Decimal] = {}
    owed = ZERO

    def add(day: date, account: int | None, amount: Decimal) -> None:
        if account is not None:
            sums[day, account] = sums.get((day, account), ZERO) + amount

    for order in orders:
        if isinstance(order, PostVoucher):
            for row in order.rows:
                add(order.voucher_date, row.account, row.debit - row.credit)
        if isinstance(order, CreateInvoice):
            on = order.invoice_date
            by_rate: dict[tuple[int | None, str | None, Decimal], Decimal] = {}
            for line in order.rows:
                place = (line.account, line.group, line.vat_rate)
                by_rate[place] = by_rate.get(place, ZERO) + line.amount
            for (account, _, rate), amount in by_rate.items():
                vat = (amount * rate / (100 + rate)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
                add(on, account, vat - amount)
                add(on, next((v.account for v in accounts.vat if v.vat_rate == rate), None), -vat)
                owed += amount
    return sums, owed


def played(host: Host, sales: Iterable[InvoiceRequested]) -> list[Order]:
    """Tell receipts, and carry out all that is ordered; every customer is found."""
    return [order for sale in sales for order in host.through(host.tell(sale))]


def waits(host: Host) -> set[tuple[str, str]]:
    """Return what waits, and why."""
    return {(key, state.hold.reason) for key, state in host.remembered.states.items() if state.hold}


@settings(max_examples=60)
@given(week=weeks(again=True), now=CHOICES, then=st.one_of(CHOICES, st.just(TenantSettings())))
def test_the_difference_is_what_really_comes_of_it(week: list[Sale], now: TenantSettings, then: TenantSettings) -> None:
    """The same receipts told to a copy of the company under the other settings: books, holds and difference agree."""
    told = [sale.newest for sale in week if sale.on_account]
    ours, copy = Host(now), Host(then)
    before, after = (made(played(host, told), host.settings.daysales or BAS_DAY_SALES) for host in (ours, copy))

    found = compared(ours, then)

    moved = {p: after[0].get(p, ZERO) - before[0].get(p, ZERO) for p in {*before[0], *after[0]}}
    assert {(on, account): amount for on, account, amount in differences([found])} == {
        place: amount for place, amount in moved.items() if amount
    }
    assert found.owed == after[1] - before[1]
    newly, no_longer = waits(copy) - waits(ours), waits(ours) - waits(copy)
    assert sorted(found.held.elements()) == sorted(reason for _, reason in newly)
    assert sorted(found.released.elements()) == sorted(reason for _, reason in no_longer)


@settings(max_examples=30)
@given(week=weeks(), now=CHOICES, then=CHOICES)
def test_what_it_comes_to_balances(week: list[Sale], now: TenantSettings, then: TenantSettings) -> None:
    """What customers owe more is what accounts have less: no öre is lost in between, but where a receipt rounds."""
    host = Host(now)
    played(host, [sale.newest for sale in week if sale.on_account])
    found = compared(host, then)
    assert sum((amount for *_, amount in differences([found])), ZERO) + found.owed == ZERO


def test_an_order_instead_of_an_invoice_comes_to_the_same_once_it_is_invoiced() -> None:
    """The kind of document is another one, and no account moves."""
    host = Host()
    played(host, [receipt()])
    found = compared(host, chosen(order_instead_of_invoice=True))
    assert (found.keys, found.changed, found.booked) == (1, 1, 1)
    assert found.documents == {("invoice", "order"): 1}
    assert ([*differences([found])], found.owed) == ([], ZERO)


def test_a_tip_that_is_allowed_is_released_with_its_account() -> None:
    """The sale waits now, and would be invoiced: the customer owes it, with the tip on an account of its own."""
    host = Host()
    sale = receipt(tip=Decimal("20.00"))
    host.tell(sale)
    found = compared(host, chosen(allow_tip_on_invoice=True, in_day_close=False))
    assert found.released == {"tip_not_allowed": 1}
    assert found.owed == booking.total(sale) == Decimal("369.00")
    moved = {account: amount for _, account, amount in differences([found])}
    assert moved[2820] == Decimal("-20.00")
    assert sum(moved.values()) == -found.owed


def test_a_return_is_tried_with_the_sale_that_it_is_of() -> None:
    """Where the sale would wait, so would its return: there is no invoice that it could credit."""
    host = Host()
    sale = receipt()
    back = receipt(
        "8", rows=tuple(r.model_copy(update={"quantity": -r.quantity}) for r in sale.rows), returned_receipt="7"
    )
    played(host, [sale, back])
    found = compared(host, chosen(NO_WINE))
    assert found.held == {"unmapped_group": 2}
    found = compared(host, chosen(accounts(start_date=DAY + timedelta(days=1)), start_date=DAY))
    assert (found.keys, found.held) == (2, {"before_start": 2})


def test_a_return_is_tried_with_the_returns_before_it() -> None:
    """What would be too much waits as it would: where all wait now, and where the first stands already."""
    told = [
        receipt(),
        *(
            receipt(number, rows=(row(quantity=Decimal("-2.00")),), returned_receipt="7", customer_number=customer)
            for number, customer in (("8", "1042"), ("9", "1042"), ("10", "7"))
        ),
    ]
    host = Host(chosen(NO_WINE))
    played(host, told)
    found = compared(host, chosen())
    assert (found.released, found.held) == ({"unmapped_group": 1, "sale_not_found": 3}, {"returned_too_much": 2})
    host.through(host.apply(chosen()))
    assert waits(host) == {(one.key, "returned_too_much") for one in told[2:]}
    assert compared(host, chosen(NO_WINE)).held == {"unmapped_group": 1, "sale_not_found": 3}
    assert compared(host, chosen(OTHERS)).held == {}


@pytest.mark.parametrize(("back", "waits_too"), [("1.00", []), ("-1.00", ["sale_not_found"])])
def test_a_receipt_may_name_one_of_its_own_number(back: str, waits_too: list[str]) -> None:
    """A till whose numbers began anew: the sale is from before, exchanged for something dearer, or brought back."""
    host = Host()
    sale = receipt(invoice_date=DAY - timedelta(days=60))
    played(host, [sale, receipt(rows=(row(quantity=Decimal(back)),), returned_receipt="7")])
    assert compared(host, chosen()).changed == 0
    assert sorted(compared(host, chosen(NO_WINE)).held) == [*waits_too, "unmapped_group"]


def test_a_customer_who_is_missing_would_be_made_where_that_is_chosen() -> None:
    """Fortnox has said that there is none; a customer who is not known yet counts as found."""
    host = Host()
    (find,) = host.tell(receipt(customer_number=None, buyer=WORKS))
    assert isinstance(find, FindCustomer)
    found = compared(host, chosen(NO_WINE))
    assert found.held == {"unmapped_group": 1}, "it is on its way, and would not be"
    assert held(host.tell(outcome(find, "rejected", code="customer_missing"))).reason == "customer_missing"
    assert compared(host, chosen(customers="create")).released == {"customer_missing": 1}
    assert compared(host, chosen(in_day_close=False)).changed == 0


def test_a_locked_period_is_tried_as_it_was_chosen() -> None:
    """The invoice stands, and the voucher beside it was refused: it would be booked on the first open day."""
    host, opens = Host(), DAY + timedelta(days=21)
    (invoice,) = host.tell(receipt())
    (move,) = host.done(invoice)
    host.tell(refusal(move, until=opens - timedelta(days=1)))
    assert (now := of(host))
    assert now.held == "period_locked"
    found = compared(host, chosen(accounts(locked_period="first_open_day")))
    assert found.released == {"period_locked": 1}
    assert {on for on, *_ in differences([found])} == {opens}
    assert sum(amount for _, account, amount in differences([found]) if account == CLEARING) == Decimal("-349.00")


def test_what_a_person_answered_counts() -> None:
    """A sale that somebody has given up is given up under other settings, too."""
    host = Host()
    hold = held(host.tell(receipt(tip=Decimal("20.00"))))
    assert isinstance(hold, HoldForReview)
    host.tell(answered(hold, "discard"))
    assert compared(host, chosen(allow_tip_on_invoice=True)).changed == 0
    assert of(host, key=receipt().counter) is None, "a counter has no receipt of its own"
