"""A change in HR is in Fortnox within seconds, a change in Fortnox is noticed, and nothing is written unpreviewed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from connectors.alexishr import commands, sandbox
from connectors.alexishr.settings import AlexisHRSettings
from connectors.desk import settings_files
from connectors.fortnox.sandbox.records import Record
from infra import companies, tenants
from infra.postgres import text
from schemas.settings import AbsenceCause, EmployeesSettings, FieldRule, TenantSettings
from tests.acceptance.house import Roles, Shop, opened

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

SETTINGS = EmployeesSettings(
    system="alexishr",
    source_of_truth="hr",
    street_line=2,
    causes=(AbsenceCause(kind="VACATION", cause="SEM"),),
)


@dataclass
class Staff:
    """A company with an Alexis HR and a Fortnox, after its first plan."""

    house: Roles
    shop: Shop
    hr: sandbox.Company

    @property
    def employees(self) -> dict[str, dict[str, Any]]:
        """Return Fortnox's employees by id."""
        return {key: dict(record.values) for key, record in self.shop.fortnox.register("employees").items()}

    @property
    def absences(self) -> list[dict[str, Any]]:
        """Return Fortnox's absences."""
        return [dict(record.values) for record in self.shop.fortnox.register("absencetransactions").values()]

    async def until(self, what: str, test: Callable[[], Awaitable[Any]]) -> Any:
        """Wait until something is true."""
        return await self.house.until(self.shop, what, test)

    async def shows(self, what: str, test: Callable[[], Any]) -> None:
        """Wait until Fortnox or HR shows something."""

        async def shown() -> bool:
            return bool(test())

        await self.until(what, shown)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(kafka: str, house_database: str, folder: Path) -> AsyncIterator[Staff]:
    """Yield a company whose four people are planned: one is in both systems, one only in Fortnox."""
    hr = sandbox.made_up()
    async with (
        sandbox.running(hr) as url,
        opened(
            kafka,
            house_database,
            folder,
            alexishr=AlexisHRSettings(api_url=f"{url}/v1", poll_seconds=0.3, leave_seconds=0.5),
        ) as house,
    ):
        shop = await house.shop("staff", settings=None)
        shop.fortnox.scopes += " salary"
        there = shop.fortnox.register("employees")
        there["1"] = Record(
            {
                "EmployeeId": "1",
                "FirstName": "Anna",
                "LastName": "Exempelsson",
                "Email": "anna@example.se",
                "City": "Solna",
            }
        )
        there["77"] = Record({"EmployeeId": "77", "FirstName": "Eva", "LastName": "Extra", "Email": "eva@example.se"})
        version = await companies.apply_settings(
            house.place.engine,
            await house.place.producer(),
            shop.tenant,
            TenantSettings(employees=SETTINGS),
            by="a test",
        )
        await house.until(shop, "settings", lambda: tenants.is_in_force(house.place.engine, shop.tenant, version))
        await commands.store(house.place, shop.tenant, hr.token, "a test")
        yield Staff(house, shop, hr)


async def test_1_a_plan_shows_everything_and_sends_nothing(staff: Staff) -> None:
    """Each person has a state and an action; a second plan is the same; no employee is touched."""
    before = staff.employees
    plan = await staff.house.command("plan", "employees", staff.shop.tenant)
    states = {(row["name"], row["state"], row["action"]) for row in plan["rows"]}
    assert ("Anna Exempelsson", "conflict", "do_nothing") in states
    assert ("Bo Testberg", "hr_only", "create_in_fortnox") in states
    assert ("Eva Extra", "fortnox_only", "do_nothing") in states
    assert ("Dan Utanpost", "invalid", "do_nothing") in states
    assert "19900101" not in str(plan)
    assert staff.employees == before


async def test_2_a_plan_is_applied_as_it_was_changed(staff: Staff) -> None:
    """The conflict goes to HR, who is new in HR is created once, who has no address waits, others stay."""
    plan = await staff.house.command("plan", "employees", staff.shop.tenant)
    begins = plan["plan_id"][:8]
    await staff.house.command("plan", "edit", begins, "--where", "state=conflict", "--set", "prefer_hr")
    report = await staff.house.command("apply", begins, "--by", "lena")
    assert {row["status"] for row in report["rows"]} == {"done"}
    assert staff.employees["1"]["City"] == "Stockholm"
    assert staff.employees["1"]["Address2"] == "Storgatan 1"
    names = sorted(e["FirstName"] for e in staff.employees.values())
    assert names == ["Anna", "Bo", "Cilla", "Eva"]


async def test_3_a_change_in_hr_is_in_fortnox_within_seconds(staff: Staff) -> None:
    """Title, bank account and last day travel; a last day in the future does not make anybody inactive."""
    [anna] = [p["id"] for p in staff.hr.records["employee"].values() if p["firstName"] == "Anna"]
    staff.hr.change_person(anna, title="Regionchef", bankAccount={"clearing": "6789", "number": "123456789"})
    await staff.shows("the title travels", lambda: staff.employees["1"].get("JobTitle") == "Regionchef")
    assert staff.employees["1"]["BankAccountNo"].lstrip("0") == "123456789"
    assert not staff.employees["1"].get("Inactive")


