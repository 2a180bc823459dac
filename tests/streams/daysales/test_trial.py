"""A trial under other settings says what those settings really make of what came in."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.deciding.simulating import Simulation, differences
from infra.plugin import Outcome, Terms
from schemas.bas import BAS_DAY_SALES
from schemas.commands import HoldForReview, PostVoucher
from schemas.events import DayClosed
from schemas.money import ZERO
from schemas.settings import CategoryAccount, TenantSettings
from streams.daysales.trial import trial
from tests.streams.daysales.days import (
    KEY,
    Host,
    answered,
    chosen,
    day,
    outcome,
    paid,
    refusal,
    sums_that_meet,
    without_card,
)

OTHER = chosen(
    others=tuple(
        CategoryAccount(category=o.category, account=2890) if o.category == "tips" else o for o in BAS_DAY_SALES.others
    )
)


def of(host: Host, terms: TenantSettings | None = None, key: str = KEY) -> Outcome | None:
    """Return what a day comes to, under settings that may be others."""
    states = {key: host.state(key), **{doubt: host.state(doubt) for doubt in host.state(key).doubts}}
    return trial(key, states, Terms(terms, 2, None) if terms else host.terms)


def compared(host: Host, terms: TenantSettings) -> Simulation:
    """Return the difference that settings make, of all that a company's host remembers."""
    found = Simulation("daysales")
    for key in host.remembered.states:
        if (now := of(host, key=key)) and (then := of(host, terms, key)):
            found.add(key, now, then)
    return found


def booked(orders: Iterable[object]) -> dict[int, Decimal]:
    """Return the sums by account of the vouchers among orders."""
    sums: dict[int, Decimal] = {}
    for order in orders:
        for row in order.rows if isinstance(order, PostVoucher) else ():
            sums[row.account] = sums.get(row.account, ZERO) + row.debit - row.credit
    return {account: amount for account, amount in sums.items() if amount}


def dated(on: date, amounts: Mapping[int, Decimal]) -> dict[tuple[date, int], Decimal]:
    """Return sums by account as those of a day."""
    return {(on, account): amount for account, amount in amounts.items()}


@settings(max_examples=60)
@given(
    reports=st.lists(sums_that_meet(), min_size=1, max_size=4),
    now=st.sampled_from([chosen(), without_card(), OTHER]),
    then=st.sampled_from([chosen(), without_card(), OTHER, TenantSettings()]),
)
def test_the_difference_is_what_really_comes_of_it(
    reports: list[DayClosed], now: TenantSettings, then: TenantSettings
) -> None:
    """The same reports told to a copy of the company under the other settings: books, holds and difference agree."""
    numbered = [report.model_copy(update={"z_number": n}) for n, report in enumerate(reports, 12)]
    ours, copy = Host(now), Host(then)
    ordered = [[order for report in numbered for order in host.tell(report)] for host in (ours, copy)]

    found = compared(ours, then)

    before, after = map(booked, ordered)
    moved = {a: after.get(a, ZERO) - before.get(a, ZERO) for a in {*before, *after}}
    told: dict[int, Decimal] = {}
    for _, account, amount in differences([found]):
        told[account] = told.get(account, ZERO) + amount
    assert {a: m for a, m in told.items() if m} == {a: m for a, m in moved.items() if m}

    def waits(orders: Iterable[object]) -> Counter[str]:
        reasons = {order.key: order.reason for order in orders if isinstance(order, HoldForReview)}
        posted = {order.key for order in orders if isinstance(order, PostVoucher)}
        settled = [k for k, s in copy.remembered.states.items() if s.day and not s.hold and k not in posted]
        return Counter(reason for key, reason in reasons.items() if key not in settled)

    assert found.held - found.released == waits(ordered[1]) - waits(ordered[0])


def test_a_booked_day_is_compared_by_its_content() -> None:
    """What stands in the ledger is named, and is tried as if it were to be booked now."""
    host = Host()
    (order,) = host.tell(day())
    assert isinstance(order, PostVoucher)
    assert of(host) == Outcome(day().business_date, booked=False, amounts=dated(day().business_date, booked([order])))
    host.tell(outcome(order))
    found = compared(host, OTHER)
    assert (found.keys, found.changed, found.booked) == (1, 1, 1)
    assert {account: amount for _, account, amount in differences([found])} == {
        2890: Decimal("-20.00"),
        next(o.account for o in BAS_DAY_SALES.others if o.category == "tips"): Decimal("20.00"),
    }


def test_what_a_person_answered_counts() -> None:
    """A difference that somebody let go is let go under other settings too."""
    host = Host()
    (hold,) = host.tell(day(payments=(paid("cash", "100.00"), paid("card", "151.40"))))
    assert isinstance(hold, HoldForReview)
    host.tell(answered(hold, "round"))
    then = of(host, OTHER)
    assert then
    assert not then.held
    assert then.amounts[then.day, 3740] == Decimal("-0.40")


def test_settings_that_lack_an_account_would_hold() -> None:
    """The reason is named, with the day that it would hold; and the other way it is released."""
    host = Host()
    host.tell(day())
    found = compared(host, without_card())
    assert found.held == {"unmapped_payment_method": 1}
    assert found.examples["held", "unmapped_payment_method"] == [KEY]
    waits = Host(without_card())
    waits.tell(day())
    assert compared(waits, chosen()).released == {"unmapped_payment_method": 1}


def test_a_locked_period_is_tried_as_it_was_chosen() -> None:
    """Fortnox has refused the day: it waits, is not booked, or is booked on the first open day."""
    host, opens = Host(), date(2026, 5, 1)
    (order,) = host.tell(day())
    assert isinstance(order, PostVoucher)
    host.tell(refusal(order, opens - timedelta(days=1)))
    later, never = chosen(locked_period="first_open_day"), chosen(locked_period="reject")
    assert (now := of(host))
    assert (now.held, now.amounts) == ("period_locked", {})
    assert (then := of(host, later))
    assert (then.held, then.amounts) == ("", dated(opens, booked([order])))
    assert (then := of(host, never))
    assert (then.held, then.amounts) == ("", {})
    found = compared(host, later)
    assert found.released == {"period_locked": 1}
    assert {on for on, *_ in differences([found])} == {opens}


def test_a_key_without_a_report_of_its_own_comes_to_nothing() -> None:
    """A counter's state is none, nor is what was counted to another report."""
    host = Host()
    host.tell(day())
    assert of(host, key="openpos/K1/12") is None
