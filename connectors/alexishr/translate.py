"""Alexis HR's records become facts: what is now held about a person, and about a leave. Pure.

Which field becomes which follows their own table for Fortnox (README.md), unless the company has chosen: the work
e-mail, else the private one; the private phone, else the work phone, since one phone travels. The first day is that on
which the first employment begins, the last day that on which the last of them ends: none while one has no end, whatever
ended or will end beside it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from pydantic.alias_generators import to_snake

from connectors.alexishr.wire import (
    CHOICES,
    BankAccount,
    Employee,
    Employment,
    Fields,
    HomeAddress,
    Leave,
    LeaveTransaction,
    Tax,
    Wire,
)
from infra.delivery.answers import ignored, one_line, read
from infra.plugin import Malformed
from schemas.base import is_day
from schemas.countries import country_code
from schemas.events import EmployeeChanged, EmployeeField, EmployeeFields, LeaveChanged, LeaveDay
from schemas.people import e164
from schemas.personal import Unsealed, unsealed_account, unsealed_number

SYSTEM: Final = "alexishr"
APPROVED: Final = frozenset({"APPROVED", "CONFIRMED"})

_WORKDAY: Final = 8 * 3600
_SATURDAY: Final = 5
_LONGEST: Final = 400
"""Days of a leave that are looked at; a longer one waits for a person."""
_OWN: Final[Mapping[str, str]] = {name: to_snake(name) for names in CHOICES.values() for name in names}
_PARTS: Final[Mapping[str, type[Wire]]] = {"homeAddress": HomeAddress, "bankAccount": BankAccount, "tax": Tax}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a company has chosen that its people are read and written by.

    Attributes:
        zone: where times become dates.
        fields: the field of theirs that one of ours is, of those in ``CHOICES``; as usual where nothing is said.
    """

    zone: tzinfo
    fields: Fields = field(default_factory=dict)


def person(record: Mapping[str, Any], employments: Sequence[Mapping[str, Any]], chosen: Chosen) -> EmployeeChanged:
    """Return what is held about a person, from the employee's record and those of all their employments.

    The century of a personal number of ten digits is that of who was born last on the day of the change.

    Raises:
        Malformed: naming every field of a wrong type, never a value.
    """
    employee, zone = read(Employee, record, "employee"), chosen.zone
    spells = in_order([read(Employment, each, "employment") for each in employments])
    changed = max([employee.updated, *(each.updated for each in spells if each.updated)])
    address, tax = employee.home_address or HomeAddress(), employee.tax or Tax()
    places = {ours: chosen.fields.get(ours) or _holds(ours, employee) for ours in CHOICES}
    country, ssn = _country(address.country), one_line(employee.ssn)
    fields = EmployeeFields(
        email=_said(employee, places["email"]),
        employment_id=one_line(employee.employee_number),
        given_name=one_line(employee.first_name),
        family_name=one_line(employee.last_name),
        phone=_phone(employee, places["phone"]),
        street=one_line(address.street),
        postal_code=one_line(address.postal_code),
        city=one_line(address.city),
        country=country,
        bank_account=_account(employee.bank_account),
        first_day=day(spells[0].start_date if spells else employee.hire_date, zone),
        last_day=day(ends_last(spells).end_date if spells else employee.end_date, zone),
        title=one_line(employee.title),
        personal_number=unsealed_number(ssn, changed.astimezone(zone).date()) if ssn else None,
        tax_table=tax.table,
        tax_column=tax.column,
    )
    return EmployeeChanged(
        system=SYSTEM,
        person_id=employee.id,
        changed_at=changed.astimezone(UTC),
        fields=fields,
        ignored=_ignored(record, places.values()),
    )


def in_order(employments: Iterable[Employment]) -> list[Employment]:
    """Return employments by the day on which they begin."""
    return sorted(employments, key=lambda each: (day(each.start_date, UTC), each.id))


def ends_last(employments: Sequence[Employment]) -> Employment:
    """Return the employment that ends last; one without an end does, and of several the one that began last."""
    return max(in_order(employments), key=lambda each: (each.end_date is None, day(each.end_date, UTC) or date.min))


def hides(employments: Sequence[Employment], wanted: Mapping[EmployeeField, Any], zone: tzinfo) -> tuple[str, ...]:
    """Return the days that would not be read back once they are written, since other employments tell them.

    The first day is written to the employment that began first, the last day to the one that ends last.
    """
    first, last, names = in_order(employments)[0], ends_last(employments), []
    if start := wanted.get("first_day"):
        names += ["first_day"] if any(day(e.start_date, zone) < start for e in employments if e is not first) else []
    if end := wanted.get("last_day"):
        ends = [day(e.end_date, zone) for e in employments if e is not last]
        names += ["last_day"] if any(each is None or each > end for each in ends) else []
    return tuple(names)


