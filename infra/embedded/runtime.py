"""The broker and the database of this process: those that are named or run already, or embedded ones, kept running."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg

from infra import clock, folders, telemetry
from infra.embedded import copying, place
from infra.embedded.broker import EmbeddedKafka
from infra.embedded.database import EmbeddedPostgres
from infra.embedded.found import KNOWN, Runtime, identity, running
from infra.folders import Unwritable, unwritable
from infra.kafka.cluster import BrokerUnavailable, ensure_topics
from infra.settings import Settings
from infra.store import DatabaseUnavailable

_log = telemetry.log(__name__)

_LOOK = 0.5
_WAITS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before a server is started again, the first time and each further time in a row."""
_STEADY = 60.0
"""Seconds after which a server that came back is no longer one that keeps ending."""


class _Server(Protocol):
    @property
    def ended(self) -> bool: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Runtime]:
    """Yield the broker, with every topic, and the database: those of :func:`running`, or embedded ones of our own.

    Ours end with this context, or with this process. One that ends before is started again at its old address; when
    that does not help, what this context surrounds is cancelled, and then the reason is raised.

    Raises:
        BrokerUnavailable, DatabaseUnavailable, NoCertificates, WrongTopic, Unwritable, WrongInstallation: the message
            says what to do.
    """
    servers: list[_Server] = []
    async with AsyncExitStack() as stack:
        runtime = running(settings)
        if runtime is None:
            runtime = await _start(settings, servers, stack)
        await ensure_topics(runtime.apply(settings).kafka)
        async with kept(servers):
            yield runtime


@asynccontextmanager
async def kept(servers: Iterable[_Server]) -> AsyncIterator[None]:
    """Start servers again that end. When one cannot be, what this surrounds is cancelled; then the reason is raised."""
    surrounded = asyncio.current_task()

    def end(keeping: asyncio.Task[None]) -> None:
        if not keeping.cancelled() and surrounded is not None:
            surrounded.cancel()

    keeping = [asyncio.create_task(_keep(server)) for server in servers]
    for task in keeping:
        task.add_done_callback(end)
    try:
        yield
    except asyncio.CancelledError:
        for task in keeping:
            if task.done() and (error := task.exception()) is not None:
                raise error from None
        raise
    finally:
        for task in keeping:
            task.cancel()


async def _keep(server: _Server) -> None:
    """Start a server again when it has ended; after some times in a row raise what keeps it from coming back."""
    name, ended, started = type(server).__name__, 0, clock.monotonic()
    while True:
        await clock.sleep(_LOOK)
        if not server.ended:
            if clock.monotonic() - started > _STEADY:
                ended = 0
            continue
        _log.error("server ended", server=name, times_in_a_row=ended)
        await clock.sleep(_WAITS[ended])
        ended += 1
        try:
            await asyncio.to_thread(server.stop)  # what is left of it
            await asyncio.to_thread(server.start)
        except (BrokerUnavailable, DatabaseUnavailable, Unwritable) as error:
            if ended == len(_WAITS):
                raise
            _log.error("server not started", server=name, why=str(error))
        else:
            started = clock.monotonic()
            _log.warning("server started again", server=name)


async def _start(settings: Settings, servers: list[_Server], stack: AsyncExitStack) -> Runtime:
    kafka = None if settings.kafka.bootstrap else EmbeddedKafka(settings.data)
    postgres = None if settings.database.url else EmbeddedPostgres(settings.data)
    put_back = postgres is not None and await asyncio.to_thread(place.met, settings.data)
    servers += [server for server in (kafka, postgres) if server is not None]
    stack.push_async_callback(_all, [server.stop for server in servers])
    await _all([server.start for server in servers])
    bootstrap = settings.kafka.bootstrap or (kafka.bootstrap if kafka else "")
    url = settings.database.url or (postgres.url if postgres else "")
    if postgres is not None:
        plain = postgres.url
        await asyncio.to_thread(_forget_keys, plain)
        await asyncio.to_thread(place.keep, settings.data, plain, put_back=put_back)
    embedded = {"bootstrap": kafka and kafka.bootstrap, "database_url": postgres and postgres.url}
    _remember(settings.data, {**embedded, "owner": os.getpid(), "folder": identity(settings.data)})
    stack.callback((settings.data / KNOWN).unlink, missing_ok=True)
    return Runtime(bootstrap, url)


def _forget_keys(url: str) -> None:
    """Do what a restore that was cut off has left to do."""
    try:
        copying.forget_keys(url)
    except psycopg.Error as error:  # what is kept beside keeps nobody from working
        _log.warning("keys in the database that is kept beside not dropped", error=type(error).__name__)


async def _all(calls: list[Any]) -> None:
    """Call all at once, each in a thread; wait for every one before the first error is raised."""
    results = await asyncio.gather(*(asyncio.to_thread(call) for call in calls), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _remember(data: Path, embedded: dict[str, Any]) -> None:
    """Write what others need to find our servers; only ours: the URL of a named database holds its password."""
    try:
        folders.put(data / KNOWN, json.dumps(embedded))
    except OSError as error:
        raise unwritable(data, error) from error
