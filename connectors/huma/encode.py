"""Questions and orders as Huma's requests. Pure.

Source: their OpenAPI document 1.53.2. What is written is plain, while what is read is framed. An address is always sent
whole, because the document requires it; the days of work belong to positions.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from connectors.huma.wire import Fields
from infra.delivery import requests
from schemas.events import EmployeeField

PAGE: Final = 50
"""The most people that a page holds."""
MOST_IDS: Final = 25
"""The most people who can be asked for by their ids."""
GROUPS: Final = 25
"""The most groups that a page holds."""
DAYS: Final[Mapping[EmployeeField, str]] = {"first_day": "firstDayOfWork", "last_day": "lastDayOfWork"}
"""What belongs to positions."""
NEEDED: Final[tuple[EmployeeField, ...]] = ("email", "given_name", "family_name")
"""What a new person needs, and what cannot be emptied."""
NEW: Final[Mapping[EmployeeField, str]] = {
    "email": "email",
    "given_name": "givenName",
    "family_name": "familyName",
    "phone": "phone",
}
"""What is written when a person is made; the rest follows."""

Wanted = Mapping[EmployeeField, Any]
"""What fields are to hold, personal data in plain; None empties one. In one process's memory only."""

_PLAIN: Final[Mapping[EmployeeField, str]] = {**NEW, "employment_id": "employmentId"}
_ADDRESS: Final[Mapping[EmployeeField, str]] = {"postal_code": "postalCode", "city": "city", "country": "country"}
_WHOLE_ADDRESS: Final = ("line1", "line2", "line3", "postalCode", "city", "country")
NAMES: Final[Mapping[str, str]] = {
    **{str(name): theirs for name, theirs in {**_PLAIN, **DAYS}.items()},
    **{str(name): f"homeAddress.{theirs}" for name, theirs in _ADDRESS.items()},
    "street": "homeAddress.line1",
    "bank_account": "bankAccount",
}
"""What Huma calls each field, for people."""
_NATIONAL: Final = "national"


class Request(requests.Request):
    """A request below ``api_url``. What is searched for is for nobody's eyes."""

    def shows(self, name: str) -> bool:
        """Tell whether a parameter's value may be shown."""
        return name != "search"

    @property
    def kind(self) -> str:
        """Kinds of record, without ids."""
        return "/".join(self.resource.split("/")[::2])


def people(limit: int = PAGE) -> Request:
    """Return the question for everybody."""
    return Request("GET", "users", (("orderDirection", "ASC"), ("limit", str(limit))))


def these(person_ids: Sequence[str]) -> Request:
    """Return the question for some people, ``MOST_IDS`` at most; whom nobody knows the answer leaves out."""
    return Request("GET", "users", (*(("id", each) for each in person_ids), ("limit", str(PAGE))))


def found_by(email: str) -> Request:
    """Return the question for the people whom a new one would double."""
    return Request("GET", "users", (("search", email), ("limit", str(PAGE))))


def person(person_id: str) -> Request:
    """Return the question for one person."""
    return Request("GET", f"users/{person_id}")


def positions(person_id: str) -> Request:
    """Return the question for a person's positions."""
    return Request("GET", f"users/{person_id}/positions", (("limit", str(PAGE)),))


def position(person_id: str, position_id: str) -> Request:
    """Return the question for one position, with its days of work."""
    return Request("GET", f"users/{person_id}/positions/{position_id}")


def companies() -> Request:
    """Return the question for the groups that are companies."""
    return Request("GET", "groups", (("type", "company"), ("limit", str(GROUPS))))


def create(wanted: Wanted, groups: tuple[str, ...]) -> Request:
    """Return what makes a person, without inviting them."""
    body = {NEW[name]: value for name, value in wanted.items() if name in NEW and value}
    return Request("POST", "users", body=_json(body | {"groups": list(groups), "invite": False}))


def write_person(wanted: Wanted, record: Mapping[str, Any], chosen: Fields) -> Request | None:
    """Return what writes a person's own fields over their record; None when there are none."""
    body: dict[str, Any] = {
        chosen.get(name, _PLAIN[name]): _text(value) for name, value in wanted.items() if name in _PLAIN
    }
    held = _value(record, "homeAddress")
    address = {_ADDRESS[name]: _text(value) for name, value in wanted.items() if name in _ADDRESS}
    if "street" in wanted:
        address |= {"line1": _text(wanted["street"]), "line2": "", "line3": ""}
    if address:
        body["homeAddress"] = {name: held.get(name) or "" for name in _WHOLE_ADDRESS} | address
    if "bank_account" in wanted:
        account = _value(record, "bankAccount")
        kind = account.get("type") if "number" in account else None
        # A separator, so that reading splits it in the same place.
        number = _text(wanted["bank_account"]).replace(",", "-")
        body["bankAccount"] = {"type": kind or _NATIONAL, "number": number, "country": "SE"}
    return Request("PATCH", f"users/{record['id']}", body=_json(body)) if body else None


def write_days(wanted: Wanted, person_id: str, ends: tuple[str, str]) -> tuple[Request, ...]:
    """Return what writes first and last day of work into the position that began first and the one that ends last."""
    bodies: dict[str, dict[str, Any]] = {}
    for name, position_id in zip(DAYS, ends, strict=True):
        if name in wanted:
            day: date | None = wanted[name]
            bodies.setdefault(position_id, {})[DAYS[name]] = day and day.isoformat()
    return tuple(
        Request("PATCH", f"users/{person_id}/positions/{position_id}", body=_json(body))
        for position_id, body in bodies.items()
    )


def _value(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return (record.get(name) or {}).get("value") or {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()
