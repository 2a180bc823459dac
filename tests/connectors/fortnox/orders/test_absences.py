"""Absence in Fortnox, against the sandbox: one order, one registration, whatever becomes of the answers."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.fortnox import sandbox
from connectors.fortnox.sandbox import CostCentre, Fault, Faults
from connectors.fortnox.sandbox.records import Record
from infra.postgres import Engine, text
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected
from tests.connectors.fortnox.lane_driver import DAY, SCOPES, TENANT, absence, attempt, carry_out, connected

PATHS = {"create": "POST /3/absencetransactions", "update": "PUT /3/absencetransactions/{key}"}
PATHS["delete"] = "DELETE /3/absencetransactions/{key}"
DONE = [Fault.COMMIT_THEN_LOSE_ANSWER, Fault.COMMIT_THEN_500, Fault.COMMIT_THEN_HTML, Fault.LATE_COMMIT]
FAULTS = [*DONE, Fault.STALE_LIST, Fault.RESET_BEFORE_COMMIT, Fault.HTML_WITHOUT_COMMIT, Fault.FAIL_WITHOUT_COMMIT]


@pytest.fixture
def company() -> sandbox.Company:
    """Return a company in Fortnox with one employee."""
    made = sandbox.Company(123456, scopes=SCOPES, cost_centres={"S1": CostCentre("S1", "Butiken")})
    made.register("employees")["1"] = Record(
        {"EmployeeId": "1", "FirstName": "Anna", "LastName": "Andersson", "Email": "anna@exempel.se"}
    )
    return made


def registered(company: sandbox.Company) -> list[dict[str, Any]]:
    """Return what is registered."""
    return [record.values for record in company.register("absencetransactions").values()]


@pytest.mark.parametrize(
    ("fields", "extent", "hours"),
    [({}, "100.00", "0.00"), ({"extent": 50}, "50.00", "0.00"), ({"hours": Decimal("5.50")}, "0.00", "5.50")],
)
async def test_a_day_is_registered_and_found(
    engine: Engine, company: sandbox.Company, fields: dict[str, Any], extent: str, hours: str
) -> None:
    """A whole day, a part in percent, a part in hours; the id is Fortnox's, and a POST sends none."""
    order = absence(**fields)
    async with connected(engine, company) as connection:
        assert await connection.probe(order, attempt()) == Absent()
        verdict = await connection.write(order, attempt())
        assert isinstance(verdict, Delivered)
        assert await connection.probe(order, attempt()) == AlreadyThere(record=verdict.record)
        for other in (
            absence(extent=70, **fields) if not fields else absence(extent=71),
            absence(cause="VAB", **fields),
            absence(cost_centre="S1", **fields),
            absence(day=DAY.replace(day=30), **fields),
            absence(employee_id="2", **fields),
        ):
            assert await connection.probe(other, attempt()) == Absent()
    (held,) = registered(company)
    assert (held["id"], held["Extent"], held["Hours"]) == (verdict.record, extent, hours)
    assert (held["EmployeeId"], held["CauseCode"], held["Date"]) == ("1", "SEM", "2026-03-31")


