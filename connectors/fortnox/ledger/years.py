"""A financial year's ledger out of Fortnox: one SIE file, cut into parts, of which those that differ are told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from tempfile import TemporaryFile
from typing import IO, BinaryIO, Final

from connectors.fortnox import refusal_words, whose
from connectors.fortnox.classify import YEAR_MISSING, TooLarge, Year
from connectors.fortnox.forms import ledger
from connectors.fortnox.ledger.books import TRIES, Books
from connectors.fortnox.tokens import SYSTEM
from connectors.fortnox.waiting_words import YEAR_TOLD
from infra import faultpoints, registry, telemetry
from infra.delivery.answers import Missing
from infra.delivery.reading import answered
from infra.http import Download
from infra.intake.sightings import Sightings
from infra.intake.telling import tell
from infra.plugin import Attempt, Malformed, YearRead
from infra.verdicts import Rejected
from schemas.ledger import ReadLedger
from schemas.words import Text

LEDGER: Final = "ledger/"
"""What a year is read as begins with it, and ends in the year's last day."""
_SHOWN: Final = 3
_PLACE: Final = 12
_log = telemetry.log(__name__)


class Refused(Exception):
    """A year's ledger is not told, and reading it again would change nothing until somebody has acted."""

    def __init__(self, verdict: Rejected) -> None:
        self.verdict = verdict
        super().__init__(verdict.why)


@dataclass(frozen=True, slots=True)
class YearTold:
    """A year as it was told: how many vouchers it has, and how many of its parts were new."""

    last: date
    vouchers: int
    parts: int
    new: int

    @property
    def said(self) -> Text:
        """What it comes to, in a few words."""
        return YEAR_TOLD(year=self.last, vouchers=self.vouchers, new=self.new, parts=self.parts)


def chosen(years: Sequence[Year], order: ReadLedger, today: date) -> tuple[Year, ...]:
    """Return the years that an order asks for, of a company's years, the last one first. Raises Refused. Pure."""
    if order.year is not None:
        found = tuple(year for year in years if year.last.year == order.year and order.year_to in {None, year.last})
    else:
        found = tuple(year for year in years if year.first <= today)[: max(order.last, 1)]
    if not found:
        there = [_span(year) for year in years[:_PLACE]] or [refusal_words.NONE()]
        why = (
            refusal_words.NO_YEAR_BEGUN(known=there)
            if order.year is None
            else refusal_words.NO_YEAR_ENDING(year=str(order.year_to or order.year), known=there)
        )
        raise Refused(Rejected.saying(YEAR_MISSING, why, "accountant"))
    return found


async def tell_year(
    books: Books, year: Year, attempt: Attempt, *, requested_by: str, overwrite: bool = False
) -> YearTold:
    """Read a year and tell what differs from what was told before, then close it.

    Raises:
        NotRead: there is no whole answer for now.
        Refused: it is too large, broken, another year's or another company's.
    """
    async with read(books, year, attempt) as whole:
        asked = attempt.calls[-1].at  # what the file says was true then or later
        _, told = await tell(
            books.host.engine,
            books.accept,
            books.company.tenant,
            "fortnox",
            whole,
            read_at=asked,
            requested_by=requested_by,
            overwrite=overwrite,
        )
        faultpoints.reach("ledger.closed")
        await Sightings(books.host.engine, books.company.tenant, SYSTEM).read(kind(year), asked, whole.vouchers)
        return YearTold(year.last, whole.vouchers, len(whole.parts), len(told) - 1)


@asynccontextmanager
async def read(books: Books, year: Year, attempt: Attempt) -> AsyncIterator[YearRead]:
    """Read a year out of one SIE file, and tell nobody.

    Raises:
        NotRead: there is no whole answer for now.
        Refused: it is too large, broken, another year's or another company's.
    """
    with TemporaryFile() as file, ExitStack() as stack:
        whole = await _whole(books, year, attempt, file, stack)
        _check(books, year, whole)
        yield whole


async def _whole(books: Books, year: Year, attempt: Attempt, file: BinaryIO, stack: ExitStack) -> YearRead:
    for again in (True, False):
        file.seek(0)
        file.truncate()
        await _fetch(books, year, attempt, file)
        try:
            return await asyncio.to_thread(stack.enter_context, registry.ledger_file().read(file))
        except Malformed as broken:
            if not again:
                why = refusal_words.LEDGER_BROKEN(last=year.last, problems=broken.said[:_SHOWN])
                raise Refused(Rejected.saying("ledger_unreadable", why, "developer")) from None
            # What is broken may have been cut on its way.
            _log.warning("ledger not read", tenant=books.company.tenant, problems=broken.problems[:_SHOWN])
    raise AssertionError("a year is read, or refused, the second time at the latest")


def kind(year: Year) -> str:
    """Return what a year is read as."""
    return f"{LEDGER}{year.last}"


async def _fetch(books: Books, year: Year, attempt: Attempt, file: IO[bytes]) -> None:
    most = books.settings.ledger_bytes
    got = await answered(partial(books.fetch, ledger.sie(year), attempt, Download(file, most)), TRIES)
    if isinstance(got, Missing):
        why = refusal_words.NO_LEDGER(last=year.last)
        raise Refused(Rejected.saying(YEAR_MISSING, why, "accountant"))
    if isinstance(got, TooLarge):
        why = refusal_words.LEDGER_TOO_LARGE(last=year.last, most=most)
        raise Refused(Rejected.saying("ledger_too_large", why, "operator"))
    file.seek(0)


def _check(books: Books, year: Year, read: YearRead) -> None:
    """Make sure that a file is the year's, and the company's: a token's company was checked when it was asked for."""
    ours, theirs = whose.digits(books.company.organisation_number), whose.digits(read.organisation_number)
    if ours and theirs and ours != theirs:
        raise Refused(Rejected.saying("other_company", refusal_words.LEDGER_OF_ANOTHER(), "operator"))
    if (read.first, read.last) != (year.first, year.last):
        why = refusal_words.LEDGER_OF_ANOTHER_YEAR(asked=_span(year), given=_span(read))
        raise Refused(Rejected.saying("other_year", why, "developer"))


def _span(year: Year | YearRead) -> Text:
    return refusal_words.SPAN(first=year.first, last=year.last)
