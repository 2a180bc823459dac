"""The days of a company's tills: what was closed when, and what became of it, month by month. It only reads.

A key that names a day ends in it (``schemas.events.DayClosed.key``): ``system/store/register/number/2026-04-10``. That
is what days are found by; a flow's state is looked into for no more than what its newest content comes to.
"""

# ruff: noqa: S608 - what is put together here are constants; every value is bound

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from infra import store
from infra.postgres import Engine, Row, text
from infra.rows import DAY_OF_KEY
from schemas.commands import VoucherRef

_TILL: Final = "split_part(key, '/', 1) || '/' || split_part(key, '/', 2) || '/' || split_part(key, '/', 3)"
_CONTENT: Final = "coalesce(state -> 'day', state -> 'receipt')"
_FOUND: Final = f"""
    found as (
        select key, {DAY_OF_KEY} as day, {_TILL} as till, split_part(key, '/', 4) as number,
               coalesce({_CONTENT} ->> 'total_sales', {_CONTENT} ->> 'total')::numeric as total,
               state -> 'awaits' <> 'null' as awaits,
               state ->> 'part_of' is null and (
                   coalesce({_CONTENT} ->> 'total_sales', {_CONTENT} ->> 'total')::numeric <> 0
                   or jsonb_path_exists({_CONTENT}, '$.payments[*] ? (@.amount != "0.00")')) as money
        from flow_state
        where flow = :flow and tenant = :tenant and {DAY_OF_KEY} between :first and :last
          and {_CONTENT} <> 'null' and (:said = '' or strpos(lower({_TILL}), lower(:said)) > 0))"""
_STANDING: Final = """
    left join lateral (
        select hold_id, body -> 'data' ->> 'reason' as reason from held
        where tenant = :tenant and key = f.key and closed_at is null limit 1) h on true
    left join lateral (
        select state, body -> 'data' ->> 'purpose' as purpose, outcome -> 'voucher' as voucher,
               outcome ->> 'record' as record
        from journal
        where tenant = :tenant and key = f.key and type = :type and state <> 'withdrawn'
        order by seq desc limit 1) j on true"""
_KIND: Final = """
    case when h.hold_id is not null then 'held' when j.state = 'unknown' then 'lost'
         when j.state in ('queued', 'sending') then 'on_the_way'
         when j.state = 'delivered' then case j.purpose when 'reverse' then 'reversed' else 'booked' end
         when f.awaits then 'on_the_way' when f.money then 'left' else 'settled' end"""
_COUNTS: Final = text(f"with {_FOUND} select {_KIND} as kind, count(*) as number from found f {_STANDING} group by 1")
_PAGE: Final = text(
    f"""with {_FOUND},
        tills as (select distinct till from found where till > :after order by till limit :tills)
        select f.key, f.day, f.till, f.number, f.total, {_KIND} as kind, h.hold_id, h.reason, j.voucher, j.record
        from found f join tills using (till) {_STANDING}
        order by f.till, f.day, length(f.number), f.number, f.key"""
)
_LAST: Final = text(f"select max({DAY_OF_KEY}) from flow_state where flow = :flow and tenant = :tenant")
_OPEN: Final = text(
    """select hold_id, key, body -> 'data' ->> 'business_date' as day from held
       where tenant = :tenant and closed_at is null and body -> 'data' ->> 'reason' = :reason
         and body -> 'data' ->> 'business_date' between :first and :last
       order by 3, 2 limit :most"""
)
_NEAR: Final = f"""
    select key from flow_state
    where flow = :flow and tenant = :tenant and {_TILL} = :till and {_CONTENT} <> 'null'"""
_BEFORE: Final = text(
    f"""{_NEAR} and ({DAY_OF_KEY}, key) < (:day, :key) and {DAY_OF_KEY} between :first and :day
        order by {DAY_OF_KEY} desc, key desc limit 1"""
)
_AFTER: Final = text(
    f"""{_NEAR} and ({DAY_OF_KEY}, key) > (:day, :key) and {DAY_OF_KEY} between :day and :last
        order by {DAY_OF_KEY}, key limit 1"""
)
_MOST_MISSING: Final = 500


