"""Absence in Fortnox's words: a registration is one employee, one day, one cause, and a part of it. Pure.

Facts: ``fortnox.md`` §3.2 and A2. Fortnox gives each an id; a POST must not send one, and the same POST twice is two.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from connectors.fortnox import encode, waiting_words
from connectors.fortnox.classify import NO_RIGHT, is_other_number, number_of
from infra.delivery.requests import Request
from infra.verdicts import Delivered, noting
from schemas.commands import WriteAbsence

KEY: Final = "AbsenceTransaction"
_PATH: Final = "absencetransactions"
_DAY_LENGTH: Final = len("2026-01-31")
_ROUNDING: Final = Decimal("0.05")
"""Hours (or percent) that Fortnox may round a registration by, and it is still the same."""


def create(order: WriteAbsence) -> Request:
    """Return the request that registers an absence."""
    return Request("POST", _PATH, body=encode.body(KEY, _fields(order)))


def update(order: WriteAbsence) -> Request:
    """Return the request that makes a registration say what the order says."""
    return Request("PUT", f"{_PATH}/{order.absence_id}", body=encode.body(KEY, _fields(order)))


def delete(order: WriteAbsence) -> Request:
    """Return the request that removes a registration."""
    return Request("DELETE", f"{_PATH}/{order.absence_id}")


def read(order: WriteAbsence) -> Request:
    """Return the request for one registration."""
    return Request("GET", f"{_PATH}/{order.absence_id}")


def listed(order: WriteAbsence, page: int) -> Request:
    """Return the request for a page of an employee's registrations of the day."""
    params = {"employeeid": order.employee_id, "date": order.day.isoformat()}
    return Request("GET", _PATH, params | {"limit": encode.LIMIT, "page": page})


def found(order: WriteAbsence, items: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the ids of the registrations that say what the order says."""
    return tuple(str(item["id"]) for item in items if item.get("id") and not differing(order, item))


def hides(order: WriteAbsence, items: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether a registration may say what the order says, in fields that we may not read; or says it, nameless."""
    return any(
        ((other := differing(order, item)) or not item.get("id")) and all(item.get(name) == NO_RIGHT for name in other)
        for item in items
    )


def differing(order: WriteAbsence, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a registration says otherwise than the order, by Fortnox's names.

    Extent and hours are two ways to say one thing, and Fortnox may work out the one from the other: only the one that
    the order gives counts. So does a cost centre, which Fortnox may take from the employee. A code in small letters is
    the same code.
    """
    amount = ("Hours", order.hours) if order.hours is not None else ("Extent", order.extent)
    codes = {"CauseCode": order.cause, **({"CostCenter": order.cost_centre} if order.cost_centre else {})}
    other = [name for name, code in codes.items() if str(record.get(name) or "").casefold() != code.casefold()]
    if str(record.get("EmployeeId") or "") != order.employee_id:
        other.append("EmployeeId")
    if str(record.get("Date") or "")[:_DAY_LENGTH] != order.day.isoformat():  # a time may follow
        other.append("Date")
    held = number_of(record.get(amount[0]))
    return (*other, amount[0]) if held is None or abs(held - amount[1]) > _ROUNDING else tuple(other)


def written(order: WriteAbsence, record: Mapping[str, Any]) -> Delivered | None:
    """Read the answer to a write: the registration's id, and what Fortnox made of it."""
    absence_id = str(record.get("id") or order.absence_id or "")
    if not absence_id:
        return None
    told = list(differing(order, record))
    amount, wanted = ("Hours", order.hours) if order.hours is not None else ("Extent", order.extent)
    held = number_of(record.get(amount))
    if amount not in told and is_other_number(held, wanted):
        told.append(f"{amount} {held} for {wanted}")
    note = noting([waiting_words.HELD_OTHERWISE_BY_FORTNOX(fields=told)] if told else ())
    return Delivered(record=absence_id, **note)


def _fields(order: WriteAbsence) -> dict[str, Any]:
    part = {"Extent": 0, "Hours": order.hours} if order.hours is not None else {"Extent": order.extent, "Hours": 0}
    fields: dict[str, Any] = {
        "EmployeeId": order.employee_id,
        "CauseCode": order.cause,
        "Date": order.day.isoformat(),
        **part,
    }
    if order.cost_centre:  # an empty one must be left out
        fields["CostCenter"] = order.cost_centre
    return fields
