"""Leaves: a range becomes days, changes are differences, and nobody is absent twice."""

import random
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.commands import HoldForReview, WriteAbsence
from schemas.events import EmployeeFields, LeaveChanged, LeaveDay
from schemas.settings import AbsenceCause, EmployeesSettings, SettingsApplied, TenantSettings
from tests.streams.employees.company import SYSTEM, TENANT, FlowCompany

MONDAY = date(2026, 7, 6)
KEY = f"{SYSTEM}/anna"
CAUSES = (AbsenceCause(kind="VACATION", cause="SEM"), AbsenceCause(kind="SICK", cause="SJK", days="weekdays"))
ANNA = EmployeeFields(email="anna@example.se", given_name="Anna", family_name="Ek")


def linked(*, applied: bool = True) -> FlowCompany:
    """Return a company in which Anna is linked with employee 1."""
    chosen = EmployeesSettings(system=SYSTEM, source_of_truth="hr", causes=CAUSES)
    made = FlowCompany(chosen, random.Random(1))
    made.edit_hr("anna", **dict(ANNA))
    made.edit_fortnox("1", **{k: v for k, v in ANNA if v})
    made.snapshot()
    made.settle()
    if applied:
        made.apply(made.plan(), "first")
        made.settle()
    return made


def day(number: int) -> date:
    """Return a day of July, counted from a Monday."""
    return MONDAY + timedelta(days=number)


def register(made: FlowCompany, first: int, last: int, name: str = "L1", **more: Any) -> None:
    """Register or change a leave, and let it be decided."""
    kind = more.pop("kind", "VACATION")
    made.leave(name, "anna", day(first), day(last), **more)
    said = made.bus.pop()
    changed = said.data.model_copy(update={"kind": kind})
    made.bus.append(said.model_copy(update={"data": changed}))


def days(made: FlowCompany) -> list[int]:
    """Return the days that stand in Fortnox, counted from the Monday."""
    return sorted((absence.day - MONDAY).days for absence in made.absences.values())


def written(made: FlowCompany, since: int) -> list[tuple[str, int]]:
    """Return the absences written since then."""
    return [(o.action, (o.day - MONDAY).days) for o in made.calls[since:] if isinstance(o, WriteAbsence)]


def test_a_range_becomes_days() -> None:
    """Each day one absence, with the cause of its kind and the extent of the leave."""
    made = linked()
    register(made, 0, 2, extent=50)
    made.settle()
    assert days(made) == [0, 1, 2]
    assert {(a.employee_id, a.cause, a.extent) for a in made.absences.values()} == {("1", "SEM", 50)}


def test_a_cause_of_weekdays_leaves_weekends_out() -> None:
    """Friday to Tuesday are three days of sickness, and five of vacation."""
    made = linked()
    register(made, 4, 8, kind="SICK")
    made.settle()
    assert days(made) == [4, 7, 8]


def test_days_that_differ_are_written_as_they_are_told() -> None:
    """An eighth of Monday, all of Wednesday, and nothing of the days between; a change touches what it changes."""
    made = linked()
    parts = (LeaveDay(day=day(0), extent="12.5"), LeaveDay(day=day(2), extent=100))  # type: ignore[arg-type] # read
    register(made, 0, 2, days=parts)
    made.settle()
    assert sorted((a.day, a.extent) for a in made.absences.values()) == [
        (day(0), Decimal("12.5")),
        (day(2), Decimal(100)),
    ]
    since = len(made.calls)
    register(made, 0, 2, days=(parts[0],))
    made.settle()
    assert written(made, since) == [("delete", 2)]


def test_a_change_is_its_differences() -> None:
    """A day less is deleted, a day more created, another extent updates; what stays is not touched."""
    made = linked()
    register(made, 0, 2)
    made.settle()
    since = len(made.calls)
    register(made, 1, 3)
    made.settle()
    assert written(made, since) == [("delete", 0), ("create", 3)]
    since = len(made.calls)
    register(made, 1, 3, extent=50)
    made.settle()
    assert written(made, since) == [("update", 1), ("update", 2), ("update", 3)]
    assert days(made) == [1, 2, 3]


