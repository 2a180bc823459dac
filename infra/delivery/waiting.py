"""What waits for people, as ``reviews`` wrote it down: holds, and dead letters until they are dealt with."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from pydantic_core import to_json

from infra import store
from infra.access import people
from infra.plugin import Flow
from infra.postgres import DatabaseConnection, Engine, Row, Statement, text
from infra.rows import Dead, Hold
from infra.trail import Entry, put_on_record
from schemas import envelope as envelopes
from schemas.audit import DeadLetter, Outcome
from schemas.envelope import Envelope
from schemas.words import Wording

_OF = "(cast(:tenant as text) is null or tenant = :tenant)"
MOST: Final = 1000
"""Of one list."""
_HELD_COLUMNS = (
    "select hold_id, tenant, key, body::text as written, held_at, closed_at, how, message, wording from held"
)
_HELD = text(
    f"""{_HELD_COLUMNS} join (
            select hold_id, row_number() over (partition by tenant order by closed_at is not null, held_at) as turn
            from held where {_OF} and (:closed or closed_at is null)) as each using (hold_id)
        order by turn, held_at limit :limit"""  # noqa: S608 - constants; every value is bound
)
_NUMBER_HELD = text(f"select count(*) from held where {_OF} and (:closed or closed_at is null)")  # noqa: S608 - as above
_NOT_HEARD_OF = text(
    f"""select count(*) from flow_state f where {_OF} and waiting is not null
          and not exists (select from held h where h.tenant = f.tenant and h.key = f.key and h.closed_at is null)"""  # noqa: S608 - as above
)
_HELD_CALLED = text(
    f"""{_HELD_COLUMNS} where {_OF}
        and (key = :called or key ~ :shortened or starts_with(hold_id::text, lower(:called)))
        order by closed_at is not null, held_at desc limit 20"""
)
_HELD_OF = text(f"{_HELD_COLUMNS} where tenant = :tenant and key = :key order by held_at")
_LACKING = text(
    """select body -> 'data' ->> 'reason' as reason, body -> 'data' -> 'lines' as names from held
       where tenant = :tenant and closed_at is null and flow = any(cast(:flows as text[]))
         and body -> 'data' ->> 'reason' = any(cast(:reasons as text[]))
       group by 1, 2 order by min(held_at) limit :limit"""
)
_HELD_PAGE = {
    is_open: text(
        f"""select page.* from unnest(cast(:tenants as text[])) as company(tenant) cross join lateral (
                {_HELD_COLUMNS} where held.tenant = company.tenant and closed_at is {"" if is_open else "not"} null
                and (:reason = '' or body -> 'data' ->> 'reason' = :reason)
                and (:said = '' or strpos(lower(key), lower(:said)) > 0 or key = any(cast(:called as text[]))
                     or strpos(lower(body -> 'data' ->> 'message'), lower(:said)) > 0)
                and (cast(:at as timestamptz) is null
                     or (held_at, hold_id) > (cast(:at as timestamptz), cast(:id as uuid)))
                order by held_at, hold_id limit :limit) as page
            order by held_at, hold_id limit :limit"""  # noqa: S608 - constants; every value is bound
    )
    for is_open in (True, False)
}
_KEYS = text("select distinct key from held where tenant = :tenant and flow = any(cast(:flows as text[]))")
_REASONS = text(
    """select body -> 'data' ->> 'reason' as reason, count(*) as number from held
       where tenant = any(cast(:tenants as text[])) and closed_at is null group by 1 order by 2 desc, 1"""
)
_HELD_BY_ID = text(f"{_HELD_COLUMNS} where tenant = :tenant and hold_id = any(:ids)")
_DEAD_COLUMNS = "select place, tenant, body, state, found_at, closed_at from dead_letters"
_DEAD = text(
    f"""{_DEAD_COLUMNS} join (
            select place, row_number() over (partition by tenant order by state <> 'open', found_at) as turn
            from dead_letters where {_OF} and (:closed or state = 'open')) as each using (place)
        order by turn, found_at limit :limit"""  # noqa: S608 - as above
)
_NUMBER_DEAD = text(f"select count(*) from dead_letters where {_OF} and (:closed or state = 'open')")  # noqa: S608 - as above
_DEAD_AT = text(f"{_DEAD_COLUMNS} where place = :place")
_LOCK_LETTER = text("select body, state from dead_letters where place = :place for update")
_CLOSE_LETTER = text("update dead_letters set state = :state, closed_at = clock_timestamp() where place = :place")


class NotOpen(LookupError):
    """There is no such dead letter, or somebody has dealt with it already."""


async def holds(engine: Engine, tenant: str | None = None, *, closed: bool = False, limit: int = MOST) -> list[Hold]:
    """Return what waits for a person, the oldest first; with ``closed`` what waited, too.

    Of more than the limit each company's first are returned, and what is open before what is not: none hides another.
    """
    values = {"tenant": tenant, "closed": closed, "limit": limit}
    return sorted(await _found(engine, _HELD, values), key=lambda hold: hold.held_at)


async def number_of_holds(engine: Engine, tenant: str | None, *, closed: bool) -> int:
    """Return how many ``holds`` would return without a limit."""
    return await store.scalar(engine, _NUMBER_HELD, {"tenant": tenant, "closed": closed}) or 0


async def not_heard_of(engine: Engine, tenant: str | None) -> int:
    """Return how many keys wait as flows remember them and are not held as far as the desk has heard, or not yet."""
    return await store.scalar(engine, _NOT_HEARD_OF, {"tenant": tenant}) or 0


async def page_of_holds(
    engine: Engine,
    tenants: Sequence[str],
    *,
    open_: bool = True,
    reason: str = "",
    said: str = "",
    called: Sequence[str] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Hold]:
    """Return some of these companies' holds, the oldest first.

    Args:
        said: a text that stands in the key or in the sentence.
        called: keys of what is called so, which count as well.
        after: the time and id of the hold after which the page begins.
    """
    at, identity = after or (None, None)
    values = {"tenants": list(tenants), "reason": reason, "said": said, "limit": limit, "at": at, "id": identity}
    values["called"] = list(called)
    return await _found(engine, _HELD_PAGE[open_], values)


async def keys_of(engine: Engine, tenant: str, flows: Sequence[str]) -> list[str]:
    """Return the keys of all that waits, or waited, for these flows of a company."""
    return list(await store.scalars(engine, _KEYS, {"tenant": tenant, "flows": list(flows)}))


async def reasons(engine: Engine, tenants: Sequence[str]) -> dict[str, int]:
    """Return how many of these companies' open holds there are of each reason, the most first."""
    return {row.reason: row.number for row in await store.rows(engine, _REASONS, {"tenants": list(tenants)})}


