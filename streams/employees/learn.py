"""What each message teaches about people, employees, links and leaves. What comes late undoes nothing newer. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.audit import NOT_DONE, AuditRecord, Shown
from schemas.commands import UpsertEmployee, UpsertPerson
from schemas.envelope import Envelope
from schemas.erasures import ErasureDecided
from schemas.events import (
    ChecksPassed,
    EmployeeChanged,
    EmployeeField,
    EmployeeFields,
    EmployeeSeen,
    FieldChoice,
    LeaveChanged,
    LinkDecided,
    Origin,
    PersonMentioned,
    PlanApplied,
    PlanRowApplied,
    ReviewAnswered,
    Side,
)
from schemas.flows import answered
from schemas.pauses import PersonPaused
from schemas.words import Text
from streams.employees import erasing, words
from streams.employees.adapting import FILLED, adapted, adapts, made_by_fortnox, made_by_hr
from streams.employees.fields import FIELDS, get, same
from streams.employees.state import (
    LIVE,
    Employee,
    Leave,
    Link,
    Memory,
    Person,
    RefusedDay,
    RefusedOrder,
    State,
    employee_key,
    leave_key,
    leave_of,
    system_of,
)
from streams.employees.verdict import MATCH, NAME, PREFERENCES, RESUME

_GONE: Final = "absence_missing"
"""What a change of an absence is refused for that is in Fortnox no longer."""


def _changes(old: EmployeeFields | None, new: EmployeeFields | None) -> frozenset[EmployeeField]:
    return frozenset(f for f in FIELDS if not same(f, get(old, f), get(new, f)))


def _ours(memory: Memory, key: str, side: Side) -> frozenset[EmployeeField]:
    """Return the fields that we wrote to a side and have not read there since, or are writing."""
    person, order = memory.person(key), UpsertEmployee if side == "fortnox" else UpsertPerson
    under_way = [f for p in memory[key].pending if isinstance(p.order, order) for f in p.order.written]
    return frozenset((*(person.unread if side == "fortnox" else person.unread_in_hr), *under_way))


def _still(chosen: Iterable[FieldChoice], changed: frozenset[EmployeeField]) -> tuple[FieldChoice, ...]:
    return tuple(c for c in chosen if c.field not in changed)


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Memory:  # noqa: C901, PLR0912 - one case for each message
    """Return what is remembered once a message is known. What comes late undoes nothing newer."""
    memory = Memory(states)
    match envelope.data:
        case EmployeeChanged() as fact:
            _person_changed(memory, fact)
        case EmployeeSeen() as fact:
            _employee_seen(memory, fact)
        case LeaveChanged() as fact:
            _leave_changed(memory, fact, envelope.time)
        case PersonMentioned() as fact:
            memory.put_person(fact.key, mentioned=envelope.id)
        case LinkDecided() as fact:
            _link_decided(memory, fact)
        case PersonPaused() as fact:
            _person_paused(memory, fact)
        case ErasureDecided() as fact:
            erasing.forget(memory, fact)
        case PlanRowApplied() as fact:
            _row_applied(memory, fact)
        case PlanApplied(flow=flow) if flow == NAME:
            memory.put(LIVE, live=True)
        case ReviewAnswered() as fact:
            _answered(memory, fact, envelope.tenant)
        case ChecksPassed(codes=codes):
            for key in memory:
                refused = memory[key].refused
                memory.put(key, refused=tuple(forgiven([r])[0] if r.code in codes else r for r in refused))
                _forgive_days(memory, key, codes)
        case AuditRecord() as record:
            _outcome(memory, record)
    return memory


def _person_changed(memory: Memory, fact: EmployeeChanged) -> None:
    before = memory.person(fact.key)
    told_at, written_at = before.hr_told_at or before.hr_at, before.hr_at
    if erasing.told_of_nobody(memory, fact) or (told_at is not None and fact.changed_at < told_at):
        return
    # Their time of our change lies before we have their answer, and a page can be older: both tell of others' changes.
    written_since = written_at is not None and fact.changed_at < written_at
    if written_since and fact.deleted:
        return
    fields = before.hr if fact.deleted else fact.fields
    read: dict[str, Any] = {} if fact.deleted else made_by_hr(before, fact.fields)
    if written_since:
        fields = _but(fact.fields, before.hr, before.unread_in_hr)
        read = {"unread_in_hr": tuple(f for f in before.unread_in_hr if f in _changes(fields, fact.fields))}
    changed = _changes(before.hr, fields)
    memory.move(fact.key, "hr", before.hr, None if fact.deleted else fields)
    memory.put_person(
        fact.key,
        hr=fields,
        hr_at=written_at if written_since else fact.changed_at,
        hr_told_at=fact.changed_at,
        hr_moved_at=fact.changed_at if changed - _ours(memory, fact.key, "hr") else before.hr_moved_at,
        deleted=fact.deleted,
        chosen=_still(before.chosen, changed),
        ignored=before.ignored and not changed and fact.deleted == before.deleted,
        **read,
    )


def _employee_seen(memory: Memory, fact: EmployeeSeen) -> None:
    before = memory.employee(fact.employee_id)
    if erasing.told_of_nobody(memory, fact):
        return
    told_at, seen_at = before.told_at or before.seen_at, max(fact.seen_at, before.seen_at or fact.seen_at)
    if told_at is not None and fact.seen_at < told_at:
        return
    written_since = fact.seen_at < seen_at
    fields, inactive = _but(fact.fields, before.fields, fact.hidden), fact.inactive
    if written_since:
        fields = _but(fields, before.fields, before.written)
        inactive = before.inactive if "last_day" in before.written else inactive
    changed = _changes(before.fields, fields)
    memory.move(fact.key, "fortnox", before.fields, fields)
    memory.put_employee(
        fact.employee_id,
        fields=fields,
        seen_at=seen_at,
        told_at=fact.seen_at,
        written=before.written if written_since else (),
        inactive=inactive,
        ignored=before.ignored and not changed,
    )
    if before.person is not None:
        person = memory.person(before.person)
        changed = _changes(person.fortnox, fields)
        person = person.model_copy(update={"chosen": _still(person.chosen, changed)})
        memory.put_person(
            before.person,
            fortnox=fields,
            fortnox_at=seen_at,
            fortnox_moved_at=fact.seen_at
            if changed - _ours(memory, before.person, "fortnox")
            else person.fortnox_moved_at,
            ignored=person.ignored and not changed,
            **({} if written_since else {"unread": (), **made_by_fortnox(person, fields, person.unread)}),
        )


def _but(told: EmployeeFields, known: EmployeeFields | None, kept: Iterable[EmployeeField]) -> EmployeeFields:
    """Return what is told of a record, but what is known of some fields: hidden ones, or those written since."""
    return told.model_copy(update={f: get(known, f) for f in kept})


def _link_decided(memory: Memory, fact: LinkDecided) -> None:
    before = memory.person(fact.person).decided_at
    if before is not None and fact.decided_at < before:
        return
    memory.put_person(fact.person, decided_at=fact.decided_at)
    if fact.employee_id is None:
        unlink(memory, fact.person, fact.reason)
    else:
        link(memory, fact.person, fact.employee_id, "matched by hand")


def _person_paused(memory: Memory, fact: PersonPaused) -> None:
    before = memory.person(fact.person).paused_at
    if before is None or fact.decided_at >= before:
        memory.put_person(fact.person, paused=fact.reason if fact.paused else "", paused_at=fact.decided_at)


def _leave_changed(memory: Memory, fact: LeaveChanged, at: datetime) -> None:
    key = leave_key(fact.key)
    before = memory[key].leave or Leave()
    if before.said_at is None or at >= before.said_at:
        left_alone = before.left_alone and fact == before.said
        memory.put(key, leave=before.model_copy(update={"said": fact, "said_at": at, "left_alone": left_alone}))
    person = f"{fact.system}/{fact.person_id}"
    memory.put_person(person, leaves=tuple(sorted({*memory.person(person).leaves, key})))


def link(memory: Memory, key: str, employee_id: str, origin: Origin) -> bool:
    """Join a person with an employee; False when either is joined with somebody else.

    Whoever joins two wants what follows from it: an earlier word that nothing is to be done about one of them is over.
    """
    person, employee = memory.person(key), memory.employee(employee_id)
    free = employee.person == key or memory.is_free(employee, system_of(key))
    if not free or (person.link and person.link.employee_id != employee_id):
        return False
    if employee.person not in {None, key}:
        unlink(memory, employee.person or "", "other")
    memory.put_employee(employee_id, person=key, ignored=False)
    if person.was not in {"", employee_id}:
        memory.put_person(key, base=EmployeeFields(), agreed=())
    memory.put_person(
        key,
        was="",
        link=person.link or Link(employee_id=employee_id, origin=origin),
        unlinked="",
        wanted=False,
        ignored=False,
        fortnox=employee.fields,
        fortnox_at=employee.seen_at,
        fortnox_moved_at=employee.seen_at,
    )
    return True


def unlink(memory: Memory, key: str, reason: str) -> None:
    """Take a person and an employee apart. What both agreed on is kept, for when the same two are joined again."""
    person = memory.person(key)
    was = person.was
    if person.link is not None:
        was = person.link.employee_id
        memory.put_employee(was, person=None)
    memory.put_person(
        key, link=None, unlinked=reason, was=was, fortnox=None, fortnox_at=None, fortnox_moved_at=None, chosen=()
    )


def _row_applied(memory: Memory, fact: PlanRowApplied) -> None:
    """Do as a row says, unless it is refused: an order is on its way, or it shows what is no more."""
    if memory[fact.key].applied == applied_as(fact):
        return
    memory.put(fact.key, applied=applied_as(fact))
    if memory[fact.key].pending or moved(memory, fact):
        return
    nothing = fact.action == "do_nothing"
    if fact.person is not None:
        memory.put_person(fact.person, ignored=nothing)
        if fact.employee_id is not None and not nothing:
            link(memory, fact.person, fact.employee_id, fact.origin)
            memory.put_person(fact.person, chosen=_chosen(memory.person(fact.person), fact))
    elif fact.employee_id is not None:
        memory.put_employee(fact.employee_id, ignored=nothing)


def applied_as(row: PlanRowApplied) -> str:
    """Return the name by which an applied row is remembered."""
    return f"{row.plan_id}/{row.row}"


def _chosen(person: Person, row: PlanRowApplied) -> tuple[FieldChoice, ...]:
    """Return whose value each differing field gets: as chosen for the field, else as the row's action says."""
    own = {choice.field: choice for choice in row.choices}
    side = PREFERENCES.get(row.action)
    return tuple(
        own.get(f) or FieldChoice(field=f, prefer=side)  # type: ignore[arg-type] # a side or none
        for f in FIELDS
        if (f in own and not same(f, get(person.hr, f), get(person.fortnox, f))) or (side and person.differs(f))
    )


