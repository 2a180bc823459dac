"""What Fortnox holds becomes facts: an employee's record as EmployeeSeen. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import ValidationError

from connectors.fortnox.forms.employee import NO_RIGHT, SHOWN, held
from infra.plugin import Malformed
from schemas.base import problems
from schemas.events import EmployeeFields, EmployeeSeen
from schemas.personal import Unsealed, unsealed_account, unsealed_number


def employee(record: Mapping[str, Any], seen_at: datetime, street_line: Literal[1, 2]) -> EmployeeSeen | None:
    """Return what a record says, personal data not sealed yet; None for a record without an id.

    A value that our licence may not read counts as none. What is no date or no number where one must be is left out.

    Raises:
        Malformed: what else cannot travel, by Fortnox's names: an id that is none, a text that is no Unicode.
    """
    employee_id = str(record.get("EmployeeId") or "").strip()
    if not employee_id:
        return None
    values = {
        name: value
        for name, value in held(record, seen_at.date(), street_line).items()
        if value and NO_RIGHT not in value
    }
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
            inactive=record.get("Inactive") is True,
            fields=EmployeeFields(
                **known,
                employment_id=employee_id,
                bank_account=_account(values.get("bank_account", "")),
                personal_number=unsealed_number(number, seen_at.date()) if number else None,
                first_day=_day(values.get("first_day", "")),
                last_day=_day(values.get("last_day", "")),
                tax_table=_whole(values.get("tax_table", "")),
                tax_column=_whole(values.get("tax_column", "")),
            ),
        )
    except ValidationError as error:
        raise Malformed(problems(error, lambda loc: SHOWN.get(str(loc[-1]), SHOWN["employment_id"]))) from None


def _account(text: str) -> Unsealed | None:
    clearing, _, number = text.partition(",")
    return unsealed_account(clearing, number) if number.strip() else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