@dataclass(frozen=True, slots=True)
class DayRow:
    """A report or a receipt of a day, and how it stands.

    Attributes:
        till: system, store and register, as they stand in the key.
        number: the Z number, or the receipt's.
        total: what its newest content comes to, with VAT.
        kind: held, lost (the answer of the books was lost), on_the_way, booked, reversed, left (there was money, and
            nothing of it is booked: a person or the settings said so), settled (there is nothing to book).
        hold_id, reason: of the open hold.
        voucher, record: what was written last, where that is one.
    """

    key: str
    day: date
    till: str
    number: str
    total: Decimal | None
    kind: str
    hold_id: UUID | None
    reason: str
    voucher: VoucherRef | None
    record: str

    @property
    def store(self) -> str:
        """The store, as its tills name it."""
        return store_of(self.till)

    @property
    def register(self) -> str:
        """The cash register's designation."""
        return self.till.split("/")[2]


@dataclass(frozen=True, slots=True)
class Missing:
    """A day that has not come: the hold that says so, and what the hold is about."""

    hold_id: UUID
    key: str
    day: date


@dataclass(frozen=True, slots=True)
class Span:
    """What is looked at: a flow of a company, between two days, both included.

    Attributes:
        order: the type of the orders that say how something stands, such as ``bokbuss.post-voucher.v1``.
        said: a text that stands in the store or the register.
    """

    tenant: str
    flow: str
    order: str
    first: date
    last: date
    said: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """Return it as the values of a query."""
        days = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {"tenant": self.tenant, "flow": self.flow, "type": self.order, "said": self.said, **days}


def store_of(till: str) -> str:
    """Return the store of a till, as people write it."""
    return till.split("/")[1].replace("%2F", "/")


def till_of(key: str) -> str:
    """Return system, store and register of a key that names them."""
    return "/".join(key.split("/")[:3])


async def counts(engine: Engine, span: Span) -> dict[str, int]:
    """Return how many there are of each kind."""
    return {row.kind: row.number for row in await store.rows(engine, _COUNTS, span.values)}


async def page(engine: Engine, span: Span, *, after: str = "", tills: int = 1) -> list[DayRow]:
    """Return all of the first tills after one, by till and day."""
    return [_day(row) for row in await store.rows(engine, _PAGE, span.values | {"after": after, "tills": tills})]


async def last_day(engine: Engine, tenant: str, flow: str) -> date | None:
    """Return the newest day that something came of."""
    [row] = await store.rows(engine, _LAST, {"tenant": tenant, "flow": flow})
    return date.fromisoformat(row[0]) if row[0] else None


async def missing(engine: Engine, span: Span, reason: str) -> list[Missing]:
    """Return the days between two that have not come, as holds of this reason say; 500 at most."""
    found = await store.rows(engine, _OPEN, span.values | {"reason": reason, "most": _MOST_MISSING})
    return [Missing(row.hold_id, row.key, date.fromisoformat(row.day)) for row in found]


async def beside(engine: Engine, span: Span, key: str, day: date) -> tuple[str, str]:
    """Return the keys before and after one of a day, of the same till and within the span; "" where there is none."""
    values = span.values | {"key": key, "till": till_of(key), "day": day.isoformat()}
    found = [await store.rows(engine, query, values) for query in (_BEFORE, _AFTER)]
    before, after = (rows[0].key if rows else "" for rows in found)
    return before, after


def _day(row: Row) -> DayRow:
    voucher = VoucherRef.model_validate(row.voucher, strict=False) if row.voucher else None
    return DayRow(
        key=row.key,
        day=date.fromisoformat(row.day),
        till=row.till,
        number=row.number,
        total=row.total,
        kind=row.kind,
        hold_id=row.hold_id,
        reason=row.reason or "",
        voucher=voucher,
        record=row.record or "",
    )
