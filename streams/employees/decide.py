"""What a change in HR or in Fortnox means for the other side. Pure.

Read it from ``decide``: ``learn`` puts what the message says into the memory, and then every person that it touches is
judged: the first of the ``RULES`` that says something counts. ``evolve`` is ``learn`` and then the orders given.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from uuid import UUID

from schemas import ids
from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.commands import (
    Choice,
    CloseReview,
    HoldForReview,
    Order,
    ReadPerson,
    UpsertEmployee,
    UpsertPerson,
    WriteAbsence,
)
from schemas.envelope import Envelope, type_of
from schemas.events import (
    ChecksPassed,
    EmployeeChanged,
    EmployeeField,
    EmployeeFields,
    EmployeeSeen,
    LeaveChanged,
    LinkDecided,
    PersonMentioned,
    PlanApplied,
    PlanRowApplied,
    ReviewAnswered,
)
from schemas.personal import Personal
from schemas.settings import EmployeesSettings, SettingsApplied, TenantSettings
from streams.employees import leaves
from streams.employees.checks import CHECKS, FOR_A_NEW_ONE, Problem, not_unique, problems
from streams.employees.fields import FIELDS, Step, get, rules, settle
from streams.employees.state import (
    LIVE,
    MATCH,
    UNIQUE,
    Memory,
    Pending,
    Person,
    State,
    applied_as,
    content,
    employee_key,
    index_key,
    index_keys,
    learn,
    leave_key,
    leave_of,
    moved,
)

NAME: Final = "employees"
_MOST_FOLLOWED: Final = 10
"""Of the records that share a value; more are as wrong as two."""
_LONGEST_REASON: Final = 64
_LONGEST_LINE: Final = 300

RETRY = Choice(answer="retry", means="Send it again, after it was set right.")
PREFER_HR = Choice(answer="prefer_hr", means="Fortnox gets HR's values of the fields that differ.")
PREFER_FORTNOX = Choice(answer="prefer_fortnox", means="HR gets Fortnox's values of the fields that differ.")
LEAVE_IT = Choice(answer="leave_it", means="Both keep their values, until one of them changes.")
CREATE = Choice(answer="create", means="Fortnox gets a new employee for this person.")
DO_NOTHING = Choice(answer="do_nothing", means="Nothing is done, until the record changes.")


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person under a name."""

    reason: str
    message: str
    lines: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    who: Literal["accountant", "operator", "developer"] = "accountant"


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written on one side; ``record`` is the id there, None to create."""

    to: Literal["fortnox", "hr"]
    record: str | None
    fields: EmployeeFields
    clear: tuple[str, ...] = ()
    expected: EmployeeFields | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done; an open hold is closed, except where the hold itself is what must stay."""

    keep_hold: bool = False


Verdict = Held | Settled | tuple[Write, ...]


@dataclass(frozen=True)
class Case:
    """A person (or an employee that HR lacks), and all that is known."""

    key: str
    memory: Memory
    settings: EmployeesSettings
    message: Message
    live: bool
    steps: dict[EmployeeField, Step] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """What stands under the key."""
        return self.memory[self.key]

    @property
    def person(self) -> Person:
        """The person."""
        return self.memory.person(self.key)

    @property
    def row(self) -> PlanRowApplied | None:
        """The row of a plan that was applied just now to this one."""
        return self.message if isinstance(self.message, PlanRowApplied) and self.message.key == self.key else None

    @property
    def ours(self) -> frozenset[str]:
        """The keys that are this one: the person's and the employee's."""
        link = self.person.link
        return frozenset({self.key, *([employee_key(link.employee_id)] if link else [])})


# --- Rules ----------------------------------------------------------------------------------------------------------


def an_answer_is_awaited_first(case: Case) -> Verdict | None:
    """Wait for what is under way: what comes meanwhile collapses into the newest state."""
    if not case.state.pending:
        return None
    if case.row:
        return Held("moved_since_the_plan", "An order for this person was on its way: make a new plan.")
    return Settled(keep_hold=True)


