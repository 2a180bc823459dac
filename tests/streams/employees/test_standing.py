"""How somebody stands, in sentences: what explain says of people and leaves."""

import random
from datetime import date

from schemas.events import LinkDecided
from schemas.settings import AbsenceCause, EmployeesSettings
from streams.employees import FLOW
from streams.employees.standing import known
from streams.employees.state import State
from tests.streams.employees.company import SYSTEM, FlowCompany

ANNA, ONE, LEAVE = f"{SYSTEM}/a", "fortnox/employee/1", f"leave/{SYSTEM}/l1"


def stands(made: FlowCompany, key: str) -> str:
    """Return what is said of a key."""
    state = made.states.get(key, State())
    looked_at = {each: made.states[each] for each in (key, *FLOW.akin(state)) if each in made.states}
    return " ".join(map(str, FLOW.stands(key, looked_at)))


def test_what_is_said_of_somebody_over_time() -> None:
    """Alone, linked and by what, taken apart and why; a leave that waits says for what."""
    causes = (AbsenceCause(kind="VACATION", cause="SEM"),)
    made = FlowCompany(EmployeesSettings(system=SYSTEM, source_of_truth="hr", causes=causes), random.Random(1))
    made.edit_hr("a", email="a@x.se", given_name="Anna", family_name="Ek")
    made.edit_fortnox("1", email="a@x.se", given_name="Anna", family_name="Ek")
    made.snapshot()
    made.settle()
    assert stands(made, ANNA) == "This is Anna Ek. Linked with nobody in Fortnox."
    assert stands(made, ONE) == "This is Anna Ek. Linked with nobody in HR."
    made.apply([row.model_copy(update={"action": "prefer_fortnox"}) for row in made.plan()])
    made.settle()
    assert stands(made, ANNA) == "This is Anna Ek. Linked with employee 1 (matched)."
    assert stands(made, ONE) == f"This is Anna Ek. Linked with {ANNA}."
    at = made.tick()
    made.say(LinkDecided(person=ANNA, employee_id=None, reason="long_leave", decided_by="lena", decided_at=at))
    made.leave("l1", "a", date(2026, 6, 1), date(2026, 6, 2))
    made.settle()
    waits = f"2026-06-01 to 2026-06-02; 0 days in Fortnox. It waits until {ANNA} is linked with an employee."
    assert stands(made, LEAVE) == waits
    assert stands(made, ANNA) == f"This is Anna Ek. Taken apart from employee 1: long leave. {LEAVE}: {waits}"
    made.link("a", "1")
    made.settle()
    assert stands(made, LEAVE) == "2026-06-01 to 2026-06-02; 2 days in Fortnox."
    assert "matched by hand" in stands(made, ANNA)


def test_whoever_was_never_told_of_is_nobody() -> None:
    """The key of a value, and a person who is known by a leave only, name nobody."""
    assert known(State()) is None
    assert FLOW.stands("x", {}) == ()
