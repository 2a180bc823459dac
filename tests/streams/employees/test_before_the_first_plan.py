"""Before the first plan was applied as a whole nothing is sent by itself; what was told by then is decided then."""

from datetime import date
from random import Random
from typing import Any

import pytest

from schemas.events import EmployeeFields
from schemas.plans import PlanRow
from schemas.settings import AbsenceCause, EmployeesSettings
from tests.streams.employees.company import SYSTEM, FlowCompany

KEY = f"{SYSTEM}/anna"
ANNA = {"email": "anna@example.se", "given_name": "Anna", "family_name": "Ek"}
BO = ANNA | {"email": "bo@example.se", "given_name": "Bo"}
FIRST, LAST = date(2026, 7, 6), date(2026, 7, 7)


def company(**settings: Any) -> FlowCompany:
    """Return a company with Anna and Bo in HR, and a leave of Anna's, before its first plan."""
    causes = (AbsenceCause(kind="VACATION", cause="SEM"),)
    chosen = EmployeesSettings(system=SYSTEM, source_of_truth="hr", causes=causes, **settings)
    made = FlowCompany(settings=chosen, random=Random(1))
    made.edit_hr("anna", **ANNA)
    made.edit_hr("bo", **BO)
    made.leave("L", "anna", FIRST, LAST)
    made.settle()
    return made


def in_part(made: FlowCompany, rows: tuple[PlanRow, ...]) -> None:
    """Apply some rows of a plan that is not applied as a whole yet."""
    made.apply(rows)
    made.bus.pop()
    made.settle()


def absent(made: FlowCompany) -> list[date]:
    """Return the days that stand in Fortnox."""
    return sorted(absence.day for absence in made.absences.values())


def test_leaves_of_who_was_created_by_a_row_come_with_the_whole_plan() -> None:
    """Fortnox has the employee before the rest of the plan is applied."""
    made = company()
    first, *rest = made.plan()
    in_part(made, (first,))
    assert (len(made.fortnox), absent(made)) == (1, [])
    made.apply(rest)
    made.settle()
    assert absent(made) == [FIRST, LAST]
    assert made.open() == {}


@pytest.mark.parametrize("answered", [False, True])
def test_what_changed_after_a_row_was_applied_goes_with_the_whole_plan(*, answered: bool) -> None:
    """Whether Fortnox had answered by then or not; and a leave that was changed meanwhile."""
    made = company()
    first, *rest = made.plan()
    in_part(made, (first,)) if answered else None
    if not answered:
        made.apply((first,))
        made.bus.pop()
        made.deliver(made.bus.pop(0))
    made.edit_hr("anna", phone="+46701740605")
    made.leave("L", "anna", FIRST, FIRST)
    made.settle()
    assert (made.fortnox["1000"].phone, absent(made)) == (None, [])
    made.apply(rest)
    made.settle()
    assert (made.fortnox["1000"].phone, absent(made)) == ("+46701740605", [FIRST])


def test_leaves_of_who_was_linked_by_hand_come_with_the_plan() -> None:
    """The two agree, so that no row of the plan is about them."""
    made = company()
    made.edit_fortnox("1", **ANNA)
    made.snapshot()
    made.settle()
    made.link("anna", "1")
    made.settle()
    rows = [row for row in made.plan() if row.action != "do_nothing"]
    assert [row.person for row in rows] == [f"{SYSTEM}/bo"]
    assert absent(made) == []
    made.apply(rows)
    made.settle()
    assert absent(made) == [FIRST, LAST]


def test_who_was_linked_by_hand_and_cannot_be_settled_is_held_then() -> None:
    """A conflict is in the plan, and no row of it is applied; nobody is asked before."""
    made = company()
    made.edit_fortnox("1", **ANNA, city="Lund")
    made.edit_hr("anna", city="Solna")
    made.snapshot()
    made.settle()
    made.link("anna", "1")
    made.settle()
    assert made.open() == {}
    made.apply([row for row in made.plan() if row.action != "do_nothing"])
    made.settle()
    assert [(key, hold.reason) for key, hold in made.open().items()] == [(KEY, "conflict")]
    assert made.fortnox["1"] == EmployeeFields(**ANNA, city="Lund", employment_id="1")


def test_a_plan_of_another_flow_lets_nothing_begin() -> None:
    """Plans of other flows are applied, too."""
    made = company()
    made.apply(())
    [said] = made.bus
    made.bus[0] = said.model_copy(update={"data": said.data.model_copy(update={"flow": "yearend"})})
    made.settle()
    made.edit_hr("anna", city="Lund")
    made.settle()
    assert (made.fortnox, made.open()) == ({}, {})
