"""The database as this process uses it: an engine, and the tables brought up to date."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import psycopg
from psycopg import IsolationLevel
from psycopg.rows import tuple_row

from infra import clock, postgres, telemetry
from infra.failing import named
from infra.postgres import DatabaseConnection, Engine, Row, Statement, text

_log = telemetry.log(__name__)

_MIGRATIONS = Path(__file__).parent / "migrations"
_IS_MARKED = text("select to_regclass('alembic_version') is not null")
_MARK = text("select version_num from alembic_version")
_WORKS_FROM = text("select obj_description(cast('alembic_version' as regclass))")
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(7208551)")
"""Under this lock, any number of our own, one process at a time brings the tables up to date."""


class DatabaseUnavailable(RuntimeError):
    """The database cannot be had, or does not start; the message says why and what to do."""


class WrongSchema(RuntimeError):
    """The tables are of a revision that this version cannot work with; the message says what can."""


def engine(url: str, pool: int) -> Engine:
    """Return an engine that keeps so many connections open.

    Raises:
        DatabaseUnavailable: it is no URL of a PostgreSQL.
    """
    try:
        return postgres.engine(url, pool)
    except psycopg.ProgrammingError as error:
        raise DatabaseUnavailable(
            "BOKBUSS_DATABASE__URL is no URL of a PostgreSQL, such as postgresql://user:password@host:5432/name"
        ) from error


Proof = Callable[[DatabaseConnection], Awaitable[None]]
"""Raises what is wrong with a database, before anything is done to it."""


async def prepare(
    engine: Engine, *, patience: float = 30.0, migrate: bool = True, proof: Proof | None = None
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
                await connection.execute(_ONE_AT_A_TIME)
                before = await revision(connection)
                if before == newest():
                    return before, before
                if proof is not None:
                    await proof(connection)
                if before and before not in revisions():
                    await _must_be_close(connection, before)
                    return before, before
            if not migrate:
                raise WrongSchema(
                    f"The tables are of revision {before or 'none'}, and this version needs {newest()}: run bokbuss "
                    "migrate first (BOKBUSS_DATABASE__MIGRATE is off)."
                )
            if await _upgraded(engine, before):
                return before, newest()
        except psycopg.Error as error:
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


async def revision(connection: DatabaseConnection) -> str:
    """Return the revision that the tables are of; "" where there are none."""
    return str(await connection.scalar(_MARK)) if await connection.scalar(_IS_MARKED) else ""


async def _upgraded(engine: Engine, before: str) -> bool:
    """Bring tables of a revision up to date, in one transaction; False: somebody else did meanwhile.

    Whoever is cancelled meanwhile, as a process that is to end, does not wait for what somebody else has locked.

    Raises:
        psycopg.Error: the database is away.
    """
    server: psycopg.Connection = await asyncio.to_thread(partial(psycopg.connect, **engine.parameters))
    going = asyncio.create_task(asyncio.to_thread(_upgrade, server, before))
    try:
        return await asyncio.shield(going)
    except asyncio.CancelledError:
        while not going.done():
            server.cancel()
            await asyncio.wait([going], timeout=0.1)
        going.exception()  # it is told to nobody
        raise
    finally:
        server.close()


def _upgrade(server: psycopg.Connection, before: str) -> bool:
    # They take a tenth of a second, and mostly nothing is to be done.
    import sqlalchemy  # noqa: PLC0415
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    made = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: server, poolclass=sqlalchemy.StaticPool)
    try:
        with made.begin() as connection:
            connection.exec_driver_sql(_ONE_AT_A_TIME.sql)
            marked = connection.exec_driver_sql(_IS_MARKED.sql).scalar()
            if before != (connection.exec_driver_sql(_MARK.sql).scalar() if marked else ""):
                return False
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            last = ScriptDirectory.from_config(config).get_revision("head").module
            works_from = getattr(last, "works_from", last.down_revision)
            connection.exec_driver_sql(f"comment on table alembic_version is 'works from {int(works_from):04}'")
    except sqlalchemy.exc.DBAPIError as error:
        raise error.orig from error  # type: ignore[misc] # it is always there
    return True


async def _must_be_close(connection: DatabaseConnection, there: str) -> None:
    """Refuse tables of a revision that this version does not know, unless they say that it works with them.

    Raises:
        WrongSchema: they do not.
    """
    ours, said = newest(), str(await connection.scalar(_WORKS_FROM) or "").removeprefix("works from ")
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


def alone(engine: Engine) -> AbstractAsyncContextManager[DatabaseConnection]:
    """Lend a connection whose statements stand alone: without a transaction each is one round trip, and not three."""
    return engine.connect(alone=True)


class Turns:
    """Lets a few at once keep a connection for long, and of one company one: its others keep nobody else's waiting.

    Whoever keeps a connection and asks for another, as most do, waits for those who do the same: as many of them as a
    process has connections would wait for each other, and every company with them.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._rooms = WeakKeyDictionary[Engine, tuple[asyncio.Semaphore, WeakValueDictionary[str, asyncio.Lock]]]()

    @asynccontextmanager
    async def of(self, engine: Engine, tenant: str) -> AsyncIterator[None]:
        """Wait for a company's turn; it lasts as long as this context."""
        room, companies = self._rooms.setdefault(engine, (asyncio.Semaphore(self._at_once), WeakValueDictionary()))
        async with companies.setdefault(tenant, asyncio.Lock()), room:
            yield


