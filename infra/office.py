"""How a command gets at the database and the broker; what it does not use is not opened, and not even imported."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from infra import store, telemetry
from infra.commanding import Failed, WrongUsage
from infra.embedded import found
from infra.ending import closed
from infra.environment import load, of_host
from infra.failing import named
from infra.postgres import DatabaseConnection, Engine
from infra.settings import Settings
from infra.tenants import UnknownTenant, must_be_known

if TYPE_CHECKING:  # a verb that only reads loads none of them: they take a second
    from aiokafka import AIOKafkaProducer

    from infra.access.vault import Vault
    from infra.plugin import Host
    from schemas.events import Fact

_POOL = 2
_LAST_ANSWERS = 20.0
"""Seconds for which a command that is over, or was interrupted, waits for tokens that it has asked for: where their
answer is lost, a company may have to consent again."""
_CLOSE_WITHIN = 2.0
"""Seconds for connections to the database, which may be away."""
_PATIENCE = 5.0
"""Seconds that a command waits for a database that is just starting."""


def in_office(work: Callable[["Office"], Awaitable[None]], tenant: str | None = None, *, reads: bool = False) -> None:
    """Run a command about a company, or all (see ``office``); log nothing but warnings beside what it says."""
    settings = of_host()
    telemetry.configure_for_a_command()

    async def main() -> None:
        async with office(settings, tenant, reads=reads, whole=load) as place:
            await work(place)

    asyncio.run(main())


class Office:
    """What a command works with.

    Attributes:
        settings: of the host, with the broker and the database named; plugins find theirs in ``host().settings``.
        engine: the database.
    """

    def __init__(
        self, settings: Settings, engine: Engine, stack: AsyncExitStack, whole: Callable[[], Settings]
    ) -> None:
        self.settings = settings
        self._whole = whole
        self.engine = engine
        self._stack = stack
        self._producer: AIOKafkaProducer | None = None
        self._vault: Vault | None = None
        self._waits = False
        engine.lent = self.vault  # opened by whoever meets sealed values first

    async def producer(self) -> "AIOKafkaProducer":
        """Return the producer, which starts when it is first asked for: most commands only read.

        Raises:
            BrokerUnavailable: the broker does not answer.
        """
        if self._producer is None:
            from infra.kafka import cluster

            self._producer = await cluster.producer(self.settings.kafka)
            self._stack.push_async_callback(self._producer.stop)
        return self._producer

    async def vault(self) -> "Vault":
        """Return the vault, which is opened when it is first asked for. Raises WrongKey."""
        if self._vault is None:
            from infra.access.vault import open_vault

            self._vault = await open_vault(self.engine, self.settings)
        return self._vault

    async def host(self) -> "Host":
        """Return what a plugin works with; the broker is asked for only when something is sent. Raises WrongKey."""
        from infra.access.connections import settled
        from infra.http import leave_by
        from infra.leases import Leases
        from infra.plugin import Host

        leave_by(self.settings.proxy)
        vault = await self.vault()
        if not self._waits:
            self._waits = True
            self._stack.push_async_callback(settled, _LAST_ANSWERS)

        async def accept(tenant: str, system: str, facts: "Sequence[Fact]") -> tuple[str, ...]:
            from infra.intake.accepting import Acceptor

            acceptor = Acceptor(engine=self.engine, producer=await self.producer(), vault=vault)
            return await acceptor.accept_facts(tenant, system, facts)

        leases = Leases(self.engine, self.settings.lease_seconds)
        return Host(self._whole(), self.engine, vault, leases, accept, self.producer)


@asynccontextmanager
async def office(
    settings: Settings,
    tenant: str | None = None,
    *,
    reads: bool = False,
    whole: Callable[[], Settings] | None = None,
) -> AsyncIterator[Office]:
    """Open what is named or running already; only where nothing runs, start broker and database for this command.

    Args:
        tenant: the company that the command is about; none: all of them, or none.
        reads: the command only tells what was, also of a company that was removed.
        whole: reads the settings with those of plugins, for who needs them; unset: ``settings`` has them.

    Raises:
        BrokerUnavailable, DatabaseUnavailable, WrongTopic: the message says what to do.
        WrongUsage: no such company; the message names the nearest.
        WrongUsage, Failed: the database or the broker went away meanwhile.
    """
    async with AsyncExitStack() as stack:
        running = found.running(settings)
        if running is None:
            from infra.embedded.runtime import services

            running = await stack.enter_async_context(services(settings))
        engine = store.engine(running.database_url, _POOL)
        stack.push_async_callback(closed, "database", engine.dispose, _CLOSE_WITHIN)
        try:
            await store.prepare(
                engine, patience=_PATIENCE, migrate=settings.database.migrate, proof=partial(_proved, settings)
            )
            if tenant is not None:
                await _known(engine, tenant, reads=reads)

            def with_plugins() -> Settings:
                return running.apply(whole() if whole else settings)

            yield Office(running.apply(settings), engine, stack, with_plugins)
        except psycopg.OperationalError as error:
            raise WrongUsage(
                f"the database does not answer ({named(error)}): does it run, and is its URL right "
                "(BOKBUSS_DATABASE__URL)?"
            ) from error
        except Failed:
            raise
        except Exception as error:
            from aiokafka.errors import KafkaError

            if not isinstance(error, KafkaError):
                raise
            raise Failed(f"the broker did not acknowledge it ({type(error).__name__}): do it again") from error


@asynccontextmanager
async def bare(settings: Settings) -> AsyncIterator[Engine]:
    """Open the database alone, as it is: no table is made, and nobody asks for the broker.

    Raises:
        DatabaseUnavailable: the message says what to do.
    """
    async with AsyncExitStack() as stack:
        running = found.running(settings)
        url = settings.database.url or (running and running.database_url)
        if not url:
            from infra.embedded.database import EmbeddedPostgres

            server = EmbeddedPostgres(settings.data)
            stack.push_async_callback(asyncio.to_thread, server.stop)
            await asyncio.to_thread(server.start)
            url = server.url
        engine = store.engine(url, _POOL)
        stack.push_async_callback(closed, "database", engine.dispose, _CLOSE_WITHIN)
        yield engine


async def _proved(settings: Settings, connection: DatabaseConnection) -> None:
    from infra.access.vault import prove  # most commands find the tables as they are, and never load it

    await prove(settings, connection)


async def _known(engine: Engine, tenant: str, *, reads: bool) -> None:
    try:
        await must_be_known(engine, tenant, reads=reads)
    except UnknownTenant as error:
        raise WrongUsage(str(error)) from None