def a_row_that_has_moved_is_refused(case: Case) -> Verdict | None:
    """Refuse a row of a plan when a value is not any more what the plan showed."""
    if case.row is None or case.row.action == "do_nothing" or not (what := _moved(case)):
        return None
    names = ", ".join(what)
    return Held("moved_since_the_plan", f"Not carried out: {names} changed since the plan was made. Make a new plan.")


def _moved(case: Case) -> tuple[str, ...]:
    """Learning has linked what the row joins, if nothing had moved: a link of its own is no move."""
    row = case.row
    return moved(case.memory, row) if row is not None else ()


def nothing_happens_before_the_first_plan(case: Case) -> Verdict | None:
    """Only learn until a plan was applied."""
    wanted = case.person.wanted or bool(case.state.employee and case.state.employee.wanted)
    return None if case.live or case.row or wanted or case.state.refused else Settled()


def what_a_person_left_alone_stays_alone(case: Case) -> Verdict | None:
    """Do nothing about a record that a person said nothing is to be done about."""
    ignored = case.person.ignored or bool(case.state.employee and case.state.employee.ignored)
    return Settled() if ignored else None


def an_employee_that_hr_lacks_is_created_on_demand(case: Case) -> Verdict | None:
    """Give HR a person when a row of a plan says so."""
    employee = case.state.employee
    if employee is None:
        return None
    asked = case.row is not None and case.row.action == "create_in_hr"
    if employee.person is not None or employee.fields is None or not (asked or employee.wanted):
        return Settled()
    if wrong := _wrong(case, employee.fields, FOR_A_NEW_ONE, UNIQUE):
        return wrong
    travelling = rules(case.settings)
    fields = _fields((f, get(employee.fields, f)) for f in FIELDS if travelling[f].to_hr != "never")
    return (Write("hr", None, fields),)


def a_person_that_hr_never_told_is_unknown(case: Case) -> Verdict | None:
    """Nothing can be said of a person before HR told of them."""
    return Settled() if case.person.hr is None else None


def a_person_who_was_taken_apart_waits(case: Case) -> Verdict | None:
    """Hold what changes while there is no link, by a person's will."""
    if not case.person.unlinked or case.person.wanted or case.row:
        return None
    told = (isinstance(case.message, EmployeeChanged) and case.message.key == case.key) or case.state.hold is not None
    told = told or (isinstance(case.message, LeaveChanged) and case.key.endswith(f"/{case.message.person_id}"))
    if not told:
        return Settled()
    reason = case.person.unlinked.replace("_", " ")
    return Held("not_linked", f"Taken apart from Fortnox ({reason}). Link it again, and the newest values go on.")


def a_person_deleted_in_hr_is_kept_in_fortnox(case: Case) -> Verdict | None:
    """Say that HR has deleted a linked person; Fortnox cannot delete an employee."""
    if not case.person.deleted:
        return None
    if case.person.link is None:
        return Settled()
    why = (
        f"Deleted in HR; employee {case.person.link.employee_id} stays in Fortnox. Set it inactive there if it is over."
    )
    return Held("deleted_in_hr", why, choices=(DO_NOTHING,))


