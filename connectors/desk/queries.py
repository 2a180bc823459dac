"""What the desk asks the database, answered as values. It only reads; ``acting`` is what writes."""

# ruff: noqa: S608 - what is put together here are constants; every value is bound

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Row, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from connectors.desk.proof import Head, Stored
from connectors.desk.resolving import Asked, shortened
from connectors.desk.values import Became, Booked, Dead, Hold, Line, Material, Ordered, Planned, Trouble, Waits
from infra.plugin import Flow
from schemas import envelope as envelopes
from schemas.audit import GENESIS, AuditRecord, Call
from schemas.commands import VoucherRef
from schemas.plans import PlanRow

_OF = "(cast(:tenant as text) is null or tenant = :tenant)"
_MOST = 1000

_HELD_COLUMNS = "select hold_id, tenant, key, body, held_at, closed_at, how, message from held"
_HELD = text(f"{_HELD_COLUMNS} where {_OF} and (:closed or closed_at is null) order by held_at limit :limit")
_HELD_CALLED = text(
    f"""{_HELD_COLUMNS} where {_OF}
        and (key = :called or key ~ :shortened or starts_with(hold_id::text, lower(:called)))
        order by closed_at is not null, held_at desc limit 20"""
)
_CLOSED = text("select closed_at is not null from held where hold_id = :id")
_OF_FACT = text("select state, outcome -> 'voucher' as voucher from journal where tenant = :tenant and fact_id = :fact")
_HELD_AGAIN = text(f"{_HELD_COLUMNS} where tenant = :tenant and key = :key and closed_at is null order by held_at desc")
_ENDED_STATES = frozenset({"delivered", "rejected", "withdrawn"})
_DEAD_COLUMNS = "select place, tenant, body, state, found_at, closed_at from dead_letters"
_DEAD = text(f"{_DEAD_COLUMNS} where {_OF} and (:closed or state = 'open') order by found_at limit :limit")
_DEAD_AT = text(f"{_DEAD_COLUMNS} where place = :place")


async def holds(
    engine: AsyncEngine, tenant: str | None = None, *, closed: bool = False, limit: int = _MOST
) -> list[Hold]:
    """Return what waits for a person, the oldest first; with ``closed`` what waited, too."""
    values = {"tenant": tenant, "closed": closed, "limit": limit}
    return [_hold(row) for row in await _rows(engine, _HELD, values)]


async def holds_called(engine: AsyncEngine, called: str, tenant: str | None = None) -> list[Hold]:
    """Return the holds with this business key (or parts of it), or whose id begins so; open ones first, the newest."""
    pattern = shortened(called) if "/" in called else "^$"
    values = {"tenant": tenant, "called": called, "shortened": pattern}
    return [_hold(row) for row in await _rows(engine, _HELD_CALLED, values)]


async def became(engine: AsyncEngine, hold: Hold, answer_id: str) -> Became:
    """Return what an answer to a hold has come to so far."""
    async with snapshot(engine) as connection:
        closed = await connection.scalar(_CLOSED, {"id": hold.hold_id})
        values = {"tenant": hold.tenant, "fact": answer_id}
        orders = (await connection.execute(_OF_FACT, values)).all()
        again = (await connection.execute(_HELD_AGAIN, {"tenant": hold.tenant, "key": hold.key})).all()
    under_way = any(order.state not in _ENDED_STATES for order in orders)
    vouchers = tuple(VoucherRef.model_validate(o.voucher) for o in orders if o.voucher)
    return Became(bool(closed), under_way, bool(orders), vouchers, _hold(again[0]) if closed and again else None)


async def dead_letters(
    engine: AsyncEngine, tenant: str | None = None, *, closed: bool = False, limit: int = _MOST
) -> list[Dead]:
    """Return the dead letters that are open, the oldest first; with ``closed`` all."""
    values = {"tenant": tenant, "closed": closed, "limit": limit}
    return [_dead(row) for row in await _rows(engine, _DEAD, values)]


async def dead_letter(engine: AsyncEngine, place: str) -> Dead | None:
    """Return the dead letter of a place."""
    found = await _rows(engine, _DEAD_AT, {"place": place})
    return _dead(found[0]) if found else None


