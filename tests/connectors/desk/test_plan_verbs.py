"""The verbs of employees, as they are typed: fields, link, unlink, plan, apply."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra import catching_up, clock, registry
from infra.deciding import remembering
from infra.deciding.decider import Decider
from infra.delivery.reviews import ReviewRole
from schemas import envelope as envelopes
from schemas.events import EmployeeChanged, EmployeeFields, EmployeeSeen, LeaveChanged, LinkDecided, PlanApplied
from schemas.marks import MARKS
from schemas.settings import EmployeesSettings, FieldRule, SettingsApplied, TenantSettings
from tests.bus import messages, records

FLOW = next(flow for flow in registry.flows() if flow.name == "employees")
NOW = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)
CHOSEN = EmployeesSettings(
    system="huma",
    source_of_truth="hr",
    preset="huma",
    fields=(FieldRule(field="given_name", hr_field="preferredName"),),
)


@pytest.fixture
def tenant() -> str:
    """Return a company of the test's own: the topics are shared."""
    return f"t-{uuid4().hex[:12]}"


@pytest.fixture
def chosen(desk: Any, tenant: str) -> Any:
    """Return the verbs; the company has settings for employees, and Huma has told of one person."""

    async def past(world: Any) -> None:
        await world.add(tenant)
        said = SettingsApplied(tenant=tenant, version=4, applied_by="lena", settings=TenantSettings(employees=CHOSEN))
        person = EmployeeChanged(system="huma", person_id="a", changed_at=NOW, fields=EmployeeFields(given_name="Anna"))
        for number, data in enumerate((said, person)):
            await world.accept(envelopes.wrap(data, message_id=f"m/{number}", source="/tests", time=NOW, tenant=tenant))

    desk.after(past)
    return desk


@pytest.fixture
def flows(chosen: Any, kafka: str, tenant: str) -> Iterator[None]:
    """Decide what is told of the company, as flows do, until the test ends."""
    ended = threading.Event()

    async def deciding(world: Any) -> None:
        decider = Decider(world.place.engine, await world.place.producer(), registry.flows())
        while not ended.is_set():
            for mark in MARKS:
                await decider.decide(await records(kafka, mark.TOPIC, tenant))

    thread = threading.Thread(target=chosen.after, args=(deciding,))
    thread.start()
    yield
    ended.set()
    thread.join()


def test_the_fields_are_those_of_the_settings_in_force(chosen: Any, tenant: str) -> None:
    """Which version it is, and what becomes of each field; by hand and for programs."""
    shown = chosen.json("employees", "fields", tenant)
    assert shown["settings_version"] == 4
    assert {"field": "employment_id", "to_fortnox": "never", "to_hr": "on_sync"}.items() <= shown["fields"][1].items()
    lines = chosen("employees", "fields", tenant).stdout.splitlines()
    assert lines[0] == f"{tenant}, settings version 4"
    assert lines[1].split()[:2] == ["field", "owner"]
    assert max(map(len, lines)) <= 80
    by_name = {row["field"]: (row["in_hr"], row["in_fortnox"]) for row in shown["fields"]}
    assert by_name["street"] == ("homeAddress.line1", "Address1, Address2")
    assert by_name["bank_account"] == ("bankAccount", "ClearingNo, BankAccountNo")
    assert by_name["given_name"] == ("preferredName", "FirstName")
    assert by_name["tax_table"] == ("-", "TaxTable")
    assert ["family_name", "familyName", "LastName"] in [line.split() for line in lines]


def test_a_company_without_settings_for_employees_is_told_so(desk: Any, tenant: str) -> None:
    """Nothing is shown and nothing is read: exit code 2, and what to do."""
    desk.after(lambda world: world.add(tenant))
    for words in (("employees", "fields", tenant), ("plan", "employees", tenant), ("employees", "refresh", tenant)):
        assert "bokbuss settings apply" in desk.refused(2, *words)


