"""The sandbox's own side, under ``/_sandbox``: what stands in the books, and what shall go wrong. Not Fortnox's."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from connectors.fortnox.sandbox import by_hand, changes, page, patching, state
from connectors.fortnox.sandbox.books import Books, Company, Voucher
from connectors.fortnox.sandbox.changes import Wrong, company_of
from connectors.fortnox.sandbox.state import Keeper
from infra import clock

_Change = Callable[[Books, Request, bytes], Any]
_PATCH: Final[TypeAdapter[dict[str, Any]]] = TypeAdapter(dict[str, Any])


def routes(books: Books, keeper: Keeper) -> list[Route]:
    """Return the routes of the control side and of the page that shows the books."""
    return [
        *(Route(path, _looking(books, keeper, look)) for path, look in _LOOKS.items()),
        *(
            Route(path, _changing(books, keeper, change), methods=[method])
            for (method, path), change in _CHANGES.items()
        ),
    ]


def _looking(books: Books, keeper: Keeper, look: Callable[[Books, Request], Awaitable[Response]]) -> Any:
    async def endpoint(request: Request) -> Response:
        if settled := books.settle(clock.now()):
            keeper.changed(*settled)
        try:
            return await look(books, request)
        except Wrong as error:
            return _json({"problems": [str(error)]}, 404)

    return endpoint


def _changing(books: Books, keeper: Keeper, change: _Change) -> Any:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        books.settle(clock.now())
        try:
            answer = _json(change(books, request, body))
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()]
            return _json({"problems": problems}, 422)
        except ValueError as error:
            return _json({"problems": [str(error)]}, 422)
        keeper.changed(*books.companies)
        return answer

    return endpoint


def _json(content: Any, status: int = 200) -> Response:
    return Response(to_json(content), status, media_type="application/json")


def _chosen(books: Books, request: Request) -> list[Company]:
    number = request.query_params.get("company")
    return [one for one in books.companies.values() if number is None or str(one.database_number) == number]


async def _page(books: Books, request: Request) -> Response:
    return HTMLResponse(page.books(books, _chosen(books, request)))


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


async def _consents(books: Books, request: Request) -> Response:
    chosen = {company.database_number for company in _chosen(books, request)}
    consents = [
        {
            "id": number,
            "client_id": one.client_id,
            "company": one.database_number,
            "user": one.user,
            "scope": one.scope,
            "service": one.service,
            "offline": one.offline,
            "at": one.at,
            "refresh_tokens": sum(
                each.consent == number and not each.used and clock.now() < each.expires
                for each in books.refresh_tokens.values()
            ),
        }
        for number, one in books.consents.items()
        if one.database_number in chosen
    ]
    return _json({"consents": consents})


async def _settings(books: Books, _request: Request) -> Response:
    return _json(patching.settings(books))


async def _whole_company(books: Books, request: Request) -> Response:
    return _json(state.shown(company_of(books, request.path_params["company"])))


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


def _change_company(books: Books, request: Request, body: bytes) -> Any:
    company = company_of(books, request.path_params["company"])
    patching.company(company, _PATCH.validate_json(body))
    return {"companies": [company.database_number]}


def _change_settings(books: Books, _request: Request, body: bytes) -> Any:
    patching.change_settings(books, _PATCH.validate_json(body))
    return patching.settings(books)


def _made(body: type[changes.Body], make: Callable[[Books, Any], Any]) -> _Change:
    return lambda books, _request, content: make(books, body.model_validate_json(content))


_LOOKS: Final[Mapping[str, Callable[[Books, Request], Awaitable[Response]]]] = {
    "/": _page,
    "/_sandbox": _page,
    "/_sandbox/books": _books,
    "/_sandbox/calls": _calls,
    "/_sandbox/consents": _consents,
    "/_sandbox/settings": _settings,
    "/_sandbox/companies/{company:int}": _whole_company,
}
_CHANGES: Final[Mapping[tuple[str, str], _Change]] = {
    ("PATCH", "/_sandbox/settings"): _change_settings,
    ("PATCH", "/_sandbox/companies/{company:int}"): _change_company,
    ("POST", "/_sandbox/companies"): _made(changes.CompanyBody, changes.add_company),
    ("POST", "/_sandbox/years"): _made(changes.YearBody, changes.add_year),
    ("POST", "/_sandbox/approve"): _made(changes.ApproveBody, changes.approve),
    ("POST", "/_sandbox/scopes"): _made(changes.ScopesBody, changes.set_scopes),
    ("POST", "/_sandbox/withdraw"): _made(changes.WithdrawBody, changes.withdraw),
    ("POST", "/_sandbox/faults"): _made(changes.FaultsBody, changes.set_faults),
    ("POST", "/_sandbox/locked-period"): _made(changes.LockedPeriodBody, changes.lock),
    ("POST", "/_sandbox/accounts"): _made(changes.AccountBody, changes.set_account),
    ("POST", "/_sandbox/series"): _made(changes.SeriesBody, changes.set_series),
    ("POST", "/_sandbox/vouchers"): _made(by_hand.VoucherBody, by_hand.change_voucher),
}
