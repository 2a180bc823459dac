"""On which days a store is open, and by when each of them must be closed. Pure.

Swedish holidays and the eves that are free in practice are those of the library ``holidays``: it is released each
month, knows the law's changes by year, and needs no network. It is loaded when a calendar first asks: it is large.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final

from schemas.base import SWEDEN, alike
from schemas.settings import WEEKDAYS, DaySalesSettings, StoreCalendar

_MONTH: Final = timedelta(days=31)


def calendar_of(settings: DaySalesSettings, store: str, day: date) -> StoreCalendar | None:
    """Return the calendar of a store on a day: its own, or the one for all; of several, the one that began last."""
    held = [c for c in settings.calendars if c.holds_on(day) and (c.store is None or alike(c.store, store))]
    return max(held, key=lambda c: (c.store is not None, c.valid_from or date.min), default=None)


def is_open(calendar: StoreCalendar, day: date) -> bool:
    """Tell whether a store is open on a day."""
    if day in calendar.open_on or day in calendar.closed_on:
        return day in calendar.open_on
    if WEEKDAYS[day.weekday()] not in calendar.weekdays:
        return False
    return not (
        (calendar.holidays == "closed" and day in _free("public", day.year))
        or (calendar.eves == "closed" and day in _free("de_facto", day.year))
    )


def due_at(calendar: StoreCalendar, day: date) -> datetime:
    """Return by when a day must be closed: at the wall clock's time in Sweden, and the grace after that."""
    hours, minutes = map(int, calendar.closes_at.split(":"))
    midnight = datetime.combine(day, time(), SWEDEN)  # what is added to it is added to the clock on the wall
    closes = (midnight + timedelta(hours=hours, minutes=minutes)).astimezone(UTC)
    return closes + timedelta(minutes=calendar.grace_minutes)


def due(
    settings: DaySalesSettings, store: str, heard: tuple[date, date] | None, now: datetime
) -> Iterator[tuple[date, datetime]]:
    """Yield the days of a store that should be closed by now, and by when: a month back, and a month into silence.

    Args:
        heard: the first and the last day of which something is known; None: nothing was ever heard of the store.
    """
    today = now.astimezone(SWEDEN).date()
    first = min(today, heard[1] if heard else today) - _MONTH
    last = min(today, heard[1] + _MONTH if heard else today)
    found = []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        calendar = calendar_of(settings, store, day)
        if calendar is None or not is_open(calendar, day):
            continue
        begun = max(filter(None, (settings.start_date, heard[0] if heard else calendar.valid_from)), default=None)
        if begun is not None and begun <= day and (by := due_at(calendar, day)) <= now:
            found.append((day, by))
    yield from found if heard else found[-1:]  # of a store that was never heard of, one day says it


@cache
def _free(category: str, year: int) -> frozenset[date]:
    from holidays.countries.sweden import Sweden  # noqa: PLC0415 - half a second, for those who have a calendar

    return frozenset(Sweden(years=year, categories=category))
