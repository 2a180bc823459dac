"""The sandbox over HTTP: the API under ``/v1``, and its own side, not theirs, under ``/_sandbox``."""

import json
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.alexishr.sandbox.company import Company, RequestRefused
from connectors.alexishr.sandbox.forms import FORMS
from infra import clock
from infra.imitating import DONE, Fault, instead, scripted

_NAMES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    500: "Internal server error",
}


def app(company: Company) -> Starlette:
    """Return the sandbox as an ASGI application."""
    server = _Server(company)
    return Starlette(
        routes=[
            Route("/v1/{resource}", server.list, methods=["GET"]),
            Route("/v1/{resource}", server.create, methods=["POST"]),
            Route("/v1/{resource}/{id}", server.one, methods=["GET"]),
            Route("/v1/{resource}/{id}", server.change, methods=["PATCH"]),
            Route("/_sandbox", server.shown, methods=["GET"]),
            Route("/_sandbox/people", server.add_person, methods=["POST"]),
            Route("/_sandbox/leaves", server.add_leave, methods=["POST"]),
            Route("/_sandbox/faults", server.set_faults, methods=["POST"]),
            Route("/_sandbox/{resource}/{id}", server.alter, methods=["PATCH"]),
            Route("/_sandbox/{resource}/{id}", server.remove, methods=["DELETE"]),
        ]
    )


class _Server:
    def __init__(self, company: Company) -> None:
        self._company = company

    async def list(self, request: Request) -> Response:
        """GET a list."""
        resource = request.path_params["resource"]
        return await self._call(request, lambda _: self._company.listed(resource, request.query_params.multi_items()))

    async def one(self, request: Request) -> Response:
        """GET one."""
        resource, record_id = request.path_params["resource"], request.path_params["id"]
        query = request.query_params.multi_items()
        return await self._call(request, lambda _: self._company.one(resource, record_id, query))

    async def create(self, request: Request) -> Response:
        """POST."""
        resource = request.path_params["resource"]
        return await self._call(request, lambda body: self._company.create(resource, body), 201)

    async def change(self, request: Request) -> Response:
        """PATCH."""
        resource, record_id = request.path_params["resource"], request.path_params["id"]
        return await self._call(request, lambda body: self._company.change(resource, record_id, body))

    async def _call(self, request: Request, work: Callable[[Any], Any], status: int = 200) -> Response:
        """Answer a call of the API, as far as the fault allows."""
        company, raw = self._company, await request.body()
        company.before(len(company.calls))
        company.calls.append(f"{request.method} {request.url.path}?{request.url.query}")
        resource = request.path_params["resource"]
        fault = company.faults.choose(f"{request.method} /v1/{resource}")
        throttled = {"statusCode": 429, "message": "Too Many Requests"}
        answer = instead(fault, lambda status: _error(status, _NAMES[status]), throttled)
        if answer is None or fault in DONE:
            try:
                if request.headers.get("authorization") != f"Bearer {company.token}":
                    raise RequestRefused(401, "Unauthorized")  # noqa: TRY301 - one way to say no
                if resource not in FORMS or (request.method != "GET" and not FORMS[resource].written):
                    raise RequestRefused(404, f"Cannot {request.method} {request.url.path}")  # noqa: TRY301 - the same
                body = work(json.loads(raw) if raw else None)
                answer = answer or JSONResponse(body, status)
            except RequestRefused as no:
                answer = answer or _error(no.status, *no.messages)
            except ValueError:
                answer = answer or _error(400, "the body is no JSON")
        if company.tells_time:
            at = clock.now() + timedelta(seconds=company.clock_offset)
            answer.headers["Date"] = format_datetime(at, usegmt=True)
        return answer

    # --- The sandbox's own side -------------------------------------------------------------------------------------

    async def shown(self, _request: Request) -> Response:
        """Show everything, and the token."""
        company = self._company
        return JSONResponse({"token": company.token, "calls": len(company.calls), **company.records})

    async def add_person(self, request: Request) -> Response:
        """Hire somebody: the API's fields, ``first_day`` and ``last_day``."""
        return JSONResponse({"id": self._company.add_person(**await request.json())})

    async def add_leave(self, request: Request) -> Response:
        """Approve a leave: ``person_id``, ``kind``, ``first_day``, ``last_day``, ``extent``."""
        return JSONResponse({"id": self._company.add_leave(**await request.json())})

    async def alter(self, request: Request) -> Response:
        """Change an ``employee``, an ``employment`` or a ``leave``: the API's fields."""
        company, record_id, fields = self._company, request.path_params["id"], await request.json()
        changes: dict[str, Callable[..., None]] = {
            "employee": company.change_person,
            "employment": company.change_employment,
            "leave": company.change_leave,
        }
        change = changes.get(request.path_params["resource"])
        if change is None or record_id not in company.records[request.path_params["resource"]]:
            return JSONResponse({"problems": ["there is no such record to change"]}, 404)
        change(record_id, **fields)
        return JSONResponse({"id": record_id})

    async def remove(self, request: Request) -> Response:
        """Delete a record."""
        resource, record_id = request.path_params["resource"], request.path_params["id"]
        if record_id not in self._company.records.get(resource, {}):
            return JSONResponse({"problems": ["there is no such record"]}, 404)
        self._company.remove(resource, record_id)
        return JSONResponse({"id": record_id})

    async def set_faults(self, request: Request) -> Response:
        """Let the next calls go wrong: ``{"script": ["lose_answer", null]}``."""
        return await scripted(request, Fault, self._company.faults.script)


def _error(status: int, *messages: str) -> Response:
    message: Any = list(messages) if status == 400 else messages[0]  # noqa: PLR2004 - as their document has it
    return JSONResponse({"statusCode": status, "message": message, "error": _NAMES[status]}, status)
