"""The only place that imports httpx. It tells apart what decides everything: whether a byte of a request left."""

import asyncio
import os
import ssl
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import IO, Any, Final, Self

import httpx  # noqa: TID251 - this is the place

from infra.settings import ProxySettings

_MOST: Final = 64 * 1024 * 1024
"""Bytes of an answer that are held in memory: twice what anybody reads."""
_PIECE: Final = 256 * 1024
"""Bytes of a packed answer that are unpacked at once."""


class NoCertificates(ValueError):
    """``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` names nothing that others can be trusted by; the message says so."""


@cache
def certificates() -> ssl.SSLContext:
    """Return the one TLS context of this process: reading the certificates takes 10 ms, for each company again."""
    return trusted()


def trusted() -> ssl.SSLContext:
    """Return a TLS context with the authorities that sign what is on the internet.

    Raises:
        NoCertificates: those that the environment names cannot be read.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        named = next((name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(name)), "certifi")
        raise NoCertificates(
            f"{named} names no certificates that can be read ({os.environ.get(named, '')}: {error.strerror or error}): "
            "set it right, or unset it"
        ) from error


class _Leaving:
    """How calls of this process leave to the internet: that is the machine's business, and no caller's."""

    proxy = ProxySettings()


def leave_by(proxy: ProxySettings) -> None:
    """Have whatever this process calls on the internet be called by a proxy, as the settings say."""
    _Leaving.proxy = proxy


def proxy_to(url: str) -> str | None:
    """Return the proxy by which an address is called, or None: for what calls by itself. No log may say it."""
    return _Leaving.proxy.by(url)


class NotSent(Exception):
    """No byte of the request left this machine: the target certainly did nothing."""


class NoAnswer(Exception):
    """The request, or a part of it, left and no whole answer came: the target may have acted, or may act yet."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it came: dispatch on status and body, never on the content type."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    received: int = 0
    """Bytes of a success that were written into a file; ``body`` is empty then."""
    is_too_large: bool = False
    """It had more bytes than were allowed, and was not read to its end."""

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Download:
    """An open file that an answer is written to, from its beginning, and how many bytes it may have."""

    file: IO[bytes]
    most: int


class _Pool:
    """Two connections to one party, and how many requests are on their way over them.

    Attributes:
        by: what it leaves by; None: directly.
    """

    def __init__(self, by: str | None = None) -> None:
        # Idle connections are dropped before a server is likely to: a request into a closing one is an unknown outcome.
        limits = httpx.Limits(max_connections=2, max_keepalive_connections=2, keepalive_expiry=4.0)
        self.transport = httpx.AsyncHTTPTransport(verify=certificates(), trust_env=False, limits=limits, proxy=by)
        self.by = by
        self.under_way = 0

    @property
    def has_more(self) -> bool:
        """Tell whether a connection at rest holds bytes that nobody asked for.

        httpcore (1.0.9) takes them for the next answer, and so each answer for that of a later request.
        """
        known: Any = self.transport._pool  # noqa: SLF001 - nothing public tells
        return any(one.is_idle() and one._connection._h11_state.trailing_data[0] for one in known.connections)  # noqa: SLF001 - the same


