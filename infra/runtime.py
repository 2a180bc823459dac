"""Where this installation's broker and database are: named, running already, or started here."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psycopg

from infra.broker import EmbeddedKafka, ensure_topics
from infra.database import EmbeddedPostgres, async_url
from infra.embedded import alive
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a role needs to connect.

    Attributes:
        bootstrap: the broker, host:port[,host:port].
        database_url: PostgreSQL, for SQLAlchemy's asynchronous engine.
    """

    bootstrap: str
    database_url: str

    def apply(self, settings: Settings) -> Settings:
        """Return the settings with this broker and this database named."""
        return settings.model_copy(
            update={
                "kafka": settings.kafka.model_copy(update={"bootstrap": self.bootstrap}),
                "database": settings.database.model_copy(update={"url": self.database_url}),
            }
        )


class _Server(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


def running(settings: Settings) -> Runtime | None:
    """Return the named broker and database, and for what is not named the embedded ones of a living owner.

    None when there is no such owner, or its servers do not answer.
    """
    bootstrap, url = settings.kafka.bootstrap, settings.database.url
    if bootstrap and url:
        return Runtime(bootstrap, async_url(url))
    embedded = _embedded(settings.data)
    bootstrap, url = bootstrap or embedded.get("bootstrap"), url or embedded.get("database_url")
    return Runtime(bootstrap, async_url(url)) if bootstrap and url else None


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Runtime]:
    """Yield the broker, with every topic, and the database: those of :func:`running`, or embedded ones of our own.

    Ours end with this context, or with this process.

    Raises:
        BrokerUnavailable, DatabaseUnavailable, WrongTopic: the message says what to do.
    """
    async with AsyncExitStack() as stack:
        runtime = running(settings)
        if runtime is None:
            runtime = await _start(settings, stack)
        await ensure_topics(runtime.bootstrap, replication=settings.kafka.replication)
        yield runtime


async def _start(settings: Settings, stack: AsyncExitStack) -> Runtime:
    kafka = None if settings.kafka.bootstrap else EmbeddedKafka(settings.data)
    postgres = None if settings.database.url else EmbeddedPostgres(settings.data)
    servers: list[_Server] = [server for server in (kafka, postgres) if server is not None]
    stack.push_async_callback(_all, [server.stop for server in servers])
    await _all([server.start for server in servers])
    bootstrap = settings.kafka.bootstrap or (kafka.bootstrap if kafka else "")
    url = settings.database.url or (postgres.url if postgres else "")
    _remember(
        settings.data,
        {"bootstrap": kafka and kafka.bootstrap, "database_url": postgres and postgres.url, "owner": os.getpid()},
    )
    stack.callback((settings.data / "runtime.json").unlink, missing_ok=True)
    return Runtime(bootstrap, async_url(url))


async def _all(calls: list[Any]) -> None:
    """Call all at once, each in a thread; wait for every one before the first error is raised."""
    results = await asyncio.gather(*(asyncio.to_thread(call) for call in calls), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _remember(data: Path, embedded: dict[str, Any]) -> None:
    """Write what others need to find our servers; only ours: the URL of a named database holds its password."""
    fresh = data / "runtime.json.new"
    fresh.write_text(json.dumps(embedded))
    fresh.replace(data / "runtime.json")


def _embedded(data: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads((data / "runtime.json").read_text())
    except FileNotFoundError:
        return {}
    if not alive(known["owner"]):
        return {}
    return known if _kafka_answers(known["bootstrap"]) and _postgres_answers(known["database_url"]) else {}


def _kafka_answers(bootstrap: str | None) -> bool:
    if bootstrap is None:  # a named one: its client will tell
        return True
    host, port = bootstrap.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True


def _postgres_answers(url: str | None) -> bool:
    if url is None:
        return True
    try:
        psycopg.connect(url.replace("+psycopg", "", 1), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