def moved(memory: Memory, row: PlanRowApplied) -> tuple[Text, ...]:
    """Name what is not any more as the plan showed it: ``HR's city``. A row is then refused."""
    person = memory.person(row.person) if row.person else Person()
    employee = memory.employee(row.employee_id) if row.employee_id else Employee()
    in_hr = sorted(_changes(person.hr, row.in_hr)) if row.person else []
    in_fortnox = sorted(_changes(employee.fields, row.in_fortnox)) if row.employee_id else []
    hr = [words.HR_FIELD(field=words.field(f)) for f in in_hr]
    fortnox = [words.FORTNOX_FIELD(field=words.field(f)) for f in in_fortnox]
    free = employee.person in {None, row.person} or (row.person and memory.is_free(employee, system_of(row.person)))
    taken = row.employee_id and not free and row.action != "do_nothing"
    other = person.link and person.link.employee_id != row.employee_id
    return (*hr, *fortnox, *([words.THE_LINK()] if taken or other else []))


def _forgive_days(memory: Memory, key: str, codes: Iterable[str] | None) -> None:
    if (leave := memory[key].leave) is not None:
        again = tuple(
            r.model_copy(update={"again": r.again or codes is None or r.code in codes}) for r in leave.refused
        )
        memory.put(key, leave=leave.model_copy(update={"refused": again}))


