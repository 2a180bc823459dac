"""One company opened for reading, without a budget."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connectors.huma.client import Huma
from connectors.huma.source import PeopleReader
from infra.http import Client
from infra.plugin import Host
from tests.connectors.fake_acceptor import TENANT, attempt


@asynccontextmanager
async def reading(host: Host) -> AsyncIterator[PeopleReader]:
    """Open the company for reading, without a budget."""
    async with Client(timeout=60.0) as client:
        yield PeopleReader(Huma(TENANT, host, client, tries=3), attempt())
