"""The work that goes on beside: connected companies are listed every night, for what no webhook told."""

import asyncio
from datetime import timedelta
from typing import Final

from connectors.huma.settings import HumaSettings
from connectors.huma.source import LISTED, reader
from connectors.huma.translate import SYSTEM
from infra import clock
from infra.delivery.following import Following, connected, last_night
from infra.intake.sightings import EMPLOYEE, Sightings, not_read_since
from infra.leases import Lease
from infra.plugin import Host

_HOUR: Final = 2
_WHOLE: Final = timedelta(days=7)
"""After which each person is read, whatever the list shows: what no webhook told may not be in it."""
_AFTER_A_FAILURE: Final = 60.0


async def read_nightly(host: Host, stop: asyncio.Event) -> None:
    """Read every connected company's people when they are due, until asked to stop."""

    async def due() -> list[str]:
        companies = await connected(host, SYSTEM)
        return await not_read_since(host.engine, companies, SYSTEM, LISTED, last_night(clock.now(), _HOUR))

    async def turn(tenant: str, lease: Lease) -> None:
        if tenant in await due():  # nobody was faster
            await _read(host, tenant, lease)

    look = host.settings.of(HumaSettings).due_seconds
    await Following(f"{SYSTEM}-nightly", due, turn, look=look, patience=_AFTER_A_FAILURE).run(host, stop)


async def _read(host: Host, tenant: str, lease: Lease) -> None:
    whole = await Sightings(host.engine, tenant, SYSTEM).reading(EMPLOYEE)
    async with reader(host, tenant) as reading:
        reading.may_go_on = lease.check
        lease.check()
        # At first nobody was seen, so everybody differs from it: a reading that was broken off goes on where it was.
        await reading.everybody(whole=whole is not None and whole.whole_at < clock.now() - _WHOLE)
