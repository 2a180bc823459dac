"""Each night every company that has posted something is proved: the two latest financial years in which it has.

A year that was read in between, or that came in as a file, is compared when it is there.
"""

import asyncio
from datetime import date
from typing import Final

from infra import clock
from infra.commanding import Failed
from infra.delivery.following import Following, last_night
from infra.delivery.reading import NotRead
from infra.leases import Lease
from infra.plugin import Host
from infra.proving import records
from infra.proving.comparing import compare, compare_known

_YEARS: Final = 2
_LOOK: Final = 20.0
_PATIENCE: Final = 300.0


async def run(host: Host, stop: asyncio.Event) -> None:
    """Prove every company once a night, and each year that was read, until asked to stop."""

    async def tonight() -> list[str]:
        return await records.due(host.engine, last_night(clock.now(), host.settings.proof_hour))

    async def due() -> list[str]:
        return list({*await tonight(), *await records.unproved(host.engine)})

    async def turn(tenant: str, lease: Lease) -> None:
        failed: Exception | None = None
        for last in (await records.unproved(host.engine)).get(tenant, ()):
            lease.check()
            try:
                await compare_known(host, tenant, last)
            except Exception as error:  # noqa: BLE001 - one year that cannot be compared keeps no other, nor the night's proof
                failed = error
        if tenant in await tonight():  # nobody was faster
            await prove_company(host, tenant, lease)
        if failed is not None:
            raise failed

    await Following("proof", due, turn, look=_LOOK, patience=_PATIENCE).run(host, stop)


async def prove_company(host: Host, tenant: str, lease: Lease) -> None:
    """Prove a company's latest years, one call each; what goes wrong is kept, and raised."""
    before = date.max
    try:
        for _ in range(_YEARS):
            day = await records.latest(host.engine, tenant, before)
            if day is None:
                break
            lease.check()
            proved = await compare(host, tenant, day, asked_by="each night")
            before = proved.year_from
    except (NotRead, Failed) as error:
        await records.failed(host.engine, tenant, str(error))
        raise
    await records.done(host.engine, tenant)
