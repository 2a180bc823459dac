"""How companies stand today: what waits and whose move it is, what was booked, and whether anything has changed."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from infra import clock, registry, store
from infra.access.connections import Connection, health
from infra.access.standing import Light, light_of
from infra.postgres import Engine, text
from infra.rows import PostedVoucher, Trouble
from infra.trail import recorded
from schemas.words import Wording

_COUNTS: Final = text(
    """select tenant, what, count(*) as number from (
         select tenant, 'held' as what from held where closed_at is null
         union all select tenant, case when state = 'unknown' then 'lost' else 'put_off' end from journal
           where state in ('queued', 'sending', 'unknown')
             and (state = 'unknown' or state = 'queued' and jsonb_array_length(calls) > 0)
         union all select tenant, 'parked' from parked where state <> 'discarded'
         union all select tenant, 'dead' from dead_letters where state = 'open') as all_of_it
       where tenant = any(cast(:tenants as text[])) group by tenant, what"""
)
_OF_NOBODY: Final = text(
    """select tenant from (select tenant from held where closed_at is null
                           union select tenant from parked where state <> 'discarded'
                           union select tenant from dead_letters where state = 'open') as waiting
       where not exists (select from tenants t where t.tenant = waiting.tenant) order by tenant limit :most"""
)
# A company that has a number in the ledger has consented there, also before its connection is used first.
_LIGHTS: Final = text(
    """select tenant, system, state, grant_type, refresh_until from connections
       where tenant = any(cast(:tenants as text[]))
       union all
       select t.tenant, cast(:ledger as text), 'connected', 'client_credentials', null from tenants t
       where t.tenant = any(cast(:tenants as text[])) and t.database_number is not null
         and not exists (select from connections c where c.tenant = t.tenant and c.system = :ledger)
       order by 1, 2"""
)
_KINDS: Final[Mapping[Light, str]] = {"green": "good", "yellow": "wait", "red": "stop"}
_RED: Final = text(
    """select tenant, count(*) as number from checks
       where tenant = any(cast(:tenants as text[])) and not ok group by tenant"""
)
# Days and amounts first: else whole orders and records are sorted.
_TAKINGS: Final = text(
    """with each as materialized (
       select (j.body -> 'data' ->> 'voucher_date')::date as day,
              case j.body -> 'data' ->> 'purpose' when 'reverse' then -1 else 1 end
                  * (a.body ->> 'amount')::numeric as amount
       from journal j join audit a on a.tenant = j.tenant and a.message_id = j.order_id::text
            and a.body ->> 'outcome' in ('delivered', 'already_there')
       where j.tenant = any(cast(:tenants as text[])) and j.type = 'bokbuss.post-voucher.v1'
         and j.body -> 'data' ->> 'voucher_date' between :first and :last and j.body -> 'data' ->> 'flow' = :flow
         and j.state = 'delivered')
       select day, sum(amount) as amount from each group by day order by day"""
)
_LAST_DAY: Final = text(
    """select max(day)::date from unnest(cast(:tenants as text[])) as company(tenant) cross join lateral (
         select body -> 'data' ->> 'voucher_date' as day from journal j
         where j.tenant = company.tenant and j.type = 'bokbuss.post-voucher.v1' and j.state = 'delivered'
           and j.body -> 'data' ->> 'flow' = :flow
         order by body -> 'data' ->> 'voucher_date' desc limit 1) as newest"""
)
_BOOKED: Final = text(
    """with newest as materialized (
         select booked.* from unnest(cast(:tenants as text[])) as company(tenant) cross join lateral (
             select id, tenant, key, message_id, body from audit where audit.tenant = company.tenant
               and body ->> 'outcome' in ('delivered', 'already_there') and body -> 'voucher' <> 'null'
             order by id desc limit :most) as booked
         order by id desc limit :most)
       select a.tenant, a.key, a.body, j.body -> 'data' ->> 'voucher_date' as day,
              j.body -> 'data' ->> 'purpose' as purpose
       from newest a left join journal j on j.order_id = a.message_id::uuid and j.tenant = a.tenant
       order by a.id desc"""
)
_TROUBLES: Final = text(
    """select tenant, key, state, coalesce(sent_at, journaled_at) as since,
              case when outcome ->> 'why' is null then calls -> -1 ->> 'verdict' else outcome ->> 'why' end as why,
              case when outcome ->> 'why' is null then calls -> -1 else outcome end -> 'wording' as wording from journal
       where tenant = any(cast(:tenants as text[]))
         and (state = 'unknown' or state = 'queued' and jsonb_array_length(calls) > 0)
       order by since limit :most"""
)
_CHANGED: Final = text(
    """select tenant, concat_ws('/',
           (select max(sequence) from audit a where a.tenant = company.tenant),
           (select concat_ws('+', count(*), max(held_at)) from held h
            where h.tenant = company.tenant and h.closed_at is null),
           (select count(*) from dead_letters d where d.tenant = company.tenant and d.state = 'open'),
           (select max(checked_at) from checks c where c.tenant = company.tenant),
           (select max(changed_at) from connections n where n.tenant = company.tenant),
           (select concat_ws('+', count(*), max(number)) from parked p
            where p.tenant = company.tenant and p.state <> 'discarded')) as mark
       from unnest(cast(:tenants as text[])) as company(tenant)"""
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits in a company. ``lost``: orders whose answer is not known; ``put_off``: those that are sent again."""

    held: int = 0
    lost: int = 0
    put_off: int = 0
    parked: int = 0
    dead: int = 0
    red: int = 0