class Client:
    """One company's HTTP client to one party. No retries, no redirects, no cookies, a pool of its own.

    It is httpx's transport, without the client around it: a quarter less processor time for a call.

    Args:
        most: bytes of an answer that are held in memory; whoever sends more has not answered.
    """

    def __init__(self, *, timeout: float, headers: Mapping[str, str] | None = None, most: int = _MOST) -> None:
        self._timeout, self._most = timeout, most
        self._pools: dict[str | None, _Pool] = {}
        self._headers = {"User-Agent": "bokbuss", "Accept-Encoding": "gzip", **(headers or {})}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for pool in self._pools.values():
            await pool.transport.aclose()

    @asynccontextmanager
    async def _connected(self, by: str | None) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """Lend the pool; one that a request was cut out of takes no more of them, and is closed after its last one.

        So is one over which more was said than was asked for. A place that httpcore had just given to a request that
        was cut out would be lost (1.0.9): after two, say where a process stood for longer than its patience, nothing
        would be sent any more.
        """
        if (pool := self._pools.get(by)) is None:
            pool = self._pools[by] = _Pool(by)
        pool.under_way += 1
        try:
            yield pool.transport
        except httpx.HTTPError:
            raise
        except BaseException:
            self._replace(pool)
            raise
        finally:
            if pool.has_more:
                self._replace(pool)
            pool.under_way -= 1
            if pool is not self._pools.get(by) and not pool.under_way:
                await pool.transport.aclose()

    def _replace(self, pool: _Pool) -> None:
        if pool is self._pools.get(pool.by):
            del self._pools[pool.by]

    async def send(
        self,
        method: str,
        url: str,
        *,
        may_send: Callable[[], None] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        into: Download | None = None,
    ) -> Response:
        """Send one request and return its answer, whatever the status.

        Args:
            may_send: called when a connection stands and the first byte is about to leave; what it raises is raised.
            into: where the body of a success is written to, instead of being held.

        Raises:
            NotSent: refused, unresolved, not let through by a proxy, or stopped by ``may_send`` (then as the cause).
            NoAnswer: anything that went wrong after the first byte.
        """
        left, by = False, proxy_to(url)

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal left
            # What a proxy is asked first is no part of the request.
            if event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
                if may_send is not None:
                    may_send()
                left = True

        try:
            request = httpx.Request(
                method,
                url,
                headers={**self._headers, **(headers or {})},
                params=dict(params) if params else None,
                json=json,
                content=content,
                data=dict(form) if form else None,
                extensions={"trace": trace},
            )
            # httpx would limit each read; this limits the whole, so that a lane's successor knows when to stop waiting.
            async with asyncio.timeout(self._timeout), self._connected(by) as transport:
                answer = await transport.handle_async_request(request)
                try:
                    if into is not None and answer.is_success:
                        return await _written(answer, into)
                    body = await _read(answer, self._most)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, TimeoutError) as error:
            what = f"{method} {httpx.URL(url).host}{', by the proxy' if by else ''}: {type(error).__name__}"
            if isinstance(error, httpx.ProxyError):
                what += f" {str(error)[:3]}"  # the status; what a proxy says besides may be anything
            raise (NoAnswer if left else NotSent)(what) from error
        return Response(status=answer.status_code, headers=answer.headers, body=body)


async def _unpacked(answer: httpx.Response) -> AsyncGenerator[bytes]:
    """Yield a body piece by piece, unpacked as we asked for it, or as it is. Raises httpx.HTTPError.

    httpx (0.28.1) unpacks what has arrived at once, however large that becomes, and in as many layers as the other side
    names: 2 KB take 2 GB (measured). What comes behind a packed body's end it keeps, and here it is passed by.
    """
    if answer.headers.get("content-encoding", "").strip().lower() not in {"gzip", "x-gzip"}:
        async for piece in answer.aiter_raw():
            yield piece
        return
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for packed in answer.aiter_raw():
        left = packed
        while left and not unpacking.eof:
            try:
                yield unpacking.decompress(left, _PIECE)
            except zlib.error as error:
                raise httpx.DecodingError(str(error)) from error
            left = unpacking.unconsumed_tail
    yield unpacking.flush()


async def _read(answer: httpx.Response, most: int) -> bytes:
    """Return a body that is not larger than this. Raises httpx.HTTPError."""
    pieces, size = [], 0
    async for piece in _unpacked(answer):
        size += len(piece)
        if size > most:
            raise httpx.RemoteProtocolError(f"the answer has more than {most} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def _written(answer: httpx.Response, into: Download) -> Response:
    """Write a body to a file, piece by piece. One that may be a part of itself is no answer: raises httpx.HTTPError."""
    into.file.seek(0)
    into.file.truncate()
    if not {"content-length", "transfer-encoding"} & answer.headers.keys():
        raise httpx.RemoteProtocolError("the answer does not say where it ends")
    received = 0
    async for piece in _unpacked(answer):
        received += len(piece)
        if received > into.most:
            return Response(answer.status_code, answer.headers, b"", received, is_too_large=True)
        into.file.write(piece)
    into.file.flush()
    return Response(answer.status_code, answer.headers, b"", received)
