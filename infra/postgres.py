"""PostgreSQL, as this process speaks to it: statements with named values, connections, and the few that it keeps open.

psycopg does all of the work; this lends its connections, and counts them.
"""

import asyncio
import re
from collections import namedtuple
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import no_result
from psycopg.types.array import ListBinaryDumper

from infra import clock

if TYPE_CHECKING:

    class Row(tuple[Any, ...]):
        """A row: its values in their order, and by the names of their columns."""

        __slots__ = ()

        def __getattr__(self, column: str) -> Any: ...
        def _asdict(self) -> dict[str, Any]: ...

else:
    Row = tuple

AWAY: Final = (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError)
"""What is raised where the database is away, has no room or can only be read; the rest is a bug of ours."""
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
_FRESH = 0.2
"""Seconds after its last use in which a connection is used again unasked: no server is back in so short a time."""
_WAIT = 10.0
"""Seconds in which one of the connections must come free."""
_VALUE = re.compile(r"(?<![:\w\\]):(\w+)(?!:)")


class PoolTimeout(psycopg.OperationalError):
    """All connections that this process may have are in use, and none came free."""


class NoSuchRow(LookupError):
    """A statement gave no row, or several, where one was to come."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as psycopg takes it, with ``%(name)s`` for each value."""

    sql: str


def text(sql: str) -> Statement:
    r"""Return a statement in which each value is called ``:name``; a colon before a word that is none is ``\:``."""
    return Statement(_VALUE.sub(r"%(\1)s", sql.replace("%", "%%")).replace("\\:", ":"))


@lru_cache(maxsize=1_000)
def _row_type(*columns: str) -> Callable[[Sequence[Any]], Row]:
    made: Any = namedtuple("Row", columns, rename=True)  # type: ignore[misc] # noqa: PYI024 - as the statement is
    return cast("Callable[[Sequence[Any]], Row]", made._make)


def _rows(cursor: psycopg.AsyncCursor[Any]) -> Callable[[Sequence[Any]], Row]:
    """As psycopg's ``namedtuple_row``, which raises where two columns have one name, as two of a function have."""
    return _row_type(*(column.name for column in cursor.description)) if cursor.description else no_result


class Result:
    """What a statement gave: all of its rows, and how many it changed or gave (``rowcount``)."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Row], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def all(self) -> list[Row]:
        """Return every row."""
        return self._rows

    def one(self) -> Row:
        """Return the only row. Raises NoSuchRow."""
        if (row := self.one_or_none()) is None:
            raise NoSuchRow("a row was to come, and none did")
        return row

    def one_or_none(self) -> Row | None:
        """Return the only row; None: there is none. Raises NoSuchRow: there are several."""
        if len(self._rows) > 1:
            raise NoSuchRow(f"one row was to come, and {len(self._rows)} did")
        return self._rows[0] if self._rows else None

    def first(self) -> Row | None:
        """Return the first row; None: there is none."""
        return self._rows[0] if self._rows else None

    def mapping(self) -> dict[str, Any] | None:
        """Return the only row by the names of its columns; None: there is none. Raises NoSuchRow: there are several."""
        row = self.one_or_none()
        return None if row is None else row._asdict()

    def mappings(self) -> list[dict[str, Any]]:
        """Return every row by the names of its columns."""
        return [row._asdict() for row in self._rows]


class _Driver(psycopg.AsyncConnection[Row]):
    """psycopg's connection, with when it was used last, and when it was known last to be alive (monotonic seconds)."""

    used = 0.0
    alive = 0.0


