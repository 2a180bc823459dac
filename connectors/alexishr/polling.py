"""The work that goes on beside: each connected company is read again and again, by one process."""

import asyncio
from typing import Final

from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.source import PeopleReader, reader
from connectors.alexishr.translate import SYSTEM
from infra import clock
from infra.delivery.following import Following, connected, last_night
from infra.delivery.reading import NotRead
from infra.intake.sightings import EMPLOYEE, LEAVE, Sightings
from infra.leases import Lease
from infra.plugin import Host

_HOUR: Final = 2
"""When everything is read again, in the company's zone: what no question for changes can tell is found then."""
_LOOK_FOR_COMPANIES: Final = 5.0


async def poll(host: Host, stop: asyncio.Event) -> None:
    """Follow every company that has a connection, until asked to stop."""
    every = host.settings.of(AlexisHRSettings).poll_seconds

    async def turn(tenant: str, lease: Lease) -> float:
        async with reader(host, tenant) as reading:
            reading.may_go_on = lease.check
            lease.check()
            await _read_what_is_due(reading, Sightings(host.engine, tenant, SYSTEM))
        return every

    work = f"{SYSTEM}-poll"
    look = min(_LOOK_FOR_COMPANIES, every)
    await Following(work, lambda: connected(host, SYSTEM), turn, look=look, patience=every).run(host, stop)


async def _read_what_is_due(reading: PeopleReader, sightings: Sightings) -> None:
    settings, now = reading.hr.host.settings.of(AlexisHRSettings), clock.now()
    night = last_night(now, _HOUR, (await reading.hr.chosen()).zone)
    people, leaves = await sightings.reading(EMPLOYEE), await sightings.reading(LEAVE)
    failed: NotRead | None = None
    try:
        if people is None or people.whole_at < night:
            await reading.everybody()
        else:
            await reading.changes()
    except NotRead as error:
        if not error.verdict.alone:
            raise
        failed = error  # about somebody, and no reason for leaves to wait
    if leaves is None or (now - leaves.whole_at).total_seconds() >= settings.leave_seconds:
        await reading.leaves(whole=leaves is None or leaves.whole_at < night)
    if failed is not None:
        raise failed
