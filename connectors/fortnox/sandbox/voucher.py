"""Whether a voucher may be booked: Fortnox's checks, in the order of facts §6."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from connectors.fortnox.sandbox import answers, forms
from connectors.fortnox.sandbox.answers import Refusal, RequestRefused
from connectors.fortnox.sandbox.books import ZERO, Account, Company, DimensionRule, Draft, Row, Year
from connectors.fortnox.sandbox.forms import parse_day
from connectors.fortnox.sandbox.requests import ApiRequest

_FIELDS: Final = frozenset(
    {"Description", "TransactionDate", "VoucherSeries", "VoucherRows", "Comments", "CostCenter", "Project"}
)
_ROW_FIELDS: Final = frozenset(
    {"Account", "Debit", "Credit", "CostCenter", "Project", "TransactionInformation", "Quantity", "Description"}
)
_LEAST_ROWS: Final = 2
_LARGEST: Final = Decimal(10) ** 12  # 14 digits, decimals included


def read(asked: ApiRequest, company: Company) -> Draft:
    """Return the voucher that a request wants booked. Raises RequestRefused for the first check that fails."""
    fields = forms.content(asked.body, "Voucher")
    forms.known(fields, _FIELDS)
    rows = _rows(fields)
    day_text = _required(fields, "TransactionDate", 10)
    day = answers.found(parse_day(day_text), answers.BAD_DATE, day_text)
    series = _required(fields, "VoucherSeries", 10)
    description = _required(fields, "Description", 200)
    comments, cost_centre = _text(fields, "Comments", 1000), _code(fields, "CostCenter")
    project = _code(fields, "Project")
    parsed = tuple(map(_row, rows))

    year = asked.year(company)
    if not year.holds(day):
        raise RequestRefused(answers.NO_YEAR, day)
    _check_series(series, year)
    _check_accounts(parsed, year)
    check_codes(cost_centre, project, company)
    for row in parsed:
        _check_row(row, year.accounts[row.account], company)
    debit, credit = sum((row.debit for row in parsed), ZERO), sum((row.credit for row in parsed), ZERO)
    if debit != credit:
        raise RequestRefused(answers.UNBALANCED, debit, credit)
    if company.locked_until is not None and day <= company.locked_until and series != company.not_locked:
        raise RequestRefused(answers.LOCKED, company.locked_until)
    return Draft(year.id, series, day, description, parsed, comments, cost_centre, project)


def check_codes(cost_centre: str | None, project: str | None, company: Company) -> None:
    """Refuse a cost centre that the company does not have or use, and a project that it does not have."""
    if cost_centre is not None:
        if not company.cost_centre_support:
            raise RequestRefused(answers.NO_COST_CENTRES)
        if cost_centre not in company.cost_centres:
            raise RequestRefused(answers.UNKNOWN_COST_CENTRE, cost_centre)
        if not company.cost_centres[cost_centre].active:
            raise RequestRefused(answers.INACTIVE_COST_CENTRE, cost_centre)
    if project is not None and project not in company.register("projects"):
        raise RequestRefused(answers.UNKNOWN_PROJECT)


def _rows(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = fields.get("VoucherRows")
    if not isinstance(rows, list) or len(rows) < _LEAST_ROWS or not all(isinstance(row, dict) for row in rows):
        raise RequestRefused(answers.MISSING_FIELD, "VoucherRows")
    for row in rows:
        forms.known(row, _ROW_FIELDS)
    return rows


def _text(fields: Mapping[str, Any], name: str, longest: int) -> str | None:
    value = fields.get(name)
    return None if value is None else forms.text(name, value, longest)


def _required(fields: Mapping[str, Any], name: str, longest: int) -> str:
    value = _text(fields, name, longest)
    if not value:
        raise RequestRefused(answers.MISSING_FIELD, name)
    return value


def _code(fields: Mapping[str, Any], name: str) -> str | None:
    """Return a cost centre's or project's code, which must be left out rather than empty."""
    if name in fields and fields[name] in (None, ""):
        raise RequestRefused(answers.NULL, name)
    return _text(fields, name, 20)


def _row(fields: Mapping[str, Any]) -> Row:
    account = fields.get("Account")
    if account is None:
        raise RequestRefused(answers.MISSING_FIELD, "Account")
    if not isinstance(account, int) or isinstance(account, bool):
        raise RequestRefused(answers.NOT_NUMBER, account)
    if not 1000 <= account <= 9999:  # noqa: PLR2004 - an account has four digits
        raise RequestRefused(answers.BAD_ACCOUNT, account)
    _text(fields, "Description", 200)  # taken, and answered with the account's own
    return Row(
        account=account,
        debit=_amount(fields, "Debit") or ZERO,
        credit=_amount(fields, "Credit") or ZERO,
        cost_centre=_code(fields, "CostCenter"),
        text=_text(fields, "TransactionInformation", 100),
        quantity=_amount(fields, "Quantity"),
        project=_code(fields, "Project"),
    )


def _amount(fields: Mapping[str, Any], name: str) -> Decimal | None:
    value = fields.get(name)
    if value is None:
        return None
    amount = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
    if amount is None or abs(amount) >= _LARGEST:
        raise RequestRefused(answers.NOT_NUMBER, value)
    # Recorded for invoice rows (1.125 becomes 1.13); for vouchers it is assumed.
    return forms.rounded(amount)


def _check_series(code: str, year: Year) -> None:
    if code not in year.series:
        raise RequestRefused(answers.UNKNOWN_SERIES, code)
    if not year.series[code].manual:
        raise RequestRefused(answers.SERIES_NOT_MANUAL, code)


def _check_accounts(rows: tuple[Row, ...], year: Year) -> None:
    for row in rows:
        if row.account not in year.accounts:
            raise RequestRefused(answers.UNKNOWN_ACCOUNT, row.account)
    for row in rows:
        if not year.accounts[row.account].active:
            raise RequestRefused(answers.INACTIVE_ACCOUNT, row.account)


def _check_row(row: Row, account: Account, company: Company) -> None:
    check_codes(row.cost_centre, row.project, company)
    rules: tuple[tuple[DimensionRule, str | None, Refusal, Refusal], ...] = (
        (account.cost_centre_rule, row.cost_centre, answers.COST_CENTRE_NEEDED, answers.COST_CENTRE_FORBIDDEN),
        (account.project_rule, row.project, answers.PROJECT_NEEDED, answers.PROJECT_FORBIDDEN),
        (account.text_rule, row.text, answers.TEXT_NEEDED, answers.TEXT_FORBIDDEN),
    )
    for rule, given, needed, forbidden in rules:
        if rule == "MANDATORY" and not given:
            raise RequestRefused(needed, row.account)
        if rule == "NOTALLOWED" and given:
            raise RequestRefused(forbidden, row.account)
