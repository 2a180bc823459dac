"""One field: the rule that holds for it, and the three-way merge, over everything that can come together."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import EmployeeField
from schemas.settings import EmployeesSettings, FieldRule, TenantSettings
from streams.employees import FLOW
from streams.employees.fields import FIELDS, MergeRule, MergeStep, Occasion, rules, same, settle

WHEN = ("live", "on_sync", "never")
RULES = st.builds(
    MergeRule,
    owner=st.sampled_from(["hr", "fortnox"]),
    to_fortnox=st.sampled_from(WHEN),
    to_hr=st.sampled_from(WHEN),
    fortnox_changed=st.sampled_from(["to_hr", "write_back", "keep", "hold"]),
    on_conflict=st.sampled_from(["prefer_hr", "prefer_fortnox", "newest", "ask"]),
    on_missing=st.sampled_from(["fill", "keep", "clear", "ask", "counts"]),
)
NEVER: dict[str, Any] = {"base": None, "kept": None, "agreed": False, "occasion": "sync", "hr_is_newer": True}
VALUES = st.sampled_from([None, "", "Lund", "Solna", "Umeå"])
SIDES = st.sampled_from([None, "hr", "fortnox", "neither"])
HUMA = rules(EmployeesSettings(system="huma", source_of_truth="hr", preset="huma"))
ALEXIS = rules(EmployeesSettings(system="alexishr", source_of_truth="hr", preset="alexis"))


def merged(
    rule: MergeRule, before: str | None, hr: str | None, fortnox: str | None, occasion: Occasion = "live"
) -> MergeStep:
    """Merge a city that both agreed on before."""
    return settle(
        "city", rule, hr=hr, base=before, kept=before, agreed=True, fortnox=fortnox, occasion=occasion, hr_is_newer=True
    )


@given(
    rule=RULES,
    hr=VALUES,
    base=VALUES,
    kept=VALUES,
    agreed=st.booleans(),
    fortnox=VALUES,
    occasion=st.sampled_from(["live", "sync"]),
    newer=st.booleans(),
    prefer=SIDES,
)
def test_a_merge_writes_only_what_a_side_holds_where_it_may_go(
    rule: MergeRule,
    hr: str | None,
    base: str | None,
    kept: str | None,
    agreed: bool,  # noqa: FBT001 - drawn
    fortnox: str | None,
    occasion: Occasion,
    newer: bool,  # noqa: FBT001 - drawn
    prefer: str | None,
) -> None:
    """Nothing is emptied unless the rule says clear, nothing goes where it never does, what is alike is agreed."""
    step = settle(
        "city",
        rule,
        hr=hr,
        base=base,
        kept=kept,
        agreed=agreed,
        fortnox=fortnox,
        occasion=occasion,
        hr_is_newer=newer,
        prefer=prefer,  # type: ignore[arg-type] # drawn
    )
    stays = agreed and same("city", hr, base) and same("city", fortnox, kept) and prefer is None
    assert step.agreed == (same("city", hr, fortnox) or stays)
    assert not (step.to and step.asks), "a field that waits for a person is not written"
    if step.agreed:
        assert (step.to, step.asks) == (None, "")
    if step.to is None:
        return
    when = rule.to_fortnox if step.to == "fortnox" else rule.to_hr
    source, target = (hr, fortnox) if step.to == "fortnox" else (fortnox, hr)
    assert when != "never"
    if prefer is None:
        assert when == "live" or occasion == "sync"
    else:
        assert (prefer, step.to) in {("hr", "fortnox"), ("fortnox", "hr")}
    if step.value is None:
        assert target, "what is empty is not emptied"
        assert rule.on_missing in {"clear", "counts"}
        assert agreed or prefer, "only what both held before is emptied by itself"
    else:
        assert step.value == source
        assert not same("city", source, target)


@pytest.mark.parametrize("on_missing", ["keep", "fill", "ask"])
def test_null_never_overwrites(on_missing: str) -> None:
    """HR emptied what both held: Fortnox keeps its value, unless the settings say clear."""
    rule = MergeRule("hr", "live", "live", "to_hr", "prefer_hr", on_missing)  # type: ignore[arg-type] # one of them
    step = merged(rule, "Lund", None, "Lund")
    assert (step.to, step.value) in {(None, None), ("hr", "Lund")}


def test_clear_empties_what_both_held_and_nobody_changed() -> None:
    """Emptied on one side, it is emptied on the other; changed there, it is a conflict; never agreed on, it stays."""
    rule = MergeRule("hr", "live", "live", "to_hr", "ask", "clear")
    assert merged(rule, "Lund", None, "Lund") == MergeStep("what_is_missing_is_emptied", to="fortnox")
    assert merged(rule, "Lund", "Lund", None) == MergeStep("what_is_missing_is_emptied", to="hr")
    assert merged(rule, "Lund", None, "Solna").asks == "conflict"
    never = settle(
        "city", rule, hr="Lund", base=None, kept=None, agreed=False, fortnox=None, occasion="sync", hr_is_newer=True
    )
    assert never == MergeStep("a_missing_value_stays_missing")


def test_where_being_empty_counts_it_is_a_value_like_any_other() -> None:
    """A last day that is gone goes, asks or is written back as another last day would; one entered is never emptied."""
    hold = MergeRule("hr", "live", "live", "hold", "ask", "counts")
    assert merged(hold, "Lund", None, "Lund") == MergeStep("what_hr_changed_goes_to_fortnox", to="fortnox")
    assert merged(hold, "Lund", "Lund", None).asks == "fortnox_changed"
    assert merged(hold, "Lund", None, "Solna").asks == "conflict"
    assert merged(hold, None, None, "Lund").asks == "fortnox_changed"
    back = replace(hold, fortnox_changed="write_back")
    assert merged(back, "Lund", "Lund", None) == MergeStep("what_hr_owns_is_written_back", to="fortnox", value="Lund")
    assert merged(back, None, None, "Lund") == MergeStep("a_missing_value_stays_missing")
    never = settle(
        "city", hold, hr=None, base=None, kept=None, agreed=False, fortnox="Lund", occasion="sync", hr_is_newer=True
    )
    assert never == MergeStep("a_missing_value_stays_missing")


@pytest.mark.parametrize("preset", [None, "huma", "alexis"])
def test_a_last_day_counts_though_it_is_empty(preset: str | None) -> None:
    """A person came back: Fortnox's last day goes, at once or on sync; said otherwise in the settings, it stays."""
    chosen = EmployeesSettings(system="x", source_of_truth="hr", preset=preset)  # type: ignore[arg-type] # one of them
    assert merged(rules(chosen)["last_day"], "a", None, "a", "sync") == MergeStep(
        "what_hr_changed_goes_to_fortnox", to="fortnox"
    )
    kept = chosen.model_copy(update={"fields": (FieldRule(field="last_day", on_missing="keep"),)})
    assert merged(rules(kept)["last_day"], "a", None, "a", "sync") == MergeStep("a_missing_value_stays_missing")


