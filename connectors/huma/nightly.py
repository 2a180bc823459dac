"""The work that goes on beside: connected companies are listed every night, for what no webhook told."""

import asyncio
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.huma.settings import HumaSettings
from connectors.huma.source import LISTED, reader
from connectors.huma.translate import SYSTEM
from infra import clock, telemetry
from infra.access.connections import Connections
from infra.delivery.reading import NotRead
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.leases import Lease, LeaseLost
from infra.plugin import Host

_NIGHT: Final = time(2)
_ZONE: Final = ZoneInfo("Europe/Stockholm")
_WHOLE: Final = timedelta(days=7)
"""After which each person is read, whatever the list shows: what no webhook told may not be in it."""
_AFTER_A_FAILURE: Final = 60.0
_STOP_WITHIN: Final = 10.0

_log = telemetry.log(__name__)


async def read_nightly(host: Host, stop: asyncio.Event) -> None:
    """Read every connected company's people when they are due, until asked to stop; processes share by leases."""
    connections = Connections(host.engine, host.vault)
    reading: dict[str, asyncio.Task[None]] = {}
    while not stop.is_set():
        reading = {tenant: task for tenant, task in reading.items() if not task.done()}
        try:
            held = await connections.all(SYSTEM)
        except Exception as error:  # noqa: BLE001 - the database comes back
            _log.warning("connections not read", system=SYSTEM, error=type(error).__name__)
        else:
            for one in held:
                if one.state == "connected" and one.tenant not in reading:
                    reading[one.tenant] = asyncio.create_task(_read_if_due(host, one.tenant, stop))
        await _sleep(stop, host.settings.of(HumaSettings).due_seconds)
    if reading:
        _, late = await asyncio.wait(reading.values(), timeout=_STOP_WITHIN)
        for task in late:
            task.cancel()


def last_night(now: datetime) -> datetime:
    """Return the last time at which everybody was due to be listed again."""
    local = now.astimezone(_ZONE)
    night = datetime.combine(local.date(), _NIGHT, _ZONE)
    return night if night <= local else night - timedelta(days=1)


async def _read_if_due(host: Host, tenant: str, stop: asyncio.Event) -> None:
    """Read a company's people if it is time, and this process gets the lease; after a failure others keep away too."""
    lease: Lease | None = None
    try:
        if not await _due(host, tenant) or (lease := await host.leases.acquire(f"{SYSTEM}-nightly/{tenant}")) is None:
            return
        if await _due(host, tenant):  # nobody was faster
            await _read(host, tenant, lease)
    except LeaseLost:
        _log.warning("company read by another process", tenant=tenant, system=SYSTEM)
    except NotRead as error:
        _log.warning("not read", tenant=tenant, system=SYSTEM, code=error.verdict.code, why=error.verdict.why)
        await _sleep(stop, max(error.verdict.after, _AFTER_A_FAILURE))
    except Exception as error:  # noqa: BLE001 - Kafka, the database, or a bug of ours: it is tried again
        _log.warning("reading failed", tenant=tenant, system=SYSTEM, error=type(error).__name__, exc_info=True)
        await _sleep(stop, _AFTER_A_FAILURE)
    finally:
        if lease is not None:
            with suppress(Exception):  # a lease that cannot be given back ends by itself
                await host.leases.release(lease)


async def _due(host: Host, tenant: str) -> bool:
    listed = await Sightings(host.engine, tenant, SYSTEM).reading(LISTED)
    return listed is None or listed.whole_at < last_night(clock.now())


async def _read(host: Host, tenant: str, lease: Lease) -> None:
    whole = await Sightings(host.engine, tenant, SYSTEM).reading(EMPLOYEE)
    async with reader(host, tenant) as reading:
        reading.may_go_on = lease.check
        lease.check()
        # At first nobody was seen, so everybody differs from it: a reading that was broken off goes on where it was.
        await reading.everybody(whole=whole is not None and whole.whole_at < clock.now() - _WHOLE)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
