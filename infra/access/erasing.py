"""Somebody is erased: the keys of their values are dropped, and nothing new of them is taken in until released."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra import clock, store
from infra.postgres import DatabaseConnection, Engine, text
from schemas.plans import UNLINKED

_COUNTED = text(
    """select (select count(*) from decided where tenant = :tenant and key = any(:records) and topic like 'facts.%'),
              (select count(*) from decided d where tenant = :tenant and key = any(:records) and topic like 'facts.%'
                 and accepted_at < coalesce((select made_at from person_keys k
                                             where k.tenant = d.tenant and k.record = d.key), 'infinity')),
              (select count(*) from journal where tenant = :tenant and key = any(:records)),
              (select count(*) from held where tenant = :tenant and key = any(:records)),
              (select count(*) from plan_rows r join plans p using (plan_id) where p.tenant = :tenant
                 and (r.body ->> 'person' = any(:records)
                      or :unlinked || (r.body ->> 'employee_id') = any(:records))),
              (select count(*) from journal where tenant = :tenant and type = 'bokbuss.write-absence.v1'
                 and body -> 'data' ->> 'employee_id' = any(:employees))"""
)
_DROP = text("delete from person_keys where tenant = :tenant and record = any(:records)")
_NOTE = text(
    """insert into erasures (tenant, record, erased_at, erased_by)
       select :tenant, r, :at, :by from unnest(cast(:records as text[])) as r
       on conflict (tenant, record) do update
           set erased_at = excluded.erased_at, erased_by = excluded.erased_by, released_at = null, released_by = ''
           where erasures.released_at < excluded.erased_at
       returning record"""
)
_UNSEE = text(
    """delete from sightings where tenant = :tenant
         and (system || '/' || record = any(:records) or system || '/' || kind || '/' || record = any(:records))"""
)
_FIND = text(
    """select record, erased_at, erased_by from erasures
       where tenant = :tenant and record = any(:records) and released_at is null"""
)
_EVERY = text(
    "select record, erased_at, erased_by, released_at, released_by from erasures where tenant = :tenant order by 2, 1"
)
# By then a flow may have forgotten who somebody was linked with: what was erased together is released together.
_RELEASE = text(
    """update erasures set released_at = :at, released_by = :by
       where tenant = :tenant and released_at is null and (erased_at, erased_by) in (
         select erased_at, erased_by from erasures
         where tenant = :tenant and record = any(:records) and released_at is null) returning record"""
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What somebody's values stand in.

    Attributes:
        plain: facts that were accepted before there was a key: no dropping of one makes them unreadable.
        absences: orders for days of absence, which hold no value that is sealed.
    """

    facts: int
    plain: int
    orders: int
    holds: int
    plan_rows: int
    absences: int


@dataclass(frozen=True, slots=True)
class Erased:
    """A record of somebody who was erased."""

    record: str
    at: datetime
    by: str
    released_at: datetime | None = None
    released_by: str = ""


async def counted(engine: Engine, tenant: str, records: Sequence[str]) -> Counted:
    """Return where the values of these records stand."""
    employees = [each.rpartition("/")[2] for each in records]
    values = {"tenant": tenant, "records": list(records), "employees": employees, "unlinked": UNLINKED}
    [row] = await store.rows(engine, _COUNTED, values)
    return Counted(*row)


async def drop(connection: DatabaseConnection, tenant: str, records: Sequence[str], *, by: str, at: datetime) -> bool:
    """Drop the keys of records in this transaction; tell whether they were not erased already."""
    values: dict[str, Any] = {"tenant": tenant, "records": list(records)}
    await connection.execute(_DROP, values)
    await connection.execute(_UNSEE, values)
    return bool((await connection.execute(_NOTE, values | {"by": by, "at": at})).all())


async def found(engine: Engine, tenant: str, records: Sequence[str]) -> list[Erased]:
    """Return which of these records are erased."""
    return [Erased(*row) for row in await store.rows(engine, _FIND, {"tenant": tenant, "records": list(records)})]


async def listed(engine: Engine, tenant: str) -> list[Erased]:
    """Return everybody of a company who was ever erased."""
    return [Erased(*row) for row in await store.rows(engine, _EVERY, {"tenant": tenant})]


async def release(engine: Engine, tenant: str, records: Sequence[str], *, by: str) -> tuple[str, ...]:
    """Let what is told of records in again, with the next reading; return which were erased."""
    values: dict[str, Any] = {"tenant": tenant, "records": list(records)}
    async with engine.begin() as connection:
        released = tuple(await connection.scalars(_RELEASE, values | {"by": by, "at": clock.now()}))
        await connection.execute(_UNSEE, values | {"records": [*records, *released]})
    return released
