"""How a command gets at the database and the broker, and what it ends with when something is wrong."""

import getpass
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import broker, runtime, store
from infra.accepting import Acceptor
from infra.ending import closed
from infra.plugin import Host
from infra.settings import Settings
from infra.vault import open_vault

_POOL = 2
_CLOSE_WITHIN = 2.0
"""Seconds for what connects us to the broker and the database: the producer of a broker that is away waits for ever."""
_PATIENCE = 5.0
"""Seconds that a command waits for a database that is just starting."""


class Failed(Exception):
    """The command did what it could and something is held or failed: exit code 1. The message says what to do."""

    code = 1


class WrongUsage(Failed):
    """The command asks for what cannot be, or the settings are wrong: exit code 2."""

    code = 2


def asker(by: str | None) -> str:
    """Return who says so, for the trail: who was named, or whoever runs this command."""
    with suppress(KeyError, OSError):  # a container's user may have no name
        return by or getpass.getuser()
    return "an operator"


class Office:
    """What a command works with.

    Attributes:
        settings: of the host, with the broker and the database named.
        engine: the database.
    """

    def __init__(self, settings: Settings, engine: AsyncEngine, stack: AsyncExitStack) -> None:
        self.settings = settings
        self.engine = engine
        self._stack = stack
        self._producer: AIOKafkaProducer | None = None

    @property
    def bootstrap(self) -> str:
        """The broker, host:port[,host:port]."""
        return self.settings.kafka.bootstrap or ""

    async def producer(self) -> AIOKafkaProducer:
        """Return the producer, which starts when it is first asked for: most commands only read.

        Raises:
            BrokerUnavailable: the broker does not answer.
        """
        if self._producer is None:
            self._producer = await broker.producer(self.bootstrap)
            self._stack.push_async_callback(closed, "producer", self._producer.stop, _CLOSE_WITHIN)
        return self._producer

    async def host(self) -> Host:
        """Return what a plugin works with, broker included. Raises what ``producer`` and ``open_vault`` raise."""
        vault = await open_vault(self.engine, self.settings)
        acceptor = Acceptor(engine=self.engine, producer=await self.producer(), vault=vault)
        return Host(self.settings, self.engine, vault, accept=acceptor.accept_facts)


@asynccontextmanager
async def office(settings: Settings) -> AsyncIterator[Office]:
    """Open what is named or running already; only where nothing runs, start broker and database for this command.

    Raises:
        BrokerUnavailable, DatabaseUnavailable, WrongTopic: the message says what to do.
        WrongUsage, Failed: the database or the broker went away meanwhile.
    """
    async with AsyncExitStack() as stack:
        found = runtime.running(settings)
        if found is None:
            found = await stack.enter_async_context(runtime.services(settings))
        engine = store.engine(found.database_url, _POOL)
        stack.push_async_callback(closed, "database", engine.dispose, _CLOSE_WITHIN)
        try:
            await store.prepare(engine, patience=_PATIENCE)
            yield Office(found.apply(settings), engine, stack)
        except OperationalError as error:
            raise WrongUsage(
                f"the database does not answer ({type(error.orig).__name__}): does it run, and is its URL right "
                "(BOKBUSS_DATABASE__URL)?"
            ) from error
        except KafkaError as error:
            raise Failed(f"the broker did not acknowledge it ({type(error).__name__}): do it again") from error