async def test_an_absence_is_changed_and_removed_by_its_id(engine: Engine, company: sandbox.Company) -> None:
    """What is changed already, or gone already, is there; what is gone cannot be changed."""
    async with connected(engine, company) as connection:
        created = await connection.write(absence(), attempt())
        known = {"absence_id": created.record, "extent": 50, "cost_centre": "S1"}
        change, removal = absence(action="update", **known), absence(action="delete", **known)
        assert await connection.probe(change, attempt()) == Absent()
        assert await connection.write(change, attempt()) == Delivered(record=created.record)
        assert await connection.probe(change, attempt()) == AlreadyThere(record=created.record)
        assert await connection.probe(removal, attempt()) == Absent()
        assert await connection.write(removal, attempt()) == Delivered(record=created.record)
        assert await connection.probe(removal, attempt()) == AlreadyThere(record=created.record)
        assert isinstance(await connection.write(removal, attempt()), AlreadyThere)
        assert await connection.probe(change, attempt()) == Absent()
        verdict = await connection.write(change, attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("absence_missing", "accountant")
    assert registered(company) == []


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_lost_answer_never_doubles_an_absence(engine: Engine, company: sandbox.Company, fault: Fault) -> None:
    """Registered once, changed, and removed, each with its answer lost."""
    async with connected(engine, company) as connection:

        async def carried(action: str, **fields: Any) -> str:
            company.faults = Faults(script=[fault], only=PATHS[action], seconds={fault: 0.2})
            verdict = await carry_out(connection, absence(action=action, **fields))
            assert isinstance(verdict, Delivered | AlreadyThere)
            return verdict.record

        absence_id = await carried("create")
        assert [held["id"] for held in registered(company)] == [absence_id]
        await carried("update", absence_id=absence_id, extent=50)
        assert [held["Extent"] for held in registered(company)] == ["50.00"]
        await carried("delete", absence_id=absence_id)
        assert registered(company) == []


_CARRIED_OUT = text(
    """insert into journal (order_id, place, sink, partition, tenant, key, type, fact_id, body, state, outcome,
                            due_at, accepted_at, journaled_at, finished_at)
       values (:id, 1, 'fortnox', 0, :tenant, :key, 'bokbuss.write-absence.v1', 'a fact', '{}', 'delivered',
               jsonb_build_object('outcome', 'delivered', 'record', cast(:record as text)),
               clock_timestamp(), clock_timestamp(), clock_timestamp(), clock_timestamp())"""
)


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_LOSE_ANSWER, Fault.RESET_BEFORE_COMMIT])
async def test_half_a_day_of_one_leave_is_never_taken_for_that_of_another(
    engine: Engine, company: sandbox.Company, fault: Fault
) -> None:
    """Away in the morning by one leave and in the afternoon by another: two registrations that say the same."""
    morning, afternoon = absence("leave/huma/1/day", extent=50), absence("leave/huma/2/day", extent=50)
    async with connected(engine, company) as connection:
        first = await connection.write(morning, attempt())
        async with engine.begin() as database:
            told = {"id": morning.id, "tenant": TENANT, "key": morning.data.key, "record": first.record}
            await database.execute(_CARRIED_OUT, told)
        company.faults = Faults(script=[fault], only=PATHS["create"])
        second = await carry_out(connection, afternoon)
        assert await connection.probe(morning, attempt()) == AlreadyThere(record=first.record)
    assert second.record != first.record
    assert {held["id"] for held in registered(company)} == {first.record, second.record}


async def test_a_change_that_names_what_is_missing_does_not_say_that_the_absence_is_gone(
    engine: Engine, company: sandbox.Company
) -> None:
    """The registration stands: whoever took it for gone would make it anew, and the day would be away twice."""
    async with connected(engine, company) as connection:
        created = await connection.write(absence(), attempt())
        known = {"action": "update", "absence_id": created.record}
        centre = await connection.write(absence(cost_centre="S9", **known), attempt())
        somebody = await connection.write(absence(employee_id="9", **known), attempt())
    assert [verdict.code for verdict in (centre, somebody)] == ["cost_centre_refused", "employee_missing"]
    assert [held["id"] for held in registered(company)] == [created.record]


async def test_an_unknown_employee_or_cause_is_the_accountants_move(engine: Engine, company: sandbox.Company) -> None:
    """Both have a name of their own, and say what to do."""
    async with connected(engine, company) as connection:
        missing = await connection.write(absence(employee_id="9"), attempt())
        cause = await connection.write(absence(cause="XYZ"), attempt())
    assert [(verdict.code, verdict.who) for verdict in (missing, cause)] == [
        ("employee_missing", "accountant"),
        ("cause_refused", "accountant"),
    ]
    assert "Match the person again" in missing.why
