"""Booked days that settings book otherwise: found, and made a plan of. Nothing is decided or sent here."""

from collections.abc import AsyncIterator, Callable
from datetime import date

from infra import registry, tenants
from infra.deciding import planning, remembering
from infra.deciding.planning import Look
from infra.plugin import Flow, Terms
from infra.postgres import Engine
from schemas.plans import CorrectionRow, Plan


def flow_of_corrections() -> Flow:
    """Return the flow whose booked days can be corrected."""
    return next(flow for flow in registry.flows() if flow.corrects is not None)


async def corrections(
    engine: Engine,
    flow: Flow,
    tenant: str,
    terms: Terms,
    days: tuple[date, date],
    progress: Callable[[int], None],
) -> AsyncIterator[CorrectionRow]:
    """Yield what stands otherwise than terms say, in no sequence, as it is found.

    Args:
        days: the first and the last that count.
        progress: is called with the number of keys that were looked at since the last time.
    """
    if (corrects := flow.corrects) is None:
        raise TypeError(f"the flow {flow.name} corrects nothing")
    async for key, states in remembering.of_days(engine, flow, tenant, days, progress):
        if (row := corrects(key, states, terms)) is not None:
            yield row


async def make(
    engine: Engine,
    flow: Flow,
    tenant: str,
    days: tuple[date, date],
    look: Look,
    progress: Callable[[int], None],
    *,
    by: str,
) -> tuple[Plan, tuple[CorrectionRow, ...]]:
    """Make a plan of what stands otherwise than the settings in force say, by day; and keep it. Nothing else happens.

    Args:
        look: adds to the rows what they would meet where they are carried out.
        by: who makes it.
    """
    company = await tenants.find(engine, tenant)
    settings, version = await tenants.settings_in_force(engine, tenant)
    terms = Terms(settings, version, company.organisation_number if company else None)
    found = [row async for row in corrections(engine, flow, tenant, terms, days, progress)]
    found.sort(key=lambda row: (row.day, row.about))
    rows = await look(tuple(row.model_copy(update={"row": n}) for n, row in enumerate(found, 1)))
    return await planning.keep(engine, flow, tenant, rows, (settings, version), by=by, days=days), rows
