"""Financial years, voucher series, accounts and predefined accounts, which all belong to a year but the last."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any, Final, get_args

from connectors.fortnox.sandbox import answers, forms
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import ZERO, Account, Company, DimensionRule, Series, Year
from connectors.fortnox.sandbox.forms import Day, Field, Flag, Form, Number, Text
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.route import BASE, Route, created, number, ok
from connectors.fortnox.sandbox.voucher import check_codes

_RULE: Final = Text(choices=frozenset(get_args(DimensionRule)))
_NUMBER: Final = Number(places=0)
_YEAR: Final[Form] = {
    "FromDate": Day(required=True),
    "ToDate": Day(required=True),
    "AccountingMethod": Text(choices=frozenset({"ACCRUAL", "CASH"})),
    "AccountChartType": Text(),
}
_SERIES: Final[Form] = {
    "Code": Text(required=True, shortest=1, longest=10),
    "Description": Text(longest=200),
    "Manual": Flag(),
}
_ACCOUNT: Final[Form] = {
    "Number": Number(required=True, places=0),
    "Description": Text(required=True, shortest=1, longest=200),
    "Active": Flag(),
    "BalanceBroughtForward": Number(),
    "CostCenter": Text(),
    "CostCenterSettings": _RULE,
    "Project": Text(),
    "ProjectSettings": _RULE,
    "SRU": _NUMBER,
    "TransactionInformation": Text(longest=100),
    "TransactionInformationSettings": _RULE,
    "VATCode": Text(),
}
_PREDEFINED: Final[Form] = {"Name": Field(), "Account": Number(places=0)}


def financial_years(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List the years, or the year of a day: an empty list is a year that is missing."""
    asked.allow("date", "Date")
    day = asked.day("date") or asked.day("Date")
    years = [year for _, year in sorted(company.years.items()) if day is None or year.holds(day)]
    return ok(**asked.page("FinancialYears", years, _year))


