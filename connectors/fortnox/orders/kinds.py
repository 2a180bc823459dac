"""Everything that can be carried out in Fortnox, and the session of one company that does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.fortnox.orders.absences import ABSENCES
from connectors.fortnox.orders.employees import EMPLOYEES
from connectors.fortnox.orders.files import FILES
from connectors.fortnox.orders.invoices import INVOICES
from connectors.fortnox.orders.vouchers import VOUCHERS
from connectors.fortnox.session import Session
from connectors.fortnox.settings import FortnoxSettings
from infra.http import Client
from infra.plugin import Company, Host, Kind

KINDS: tuple[Kind, ...] = (VOUCHERS, EMPLOYEES, ABSENCES, INVOICES, FILES)


@asynccontextmanager
async def connect(company: Company, host: Host) -> AsyncIterator[Session]:
    """Open a company's Fortnox. Nothing is sent until the first order."""
    timeout = host.settings.of(FortnoxSettings).request_timeout
    async with Client(timeout=timeout, headers={"Accept": "application/json"}) as client:
        yield Session(company, host, client)