def a_new_person_is_created_or_waits(case: Case) -> Verdict | None:
    """Create the employee of a person without one, if a row, an answer or the settings say so; else ask."""
    person = case.person
    if person.link is not None or person.hr is None:
        return None
    asked = (case.row is not None and case.row.action == "create_in_fortnox") or person.wanted
    if case.row is not None and not asked:
        return Held("moved_since_the_plan", "The two cannot be joined: one of them is linked with another.")
    if not asked and (found := _candidates(case)):
        choices = tuple(
            Choice(answer=f"{MATCH}{key.removeprefix(employee_key(''))}", means=f"It is {key}: join them.")
            for key in found
        )
        names = ", ".join(found)
        return Held("new_in_hr", f"New in HR, and maybe {names} in Fortnox.", choices=(*choices, CREATE, DO_NOTHING))
    if not asked and case.settings.new_in_hr == "hold":
        return Held("new_in_hr", "New in HR: is it to be an employee in Fortnox?", choices=(CREATE, DO_NOTHING))
    if wrong := _wrong(case, person.hr, FOR_A_NEW_ONE, UNIQUE):
        return wrong
    travelling = rules(case.settings)
    known = case.settings.preset != "huma"  # there the employment id comes from Fortnox
    carried = [f for f in FIELDS if travelling[f].to_fortnox != "never" or (f == "employment_id" and known)]
    return (Write("fortnox", None, _fields((f, get(person.hr, f)) for f in carried)),)


def _candidates(case: Case) -> tuple[str, ...]:
    """Return who it could be in Fortnox: by e-mail, then personal number, then employment id; never by name."""
    matched: tuple[EmployeeField, ...] = ("email", "personal_number", "employment_id")
    for name in matched:
        members = case.memory[index_key("fortnox", name, get(case.person.hr, name))].members
        free = [m for m in members if (e := case.memory[m].employee) is None or e.person is None]
        if free:
            return tuple(free[:3])
    return ()


def differing_fields_are_settled_one_by_one(case: Case) -> Verdict | None:
    """Merge each field three ways; one that needs a person holds them all, what is wrong is not sent."""
    person = case.person
    if person.hr is None or person.fortnox is None or person.link is None:
        return Settled(keep_hold=True)  # linked, and Fortnox has not been read yet
    steps = _steps(case)
    case.steps.update(steps)
    if asks := {f: s for f, s in steps.items() if s.asks}:
        kinds = sorted({s.asks for s in asks.values()})
        names = ", ".join(f.replace("_", " ") for f in asks)
        return Held(
            "conflict" if "conflict" in kinds else kinds[0],
            f"HR and Fortnox differ, and a person must decide: {names}.",
            tuple(_line(f, person) for f in asks),
            (PREFER_HR, PREFER_FORTNOX, LEAVE_IT),
        )
    writes = []
    sides: tuple[Literal["fortnox", "hr"], ...] = ("fortnox", "hr")
    for side in sides:
        mine = {f: s for f, s in steps.items() if s.to == side}
        if not mine:
            continue
        held = person.fortnox if side == "fortnox" else person.hr
        fields = _fields((f, s.value) for f, s in mine.items() if s.value is not None)
        if wrong := _wrong(case, _whole(held, mine), CHECKS, [f for f in mine if get(fields, f)]):
            return wrong
        record = person.link.employee_id if side == "fortnox" else case.key.partition("/")[2]
        expected = _fields((f, get(held, f)) for f in mine)
        clear = tuple(f for f, s in mine.items() if s.value is None)
        writes.append(Write(side, record, fields, clear, expected))
    return tuple(writes) or Settled()


def _fields(pairs: Iterable[tuple[str, Any]]) -> EmployeeFields:
    return EmployeeFields(**dict(pairs))


def _whole(held: EmployeeFields, mine: Mapping[EmployeeField, Step]) -> EmployeeFields:
    """Return what is written, and both days of work where one is: only what is written is checked."""
    days: tuple[EmployeeField, ...] = ("first_day", "last_day") if {"first_day", "last_day"} & mine.keys() else ()
    return _fields([*((f, get(held, f)) for f in days), *((f, s.value) for f, s in mine.items())])


def _steps(case: Case) -> dict[EmployeeField, Step]:
    person, chosen = case.person, {c.field: c.prefer for c in case.person.chosen}
    newer = bool(person.hr_at and person.fortnox_at and person.hr_at > person.fortnox_at)
    return {
        f: settle(
            f,
            rule,
            hr=get(person.hr, f),
            base=get(person.base, f),
            agreed=f in person.agreed,
            fortnox=get(person.fortnox, f),
            occasion="sync" if case.row else "live",
            hr_is_newer=newer,
            prefer=chosen.get(f),
        )
        for f, rule in rules(case.settings).items()
    }


