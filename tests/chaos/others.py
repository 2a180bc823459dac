"""What happens beside tills: people are hired, move and are away, and a year's closing entries are approved."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

import psycopg

from infra import clock
from schemas import envelope as envelopes
from schemas import ids
from schemas.events import EmployeeChanged, EmployeeFields, Fact, LeaveChanged, PlanApplied
from tests.chaos.oracle import Findings, Once, Registers, Tally
from tests.chaos.site import HR, Company, Site, until
from tests.chaos.tills import YEAR, Post

_LAST: Final = date(YEAR, 12, 31)
_CITIES: Final = ("Umeå", "Lund", "Kiruna", "Visby", "Falun")
_ENTRIES: Final = 3
_RETRY: Final = 1.0
_LIVE_WITHIN: Final = 120.0
_PLAN: Final = UUID("5f0f6c1e-1b2a-5c3d-8e4f-0123456789ab")


@dataclass
class Staff:
    """The people of one company, as its HR system tells of them on Kafka; the newest counts."""

    site: Site
    company: Company
    random: Random
    people: dict[str, EmployeeFields] = field(default_factory=dict)
    leaves: dict[str, LeaveChanged] = field(default_factory=dict)
    sent: Counter[str] = field(default_factory=Counter)

    async def work(self, every: float, stop: asyncio.Event) -> None:
        """Tell of somebody about every so many seconds until asked to stop; a plan goes first."""
        at = clock.now()
        await self._tell(PlanApplied(plan_id=_PLAN, flow="employees", rows=0, applied_by="lena", applied_at=at))
        await until(self._is_live, _LIVE_WITHIN)
        while not stop.is_set():
            await self._tell(self._next())
            try:
                async with asyncio.timeout(self.random.uniform(0.5, 1.5) * every):
                    await stop.wait()
            except TimeoutError:
                pass

    def _is_live(self) -> bool:
        with suppress(psycopg.OperationalError):
            return bool(self.site.query("select 1 from flow_state where key = 'employees/live'"))
        return False

    def _next(self) -> Fact:
        """Return who is hired, who moves, or whose leave begins, is shortened or taken back."""
        what = self.random.choices(("hired", "moved", "away", "back"), (40, 25, 25, 10))[0] if self.people else "hired"
        if what == "back" and self.leaves:
            leave = self.random.choice(sorted(self.leaves))
            changed = self.leaves[leave].model_copy(update={"withdrawn": True})
            self.leaves[leave] = changed
            return changed
        if what in ("away", "back"):
            leave, person = f"l{len(self.leaves) + 1}", self.random.choice(sorted(self.people))
            # Days of their own for each leave: two leaves on one day are one absence, and a question to a person.
            first = date(YEAR, 6, 1) + timedelta(days=4 * len(self.leaves))
            last = first + timedelta(days=self.random.randrange(3))
            self.leaves[leave] = LeaveChanged(
                system=HR,
                leave_id=leave,
                person_id=person,
                kind="VACATION",
                first_day=first,
                last_day=last,
                extent=Decimal(100),
            )
            return self.leaves[leave]
        person = f"p{len(self.people) + 1}" if what == "hired" else self.random.choice(sorted(self.people))
        known = self.people.get(person) or EmployeeFields(
            email=f"{person}@exempel.se", given_name=f"Anna {person}", family_name="Kaos"
        )
        self.people[person] = known.model_copy(update={"city": self.random.choice(_CITIES)})
        return EmployeeChanged(system=HR, person_id=person, changed_at=clock.now(), fields=self.people[person])

    async def _tell(self, fact: Fact) -> None:
        """Put a fact on its topic; one whose acknowledgement is lost goes out again, and one in ten twice anyway."""
        message = envelopes.wrap(
            fact,
            message_id=ids.fact_id(str(fact.key), ids.revision(fact)),
            source=f"/{HR}",
            time=clock.now(),
            tenant=self.company.tenant,
        )
        for _ in range(2 if self.random.random() < 0.1 else 1):
            while True:
                try:
                    async with asyncio.timeout(15.0):
                        await self.site.put(fact.TOPIC, self.company.tenant, message.to_bytes())
                    break
                except Exception:  # noqa: BLE001 - the broker is away on purpose
                    await asyncio.sleep(_RETRY)
            self.sent[type(fact).__name__] += 1

    def compare(self, registers: Mapping[str, Registers], findings: Findings) -> None:
        """Compare who works there and who is away with Fortnox's registers."""
        found = registers[self.company.tenant]
        there = [record["values"] for record in found.get("employees", {}).values()]
        people, days = Tally("employees"), Tally("days of absence")
        numbers = {}
        for person, fields in self.people.items():
            records = [one for one in there if one.get("Email") == fields.email]
            told = f"{self.company.tenant} {HR}/{person}: {len(records)} employees"
            people.count(1, len(records), told, findings)
            if records and records[0].get("City") != fields.city:
                findings.add("not what HR said", f"{told}, {records[0].get('City')} instead of {fields.city}")
            numbers[person] = str(records[0]["EmployeeId"]) if records else ""
        away = Counter(
            (str(record["values"]["EmployeeId"]), str(record["values"]["Date"]))
            for record in found.get("absencetransactions", {}).values()
        )
        for leave in self.leaves.values():
            for n in range((leave.last_day - leave.first_day).days + 1):
                day = str(leave.first_day + timedelta(days=n))
                is_, told = (
                    away.pop((numbers[leave.person_id], day), 0),
                    f"{self.company.tenant} {leave.leave_id} {day}",
                )
                if leave.withdrawn:
                    if is_:
                        findings.add("an absence that was taken back", told)
                    continue
                days.count(1, is_, told, findings)
        for place in away:
            findings.add("an absence that nobody asked for", f"{self.company.tenant} {place}")
        findings.table += (people, days)


