"""Whether a database is the one that was left: noticed by itself, whoever copied it with whatever."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from infra import clock, installation, postgres, store
from infra.delivery.journal import Journal
from infra.embedded.database import programs
from infra.installation import Installation, Pulse, Restored, WrongInstallation
from infra.leases import Leases
from infra.postgres import Engine, text
from infra.trail import Entry, Published, put_on_record, take_back
from schemas.audit import AuditRecord
from tests.ending import end_tasks
from tests.infra.fake_fortnox import order

FORTNOX = {"fortnox": "https://api.fortnox.se/3"}
SANDBOX = {"fortnox": "an imitation on this machine"}
ALL_AGREES = text(
    """update fenced set state = 'open', opened_at = now() - make_interval(days => :days), found = '{"unclear": []}'"""
)


async def known(engine: Engine) -> Installation:
    """Return what the row says."""
    async with engine.begin() as connection:
        found = await installation.read(connection)
    assert found is not None
    return found


async def begun(engine: Engine) -> Installation:
    """Let an installation begin."""
    async with engine.begin() as connection:
        await installation.begin(connection, FORTNOX)
    return await known(engine)


async def on(url: str) -> Installation:
    """Return what the row says in another database."""
    engine = store.engine(url, 2)
    try:
        return await known(engine)
    finally:
        await engine.dispose()


@contextmanager
def another(postgres_url: str, name: str, template: str = "template0") -> Iterator[str]:
    """Yield the URL of another database of the server."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'create database "{name}" template "{template}"')  # type: ignore[call-overload] # our names
        yield postgres_url.replace("@/postgres?", f"@/{name}?")
        server.execute(f'drop database "{name}" with (force)')  # type: ignore[call-overload] # our names


def said(command: list[object], given: bytes = b"") -> bytes:
    """Return what a command prints."""
    return subprocess.run(list(map(str, command)), input=given, capture_output=True, check=True).stdout


async def test_a_database_that_nobody_touched_is_ours_however_often_it_is_written(engine: Engine) -> None:
    """Also after the cleaning that PostgreSQL does by itself."""
    assert (await begun(engine)).ours
    pulse = Pulse(engine)
    async with engine.begin() as connection:
        await connection.execute(text("update installation set pulsed_at = pulsed_at - interval '1 minute'"))
        await installation.move(connection, SANDBOX)
    assert await pulse.beat() == 1
    assert await pulse.beat() is None
    async with engine.connect(alone=True) as connection:
        await connection.execute(text("vacuum (freeze, full) installation"))
    after = await known(engine)
    assert after.ours
    assert (after.pulse, after.targets) == (1, SANDBOX)


async def test_a_dump_that_is_loaded_anywhere_is_noticed(engine: Engine, prepared_url: str, postgres_url: str) -> None:
    """Another transaction wrote the row: also into the very same tables."""
    await begun(engine)
    server, name = prepared_url, "dumped"
    tools = programs()
    dump = await asyncio.to_thread(said, [tools / "pg_dump", "--dbname", server])
    with another(postgres_url, name) as url:
        await asyncio.to_thread(said, [tools / "psql", "--quiet", "--dbname", url], dump)
        assert not (await on(url)).ours
    async with engine.begin() as connection:
        await connection.execute(text("create temp table kept on commit drop as select * from installation"))
        await connection.execute(text("delete from installation"))
        await connection.execute(text("insert into installation select * from kept"))
    assert not (await known(engine)).ours


async def test_a_copy_of_the_files_of_a_database_is_noticed(
    engine: Engine, prepared_url: str, postgres_url: str
) -> None:
    """It is another database of the server."""
    await begun(engine)
    await engine.dispose()
    name = prepared_url.rpartition("@/")[2].partition("?")[0]
    with another(postgres_url, f"{name}_copy", name) as url:
        assert not (await on(url)).ours


async def test_a_process_ends_whose_database_went_back(engine: Engine) -> None:
    """And until it does, nothing is sent on the word of that database."""
    await begun(engine)
    journal = Journal(engine, "fortnox", lambda: (0, 7))
    await journal.insert([(0, order("a", "day/1", 1))])
    lease = await Leases(engine, 60.0).acquire("fortnox/a")
    assert lease is not None
    [work] = await Journal(engine, "fortnox").next("a", 1)
    writing = asyncio.create_task(journal.write())
    try:
        assert not await journal.mark_sending(work, lease.name, lease.epoch)
    finally:
        await end_tasks(writing)
    with pytest.raises(Restored):
        await Pulse(engine, seen=7).beat()


