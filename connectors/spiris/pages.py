"""What a year-end program asks: which financial years there are, and a year's balances and vouchers, streamed."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import date
from functools import partial
from tempfile import TemporaryFile
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from connectors.spiris import showing
from infra import clock, ledgers, registry
from infra.access.connections import Connections, days_left, health
from infra.commanding import Failed
from infra.delivery.reading import NotRead
from infra.intake import signing
from infra.ledgers import Books, LedgerYear, SeveralYears
from infra.plugin import Host
from infra.tenants import UnknownTenant
from schemas.ledger_parts import BALANCES, CHART

_SYSTEM: Final = "spiris"
_AT_ONCE: Final = 500
"""Vouchers or so that are written in one piece."""
_PIECE: Final = 1 << 18
"""Bytes that are sent in one piece."""
_AGAIN: Final = 30
"""Seconds after which it may be asked again."""
_HEADERS: Final = {"Cache-Control": "no-store"}
_Answer = Callable[[str, Request], Awaitable[Response]]


def pages(host: Host) -> list[Route]:
    """Return ``GET /v1/{tenant}/spiris/years``, ``/years/{year}``, its ``open-invoices``; signed as deliveries are."""

    def signed(answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
        async def asked(request: Request) -> Response:
            tenant, path = request.path_params["tenant"], request.url.path
            try:
                await signing.asked_by(host.engine, host.vault, tenant, _SYSTEM, path, request.headers)
            except UnknownTenant as error:
                return JSONResponse({"error": str(error)}, 404)
            except signing.BadSignature as error:
                return JSONResponse({"error": str(error)}, 401)
            return await answer(tenant, request)

        return asked

    async def years(tenant: str, _request: Request) -> Response:
        found = await ledgers.years(host.engine, tenant)
        told = {
            "format": showing.FORMAT,
            "connection": await _connection(host, tenant),
            "years": [showing.year(one) for one in found],
        }
        return JSONResponse(told, headers=_HEADERS)

    async def year(tenant: str, request: Request) -> Response:
        wanted = request.path_params["year"]
        known = [one for one in await ledgers.years(host.engine, tenant) if one.retrieved]
        try:
            found = ledgers.meant(known, called) if (called := _called(wanted)) else None
        except SeveralYears as several:
            return JSONResponse({"error": str(several)}, 404)
        if found is None:
            why = f"no year {wanted} was retrieved: bokbuss ledger sync {tenant}, or a SIE file of it"
            return JSONResponse({"error": why}, 404)
        return StreamingResponse(_whole(host, tenant, found), headers=_HEADERS, media_type="application/json")

    return [
        Route("/v1/{tenant}/spiris/years/{year}/open-invoices", signed(partial(_open_invoices, host))),
        Route("/v1/{tenant}/spiris/years", signed(years)),
        Route("/v1/{tenant}/spiris/years/{year}", signed(year)),
    ]


async def _open_invoices(host: Host, tenant: str, request: Request) -> Response:
    wanted = request.path_params["year"]
    read = registry.systems()[registry.ledger()].read_open if registry.ledger() else None
    year = _called(wanted)
    if read is None or year is None:
        why = f"no year {wanted}: the calendar year that it ends in is asked for, or its last day"
        return JSONResponse({"error": why}, 404)
    try:
        found = await read(host, tenant, year)
    except Failed as error:
        return JSONResponse({"error": str(error)}, 404)
    except NotRead as error:
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": str(_AGAIN)})
    return JSONResponse({"format": showing.FORMAT, **showing.specifications(found)}, headers=_HEADERS)


def _called(wanted: str) -> int | date | None:
    """Return what a financial year is called in an address; None: it is no year."""
    try:
        return ledgers.called(wanted)
    except ValueError:
        return None


async def _connection(host: Host, tenant: str) -> Mapping[str, Any]:
    held = await Connections(host.engine, host.vault).held(tenant, registry.ledger())
    now = clock.now()
    left = days_left(held, now.timestamp()) if held else None
    return showing.connection(health(held, now.timestamp()), held.consented_at if held else None, left, now)


async def _whole(host: Host, tenant: str, wanted: LedgerYear) -> AsyncIterator[bytes]:
    """Yield a year as one JSON object, as it was at one moment; memory does not grow with it.

    It waits on disk: whoever is slow to take it keeps no connection to the database from other companies.
    """
    with TemporaryFile() as file:
        async with ledgers.opened(host.engine, tenant, wanted.last) as books:
            if books is None:  # it was removed just now: what is sent is no JSON, and the program asks again
                return
            async for text in _texts(books):
                await asyncio.to_thread(file.write, text.encode())
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


async def _texts(books: Books) -> AsyncIterator[str]:
    yield json.dumps({"format": showing.FORMAT, **showing.year(books.year)}, ensure_ascii=False)[:-1]
    chart = [part async for part in books.parts(_named(books, CHART))]
    for name, items in (
        ("accounts", [showing.account(one) for part in chart for one in part.accounts]),
        ("objects", [showing.code(one) for part in chart for one in part.objects]),
        ("dimensions", [showing.dimension(one) for part in chart for one in part.dimensions]),
    ):
        yield f', "{name}": {json.dumps(items, ensure_ascii=False)}'
    yield ', "balances": ['
    async for text in _listed(
        [showing.balance(b) for b in p.balances] async for p in books.parts(_named(books, BALANCES))
    ):
        yield text
    yield '], "vouchers": ['
    async for text in _listed([showing.voucher(one)] async for one in books.vouchers()):
        yield text
    yield "]}"


def _named(books: Books, first: str) -> list[str]:
    return [one.part for one in books.retrieved.parts if one.part.partition("/")[0] == first]


async def _listed(groups: AsyncIterator[Iterable[Mapping[str, Any]]]) -> AsyncIterator[str]:
    """Yield the members of a JSON list, some at once."""
    before = ""
    held: list[str] = []
    async for group in groups:
        held += [json.dumps(one, ensure_ascii=False) for one in group]
        if len(held) >= _AT_ONCE:
            yield before + ",".join(held)
            before, held = ",", []
    if held:
        yield before + ",".join(held)
