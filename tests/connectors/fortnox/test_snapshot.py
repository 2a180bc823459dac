"""Fortnox as a source of employees: what differs is told once, sealed, and never lost."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from connectors.fortnox import sandbox, snapshot
from connectors.fortnox.forms.employee import held
from connectors.fortnox.orders.kinds import FORTNOX
from connectors.fortnox.sandbox.records import Record
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.translate import employee
from infra import clock
from infra.access.vault import open_vault
from infra.environment import whole
from infra.plugin import Company, Host
from infra.postgres import Engine, text
from infra.verdicts import Delivered, Rejected
from schemas import settings as tenant_settings
from schemas.events import EmployeeFields, EmployeeSeen, Fact
from schemas.personal import Unsealed
from tests.connectors.fortnox.lane_driver import attempt
from tests.connectors.fortnox.lane_driver import employee as employee_order
from tests.infra.opened import opened

RECORD = {
    "EmployeeId": "7",
    "FirstName": "Maja",
    "LastName": "Exempel",
    "Email": "Maja.Exempel@example.com",
    "PersonalIdentityNumber": "450403-2972",
    "Phone1": "070-174 06 05",
    "Address1": "Exempelgatan 1",
    "PostCode": "118 20",
    "City": "Stockholm",
    "Country": "Sweden",
    "EmploymentDate": "2026-05-04",
    "EmployedTo": None,
    "ClearingNo": "6789",
    "BankAccountNo": "123456789",
    "TaxTable": "33",
    "TaxColumn": 1,
    "Inactive": False,
}


def test_a_record_becomes_what_both_systems_can_compare() -> None:
    """Phone, country, dates and numbers are in our form; personal data is not sealed yet and refuses to be written."""
    seen = employee(RECORD, clock.now(), 1)
    assert seen is not None
    fields = seen.fields
    assert (fields.email, fields.phone, fields.country) == ("Maja.Exempel@example.com", "+46701740605", "SE")
    assert (fields.first_day, fields.last_day, fields.tax_table, fields.tax_column) == (date(2026, 5, 4), None, 33, 1)
    assert isinstance(fields.personal_number, Unsealed)
    assert fields.personal_number.plain == "194504032972"
    with pytest.raises(ValueError, match="sealed"):
        fields.personal_number.model_dump_json()


@pytest.mark.parametrize(("said", "inactive"), [("true", True), (1, True), ("false", False), (0, False), (None, False)])
def test_who_has_left_is_inactive_as_fortnox_says_it(said: object, *, inactive: bool) -> None:
    """Its booleans come as texts and numbers too; whoever has left would pass for employed."""
    found = employee(RECORD | {"Inactive": said}, clock.now(), 1)
    assert found is not None
    assert found.inactive is inactive


def test_what_a_licence_hides_is_named_and_what_is_no_date_counts_as_empty() -> None:
    """Nothing is read into API_NORIGHT, and a record without an id tells nothing."""
    seen = employee(RECORD | {"City": "API_NORIGHT", "EmploymentDate": "soon"}, clock.now(), 2)
    assert seen is not None
    assert (seen.fields.city, seen.fields.first_day, seen.fields.street) == (None, None, None)
    assert seen.hidden == ("city",)
    assert employee({"FirstName": "Nobody"}, clock.now(), 1) is None


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2200-01-01", "2026-02-30", "20260131", "snart"])
def test_a_day_that_cannot_travel_is_none(day: str) -> None:
    """What is told can be read again, and what we write over such a day has not been moved by anybody."""
    bare = {"PersonalIdentityNumber": "", "ClearingNo": "", "BankAccountNo": ""}
    seen = employee(RECORD | bare | {"EmployedTo": day}, clock.now(), 1)
    assert seen is not None
    assert (seen.fields.last_day, seen.hidden) == (None, ())
    assert EmployeeSeen.model_validate_json(seen.model_dump_json()) == seen
    assert "last_day" not in held(RECORD | {"EmployedTo": day}, clock.now().date())


class FakeAcceptor:
    """Collects the facts, as Kafka would."""

    def __init__(self) -> None:
        self.facts: list[EmployeeSeen] = []
        self.fails = False

    async def accept(self, _tenant: str, _system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        """Take facts, or fail as a broker that is away does."""
        if self.fails:
            raise ConnectionError("no broker")
        self.facts += facts  # type: ignore[arg-type]
        return tuple(f.key for f in facts)


async def company(engine: Engine, tenant: str, number: int) -> None:
    """Add a company with settings for employees."""
    chosen = tenant_settings.TenantSettings(
        employees=tenant_settings.EmployeesSettings(system="alexishr", source_of_truth="hr")
    )
    async with engine.begin() as connection:
        await connection.execute(
            text("insert into tenants (tenant, database_number, created_at) values (:t, :n, now())"),
            {"t": tenant, "n": number},
        )
        await connection.execute(
            text(
                """insert into settings (tenant, version, body, applied_by, applied_at)
                   values (:t, 1, cast(:b as jsonb), 'test', now())"""
            ),
            {"t": tenant, "b": chosen.model_dump_json()},
        )


def hired(number: int) -> dict[str, Any]:
    """Return an employee's record."""
    return RECORD | {"EmployeeId": str(number), "Email": f"p{number}@example.com", "PersonalIdentityNumber": ""}


