"""A day in a locked period waits, is not booked, or is booked after it; and no date of a wrong clock is booked."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from schemas.commands import CloseReview, HoldForReview, Order, PostVoucher
from schemas.settings import TenantSettings
from tests.streams.daysales.days import NOW, Host, answered, chosen, day, outcome, paid, passed, refusal

LOCKED = date(2026, 4, 30)
OPENS = date(2026, 5, 1)
LATER = chosen(locked_period="first_open_day", amended="reverse")
NEVER = chosen(locked_period="reject", amended="reverse")
TEXT = "Dagsavslut Kungsgatan K1 Z12"


def one(orders: tuple[Order, ...]) -> PostVoucher:
    """Return the voucher that is ordered last."""
    assert isinstance(orders[-1], PostVoucher), orders
    return orders[-1]


def held(orders: tuple[Order, ...]) -> HoldForReview:
    """Return the hold that is ordered last."""
    assert isinstance(orders[-1], HoldForReview), orders
    return orders[-1]


def refused(settings: TenantSettings | None = None, until: date | None = LOCKED) -> tuple[Host, tuple[Order, ...]]:
    """Return a host, and what it does about a day in a locked period."""
    host = Host(settings)
    return host, host.tell(refusal(one(host.tell(day())), until))


# --- The locked period ------------------------------------------------------------------------------------------


def test_a_day_in_a_locked_period_is_booked_on_the_first_open_day_where_that_is_chosen() -> None:
    """Its own day stands in the text, and the refused order is replaced."""
    host, orders = refused(LATER)
    [moved] = orders
    assert isinstance(moved, PostVoucher)
    assert (moved.voucher_date, moved.description) == (OPENS, f"Avser 2026-04-10: {TEXT}")
    assert (moved.purpose, moved.step) == ("book", "book/2")
    assert moved.replaces
    assert host.tell(outcome(moved)) == ()
    assert host.state().standing


def test_a_period_that_was_locked_further_meanwhile_moves_the_day_further() -> None:
    """Each refusal names its day; one that names no later one waits for a person, as ever."""
    host, orders = refused(LATER)
    orders = host.tell(refusal(one(orders), date(2026, 5, 31)))
    assert one(orders).voucher_date == date(2026, 6, 1)
    assert held(host.tell(refusal(one(orders), date(2026, 5, 31)))).reason == "period_locked"


def test_a_person_can_have_one_day_booked_on_the_first_open_day() -> None:
    """The answer is offered where the refusal says when the period ends, and only there."""
    host, orders = refused()
    hold = held(orders)
    assert [c.answer for c in hold.choices] == ["retry", "first_open_day", "discard"]
    assert "2026-05-01" in hold.choices[1].means
    closed, moved = host.tell(answered(hold, "first_open_day"))
    assert isinstance(closed, CloseReview)
    assert one((moved,)).voucher_date == OPENS
    assert [c.answer for c in held(refused(until=None)[1]).choices] == ["retry", "discard"]


def test_settings_that_book_later_let_go_what_the_lock_held() -> None:
    """What was held is booked on the first open day; a period that is opened again lets it go on its own day."""
    host, _ = refused()
    assert one(host.apply(LATER)).voucher_date == OPENS
    host, _ = refused()
    assert one(host.tell(passed("period_locked"))).voucher_date == day().business_date


def test_a_correction_in_a_locked_period_is_dated_after_it_too() -> None:
    """The reversal and what is booked anew name the days that they are about."""
    host = Host(LATER)
    host.tell(outcome(one(host.tell(day())), number=1))
    back = one(host.tell(day(amendment=1, payments=(paid("cash", "90.00"), paid("card", "161.00")))))
    assert (back.purpose, back.voucher_date) == ("reverse", day().business_date)
    back = one(host.tell(refusal(back, LOCKED)))
    assert (back.voucher_date, back.description) == (OPENS, f"Avser 2026-04-10: Återföring av F 1: {TEXT}")
    anew = one(host.tell(outcome(back, number=2)))
    assert (anew.purpose, anew.voucher_date) == ("rebook", OPENS)
    assert anew.description.startswith("Avser 2026-04-10: Rättelse av F 1, återförd med F 2")


def test_an_amendment_that_changes_no_row_leaves_a_moved_voucher_alone() -> None:
    """It stands for the same day, on the day that was open; also where a person had chosen that."""
    host, orders = refused(chosen(amended="reverse"))
    moved = one(host.tell(answered(held(orders), "first_open_day")))
    host.tell(outcome(moved))
    assert host.tell(day(amendment=1)) == ()


def test_a_locked_day_goes_on_record_as_not_booked_where_that_is_chosen() -> None:
    """It waits for nobody and leaves its trace; newer content is tried again."""
    host, (record, closed) = refused(NEVER)
    assert isinstance(record, HoldForReview)
    assert isinstance(closed, CloseReview)
    assert (record.reason, record.choices, closed.how) == ("not_booked", (), "not_booked")
    assert "locked up to 2026-04-30" in record.message
    assert "locked_period: reject" in record.message
    assert host.state().hold is None
    assert host.tell(passed("period_locked")) == ()
    assert one(host.tell(day(amendment=1))).replaces


def test_settings_that_book_nothing_late_settle_what_the_lock_held() -> None:
    """The hold is closed, and the day on record as not booked."""
    host, orders = refused()
    closed, record, too = host.apply(NEVER)
    assert isinstance(closed, CloseReview)
    assert closed.hold_id == held(orders).id_in("acme")
    assert isinstance(record, HoldForReview)
    assert isinstance(too, CloseReview)
    assert host.state().hold is None


def test_a_correction_of_a_locked_day_leaves_the_books_as_they_are_where_nothing_is_booked_late() -> None:
    """The voucher stands, and the trail says so."""
    host = Host(NEVER)
    host.tell(outcome(one(host.tell(day()))))
    back = one(host.tell(day(amendment=1, payments=(paid("cash", "90.00"), paid("card", "161.00")))))
    record, _ = host.tell(refusal(back, LOCKED))
    assert isinstance(record, HoldForReview)
    assert "F 12 stands as it is" in record.message


def test_newer_content_of_an_open_day_is_booked_where_the_older_was_of_a_locked_one() -> None:
    """The till moved its report past midnight while the first was on its way: only that one's day is locked."""
    host = Host(NEVER)
    evening = day(business_date=LOCKED, taken_at=NOW + timedelta(days=20))
    order = one(host.tell(evening))
    assert host.tell(evening.model_copy(update={"amendment": 1, "business_date": OPENS})) == ()
    anew = one(host.tell(refusal(order, LOCKED)))
    assert (anew.voucher_date, anew.replaces) == (OPENS, order.id_in("acme"))


