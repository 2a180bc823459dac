"""How a person, an employee or a leave stands, in sentences for people. Pure."""

from collections.abc import Iterator, Mapping

from infra.plugin import Known
from schemas.events import EmployeeFields
from streams.employees.fields import get
from streams.employees.state import Leave, Person, State, employee_key


def known(state: State) -> Known | None:
    """Return who stands under a key, as people call them; None when nobody was ever told of."""
    if state.person is not None and state.person.hr is not None:
        link = state.person.link
        return Known(_name(state.person.hr), employee_key(link.employee_id) if link else "")
    if state.person is not None and state.person.erased_at is not None:
        return Known("erased", "")
    if state.employee is not None and state.employee.fields is not None:
        return Known(_name(state.employee.fields), state.employee.person or "")
    return None


def _name(fields: EmployeeFields) -> str:
    return " ".join(filter(None, (get(fields, "given_name"), get(fields, "family_name"))))


def akin(state: State) -> tuple[str, ...]:
    """Return the keys that are to be looked at to say how this one stands."""
    if state.leave is not None and state.leave.said is not None:
        return (f"{state.leave.said.system}/{state.leave.said.person_id}",)
    return state.person.leaves if state.person else ()


def stands(key: str, states: Mapping[str, State]) -> tuple[str, ...]:
    """Say how a key stands: who it is, how it is linked, what was decided, what is under way, what waits."""
    state = states.get(key, State())
    if state.leave is not None:
        return tuple(_leave(state.leave, states))
    who = known(state)
    told: tuple[str, ...] = (f"This is {who.name}.",) if who and who.name else ()
    told += tuple(_person(state.person, states)) if state.person else ()
    if state.employee is not None and state.employee.fields is not None:
        other = state.employee.person
        told += (f"Linked with {other}." if other else "Linked with nobody in HR.",)
        told += ("Inactive in Fortnox.",) if state.employee.inactive else ()
    under_way = len(state.pending)
    orders = "1 order is" if under_way == 1 else f"{under_way} orders are"
    return told + ((f"{orders} under way.",) if under_way else ())


def _person(person: Person, states: Mapping[str, State]) -> Iterator[str]:
    if person.erased_at is not None:
        yield f"Erased on {person.erased_at:%Y-%m-%d}: no value of theirs can be read."
        return
    if person.link is not None:
        yield f"Linked with employee {person.link.employee_id} ({person.link.origin})."
    elif person.unlinked:
        was = f" from employee {person.was}" if person.was else ""
        yield f"Taken apart{was}: {person.unlinked.replace('_', ' ')}."
    else:
        yield "Linked with nobody in Fortnox."
    if person.paused:
        yield f"Paused: {person.paused.replace('_', ' ')}."
    if person.deleted:
        yield "Deleted in HR."
    if person.ignored:
        yield "A person decided that nothing is done, until the record changes."
    for key in person.leaves:
        leave = states.get(key, State()).leave
        if leave is not None and leave.said is not None:
            yield f"{key}: {' '.join(_leave(leave, states))}"


def _leave(leave: Leave, states: Mapping[str, State]) -> Iterator[str]:
    said = leave.said
    if said is None:
        return
    who = f"{said.system}/{said.person_id}"
    person = states.get(who, State()).person or Person()
    withdrawn = ", withdrawn" if said.withdrawn else ""
    yield f"{said.first_day} to {said.last_day}{withdrawn}; {len(leave.days)} days in Fortnox."
    if leave.pending:
        yield f"{len(leave.pending)} days are under way."
    if person.link is None and not said.withdrawn:
        yield f"It waits until {who} is linked with an employee."
    elif person.paused and not said.withdrawn:
        yield f"It waits while {who} is paused."
