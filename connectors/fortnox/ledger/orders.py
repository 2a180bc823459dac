"""ReadLedger: financial years, their documents, or both, read as a guest: nothing that is written waits for it.

It can take an hour. What was read for an order is written down as it goes, so that after a crash it goes on from there.
"""

from typing import Any, Final

from connectors.fortnox.classify import Year
from connectors.fortnox.ledger.books import Books, connect
from connectors.fortnox.ledger.documents import not_wanted, tell_documents
from connectors.fortnox.ledger.nightly import NIGHT
from connectors.fortnox.ledger.years import Refused, chosen, tell_year
from connectors.fortnox.tokens import SYSTEM
from connectors.fortnox.waiting_words import WORDS
from infra import clock
from infra.delivery.guests import giving_way
from infra.delivery.reading import reading
from infra.intake.sightings import Sightings
from infra.plugin import Attempt, Sink
from infra.verdicts import Delivered, Verdict, noting
from schemas.envelope import Envelope
from schemas.ledger import ReadLedger
from schemas.words import Text, Wording
from schemas.words import read as words_of

_DONE: Final = "ledger-order"
"""What is seen of orders: which years were told for which one."""


async def read(books: Books, order: Envelope[ReadLedger], attempt: Attempt) -> Verdict:
    """Read what an order asks for, from where it was left. Raises NotRead."""
    async with giving_way(books.host, SYSTEM, books.company.tenant, attempt) as lent:
        try:
            years = chosen(await books.years(lent), order.data, clock.today())
            told = await _years(books, order, years, lent) if order.data.ledger else []
        except Refused as refused:
            return refused.verdict
        if order.data.documents:
            told += await tell_documents(books, years, lent, since=order.acceptedtime or order.time)
        else:
            await not_wanted(books, years)
    return Delivered(record=", ".join(str(year.last) for year in years), **noting(told))


async def _years(
    books: Books, order: Envelope[ReadLedger], years: tuple[Year, ...], attempt: Attempt
) -> list[Text | str]:
    """Tell the years that were not told for this order yet; return what there is to say of them."""
    sightings = Sightings(books.host.engine, books.company.tenant, SYSTEM)
    before = await sightings.every(_DONE)
    await sightings.forget(_DONE, [each for each in before if not each.startswith(order.id)])
    said = []
    for year in years:
        done = f"{order.id} {year.last}"
        if done not in before:
            asked_by, overwrite = order.data.requested_by, order.data.overwrite
            told = await tell_year(books, year, attempt, requested_by=asked_by, overwrite=overwrite)
            before[done] = told.said.wording.model_dump_json()
            await sightings.remember(_DONE, {done: before[done]})
        said.append(_said(before[done]))
    await sightings.read(NIGHT, clock.now(), len(years))  # tonight is soon enough
    return said


def _said(kept: str) -> Text | str:
    """Return what was told of a year; of an order that was begun before there were words only the text is known."""
    if not kept.startswith("{"):
        return kept
    wording = Wording.model_validate_json(kept)
    return Text(wording, words_of(wording, WORDS, "en") or "")


LEDGERS: Final[Any] = Sink(system=SYSTEM, kinds=(reading(ReadLedger, read),), connect=connect, beside="ledger")
"""Beside what is written: a journal and lanes of their own."""