def snapshot(engine: Engine) -> AbstractAsyncContextManager[DatabaseConnection]:
    """Lend a connection whose statements all see one moment, whatever is written meanwhile."""
    return engine.connect(isolation=IsolationLevel.REPEATABLE_READ)


# --- One statement that stands alone ----------------------------------------------------------------------------------

_Values = Mapping[str, Any] | None


async def rows(engine: Engine, statement: Statement, values: _Values = None) -> Sequence[Row]:
    """Return the rows that a statement gives."""
    async with alone(engine) as connection:
        return (await connection.execute(statement, values)).all()


async def row(engine: Engine, statement: Statement, values: _Values = None) -> Row | None:
    """Return the one row that a statement gives; None: it gives none."""
    async with alone(engine) as connection:
        return (await connection.execute(statement, values)).one_or_none()


async def scalars(engine: Engine, statement: Statement, values: _Values = None) -> list[Any]:
    """Return the first value of each row that a statement gives."""
    return [first for first, *_ in await rows(engine, statement, values)]


async def scalar(engine: Engine, statement: Statement, values: _Values = None) -> Any:
    """Return the first value of the one row that a statement gives; None: it gives none."""
    return next(iter(await scalars(engine, statement, values)), None)


async def write(engine: Engine, statement: Statement, values: _Values = None) -> int:
    """Carry a statement out that gives no rows; return how many it changed."""
    async with alone(engine) as connection:
        return (await connection.execute(statement, values)).rowcount


# --- Several statements at once ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class Asked:
    """A statement that is carried out together with others, and then the rows that it gave."""

    statement: Statement
    values: Mapping[str, Any]
    rows: list[tuple[Any, ...]] = field(default_factory=list)


async def together(connection: DatabaseConnection, asked: Sequence[Asked]) -> None:
    """Carry statements out in their order, sent as one (PostgreSQL's pipeline): they take one round trip, not each one.

    They belong to the transaction of ``engine.begin()``; on a connection that stands ``alone`` they are one together.
    Not for a transaction that the server is to end when its process stands still: psycopg's last message, a Flush,
    disarms ``idle_in_transaction_session_timeout`` (measured on PostgreSQL 18).
    A round trip costs this process 0.3 ms of its processor, and a statement more in a pipeline 0.08 (measured).

    Raises:
        psycopg.Error: the first that failed; those behind it were not carried out.
    """
    if not asked:
        return
    driver = connection.driver
    try:
        async with driver.pipeline():
            cursors = [driver.cursor(row_factory=tuple_row) for _ in asked]
            for each, cursor in zip(asked, cursors, strict=True):
                await cursor.execute(each.statement.sql, each.values)
        for each, cursor in zip(asked, cursors, strict=True):
            each.rows = await cursor.fetchall() if cursor.description else []
    except psycopg.Error:
        if driver.autocommit:  # no rollback tells it which statements the server knows by name after all
            await driver.close()
        raise