def test_without_flows_there_is_no_plan(chosen: Any, tenant: str) -> None:
    """It would be made from half the truth: exit code 1, what to do, and no plan is kept."""
    said = chosen.refused(1, "plan", "employees", tenant, "--no-refresh", "--wait", "0")
    assert "do flows run (bokbuss up, bokbuss run flows)?" in said
    assert chosen.json("plan", "list", tenant) == []


@pytest.mark.usefixtures("flows")
def test_a_plan_is_made_listed_shown_and_applied_once(chosen: Any, kafka: str, tenant: str) -> None:
    """Nobody is known, so that it has no rows; applying it says so to the flow, and it cannot be changed any more."""
    made = chosen.json("plan", "employees", tenant, "--no-refresh")
    begins = made["plan_id"][:8]
    assert (made["settings_version"], made["rows"]) == (4, [])
    assert [one["plan_id"] for one in chosen.json("plan", "list", tenant)] == [made["plan_id"]]
    assert chosen.json("plan", "show", begins)["state"] == "made"
    assert "say what to change" in chosen.refused(2, "plan", "edit", begins)
    assert "a condition is" in chosen.refused(2, "plan", "show", begins, "--where", "all")
    applied = chosen.json("apply", begins, "--by", "Åsa")
    assert (applied["state"], applied["applied_by"], applied["mailed"]) == ("applied", "Åsa", False)
    told = [m.data for m in asyncio.run(messages(kafka, PlanApplied.TOPIC, tenant))]
    [said] = [one for one in told if isinstance(one, PlanApplied)]
    assert (str(said.plan_id), said.rows) == (made["plan_id"], 0)
    assert "is applied" in chosen.refused(2, "plan", "edit", begins, "--set", "do_nothing")
    assert "is applied" in chosen.refused(2, "plan", "drop", begins)
    assert "applied already, and nothing is sent again" in chosen("apply", begins).stdout
    assert "no plan begins with" in chosen.refused(2, "apply", "ffffffff")


PEOPLE = (
    EmployeeChanged(
        system="huma",
        person_id="bo-2f11c8d0",
        changed_at=NOW,
        fields=EmployeeFields(
            email="bo@example.se", given_name="Bo", family_name="Ek", street="Storgatan 1", city="Lund"
        ),
    ),
    EmployeeChanged(
        system="huma",
        person_id="eva-7d2203aa",
        changed_at=NOW,
        fields=EmployeeFields(email="eva@firma.se", given_name="Eva", family_name="Ek", city="Lund"),
    ),
    EmployeeSeen(
        employee_id="7",
        seen_at=NOW,
        fields=EmployeeFields(email="eva@example.se", given_name="Eva", family_name="Lind", employment_id="7"),
    ),
)


@pytest.fixture
def people(flows: None, chosen: Any, tenant: str) -> Any:  # noqa: ARG001 - the flows decide it
    """Return the verbs; Bo is in HR only, and Eva is in both under other names and addresses."""

    async def told(world: Any) -> None:
        host = await world.place.host()
        await host.accept(tenant, "tests", PEOPLE)
        while len(await remembering.everybody(world.place.engine, FLOW, tenant)) < len(PEOPLE):
            await clock.sleep(0.05)

    chosen.after(told)
    return chosen