def _wrong(
    case: Case,
    fields: EmployeeFields,
    checks: Iterable[Callable[[EmployeeFields], Problem | None]],
    written: Iterable[Any],
) -> Held | None:
    """Hold what fails a check, or shares with somebody what is one person's only."""
    found = (*problems(fields, checks), *not_unique(case.memory, fields, written, ours=case.ours))
    if not found:
        return None
    return Held(found[0].reason, " ".join(p.message for p in found), choices=(RETRY,))


def _line(name: EmployeeField, person: Person) -> str:
    values = [
        ("HR", person.hr),
        ("Fortnox", person.fortnox),
        *([("before", person.base)] if name in person.agreed else []),
    ]
    return f"{name}: " + ", ".join(f"{side} {shown(get(fields, name))}" for side, fields in values)[:_LONGEST_LINE]


def shown(value: Any) -> str:
    """Return a value as a person may see it."""
    if isinstance(value, Personal):
        return value.shown
    return "(empty)" if value in {None, ""} else str(value)


Rule = Callable[[Case], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    an_answer_is_awaited_first,
    a_row_that_has_moved_is_refused,
    nothing_happens_before_the_first_plan,
    what_a_person_left_alone_stays_alone,
    an_employee_that_hr_lacks_is_created_on_demand,
    a_person_that_hr_never_told_is_unknown,
    a_person_who_was_taken_apart_waits,
    a_person_deleted_in_hr_is_kept_in_fortnox,
    a_new_person_is_created_or_waits,
    differing_fields_are_settled_one_by_one,
)
"""The first that says something decides."""


# --- Orders ---------------------------------------------------------------------------------------------------------


def _orders(case: Case, version: int, tenant: str) -> tuple[Order, ...]:
    for rule in RULES:
        verdict = rule(case)
        if verdict is not None:
            break
    else:
        return ()
    name = rule.__name__
    hold = case.state.hold
    match verdict:
        case Settled(keep_hold=keep):
            return (_close(case, hold, version, tenant, name),) if hold and not keep else ()
        case Held():
            return _held(case, verdict, name, version, tenant)
        case _:
            refused = _refused(case, verdict, name, version)
            if refused is not None:
                return _held(case, refused, "what_was_refused_waits", version, tenant)
            closed = (_close(case, hold, version, tenant, name),) if hold else ()
            return (*closed, *(_write(case, write, name, version, number) for number, write in enumerate(verdict, 1)))


def _refused(case: Case, writes: tuple[Write, ...], name: str, version: int) -> Held | None:
    for number, write in enumerate(writes, 1):
        order = _write(case, write, name, version, number)
        for refused in case.state.refused:
            if refused.to == write.to and refused.content == content(order):
                reason = refused.code[:_LONGEST_REASON] or "refused"
                return Held(
                    reason, f"{write.to.capitalize()} refused it: {refused.why}", choices=(RETRY,), who=refused.who
                )
    return None


def _origin(case: Case, rule: str, version: int, step: str) -> dict[str, Any]:
    fact = case.person.hr_at.isoformat() if case.person.hr_at else ""
    return {
        "flow": NAME,
        "key": case.key,
        "revision": ids.digest({"hr": fact, "steps": case.state.steps})[:16],
        "step": step,
        "rule": rule,
        "settings_version": version,
    }


