"""A store's calendar: the days on which it is open, and by when each must be closed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas.settings import StoreCalendar
from streams.registers.calendar import calendar_of, due, due_at, is_open
from tests.streams.registers.shop import chosen


@pytest.mark.parametrize(
    ("day", "changes", "open_"),
    [
        ("2026-04-14", {}, True),
        ("2026-04-03", {}, False),
        ("2026-04-03", {"holidays": "open"}, True),
        ("2026-06-06", {}, False),
        ("2004-05-31", {}, False),
        ("2026-05-25", {}, True),
        ("2026-06-19", {}, True),
        ("2026-06-19", {"eves": "closed"}, False),
        ("2026-12-24", {"eves": "closed"}, False),
        ("2026-12-31", {"eves": "closed", "open_on": (date(2026, 12, 31),)}, True),
        ("2026-04-18", {"weekdays": ("mon", "fri")}, False),
        ("2026-04-17", {"weekdays": ("mon", "fri")}, True),
        ("2026-04-14", {"closed_on": (date(2026, 4, 14),)}, False),
        ("2026-04-05", {"weekdays": ("mon",), "open_on": (date(2026, 4, 5),)}, True),
    ],
)
def test_a_store_is_open_on_its_days(day: str, changes: dict[str, Any], open_: bool) -> None:  # noqa: FBT001 - drawn
    """Weekdays, holidays by the law of their year (Whit Monday was one until 2004), eves, and days by name."""
    assert is_open(StoreCalendar(**changes), date.fromisoformat(day)) is open_


@pytest.mark.parametrize(
    ("day", "at", "by"),
    [
        ("2026-01-10", "22:00", "2026-01-10T22:00Z"),
        ("2026-07-10", "22:00", "2026-07-10T21:00Z"),
        ("2026-07-10", "26:30", "2026-07-11T01:30Z"),
        ("2026-03-28", "26:30", "2026-03-29T02:30Z"),
        ("2026-03-28", "28:00", "2026-03-29T03:00Z"),
        ("2026-10-24", "28:00", "2026-10-25T04:00Z"),
    ],
)
def test_a_day_is_due_by_the_clock_in_sweden(day: str, at: str, by: str) -> None:
    """Also in the nights in which it is set; an hour of grace stands behind it."""
    calendar = StoreCalendar(closes_at=at, grace_minutes=60)
    assert due_at(calendar, date.fromisoformat(day)) == datetime.fromisoformat(by).astimezone(UTC)


def test_a_stores_own_calendar_goes_before_the_one_for_all_and_the_newest_before_others() -> None:
    """Each holds on its days."""
    summer = StoreCalendar(store="city", valid_from=date(2026, 6, 1), valid_to=date(2026, 8, 31), closes_at="23:00")
    own, everybody = StoreCalendar(store="City", closes_at="20:00"), StoreCalendar(closes_at="18:00")
    settings = chosen(everybody, own, summer).daysales
    assert settings
    found = [calendar_of(settings, store, date(2026, month, 1)) for store in ("CITY", "NORR") for month in (5, 7)]
    assert [c and c.closes_at for c in found] == ["20:00", "23:00", "18:00", "18:00"]
    none = chosen(own).daysales
    assert none
    assert calendar_of(none, "NORR", date(2026, 5, 1)) is None


@pytest.mark.parametrize(
    ("last", "first_due", "last_due"),
    [
        (date(2026, 7, 30), date(2026, 6, 29), date(2026, 7, 30)),
        (date(2026, 7, 1), date(2026, 5, 31), date(2026, 7, 30)),
        (date(2026, 4, 1), date(2026, 3, 1), date(2026, 5, 2)),
        (date(2030, 1, 1), date(2026, 6, 30), date(2026, 7, 30)),
    ],
)
def test_a_month_is_looked_back_and_a_store_is_silent_for_a_month(last: date, first_due: date, last_due: date) -> None:
    """Whatever stood still for a while is still told of, and a store that was given up does not ask for ever."""
    settings = chosen(StoreCalendar(closes_at="22:00", grace_minutes=0, holidays="open")).daysales
    assert settings
    heard, noon = (date(2020, 1, 1), last), datetime(2026, 7, 31, 12, tzinfo=UTC)
    days = [day for day, _ in due(settings, "CITY", heard, noon)]
    assert (days[0], days[-1], len(days)) == (first_due, last_due, (last_due - first_due).days + 1)
