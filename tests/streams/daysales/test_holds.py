"""Every hold has a way out that does not give the day up: an answer, or a change that its text names."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from schemas.commands import HoldForReview, Order, PostVoucher
from schemas.events import DayClosed, RateTotal
from schemas.settings import TenantSettings
from tests.streams.daysales.days import (
    NOW,
    Host,
    answered,
    chosen,
    day,
    money,
    other,
    outcome,
    paid,
    refusal,
    sold,
    without_card,
)

OWN = "5560160680"
LINES = (
    sold("food", "6", "100.00", "6.00"),
    sold("food", "12", "100.00", "12.00"),
    sold("drinks", "25", "100.00", "25.01"),
    sold("drinks", "25", "100.00", "27.00"),
    sold("drinks", "25", "125.00", "25.00"),
    sold("drinks", "0", "100.00", "0.01"),
    sold("drinks", "24", "100.00", "24.00"),
)
ODD = st.builds(
    lambda sales, stated, more, less, method, number, year, minutes, store: day(
        sales=tuple(sales),
        vat=tuple(
            RateTotal(vat_rate=rate, net=sum(s.net for s in own), vat=sum(s.vat for s in own) + money(stated))
            for rate in dict.fromkeys(s.vat_rate for s in sales)
            for own in [[s for s in sales if s.vat_rate == rate]]
        ),
        payments=(paid(method, str(sum(s.net + s.vat for s in sales) + money(more))),),
        others=(other(less, "0.00" if less == "tips" else "0.10"),),
        organisation_number=number,
        business_date=day().business_date.replace(year=year),
        taken_at=NOW.replace(year=year) + timedelta(minutes=minutes),
        store=store,
    ),
    st.lists(st.sampled_from(LINES), min_size=1, max_size=3),
    st.sampled_from(["0.00", "0.01", "3.00", "30.00"]),
    st.sampled_from(["0.00", "0.01", "-9.00", "90.00"]),
    st.sampled_from(["tips", "deposits", "no such category"]),
    st.sampled_from(["card", "no such method"]),
    st.sampled_from([None, OWN, "5599990016"]),
    st.sampled_from([2026, 2025]),
    st.sampled_from([0, 30]),
    st.sampled_from(["Kungsgatan", "Norr"]),
)
CHOICES = st.sampled_from(
    [
        TenantSettings(),
        chosen(),
        chosen(amended="reverse"),
        without_card(),
        chosen(sync_sales=False),
        chosen(start_date=day().business_date),
        chosen(locked_period="first_open_day"),
    ]
)
EVERYTHING = chosen(unmapped="fallback", fallback_account=2990, amended="reverse")


def right(report: DayClosed) -> DayClosed:
    """Return the report as a till sends it that was set right."""
    return day(
        amendment=report.amendment + 1,
        store=report.store,
        business_date=report.business_date,
        taken_at=report.taken_at,
        sales=(sold("drinks", "25", "100.00", "25.00"),),
        payments=(paid("cash", "125.00"),),
        others=(),
        organisation_number=OWN if report.organisation_number else None,
    )


CAME = (None, NOW + timedelta(hours=2), NOW.replace(year=2024), NOW.replace(year=2031))
BY_THE_TILL = ("unbalanced", "vat_differs", "wrong_vat_rate", "unknown_vat_rate", "amount_too_large")
BY_SETTINGS = ("flow_not_configured", "sync_is_off", "before_start", "unmapped_")
WAYS_OUT: tuple[tuple[tuple[str, ...], str, Callable[[Host, HoldForReview, DayClosed], tuple[Order, ...]]], ...] = (
    (BY_SETTINGS, "settings", lambda host, _held, _report: host.apply(EVERYTHING)),
    (("before_start",), "start_date", lambda host, _held, _report: host.apply(EVERYTHING)),
    (BY_THE_TILL, "orrect", lambda host, _held, report: host.tell(right(report))),
)
GIVING_UP = {"discard", "keep"}


def leave(host: Host, held: HoldForReview, report: DayClosed) -> tuple[Order, ...]:
    """Do what a hold says, without giving the day up."""
    if answers := [c.answer for c in held.choices if c.answer not in GIVING_UP]:
        if held.reason == "another_company":
            host.organisation_number = report.organisation_number or OWN  # bokbuss tenant add --org
        return host.tell(answered(held, answers[0]))
    for reasons, named, way in WAYS_OUT:
        if held.reason.startswith(reasons) and named in held.message:
            return way(host, held, report)
    raise AssertionError(f"no way out of {held.reason}: {held.message}")


@effort(max_examples=150)
@given(
    reports=st.lists(ODD, min_size=1, max_size=3), settings=CHOICES, refused=st.booleans(), came=st.sampled_from(CAME)
)
def test_every_hold_has_a_way_out(
    reports: list[DayClosed],
    settings: TenantSettings,
    refused: bool,  # noqa: FBT001 - drawn
    came: datetime | None,
) -> None:
    """A few steps end each hold, whatever was wrong with the report, and whichever came before it."""
    host, number = Host(settings, OWN), 0
    for report in reports:
        orders, waits = host.tell(report, came=came), report
        for _ in range(8):
            for order in orders:
                if isinstance(order, PostVoucher):
                    number += 1
                    told = outcome(order, number=number)
                    if refused and number == 1:
                        told = refusal(order, order.voucher_date if came else None)
                    orders = host.tell(told)
            if not orders or not isinstance(held := orders[-1], HoldForReview):
                break
            waits = host.state(held.key).day or waits
            assert Decimal(0) <= (held.amount or Decimal(0))
            orders = leave(host, held, waits)
        else:
            raise AssertionError(f"{orders[-1]!r} is never over")
        host.organisation_number = OWN
