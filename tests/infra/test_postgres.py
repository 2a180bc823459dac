"""Statements and the connections they go by: what a row is, and whose a connection is when something goes wrong."""

import asyncio
from dataclasses import replace

import psycopg
import pytest
from psycopg import IsolationLevel

from infra import postgres
from infra.postgres import Engine, NoSuchRow, PoolTimeout, text

_PID = text("select pg_backend_pid()")
_ISOLATION = text("show transaction_isolation")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("select :a, :a_2", "select %(a)s, %(a_2)s"),
        ("select cast(:a as text), '5'::text", "select cast(%(a)s as text), '5'::text"),
        (r"select to_char(now(), 'HH24\:MI')", "select to_char(now(), 'HH24:MI')"),
        ("select 7 % 2, x like '%a'", "select 7 %% 2, x like '%%a'"),
        ("select a[1:2], b::int[]", "select a[1:2], b::int[]"),
    ],
)
def test_a_value_is_a_colon_and_a_word(written: str, sent: str) -> None:
    """Casts, slices, times and remainders stay what they are."""
    assert text(written).sql == sent


async def test_a_row_is_its_values_and_has_them_by_name(engine: Engine) -> None:
    """Two columns may have one name; the values by their places are there all the same."""
    async with engine.connect() as connection:
        row = (await connection.execute(text("select 5 as count, 7 % :by as rest, 1 as count"), {"by": 4})).one()
        assert (*row,) == (5, 3, 1)
        assert (row.count, row.rest) == (5, 3)
        nothing = await connection.execute(text("select 1 where false"))
        assert (nothing.one_or_none(), nothing.first(), nothing.mapping(), nothing.all()) == (None, None, None, [])
        with pytest.raises(NoSuchRow):
            nothing.one()
        two = await connection.execute(text("select * from (values (1), (2)) as t (n)"))
        assert (two.first(), two.mappings(), two.rowcount) == ((1,), [{"n": 1}, {"n": 2}], 2)
        with pytest.raises(NoSuchRow):
            two.one_or_none()
        assert await connection.scalars(text("select n from generate_series(1, 3) as n")) == [1, 2, 3]
        assert await connection.scalar(text("select 1 where false")) is None


async def test_what_is_not_committed_is_taken_back(engine: Engine) -> None:
    """Whether the block ends or raises; and each statement that stands alone stays."""
    count = text("select count(*) from tenants")
    add = text("insert into tenants (tenant, created_at) values (:name, now())")
    async with engine.connect() as connection:
        await connection.execute(add, {"name": "a"})
    with pytest.raises(psycopg.errors.DivisionByZero):
        await _carry_out(engine, "insert into tenants (tenant, created_at) values ('b', now())", "select 1 / 0")
    async with engine.connect(alone=True) as connection:
        assert await connection.scalar(count) == 0
        await connection.execute(add, {"name": "c"})
    async with engine.begin() as connection:
        await connection.execute_many(add, [{"name": "d"}, {"name": "e"}])
    async with engine.connect() as connection:
        assert await connection.scalar(count) == 3


async def test_the_next_one_gets_a_connection_as_it_was_made(prepared_url: str) -> None:
    """Not alone, and not isolated, for that the one before was."""
    engine = postgres.engine(prepared_url, 1)
    async with engine.connect(isolation=IsolationLevel.REPEATABLE_READ) as connection:
        first, isolation = await connection.scalar(_PID), await connection.scalar(_ISOLATION)
    async with engine.connect(alone=True) as connection:
        assert connection.driver.autocommit
    async with engine.connect() as connection:
        assert not connection.driver.autocommit
        assert (isolation, await connection.scalar(_ISOLATION)) == ("repeatable read", "read committed")
        assert await connection.scalar(_PID) == first
    await engine.dispose()


async def test_who_gets_no_connection_is_told_and_who_waits_gets_the_next(prepared_url: str) -> None:
    """Twice as many as stay open may be in use; a connection too many is closed when it is given back."""
    engine = replace(postgres.engine(prepared_url, 1), wait=0.2)
    async with engine.connect() as one, engine.connect() as other:
        pids = {await one.scalar(_PID), await other.scalar(_PID)}
        assert engine.in_use == 2
        with pytest.raises(PoolTimeout, match="all 2 connections"):
            async with engine.connect():
                pass
    async with engine.connect() as connection:
        assert await connection.scalar(_PID) in pids
        engine.wait = 30.0
        async with engine.connect():
            waiting = asyncio.create_task(_pid(engine))
            await asyncio.sleep(0.1)
            assert not waiting.done()
    assert await waiting
    assert engine.in_use == 0
    await engine.dispose()


async def test_a_connection_of_somebody_who_was_cancelled_is_nobody_else_s(prepared_url: str) -> None:
    """Its server may still answer him. None is lost by that: as many as before can be had."""
    engine = replace(postgres.engine(prepared_url, 1), wait=5.0)
    before = await _pid(engine)
    for _ in range(5):
        task = asyncio.create_task(_sleep(engine))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert engine.in_use == 0
    async with engine.connect(), engine.connect() as connection:
        assert await connection.scalar(_PID) != before
    await engine.dispose()


async def test_what_is_lent_when_an_engine_ends_is_closed_when_it_comes_back(prepared_url: str) -> None:
    """Nothing is left open that nobody will use."""
    engine = postgres.engine(prepared_url, 2)
    async with engine.connect() as connection:
        await engine.dispose()
        assert await connection.scalar(text("select 1")) == 1
    assert connection.driver.closed


async def test_a_new_connection_that_is_not_welcome_is_given_to_nobody(prepared_url: str) -> None:
    """And is closed; the next is looked at anew."""
    engine, seen = postgres.engine(prepared_url, 1), list[postgres.DatabaseConnection]()

    async def refuse_the_first(connection: postgres.DatabaseConnection) -> None:
        seen.append(connection)
        if len(seen) == 1:
            raise psycopg.OperationalError("by the test")

    engine.greetings.append(refuse_the_first)
    with pytest.raises(psycopg.OperationalError, match="by the test"):
        await _pid(engine)
    assert seen[0].driver.closed
    assert await _pid(engine) > 0
    assert await _pid(engine) > 0
    assert len(seen) == 2
    await engine.dispose()


async def test_pages_are_all_rows_in_their_order(engine: Engine) -> None:
    """And other statements may go between them."""
    async with engine.connect() as connection:
        pages = []
        async for page in connection.pages(text("select n from generate_series(1, :most) as n"), {"most": 7}, 3):
            pages.append([row.n for row in page])
            assert await connection.scalar(text("select 1")) == 1
    assert pages == [[1, 2, 3], [4, 5, 6], [7]]


def test_how_one_connects_is_in_nobody_s_words() -> None:
    """A password is part of it."""
    assert "hemligt" not in repr(postgres.engine("postgresql://u:hemligt@127.0.0.1/x", 1))


async def _carry_out(engine: Engine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def _pid(engine: Engine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(_PID))


async def _sleep(engine: Engine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("select pg_sleep(60)"))