@pytest.fixture
async def reading(engine: Engine, tmp_path: Any) -> Any:
    """Yield a sandbox company with 1,203 employees, a host, and what was told."""
    books = sandbox.Books(limit=1000)
    held = books.add(sandbox.Company(123456, scopes=f"{sandbox.books.SCOPES} salary"))
    register = held.register("employees")
    register |= {str(n): Record(hired(n)) for n in range(1, 1204)}
    await company(engine, "acme", 123456)
    async with sandbox.running(books) as url:
        settings = whole()(
            data=tmp_path,
            fortnox=FortnoxSettings(
                api_url=f"{url}/3",
                auth_url=f"{url}/oauth-v1",
                client_id=sandbox.CLIENT_ID,
                client_secret=SecretStr(sandbox.CLIENT_SECRET),
            ),
        )
        told = FakeAcceptor()
        host = Host(settings, engine, await open_vault(engine, settings), None, told.accept)
        yield host, register, told


async def test_everybody_is_told_once_and_then_only_what_differs(reading: Any) -> None:
    """1,203 employees cost three calls; the second reading tells the one that was changed; seals are in the facts."""
    host, register, told = reading
    first = await snapshot.refresh(host, "acme", lambda _n: None)
    assert (first.records, first.calls, len(told.facts)) == (1203, 3, 1203)
    register["9"].values["City"] = "Solna"
    told.facts.clear()
    again = await snapshot.refresh(host, "acme", lambda _n: None)
    assert [(f.employee_id, f.fields.city) for f in told.facts] == [("9", "Solna")]
    assert again.fact_ids == ("fortnox/employee/9",)
    written = told.facts[0].model_dump_json()
    assert "123456789" not in written
    assert '"sealed":"v1:' in written


async def test_what_was_not_told_is_told_the_next_time(reading: Any) -> None:
    """A broker that is away loses nothing: nothing was written down as told."""
    host, _, told = reading
    told.fails = True
    with pytest.raises(ConnectionError):
        await snapshot.refresh(host, "acme", lambda _n: None)
    told.fails = False
    await snapshot.refresh(host, "acme", lambda _n: None)
    assert len(told.facts) == 1203


@pytest.mark.parametrize("refused", [False, True])
async def test_what_somebody_puts_back_after_a_write_of_ours_is_told(reading: Any, *, refused: bool) -> None:
    """It is what the last reading told, and not what the flow knows since: what was written, or a refusal showed."""
    host, register, told = reading
    await snapshot.refresh(host, "acme", lambda _n: None)
    told.facts.clear()
    order = employee_order(
        create=False,
        employee_id="9",
        fields=EmployeeFields(city="Solna"),
        expected=EmployeeFields(city="Stockholm"),
    )
    if refused:
        register["9"].values["City"] = "Lund"
    async with opened(FORTNOX, Company("acme", None, 123456), host) as connection:
        assert isinstance(await connection.write(order, attempt()), Rejected if refused else Delivered)
    register["9"].values["City"] = "Stockholm"
    await snapshot.refresh(host, "acme", lambda _n: None)
    assert [(f.employee_id, f.fields.city) for f in told.facts] == [("9", "Stockholm")]
    await snapshot.refresh(host, "acme", lambda _n: None)
    assert len(told.facts) == 1


async def test_a_record_that_cannot_travel_stops_nobody_else(reading: Any) -> None:
    """It is named by its field, and its value by nobody."""
    host, register, told = reading
    register["9"].values["EmployeeId"] = "9 äpplen!"
    with capture_logs() as logs:
        await snapshot.refresh(host, "acme", lambda _n: None)
    assert len(told.facts) == 1202
    (said,) = logs
    assert said["event"] == "employee_unreadable"
    assert all(problem.startswith("EmployeeId: ") and "äpplen" not in problem for problem in said["problems"])
