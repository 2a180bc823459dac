"""The sandbox over HTTP: every call passes token, limiter, faults, scope and licence, and then reaches its resource."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from connectors.fortnox.sandbox import answers, consent, control, licences, page, resources, tokens
from connectors.fortnox.sandbox.answers import ApiAnswer, RequestRefused
from connectors.fortnox.sandbox.books import Books, Company
from connectors.fortnox.sandbox.connections import Cut, Lost
from connectors.fortnox.sandbox.faults import Fault
from connectors.fortnox.sandbox.grants import Token
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import Handler
from connectors.fortnox.sandbox.resources.route import nothing
from connectors.fortnox.sandbox.resources.suppliers import EMPTY_WITHOUT_SCOPE
from connectors.fortnox.sandbox.state import Keeper
from connectors.fortnox.sandbox.topics import Topics
from infra import clock

_TOKEN: Final = "POST /oauth-v1/token"  # noqa: S105 - a route
_REVOKE: Final = "POST /oauth-v1/revoke"
_POST_VOUCHER: Final = "POST /3/vouchers"

_Work = Callable[[datetime, datetime], ApiAnswer]
"""Does what was asked at one time, shown in lists from another time on, and answers."""

_INSTEAD: Final[Mapping[Fault, ApiAnswer | Lost]] = {
    Fault.RESET_BEFORE_COMMIT: Lost(reset=True),
    Fault.SERVER_DOWN: Lost(reset=True),
    Fault.HTML_WITHOUT_COMMIT: answers.BAD_GATEWAY,
    Fault.FAIL_WITHOUT_COMMIT: answers.FAILED,
    Fault.UNAUTHORIZED_MID_RUN: answers.UNAUTHORIZED,
    Fault.THROTTLED: answers.THROTTLED,
}
_AFTERWARDS: Final[Mapping[Fault, ApiAnswer | Lost]] = {
    Fault.COMMIT_THEN_LOSE_ANSWER: Lost(),
    Fault.COMMIT_THEN_500: answers.FAILED,
    Fault.COMMIT_THEN_HTML: answers.BAD_GATEWAY,
    Fault.LATE_COMMIT: Lost(),
    Fault.STALE_LIST: Lost(),
}


def app(books: Books, keeper: Keeper | None = None) -> Starlette:
    """Return the sandbox as an ASGI application; ``running`` serves it, and can drop connections."""
    keeper = keeper or Keeper(books)
    server = _Server(books, keeper)
    return Starlette(
        routes=[
            Route("/oauth-v1/auth", server.ask_consent, methods=["GET"]),
            Route("/oauth-v1/auth", server.take_consent, methods=["POST"]),
            Route("/oauth-v1/token", partial(server.token, _TOKEN), methods=["POST"]),
            Route("/oauth-v1/revoke", partial(server.token, _REVOKE), methods=["POST"]),
            *(
                Route(f"{path}{slash}", partial(server.resource, f"{method} {path}", scope, handler), methods=[method])
                for slash in ("", "/")  # recorded: Fortnox serves both
                for method, path, scope, handler in resources.ROUTES
            ),
            WebSocketRoute("/topics-v1", lambda socket: Topics(books, socket).serve()),
            *control.routes(books, keeper),
        ]
    )


class _Server:
    def __init__(self, books: Books, keeper: Keeper) -> None:
        self._books, self._keeper = books, keeper
        self._numbers = itertools.count(1)

    async def ask_consent(self, request: Request) -> Response:
        """Let a person log in and choose a company."""
        params = dict(request.query_params)
        try:
            wanted = consent.read(self._books, params)
            user = resources.number(params["user"]) if "user" in params else None
            return HTMLResponse(page.consent(self._books, wanted, params, user))
        except consent.Impossible as no:
            return HTMLResponse(page.no_consent(str(no)), 400)
        except consent.Redirect as back:
            return RedirectResponse(back.location, 302)

    async def take_consent(self, request: Request) -> Response:
        """Take a person's decision."""
        form = await _form(request)
        if "grant_type" in form:  # a code that was sent to the wrong address (facts §1.5)
            return Response(status_code=403)
        try:
            wanted = consent.read(self._books, form)
            user, company = resources.number(form.get("user", "")), resources.number(form.get("company", ""))
            approved = form.get("decision") == "approve"
            back = consent.decide(self._books, wanted, user, company, clock.now(), approved=approved)
            self._keeper.changed()
        except consent.Impossible as no:
            return HTMLResponse(page.no_consent(str(no)), 400)
        except consent.Redirect as refused:
            back = refused
        return RedirectResponse(back.location, 302)

    async def token(self, route: str, request: Request) -> Response:
        """Give an access token, or end a consent."""
        form = await _form(request)
        at, tick = clock.now(), clock.monotonic()
        company = tokens.company_of(self._books, form, request.headers.get("tenantid", ""))
        client_id = tokens.client_of(self._books, request.headers.get("authorization", ""))

        def work(now: datetime, _listed_from: datetime) -> ApiAnswer:
            if route == _REVOKE:
                return tokens.revoke(self._books, client_id, form)
            return tokens.grant(self._books, client_id, company, form, now)

        if company is None:
            return self._reply(work(at, at))
        company.settle(at)
        company.calls.routes[route] += 1
        fault = company.faults.ongoing(tick) or company.faults.choose(f"{route} {form.get('grant_type', '')}", tick)
        answer = await _carry_out(fault, work, company, request, at)
        self._keeper.changed(company.database_number)
        return self._reply(answer, fault)

    async def resource(self, route: str, scope: str, handler: Handler, request: Request) -> Response:
        """Answer a call under /3."""
        body = await request.body()
        at, tick = clock.now(), clock.monotonic()
        held = tokens.holder(self._books, request.headers.get("authorization", ""), at)
        if held is None:
            return self._reply(answers.UNAUTHORIZED)
        text, token = held
        company = self._books.companies[token.database_number]
        if company.settle(at):
            self._keeper.changed(company.database_number)
        accepted = company.calls.arrive(token.client_id, route, tick, self._books.limit)
        if route == _POST_VOUCHER:
            company.calls.posts.append(at.timestamp())
        fault = company.faults.ongoing(tick)
        if fault is None and not accepted:
            return self._reply(self._throttled(company, token, tick))
        fault = fault or company.faults.choose(route, tick)
        if fault is Fault.UNAUTHORIZED_MID_RUN:
            del self._books.tokens[text]
        query, path = dict(request.query_params), request.path_params

        def work(now: datetime, listed_from: datetime) -> ApiAnswer:
            if (key := EMPTY_WITHOUT_SCOPE.get(route.removeprefix("GET "))) and scope not in token.scope.split():
                return nothing(key)
            user = self._books.users.get(token.user)
            answer = self._handle(
                handler, scope, token, ApiRequest(now, path, query, body, listed_from, token.user, user)
            )
            return answer if self._books.php_json else answers.plain(answer)

        answer = await _carry_out(fault, work, company, request, at)
        if request.method != "GET":
            self._keeper.changed(company.database_number)
        return self._reply(answer, fault)

    def _handle(self, handler: Handler, scope: str, token: Token, asked: ApiRequest) -> ApiAnswer:
        company = self._books.companies[token.database_number]
        if scope not in token.scope.split():
            return answers.refused(answers.NO_SCOPE, (), self._books.codes, self._books.scope_status)
        if lacking := licences.lacking(scope, company.licences):
            return answers.refused(lacking, (), self._books.codes, self._books.licence_status)
        try:
            return handler(asked, company)
        except RequestRefused as no:
            return answers.refused(no.refusal, no.details, self._books.codes)

    def _throttled(self, company: Company, token: Token, tick: float) -> ApiAnswer:
        company.calls.throttled += 1
        if not self._books.retry_after:
            return answers.THROTTLED
        wait = company.calls.wait(token.client_id, tick, self._books.limit)
        return replace(answers.THROTTLED, headers={"Retry-After": str(int(wait) + 1)})

    def _reply(self, answer: ApiAnswer | Lost, fault: Fault | None = None) -> Response:
        if isinstance(answer, Lost):
            return answer
        headers = {
            "Server": "Fortnox",
            "Date": format_datetime(clock.now() + timedelta(seconds=self._books.clock_offset), usegmt=True),
            "Content-Type": answer.content_type,
            "X-Uid": f"{next(self._numbers) % 0x100000000:08x}",
        }
        whole = Response(answer.body, answer.status, {**headers, **answer.headers})
        return Cut(whole) if fault is Fault.CUT_ANSWER and len(answer.body) > 1 else whole


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace")))


