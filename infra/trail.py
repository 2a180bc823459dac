"""The audit trail: what is put on record about each message, in one chain for each company."""

# ruff: noqa: S608 - what is put together here are constants; every value is bound

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic_core import to_json

from infra import clock
from infra.postgres import DatabaseConnection, Engine, text
from infra.rows import Head, Stored
from infra.store import lines, snapshot
from schemas.audit import DONE, GENESIS, AuditRecord, Call, Outcome, Shown
from schemas.base import Who
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import Envelope
from schemas.money import ZERO
from schemas.words import Wording

_OF = "(cast(:tenant as text) is null or tenant = :tenant)"
_ENSURE_HEADS = text(
    """insert into audit_heads (tenant, sequence, hash) select t, 0, :genesis from unnest(cast(:tenants as text[])) as t
       on conflict do nothing"""
)
_LOCK_HEADS = text(
    """select tenant, sequence, hash from audit_heads where tenant = any(cast(:tenants as text[]))
       order by tenant for update"""
)
_MOVE_HEADS = text(
    """update audit_heads h set sequence = x.s, hash = x.h
       from unnest(cast(:tenants as text[]), cast(:sequences as bigint[]), cast(:hashes as text[])) as x(t, s, h)
       where h.tenant = x.t"""
)
_INSERT_AUDIT = text(
    f"""insert into audit (tenant, sequence, key, fact_id, message_id, trace, hop, body, published_at)
       select * from unnest(cast(:tenants as text[]), cast(:sequences as bigint[]), cast(:keys as text[]),
                            cast(:facts as text[]), cast(:messages as text[]), cast(:traces as text[]),
                            cast(:hops as text[]),
                            cast({lines(":bodies")} as jsonb[]), cast(:published as timestamptz[]))"""
)
_HASHES = text(
    """select tenant, sequence, body ->> 'hash' from audit join unnest(cast(:tenants as text[]),
         cast(:sequences as bigint[])) as x(t, s) on tenant = t and sequence = s"""
)
_HEADS = text(f"select tenant, sequence, hash from audit_heads where {_OF} order by tenant")
_ALL_HEADS = text(
    f"""select tenant, coalesce(h.sequence, 0), coalesce(h.hash, :genesis)
        from (select distinct tenant from audit) a full join audit_heads h using (tenant) where {_OF} order by tenant"""
)
_NEWEST = text(
    f"""select tenant, body from audit
        where {_OF} and (cast(:since as timestamptz) is null or (body ->> 'at')::timestamptz >= :since)
        order by id desc limit :limit"""
)
# Heads move in the transaction that writes the records, so that one statement sees both or neither.
_AFTER = text(
    """select a.tenant, a.body from (
         select h.tenant, coalesce(k.s, 0) as known from audit_heads h
         left join unnest(cast(:tenants as text[]), cast(:sequences as bigint[])) as k(t, s) on k.t = h.tenant
         where h.sequence > coalesce(k.s, 0)
           and (cast(:tenant as text) is null or h.tenant = :tenant or k.t is not null)) as moved
       cross join lateral (
         select id, tenant, body from audit where tenant = moved.tenant and sequence > moved.known
         order by sequence limit 1000) as a
       order by a.id limit 1000"""
)
_REMOVED_SINCE = text(
    """select distinct on (k.t) k.t as name, r.tenant as under
       from unnest(cast(:tenants as text[]), cast(:sequences as bigint[])) as k(t, s)
       join removed_tenants r on r.name = k.t left join audit_heads h on h.tenant = k.t
       where coalesce(h.sequence, 0) < k.s and r.tenant <> all(cast(:tenants as text[]))
       order by k.t, r.incarnation desc"""
)
"""A company's trail only grows: one that is shorter than it was is another company's of the same name."""
_CHAIN = text("select sequence, key, fact_id, message_id, body from audit where tenant = :tenant order by sequence")

_RESTORED = text(
    """select coalesce((found ->> 'taken_back')::int, 0), coalesce((found ->> 'forked')::int, 0)
       from fenced where tenant = :tenant"""
)

