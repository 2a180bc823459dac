"""Alexis HR's JSON, by its names: what we read of it. They add fields, so others pass; a wrong type is an error.

Source: their OpenAPI document, v1-preview. Almost nothing is required there, and null stands for nothing.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StringConstraints, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from schemas.base import Day, Moment, Name
from schemas.events import EmployeeField

_DAY: Final = TypeAdapter(Day)
_MOMENT: Final = TypeAdapter(Moment)
_LENGTH_OF_A_DAY: Final = 10


def _when(value: object) -> date:
    """Read a time with its offset, which is how they send dates, or a plain date."""
    plain = isinstance(value, str) and len(value) == _LENGTH_OF_A_DAY
    try:
        read: date = (_DAY if plain else _MOMENT).validate_python(value, strict=True)
    except ValidationError:
        raise ValueError('it is no time like "2026-04-10T22:04:11.000Z", in the years 1900 to 2199') from None
    return read


When = Annotated[date, PlainValidator(_when)]
"""A date, or a datetime with its offset (which is a date to Python)."""

Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-]{1,64}$")]
"""24 hexadecimal digits so far."""


class Wire(BaseModel):
    """A part of an answer. Fields that we do not know are kept by name."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, alias_generator=to_camel, defer_build=True)


class Tax(Wire):
    """Swedish tax table and column."""

    table: int | None = None
    column: int | None = None


class BankAccount(Wire):
    """A bank account; clearing number and account number apart."""

    clearing: str | None = Field(default=None, repr=False)
    number: str | None = Field(default=None, repr=False)


class HomeAddress(Wire):
    """Where somebody lives."""

    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None


class Employee(Wire):
    """An employee (EmployeeResponse)."""

    id: Id
    updated: Moment
    employee_number: str | None = None
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    work_email: str | None = None
    private_email: str | None = None
    work_phone: str | None = None
    work_phone_sanitized: str | None = None
    private_phone: str | None = None
    private_phone_sanitized: str | None = None
    ssn: str | None = Field(default=None, repr=False)
    employment_country: str | None = None
    hire_date: When | None = None
    end_date: When | None = None
    tax: Tax | None = None
    bank_account: BankAccount | None = None
    home_address: HomeAddress | None = None


CHOICES: Final[Mapping[EmployeeField, tuple[str, ...]]] = {
    "email": ("workEmail", "privateEmail"),
    "phone": ("privatePhone", "workPhone"),
}
"""Fields of which one travels: the one that the company has chosen, else the first that holds something."""
Fields = Mapping[EmployeeField, str]
"""The field of theirs that a company has chosen for one of ours, of those in ``CHOICES``."""


class Employment(Wire):
    """An employment (EmploymentResponse): a person can have had several."""

    id: Id
    employee_id: Id
    start_date: When
    end_date: When | None = None
    updated: Moment | None = None


class Leave(Wire):
    """A leave (LeaveResponse). It has neither an extent nor a time of its last change."""

    id: Id
    employee_id: Id
    type_id: Id
    status: Literal["PENDING", "DENIED", "CANCELLED", "APPROVED", "CONFIRMED"]
    duration: Literal["minutes", "half_day", "one_day", "longer"]
    start_date: When
    end_date: When


class LeaveType(Wire):
    """A kind of leave (LeaveTypeResponse)."""

    id: Id
    kind: Name


class _Parent(Wire):
    id: Id


class LeaveTransaction(Wire):
    """One day of an approved leave (LeaveTransactionResponse); ``extent`` is in percent."""

    parent: _Parent
    date: When
    extent: int | Decimal


class Changed(Wire):
    """Whose record it is and when it was changed last: what is left of a record that cannot be read."""

    id: Id
    updated: Moment