def test_a_leave_that_is_withdrawn_leaves_nothing() -> None:
    """Every day is deleted; said again, nothing happens; approved again, the days come back."""
    made = linked()
    register(made, 0, 1)
    made.settle()
    register(made, 0, 1, withdrawn=True)
    made.settle()
    assert days(made) == []
    since = len(made.calls)
    register(made, 0, 1, withdrawn=True)
    made.settle()
    assert written(made, since) == []
    register(made, 0, 1)
    made.settle()
    assert days(made) == [0, 1]


def test_a_kind_without_a_cause_waits_for_settings() -> None:
    """It is held by its kind's name; when the settings have it, the days go by themselves."""
    made = linked()
    register(made, 0, 1, kind="PARENTAL")
    made.settle()
    key = f"leave/{SYSTEM}/L1"
    assert (made.open()[key].reason, "PARENTAL" in made.open()[key].message) == ("unmapped_leave_kind", True)
    more = made.settings.model_copy(update={"causes": (*CAUSES, AbsenceCause(kind="PARENTAL", cause="FPE"))})
    made.tell_waiting(
        SettingsApplied(tenant=TENANT, version=2, applied_by="lena", settings=TenantSettings(employees=more))
    )
    made.settle()
    assert days(made) == [0, 1]
    assert made.open() == {}


def test_a_kind_of_leave_is_found_as_people_read_it() -> None:
    """In other capitals, where the settings do not have just these, and whatever its letters are made of."""
    made = linked()
    more = (AbsenceCause(kind="Föräldraledig", cause="FPE"), AbsenceCause(kind="vacation", cause="TJL"))
    made.settings = made.settings.model_copy(update={"causes": (*CAUSES, *more)})
    register(made, 0, 0, "L1", kind="Sick")
    register(made, 1, 1, "L2", kind="vacation")
    register(made, 2, 2, "L3", kind=more[0].kind.upper())
    made.settle()
    assert [a.cause for a in sorted(made.absences.values(), key=lambda a: a.day)] == ["SJK", "TJL", "FPE"]
    assert made.open() == {}


@pytest.mark.parametrize(("first", "last", "reason"), [(2, 1, "days_out_of_order"), (0, 400, "leave_too_long")])
def test_a_range_that_cannot_be_waits(first: int, last: int, reason: str) -> None:
    """Until HR corrects it."""
    made = linked()
    register(made, first, last)
    made.settle()
    assert [hold.reason for hold in made.open().values()] == [reason]
    register(made, 0, 1)
    made.settle()
    assert (days(made), made.open()) == ([0, 1], {})


def test_a_refused_day_waits_alone_and_goes_when_a_person_says_so() -> None:
    """The other days stand; what changes meanwhile goes on; the day that was refused is replaced."""
    made = linked()
    register(made, 0, 2)
    while made.bus:
        made.deliver(made.bus.pop(0))
    refused = ("fortnox", f"leave/{SYSTEM}/L1/{day(1)}")
    made.refuses = 1.0
    made.carry_out(refused)
    made.refuses = 0.0
    made.settle()
    [hold] = made.open().values()
    assert (days(made), hold.reason) == ([0, 2], "licence_missing")
    register(made, 0, 3)
    made.settle()
    assert (days(made), list(made.open())) == ([0, 2, 3], [f"leave/{SYSTEM}/L1"])
    made.answer(hold, "retry")
    made.settle()
    assert (days(made), made.open()) == ([0, 1, 2, 3], {})
    assert isinstance(made.calls[-1], WriteAbsence)
    assert made.calls[-1].replaces is not None


def test_a_day_that_somebody_removed_in_fortnox_is_registered_anew_when_a_person_says_so() -> None:
    """It is not put back by itself; and an answer never leads to the same hold again."""
    made = linked()
    register(made, 0, 1)
    made.settle()
    made.absences.clear()
    register(made, 0, 1, extent=50)
    made.settle()
    [hold] = made.open().values()
    assert (days(made), hold.reason) == ([], "absence_missing")
    made.answer(hold, "retry")
    made.settle()
    assert ([a.extent for a in made.absences.values()], made.open()) == ([50, 50], {})


