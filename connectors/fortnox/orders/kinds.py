"""Everything that can be carried out in Fortnox, and one company's connection that does it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from connectors.fortnox.orders.absences import ABSENCES
from connectors.fortnox.orders.employees import EMPLOYEES
from connectors.fortnox.orders.files import FILES
from connectors.fortnox.orders.invoices import INVOICES
from connectors.fortnox.orders.vouchers import VOUCHERS
from connectors.fortnox.session import Session
from connectors.fortnox.settings import FortnoxSettings
from infra.http import Client
from infra.plugin import Attempt, Company, Connection, Host, Kind
from infra.verdicts import Look, Verdict
from schemas.envelope import Envelope

KINDS: tuple[Kind, ...] = (VOUCHERS, EMPLOYEES, ABSENCES, INVOICES, FILES)
_BY_ORDER = {kind.order: kind for kind in KINDS}


@asynccontextmanager
async def connect(company: Company, host: Host) -> AsyncIterator[Connection]:
    """Open a company's connection to Fortnox. Nothing is sent until the first order."""
    timeout = host.settings.of(FortnoxSettings).request_timeout
    async with Client(timeout=timeout, headers={"Accept": "application/json"}) as client:
        yield _Connection(Session(company, host, client))


class _Connection:
    """Carries each kind of order out as its kind does."""

    def __init__(self, fortnox: Session) -> None:
        self._fortnox = fortnox

    async def write(self, order: Envelope[Any], attempt: Attempt) -> Verdict:
        """Carry an order out, once."""
        return await _BY_ORDER[type(order.data)].write(self._fortnox, order, attempt)

    async def probe(self, order: Envelope[Any], attempt: Attempt) -> Look:
        """Ask Fortnox whether an order was carried out."""
        return await _BY_ORDER[type(order.data)].probe(self._fortnox, order, attempt)
