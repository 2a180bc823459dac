"""HTTP in: deliveries, health, metrics, and the pages of plugins."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Any
from urllib.parse import unquote

import psycopg
import uvicorn
from aiokafka.errors import KafkaError
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder
from pydantic import BaseModel
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from infra import clock, telemetry, tracing, words
from infra.failing import named
from infra.folders import InUse
from infra.intake.accepting import Accepted, Acceptor, OtherBody, Unavailable
from infra.intake.signing import BadSignature
from infra.plugin import Malformed, Source
from infra.settings import authority
from infra.tenants import UnknownTenant
from schemas.words import Spoken

_log = telemetry.log(__name__)

HealthCheck = Callable[[], Awaitable[None]]
_PROBE: Any = {"methods": ["GET", "HEAD"], "include_in_schema": False}  # two methods would be one operation twice
_READY_WITHIN = 3.0
_NO_ROOM = ("53", "58")
"""What PostgreSQL's own names of lacking room, memory or a sound disk begin with: whoever comes next meets it too."""
_REFUSED_SECONDS = 30.0
"""For which nothing else is asked after such a refusal: nothing but a delivery shows that it is over."""
_DIGITS = 18
_DELIVER = "/v1/{tenant}/{system}"
_END_WITHIN = 5
"""Seconds that requests have to end when the process is asked to: a sender that stalls must not keep it."""


class TooLarge(Spoken, ValueError):
    """The body is larger than is set: BOKBUSS_MAX_BODY, or what a system whose payloads are files brings."""


class Taken(BaseModel):
    """What a delivery has become: the ids of its events. Kafka has them.

    ``problems``: what of it could not be used, by field; it counts all the same.
    """

    event_ids: list[str]
    problems: list[str] = []


class Refusal(BaseModel):
    """Why a request was not served. ``problems``: of a payload that breaks its format, by field."""

    error: str
    problems: list[str] = []


_BODY: Any = {
    "requestBody": {
        "required": True,
        "description": "A payload of the system, in its own format: connectors/SYSTEM/README.md",
        "content": {"application/json": {"schema": {}}, "application/octet-stream": {"schema": {}}},
    }
}
_STATUS: dict[type[Exception], int] = {
    BadSignature: 401,
    UnknownTenant: 404,
    OtherBody: 409,
    Unavailable: 503,
}


def application(checks: Mapping[str, HealthCheck]) -> FastAPI:
    """Return the application that every role has: /healthz, /readyz, /metrics."""
    # FastAPI's own pages run scripts of another host, here beside the desk; /openapi.json tells the same
    app = FastAPI(title="bokbuss", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.add_middleware(_Addresses)
    app.add_exception_handler(404, _not_there)
    app.add_exception_handler(405, _not_allowed)
    app.add_exception_handler(psycopg.Error, _away)
    for silent in (KafkaError, Unavailable):
        app.add_exception_handler(silent, _not_told)

    @app.api_route("/healthz", **_PROBE, response_class=PlainTextResponse)
    async def healthz() -> str:
        """Answer as long as the event loop turns."""
        return "ok\n"

    @app.api_route("/readyz", **_PROBE)
    async def readyz() -> Response:
        """Tell which of the parts that this role needs answer: 200 when all do, else 503."""
        said = await asyncio.gather(*(_asked(check) for check in checks.values()))
        state = {name: why or "ok" for name, why in zip(checks, said, strict=True)}
        problems = any(said)
        return JSONResponse({"ready": not problems, "checks": state}, status_code=503 if problems else 200)

    @app.api_route("/metrics", **_PROBE)
    async def metrics(request: Request) -> Response:
        """Return every metric, as OpenMetrics to whoever asks for that: with exemplars; else as Prometheus' text."""
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(REGISTRY), media_type=media_type)

    return app


async def _asked(check: HealthCheck) -> str:
    """Return why something does not answer, or nothing. What hangs is left behind: it takes its time to give up."""
    asked = asyncio.ensure_future(check())
    done, _ = await asyncio.wait({asked}, timeout=_READY_WITHIN)
    if not done:
        asked.cancel()
        return TimeoutError.__name__
    error = asked.exception()
    return named(error) if error is not None else ""


