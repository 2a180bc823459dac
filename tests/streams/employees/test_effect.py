"""What a plan shows is what applying it writes: for any two sides, any settings, any changes of the plan."""

import copy
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.desk import plan_words
from infra.deciding.decision import Decision, deciding, reading
from infra.deciding.plan_rows import fact, shown
from infra.plugin import Terms
from schemas.commands import Order, UpsertEmployee, UpsertPerson
from schemas.events import EmployeeFields
from schemas.plans import Plan, PlanRow
from schemas.settings import EmployeesSettings, FieldRule, TenantSettings
from streams.employees import FLOW
from streams.employees.fields import FIELDS, get
from streams.employees.state import State
from tests.streams.employees.company import NAMESPACE, START, SYSTEM, TENANT, FlowCompany, envelope_of

PLAN = Plan(
    plan_id=NAMESPACE,
    tenant=TENANT,
    flow="employees",
    settings_version=1,
    made_at=START,
    hr_read_at=None,
    fortnox_read_at=None,
)


def edited(made: FlowCompany, row: PlanRow, action: str | None, *choices: str) -> PlanRow:
    """Return a row as it is changed, with what it does then."""
    return preview(made, plan_words.changed(row, action, choices))


def preview(made: FlowCompany, row: PlanRow) -> PlanRow:
    """Return a row with what it does, decided by the host's own code on what the flow remembers."""
    data = fact(FLOW, PLAN, row, by="lena", at=START)
    steps = deciding(
        FLOW, reading(FLOW, data), envelope_of(data, made.now), Terms(TenantSettings(employees=made.settings), 1)
    )
    said = next(steps)
    states: dict[str, State] = {}
    while not isinstance(said, Decision):
        states |= {key: made.states.get(key, State()) for key in said}
        said = steps.send({key: states[key] for key in said})
    return shown(FLOW, row, said, states)


def writes(orders: list[Order]) -> dict[str, dict[str, str]]:
    """Return which fields were written for each key, and whose value each got."""
    found: dict[str, dict[str, str]] = {}
    for order in orders:
        if isinstance(order, UpsertEmployee | UpsertPerson):
            side = "hr" if isinstance(order, UpsertEmployee) else "fortnox"
            touched = [f for f in FIELDS if get(order.fields, f) is not None or f in order.clear]
            found.setdefault(order.key, {}).update(dict.fromkeys(touched, side))
    return found


def promised(row: PlanRow) -> dict[str, str]:
    """Return which fields a row says that it writes, and whose value each gets."""
    return {d.field: d.prefer for d in row.fields if d.prefer != "neither"}


def two_sides(**more: Any) -> FlowCompany:
    """Return a company with one pair that differs in title and city, and agreed on neither."""
    made = FlowCompany(EmployeesSettings(system=SYSTEM, source_of_truth="hr", **more), random.Random(1))
    made.edit_hr("a", email="a@x.se", given_name="Anna", family_name="Ek", city="Lund", title="VD")
    made.edit_fortnox("1", email="a@x.se", given_name="Anna", family_name="Ek", city="Solna", title="Chef")
    made.snapshot()
    made.settle()
    return made


def test_an_edited_row_shows_what_it_does_now() -> None:
    """Nothing before a person decides; then one side's values, but for the field that was chosen otherwise."""
    made = two_sides()
    [row] = made.plan()
    assert (row.state, row.action, row.affected) == ("conflict", "do_nothing", 0)
    changed = edited(made, row, "prefer_fortnox", "city=hr")
    assert {d.field: d.prefer for d in changed.fields} == {
        "city": "hr",
        "title": "fortnox",
        "employment_id": "fortnox",
    }
    assert changed.affected == 3
    lines = "\n".join(plan_words.row_lines(changed))
    assert "title: HR VD, Fortnox Chef -> Fortnox's goes to HR" in lines
    assert "both stay" not in lines


def test_a_field_that_does_not_travel_is_shown_to_stay() -> None:
    """Whatever a person prefers: the rule of the field counts."""
    made = two_sides(fields=(FieldRule(field="city", to_hr="never"),))
    [row] = made.plan()
    changed = edited(made, row, "prefer_fortnox")
    assert {d.field: d.prefer for d in changed.fields if d.field != "employment_id"} == {
        "city": "neither",
        "title": "fortnox",
    }


