"""What a day's report would come to under other settings, were it booked now for the first time. Pure."""

from decimal import Decimal
from typing import Final

from infra.plugin import Outcome, States, Terms
from schemas.money import ZERO
from schemas.settings import SettingsApplied, TenantSettings
from streams.daysales.case import NOT_CHOSEN, Case
from streams.daysales.rules import judge
from streams.daysales.state import State
from streams.daysales.verdict import ROUND, Booking, Held

_AS_IF_NEW: Final = {"booked": None, "surplus": (), "awaits": None, "rejected": None}


def trial(key: str, states: States, terms: Terms) -> Outcome | None:
    """Return what the rules say of a day's newest content; None where a key has none of its own.

    What a person has answered about it counts; what was ordered for it does not.
    """
    state: State = states[key]
    if state.day is None or state.part_of:
        return None
    case = Case(
        day=state.day,
        settings=terms.settings.daysales or NOT_CHOSEN,
        may_round=ROUND in state.answers,
        key=key,
        state=state.model_copy(update=_AS_IF_NEW),
        message=SettingsApplied(tenant="tried", version=1, applied_by="trial", settings=TenantSettings()),
        refused=None,
        configured=terms.settings.daysales is not None,
        organisation_number=terms.organisation_number,
        suspects={doubt: states[doubt] for doubt in state.doubts},
    )
    day, booked = state.day.business_date, state.standing is not None
    match judge(case)[1]:
        case Booking(rows=rows):
            amounts: dict[int, Decimal] = {}
            for row in rows:
                amounts[row.account] = amounts.get(row.account, ZERO) + row.debit - row.credit
            return Outcome(day, booked, amounts)
        case Held(reason=reason):
            return Outcome(day, booked, {}, reason)
        case _:
            return Outcome(day, booked, {})
