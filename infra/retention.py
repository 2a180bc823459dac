"""What nobody needs any more goes: in small batches, by one process for all, and never what a decision rests on.

What each rule keeps, and why that is enough, stands beside it; docs/retention.md says it for whoever runs this.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from infra import clock, store, telemetry
from infra.kafka.parking import FLOWS
from infra.leases import Lease, lead
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import KeepSettings

_log = telemetry.log(__name__)

_PAGE: Final = 2_000
"""Rows of one transaction: milliseconds, so that nobody waits for it."""
_PAUSE: Final = 0.05
"""Seconds between two pages: others come first."""

# Lines of facts explain every voucher, and stay. Those of answers and settings tell only that a record is dealt with:
# what lies before ``forgotten`` is, without a line. It never passes what is not proved, nor a record that is parked:
# that one is decided later, and must not be taken for one that was.
_PLACES: Final = text(
    """select a.topic, a.partition, a.forgotten,
              least(a.upto, (select min(k."offset") from parked k
                             where k.reader = :reader and k.topic = a.topic and k.partition = a.partition
                               and k.state <> 'discarded')) as upto
       from audited a where a.topic not like 'facts.%' and a.forgotten < a.upto order by 1, 2"""
)
_LINES: Final = text(
    """select "offset", decided_at < clock_timestamp() - make_interval(days => :days) as old from decided
       where topic = :topic and partition = :partition and "offset" >= :first and "offset" < :upto
       order by "offset" limit :page"""
)
_MOVE: Final = text(
    """update audited set forgotten = :reached
       where topic = :topic and partition = :partition and forgotten = :first and upto >= :reached"""
)
# A company's last one stays: where audit.v1 has a new life, it says from where on the trail is to be told again.
_FORGET_LINES: Final = text(
    """delete from decided d
       where topic = :topic and partition = :partition and "offset" >= :first and "offset" < :reached
         and exists (select from decided n where n.topic = d.topic and n.partition = d.partition
                     and n.tenant = d.tenant and n."offset" > d."offset")"""
)
# A delivery that comes again after that is accepted again, as the same fact: its id is made of what it says.
_FORGET_DELIVERIES: Final = text(
    """delete from deliveries where ctid = any(array(
         select ctid from deliveries where accepted_at < clock_timestamp() - make_interval(days => :days)
         limit :page))"""
)
# An account's last one stays: it says when its person was here.
_FORGET_SESSIONS: Final = text(
    """delete from sessions where ctid = any(array(
         select s.ctid from sessions s
         where least(s.ends_at, s.ended_at) < clock_timestamp() - make_interval(days => :days)
           and exists (select from sessions n where n.account_id = s.account_id and n.made_at > s.made_at)
         limit :page))"""
)
# One that has ended opens nothing, and says nothing of how it was used that anybody needs.
_FORGET_SECRETS: Final = text(
    """delete from replaced_secrets where ctid = any(array(
         select ctid from replaced_secrets where until < clock_timestamp() - make_interval(days => :days)
         limit :page))"""
)
_PAST = """made_at < clock_timestamp() - make_interval(days => :days)
         and exists (select from plans n where n.tenant = p.tenant and n.flow = p.flow and n.made_at > p.made_at)"""
# A plan that is dropped is applied by nobody any more, while its rows go. What was applied explains what was done.
_DROP_PLANS: Final = text(
    f"""update plans p set state = 'dropped', body = jsonb_set(body, '{{state}}', '"dropped"')
       where state = 'made' and {_PAST} and not exists (
         select from plan_rows r where r.plan_id = p.plan_id and r.body ->> 'applied_at' is not null)"""  # noqa: S608 - no values in it
)
_FORGET_ROWS: Final = text(
    f"""with old as materialized (select plan_id from plans p where state = 'dropped' and {_PAST})
       delete from plan_rows where (plan_id, "row") in (
         select plan_id, "row" from plan_rows join old using (plan_id)
         where body ->> 'applied_at' is null limit :page)"""  # noqa: S608 - the same
)
_FORGET_PLANS: Final = text(
    f"""delete from plans p where state = 'dropped' and {_PAST}
         and not exists (select from plan_rows r where r.plan_id = p.plan_id)"""  # noqa: S608 - the same
)
_SIZES: Final = text(
    """select relname, pg_total_relation_size(oid) from pg_class
       where relkind = 'r' and relnamespace = 'public'::regnamespace"""
)


async def run(host: Host, stop: asyncio.Event) -> None:
    """Forget, and tell how large the tables are, again and again until asked to stop."""
    keep = host.settings.keep

    async def work(lease: Lease) -> None:
        try:
            while not stop.is_set():
                await forget(host.engine, keep, lease.check)
                await _measure(host.engine)
                await clock.wait(stop, keep.every_seconds)
        finally:
            telemetry.TABLE_BYTES.clear()  # whoever leads next tells

    await lead(host.leases, "retention", stop, work)


async def forget(engine: Engine, keep: KeepSettings, check: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Forget what is older than it is kept, page by page; return how many rows went, by table.

    Args:
        check: raises when this process may not go on.
    """
    gone = {"decided": await _forget_lines(engine, keep.answers_days, check)}
    await store.write(engine, _DROP_PLANS, {"days": keep.plans_days})
    for table, statement, days in (
        ("deliveries", _FORGET_DELIVERIES, keep.deliveries_days),
        ("sessions", _FORGET_SESSIONS, keep.sessions_days),
        ("replaced_secrets", _FORGET_SECRETS, 0),
        ("plan_rows", _FORGET_ROWS, keep.plans_days),
        ("plans", _FORGET_PLANS, keep.plans_days),
    ):
        gone[table] = 0
        while True:
            check()
            went = await store.write(engine, statement, {"days": days, "page": _PAGE})
            gone[table] += went
            if went < _PAGE:
                break
            await clock.sleep(_PAUSE)
    for table, rows in gone.items():
        telemetry.ROWS_FORGOTTEN.labels(table).inc(rows)
    if any(gone.values()):
        _log.info("forgotten", **gone)
    return gone


async def _forget_lines(engine: Engine, days: int, check: Callable[[], None]) -> int:
    gone = 0
    places = await store.rows(engine, _PLACES, {"reader": FLOWS})
    for topic, partition, forgotten, upto in places:
        first = forgotten
        while first < upto:
            check()
            async with engine.begin() as connection:
                place = {"topic": topic, "partition": partition, "first": first}
                asked = place | {"upto": upto, "days": days, "page": _PAGE}
                lines = (await connection.execute(_LINES, asked)).all()
                young = next((line.offset for line in lines if not line.old), None)
                reached = young if young is not None else lines[-1].offset + 1 if len(lines) == _PAGE else upto
                if reached == first or not (await connection.execute(_MOVE, place | {"reached": reached})).rowcount:
                    break  # nothing is old; or somebody else was here
                gone += (await connection.execute(_FORGET_LINES, place | {"reached": reached})).rowcount
            if young is not None:
                break
            first = reached
            await clock.sleep(_PAUSE)
    return gone


async def _measure(engine: Engine) -> None:
    for table, size in await store.rows(engine, _SIZES):
        telemetry.TABLE_BYTES.labels(table).set(size)
