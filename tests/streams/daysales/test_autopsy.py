"""The settings that are named for a held day really let it pass, and no other is named."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from infra.plugin import Autopsy
from schemas.bas import BAS_DAY_SALES
from schemas.commands import HoldForReview, PostVoucher
from schemas.events import DayClosed
from schemas.settings import CategoryAccount, PaymentAccount, SalesAccount, TenantSettings, VatAccount
from streams.daysales.autopsy import autopsy
from streams.daysales.state import State
from tests.streams.daysales.days import (
    KEY,
    NOW,
    Host,
    answered,
    chosen,
    day,
    other,
    outcome,
    paid,
    refusal,
    sold,
    without_card,
)

CAME = NOW + timedelta(minutes=10)
BAS = dict(BAS_DAY_SALES)


def asked(host: Host, hold: HoldForReview) -> Autopsy:
    """Return what the flow says of a hold, as the host asks it."""
    asking = autopsy(hold, host.terms)
    states: Mapping[str, State] | None = None
    try:
        while True:
            keys = next(asking) if states is None else asking.send(states)
            states = {key: host.state(key) for key in keys}
    except StopIteration as end:
        told: Autopsy = end.value
        return told


def held(host: Host, report: DayClosed) -> HoldForReview:
    """Return the hold of a report."""
    hold = host.tell(report, came=CAME)[-1]
    assert isinstance(hold, HoldForReview)
    return hold


FOOD_AT_25 = day(sales=(sold("food", "25", "100.00", "25.00"),), payments=(paid("cash", "125.00"),), others=())
OTHER_RATE = day(sales=(sold("drinks", "24", "100.00", "24.00"),), payments=(paid("cash", "124.00"),), others=())
HALF = day(payments=(paid("cash", "100.00"), paid("card", "151.40")))
EARLY = day(business_date=date(2026, 4, 12), taken_at=NOW)
KLARNA = day(payments=(paid("cash", "100.00"), paid("klarna", "151.00")))
DEPOSIT = day(others=(other("tips", "10.00"), other("pant", "10.00")))
NO_SALES = chosen(sales=())
CASES: list[tuple[DayClosed, TenantSettings, list[str], TenantSettings]] = [
    (day(), chosen(sync_sales=False), ["sync_sales: true"], chosen()),
    (
        day(),
        chosen(start_date=date(2026, 5, 1)),
        ["start_date: 2026-04-10 or earlier"],
        chosen(start_date=date(2026, 4, 10)),
    ),
    (EARLY, chosen(), ["days_early: 2 or more"], chosen(days_early=2)),
    (day(business_date=date(2026, 4, 1)), chosen(days_late=3), ["days_late: 9 or more"], chosen(days_late=9)),
    (HALF, chosen(), ["difference_limit: 0.40 or more"], chosen(difference_limit="0.40")),
    (
        KLARNA,
        chosen(),
        ["payments: an account for klarna", "unmapped: fallback, with a fallback_account"],
        chosen(payments=(*BAS["payments"], PaymentAccount(method="klarna", account=1580))),
    ),
    (
        DEPOSIT,
        chosen(),
        ["others: an account for pant", "unmapped: fallback, with a fallback_account"],
        chosen(others=(*BAS["others"], CategoryAccount(category="pant", account=2420))),
    ),
    (
        day(),
        NO_SALES,
        ["sales: an account for food 6 %, drinks 25 %", "unmapped: fallback, with a fallback_account"],
        chosen(
            sales=(
                SalesAccount(vat_rate=Decimal("6.00"), account=3003),
                SalesAccount(vat_rate=Decimal("25.00"), account=3001),
            )
        ),
    ),
    (FOOD_AT_25, chosen(), ["group_rates: other rates for food"], chosen(group_rates=())),
    (day(), TenantSettings(), ["daysales: settings such as the starting set"], chosen()),
    (
        OTHER_RATE,
        chosen(),
        [
            "vat: 24 %, each with its account; and sales: an account for drinks 24 %",
        ],
        chosen(
            vat=(*BAS["vat"], VatAccount(vat_rate=Decimal("24.00"), account=2611)),
            sales=(*BAS["sales"], SalesAccount(vat_rate=Decimal("24.00"), account=3001)),
        ),
    ),
]


@pytest.mark.parametrize(("report", "settings", "named", "after"), CASES, ids=[case[2][0][:30] for case in CASES])
def test_a_setting_that_is_named_lets_the_day_pass(
    report: DayClosed, settings: TenantSettings, named: list[str], after: TenantSettings
) -> None:
    """Each is what it takes, and applied it books the day."""
    host = Host(settings)
    told = asked(host, held(host, report))
    assert [str(remedy.setting) for remedy in told.remedies] == named
    assert all(str(remedy.then) == f"the day is booked on {report.business_date}" for remedy in told.remedies)
    assert isinstance(host.apply(after)[-1], PostVoucher)


def test_a_day_that_only_the_till_can_correct_has_no_such_setting() -> None:
    """What does not add up by much, and what VAT is wrong, is not settled by settings."""
    host = Host()
    assert asked(host, held(host, day(payments=(paid("cash", "500.00"),)))) == Autopsy()


def test_what_waits_for_an_amendment_or_for_fortnox_names_what_was_chosen() -> None:
    """A booked day, and a locked period whose end is known; not what would be refused again."""
    host = Host()
    booked = host.tell(day())[-1]
    assert isinstance(booked, PostVoucher)
    host.tell(outcome(booked, number=7))
    told = asked(host, held(host, day(amendment=1, payments=(paid("cash", "90.00"), paid("card", "161.00")))))
    assert [(str(r.setting), str(r.then)) for r in told.remedies] == [
        ("amended: reverse", "F 7 is reversed, and the day is booked anew")
    ]

    host = Host()
    booked = host.tell(day())[-1]
    assert isinstance(booked, PostVoucher)
    hold = host.tell(refusal(booked, date(2026, 4, 30)))[-1]
    assert isinstance(hold, HoldForReview)
    assert [(str(r.setting), str(r.then)) for r in asked(host, hold).remedies] == [
        ("locked_period: first_open_day", "the day is booked on 2026-05-01")
    ]


def test_nothing_is_said_of_what_waits_no_longer_or_of_other_flows() -> None:
    """An old hold is history."""
    host = Host(without_card())
    hold = held(host, day())
    assert asked(host, hold).remedies
    assert asked(host, hold.model_copy(update={"flow": "yearend"})) == Autopsy()
    host.tell(answered(hold, "discard"))
    assert asked(host, hold) == Autopsy()


def test_a_report_in_doubt_is_read_with_those_that_it_may_be() -> None:
    """No setting says which of two it is."""
    host = Host()
    host.tell(day(), came=CAME)
    doubt: Any = held(host, day(minutes=30, payments=(paid("cash", "251.00"),)))
    assert doubt.reason == "perhaps_the_same"
    assert doubt.key != KEY
    assert asked(host, doubt) == Autopsy()
