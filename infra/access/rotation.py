"""The data key is replaced while everything runs: each process learns of it, then it locks, then the rest does.

Which columns hold secrets, and in which context, stands in ``infra.tables``.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidTag

from infra import clock, store, telemetry
from infra.access.vault import FIRST, Vault, WrongKey, must_not_be_replaced, refresh, wrapped
from infra.failing import named
from infra.postgres import Engine, text
from infra.settings import Settings

_log = telemetry.log(__name__)

FOLLOW_SECONDS: Final = 3.0
"""Between two looks of a process for a new data key."""
SETTLE_SECONDS: Final = 3 * FOLLOW_SECONDS
"""In which each process learns of a new key; none are waited where no role runs."""
_PAGE: Final = 200
_ROWS = text(
    """select id, made_by, made_at, done_at, locks, wrapped_before is not null as two
       from secrets_key order by id"""
)
_BEGIN = text(
    """insert into secrets_key (id, wrapped, wrapped_before, locks, made_by, made_at)
       values (:id, :wrapped, :before, false, :by, :now) on conflict do nothing"""
)
_LOCKS = text("update secrets_key set locks = true where id = :id")
_DONE = text("update secrets_key set done_at = coalesce(done_at, :now), wrapped_before = null where id <= :id")
# Where Kafka is away there is no pulse, and the leases of who runs are renewed all the same.
_ALIVE = text(
    """select exists (select from installation where pulsed_at > clock_timestamp() - interval '30 s')
           or exists (select from leases where owner <> '' and deadline > clock_timestamp() - interval '30 s')"""
)


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key, without itself.

    Attributes:
        two: the BOKBUSS_SECRET_KEY of before opens it as well.
        done_at: when everything was locked with it; None: not yet, or it is the first.
    """

    number: int
    made_by: str
    made_at: datetime
    done_at: datetime | None
    locks: bool
    two: bool


async def data_keys(engine: Engine) -> list[DataKey]:
    """Return every data key, the oldest first."""
    return [DataKey(*row) for row in await store.rows(engine, _ROWS)]


async def counted(engine: Engine, vault: Vault) -> dict[str, Counter[int]]:
    """Return how many secrets of each column each data key locks; 0: none of ours does."""
    found: dict[str, Counter[int]] = {}
    for column in locked_columns():
        counts = found[f"{column.table}.{column.name}"] = Counter[int]()
        async for page in _pages(engine, column):
            counts.update(_number(vault, column, row) for row in page)
    return found


async def everything_opens(engine: Engine, vault: Vault) -> None:
    """Raise WrongKey when something is stored that no key of ours opens."""
    if lost := [name for name, counts in (await counted(engine, vault)).items() if counts[0]]:
        raise WrongKey(f"no key opens some of what is stored in {', '.join(lost)}: was it of another database?")


async def rotate(engine: Engine, vault: Vault, settings: Settings, *, by: str) -> tuple[int, int]:
    """Make a new data key, or go on with one that was begun, until everything is locked with it.

    Returns:
        The key's number, and how many secrets were locked anew.

    Raises:
        WrongKey: our key is the one that is being replaced; or something is stored that no key of ours opens: it stays
            as it is, and so do the old keys.
    """
    await must_not_be_replaced(engine, settings)
    number = await _begun(engine, settings, by)
    pause = SETTLE_SECONDS if await store.scalar(engine, _ALIVE) else 0.0
    await clock.sleep(pause)
    await store.write(engine, _LOCKS, {"id": number})
    await clock.sleep(pause)
    await refresh(vault, engine, settings)
    anew = 0
    for column in locked_columns():
        async for page in _pages(engine, column):
            anew += await _lock_anew(engine, vault, column, page)
    await everything_opens(engine, vault)
    await store.write(engine, _DONE, {"id": number, "now": clock.now()})
    _log.warning("everything is locked with a new data key", data_key=number, anew=anew)
    return number, anew


async def follow(vault: Vault, engine: Engine, settings: Settings, stop: asyncio.Event) -> None:
    """Let a process learn of new data keys, until asked to stop."""
    while not await clock.wait(stop, FOLLOW_SECONDS):
        try:
            await refresh(vault, engine, settings)
        except Exception as error:  # noqa: BLE001 - the database is away or busy, or a key is missing: the next look tells
            _log.warning("data keys not read", error=named(error))


async def _begun(engine: Engine, settings: Settings, by: str) -> int:
    known = await data_keys(engine)
    if known[-1].number > FIRST and known[-1].done_at is None:
        return known[-1].number
    key, old = secrets.token_bytes(32), settings.old_secret_key
    new = {
        "id": known[-1].number + 1,
        "wrapped": wrapped(key, settings.secret_key, settings),
        "before": wrapped(key, old, settings) if old is not None else None,
        "by": by,
        "now": clock.now(),
    }
    await store.write(engine, _BEGIN, new)
    return known[-1].number + 1


@dataclass(frozen=True, slots=True)
class LockedColumn:
    """A column that holds secrets, the columns that name a row of its table, and the contexts (``tables.locked``)."""

    table: str
    name: str
    key: tuple[str, ...]
    contexts: tuple[str, ...]


def locked_columns() -> list[LockedColumn]:
    """Return every column that holds secrets."""
    from infra.tables import metadata  # noqa: PLC0415 - SQLAlchemy is loaded by whoever needs it

    return [
        LockedColumn(
            table.name, column.name, tuple(key.name for key in table.primary_key.columns), column.info["locked"]
        )
        for table in metadata.sorted_tables
        for column in table.columns
        if "locked" in column.info
    ]


async def _pages(engine: Engine, column: LockedColumn) -> AsyncIterator[list[Mapping[str, Any]]]:
    key, beyond, after = ", ".join(column.key), "", dict[str, Any]()
    while True:
        asked = text(
            f"select * from {column.table} where {column.name} is not null {beyond} order by {key} limit {_PAGE}"  # noqa: S608 - our names
        )
        async with engine.connect() as connection:
            page: list[Mapping[str, Any]] = [*(await connection.execute(asked, after)).mappings()]
        if not page:
            return
        yield page
        beyond = f"and ({key}) > ({', '.join(f':{name}' for name in column.key)})"
        after = {name: page[-1][name] for name in column.key}


def _opened(vault: Vault, column: LockedColumn, row: Mapping[str, Any]) -> tuple[int, str, str]:
    """Return the data key's number, the secret and its context. Raises InvalidTag."""
    for each in column.contexts:
        context = each.format(**row)
        try:
            return *vault.unlocked(row[column.name], context), context
        except InvalidTag:
            continue
    raise InvalidTag


def _number(vault: Vault, column: LockedColumn, row: Mapping[str, Any]) -> int:
    try:
        return _opened(vault, column, row)[0]
    except InvalidTag:
        return 0


async def _lock_anew(engine: Engine, vault: Vault, column: LockedColumn, page: list[Mapping[str, Any]]) -> int:
    """Lock a page's secrets with the newest key, unless somebody writes another one meanwhile; return how many."""
    anew = 0
    same = " and ".join(f"{name} = :{name}" for name in (*column.key, column.name))
    lock = text(f"update {column.table} set {column.name} = :fresh where {same}")  # noqa: S608 - our own names
    async with engine.begin() as connection:
        for row in page:
            try:
                number, secret, context = _opened(vault, column, row)
            except InvalidTag:
                continue
            if number == vault.newest:
                continue
            fresh = vault.lock(secret, context=context)
            anew += (await connection.execute(lock, {**row, "fresh": fresh})).rowcount
    return anew
