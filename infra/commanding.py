"""How a command gets at the database and the broker, and what it ends with when something is wrong."""

import asyncio
import getpass
import json
import shutil
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from infra import store, telemetry
from infra.access.vault import open_vault
from infra.embedded import runtime
from infra.ending import closed
from infra.environment import load
from infra.intake.accepting import Acceptor
from infra.kafka import cluster
from infra.leases import Leases
from infra.plugin import Host
from infra.settings import Settings
from infra.tenants import UnknownTenant, must_be_known
from schemas.events import Fact

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


Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def one_of(word: str, choices: Iterable[str], what: str) -> str:
    """Return a word that is one of the choices. Raises WrongUsage, which names the nearest and all of them."""
    if word in (known := list(choices)):
        return word
    near = get_close_matches(word, known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise WrongUsage(f"no {what} is called {word!r}; {meant}it can be: {', '.join(known)}")


def print_json(value: Any) -> None:
    """Print a value for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def width() -> int:
    """Return the columns that lines must fit: of the terminal, or as COLUMNS says; 0 where nobody reads them in one."""
    return shutil.get_terminal_size(fallback=(0, 0)).columns


def print_lines(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines, and those that are too long for the terminal in several, further in; no word is broken."""
    columns = width()
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())] + "    "
        wrapped = columns and len(line) > columns
        parts = textwrap.wrap(
            line, max(columns, 40), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        typer.echo("\n".join(parts) if wrapped else line, err=err)


def in_office(work: Callable[["Office"], Awaitable[None]], tenant: str | None = None, *, reads: bool = False) -> None:
    """Run a command about a company, or all (see ``office``); log nothing but warnings beside what it says."""
    settings = load()
    telemetry.configure("WARNING")

    async def main() -> None:
        async with office(settings, tenant, reads=reads) as place:
            await work(place)

    asyncio.run(main())


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
            self._producer = await cluster.producer(self.bootstrap)
            self._stack.push_async_callback(closed, "producer", self._producer.stop, _CLOSE_WITHIN)
        return self._producer

    async def host(self) -> Host:
        """Return what a plugin works with; the broker is asked when the first fact is told.

        Raises:
            WrongKey: see ``open_vault``.
        """
        vault = await open_vault(self.engine, self.settings)

        async def accept(tenant: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
            acceptor = Acceptor(engine=self.engine, producer=await self.producer(), vault=vault)
            return await acceptor.accept_facts(tenant, system, facts)

        return Host(self.settings, self.engine, vault, Leases(self.engine, self.settings.lease_seconds), accept)


@asynccontextmanager
async def office(settings: Settings, tenant: str | None = None, *, reads: bool = False) -> AsyncIterator[Office]:
    """Open what is named or running already; only where nothing runs, start broker and database for this command.

    Args:
        tenant: the company that the command is about; none: all of them, or none.
        reads: the command only tells what was, also of a company that was removed.

    Raises:
        BrokerUnavailable, DatabaseUnavailable, WrongTopic: the message says what to do.
        WrongUsage: no such company; the message names the nearest.
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
            if tenant is not None:
                await _known(engine, tenant, reads=reads)
            yield Office(found.apply(settings), engine, stack)
        except OperationalError as error:
            raise WrongUsage(
                f"the database does not answer ({type(error.orig).__name__}): does it run, and is its URL right "
                "(BOKBUSS_DATABASE__URL)?"
            ) from error
        except KafkaError as error:
            raise Failed(f"the broker did not acknowledge it ({type(error).__name__}): do it again") from error


async def _known(engine: AsyncEngine, tenant: str, *, reads: bool) -> None:
    try:
        await must_be_known(engine, tenant, reads=reads)
    except UnknownTenant as error:
        raise WrongUsage(str(error)) from None
