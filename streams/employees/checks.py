"""What must hold of a person's data before it is sent; a check's name is the reason of a hold. Pure."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from schemas.base import Code
from schemas.countries import country_code, country_name
from schemas.events import EmployeeField, EmployeeFields
from schemas.words import Text
from streams.employees import words
from streams.employees.fields import get
from streams.employees.state import SIDES, UNIQUE, Memory, index_key, system_of

_EMAIL: Final = re.compile(r"[^@\s,;]{1,64}@[^@\s,;]+\.[^@\s,;.]{2,}")
_LENGTHS: Final = {"employment_id": 15, "given_name": 80, "family_name": 80, "street": 1024, "city": 1024}
"""Fortnox's, where its OpenAPI document gives one; names are cut at nothing sensible, so that they are refused here."""
_ID: Final = TypeAdapter(Code)
_EXAMPLES: Final = 3
_TAX_COLUMNS: Final = range(1, 7)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field, in words for the person who must act; never the value of a personal one."""

    reason: str
    field: EmployeeField
    message: Text


FieldCheck = Callable[[EmployeeFields], Problem | None]


def email_missing(fields: EmployeeFields) -> Problem | None:
    """Refuse a new one without an e-mail address: Fortnox needs it, and people are matched by it."""
    return None if fields.email else Problem("email_missing", "email", words.NO_EMAIL())


def email_invalid(fields: EmployeeFields) -> Problem | None:
    """Refuse an e-mail address without a name, an @ or a domain."""
    if not fields.email or _EMAIL.fullmatch(fields.email.strip()):
        return None
    return Problem("email_invalid", "email", words.BAD_EMAIL())


def name_missing(fields: EmployeeFields) -> Problem | None:
    """Refuse a new one without both names, which Fortnox needs."""
    if not fields.given_name:
        return Problem("name_missing", "given_name", words.NO_GIVEN_NAME())
    if not fields.family_name:
        return Problem("name_missing", "family_name", words.NO_FAMILY_NAME())
    return None


def bank_account_invalid(fields: EmployeeFields) -> Problem | None:
    """Refuse a bank account that breaks the rules of its bank."""
    account = fields.bank_account
    if account is None or not account.flaw:
        return None
    return Problem("bank_account_invalid", "bank_account", words.BAD_BANK_ACCOUNT(flaw=words.flaw(account.flaw)))


def personal_number_invalid(fields: EmployeeFields) -> Problem | None:
    """Refuse a personal or co-ordination number without a day of birth or with a wrong check digit."""
    number = fields.personal_number
    if number is None or not number.flaw:
        return None
    said = words.BAD_PERSONAL_NUMBER(flaw=words.flaw(number.flaw))
    return Problem("personal_number_invalid", "personal_number", said)


def days_out_of_order(fields: EmployeeFields) -> Problem | None:
    """Refuse an end before the beginning."""
    if fields.first_day and fields.last_day and fields.last_day < fields.first_day:
        return Problem("days_out_of_order", "last_day", words.DAYS_OUT_OF_ORDER())
    return None


def tax_column_invalid(fields: EmployeeFields) -> Problem | None:
    """Refuse a tax column that no tax table has."""
    if fields.tax_column is None or fields.tax_column in _TAX_COLUMNS:
        return None
    return Problem("tax_column_invalid", "tax_column", words.BAD_TAX_COLUMN())


def country_unknown(fields: EmployeeFields) -> Problem | None:
    """Refuse a country that Fortnox has no name for: it would leave the one before standing."""
    if not fields.country or country_name(country_code(fields.country)):
        return None
    return Problem("country_unknown", "country", words.BAD_COUNTRY())


def employment_id_invalid(fields: EmployeeFields) -> Problem | None:
    """Refuse an employment id that names no record: it becomes the employee's id, which never changes."""
    if not fields.employment_id:
        return None
    try:
        named = _ID.validate_python(fields.employment_id).strip(".")
    except ValidationError:
        named = ""
    return None if named else Problem("employment_id_invalid", "employment_id", words.BAD_EMPLOYMENT_ID())


def value_too_long(fields: EmployeeFields) -> Problem | None:
    """Refuse what is longer than Fortnox takes: nothing is cut in silence."""
    for field, most in _LENGTHS.items():
        if len(str(getattr(fields, field) or "")) > most:
            name: EmployeeField = field  # type: ignore[assignment] # the names are fields
            return Problem("value_too_long", name, words.TOO_LONG(field=words.field(field), most=most))
    return None


CHECKS: Final[tuple[FieldCheck, ...]] = (
    email_invalid,
    bank_account_invalid,
    personal_number_invalid,
    days_out_of_order,
    tax_column_invalid,
    country_unknown,
    value_too_long,
    employment_id_invalid,
)
"""Of everything that is written."""
FOR_A_NEW_ONE: Final[tuple[FieldCheck, ...]] = (email_missing, name_missing, *CHECKS)


def problems(fields: EmployeeFields, checks: Iterable[FieldCheck]) -> tuple[Problem, ...]:
    """Return what is wrong, in the order of the checks."""
    return tuple(problem for check in checks if (problem := check(fields)))


def not_unique(
    memory: Memory, fields: EmployeeFields, written: Iterable[EmployeeField], *, ours: frozenset[str], system: str
) -> tuple[Problem, ...]:
    """Return which written values somebody else has, on either side; ``ours`` are the keys of this one.

    People of an HR system other than ``system`` are nobody else: the company had it before.
    """
    found = []
    for field in (f for f in UNIQUE if f in set(written)):
        value = get(fields, field)
        carriers = {m for side in SIDES for m in memory[index_key(side, field, value)].members} - ours
        others = sorted(m for m in carriers if system_of(m) in {"fortnox", system})
        if value and others:
            who = [*others[:_EXAMPLES], *(["..."] if len(others) > _EXAMPLES else [])]
            said = words.NOT_UNIQUE(field=words.field(field), others=who)
            found.append(Problem(f"{field}_not_unique", field, said))
    return tuple(found)
