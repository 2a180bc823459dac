"""The HR scene: what a company's staff office does in Alexis HR, in Fortnox and at bokbuss, and what comes of it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from connectors.demo import people
from connectors.demo.people import ENDS, HIRED, IN_FORTNOX, KONTORET, SYSTEM
from connectors.demo.scenes import Apply
from connectors.demo.screen import Screen
from connectors.demo.world import Unexpected, World
from infra import catching_up, clock, registry
from infra.access.connections import Connections
from infra.deciding import planning
from infra.http import Client
from infra.office import Office
from infra.plugin import Flow, Host
from infra.showing import overview
from schemas.audit import DONE, AuditRecord
from schemas.events import EmployeeSeen, FieldChoice, LinkDecided
from schemas.plans import Plan, PlanRow, RowOutcome

_TENANT: Final = KONTORET.tenant
_BY: Final = "lena@example.com"
_WRITES: Final = ("POST /3/employees", "PUT /3/employees", "POST /3/absence", "PUT /3/absence", "DELETE /3/absence")


@dataclass(slots=True)
class StaffOffice:
    """Does what a staff office does, and looks at both systems.

    Attributes:
        hr_url: the sandbox of Alexis HR.
        facts: what is counted and timed, for the end.
    """

    world: World
    place: Office
    hr_url: str
    http: Client
    screen: Screen
    facts: dict[str, Any] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)

    async def play(self) -> None:
        """Play the whole scene. Raises NotInTime, Unexpected."""
        host = await self.place.host()
        await self._first_sync(host)
        await self._live(host)
        await self._unlink(host)

    async def tie_out(self) -> people.StaffTieOut:
        """Compare both systems."""
        hr, fortnox = await self._hr(), await self._fortnox()
        employments = list(hr["employment"].values())
        copies = {key: people.in_hr(record, employments) for key, record in hr["employee"].items()}
        employees = {key: people.in_fortnox(values) for key, values in fortnox["employees"].items()}
        by_id = {key: people.name_of(copy) for key, copy in copies.items()}
        absences = [
            (people.name_of(employees[each["EmployeeId"]]), str(each["Date"]))
            for each in fortnox["absencetransactions"].values()
        ]
        leaves = people.leaves_of(hr["leave"].values(), by_id)
        return people.tie_out(people.Staff(list(copies.values()), list(employees.values()), leaves, absences))

    def next_steps(self) -> list[tuple[str, str]]:
        """Return commands to try, each with what it shows."""
        person = f"{SYSTEM}/{self._ids.get('Bo Testberg', '')}"
        return [
            (f"plan employees {_TENANT} --no-refresh", "who is where; nothing is sent"),
            (f"employees link {_TENANT} {person} 2", "and Bo's new title goes on"),
        ]

    # --- The scenes -------------------------------------------------------------------------------------------------

    async def _first_sync(self, host: Host) -> None:
        self.screen.scene(
            "Staff: kontoret's HR and its Fortnox meet",
            "Seven people in Alexis HR, three employees in Fortnox. The plan says what would be done. Nothing is sent.",
        )
        await self._begin(host)
        plan, rows = await self._plan(host)
        self.facts["writes_before"] = await self._writes()
        self.facts["plan"] = dict(sorted(Counter(row.state for row in rows).items()))
        self.screen.scene(
            "The plan is changed and applied",
            "Anna's conflict goes to HR. Ivar has got another phone in Fortnox meanwhile: his row is refused.",
        )
        await self._edit(plan, _named(rows, "Anna"), action="prefer_hr")
        engine = self.place.engine
        before = await overview.decided(engine, _TENANT, EmployeeSeen.TOPIC)
        await self._change_employee("7", {"Phone1": "070-174 06 44"})

        async def learned() -> bool:
            return await overview.decided(engine, _TENANT, EmployeeSeen.TOPIC) > before

        await self.world.until(learned, "Ivar's new phone in Fortnox to be noticed")
        done = self._done()
        became = await self._apply(host, plan)
        await self._told(done + 3)
        self.facts["applied"] = dict(sorted(Counter(one.status for one in became).items()))
        self.screen.scene(
            "A second plan, for who was refused",
            "Each field can be chosen by itself: the phone is Fortnox's, the rest HR's. Both agree on everybody else.",
        )
        plan, rows = await self._plan(host)
        done = self._done()
        choice = FieldChoice(field="phone", prefer="fortnox")
        await self._edit(plan, _named(rows, "Ivar"), action="match", choices=(choice,))
        await self._apply(host, plan)
        await self._agree("Ivar Lika")
        await self._told(done + 2)

    async def _live(self, host: Host) -> None:
        self.screen.scene(
            "Live: Anna's title and bank account change in HR",
            "Alexis HR tells nobody; it is asked, here every two seconds. Only what changed is written.",
        )
        begun, done = clock.monotonic(), self._done()
        changes = {"title": "Regionchef", "bankAccount": {"clearing": "6789", "number": "123456789"}}
        await self._change_person("Anna Exempelsson", changes)
        await self._agree("Anna Exempelsson")
        self.facts["live_seconds"] = f"{clock.monotonic() - begun:.1f}"
        await self._told(done + 1)
        self._note("Anna", "seen", f"Fortnox shows it {self.facts['live_seconds']} s after it was changed in HR")
        self.screen.scene(
            "Anna's city changes in Fortnox, where HR owns it",
            "Fortnox tells nobody of such a change. It is noticed, held with both values, and a person answers.",
        )
        done = self._done()
        await self._change_employee("1", {"City": "Kiruna"})
        self._note("Anna", "changed", "somebody changes the city in Fortnox: Stockholm becomes Kiruna")
        await self._answer(host, await self._held("fortnox_changed"), "prefer_fortnox")
        await self._agree("Anna Exempelsson")
        await self._told(done + 1)
        self.screen.scene(
            "Anna's leave becomes days, and is shortened", "Three absences in Fortnox; then one of them is taken back."
        )
        done = self._done()
        today = clock.today()
        monday = today + timedelta(days=7 - today.weekday())
        leave = await self._control(
            "POST",
            "leaves",
            {
                "person_id": self._ids["Anna Exempelsson"],
                "kind": "VACATION",
                "first_day": monday.isoformat(),
                "last_day": (monday + timedelta(days=2)).isoformat(),
            },
        )
        self.world.names[f"leave/{SYSTEM}/{leave['id']}"] = "Anna"
        self._note("Anna", "leave", f"vacation in HR, {monday} to {monday + timedelta(days=2)}")
        await self._days(3)
        await self._told(done + 3)
        tuesday = monday + timedelta(days=1)
        await self._control("PATCH", f"leave/{leave['id']}", {"endDate": f"{tuesday}T00:00:00.000Z"})
        self._note("Anna", "leave", f"shortened in HR, to {tuesday}")
        await self._days(2)
        await self._told(done + 4)

    async def _unlink(self, host: Host) -> None:
        self.screen.scene(
            "Bo is taken apart from Fortnox",
            "Unlinking makes no call, and what HR changes waits until the two are linked again.",
        )
        writes = await self._writes()
        now = clock.now()
        person = f"{SYSTEM}/{self._ids['Bo Testberg']}"
        fact = LinkDecided(person=person, employee_id=None, reason="long_leave", decided_by=_BY, decided_at=now)
        await host.accept(_TENANT, "desk", [fact])
        self._note("Bo", "unlinked", "taken apart from Fortnox: long leave")
        await self._change_person("Bo Testberg", {"title": "Ekonomichef"})
        await self._held("not_linked")
        self.facts |= {"writes": writes, "writes_after_unlink": await self._writes() - writes}

    # --- What the office does ---------------------------------------------------------------------------------------

    async def _begin(self, host: Host) -> None:
        """Fill both systems, choose settings, and give the access token of HR."""
        for person in HIRED:
            await self._control("POST", "people", person)
        shown = await self._hr()
        for leave in shown["leave"]:  # the sandbox's own one has a fixed date
            await self._control("DELETE", f"leave/{leave}")
        self._ids = {f"{p['firstName']} {p['lastName']}": key for key, p in shown["employee"].items()}
        self.world.names |= {f"{SYSTEM}/{key}": name.partition(" ")[0] for name, key in self._ids.items()}
        for key, values in IN_FORTNOX.items():
            await self._change_employee(key, {"EmployeeId": key, **values})
        await self.world.perform(Apply(KONTORET, KONTORET.settings, "HR says what is true, empty fields are filled"))
        connections = Connections(self.place.engine, host.vault)
        await connections.consented(_TENANT, SYSTEM, grant_type="token", refresh=shown["token"], consented_by=_BY)

    async def _plan(self, host: Host) -> tuple[Plan, tuple[PlanRow, ...]]:
        """Read both sides in full, and make and show a plan."""
        found = await catching_up.read_both(host, _flow(), _TENANT, _quiet)
        await catching_up.all_decided(host, _TENANT, _quiet, told=catching_up.facts_of(found))
        self.facts.setdefault("calls", {name: one.calls for name, one in found.items()})
        plan, rows = await planning.make(host.engine, _flow(), _TENANT, clock.today())
        self.screen.plan(plan, rows)
        return plan, rows

    async def _edit(self, plan: Plan, row: PlanRow, **new: Any) -> None:
        [changed] = await planning.edit(
            self.place.engine, plan, [row.model_copy(update={"rule": "a_person_chose_it", **new})]
        )
        chosen = "".join(f", {choice.field} from {choice.prefer}" for choice in changed.choices)
        self._note(row.name.partition(" ")[0], "edited", f"row {row.row} of the plan: {changed.action}{chosen}")

    async def _apply(self, host: Host, plan: Plan) -> list[RowOutcome[PlanRow]]:
        applied = await planning.apply(host, plan, by=_BY)
        became: list[RowOutcome[PlanRow]] = []

        async def settled() -> bool:
            became[:] = await planning.became(host.engine, applied.plan)
            return all(one.status != "waiting" for one in became)

        await self.world.until(settled, "every row of the plan to be carried out or refused")
        counts = Counter(one.status for one in became)
        sent = "1 row" if len(applied.sent) == 1 else f"{len(applied.sent)} rows"
        self._note("", "applied", f"{sent}: " + ", ".join(f"{n} {status}" for status, n in counts.items()))
        return became

    async def _held(self, reason: str) -> AuditRecord:
        return await self.world.held(_TENANT, reason)

    async def _answer(self, host: Host, held: AuditRecord, answer: str) -> None:
        await self.world.answer(host, _TENANT, held, answer, by=_BY)
        self._note(people.who(held.key, self.world.names), "answered", f"answered: {answer}")

    async def _change_person(self, name: str, fields: Mapping[str, Any]) -> None:
        await self._control("PATCH", f"employee/{self._ids[name]}", fields)
        self._note(name.partition(" ")[0], "changed", f"changed in HR: {', '.join(fields)}")

    async def _change_employee(self, employee_id: str, values: Mapping[str, str]) -> None:
        self.world.names[f"fortnox/employee/{employee_id}"] = IN_FORTNOX[employee_id]["FirstName"]
        patch = {"registers": {"employees": {employee_id: {"values": dict(values)}}}}
        await self.world.change_company(KONTORET, patch)

    # --- What can be seen -------------------------------------------------------------------------------------------

    async def _agree(self, name: str) -> None:
        """Wait until both sides show the same of somebody."""

        async def agreed() -> bool:
            rows = (await self.tie_out()).rows
            return any(row.name == name and row.ended == ENDS[name][0] for row in rows)

        await self.world.until(agreed, f"{name} to be the same on both sides")

    async def _days(self, number: int) -> None:
        async def shown() -> bool:
            return len((await self._fortnox())["absencetransactions"]) == number

        await self.world.until(shown, f"{number} days of absence in Fortnox")

    def _done(self) -> int:
        """Return how many orders about staff the trail tells were carried out."""
        return sum(t == _TENANT and record.outcome in DONE for t, record in self.world.told)

    async def _told(self, number: int) -> None:
        """Wait until the trail tells of so many: what is said next comes after them."""

        async def told() -> bool:
            return self._done() >= number

        await self.world.until(told, f"{number} orders in the audit trail")

    async def _hr(self) -> dict[str, Any]:
        return await self._control("GET", "")

    async def _fortnox(self) -> dict[str, dict[str, Mapping[str, Any]]]:
        registers = (await self.world.company(KONTORET))["registers"]
        return {
            name: {key: record["values"] for key, record in registers.get(name, {}).items()}
            for name in ("employees", "absencetransactions")
        }

    async def _writes(self) -> int:
        """Return how many calls to Fortnox wrote something about staff."""
        calls = (await self.world.calls(KONTORET))["calls"]
        return sum(count for route, count in calls.items() if route.startswith(_WRITES))

    async def _control(self, method: str, what: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self.hr_url}/_sandbox/{what}".rstrip("/")
        answer = await self.http.send(method, url, json=content)
        if answer.status != HTTPStatus.OK:
            raise Unexpected(f"the sandbox of Alexis HR answered {answer.status} to {what}: {answer.text}")
        found: dict[str, Any] = json.loads(answer.body)
        return found

    def _note(self, about: str, what: str, said: str) -> None:
        self.world.note(_TENANT, about, what, said)


def _flow() -> Flow:
    return registry.flow("employees")


def _named(rows: tuple[PlanRow, ...], given_name: str) -> PlanRow:
    return next(row for row in rows if row.name.startswith(f"{given_name} "))


def _quiet(_line: object) -> None: ...
