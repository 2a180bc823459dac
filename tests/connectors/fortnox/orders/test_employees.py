"""Employees in Fortnox, against the sandbox: one order, one employee, and nothing personal outside of the request."""

from typing import Any

import pytest

from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.records import Record
from infra.plugin import Attempt
from infra.postgres import Engine
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected
from schemas.audit import Shown
from schemas.commands import NewEmployee
from schemas.events import EmployeeFields
from tests.connectors.fortnox.lane_driver import (
    ACCOUNT,
    ANNA,
    NUMBER,
    SCOPES,
    TENANT,
    VAULT,
    attempt,
    carry_out,
    connected,
    employee,
    personal,
)

POST, PUT = "POST /3/employees", "PUT /3/employees/{key}"
LOST = [Fault.COMMIT_THEN_LOSE_ANSWER, Fault.COMMIT_THEN_500, Fault.COMMIT_THEN_HTML, Fault.LATE_COMMIT]
NOT_DONE = [Fault.RESET_BEFORE_COMMIT, Fault.HTML_WITHOUT_COMMIT, Fault.FAIL_WITHOUT_COMMIT]


@pytest.fixture
def company() -> sandbox.Company:
    """Return a company in Fortnox without employees."""
    return sandbox.Company(123456, scopes=SCOPES)


def people(company: sandbox.Company) -> dict[str, dict[str, Any]]:
    """Return the employees in Fortnox by id."""
    return {key: record.values for key, record in company.register("employees").items()}


async def test_an_employee_is_created_with_all_its_fields(engine: Engine, company: sandbox.Company) -> None:
    """Fortnox gives the number; dates, street, phone and account stand in its fields; who leaves later is active."""
    async with connected(engine, company) as connection:
        order = employee()
        assert await connection.write(order, attempt()) == Delivered(record="1")
        assert await connection.probe(order, attempt()) == AlreadyThere(record="1")
    assert people(company)["1"] == {
        "EmployeeId": "1",
        "Email": "anna@exempel.se",
        "FirstName": "Anna",
        "LastName": "Andersson",
        "Phone1": "070-123 45 67",
        "Address1": "Storgatan 1",
        "PostCode": "111 22",
        "City": "Stockholm",
        "Country": "Sweden",
        "ClearingNo": "6000",
        "BankAccountNo": "123456789",
        "EmploymentDate": "2026-01-01",
        "EmployedTo": "2099-12-31",
        "JobTitle": "Butikschef",
        "PersonalIdentityNumber": "8001011231",
        "TaxTable": "33",
        "TaxColumn": 1,
    }


async def test_an_employee_gets_the_id_and_the_address_line_that_the_order_names(
    engine: Engine, company: sandbox.Company
) -> None:
    """Alexis keeps the street on the second line."""
    async with connected(engine, company) as connection:
        assert await connection.write(employee(employee_id="A17", street_line=2), attempt()) == Delivered(record="A17")
    assert people(company)["A17"]["Address2"] == "Storgatan 1"
    assert "Address1" not in people(company)["A17"]


async def test_a_new_employee_without_an_agreement_waits_for_the_settings(
    engine: Engine, company: sandbox.Company
) -> None:
    """Fortnox says only that something is null, and names it; what the settings say of new ones lets it find one."""
    company.new_agreement = False
    told = NewEmployee(personnel_type="TJM", employment_form="TV")
    async with connected(engine, company) as connection:
        refused = await connection.write(employee(), attempt())
        made = await connection.write(employee("huma/2", new=told), attempt())
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.who) == ("employee_agreement_missing", "accountant")
    assert "(ftgavtalid)" in refused.why
    assert "employees.new_employee" in refused.why
    assert made == Delivered(record="1")
    assert (people(company)["1"]["PersonelType"], people(company)["1"]["EmploymentForm"]) == ("TJM", "TV")
    assert "SalaryForm" not in people(company)["1"]


