"""Huma's JSON, by its names: what we read of it. They add fields, so others pass; a wrong type is an error.

Source: their OpenAPI document 1.53.2, and the help page on webhooks. Each value of a person stands in a frame
(``{"value": ..., "editable": ...}``); a frame without a value is empty.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from schemas.base import Day
from schemas.events import EmployeeField

_Value = TypeVar("_Value")

Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")]
"""A UUID; it stands in paths."""


class Wire(BaseModel):
    """A part of an answer or a delivery. Fields that we do not know are kept by name."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, alias_generator=to_camel, defer_build=True)


class Framed(Wire, Generic[_Value]):
    """A value of a profile in its frame."""

    value: _Value | None = Field(default=None, repr=False)


class Email(Framed[str]):
    """The login e-mail address, and the one that it is to become once the person has confirmed it."""

    requested_value: str | None = Field(default=None, repr=False)


class Address(Wire):
    """Where somebody lives."""

    line1: str | None = None
    line2: str | None = None
    line3: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None


class BankAccount(Wire):
    """A national account (``number``: one string) or an international one (``iban``)."""

    type: str | None = None
    number: str | None = Field(default=None, repr=False)
    country: str | None = None
    iban: str | None = Field(default=None, repr=False)


class Position(Wire):
    """A position as lists show it (PositionSummary): without the first and last day of work."""

    id: Id
    contract_start_date: Day | None = None
    contract_end_date: Day | None = None


class PositionDetails(Wire):
    """A position (Position): its days are framed, and the first and last day of work among them."""

    id: Id
    contract_start_date: Framed[Day] | None = None
    contract_end_date: Framed[Day] | None = None
    first_day_of_work: Framed[Day] | None = None
    last_day_of_work: Framed[Day] | None = None


class User(Wire):
    """A person (UserDetails). The two days of work are deprecated there: they belong to positions."""

    id: Id
    type: str = "user"
    given_name: Framed[str] | None = None
    family_name: Framed[str] | None = None
    preferred_name: Framed[str] | None = None
    email: Email | None = None
    private_email: Framed[str] | None = None
    phone: Framed[str] | None = None
    employment_id: Framed[str] | None = None
    home_address: Framed[Address] | None = None
    bank_account: Framed[BankAccount] | None = None
    first_day_of_work: Framed[Day] | None = None
    last_day_of_work: Framed[Day] | None = None
    first_contract_start_date: Framed[Day] | None = None
    current_positions: list[Position] | None = None


CHOICES: Final[Mapping[EmployeeField, tuple[str, str]]] = {
    "email": ("email", "privateEmail"),
    "given_name": ("givenName", "preferredName"),
}
"""A person's fields of which one travels: the one that the company has chosen, else the first."""
Fields = Mapping[EmployeeField, str]
"""The field of theirs that a company has chosen for one of ours, of those in ``CHOICES``."""


class Listed(Wire):
    """A person as lists show them (User)."""

    id: Id
    type: str = "user"


class Mentioned(Wire):
    """Somebody whom a webhook is about: the id is always there."""

    id: Id


class Delivery(Wire):
    """A webhook's body."""

    topic: Annotated[str, StringConstraints(min_length=1)]
    users: list[Mentioned] | None = None
