"""Somebody is erased: only who is free of everything, all of it is forgotten, and what is told later is not kept."""

import random
from datetime import date

import pytest

from schemas.commands import HoldForReview
from schemas.erasures import DropKeys, ErasureDecided
from schemas.events import EmployeeFields
from schemas.plans import CHOSEN
from schemas.settings import EmployeesSettings
from streams.employees.erasing import erasable
from streams.employees.state import State
from tests.streams.employees.company import SYSTEM, FlowCompany

BO = f"{SYSTEM}/b"


@pytest.fixture
def made() -> FlowCompany:
    """Return a company in which Bo was created in Fortnox, and is linked."""
    made = FlowCompany(EmployeesSettings(system=SYSTEM, source_of_truth="hr"), random.Random(1))
    made.edit_hr("b", email="b@x.se", given_name="Bo", family_name="Ek", phone="+46701740605", employment_id="7")
    made.settle()
    made.apply([row.model_copy(update={"action": "create_in_fortnox", "rule": CHOSEN}) for row in made.plan()])
    made.settle()
    made.snapshot()
    made.settle()
    return made


def erase(made: FlowCompany, *, erased: bool = True, key: str = BO) -> None:
    """Let somebody decide it."""
    made.say(ErasureDecided(person=key, erased=erased, decided_by="lena", decided_at=made.tick()))
    made.settle()


def objections(made: FlowCompany, key: str = BO) -> str:
    """Return what stands in the way."""
    asking = erasable(key, made.now.date())
    keys = next(asking)
    while True:
        try:
            keys = asking.send({each: made.states.get(each, State()) for each in keys})
        except StopIteration as end:
            return " ".join(end.value.objections)


def free(made: FlowCompany) -> None:
    """Take Bo apart, and let the employment end."""
    made.link("b", None)
    made.edit_hr("b", last_day=date(2026, 4, 30))
    made.settle()


def remembered(made: FlowCompany) -> str:
    """Return all that the flow remembers."""
    return " ".join(f"{key} {state.model_dump_json()}" for key, state in made.states.items() if state != State())


def test_who_is_linked_or_works_on_is_not_erased(made: FlowCompany) -> None:
    """It is said what to do first, and a decision that comes all the same changes nothing."""
    assert "unlink" in objections(made)
    before = remembered(made)
    erase(made)
    assert remembered(made) == before
    made.link("b", None)
    made.settle()
    assert "works on" in objections(made)
    assert "nobody" in objections(made, f"{SYSTEM}/nobody")
    free(made)
    assert objections(made) == ""


def test_all_is_forgotten_and_the_keys_of_both_records_are_dropped(made: FlowCompany) -> None:
    """Person, employee, and where their values are looked up; deciding it again decides nothing more."""
    free(made)
    employee = made.states[BO].person.was  # type: ignore[union-attr] # there was a link
    erase(made)
    [order] = [order for order in made.journal.values() if isinstance(order, DropKeys)]
    assert order.records == (BO, f"fortnox/employee/{employee}")
    assert (order.decided_by, order.rule) == ("lena", "an_erased_person_is_forgotten")
    left = remembered(made)
    assert not any(value in left for value in ("b@x.se", "Bo", "Ek", "46701740605", "/email/", "/phone/"))
    assert made.open() == {}
    assert objections(made) == ""
    assert made.plan() == ()


def test_what_hr_tells_later_waits_and_nothing_of_it_is_kept(made: FlowCompany) -> None:
    """Until HR deletes them; or until they are let in again, and told of anew."""
    free(made)
    told = made.hr["b"]
    erase(made)
    made.hr["b"] = EmployeeFields(sealed="p1:erased:")  # as the host takes in what is told of her
    made.hr_at["b"] = made.tick()
    made.tell_hr("b")
    made.settle()
    [hold] = made.open().values()
    assert isinstance(hold, HoldForReview)
    assert (hold.key, hold.reason) == (BO, "erased")
    erase(made, erased=False)
    assert made.open() == {}
    made.hr["b"] = told
    made.edit_hr("b", title="VD")
    made.settle()
    assert "b@x.se" in remembered(made)


def test_who_is_let_in_again_replaces_what_was_refused_before(made: FlowCompany) -> None:
    """Whatever is ordered under a key waits behind a refused order, which outlives the values."""
    made.refuses = 1.0
    made.edit_hr("b", city="Solna")
    made.settle()
    made.refuses = 0.0
    free(made)
    erase(made)
    assert "no licence" not in remembered(made)
    erase(made, erased=False)
    made.tell_hr("b")
    made.snapshot(whole=True)
    made.settle()
    made.link("b", "7")
    made.settle()
    made.edit_hr("b", phone="+46701740606")
    made.settle()
    assert (made.fortnox["7"].phone, made.open()) == ("+46701740606", {})


def test_who_was_not_erased_is_not_let_in_again(made: FlowCompany) -> None:
    """A typing error, or the same once more: the link, and all that was agreed on, stays."""
    before = remembered(made)
    assert "Bo" in before
    erase(made, erased=False)
    assert remembered(made) == before
    free(made)
    erase(made)
    erase(made, erased=False)
    made.edit_hr("b", title="VD")
    made.settle()
    before, open_ = remembered(made), made.open()
    assert "VD" in before
    erase(made, erased=False)
    assert (remembered(made), made.open()) == (before, open_)
