"""Every database that a version has left becomes today's: with the tables that the code declares, and all its rows."""

import ast
import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.types.json import Jsonb
from sqlalchemy import Sequence
from sqlalchemy.schema import CreateSequence

from infra import migrations, store
from infra.intake.ways import Way
from infra.tables import metadata
from schemas.settings import TenantSettings
from schemas.ways import OutboxTable, SftpFolder, WaysIn
from tests.databases import through_sqlalchemy

PAST = Path(__file__).parent / "databases"
"""The SQL that made the tables at some commits, before revisions were fixed."""
REVISIONS = Path(str(migrations.__file__)).parent / "versions"

_CATALOG = """
select 'table', c.relname, '', obj_description(c.oid) from pg_class c where relkind = 'r' and {ours}
union all
select 'column', c.relname || '.' || attname,
       format_type(atttypid, atttypmod) || case when attnotnull then '!' else '' end
       || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), ''), col_description(c.oid, attnum)
from pg_class c join pg_attribute a on attrelid = c.oid left join pg_attrdef d on adrelid = c.oid and adnum = attnum
where relkind = 'r' and attnum > 0 and not attisdropped and {ours}
union all
select 'index', c.relname || '.' || i.relname, pg_get_indexdef(i.oid), ''
from pg_index x join pg_class c on indrelid = c.oid join pg_class i on indexrelid = i.oid where {ours}
""".replace("{ours}", "c.relnamespace = 'public'::regnamespace and c.relname <> 'alembic_version'")


