"""Questions and orders as Toy HR's requests. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from infra.delivery import requests
from schemas.events import EmployeeField

NAMES: Final[Mapping[str, str]] = {
    "email": "email",
    "given_name": "firstName",
    "family_name": "lastName",
    "phone": "mobile",
    "city": "city",
}
"""What Toy HR calls each field; another one does not travel."""

Wanted = Mapping[EmployeeField, Any]
"""What fields are to hold; None empties one."""


class Request(requests.Request):
    """A request below ``api_url``. What is searched for is for nobody's eyes."""

    def shows(self, name: str) -> bool:
        """Tell whether a parameter's value may be shown."""
        return name != "email"


def person(person_id: str) -> Request:
    """Ask for one person."""
    return Request("GET", f"people/{person_id}")


def found_by(email: str) -> Request:
    """Ask for whoever has this e-mail address."""
    return Request("GET", "people", (("email", email),))


def write(wanted: Wanted, person_id: str | None) -> Request:
    """Write fields to a person, or to a new one (None)."""
    body = json.dumps({NAMES[name]: value for name, value in wanted.items()}, ensure_ascii=False).encode()
    return Request("PATCH" if person_id else "POST", f"people/{person_id}" if person_id else "people", body=body)