_Row = tuple[str, AuditRecord, str, str, datetime | None]
"""A record as it is written down: its company, the record, its trace and hop, and when it was published."""
TenantRecord = tuple[str, AuditRecord]
"""A company and a record of its trail."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be put on record about a message."""

    message: Envelope[Any]
    outcome: Outcome
    voucher: VoucherRef | None = None
    code: str = ""
    why: str = ""
    wording: Wording | None = None
    who: Who | None = None
    calls: tuple[Call, ...] = ()
    record: str = ""
    shown: Shown | None = None
    locked_until: date | None = None
    hop: str = ""
    """The traceparent of the step that puts it on record, if that is traced."""


def _record(entry: Entry, sequence: int, previous: str, at: datetime) -> AuditRecord:
    message, data = entry.message, entry.message.data
    return AuditRecord(
        sequence=sequence,
        previous=previous,
        at=at,
        outcome=entry.outcome,
        flow=getattr(data, "flow", "none"),
        key=message.subject,
        message_id=message.id,
        message_type=message.type,
        fact_id=message.causationid or message.id,
        revision=getattr(data, "revision", ""),
        step=getattr(data, "step", ""),
        rule=getattr(data, "rule", ""),
        settings_version=getattr(data, "settings_version", 0),
        voucher=entry.voucher,
        record=entry.record[:200],
        written=getattr(data, "written", ()) if entry.outcome in DONE else (),
        shown=entry.shown,
        amount=sum((row.debit for row in data.rows), ZERO) if isinstance(data, PostVoucher) else None,
        code=entry.code[:64],
        why=entry.why[:2000],
        wording=entry.wording,
        who=entry.who,
        locked_until=entry.locked_until,
        calls=entry.calls,
    ).sealed()


async def put_on_record(connection: DatabaseConnection, entries: Sequence[Entry]) -> None:
    """Append entries to their companies' chains, in this transaction."""
    if not entries:
        return
    tenants = sorted({e.message.tenant for e in entries})
    await connection.execute(_ENSURE_HEADS, {"tenants": tenants, "genesis": GENESIS})
    heads = {t: (s, h) for t, s, h in await connection.execute(_LOCK_HEADS, {"tenants": tenants})}
    now = clock.now()
    records: list[AuditRecord] = []
    for entry in entries:
        sequence, previous = heads[entry.message.tenant]
        record = _record(entry, sequence + 1, previous, now)
        heads[entry.message.tenant] = (record.sequence, record.hash)
        records.append(record)
    rows = [(e.message.tenant, r, e.message.traceparent, e.hop, None) for e, r in zip(entries, records, strict=True)]
    await _append(connection, rows)
    await _move_heads(connection, heads)


async def _append(connection: DatabaseConnection, rows: Sequence[_Row]) -> None:
    """Write records down."""
    tenants, records, traces, hops, published = zip(*rows, strict=True)
    await connection.execute(
        _INSERT_AUDIT,
        {
            "tenants": list(tenants),
            "sequences": [r.sequence for r in records],
            "keys": [r.key for r in records],
            "facts": [r.fact_id for r in records],
            "messages": [r.message_id for r in records],
            "traces": list(traces),
            "hops": [hop or None for hop in hops],
            "published": list(published),
            "bodies": "\n".join(r.model_dump_json() for r in records),
        },
    )


async def _move_heads(connection: DatabaseConnection, heads: Mapping[str, tuple[int, str]]) -> None:
    await connection.execute(
        _MOVE_HEADS,
        {
            "tenants": list(heads),
            "sequences": [s for s, _ in heads.values()],
            "hashes": [h for _, h in heads.values()],
        },
    )


@dataclass(frozen=True, slots=True)
class Published:
    """A record as Kafka has it: what it is kept under, its trace, and when Kafka had it."""

    tenant: str
    record: AuditRecord
    trace: str
    at: datetime


