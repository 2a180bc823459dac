"""What a day's report would come to under other settings, were it booked now for the first time. Pure."""

from collections.abc import Mapping
from typing import Final

from infra.plugin import Outcome, States, Terms
from schemas.flows import Held
from schemas.money import summed
from streams.daysales.case import TRIED, Case
from streams.daysales.dating import PERIOD_LOCKED
from streams.daysales.rules import judge
from streams.daysales.state import State
from streams.daysales.verdict import Booking, Verdict

_AS_IF_NEW: Final[Mapping[str, tuple[()] | None]] = {
    "booked": None,
    "surplus": (),
    "awaits": None,
    "rejected": None,
    "correction": None,
}


def as_if_new(key: str, states: States, terms: Terms) -> tuple[Case, Verdict] | None:
    """Return what the rules say of a day's newest content; None where a key has none of its own.

    What a person has answered about it counts; what was ordered for it does not.
    """
    state: State = states[key]
    if state.day is None or state.part_of:
        return None
    case = Case.of(key, state.model_copy(update=_AS_IF_NEW), state.day, states, terms, TRIED)
    return case, judge(case)[1]


def trial(key: str, states: States, terms: Terms) -> Outcome | None:
    """Return what a day's newest content comes to; None where a key has none of its own."""
    if (found := as_if_new(key, states, terms)) is None:
        return None
    case, verdict = found
    day, booked = case.day.business_date, states[key].standing is not None
    opens_on = None if booked else case.state.opens_on
    match verdict:
        case Booking(voucher_date=on) if opens_on and on < opens_on:  # Fortnox has refused it: the period is locked
            return Outcome(day, booked, {}, "" if case.settings.locked_period == "reject" else PERIOD_LOCKED)
        case Booking(rows=rows, voucher_date=on):
            dated = day if booked else on
            return Outcome(day, booked, summed(((dated, row.account), row.debit - row.credit) for row in rows))
        case Held(reason=reason):
            return Outcome(day, booked, {}, reason)
        case _:
            return Outcome(day, booked, {})
