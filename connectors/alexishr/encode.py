"""Questions and orders as Alexis HR's requests. Pure.

Source: their OpenAPI document. A nested object (address, account, tax) is always sent whole, as it was read and
changed: the document does not say whether PATCH merges or replaces it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, Final

from connectors.alexishr.wire import CHOICES, Fields
from infra.delivery import requests
from schemas.events import EmployeeField

DAYS: Final[tuple[EmployeeField, ...]] = ("first_day", "last_day")
"""What belongs to employments."""

Wanted = Mapping[EmployeeField, Any]
"""What fields are to hold, personal data in plain; None empties one. In one process's memory only."""

_NESTED: Final[Mapping[EmployeeField, tuple[str, str]]] = {
    "street": ("homeAddress", "street"),
    "postal_code": ("homeAddress", "postalCode"),
    "city": ("homeAddress", "city"),
    "country": ("homeAddress", "country"),
    "tax_table": ("tax", "table"),
    "tax_column": ("tax", "column"),
}
_PLAIN: Final[Mapping[EmployeeField, str]] = {
    "given_name": "firstName",
    "family_name": "lastName",
    "title": "title",
    "employment_id": "employeeNumber",
}
_WRITABLE: Final[Mapping[str, frozenset[str]]] = {
    "homeAddress": frozenset({"street", "postalCode", "city", "country"}),
    "bankAccount": frozenset({"bank", "clearing", "number", "iban", "bic", "country"}),
    "tax": frozenset({"table", "column"}),
}
NAMES: Final[Mapping[str, str]] = {
    **{str(name): theirs[0] for name, theirs in CHOICES.items()},
    "personal_number": "ssn",
    "bank_account": "bankAccount",
    "first_day": "startDate",
    "last_day": "endDate",
    **{str(name): theirs for name, theirs in _PLAIN.items()},
    **{str(name): ".".join(path) for name, path in _NESTED.items()},
}
"""What Alexis HR calls each field, for people; both days are an employment's."""
_FULL_TIME: Final = 100
_CHANGED_FIELDS: Final = "id,employeeId,updated"


class Request(requests.Request):
    """A request below ``api_url``. Values of filters may be personal and are for nobody's eyes."""

    def shows(self, name: str) -> bool:
        """Tell whether a parameter's value may be shown."""
        return name in {"limit", "offset", "relations"}


def _list(resource: str, limit: int, *params: tuple[str, str]) -> Request:
    # By id: what is changed while pages are read keeps its place.
    return Request("GET", resource, (*params, ("sort[id]", "asc"), ("limit", str(limit))))


def company() -> Request:
    """Return the question whose token it is."""
    return Request("GET", "company", (("limit", "1"),))


def people(limit: int, *, since: datetime | None = None, ids: Sequence[str] = ()) -> Request:
    """Return the question for employees with all their employments: all, those changed since, or those named."""
    params = [("relations", "employment")]
    if since is not None:
        params.append(("filters[updated][$gte]", _time(since)))
    params += [("filters[id][$in][]", each) for each in ids]
    return _list("employee", limit, *params)


def employments(limit: int, since: datetime) -> Request:
    """Return the question for the employments that were changed since."""
    return _list("employment", limit, ("select", _CHANGED_FIELDS), ("filters[updated][$gte]", _time(since)))


def person(person_id: str) -> Request:
    """Return the question for one employee, with all their employments."""
    return Request("GET", f"employee/{person_id}", (("relations", "employment"),))


def found_by(wanted: Wanted, chosen: Fields) -> Request | None:
    """Return the question for the people whom a new one would double; None when nothing tells them.

    Never by personal number: it would stand in a URL.
    """
    for field_, name in (("employment_id", "employeeNumber"), ("email", _place("email", {}, chosen))):
        if value := wanted.get(field_):  # type: ignore[call-overload] # both are fields
            return Request("GET", "employee", (("relations", "employment"), (f"filters[{name}][$eq]", value)))
    return None


def leaves(limit: int, since: date) -> Request:
    """Return the question for the leaves that end on a day or later."""
    return _list("leave", limit, ("filters[endDate][$gte]", since.isoformat()))


def leave(leave_id: str) -> Request:
    """Return the question for one leave."""
    return Request("GET", f"leave/{leave_id}")


