"""What each message teaches about registers, and about what is missing. Pure."""

from collections.abc import Mapping
from typing import Any

from schemas.base import alike
from schemas.envelope import Envelope
from schemas.events import DayClosed, ReviewAnswered
from schemas.flows import answered
from schemas.missing import DayMissed, NumbersMissed, missed_day
from streams.registers import series
from streams.registers.state import INDEX, Place, State, named_another


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Mapping[str, State]:
    """Return the state of each key that a message teaches something about."""
    match envelope.data:
        case DayClosed() as day:
            return _with_report(states, day, envelope)
        case DayMissed() | NumbersMissed() as missed:
            return _with_missed(states, missed)
        case ReviewAnswered() as answer:
            state = states[answer.about]
            if answered(state.hold, answer, envelope.tenant):
                return {answer.about: state.model_copy(update={"answer": answer.answer})}
    return {}


def has_come(states: Mapping[str, State], missed: DayMissed) -> bool:
    """Tell whether a register of the store has told of the day, as far as is remembered."""
    places = [p for p in states[INDEX].registers if alike(p.store, missed.store)] if INDEX in states else []
    closings = (one for p in places for one in states[p.key].closings)
    return any(one.day == missed.business_date and not one.is_anothers(missed.organisation_number) for one in closings)


def _with_report(states: Mapping[str, State], day: DayClosed, envelope: Envelope[Any]) -> Mapping[str, State]:
    place = Place(day.system, day.store, day.register_id)
    index, register = states[INDEX], states[place.key]
    closings = series.remember(register.closings, day)
    learned: dict[str, State] = {}
    if closings != register.closings:
        heard = {"closings": closings, "heard_at": envelope.acceptedtime or register.heard_at}
        learned[place.key] = register.model_copy(update=heard)
    if place not in index.registers:
        learned[INDEX] = index.model_copy(update={"registers": (*index.registers, place)})
    key = missed_day(day.store, day.business_date.isoformat())
    if (missed := states[key].missed) and states[key].hold and not _is_anothers(day, missed):
        learned[key] = states[key]
    for key, gap in states.items():
        if isinstance(gap.missed, NumbersMissed) and gap.hold and not _is_anothers(day, gap.missed):
            left = series.without(gap.missing, day.z_number)
            if left != gap.missing:
                learned[key] = gap.model_copy(update={"missing": left})
    return learned


def _is_anothers(day: DayClosed, missed: DayMissed | NumbersMissed) -> bool:
    """Tell whether a report names another company: it is held, and what is missing here has not come."""
    return named_another(day.organisation_number, missed.organisation_number)


def _with_missed(states: Mapping[str, State], missed: DayMissed | NumbersMissed) -> Mapping[str, State]:
    state = states[missed.key]
    if state.missed is not None:
        return {}
    if isinstance(missed, DayMissed):
        return {} if has_come(states, missed) else {missed.key: state.model_copy(update={"missed": missed})}
    place = Place(missed.system, missed.store, missed.register_id)
    register = states[place.key]
    closings = [one for one in register.closings if not one.is_anothers(missed.organisation_number)]
    known = {(one.z, one.day): one for one in closings}
    before, after = (known.get(at) for at in ((missed.after, missed.after_date), (missed.before, missed.before_date)))
    missing = series.not_come(before, after, closings) if before and after else ()
    if not missing:
        return {}
    sides = (missed.after, missed.before)
    told = register.model_copy(update={"told": (*register.told, sides)[-series.MOST_GAPS :]})
    return {missed.key: state.model_copy(update={"missed": missed, "missing": missing}), place.key: told}