def leave(
    record: Mapping[str, Any], kinds: Mapping[str, str], zone: tzinfo, told: Mapping[date, Decimal] | None = None
) -> LeaveChanged:
    """Return what is held about a leave; one that is not approved (any more) is withdrawn.

    Args:
        kinds: the kind of each leave type, by the type's id; the id itself where it is not known.
        told: percent of each day, where its days were read; otherwise the duration tells. They are told on one by one
            where they differ, or where a weekday in between is not among them: it is worked.

    Raises:
        Malformed: naming every field of a wrong type, never a value.
    """
    said = read(Leave, record, "leave")
    first, last = day(said.start_date, zone), day(said.end_date, zone)
    parts = {each: extent for each, extent in sorted((told or {}).items()) if first <= each <= last}
    weekdays = [each for each in _days(first, last) if each.weekday() < _SATURDAY]
    are_alike = len({*parts.values()}) == 1 and all(each in parts for each in weekdays)
    return LeaveChanged(
        system=SYSTEM,
        leave_id=said.id,
        person_id=said.employee_id,
        kind=kinds.get(said.type_id, said.type_id),
        first_day=first,
        last_day=last,
        extent=_most(parts.values()) if parts else _extent(said),
        withdrawn=said.status not in APPROVED,
        days=() if are_alike else tuple(LeaveDay(day=each, extent=extent) for each, extent in parts.items()),
    )


def extents(days: Iterable[Mapping[str, Any]], zone: tzinfo) -> dict[str, dict[date, Decimal]]:
    """Return the percent of each day of each leave whose days are given. Raises Malformed."""
    found: dict[str, dict[date, Decimal]] = {}
    for record in days:
        one = read(LeaveTransaction, record, "leave-transaction")
        if one.extent > 0:
            of_leave = found.setdefault(one.parent.id, {})
            when = day(one.date, zone)
            of_leave[when] = _percent(of_leave.get(when, Decimal(0)) + Decimal(one.extent))
    return found


def _most(extents: Iterable[Decimal]) -> Decimal:
    counts = Counter(extents)
    return max(counts, key=lambda extent: (counts[extent], extent))


def _percent(part: Decimal) -> Decimal:
    return min(max(part, Decimal("0.01")), Decimal(100)).quantize(Decimal("0.01"))


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range(min((last - first).days + 1, _LONGEST)))


def day(when: date | None, zone: tzinfo) -> Any:
    """Return the day of a time in a zone; a plain date is a day everywhere.

    Raises:
        Malformed: no message can carry it.
    """
    found = when.astimezone(zone).date() if isinstance(when, datetime) else when
    if found is not None and not is_day(str(found)):
        raise Malformed(["a time: its day there is not of the years 1900 to 2199"])
    return found


def _country(value: str | None) -> str | None:
    return country_code(line) if (line := one_line(value)) else None


def _holds(ours: EmployeeField, employee: Employee) -> str:
    """Return the first field that holds something, of those that can be one of ours; the last one where none does."""
    return next((name for name in CHOICES[ours] if _said(employee, name)), CHOICES[ours][-1])


def _said(employee: Employee, name: str) -> str | None:
    """Return what a field of theirs holds; of a phone number the form that they have made of it, where there is one."""
    own = _OWN[name]
    return one_line(getattr(employee, f"{own}_sanitized", None)) or one_line(getattr(employee, own))


def _phone(employee: Employee, name: str) -> str | None:
    swedish = _country(employee.employment_country) in {None, "SE"}
    return e164(text, swedish=swedish) if (text := _said(employee, name)) else None


def _account(account: BankAccount | None) -> Unsealed | None:
    clearing, number = (one_line(account.clearing), one_line(account.number)) if account else (None, None)
    return unsealed_account(clearing, number or "") if clearing or number else None


def _extent(leave: Leave) -> Decimal:
    """Return the percent of a day that a leave of this duration takes, on working days of eight hours."""
    if leave.duration == "half_day":
        return Decimal(50)
    begin, end = leave.start_date, leave.end_date
    if leave.duration == "minutes" and isinstance(begin, datetime) and isinstance(end, datetime):
        return _percent(Decimal(100) * Decimal(int((end - begin).total_seconds())) / _WORKDAY)
    return Decimal(100)


def _ignored(record: Mapping[str, Any], places: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the fields that hold something and do not travel; ``places``: those that do, of CHOICES."""
    travels = {"id", "updated", "hireDate", "endDate", "employeeNumber", "firstName", "lastName", "title", "ssn"}
    travels |= {f"{place}{end}" for place in places for end in ("", "Sanitized")}
    for part, model in _PARTS.items():
        travels |= {f"{part}.{field.alias}" for field in model.model_fields.values()}
    return ignored(record, travels, _PARTS)
