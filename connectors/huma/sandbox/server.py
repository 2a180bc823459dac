"""The sandbox over HTTP: the API, and its own side, not theirs, under ``/_sandbox``."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.huma.sandbox.company import Company, RequestRefused
from connectors.huma.sandbox.webhooks import Mishap
from infra import clock
from infra.imitating import DONE, Fault, instead, scripted


def app(company: Company) -> Starlette:
    """Return the sandbox as an ASGI application."""
    api, control = _Api(company), _Control(company)
    return Starlette(
        routes=[
            Route("/auth/oauth/token", api.token, methods=["POST"]),
            Route("/auth/oauth/revoke", api.revoke, methods=["POST"]),
            Route("/users", api.people, methods=["GET", "POST"]),
            Route("/users/{id}", api.person, methods=["GET", "PATCH"]),
            Route("/users/{id}/positions", api.positions, methods=["GET", "POST"]),
            Route("/users/{id}/positions/{position}", api.position, methods=["GET", "PATCH"]),
            Route("/groups", api.groups, methods=["GET"]),
            Route("/_sandbox", control.shown, methods=["GET"]),
            Route("/_sandbox/webhook", control.register, methods=["POST"]),
            Route("/_sandbox/mishaps", control.set_mishaps, methods=["POST"]),
            Route("/_sandbox/let-go", control.let_go, methods=["POST"]),
            Route("/_sandbox/export", control.export, methods=["POST"]),
            Route("/_sandbox/faults", control.set_faults, methods=["POST"]),
            Route("/_sandbox/people", control.add_person, methods=["POST"]),
            Route("/_sandbox/people/{id}", control.person, methods=["PATCH", "DELETE"]),
        ]
    )


class _Api:
    """What Huma's document describes."""

    def __init__(self, company: Company) -> None:
        self._company = company

    async def token(self, request: Request) -> Response:
        """POST /auth/oauth/token, as a form or as JSON."""
        raw = await request.body()
        json_ = request.headers.get("content-type", "").startswith("application/json")
        try:
            return JSONResponse(self._company.token(json.loads(raw) if json_ else dict(parse_qsl(raw.decode()))))
        except RequestRefused as no:
            return _error(no)
        except ValueError:
            return _error(RequestRefused(400, "body"))

    async def revoke(self, request: Request) -> Response:
        """POST /auth/oauth/revoke."""
        return await self._call(request, lambda _: self._company.forget_tokens())

    async def people(self, request: Request) -> Response:
        """GET and POST /users."""
        company, query = self._company, _query(request)
        if request.method == "GET":
            return await self._call(request, lambda _: company.listed(query))
        return await self._call(request, company.create)

    async def person(self, request: Request) -> Response:
        """GET and PATCH /users/{id}."""
        company, person_id = self._company, request.path_params["id"]
        if request.method == "GET":
            return await self._call(request, lambda _: company.details(person_id))
        return await self._call(request, lambda body: company.change(person_id, body))

    async def positions(self, request: Request) -> Response:
        """GET and POST /users/{id}/positions."""
        company, person_id, query = self._company, request.path_params["id"], _query(request)
        if request.method == "GET":
            return await self._call(request, lambda _: company.listed_positions(person_id, query))
        return await self._call(request, lambda body: company.create_position(person_id, body))

    async def position(self, request: Request) -> Response:
        """GET and PATCH /users/{id}/positions/{id}."""
        company, person_id, position = self._company, request.path_params["id"], request.path_params["position"]
        if request.method == "GET":
            return await self._call(request, lambda _: company.position(person_id, position))
        return await self._call(request, lambda body: company.patch_position(person_id, position, body))

    async def groups(self, request: Request) -> Response:
        """GET /groups."""
        return await self._call(request, lambda _: self._company.listed_groups(_query(request)))

    async def _call(self, request: Request, work: Callable[[Any], Any]) -> Response:
        """Answer a call of the API, as far as the fault allows; what changed is sent afterwards."""
        company, raw = self._company, await request.body()
        company.before(len(company.calls))
        company.calls.append(f"{request.method} {request.url.path}?{request.url.query}")
        fault = company.faults.choose(f"{request.method} /{request.url.path.split('/')[1]}")
        answer = instead(fault, lambda status: _error(RequestRefused(status)), {"error": "too_many_requests"})
        if answer is None or fault in DONE:
            try:
                if not company.admits(request.headers.get("authorization", "").removeprefix("Bearer ")):
                    raise RequestRefused(401)  # noqa: TRY301 - one way to say no
                body = work(json.loads(raw) if raw else None)
                answer = answer or JSONResponse(body)
            except RequestRefused as no:
                answer = answer or _error(no)
            except ValueError:
                answer = answer or _error(RequestRefused(400, "body"))
        answer.background = BackgroundTask(company.webhooks.deliver)
        return answer


