"""Toy HR's people become facts: what is now held about a person. Pure."""

import json
from datetime import UTC
from typing import Any, Final

from infra.delivery.answers import read
from infra.plugin import Malformed
from schemas.events import EmployeeChanged, EmployeeFields, Fact
from schemas.people import e164
from tests.toys.toyhr.wire import Person

SYSTEM: Final = "toyhr"


def translate(raw: bytes) -> tuple[Fact, ...]:
    """Return the fact of the person that a delivery holds. Raises Malformed, naming wrong fields, never a value."""
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed(["person: it is no JSON"]) from None
    return (person(record),)


def person(record: Any) -> EmployeeChanged:
    """Return what is held about a person. Raises Malformed, naming wrong fields, never a value."""
    found = read(Person, record, "person")
    fields = EmployeeFields(
        email=_text(found.email),
        given_name=_text(found.first_name),
        family_name=_text(found.last_name),
        phone=e164(text, swedish=True) if (text := _text(found.mobile)) else None,
        city=_text(found.city),
    )
    at = found.changed_at.astimezone(UTC)
    return EmployeeChanged(system=SYSTEM, person_id=found.id, changed_at=at, fields=fields)


def _text(value: str | None) -> str | None:
    return " ".join((value or "").replace("\0", "").split()) or None  # PostgreSQL keeps no NUL
