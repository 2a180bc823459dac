"""A company in memory: HR, Fortnox, a bus that doubles and delays, and sinks; everything from a seed."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from infra.plugin import Terms
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import AuditRecord, Call, Outcome, Shown
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, UpsertEmployee, UpsertPerson, WriteAbsence
from schemas.envelope import Envelope
from schemas.erasures import DropKeys
from schemas.events import (
    ChecksPassed,
    EmployeeChanged,
    EmployeeFields,
    EmployeeSeen,
    Fact,
    LeaveChanged,
    LinkDecided,
    PlanApplied,
    PlanRowApplied,
    ReviewAnswered,
)
from schemas.plans import FIRST_PLAN, PlanRow
from schemas.settings import EmployeesSettings, SettingsApplied, TenantSettings
from streams.employees import FLOW
from streams.employees.fields import FIELDS, get, same
from streams.employees.state import State
from tests.flow_driver import FlowDriver

TENANT = "acme"
SYSTEM = "alexishr"
START = datetime(2026, 5, 1, 6, tzinfo=UTC)
NAMESPACE = UUID("6f0e7f6e-3f5c-5d43-9a77-1b0f6f6a2c11")


def envelope_of(data: Message, at: datetime, number: int = 0) -> Envelope[Any]:
    """Put a message into its envelope, as the host does."""
    named = (
        ids.fact_id(str(getattr(data, "key", "")), ids.revision(data)) if isinstance(data, Fact) else f"audit/{number}"
    )
    return envelopes.wrap(data, message_id=named, source="/tests", time=at, tenant=TENANT)


@dataclass
class Absence:
    """A day's absence as it stands in Fortnox."""

    employee_id: str
    day: date
    cause: str
    extent: int