def _write(case: Case, write: Write, rule: str, version: int, number: int) -> UpsertEmployee | UpsertPerson:
    replaces: UUID | None = next((r.order_id for r in case.state.refused if r.to == write.to), None)
    origin = _origin(case, rule, version, f"{write.to}/{case.state.steps + number}")
    fields: dict[str, Any] = {
        "fields": write.fields,
        "clear": write.clear,
        "expected": write.expected,
        "replaces": replaces,
    }
    if write.to == "hr":
        return UpsertPerson(**origin, **fields, system=case.settings.system, person_id=write.record)
    create = write.record is None
    employee_id = write.fields.employment_id if create else write.record
    return UpsertEmployee(
        **origin, **fields, employee_id=employee_id, create=create, street_line=case.settings.street_line
    )


def _held(case: Case, held: Held, rule: str, version: int, tenant: str) -> tuple[Order, ...]:
    hold = case.state.hold
    message = f"{case.key}: {held.message}"[:2000]
    if hold and (hold.reason, hold.message, hold.lines, hold.choices) == (
        held.reason,
        message,
        held.lines,
        held.choices,
    ):
        return ()
    new = HoldForReview(
        **_origin(case, rule, version, f"hold/{case.state.steps + 1}"),
        reason=held.reason,
        who=held.who,
        message=message,
        lines=held.lines,
        choices=held.choices,
    )
    return (*((_close(case, hold, version, tenant, rule),) if hold else ()), new)


def _close(case: Case, hold: HoldForReview | None, version: int, tenant: str, rule: str) -> CloseReview:
    if hold is None:
        raise TypeError("there is no hold to close")
    message = case.message
    how: Any = "superseded"
    match message:
        case SettingsApplied():
            how, why = "settings_changed", f"Decided anew under settings version {message.version}."
        case ReviewAnswered():
            how, why = "answered", f"A person answered {message.answer}."
        case ChecksPassed():
            how, why = "checks_passed", "What stood in the way in Fortnox does so no longer."
        case LinkDecided() | PlanRowApplied():
            how, why = "answered", "A person decided."
        case _:
            why = "Newer values came."
    return CloseReview(
        **{**_origin(case, rule, version, f"close/{hold.step}"), "revision": hold.revision},
        hold_id=hold.id_in(tenant),
        how=how,
        message=why,
    )


# --- What the host calls --------------------------------------------------------------------------------------------

_OURS: Final = {type_of(UpsertEmployee), type_of(UpsertPerson), type_of(WriteAbsence)}
_TOLD: Final = {"delivered", "already_there", "rejected"}


def reads(message: Message) -> tuple[str, ...]:  # noqa: PLR0911 - one case for each message
    """Return the keys that a message names."""
    match message:
        case EmployeeChanged(key=key, fields=fields) | EmployeeSeen(key=key, fields=fields):
            return (key, LIVE, *index_keys("hr", fields), *index_keys("fortnox", fields))
        case PersonMentioned(key=key):
            return (key,)
        case LeaveChanged(key=key, system=system, person_id=person_id):
            return (leave_key(key), f"{system}/{person_id}", LIVE)
        case LinkDecided(person=person, employee_id=employee_id):
            return (person, LIVE, *([employee_key(employee_id)] if employee_id else []))
        case PlanRowApplied(key=key, employee_id=employee_id):
            return (
                key,
                LIVE,
                *([employee_key(employee_id)] if employee_id and key != employee_key(employee_id) else []),
            )
        case PlanApplied(flow=flow) if flow == NAME:
            return (LIVE,)
        case ReviewAnswered(flow=flow, about=about) if flow == NAME:
            return (about, LIVE)
        case AuditRecord(flow=flow, message_type=kind, outcome=outcome, key=key, record=record):
            if flow == NAME and kind in _OURS and outcome in _TOLD:
                created = kind == type_of(UpsertEmployee) and record and employee_key(record) != key
                return (leave_of(key), LIVE, *([employee_key(record)] if created else []))
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:
    """Return the keys that states name: the other half, shared values and who shares them, leaves that wait."""
    named: list[str] = [LIVE]
    sides: tuple[Literal["hr", "fortnox"], ...] = ("hr", "fortnox")
    for state in states.values():
        named += state.members[:_MOST_FOLLOWED]
        if person := state.person:
            if person.link:
                named.append(employee_key(person.link.employee_id))
            named += [key for held in (person.hr, person.fortnox) for side in sides for key in index_keys(side, held)]
            named += person.leaves
        if employee := state.employee:
            named += [*([employee.person] if employee.person else []), *index_keys("fortnox", employee.fields)]
            named += index_keys("hr", employee.fields)
        if state.leave and state.leave.said:
            named.append(f"{state.leave.said.system}/{state.leave.said.person_id}")
        for pending in state.pending:
            if (
                isinstance(envelope.data, AuditRecord)
                and isinstance(pending.order, UpsertPerson)
                and envelope.data.record
            ):
                named.append(f"{pending.order.system}/{envelope.data.record}")
        if isinstance(envelope.data, ReviewAnswered) and envelope.data.answer.startswith(MATCH):
            named.append(employee_key(envelope.data.answer.removeprefix(MATCH)))
    return tuple(dict.fromkeys(named))


