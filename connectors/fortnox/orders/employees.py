"""Employees in Fortnox: created by one POST, changed by one PUT of what differs; found by id, e-mail, personal number.

Personal numbers and bank accounts are opened here, right before they are sent, and nothing of a value is told on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.fortnox import classify, errors, refusal_words, translate, waiting_words
from connectors.fortnox.classify import Record
from connectors.fortnox.client import Fortnox
from connectors.fortnox.forms import employee
from connectors.fortnox.paging import whole
from connectors.fortnox.tokens import SYSTEM
from infra import clock
from infra.delivery.answers import Answer, Missing, Unauthorised
from infra.delivery.calls import amend, unheard
from infra.delivery.requests import Request
from infra.intake.sealing import opened, sealed
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.plugin import Attempt, Kind
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, Rejected, RetryLater, Verdict, noting
from schemas.audit import Shown
from schemas.commands import UpsertEmployee
from schemas.envelope import Envelope
from schemas.events import EmployeeFields
from schemas.personal import Personal
from schemas.words import Text, named


@dataclass(frozen=True, slots=True)
class _There:
    """An employee as Fortnox shows it: its values opened, to compare, and sealed, to tell."""

    values: employee.Values = field(repr=False)
    fields: EmployeeFields
    inactive: bool

    def shown(self, names: tuple[Any, ...]) -> Shown | None:
        """Return what is shown of these fields; None for none."""
        fields = {name: getattr(self.fields, name) for name in names}
        return Shown(names=names, fields=EmployeeFields(**fields)) if names else None


async def write(fortnox: Fortnox, order: Envelope[UpsertEmployee], attempt: Attempt) -> Verdict:
    """Create or change an employee. A change is refused by name of the field when somebody changed it meanwhile."""
    verdict = await _write(fortnox, order, attempt)
    await _noted(fortnox, order.data, verdict)
    return verdict


async def _write(fortnox: Fortnox, order: Envelope[UpsertEmployee], attempt: Attempt) -> Verdict:  # noqa: PLR0911 - one return for each way that it may end
    data, values = order.data, _plain(fortnox, order.data.fields)
    if data.create:
        return await _send(fortnox, employee.create(data, values, clock.today()), data, values, attempt)
    if data.employee_id is None:
        return _refused(fortnox, "bad_identifier", refusal_words.EMPLOYEE_NOT_NAMED())
    names: tuple[str, ...] = (*values, *data.clear)
    if data.expected is not None:
        there = await _held(fortnox, data, attempt)
        if isinstance(there, RetryLater):
            return there
        if there is None:
            return _refused(fortnox, "employee_missing", refusal_words.EMPLOYEE_GONE())
        if refused := _refusal(fortnox, data, values, there):
            return refused
        names = employee.differing(data, values, there.values)
        if not names and not data.back:
            return _found(data, values, there)
    return await _send(fortnox, employee.change(data, values, names, clock.today()), data, values, attempt)


async def probe(fortnox: Fortnox, order: Envelope[UpsertEmployee], attempt: Attempt) -> Look:
    """Look for the employee by id, else by e-mail and personal number; a change is there when all its fields are."""
    look = await _look(fortnox, order, attempt)
    await _noted(fortnox, order.data, look)
    return look


async def _look(fortnox: Fortnox, order: Envelope[UpsertEmployee], attempt: Attempt) -> Look:
    data, values = order.data, _plain(fortnox, order.data.fields)
    if data.employee_id is None:
        return await _search(fortnox, data, values, attempt)
    there = await _held(fortnox, data, attempt)
    if isinstance(there, RetryLater):
        return there
    if there is None:
        return Absent()
    now = there.values
    differ = employee.differing(data, values, now)
    if data.create:
        is_there = employee.is_same_person(values, now)
        amend(attempt, waiting_words.EMPLOYEE_THERE() if is_there else waiting_words.ID_TAKEN())
    else:
        still = ("Inactive",) if data.back and there.inactive else ()
        is_there = not differ and not still and not employee.unreadable(data, values, now)
        fields = (*(named("employees", "field", name) for name in differ), *still)
        amend(attempt, waiting_words.HELD_OTHERWISE(fields=fields) if fields else waiting_words.EMPLOYEE_HOLDS())
    return _found(data, values, there) if is_there else Absent()


async def _noted(fortnox: Fortnox, data: UpsertEmployee, verdict: Verdict | Look) -> None:
    """Let the next reading of the employees tell of one whom the flow will know otherwise than the last one told."""
    match verdict:
        case Delivered(record=record) | AlreadyThere(record=record):
            pass
        case Rejected(shown=Shown()):
            record = data.employee_id or ""
        case _:
            return
    await Sightings(fortnox.host.engine, fortnox.company.tenant, SYSTEM).written(EMPLOYEE, record)


def _found(data: UpsertEmployee, values: employee.Values, there: _There) -> AlreadyThere:
    note = employee.note(data, values, employee.differing(data, values, there.values))
    shown = there.shown(employee.otherwise(data, values, there.values))
    return AlreadyThere(record=data.employee_id or "", shown=shown, **noting(note))


async def _search(fortnox: Fortnox, data: UpsertEmployee, values: employee.Values, attempt: Attempt) -> Look:
    people = await whole(fortnox, employee.listed, "Employees", attempt, name=lambda item: item.get("EmployeeId"))
    if isinstance(people, RetryLater):
        return people
    found = employee.found(people.items, values, clock.today())
    if isinstance(found, RetryLater):
        return found
    if found:
        amend(attempt, waiting_words.FOUND_EMPLOYEE(id=found))
        return AlreadyThere(record=found, **noting(employee.note(data, values)))
    return people.absent(attempt)


async def _send(
    fortnox: Fortnox, request: Request | Rejected, data: UpsertEmployee, values: employee.Values, attempt: Attempt
) -> Verdict:
    if isinstance(request, Rejected):
        return errors.explained(request, fortnox.host.settings.language)

    def read(response: Answer) -> Verdict | Unauthorised:
        if request.method == "PUT" and classify.says_missing(response, "Employee"):
            return Rejected.saying("employee_missing", refusal_words.EMPLOYEE_GONE(), "accountant")
        verdict = classify.written(response, "Employee", delivered)
        return classify.hiding(values.values(), verdict)

    def delivered(record: Mapping[str, Any]) -> Delivered | None:
        done, there = employee.written(data, values, record, clock.today()), _there(fortnox, data, record)
        return done and (
            replace(done, shown=there.shown(employee.otherwise(data, values, there.values))) if there else done
        )

    return await fortnox.ask(request, attempt, read=read, lost=unheard)


async def _held(fortnox: Fortnox, data: UpsertEmployee, attempt: Attempt) -> _There | RetryLater | None:
    """Return what Fortnox holds of an employee now; None: it has no such employee."""
    answer = await fortnox.one(employee.read(data.employee_id or ""), "Employee", attempt)
    match answer:
        case RetryLater():
            return answer
        case Missing():
            return None
        case Record(fields):
            return _there(fortnox, data, fields)


def _there(fortnox: Fortnox, data: UpsertEmployee, record: Mapping[str, Any]) -> _There | None:
    seen = translate.employee({"EmployeeId": data.employee_id, **record}, clock.now(), data.street_line)
    if seen is None:
        return None
    fields = sealed(seen, fortnox.host.vault, fortnox.company.tenant).fields
    return _There(employee.held(record, clock.today(), data.street_line), fields, seen.inactive)


def _refusal(fortnox: Fortnox, data: UpsertEmployee, values: employee.Values, there: _There) -> Rejected | None:
    """Return why a change must not be made, as the record is now."""
    if hidden := employee.unreadable(data, values, there.values):
        return _refused(fortnox, "field_unreadable", refusal_words.HIDDEN(fields=hidden))
    expected = _plain(fortnox, data.expected) if data.expected else {}
    if moved := employee.moved(data, values, expected, there.values):
        why = refusal_words.MOVED(fields=moved)
        return replace(_refused(fortnox, "record_moved", why), shown=there.shown(moved))
    return None


def _refused(fortnox: Fortnox, code: str, why: Text) -> Rejected:
    who = errors.meaning(code).who or "operator"
    return errors.explained(Rejected.saying(code, why, who), fortnox.host.settings.language)


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
