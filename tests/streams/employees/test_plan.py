"""The plan: everybody once, a state and an action for each, never joined by a name."""

import random
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import EmployeeChanged, EmployeeFields
from schemas.plans import Plan, PlanRow
from schemas.settings import EmployeesSettings, TenantSettings
from streams.employees import FLOW
from streams.employees.learn import link
from streams.employees.state import Memory, State
from tests.streams.employees.company import SYSTEM, FlowCompany

SETTINGS = EmployeesSettings(system=SYSTEM, source_of_truth="hr", new_in_hr="create")
TODAY = date(2026, 5, 1)
AT = datetime(2026, 5, 1, 6, tzinfo=UTC)


def person(number: int, **more: Any) -> EmployeeFields:
    """Return what is held of somebody."""
    values = {"email": f"p{number}@example.com", "given_name": "Anna", "family_name": "Ek", "city": "Lund"}
    return EmployeeFields(**{**values, **more})


def company(hr: dict[str, EmployeeFields], fortnox: dict[str, EmployeeFields], **settings: Any) -> FlowCompany:
    """Return a company whose two sides were read, and nothing more."""
    made = FlowCompany(SETTINGS.model_copy(update=settings), random.Random(1))
    for name, fields in hr.items():
        made.edit_hr(name, **dict(fields))
    for name, fields in fortnox.items():
        made.edit_fortnox(name, **{k: v for k, v in fields if v is not None})
    made.snapshot()
    made.settle()
    return made


def rows(made: FlowCompany) -> dict[str, PlanRow]:
    """Return a plan's rows by whom they are about."""
    return {row.person or f"fortnox/{row.employee_id}": row for row in made.plan()}


def test_each_state_appears_with_its_action_and_its_rule() -> None:
    """HR only, Fortnox only, linked, conflict, duplicate, invalid: each proposes what its rule says."""
    made = company(
        {
            "new": person(1),
            "same": person(2),
            "other": person(3, city="Solna"),
            "twin1": person(5),
            "twin2": person(5),
            "wrong": person(6, email="nothing"),
        },
        {"2": person(2), "3": person(3), "4": person(4)},
    )
    found = {who: (row.state, row.action, row.rule) for who, row in rows(made).items()}
    assert found == {
        "alexishr/new": ("hr_only", "create_in_fortnox", "a_person_who_is_new_in_hr_is_created_in_fortnox"),
        "fortnox/4": ("fortnox_only", "do_nothing", "hr_says_who_is_employed"),
        "alexishr/same": ("linked", "match", "each_field_is_settled_by_its_rule"),
        "alexishr/other": ("conflict", "do_nothing", "a_conflict_waits_for_a_person"),
        "alexishr/twin1": ("duplicate", "do_nothing", "what_is_shared_waits"),
        "alexishr/twin2": ("duplicate", "do_nothing", "what_is_shared_waits"),
        "alexishr/wrong": ("invalid", "do_nothing", "email_invalid"),
    }
    [city] = [d for d in rows(made)["alexishr/other"].fields if d.field == "city"]
    assert (city.field, city.hr, city.fortnox, city.base, city.prefer) == ("city", "Solna", "Lund", "", "neither")


def test_when_fortnox_says_who_is_employed_hr_gets_who_it_lacks() -> None:
    """The other way round, an inactive employee stays where they are."""
    made = company({"1": person(1)}, {"2": person(2), "3": person(3)}, source_of_truth="fortnox")
    key = "fortnox/employee/3"
    gone = made.states[key].employee
    assert gone
    made.states[key] = made.states[key].model_copy(update={"employee": gone.model_copy(update={"inactive": True})})
    found = {who: row.action for who, row in rows(made).items()}
    assert found == {"alexishr/1": "do_nothing", "fortnox/2": "create_in_hr", "fortnox/3": "do_nothing"}


def test_people_are_matched_by_address_then_personal_number_then_employment_id() -> None:
    """The first value that only two carry joins them, though a later one says otherwise."""
    made = company(
        {"a": person(1, employment_id="12"), "b": person(2, employment_id="12x"), "c": person(3, employment_id="13")},
        {"11": person(1), "12": person(8), "13": person(9)},
    )
    found = {row.person: (row.employee_id, row.matched_by) for row in made.plan() if row.person}
    assert found == {
        "alexishr/a": ("11", "email"),
        "alexishr/b": (None, ""),
        "alexishr/c": ("13", "employment_id"),
    }


def test_nobody_is_joined_by_a_name() -> None:
    """Two Anna Eks with two addresses are two people."""
    made = company({"a": person(1)}, {"11": person(2)})
    assert {row.state for row in made.plan()} == {"hr_only", "fortnox_only"}


