"""Somebody is paused: nothing travels meanwhile, the link stays, and then the newest goes on."""

import random
from datetime import date

import pytest

from schemas.pauses import PersonPaused
from schemas.plans import CHOSEN
from schemas.settings import AbsenceCause, EmployeesSettings
from tests.streams.employees.company import SYSTEM, FlowCompany

ANNA = f"{SYSTEM}/a"


@pytest.fixture
def made() -> FlowCompany:
    """Return a company in which Anna is linked and paused."""
    causes = (AbsenceCause(kind="VACATION", cause="SEM"),)
    made = FlowCompany(EmployeesSettings(system=SYSTEM, source_of_truth="hr", causes=causes), random.Random(1))
    made.edit_hr("a", email="a@x.se", given_name="Anna", family_name="Ek", title="VD")
    made.edit_fortnox("1", email="a@x.se", given_name="Anna", family_name="Ek", title="VD")
    made.snapshot()
    made.settle()
    made.apply([row.model_copy(update={"action": "prefer_fortnox", "rule": CHOSEN}) for row in made.plan()])
    pause(made, paused=True)
    made.settle()
    made.calls.clear()
    return made


def pause(made: FlowCompany, *, paused: bool) -> None:
    """Let somebody pause Anna, or let her go on."""
    at = made.tick()
    made.say(PersonPaused(person=ANNA, paused=paused, reason="long_leave", decided_by="lena", decided_at=at))


@pytest.mark.parametrize("answered", [False, True])
def test_nothing_travels_meanwhile_and_then_the_newest_goes_on(made: FlowCompany, answered: bool) -> None:  # noqa: FBT001 - a case
    """Two changes and a leave: one hold, no call; and after it one write of the last value, and the days."""
    made.edit_hr("a", title="Vice VD")
    made.edit_hr("a", title="Ordförande")
    made.leave("l1", "a", date(2026, 6, 1), date(2026, 6, 2))
    made.settle()
    assert made.calls == []
    [hold] = made.open().values()
    assert (hold.key, hold.reason, [c.answer for c in hold.choices]) == (ANNA, "paused", ["resume"])
    link = made.states[ANNA].person
    assert link is not None
    assert link.link is not None
    if answered:
        made.answer(hold, "resume")
    else:
        pause(made, paused=False)
    made.settle()
    assert made.fortnox["1"].title == "Ordförande"
    assert len(made.absences) == 2
    assert len(made.calls) == 3
    assert made.open() == {}


def test_a_plan_leaves_alone_who_is_paused(made: FlowCompany) -> None:
    """And one that is applied all the same is held."""
    made.edit_hr("a", title="Ordförande")
    made.settle()
    [row] = made.plan()
    assert (row.action, row.rule, row.affected) == ("do_nothing", "what_is_paused_waits", 0)
    made.apply([row.model_copy(update={"action": "prefer_hr", "rule": CHOSEN})], "second")
    made.settle()
    assert made.calls == []
    assert [hold.reason for hold in made.open().values()] == ["paused"]


def test_what_was_decided_before_undoes_nothing_newer(made: FlowCompany) -> None:
    """A pause that comes late, after it was let go on, pauses nobody."""
    before = made.now
    pause(made, paused=False)
    made.say(PersonPaused(person=ANNA, paused=True, decided_by="lena", decided_at=before))
    made.edit_hr("a", title="Ordförande")
    made.settle()
    assert made.fortnox["1"].title == "Ordförande"
