"""Plans in words: what a person reads and types."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from connectors.desk import plan_words
from connectors.desk.plan_words import NotPossible, changed, conditions, meets
from schemas.events import FieldChoice
from schemas.plans import CHOSEN, FieldDifference, Plan, PlanRow

AT = datetime(2026, 5, 1, 6, tzinfo=UTC)
PLAN = Plan(
    plan_id=UUID("1a2b3c4d-0000-4000-8000-000000000001"),
    tenant="acme",
    flow="employees",
    settings_version=3,
    made_at=AT,
    hr_read_at=AT,
    fortnox_read_at=None,
)
BOTH = PlanRow(
    row=7,
    state="conflict",
    name="Anna Ek",
    person="alexishr/a1",
    employee_id="12",
    action="do_nothing",
    rule="a_conflict_waits_for_a_person",
    matched_by="email",
    fields=(
        FieldDifference(field="city", hr="Solna", fortnox="Umeå", base="Lund", prefer="neither", rule="a_rule"),
        FieldDifference(field="phone", hr="+46701", prefer="hr", rule="a_rule"),
    ),
)
IN_HR = BOTH.model_copy(update={"row": 8, "state": "hr_only", "employee_id": None, "matched_by": "", "fields": ()})
IN_FORTNOX = IN_HR.model_copy(update={"row": 9, "state": "fortnox_only", "person": None, "employee_id": "13"})


def test_a_head_says_whose_and_how_old_everything_is() -> None:
    """The age of both sides stands there, or that they were never read."""
    assert plan_words.head(PLAN) == (
        "Plan 1a2b3c4d of acme, made 2026-05-01 06:00:00 UTC under settings version 3; "
        "HR read 2026-05-01 06:00:00, Fortnox read never; made"
    )


def test_counts_are_per_state_and_per_action() -> None:
    """The last line sums up what would be done."""
    lines = plan_words.counted({("conflict", "do_nothing"): 2, ("hr_only", "do_nothing"): 1, ("linked", "match"): 5})
    assert [line.split() for line in lines[:3]] == [
        ["2", "conflict", "do_nothing"],
        ["1", "hr_only", "do_nothing"],
        ["5", "linked", "match"],
    ]
    assert lines[-1].strip() == "do_nothing: 3, match: 5"


def test_a_row_shows_both_values_the_base_and_what_comes_of_it() -> None:
    """A choice for a single field is what counts there."""
    row = BOTH.model_copy(update={"choices": (FieldChoice(field="city", prefer="fortnox"),)})
    first, city, phone = plan_words.row_lines(row)
    assert "Anna Ek  (alexishr/a1 = fortnox/employee/12 by email; a_conflict_waits_for_a_person)" in first
    assert city.strip() == "city: HR Solna, Fortnox Umeå, before Lund -> Fortnox's goes to HR"
    assert phone.strip() == "phone: HR +46701, Fortnox (empty) -> HR's goes to Fortnox"
    assert plan_words.row_lines(IN_HR.model_copy(update={"why": "It is shared."}))[1].strip() == "It is shared."


@pytest.mark.parametrize(
    ("texts", "met"),
    [
        ([], True),
        (["state=conflict", "row=7"], True),
        (["field=city", "matched_by=email", "action=do_nothing"], True),
        (["rule=a_conflict_waits_for_a_person"], True),
        (["state=linked"], False),
        (["field=title"], False),
        (["state=conflict", "row=8"], False),
    ],
)
def test_a_row_meets_every_condition_or_none(texts: list[str], met: bool) -> None:  # noqa: FBT001 - a case
    """Conditions are joined by and."""
    assert meets(BOTH, conditions(texts)) is met


@pytest.mark.parametrize("text", ["conflict", "name=Anna", "state=", "state=a b"])
def test_a_condition_that_cannot_be_read_says_which_there_are(text: str) -> None:
    """Nothing is taken for something else."""
    with pytest.raises(NotPossible, match="a condition is state="):
        conditions([text])


def test_an_action_is_set_where_it_can_be() -> None:
    """The rule then says that a person chose it; a row in one system cannot be matched."""
    new = changed(BOTH, "prefer_hr", [])
    assert (new.action, new.rule) == ("prefer_hr", CHOSEN)
    assert changed(IN_HR, "create_in_fortnox", []).action == "create_in_fortnox"
    assert changed(IN_FORTNOX, "create_in_hr", []).action == "create_in_hr"
    for row, action in ((IN_HR, "prefer_hr"), (IN_FORTNOX, "create_in_fortnox"), (BOTH, "create_in_hr"), (BOTH, "x")):
        with pytest.raises(NotPossible, match=rf"row {row.row}: {action} cannot be; it can be .*do_nothing"):
            changed(row, action, [])


def test_a_choice_for_a_field_replaces_the_one_before() -> None:
    """Others stay."""
    row = changed(changed(BOTH, None, ["city=hr", "phone=neither"]), None, ["city=fortnox"])
    assert {c.field: c.prefer for c in row.choices} == {"city": "fortnox", "phone": "neither"}
    assert row.action == "do_nothing"
    for text in ("city", "town=hr", "city=us"):
        with pytest.raises(NotPossible, match="a choice is a field"):
            changed(BOTH, None, [text])


def test_a_report_counts_and_names_what_is_not_done() -> None:
    """7 done and 1 refused is just that."""
    refused = (IN_HR, "refused", "HR's city changed")
    lines = plan_words.report(PLAN, [*[(BOTH, "done", "")] * 7, refused])
    assert lines[1:] == ("7 done, 1 refused", "  row 8 Anna Ek: refused: HR's city changed")
    assert plan_words.report(PLAN, [])[1] == "nothing"


def test_a_table_has_its_names_above_its_columns() -> None:
    """Columns are as wide as their widest word."""
    rows = [{"field": "city", "to_hr": "live"}, {"field": "employment_id", "to_hr": "never"}]
    assert plan_words.table(rows) == ("field          to hr", "city           live", "employment_id  never")