def test_what_is_entered_where_both_were_empty_is_a_change() -> None:
    """It goes to the other side, though that one is empty."""
    rule = MergeRule("hr", "live", "live", "to_hr", "ask", "keep")
    assert merged(rule, None, "Lund", None) == MergeStep("what_hr_changed_goes_to_fortnox", to="fortnox", value="Lund")
    assert merged(rule, None, None, "Lund") == MergeStep("what_fortnox_changed_goes_to_hr", to="hr", value="Lund")
    back = replace(rule, fortnox_changed="write_back")
    assert merged(back, None, None, "Lund") == MergeStep("a_missing_value_stays_missing")
    assert merged(replace(back, on_missing="clear"), None, None, "Lund").to == "fortnox"


@pytest.mark.parametrize(
    ("changed", "to", "value", "asks"),
    [("to_hr", "hr", "Solna", ""), ("write_back", "fortnox", "Lund", ""), ("keep", None, None, ""), ("hold",) * 4],
)
def test_a_change_in_fortnox_only_is_as_its_owner_says(changed: str, to: str, value: str, asks: str) -> None:
    """It goes to HR, is written back, stays, or waits for a person; in a plan as well."""
    rule = MergeRule("hr", "live", "live", changed, "ask")  # type: ignore[arg-type] # one of them
    for occasion in ("live", "sync"):
        step = merged(rule, "Lund", "Lund", "Solna", occasion)  # type: ignore[arg-type] # one of both
        if changed == "hold":
            assert step.asks == "fortnox_changed"
        else:
            assert (step.to, step.value, step.asks) == (to, value, asks)


