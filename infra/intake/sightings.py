"""What was seen of a system's records and told as facts, and when all were read: only differences are told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from infra import store
from infra.postgres import Engine, text

EMPLOYEE: Final = "employee"
LEAVE: Final = "leave"
_WRITTEN_TO: Final = "written"
"""Stands for what was held by a record that was written to since: no reading shows just this."""

_SEEN: Final = text(
    """select record, fingerprint from sightings
       where tenant = :tenant and system = :system and kind = :kind and record = any(:records)"""
)
_EVERY: Final = text(
    "select record, fingerprint from sightings where tenant = :tenant and system = :system and kind = :kind"
)
_REMEMBER: Final = text(
    """insert into sightings as s (tenant, system, kind, record, fingerprint, seen_at)
       select :tenant, :system, :kind, r, f, clock_timestamp()
       from unnest(cast(:records as text[]), cast(:fingerprints as text[])) as x(r, f)
       on conflict (tenant, system, kind, record) do update
           set fingerprint = excluded.fingerprint, seen_at = excluded.seen_at
           where not :rising
               or split_part(s.fingerprint, ' ', 1) collate "C" <= split_part(excluded.fingerprint, ' ', 1)"""
)
_FORGET: Final = text(
    """delete from sightings
       where tenant = :tenant and system = :system and kind = :kind and record = any(:records)"""
)
_WRITTEN: Final = text(
    """update sightings set fingerprint = split_part(fingerprint, ' ', 1) || ' ' || :written
       where tenant = :tenant and system = :system and kind = :kind and record = :record"""
)
_READING: Final = text(
    "select whole_at, records, cursor from readings where tenant = :tenant and system = :system and kind = :kind"
)
_READ: Final = text(
    """insert into readings as r (tenant, system, kind, whole_at, records, cursor)
       values (:tenant, :system, :kind, :whole_at, :records, :cursor)
       on conflict (tenant, system, kind) do update set whole_at = excluded.whole_at, records = excluded.records,
           cursor = greatest(r.cursor collate "C", excluded.cursor)"""
)
_MOVE: Final = text(
    """update readings set cursor = greatest(cursor collate "C", :cursor)
       where tenant = :tenant and system = :system and kind = :kind"""
)


_NOT_READ: Final = text(
    """select t from unnest(cast(:tenants as text[])) as asked(t) where not exists (
           select from readings
           where tenant = t and system = :system and kind = :kind and whole_at >= :since)"""
)


_READ_BEFORE: Final = text(
    """select tenant, array_agg(kind order by kind) from readings
       where system = :system and starts_with(kind, :begins) and whole_at is not null group by tenant"""
)


@dataclass(frozen=True, slots=True)
class Reading:
    """When records were last read in full, how many there were, and since when changes are to be asked for."""

    whole_at: datetime
    records: int
    cursor: datetime | None


class Sightings:
    """Of one company at one system."""

    def __init__(self, engine: Engine, tenant: str, system: str) -> None:
        self._engine = engine
        self._names = {"tenant": tenant, "system": system}

    async def seen(self, kind: str, records: Sequence[str]) -> dict[str, str]:
        """Return the fingerprints of these records, as far as they were seen."""
        return await self._pairs(_SEEN, kind=kind, records=list(records))

    async def every(self, kind: str) -> dict[str, str]:
        """Return the fingerprints of all records that were seen."""
        return await self._pairs(_EVERY, kind=kind)

    async def remember(self, kind: str, fingerprints: Mapping[str, str], *, rising: bool = False) -> None:
        """Write down what was told. ``rising``: fingerprints begin with a time and a space; none older replaces one."""
        if fingerprints:
            values = {"records": list(fingerprints), "fingerprints": list(fingerprints.values()), "rising": rising}
            await self._change(_REMEMBER, kind=kind, **values)

    async def forget(self, kind: str, records: Iterable[str]) -> None:
        """Forget records that are not there any more."""
        if names := list(records):
            await self._change(_FORGET, kind=kind, records=names)

    async def written(self, kind: str, record: str) -> None:
        """Note that a record was written to, or that another reader has told of it: what is read next is news.

        Otherwise somebody who puts back what it held before would be seen by nobody.
        """
        await self._change(_WRITTEN, kind=kind, record=record, written=_WRITTEN_TO)

    async def reading(self, kind: str) -> Reading | None:
        """Return how far reading has come; None before the first full one."""
        row = await store.row(self._engine, _READING, {**self._names, "kind": kind})
        if row is None or row.whole_at is None:
            return None
        return Reading(row.whole_at, row.records, datetime.fromisoformat(row.cursor) if row.cursor else None)

    async def read(self, kind: str, whole_at: datetime, records: int, cursor: datetime | None = None) -> None:
        """Write down that all records were read."""
        await self._change(_READ, kind=kind, whole_at=whole_at, records=records, cursor=moment(cursor))

    async def move(self, kind: str, cursor: datetime) -> None:
        """Write down that changes were read up to a time of the system's clock; the cursor never goes back."""
        await self._change(_MOVE, kind=kind, cursor=moment(cursor))

    async def _pairs(self, statement: Any, **values: Any) -> dict[str, str]:
        rows = await store.rows(self._engine, statement, {**self._names, **values})
        return {row.record: row.fingerprint for row in rows}

    async def _change(self, statement: Any, **values: Any) -> None:
        await store.write(self._engine, statement, {**self._names, **values})


async def not_read_since(engine: Engine, tenants: Sequence[str], system: str, kind: str, since: datetime) -> list[str]:
    """Return which of these companies' records were not read in full since then."""
    values = {"tenants": list(tenants), "system": system, "kind": kind, "since": since}
    return await store.scalars(engine, _NOT_READ, values)


async def read_before(engine: Engine, system: str, begins: str) -> dict[str, tuple[str, ...]]:
    """Return the kinds that begin so and were read in full once, by company."""
    rows = await store.rows(engine, _READ_BEFORE, {"system": system, "begins": begins})
    return {tenant: tuple(kinds) for tenant, kinds in rows}


def moment(at: datetime | None) -> str:
    """Return a time of UTC such that texts compare as times do; empty for none."""
    return at.isoformat(timespec="microseconds") if at else ""
