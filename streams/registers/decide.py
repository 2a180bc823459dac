"""What a report, the clock or a person's word means for what is missing: a hold, and its end. Pure.

Read it from ``decide``: ``learn`` says what the message teaches, the first of the ``RULES`` that says something counts,
and ``orders`` brings it about. ``evolve`` is ``learn`` and then the orders that were given, so deciding twice decides
once. What should have come is told by the host's clock, which asks ``overdue``.
"""

from collections.abc import Mapping
from typing import Any

from infra.plugin import Terms
from schemas.base import Message, alike
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.envelope import Envelope
from schemas.events import DayClosed, ReviewAnswered
from schemas.missing import DayMissed, NumbersMissed, missed_day, missed_numbers
from schemas.settings import SettingsApplied
from streams.registers.learn import has_come, learn
from streams.registers.orders import orders
from streams.registers.rules import Case, judge
from streams.registers.state import INDEX, Place, State
from streams.registers.verdict import NAME


def reads(message: Message) -> tuple[str, ...]:
    """Return the keys whose state a message needs; nothing when it is not about a register."""
    match message:
        case DayClosed() as day:
            place = Place(day.system, day.store, day.register_id)
            return (place.key, INDEX, missed_day(day.store, day.business_date.isoformat()))
        case DayMissed():
            return (message.key, INDEX)
        case NumbersMissed() as gap:
            return (message.key, Place(gap.system, gap.store, gap.register_id).key)
        case ReviewAnswered(flow=flow) if flow == NAME:
            return (message.about,)
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:
    """Return the gaps that a report's number may be of; the registers of a store whose day is missed."""
    match envelope.data:
        case DayClosed() as day:
            place = Place(day.system, day.store, day.register_id)
            told = states[place.key].told
            return tuple(missed_numbers(*place, low, high) for low, high in told if low < day.z_number < high)
        case DayMissed() as missed:
            return tuple(p.key for p in states[INDEX].registers if alike(p.store, missed.store))
    return ()


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    if isinstance(envelope.data, DayClosed) and all(state.missed is None for state in states.values()):
        return ()
    learned = states if isinstance(envelope.data, SettingsApplied) else learn(states, envelope)
    given: list[Order] = []
    for key, state in learned.items():
        if state.missed is None:
            continue
        come = isinstance(envelope.data, DayClosed)  # only the day that it is of is told of a report
        if isinstance(state.missed, DayMissed):
            come = come or has_come(states, state.missed)
        case = Case(key, state.missed, state, come, terms.settings.daysales)
        given += orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)
    return tuple(given)


def evolve(states: Mapping[str, State], envelope: Envelope[Any], given: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    after = {**states, **learn(states, envelope)}
    for order in given:
        state = after[order.key]
        match order:
            case CloseReview(how="settings_changed"):  # other settings may expect it again
                after[order.key] = state.model_copy(update={"hold": None, "missed": None})
            case CloseReview():
                after[order.key] = state.model_copy(update={"hold": None})
            case HoldForReview():
                after[order.key] = state.model_copy(update={"hold": order, "holds": state.holds + 1})
    return {key: state for key, state in after.items() if state is not states[key] and state != states[key]}


def waiting(state: State) -> str | None:
    """Return why something waits that another calendar would settle: a day that is missed."""
    return state.hold.reason if state.hold and isinstance(state.missed, DayMissed) else None