async def take_back(
    connection: DatabaseConnection, records: Sequence[Published]
) -> tuple[list[Published], list[Published]]:
    """Append to the chains what Kafka has of them and a restored database lacks.

    Args:
        records: of companies that this database knows; each company's in its sequence.

    Returns:
        What was taken back, and what belongs to a chain that goes on otherwise than the one here.
    """
    taken: list[Published] = []
    others: list[Published] = []
    tenants = sorted({each.tenant for each in records})
    await connection.execute(_ENSURE_HEADS, {"tenants": tenants, "genesis": GENESIS})
    heads = {t: (s, h) for t, s, h in await connection.execute(_LOCK_HEADS, {"tenants": tenants})}
    asked = {"tenants": [e.tenant for e in records], "sequences": [e.record.sequence for e in records]}
    known = {(t, s): h for t, s, h in await connection.execute(_HASHES, asked)}
    for each in records:
        record, place = each.record, (each.tenant, each.record.sequence)
        if place in known:
            others += [each] if known[place] != record.hash else []
        elif heads[each.tenant] == (record.sequence - 1, record.previous) and record.is_whole():
            heads[each.tenant] = record.sequence, record.hash
            known[place] = record.hash
            taken.append(each)
        else:
            others.append(each)
    if taken:
        await _append(connection, [(e.tenant, e.record, e.trace, "", e.at) for e in taken])
        await _move_heads(connection, heads)
    return taken, others


async def since_a_restore(connection: DatabaseConnection, tenant: str) -> tuple[int, int]:
    """Return what the last restore found of a company's trail on audit.v1.

    Returns:
        How many records were taken back, and how many belong to another end of the chain.
    """
    row = (await connection.execute(_RESTORED, {"tenant": tenant})).one_or_none()
    return (row[0], row[1]) if row is not None else (0, 0)


async def newest(
    engine: Engine, tenant: str | None, *, since: datetime | None, limit: int
) -> tuple[list[TenantRecord], dict[str, int]]:
    """Return the newest records, the oldest of them first, and how far each company's trail goes."""
    async with snapshot(engine) as connection:
        heads = {name: sequence for name, sequence, _ in await connection.execute(_HEADS, {"tenant": tenant})}
        rows = await connection.execute(_NEWEST, {"tenant": tenant, "since": since, "limit": limit})
        return [(name, recorded(body)) for name, body in reversed(rows.all())], heads


async def after(engine: Engine, tenant: str | None, known: dict[str, int]) -> list[TenantRecord]:
    """Return the records after those known (company: sequence), each company's in its sequence, none left out.

    Of a company that was removed since, what is known is put under the name that its trail is kept under: it goes on
    there, and the name can be another company's by now.
    """
    async with snapshot(engine) as connection:
        for name, under in await connection.execute(_REMOVED_SINCE, _by_company(known)):
            known[under] = known.pop(name)
        rows = await connection.execute(_AFTER, {"tenant": tenant, **_by_company(known)})
        return [(row.tenant, recorded(row.body)) for row in rows]


def _by_company(known: Mapping[str, int]) -> dict[str, Any]:
    return {"tenants": list(known), "sequences": list(known.values())}


async def heads(connection: DatabaseConnection, tenant: str | None) -> list[Head]:
    """Return the end of each company's chain; of a chain whose end was not remembered, its beginning."""
    values = {"tenant": tenant, "genesis": GENESIS}
    return [Head(*row) for row in await connection.execute(_ALL_HEADS, values)]


async def chain(connection: DatabaseConnection, tenant: str) -> AsyncGenerator[Stored, None]:
    """Yield a company's records in their sequence, a few at a time: the chain may be longer than memory.

    Close it (``contextlib.aclosing``) when leaving it early: the server keeps a cursor for it.
    """
    async with aclosing(connection.pages(_CHAIN, {"tenant": tenant}, 500)) as pages:
        async for page in pages:
            for row in page:
                yield Stored(*row)


def recorded(body: Any) -> AuditRecord:
    """Return a record as it stands in the table."""
    return AuditRecord.model_validate_json(to_json(body))