@pytest.mark.parametrize(
    ("preset", "to_hr", "to_fortnox"), [("huma", "never", "live"), (None, "live", "never")], ids=["fortnox", "hr"]
)
def test_what_we_write_makes_no_side_the_newest(preset: Any, to_hr: Any, to_fortnox: Any) -> None:
    """Fortnox is the newer one, before and after HR got its number from it; HR is, before and after its title went."""
    city = FieldRule(field="city", to_hr=to_hr, to_fortnox=to_fortnox, on_conflict="newest")
    chosen = (city, FieldRule(field="title", on_missing="fill"))
    made = FlowCompany(
        EmployeesSettings(system=SYSTEM, source_of_truth="hr", preset=preset, fields=chosen), random.Random(1)
    )
    number = {"employment_id": "1"} if to_hr == "live" else {}
    made.edit_hr("a", email="a@x.se", given_name="Anna", family_name="Ek", city="Lund", **number)
    made.edit_fortnox("1", email="a@x.se", given_name="Anna", family_name="Ek", city="Solna", employment_id="1")
    made.snapshot()
    made.settle()
    if to_hr == "live":
        made.edit_hr("a", title="Chef")
        made.settle()
    [row] = made.plan()
    assert promised(row)
    made.calls.clear()
    made.apply([row], "this")
    made.settle()
    assert writes(made.calls).get(row.key, {}) == promised(row)
    assert "city" not in promised(row)


def test_a_row_that_would_be_held_says_so() -> None:
    """A conflict that nobody has decided stays one, and nothing at all is written."""
    made = two_sides()
    [row] = made.plan()
    changed = edited(made, row, "match", "city=hr")
    assert (promised(changed), "a person must decide: title" in changed.held) == ({}, True)
    assert "it would be held: HR and Fortnox differ" in "\n".join(plan_words.row_lines(changed))


def test_who_is_created_is_shown_as_the_new_record() -> None:
    """Each field that the other side gets; nothing of one who is left alone."""
    made = two_sides(new_in_hr="create")
    made.edit_hr("b", email="b@x.se", given_name="Bo", family_name="Ek", city="Lund")
    made.settle()
    [bo] = [row for row in made.plan() if row.person == f"{SYSTEM}/b"]
    assert {d.field: d.hr for d in bo.fields} == {
        "email": "b@x.se",
        "given_name": "Bo",
        "family_name": "Ek",
        "city": "Lund",
    }
    assert edited(made, bo, "do_nothing").fields == ()


def test_two_rows_are_joined_by_hand_with_a_preference_in_one_plan() -> None:
    """Another address in HR and Fortnox: joined in the plan, and then they are one and the same."""
    made = FlowCompany(EmployeesSettings(system=SYSTEM, source_of_truth="hr"), random.Random(1))
    made.edit_hr("black-panther", email="bp@x.se", given_name="Black", family_name="Panther")
    made.edit_fortnox("7", email="puck@x.se", given_name="Puck", family_name="Ek", city="Lund")
    made.snapshot()
    made.settle()
    person, employee = sorted(made.plan(), key=lambda row: row.person is None)
    joined = plan_words.joined(employee, plan_words.partner(employee, "black", [person, employee]))
    row = edited(made, joined, "prefer_fortnox")
    assert (row.row, row.matched_by, row.origin, row.score) == (employee.row, "hand", "matched by hand", 0)
    taken = ("email", "employment_id", "given_name", "family_name", "city")
    assert promised(row) == dict.fromkeys(taken, "fortnox")
    made.apply([row])
    made.settle()
    assert made.hr["black-panther"].email == "puck@x.se"
    linked = made.states[f"{SYSTEM}/black-panther"].person
    assert linked is not None
    assert linked.link is not None
    assert (linked.link.employee_id, linked.link.origin) == ("7", "matched by hand")


