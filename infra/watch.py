"""Gauges of what waits, asked of the database: the numbers that people are called for."""

import asyncio
import math
from typing import Any

from prometheus_client import Gauge

from infra import clock, registry, store, telemetry
from infra.canary import CANARY
from infra.failing import named
from infra.postgres import DatabaseConnection, Engine, Statement, text
from schemas.envelope import type_of

_log = telemetry.log(__name__)

_EVERY = 2.0
_SPARED = 9
"""How much longer than a look takes the database is left alone after it: where very much waits, looks are rarer."""
_SHOWN = 15.0
"""Seconds for which a late moment of the event loop is shown, at least: Prometheus' own between two looks."""
_ORDERS = text("select sink, state, count(*) from journal where state in ('queued','sending','unknown') group by 1, 2")
_OLDEST = text(
    """with resting as (select distinct tenant, sink, type from journal
                        where state in ('queued', 'unknown') and outcome ->> 'of_kind' = 'true')
       select j.tenant, j.sink, extract(epoch from clock_timestamp() - min(j.accepted_at))::float8 from journal j
       where j.state in ('queued', 'sending', 'unknown') and not exists (
         select from resting r where r.tenant = j.tenant and r.sink = j.sink and (r.type = j.type or exists (
           select from journal e where e.tenant = j.tenant and e.sink = j.sink and e.key = j.key and e.type = r.type
                                       and e.state in ('queued', 'sending', 'unknown'))))
         and (j.state <> 'queued' or j.type = any(cast(:reads as text[])) or not exists (
           select from journal e where e.tenant = j.tenant and e.sink = j.sink and e.key = j.key
             and e.state = 'rejected' and (e.place, e.seq) < (j.place, j.seq) and e.type <> all(cast(:reads as text[]))
             and not exists (select from journal n where n.tenant = e.tenant and n.key = e.key
                             and n.replaces = e.order_id)))
       group by 1, 2"""
)
"""Kinds of orders that rest for a licence or a right, and what waits behind one of them, are told by their pause. What
waits behind an order that was rejected (``infra.delivery.journal``) is told by what is held for that."""
_UNKNOWN = text(
    """select tenant, sink, count(*), extract(epoch from clock_timestamp() - min(sent_at))::float8 from journal
       where state = 'unknown' group by 1, 2"""
)
_HELD = text("select tenant, body -> 'data' ->> 'reason', count(*) from held where closed_at is null group by 1, 2")
_HELD_AGE = text(
    """select tenant, extract(epoch from clock_timestamp() - min(held_at))::float8 from held
       where closed_at is null group by tenant"""
)
_DEAD = text("select tenant, topic, count(*) from dead_letters where state = 'open' group by 1, 2")
_PARKED = text("select tenant, reader, state, count(*) from parked where state <> 'discarded' group by 1, 2, 3")
_CONNECTIONS = text("select tenant, system, state, 1 from connections")
_TOKEN_LEFT = text(
    """select tenant, system, extract(epoch from refresh_until - clock_timestamp())::float8 from connections
       where grant_type = 'authorization_code' and refresh_until is not null
         and (refresh_until > clock_timestamp() or state not in ('needs_consent', 'paused'))"""
)
"""What has ended and is renewed by nobody is past saving, and no time is left of it: the connection's state tells."""
_RED = text('select tenant, system, "check", 1 from checks where not ok')
_PROOFS = text("select tenant, extract(year from year_to)::int, sum(differences)::int from proofs group by 1, 2")
_PROOF_AGE = text(
    """select tenant, extract(epoch from clock_timestamp() - coalesce(done_at, due_at))::float8 from proof_rounds r
       where not exists (select from connections c
                         where c.tenant = r.tenant and c.system = :ledger and c.state = 'disconnected')"""
)
# A company that is not connected is looked at once it is; that it is not has an alert of its own, or is meant.
_FENCED = text(
    """select state, count(*) from fenced f where opened_at is null
         and (state = 'held' or exists (select from connections c where c.tenant = f.tenant and c.system = :ledger
                                        and c.state = 'connected'))
       group by 1"""
)
_GIVEN_UP = text(
    """select tenant, count(*) from alerts a where ended_at is null and (given_up
         or a.raised_at < clock_timestamp() - make_interval(days => 3, secs => :digest) and exists (
           select from alert_hooks h cross join unnest(string_to_array(h.mail_to, ' ')) address
           left join mailings m using (address)
           where h.tenant = a.tenant and address <> '' and coalesce(m.sent_at < a.raised_at, true)))
       group by tenant"""
)
"""By URL, and by mail: a letter to each address is due after the digest's hours, and only one that was taken counts."""
_CANARY = text(
    """select extract(epoch from clock_timestamp() - finished_at)::float8,
              extract(epoch from finished_at - accepted_at)::float8
       from journal where tenant = :tenant and order_id = (
         select message_id::uuid from audit
         where tenant = :tenant and body ->> 'outcome' in ('delivered', 'already_there') and body -> 'voucher' <> 'null'
         order by id desc limit 1)"""
)
"""By the trail, which has an index of what was booked: the canary books every few minutes, for years."""
_UNPUBLISHED = text("select count(*) from audit where published_at is null")


