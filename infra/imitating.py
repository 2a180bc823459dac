"""What an imitation of an outside party is made of: how it is served, and what goes wrong with its calls, and when."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import partial
from random import Random
from typing import Any, ClassVar, Final, TypeVar

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_Kind = TypeVar("_Kind", bound=StrEnum)


@asynccontextmanager
async def serving(
    app: ASGIApp, host: str, port: int, protocol: type[H11Protocol] = H11Protocol, *, sockets: bool = False
) -> AsyncIterator[str]:
    """Serve an application in this event loop and give its address; port 0 takes a free one.

    There are no signal handlers and no start-up messages, connections are ended under the clients' hands, and only the
    application tells the time, which may be by another clock.

    Args:
        sockets: it has WebSockets as well.

    Raises:
        OSError: the port is taken.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        ws="websockets-sansio" if sockets else "none",
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(partial(protocol, config, state, {}), host, port)
    try:
        shown = f"[{host}]" if ":" in host else host  # an IPv6 address
        yield f"http://{shown}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        await server.wait_closed()


class Lost(Response):
    """The beginning of an answer, and then nothing: the server ends the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is read
        """Send the beginning, and do what is to be done in the background."""
        headers = [(b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if self.background is not None:
            await self.background()


class Fault(StrEnum):
    """One thing that goes wrong with one call."""

    LOSE_ANSWER = "lose_answer"  # done; the connection ends in the middle of the answer
    LOSE_REQUEST = "lose_request"  # not done; the same to the caller
    FAIL_AFTERWARDS = "fail_afterwards"  # done; 500
    FAIL = "fail"  # not done; 500
    BAD_GATEWAY = "bad_gateway"  # not done; a page of something in between
    THROTTLED = "throttled"  # not done; 429
    UNAUTHORISED = "unauthorised"  # not done; 401


DONE: Final = frozenset({Fault.LOSE_ANSWER, Fault.FAIL_AFTERWARDS})
"""What goes wrong with a call that is carried out."""


def instead(fault: Fault | None, error: Callable[[int], Response], throttled: Mapping[str, Any]) -> Response | None:
    """Return what a fault answers with. ``error``: the party's own of a status; ``throttled``: what its 429 holds."""
    match fault:
        case Fault.LOSE_ANSWER | Fault.LOSE_REQUEST:
            return Lost()
        case Fault.FAIL | Fault.FAIL_AFTERWARDS:
            return error(500)
        case Fault.BAD_GATEWAY:
            return HTMLResponse("<html><body>502 Bad Gateway</body></html>", 502)
        case Fault.THROTTLED:
            return JSONResponse(throttled, 429, {"Retry-After": "1"})
        case Fault.UNAUTHORISED:
            return error(401)
        case None:
            return None


async def scripted(request: Request, kind: type[_Kind], script: deque[_Kind | None]) -> Response:
    """Let what comes next go wrong as a request says: ``{"script": ["lose_answer", null]}``."""
    try:
        script.extend([name and kind(name) for name in (await request.json())["script"]])
    except (KeyError, TypeError, ValueError):
        return JSONResponse({"problems": [f"script: a list of {', '.join(kind)} or null"]}, 422)
    return JSONResponse({"script": list(script)})


class Faults:
    """What goes wrong with a company's calls. The same seed and calls give the same faults.

    Args:
        share: of the calls, from 0 to 1, that something goes wrong with.
        routes: where, such as ``PATCH /users``; none named is everywhere.
        script: taken first, one a call; None lets a call through.
    """

    CHANCE: ClassVar[Sequence[Fault]] = tuple(Fault)
    """What may go wrong by chance."""

    def __init__(
        self, share: float = 0.0, seed: int | str = 0, routes: Sequence[str] = (), script: Iterable[Fault | None] = ()
    ) -> None:
        """Raise ValueError when the share is none."""
        if not 0 <= share <= 1:
            raise ValueError("faults: a share of the calls, from 0 to 1")
        self._share, self._routes = share, tuple(routes)
        self.script = deque(script)
        self._random = Random(seed)  # noqa: S311 - repeatable, not secret

    def choose(self, route: str) -> Fault | None:
        """Return what goes wrong with a call."""
        if self._routes and route not in self._routes:
            return None
        if self.script:
            return self.script.popleft()
        return self._random.choice(self.CHANCE) if self._random.random() < self._share else None
