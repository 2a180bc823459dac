"""A Toy HR over HTTP, in memory, with faults on demand. Never chosen silently."""

import json
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra import clock
from infra.imitating import Fault, Faults, Lost, serving
from infra.plugin import Imitation

ACCEPTED: Final = "Bearer sandbox-token"
_STATUS: Final = {Fault.THROTTLED: 429, Fault.UNAUTHORISED: 401, Fault.BAD_GATEWAY: 502}


class Company:
    """A company's people, by id."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.faults = Faults()

    def add(self, **fields: Any) -> dict[str, Any]:
        """Hire somebody."""
        person_id = f"p{len(self.people) + 1}"
        return self.change(person_id, id=person_id, **fields)

    def change(self, person_id: str, **fields: Any) -> dict[str, Any]:
        """Change somebody."""
        changed = self.people.get(person_id, {}) | fields | {"changedAt": clock.now().isoformat()}
        self.people[person_id] = changed
        return changed

    def answer(self, request: Request, body: dict[str, Any]) -> Response:
        """Do what a call asks for."""
        person_id, email = str(request.path_params.get("id", "")), request.query_params.get("email")
        if request.headers.get("authorization") != ACCEPTED:
            return JSONResponse({"error": "unauthorised"}, 401)
        if person_id and person_id not in self.people:
            return JSONResponse({"error": "not_found"}, 404)
        if request.method == "POST" and not body.get("email"):
            return JSONResponse({"error": "incomplete", "message": "email: it is required"}, 422)
        match request.method, person_id:
            case "POST", _:
                return JSONResponse(self.add(**body), 201)
            case "GET", "":
                return JSONResponse({"items": [each for each in self.people.values() if each.get("email") == email]})
        return JSONResponse(self.change(person_id, **body) if body else self.people[person_id])


def app(company: Company) -> Starlette:
    """Return the sandbox as an ASGI application."""

    async def call(request: Request) -> Response:
        raw = await request.body()
        fault = company.faults.choose(f"{request.method} /people")
        lost = fault in {Fault.LOSE_ANSWER, Fault.LOSE_REQUEST}
        instead = Lost() if lost else JSONResponse({"error": fault}, _STATUS.get(fault, 500)) if fault else None
        if instead and fault not in {Fault.LOSE_ANSWER, Fault.FAIL_AFTERWARDS}:
            return instead
        answer = company.answer(request, json.loads(raw or b"{}"))
        return instead or answer

    one, every = Route("/people/{id}", call, methods=["GET", "PATCH"]), Route("/people", call, methods=["GET", "POST"])
    return Starlette(routes=[one, every])


def serve(asked: Imitation) -> AbstractAsyncContextManager[str]:
    """Serve a company that is made up; it keeps nothing."""
    company = Company()
    company.faults = Faults(asked.faults, asked.seed, asked.routes)
    company.add(email="anna@example.se", firstName="Anna", lastName="Exempelsson", mobile="070-174 06 05")
    return serving(app(company), asked.host, asked.port)