VALUES: Mapping[str, st.SearchStrategy[str | None]] = {
    "email": st.sampled_from(["a@x.se", "b@x.se", "c@x.se", "nothing", None]),
    "phone": st.sampled_from(["+46701740601", "+46701740602", None]),
    "employment_id": st.sampled_from(["1", "2", None]),
    "city": st.sampled_from(["Lund", "Solna", None]),
    "title": st.sampled_from(["VD", "Chef", None]),
    "given_name": st.sampled_from(["Anna", None]),
    "family_name": st.just("Ek"),
}
RECORD = st.fixed_dictionaries({}, optional=dict(VALUES))
RULES = st.lists(
    st.builds(
        FieldRule,
        field=st.sampled_from(["email", "phone", "city", "title"]),
        to_fortnox=st.sampled_from(["live", "on_sync", "never", None]),
        to_hr=st.sampled_from(["live", "on_sync", "never", None]),
        fortnox_changed=st.sampled_from(["to_hr", "write_back", "keep", "hold", None]),
        on_conflict=st.sampled_from(["prefer_hr", "prefer_fortnox", "newest", "ask", None]),
        on_missing=st.sampled_from(["fill", "keep", "clear", "ask", None]),
    ),
    max_size=3,
    unique_by=lambda rule: rule.field,
)
EDIT = st.tuples(
    st.sampled_from([None, None, "prefer_hr", "prefer_fortnox", "match", "do_nothing", "create", "join"]),
    st.lists(st.sampled_from([f"{f}={s}" for f in ("city", "title", "phone") for s in plan_words.SIDES]), max_size=2),
)


@given(
    hr=st.lists(RECORD, max_size=3),
    fortnox=st.lists(RECORD, max_size=3),
    later=st.tuples(RECORD, RECORD),
    truth=st.sampled_from(["hr", "fortnox"]),
    preset=st.sampled_from([None, "alexis", "huma"]),
    fields=RULES,
    live=st.booleans(),
    edits=st.lists(EDIT, min_size=6, max_size=6),
)
@settings(max_examples=60)
def test_what_a_plan_shows_is_what_applying_it_writes(
    hr: list[dict[str, Any]],
    fortnox: list[dict[str, Any]],
    later: tuple[dict[str, Any], dict[str, Any]],
    truth: Any,
    preset: Any,
    fields: list[FieldRule],
    live: bool,  # noqa: FBT001 - a case
    edits: list[tuple[str | None, list[str]]],
) -> None:
    """Each row that asks for something writes the fields that it shows, with the side that it shows, and no others."""
    chosen = EmployeesSettings(
        system=SYSTEM, source_of_truth=truth, preset=preset, fields=tuple(fields), new_in_hr="create"
    )
    made = FlowCompany(chosen, random.Random(1))
    for number, values in enumerate(hr):
        made.edit_hr(str(number), **values)
    for number, values in enumerate(fortnox):
        made.edit_fortnox(str(number + 1), **values | {"employment_id": str(number + 1)})
    made.snapshot()
    made.settle()
    if live:
        made.apply(made.plan(), "before")
        made.settle()
        if hr:
            made.edit_hr("0", **later[0])
        if fortnox:
            made.edit_fortnox("1", **{f: v for f, v in later[1].items() if f != "employment_id"})
        made.snapshot()
        made.settle()
    for row in _changed(made, edits):
        after = copy.deepcopy(made)
        after.calls.clear()
        after.apply([row] if row.says_something else [], "this")
        after.settle()
        assert writes(after.calls).get(row.key, {}) == promised(row)


def _changed(made: FlowCompany, edits: list[tuple[str | None, list[str]]]) -> list[PlanRow]:
    rows = {row.row: row for row in made.plan()}
    for number, (action, choices) in zip(list(rows), edits, strict=False):
        if (row := rows.get(number)) is None:
            continue
        both = row.person is not None and row.employee_id is not None
        try:
            if action == "join":
                other = next(r for r in rows.values() if plan_words.partner(row, r.person or r.employee_id or "", [r]))
                rows.pop(other.row)
                rows[number] = edited(made, plan_words.joined(row, other), "match", *choices)
            elif action == "create":
                rows[number] = edited(made, row, "create_in_fortnox" if row.person else "create_in_hr")
            elif action or choices:
                rows[number] = edited(made, row, action, *(choices if both else ()))
        except (plan_words.InvalidEdit, StopIteration):
            continue
    return list(rows.values())


@pytest.mark.parametrize("fields", [EmployeeFields(), EmployeeFields(email="a@x.se")])
def test_nothing_is_promised_of_nothing(fields: EmployeeFields) -> None:
    """A row without an order of its own writes nothing."""
    row = PlanRow(row=1, state="hr_only", name="", person="x/1", action="create_in_fortnox", rule="r", in_hr=fields)
    assert FLOW.effect(row, (), State()).fields == ()