async def test_4_a_change_in_fortnox_is_held_and_answered(staff: Staff) -> None:
    """HR owns the city: a person sees both values, and what they prefer goes back to HR."""
    staff.shop.fortnox.register("employees")["1"].values["City"] = "Kiruna"
    hold = await staff.house.held(staff.shop, "fortnox_changed")
    assert "HR Stockholm, Fortnox Kiruna" in " ".join(hold.order.data.lines)
    await staff.house.answer(staff.shop, hold, "prefer_fortnox")
    [anna] = [p for p in staff.hr.records["employee"].values() if p["firstName"] == "Anna"]
    await staff.shows("HR gets it", lambda: staff.hr.records["employee"][anna["id"]]["homeAddress"]["city"] == "Kiruna")


async def test_5_a_leave_is_its_days_and_changes_with_it(staff: Staff) -> None:
    """Three days, then two, then none: each day once."""
    [anna] = [p["id"] for p in staff.hr.records["employee"].values() if p["firstName"] == "Anna"]
    leave = staff.hr.add_leave(anna, "VACATION", "2026-12-07", "2026-12-09")
    await staff.shows("three days", lambda: len(staff.absences) == 3)
    assert {(a["EmployeeId"], a["CauseCode"]) for a in staff.absences} == {("1", "SEM")}
    staff.hr.change_leave(leave, endDate="2026-12-08T00:00:00.000Z")
    await staff.shows("two days", lambda: len(staff.absences) == 2)
    staff.hr.remove("leave", leave)
    await staff.shows("no day", lambda: not staff.absences)


async def test_6_who_is_taken_apart_waits_and_goes_on(staff: Staff) -> None:
    """Unlinking makes no call at Fortnox; the newest value goes on when the two are joined again."""
    [anna] = [p["id"] for p in staff.hr.records["employee"].values() if p["firstName"] == "Anna"]
    tenant, person = staff.shop.tenant, f"alexishr/{anna}"
    await staff.house.command("employees", "unlink", tenant, person, "--reason", "long_leave")
    staff.hr.change_person(anna, title="Chef")
    staff.hr.change_person(anna, title="VD")
    await staff.house.held(staff.shop, "not_linked")
    await asyncio.sleep(1.0)
    assert staff.employees["1"]["JobTitle"] == "Regionchef"
    await staff.house.command("employees", "link", tenant, person, "1")
    await staff.shows("the newest goes on", lambda: staff.employees["1"]["JobTitle"] == "VD")


async def test_7_another_field_of_hr_is_chosen_and_travels(staff: Staff, tmp_path: Path) -> None:
    """Nothing changes in HR: the next reading brings the private address to Fortnox; who has none keeps the other."""
    tenant, command = staff.shop.tenant, staff.house.command
    [anna] = [p["id"] for p in staff.hr.records["employee"].values() if p["firstName"] == "Anna"]
    staff.hr.change_person(anna, privateEmail="anna@privat.example", title="Ordförande")
    await staff.shows("HR was read", lambda: staff.employees["1"]["JobTitle"] == "Ordförande")
    before = {key: employee["Email"] for key, employee in staff.employees.items()}
    assert before["1"] == "anna@example.se"
    file, chosen = tmp_path / "staff.yaml", FieldRule(field="email", hr_field="privateEmail")
    employees = SETTINGS.model_copy(update={"fields": (chosen,)})
    file.write_text(settings_files.to_yaml(TenantSettings(employees=employees)))
    assert (await command("settings", "apply", tenant, str(file), "--wait", "60"))["in_force"]
    fields = {row["field"]: row["in_hr"] for row in (await command("employees", "fields", tenant))["fields"]}
    assert fields["email"] == "privateEmail"
    await command("employees", "refresh", tenant)
    await staff.shows("the private address travels", lambda: staff.employees["1"]["Email"] == "anna@privat.example")
    assert {key: employee["Email"] for key, employee in staff.employees.items()} == before | {
        "1": "anna@privat.example"
    }


async def test_8_a_synchronization_with_nothing_to_send_says_so(staff: Staff) -> None:
    """For programs, too."""
    report = await staff.house.command("employees", "sync", staff.shop.tenant, "--yes")
    assert (report["state"], report["rows"], report["left"]) == ("made", [], 0)


async def test_9_nothing_personal_stands_in_any_table(staff: Staff) -> None:
    """Neither personal numbers nor bank accounts are readable in what is kept."""
    async with staff.house.place.engine.connect() as connection:
        names = list(await connection.scalars(text("select tablename from pg_tables where schemaname = 'public'")))
        found = [
            name
            for name in names
            for secret in ("900101-2385", "199001012385", "9001012385", "123456789", staff.hr.token)
            if await connection.scalar(
                text(f'select count(*) from "{name}" as t where t::text like :secret'),  # noqa: S608 - a table's name
                {"secret": f"%{secret}%"},
            )
        ]
    assert found == []
