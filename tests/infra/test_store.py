"""The database as a process uses it: tables up to date whoever comes first, and connections that outlive a restart."""

import asyncio
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


async def test_patience_ends(tmp_path: Path) -> None:
    """A database that does not come is an error, after the time that was given."""
    engine = store.engine(f"postgresql+psycopg://nobody@/nowhere?host={tmp_path}", 2)
    with pytest.raises(OperationalError):
        await store.prepare(engine, patience=0.6)
    await engine.dispose()
