"""The story of a key, from every table that knows of it, read as of one moment; and what came of an answer."""

# ruff: noqa: S608 - what is put together here are constants; every value is bound

from collections.abc import Sequence
from typing import Any

from pydantic_core import to_json

from infra import registry, store
from infra.access import people
from infra.delivery import waiting
from infra.postgres import DatabaseConnection, Engine, Row, Statement, text
from infra.rows import AnswerOutcome, FactLine, Hold, Material, Ordered, Planned, Query, Waits
from infra.store import snapshot
from infra.trail import recorded
from schemas import envelope as envelopes
from schemas.audit import Call
from schemas.commands import VoucherRef
from schemas.plans import UNLINKED, PlanRow

_DECIDED = text(
    """select topic, partition, "offset", fact_id, rules, accepted_at, decided_at from decided
       where tenant = :tenant and topic like 'facts.%' and (key = :key
           or key = :told and topic = 'facts.leave-changed.v1' or fact_id = any(array(
           select fact_id from journal where tenant = :tenant and key = :key union
           select body ->> 'causationid' from held where tenant = :tenant and key = :key)))
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
       where p.tenant = :tenant and r.plan_id = any(array(select plan_id from plans where tenant = :tenant))
         and (r.body ->> 'person' = :key or :unlinked || (r.body ->> 'employee_id') = :key)
         and (r.body ->> 'applied_at' is not null
              or p.made_at = (select max(made_at) from plans where tenant = :tenant and flow = p.flow))
       order by p.made_at"""
)
_PARKED_KEY = text(
    """select topic || '/' || partition || '/' || "offset", reader, state, reason, parked_at from parked
       where tenant = :tenant and about = :key and state <> 'discarded' order by number"""
)
_AWAY = text(
    """select distinct s.system, coalesce(replace(c.state, '_', ' '), 'not connected') as how
       from journal j join unnest(cast(:sinks as text[]), cast(:systems as text[])) as s(sink, system) using (sink)
       left join connections c on c.tenant = j.tenant and c.system = s.system
       where j.tenant = :tenant and j.key = :key and j.state = 'queued' and c.state is distinct from 'connected'"""
)
_NUMBER = text("select count(*) from decided where tenant = :tenant and topic = :topic")
_EVENTS = "from deliveries, jsonb_array_elements_text(event_ids) as e"
_DELIVERED_AT = text(f"select min(accepted_at) {_EVENTS} where tenant = :tenant and starts_with(e, :key || '@')")
_DELIVERED = f"select tenant, split_part(e, '@', 1) {_EVENTS}"
# Each is as dear to the planner as the other, so that they are looked at as they stand.
_MATCHING = (
    "select tenant, key from decided where key like :like and key ~ :text and topic like 'facts.%'",
    "select tenant, key from journal where key like :like and key ~ :text",
    "select tenant, key from held where key like :like and key ~ :text",
    "select tenant, about from parked where about like :like and about ~ :text",
    f"{_DELIVERED} where split_part(e, '@', 1) like :like and split_part(e, '@', 1) ~ :text",
)
_LEAVE = "leave/"
"""The key of a leave begins with it where it is decided; the fact of it has a key without."""
_PARTS: dict[str, tuple[str, ...]] = {
    "voucher": ("select tenant, key from audit where body -> 'voucher' @> cast(:voucher as jsonb)",),
    "record": (
        """select tenant, key from audit where body ->> 'record' = :text and body ->> 'record' <> ''
             and body ->> 'message_type' like :like""",
    ),
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


def _finding(whose: str) -> dict[str, Statement]:
    """Return what finds (company, key) pairs, by the reading of what was asked."""
    return {
        kind: text(
            f"""select tenant, key from ({" union ".join(parts)}) as found(tenant, key) where {whose}
                order by 1, 2 limit :limit"""
        )
        for kind, parts in _PARTS.items()
    }


_FIND_IN_ALL = _finding("true")
_FIND = _finding("tenant = any(cast(:tenants as text[]))")
"""In some companies: a statement of its own, for with "or" no index would lead there."""


async def find(
    engine: Engine,
    asked: Sequence[Query],
    *,
    tenants: Sequence[str] | None,
    year_id: int | None = None,
    limit: int = 50,
) -> list[tuple[str, str]]:
    """Return the (company, key) pairs that were asked for, in any of the readings.

    Args:
        tenants: the companies that are looked through; None: all. ``limit`` counts theirs only.
        limit: the most of one reading.
    """
    found: dict[tuple[str, str], None] = {}
    within = None if tenants is None else list(tenants)
    async with engine.connect() as connection:
        for one in asked:
            if one.kind == "shortened" and found:
                continue  # it is a key as it stands
            voucher: dict[str, Any] = {"series": one.text, "number": one.number}
            if year_id is not None:
                voucher["year_id"] = year_id
            rows = await connection.execute(
                (_FIND_IN_ALL if within is None else _FIND)[one.kind],
                {"tenants": within, "text": one.text, "voucher": to_json(voucher).decode(), "limit": limit}
                if one.kind == "voucher"
                else {"tenants": within, "text": one.text, "like": one.like, "told": _told(one.text), "limit": limit},
            )
            found |= dict.fromkeys((row.tenant, row.key) for row in rows)
    return list(found)


def _told(key: str) -> str | None:
    """Return the key under which a leave was told, if it is one's."""
    return key.removeprefix(_LEAVE) if key.startswith(_LEAVE) else None


async def material(engine: Engine, tenant: str, key: str) -> Material:
    """Return everything that the database knows about a company's key; ``facts`` is left to ``reading``."""
    leave = _told(key)
    values: dict[str, Any] = {"tenant": tenant, "key": key, "told": leave, "days": f"{key}/" if leave else None}
    sinks = registry.sinks()
    values |= {"sinks": [sink.name for sink in sinks], "systems": [sink.system for sink in sinks]}
    values["unlinked"] = UNLINKED
    async with snapshot(engine) as connection:
        lines = tuple(FactLine(*row) for row in await connection.execute(_DECIDED, values))
        orders = tuple([await _ordered(connection, row) for row in (await connection.execute(_JOURNAL, values)).all()])
        held = await waiting.holds_of(connection, tenant, key)
        ids = [o.order.id for o in orders]
        records = [recorded(body) for (body,) in await connection.execute(_RECORDS, {"tenant": tenant, "ids": ids})]
        delivered_at = await connection.scalar(_DELIVERED_AT, values)
        away = {row.system: row.how for row in await connection.execute(_AWAY, values)}
        parked = tuple(Waits(*row) for row in await connection.execute(_PARKED_KEY, values))
        plans = (await connection.execute(_PLANNED, values)).all()
        of_plans = await people.models(connection, PlanRow, [row.body for row in plans])
        planned = tuple(Planned(r.plan[:8], r.made_at, row) for r, row in zip(plans, of_plans, strict=True))
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


async def decided(engine: Engine, tenant: str, topic: str) -> int:
    """Return how many of a company's records on a topic are decided."""
    return await store.scalar(engine, _NUMBER, {"tenant": tenant, "topic": topic}) or 0


# --- What came of an answer ---------------------------------------------------------------------------------------

_OF_FACT = text("select state, outcome -> 'voucher' as voucher from journal where tenant = :tenant and fact_id = :fact")
# A flow that has not heard how its order ended, or whose next order or hold has not arrived, still waits for something.
_AWAITS = text(
    """select coalesce(state -> 'awaits', 'null') <> 'null' or coalesce(state -> 'pending', '[]') <> '[]'
              or coalesce(state -> 'hold', 'null') <> 'null'
       from flow_state where flow = :flow and tenant = :tenant and key = :key"""
)
_ENDED_STATES = frozenset({"delivered", "rejected", "withdrawn"})
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


async def became(engine: Engine, hold: Hold, answer_id: str) -> AnswerOutcome:
    """Return what an answer to a hold has come to so far: of one that was closed before it, only what follows."""
    async with snapshot(engine) as connection:
        orders = (await connection.execute(_OF_FACT, {"tenant": hold.tenant, "fact": answer_id})).all()
        holds = await waiting.holds_of(connection, hold.tenant, hold.key)
        values = {"flow": hold.order.data.flow, "tenant": hold.tenant, "key": hold.key}
        awaits = bool(await connection.scalar(_AWAITS, values))
    ended = next((each for each in holds if each.hold_id == hold.hold_id and each.closed_at is not None), None)
    again = next((each for each in reversed(holds) if ended and each.closed_at is None), None)
    under_way = any(order.state not in _ENDED_STATES for order in orders) or (bool(ended) and awaits and not again)
    vouchers = tuple(VoucherRef.model_validate(o.voucher) for o in orders if o.voucher and o.state == "delivered")
    if hold.closed_at is not None:
        return AnswerOutcome(again is not None or bool(orders), under_way, bool(orders), vouchers, again)
    return AnswerOutcome(ended is not None, under_way, bool(orders), vouchers, again, ended)


async def orders_ended(connection: DatabaseConnection, tenant: str) -> tuple[int, tuple[str, int, str | None] | None]:
    """Return how many orders have ended, and the first whose number of final records is wrong (id, records, state)."""
    wrong = (await connection.execute(_ENDS, {"tenant": tenant})).one_or_none()
    ended = await connection.scalar(_ENDED, {"tenant": tenant}) or 0
    return ended, (wrong.id, wrong.ends, wrong.state) if wrong else None


async def _ordered(connection: DatabaseConnection, row: Row) -> Ordered:
    [body] = await people.opened(connection, [to_json(row.body)])
    return Ordered(
        order=envelopes.decode(body),
        state=row.state,
        attempt=row.attempt,
        replaces=row.replaces,
        calls=tuple(Call.model_validate_json(to_json(call)) for call in row.calls),
        accepted_at=row.accepted_at,
        journaled_at=row.journaled_at,
    )
