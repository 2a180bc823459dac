"""What a person corrected travels, ids that look alike are two people's, and who comes back works again."""

from datetime import date
from random import Random
from typing import Any, Literal

import pytest

from schemas.settings import EmployeesSettings
from tests.streams.employees.company import SYSTEM, FlowCompany


def company(owner: Literal["hr", "fortnox"] = "hr", **more: Any) -> FlowCompany:
    """Return a company whose values one side owns."""
    return FlowCompany(settings=EmployeesSettings(system=SYSTEM, source_of_truth=owner, **more), random=Random(1))


CORRECTED = [
    ({"given_name": "BJORN", "city": "Malmo"}, {"given_name": "Björn", "city": "Malmö"}),
    ({"street": "Storgatan 1-3"}, {"street": "Storgatan 13"}),
    ({"family_name": "Von Essen"}, {"family_name": "von Essen"}),
    ({"given_name": "Anna Lisa", "title": "säljare"}, {"given_name": "Anna-Lisa", "title": "Säljare"}),
]


@pytest.mark.parametrize("owner", ["hr", "fortnox"])
@pytest.mark.parametrize(("old", "new"), CORRECTED)
def test_a_corrected_text_travels_to_the_other_side(
    owner: Literal["hr", "fortnox"], old: dict[str, str], new: dict[str, str]
) -> None:
    """Once, and then there is nothing left to do."""
    acme = company(owner)
    acme.edit_fortnox("7", **({"given_name": "Kim", "family_name": "Ek", "email": "k@acme.test"} | old))
    acme.snapshot(whole=True)
    acme.edit_hr("p7", **({"given_name": "Kim", "family_name": "Ek", "email": "k@acme.test"} | old), employment_id="7")
    acme.settle()
    acme.apply(acme.plan())
    acme.settle()
    sent = len(acme.calls)
    if owner == "hr":
        acme.edit_hr("p7", **new)
    else:
        acme.edit_fortnox("7", **new)
        acme.snapshot()
    acme.settle()
    acme.snapshot(whole=True)
    acme.settle()
    for held in (acme.hr["p7"], acme.fortnox["7"]):
        assert {name: getattr(held, name) for name in new} == new
    assert len(acme.calls) == sent + 1
    assert [(row.state, row.action) for row in acme.plan()] == [("linked", "do_nothing")]
    assert not acme.open()


@pytest.mark.parametrize(("here", "there"), [("1-12", "112"), ("0112", "112"), ("a7", "A7")])
def test_ids_that_look_alike_are_two_people(here: str, there: str) -> None:
    """Nobody is matched by an id that only looks like theirs, and no stranger is overwritten."""
    acme = company(new_in_hr="create")
    acme.edit_fortnox(there, email="bo@acme.test", given_name="Bo", family_name="Berg", first_day=date(2019, 3, 1))
    acme.snapshot(whole=True)
    acme.edit_hr("p1", email="anna@acme.test", given_name="Anna", family_name="Ahl", employment_id=here)
    acme.settle()
    rows = acme.plan()
    assert [(row.state, row.person, row.employee_id) for row in rows] == [
        ("hr_only", f"{SYSTEM}/p1", None),
        ("fortnox_only", None, there),
    ]
    acme.apply(rows)
    acme.settle()
    assert (acme.fortnox[there].given_name, acme.fortnox[here].given_name) == ("Bo", "Anna")


@pytest.mark.parametrize("inactive", [True, False])
@pytest.mark.parametrize("until", [None, date(2026, 8, 31)])
def test_a_person_who_comes_back_works_again_in_fortnox(until: date | None, inactive: bool) -> None:  # noqa: FBT001 - a case
    """The last day goes, or another takes its place; an employee who was set inactive after it is active again."""
    acme = company()
    known = {"email": "k@acme.test", "given_name": "Kim", "family_name": "Ek", "first_day": date(2019, 1, 7)}
    acme.edit_hr("p7", **known, employment_id="7", last_day=date(2026, 3, 31))
    acme.edit_fortnox("7", **known, last_day=date(2026, 3, 31))
    acme.inactive |= {"7"} if inactive else set()
    acme.snapshot(whole=True)
    acme.settle()
    acme.apply(acme.plan())
    acme.settle()
    acme.edit_hr("p7", last_day=until)
    acme.settle()
    assert (acme.fortnox["7"].last_day, acme.inactive) == (until, set())
    assert [getattr(order, "back", None) for order in acme.calls] == [inactive]
    acme.snapshot(whole=True)
    acme.settle()
    assert (len(acme.calls), acme.open()) == (1, {})


def test_a_last_day_that_somebody_took_out_of_fortnox_waits_for_a_person() -> None:
    """HR owns it, and says that they left: it is not written back, and HR is not emptied, without a word."""
    acme = company()
    known = {"email": "k@acme.test", "given_name": "Kim", "family_name": "Ek", "last_day": date(2026, 3, 31)}
    acme.edit_hr("p7", **known, employment_id="7")
    acme.edit_fortnox("7", **known)
    acme.snapshot(whole=True)
    acme.settle()
    acme.apply(acme.plan())
    acme.settle()
    acme.edit_fortnox("7", last_day=None)
    acme.snapshot()
    acme.settle()
    (hold,) = acme.open().values()
    assert (hold.reason, [line.partition(":")[0] for line in hold.lines]) == ("fortnox_changed", ["last_day"])
    acme.answer(hold, "prefer_fortnox")
    acme.settle()
    assert (acme.hr["p7"].last_day, acme.open()) == (None, {})