class Watch:
    """Sets the gauges every two seconds. What is no more is set to nothing, not left standing.

    While the database does not answer they stand as they stood, the canary's among them: when they were set is told.
    """

    def __init__(self, engine: Engine, *, canary: bool = False, digest_hours: float = 24.0) -> None:
        self._engine = engine
        self._canary = canary
        self._digest = digest_hours * 3600
        self._reads = [type_of(kind.order) for sink in registry.sinks() for kind in sink.kinds if kind.reads]

    async def run(self, stop: asyncio.Event) -> None:
        """Look until asked to stop."""
        while not stop.is_set():
            begun = clock.monotonic()
            try:
                async with store.alone(self._engine) as connection:
                    await self._look(connection)
            except Exception as error:  # noqa: BLE001 - the gauges stay as they are until the database is back
                _log.warning("gauges not set", error=named(error))
            await clock.wait(stop, max(_EVERY, _SPARED * (clock.monotonic() - begun)))

    async def _look(self, connection: DatabaseConnection) -> None:
        await _set(connection, _ORDERS, telemetry.ORDERS_WAITING)
        await _set(connection, _OLDEST, telemetry.OLDEST_UNFINISHED, reads=self._reads)
        await _set(connection, _UNKNOWN, telemetry.UNKNOWN, telemetry.UNKNOWN_AGE)
        await _set(connection, _HELD, telemetry.HELD)
        await _set(connection, _HELD_AGE, telemetry.HELD_AGE)
        await _set(connection, _GIVEN_UP, telemetry.ALERTS_GIVEN_UP, digest=self._digest)
        await _set(connection, _DEAD, telemetry.DEAD_LETTERS)
        await _set(connection, _PARKED, telemetry.PARKED)
        await _set(connection, _CONNECTIONS, telemetry.CONNECTION_STATE)
        await _set(connection, _TOKEN_LEFT, telemetry.TOKEN_LEFT)
        await _set(connection, _RED, telemetry.CHECKS_FAILED)
        await _set(connection, _PROOFS, telemetry.PROOF_DIFFERENCES)
        await _set(connection, _PROOF_AGE, telemetry.PROOF_AGE, ledger=registry.ledger())
        await _set(connection, _FENCED, telemetry.FENCED, ledger=registry.ledger())
        if self._canary:
            last = (await connection.execute(_CANARY, {"tenant": CANARY})).one_or_none()
            telemetry.CANARY_AGE.set(last[0] if last else math.inf)
            telemetry.CANARY_SECONDS.set(last[1] if last else 0.0)
        telemetry.AUDIT_UNPUBLISHED.set(await connection.scalar(_UNPUBLISHED) or 0)
        telemetry.WAITING_COUNTED.set_to_current_time()


async def _set(connection: DatabaseConnection, query: Statement, *gauges: Gauge, **values: Any) -> None:
    """Set gauges from rows of labels followed by a value for each gauge."""
    rows = (await connection.execute(query, values)).all()
    for gauge in gauges:
        gauge.clear()
    for row in rows:
        labels = [str(value) for value in row[: -len(gauges)]]
        for gauge, value in zip(gauges, row[-len(gauges) :], strict=True):
            gauge.labels(*labels).set(value)


async def complaints(stop: asyncio.Event) -> None:
    """Say when a complaint is over that came so often that not every line was written, until asked to stop."""
    while not stop.is_set():
        for each in telemetry.COMPLAINTS.over():
            _log.info(
                "complaint is over",
                of=each.of,
                what=each.what,
                error=each.error,
                times=each.times,
                seconds=each.seconds,
            )
        await clock.wait(stop, _EVERY)


async def event_loop_lag(stop: asyncio.Event) -> None:
    """Measure how late a sleep of 0.1 s ends, until asked to stop.

    The latest one is shown, until whoever looks every quarter of a minute has seen it: mostly they look in between.
    """
    loop = asyncio.get_running_loop()
    before = worst = 0.0
    since = loop.time()
    while not stop.is_set():
        begun = loop.time()
        await asyncio.sleep(0.1)
        worst = max(worst, loop.time() - begun - 0.1)
        telemetry.EVENT_LOOP_LAG.set(max(before, worst))
        if loop.time() - since > _SHOWN:
            before, worst, since = worst, 0.0, loop.time()
