"""Every night the open years of each company that once asked for a ledger are read in full: nothing else is the truth.

Between two nights nothing is read but what an event hints at: Fortnox's list of what changed does not tell of vouchers
that were deleted.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from connectors.fortnox.classify import Year
from connectors.fortnox.ledger.books import Books, connect
from connectors.fortnox.ledger.documents import tell_documents
from connectors.fortnox.ledger.years import LEDGER, Refused, kind, tell_year
from connectors.fortnox.settings import FortnoxSettings
from connectors.fortnox.tokens import SYSTEM
from infra import clock, telemetry
from infra.delivery.following import Following, connected, last_night
from infra.delivery.guests import BACKFILL, guest
from infra.documents import Documents
from infra.intake.sightings import Sightings, not_read_since, read_before
from infra.leases import Lease
from infra.plugin import Attempt, Company, Host
from schemas.base import SWEDEN

NIGHT: Final = "ledger-night"
"""A company's open years were read by then."""
_LOOK: Final = 5.0
_PATIENCE: Final = 60.0
_log = telemetry.log(__name__)


async def follow(host: Host, stop: asyncio.Event) -> None:
    """Read every company's open years each night, until asked to stop; a night that was missed is made up for."""
    hour = host.settings.of(FortnoxSettings).ledger_hour

    async def due() -> list[str]:
        before = await read_before(host.engine, SYSTEM, LEDGER)
        asked = [tenant for tenant in await connected(host, SYSTEM) if tenant in before]
        return await not_read_since(host.engine, asked, SYSTEM, NIGHT, last_night(clock.now(), hour))

    async def turn(tenant: str, _lease: Lease) -> None:
        if tenant in await due():  # nobody was faster
            await read_open_years(host, tenant)

    await Following("fortnox-ledgers", due, turn, look=_LOOK, patience=_PATIENCE).run(host, stop)


async def read_open_years(host: Host, tenant: str, only: frozenset[int] | None = None) -> None:
    """Read a company's open years now, and the documents of those of which some were wanted. Raises NotRead.

    Args:
        only: the ids of those that are to be read, because something happened; the night still reads all.
    """
    async with connect(Company(tenant, None, None), host) as books, guest(host, SYSTEM, tenant, BACKFILL) as lent:
        began, read = clock.now(), 0
        before = (await read_before(host.engine, SYSTEM, LEDGER)).get(tenant, ())
        today = began.astimezone(SWEDEN).date()
        locked = await books.locked_until(lent) if only is None else ""  # what is locked has no events
        years = still_open(await books.years(lent), before, locked, today)
        years = years if only is None else tuple(year for year in years if year.id in only)
        why = "every night" if only is None else "an event"
        for year in years:
            try:
                read += (await tell_year(books, year, lent, requested_by=why)).vouchers
            except Refused as refused:
                _log.error("ledger_refused", tenant=tenant, year=str(year.last), code=refused.verdict.code)
        if only is None:
            await _documents(books, years, lent)  # no event tells of them
            await Sightings(host.engine, tenant, SYSTEM).read(NIGHT, began, read)


def still_open(years: Sequence[Year], before: Iterable[str], locked_until: str, today: date) -> tuple[Year, ...]:
    """Return the years that may still change: begun, not locked to their end, and no older than what was asked for.

    Args:
        before: the kinds of what was read of the company before.
        locked_until: the last day that nothing is booked on any more; "" for none.
    """
    oldest = min(before, default=LEDGER)
    return tuple(
        year for year in years if year.first <= today and str(year.last) > locked_until and kind(year) >= oldest
    )


async def _documents(books: Books, years: Sequence[Year], attempt: Attempt) -> None:
    """Read the documents of those years of which some were read before; what was missing is asked for by a person."""
    wanted = await Documents(books.host.engine, books.company.tenant).counts()
    if these := [year for year in years if year.last in wanted]:
        await tell_documents(books, these, attempt, since=None)
