"""people, as it is typed: who is said to be erased is."""

from datetime import UTC, date, datetime

from infra.postgres import text
from schemas.events import EmployeeFields
from streams.employees.state import Employee, Person, State
from tests.connectors.desk.conftest import Past, VerbDriver

TENANT = "krogen-soder"
_REMEMBERED = text(
    "insert into flow_state (flow, tenant, key, state) values ('employees', :t, :key, cast(:state as jsonb))"
)
_ERASED = text("insert into erasures (tenant, record, erased_at, erased_by) values (:t, :record, :at, 'anna')")
AT = datetime(2026, 4, 9, 22, 30, tzinfo=UTC)
BO, EMPLOYEE = "alexishr/b", "fortnox/employee/4"


def after(desk: VerbDriver, states: dict[str, State], *erased: str) -> None:
    """Let a company remember these, and have erased the values of some."""

    async def past(world: Past) -> None:
        await world.add(TENANT)
        async with world.place.engine.begin() as connection:
            for key, state in states.items():
                values = {"t": TENANT, "key": key, "state": state.model_dump_json()}
                await connection.execute(_REMEMBERED, values)
            for record in erased:
                await connection.execute(_ERASED, {"t": TENANT, "record": record, "at": AT})

    desk.after(past)


def test_a_person_is_not_erased_because_the_employee_was(desk: VerbDriver) -> None:
    """Whom they were linked with was erased alone before: the person's own key is still there."""
    person = Person(hr=EmployeeFields(given_name="Bo", last_day=date(2026, 3, 31)), was="4")
    employee = Employee(inactive=True, erased_at=AT)
    after(desk, {BO: State(person=person), EMPLOYEE: State(employee=employee)}, EMPLOYEE)
    erase = ("people", "erase", TENANT, "--by", "anna", "--yes", "--wait", "0")
    assert "is erased since 2026-04-10 00:30:00" in desk(*erase, EMPLOYEE).stdout
    assert f"{BO} is not erased yet" in desk.refused(1, *erase, BO)


def test_who_was_erased_together_is_released_together(desk: VerbDriver) -> None:
    """Also when the first release was cut off, and the flow knows no more who was linked; and then nobody is left."""
    after(desk, {BO: State(person=Person())}, BO, EMPLOYEE)
    release = ("people", "release", TENANT, BO, "--by", "anna")
    assert sorted(desk.json(*release)["released"]) == [BO, EMPLOYEE]
    assert f"{BO} is not erased" in desk.refused(2, *release)


def test_nobody_is_released_before_the_flow_takes_their_values_in(desk: VerbDriver) -> None:
    """A reading tells each change once: what it told by then would be known to nobody."""
    after(desk, {BO: State(person=Person(erased_at=AT))}, BO)
    release = ("people", "release", TENANT, BO, "--by", "anna", "--wait", "0")
    assert f"{BO} is not released yet: flows carry it out when they run" in desk.refused(1, *release)
    [listed] = desk.json("people", "list", TENANT)
    assert listed["released_at"] is None
