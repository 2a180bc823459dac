"""A company's financial year as it is in Fortnox now, for who compares it with something and tells nothing of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date

from connectors.fortnox import refusal_words as say
from connectors.fortnox.classify import Year
from connectors.fortnox.ledger.books import connect
from connectors.fortnox.ledger.years import Refused, read
from connectors.fortnox.tokens import SYSTEM
from infra import tenants
from infra.commanding import Failed, NoSuchYear
from infra.delivery.guests import LOOK_UP, guest
from infra.plugin import Host, YearRead

_MOST = 10


@asynccontextmanager
async def read_year(host: Host, tenant: str, year: int | date) -> AsyncIterator[YearRead]:
    """Read a year, as ``infra.plugin.System.read_year`` says: the list of years, and one SIE file."""
    company = await tenants.known(host.engine, tenant)
    async with guest(host, SYSTEM, tenant, LOOK_UP) as attempt, connect(company, host) as books:
        try:
            async with read(books, chosen(await books.years(attempt), year), attempt) as whole:
                yield whole
        except Refused as refused:
            raise Failed(refused.verdict.said) from None


def chosen(years: Sequence[Year], wanted: int | date) -> Year:
    """Return the year that ends in a calendar year, or holds a day. Raises NoSuchYear, or Failed: several end in it."""
    found = [one for one in years if (one.holds(wanted) if isinstance(wanted, date) else one.last.year == wanted)]
    if found and (isinstance(wanted, date) or len(found) == 1):
        return found[0]
    there = [say.SPAN(first=one.first, last=one.last) for one in (found or years)[:_MOST]] or [say.NONE()]
    if found:
        raise Failed(say.YEARS_ENDING(year=str(wanted), known=there))
    if isinstance(wanted, date):
        raise NoSuchYear(say.NO_YEAR_HOLDING(day=wanted, known=there))
    raise NoSuchYear(say.NO_YEAR_ENDING(year=str(wanted), known=there))
