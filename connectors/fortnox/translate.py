"""What Fortnox holds becomes facts: an employee's record as EmployeeSeen. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, Literal, get_args

from pydantic import ValidationError

from connectors.fortnox.classify import NO_RIGHT, is_true
from connectors.fortnox.forms.employee import SHOWN, held
from infra.plugin import Malformed
from schemas.base import problems
from schemas.events import EmployeeField, EmployeeFields, EmployeeSeen
from schemas.personal import Unsealed, unsealed_account, unsealed_number

_FIELDS: Final[tuple[EmployeeField, ...]] = get_args(EmployeeField)


def employee(record: Mapping[str, Any], seen_at: datetime, street_line: Literal[1, 2]) -> EmployeeSeen | None:
    """Return what a record says, personal data not sealed yet; None for a record without an id.

    What our licence may not read is named as hidden. What is no date or no number where one must be is left out.

    Raises:
        Malformed: what else cannot travel, by Fortnox's names: an id that is none, a text that is no Unicode.
    """
    employee_id = str(record.get("EmployeeId") or "").strip()
    if not employee_id:
        return None
    there = held(record, seen_at.date(), street_line)
    values = {name: value for name, value in there.items() if value != NO_RIGHT}
    number = values.get("personal_number", "")
    known: dict[str, Any] = {
        name: values[name]
        for name in ("email", "given_name", "family_name", "phone", "street", "postal_code", "city", "country", "title")
        if name in values
    }
    try:
        return EmployeeSeen(
            employee_id=employee_id,
            seen_at=seen_at,
            inactive=is_true(record.get("Inactive")),
            hidden=tuple(name for name in _FIELDS if there.get(name) == NO_RIGHT),
            fields=EmployeeFields(
                **known,
                employment_id=employee_id,
                bank_account=_account(values.get("bank_account", "")),
                personal_number=unsealed_number(number, seen_at.date()) if number else None,
                first_day=_day(values.get("first_day")),
                last_day=_day(values.get("last_day")),
                tax_table=_whole(values.get("tax_table", "")),
                tax_column=_whole(values.get("tax_column", "")),
            ),
        )
    except ValidationError as error:
        raise Malformed(problems(error, lambda loc: SHOWN.get(str(loc[-1]), SHOWN["employment_id"]))) from None


def _account(text: str) -> Unsealed | None:
    clearing, _, number = text.partition(",")
    return unsealed_account(clearing, number) if number.strip() else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