@pytest.mark.parametrize("twins", ["hr", "fortnox"])
def test_a_value_that_two_carry_joins_nobody(twins: str) -> None:
    """Two with an address on one side are duplicates; who they are is a person's to say."""
    one, two = {"1": person(1)}, {"1": person(1), "2": person(1)}
    made = company(two, one) if twins == "hr" else company(one, two)
    assert all(row.matched_by == "" for row in made.plan())
    assert all(row.action == "do_nothing" for row in made.plan())
    doubled = [row for row in made.plan() if row.state == "duplicate"]
    assert len(doubled) >= 2
    assert all("email is also that of " in row.why and "Ek" not in row.why for row in doubled)


def test_two_people_never_get_the_same_employee() -> None:
    """One is matched by address, the other one's employment id is the same employee's: that one is a duplicate."""
    made = company({"a": person(1), "b": person(2, employment_id="11")}, {"11": person(1)})
    found = {row.person: (row.employee_id, row.state) for row in made.plan()}
    assert found == {"alexishr/a": ("11", "linked"), "alexishr/b": (None, "duplicate")}


def test_who_was_taken_apart_is_in_hr_only_again() -> None:
    """A plan does not join again whom a person took apart; nor does it make a second employee."""
    made = company({"a": person(1)}, {"11": person(1)})
    made.apply(made.plan(), "first")
    made.settle()
    made.link("a", None)
    made.settle()
    found = {who: (row.state, row.action, row.rule) for who, row in rows(made).items()}
    assert found == {
        "alexishr/a": ("hr_only", "do_nothing", "what_a_person_took_apart_stays_apart"),
        "fortnox/11": ("fortnox_only", "do_nothing", "hr_says_who_is_employed"),
    }


def test_a_row_left_alone_stays_alone_until_the_record_changes() -> None:
    """Do nothing is remembered: the next plan proposes nothing, until HR says something new."""
    made = company({"a": person(1)}, {"11": person(1)})
    made.apply([row.model_copy(update={"action": "do_nothing"}) for row in made.plan()], "first")
    made.settle()
    assert [(row.action, row.rule) for row in made.plan()] == [
        ("do_nothing", "what_a_person_left_alone_stays_alone"),
    ]
    made.edit_hr("a", phone="+46701")
    made.settle()
    assert [row.action for row in made.plan()] == ["match"]


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["a@x.se", "b@x.se", "c@x.se", "nothing"]),
        "phone": st.sampled_from(["+46701", "+46702"]),
        "employment_id": st.sampled_from(["1", "2", "7"]),
        "city": st.sampled_from(["Lund", "Solna"]),
        "given_name": st.just("Anna"),
        "family_name": st.just("Ek"),
    },
)


@given(
    hr=st.lists(VALUES, max_size=5),
    fortnox=st.lists(VALUES, max_size=5),
    links=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=3),
    truth=st.sampled_from(["hr", "fortnox"]),
)
def test_a_plan_has_everybody_once_and_says_the_same_again(
    hr: list[dict[str, str]], fortnox: list[dict[str, str]], links: list[tuple[int, int]], truth: str
) -> None:
    """Whatever two sides hold, each person and each employee is in one row, and the rows are numbered."""
    memory = Memory({})
    for number, values in enumerate(hr):
        memory.put_person(f"{SYSTEM}/{number}", hr=EmployeeFields(**values), hr_at=AT)
    for number, values in enumerate(fortnox):
        memory.put_employee(str(number), fields=EmployeeFields(**{**values, "employment_id": str(number)}), seen_at=AT)
    for one, other in links:
        if one < len(hr) and other < len(fortnox):
            link(memory, f"{SYSTEM}/{one}", str(other), "matched")
    settings = SETTINGS.model_copy(update={"source_of_truth": truth})
    states = {key: memory[key] for key in memory}
    plan = _plan(states, settings)
    assert plan == _plan(dict(reversed(states.items())), settings), "the order of the states says nothing"
    assert sorted(r.person for r in plan if r.person) == sorted(f"{SYSTEM}/{n}" for n in range(len(hr)))
    assert sorted(r.employee_id for r in plan if r.employee_id) == [str(n) for n in range(len(fortnox))]
    assert [r.row for r in plan] == list(range(1, len(plan) + 1))
    assert all(r.why for r in plan if r.state in {"duplicate", "invalid"})


def _plan(states: dict[str, State], settings: EmployeesSettings) -> tuple[PlanRow, ...]:
    assert FLOW.plan
    return FLOW.plan(states.items(), TenantSettings(employees=settings), TODAY)