def test_leaves_wait_for_the_link_and_only_the_newest_goes() -> None:
    """While a person is taken apart nothing of a leave is sent, and the person is held for it."""
    made = linked()
    made.link("anna", None)
    made.settle()
    register(made, 0, 4)
    register(made, 1, 2)
    made.settle()
    assert days(made) == []
    assert made.open()[KEY].reason == "not_linked"
    made.link("anna", "1")
    made.settle()
    assert (days(made), len(made.absences)) == ([1, 2], 2)


def test_leaves_told_before_the_first_plan_go_with_it() -> None:
    """Nothing is written before; the row that joins the two lets the days go, though nothing else differs."""
    made = linked(applied=False)
    register(made, 0, 1)
    made.settle()
    assert made.calls == []
    made.apply(made.plan(), "first")
    made.settle()
    assert days(made) == [0, 1]


def test_the_days_of_who_is_linked_with_another_move_there() -> None:
    """They are removed where they stood and recorded with the new one: nobody is absent twice."""
    made = linked()
    made.edit_fortnox("2", given_name="Anna", family_name="Ek")
    made.snapshot()
    register(made, 0, 1)
    made.settle()
    made.link("anna", None)
    made.settle()
    assert {a.employee_id for a in made.absences.values()} == {"1"}
    since = len(made.calls)
    made.link("anna", "2")
    made.settle()
    assert written(made, since) == [("delete", 0), ("delete", 1), ("create", 0), ("create", 1)]
    assert {a.employee_id for a in made.absences.values()} == {"2"}


def test_a_leave_that_is_over_is_no_longer_carried_along() -> None:
    """A person's state does not grow for ever; one that is told again is decided as ever."""
    made = linked()
    register(made, 0, 1)
    made.settle()
    key = f"leave/{SYSTEM}/L1"
    person = made.states[KEY].person
    assert person
    assert person.leaves == (key,)
    made.tick(100 * 86400)
    made.edit_hr("anna", city="Solna")
    made.settle()
    person = made.states[KEY].person
    assert person
    assert person.leaves == ()
    register(made, 0, 2)
    made.settle()
    assert days(made) == [0, 1, 2]


def test_what_was_told_late_undoes_nothing() -> None:
    """An older word about a leave comes after a newer one."""
    made = linked()
    register(made, 0, 4)
    late = made.bus.pop()
    register(made, 0, 1)
    made.settle()
    made.bus.append(late)
    made.settle()
    assert days(made) == [0, 1]


RANGES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 5), st.sampled_from([50, 100]), st.booleans()), min_size=1, max_size=6
)


@settings(max_examples=30)
@given(changes=RANGES, refuses=st.sampled_from([0.0, 0.3]), seed=st.integers(0, 99))
def test_at_rest_the_days_are_what_hr_said_last(
    changes: Iterable[tuple[int, int, int, bool]], refuses: float, seed: int
) -> None:
    """Whatever is changed how often, and however often Fortnox refuses: each day once."""
    made = linked()
    made.random, made.refuses = random.Random(seed), refuses
    for first, length, extent, withdrawn in changes:
        register(made, first, first + length, extent=extent, withdrawn=withdrawn)
        if made.random.random() < 0.5:
            made.settle()
    made.settle()
    made.refuses = 0.0
    for _ in range(40):
        holds = [hold for hold in made.holds.values() if isinstance(hold, HoldForReview)]
        for hold in holds:
            made.answer(hold, "retry")
        made.settle()
        if not holds:
            break
    said = made.leaves["L1"]
    assert isinstance(said, LeaveChanged)
    wanted = [] if said.withdrawn else [(d, said.extent) for d in _range(said)]
    assert sorted((a.day, a.extent) for a in made.absences.values()) == wanted


def _range(said: LeaveChanged) -> list[date]:
    return [said.first_day + timedelta(days=n) for n in range((said.last_day - said.first_day).days + 1)]
