"""What a company's week would have come to under other settings, in one line."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from connectors.demo.scenes import Simulate
from connectors.demo.telling import amount
from infra import registry, tenants
from infra.deciding.simulating import differences, simulate
from infra.plugin import Terms
from infra.postgres import Engine
from schemas.money import ZERO


async def simulated(engine: Engine, act: Simulate) -> str:
    """Return what a simulation shows, as ``bokbuss settings simulate`` does at length. Nothing is sent."""
    company = act.company
    settings, version = await tenants.settings_in_force(engine, company.tenant)
    terms = (
        Terms(settings, version, company.organisation_number),
        Terms(act.settings, version + 1, company.organisation_number),
    )
    found = await simulate(engine, registry.flows(), company.tenant, terms, (date.min, date.max), lambda _keys: None)
    sums: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for _, account, moved in differences(found):
        sums[account] += moved
    moves = ", ".join(f"{account} {'+' if moved > 0 else ''}{amount(moved)}" for account, moved in sorted(sums.items()))
    waits = sum(one.held.total() for one in found)
    held = f"; {waits} would newly be held" if waits else ""
    many = f"{sum(one.changed for one in found)} of {sum(one.keys for one in found)} reports and sales otherwise"
    return f"{act.what}: {many}{held}: {moves}; nothing is sent"
