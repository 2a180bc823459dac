"""Who may be erased, what is forgotten then, and what is told of somebody who was. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from infra.plugin import Asking, Erasable
from schemas.erasures import ErasureDecided
from schemas.events import EmployeeChanged, EmployeeSeen
from streams.employees.state import Employee, Memory, Person, State, employee_key

_EMPLOYEE: Final = employee_key("")
_UNSAID: Final = {"why": "", "wording": None, "content": ""}


def erasable(key: str, today: date) -> Asking[Erasable]:
    """Say whether somebody may be erased, and which records are theirs."""
    states = yield (key,)
    if other := _other(states[key]):
        states = {**states, **(yield (other,))}
    return Erasable(tuple(_objections(states, key, today)), records_of(states, key), is_erased(states[key]))


def is_erased(state: State) -> bool:
    """Tell whether a record is somebody's who was erased, and not let in again."""
    return bool((state.person and state.person.erased_at) or (state.employee and state.employee.erased_at))


def _other(state: State) -> str:
    """Return the key of the employee that somebody was linked with; "" for none."""
    return employee_key(state.person.was) if state.person and state.person.was else ""


def records_of(states: Mapping[str, State], key: str) -> tuple[str, ...]:
    """Return the keys under which values of somebody stand: the person, and whom nobody else is linked with by now."""
    other = _other(states[key])
    employee = states[other].employee if other in states else None
    return (key, other) if other and (employee is None or employee.person is None) else (key,)


def _objections(states: Mapping[str, State], key: str, today: date) -> list[str]:
    """Say why somebody may not be erased yet, and what to do first."""
    state = states[key]
    person, employee = state.person, state.employee
    if (person is None or (person.hr is None and not person.erased_at)) and (employee is None or not _known(employee)):
        return [f"nobody is known as {key}: bokbuss employees list TENANT"]
    said = []
    if person is not None and person.link is not None:
        other = person.link.employee_id
        said.append(f"linked with employee {other}: bokbuss employees unlink TENANT {key} --reason other")
    if employee is not None and employee.person is not None:
        said.append(f"linked with {employee.person}: bokbuss employees unlink TENANT {employee.person} --reason other")
    if person is not None and person.hr is not None and not person.deleted:
        last = person.hr.last_day
        if last is None or last >= today:
            said.append("works on, as HR says: end the employment there (a last day that is past), or delete them")
    if employee is not None and employee.fields is not None and not employee.inactive:
        said.append("active in Fortnox: set the employee inactive there, and then bokbuss employees refresh TENANT")
    if any(states[each].pending for each in records_of(states, key) if each in states):
        said.append("an order is under way: wait until it has ended (bokbuss explain says how it stands)")
    return said


def _known(employee: Employee) -> bool:
    return employee.fields is not None or employee.erased_at is not None


def forget(memory: Memory, fact: ErasureDecided) -> None:
    """Forget every value of somebody who is erased, also where values are looked up; or let them in again."""
    key = fact.key
    if not fact.erased:
        _let_in(memory, key)
        return
    if is_done(memory, fact) or _objections(memory, key, fact.decided_at.date()):
        return
    person = memory.person(key)
    for record in records_of(memory, key):
        # What a system has said goes; which order it refused stays, for the next one of the key replaces it.
        refused = tuple(r.model_copy(update=_UNSAID) for r in memory[record].refused)
        if record.startswith(_EMPLOYEE):
            employee = memory.employee(record.removeprefix(_EMPLOYEE))
            memory.move(record, "fortnox", employee.fields, None)
            gone = Employee(inactive=employee.inactive, seen_at=employee.seen_at, erased_at=fact.decided_at)
            memory.put(record, employee=gone, refused=refused)
        else:
            memory.move(record, "hr", person.hr, None)
            gone_ = Person(erased_at=fact.decided_at, hr_at=person.hr_at, was=person.was, leaves=person.leaves)
            memory.put(record, person=gone_, refused=refused)


def _let_in(memory: Memory, key: str) -> None:
    for record in filter(lambda each: is_erased(memory[each]), records_of(memory, key)):
        if record.startswith(_EMPLOYEE):
            memory.put(record, employee=None)
        else:
            memory.put(record, person=Person(leaves=memory.person(record).leaves))


def is_done(memory: Memory, fact: ErasureDecided) -> bool:
    """Tell whether this very decision was carried out."""
    state = memory[fact.key]
    return fact.decided_at in {
        state.person.erased_at if state.person else None,
        state.employee.erased_at if state.employee else None,
    }


def told_of_nobody(memory: Memory, fact: EmployeeChanged | EmployeeSeen) -> bool:
    """Learn no value of somebody who is erased, only that they were told of; tell whether it is about such a one."""
    state = memory[fact.key]
    if isinstance(fact, EmployeeSeen):
        if state.employee is not None and state.employee.erased_at is not None:
            memory.put_employee(fact.employee_id, seen_at=fact.seen_at, inactive=fact.inactive)
        elif fact.fields.sealed is None:
            return False
        return True
    if state.person is not None and state.person.erased_at is not None:
        new = not fact.deleted
        ignored = state.person.ignored and new
        memory.put_person(fact.key, told_since=new, hr_at=fact.changed_at, deleted=fact.deleted, ignored=ignored)
        return True
    return fact.fields.sealed is not None
