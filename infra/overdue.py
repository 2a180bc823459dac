"""The clock of the flows: asks them again and again what should have come by now and has not, and tells it as facts."""

import asyncio
from collections.abc import Sequence

from infra import clock, registry, store
from infra.deciding import remembering
from infra.deciding.terms import KnownTerms
from infra.delivery.following import Following
from infra.leases import Lease
from infra.plugin import Host
from infra.postgres import text

_CLOCK = "clock"
"""Who tells such facts."""
_PATIENCE = 30.0
_CHOSEN = text("select tenant from settings")


async def run(host: Host, stop: asyncio.Event) -> None:
    """Ask about each company that has settings, until asked to stop; processes share the companies."""
    asked = [(flow, flow.overdue) for flow in registry.flows() if flow.overdue is not None]
    known = KnownTerms()

    async def companies() -> Sequence[str]:
        return await store.scalars(host.engine, _CHOSEN)

    async def turn(tenant: str, lease: Lease) -> float | None:
        if tenant not in await companies():
            return None  # it was removed
        async with store.alone(host.engine) as connection:
            terms = (await known.of(connection, [tenant]))[tenant]
        for flow, overdue in asked:
            if facts := await remembering.answer(host.engine, flow, tenant, overdue(terms, clock.now())):
                lease.check()
                await host.accept(tenant, _CLOCK, facts)
        return host.settings.overdue_seconds

    await Following(_CLOCK, companies, turn, look=host.settings.overdue_seconds, patience=_PATIENCE).run(host, stop)
