"""The database as this process uses it: an engine, and the tables brought up to date."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

from sqlalchemy import Connection, Dialect, Executable, Row, TextClause, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InternalError,
    InvalidatePoolError,
    InvalidRequestError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from infra import clock, telemetry
from infra.failing import named

if TYPE_CHECKING:  # whoever connects loads it
    import psycopg

_log = telemetry.log(__name__)

_MIGRATIONS = Path(__file__).parent / "migrations"
_IS_MARKED = text("select to_regclass('alembic_version') is not null")
_MARK = text("select version_num from alembic_version")
_WORKS_FROM = text("select obj_description(cast('alembic_version' as regclass))")
_PATIENCE: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""Of a connection, as libpq calls it, unless the URL says otherwise. One to a server that is silently gone, its machine
dead or a firewall's memory lost, is given up after 20 s: Linux alone waits for two hours, or for a quarter of one where
something is on its way. And for a new one, which psycopg waits for for two minutes, there are 5 s."""
_PATIENCE_WITH_US: Final = """select set_config('tcp_keepalives_idle', '10', false),
    set_config('tcp_keepalives_interval', '3', false), set_config('tcp_keepalives_count', '3', false),
    set_config('tcp_user_timeout', '20000', false)"""
"""The server's, for as long: what a process has locked whose machine is silently gone keeps others for no longer."""
AWAY: Final = (OperationalError, InternalError, InterfaceError, PoolTimeout)
"""What SQLAlchemy raises where the database is away, has no room or can only be read; the rest is a bug of ours."""
_FRESH = 0.2
"""Seconds after its last use in which a connection is used again unasked: no server is back in so short a time."""
LENT: Final = "bokbuss_vault"
"""The execution option of an engine by which its connections find the vault."""
_PREPARING = 7_208_551
"""Any number of our own: the advisory lock under which one process at a time brings the tables up to date."""


class DatabaseUnavailable(RuntimeError):
    """The database cannot be had, or does not start; the message says why and what to do."""


class WrongSchema(RuntimeError):
    """The tables are of a revision that this version cannot work with; the message says what can."""


def engine(url: str, pool: int) -> AsyncEngine:
    """Return an engine; connections that died with the server while nobody used them are noticed before they are used.

    Raises:
        DatabaseUnavailable: it is no URL of a PostgreSQL.
    """
    try:
        said = make_url(url).query
        made = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=pool,
            pool_use_lifo=True,
            pool_timeout=10,
            connect_args={name: value for name, value in _PATIENCE.items() if name not in said},
            hide_parameters=True,  # no error tells what a row holds
        )
    except (ArgumentError, InvalidRequestError, ImportError, TypeError, ValueError) as error:
        raise DatabaseUnavailable(
            "BOKBUSS_DATABASE__URL is no URL of a PostgreSQL, such as postgresql://user:password@host:5432/name"
        ) from error

    @event.listens_for(made.sync_engine, "connect")
    def tell(connection: Any, _entry: ConnectionPoolEntry) -> None:
        from psycopg.types.array import ListBinaryDumper  # noqa: PLC0415 - whoever connects has loaded it

        # As a text, each member of an array is looked through for what must be quoted: three times as dear, and more.
        connection.adapters.register_dumper(list, ListBinaryDumper)
        connection.autocommit = True  # a rollback would take it back
        cursor = connection.cursor()
        cursor.execute(_PATIENCE_WITH_US)
        cursor.close()
        connection.autocommit = False

    @event.listens_for(made.sync_engine, "checkin")
    def note(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["used"] = clock.monotonic()

    @event.listens_for(made.sync_engine, "checkout")
    def ask(connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: object) -> None:
        if clock.monotonic() - entry.info.get("used", clock.monotonic()) > _FRESH:
            try:
                made.dialect.do_ping(connection)
            except made.dialect.loaded_dbapi.Error as error:
                raise InvalidatePoolError from error  # all of the pool are opened anew, this one at once

    return made


Proof = Callable[[AsyncConnection], Awaitable[None]]
"""Raises what is wrong with a database, before anything is done to it."""


async def prepare(
    engine: AsyncEngine, *, patience: float = 30.0, migrate: bool = True, proof: Proof | None = None
) -> tuple[str, str]:
    """Bring the tables up to date, waiting ``patience`` seconds for a database that is still starting.

    Tables that are newer than this version are worked with, where they say that it can: so a version that was rolled
    back goes on.

    Args:
        migrate: False leaves it to ``bokbuss migrate``, and only looks.
        proof: that the tables may be touched; it is asked for before they are.

    Returns:
        The revision before and after; "" where there was no table.

    Raises:
        WrongSchema: this version can do nothing with the tables as they are; the message says what can.
    """
    deadline = clock.monotonic() + patience
    while True:
        try:
            async with engine.begin() as connection:
                await connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _PREPARING})
                if proof is not None and await revision(connection) != newest():
                    await proof(connection)
                return await connection.run_sync(_upgrade, migrate)
        except DBAPIError as error:
            if clock.monotonic() > deadline:
                raise
            _log.info("waiting for the database", error=named(error))
            await clock.sleep(0.5)