# --- The trail --------------------------------------------------------------------------------------------------

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
    """select a.tenant, a.body from audit_heads h
       left join unnest(cast(:tenants as text[]), cast(:sequences as bigint[])) as k(t, s) on k.t = h.tenant
       join audit a on a.tenant = h.tenant and a.sequence > coalesce(k.s, 0)
       where h.sequence > coalesce(k.s, 0) and (cast(:tenant as text) is null or h.tenant = :tenant)
       order by a.id limit 1000"""
)
_CHAIN = text("select sequence, key, fact_id, message_id, body from audit where tenant = :tenant order by sequence")
_ENDS = text(
    """select coalesce(e.id, j.id) as id, coalesce(e.ends, 0) as ends, j.state from
         (select message_id as id, count(*) as ends from audit where tenant = :tenant
            and body ->> 'outcome' in ('delivered', 'already_there', 'rejected', 'withdrawn')
            group by message_id) e
       full join
         (select order_id::text as id, state from journal where tenant = :tenant) j on j.id = e.id
       where coalesce(e.ends, 0) <> case when j.state in ('delivered', 'rejected', 'withdrawn') then 1 else 0 end
       order by id limit 1"""
)
_ENDED = text("select count(*) from journal where tenant = :tenant and state in ('delivered', 'rejected', 'withdrawn')")

Told = tuple[str, AuditRecord]
"""A company and a record of its trail."""


async def trail(
    engine: AsyncEngine, tenant: str | None, *, since: datetime | None, limit: int
) -> tuple[list[Told], dict[str, int]]:
    """Return the newest records, the oldest of them first, and how far each company's trail goes."""
    async with snapshot(engine) as connection:
        heads = {name: sequence for name, sequence, _ in await connection.execute(_HEADS, {"tenant": tenant})}
        rows = await connection.execute(_NEWEST, {"tenant": tenant, "since": since, "limit": limit})
        return [(name, _record(body)) for name, body in reversed(rows.all())], heads


async def trail_after(engine: AsyncEngine, tenant: str | None, known: Mapping[str, int]) -> list[Told]:
    """Return the records after those known (company: sequence), each company's in its sequence, none left out."""
    values = {"tenant": tenant, "tenants": list(known), "sequences": list(known.values())}
    return [(row.tenant, _record(row.body)) for row in await _rows(engine, _AFTER, values)]


async def heads(connection: AsyncConnection, tenant: str | None) -> list[Head]:
    """Return the end of each company's chain; of a chain whose end was not remembered, its beginning."""
    values = {"tenant": tenant, "genesis": GENESIS}
    return [Head(*row) for row in await connection.execute(_ALL_HEADS, values)]


async def chain(connection: AsyncConnection, tenant: str) -> AsyncGenerator[Stored, None]:
    """Yield a company's records in their sequence, a few at a time: the chain may be longer than memory.

    Close it (``contextlib.aclosing``) when leaving it early: the server keeps a cursor for it.
    """
    rows = await connection.stream(_CHAIN, {"tenant": tenant}, execution_options={"yield_per": 500})
    try:
        async for row in rows:
            yield Stored(*row)
    finally:
        await rows.close()


async def orders_ended(connection: AsyncConnection, tenant: str) -> tuple[int, tuple[str, int, str | None] | None]:
    """Return how many orders have ended, and the first whose number of final records is wrong (id, records, state)."""
    wrong = (await connection.execute(_ENDS, {"tenant": tenant})).one_or_none()
    ended = await connection.scalar(_ENDED, {"tenant": tenant}) or 0
    return ended, (wrong.id, wrong.ends, wrong.state) if wrong else None


def snapshot(engine: AsyncEngine) -> Any:
    """Return a connection whose statements all see one moment, whatever is written meanwhile."""
    return engine.execution_options(isolation_level="REPEATABLE READ").connect()


# --- The story of a key -----------------------------------------------------------------------------------------

_DECIDED = text(
    """select topic, partition, "offset", fact_id, rules, accepted_at, decided_at from decided
       where tenant = :tenant and topic like 'facts.%' and (key = :key
           or key = :told and topic = 'facts.leave-changed.v1' or fact_id in (
           select fact_id from journal where tenant = :tenant and key = :key union
           select body ->> 'causationid' from held where tenant = :tenant and key = :key))
       order by accepted_at, "offset" """
)
_JOURNAL = text(
    """select body, state, attempt, replaces, calls, accepted_at, journaled_at from journal
       where tenant = :tenant and (key = :key or starts_with(key, :days)) order by seq"""
)
_RECORDS = text(
    """select body from audit where tenant = :tenant and message_id = any(cast(:ids as text[])) order by sequence"""
)
_PLANNED = text(
    """select cast(p.plan_id as text) as plan, p.made_at, r.body::text as body
       from plan_rows r join plans p using (plan_id)
       where p.tenant = :tenant
         and (r.body ->> 'person' = :key or 'fortnox/employee/' || (r.body ->> 'employee_id') = :key)
         and (r.body ->> 'applied_at' is not null
              or p.made_at = (select max(made_at) from plans where tenant = :tenant))
       order by p.made_at"""
)
_HELD_KEY = text(f"{_HELD_COLUMNS} where tenant = :tenant and key = :key order by held_at")
_PARKED_KEY = text(
    """select topic || '/' || partition || '/' || "offset", reader, state, reason, parked_at from parked
       where tenant = :tenant and about = :key and state <> 'discarded' order by number"""
)
_AWAY = text(
    """select distinct j.sink, coalesce(replace(c.state, '_', ' '), 'not connected') as how
       from journal j left join connections c on c.tenant = j.tenant and c.system = j.sink
       where j.tenant = :tenant and j.key = :key and j.state = 'queued' and c.state is distinct from 'connected'"""
)
_EVENTS = "from deliveries, jsonb_array_elements_text(event_ids) as e"
_DELIVERED_AT = text(f"select min(accepted_at) {_EVENTS} where tenant = :tenant and starts_with(e, :key || '@')")
_DELIVERED = f"select tenant, split_part(e, '@', 1) {_EVENTS}"