def test_rows_are_joined_and_applied_one_after_the_other(people: Any, kafka: str, tenant: str) -> None:
    """The plan shows the new record; two rows become one with a preference; one row is applied, and then the rest."""
    shown = people("plan", "employees", tenant, "--no-refresh").stdout.splitlines()
    assert max(map(len, shown)) <= 80
    assert "         street: Storgatan 1" in shown
    begins = shown[0].split()[1]
    assert [line for line in shown if line.startswith(("Decide", "Join", "Send"))] == [
        f"Join two rows: bokbuss plan edit {begins} --row N --set match --with ID",
        f"Send it: bokbuss apply {begins} (2 rows)",
    ]
    rows = {(row["name"], row["state"]): row["row"] for row in people.json("plan", "show", begins)["rows"]}
    employee = str(rows["Eva Lind", "fortnox_only"])
    said = people.refused(2, "plan", "edit", begins, "--row", employee, "--with", "eve-7d", "--set", "match")
    assert "did you mean huma/eva-7d2203aa?" in said
    edited = people("plan", "edit", begins, "--row", employee, "--with", "eva-7d", "--set", "prefer_fortnox").stdout
    assert "email: HR eva@firma.se, Fortnox eva@example.se -> Fortnox's goes to HR" in edited
    both = people.json("plan", "show", begins, "--where", "matched_by=hand")["rows"]
    assert [(row["person"], row["employee_id"], row["action"]) for row in both] == [
        ("huma/eva-7d2203aa", "7", "prefer_fortnox")
    ]
    assert {d["field"]: d["prefer"] for d in both[0]["fields"]}["family_name"] == "fortnox"
    assert "state is one of hr_only" in people.refused(2, "plan", "show", begins, "--where", "state=nonsense")
    people.refused(1, "apply", begins, "--row", employee, "--wait", "0")
    assert people.json("plan", "show", begins)["state"] == "made"
    assert "look again" in people.refused(2, "plan", "edit", begins, "--row", employee, "--set", "do_nothing")
    people.refused(1, "apply", begins, "--wait", "0", "--by", "Åsa")
    assert people.json("plan", "show", begins)["applied_by"] == "Åsa"
    sent = [m.data for m in asyncio.run(messages(kafka, PlanApplied.TOPIC, tenant)) if "Plan" in type(m.data).__name__]
    assert [(type(one).__name__, getattr(one, "row", None)) for one in sent] == [
        ("PlanRowApplied", int(employee)),
        ("PlanRowApplied", rows["Bo Ek", "hr_only"]),
        ("PlanApplied", None),
    ]


def test_a_dropped_plan_sends_nothing(people: Any, tenant: str) -> None:
    """It says so, and what to do instead."""
    begins = people.json("plan", "employees", tenant, "--no-refresh")["plan_id"][:8]
    assert people("plan", "drop", begins).stdout == f"plan {begins} is dropped\n"
    assert "is dropped: make a new one" in people.refused(2, "apply", begins)


@pytest.mark.parametrize("begins", ["", "%", "_"])
def test_what_is_empty_means_no_plan(people: Any, tenant: str, begins: str) -> None:
    """A script's variable that nobody has set sends nothing, though there is only one plan that could be meant."""
    made = people.json("plan", "employees", tenant, "--no-refresh")["plan_id"]
    for words in (("apply",), ("plan", "show"), ("plan", "drop")):
        assert "no plan begins with" in people.refused(2, *words, begins)
    assert people.json("plan", "show", made)["state"] == "made"


def test_joining_and_taking_apart_are_facts(people: Any, kafka: str, tenant: str) -> None:
    """They say who decided, and why; an id is completed; a reason that there is not is refused, and told nobody."""
    assert "long_leave" in people.refused(2, "employees", "unlink", tenant, "bo-2f", "--reason", "mood", "--by", "Åsa")
    done = people(
        "employees", "unlink", tenant, "bo-2f", "--reason", "long_leave", "--comment", "till maj", "--by", "Åsa"
    )
    assert "huma/bo-2f11c8d0 (Bo Ek) stays apart" in done.stdout
    done = people("employees", "link", tenant, "huma/eva", "7", "--by", "Åsa")
    assert "huma/eva-7d2203aa (Eva Ek) is linked with employee 7" in done.stdout
    told = [m.data for m in asyncio.run(messages(kafka, LinkDecided.TOPIC, tenant))]
    apart, joined = (one for one in told if isinstance(one, LinkDecided))
    assert (apart.employee_id, apart.reason, apart.comment, apart.decided_by) == (None, "long_leave", "till maj", "Åsa")
    assert (joined.person, joined.employee_id) == ("huma/eva-7d2203aa", "7")


