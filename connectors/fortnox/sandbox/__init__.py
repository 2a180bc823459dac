"""A stateful Fortnox over HTTP, with faults on demand. Never chosen silently: see README.md."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.fortnox.sandbox.books import CLIENT_ID, CLIENT_SECRET, Account, Books, Company, CostCentre
from connectors.fortnox.sandbox.connections import serving
from connectors.fortnox.sandbox.faults import Fault, Faults
from connectors.fortnox.sandbox.server import app

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "Account",
    "Books",
    "Company",
    "CostCentre",
    "Fault",
    "Faults",
    "app",
    "running",
]


@asynccontextmanager
async def running(books: Books, port: int = 0, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Serve the books in this event loop and give the address: ``/3`` and ``/oauth-v1`` are under it.

    Port 0 takes a free one. Raises OSError when the port is taken.
    """
    async with serving(app(books), port, host) as url:
        yield url