# --- The register's clock ---------------------------------------------------------------------------------------

CAME = NOW + timedelta(minutes=10)


def is_wrong(came: datetime | None = CAME, settings: TenantSettings | None = None, **changes: Any) -> bool:
    """Tell whether a report that came then is held for its clock."""
    found = Host(settings).tell(day(**changes), came=came)[-1]
    return isinstance(found, HoldForReview) and found.reason == "clock_is_wrong"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, False),
        ({"business_date": date(2026, 4, 11)}, True),
        ({"business_date": date(2025, 4, 10)}, False),
        ({"business_date": date(2025, 4, 8)}, True),
        ({"taken_at": CAME + timedelta(minutes=59)}, False),
        ({"taken_at": CAME + timedelta(minutes=61)}, True),
        ({"taken_at": CAME - timedelta(days=400)}, True),
        ({"business_date": date(2199, 12, 31), "taken_at": CAME + timedelta(days=60000)}, True),
        ({"business_date": date(1900, 1, 1)}, True),
    ],
)
def test_a_report_dated_in_the_future_or_years_back_is_held(changes: dict[str, Any], wrong: bool) -> None:  # noqa: FBT001 - drawn
    """Compared with when it was accepted; an hour is let go, since around midnight it makes another day."""
    assert is_wrong(**changes) is wrong
    assert not is_wrong(None, **changes), "nobody said when it came"


def test_how_far_a_report_may_be_from_its_day_is_chosen() -> None:
    """Who loads old years says so; the calendar's ends are no error."""
    old, ahead = {"business_date": date(2020, 4, 8)}, {"business_date": date(2026, 4, 12)}
    assert not is_wrong(settings=chosen(days_late=36500), **old)
    assert not is_wrong(settings=chosen(days_early=2), **ahead)
    assert is_wrong(settings=chosen(days_early=1), **ahead)
    assert not is_wrong(settings=chosen(days_late=100_000, days_early=100_000))
    assert not is_wrong(CAME.replace(year=2190), settings=chosen(days_late=100_000, days_early=100_000))


def test_a_date_that_is_right_is_booked_by_a_persons_word() -> None:
    """The hold names both days; other settings let it go as well, and so does the till's correction."""
    host = Host()
    hold = held(host.tell(day(business_date=date(2026, 4, 30)), came=CAME))
    assert "of 2026-04-30, taken 2026-04-10, and came on 2026-04-10" in hold.message
    assert "seems to be fast" in hold.message
    assert one(host.tell(answered(hold, "date_is_right"))).voucher_date == date(2026, 4, 30)

    host = Host()
    host.tell(day(business_date=date(2026, 4, 30)), came=CAME)
    assert one(host.apply(chosen(days_early=30))).voucher_date == date(2026, 4, 30)

    host = Host()
    hold = held(host.tell(day(business_date=date(2026, 4, 30)), came=CAME))
    assert one(host.tell(day(amendment=1), came=CAME)).voucher_date == day().business_date
    assert host.state(hold.key).hold is None
