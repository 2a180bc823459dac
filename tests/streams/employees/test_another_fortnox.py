"""Another Fortnox than our sandbox: it adapts values and fills fields by itself, and nobody has changed anything."""

from random import Random
from typing import Any

import pytest

from schemas.events import EmployeeFields
from schemas.settings import EmployeesSettings
from tests.streams.employees.company import SYSTEM, FlowCompany

KIM = {"email": "k@acme.test", "given_name": "Kim", "family_name": "O'Brien", "city": "Malmö", "employment_id": "7"}


def makes(fields: EmployeeFields, new: bool) -> EmployeeFields:  # noqa: FBT001 - as it is called
    """Capitals for a city, another apostrophe, short titles, and the tax of a new employee."""
    return fields.model_copy(
        update={
            "city": fields.city and fields.city.upper(),
            "family_name": (fields.family_name or "").replace("'", "’"),  # noqa: RUF001 - it is the case
            "title": (fields.title or "")[:10].rstrip() or None,
        }
        | ({"tax_table": 33, "tax_column": 1} if new else {})
    )


def hired(*, answers: bool, **settings: Any) -> FlowCompany:
    """Return a company after a person of HR's became an employee there."""
    chosen = EmployeesSettings(system=SYSTEM, **({"source_of_truth": "hr", "new_in_hr": "create"} | settings))
    acme = FlowCompany(settings=chosen, random=Random(1), makes=makes, answers=answers)
    acme.edit_hr("p7", **KIM)
    acme.settle()
    acme.apply(acme.plan())
    acme.settle()
    return acme


def rested(acme: FlowCompany) -> None:
    """Read both sides again and again: nothing is held, nothing is written."""
    sent = len(acme.calls)
    for _ in range(3):
        acme.snapshot(whole=True)
        acme.tell_hr("p7")
        acme.settle()
    assert (acme.open(), len(acme.calls)) == ({}, sent)
    assert [(row.state, row.action, row.fields) for row in acme.plan()] == [("linked", "do_nothing", ())]


ANSWERS = pytest.mark.parametrize("answers", [True, False])


@ANSWERS
@pytest.mark.parametrize("changed", ["hold", "write_back", "to_hr"])
def test_what_the_target_makes_of_a_value_is_no_change(answers: bool, changed: str) -> None:  # noqa: FBT001 - a case
    """Whether its answer shows it or the first reading does; nothing is asked, written back or taken over."""
    rules = [{"field": name, "fortnox_changed": changed} for name in ("city", "family_name", "title", "tax_table")]
    chosen = EmployeesSettings.model_validate(
        {"system": SYSTEM, "source_of_truth": "hr", "fields": rules}, strict=False
    )
    acme = hired(answers=answers, fields=chosen.fields)
    rested(acme)
    assert (acme.fortnox["7"].city, acme.hr["p7"].city, acme.fortnox["7"].tax_table) == ("MALMÖ", "Malmö", 33)
    acme.edit_hr("p7", city="Umeå", title="Butikschef i Lund")
    acme.settle()
    rested(acme)
    assert (acme.fortnox["7"].city, acme.fortnox["7"].title) == ("UMEÅ", "Butikschef"[:10])
    acme.edit_hr("p7", family_name="O'Hara")  # the record has not moved since
    acme.settle()
    rested(acme)
    assert acme.fortnox["7"].family_name == "O’Hara"  # noqa: RUF001 - it is the case


@ANSWERS
def test_what_was_not_read_before_a_second_write_is_still_fortnoxs(answers: bool) -> None:  # noqa: FBT001 - a case
    """Two writes before a reading, the second of another field: the first one's values are read as what they are."""
    acme = hired(answers=answers)
    acme.edit_hr("p7", street="B 2")
    acme.settle()
    rested(acme)


@ANSWERS
def test_a_change_before_the_first_reading_is_a_persons(answers: bool) -> None:  # noqa: FBT001 - a case
    """Somebody writes in Fortnox between our write and the first reading: that is asked about, and nothing else."""
    acme = hired(answers=answers)
    acme.edit_fortnox("7", city="Ystad")
    acme.snapshot()
    acme.settle()
    (hold,) = acme.open().values()
    assert (hold.reason, [line.partition(":")[0] for line in hold.lines]) == ("fortnox_changed", ["city"])
    acme.answer(hold, "prefer_fortnox")
    acme.settle()
    assert acme.hr["p7"].city == "Ystad"
    rested(acme)


@ANSWERS
def test_a_change_before_our_write_is_a_persons(answers: bool) -> None:  # noqa: FBT001 - a case
    """Somebody was there first: our change is refused, learns what stands there, and asks; the answer ends it."""
    acme = hired(answers=answers)
    rested(acme)
    acme.edit_fortnox("7", city="Ystad")
    acme.edit_hr("p7", city="Umeå")
    acme.settle()
    if not answers:
        acme.snapshot()
        acme.settle()
    (hold,) = acme.open().values()
    assert hold.reason == "conflict"
    acme.answer(hold, "prefer_hr")
    acme.settle()
    assert acme.fortnox["7"].city == "UMEÅ"
    rested(acme)


@ANSWERS
def test_an_accountant_may_enter_another_tax_table(answers: bool) -> None:  # noqa: FBT001 - a case
    """What Fortnox filled in is its own; what a person makes of it is a change."""
    acme = hired(answers=answers)
    rested(acme)
    acme.edit_fortnox("7", tax_table=34)
    acme.snapshot()
    acme.settle()
    (hold,) = acme.open().values()
    assert [line.partition(":")[0] for line in hold.lines] == ["tax_table"]
    acme.answer(hold, "leave_it")
    acme.settle()
    rested_with_a_difference = [row.fields[0].field for row in acme.plan()]
    assert (acme.open(), rested_with_a_difference) == ({}, ["tax_table"])


def test_a_try_whose_answer_was_lost_is_no_persons_change() -> None:
    """Sent again, it finds its own value in other letters."""
    acme = hired(answers=True)
    rested(acme)
    acme.edit_hr("p7", city="Umeå")
    acme.deliver(acme.bus.pop(0))
    acme.fortnox["7"] = acme.fortnox["7"].model_copy(update={"city": "UMEÅ"})
    acme.settle()
    rested(acme)


def test_what_an_hr_system_makes_of_a_value_is_no_change() -> None:
    """Fortnox owns the values; HR cuts titles and writes cities its own way, and nothing goes to and fro."""
    acme = FlowCompany(
        settings=EmployeesSettings(system=SYSTEM, source_of_truth="fortnox"),
        random=Random(1),
        hr_makes=lambda fields: makes(fields, False),  # noqa: FBT003 - as it is called
    )
    acme.edit_fortnox("7", **KIM)
    acme.snapshot()
    acme.edit_hr("p7", **KIM)
    acme.settle()
    acme.apply(acme.plan())
    acme.settle()
    acme.edit_fortnox("7", city="Umeå", title="Butikschef i Lund")
    acme.snapshot()
    acme.settle()
    rested(acme)
    assert (acme.hr["p7"].city, acme.hr["p7"].title, acme.fortnox["7"].city) == ("UMEÅ", "Butikschef", "Umeå")
    acme.edit_hr("p7", city="Ystad")
    acme.settle()
    assert acme.fortnox["7"].city == "Ystad"
