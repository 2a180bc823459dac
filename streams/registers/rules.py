"""What is to be said about a day or about numbers that have not come: one function for each rule. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.base import SWEDEN
from schemas.flows import Held
from schemas.missing import DayMissed, NumbersMissed
from schemas.settings import DaySalesSettings
from schemas.words import named
from streams.registers import calendar, series, words
from streams.registers.state import State
from streams.registers.verdict import (
    DAY_MISSING,
    NAME,
    NUMBERS_MISSING,
    WAS_CLOSED,
    WILL_NOT_COME,
    Settled,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Case:
    """What is missing, and all that is known of it.

    Attributes:
        missed: the day, or the numbers.
        state: what is remembered of it; of numbers, which have not come.
        has_come: of a day: a report of it has.
        settings: None where the company has none for day sales.
    """

    key: str
    missed: DayMissed | NumbersMissed
    state: State
    has_come: bool
    settings: DaySalesSettings | None


def what_a_person_answered_stands(case: Case) -> Settled | None:
    """End what a person has answered, whatever else comes."""
    return (
        Settled("answered", words.ANSWERED(answer=named(NAME, "answer", case.state.answer)))
        if case.state.answer
        else None
    )


def a_day_that_has_come_is_missed_no_more(case: Case) -> Settled | None:
    """End a missing day when a report of it comes, from whichever of the store's registers."""
    if not isinstance(case.missed, DayMissed) or not case.has_come:
        return None
    return Settled("arrived", words.DAY_HAS_COME())


def a_day_on_which_the_store_is_closed_is_not_missed(case: Case) -> Settled | None:
    """End a missing day that the settings expect no more."""
    if not isinstance(case.missed, DayMissed):
        return None
    day, settings = case.missed.business_date, case.settings
    held = calendar.calendar_of(settings, case.missed.store, day) if settings and settings.sync_sales else None
    if held is not None and calendar.is_open(held, day):
        return None
    return Settled("settings_changed", words.NOT_EXPECTED())


def a_store_that_has_not_closed_is_said_so(case: Case) -> Held | None:
    """Say that a store should have closed its day by now, and has not."""
    if not isinstance(case.missed, DayMissed):
        return None
    missed = case.missed
    by = missed.due_at.astimezone(SWEDEN)
    return Held(
        DAY_MISSING,
        words.NOT_CLOSED(store=missed.store, day=missed.business_date, by=f"{by:%Y-%m-%d %H:%M}"),
        choices=(WAS_CLOSED,),
    )


def numbers_that_have_come_are_missed_no_more(case: Case) -> Settled | None:
    """End a gap when its last number comes."""
    if not isinstance(case.missed, NumbersMissed) or case.state.missing:
        return None
    return Settled("arrived", words.NUMBERS_HAVE_COME())


def a_gap_in_a_registers_series_is_named(case: Case) -> Held | None:
    """Name the numbers that have not come, and the reports between which they are missing: the series is unbroken."""
    if not isinstance(case.missed, NumbersMissed):
        return None
    missed, runs = case.missed, series.said(case.state.missing)
    said = (words.LARGE_GAP if len(runs) > _NAMED else words.GAP)(
        register=missed.register_id,
        store=missed.store,
        after=missed.after,
        after_day=missed.after_date,
        before=missed.before,
        before_day=missed.before_date,
        runs=[f"Z {run}" for run in runs[:_NAMED]],
    )
    return Held(NUMBERS_MISSING, said, runs, (WILL_NOT_COME,))


_NAMED: Final = 20

Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    what_a_person_answered_stands,
    a_day_that_has_come_is_missed_no_more,
    a_day_on_which_the_store_is_closed_is_not_missed,
    a_store_that_has_not_closed_is_said_so,
    numbers_that_have_come_are_missed_no_more,
    a_gap_in_a_registers_series_is_named,
)
"""The first that says something decides; its name is in the order."""


def judge(case: Case) -> tuple[str, Verdict]:
    """Return the name of the rule that decides, and what it says."""
    found = ((rule.__name__, rule(case)) for rule in RULES)
    return next((name, verdict) for name, verdict in found if verdict is not None)