async def test_nobody_is_given_a_connection_to_a_database_that_was_restored_under_the_process(
    engine: Engine,
) -> None:
    """To every role it is away, also once another process has fenced it off; the pulse says what it really is."""
    await begun(engine)
    pulse = Pulse(engine)
    async with engine.begin() as connection:
        await installation.close(connection, why="a test", since=datetime(2026, 1, 1, tzinfo=UTC), pulse=1000)
    await engine.dispose()
    with pytest.raises(psycopg.OperationalError, match="restored, or moved"):
        await known(engine)
    with pytest.raises(Restored):
        await pulse.beat()


async def test_a_pulse_while_somebody_connects_is_no_restored_database(prepared_url: str) -> None:
    """A new connection is asked for the pulse; when the answer arrives, this process may have seen the next one."""
    beaten: list[int | None] = []

    class Overtaken(psycopg.AsyncCursor[object]):
        async def execute(self, query: Any, *parameters: Any, **how: Any) -> "Overtaken":
            done = await super().execute(query, *parameters, **how)
            if query == "select epoch, pulse from installation" and not beaten:
                beaten.append(None)
                beaten.append(await pulse.beat())
            return done

    engine = postgres.Engine({"conninfo": prepared_url, "cursor_factory": Overtaken}, 2)
    try:
        await begun(engine)
        async with engine.begin() as connection:
            await connection.execute(text("update installation set pulsed_at = pulsed_at - interval '1 minute'"))
            await installation.move(connection, SANDBOX)
        pulse = Pulse(engine)
        async with engine.connect():  # what is known already is in use
            assert (await known(engine)).pulse == 1
        assert beaten == [None, 1]
        pulse.must_not_be_replaced()
    finally:
        await engine.dispose()


async def test_what_a_restore_has_not_taken_in_is_not_forgotten_by_the_next_one(engine: Engine) -> None:
    """Restored, and moved before Kafka could be read: it is read from the first backup on, until that is done."""
    await begun(engine)
    first, second = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    found = []
    for since in (first, second, None, second):
        async with engine.begin() as connection:
            if since is None:
                await installation.go_on(connection)
            else:
                await installation.close(connection, why="a test", since=since)
        found.append((await known(engine)).since)
    assert found == [first, first, first, second]


async def test_an_order_of_before_the_fence_is_looked_for_and_one_of_after_it_is_not(engine: Engine) -> None:
    """Whether it waited in the journal or comes once more; nothing goes out before its company is opened."""
    await begun(engine)
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('a', now())"))
        await connection.execute(text("update installation set fenced_at = null"))
    journal = Journal(engine, "fortnox")
    now = datetime.now(UTC)  # noqa: TID251 - the clock of producers
    waits, comes, later = (
        order("a", f"day/{n}", n).model_copy(update={"acceptedtime": now + timedelta(days=n - 2)}) for n in (1, 2, 3)
    )
    await journal.insert([(0, waits)])
    async with engine.begin() as connection:
        await installation.close(connection, why="a test", since=now - timedelta(days=2))
        await installation.go_on(connection)
    await journal.insert([(0, comes)])
    assert await journal.open_tenants([0]) == {}
    async with engine.begin() as connection:
        await connection.execute(ALL_AGREES, {"days": 0})
    await journal.insert([(0, later)])
    async with engine.connect() as connection:
        states = {key: state for key, state in await connection.execute(text("select key, state from journal"))}  # noqa: C416 - rows are no pairs to mypy
    assert states == {waits.subject: "unknown", comes.subject: "unknown", later.subject: "queued"}
    assert await journal.open_tenants([0]) == {"a": 0}