def test_who_is_unknown_is_neither_joined_nor_taken_apart(people: Any, kafka: str, tenant: str) -> None:
    """It names the nearest; of a file each problem by its line, and then nobody in it is joined."""
    said = people.refused(2, "employees", "unlink", tenant, "huma/eva-7d2203ab", "--reason", "other")
    assert "HR has told of nobody called huma/eva-7d2203ab; did you mean huma/eva-7d2203aa?" in said
    assert "no employee 8" in people.refused(2, "employees", "link", tenant, "eva", "8")
    assert "PERSON EMPLOYEE_ID, or --csv FILE" in people.refused(2, "employees", "link", tenant, "eva")
    file = Path("pairs.csv")
    file.write_text("person,employee_id\neva,7\nbo,8\n", encoding="utf-8")
    said = people.refused(2, "employees", "link", tenant, "--csv", str(file))
    assert "nobody was linked: pairs.csv is not right:\n  line 3: Fortnox has shown no employee 8" in said
    assert not any(isinstance(m.data, LinkDecided) for m in asyncio.run(messages(kafka, LinkDecided.TOPIC, tenant)))
    file.write_text("person,employee_id\neva,7\n", encoding="utf-8")
    people("employees", "link", tenant, "--csv", str(file))
    told = [m.data for m in asyncio.run(messages(kafka, LinkDecided.TOPIC, tenant))]
    assert [one.person for one in told if isinstance(one, LinkDecided)] == ["huma/eva-7d2203aa"]


def test_the_story_of_a_person_and_of_a_leave_that_waits(people: Any, tenant: str) -> None:
    """Who decided what and why, the row of the plan, how they stand now, and what waits; a hold names people."""
    people("employees", "unlink", tenant, "eva", "--reason", "long_leave", "--comment", "till maj", "--by", "Åsa")
    plan = people.json("plan", "employees", tenant, "--no-refresh")
    [row] = [one["row"] for one in plan["rows"] if one["name"] == "Bo Ek"]
    people.refused(1, "apply", plan["plan_id"][:8], "--wait", "0", "--by", "Åsa")
    leave = LeaveChanged(
        system="huma",
        leave_id="l-1",
        person_id="eva-7d2203aa",
        kind="VACATION",
        first_day=date(2026, 6, 1),
        last_day=date(2026, 6, 2),
        extent=100,
    )

    async def told(world: Any) -> None:
        host = await world.place.host()
        await host.accept(tenant, "tests", [leave])
        await catching_up.all_decided(host, tenant, print)
        await Decider(world.place.engine, await world.place.producer(), registry.flows()).decide(
            await records(str(world.place.settings.kafka.bootstrap), LeaveChanged.TOPIC, tenant)
        )
        role = ReviewRole(
            engine=world.place.engine, producer=await world.place.producer(), settings=world.place.settings
        )
        orders = await records(str(world.place.settings.kafka.bootstrap), "orders.desk.v1", tenant)
        await role._accept([(one, envelopes.decode(one.value)) for one in orders])

    people.after(told)
    bo = people("explain", "huma/bo-2f11c8d0", "--tenant", tenant).stdout
    assert f"Row {row} of plan {plan['plan_id'][:8]}: create in fortnox; applied by Åsa" in bo
    eva = people("explain", "huma/eva-7d2203aa", "--tenant", tenant).stdout
    assert 'Åsa took it apart from Fortnox, long leave: "till maj"' in eva
    stands = " ".join(eva.split())
    assert "Taken apart: long leave. leave/huma/l-1: 2026-06-01 to 2026-06-02; 0 days in Fortnox." in stands
    for called in ("leave/huma/l-1", "huma/l-1"):
        told_of = " ".join(people("explain", called, "--tenant", tenant).stdout.split())
        assert "It waits until huma/eva-7d2203aa is linked with an employee." in told_of
    listed = people("held", "list", "--tenant", tenant).stdout
    assert "Eva Ek" in listed
    shown = people("held", "show", "huma/eva-7d2203aa").stdout
    assert f"bokbuss employees link {tenant} huma/eva-7d2203aa EMPLOYEE_ID" in shown
