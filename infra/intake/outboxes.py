"""A till's outbox in its own PostgreSQL: a table ``outbox(id, created_at, payload)``, read in order and never written.

One look is one short transaction that only reads, over one snapshot; it is over before anything is told. What was read
counts as read when Kafka has it (``infra.intake.holes`` says what is read next): a crash repeats rows, which changes
nothing.
"""

import asyncio
import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg import AsyncConnection, AsyncCursor, IsolationLevel, errors, sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import TypeAdapter

from infra import reaching, store
from infra.intake import holes
from infra.intake.holes import Hole, Look, Position
from infra.intake.ways import Trouble, Way, inside
from infra.postgres import Engine, text
from infra.settings import Networks
from schemas.ways import OutboxTable

ROWS: Final = 50
"""Of one look."""
_BYTES: Final = 8_000_000
"""Of the payloads of one look, unless one alone is larger."""
_CONNECT_WITHIN: Final = 5
_WITHIN: Final = 60.0
"""Seconds for one look, whatever their server or the network does."""
_APPLICATION: Final = "bokbuss"
_PORT: Final = 5432
_URL: Final = "postgresql://user:password@host:5432/name"
_HERE: Final = re.compile(r"|localhost|127\.\d+\.\d+\.\d+|::1|[/@].*", re.ASCII)
_KINDS: Final = {
    "id": ("smallint", "integer", "bigint"),
    "created_at": ("timestamp with time zone", "timestamp without time zone"),
    "payload": ("bytea", "json", "jsonb", "text", "character varying"),
}
"""What is read of the table, and what each column may be."""
_YEARS: Final = range(1900, 2200)
_LOGIN: Final = re.compile(r"authentication|pg_hba|role \"|database \"|no password", re.IGNORECASE)
"""In what a server says to a login that it refuses: psycopg gives no code for it."""

_SHAPE: Final = """
select c.oid::bigint, a.attname, format_type(a.atttypid, null)
from pg_class c left join pg_attribute a
  on attrelid = c.oid and attnum > 0 and not attisdropped and attname = any(%s)
where c.oid = to_regclass(%s)"""
_SNAPSHOT: Final = """
select extract(epoch from clock_timestamp())::float8, pg_snapshot_xmin(now)::text::numeric,
       pg_snapshot_xmax(now)::text::numeric
from pg_current_snapshot() now"""
# A look into each hole by itself, so that each is one of the index.
_IDS: Final = """
select id, size from (
    (select r.id, r.size from unnest(%(firsts)s::bigint[], %(lasts)s::bigint[]) as hole(f, l),
        lateral (select o.id, {size} as size from {table} o where o.id between f and l order by o.id limit %(rows)s) r
     limit %(rows)s)
    union all
    (select o.id, {size} from {table} o where o.id > %(passed)s order by o.id limit %(rows)s)) as found
order by id"""
_PAYLOADS: Final = """
select o.id, extract(epoch from o.created_at)::float8, {size}, case when {size} <= %(most)s then {bytes} end
from {table} o where o.id = any(%(ids)s) order by o.id"""

_HIGHEST: Final = "select max(id) from {table}"
# What tells the row of an id from another row that was given the same one later.
_MARK: Final = """
select o.id || '@' || coalesce(extract(epoch from o.created_at)::float8::text, md5({bytes}))
from {table} o where o.id = %(passed)s"""