class _Addresses:
    """Serves an address with a slash behind it as the one without, and knows no address with the character NUL."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            if "\0" in path + unquote(scope["query_string"].decode("latin-1")):  # PostgreSQL keeps it in no text
                problem = {"error": "the address holds the character NUL: no company is called so, and nothing else"}
                await JSONResponse(problem, 404)(scope, receive, send)
                return
            if len(path) > 1 and path.endswith("/"):
                scope = {**scope, "path": path.rstrip("/") or "/"}
        await self._app(scope, receive, send)


async def _not_there(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": "there is nothing at this address"}, 404)


async def _not_allowed(request: Request, _error: Exception) -> Response:
    """Say with 405 which methods an address has, of all routes that it has."""
    matching = [route for route in request.app.router.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = sorted({method for route in matching for method in getattr(route, "methods", None) or ()})
    return JSONResponse({"error": f"this address takes {', '.join(methods)}"}, 405, {"Allow": ", ".join(methods)})


async def _away(_request: Request, error: Exception) -> Response:
    _log.warning("page not shown", error=named(error))
    return PlainTextResponse("The database does not answer. Try again in a moment.\n", 503, {"Retry-After": "5"})


async def _not_told(_request: Request, error: Exception) -> Response:
    _log.warning("perhaps not accepted", error=named(error))
    said = "Kafka does not answer. What you sent may not have been taken: look in a moment, and send it again if not.\n"
    return PlainTextResponse(said, 503, {"Retry-After": "5"})


class _Room:
    """Whether the database has room for deliveries. It is not tried: what is taken back needs room as well."""

    _lacks: tuple[BaseException, float] | None = None

    def taken(self) -> None:
        self._lacks = None

    def refused(self, error: BaseException) -> None:
        if str(getattr(error, "sqlstate", "")).startswith(_NO_ROOM):
            self._lacks = error, clock.monotonic() + _REFUSED_SECONDS

    async def check(self) -> None:
        if self._lacks is not None and clock.monotonic() < self._lacks[1]:
            raise self._lacks[0].with_traceback(None)


def deliveries(app: FastAPI, acceptor: Acceptor, sources: Mapping[str, Source], max_body: int) -> HealthCheck:
    """Add ``POST /v1/{tenant}/{system}``: a signed payload of a system is accepted once.

    Returns: what fails as the last delivery did, where every other one would as well: on a full disk the database
    answers whatever else it is asked.
    """
    room = _Room()

    @app.post(
        _DELIVER,
        status_code=202,
        response_model=Taken,
        responses={code: {"model": Refusal} for code in (400, 401, 404, 409, 413, 422, 503)},
        openapi_extra=_BODY,
    )
    async def deliver(tenant: str, system: str, request: Request) -> Response:
        """Accept a delivery: 202 and the ids of its events, once Kafka has them."""
        begun = clock.monotonic()
        known = system if system in sources else "unknown"
        trace = _trace(request.headers.get(tracing.HEADER, ""))
        with tracing.span(
            f"POST {_DELIVER}", "server", origin=trace, http__request__method="POST", http__route=_DELIVER
        ) as span:
            status = 500  # of what nobody foresaw, a fault of ours or a full disk: it counts before all others
            try:
                status, answer = await _answer(tenant, system, request, trace or span.traceparent)
            finally:
                span.set(http__response__status_code=status, bokbuss__system=known)
                telemetry.DELIVERIES.labels(known, str(status)).inc(exemplar=tracing.exemplar())
                telemetry.DELIVERY_SECONDS.labels(known).observe(clock.monotonic() - begun, tracing.exemplar())
        return JSONResponse(answer, status_code=status, headers={"Retry-After": "5"} if status == 503 else None)  # noqa: PLR2004

    async def _answer(tenant: str, system: str, request: Request, trace: str) -> tuple[int, dict[str, Any]]:
        if (source := sources.get(system)) is None:
            return 404, {"error": f"no system is called {system!r}: {', '.join(sorted(sources))}"}
        try:
            accepted = await _accepted(tenant, source, request, trace)
        except ClientDisconnect:
            return 400, {"error": "the sender left before the body was whole"}
        except TooLarge as error:
            return 413, {"error": str(error)}
        except Malformed as error:
            return 422, {"error": "the payload breaks its format", "problems": list(error.problems)}
        except tuple(_STATUS) as error:
            room.refused(error.__cause__ or error)
            return _refused(error, system)
        room.taken()
        unused = {"problems": list(accepted.unused)} if accepted.unused else {}
        return 202, {"event_ids": list(accepted.event_ids), **unused}

    async def _accepted(tenant: str, source: Source, request: Request, trace: str) -> Accepted:
        headers, body = request.headers, BytesIO()
        if source.files is None:
            await receive(request, body, max_body, "BOKBUSS_MAX_BODY")
            payload = body.getvalue()
            return await acceptor.accept_delivery(
                tenant=tenant, source=source, body=payload, headers=headers, trace=trace
            )
        with TemporaryFile() as file:
            await receive(request, file, acceptor.most(source.files), source.files.setting)
            return await acceptor.accept_delivered_file(
                tenant=tenant, source=source, file=file, headers=headers, trace=trace
            )

    return room.check


def _refused(error: Exception, system: str) -> tuple[int, dict[str, Any]]:
    if isinstance(error, Unavailable):  # the sender comes again; whoever is called for it looks here
        _log.warning("not accepted", system=system, error=named(error.__cause__ or error))
    return _STATUS[type(error)], {"error": str(error)}


async def receive(request: Request, into: IO[bytes], most: int, setting: str) -> None:
    """Receive a body piece by piece, and stop at the first one too many; before the first, when its length is told.

    Raises TooLarge, naming the ``setting``.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and int(told[:_DIGITS]) > most:
        raise TooLarge(words.BODY_TOO_LARGE(most=most, setting=setting))
    async for piece in request.stream():
        if into.tell() + len(piece) > most:
            raise TooLarge(words.BODY_TOO_LARGE(most=most, setting=setting))
        into.write(piece)


