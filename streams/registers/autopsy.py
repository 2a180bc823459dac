"""What the same weekday looked like before a day that is held, or missing. Pure."""

from typing import Final

from infra.plugin import Asking, Autopsy, DayBefore, Terms
from schemas.base import alike
from schemas.commands import HoldForReview
from schemas.missing import DayMissed
from schemas.money import summed
from streams.registers.state import INDEX
from streams.registers.verdict import NAME

_WEEKS: Final = 8
_PARTS: Final = 5
"""Of the key of a day close: system, store, register, Z number and day."""


def autopsy(hold: HoldForReview, terms: Terms) -> Asking[Autopsy]:  # noqa: ARG001 - every flow is asked alike
    """Yield the keys that are to be read, be sent their states, and return the last eight such weekdays."""
    on = hold.business_date
    if on is None:
        return Autopsy()
    parts = hold.key.split("/")
    if hold.flow == NAME:
        states = yield (hold.key, INDEX)
        missed = states[hold.key].missed
        store = missed.store if isinstance(missed, DayMissed) else ""
        keys = tuple(place.key for place in states[INDEX].registers if alike(place.store, store))
    else:
        keys = ("/".join((*parts[:3], "closings")),) if len(parts) >= _PARTS else ()
    known = (yield keys) if keys else {}
    closings = (one for state in known.values() for one in state.closings)
    totals = summed((one.day, one.total) for one in closings if one.day < on and one.day.weekday() == on.weekday())
    return Autopsy(before=tuple(DayBefore(day, totals[day]) for day in sorted(totals, reverse=True)[:_WEEKS]))
