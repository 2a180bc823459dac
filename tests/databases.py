"""Databases of a server for tests: one that was used is emptied and used again, a tenth of the work of making one."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import psycopg
import sqlalchemy

from infra.postgres import DatabaseConnection, Engine

Fingerprint = Any

# Every change of a table, an index, a constraint, a trigger or a function is one of these rows; TRUNCATE is none.
FINGERPRINT = " union all ".join(
    f"select count(*), max(xmin::text::bigint) from {catalog}"  # noqa: S608 - the names above
    for catalog in ("pg_attribute", "pg_constraint", "pg_index", "pg_trigger", "pg_proc", "pg_attrdef")
)
USED = """select quote_ident(relname) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
          and relname <> 'alembic_version' and pg_relation_size(oid) > 0"""
END_OTHERS = """select pg_terminate_backend(pid, 10000) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()"""
BEGIN_ANEW = "select setval(seqrelid::regclass, seqstart, false) from pg_sequence"


def through_sqlalchemy(url: str) -> sqlalchemy.Engine:
    """Return a way to a database for what Alembic does."""
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=sqlalchemy.NullPool
    )


def stepping(engine: Engine, step: Callable[[str], Awaitable[None]]) -> None:
    """Await a step before each statement of an engine, with its SQL, and before each ``commit``."""
    connect = engine.connect

    @asynccontextmanager
    async def stepped(**how: Any) -> AsyncIterator[DatabaseConnection]:
        async with connect(**how) as connection:
            execute, commit = connection.execute, connection.commit

            async def carry_out(statement: Any, values: Any = None) -> Any:
                await step(statement.sql)
                return await execute(statement, values)

            async def end() -> None:
                await step("commit")
                await commit()

            connection.execute, connection.commit = carry_out, end  # type: ignore[method-assign]
            yield connection

    engine.connect = stepped  # type: ignore[method-assign, assignment]


class Databases:
    """Databases with every table, as a template has them, and nothing in them.

    Args:
        server: the URL of a database of the server that belongs to nobody, for psycopg.
        template: the name of one that nobody is connected to.
    """

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._free = list[str]()
        self._made: Fingerprint = None

    def take(self) -> str:
        """Return the name of one that is its taker's alone."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        if self._made is None:
            with self._within(name) as database:
                self._made = database.execute(FINGERPRINT).fetchall()
        return name

    def give_back(self, name: str) -> None:
        """Empty a database for the next one; one that was changed in more than its rows is dropped."""
        with suppress(psycopg.Error), self._within(name) as database:
            database.execute(END_OTHERS)
            if database.execute(FINGERPRINT).fetchall() == self._made:
                if used := [table for (table,) in database.execute(USED)]:
                    database.execute(f"truncate {', '.join(used)} cascade")
                database.execute(BEGIN_ANEW)
                self._free.append(name)
                return
        with psycopg.connect(self._server, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _within(self, name: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self._server.replace("@/postgres?", f"@/{name}?"), autocommit=True)
