"""The database as a process uses it: tables up to date whoever comes first, and connections that outlive a restart."""

import asyncio
import os
import random
import socket
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from infra import clock, store
from infra.embedded import database
from infra.embedded.database import EmbeddedPostgres
from infra.postgres import text
from infra.tables import metadata
from tests.databases import through_sqlalchemy


@pytest.mark.filterwarnings("ignore:Expression .* detected to include an operator clause:UserWarning")
async def test_processes_that_start_together_make_the_tables_once(database_url: str) -> None:
    """They wait for each other, and the migrations give exactly the tables that the code knows."""
    engines = [store.engine(database_url, 2) for _ in range(4)]
    await asyncio.gather(*(store.prepare(engine) for engine in engines))
    with through_sqlalchemy(database_url).connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
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
        await clock.sleep(0.3)  # one that was used just now is not asked first whether it lives
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
    with suppress(psycopg.OperationalError):  # unless more time has passed
        await pids()
    assert not {*second} & {*await pids()}
    await engine.dispose()
    await other.dispose()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such patience")
async def test_neither_end_of_a_connection_waits_for_one_that_is_silently_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its machine is dead, say: a statement would wait for hours, and everybody for what it has locked."""
    host = ".".join(["127", *(str(random.randrange(1, 255)) for _ in range(3))])  # on its port others may listen
    monkeypatch.setitem(database._SETTINGS, "listen_addresses", host)
    server = EmbeddedPostgres(tmp_path)
    await asyncio.to_thread(server.start)
    engine = store.engine(f"postgresql://postgres@{host}/postgres", 1)
    try:
        async with engine.connect() as connection:
            driver = connection.driver
            with socket.socket(fileno=os.dup(driver.fileno())) as ours:
                idle, every, times, patience = (
                    ours.getsockopt(socket.IPPROTO_TCP, option)
                    for option in (
                        socket.TCP_KEEPIDLE,
                        socket.TCP_KEEPINTVL,
                        socket.TCP_KEEPCNT,
                        socket.TCP_USER_TIMEOUT,
                    )
                )
            assert idle + every * times < 30
            assert 0 < patience < 30_000
            await connection.rollback()  # it holds for as long as the connection does
            asked = "select name, setting::int from pg_settings where name like 'tcp%'"
            theirs = {name: value for name, value in await connection.execute(text(asked))}  # noqa: C416 - rows
            assert theirs == {
                "tcp_keepalives_idle": idle,
                "tcp_keepalives_interval": every,
                "tcp_keepalives_count": times,
                "tcp_user_timeout": patience,
            }
    finally:
        await engine.dispose()
        await asyncio.to_thread(server.stop)


async def test_statements_that_are_sent_as_one_see_what_those_before_them_did(database_url: str) -> None:
    """Each gives its own rows, and what gives none gives none."""
    engine = store.engine(database_url, 1)
    async with engine.begin() as connection:
        made = store.Asked(text("create table if not exists together (n int)"), {})
        written = store.Asked(
            text("insert into together select unnest(cast(:n as int[])) returning n * 10"), {"n": [1, 2]}
        )
        found = store.Asked(text("select n, :word || '%' from together order by n"), {"word": "so"})
        await store.together(connection, [made, written, found])
        await store.together(connection, [])
    assert (made.rows, written.rows, found.rows) == ([], [(10,), (20,)], [(1, "so%"), (2, "so%")])
    with suppress(KeyError):
        async with engine.begin() as connection:
            await store.together(connection, [store.Asked(text("drop table together"), {})])
            raise KeyError
    assert await store.scalar(engine, text("select count(*) from together")) == 2
    await store.write(engine, text("drop table together"))
    await engine.dispose()


async def test_a_statement_that_fails_is_said_and_those_behind_it_are_not_carried_out(database_url: str) -> None:
    """With its class and SQLSTATE, without values; the connection goes on."""
    engine = store.engine(database_url, 1)
    bad = store.Asked(
        text("select 1 / cast(:nothing as int), cast(:secret as text)"), {"nothing": 0, "secret": "geheim"}
    )
    behind = store.Asked(text("select 7"), {})
    with pytest.raises(psycopg.Error) as raised:
        async with engine.begin() as connection:
            await store.together(connection, [store.Asked(text("select 1"), {}), bad, behind])
    assert raised.value.sqlstate == "22012"
    assert "geheim" not in str(raised.value)
    assert behind.rows == []
    assert await store.scalar(engine, text("select 2")) == 2
    await engine.dispose()


async def test_a_failure_leaves_no_connection_that_believes_what_the_server_does_not(database_url: str) -> None:
    """Alone as well: what the server was to know by name from the failed pipeline on, it is told again."""
    engine = store.engine(database_url, 1)
    often, bad = "select 5", text("select 1 / cast(:nothing as int)")
    for uses in range(2, 8):  # psycopg prepares what is used for the sixth time
        statement = text(f"{often} + {uses}")
        for _ in range(uses):
            await store.scalar(engine, statement)
        async with store.alone(engine) as connection:
            asked = [store.Asked(bad, {"nothing": 0}), *(store.Asked(statement, {}) for _ in range(2))]
            with pytest.raises(psycopg.Error):
                await store.together(connection, asked)
        assert await store.scalar(engine, statement) == 5 + uses
    await engine.dispose()


async def test_statements_that_are_sent_as_one_begin_a_transaction_as_any_does(database_url: str) -> None:
    """What is committed is kept."""
    engine = store.engine(database_url, 1)
    await store.write(engine, text("create table begun (n int)"))
    async with engine.connect() as connection:
        await store.together(connection, [store.Asked(text("insert into begun values (1)"), {})])
        await connection.commit()
        await store.together(connection, [store.Asked(text("insert into begun values (2)"), {})])
    assert await store.scalars(engine, text("select n from begun")) == [1]
    await store.write(engine, text("drop table begun"))
    await engine.dispose()


async def test_whoever_is_cancelled_between_statements_leaves_nobody_their_answers(database_url: str) -> None:
    """What waits for a lock is cancelled at the server too, and the next one gets its own rows."""
    engine, other = store.engine(database_url, 1), store.engine(database_url, 1)
    lock, wait = text("select pg_advisory_lock(4711)"), text("select pg_advisory_xact_lock(4711)")

    async def waits() -> None:
        async with engine.begin() as connection:
            await store.together(connection, [store.Asked(wait, {}), store.Asked(text("select 'late'"), {})])

    async with other.connect() as holder:
        await holder.execute(lock)
        task = asyncio.create_task(waits())
        await clock.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 10)
        for number in range(5):
            assert await store.scalar(engine, text("select cast(:n as int)"), {"n": number}) == number
    await engine.dispose()
    await other.dispose()


async def test_a_server_that_ends_a_connection_is_an_error_once(database_url: str) -> None:
    """It is told as lost, and the next one is opened."""
    engine = store.engine(database_url, 1)
    ends = store.Asked(text("select pg_terminate_backend(pg_backend_pid())"), {})
    with pytest.raises(psycopg.OperationalError):
        async with engine.begin() as connection:
            await store.together(connection, [ends, store.Asked(text("select 1"), {})])
    assert await store.scalar(engine, text("select 2")) == 2
    await engine.dispose()


async def test_patience_ends(tmp_path: Path) -> None:
    """A database that does not come is an error, after the time that was given."""
    engine = store.engine(f"postgresql://nobody@/nowhere?host={tmp_path}", 2)
    with pytest.raises(psycopg.OperationalError):
        await store.prepare(engine, patience=0.6)
    await engine.dispose()


async def test_an_array_arrives_as_it_was_sent(database_url: str) -> None:
    """Whatever stands in its members, of each kind that statements send."""
    engine = store.engine(database_url, 1)
    sent = {
        "texts": ['"a",b', "{}", "", "null", None, "rad\nrad", "back\\slash", "Åsa"],
        "none": [],
        "unknown": [None, None],
        "small": [1, None, -2],
        "large": [1, 2**40],
        "times": [clock.now(), None],
        "bytes": [b"\x00\xff", b""],
    }
    statement = text(
        """select cast(:texts as text[]), cast(:none as text[]), cast(:unknown as text[]), cast(:small as bigint[]),
                  cast(:large as bigint[]), cast(:times as timestamptz[]), cast(:bytes as bytea[])"""
    )
    async with engine.connect() as connection:
        executed = (await connection.execute(statement, sent)).one()
        await store.together(connection, [asked := store.Asked(statement, sent)])
    await engine.dispose()
    assert list(executed) == list(sent.values())
    assert [list(row) for row in asked.rows] == [list(sent.values())]