@pytest.mark.parametrize(
    ("on_conflict", "newer", "to"),
    [
        ("prefer_hr", False, "fortnox"),
        ("prefer_fortnox", True, "hr"),
        ("newest", True, "fortnox"),
        ("newest", False, "hr"),
        ("ask", True, None),
    ],
)
def test_a_conflict_is_settled_by_its_rule(on_conflict: str, newer: bool, to: str | None) -> None:  # noqa: FBT001 - a case
    """Both changed since they last agreed."""
    rule = MergeRule("hr", "live", "live", "to_hr", on_conflict)  # type: ignore[arg-type] # one of them
    step = settle(
        "city", rule, hr="A", base="B", kept="B", agreed=True, fortnox="C", occasion="live", hr_is_newer=newer
    )
    assert (step.to, bool(step.asks)) == (to, to is None)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("email", "Anna@Example.se ", "anna@example.se"),
        ("city", "Göteborg ", "Go\u0308teborg"),
        ("family_name", "O'Brien", "O\u2019Brien"),
        ("title", "T" * 30 + "x", "T" * 30 + "y"),
        ("phone", "+46 (0)70-123 45 67", "0701234567"),
        ("postal_code", "118 20", "11820"),
        ("country", "se", "SE"),
        ("city", "", None),
        ("city", "🙂", None),
    ],
)
def test_what_no_system_keeps_apart_is_the_same(field: EmployeeField, one: str, other: str | None) -> None:
    """Spaces, composed letters, characters that Fortnox takes for their nearest, titles of 30 characters."""
    assert same(field, one, other)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("given_name", "BJORN", "Björn"),
        ("given_name", "Anna-Lisa", "Anna Lisa"),
        ("family_name", "von Essen", "Von Essen"),
        ("street", "Storgatan 1-3", "Storgatan 13"),
        ("city", "MALMÖ", "Malmö"),
        ("title", "Chef", "chef"),
        ("employment_id", "1-12", "112"),
        ("employment_id", "0112", "112"),
        ("employment_id", "a7", "A7"),
        ("employment_id", "TEST_EMP", "TESTEMP"),
        ("phone", "+46701234567", "+47701234567"),
    ],
)
def test_what_a_person_corrected_is_another_value(field: EmployeeField, one: str, other: str) -> None:
    """Letter case, dots, hyphens and numbers are what corrections are about; ids are what they are."""
    assert not same(field, one, other)


# --- The presets, as FEATURES has them --------------------------------------------------------------------------

TRAVEL_AT_HUMA: tuple[EmployeeField, ...] = (
    "email",
    "given_name",
    "family_name",
    "phone",
    "street",
    "postal_code",
    "city",
    "country",
    "bank_account",
    "first_day",
    "last_day",
)


@pytest.mark.parametrize("field", TRAVEL_AT_HUMA)
def test_huma_sends_at_once_and_takes_from_fortnox_on_sync(field: EmployeeField) -> None:
    """H17: a change in HR goes to Fortnox live. H18: one in Fortnox goes to HR on sync only, or HR's next wins."""
    rule = HUMA[field]
    assert merged(rule, "a", "b", "a").to == "fortnox"
    assert merged(rule, "a", "a", "b").to is None
    assert merged(rule, "a", "a", "b", "sync").to == "hr"
    assert merged(rule, "a", "c", "b").to == "fortnox"


