"""Every hold has a way out that does not give the receipt up: an answer, or a change that its text names."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from schemas.commands import HoldForReview, Order, PostVoucher
from schemas.invoices import Buyer, CreateInvoice, FindCustomer, InvoiceRequested
from schemas.settings import TenantSettings
from tests.streams.invoicing.receipts import (
    DAY,
    WORKS,
    Host,
    accounts,
    answered,
    chosen,
    outcome,
    receipt,
    refusal,
    row,
)

OWN = "5560160680"
ROWS = (
    row(),
    row("Ost", group="food", rate="12"),
    row(rate="24"),
    row("Spik", group="iron", rate="25"),
    row(quantity=Decimal("-3.00")),
    row(quantity=Decimal("900000000.00"), price="900000000000.00"),
)
ODD = st.builds(
    lambda number, rows, tip, more, amendment, days, buyer, customer, of, books: receipt(
        number,
        rows=tuple(rows),
        tip=tip,
        total=None if more is None else sum((r.amount for r in rows), tip) + more,
        amendment=amendment,
        invoice_date=DAY + timedelta(days=days),
        buyer=buyer,
        customer_number=customer,
        returned_receipt=of,
        organisation_number=books,
    ),
    st.sampled_from(["7", "8"]),
    st.lists(st.sampled_from(ROWS[:5]), min_size=1, max_size=3),
    st.sampled_from([Decimal("0.00"), Decimal("20.00")]),
    st.sampled_from([None, Decimal("0.01"), Decimal("-9.00"), Decimal("90.00")]),
    st.integers(0, 2),
    st.sampled_from([0, 1, 60]),
    st.sampled_from([None, WORKS, Buyer(name="Ada")]),
    st.sampled_from([None, "1042"]),
    st.sampled_from([None, "7"]),
    st.sampled_from([None, OWN, "5599990016"]),
)
EVERYTHING = chosen(
    accounts(unmapped="fallback", fallback_account=2990),
    allow_tip_on_invoice=True,
    customers="create",
    amended="credit",
)
CHOICES = st.sampled_from(
    [
        TenantSettings(),
        chosen(),
        EVERYTHING,
        chosen(accounts(sales=(), others=(), payments=())),
        chosen(sync_invoices=False, order_instead_of_invoice=True),
        chosen(start_date=DAY + timedelta(days=1)),
        chosen(in_day_close=False, amended="credit"),
    ]
)


def right(told: InvoiceRequested) -> InvoiceRequested:
    """Return the receipt as a till sends it that was set right."""
    return receipt(
        told.receipt_number,
        amendment=told.amendment + 1,
        invoice_date=told.invoice_date,
        organisation_number=OWN if told.organisation_number else None,
    )


BY_THE_TILL = (
    *("unbalanced", "wrong_vat_rate", "unknown_vat_rate", "amount_too_large"),
    *("customer_not_named",),
)
BY_SETTINGS = ("flow_not_configured", "sync_is_off", "before_start", "unmapped_")
WAYS_OUT: tuple[tuple[tuple[str, ...], str, Callable[[Host, InvoiceRequested], tuple[Order, ...]]], ...] = (
    (BY_SETTINGS, "settings", lambda host, _told: host.apply(EVERYTHING)),
    (("before_start",), "start_date", lambda host, _told: host.apply(EVERYTHING)),
    (BY_THE_TILL, "till", lambda host, told: host.tell(right(told))),
)
GIVING_UP = {"discard", "keep"}


def leave(host: Host, held: HoldForReview, tried: set[str]) -> tuple[Order, ...]:
    """Do what a hold says, without giving the receipt up; another of its answers where the first has not helped."""
    told = host.state(held.key).receipt
    assert told is not None
    answers = [c.answer for c in held.choices if c.answer not in GIVING_UP]
    if answers:
        answer = next((a for a in answers if f"{held.key} {held.revision} {held.reason} {a}" not in tried), answers[0])
        tried.add(f"{held.key} {held.revision} {held.reason} {answer}")
        if held.reason == "another_company":
            host.organisation_number = told.organisation_number or OWN  # bokbuss tenant add --org
        return host.tell(answered(held, answer))
    for reasons, named, way in WAYS_OUT:
        if held.reason.startswith(reasons) and named in held.message:
            return way(host, told)
    raise AssertionError(f"no way out of {held.reason}: {held.message}")


@effort(max_examples=200)
@given(told=st.lists(ODD, min_size=1, max_size=4), settings=CHOICES, refused=st.sets(st.integers(1, 5), max_size=2))
def test_every_hold_has_a_way_out(told: list[InvoiceRequested], settings: TenantSettings, refused: set[int]) -> None:
    """A few steps end each hold, whatever was wrong with the receipt, and whichever came before it."""
    host, number, tried = Host(settings, OWN), 0, set[str]()
    for one in told:
        orders = host.tell(one)
        for _ in range(30):
            if not orders:
                break
            last = orders[-1]
            if isinstance(last, FindCustomer | CreateInvoice | PostVoucher):
                number += 1
                code = "customer_missing" if isinstance(last, FindCustomer) else "period_locked"
                orders = host.tell(refusal(last, code) if number in refused else outcome(last, number=number))
            elif isinstance(last, HoldForReview):
                orders = leave(host, last, tried)
            else:
                break
        else:
            raise AssertionError(f"{orders[-1]!r} is never over")
        host.organisation_number = OWN
