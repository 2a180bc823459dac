"""What a side holds is told late or in part: nobody's change is lost, none of ours undone, nothing taken for empty."""

from datetime import date
from random import Random
from typing import Any

import pytest

from schemas.events import EmployeeChanged, EmployeeFields, EmployeeSeen
from schemas.settings import EmployeesSettings, FieldRule
from tests.streams.employees.company import SYSTEM, FlowCompany

BO = {"email": "bo@acme.test", "given_name": "Bo", "family_name": "Ek", "city": "Lund", "street": "A 1"}
KEY = f"{SYSTEM}/p1"


def linked() -> FlowCompany:
    """Return a company of one person on both sides, where each side's changes go to the other."""
    both = tuple(FieldRule(field=name, fortnox_changed="to_hr") for name in ("city", "street", "phone"))
    chosen = EmployeesSettings(system=SYSTEM, source_of_truth="hr", fields=both)
    made = FlowCompany(settings=chosen, random=Random(1))
    made.edit_hr("p1", **BO, employment_id="7")
    made.edit_fortnox("7", **BO)
    made.snapshot()
    made.settle()
    made.apply(made.plan())
    made.settle()
    return made


def decide(made: FlowCompany) -> None:
    """Deliver everything, and carry nothing out yet."""
    while made.bus:
        made.deliver(made.bus.pop(0))


def both(made: FlowCompany) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what both sides hold where it can differ."""
    return tuple(  # type: ignore[return-value] # there are two
        {name: getattr(held, name) for name in ("city", "street", "phone")}
        for held in (made.hr["p1"], made.fortnox["7"])
    )


def test_a_change_in_hr_that_was_not_told_before_our_write_is_told_after_it() -> None:
    """HR's time of change is that of our write by then, which is before we had its answer."""
    made = linked()
    made.edit_fortnox("7", city="Malmö")
    made.snapshot()
    decide(made)
    made.edit_hr("p1", street="B 2")
    made.bus.clear()  # nobody has asked HR yet
    made.carry_out(("hr", KEY))
    del made.bus[0]  # and HR tells nobody by itself
    made.settle()
    made.tell_hr("p1")
    made.settle()
    assert both(made) == ({"city": "Malmö", "street": "B 2", "phone": None},) * 2
    assert (made.open(), [row.action for row in made.plan()]) == ({}, ["do_nothing"])


def test_a_page_of_before_our_write_does_not_undo_it() -> None:
    """It was read before, with somebody's change of another field, and is decided after."""
    made = linked()
    made.edit_fortnox("7", city="Malmö")
    made.snapshot()
    decide(made)
    made.edit_hr("p1", street="B 2")
    [page] = made.bus
    made.bus.clear()
    made.carry_out(("hr", KEY))
    echo, outcome = made.bus
    made.bus = [outcome, page, echo]
    made.settle()
    assert both(made) == ({"city": "Malmö", "street": "B 2", "phone": None},) * 2
    assert len(made.calls) == 2  # one to each side


def test_what_is_deleted_by_a_page_of_before_our_write_is_there() -> None:
    """What we wrote to was there."""
    made = linked()
    made.edit_fortnox("7", city="Malmö")
    made.snapshot()
    decide(made)
    gone = EmployeeChanged(system=SYSTEM, person_id="p1", changed_at=made.tick(), deleted=True, fields=EmployeeFields())
    made.settle()
    made.say(gone)
    made.settle()
    assert made.open() == {}


def test_a_change_in_fortnox_that_was_seen_before_our_write_counts_after_it() -> None:
    """It is decided after the write's outcome: the two come by different topics."""
    made = linked()
    made.edit_hr("p1", city="Malmö")
    decide(made)
    made.edit_fortnox("7", street="B 2")
    made.snapshot()
    [seen] = made.bus
    made.bus.clear()
    made.makes = lambda fields, _new: fields.model_copy(update={"city": (fields.city or "").upper()})
    made.carry_out(("fortnox", KEY))
    made.bus.append(seen)
    made.settle()
    assert both(made) == (
        {"city": "Malmö", "street": "B 2", "phone": None},
        {"city": "MALMÖ", "street": "B 2", "phone": None},
    )
    made.snapshot(whole=True)
    made.settle()
    assert (made.open(), len(made.calls)) == ({}, 2)


def test_who_was_set_inactive_before_our_write_is_inactive() -> None:
    """And who came back by our write has come back."""
    made = linked()
    made.edit_hr("p1", city="Malmö")
    decide(made)
    seen = EmployeeSeen(employee_id="7", seen_at=made.tick(), fields=made.fortnox["7"], inactive=True)
    made.settle()
    made.say(seen)
    made.settle()
    employee = made.states["fortnox/employee/7"].employee
    assert employee is not None
    assert employee.inactive


