"""The resources under /3: what each request reads or books, and the form of what it gives back."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from connectors.fortnox.sandbox import answers, voucher
from connectors.fortnox.sandbox.answers import Answer, Refused, to_json
from connectors.fortnox.sandbox.books import Account, Company, CostCentre, Row, Series, Voucher, Year
from connectors.fortnox.sandbox.requests import Asked

Handler = Callable[[Asked, Company], Answer]

_BASE: Final = "https://api.fortnox.se/3"


def company_information(asked: Asked, company: Company) -> Answer:
    """Say whose books these are."""
    asked.allow()
    return _ok(
        CompanyInformation={
            "Address": "",
            "City": "",
            "CountryCode": "SE",
            "DatabaseNumber": company.database_number,
            "CompanyName": company.name,
            "OrganizationNumber": company.organisation_number,
            "VisitAddress": "",
            "VisitCity": "",
            "VisitCountryCode": "SE",
            "VisitZipCode": "",
            "ZipCode": "",
        }
    )


def locked_period(asked: Asked, company: Company) -> Answer:
    """Say until when nothing may be booked; null locks nothing."""
    asked.allow()
    return _ok(LockedPeriod={"EndDate": company.locked_until})


def financial_years(asked: Asked, company: Company) -> Answer:
    """List the years, or the year of a day: an empty list is a year that is missing."""
    asked.allow("date", "Date")
    day = asked.day("date") or asked.day("Date")
    years = [year for _, year in sorted(company.years.items()) if day is None or year.holds(day)]
    return _ok(**asked.page("FinancialYears", years, _year))


def financial_year(asked: Asked, company: Company) -> Answer:
    """Give one year by its id."""
    year = company.years.get(number(asked.path["id"]))
    if year is None:
        raise Refused(answers.NO_SUCH_YEAR)
    return _ok(FinancialYear=_year(year))


def voucher_series_collection(asked: Asked, company: Company) -> Answer:
    """List a year's series."""
    asked.allow()
    year = asked.year(company)
    series = [one for _, one in sorted(year.series.items())]
    return _ok(**asked.page("VoucherSeriesCollection", series, lambda one: _series(one, year)))


def voucher_series(asked: Asked, company: Company) -> Answer:
    """Give one series of a year."""
    asked.allow()
    year = asked.year(company)
    series = year.series.get(asked.path["code"])
    if series is None:
        raise Refused(answers.NO_SERIES)
    return _ok(VoucherSeries=_series(series, year))


def accounts(asked: Asked, company: Company) -> Answer:
    """List a year's chart by number."""
    asked.allow()
    year = asked.year(company)
    chart = [account for _, account in sorted(year.accounts.items())]
    return _ok(**asked.page("Accounts", chart, lambda account: _account(account, year)))


def account(asked: Asked, company: Company) -> Answer:
    """Give one account of a year."""
    asked.allow()
    year = asked.year(company)
    found = year.accounts.get(number(asked.path["number"]))
    if found is None:
        raise Refused(answers.NO_ACCOUNT)
    return _ok(Account=_account(found, year))


def cost_centres(asked: Asked, company: Company) -> Answer:
    """List the cost centres by code."""
    asked.allow()
    centres = [centre for _, centre in sorted(company.cost_centres.items())]
    return _ok(**asked.page("CostCenters", centres, _cost_centre))


def cost_centre(asked: Asked, company: Company) -> Answer:
    """Give one cost centre."""
    found = company.cost_centres.get(asked.path["code"])
    if found is None:
        raise Refused(answers.NO_COST_CENTRE)
    return _ok(CostCenter=_cost_centre(found))


def vouchers(asked: Asked, company: Company) -> Answer:
    """List a year's vouchers, by series and number, without their rows."""
    asked.allow("voucherseries", "fromdate", "todate")
    return _vouchers(asked, company, asked.query.get("voucherseries"))


def vouchers_of_series(asked: Asked, company: Company) -> Answer:
    """List a year's vouchers of one series, without their rows."""
    asked.allow("fromdate", "todate")
    return _vouchers(asked, company, asked.path["series"])


def one_voucher(asked: Asked, company: Company) -> Answer:
    """Give one voucher with its rows."""
    asked.allow()
    year = asked.year(company)
    series = year.series.get(asked.path["series"])
    found = series.vouchers.get(number(asked.path["number"])) if series else None
    if found is None:
        raise Refused(answers.NO_VOUCHER)
    return _ok(Voucher=_voucher(found, year))


def post_voucher(asked: Asked, company: Company) -> Answer:
    """Book a voucher. The same one twice is two vouchers: Fortnox has no idempotency key."""
    asked.allow()
    draft = voucher.read(asked, company)
    booked = company.book(draft, asked.at, asked.listed_from)
    body = to_json({"Voucher": _voucher(booked, company.years[draft.year_id])})
    return Answer(201, body, headers={"Location": "voucher"})