def leave(url: str, name: str) -> None:
    """Make a database as a version of before left it."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute((PAST / f"{name}.sql").read_bytes())


def make_of(revision: str, url: str) -> None:
    """Make a database as a version left it whose newest revision this was."""
    engine = through_sqlalchemy(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(REVISIONS.parent))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


async def upgrade(url: str) -> None:
    """Do what each process does when it starts."""
    engine = store.engine(url, 2)
    try:
        await store.prepare(engine)
    finally:
        await engine.dispose()


def catalog(url: str) -> set[tuple[Any, ...]]:
    """Return each table, column and index with its type, default and comment."""
    with psycopg.connect(url) as server:
        return set(server.execute(_CATALOG).fetchall())


@pytest.fixture
def declared(database_url: str) -> set[tuple[Any, ...]]:
    """Return what a database has in which everything is made as ``infra.tables`` declares it, and leave it empty."""
    with through_sqlalchemy(database_url).begin() as connection:
        connection.execute(CreateSequence(Sequence("journal_seq")))
        metadata.create_all(connection)
    found = catalog(database_url)
    with psycopg.connect(database_url) as server:
        server.execute("drop schema public cascade")
        server.execute("create schema public")
    return found


@pytest.mark.filterwarnings("ignore:Expression .* detected to include an operator clause:UserWarning")
@pytest.mark.parametrize("left", ["", *sorted(p.stem for p in PAST.glob("*.sql"))])
async def test_every_database_becomes_what_the_code_declares(
    left: str, database_url: str, declared: set[tuple[Any, ...]]
) -> None:
    """An empty one, and those that earlier versions left: to the last default, index and comment."""
    if left:
        leave(database_url, left)
    await upgrade(database_url)
    assert catalog(database_url) ^ declared == set()
    with through_sqlalchemy(database_url).connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


async def test_who_is_to_end_does_not_wait_for_what_somebody_has_locked(database_url: str) -> None:
    """In the middle of bringing the tables up to date: nothing of it is left, and the next start does it."""
    leave(database_url, "0001")
    engine = store.engine(database_url, 2)
    with psycopg.connect(database_url) as somebody:
        somebody.execute("lock table journal in access share mode")
        going = asyncio.create_task(store.prepare(engine))
        asked = "select count(*) from pg_locks where not granted"
        for _ in range(600):
            if somebody.execute(asked).fetchone() == (1,):
                break
            await asyncio.sleep(0.05)
        going.cancel()
        done, _ = await asyncio.wait([going], timeout=10)
        assert done, "it waits"
        assert going.cancelled()
    assert await store.prepare(engine) == ("0001", store.newest())
    await engine.dispose()


async def test_companies_that_shared_a_number_at_fortnox_are_stopped(database_url: str) -> None:
    """They wrote to one ledger: neither goes on before it has consented again, and each is told of the other."""
    leave(database_url, "before-0003")
    with psycopg.connect(database_url, autocommit=True) as server:
        for tenant, number in (("a", 7), ("b", 7), ("c", 7), ("d", 8), ("e", None), ("f", 8)):
            add = "insert into tenants (tenant, database_number, created_at) values (%s, %s, now())"
            server.execute(add, (tenant, number))
        server.execute(
            """insert into connections (tenant, system, grant_type, state, access, refresh, changed_at)
               select tenant, 'fortnox', 'authorization_code',
                   case tenant when 'f' then 'disconnected' else 'connected' end, 'x', 'y', now() from tenants
               where tenant <> 'b'"""
        )
    await upgrade(database_url)
    with psycopg.connect(database_url) as server:
        rows = server.execute(
            """select tenant, database_number, state, opened, reason, access is null and refresh is null
               from tenants left join connections using (tenant) order by tenant"""
        ).fetchall()
    assert [(row[0], row[1], row[2], row[3], row[5]) for row in rows] == [
        ("a", None, "needs_consent", 7, True),
        ("b", None, "needs_consent", 7, True),
        ("c", None, "needs_consent", 7, True),
        ("d", 8, "connected", None, False),
        ("e", None, "connected", None, False),
        ("f", None, "disconnected", None, False),
    ]
    assert rows[0][4] == "company 7 at fortnox was connected to b, c as well"


async def test_what_opened_a_way_in_is_sent_where_it_was_sent_until_then(database_url: str) -> None:
    """And nowhere else: what is kept for no way in that there is, is asked for anew."""
    keys = ("ssh-ed25519 AAAA",)
    folders = [
        SftpFolder(
            name="filer", system="openpos", host="SFTP.kassan.example", port=2222, user="kassan", host_keys=keys
        ),
        SftpFolder(name="sex", system="openpos", host="2001:DB8::7", user="a@b:c", host_keys=keys),
    ]
    chosen = WaysIn(sftp=tuple(folders), outboxes=(OutboxTable(name="kassa", system="openpos"),))
    bodies = {"a": TenantSettings(ways_in=chosen).to_json(), "b": TenantSettings().to_json(), "c": {}}
    kept = [("a", "filer"), ("a", "sex"), ("a", "kassa"), ("a", "gone"), ("b", "filer"), ("c", "filer"), ("d", "filer")]
    make_of("0030", database_url)
    with psycopg.connect(database_url, autocommit=True) as server:
        for tenant, body in bodies.items():
            server.execute("insert into settings values (%s, 1, %s, 'a test', now())", (tenant, Jsonb(body)))
        for each in kept:
            server.execute("insert into way_secrets values (%s, %s, 'x', 'a test', now())", each)
        await upgrade(database_url)
        found = server.execute("select way, destination from way_secrets where destination <> ''").fetchall()
    assert dict(found) == {folder.name: Way("a", folder).destination for folder in folders}
    assert dict(found) == {"filer": "kassan@sftp.kassan.example:2222", "sex": "a@b:c@[2001:db8::7]:22"}


VALUES = {
    "character varying": "'a text'",
    "integer": "7",
    "bigint": "70000000000",
    "bytea": """'{"id": "a message"}'""",
    "jsonb": """'{"amount": "0.10"}'""",
    "uuid": "'8cae187c-cfd1-59b6-b8f4-4dc0dc9e7b24'",
    "boolean": "true",
    "double precision": "0.5",
    "timestamp with time zone": "'2026-04-10 21:04:11.123456+02'",
}


def fill(url: str) -> dict[str, dict[str, Any]]:
    """Write a row into each table, with a value in each column; return them by table."""
    columns: dict[str, list[tuple[str, str]]] = {}
    with psycopg.connect(url, autocommit=True) as server:
        known = server.execute(
            """select table_name, column_name, data_type from information_schema.columns
               where table_schema = 'public' and table_name <> 'alembic_version'"""
        )
        for table, column, kind in known.fetchall():
            columns.setdefault(table, []).append((f'"{column}"', VALUES[kind]))
        for table, each in columns.items():
            names, values = zip(*each, strict=True)
            server.execute(f"insert into {table} ({', '.join(names)}) values ({', '.join(values)})")  # type: ignore[arg-type] # noqa: S608
        return {table: row(server, table) for table in columns}


def row(server: psycopg.Connection[Any], table: str) -> dict[str, Any]:
    """Return the only row of a table."""
    found = server.execute(f"select to_jsonb(t) from {table} t").fetchall()  # type: ignore[arg-type] # noqa: S608
    assert len(found) == 1, table
    return dict(found[0][0])


@pytest.mark.parametrize("left", sorted(p.stem for p in PAST.glob("*.sql")))
async def test_no_row_is_lost_or_altered(left: str, database_url: str) -> None:
    """Each column that is still there holds what it held."""
    leave(database_url, left)
    before = fill(database_url)
    await upgrade(database_url)
    with psycopg.connect(database_url) as server:
        for table, held in before.items():
            now = row(server, table)
            assert now == now | {name: value for name, value in held.items() if (table, name) not in GONE}, table


GONE = {("activation_links", "scopes")}
"""Columns that a later version has taken away."""


def test_there_is_one_newest_revision() -> None:
    """Two that follow the same one would each be the last."""
    config = Config()
    config.set_main_option("script_location", str(REVISIONS.parent))
    assert ScriptDirectory.from_config(config).get_heads() == [store.newest()]


def test_a_revision_knows_nothing_of_todays_tables() -> None:
    """It makes what it made on its day: what ``infra.tables`` declares changes."""
    allowed = {"alembic", "sqlalchemy"}
    used = Counter[str]()
    for file in REVISIONS.glob("0*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                used.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                used.update([(node.module or "").partition(".")[0]])
    assert set(used) <= allowed


async def test_tables_of_the_next_revision_are_worked_with_where_they_say_so(database_url: str) -> None:
    """A version that was rolled back goes on; others are refused in one sentence that says what to start."""
    await upgrade(database_url)
    with psycopg.connect(database_url, autocommit=True) as server:
        said = server.execute("select obj_description('alembic_version'::regclass)").fetchone()
        assert said is not None
        assert said[0] <= f"works from {store.newest()}"
        server.execute("update alembic_version set version_num = '0999'")
        await upgrade(database_url)
        server.execute("comment on table alembic_version is 'works from 0998'")
        with pytest.raises(store.WrongSchema, match="works from revision 0998 on"):
            await upgrade(database_url)
        server.execute("update alembic_version set version_num = '0000x'")
        with pytest.raises(store.WrongSchema, match="this version knows revisions 0001 to"):
            await upgrade(database_url)


async def test_migrating_can_be_left_to_its_own_verb(database_url: str) -> None:
    """As a Job does it before a roll-out: no role makes tables then."""
    engine = store.engine(database_url, 2)
    with pytest.raises(store.WrongSchema, match="bokbuss migrate"):
        await store.prepare(engine, migrate=False)
    assert await store.prepare(engine) == ("", store.newest())
    assert await store.prepare(engine, migrate=False) == (store.newest(), store.newest())
    await engine.dispose()
