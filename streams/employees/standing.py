"""How a person, an employee or a leave stands, in sentences for people. Pure."""

from collections.abc import Iterator, Mapping

from infra.plugin import Known
from schemas.events import EmployeeFields
from schemas.words import Text
from streams.employees import words
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


def stands(key: str, states: Mapping[str, State]) -> tuple[Text, ...]:
    """Say how a key stands: who it is, how it is linked, what was decided, what is under way, what waits."""
    state = states.get(key, State())
    if state.leave is not None:
        return tuple(_leave(state.leave, states))
    who = known(state)
    told: tuple[Text, ...] = (words.THIS_IS(person=who.name),) if who and who.name else ()
    told += tuple(_person(state.person, states)) if state.person else ()
    if state.employee is not None and state.employee.fields is not None:
        other = state.employee.person
        told += (words.LINKED_WITH(other=other) if other else words.NOBODY_IN_HR(),)
        told += (words.INACTIVE(),) if state.employee.inactive else ()
    match len(state.pending):
        case 0:
            return told
        case 1:
            return (*told, words.ONE_UNDER_WAY())
        case number:
            return (*told, words.SEVERAL_UNDER_WAY(number=number))


def _person(person: Person, states: Mapping[str, State]) -> Iterator[Text]:
    if person.erased_at is not None:
        yield words.WAS_ERASED(day=person.erased_at.date())
        return
    if person.link is not None:
        yield words.LINKED_WITH_EMPLOYEE(employee=person.link.employee_id, origin=words.origin(person.link.origin))
    elif person.unlinked and person.was:
        yield words.TAKEN_APART_FROM(employee=person.was, reason=words.why(person.unlinked))
    elif person.unlinked:
        yield words.WAS_TAKEN_APART(reason=words.why(person.unlinked))
    else:
        yield words.NOBODY_IN_FORTNOX()
    if person.paused:
        yield words.IS_PAUSED(reason=words.why(person.paused))
    if person.deleted:
        yield words.IS_DELETED()
    if person.ignored:
        yield words.IS_IGNORED()
    for key in person.leaves:
        leave = states.get(key, State()).leave
        if leave is not None and leave.said is not None:
            yield words.OF_A_LEAVE(key=key, said=_leave(leave, states))


def _leave(leave: Leave, states: Mapping[str, State]) -> Iterator[Text]:
    said = leave.said
    if said is None:
        return
    who = f"{said.system}/{said.person_id}"
    person = states.get(who, State()).person or Person()
    days = words.LEAVE_WITHDRAWN if said.withdrawn else words.LEAVE_DAYS
    yield days(first=said.first_day, last=said.last_day, days=len(leave.days))
    if leave.pending:
        yield words.DAYS_UNDER_WAY(days=len(leave.pending))
    if person.link is None and not said.withdrawn:
        yield words.WAITS_UNTIL_LINKED(person=who)
    elif person.paused and not said.withdrawn:
        yield words.WAITS_WHILE_PAUSED(person=who)