def leave_types(limit: int) -> Request:
    """Return the question for the kinds of leave."""
    return _list("leave-type", limit)


def leave_type(type_id: str) -> Request:
    """Return the question for one kind of leave."""
    return Request("GET", f"leave-type/{type_id}")


def leave_days(limit: int, employee_ids: Iterable[str], first: date, last: date) -> Request:
    """Return the question for the days of some people's approved leaves, both days included."""
    ids = [("filters[employeeId][$in][]", each) for each in employee_ids]
    # Their days are times: one before and one after, whatever the zone. Others' days are told apart by their leave.
    between = [_time(_midnight(first - timedelta(days=1))), _time(_midnight(last + timedelta(days=2)))]
    return _list("leave-transaction", limit, *ids, *(("filters[date][$between][]", each) for each in between))


def employment_types() -> Request:
    """Return the question for the kinds of employment."""
    return _list("employment-type", 100)


def write_person(wanted: Wanted, record: Mapping[str, Any] | None, chosen: Fields) -> Request | None:
    """Return what writes an employee's own fields: a new one's, or over a record; None when there are none."""
    body = _body(wanted, record or {}, chosen)
    if not body and record is not None:
        return None
    method, resource = ("POST", "employee") if record is None else ("PATCH", f"employee/{record['id']}")
    return Request(method, resource, body=_json(body))


def write_days(
    wanted: Wanted, record: Mapping[str, Any], employments: Sequence[str], type_id: str, zone: tzinfo
) -> tuple[Request, ...]:
    """Return what writes first and last day of work into employments.

    Args:
        employments: the ids of the employment that began first and of the one that ends last; empty without any.
        type_id: the kind of employment of a new one, where there is none yet.
    """
    first = {"startDate": _date(wanted["first_day"], zone)} if wanted.get("first_day") else {}
    last = {"endDate": _date(wanted["last_day"], zone)} if "last_day" in wanted else {}
    if not employments:
        new = {
            "employeeId": record["id"],
            "userId": record.get("userId") or "",
            "typeId": type_id,
            **first,
            **{name: value for name, value in last.items() if value},
            "terminated": False,
            "rate": _FULL_TIME,
            "country": record.get("employmentCountry") or "SE",
        }
        return (Request("POST", "employment", body=_json(new)),)
    if employments[0] == employments[-1]:
        changes = [(employments[0], {**first, **last})]
    else:
        changes = [(employments[0], first), (employments[-1], last)]
    return tuple(Request("PATCH", f"employment/{each}", body=_json(body)) for each, body in changes if body)


def _body(wanted: Wanted, record: Mapping[str, Any], chosen: Fields) -> dict[str, Any]:
    """Return the body that makes a record hold what is wanted: each value goes where it is read from."""
    body: dict[str, Any] = {_PLAIN[name]: _text(value) for name, value in wanted.items() if name in _PLAIN}
    body |= {_place(name, record, chosen): _text(value) for name, value in wanted.items() if name in CHOICES}
    if "personal_number" in wanted:
        digits = _text(wanted["personal_number"])
        body["ssn"] = f"{digits[:-4]}-{digits[-4:]}" if digits.isdigit() else digits
    if "bank_account" in wanted:
        clearing, _, number = _text(wanted["bank_account"]).partition(",")
        body["bankAccount"] = _whole("bankAccount", record) | {"clearing": clearing, "number": number}
    for name, value in wanted.items():
        if name in _NESTED:
            part, inner = _NESTED[name]
            numeric = part == "tax"
            body.setdefault(part, _whole(part, record))[inner] = value if numeric else _text(value)
    return body


def _place(name: EmployeeField, record: Mapping[str, Any], chosen: Fields) -> str:
    """Return the field of a record that is written for one of ours, of those of which one travels."""
    return chosen.get(name) or next((each for each in CHOICES[name] if record.get(each)), CHOICES[name][0])


def _whole(part: str, record: Mapping[str, Any]) -> dict[str, Any]:
    held = record.get(part) or {}
    return {name: value for name, value in held.items() if name in _WRITABLE[part] and value is not None}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _date(day: date | None, zone: tzinfo) -> str | None:
    """Return a day as a time that is on this day in the company's zone and in UTC alike."""
    if day is None:
        return None
    midnight = _midnight(day)
    return _time(midnight if midnight.astimezone(zone).date() == day else midnight + timedelta(hours=12))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
