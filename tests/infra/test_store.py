"""The database as a process uses it: tables up to date whoever comes first, and connections that outlive a restart."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from infra import clock, store
from infra.embedded.database import EmbeddedPostgres
from infra.tables import metadata


@pytest.mark.filterwarnings("ignore:Expression .* detected to include an operator clause:UserWarning")
async def test_processes_that_start_together_make_the_tables_once(database_url: str) -> None:
    """They wait for each other, and the migrations give exactly the tables that the code knows."""
    engines = [store.engine(database_url, 2) for _ in range(4)]
    await asyncio.gather(*(store.prepare(engine) for engine in engines))
    async with engines[0].connect() as connection:
        differences = await connection.run_sync(lambda c: compare_metadata(MigrationContext.configure(c), metadata))
    for engine in engines:
        await engine.dispose()
    assert differences == []


async def test_a_database_that_is_still_starting_is_waited_for(tmp_path: Path) -> None:
    """Roles may start before their database; and one that restarts is connected to again."""
    server = EmbeddedPostgres(tmp_path)
    engine = store.engine(server.url, 2)
    preparing = asyncio.create_task(store.prepare(engine))
    await clock.sleep(0.7)
    assert not preparing.done()
    await asyncio.to_thread(server.start)
    try:
        await preparing
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        async with engine.connect() as connection:
            assert await connection.scalar(text("select count(*) from tenants")) == 0
    finally:
        await engine.dispose()
        await asyncio.to_thread(server.stop)


async def test_connections_that_died_while_nobody_used_them_are_opened_anew(database_url: str) -> None:
    """All of them, by whoever comes first; one that dies between two uses in a row is an error once."""
    engine, other = store.engine(database_url, 3), store.engine(database_url, 1)
    ended = text("select count(pg_terminate_backend(pid)) from pg_stat_activity where pid = any(cast(:pids as int[]))")

    async def end(pids: list[int]) -> None:
        async with other.connect() as connection:
            assert await connection.scalar(ended, {"pids": pids}) == len(pids)

    async def pids() -> list[int]:
        async with engine.connect() as one, engine.connect() as another:
            return [int(await each.scalar(text("select pg_backend_pid()")) or 0) for each in (one, another)]

    first = await pids()
    await end(first)
    await clock.sleep(0.3)
    second = await pids()
    assert not {*first} & {*second}
    await end(second)
    with suppress(OperationalError):  # unless more time has passed
        await pids()
    assert not {*second} & {*await pids()}
    await engine.dispose()
    await other.dispose()


async def test_patience_ends(tmp_path: Path) -> None:
    """A database that does not come is an error, after the time that was given."""
    engine = store.engine(f"postgresql+psycopg://nobody@/nowhere?host={tmp_path}", 2)
    with pytest.raises(OperationalError):
        await store.prepare(engine, patience=0.6)
    await engine.dispose()