def revisions() -> list[str]:
    """Return every revision of the tables, the oldest first: its number, which its file's name begins with."""
    return sorted(file.name.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def newest() -> str:
    """Return the newest revision of the tables."""
    return revisions()[-1]


async def revision(connection: AsyncConnection) -> str:
    """Return the revision that the tables are of; "" where there are none."""
    return await connection.run_sync(_revision)


def _revision(connection: Connection) -> str:
    return str(connection.scalar(_MARK)) if connection.scalar(_IS_MARKED) else ""


def _upgrade(connection: Connection, migrate: bool) -> tuple[str, str]:  # noqa: FBT001 - as run_sync passes it on
    before, known = _revision(connection), revisions()
    if before == known[-1]:
        return before, before
    if before and before not in known:
        _must_be_close(connection, before, known[-1])
        return before, before
    if not migrate:
        raise WrongSchema(
            f"The tables are of revision {before or 'none'}, and this version needs {known[-1]}: run bokbuss migrate "
            "first (BOKBUSS_DATABASE__MIGRATE is off)."
        )
    from alembic import command  # noqa: PLC0415 - it takes a tenth of a command's time, and mostly nothing is to be done
    from alembic.config import Config  # noqa: PLC0415 - as above
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    made = ScriptDirectory.from_config(config).get_revision("head").module
    runs_on_it = getattr(made, "works_from", made.down_revision)
    connection.execute(text(f"comment on table alembic_version is 'works from {int(runs_on_it):04}'"))
    return before, known[-1]


def _must_be_close(connection: Connection, there: str, ours: str) -> None:
    """Refuse tables of a revision that this version does not know, unless they say that it works with them.

    Raises:
        WrongSchema: they do not.
    """
    said = str(connection.scalar(_WORKS_FROM) or "").removeprefix("works from ")
    if there < ours or not said or said > ours:
        needed = f"from revision {said} on" if said else "of that revision"
        raise WrongSchema(
            f"The tables are of revision {there}, this version knows revisions {revisions()[0]} to {ours}: start a "
            f"version that works {needed}, or restore a backup of before (bokbuss restore)."
        )
    _log.warning("the tables are newer than this version, and it works with them", tables=there, known=ours)


def lines(parameter: str) -> str:
    """Return SQL that makes an array of texts from a parameter that holds them line by line; an empty one is null.

    For JSON, which has no line break inside: psycopg quotes an array's members one by one in Python, which takes 1 ms
    for 3 KB of JSON (measured), and this way nothing.
    """
    return f"string_to_array({parameter}, chr(10), '')"


def async_url(url: str) -> str:
    """Return a PostgreSQL URL with the driver that we use named in it: ``postgresql+psycopg://``."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


@asynccontextmanager
async def alone(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Lend a connection whose statements stand alone: without a transaction each is one round trip, and not three."""
    async with engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


class Turns:
    """Lets a few at once keep a connection for long, and of one company one: its others keep nobody else's waiting.

    Whoever keeps a connection and asks for another, as most do, waits for those who do the same: as many of them as a
    process has connections would wait for each other, and every company with them.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._rooms = WeakKeyDictionary[AsyncEngine, tuple[asyncio.Semaphore, WeakValueDictionary[str, asyncio.Lock]]]()

    @asynccontextmanager
    async def of(self, engine: AsyncEngine, tenant: str) -> AsyncIterator[None]:
        """Wait for a company's turn; it lasts as long as this context."""
        room, companies = self._rooms.setdefault(engine, (asyncio.Semaphore(self._at_once), WeakValueDictionary()))
        async with companies.setdefault(tenant, asyncio.Lock()), room:
            yield


def snapshot(engine: AsyncEngine) -> AsyncConnection:
    """Return a connection whose statements all see one moment, whatever is written meanwhile."""
    return engine.execution_options(isolation_level="REPEATABLE READ").connect()


# --- One statement that stands alone ----------------------------------------------------------------------------------

_Values = Mapping[str, Any] | None


async def rows(engine: AsyncEngine, statement: Executable, values: _Values = None) -> Sequence[Row[*tuple[Any, ...]]]:
    """Return the rows that a statement gives."""
    async with alone(engine) as connection:
        return (await connection.execute(statement, values)).all()


async def row(engine: AsyncEngine, statement: Executable, values: _Values = None) -> Row[*tuple[Any, ...]] | None:
    """Return the one row that a statement gives; None: it gives none."""
    async with alone(engine) as connection:
        return (await connection.execute(statement, values)).one_or_none()


async def scalars(engine: AsyncEngine, statement: Executable, values: _Values = None) -> list[Any]:
    """Return the first value of each row that a statement gives."""
    return [first for first, *_ in await rows(engine, statement, values)]


async def scalar(engine: AsyncEngine, statement: Executable, values: _Values = None) -> Any:
    """Return the first value of the one row that a statement gives; None: it gives none."""
    return next(iter(await scalars(engine, statement, values)), None)


async def write(engine: AsyncEngine, statement: Executable, values: _Values = None) -> int:
    """Carry a statement out that gives no rows; return how many it changed."""
    async with alone(engine) as connection:
        return (await connection.execute(statement, values)).rowcount


# --- Several statements at once ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Asked:
    """A statement that is carried out together with others, and then the rows that it gave."""

    statement: TextClause
    values: Mapping[str, Any]
    rows: list[tuple[Any, ...]] = field(default_factory=list)


async def together(connection: AsyncConnection, asked: Sequence[Asked]) -> None:
    """Carry statements out in their order, sent as one (PostgreSQL's pipeline): they take one round trip, not each one.

    They belong to the transaction of ``engine.begin()``; on a connection that stands ``alone`` they are one together.
    Not for a transaction that the server is to end when its process stands still: psycopg's last message, a Flush,
    disarms ``idle_in_transaction_session_timeout`` (measured on PostgreSQL 18).
    A round trip costs this process 0.3 ms of its processor, and a statement more in a pipeline 0.08 (measured).

    Raises:
        DBAPIError: the first that failed; those behind it were not carried out.
    """
    if not asked:
        return
    driver: psycopg.AsyncConnection = (await connection.get_raw_connection()).driver_connection  # type: ignore[assignment]
    failure = connection.dialect.loaded_dbapi.Error
    if not (driver.autocommit or connection.in_transaction()):
        await connection.begin()  # as execute does
    try:
        async with driver.pipeline():
            cursors = [
                await driver.execute(_compiled(each.statement, connection.dialect), each.values) for each in asked
            ]
        for each, cursor in zip(asked, cursors, strict=True):
            each.rows = await cursor.fetchall() if cursor.description else []
    except failure as error:
        lost = driver.closed
        if lost or driver.autocommit:  # no rollback tells it which statements the server knows by name after all
            await connection.invalidate(error)
        raise DBAPIError.instance(
            None,
            None,
            error,
            failure,
            hide_parameters=True,
            connection_invalidated=lost,
            dialect=connection.dialect,
        ) from error
    except BaseException:  # cancelled: what the server still answers must not be read as an answer to something else
        await connection.invalidate()
        raise


@lru_cache
def _compiled(statement: TextClause, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))