@dataclass(frozen=True, slots=True)
class ConnectionLight:
    """A connection in one word: good, wait (somebody must act before long) or stop; its page says the same."""

    system: str
    kind: str
    state: str


async def counts(engine: Engine, tenants: Sequence[str]) -> dict[str, Counts]:
    """Return what waits in each of these companies; ``red``: what bokbuss doctor found in the way last."""
    found: dict[str, dict[str, int]] = {tenant: {} for tenant in tenants}
    async with engine.connect() as connection:
        for row in await connection.execute(_COUNTS, {"tenants": list(tenants)}):
            found[row.tenant][row.what] = row.number
        for row in await connection.execute(_RED, {"tenants": list(tenants)}):
            found[row.tenant]["red"] = row.number
    return {tenant: Counts(**numbers) for tenant, numbers in found.items()}


async def of_nobody(engine: Engine, most: int) -> dict[str, Counts]:
    """Return what waits under names that no company has: misspelt, not added yet, or nobody can say whose it is."""
    return await counts(engine, await store.scalars(engine, _OF_NOBODY, {"most": most}))


async def lights(engine: Engine, tenants: Sequence[str]) -> dict[str, list[ConnectionLight]]:
    """Return the light of each connection that these companies have, or have had."""
    found: dict[str, list[ConnectionLight]] = {tenant: [] for tenant in tenants}
    now = clock.now().timestamp()
    for row in await store.rows(engine, _LIGHTS, {"tenants": list(tenants), "ledger": registry.ledger()}):
        held = Connection(row.tenant, row.system, row.grant_type, row.state, refresh_until=row.refresh_until)
        found[row.tenant].append(ConnectionLight(row.system, _KINDS[light_of(health(held, now))], row.state))
    return found


async def last_day(engine: Engine, tenants: Sequence[str], flow: str) -> date | None:
    """Return the newest date of a flow's vouchers."""
    day: date | None = await store.scalar(engine, _LAST_DAY, {"tenants": list(tenants), "flow": flow})
    return day


async def takings(engine: Engine, tenants: Sequence[str], flow: str, first: date, last: date) -> dict[date, Decimal]:
    """Return what a flow's vouchers between two dates come to by date, what was reversed taken off.

    Both ends are named: for one that is open the database would read all vouchers.
    """
    values = {"tenants": list(tenants), "flow": flow, "first": first.isoformat(), "last": last.isoformat()}
    return {row.day: row.amount for row in await store.rows(engine, _TAKINGS, values)}


async def booked(engine: Engine, tenants: Sequence[str], most: int) -> list[PostedVoucher]:
    """Return the vouchers that were booked last, the newest first."""
    rows = await store.rows(engine, _BOOKED, {"tenants": list(tenants), "most": most})
    found = []
    for row in rows:
        record = recorded(row.body)
        if record.voucher is not None:
            day = date.fromisoformat(row.day) if row.day else None
            found.append(
                PostedVoucher(row.tenant, row.key, record.voucher, row.purpose or "", day, record.amount, record.at)
            )
    return found


async def troubles(engine: Engine, tenants: Sequence[str], most: int) -> list[Trouble]:
    """Return the orders whose answer was lost, and those that were put off, the oldest first."""
    rows = await store.rows(engine, _TROUBLES, {"tenants": list(tenants), "most": most})
    return [
        Trouble(row.tenant, row.key, row.state, row.since, row.why or "", Wording.kept(row.wording)) for row in rows
    ]


async def marks(engine: Engine, tenants: Iterable[str]) -> dict[str, str]:
    """Return a word for each company that is another one whenever something has changed that people wait for."""
    return {row.tenant: row.mark for row in await store.rows(engine, _CHANGED, {"tenants": sorted(tenants)})}


class News:
    """What has changed in companies, for all open pages of this process: they share one look at the database."""

    def __init__(self, engine: Engine, every: float) -> None:
        """``every``: seconds between two looks, however many pages ask."""
        self._engine = engine
        self.every = every
        self._watched: Counter[str] = Counter()
        self._marks: dict[str, str] = {}
        self._looked_at = -math.inf
        self._looking = asyncio.Lock()

    @contextmanager
    def watched(self, tenants: Sequence[str]) -> Iterator[None]:
        """Have these companies looked at while entered."""
        self._watched.update(tenants)
        try:
            yield
        finally:
            self._watched.subtract(tenants)
            self._watched = +self._watched

    async def marks(self, tenants: Sequence[str]) -> list[str]:
        """Return the marks of some that are watched; the database is asked where the last look is too long ago."""
        async with self._looking:
            is_old = clock.monotonic() - self._looked_at >= self.every
            if is_old or not self._marks.keys() >= set(tenants):
                self._marks = await marks(self._engine, self._watched)
                self._looked_at = clock.monotonic()
        return [self._marks.get(tenant, "") for tenant in tenants]