_MATCHING = (
    "select tenant, key from decided where key ~ :text and topic like 'facts.%'",
    "select tenant, key from journal where key ~ :text",
    "select tenant, key from held where key ~ :text",
    "select tenant, about from parked where about ~ :text",
    f"{_DELIVERED} where split_part(e, '@', 1) ~ :text",
)
_LEAVE = "leave/"
"""The key of a leave begins with it where it is decided; the fact of it has a key without."""
_FIND: dict[str, tuple[str, ...]] = {
    "voucher": ("select tenant, key from audit where body -> 'voucher' @> cast(:voucher as jsonb)",),
    "fact": (
        "select tenant, key from decided where starts_with(fact_id, :text) and topic like 'facts.%'",
        "select tenant, key from journal where starts_with(fact_id, :text)",
        "select tenant, key from held where starts_with(body ->> 'causationid', :text)",
        "select tenant, about from parked where starts_with(fact_id, :text)",
        f"{_DELIVERED} where starts_with(e, :text)",
    ),
    "key": (
        f"""select tenant, case when topic = 'facts.leave-changed.v1' then '{_LEAVE}' || key else key end from decided
            where topic like 'facts.%' and (key = :text or key = :told and topic = 'facts.leave-changed.v1')""",
        "select tenant, key from journal where key = :text",
        "select tenant, key from held where key = :text",
        "select tenant, about from parked where about = :text",
        f"{_DELIVERED} where starts_with(e, :text || '@')",
    ),
    "shortened": _MATCHING,
    "z_number": _MATCHING,
    "id": (
        "select tenant, key from journal where order_id = cast(:text as uuid)",
        "select tenant, key from held where hold_id = cast(:text as uuid)",
    ),
    "hold": ("select tenant, key from held where starts_with(hold_id::text, :text)",),
    "mark": ("select tenant, key from journal where starts_with(right(order_id::text, 17), :text)",),
}


async def find(
    engine: AsyncEngine, asked: Sequence[Asked], *, tenant: str | None, year_id: int | None = None, limit: int = 50
) -> list[tuple[str, str]]:
    """Return the (company, key) pairs that were asked for, in any of the readings."""
    found: dict[tuple[str, str], None] = {}
    async with engine.connect() as connection:
        for one in asked:
            if one.kind == "shortened" and found:
                continue  # it is a key as it stands
            voucher: dict[str, Any] = {"series": one.text, "number": one.number}
            if year_id is not None:
                voucher["year_id"] = year_id
            union = " union ".join(_FIND[one.kind])
            rows = await connection.execute(
                text(f"select tenant, key from ({union}) as found(tenant, key) where {_OF} order by 1, 2 limit :limit"),
                {"tenant": tenant, "text": one.text, "voucher": to_json(voucher).decode(), "limit": limit}
                if one.kind == "voucher"
                else {"tenant": tenant, "text": one.text, "told": _told(one.text), "limit": limit},
            )
            found |= dict.fromkeys((row.tenant, row.key) for row in rows)
    return list(found)


def _told(key: str) -> str | None:
    """Return the key under which a leave was told, if it is one's."""
    return key.removeprefix(_LEAVE) if key.startswith(_LEAVE) else None


async def material(engine: AsyncEngine, tenant: str, key: str) -> Material:
    """Return everything that the database knows about a company's key; ``facts`` is left to ``reading``."""
    leave = _told(key)
    values: dict[str, Any] = {"tenant": tenant, "key": key, "told": leave, "days": f"{key}/" if leave else None}
    async with snapshot(engine) as connection:
        lines = tuple(Line(*row) for row in await connection.execute(_DECIDED, values))
        orders = tuple(_ordered(row) for row in await connection.execute(_JOURNAL, values))
        held = tuple(_hold(row) for row in await connection.execute(_HELD_KEY, values))
        ids = [o.order.id for o in orders]
        records = [_record(body) for (body,) in await connection.execute(_RECORDS, {"tenant": tenant, "ids": ids})]
        delivered_at = await connection.scalar(_DELIVERED_AT, values)
        away = {row.sink: row.how for row in await connection.execute(_AWAY, values)}
        parked = tuple(Waits(*row) for row in await connection.execute(_PARKED_KEY, values))
        planned = tuple(
            Planned(row.plan[:8], row.made_at, PlanRow.model_validate_json(row.body))
            for row in await connection.execute(_PLANNED, values)
        )
    return Material(
        tenant=tenant,
        key=key,
        lines=lines,
        orders=orders,
        records=tuple(records),
        holds=held,
        delivered_at=delivered_at,
        parked=parked,
        planned=planned,
        away=away,
    )


