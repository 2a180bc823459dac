"""What should have come by now and has not, as facts: asked by the host's clock, again and again. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from infra.plugin import Asking, States, Terms
from schemas.events import Fact
from schemas.identities import ten_digits
from schemas.missing import DayMissed, NumbersMissed
from schemas.settings import DaySalesSettings
from streams.registers import calendar, series
from streams.registers.state import INDEX, Place, State


def overdue(terms: Terms, now: datetime) -> Asking[tuple[Fact, ...]]:
    """Yield the keys that are to be read, be sent their states, and return what nobody was told of yet."""
    settings = terms.settings.daysales
    if settings is None or not settings.sync_sales:
        return ()
    own = None if terms.organisation_number is None else ten_digits(terms.organisation_number)
    registers: tuple[Place, ...] = (yield (INDEX,))[INDEX].registers
    read: States = (yield tuple(place.key for place in registers)) if registers else {}
    known: States = {key: _of_ours(state, own) for key, state in read.items()}
    whose = {"organisation_number": own}
    days = tuple(
        day.model_copy(update=whose) for day in _days(settings, [(place, known[place.key]) for place in registers], now)
    )
    told: States = (yield tuple(day.key for day in days)) if days else {}
    numbers = [
        gap.model_copy(update=whose) for place in registers for gap in _numbers(settings, place, known[place.key], now)
    ]
    return (*(day for day in days if told[day.key].missed is None), *numbers)


def _of_ours(state: State, own: str | None) -> State:
    """Return what a register has told of, without reports that name another company: those are held."""
    closings = tuple(one for one in state.closings if not one.is_anothers(own))
    return state if len(closings) == len(state.closings) else state.model_copy(update={"closings": closings})


def _days(settings: DaySalesSettings, registers: Iterable[tuple[Place, State]], now: datetime) -> Iterator[DayMissed]:
    """Yield each day that a store should have closed by now, and of which none of its registers has told."""
    stores: dict[str, list[State]] = {}
    spelled: dict[str, str] = {}
    for name in (c.store for c in settings.calendars if c.store):
        stores.setdefault(name.casefold(), [])
        spelled.setdefault(name.casefold(), name)
    for place, state in registers:
        stores.setdefault(place.store.casefold(), []).append(state)
        spelled[place.store.casefold()] = place.store
    for folded, states in stores.items():
        come = {one.day for state in states for one in state.closings}
        for day, by in calendar.due(settings, spelled[folded], _heard(states), now):
            if day not in come:
                yield DayMissed(store=spelled[folded], business_date=day, due_at=by)


def _heard(registers: Iterable[State]) -> tuple[date, date] | None:
    """Return the days between which all is remembered that registers have told; None: they have told nothing."""
    told = [sorted(one.day for one in state.closings) for state in registers if state.closings]
    if not told:
        return None
    forgotten_before = [days[0] for days in told if len(days) == series.MOST]
    return max(forgotten_before, default=min(days[0] for days in told)), max(days[-1] for days in told)


def _numbers(settings: DaySalesSettings, place: Place, state: State, now: datetime) -> Iterator[NumbersMissed]:
    """Yield each gap in a register's series, once the register has been silent for a while: reports overtake others."""
    quiet = timedelta(minutes=settings.gap_grace_minutes)
    if state.heard_at is None or now < state.heard_at + quiet:
        return
    for before, after in series.gaps(state.closings, state.told):
        yield NumbersMissed(
            system=place.system,
            store=place.store,
            register_id=place.register,
            after=before.z,
            after_date=before.day,
            before=after.z,
            before_date=after.day,
        )