def _trace(header: str) -> str:
    parts = header.split("-")
    whole = [len(p) for p in parts] == [2, 32, 16, 2] and parts[0] == "00"
    return header if whole and all(c in "0123456789abcdef" for p in parts for c in p) else ""


class _Server(uvicorn.Server):
    bound = 0
    """The port that it listens on, or did: one that is told to end while it begins may have closed it already."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.bound = self.servers[0].sockets[0].getsockname()[1]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process: it has more to end than this server."""
        yield


async def _serve(server: uvicorn.Server) -> None:
    with suppress(SystemExit):  # uvicorn's way to say that it cannot listen would end the process without a word
        await server.serve()


async def _end(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


@asynccontextmanager
async def serving(app: Any, host: str, port: int, stop: asyncio.Event | None = None) -> AsyncIterator[str]:
    """Serve an ASGI application in this event loop; yield its URL. Port 0 takes a free one.

    Args:
        stop: takes nothing new from then on, while others end too.

    Raises:
        InUse: the port is taken, or the host is none of this machine's.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=_END_WITHIN,
    )
    server = _Server(config)
    task = asyncio.create_task(_serve(server))
    ending = asyncio.create_task(_end(server, stop)) if stop is not None else None
    try:
        while not server.started:
            if task.done():
                await task
                raise InUse(
                    f"cannot listen on {authority(host, port)}: perhaps the port is taken, or the host is none of this "
                    "machine's; name another (BOKBUSS_PORT, BOKBUSS_HOST)"
                )
            await asyncio.sleep(0.01)
        yield f"http://{authority(host, server.bound)}"
    finally:
        server.should_exit = True
        if ending is not None:
            ending.cancel()
        await task