@dataclass
class FlowCompany:
    """What stands where, what is under way, and what the flow remembers."""

    settings: EmployeesSettings
    random: Random
    refuses: float = 0.0
    now: datetime = START
    hr: dict[str, EmployeeFields] = field(default_factory=dict)
    hr_at: dict[str, datetime] = field(default_factory=dict)
    fortnox: dict[str, EmployeeFields] = field(default_factory=dict)
    inactive: set[str] = field(default_factory=set)
    makes: Callable[[EmployeeFields, bool], EmployeeFields] = lambda fields, _new: fields
    """What Fortnox makes of a record that was written, and of a new one: it adapts values and fills fields."""
    hr_makes: Callable[[EmployeeFields], EmployeeFields] = lambda fields: fields
    """What the HR system makes of one."""
    answers: bool = True
    """Whether Fortnox's answer shows the record."""
    hr_confirms: bool = False
    """Whether a new address counts in HR only once its person has confirmed it; the answer shows the old one."""
    absences: dict[str, Absence] = field(default_factory=dict)
    leaves: dict[str, LeaveChanged] = field(default_factory=dict)
    remembered: FlowDriver = field(default_factory=lambda: FlowDriver(FLOW))
    bus: list[Envelope[Any]] = field(default_factory=list)
    journal: dict[UUID, Order] = field(default_factory=dict)
    queues: dict[tuple[str, str], list[Order]] = field(default_factory=lambda: defaultdict(list))
    parked: dict[tuple[str, str], Order] = field(default_factory=dict)
    holds: dict[UUID, HoldForReview] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    calls: list[Order] = field(default_factory=list)
    overwritten: list[tuple[str, str, Any, Order]] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    number: int = 0
    shown: Shown | None = None

    @property
    def states(self) -> dict[str, State]:
        """What the flow remembers of each key."""
        return self.remembered.states

    # --- Time and messages ---

    def tick(self, seconds: float = 1.0) -> datetime:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self.now

    def say(self, data: Message) -> None:
        """Put a message on the bus."""
        self.number += 1
        self.bus.append(envelope_of(data, self.now, self.number))

    def tell_waiting(self, data: SettingsApplied | ChecksPassed) -> list[Order]:
        """Let what waits be reconsidered, key by key, as the host does."""
        if isinstance(data, SettingsApplied):
            self.settings = data.settings.employees or self.settings
        self.number += 1
        codes, found = getattr(data, "codes", None), list[Order]()
        for key in self.remembered.told(codes):
            found += self.deliver(envelope_of(data, self.now, self.number), (key,))
        return found

    def deliver(self, message: Envelope[Any], named: tuple[str, ...] = ()) -> tuple[Order, ...]:
        """Decide a message as the host does: orders and states become durable together (DECISIONS 10)."""
        orders = self.remembered.decide(message, Terms(TenantSettings(employees=self.settings), 1), named)
        for order in orders:
            self.give(order)
        if isinstance(message.data, PlanApplied) and not named:
            for key in self.remembered.told((FIRST_PLAN,)):
                orders += self.deliver(message, (key,))
        return orders

    def give(self, order: Order) -> None:
        """Take an order into the journal; the first one of an id wins."""
        order_id = order.id_in(TENANT)
        if order_id in self.journal:
            return
        self.journal[order_id] = order
        match order:
            case HoldForReview():
                self.holds[order_id] = order
            case CloseReview():
                self.holds.pop(order.hold_id, None)
            case DropKeys():
                pass  # the journal has it
            case _:
                sink = "hr" if isinstance(order, UpsertPerson) else "fortnox"
                self.queues[sink, order.key].append(order)

    # --- What people do ---

    def edit_hr(self, person: str, **values: Any) -> None:
        """Change a person in HR, and tell of it."""
        held = self.hr.get(person, EmployeeFields())
        self.hr[person], self.hr_at[person] = held.model_copy(update=values), self.tick()
        self.tell_hr(person)

    def tell_hr(self, person: str) -> None:
        """Say what HR holds of a person."""
        self.say(
            EmployeeChanged(system=SYSTEM, person_id=person, changed_at=self.hr_at[person], fields=self.hr[person])
        )

    def edit_fortnox(self, employee_id: str, **values: Any) -> None:
        """Change an employee in Fortnox, which tells nobody."""
        self.tick()
        held = self.fortnox.get(employee_id, EmployeeFields(employment_id=employee_id))
        self.fortnox[employee_id] = held.model_copy(update=values)

    def snapshot(self, *, whole: bool = False) -> None:
        """Read every employee, and tell what differs from what was told."""
        at = self.tick()
        for employee_id, fields in self.fortnox.items():
            mark = fields.model_dump_json()
            if whole or self.told.get(employee_id) != mark:
                self.told[employee_id] = mark
                self.say(
                    EmployeeSeen(
                        employee_id=employee_id, seen_at=at, fields=fields, inactive=employee_id in self.inactive
                    )
                )

    def leave(self, leave_id: str, person: str, first: date, last: date, **more: Any) -> None:
        """Register or change a leave in HR."""
        self.tick()
        said = LeaveChanged(
            system=SYSTEM,
            leave_id=leave_id,
            person_id=person,
            kind=more.pop("kind", "VACATION"),
            first_day=first,
            last_day=last,
            extent=more.pop("extent", 100),
            **more,
        )
        self.leaves[leave_id] = said
        self.say(said)

    def link(self, person: str, employee_id: str | None) -> None:
        """Join two, or take them apart."""
        at = self.tick()
        key = f"{SYSTEM}/{person}"
        self.say(LinkDecided(person=key, employee_id=employee_id, decided_by="lena", decided_at=at))

    def answer(self, hold: HoldForReview, answer: str) -> None:
        """Answer a hold."""
        at = self.tick()
        self.say(
            ReviewAnswered(
                hold_id=hold.id_in(TENANT),
                flow=hold.flow,
                about=hold.key,
                answer=answer,
                answered_by="lena",
                answered_at=at,
            )
        )

    # --- Plans ---

    def plan(self) -> tuple[PlanRow, ...]:
        """Compute a plan from all that the flow remembers."""
        if FLOW.plan is None:
            raise TypeError
        return FLOW.plan(self.states.items(), TenantSettings(employees=self.settings), self.now.date())

    def apply(self, rows: Iterable[PlanRow], name: str = "plan") -> None:
        """Publish a plan's rows and the plan."""
        at, plan_id, number = self.tick(), uuid5(NAMESPACE, name), 0
        for row in rows:
            number += 1
            self.say(
                PlanRowApplied(
                    plan_id=plan_id,
                    row=row.row,
                    person=row.person,
                    employee_id=row.employee_id,
                    action=row.action,
                    choices=row.choices,
                    in_hr=row.in_hr,
                    in_fortnox=row.in_fortnox,
                    origin=row.origin,
                    applied_by="lena",
                    applied_at=at,
                )
            )
        self.say(PlanApplied(plan_id=plan_id, flow="employees", rows=number, applied_by="lena", applied_at=at))

    # --- Sinks ---

    def ready(self) -> list[tuple[str, str]]:
        """Return the queues whose first order may be sent: a refused one parks its key until it is replaced."""
        found = []
        for place, queue in self.queues.items():
            if not queue:
                continue
            refused = self.parked.get(place)
            if refused is None or any(order.replaces == refused.id_in(TENANT) for order in queue):
                found.append(place)
        return found

    def carry_out(self, place: tuple[str, str]) -> None:
        """Carry out the first order of a queue, or what replaces the refused one before it."""
        queue, refused = self.queues[place], self.parked.pop(place, None)
        order = queue[0]
        if refused is not None:
            order = next(one for one in queue if one.replaces == refused.id_in(TENANT))
        queue.remove(order)
        self.calls.append(order)
        at = self.tick()
        self.shown = None
        outcome, record, code, why = self._write(order)
        if outcome == "rejected":
            self.parked[place] = order
        call = Call(at=at, request="PUT /3/employees", status=200, milliseconds=1, verdict=outcome)
        self.tell_outcome(
            order,
            outcome,  # type: ignore[arg-type] # one of two
            record=record,
            shown=self.shown,
            code=code,
            why=why,
            who="accountant" if outcome == "rejected" else None,
            calls=(call,),
        )

    def tell_outcome(self, order: Order, outcome: Outcome, **more: Any) -> None:
        """Say what became of an order, as the audit trail does."""
        self.number += 1
        self.say(
            AuditRecord(
                sequence=1,
                previous="0" * 64,
                at=self.tick(),
                outcome=outcome,
                flow=order.flow,
                key=order.key,
                message_id=str(order.id_in(TENANT)),
                message_type=envelopes.type_of(type(order)),
                fact_id="fact",
                **more,
            )
        )

    def _write(self, order: Order) -> tuple[str, str, str, str]:
        if self.random.random() < self.refuses:
            return "rejected", "", "licence_missing", "no licence"
        match order:
            case UpsertEmployee():
                return self._write_employee(order)
            case UpsertPerson():
                return self._write_person(order)
            case WriteAbsence():
                return self._write_absence(order)
        raise TypeError(type(order).__name__)

    def _write_employee(self, order: UpsertEmployee) -> tuple[str, str, str, str]:
        employee_id = order.employee_id or str(1000 + len(self.fortnox))
        if order.create:
            if employee_id in self.fortnox:
                return "rejected", "", "employee_exists", "the id is taken"
            self.fortnox[employee_id] = EmployeeFields(employment_id=employee_id)
        moved = self._merge(self.fortnox, employee_id, order)
        if self.answers and moved:
            self._show(self.fortnox[employee_id], moved.split(", "))
        elif not moved:
            self.fortnox[employee_id] = held = self.makes(self.fortnox[employee_id], order.create)
            said = FIELDS if order.create else [f for f in FIELDS if get(order.fields, f) or f in order.clear]
            said = [f for f in said if f != "employment_id" and not same(f, get(held, f), get(order.fields, f))]
            if self.answers:
                self._show(held, said)
        if order.back and not moved:
            self.inactive.discard(employee_id)
        return ("rejected", "", "record_moved", moved) if moved else ("delivered", employee_id, "", "")

    def _show(self, held: EmployeeFields, names: Iterable[Any]) -> None:
        """Let the answer show these fields."""
        told = tuple(names)
        self.shown = Shown(names=told, fields=EmployeeFields(**{name: getattr(held, name) for name in told}))

    def _write_person(self, order: UpsertPerson) -> tuple[str, str, str, str]:
        person = order.person_id or f"new{len(self.hr)}"
        held = self.hr.setdefault(person, EmployeeFields())
        if moved := self._merge(self.hr, person, order):
            return "rejected", "", "record_moved", moved
        self.hr[person] = self.hr_makes(self.hr[person])
        if self.hr_confirms and order.fields.email and held.email:
            self.hr[person] = self.hr[person].model_copy(update={"email": held.email})
            self._show(self.hr[person], ["email"])
        self.hr_at[person] = self.now + timedelta(microseconds=500)  # by their clock: before we have the answer
        self.tell_hr(person)
        return "delivered", person, "", ""

    def _merge(self, side: dict[str, EmployeeFields], record: str, order: UpsertEmployee | UpsertPerson) -> str:
        held = side[record]
        touched = [f for f in FIELDS if get(order.fields, f) is not None or f in order.clear]
        if order.expected is not None:
            moved = [f for f in touched if not same(f, get(held, f), get(order.expected, f))]
            if moved := [f for f in moved if not same(f, get(held, f), get(order.fields, f))]:
                return ", ".join(moved)
        for f in touched:
            old, new = get(held, f), get(order.fields, f)
            if old and not same(f, old, new):
                self.overwritten.append((record, f, old, order))
            held = held.model_copy(update={f: new})
        side[record] = held
        return ""

    def _write_absence(self, order: WriteAbsence) -> tuple[str, str, str, str]:
        absence = Absence(order.employee_id, order.day, order.cause, order.extent)
        if order.action == "create":
            record = f"a{len(self.calls)}"
            self.absences[record] = absence
            return "delivered", record, "", ""
        record = order.absence_id or ""
        if order.action == "delete":
            self.absences.pop(record, None)
        elif record not in self.absences:
            return "rejected", "", "absence_missing", "the absence is gone"
        else:
            self.absences[record] = absence
        return "delivered", record, "", ""

    # --- Until nothing moves any more ---

    def settle(self, *, most: int = 4000) -> None:
        """Deliver everything and carry everything out, in order, until nothing is left."""
        for _ in range(most):
            if self.bus:
                self.deliver(self.bus.pop(0))
            elif ready := self.ready():
                self.carry_out(ready[0])
            else:
                return
        raise AssertionError("it never comes to rest")

    def open(self) -> dict[str, HoldForReview]:
        """Return the open hold of each key."""
        return {hold.key: hold for hold in self.holds.values()}