def _answered(memory: Memory, fact: ReviewAnswered, tenant: str) -> None:
    state = memory[fact.about]
    if (hold := answered(state.hold, fact, tenant)) is None:
        return
    if prefer := PREFERENCES.get(fact.answer):
        asked = {line.partition(":")[0] for line in hold.lines}
        others = tuple(c for c in memory.person(fact.about).chosen if c.field not in asked)
        new = tuple(FieldChoice(field=f, prefer=prefer) for f in FIELDS if f in asked)
        memory.put_person(fact.about, chosen=(*others, *new))
    elif fact.answer == "do_nothing":
        _leave_alone(memory, fact.about)
    elif fact.answer == RESUME.answer:
        memory.put_person(fact.about, paused="")
    elif fact.answer == "create":
        memory.put_person(fact.about, wanted=True)
    elif fact.answer.startswith(MATCH):
        link(memory, fact.about, fact.answer.removeprefix(MATCH), "matched by hand")
    memory.put(fact.about, refused=forgiven(state.refused))
    _forgive_days(memory, fact.about, None)


def _leave_alone(memory: Memory, key: str) -> None:
    """Do nothing about a leave, an employee or a person until something else is said of it."""
    state = memory[key]
    if state.leave is not None:
        memory.put(key, leave=state.leave.model_copy(update={"left_alone": True}))
    elif state.employee is not None:
        memory.put_employee(key.removeprefix(employee_key("")), ignored=True)
    else:
        memory.put_person(key, ignored=True)


