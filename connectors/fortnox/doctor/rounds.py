"""The doctor's rounds: every company at night and when it connects, and what waits for a reason that can be looked up.

One process does them, by lease. A company whose Fortnox is slow holds up no other one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from sqlalchemy import text

from connectors.fortnox.doctor import examining
from connectors.fortnox.doctor.setup import CHECKABLE
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.words import SWEDEN
from infra import clock, telemetry
from infra.delivery.guests import BACKFILL
from infra.leases import Lease, LeaseLost, elected
from infra.plugin import Host

_LEASE: Final = "fortnox-doctor"
_AT_ONCE: Final = 8
_LONGEST_VISIT: Final = 180.0
_LONGEST_BETWEEN: Final = 300.0
"""Seconds between two looks at a company whose orders have waited for long."""
_TRIED_AGAIN: Final = 60.0
_MISSED: Final = timedelta(hours=26)
"""Age of a company's last examination after which the night's was missed."""

_log = telemetry.log(__name__)

_CONNECTED: Final = """from tenants t left join connections c on c.tenant = t.tenant and c.system = 'fortnox'
       left join (select tenant, max(checked_at) as at from checks where system = 'fortnox' group by 1) k
            on k.tenant = t.tenant
       where coalesce(c.state, case when t.database_number is null then 'disconnected' end) is distinct from
             'disconnected'"""
_DUE: Final = text(
    f"""select t.tenant {_CONNECTED}
        and (k.at < c.consented_at or k.at < :missed or (k.at is null and c.consented_at is not null))
        order by k.at nulls first"""
)
_AT_NIGHT: Final = text(f"select t.tenant {_CONNECTED} order by k.at nulls first")
_HELD: Final = text(
    """select s.tenant, array_agg(distinct s.waiting),
              extract(epoch from clock_timestamp() - max(j.finished_at))::float8
       from flow_state s join journal j on j.sink = 'fortnox' and j.tenant = s.tenant and j.key = s.key
            and j.state = 'rejected' and j.outcome ->> 'code' = s.waiting
       where s.waiting = any(cast(:codes as text[])) group by s.tenant"""
)
_FORGET: Final = text(
    """delete from checks k where system = 'fortnox' and (
           not exists (select from tenants t where t.tenant = k.tenant)
           or exists (select from connections c
                      where c.tenant = k.tenant and c.system = 'fortnox' and c.state = 'disconnected'))"""
)


async def run(host: Host, stop: asyncio.Event) -> None:
    """Do the rounds until asked to stop, whenever this process is the one that does them."""
    while not stop.is_set():
        try:
            if (lease := await elected(host.leases, _LEASE, stop)) is None:
                return
            try:
                await _Rounds(host).run(lease, stop)
            finally:
                await host.leases.release(lease)
        except LeaseLost:
            continue
        except Exception as error:  # noqa: BLE001 - the database is away; what waits goes on waiting
            _log.warning("the doctor waits", error=type(error).__name__)
            await clock.sleep(1.0)


def next_night(now: datetime, hour: int) -> datetime:
    """Return when the next round of every company begins: at an hour of the day in Sweden."""
    local = now.astimezone(SWEDEN)
    night = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return night if night > local else night + timedelta(days=1)


class _Rounds:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._every: float = host.settings.of(FortnoxSettings).recheck_seconds
        self._visits: dict[str, asyncio.Task[None]] = {}
        self._looked: dict[str, float] = {}
        self._tried: dict[str, float] = {}
        self._tonight: list[str] = []

    async def run(self, lease: Lease, stop: asyncio.Event) -> None:
        hour: int = self._host.settings.of(FortnoxSettings).doctor_hour
        night = next_night(clock.now(), hour)
        try:
            while not stop.is_set():
                lease.check()
                if clock.now() >= night:
                    night = next_night(clock.now(), hour)
                    self._tonight = [tenant for (tenant,) in await self._ask(_AT_NIGHT)]
                await self._round()
                await _rest(stop, min(self._every, 5.0))
        finally:
            for visit in self._visits.values():
                visit.cancel()
            await asyncio.gather(*self._visits.values(), return_exceptions=True)

    async def _round(self) -> None:
        """Begin the visits that are due, as many at once as there may be."""
        self._visits = {tenant: visit for tenant, visit in self._visits.items() if not visit.done()}
        async with self._host.engine.begin() as connection:
            await connection.execute(_FORGET)
        due = [tenant for (tenant,) in await self._ask(_DUE, missed=clock.now() - _MISSED)]
        for tenant in (*due, *self._tonight):
            if clock.monotonic() >= self._tried.get(tenant, float("-inf")) + _TRIED_AGAIN:
                self._begin(tenant, self._tried, partial(examining.examine, self._host, tenant, BACKFILL))
        self._tonight = [tenant for tenant in self._tonight if tenant not in self._visits]
        for tenant, codes, age in await self._ask(_HELD, codes=sorted(CHECKABLE)):
            between = min(max(self._every, age / 10), max(_LONGEST_BETWEEN, self._every))
            if clock.monotonic() >= self._looked.get(tenant, float("-inf")) + between:
                self._begin(tenant, self._looked, partial(examining.recheck, self._host, tenant, codes))

    def _begin(self, tenant: str, times: dict[str, float], visit: Callable[[], Coroutine[Any, Any, object]]) -> None:
        if tenant in self._visits or len(self._visits) >= _AT_ONCE:
            return
        times[tenant] = clock.monotonic()
        self._visits[tenant] = asyncio.create_task(_visited(tenant, visit()))

    async def _ask(self, query: Any, **values: Any) -> Any:
        async with self._host.engine.connect() as connection:
            return (await connection.execute(query, values)).all()


async def _visited(tenant: str, visit: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(_LONGEST_VISIT):
            await visit
    except Exception as error:  # noqa: BLE001 - one company's trouble is no other's
        _log.warning("company not examined", tenant=tenant, error=type(error).__name__)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
