"""A till's own PostgreSQL with its outbox, and a process of ours that fetches from where companies' settings say."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import psycopg
from aiokafka import AIOKafkaProducer

from infra import clock
from infra.access.vault import Vault, open_vault
from infra.intake import ways
from infra.intake.accepting import Acceptor
from infra.intake.collecting import Collecting
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.audit import DeadLetter
from schemas.events import DayClosed
from schemas.settings import TenantSettings
from schemas.ways import WaysIn
from tests.bus import messages
from tests.ending import end_tasks
from tests.infra.delivery_driver import REPORT

_ADD = text("insert into tenants (tenant, created_at) values (:t, clock_timestamp()) on conflict do nothing")
_APPLY = text(
    """insert into settings (tenant, version, body, applied_by, applied_at)
       values (:t, 1, cast(:body as jsonb), 'a test', clock_timestamp())
       on conflict (tenant) do update set version = settings.version + 1, body = excluded.body"""
)
HERE = (ip_network("127.0.0.0/8"),)
"""The network in which the servers of tests are: it must be allowed."""
OUTBOX = "create table outbox (id bigserial primary key, created_at timestamptz not null default now(), payload {kind})"


def report(z_number: int) -> bytes:
    """Return a Z report of this number."""
    return json.dumps(json.loads(REPORT) | {"zNumber": z_number}).encode()


def event(z_number: int) -> str:
    """Return the business key of ``report``."""
    return f"openpos/SODER/KASSA1/{z_number}/2026-04-10"


class Till:
    """A till's database: each connection is a session of the till's."""

    def __init__(self, url: str, kind: str = "jsonb") -> None:
        self.url = url
        with self.session() as session:
            session.execute(OUTBOX.format(kind=kind))
            session.commit()

    def session(self) -> psycopg.Connection[Any]:
        """Open a session in whose transactions rows are written."""
        return psycopg.connect(self.url)

    def write(self, *payloads: object) -> None:
        """Write rows that are committed at once."""
        with self.session() as session:
            for payload in payloads:
                put(session, payload)


def put(session: psycopg.Connection[Any], payload: object) -> None:
    """Write a row in a session's transaction."""
    session.execute(
        "insert into outbox (payload) values (%s)", [payload.decode() if isinstance(payload, bytes) else payload]
    )


@dataclass
class Site:
    """A process of ours, and hands to set up what companies have chosen."""

    host: Host
    acceptor: Acceptor
    kafka: str

    async def choose(self, tenant: str, chosen: WaysIn, **secrets: str) -> None:
        """Let a company's settings have ways in, and give what opens them."""
        body = TenantSettings(ways_in=chosen).model_dump_json(exclude_none=True)
        async with self.host.engine.begin() as connection:
            await connection.execute(_ADD, {"t": tenant})
            await connection.execute(_APPLY, {"t": tenant, "body": body})
        for way in chosen.all:
            if (secret := secrets.get(way.name)) is not None:
                await ways.keep_secret(self.host.engine, self.host.vault, ways.Way(tenant, way), secret, by="a test")

    @asynccontextmanager
    async def collecting(self) -> AsyncIterator[None]:
        """Fetch meanwhile."""
        stop = asyncio.Event()
        task = asyncio.create_task(Collecting(self.host, self.acceptor, look=0.1, patience=0.2).run(stop))
        try:
            yield
            assert not task.done()
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)

    async def keys(self, tenant: str) -> list[str]:
        """Return the keys of a company's day closes, as they stand in Kafka."""
        return [message.subject for message in await messages(self.kafka, DayClosed.TOPIC, tenant)]

    async def letters(self, tenant: str) -> list[DeadLetter]:
        """Return a company's dead letters, as they stand in Kafka."""
        return [message.data for message in await messages(self.kafka, DeadLetter.TOPIC, tenant)]

    async def until(self, test: Callable[[], Awaitable[object]], within: float = 120.0) -> None:
        """Wait until a test is true."""
        async with asyncio.timeout(within):
            while not await test():
                await clock.sleep(0.05)

    async def told(self, tenant: str, *keys: str) -> None:
        """Wait until these are the keys of a company's day closes, in this order; say what stands there otherwise."""
        stood: list[str] = []

        async def all_of_them() -> bool:
            stood[:] = await self.keys(tenant)
            return stood == list(keys)

        try:
            await self.until(all_of_them)
        except TimeoutError:
            assert stood == list(keys), "after waiting for them"
            raise


@asynccontextmanager
async def opened(
    engine: Engine, producer: AIOKafkaProducer, settings: Settings, vault: Vault | None = None
) -> AsyncIterator[Site]:
    """Open a process of ours."""
    vault = vault or await open_vault(engine, settings)
    acceptor = Acceptor(engine=engine, producer=producer, vault=vault, settings=settings)
    leases = Leases(engine, 5.0)
    keeping = asyncio.create_task(leases.keep())
    try:
        host = Host(settings, engine, vault, leases, acceptor.accept_facts)
        yield Site(host, acceptor, settings.kafka.bootstrap or "")
    finally:
        await end_tasks(keeping)