def forgiven(refused: Iterable[RefusedOrder]) -> tuple[RefusedOrder, ...]:
    """Return refusals after which the same may be sent again; they are still what the next order replaces."""
    return tuple(r.model_copy(update={"content": ""}) for r in refused)


# --- Outcomes -------------------------------------------------------------------------------------------------------


def _outcome(memory: Memory, record: AuditRecord) -> None:
    if (key := leave_of(record.key)) != record.key:
        _day_outcome(memory, key, record)
        return
    state = memory[record.key]
    pending = next((p for p in state.pending if p.order_id == record.order_id), None)
    if pending is None:
        return
    order = pending.order
    side: Side = "fortnox" if isinstance(order, UpsertEmployee) else "hr"
    others = tuple(p for p in state.pending if p.order_id != record.order_id)
    refused = tuple(r for r in state.refused if r.to != side)
    if record.outcome in NOT_DONE:
        refusal = RefusedOrder(
            order_id=pending.order_id,
            to=side,
            code=record.code,
            why=record.why,
            wording=record.wording,
            who=record.who or "operator",
            content=content(order),
        )
        memory.put(record.key, pending=others, refused=(*refused, refusal))
        if isinstance(order, UpsertEmployee) and record.shown and order.employee_id:
            _shown_instead(memory, record.key, order, record.shown)
        return
    memory.put(record.key, pending=others, refused=refused)
    last = record.calls[-1] if record.calls else None
    written_at = last.at + timedelta(milliseconds=last.milliseconds) if last else record.at
    if isinstance(order, UpsertEmployee):
        employee_id = record.record or order.employee_id or ""
        _written_to_fortnox(memory, record.key, order, employee_id, written_at, record.shown)
    else:
        person_id = record.record or order.person_id or ""
        _written_to_hr(memory, record.key, order, person_id, written_at, record.shown)


def _day_outcome(memory: Memory, key: str, record: AuditRecord) -> None:
    leave = memory[key].leave
    pending = next((p for p in leave.pending if p.order_id == record.order_id), None) if leave else None
    if leave is None or pending is None:
        return
    new: dict[str, Any] = {"pending": tuple(p for p in leave.pending if p is not pending)}
    if record.outcome in NOT_DONE:
        refusal = RefusedDay(
            order_id=pending.order_id,
            day=pending.day,
            after=pending.after,
            again=False,
            code=record.code,
            why=record.why,
            wording=record.wording,
            who=record.who or "operator",
        )
        new["refused"] = (*leave.refused, refusal)
        if record.code == _GONE:  # somebody has removed it there: it is registered anew, once a person says so
            new["days"] = tuple(d for d in leave.days if d.day != pending.day)
    else:
        stands = pending.after and pending.after.model_copy(
            update={"absence_id": record.record or pending.after.absence_id}
        )
        others = [d for d in leave.days if d.day != pending.day]
        new["days"] = tuple(sorted([*others, *([stands] if stands else [])], key=lambda d: d.day))
    memory.put(key, leave=leave.model_copy(update=new))


def content(order: UpsertEmployee | UpsertPerson) -> str:
    """Return what an order would write, as a short text that says nothing of it."""
    written = order.model_dump_json(include={"fields", "clear", "expected"})
    if isinstance(order, UpsertEmployee) and order.new:
        written += order.new.model_dump_json()
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def _after(held: EmployeeFields | None, order: UpsertEmployee | UpsertPerson) -> EmployeeFields:
    """Return what a record holds once an order was carried out."""
    written: dict[str, Any] = {f: value for f in FIELDS if (value := get(order.fields, f)) is not None}
    return (held or EmployeeFields()).model_copy(update=written | dict.fromkeys(order.clear))


def _agreed_on(person: Person, order: UpsertEmployee | UpsertPerson) -> dict[str, Any]:
    """Return the base after an order: at that moment both sides held what it wrote."""
    touched = order.written
    return {
        "base": person.base.model_copy(update={f: get(order.fields, f) for f in touched}),
        "agreed": tuple(f for f in FIELDS if f in touched or f in person.agreed),
        "adapted": tuple(f for f in person.adapted if f not in touched),
        "chosen": tuple(c for c in person.chosen if c.field not in touched),
    }