ROUTES: Final[tuple[tuple[str, str, str, Handler], ...]] = (
    ("GET", "/3/companyinformation", "companyinformation", company_information),
    ("GET", "/3/settings/lockedperiod", "settings", locked_period),
    ("GET", "/3/financialyears", "bookkeeping", financial_years),
    ("GET", "/3/financialyears/{id}", "bookkeeping", financial_year),
    ("GET", "/3/voucherseries", "bookkeeping", voucher_series_collection),
    ("GET", "/3/voucherseries/{code}", "bookkeeping", voucher_series),
    ("GET", "/3/accounts", "bookkeeping", accounts),
    ("GET", "/3/accounts/{number}", "bookkeeping", account),
    ("GET", "/3/costcenters", "costcenter", cost_centres),
    ("GET", "/3/costcenters/{code}", "costcenter", cost_centre),
    ("POST", "/3/vouchers", "bookkeeping", post_voucher),
    ("GET", "/3/vouchers", "bookkeeping", vouchers),
    ("GET", "/3/vouchers/sublist", "bookkeeping", vouchers),
    ("GET", "/3/vouchers/sublist/{series}", "bookkeeping", vouchers_of_series),
    ("GET", "/3/vouchers/{series}/{number}", "bookkeeping", one_voucher),
)
"""Method, path, scope and handler."""


def _ok(**content: Any) -> Answer:
    return Answer(200, to_json(content))


def number(text: str) -> int:
    """Return a whole number, or -1 for what is none: no id is negative."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1  # noqa: PLR2004 - digits of an id


def _vouchers(asked: Asked, company: Company, code: str | None) -> Answer:
    year = asked.year(company)
    first, last = asked.day("fromdate") or date.min, asked.day("todate") or date.max
    chosen = sorted(year.series) if code is None else [code] if code in year.series else []
    found = [
        one
        for series in chosen
        for one in year.series[series].vouchers.values()
        if first <= one.draft.date <= last and one.listed_from <= asked.at
    ]
    return _ok(**asked.page("Vouchers", found, _listed))


def _listed(one: Voucher) -> dict[str, Any]:
    draft = one.draft
    return {
        "@url": f"{_BASE}/vouchers/{draft.series}/{one.number}?financialyear={draft.year_id}",
        "Description": draft.description,
        "ReferenceNumber": "",
        "ReferenceType": "MANUAL",
        "TransactionDate": draft.date,
        "VoucherNumber": one.number,
        "VoucherSeries": draft.series,
        "Year": draft.year_id,
    }


def _voucher(one: Voucher, year: Year) -> dict[str, Any]:
    draft = one.draft
    return {
        **_listed(one),
        "ApprovalState": 0,
        "Comments": draft.comments,
        "CostCenter": draft.cost_centre,
        "Project": None,
        "VoucherRows": [_row(row, year.accounts[row.account].description) for row in draft.rows],
    }


def _row(row: Row, description: str) -> dict[str, Any]:
    return {
        "Account": row.account,
        "CostCenter": row.cost_centre,
        "Credit": row.credit,
        "Debit": row.debit,
        "Description": description,
        "Project": None,
        "Quantity": row.quantity,
        "Removed": False,
        "TransactionInformation": row.text,
    }


def _year(year: Year) -> dict[str, Any]:
    return {
        "@url": f"{_BASE}/financialyears/{year.id}",
        "Id": year.id,
        "FromDate": year.from_date,
        "ToDate": year.to_date,
        "AccountChartType": "BAS 2026",
        "AccountingMethod": "ACCRUAL",
    }


def _series(series: Series, year: Year) -> dict[str, Any]:
    return {
        "@url": f"{_BASE}/voucherseries/{series.code}",
        "Code": series.code,
        "Description": series.description,
        "Manual": series.manual,
        "NextVoucherNumber": series.next_number,
        "Year": year.id,
        "Approver": None,
    }


def _account(found: Account, year: Year) -> dict[str, Any]:
    return {
        "@url": f"{_BASE}/accounts/{found.number}?financialyear={year.id}",
        "Active": found.active,
        "BalanceBroughtForward": 0,
        "BalanceCarriedForward": found.balance,
        "CostCenter": None,
        "CostCenterSettings": found.cost_centre_rule,
        "Description": found.description,
        "Number": found.number,
        "Project": None,
        "ProjectSettings": "ALLOWED",
        "SRU": None,
        "TransactionInformation": None,
        "TransactionInformationSettings": "ALLOWED",
        "VATCode": found.vat_code,
        "Year": year.id,
    }


def _cost_centre(found: CostCentre) -> dict[str, Any]:
    return {
        "@url": f"{_BASE}/costcenters/{found.code}",
        "Active": found.active,
        "Code": found.code,
        "Description": found.description,
        "Note": "",
    }