async def test_a_day_that_is_told_again_after_a_person_opened_its_company_is_looked_for(engine: Engine) -> None:
    """Its books hold a voucher that nobody here knows: the sender has only to send the day again."""
    await begun(engine)
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('a', now()), ('b', now())"))
        await installation.close(connection, why="a test", since=clock.now())
        await installation.go_on(connection)
        await connection.execute(ALL_AGREES, {"days": 0})
        found = """update fenced set found = '{"unclear": ["not_on_record: F 12"]}' where tenant = 'a'"""
        await connection.execute(text(found))
    journal, today = Journal(engine, "fortnox"), clock.today()
    for tenant, key, day in (("a", "day/1", today), ("a", "day/8", today + timedelta(days=7)), ("b", "day/1", today)):
        told = order(tenant, key, 1)
        told = told.model_copy(
            update={
                "acceptedtime": clock.now() + timedelta(minutes=1),
                "data": told.data.model_copy(update={"voucher_date": day}),
            }
        )
        await journal.insert([(0, told)])
    async with engine.connect() as connection:
        rows = await connection.execute(text("select tenant, key, state from journal order by 1, 2"))
        assert [tuple(row) for row in rows] == [
            ("a", "day/1", "unknown"),
            ("a", "day/8", "queued"),
            ("b", "day/1", "queued"),
        ]


async def test_what_no_comparison_shows_is_looked_for_two_weeks_after_a_restore(engine: Engine) -> None:
    """An absence that HR tells again was perhaps written after the backup, and neither database nor Kafka know it."""
    await begun(engine)
    absence = "bokbuss.write-absence.v1"
    journal = Journal(engine, "fortnox", unswept=[absence])
    now = datetime.now(UTC)  # noqa: TID251 - the clock of producers
    states = []

    async def told(number: int) -> None:
        change = {"acceptedtime": now + timedelta(minutes=1), "type": absence}
        said = order("b", f"leave/{number}", number).model_copy(update=change)
        await journal.insert([(0, said)])
        async with engine.connect() as connection:
            found = await connection.scalar(text("select state from journal where key = :key"), {"key": said.subject})
        states.append(found)

    await told(9)  # a new installation has nothing to look for
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('b', now())"))
        await installation.close(connection, why="a test", since=now)
        await installation.go_on(connection)
    for number, days in enumerate((0, 13, 15)):
        async with engine.begin() as connection:
            await connection.execute(ALL_AGREES, {"days": days})
        await told(number)
    assert states == ["queued", "unknown", "unknown", "queued"]


async def test_a_trail_is_taken_back_as_it_stands_and_never_forked(engine: Engine) -> None:
    """What follows its end is appended, what is there is left, what belongs to another chain is named."""
    first, second = (order("a", f"day/{n}", n) for n in (1, 2))
    async with engine.begin() as connection:
        await put_on_record(
            connection, [Entry(first, "delivered"), Entry(second, "rejected", code="x", who="accountant")]
        )
        bodies = await connection.scalars(text("select body::text from audit order by sequence"))
        one, two = (AuditRecord.model_validate_json(body) for body in bodies)
        await connection.execute(text("delete from audit where sequence = 2"))
        await connection.execute(text("update audit_heads set sequence = 1, hash = :h"), {"h": one.hash})
    now = datetime.now(UTC)  # noqa: TID251 - the clock of Kafka
    forged = two.model_copy(update={"why": "not so"})
    async with engine.begin() as connection:
        taken, others = await take_back(connection, [Published("a", r, "", now) for r in (one, forged, two, two)])
    assert [each.record for each in taken] == [two]
    assert [each.record for each in others] == [forged]
    await Journal(engine, "fortnox").insert([(0, second)])
    async with engine.connect() as connection:
        row = (await connection.execute(text("select state, outcome ->> 'code' from journal"))).one()
    assert tuple(row) == ("rejected", "x")


async def test_books_of_another_environment_are_refused_once_something_was_written(engine: Engine) -> None:
    """What a sandbox was told is not in the real Fortnox. Before the first order the address may change."""
    row = await begun(engine)
    async with engine.begin() as connection:
        await installation.must_be_ours(connection, row, SANDBOX)
    row = await known(engine)
    await Journal(engine, "fortnox").insert([(0, order("a", "day/1", 1))])
    async with engine.begin() as connection:
        await connection.execute(text("update journal set attempt = 1"))
        with pytest.raises(WrongInstallation, match=r"BOKBUSS_FORTNOX__API_URL.*bokbuss fence move"):
            await installation.must_be_ours(connection, row, FORTNOX)