def test_what_was_applied_needs_nothing_more() -> None:
    """After a plan was carried out, the next one proposes nothing for whom it settled."""
    made = company({"1": person(1), "2": person(2, city="Solna")}, {"2": person(2)}, source_of_truth="hr")
    chosen = [row.model_copy(update={"action": "prefer_hr"}) if row.employee_id else row for row in made.plan()]
    made.apply(chosen, "first")
    made.settle()
    made.snapshot(whole=True)
    made.settle()
    assert {(row.state, row.action) for row in made.plan()} == {("linked", "do_nothing")}
    assert made.fortnox["2"].city == "Solna"


def test_without_settings_for_employees_there_is_no_plan() -> None:
    """A flow that is switched off plans nothing."""
    assert FLOW.plan
    assert FLOW.plan([], TenantSettings(), TODAY) == ()


def test_a_plan_needs_only_the_keys_that_it_asks_for() -> None:
    """What is left unread, such as the values that people share, changes no row; whose id has a slash is read."""
    made = company({"1": person(1), "a/b": person(2, city="Solna"), "3": person(3)}, {"2": person(2), "3": person(3)})
    seen = {key: state for key, state in made.states.items() if FLOW.in_plan(key)}
    assert FLOW.plan
    assert FLOW.plan(seen.items(), TenantSettings(employees=SETTINGS), TODAY) == made.plan()
    assert len(made.plan()) == 3
    assert {f"{SYSTEM}/a/b", "fortnox/employee/2"} <= seen.keys()
    assert len(seen) < len(made.states) / 2


@pytest.mark.parametrize("preset", [None, "alexis", "huma"])
def test_an_employment_id_alone_joins_no_strangers(preset: Any) -> None:
    """Whatever was chosen for conflicts; one thing more in common, and the rules of the fields decide."""
    in_hr, chosen = person(1, employment_id="7", given_name="Bo", family_name="Berg"), {"preset": preset}
    [row] = rows(company({"a": in_hr}, {"7": person(2)}, **chosen)).values()
    assert (row.state, row.action, row.rule) == ("conflict", "do_nothing", "an_id_alone_joins_no_strangers")
    assert "Only the employment id" in row.why
    [row] = rows(company({"a": in_hr}, {"7": person(2, family_name="Berg")}, **chosen)).values()
    assert (row.rule == "an_id_alone_joins_no_strangers", row.matched_by) == (False, "employment_id")


def test_where_a_company_wants_two_people_who_made_the_plan_does_not_apply_it() -> None:
    """Another person does, and anybody where the company does not want it."""
    made = Plan(
        plan_id=UUID(int=7),
        tenant="acme",
        flow="employees",
        settings_version=1,
        made_at=AT,
        made_by="Anna",
        hr_read_at=AT,
        fortnox_read_at=AT,
    )
    two, one = (TenantSettings(employees=SETTINGS.model_copy(update={"four_eyes": on})) for on in (True, False))
    assert "four eyes" in FLOW.objects(made, (), two, "anna")
    assert (FLOW.objects(made, (), two, "bo"), FLOW.objects(made, (), one, "Anna")) == ("", "")


def test_people_of_the_hr_system_before_stand_in_nobodys_way() -> None:
    """A company has changed its HR system: who was linked there is joined with the same employee, as a plan says."""
    made = company({"1": person(1, phone="+46701740605")}, {"7": person(1, phone="+46701740605")})
    made.apply(made.plan())
    made.settle()
    made.settings = made.settings.model_copy(update={"system": "huma", "new_in_hr": "hold"})
    now = person(1, phone="+46701740605")
    made.say(EmployeeChanged(system="huma", person_id="a", changed_at=made.tick(), fields=now))
    made.settle()
    [row] = made.plan()
    assert (row.person, row.employee_id, row.action) == ("huma/a", "7", "match")
    assert "match 7" in [choice.answer for choice in made.open()["huma/a"].choices]
    made.apply([row], "another")
    made.settle()
    assert (made.open(), [each.action for each in made.plan()]) == ({}, ["do_nothing"])
    before = made.states[f"{SYSTEM}/1"].person
    assert before is not None
    assert before.link is None
    moved = now.model_copy(update={"phone": "+46701740606", "email": "p9@example.com"})
    made.say(EmployeeChanged(system="huma", person_id="a", changed_at=made.tick(), fields=moved))
    made.say(EmployeeChanged(system=SYSTEM, person_id="1", changed_at=made.tick(), fields=person(1, city="Umeå")))
    made.settle()
    assert made.open() == {}
    assert (made.fortnox["7"].phone, made.fortnox["7"].city) == ("+46701740606", "Lund")
    made.say(EmployeeChanged(system="huma", person_id="a", changed_at=made.tick(), fields=now))
    made.settle()
    assert (made.open(), made.fortnox["7"].email) == ({}, "p1@example.com")
