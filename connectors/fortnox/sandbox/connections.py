"""What the sandbox is served with, so that a connection can really be lost."""

import asyncio
import socket
import struct
from typing import Any, Final, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_LOSE: Final = "bokbuss.lose"
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of 0 seconds: closing sends RST instead of FIN


class Lost(Response):
    """No answer: the connection is closed, or reset, under the client's hands."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Close the connection and wait until it is closed."""
        scope["extensions"][_LOSE](reset=self._reset)
        while (await receive())["type"] != "http.disconnect":
            pass


class Cut(Lost):
    """Half of an answer: its head says how long it is, and the connection is closed before its end."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the first half, and close the connection."""
        body = bytes(self._whole.body)
        head = {"type": "http.response.start", "status": self._whole.status_code, "headers": self._whole.raw_headers}
        await send(head)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0)  # what was written leaves in the next turn of the loop
        await super().__call__(scope, receive, send)


class _Gathering:
    """A transport that sends what one turn of the event loop wrote at once: uvicorn writes head and body apart."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Take a part of an answer."""
        if not self._written:
            asyncio.get_running_loop().call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        """Send what was written, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        data = b"".join(self._written)
        self._written.clear()
        if data:
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(H11Protocol):
    """A connection that the application can close, and that logs no calls."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.access_log = False
        self.app = self._with_extension(self.app)  # uvicorn's names for ASGI

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin a connection."""
        super().connection_made(cast(asyncio.Transport, _Gathering(transport)))

    def _with_extension(self, app: ASGIApp) -> ASGIApp:
        async def extended(scope: Scope, receive: Receive, send: Send) -> None:
            scope["extensions"] = {_LOSE: self._lose}
            await app(scope, receive, send)

        return extended

    def _lose(self, *, reset: bool) -> None:
        if reset:
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.transport.abort()
