"""Whether a voucher may be booked: Fortnox's checks, in the order of facts §6."""

import json
import unicodedata
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from connectors.fortnox.sandbox import answers
from connectors.fortnox.sandbox.answers import Refused
from connectors.fortnox.sandbox.books import ZERO, Company, Draft, Row, Year
from connectors.fortnox.sandbox.requests import Asked, parse_day

_FIELDS: Final = frozenset(
    {"Description", "TransactionDate", "VoucherSeries", "VoucherRows", "Comments", "CostCenter", "Project"}
)
_ROW_FIELDS: Final = frozenset(
    {"Account", "Debit", "Credit", "CostCenter", "Project", "TransactionInformation", "Quantity", "Description"}
)
_LEAST_ROWS: Final = 2
_LARGEST: Final = Decimal(10) ** 12  # 14 digits, decimals included
_ORE: Final = Decimal("0.01")

# The class that Fortnox prints under "formats and encoding", besides letters; the straight apostrophe is unclear there.
_ALLOWED: Final = frozenset("’\\\u0308\u030a0123456789 –:.`´,;^¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@\u00a0\n\r")  # noqa: RUF001 - theirs


def read(asked: Asked, company: Company) -> Draft:
    """Return the voucher that a request wants booked. Raises Refused for the first check that fails."""
    fields = _fields(asked.body)
    rows = _rows(fields)
    day_text = _required(fields, "TransactionDate", 10)
    day = parse_day(day_text)
    if day is None:
        raise Refused(answers.BAD_DATE, day_text)
    series = _required(fields, "VoucherSeries", 10)
    description = _required(fields, "Description", 200)
    comments, cost_centre = _text(fields, "Comments", 1000), _code(fields, "CostCenter")
    projects = [_code(part, "Project") for part in (fields, *rows)]
    parsed = tuple(map(_row, rows))

    year = asked.year(company)
    if not year.holds(day):
        raise Refused(answers.NO_YEAR, day)
    _check_series(series, year)
    _check_accounts(parsed, year)
    if cost_centre is not None:
        _check_cost_centre(cost_centre, company)
    _check_cost_centres(parsed, year, company)
    if any(projects):
        raise Refused(answers.UNKNOWN_PROJECT)  # the sandbox has no projects yet
    debit, credit = sum((row.debit for row in parsed), ZERO), sum((row.credit for row in parsed), ZERO)
    if debit != credit:
        raise Refused(answers.UNBALANCED, debit, credit)
    if company.locked_until is not None and day <= company.locked_until:
        raise Refused(answers.LOCKED, company.locked_until)
    return Draft(year.id, series, day, description, parsed, comments, cost_centre)


def _fields(body: bytes) -> dict[str, Any]:
    if not body.strip():
        raise Refused(answers.NO_DATA)
    try:
        content = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Refused(answers.BAD_JSON) from error
    if not isinstance(content, dict) or "Voucher" not in content:
        raise Refused(answers.NO_DATA)
    _known(content, frozenset({"Voucher"}))
    fields = content["Voucher"]
    if not isinstance(fields, dict):
        raise Refused(answers.NO_DATA)
    _known(fields, _FIELDS)
    return fields


def _rows(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = fields.get("VoucherRows")
    if not isinstance(rows, list) or len(rows) < _LEAST_ROWS or not all(isinstance(row, dict) for row in rows):
        raise Refused(answers.MISSING_FIELD, "VoucherRows")
    for row in rows:
        _known(row, _ROW_FIELDS)
    return rows


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _known(fields: Mapping[str, Any], known: frozenset[str]) -> None:
    for name in fields:
        if name not in known:
            raise Refused(answers.UNKNOWN_FIELD, name)


def _text(fields: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refused(answers.NOT_TEXT, value)
    if len(value) > longest:
        raise Refused(answers.TOO_LONG, name)
    # "://" was seen refused as well, though each of its characters is in the class (facts §2.6).
    if "://" in value or not all(c in _ALLOWED or unicodedata.category(c).startswith("L") for c in value):
        raise Refused(answers.BAD_CHARACTERS, value)
    return value


def _required(fields: Mapping[str, Any], name: str, longest: int) -> str:
    value = _text(fields, name, longest)
    if not value:
        raise Refused(answers.MISSING_FIELD, name)
    return value


def _code(fields: Mapping[str, Any], name: str) -> str | None:
    """Return a cost centre's or project's code, which must be left out rather than empty."""
    if name in fields and fields[name] in (None, ""):
        raise Refused(answers.NULL, name)
    return _text(fields, name, 20)


def _row(fields: Mapping[str, Any]) -> Row:
    account = fields.get("Account")
    if account is None:
        raise Refused(answers.MISSING_FIELD, "Account")
    if not isinstance(account, int) or isinstance(account, bool):
        raise Refused(answers.NOT_NUMBER, account)
    if not 1000 <= account <= 9999:  # noqa: PLR2004 - an account has four digits
        raise Refused(answers.BAD_ACCOUNT, account)
    _text(fields, "Description", 200)  # taken, and answered with the account's own
    return Row(
        account=account,
        debit=_amount(fields, "Debit") or ZERO,
        credit=_amount(fields, "Credit") or ZERO,
        cost_centre=_code(fields, "CostCenter"),
        text=_text(fields, "TransactionInformation", 100),
        quantity=_amount(fields, "Quantity"),
    )


def _amount(fields: Mapping[str, Any], name: str) -> Decimal | None:
    value = fields.get(name)
    if value is None:
        return None
    amount = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
    if amount is None or abs(amount) >= _LARGEST:
        raise Refused(answers.NOT_NUMBER, value)
    # Recorded for invoice rows (1.125 becomes 1.13); for vouchers it is assumed.
    return amount.quantize(_ORE, ROUND_HALF_UP) + ZERO


def _check_series(code: str, year: Year) -> None:
    if code not in year.series:
        raise Refused(answers.UNKNOWN_SERIES, code)
    if not year.series[code].manual:
        raise Refused(answers.SERIES_NOT_MANUAL, code)


def _check_accounts(rows: tuple[Row, ...], year: Year) -> None:
    for row in rows:
        if row.account not in year.accounts:
            raise Refused(answers.UNKNOWN_ACCOUNT, row.account)
    for row in rows:
        if not year.accounts[row.account].active:
            raise Refused(answers.INACTIVE_ACCOUNT, row.account)


def _check_cost_centre(code: str, company: Company) -> None:
    if code not in company.cost_centres:
        raise Refused(answers.UNKNOWN_COST_CENTRE, code)
    if not company.cost_centres[code].active:
        raise Refused(answers.INACTIVE_COST_CENTRE, code)


def _check_cost_centres(rows: tuple[Row, ...], year: Year, company: Company) -> None:
    for row in rows:
        rule = year.accounts[row.account].cost_centre_rule
        if row.cost_centre is None:
            if rule == "MANDATORY":
                raise Refused(answers.COST_CENTRE_NEEDED, row.account)
            continue
        _check_cost_centre(row.cost_centre, company)
        if rule == "NOTALLOWED":
            raise Refused(answers.COST_CENTRE_FORBIDDEN, row.account)
