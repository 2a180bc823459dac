"""Compares a company's year with what we posted: read fresh from the ledger in one call, proved, kept, on record."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from infra import clock, ledgers, registry
from infra.plugin import Host, YearRead
from infra.postgres import Engine
from infra.proving import records
from infra.proving.books import Entry, Posted, entry, posted
from infra.proving.doubles import MONTH, Double, doubles
from infra.proving.matching import standing
from infra.proving.proof import Proof, prove, repeats, unknown_marks
from schemas.commands import PostVoucher
from schemas.ledger import LedgerSource
from schemas.ledger_parts import VOUCHERS
from schemas.proofs import BooksProved

_MOST: Final = 200
"""Differences, and vouchers on their way, that one proof names."""


async def compare(host: Host, tenant: str, year: int | date, *, asked_by: str) -> BooksProved:
    """Prove a company's financial year, keep the proof, and return it.

    Args:
        year: the one that ends in this year, or that holds this day.

    Raises:
        NotRead: the ledger has no answer for now.
        NoSuchYear: there is none.
        Failed: what was read of it cannot be understood; the message says why.
    """
    settling = timedelta(seconds=host.settings.sink(registry.ledger()).settle_seconds)
    as_of = await records.now(host.engine) - settling  # what was booked later may not stand in the ledger's file yet
    read_year = registry.systems()[registry.ledger()].read_year
    if read_year is None:
        raise LookupError(f"{registry.ledger()} keeps books, and gives no year of them")
    async with read_year(host, tenant, year) as read:
        read_at = clock.now()
        orders = await records.orders(host.engine, tenant, read.first, read.last, as_of)
        found = await asyncio.to_thread(lambda: list(entries(read)))
        beside = await _beside(host, tenant, (read.first, read.last), as_of)
        proof = await _proved(host, tenant, orders, found, beside, as_of)
        about = _Year(read.first, read.last, read.sha256)
    return await _kept(host, tenant, about, proof, read_at, asked_by)


async def compare_known(host: Host, tenant: str, last: date) -> BooksProved | None:
    """Compare a year as it was read last, and keep what comes of it; None: there is no such year any more.

    A year out of the ledger is proved, as of when it was read. One out of a file is not the books: it is looked
    through for what we posted.
    """
    settling = timedelta(seconds=host.settings.sink(registry.ledger()).settle_seconds)
    async with ledgers.opened(host.engine, tenant, last) as books:
        if books is None or books.year.source is None:
            return None
        year, source = books.retrieved, books.year.source
        read_at = year.read_at or await records.now(host.engine)
        found = [entry(voucher) async for voucher in books.vouchers()]
    as_of = read_at - settling
    orders = await records.orders(host.engine, tenant, books.year.first, last, as_of)
    beside = await _beside(host, tenant, (books.year.first, last), as_of)
    if source == registry.ledger():
        proof = await _proved(host, tenant, orders, found, beside, as_of)
    else:
        proof = await asyncio.to_thread(repeats, orders, found, beside)
    about = _Year(books.year.first, last, year.sha256, source)
    return await _kept(host, tenant, about, proof, read_at, "a reading")


async def accept(host: Host, tenant: str, difference: str, by: str, comment: str) -> None:
    """Take in that a person has accepted a difference, by its id or what ``records.shared`` returns.

    The last proof of each year and file is told anew without it: no ledger is read for that, and a file never again.
    Of one that did not name all, what was read last is compared once more.
    """
    await records.accept(host.engine, tenant, difference, by, comment)
    accepted = await records.accepted(host.engine, tenant)
    for proof in await records.kept(host.engine, tenant):
        left = tuple(each for each in proof.differences if not records.names_of(each) & accepted)
        gone = len(proof.differences) - len(left)
        if gone and proof.count > len(proof.differences):
            await compare_known(host, tenant, proof.year_to)
        elif gone:
            counts = {"count": proof.count - gone, "accepted": proof.accepted + gone}
            await _told(host, tenant, proof.model_copy(update={"differences": left, **counts}))


async def repeated(engine: Engine, tenant: str, coming: Sequence[PostVoucher]) -> Mapping[int, Double]:
    """Return which of some vouchers that are to be booked hold what another flow of ours has booked, by their place."""
    if not coming:
        return {}
    days = [one.voucher_date for one in coming]
    at = await records.now(engine)
    posted_then = await records.orders(engine, tenant, min(days) - MONTH, max(days) + MONTH, at, but_of=coming[0].flow)
    ours = standing(one for one in posted_then if one.state == "posted")
    theirs = [
        Entry(
            "", str(place), one.voucher_date, one.description, posted(UUID(int=place), one, None, "on_its_way").content
        )
        for place, one in enumerate(coming)
    ]
    found = await asyncio.to_thread(doubles, ours, theirs)
    return {int(entry.number): double for double in found for entry in double.theirs}


@dataclass(frozen=True, slots=True)
class _Year:
    first: date
    last: date
    sha256: str
    source: LedgerSource | None = None
    """None: the ledger itself."""


def entries(read: YearRead) -> Iterator[Entry]:
    """Yield a year's vouchers as a proof needs them, a part at a time."""
    names = (each.part for each in read.parts if each.part.startswith(VOUCHERS))
    for part in read.part(names):
        yield from map(entry, part.vouchers)


async def _beside(host: Host, tenant: str, year: tuple[date, date], as_of: datetime) -> list[Posted]:
    """Return what we ordered for the days right before and after a year."""
    day, (first, last) = timedelta(days=1), year
    before = await records.orders(host.engine, tenant, first - MONTH, first - day, as_of)
    return before + await records.orders(host.engine, tenant, last + day, last + MONTH, as_of)


async def _proved(
    host: Host,
    tenant: str,
    orders: Sequence[Posted],
    found: Sequence[Entry],
    beside: Sequence[Posted],
    as_of: datetime,
) -> Proof:
    """Prove a year's books; what carries a mark that none of its orders has may be of one for another year."""
    elsewhere = await records.marked(host.engine, tenant, unknown_marks(orders, found), as_of)
    return await asyncio.to_thread(prove, orders, found, elsewhere, beside)


async def _kept(host: Host, tenant: str, year: _Year, proof: Proof, read_at: datetime, asked_by: str) -> BooksProved:
    accepted = await records.accepted(host.engine, tenant)
    left = [each for each in proof.differences if not records.names_of(each) & accepted]
    source = {} if year.source is None else {"source": year.source}
    proved = BooksProved(
        **source,
        year_from=year.first,
        year_to=year.last,
        ledger_sha256=year.sha256,
        vouchers=proof.vouchers,
        posted=proof.posted,
        on_their_way=proof.on_their_way[:_MOST],
        differences=tuple(left[:_MOST]),
        count=len(left),
        accepted=len(proof.differences) - len(left),
        totals=proof.totals,
        asked_by=asked_by,
        read_at=read_at,
    )
    await _told(host, tenant, proved)
    return proved


async def _told(host: Host, tenant: str, proved: BooksProved) -> None:
    """Tell a proof, then keep it: one that was kept and not told would wait for nobody, and is not made once more."""
    await host.accept(tenant, registry.ledger(), [proved])
    await records.keep(host.engine, tenant, proved)