@dataclass
class Closing:
    """A year-end program that sends batches of closing entries, and the people who plan and approve them."""

    site: Site
    company: Company
    random: Random
    post: Post
    entries: list[Once] = field(default_factory=list)

    async def work(self, every: float, stop: asyncio.Event) -> None:
        """Send a batch about every so many seconds, and have each approved, until asked to stop."""
        while not stop.is_set():
            await self._batch()
            await self._approve()
            try:
                async with asyncio.timeout(every):
                    await stop.wait()
            except TimeoutError:
                pass

    async def _batch(self) -> None:
        batch, entries = f"{YEAR}-{len(self.entries) // _ENTRIES + 1}", []
        for _ in range(_ENTRIES):
            number = len(self.entries) + 1
            amount = Decimal(self.random.randint(1, 9_000) * 100 + number)  # two alike would be a question to a person
            text = f"Avskrivning {number}"
            moves = {7832: amount, 1229: -amount}
            self.entries.append(Once(self.company.tenant, text, str(_LAST), moves, "closing entries"))
            rows = [{"account": 7832, "debit": f"{amount}.00"}, {"account": 1229, "credit": f"{amount}.00"}]
            entries.append({"number": str(number), "date": str(_LAST), "text": text, "rows": rows})
        body = {
            "format": "bokbuss.spiris.closing-entries/1",
            "batch": batch,
            "company": {"organisationNumber": self.company.organisation_number},
            "year": {"from": f"{YEAR}-01-01", "to": str(_LAST)},
            "submittedBy": "lena",
            "entries": entries,
        }
        await self.post(f"{self.company.tenant}-{batch}", json.dumps(body).encode())

    async def _approve(self) -> None:
        """Plan what is not exported yet, and apply it, until nothing is left: commands fail while all is shaken."""
        while True:
            made = await self._command("plan", "closing", self.company.tenant, "--by", "bo", "--json")
            if made is not None:
                to_do = [row for row in made["rows"] if row["action"] == "export"]
                decided = {row["text"] for row in made["rows"]} >= {one.key for one in self.entries[-_ENTRIES:]}
                if not to_do and decided:
                    return
                if to_do:
                    await self._command("apply", made["plan_id"], "--by", "anna", "--json")
            await asyncio.sleep(_RETRY)

    async def _command(self, *words: str) -> Any:
        code, said = await self.site.bokbuss(*words)
        try:
            return json.loads(said) if code in (0, 1) else None
        except ValueError:
            return None


def compare_documents(sales: Sequence[Once], registers: Mapping[str, Registers], findings: Findings) -> None:
    """Compare what was sold on account with the invoices in Fortnox: one each, of the sum that the till said."""
    tally, totals = Tally("invoices"), dict[tuple[str, str], list[Decimal]]()
    for tenant, found in registers.items():
        for record in found.get("invoices", {}).values():
            values = record["values"]
            rows = values["InvoiceRows"]
            total = sum((Decimal(row["DeliveredQuantity"]) * Decimal(row["Price"]) for row in rows), Decimal())
            totals.setdefault((tenant, values["Remarks"]), []).append(total)
    for sale in sales:
        found_totals = totals.pop((sale.tenant, sale.key), [])
        told = f"{sale.tenant} {sale.key}: invoices of {list(map(str, found_totals))}"
        tally.count(1, len(found_totals), told, findings)
        if found_totals and found_totals[0] != sale.total:
            findings.add("not what the till said", f"{told}, not of {sale.total}")
    for tenant, remark in totals:
        findings.add("an invoice that nobody asked for", f"{tenant} {remark}")
    customers = Counter(
        (tenant, record["values"].get("Email"))
        for tenant, found in registers.items()
        for record in found.get("customers", {}).values()
    )
    made = Tally("customers")
    for (tenant, address), times in customers.items():
        made.count(1, times, f"{tenant} {address}: {times} customers", findings)
    findings.table += (tally, made)