def _shown_instead(memory: Memory, key: str, order: UpsertEmployee, shown: Shown) -> None:
    """Learn what a record showed to a change that was refused because of it: the next one is decided on that.

    What is the order's own value in other letters was written by it, by an earlier try whose answer was lost.
    """
    employee_id = order.employee_id or ""
    employee = memory.employee(employee_id)
    held = (employee.fields or EmployeeFields()).model_copy(update={f: get(shown.fields, f) for f in shown.names})
    memory.move(employee_key(employee_id), "fortnox", employee.fields, held)
    memory.put_employee(employee_id, fields=held)
    person = memory.person(key)
    if person.link is None or person.link.employee_id != employee_id:
        return
    ours = [f for f in shown.names if adapts(get(order.fields, f), get(held, f))]
    base = person.base.model_copy(update={f: get(order.fields, f) for f in ours})
    person = person.model_copy(update={"base": base} | adapted(person, held, ours))
    person = person.model_copy(update={"chosen": _still(person.chosen, _changes(person.fortnox, held))})
    made = made_by_fortnox(person, held, [f for f in person.unread if f in shown.names])
    memory.put(key, person=person)
    memory.put_person(key, fortnox=held, **made)


def _written_to_fortnox(
    memory: Memory, key: str, order: UpsertEmployee, employee_id: str, written_at: datetime, shown: Shown | None
) -> None:
    person, employee = memory.person(key), memory.employee(employee_id)
    if person.link is None and order.create and not person.unlinked and employee.person in {None, key}:
        memory.put_employee(employee_id, person=key)
        memory.put_person(key, link=Link(employee_id=employee_id, origin="exported"), wanted=False)
    if employee.seen_at is None or employee.seen_at < written_at:  # a newer sight tells more than what we wrote
        held = _after(employee.fields, order)
        if order.create:
            held = held.model_copy(update={"employment_id": employee_id})
        if shown:
            held = held.model_copy(update={f: get(shown.fields, f) for f in shown.names})
        memory.move(employee_key(employee_id), "fortnox", employee.fields, held)
        inactive = employee.inactive and not order.back
        wrote = tuple(f for f in FIELDS if f in order.written or f in employee.written)
        memory.put_employee(employee_id, fields=held, seen_at=written_at, written=wrote, inactive=inactive)
    person = memory.person(key)
    if person.link is not None and person.link.employee_id == employee_id:
        known = memory.employee(employee_id)
        made = shown.names if shown else ()
        unsure = {*order.written, *(FILLED if order.create else ()), *person.unread}
        unread = tuple(f for f in FIELDS if f in unsure and f not in made)
        agreed = _agreed_on(person, order)
        if order.create:  # what HR holds by now and the new one does not was entered meanwhile, or does not travel
            entered = [f for f in FIELDS if f not in order.written and get(person.hr, f) and not get(known.fields, f)]
            agreed["agreed"] = tuple(f for f in FIELDS if f in entered or f in agreed["agreed"])
        if shown:
            agreed |= adapted(person.model_copy(update=agreed), shown.fields, made)
        if known.seen_at != written_at and known.fields:  # it was read since
            agreed |= made_by_fortnox(person.model_copy(update=agreed), known.fields, unread)
            unread = ()
        memory.put_person(key, fortnox=known.fields, fortnox_at=known.seen_at, unread=unread, **agreed)


def _written_to_hr(
    memory: Memory, key: str, order: UpsertPerson, person_id: str, written_at: datetime, shown: Shown | None
) -> None:
    person_key = f"{order.system}/{person_id}"
    if order.person_id is None:  # created for the employee whose key this is
        employee_id = key.removeprefix(employee_key(""))
        person = memory.person(person_key)
        read = person.hr
        if read is None:
            memory.move(person_key, "hr", None, order.fields)
            memory.put_person(person_key, hr=order.fields)
        memory.put_employee(employee_id, wanted=False)
        if link(memory, person_key, employee_id, "imported"):
            person = memory.person(person_key)
            agreed = _agreed_on(person, order) | {"unread_in_hr": order.written}
            made = made_by_hr(person.model_copy(update=agreed), read) if read else {}
            memory.put_person(person_key, **agreed | made)
        return
    person = memory.person(person_key)
    agreed = _agreed_on(person, order) | {"unread_in_hr": order.written}
    if person.hr_at is None or person.hr_at < written_at:
        held, theirs = _after(person.hr, order), shown.names if shown else ()
        if shown:
            held = held.model_copy(update={f: get(shown.fields, f) for f in theirs})
            agreed |= made_by_hr(person.model_copy(update=agreed), held, shown)
        memory.move(person_key, "hr", person.hr, held)
        unread = tuple(f for f in FIELDS if f in {*order.written, *person.unread_in_hr} and f not in theirs)
        memory.put_person(person_key, hr=held, hr_at=written_at, **agreed | {"unread_in_hr": unread})
    else:
        read = person.hr or EmployeeFields()
        memory.put_person(person_key, **agreed | made_by_hr(person.model_copy(update=agreed), read, shown))
