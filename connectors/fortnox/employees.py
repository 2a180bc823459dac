"""Employees in Fortnox: created by one POST, changed by one PUT of what differs; found by id, e-mail, personal number.

Personal numbers and bank accounts are opened here, right before they are sent, and nothing of a value is told on.
"""

from datetime import date
from typing import Any, Final

from connectors.fortnox import classify, errors
from connectors.fortnox.classify import Missing, Record
from connectors.fortnox.client import Fortnox, amend
from connectors.fortnox.encode import Request
from connectors.fortnox.forms import employee
from connectors.fortnox.paging import whole
from infra import clock
from infra.plugin import Absent, AlreadyThere, Attempt, Kind, Look, Rejected, RetryLater, Unknown, Verdict
from infra.sealing import opened
from schemas.commands import UpsertEmployee
from schemas.envelope import Envelope
from schemas.events import EmployeeFields
from schemas.personal import Personal

_GONE: Final = "the employee is not in Fortnox (any more)"


async def write(fortnox: Fortnox, order: Envelope[UpsertEmployee], attempt: Attempt) -> Verdict:
    """Create or change an employee. A change is refused by name of the field when somebody changed it meanwhile."""
    data, values = order.data, _plain(fortnox, order.data.fields)
    if data.create:
        return await _send(fortnox, employee.create(data, values, _today()), data, values, attempt)
    if data.employee_id is None:
        return _refused(fortnox, "bad_identifier", "a change must name the employee's id")
    names: tuple[str, ...] = (*values, *data.clear)
    if data.expected is not None:
        now = await _held(fortnox, data, attempt)
        if isinstance(now, RetryLater):
            return now
        if refused := _refusal(fortnox, data, values, now):
            return refused
        names = employee.differing(data, values, now or {})
    if not names and not data.back:
        return AlreadyThere(record=data.employee_id, note=employee.note(data, values))
    return await _send(fortnox, employee.change(data, values, names, _today()), data, values, attempt)


async def probe(fortnox: Fortnox, order: Envelope[UpsertEmployee], attempt: Attempt) -> Look:
    """Look for the employee by id, else by e-mail and personal number; a change is there when all its fields are."""
    data, values = order.data, _plain(fortnox, order.data.fields)
    if data.employee_id is None:
        return await _search(fortnox, data, values, attempt)
    now = await _held(fortnox, data, attempt)
    if isinstance(now, RetryLater):
        return now
    if now is None:
        return Absent()
    differ = employee.differing(data, values, now)
    if data.create:
        is_there = employee.is_same_person(values, now)
        amend(attempt, "the employee is there" if is_there else "the id is somebody else's")
    else:
        is_there = not differ and not employee.unreadable(data, values, now)
        amend(attempt, f"held otherwise: {', '.join(differ)}" if differ else "the employee holds it")
    return AlreadyThere(record=data.employee_id, note=employee.note(data, values, differ)) if is_there else Absent()


async def _search(fortnox: Fortnox, data: UpsertEmployee, values: employee.Values, attempt: Attempt) -> Look:
    people = await whole(fortnox, employee.listed, "Employees", attempt, name=lambda item: item.get("EmployeeId"))
    if isinstance(people, RetryLater):
        return people
    found = employee.found(people.items, values, _today())
    if isinstance(found, RetryLater):
        return found
    if found:
        amend(attempt, f"found employee {found}")
        return AlreadyThere(record=found, note=employee.note(data, values))
    return people.absent(attempt)


async def _send(
    fortnox: Fortnox, request: Request | Rejected, data: UpsertEmployee, values: employee.Values, attempt: Attempt
) -> Verdict:
    if isinstance(request, Rejected):
        return errors.explained(request, fortnox.host.settings.language)

    def read(response: classify.Answer) -> Verdict | classify.Unauthorised:
        if request.method == "PUT" and classify.says_missing(response):
            return Rejected("employee_missing", _GONE, "accountant")
        verdict = classify.written(
            response, "Employee", lambda fields: employee.written(data, values, fields, _today())
        )
        return classify.hiding(values.values(), verdict)

    return await fortnox.ask(
        request, attempt, read=read, lost=lambda why: Unknown(f"the employee was sent and no answer came: {why}")
    )


async def _held(fortnox: Fortnox, data: UpsertEmployee, attempt: Attempt) -> employee.Values | RetryLater | None:
    """Return what Fortnox holds of an employee now; None: it has no such employee."""
    answer = await fortnox.one(employee.read(data.employee_id or ""), "Employee", attempt)
    match answer:
        case RetryLater():
            return answer
        case Missing():
            return None
        case Record(fields):
            return employee.held(fields, _today(), data.street_line)


def _refusal(
    fortnox: Fortnox, data: UpsertEmployee, values: employee.Values, now: employee.Values | None
) -> Rejected | None:
    """Return why a change must not be made, as the record is now."""
    if now is None:
        return _refused(fortnox, "employee_missing", _GONE)
    if hidden := employee.unreadable(data, values, now):
        return _refused(fortnox, "field_unreadable", f"Fortnox does not show {', '.join(hidden)}")
    expected = _plain(fortnox, data.expected) if data.expected else {}
    if moved := employee.moved(data, values, expected, now):
        return _refused(fortnox, "record_moved", f"changed in Fortnox since it was decided: {', '.join(moved)}")
    return None


def _today() -> date:
    return clock.now().date()


def _refused(fortnox: Fortnox, code: str, why: str) -> Rejected:
    who = errors.meaning(code).who or "operator"
    return errors.explained(Rejected(code, why, who), fortnox.host.settings.language)


def _plain(fortnox: Fortnox, fields: EmployeeFields) -> dict[str, str]:
    vault, tenant = fortnox.host.vault, fortnox.company.tenant
    secrets = {name: opened(value, vault, tenant) for name, value in fields if isinstance(value, Personal)}
    return employee.plain(fields, secrets)


EMPLOYEES: Final[Any] = Kind(
    order=UpsertEmployee,
    write=write,
    probe=probe,
    found_by="its id, else its e-mail address, else its personal number; a change by the fields that it writes",
)