_READ: Final = text("select relation, passed, holes, mark from outbox_positions where tenant = :tenant and way = :way")
_MOVE: Final = text(
    """insert into outbox_positions (tenant, way, relation, passed, holes, mark, moved_at)
       select t.tenant, cast(:way as varchar), :relation, :passed, cast(:holes as jsonb), :mark, clock_timestamp()
       from tenants t where t.tenant = :tenant
         and (:first or exists (
           select from outbox_positions p where p.tenant = :tenant and p.way = cast(:way as varchar)))
       on conflict (tenant, way) do update set relation = excluded.relation, passed = excluded.passed,
           holes = excluded.holes, mark = excluded.mark, moved_at = excluded.moved_at"""
)
_HOLES: Final = TypeAdapter(tuple[Hole, ...])


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its payload is None where it has none, or where it is larger than is taken."""

    id: int
    created_at: datetime | None
    size: int | None
    payload: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """How far which table was read: its id there, and what tells the last row that was passed from another of its id.

    Ids that begin anew can have come as far again by the next look. None: nobody has looked at that row yet.
    """

    relation: int
    position: Position
    mark: str | None


@dataclass(frozen=True, slots=True)
class Read:
    """What one look gave: rows in order, and where reading goes on once they are told."""

    rows: tuple[Row, ...]
    place: Place
    is_more: bool
    began_anew: bool


async def read(way: Way, url: str, known: Place | None, most: int, allowed: Networks) -> Read:
    """Read the next rows of an outbox.

    Args:
        url: of their database.
        known: how far it was read; None at first.
        most: bytes of a payload; of a larger one only its size is read.
        allowed: private networks that their server may be in.

    Raises:
        Trouble: it cannot be read now.
    """
    async with _connected(url, allowed) as connection:
        table = await _table(connection, _outbox(way).table)
        began_anew = known is not None and await _began_anew(connection, table, known)
        position = known.position if known and not began_anew else Position()
        look, is_more = await _look(connection, table, position, most)
        ids, after = holes.read(position, look, _outbox(way).patience)
        rows = await _all(connection, table.filled(_PAYLOADS), {"ids": list(ids), "most": most}) if ids else []
        mark = await _mark(connection, table, after)
        if mark is None and known and after.passed == known.position.passed and not began_anew:
            mark = known.mark  # the row is gone by now
    taken = tuple(Row(one, _time(created), size, payload) for one, created, size, payload in rows)
    return Read(taken, Place(table.relation, after, mark), is_more and bool(ids), began_anew)


async def check(way: Way, url: str, allowed: Networks) -> None:
    """Try whether an outbox can be read. Raises Trouble."""
    async with _connected(url, allowed) as connection:
        table = await _table(connection, _outbox(way).table)
        await _look(connection, table, Position(), 0)


async def position(engine: Engine, way: Way) -> Place | None:
    """Return which table was read last, and how far; None before the first row."""
    row = await store.row(engine, _READ, {"tenant": way.tenant, "way": way.name})
    return Place(row.relation, Position(row.passed, _HOLES.validate_python(row.holes)), row.mark) if row else None


async def move(engine: Engine, way: Way, place: Place, known: Place | None) -> None:
    """Write down how far an outbox was read. ``known``: how far it was before; if that is gone, it is read anew."""
    holes = _HOLES.dump_json(place.position.holes).decode()
    values = {"relation": place.relation, "passed": place.position.passed, "holes": holes, "mark": place.mark}
    values |= {"first": known is None}
    await store.write(engine, _MOVE, {"tenant": way.tenant, "way": way.name, **values})


# --- Their database -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Table:
    """Their table: its id there, and how a payload is read as bytes."""

    relation: int
    name: sql.Identifier
    payload: sql.SQL

    def filled(self, query: LiteralString) -> sql.Composed:
        size = sql.SQL("octet_length({})").format(self.payload)
        return sql.SQL(query).format(table=self.name, bytes=self.payload, size=size)


def _outbox(way: Way) -> OutboxTable:
    if not isinstance(way.settings, OutboxTable):
        raise TypeError(f"{way.key} is no outbox")
    return way.settings


def _conninfo(url: str) -> dict[str, Any]:
    """Return how a database is connected to; over a network in cipher, unless the URL says otherwise."""
    try:
        said: dict[str, Any] = conninfo_to_dict(re.sub(r"^postgres(ql)?\+\w+://", "postgresql://", url))
    except psycopg.ProgrammingError:  # its text may hold parts of the URL
        raise Trouble("secret_wrong", _URL) from None
    hosts = str(said.get("hostaddr") or said.get("host") or "").split(",")
    if not all(_HERE.fullmatch(host) for host in hosts):
        said.setdefault("sslmode", "require")
    return {"connect_timeout": _CONNECT_WITHIN, "application_name": _APPLICATION} | said


async def _reached(conninfo: dict[str, Any], allowed: Networks) -> dict[str, Any]:
    """Return how a database is connected to at addresses that were looked at; nobody looks its names up again.

    Raises:
        Trouble: it is inside, or its hosts and ports are not as many.
        OSError, UnicodeError: none of its names can be looked up.
    """
    hosts, addresses, ports = (str(conninfo.get(name) or "").split(",") for name in ("host", "hostaddr", "port"))
    number = max(len(hosts), len(addresses), len(ports))
    each = [values * number if len(values) == 1 else values for values in (hosts, addresses, ports)]
    found = list[tuple[str, str, str]]()
    unknown: Exception = OSError()
    try:
        for host, address, port in zip(*each, strict=True):
            if not address and (not host or host[0] in "/@"):  # a socket of this machine
                reaching.must_be_outside(host or "localhost", "127.0.0.1", allowed)
                found.append((host, "", port))
                continue
            try:
                places = await reaching.places(address or host, int(port or _PORT), allowed)
            except (OSError, UnicodeError) as error:
                unknown = error
            else:
                found += ((host, place.ip, port) for place in places)
    except reaching.Refused as refused:
        raise inside(refused) from None
    except ValueError:
        raise Trouble("secret_wrong", _URL) from None
    if not found:
        raise unknown
    lists = (",".join(values) for values in zip(*found, strict=True))
    return conninfo | {
        name: values for name, values in zip(("host", "hostaddr", "port"), lists, strict=True) if values.strip(",")
    }


@asynccontextmanager
async def _connected(url: str, allowed: Networks) -> AsyncIterator[AsyncConnection[Any]]:
    """Open a transaction that only reads, over one snapshot. Raises Trouble whatever goes wrong at their side."""
    conninfo = _conninfo(url)
    try:
        async with asyncio.timeout(_WITHIN):
            conninfo = await _reached(conninfo, allowed)
            connection = await AsyncConnection.connect(**conninfo, prepare_threshold=None)  # a pooler may stand between
            try:
                await connection.set_read_only(True)
                await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
                await connection.execute("set local lock_timeout = '5s'")
                await connection.execute(f"set local statement_timeout = '{_WITHIN:.0f}s'")
                yield connection
            finally:
                await connection.close()
    except (psycopg.Error, TimeoutError, OSError, UnicodeError) as error:
        raise Trouble(*_why(error)) from None  # their words may hold a user's name or a value


def _why(error: BaseException) -> tuple[str, str]:
    match error:
        case errors.InsufficientPrivilege():
            return "no_right", "select"
        case errors.UndefinedFunction():
            return "server_too_old", "PostgreSQL 13"
        case errors.InvalidAuthorizationSpecification() | errors.InvalidCatalogName():
            return "login_refused", ""
        case psycopg.OperationalError() if _LOGIN.search(str(error)):
            return "login_refused", ""
        case psycopg.OperationalError() | OSError() | TimeoutError():
            return "unreachable", type(error).__name__
    return "failing", getattr(error, "sqlstate", None) or type(error).__name__


async def _table(connection: AsyncConnection[Any], name: str) -> _Table:
    """Return what their table is. Raises Trouble: there is none, or its columns are others."""
    identifier = sql.Identifier(*name.split("."))
    called = identifier.as_string(connection)
    found = await _all(connection, sql.SQL(_SHAPE), (list(_KINDS), called))
    if not found:
        raise Trouble("table_missing", name)
    types = {column: kind for _, column, kind in found}
    wrong = [f"{column} ({' / '.join(kinds)})" for column, kinds in _KINDS.items() if types.get(column) not in kinds]
    if wrong:
        raise Trouble("table_differs", f"{name}: {', '.join(wrong)}")
    # Bytes that are no text are for whoever reads the payload to refuse: one such row must not stop the others.
    encoding = "case getdatabaseencoding() when 'SQL_ASCII' then 'SQL_ASCII' else 'UTF8' end"
    is_bytes = types["payload"] == "bytea"
    payload = sql.SQL("o.payload" if is_bytes else f"convert_to(o.payload::text, {encoding})")
    return _Table(found[0][0], identifier, payload)


async def _began_anew(connection: AsyncConnection[Any], table: _Table, known: Place) -> bool:
    """Tell whether it is another table, or its ids have begun anew.

    Then it holds rows, and none as high as one that was read; or another row has the id of the last one that was read.
    """
    if known.relation != table.relation:
        return True
    [[highest]] = await _all(connection, table.filled(_HIGHEST))
    if highest is None or highest < known.position.passed:
        return highest is not None
    mark, passed = await _mark(connection, table, known.position), f"{known.position.passed}@"
    return bool(mark and known.mark and known.mark.startswith(passed)) and mark != known.mark


async def _mark(connection: AsyncConnection[Any], table: _Table, position: Position) -> str | None:
    """Return the mark of the last row that was passed; None: it is not there."""
    found = await _all(connection, table.filled(_MARK), {"passed": position.passed})
    return found[0][0] if found else None


async def _look(connection: AsyncConnection[Any], table: _Table, position: Position, most: int) -> tuple[Look, bool]:
    """Return what the snapshot shows, and whether there are more rows than that."""
    [[at, running, upcoming]] = await _all(connection, sql.SQL(_SNAPSHOT))
    behind = position.behind
    asked = {
        "passed": position.passed,
        "firsts": [hole.first for hole in behind],
        "lasts": [hole.last for hole in behind],
        "rows": ROWS,
    }
    found = await _all(connection, table.filled(_IDS), asked)
    ids, held = list[int](), 0
    for one, size in found[:ROWS]:
        held += size if size is not None and size <= most else 0
        if ids and held > _BYTES:
            break
        ids.append(one)
    return Look(ids, at, int(running), int(upcoming)), len(found) > len(ids) or len(found) >= ROWS


async def _all(
    connection: AsyncConnection[Any], query: sql.SQL | sql.Composed, values: Any = None
) -> list[tuple[Any, ...]]:
    cursor: AsyncCursor[tuple[Any, ...]] = await connection.execute(query, values)
    return await cursor.fetchall()


def _time(seconds: float | None) -> datetime | None:
    """Return a time of theirs, as far as it is one that a message can have."""
    if seconds is None or not math.isfinite(seconds):
        return None
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return time if time.year in _YEARS else None
