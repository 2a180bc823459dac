"""A company's client at a sink, and its orders carried out as a lane does it: each as its kind says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from infra.delivery.reading import NotRead
from infra.plugin import Attempt, Company, Host, Sink
from infra.verdicts import Look, Verdict
from schemas.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Opened:
    """A sink with a client of one company."""

    sink: Sink
    client: Any

    async def write(self, order: Envelope[Any], attempt: Attempt) -> Verdict:
        """Carry an order out, once."""
        try:
            return await self.sink.kind_of(order.data).write(self.client, order, attempt)
        except NotRead as error:
            return error.verdict

    async def probe(self, order: Envelope[Any], attempt: Attempt) -> Look:
        """Ask the target whether it was carried out."""
        try:
            return await self.sink.kind_of(order.data).probe(self.client, order, attempt)
        except NotRead as error:
            return error.verdict


@asynccontextmanager
async def opened(sink: Sink, company: Company, host: Host) -> AsyncIterator[Opened]:
    """Open a company's client."""
    async with sink.connect(company, host) as client:
        yield Opened(sink, client)