async def _carry_out(
    fault: Fault | None, work: _Work, company: Company, request: Request, at: datetime
) -> ApiAnswer | Lost:
    """Do the work and answer, as far as the fault allows."""
    if fault is None:
        return work(at, at)
    company.calls.faults[fault] += 1
    if fault in _INSTEAD:
        return _INSTEAD[fault]
    later = at + timedelta(seconds=company.faults.seconds.get(fault, 0.0))
    if fault is Fault.SLOW_BEFORE_COMMIT:
        # Not simply done after the wait: it is done also when the client has gone by then.
        done: list[ApiAnswer] = []
        company.later(later, lambda due: done.append(work(due, due)))
        if await _client_leaves(request, later):
            return Lost()
        company.settle(max(later, clock.now()))
        return done[0]
    if fault is Fault.LATE_COMMIT:
        company.later(later, lambda due: work(due, due))
        return _AFTERWARDS[fault]
    answer = work(at, later if fault is Fault.STALE_LIST else at)
    if fault is Fault.SLOW:
        await _client_leaves(request, later)
    return _AFTERWARDS.get(fault, answer)


async def _client_leaves(request: Request, until: datetime) -> bool:
    """Wait, and tell whether the client did not wait that long."""
    try:
        async with asyncio.timeout((until - clock.now()).total_seconds()):
            while (await request.receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True
