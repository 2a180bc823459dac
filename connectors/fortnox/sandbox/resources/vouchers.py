"""Vouchers: booked and listed, never changed and never deleted."""

from typing import Any, Final

from connectors.fortnox.sandbox import answers, voucher
from connectors.fortnox.sandbox.answers import ApiAnswer
from connectors.fortnox.sandbox.books import Company, Row, Voucher, Year
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.route import BASE, Route, created, number, ok

_SEARCH: Final = ("fromdate", "todate", "lastmodified", "costcenter")


def vouchers(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List a year's vouchers, by series and number, without their rows."""
    asked.allow("voucherseries", *_SEARCH)
    return _vouchers(asked, company, asked.query.get("voucherseries"))


def vouchers_of_series(asked: ApiRequest, company: Company) -> ApiAnswer:
    """List a year's vouchers of one series, without their rows."""
    asked.allow(*_SEARCH)
    return _vouchers(asked, company, asked.path["series"])


def one_voucher(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Give one voucher with its rows."""
    asked.allow()
    year = asked.year(company)
    series = year.series.get(asked.path["series"])
    found = series.vouchers.get(number(asked.path["number"])) if series else None
    return ok(Voucher=company.seen(_voucher(answers.found(found, answers.NO_VOUCHER), year)))


def post_voucher(asked: ApiRequest, company: Company) -> ApiAnswer:
    """Book a voucher. The same one twice is two vouchers: Fortnox has no idempotency key."""
    asked.allow()
    draft = voucher.read(asked, company)
    booked = company.book(draft, asked.at, asked.listed_from)
    return created("voucher", Voucher=company.seen(_voucher(booked, company.years[draft.year_id])))


def _vouchers(asked: ApiRequest, company: Company, code: str | None) -> ApiAnswer:
    year = asked.year(company)
    centre = asked.query.get("costcenter")
    (first, last), since = asked.period(), asked.since()
    chosen = sorted(year.series) if code is None else [code] if code in year.series else []
    found = [
        one
        for series in chosen
        for one in year.series[series].vouchers.values()
        if first <= one.draft.date <= last
        and one.listed_from <= asked.at
        and (since is None or one.booked_at >= since)
        and (centre is None or centre in (one.draft.cost_centre, *(row.cost_centre for row in one.draft.rows)))
    ]
    return ok(**asked.page("Vouchers", found, lambda one: company.seen(_listed(one))))


def _listed(one: Voucher) -> dict[str, Any]:
    draft = one.draft
    return {
        "@url": f"{BASE}/vouchers/{draft.series}/{one.number}?financialyear={draft.year_id}",
        "Description": draft.description,
        "ReferenceNumber": draft.reference,
        "ReferenceType": draft.reference_type,
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
        "Project": draft.project,
        "VoucherRows": [_row(row, year.accounts[row.account].description) for row in draft.rows],
    }


def _row(row: Row, description: str) -> dict[str, Any]:
    return {
        "Account": row.account,
        "CostCenter": row.cost_centre,
        "Credit": row.credit,
        "Debit": row.debit,
        "Description": description,
        "Project": row.project,
        "Quantity": row.quantity,
        "Removed": False,
        "TransactionInformation": row.text,
    }


ROUTES: Final[tuple[Route, ...]] = (
    ("POST", "/3/vouchers", "bookkeeping", post_voucher),
    ("GET", "/3/vouchers", "bookkeeping", vouchers),
    ("GET", "/3/vouchers/sublist", "bookkeeping", vouchers),
    ("GET", "/3/vouchers/sublist/{series}", "bookkeeping", vouchers_of_series),
    ("GET", "/3/vouchers/{series}/{number}", "bookkeeping", one_voucher),
)
