"""people, as it is typed: who is said to be erased is."""

from datetime import UTC, date, datetime

from sqlalchemy import text

from schemas.events import EmployeeFields
from streams.employees.state import Employee, Person, State
from tests.connectors.desk.conftest import Past, VerbDriver

TENANT = "krogen-soder"
_REMEMBERED = text(
    "insert into flow_state (flow, tenant, key, state) values ('employees', :t, :key, cast(:state as jsonb))"
)
_ERASED = text("insert into erasures (tenant, record, erased_at, erased_by) values (:t, :record, :at, 'anna')")
BO, EMPLOYEE = "alexishr/b", "fortnox/employee/4"


def test_a_person_is_not_erased_because_the_employee_was(desk: VerbDriver) -> None:
    """Whom they were linked with was erased alone before: the person's own key is still there."""
    at = datetime(2026, 4, 10, tzinfo=UTC)
    states = {
        BO: State(person=Person(hr=EmployeeFields(given_name="Bo", last_day=date(2026, 3, 31)), was="4")),
        EMPLOYEE: State(employee=Employee(inactive=True, erased_at=at)),
    }

    async def past(world: Past) -> None:
        await world.add(TENANT)
        async with world.place.engine.begin() as connection:
            for key, state in states.items():
                values = {"t": TENANT, "key": key, "state": state.model_dump_json()}
                await connection.execute(_REMEMBERED, values)
            await connection.execute(_ERASED, {"t": TENANT, "record": EMPLOYEE, "at": at})

    desk.after(past)
    erase = ("people", "erase", TENANT, "--by", "anna", "--yes", "--wait", "0")
    assert "is erased since 2026-04-10" in desk(*erase, EMPLOYEE).stdout
    assert f"{BO} is not erased yet" in desk.refused(1, *erase, BO)