# --- The first page ---------------------------------------------------------------------------------------------

_BOOKED = text(
    """with newest as materialized (
         select id, tenant, key, message_id, body from audit
         where body ->> 'outcome' in ('delivered', 'already_there') and body -> 'voucher' <> 'null'
         order by id desc limit :limit)
       select a.tenant, a.key, a.body, j.body -> 'data' ->> 'voucher_date' as day,
              j.body -> 'data' ->> 'purpose' as purpose
       from newest a left join journal j on j.order_id = a.message_id::uuid and j.tenant = a.tenant
       order by a.id desc"""
)
_TROUBLES = text(
    """select tenant, key, state, coalesce(sent_at, journaled_at) as since, outcome ->> 'why' as why,
              calls -> -1 ->> 'verdict' as last from journal
       where state = 'unknown' or state = 'queued' and jsonb_array_length(calls) > 0 order by since limit :limit"""
)


async def booked(engine: AsyncEngine, limit: int = 50) -> list[Booked]:
    """Return the vouchers booked last, the newest first."""
    found = []
    for row in await _rows(engine, _BOOKED, {"limit": limit}):
        record = _record(row.body)
        if record.voucher is not None:
            day = date.fromisoformat(row.day) if row.day else None
            found.append(Booked(row.tenant, row.key, record.voucher, row.purpose or "", day, record.amount, record.at))
    return found


async def troubles(engine: AsyncEngine, limit: int = 200) -> list[Trouble]:
    """Return the orders whose answer was lost, and those that were put off, the oldest first."""
    rows = await _rows(engine, _TROUBLES, {"limit": limit})
    return [Trouble(r.tenant, r.key, r.state, r.since, (r.last if r.state == "queued" else r.why) or "") for r in rows]


# --- Settings ---------------------------------------------------------------------------------------------------

_LACKING = text(
    """select body -> 'data' ->> 'reason' as reason, body -> 'data' -> 'lines' as names from held
       where tenant = :tenant and closed_at is null and flow = any(cast(:flows as text[]))
         and body -> 'data' ->> 'reason' = any(cast(:reasons as text[])) order by held_at limit :limit"""
)


async def lacking(engine: AsyncEngine, tenant: str, flows: Iterable[Flow]) -> dict[str, tuple[str, ...]]:
    """Return what a company's settings lack, as what waits for it tells: by reason, the names without an account."""
    wanting = [flow for flow in flows if flow.lacking]
    reasons = [reason for flow in wanting for reason in flow.lacking]
    values = {"tenant": tenant, "flows": [f.name for f in wanting], "reasons": reasons, "limit": _MOST}
    found: dict[str, dict[str, None]] = {}
    for row in await _rows(engine, _LACKING, values):
        found.setdefault(row.reason, {}).update(dict.fromkeys(row.names or ["everything"]))
    return {reason: tuple(names) for reason, names in found.items()}


# --- Rows as values ---------------------------------------------------------------------------------------------


async def _rows(engine: AsyncEngine, query: TextClause, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
    async with engine.connect() as connection:
        return (await connection.execute(query, values)).all()


def _record(body: Any) -> AuditRecord:
    return AuditRecord.model_validate_json(to_json(body))


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        hold_id=cast("UUID", row.hold_id),
        tenant=row.tenant,
        key=row.key,
        order=envelopes.decode(to_json(row.body)),
        held_at=row.held_at,
        closed_at=row.closed_at,
        how=row.how,
        message=row.message,
    )


def _dead(row: Row[Any]) -> Dead:
    return Dead(row.place, row.tenant, envelopes.decode(to_json(row.body)), row.state, row.found_at, row.closed_at)


def _ordered(row: Row[Any]) -> Ordered:
    return Ordered(
        order=envelopes.decode(to_json(row.body)),
        state=row.state,
        attempt=row.attempt,
        replaces=row.replaces,
        calls=tuple(Call.model_validate_json(to_json(call)) for call in row.calls),
        accepted_at=row.accepted_at,
        journaled_at=row.journaled_at,
    )