def financial_year(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give one year by its id."""
    asked.allow()
    year = company.years.get(number(asked.path["id"]))
    return ok(FinancialYear=_year(answers.found(year, answers.NO_SUCH_YEAR)))


def post_financial_year(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Make a year with the chart and the series of the newest one."""
    asked.allow()
    fields = forms.read(_YEAR, forms.content(asked.body, "FinancialYear"), new=True)
    first, last = (date.fromisoformat(str(fields[name])) for name in ("FromDate", "ToDate"))
    if last < first:
        raise RequestRefused(answers.BAD_DATE, last)
    if any(first <= year.to_date and year.from_date <= last for year in company.years.values()):
        raise RequestRefused(answers.YEARS_OVERLAP)
    newest = company.years[max(company.years)]
    year = Year(max(company.years) + 1, first, last, deepcopy(newest.accounts))
    year.series = {one.code: Series(one.code, one.description, one.manual) for one in newest.series.values()}
    for account in year.accounts.values():
        account.balance = account.brought_forward = ZERO
    year.method = "CASH" if fields.get("AccountingMethod") == "CASH" else "ACCRUAL"
    year.chart_type = str(fields.get("AccountChartType") or newest.chart_type)
    company.years[year.id] = year
    return created("financialyear", FinancialYear=_year(year))


def voucher_series_collection(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List a year's series."""
    asked.allow("lastmodified", "sortby", "sortorder")
    year = asked.year(company)
    series = asked.modified(one for _, one in sorted(year.series.items()))
    series = asked.ordered(series, {"code": lambda one: one.code})
    return ok(**asked.page("VoucherSeriesCollection", series, lambda one: company.listed(_series(one, year))))


def voucher_series(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give one series of a year."""
    asked.allow()
    year = asked.year(company)
    return ok(VoucherSeries=_series(_found_series(asked, year), year))


def post_voucher_series(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Make a series in a year."""
    asked.allow()
    year = asked.year(company)
    fields = forms.read(_SERIES, forms.content(asked.body, "VoucherSeries"), new=True)
    code = str(fields["Code"])
    if code in year.series:
        raise RequestRefused(answers.TAKEN, code)
    year.series[code] = _changed_series(Series(code, ""), fields, asked)
    return created("voucherseries", VoucherSeries=_series(year.series[code], year))


def put_voucher_series(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Change a series of a year."""
    asked.allow()
    year = asked.year(company)
    series = _found_series(asked, year)
    fields = forms.read(_SERIES, forms.content(asked.body, "VoucherSeries"), new=False)
    if fields.get("Code", series.code) != series.code:
        raise RequestRefused(answers.FIXED, "Code")
    return ok(VoucherSeries=_series(_changed_series(series, fields, asked), year))


def accounts(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List a year's chart by number."""
    asked.allow("lastmodified", "sru", "sortby", "sortorder")
    year, sru = asked.year(company), asked.count("sru")
    chart = asked.modified(one for _, one in sorted(year.accounts.items()) if sru is None or one.sru == sru)
    chart = asked.ordered(chart, {"number": lambda one: one.number})
    return ok(**asked.page("Accounts", chart, lambda account: _listed(account, year, company)))


def account(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give one account of a year."""
    asked.allow()
    year = asked.year(company)
    return ok(Account=_account(_found_account(asked, year), year))


def post_account(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Make an account in a year."""
    asked.allow()
    year = asked.year(company)
    fields = forms.read(_ACCOUNT, forms.content(asked.body, "Account"), new=True)
    wanted = int(str(fields["Number"]))
    if not 1000 <= wanted <= 9999:  # noqa: PLR2004 - an account has four digits
        raise RequestRefused(answers.BAD_ACCOUNT, wanted)
    if wanted in year.accounts:
        raise RequestRefused(answers.TAKEN, wanted)
    year.accounts[wanted] = _changed_account(Account(wanted, ""), fields, asked, company)
    return created("account", Account=_account(year.accounts[wanted], year))


def put_account(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Change an account of a year."""
    asked.allow()
    year = asked.year(company)
    found = _found_account(asked, year)
    fields = forms.read(_ACCOUNT, forms.content(asked.body, "Account"), new=False)
    if fields.get("Number", found.number) != found.number:
        raise RequestRefused(answers.FIXED, "Number")
    return ok(Account=_account(_changed_account(found, fields, asked, company), year))


def delete_account(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Delete an account from a year, unless a voucher bears it."""
    asked.allow()
    year = asked.year(company)
    found = _found_account(asked, year)
    drafts = [one.draft for one in company.vouchers() if one.draft.year_id == year.id]
    if any(row.account == found.number for draft in drafts for row in draft.rows):
        raise RequestRefused(answers.IN_USE, found.number)
    del year.accounts[found.number]
    return ApiAnswer(204, b"")


def predefined_accounts(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List the predefined accounts."""
    asked.allow()
    names = sorted(company.predefined_accounts)
    return ok(**asked.page("PreDefinedAccounts", names, lambda name: _predefined(name, company)))


def predefined_account(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give one predefined account."""
    asked.allow()
    return ok(PreDefinedAccount=_predefined(_found_predefined(asked, company), company))


def put_predefined_account(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Let a predefined account be another one of the preselected year."""
    asked.allow()
    name = _found_predefined(asked, company)
    fields = forms.read(_PREDEFINED, forms.content(asked.body, "PreDefinedAccount"), new=False)
    asked_for = int(str(fields.get("Account") or 0))
    if asked_for and not 1000 <= asked_for <= 9999:  # noqa: PLR2004 - an account has four digits
        raise RequestRefused(answers.BAD_ACCOUNT, asked_for)
    wanted = company.years[company.preselected_year].accounts.get(asked_for)
    if wanted is None or not wanted.active:
        raise RequestRefused(answers.BAD_PREDEFINED, name)
    company.predefined_accounts[name] = wanted.number
    return ok(PreDefinedAccount=_predefined(name, company))


def _found_predefined(asked: ApiRequest, company: Company) -> str:
    name = str(asked.path["name"])
    if name not in company.predefined_accounts:
        raise RequestRefused(answers.NO_PREDEFINED)
    return name


def _found_series(asked: ApiRequest, year: Year) -> Series:
    return answers.found(year.series.get(asked.path["code"]), answers.NO_SERIES)


def _found_account(asked: ApiRequest, year: Year) -> Account:
    return answers.found(year.accounts.get(number(asked.path["number"])), answers.NO_ACCOUNT)


def _changed_series(series: Series, fields: dict[str, Any], asked: ApiRequest) -> Series:
    series.description = fields.get("Description", series.description) or ""
    series.manual = bool(fields.get("Manual", series.manual))
    series.changed = asked.at
    return series


def _changed_account(found: Account, fields: dict[str, Any], asked: ApiRequest, company: Company) -> Account:
    check_codes(fields.get("CostCenter"), fields.get("Project"), company)
    names = {
        "Description": "description",
        "Active": "active",
        "CostCenter": "cost_centre",
        "CostCenterSettings": "cost_centre_rule",
        "Project": "project",
        "ProjectSettings": "project_rule",
        "SRU": "sru",
        "TransactionInformation": "text",
        "TransactionInformationSettings": "text_rule",
        "VATCode": "vat_code",
    }
    cleared = {"Active": False, **dict.fromkeys(("CostCenterSettings", "ProjectSettings"), "ALLOWED")}
    cleared["TransactionInformationSettings"] = "ALLOWED"
    for name, value in fields.items():
        if name in names:
            setattr(found, names[name], cleared.get(name) if value is None else value)
    if "BalanceBroughtForward" in fields:
        found.brought_forward = Decimal(fields["BalanceBroughtForward"] or 0)
    found.changed = asked.at
    return found


def _year(year: Year) -> dict[str, Any]:
    return {
        "@url": f"{BASE}/financialyears/{year.id}",
        "Id": year.id,
        "FromDate": year.from_date,
        "ToDate": year.to_date,
        "AccountChartType": year.chart_type,
        "AccountingMethod": year.method,
    }


def _series(series: Series, year: Year) -> dict[str, Any]:
    return {
        "@url": f"{BASE}/voucherseries/{series.code}",
        "Code": series.code,
        "Description": series.description,
        "Manual": series.manual,
        "NextVoucherNumber": series.next_number,
        "Year": year.id,
        "Approver": None,
    }


def _account(found: Account, year: Year) -> dict[str, Any]:
    return {
        "@url": f"{BASE}/accounts/{found.number}?financialyear={year.id}",
        "Active": found.active,
        "BalanceBroughtForward": found.brought_forward,
        "BalanceCarriedForward": found.brought_forward + found.balance,
        "CostCenter": found.cost_centre,
        "CostCenterSettings": found.cost_centre_rule,
        "Description": found.description,
        "Number": found.number,
        "Project": found.project,
        "ProjectSettings": found.project_rule,
        "SRU": found.sru,
        "TransactionInformation": found.text,
        "TransactionInformationSettings": found.text_rule,
        "VATCode": found.vat_code,
        "Year": year.id,
    }


def _listed(found: Account, year: Year, company: Company) -> dict[str, Any]:
    return company.listed(_account(found, year))


def _predefined(name: str, company: Company) -> dict[str, Any]:
    return {
        "@url": f"{BASE}/predefinedaccounts/{name}",
        "Name": name,
        "Account": company.predefined_accounts[name],
    }


ROUTES: Final[tuple[Route, ...]] = (
    ("GET", "/3/financialyears", "bookkeeping", financial_years),
    ("POST", "/3/financialyears", "bookkeeping", post_financial_year),
    ("GET", "/3/financialyears/{id}", "bookkeeping", financial_year),
    ("GET", "/3/voucherseries", "bookkeeping", voucher_series_collection),
    ("POST", "/3/voucherseries", "bookkeeping", post_voucher_series),
    ("GET", "/3/voucherseries/{code}", "bookkeeping", voucher_series),
    ("PUT", "/3/voucherseries/{code}", "bookkeeping", put_voucher_series),
    ("GET", "/3/accounts", "bookkeeping", accounts),
    ("POST", "/3/accounts", "bookkeeping", post_account),
    ("GET", "/3/accounts/{number}", "bookkeeping", account),
    ("PUT", "/3/accounts/{number}", "bookkeeping", put_account),
    ("DELETE", "/3/accounts/{number}", "bookkeeping", delete_account),
    ("GET", "/3/predefinedaccounts", "settings", predefined_accounts),
    ("GET", "/3/predefinedaccounts/{name}", "settings", predefined_account),
    ("PUT", "/3/predefinedaccounts/{name}", "settings", put_predefined_account),
)
