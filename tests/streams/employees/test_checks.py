"""What must hold of a person's data before it is sent: each check, red and green, without a personal value."""

from datetime import date
from typing import Any

import pytest

from schemas.events import EmployeeFields
from schemas.personal import Personal
from streams.employees.checks import CHECKS, FOR_A_NEW_ONE, not_unique, problems
from streams.employees.state import Memory, State, index_key

GOOD = EmployeeFields(email="anna@example.se", given_name="Anna", family_name="Ek")


def sealed(kind: str, flaw: str) -> Personal:
    """Return a sealed value with a flaw."""
    return Personal(kind=kind, sealed="v1:" + "A" * 40, shown="••34", flaw=flaw)  # type: ignore[arg-type] # one of both


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("email_missing", {"email": None}),
        ("email_missing", {"email": ""}),
        ("name_missing", {"given_name": None}),
        ("name_missing", {"family_name": ""}),
        ("email_invalid", {"email": "anna"}),
        ("email_invalid", {"email": "anna@example"}),
        ("email_invalid", {"email": "anna@a.se, bo@a.se"}),
        ("bank_account_invalid", {"bank_account": sealed("bank_account", "wrong_check_digit")}),
        ("personal_number_invalid", {"personal_number": sealed("personal_number", "not_a_day")}),
        ("days_out_of_order", {"first_day": date(2026, 5, 2), "last_day": date(2026, 5, 1)}),
        ("tax_column_invalid", {"tax_column": 7}),
        ("country_unknown", {"country": "Wakanda"}),
        ("value_too_long", {"employment_id": "1" * 16}),
        ("employment_id_invalid", {"employment_id": "#12"}),
        ("employment_id_invalid", {"employment_id": "A:12"}),
        ("employment_id_invalid", {"employment_id": "1²"}),
        ("employment_id_invalid", {"employment_id": ".."}),
        ("value_too_long", {"given_name": "A" * 81}),
    ],
)
def test_what_is_wrong_is_named(reason: str, values: dict[str, Any]) -> None:
    """The first problem's reason is the hold's, its field is named, and no personal value is in the words."""
    [problem] = problems(GOOD.model_copy(update=values), FOR_A_NEW_ONE)
    assert (problem.reason, problem.field in values) == (reason, True)
    assert "v1:" not in str(problem.message)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"email": " anna.ek+work@sub.example.se "},
        {"first_day": date(2026, 5, 1), "last_day": date(2026, 5, 1)},
        {"last_day": date(2026, 5, 1)},
        {"country": "TH"},
        {"country": "Storbritannien"},
        {"tax_column": 6, "employment_id": "1" * 15},
        {"employment_id": "A-12/3 (å)"},
        {"bank_account": sealed("bank_account", ""), "personal_number": sealed("personal_number", "")},
    ],
)
def test_what_is_right_passes(values: dict[str, Any]) -> None:
    """Nothing is refused that Fortnox and the rules allow."""
    assert problems(GOOD.model_copy(update=values), FOR_A_NEW_ONE) == ()


def test_a_change_needs_no_address_and_no_name() -> None:
    """Only a new one must have them: what is not written is not checked."""
    assert problems(EmployeeFields(city="Lund"), CHECKS) == ()


def test_what_somebody_else_has_is_not_unique_on_either_side() -> None:
    """Written fields only; the same person's two records share their values freely."""
    memory = Memory({})
    mine = GOOD.model_copy(update={"phone": "+46701"})
    for side, key in (("hr", "alexishr/1"), ("fortnox", "fortnox/employee/2"), ("fortnox", "fortnox/employee/1")):
        index = index_key(side, "email", mine.email)  # type: ignore[arg-type] # one of both
        memory.put(index, members=(*memory[index].members, key))
    ours = frozenset({"alexishr/1", "fortnox/employee/1"})
    [problem] = not_unique(memory, mine, ["email", "phone"], ours=ours, system="alexishr")
    assert (problem.reason, "fortnox/employee/2" in str(problem.message)) == ("email_not_unique", True)
    assert not_unique(memory, mine, ["phone"], ours=ours, system="alexishr") == ()
    assert not_unique(memory, mine, ["email"], ours=frozenset({"huma/1", "fortnox/employee/2"}), system="huma") != ()
    only_hr = frozenset({"huma/1", "fortnox/employee/1", "fortnox/employee/2"})
    assert not_unique(memory, mine, ["email"], ours=only_hr, system="huma") == ()
    assert not_unique(Memory({"x": State()}), mine, ["email"], ours=ours, system="alexishr") == ()
