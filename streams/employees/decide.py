"""What a change in HR or in Fortnox means for the other side. Pure.

Read it from ``decide``: ``learn`` says what the message teaches, and then everybody whom it touches is judged: the
first of the ``RULES`` that says something counts, and ``orders`` brings it about. ``evolve`` is ``learn`` and then the
orders that were given. A message that teaches nothing new asks for nothing: deciding twice decides once.
"""

from collections.abc import Mapping
from typing import Any, Final

from infra.plugin import Terms
from schemas.audit import DONE, NOT_DONE, AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, UpsertEmployee, UpsertPerson, WriteAbsence
from schemas.envelope import Envelope, type_of
from schemas.erasures import ErasureDecided
from schemas.events import (
    EmployeeChanged,
    EmployeeSeen,
    LeaveChanged,
    LinkDecided,
    PersonMentioned,
    PlanApplied,
    PlanRowApplied,
    ReviewAnswered,
)
from schemas.pauses import PersonPaused
from schemas.plans import FIRST_PLAN
from streams.employees import leaves
from streams.employees.learn import applied_as, learn
from streams.employees.orders import erasing_orders, orders, reading, waiting_orders
from streams.employees.rules import Case, judge
from streams.employees.state import LIVE, SIDES, Memory, Pending, State, employee_key, index_keys, leave_key, leave_of
from streams.employees.verdict import NAME

_MOST_FOLLOWED: Final = 10
"""Of the records that share a value; more are as wrong as two."""
_OURS: Final = {type_of(UpsertEmployee), type_of(UpsertPerson), type_of(WriteAbsence)}
_TOLD: Final = DONE | NOT_DONE


def reads(message: Message) -> tuple[str, ...]:  # noqa: C901, PLR0911 - one case for each message
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
        case PersonPaused(person=person) | ErasureDecided(person=person):
            return (person, LIVE)
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
    """Return the keys that states name: the other half, shared values and who shares them, leaves that wait.

    And whatever the message would change, to begin with: a value that goes into the index may be somebody else's.
    """
    named: list[str] = [LIVE]
    for state in states.values():
        named += state.members[:_MOST_FOLLOWED]
        if person := state.person:
            if person.link:
                named.append(employee_key(person.link.employee_id))
            named += [key for held in (person.hr, person.fortnox) for side in SIDES for key in index_keys(side, held)]
            named += person.leaves
            named += [employee_key(person.was)] if person.was else []
        if employee := state.employee:
            named += [*([employee.person] if employee.person else []), *index_keys("fortnox", employee.fields)]
            named += index_keys("hr", employee.fields)
        if state.leave and state.leave.said:
            named.append(f"{state.leave.said.system}/{state.leave.said.person_id}")
    memory = learn(states, envelope)
    return tuple(dict.fromkeys((*named, *memory.touched)))


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    memory = learn(states, envelope)
    message = envelope.data
    if isinstance(message, PlanRowApplied) and states[message.key].applied == applied_as(message):
        return ()
    if isinstance(message, PersonMentioned):
        known = states[message.key].person
        return (
            () if known and known.mentioned == envelope.id else (reading(message, envelope.id, version=terms.version),)
        )
    if isinstance(message, ErasureDecided):
        return erasing_orders(states, memory, envelope, terms.version)
    if (settings := terms.settings.employees) is None:
        return waiting_orders(memory, envelope, terms.version)
    live = memory[LIVE].live
    given: list[Order] = []
    for key in memory:
        if memory[key].person or memory[key].employee:
            case = Case(key, memory, settings, message, live)
            given += orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)
        elif memory[key].leave and (live or isinstance(message, PlanRowApplied)):
            given += leaves.orders(memory, key, envelope, settings, terms.version)
    return tuple(given)


def evolve(states: Mapping[str, State], envelope: Envelope[Any], given: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    memory = learn(states, envelope)
    for order in given:
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
    leaves.let_go(memory, envelope.time.date())
    _wait_for_the_first_plan(memory)
    return memory.changed


def _wait_for_the_first_plan(memory: Memory) -> None:
    """Let linked people wait whom a message touches before the first plan was applied: they are decided again then."""
    live = memory[LIVE].live
    for key in memory:
        state = memory[key]
        early = not live and state.person is not None and state.person.link is not None
        if state.early != early:
            memory.put(key, early=early)


def waiting(state: State) -> str | None:
    """Return why something waits; it gets each SettingsApplied, and the ChecksPassed that name this reason.

    And the PlanApplied, where it waits for the first one.
    """
    return state.hold.reason if state.hold else FIRST_PLAN if state.early else None