def test_what_hr_fills_in_of_somebody_new_is_known() -> None:
    """Whom we have created there was changed at the time of our write, before we had its answer."""
    made = linked()
    made.settings = made.settings.model_copy(update={"source_of_truth": "fortnox"})
    made.edit_fortnox("8", **BO | {"email": "mia@acme.test", "given_name": "Mia"})
    made.snapshot()
    made.settle()
    made.hr_makes = lambda fields: fields.model_copy(update={"phone": fields.phone or "+4640123456"})
    made.apply(made.plan(), "second")
    decide(made)
    made.carry_out(("hr", "fortnox/employee/8"))
    del made.bus[0]
    made.settle()
    [new] = set(made.hr) - {"p1"}
    made.tell_hr(new)
    made.settle()
    person = made.states[f"{SYSTEM}/{new}"].person
    assert person is not None
    assert person.hr == made.hr[new]


def live(**settings: Any) -> FlowCompany:
    """Return a company without people, after its first plan."""
    chosen = EmployeesSettings(system=SYSTEM, **({"source_of_truth": "hr"} | settings))
    made = FlowCompany(settings=chosen, random=Random(1))
    made.apply(())
    made.settle()
    return made


@pytest.mark.parametrize("answers", [True, False])
def test_what_hr_enters_while_somebody_is_created_is_sent_afterwards(*, answers: bool) -> None:
    """The new employee lacks it, and both never held it; it is no value that is missing, but one that is new."""
    made = live(new_in_hr="create")
    made.answers = answers
    made.makes = lambda fields, new: fields.model_copy(update={"tax_table": 33} if new else {})
    made.edit_hr("p1", **BO)
    decide(made)
    made.edit_hr("p1", phone="+46701740605", city="Malmö")
    made.settle()
    made.snapshot()
    made.settle()
    held = made.fortnox["1000"]
    assert (held.phone, held.city, held.tax_table, made.open()) == ("+46701740605", "Malmö", 33, {})


@pytest.mark.parametrize("told_first", [False, True])
def test_what_changes_in_fortnox_while_somebody_is_created_in_hr_is_not_undone(*, told_first: bool) -> None:
    """What we wrote there is older; whether HR told of the new one before its outcome was known, or not."""
    made = live(preset="huma")
    made.edit_fortnox("7", **BO)
    made.snapshot()
    made.settle()
    made.apply([row.model_copy(update={"action": "create_in_hr"}) for row in made.plan()], "second")
    decide(made)
    made.edit_fortnox("7", city="Malmö")
    made.snapshot()
    decide(made)
    made.carry_out(("hr", "fortnox/employee/7"))
    if not told_first:
        made.bus.reverse()
    made.settle()
    assert (made.fortnox["7"].city, made.open()) == ("Malmö", {})
    [row] = made.plan()
    assert [(f.field, f.prefer) for f in row.fields if f.prefer != "neither"] == [("city", "fortnox")]


@pytest.mark.parametrize("told_first", [False, True])
def test_an_address_that_waits_in_hr_for_its_person_is_not_put_back_in_fortnox(*, told_first: bool) -> None:
    """HR goes on telling the old one, which nobody has put back; what somebody enters there is a change."""
    made = linked()
    made.settings = made.settings.model_copy(update={"preset": "huma", "fields": ()})
    made.hr_confirms = True
    made.edit_fortnox("7", email="new@acme.test")
    made.snapshot()
    made.settle()
    made.apply(made.plan(), "second")
    decide(made)
    made.carry_out(("hr", KEY))
    if told_first:
        del made.bus[0]
        made.edit_hr("p1", phone="+46701740605")
        made.bus.reverse()
    made.settle()
    made.edit_hr("p1", street="B 2")
    made.settle()
    assert (made.hr["p1"].email, made.fortnox["7"].email, made.open()) == (BO["email"], "new@acme.test", {})
    assert [row.action for row in made.plan()] == ["do_nothing"]
    made.edit_hr("p1", email="new@acme.test")
    made.settle()
    made.edit_hr("p1", email="other@acme.test")
    made.settle()
    assert (made.fortnox["7"].email, made.open()) == ("other@acme.test", {})


@pytest.mark.parametrize("on_missing", ["clear", "counts"])
def test_what_fortnox_hides_was_emptied_by_nobody(on_missing: str) -> None:
    """A licence ends, and comes back: HR keeps what it holds, and a change meanwhile is found then."""
    made = linked()
    name = "street" if on_missing == "clear" else "last_day"  # whose rule is counts, always
    rule = FieldRule(field=name, owner="fortnox", **({"on_missing": "clear"} if name == "street" else {}))  # type: ignore[arg-type]
    made.settings = made.settings.model_copy(update={"fields": (rule,), "source_of_truth": "fortnox"})
    made.edit_fortnox("7", last_day=date(2026, 12, 31))
    made.snapshot()
    made.settle()
    assert made.hr["p1"].last_day == date(2026, 12, 31)
    shows = made.fortnox["7"].model_copy(update={name: None})
    made.say(EmployeeSeen(employee_id="7", seen_at=made.tick(), fields=shows, hidden=(name,)))  # type: ignore[arg-type]
    made.settle()
    assert getattr(made.hr["p1"], name) == getattr(made.fortnox["7"], name)
    assert (made.open(), [row.action for row in made.plan()]) == ({}, ["do_nothing"])
    made.say(EmployeeSeen(employee_id="7", seen_at=made.tick(), fields=shows))
    made.settle()
    assert getattr(made.hr["p1"], name) is None
