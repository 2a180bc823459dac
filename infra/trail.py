"""The audit trail: what is put on record about each message, in one chain for each company."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from infra import clock
from infra.store import lines
from schemas.audit import GENESIS, AuditRecord, Call, Outcome, Shown, Who
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import Envelope
from schemas.money import ZERO

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
    f"""insert into audit (tenant, sequence, key, fact_id, message_id, trace, body)
       select * from unnest(cast(:tenants as text[]), cast(:sequences as bigint[]), cast(:keys as text[]),
                            cast(:facts as text[]), cast(:messages as text[]), cast(:traces as text[]),
                            cast({lines(":bodies")} as jsonb[]))"""  # noqa: S608 - no values in it
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be put on record about a message."""

    message: Envelope[Any]
    outcome: Outcome
    voucher: VoucherRef | None = None
    code: str = ""
    why: str = ""
    who: Who | None = None
    calls: tuple[Call, ...] = ()
    record: str = ""
    shown: Shown | None = None


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
        written=getattr(data, "written", ()) if entry.outcome in {"delivered", "already_there"} else (),
        shown=entry.shown,
        amount=sum((row.debit for row in data.rows), ZERO) if isinstance(data, PostVoucher) else None,
        code=entry.code[:64],
        why=entry.why[:2000],
        who=entry.who,
        calls=entry.calls,
    ).sealed()


async def put_on_record(connection: AsyncConnection, entries: Sequence[Entry]) -> None:
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
    await connection.execute(
        _INSERT_AUDIT,
        {
            "tenants": [e.message.tenant for e in entries],
            "sequences": [r.sequence for r in records],
            "keys": [r.key for r in records],
            "facts": [r.fact_id for r in records],
            "messages": [r.message_id for r in records],
            "traces": [e.message.traceparent for e in entries],
            "bodies": "\n".join(r.model_dump_json() for r in records),
        },
    )
    await connection.execute(
        _MOVE_HEADS,
        {
            "tenants": list(heads),
            "sequences": [s for s, _ in heads.values()],
            "hashes": [h for _, h in heads.values()],
        },
    )