def decide(
    states: Mapping[str, State], envelope: Envelope[Any], settings: TenantSettings, settings_version: int
) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    memory = Memory(states)
    learn(memory, envelope)
    message = envelope.data
    if isinstance(message, PlanRowApplied) and states[message.key].applied == applied_as(message):
        return ()
    if isinstance(message, PersonMentioned):
        known = states[message.key].person
        return () if known and known.mentioned == envelope.id else (_reading(message, envelope.id, settings_version),)
    if settings.employees is None:
        return ()
    live = memory[LIVE].live
    orders: list[Order] = []
    for key in memory:
        if memory[key].person or memory[key].employee:
            case = Case(key, memory, settings.employees, message, live)
            if (memory[key].person and _is_ours(key, settings.employees)) or not memory[key].person:
                orders += _orders(case, settings_version, envelope.tenant)
        elif memory[key].leave and live:
            orders += leaves.orders(memory, key, envelope, settings.employees, settings_version)
    return tuple(orders)


def _is_ours(key: str, settings: EmployeesSettings) -> bool:
    """Tell whether a person is of the HR system that the company has chosen."""
    return key.startswith(f"{settings.system}/")


def _reading(message: PersonMentioned, fact_id: str, version: int) -> ReadPerson:
    return ReadPerson(
        flow=NAME,
        key=message.key,
        revision=fact_id.rpartition("@")[2][:64],
        step="read",
        rule="a_mentioned_person_is_read_again",
        settings_version=version,
        system=message.system,
        person_id=message.person_id,
    )


def evolve(states: Mapping[str, State], envelope: Envelope[Any], orders: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    memory = Memory(states)
    learn(memory, envelope)
    for order in orders:
        state = memory[order.key]
        match order:
            case CloseReview():
                memory.put(order.key, hold=None)
            case HoldForReview():
                memory.put(order.key, hold=order, steps=state.steps + 1)
            case UpsertEmployee() | UpsertPerson():
                side = "fortnox" if isinstance(order, UpsertEmployee) else "hr"
                memory.put(
                    order.key,
                    pending=(*state.pending, Pending(order_id=order.id_in(envelope.tenant), order=order)),
                    refused=tuple(r for r in state.refused if r.to != side),
                    steps=state.steps + 1,
                )
                if isinstance(order, UpsertEmployee) and order.create:
                    memory.put_person(order.key, wanted=True)
                elif isinstance(order, UpsertPerson) and order.person_id is None:
                    memory.put_employee(order.key.removeprefix(employee_key("")), wanted=True)
            case WriteAbsence():
                leaves.given(memory, leave_of(order.key), order, envelope.tenant)
    return memory.changed


def waiting(state: State) -> str | None:
    """Return why something waits; it gets each SettingsApplied, and the ChecksPassed that name this reason."""
    return state.hold.reason if state.hold else None
