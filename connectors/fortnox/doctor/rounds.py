"""The doctor's rounds: every company at night and when it connects, and what waits for a reason that can be looked up.

One process does them, by lease. A company whose Fortnox is slow holds up no other one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from connectors.fortnox.doctor import examining
from connectors.fortnox.doctor.examining import SYSTEM
from connectors.fortnox.doctor.setup import CHECKABLE
from connectors.fortnox.settings import FortnoxSettings
from infra import clock, telemetry, tenants
from infra.access.connection import Connection
from infra.access.connections import Connections
from infra.delivery import orders
from infra.delivery.following import Failing, last_night
from infra.delivery.guests import BACKFILL
from infra.failing import named
from infra.leases import Lease, lead
from infra.plugin import Host
from infra.postgres import text

_LEASE: Final = "fortnox-doctor"
_AT_ONCE: Final = 8
_LONGEST_VISIT: Final = 180.0
_LONGEST_BETWEEN: Final = 300.0
"""Seconds between two looks at a company whose orders have waited for long."""
_TRIED_AGAIN: Final = 60.0
_MISSED: Final = timedelta(hours=26)
"""Age of a company's last examination after which the night's was missed."""
_log = telemetry.log(__name__)
_EXAMINED: Final = text("select tenant, max(checked_at) from checks where system = 'fortnox' group by tenant")
_FORGET: Final = text("delete from checks where system = 'fortnox' and tenant <> all(cast(:kept as text[]))")


async def run(host: Host, stop: asyncio.Event) -> None:
    """Do the rounds until asked to stop, whenever this process is the one that does them."""
    await lead(host.leases, _LEASE, stop, lambda lease: _Rounds(host).run(lease, stop))


def next_night(now: datetime, hour: int) -> datetime:
    """Return when the next round of every company begins: at an hour of the day in Sweden."""
    return last_night(now, hour) + timedelta(days=1)


class _Rounds:
    def __init__(self, host: Host) -> None:
        self._host = host
        self._every = host.settings.of(FortnoxSettings).recheck_seconds
        self._visits: dict[str, asyncio.Task[None]] = {}
        self._looked: dict[str, float] = {}
        self._tried: dict[str, float] = {}
        self._tonight: list[str] = []
        self._failing = Failing(_LEASE)

    async def run(self, lease: Lease, stop: asyncio.Event) -> None:
        hour = self._host.settings.of(FortnoxSettings).doctor_hour
        night = next_night(clock.now(), hour)
        try:
            while not stop.is_set():
                lease.check()
                if clock.now() >= night:
                    night = next_night(clock.now(), hour)
                    self._tonight = [held.tenant for held, _ in await self._connected()]
                await self._round()
                await clock.wait(stop, min(self._every, 5.0))
        finally:
            for visit in self._visits.values():
                visit.cancel()
            await asyncio.gather(*self._visits.values(), return_exceptions=True)
            self._failing.keep(())  # whoever leads next tells

    async def _round(self) -> None:
        """Begin the visits that are due, as many at once as there may be."""
        self._visits = {tenant: visit for tenant, visit in self._visits.items() if not visit.done()}
        missed = clock.now() - _MISSED
        connected = await self._connected()
        self._failing.keep({held.tenant for held, _ in connected})
        due = [held.tenant for held, at in connected if _is_due(held, at, missed)]
        for tenant in (*due, *self._tonight):
            if clock.monotonic() >= self._tried.get(tenant, float("-inf")) + _TRIED_AGAIN:
                self._begin(tenant, self._tried, partial(examining.examine, self._host, tenant, BACKFILL))
        self._tonight = [tenant for tenant in self._tonight if tenant not in self._visits]
        for one in await orders.waiting(self._host.engine, SYSTEM, CHECKABLE):
            between = min(max(self._every, one.age / 10), max(_LONGEST_BETWEEN, self._every))
            if clock.monotonic() >= self._looked.get(one.tenant, float("-inf")) + between:
                self._begin(one.tenant, self._looked, partial(examining.recheck, self._host, one.tenant, one.codes))

    def _begin(self, tenant: str, times: dict[str, float], visit: Callable[[], Awaitable[object]]) -> None:
        if tenant in self._visits or len(self._visits) >= _AT_ONCE:
            return
        times[tenant] = clock.monotonic()
        self._visits[tenant] = asyncio.create_task(self._visit(tenant, visit))

    async def _visit(self, tenant: str, visit: Callable[[], Awaitable[object]]) -> None:
        try:
            async with asyncio.timeout(_LONGEST_VISIT):
                await visit()
        except Exception as error:  # noqa: BLE001 - one company's trouble is no other's
            _log.warning("company not examined", tenant=tenant, error=named(error))
            self._failing.tell(tenant, failed=True)
        else:
            self._failing.tell(tenant, failed=False)

    async def _connected(self) -> list[tuple[Connection, datetime | None]]:
        """Return the companies that are connected, and when each was examined, the longest ago first; forget others."""
        every = await Connections(self._host.engine, self._host.vault).all(SYSTEM)
        gone = {held.tenant for held in every if held.state == "disconnected"}
        kept = await tenants.names(self._host.engine) - gone
        async with self._host.engine.begin() as connection:
            await connection.execute(_FORGET, {"kept": sorted(kept)})
            examined = {tenant: at for tenant, at in await connection.execute(_EXAMINED)}  # noqa: C416 - rows are no pairs to mypy
        found = [(held, examined.get(held.tenant)) for held in every if held.tenant not in gone]
        return sorted(found, key=lambda one: one[1] or datetime.min.replace(tzinfo=UTC))


def _is_due(held: Connection, at: datetime | None, missed: datetime) -> bool:
    """Tell whether a company is examined now: it has consented since, or the night's was missed."""
    if at is None:
        return held.consented_at is not None
    return at < missed or (held.consented_at is not None and at < held.consented_at)
