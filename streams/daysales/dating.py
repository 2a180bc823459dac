"""On which day a report is booked, and whether the days that it names can be true. Pure."""

from datetime import date, timedelta
from typing import Final

from schemas.base import SWEDEN
from schemas.commands import Choice
from schemas.flows import Held
from schemas.settings import SettingsApplied
from streams.daysales import words
from streams.daysales.case import Case
from streams.daysales.verdict import DATE_IS_RIGHT, Settled

PERIOD_LOCKED: Final = "period_locked"
"""The code of a voucher that is refused because its day is locked."""
_FAST: Final = timedelta(hours=1)
"""How far a clock may be ahead; around midnight it makes another day."""


def a_locked_day_is_not_booked(case: Case) -> Settled | None:
    """Put a day in a locked period on record as not booked, where the company has chosen so."""
    hold, opens_on = case.state.hold, case.state.opens_on
    waits = isinstance(case.message, SettingsApplied) and hold is not None and hold.reason == PERIOD_LOCKED
    if case.settings.locked_period != "reject" or opens_on is None or not (case.refused_until or waits):
        return None
    standing = case.state.standing
    order = standing.order if standing else None
    if (order.voucher_date if order else case.day.business_date) >= opens_on:
        return None  # newer content came meanwhile, of a day that is open
    kept = words.STANDS(voucher=str(standing.voucher)) if standing else words.BY_HAND()
    return Settled(
        words.LOCKED(until=opens_on - timedelta(days=1), kept=kept),
        because=words.LOCKED_AND_REJECTED(),
        reason="not_booked",
        how="not_booked",
    )


def a_register_whose_clock_is_wrong_waits(case: Case) -> Held | None:
    """Hold a report of a day that had not come when it was accepted, or was long past: no date is booked on a guess."""
    came_at, day, settings = case.state.came_at, case.day, case.settings
    if came_at is None or not case.configured or DATE_IS_RIGHT in case.state.answers:
        return None
    came, taken = came_at.astimezone(SWEDEN).date(), day.taken_at.astimezone(SWEDEN).date()
    last = _moved(came, settings.days_early)
    ahead = day.business_date > last or day.taken_at - _FAST > came_at + timedelta(days=settings.days_early)
    if not ahead and min(day.business_date, taken) >= _moved(came, -settings.days_late):
        return None
    said = words.CLOCK_IS_FAST if ahead else words.CLOCK_IS_SLOW
    return Held(
        "clock_is_wrong",
        said(day=day.business_date, taken=taken, came=came),
        choices=(Choice.saying(DATE_IS_RIGHT, words.DATE_IS_RIGHT()),),
    )


def _moved(day: date, days: int) -> date:
    """Return a day so many days later, or the calendar's first or last."""
    return date.fromordinal(min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal()))


def dated(case: Case, day: date, description: str) -> tuple[date, str]:
    """Return the voucher's date and its text, which names the day that it is about where that is another one."""
    on = case.booked_on(day)
    return on, description if on == day else f"Avser {day}: {description}"
