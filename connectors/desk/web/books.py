"""What pages show of a company's books as they were read last: chart, series, method."""

from connectors.desk.web.visit import Visit
from infra import registry
from infra.plugin import Chart, HowKept


async def chart_of(visit: Visit) -> Chart:
    """Return the accounts and cost centres of the company's books."""
    read = registry.systems()[registry.ledger()].chart if registry.ledger() else None
    return await read(visit.host, visit.tenant) if read else Chart()


async def kept_how(visit: Visit) -> HowKept:
    """Return how the company's books are kept."""
    read = registry.systems()[registry.ledger()].how_kept if registry.ledger() else None
    return await read(visit.host, visit.tenant) if read else HowKept()