class DatabaseConnection:
    """A connection that is lent, until its context ends; its statements are one transaction, or each stands alone.

    Attributes:
        driver: psycopg's own.
        engine: whose it is.
    """

    def __init__(self, driver: _Driver, engine: "Engine") -> None:
        self.driver = driver
        self.engine = engine

    async def execute(self, statement: Statement, values: Mapping[str, Any] | None = None) -> Result:
        """Carry a statement out. Raises psycopg.Error."""
        cursor = await self.driver.execute(statement.sql, values or {})
        return Result(await cursor.fetchall() if cursor.description else [], cursor.rowcount)

    async def execute_many(self, statement: Statement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Carry a statement out for each of these rows of values, sent as one. Raises psycopg.Error."""
        async with self.driver.cursor() as cursor:
            await cursor.executemany(statement.sql, rows)

    async def scalar(self, statement: Statement, values: Mapping[str, Any] | None = None) -> Any:
        """Return the first value of the first row; None: there is none."""
        row = (await self.execute(statement, values)).first()
        return None if row is None else row[0]

    async def scalars(self, statement: Statement, values: Mapping[str, Any] | None = None) -> list[Any]:
        """Return the first value of each row."""
        return [first for first, *_ in await self.execute(statement, values)]

    async def pages(
        self, statement: Statement, values: Mapping[str, Any], size: int
    ) -> AsyncGenerator[list[Row], None]:
        """Yield the rows of a statement so many at a time: all of them may be more than memory holds.

        Close it (``contextlib.aclosing``) when leaving it early: the server keeps a cursor for it.
        """
        async with self.driver.cursor(name="pages") as cursor:
            await cursor.execute(statement.sql, values)
            while page := await cursor.fetchmany(size):
                yield page

    async def commit(self) -> None:
        """End the transaction; what comes next begins another one."""
        await self.driver.commit()

    async def rollback(self) -> None:
        """Take back what the transaction did."""
        await self.driver.rollback()


Greeting = Callable[[DatabaseConnection], Awaitable[None]]
"""Looks at a new connection before anybody has it; what it raises, whoever asked for one gets."""


@dataclass(eq=False)
class Engine:
    """The connections of this process to a database: the one used last is used next, and those that died are noticed.

    Attributes:
        parameters: of a connection, as libpq calls them.
        size: how many stay open; as many again may be in use.
        in_use: how many are lent.
        greetings: what looks at each new connection.
        lent: opens the vault for whoever meets values of people (``infra.access.people``); None: nothing opens.
    """

    parameters: Mapping[str, Any] = field(repr=False)
    size: int
    wait: float = _WAIT
    in_use: int = field(default=0, init=False)
    greetings: list[Greeting] = field(default_factory=list)
    lent: Callable[[], Awaitable[Any]] | None = None
    _idle: list[_Driver] = field(default_factory=list, init=False)
    _keeps: bool = field(default=True, init=False)
    _lost: float = field(default=0.0, init=False)
    """When a connection was lost last: of those that are older none is believed."""
    _room: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(2 * self.size)

    @asynccontextmanager
    async def connect(
        self, *, alone: bool = False, isolation: IsolationLevel | None = None
    ) -> AsyncIterator[DatabaseConnection]:
        """Lend a connection; what was not committed is taken back at the end.

        Args:
            alone: each statement stands alone, without a transaction: it is one round trip, and not three.
            isolation: of its transactions; the server's own if it is not named.

        Raises:
            psycopg.OperationalError: there is none to be had.
        """
        try:
            async with asyncio.timeout(self.wait):
                await self._room.acquire()
        except TimeoutError:
            raise PoolTimeout(f"all {2 * self.size} connections to the database are in use") from None
        try:
            driver = await self._usable()
            self.in_use += 1
            try:
                if alone:
                    await driver.set_autocommit(True)
                if isolation is not None:
                    await driver.set_isolation_level(isolation)
                yield DatabaseConnection(driver, self)
            except BaseException as error:
                if not isinstance(error, Exception):  # cancelled: what the server still answers is nobody's
                    await _ended(driver)
                raise
            finally:
                self.in_use -= 1
                await self._take_back(driver, changed=alone or isolation is not None)
        finally:
            self._room.release()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[DatabaseConnection]:
        """Lend a connection for one transaction: it is committed at the end, unless something is raised."""
        async with self.connect() as connection:
            yield connection
            await connection.commit()

    async def dispose(self) -> None:
        """Close what nobody uses, and what is in use when it is given back."""
        self._keeps = False
        await self._close_idle()

    async def _close_idle(self) -> None:
        while self._idle:
            await _ended(self._idle.pop())

    async def _usable(self) -> _Driver:
        while self._idle:
            driver = self._idle.pop()
            if driver.alive > self._lost and clock.monotonic() - driver.used <= _FRESH:
                return driver
            if await _answers(driver):
                return driver
            await self._close_idle()  # the others are of the same server
        return await self._opened()

    async def _opened(self) -> _Driver:
        driver = await _Driver.connect(**self.parameters, autocommit=True, row_factory=_rows)
        try:
            # As a text, each member of an array is looked through for what must be quoted: three times as dear.
            driver.adapters.register_dumper(list, ListBinaryDumper)
            await driver.execute(_PATIENCE_WITH_US)
            driver.alive = clock.monotonic()
            await driver.set_autocommit(False)
            for greet in self.greetings:
                await greet(DatabaseConnection(driver, self))
            await driver.rollback()
        except BaseException:
            await _ended(driver)
            raise
        return driver

    async def _take_back(self, driver: _Driver, *, changed: bool) -> None:
        try:
            if not driver.closed and driver.info.transaction_status != TransactionStatus.IDLE:
                await driver.rollback()
            if changed and not driver.closed:
                await driver.set_autocommit(False)
                await driver.set_isolation_level(None)
        except psycopg.Error:  # it is of no use to anybody, and whoever had it was told, or is done
            await _ended(driver)
        except BaseException:
            await _ended(driver)
            raise
        if driver.broken:
            self._lost = clock.monotonic()
        if not driver.closed:
            driver.used = clock.monotonic()
            if self._keeps and len(self._idle) < self.size:
                self._idle.append(driver)
            else:
                await _ended(driver)


async def _answers(driver: _Driver) -> bool:
    try:
        await driver.set_autocommit(True)
        await driver.execute("")
        driver.alive = clock.monotonic()
        await driver.set_autocommit(False)
    except psycopg.Error:
        await _ended(driver)
        return False
    except BaseException:
        await _ended(driver)
        raise
    return True


async def _ended(driver: _Driver) -> None:
    with suppress(psycopg.Error):
        await driver.close()


def engine(url: str, size: int) -> Engine:
    """Return what lends connections to a database.

    Args:
        url: as libpq reads it; SQLAlchemy's ``postgresql+psycopg://`` is understood too.
        size: how many connections stay open.

    Raises:
        psycopg.ProgrammingError: it is no URL of a PostgreSQL.
    """
    said = conninfo_to_dict(re.sub(r"^postgresql\+psycopg://", "postgresql://", url))
    return Engine({**_PATIENCE, **said}, size)
