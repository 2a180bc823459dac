"""Plans in words: what a person reads and types."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.desk import plan_words, report_letter, report_words
from connectors.desk.plan_words import InvalidEdit, changed, conditions, meets
from schemas.base import Language
from schemas.plans import CHOSEN, FieldDifference, Plan, PlanRow, RowOutcome

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
    score=83,
    fields=(
        FieldDifference(field="city", hr="Solna", fortnox="Umeå", base="Lund", prefer="neither", rule="a_rule"),
        FieldDifference(field="phone", hr="+46701", prefer="hr", rule="a_rule"),
    ),
)
IN_HR = BOTH.model_copy(update={"row": 8, "state": "hr_only", "employee_id": None, "matched_by": "", "fields": ()})
IN_FORTNOX = IN_HR.model_copy(update={"row": 9, "state": "fortnox_only", "person": None, "employee_id": "13"})


def test_a_head_says_whose_and_how_old_everything_is() -> None:
    """In Swedish time; the age of both sides stands there, or that they were never read."""
    assert plan_words.head(PLAN) == (
        "Plan 1a2b3c4d of acme, made 2026-05-01 08:00:00",
        "  HR read 2026-05-01 08:00:00, Fortnox read never",
        "  made; settings version 3",
    )
    applied = PLAN.model_copy(update={"state": "applied", "applied_by": "lena", "applied_at": AT})
    assert plan_words.head(applied)[-1] == "  applied by lena, 2026-05-01 08:00:00; settings version 3"


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
    """And who it is, by what they were matched and how sure that is, and how many fields are written."""
    assert plan_words.row_lines(BOTH) == (
        "    7  conflict      do_nothing        Anna Ek",
        "       alexishr/a1 = fortnox/employee/12, matched by email (score 83)",
        "       a conflict waits for a person; 1 of 2 fields that differ is written",
        "         city: HR Solna, Fortnox Umeå, before Lund -> both stay",
        "         phone: HR +46701, Fortnox (empty) -> HR's goes to Fortnox",
    )
    linked = BOTH.model_copy(update={"matched_by": "link", "origin": "exported"})
    assert plan_words.row_lines(linked)[1].endswith(", linked (exported)")
    assert plan_words.row_lines(IN_HR.model_copy(update={"why": "It is shared."}))[3].strip() == "It is shared."
    new = IN_HR.model_copy(update={"fields": (FieldDifference(field="city", hr="Lund", prefer="hr", rule="r"),)})
    assert plan_words.row_lines(new)[-1].strip() == "city: Lund"
    assert plan_words.row_json(new)["affected"] == 1


@given(
    name=st.text("abc åäö", max_size=200),
    person=st.text("abc/-", min_size=1, max_size=200),
    value=st.text("abc åäö", max_size=300),
    why=st.text("abc åäö", max_size=1000),
)
def test_nothing_is_wider_than_a_terminal(name: str, person: str, value: str, why: str) -> None:
    """80 columns, whatever people are called and whatever they hold."""
    field = FieldDifference(field="street", hr=value, fortnox=value, base=value, prefer="hr", rule="a_rule")
    row = BOTH.model_copy(update={"name": name, "person": person, "why": why, "held": why, "fields": (field,)})
    plan = PLAN.model_copy(update={"tenant": "a" * 63, "applied_by": "b" * 40})
    lines = [
        *plan_words.head(plan),
        *plan_words.listed([plan]),
        *plan_words.row_lines(row),
        *plan_words.hints(
            plan, {("conflict", "do_nothing"): 1, ("hr_only", "x"): 1, ("fortnox_only", "x"): 1}, 3, live=True
        ),
        *report_words.report(plan, [RowOutcome(row, "held", 0, why, "a_reason"), RowOutcome(row, "done", 1)], left=2),
    ]
    assert max(map(len, lines)) <= 80


def test_hints_are_about_this_plan() -> None:
    """Nothing to decide, to join or to send: no such line; and an empty one says where to look."""
    assert plan_words.hints(PLAN, {("linked", "do_nothing"): 2}, 0, live=True) == ("Nothing is to be sent.",)
    assert "lets changes travel" in plan_words.hints(PLAN, {("linked", "do_nothing"): 2}, 0, live=False)[0]
    assert "bokbuss employees refresh acme" in plan_words.hints(PLAN, {}, 0, live=False)[0]
    every = plan_words.hints(PLAN, {("conflict", "x"): 1, ("hr_only", "x"): 1, ("fortnox_only", "x"): 1}, 1, live=True)
    assert [line.split(":")[0] for line in every if ":" in line] == ["Decide conflicts", "Join two rows", "Send it"]
    assert plan_words.counted({})[-1].strip() == "Nobody: neither HR nor Fortnox has told of anybody."


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
        (["state=linked", "state=conflict"], True),
        (["origin=matched"], True),
        (["origin=matched_by_hand"], False),
    ],
)
def test_a_row_meets_every_condition_or_none(texts: list[str], met: bool) -> None:  # noqa: FBT001 - a case
    """Conditions are joined by and; two values of one name by or."""
    assert meets(BOTH, conditions(texts)) is met


@pytest.mark.parametrize("text", ["conflict", "name=Anna", "state=", "state=a b"])
def test_a_condition_that_cannot_be_read_says_which_there_are(text: str) -> None:
    """Nothing is taken for something else."""
    with pytest.raises(InvalidEdit, match="a condition is state="):
        conditions([text])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("state=nonsense", "state is one of hr_only, fortnox_only"),
        ("state=conflicts", r"did you mean conflict\?"),
        ("action=prefer", "action is one of create_in_fortnox"),
        ("field=town", "field is one of email"),
        ("origin=export", r"did you mean exported\?"),
        ("matched_by=name", "matched_by is one of link"),
        ("row=first", "a row has a number"),
    ],
)
def test_a_value_that_no_row_can_have_is_refused(text: str, said: str) -> None:
    """It would meet nothing, and that looks like an answer; the choices are named, and the nearest."""
    with pytest.raises(InvalidEdit, match=said):
        conditions([text])
    assert conditions([], [3, 7]) == {"row": {"3", "7"}}


def test_an_action_is_set_where_it_can_be() -> None:
    """The rule then says that a person chose it; a row in one system is matched with somebody, who is named."""
    new = changed(BOTH, "prefer_hr", [])
    assert (new.action, new.rule) == ("prefer_hr", CHOSEN)
    assert changed(IN_HR, "create_in_fortnox", []).action == "create_in_fortnox"
    assert changed(IN_FORTNOX, "create_in_hr", []).action == "create_in_hr"
    for row, action in ((IN_HR, "prefer_hr"), (IN_FORTNOX, "create_in_fortnox"), (BOTH, "create_in_hr"), (BOTH, "x")):
        with pytest.raises(InvalidEdit, match=rf"row {row.row}: {action} cannot be; it can be .*do_nothing"):
            changed(row, action, [])


def test_a_choice_for_a_field_replaces_the_one_before() -> None:
    """Others stay."""
    row = changed(changed(BOTH, None, ["city=hr", "phone=neither"]), None, ["city=fortnox"])
    assert {c.field: c.prefer for c in row.choices} == {"city": "fortnox", "phone": "neither"}
    assert (row.action, row.rule) == ("match", CHOSEN)
    assert changed(BOTH, "prefer_hr", ["city=fortnox"]).action == "prefer_hr"
    with pytest.raises(InvalidEdit, match="only where both have one"):
        changed(IN_HR, None, ["city=hr"])
    for text in ("city", "town=hr", "city=us"):
        with pytest.raises(InvalidEdit, match="a choice is a field"):
            changed(BOTH, None, [text])


def test_a_partner_is_named_by_an_id_or_its_beginning() -> None:
    """Who is only on the other side; nobody, several, and who is joined already are refused with the nearest."""
    bo = IN_HR.model_copy(update={"row": 10, "person": "alexishr/a25"})
    rows = [BOTH, IN_HR, bo, IN_FORTNOX]
    assert plan_words.partner(IN_FORTNOX, "a25", rows) == bo
    assert plan_words.partner(IN_HR, "fortnox/employee/13", rows) == IN_FORTNOX
    assert plan_words.partner(IN_HR, "13", rows) == IN_FORTNOX
    for row, called, said in (
        (IN_FORTNOX, "a", "a can be alexishr/a1, alexishr/a25: give more of the id"),
        (IN_FORTNOX, "alexishr/a26", r"only in HR; did you mean alexishr/a25\?"),
        (IN_HR, "1", "only in Fortnox"),
        (BOTH, "13", "joined already; bokbuss employees unlink"),
    ):
        with pytest.raises(InvalidEdit, match=said):
            plan_words.partner(row, called, rows)


def test_two_rows_are_one_by_a_persons_word() -> None:
    """It has both ids and both records, and says that a hand matched them."""
    both = plan_words.joined(IN_FORTNOX, IN_HR)
    assert (both.row, both.person, both.employee_id, both.matched_by) == (9, "alexishr/a1", "13", "hand")
    assert plan_words.joined(IN_HR, IN_FORTNOX).row == 8


NEW = IN_HR.model_copy(update={"action": "create_in_fortnox"})
WRITTEN = BOTH.model_copy(update={"action": "prefer_hr", "matched_by": "link"})
BECAME = (
    RowOutcome(NEW, "done", 1, record="14"),
    RowOutcome(WRITTEN, "done", 1),
    RowOutcome(BOTH.model_copy(update={"action": "match"}), "done", 0),
    RowOutcome(WRITTEN, "done", 0),
    RowOutcome(BOTH, "done", 0),
    RowOutcome(WRITTEN, "refused", 0, "Not carried out: HR's city changed.", "moved_since_the_plan"),
    RowOutcome(WRITTEN, "held", 0, "The last day of work (2026-05-01) is before the first.", "days_out_of_order"),
)


def test_a_report_names_who_was_created_and_updated_and_who_was_not_and_why() -> None:
    """With Fortnox's id, the fields by their names, and what is left of the plan."""
    lines = report_words.report(PLAN, BECAME, left=3)
    assert lines[3] == "1 left alone, 1 agreed, 1 linked, 1 updated, 1 created, 1 held, 1 refused"
    said = "\n".join(lines)
    for line in (
        "Created: 1\n  row 8  Anna Ek: in Fortnox as 14",
        "Updated: 1\n  row 7  Anna Ek: phone",
        "Not carried out: 1\n  row 7  Anna Ek: Not carried out: HR's city changed.",
        "The last day of work (2026-05-01)",
        "3 rows are not applied yet: bokbuss plan show 1a2b3c4d",
        "bokbuss held list --tenant acme",
    ):
        assert line in said
    assert report_words.report(PLAN, [], left=0)[3:] == ("nothing",)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("sv", ["  1  Skapade", "  1  Inte utförda", "Dagar i fel ordning", "Telefon", "Se resultatet", "3 rader"]),
        ("en", ["  1  Created", "  1  Not carried out", "Days out of order", "Phone", "See the result", "3 rows"]),
    ],
)
def test_a_mailed_report_is_in_its_readers_language_and_holds_no_values(language: Language, said: list[str]) -> None:
    """As text and as HTML: who, which fields by name, the reason by its name, and the address of the page."""
    made = report_letter.letter(PLAN, BECAME, left=3, language=language, base="https://desk.example.se")
    at = f"https://desk.example.se/companies/acme/employees/plans/{PLAN.plan_id}/results"
    assert all(each in made.text for each in said)
    for form in (made.text, made.html):
        assert all(each.split("  ")[-1] in form for each in ("Anna Ek", at, *said))
        assert not any(value in form for value in ("2026-05-01)", "Solna", "Umeå", "+46701"))


def test_a_table_has_its_names_above_its_columns() -> None:
    """Columns are as wide as their widest word."""
    rows = [{"field": "city", "to_hr": "live"}, {"field": "employment_id", "to_hr": "never"}]
    assert plan_words.table(rows) == (
        "field          to",
        "               hr",
        "city           live",
        "employment_id  never",
    )