async def hold(engine: Engine, tenant: str, hold_id: UUID) -> Hold | None:
    """Return a company's hold."""
    return next(iter(await holds_with(engine, tenant, [hold_id])), None)


async def holds_with(engine: Engine, tenant: str, hold_ids: Sequence[UUID]) -> list[Hold]:
    """Return the company's holds that have these ids, in their order; an id that is none of its own is left out."""
    found = await _found(engine, _HELD_BY_ID, {"tenant": tenant, "ids": list(hold_ids)})
    return sorted(found, key=lambda hold: hold_ids.index(hold.hold_id))


async def holds_called(engine: Engine, called: str, tenant: str | None = None, *, like: str) -> list[Hold]:
    """Return the holds of this key, or one ``like`` it, or whose id begins so; open ones first, the newest."""
    values = {"tenant": tenant, "called": called, "shortened": like if "/" in called else "^$"}
    return await _found(engine, _HELD_CALLED, values)


async def holds_of(connection: DatabaseConnection, tenant: str, key: str) -> tuple[Hold, ...]:
    """Return everything that ever waited of a company's key, the oldest first."""
    rows = (await connection.execute(_HELD_OF, {"tenant": tenant, "key": key})).all()
    return tuple(await _holds(connection, rows))


async def lacking(engine: Engine, tenant: str, flows: Iterable[Flow]) -> dict[str, tuple[str, ...]]:
    """Return what a company's settings lack, as what waits for it tells: by reason, the names without an account."""
    wanting = [flow for flow in flows if flow.lacking]
    reasons = [reason for flow in wanting for reason in flow.lacking]
    values = {"tenant": tenant, "flows": [f.name for f in wanting], "reasons": reasons, "limit": MOST}
    found: dict[str, dict[str, None]] = {}
    for row in await store.rows(engine, _LACKING, values):
        found.setdefault(row.reason, {}).update(dict.fromkeys(row.names or ["everything"]))
    return {reason: tuple(names) for reason, names in found.items()}


async def dead_letters(
    engine: Engine, tenant: str | None = None, *, closed: bool = False, limit: int = MOST
) -> list[Dead]:
    """Return the dead letters that are open, the oldest first; with ``closed`` all. Of too many: as ``holds``."""
    values = {"tenant": tenant, "closed": closed, "limit": limit}
    found = [_dead(row) for row in await store.rows(engine, _DEAD, values)]
    return sorted(found, key=lambda dead: dead.found_at)


async def number_of_letters(engine: Engine, tenant: str | None, *, closed: bool) -> int:
    """Return how many ``dead_letters`` would return without a limit."""
    return await store.scalar(engine, _NUMBER_DEAD, {"tenant": tenant, "closed": closed}) or 0


async def dead_letter(engine: Engine, place: str) -> Dead | None:
    """Return the dead letter of a place."""
    found = await store.rows(engine, _DEAD_AT, {"place": place})
    return _dead(found[0]) if found else None


async def open_letter(connection: DatabaseConnection, place: str) -> Envelope[DeadLetter]:
    """Lock a dead letter, for whoever deals with it. Raises NotOpen."""
    found = (await connection.execute(_LOCK_LETTER, {"place": place})).one_or_none()
    if found is None:
        raise NotOpen(f"there is no dead letter at {place}: bokbuss dead list")
    if found.state != "open":
        raise NotOpen(f"the dead letter at {place} is {found.state} already")
    return envelopes.decode(to_json(found.body))


async def close_letter(connection: DatabaseConnection, message: Envelope[DeadLetter], state: Outcome, why: str) -> None:
    """Note what was done with a dead letter, and put it on record."""
    await connection.execute(_CLOSE_LETTER, {"place": message.data.place, "state": state})
    await put_on_record(connection, [Entry(message, state, code=state, why=why)])


async def _found(engine: Engine, query: Statement, values: Mapping[str, Any]) -> list[Hold]:
    async with engine.connect() as connection:
        return await _holds(connection, (await connection.execute(query, values)).all())


async def _holds(connection: DatabaseConnection, rows: Sequence[Row]) -> list[Hold]:
    bodies = await people.opened(connection, [row.written.encode() for row in rows])
    return [_hold(row, body) for row, body in zip(rows, bodies, strict=True)]


def _hold(row: Row, body: bytes) -> Hold:
    return Hold(
        hold_id=cast("UUID", row.hold_id),
        tenant=row.tenant,
        key=row.key,
        order=envelopes.decode(body),
        held_at=row.held_at,
        closed_at=row.closed_at,
        how=row.how,
        message=row.message,
        wording=Wording.kept(row.wording),
    )


def _dead(row: Row) -> Dead:
    return Dead(row.place, row.tenant, envelopes.decode(to_json(row.body)), row.state, row.found_at, row.closed_at)
