"""The sandbox's own side, under ``/_sandbox``: what stands in the books, and what shall go wrong. Not Fortnox's."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from connectors.fortnox.sandbox import page
from connectors.fortnox.sandbox.books import Account, Books, Company, CostCentre, Rule, Voucher
from connectors.fortnox.sandbox.faults import Fault, Faults
from infra import clock


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CompanyBody(_Body):
    """A company to add. ``cost_centres`` are descriptions by code."""

    database_number: int = Field(ge=1)
    name: str = "Sandlådan AB"
    organisation_number: str = "556000-0001"
    manual_series: tuple[str, ...] = ("A", "F")
    cost_centres: dict[str, str] = {}
    locked_until: date | None = None


class FaultsBody(_Body):
    """What shall go wrong from now on, instead of what was asked for before. Without ``company``: for every company."""

    company: int | None = None
    seed: int | str = 0
    rates: dict[Fault, float] = {}
    only: str | None = "POST /3/vouchers"
    script: tuple[Fault | None, ...] = ()
    seconds: dict[Fault, float] = {}


class LockedPeriodBody(_Body):
    """The last day of a company's locked period; null opens it."""

    company: int
    end_date: date | None


class AccountBody(_Body):
    """An account to add, change or ``remove``; what is left out stays. Without ``year``: in every year."""

    company: int
    number: int = Field(ge=1000, le=9999)
    year: int | None = None
    description: str | None = None
    active: bool | None = None
    cost_centre_rule: Rule | None = None
    remove: bool = False


class SeriesBody(_Body):
    """Whether a series is open for manual entry. Without ``year``: in every year."""

    company: int
    code: str
    manual: bool
    year: int | None = None


_Content = TypeVar("_Content", bound=_Body)


class _Wrong(Exception):
    """What was asked for cannot be done."""


def routes(books: Books) -> list[Route]:
    """Return the routes of the control side and of the page that shows the books."""

    def post(path: str, model: type[_Content], act: Callable[[Books, _Content], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                content = model.model_validate_json(await request.body())
                books.settle(clock.now())
                return _json(act(books, content))
            except ValidationError as error:
                problems = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
                return _json({"problems": problems}, 422)
            except (_Wrong, ValueError) as error:
                return _json({"problems": [str(error)]}, 422)

        return Route(path, endpoint, methods=["POST"])

    def get(path: str, act: Callable[[Books, Request], Awaitable[Response]]) -> Route:
        async def endpoint(request: Request) -> Response:
            books.settle(clock.now())
            return await act(books, request)

        return Route(path, endpoint, methods=["GET"])

    return [
        get("/", _page),
        get("/_sandbox/books", _books),
        get("/_sandbox/calls", _calls),
        post("/_sandbox/companies", CompanyBody, _add_company),
        post("/_sandbox/faults", FaultsBody, _set_faults),
        post("/_sandbox/locked-period", LockedPeriodBody, _lock),
        post("/_sandbox/accounts", AccountBody, _set_account),
        post("/_sandbox/series", SeriesBody, _set_series),
    ]


def _json(content: Any, status: int = 200) -> Response:
    return Response(to_json(content), status, media_type="application/json")


def _chosen(books: Books, request: Request) -> list[Company]:
    number = request.query_params.get("company")
    return [one for one in books.companies.values() if number is None or str(one.database_number) == number]


async def _page(books: Books, request: Request) -> Response:
    return HTMLResponse(page.html(_chosen(books, request)))


async def _books(books: Books, request: Request) -> Response:
    return _json({"companies": [_company(company) for company in _chosen(books, request)]})


async def _calls(books: Books, request: Request) -> Response:
    companies = [
        {
            "database_number": company.database_number,
            "calls": company.calls.routes,
            "faults": company.calls.faults,
            "throttled": company.calls.throttled,
            "busiest_window": company.calls.busiest,
            "posts": company.calls.posts,
        }
        for company in _chosen(books, request)
    ]
    return _json({"companies": companies})


def _company(company: Company) -> dict[str, Any]:
    return {
        "database_number": company.database_number,
        "name": company.name,
        "organisation_number": company.organisation_number,
        "locked_until": company.locked_until,
        "vouchers": [_voucher(voucher) for voucher in company.vouchers()],
    }


def _voucher(voucher: Voucher) -> dict[str, Any]:
    draft = voucher.draft
    return {
        "series": draft.series,
        "number": voucher.number,
        "year_id": draft.year_id,
        "date": draft.date,
        "description": draft.description,
        "comments": draft.comments,
        "booked_at": voucher.booked_at,
        "rows": [
            {
                "account": row.account,
                "debit": row.debit,
                "credit": row.credit,
                "cost_centre": row.cost_centre,
                "text": row.text,
            }
            for row in draft.rows
        ],
    }


def _company_of(books: Books, number: int) -> Company:
    if number not in books.companies:
        raise _Wrong(f"company: no company has database number {number}; add it with POST /_sandbox/companies")
    return books.companies[number]


def _years_of(company: Company, year: int | None) -> list[int]:
    if year is not None and year not in company.years:
        raise _Wrong(f"year: the company has no financial year {year}; its ids are {sorted(company.years)}")
    return list(company.years) if year is None else [year]


def _add_company(books: Books, content: CompanyBody) -> Any:
    company = Company(
        content.database_number,
        content.name,
        content.organisation_number,
        content.manual_series,
        cost_centres={code: CostCentre(code, name) for code, name in content.cost_centres.items()},
        locked_until=content.locked_until,
    )
    return {"companies": [books.add(company).database_number]}


def _set_faults(books: Books, content: FaultsBody) -> Any:
    companies = [_company_of(books, content.company)] if content.company is not None else [*books.companies.values()]
    for company in companies:  # each has its own luck
        seed = f"{content.seed}/{company.database_number}"
        company.faults = Faults(seed, content.rates, content.only, script=content.script, seconds=content.seconds)
    return {"companies": [company.database_number for company in companies]}


def _lock(books: Books, content: LockedPeriodBody) -> Any:
    _company_of(books, content.company).locked_until = content.end_date
    return {"companies": [content.company]}


def _set_account(books: Books, content: AccountBody) -> Any:
    company = _company_of(books, content.company)
    for year in _years_of(company, content.year):
        chart = company.years[year].accounts
        if content.remove:
            if any(row.account == content.number for one in company.vouchers() for row in one.draft.rows):
                raise _Wrong(f"number: account {content.number} stands in vouchers and must stay")
            chart.pop(content.number, None)
            continue
        account = chart.setdefault(content.number, Account(content.number, ""))
        account.description = account.description if content.description is None else content.description
        account.active = account.active if content.active is None else content.active
        account.cost_centre_rule = content.cost_centre_rule or account.cost_centre_rule
    return {"companies": [content.company]}


def _set_series(books: Books, content: SeriesBody) -> Any:
    company = _company_of(books, content.company)
    for year in _years_of(company, content.year):
        if content.code not in company.years[year].series:
            raise _Wrong(f"code: the company has no voucher series {content.code}")
        company.years[year].series[content.code].manual = content.manual
    return {"companies": [content.company]}
