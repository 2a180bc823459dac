"""Everything that can be carried out in Fortnox, and the session of one company that does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from connectors.fortnox.orders.absences import ABSENCES
from connectors.fortnox.orders.customers import CUSTOMERS
from connectors.fortnox.orders.employees import EMPLOYEES
from connectors.fortnox.orders.files import FILES
from connectors.fortnox.orders.invoices import INVOICES
from connectors.fortnox.orders.vouchers import VOUCHERS
from connectors.fortnox.session import Session
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.tokens import SYSTEM
from infra.http import Client
from infra.plugin import Company, Host, Kind, Sink

KINDS: tuple[Kind, ...] = (VOUCHERS, EMPLOYEES, ABSENCES, CUSTOMERS, INVOICES)


@asynccontextmanager
async def connect(company: Company, host: Host) -> AsyncIterator[Session]:
    """Open a company's Fortnox. Nothing is sent until the first order."""
    timeout = host.settings.of(FortnoxSettings).request_timeout
    async with Client(timeout=timeout, headers={"Accept": "application/json"}) as client:
        yield Session(company, host, client)


FORTNOX: Final = Sink(system=SYSTEM, kinds=KINDS, connect=connect)
BESIDE: Final = Sink(system=SYSTEM, kinds=(FILES,), connect=connect, beside="files")
"""What comes after a voucher stands in no other voucher's way, and lacks what it lacks alone: scopes, room, a form."""
