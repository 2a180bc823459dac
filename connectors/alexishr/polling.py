"""The work that goes on beside: each connected company is read again and again, by one process."""

import asyncio
import math
from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.source import Reader, reader
from connectors.alexishr.translate import SYSTEM
from infra import clock, telemetry
from infra.access.connections import Connections
from infra.delivery.reading import NotRead
from infra.intake.sightings import EMPLOYEE, LEAVE, Sightings
from infra.leases import Lease, LeaseLost
from infra.plugin import Host

_LONGEST_PAUSE: Final = 300.0
_NIGHT: Final = time(2)
"""When everything is read again, in the company's zone: what no question for changes can tell is found then."""
_LOOK_FOR_COMPANIES: Final = 5.0
_STOP_WITHIN: Final = 10.0

_log = telemetry.log(__name__)


async def poll(host: Host, stop: asyncio.Event) -> None:
    """Follow every company that has a connection, until asked to stop; processes share them by leases."""
    connections = Connections(host.engine, host.vault)
    following: dict[str, asyncio.Task[None]] = {}
    while not stop.is_set():
        following = {tenant: task for tenant, task in following.items() if not task.done()}
        try:
            held = await connections.all(SYSTEM)
        except Exception as error:  # noqa: BLE001 - the database comes back
            _log.warning("connections not read", system=SYSTEM, error=type(error).__name__)
        else:
            for one in held:
                if one.state == "connected" and one.tenant not in following:
                    following[one.tenant] = asyncio.create_task(_follow(host, one.tenant, stop))
        await _sleep(stop, min(_LOOK_FOR_COMPANIES, host.settings.of(AlexisHRSettings).poll_seconds))
    if following:
        _, late = await asyncio.wait(following.values(), timeout=_STOP_WITHIN)
        for task in late:
            task.cancel()


def last_night(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the last time at which everything was due to be read again."""
    local = now.astimezone(zone)
    night = datetime.combine(local.date(), _NIGHT, zone)
    return night if night <= local else night - timedelta(days=1)


async def _follow(host: Host, tenant: str, stop: asyncio.Event) -> None:
    """Read a company while this process holds its lease and it is connected."""
    lease: Lease | None = None
    try:
        if (lease := await host.leases.acquire(f"{SYSTEM}-poll/{tenant}")) is None:
            return
        failures = 0
        while not stop.is_set():
            pause = await _round(host, tenant, lease)
            if pause == math.inf:
                return
            failures = failures + 1 if pause else 0
            grown = min(pause * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE)
            await _sleep(stop, max(grown, host.settings.of(AlexisHRSettings).poll_seconds))
    except LeaseLost:
        _log.warning("company read by another process", tenant=tenant, system=SYSTEM)
    finally:
        if lease is not None:
            with suppress(Exception):  # a lease that cannot be given back ends by itself
                await host.leases.release(lease)


async def _round(host: Host, tenant: str, lease: Lease) -> float:
    """Read what is due; return the seconds to wait after a failure: for ever when a person must act."""
    try:
        async with reader(host, tenant) as reading:
            reading.may_go_on = lease.check
            lease.check()
            await _read_what_is_due(reading, Sightings(host.engine, tenant, SYSTEM))
    except LeaseLost:
        raise
    except NotRead as error:
        code = error.verdict.code
        _log.warning("not read", tenant=tenant, system=SYSTEM, code=code, why=error.verdict.why)
        return math.inf if error.verdict.steady else error.verdict.after
    except Exception as error:  # noqa: BLE001 - Kafka, the database, or a bug of ours: it is tried again
        _log.warning("reading failed", tenant=tenant, system=SYSTEM, error=type(error).__name__, exc_info=True)
        return float(host.settings.of(AlexisHRSettings).poll_seconds)
    return 0.0


async def _read_what_is_due(reading: Reader, sightings: Sightings) -> None:
    settings, now = reading.hr.host.settings.of(AlexisHRSettings), clock.now()
    night = last_night(now, await reading.hr.zone())
    people, leaves = await sightings.reading(EMPLOYEE), await sightings.reading(LEAVE)
    if people is None or people.whole_at < night:
        await reading.everybody()
    else:
        await reading.changes()
    if leaves is None or (now - leaves.whole_at).total_seconds() >= settings.leave_seconds:
        await reading.leaves(whole=leaves is None or leaves.whole_at < night)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