class _Control:
    """The sandbox's own side: what people do in the web application, and what is to go wrong."""

    def __init__(self, company: Company) -> None:
        self._company = company

    async def shown(self, _request: Request) -> Response:
        """Show everything, client id and secret included."""
        company = self._company
        return JSONResponse(
            {
                "client_id": company.client_id,
                "client_secret": company.client_secret,
                "calls": len(company.calls),
                "people": company.people,
                "groups": company.groups,
                "deliveries": company.webhooks.sent,
                "held": len(company.webhooks.held),
            }
        )

    async def register(self, request: Request) -> Response:
        """Register where changes are sent to: ``url``, ``secret``, and ``encoding`` of the signature."""
        asked, webhooks = await request.json(), self._company.webhooks
        if not isinstance(asked.get("url"), str) or asked.get("encoding", "hex") not in {"hex", "base64"}:
            return _problem(422, "url: a text is expected; encoding: hex or base64")
        webhooks.url, webhooks.secret = asked["url"], str(asked.get("secret", ""))
        webhooks.encoding = asked.get("encoding", "hex")
        return JSONResponse({"url": webhooks.url})

    async def set_mishaps(self, request: Request) -> Response:
        """Let the next deliveries go wrong: ``{"script": ["lose", "double", "delay", null]}``."""
        return await scripted(request, Mishap, self._company.webhooks.script)

    async def set_faults(self, request: Request) -> Response:
        """Let the next calls go wrong: ``{"script": ["lose_answer", null]}``."""
        return await scripted(request, Fault, self._company.faults.script)

    async def let_go(self, _request: Request) -> Response:
        """Send what was delayed, the last one first."""
        self._company.webhooks.let_go()
        return await self._delivered()

    async def export(self, _request: Request) -> Response:
        """Send everybody's full state."""
        self._company.export()
        return await self._delivered()

    async def add_person(self, request: Request) -> Response:
        """Add somebody: the API's fields, ``first_day`` and ``last_day``."""
        person_id = self._company.add_person(**await request.json())
        await self._company.webhooks.deliver()
        return JSONResponse({"id": person_id})

    async def person(self, request: Request) -> Response:
        """Change (the API's fields) or delete somebody."""
        person_id = request.path_params["id"]
        if person_id not in self._company.people:
            return _problem(404, "there is nobody with this id")
        if request.method == "DELETE":
            self._company.remove(person_id)
        else:
            self._company.change_person(person_id, **await request.json())
        return await self._delivered()

    async def _delivered(self) -> Response:
        await self._company.webhooks.deliver()
        return JSONResponse({"deliveries": self._company.webhooks.sent})


def _query(request: Request) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name, []).extend(value.split(",") if name != "search" else [value])
    return query


def _error(no: RequestRefused) -> Response:
    """Return an error in the form that the document gives its status."""
    bodies: dict[int, dict[str, Any]] = {
        400: {"errorCode": "field:invalid-format", "errorMessage": "Invalid field Format", "fields": list(no.what)},
        401: {"error": "invalid_token", "error_description": "the token or the client is not known"},
        404: {
            "errorCode": "object:not-found",
            "errorMessage": "Object not found",
            "interpolations": {"type": "".join(no.what)},
        },
        500: {
            "timestamp": clock.now().isoformat(),
            "status": {},
            "error": "Internal Server Error",
            "message": "",
            "path": "/",
        },
    }
    return JSONResponse(bodies[no.status], no.status)


def _problem(status: int, what: str) -> Response:
    return JSONResponse({"problems": [what]}, HTTPStatus(status))