def test_huma_takes_the_employment_id_from_fortnox_on_sync_only() -> None:
    """H21: never to Fortnox."""
    rule = HUMA["employment_id"]
    assert [merged(rule, "1", "1", "2", o).to for o in ("live", "sync")] == [None, "hr"]  # type: ignore[arg-type]
    assert [merged(rule, "1", "3", "1", o).to for o in ("live", "sync")] == [None, None]  # type: ignore[arg-type]
    assert [merged(rule, "1", "3", "2", o).to for o in ("live", "sync")] == [None, "hr"]  # type: ignore[arg-type]
    empty = [settle("employment_id", rule, hr=None, fortnox="89", **NEVER | {"occasion": o}) for o in ("live", "sync")]
    assert [(step.to, step.value) for step in empty] == [(None, None), ("hr", "89")]


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {*TRAVEL_AT_HUMA, "employment_id"}))
def test_huma_leaves_other_fields_alone(field: EmployeeField) -> None:
    """H20 to H28 are all the fields that it supports."""
    for occasion, (hr, fortnox) in product(("live", "sync"), (("b", "a"), ("a", "b"), ("b", "c"))):
        step = merged(HUMA[field], "a", hr, fortnox, occasion)  # type: ignore[arg-type] # one of both
        assert (step.to, step.asks) == (None, "")


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"employment_id"}))
def test_alexis_moves_by_hand_only_and_asks_for_each_conflict(field: EmployeeField) -> None:
    """A12 and A40: export and import by hand; A30 to A34: what differs on both sides is a person's to decide."""
    rule = ALEXIS[field]
    assert [merged(rule, "a", "b", "a", o).to for o in ("live", "sync")] == [None, "fortnox"]  # type: ignore[arg-type]
    assert [merged(rule, "a", "a", "b", o).to for o in ("live", "sync")] == [None, "hr"]  # type: ignore[arg-type]
    assert [merged(rule, "a", "b", "c", o).asks for o in ("live", "sync")] == ["", "conflict"]  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", [None, "huma", "alexis"])
def test_an_employment_id_never_changes_in_fortnox(preset: str | None) -> None:
    """Fortnox cannot change it, whatever the settings say."""
    own = (FieldRule(field="employment_id", to_fortnox="live", owner="hr"),)
    chosen = EmployeesSettings(system="x", source_of_truth="hr", preset=preset, fields=own)  # type: ignore[arg-type]
    assert rules(chosen)["employment_id"].to_fortnox == "never"


def test_a_field_of_its_own_rules_over_preset_and_source_of_truth() -> None:
    """What is left out stays; another owner brings the owner's way with changes in Fortnox."""
    own = (FieldRule(field="city", owner="fortnox"), FieldRule(field="phone", on_missing="fill"))
    found = rules(EmployeesSettings(system="x", source_of_truth="hr", fields=own))
    assert (found["city"].owner, found["city"].fortnox_changed) == ("fortnox", "to_hr")
    assert (found["phone"].owner, found["phone"].fortnox_changed, found["phone"].on_missing) == ("hr", "hold", "fill")
    assert found["email"] == MergeRule("hr", "live", "live", "hold", "ask", "keep")


def test_the_mapping_that_is_shown_is_the_one_that_is_used() -> None:
    """Each field has its row, with what the settings come to; without settings there is none."""
    assert FLOW.describe
    chosen = EmployeesSettings(system="huma", source_of_truth="hr", preset="huma")
    shown = {row["field"]: row for row in FLOW.describe(TenantSettings(employees=chosen))}
    assert list(shown) == list(FIELDS)
    assert shown["phone"] == {
        "field": "phone",
        "owner": "hr",
        "to_fortnox": "live",
        "to_hr": "on_sync",
        "fortnox_changed": "to_hr",
        "on_conflict": "prefer_hr",
        "on_missing": "keep",
    }
    assert (shown["employment_id"]["to_fortnox"], shown["title"]["to_fortnox"]) == ("never", "never")
    alexis = FLOW.describe(TenantSettings(employees=chosen.model_copy(update={"preset": "alexis"})))
    assert next(row for row in alexis if row["field"] == "employment_id")["to_fortnox"] == "once"
    assert FLOW.describe(TenantSettings()) == ()