async def test_a_new_employee_without_what_fortnox_demands_is_refused_here(
    engine: Engine, company: sandbox.Company
) -> None:
    """Nothing is sent; the fields are named, and what to do is said."""
    async with connected(engine, company) as connection:
        verdict = await connection.write(employee(fields=EmployeeFields(given_name="Anna")), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("employee_fields_missing", "accountant")
    assert "email, family_name" in verdict.why
    assert "HR system" in verdict.why
    assert company.calls.routes[POST] == 0


async def test_a_change_writes_only_what_differs(engine: Engine, company: sandbox.Company) -> None:
    """What Fortnox holds as wanted, or was changed to that meanwhile, is left alone; the rest is written."""
    async with connected(engine, company) as connection:
        await connection.write(employee(), attempt())
        company.register("employees")["1"].values["JobTitle"] = "Chef"  # by hand, and what the order wants
        change = employee(
            "huma/2",
            create=False,
            employee_id="1",
            fields=EmployeeFields(city="Göteborg", title="Chef", phone="+46 70 123 45 67", last_day=None),
            clear=("last_day", "street"),
            expected=ANNA,
        )
        assert await connection.probe(change, attempt()) == Absent()
        done = attempt()
        assert await connection.write(change, done) == Delivered(record="1")
        assert [call.request for call in done.calls] == ["GET /3/employees/1", "PUT /3/employees/1"]
        assert await connection.write(change, attempt()) == AlreadyThere(record="1")
        assert await connection.probe(change, attempt()) == AlreadyThere(record="1")
    held = people(company)["1"]
    assert (held["City"], held["JobTitle"], held["Phone1"]) == ("Göteborg", "Chef", "070-123 45 67")
    assert not {"EmployedTo", "Address1"} & held.keys()


async def test_who_comes_back_is_active_again(engine: Engine, company: sandbox.Company) -> None:
    """Also when the last day is gone already; nobody else's activity is touched."""
    async with connected(engine, company) as connection:
        await connection.write(employee(), attempt())
        company.register("employees")["1"].values["Inactive"] = True
        gone = {"create": False, "employee_id": "1", "fields": EmployeeFields(), "clear": ("last_day",)}
        assert await connection.write(employee(**gone, expected=ANNA), attempt()) == Delivered(record="1")
        assert people(company)["1"]["Inactive"] is True
        assert await connection.write(employee(**gone, expected=ANNA, back=True), attempt()) == Delivered(record="1")
    assert people(company)["1"].get("Inactive") is False


@pytest.mark.parametrize("fault", [*LOST, *NOT_DONE])
async def test_who_comes_back_is_active_again_whatever_became_of_the_answer(
    engine: Engine, company: sandbox.Company, fault: Fault
) -> None:
    """Where nothing else is left to write, nothing but that can be looked for."""
    async with connected(engine, company) as connection:
        await connection.write(employee(fields=ANNA.model_copy(update={"last_day": None})), attempt())
        company.register("employees")["1"].values["Inactive"] = True
        company.faults = Faults(script=[fault], only=PUT, seconds={fault: 0.2})
        gone = {"create": False, "employee_id": "1", "fields": EmployeeFields(), "clear": ("last_day",)}
        order = employee("huma/2", **gone, expected=ANNA, back=True)
        assert isinstance(await carry_out(connection, order), Delivered | AlreadyThere)
    assert people(company)["1"].get("Inactive") is False


async def test_what_fortnox_makes_of_values_is_shown(engine: Engine, company: sandbox.Company) -> None:
    """A new employee's and a changed one's; found after a lost answer as well; nothing else is repeated."""
    company.makes = {"capitals", "apostrophes", "tax"}
    bare = ANNA.model_copy(
        update={"family_name": "O'Brien", "tax_table": None, "tax_column": None, "country": "Wakanda"}
    )
    async with connected(engine, company) as connection:
        order = employee(fields=bare, employee_id="1")
        for verdict in (await connection.write(order, attempt()), await connection.probe(order, attempt())):
            assert isinstance(verdict, Delivered | AlreadyThere)
            assert verdict.shown == Shown(
                names=("city", "country", "tax_table", "tax_column"),
                fields=EmployeeFields(city="STOCKHOLM", tax_table=33, tax_column=1),
            )
        moved = {"create": False, "employee_id": "1", "fields": EmployeeFields(city="Umeå", title="Chef")}
        verdict = await connection.write(employee("huma/2", **moved, expected=ANNA), attempt())
        assert isinstance(verdict, Rejected)
        assert verdict.code == "record_moved"
        assert verdict.shown == Shown(names=("city",), fields=EmployeeFields(city="STOCKHOLM"))
        right = ANNA.model_copy(update={"city": "STOCKHOLM"})
        verdict = await connection.write(employee("huma/2", **moved, expected=right), attempt())
        assert verdict == Delivered(
            record="1",
            note="held otherwise by Fortnox than it was sent: city",
            shown=Shown(names=("city",), fields=EmployeeFields(city="UMEÅ")),
        )


async def test_a_personal_value_that_is_shown_is_sealed(engine: Engine, company: sandbox.Company) -> None:
    """It goes on record."""
    async with connected(engine, company) as connection:
        await connection.write(employee(), attempt())
        company.register("employees")["1"].values["PersonalIdentityNumber"] = "19900101-1239"
        fields = EmployeeFields(personal_number=personal("personal_number", NUMBER))
        expected = EmployeeFields(personal_number=personal("personal_number", "194504032972"))
        order = employee("huma/2", create=False, employee_id="1", fields=fields, expected=expected)
        verdict = await connection.write(order, attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.shown
    assert verdict.shown.fields.personal_number
    assert VAULT.open(verdict.shown.fields.personal_number.sealed, "personal_number", TENANT) == "199001011239"
    assert "19900101" not in verdict.shown.model_dump_json()


async def test_a_record_that_somebody_changed_is_not_overwritten(engine: Engine, company: sandbox.Company) -> None:
    """The fields are named, their values are not, and nothing of the order is written."""
    async with connected(engine, company) as connection:
        await connection.write(employee(), attempt())
        company.register("employees")["1"].values |= {"City": "Malmö", "PersonalIdentityNumber": "19900101-1239"}
        fields = EmployeeFields(city="Göteborg", personal_number=personal("personal_number", NUMBER), title="Chef")
        verdict = await connection.write(
            employee(create=False, employee_id="1", fields=fields, expected=ANNA.model_copy(update={"city": None})),
            attempt(),
        )
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("record_moved", "accountant")
    assert verdict.why.startswith("changed in Fortnox since it was decided: city, personal_number –")  # noqa: RUF001 - ours
    assert "Malmö" not in verdict.why
    assert people(company)["1"]["JobTitle"] == "Butikschef"
    assert company.calls.routes[PUT] == 0


@pytest.mark.parametrize("expected", [None, ANNA])
async def test_an_employee_that_is_gone_cannot_be_changed(
    engine: Engine, company: sandbox.Company, expected: EmployeeFields | None
) -> None:
    """Fortnox has no DELETE, but a company can be restored from yesterday."""
    order = employee(create=False, employee_id="9", fields=EmployeeFields(city="Umeå"), expected=expected)
    async with connected(engine, company) as connection:
        verdict = await connection.write(order, attempt())
        assert await connection.probe(order, attempt()) == Absent()
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("employee_missing", "accountant")


async def test_a_field_that_may_not_be_read_is_not_written(engine: Engine, company: sandbox.Company) -> None:
    """API_NORIGHT is no value: whether somebody changed it cannot be known."""
    company.no_right = {"PersonalIdentityNumber"}
    async with connected(engine, company) as connection:
        await connection.write(employee(), attempt())
        fields = EmployeeFields(personal_number=personal("personal_number", NUMBER))
        order = employee(create=False, employee_id="1", fields=fields, expected=ANNA)
        verdict = await connection.write(order, attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("field_unreadable", "operator")


async def test_an_id_that_is_somebody_elses_is_refused_and_never_taken_for_ours(
    engine: Engine, company: sandbox.Company
) -> None:
    """The probe compares e-mail and personal number."""
    other = ANNA.model_copy(update={"email": "bo@exempel.se", "personal_number": None})
    async with connected(engine, company) as connection:
        await connection.write(employee("huma/2", employee_id="17", fields=other), attempt())
        assert await connection.probe(employee(employee_id="17"), attempt()) == Absent()
        assert isinstance(await connection.write(employee(employee_id="17"), attempt()), Rejected)


@pytest.mark.parametrize("employee_id", [None, "A17"])
async def test_a_lost_answer_never_makes_a_second_employee(
    engine: Engine, company: sandbox.Company, employee_id: str | None
) -> None:
    """Whatever became of the POST, there is one; it is found by its id, or by e-mail among 600 others."""
    async with connected(engine, company) as connection:
        for number in range(600):
            record = {"EmployeeId": f"x{number}", "FirstName": "B", "LastName": "C", "Email": f"b{number}@exempel.se"}
            company.register("employees")[f"x{number}"] = Record(record)
        for place, fault in enumerate([*LOST, *NOT_DONE, Fault.STALE_LIST]):
            company.faults = Faults(script=[fault], only=POST, seconds={fault: 0.2})
            email = f"anna{place}@exempel.se"
            fields = ANNA.model_copy(update={"email": email, "personal_number": None})
            order = employee(f"huma/{place}", fields=fields, employee_id=employee_id and f"{employee_id}{place}")
            verdict = await carry_out(connection, order)
            assert isinstance(verdict, Delivered | AlreadyThere), (fault, verdict)
            assert [each["EmployeeId"] for each in people(company).values() if each["Email"] == email] == [
                verdict.record
            ]


@pytest.mark.parametrize("fault", [*LOST, *NOT_DONE])
async def test_a_change_whose_answer_was_lost_is_made_once_more_at_most(
    engine: Engine, company: sandbox.Company, fault: Fault
) -> None:
    """It is found by its fields; what is sent again changes nothing more, and is not taken for somebody's change."""
    async with connected(engine, company) as connection:
        await connection.write(employee(), attempt())
        company.faults = Faults(script=[fault], only=PUT, seconds={fault: 0.2})
        fields = EmployeeFields(city="Göteborg", bank_account=personal("bank_account", "6001,987654321"))
        order = employee("huma/2", create=False, employee_id="1", fields=fields, expected=ANNA)
        verdict = await carry_out(connection, order)
    assert isinstance(verdict, Delivered if fault in NOT_DONE else AlreadyThere)
    assert (people(company)["1"]["City"], people(company)["1"]["BankAccountNo"]) == ("Göteborg", "987654321")


async def test_nothing_personal_is_told_on(
    engine: Engine, company: sandbox.Company, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither verdicts nor calls nor logs hold a value of the employee, though Fortnox repeats what it refuses."""
    fields = ANNA.model_copy(update={"given_name": "Åsa «Å»", "title": "En mycket lång titel som inte får plats här"})
    attempts: list[Attempt] = []
    verdicts = []
    async with connected(engine, company) as connection:
        company.faults = Faults(script=[Fault.COMMIT_THEN_LOSE_ANSWER], only=POST)
        verdicts.append(await carry_out(connection, employee(fields=fields), attempts=attempts))
        verdicts.append(await carry_out(connection, employee("huma/2", employee_id="1"), attempts=attempts))
        broken = fields.model_copy(update={"email": "anna[at]exempel.se"})  # an address is never adapted
        verdicts.append(await carry_out(connection, employee("huma/3", fields=broken), attempts=attempts))
        unsplit = fields.model_copy(update={"bank_account": personal("bank_account", "6000123456789")})
        verdicts.append(await carry_out(connection, employee("huma/4", fields=unsplit), attempts=attempts))
    assert [getattr(verdict, "code", "") for verdict in verdicts[1:]] == [
        "bad_characters",
        "bank_account_invalid",
    ] or verdicts[1].code.startswith("fortnox_")
    assert "given_name, title" in verdicts[0].note
    told = repr((verdicts, [each.calls for each in attempts])) + "".join(capsys.readouterr())
    secrets = [NUMBER, NUMBER[2:], *ACCOUNT.split(","), "6000123456789", "exempel.se", "Åsa", "Andersson", "Storgatan"]
    assert not [secret for secret in secrets if secret in told]
