"""One company's ledger as it is read: a client with time for large files, and what its lists are asked for."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, Final

from connectors.fortnox import classify
from connectors.fortnox.classify import Record, Year, list_moved
from connectors.fortnox.client import Fortnox
from connectors.fortnox.forms import ledger
from connectors.fortnox.paging import Whole, whole
from connectors.fortnox.settings import FortnoxSettings
from infra import contents, faultpoints, tenants, words
from infra.contents import Contents
from infra.delivery.reading import NotRead, answered
from infra.delivery.requests import Request
from infra.http import Client
from infra.intake.accepting import Unavailable
from infra.plugin import Attempt, Company, Host
from infra.verdicts import RetryLater
from schemas.events import Fact

TRIES: Final = 5
"""How often a question is asked before the whole reading waits."""
_NOT_ACCEPTED_WAIT: Final = 2.0
_PAGES: Final = 2_000
"""The most pages of a list: what is joined to a company's vouchers is asked for of all its years at once."""


class Books(Fortnox):
    """A company's Fortnox as its ledger is read out of it."""

    def __init__(self, company: Company, host: Host, client: Client) -> None:
        super().__init__(company, host, client)
        self.settings = host.settings.of(FortnoxSettings)

    @cached_property
    def contents(self) -> Contents:
        """Where documents are stored."""
        return contents.opened(self.host.settings)

    async def years(self, attempt: Attempt) -> tuple[Year, ...]:
        """Return the company's financial years, the last one first. Raises NotRead."""
        listed = await self.whole(ledger.years, ledger.YEARS, "Id", attempt)
        return tuple(sorted(classify.years(listed.items), key=lambda year: year.last, reverse=True))

    async def locked_until(self, attempt: Attempt) -> str:
        """Return the last day that nothing is booked on any more; "" for none, and where we may not know it."""
        found = await self.one(ledger.locked_period(), "LockedPeriod", attempt)
        return ledger.locked_until(found.fields) if isinstance(found, Record) else ""

    async def whole(
        self,
        request: Callable[[int], Request],
        key: str,
        names: str,
        attempt: Attempt,
        *,
        keep: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda item: item,
    ) -> Whole:
        """Return a list that was read to its end; ``names`` are fields that tell its items apart. Raises NotRead."""

        async def ask() -> Whole | RetryLater:
            listed = await whole(
                self,
                request,
                key,
                attempt,
                name=lambda item: tuple(map(item.get, names.split())),
                keep=keep,
                most=_PAGES,
            )
            return list_moved(key) if isinstance(listed, Whole) and not listed.is_complete else listed

        return await answered(ask, TRIES)

    async def accept(self, tenant: str, system: str, facts: Sequence[Fact]) -> tuple[str, ...]:
        """Put facts on their topics; return their ids. Raises NotRead: they are told when it is read again."""
        try:
            told = await self.host.accept(tenant, system, facts)
        except Unavailable as error:
            raise NotRead(
                RetryLater.saying(_NOT_ACCEPTED_WAIT, "not_accepted", words.UNAVAILABLE(how=str(error)), steady=True)
            ) from error
        faultpoints.reach("ledger.told")
        return told


@asynccontextmanager
async def connect(company: Company, host: Host) -> AsyncIterator[Books]:
    """Open a company's ledger. Nothing is sent until the first question."""
    timeout = host.settings.of(FortnoxSettings).ledger_timeout
    async with Client(timeout=timeout, headers={"Accept": "application/json"}) as client:
        yield Books(await tenants.find(host.engine, company.tenant) or company, host, client)
