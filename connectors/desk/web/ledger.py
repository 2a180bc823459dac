"""A company's ledger: its years and where each comes from, read anew, looked through, proved, packed for auditors."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from tempfile import TemporaryFile
from typing import Any, Final, get_args

from starlette.responses import FileResponse, Response, StreamingResponse

from connectors.desk.web.books import kept_how
from connectors.desk.web.rendering import POLICY
from connectors.desk.web.visit import NoSuchPage, Page, Visit
from infra import clock, ledgers, registry, speaking
from infra.accounts.permissions import Permission
from infra.commanding import Failed
from infra.contents import opened as contents_opened
from infra.delivery.reading import NotRead
from infra.documents import WHY as WHY_NO_DOCUMENT
from infra.documents import Document, Documents
from infra.intake import web
from infra.intake.accepting import Acceptor
from infra.ledgers import Books, LedgerYear
from infra.packages import storing
from infra.plugin import Malformed
from infra.proving import comparing, records
from infra.specifications import WHY
from schemas.events import Fact
from schemas.ledger import LedgerRequested, LedgerSource, LedgerSourceChosen, LedgerVoucher
from schemas.ledger_parts import BALANCES, CHART, VOUCHERS, around, order_of
from schemas.words import Said, Text

_FOUND: Final = 100
_LAST: Final = 2
_PROBLEMS: Final = 10
_YEARS: Final = frozenset(map(str, range(1900, 2201)))
_BY_ITSELF: Final[Mapping[str, Said]] = {
    "every night": Said("varje natt", "every night"),
    "an event": Said("en händelse i Fortnox", "an event in Fortnox"),
}
"""What a year was read for, where nobody asked."""
_SHOWN: Final = frozenset({"application/pdf", "image/png", "image/jpeg"})
"""What a browser shows without running anything of it."""


# --- The years -------------------------------------------------------------------------------------------------------


async def _shown(
    visit: Visit, *, status: int = 200, errors: Sequence[tuple[str, str]] = (), problems: Sequence[Text | str] = ()
) -> Response:
    """Show the years. ``problems``: of a file, as whatever reads it says them."""
    engine, tenant = visit.host.engine, visit.tenant
    requests = await ledgers.requests(engine, tenant)
    there = {last: (first, None) for first, last in (await kept_how(visit)).years}
    known = {year.last: (year.first, year) for year in await ledgers.years(engine, tenant)}
    return await visit.show(
        "ledger.html",
        status=status,
        errors=errors,
        problems=problems,
        years=[(last, *found) for last, found in sorted((there | known).items(), reverse=True)],
        running=[one.asked for one in requests if one.running],
        failed=[one for one in requests if one.failed],
        documents=await Documents(engine, tenant).counts(),
        why=WHY_NO_DOCUMENT,
        by_itself=_BY_ITSELF,
        proofs={one.year_to: one for one in await records.kept(engine, tenant) if one.source == "fortnox"},
    )


async def _sync(visit: Visit) -> Response:
    """Ask for a year, or the last two, with documents unless they are left out; the answer comes by itself."""
    year = visit.form.get("year", "")
    if year and year not in _YEARS:
        raise NoSuchPage
    without = visit.lists.get("without", ())
    if {"ledger", "documents"} <= set(without):
        said = visit.say("Då finns inget att hämta.", "That leaves nothing to read.")
        return await _shown(visit, status=422, errors=[("", said)])
    asked = LedgerRequested(
        year=int(year) if year else None,
        last=0 if year else _LAST,
        ledger="ledger" not in without,
        documents="documents" not in without,
        overwrite=visit.form.get("overwrite") == "yes",
        requested_by=visit.by[:200],
        requested_at=clock.now(),
    )
    await visit.host.accept(visit.tenant, "desk", [asked])
    said = visit.say(
        "Begärt. Det hämtas nu, och sidan visar hur långt det kommit.", "Asked for; this page tells how far."
    )
    return visit.go(visit.at("ledger"), said)


async def _load(visit: Visit) -> Response:
    """Take a year, or closing entries, out of a file that somebody loads; a broken one leaves nothing."""
    host, source = visit.host, registry.ledger_files()
    producer = await host.producer()
    acceptor = Acceptor(engine=host.engine, producer=producer, vault=host.vault, settings=host.settings)
    try:
        with TemporaryFile() as file:
            if source.files is not None:
                await web.receive(visit.request, file, acceptor.most(source.files), source.files.setting)
            file.seek(0)
            await acceptor.accept_file(tenant=visit.tenant, source=source, file=file, requested_by=visit.by)
    except web.TooLarge as error:
        return await _shown(visit, status=413, problems=[error.said])
    except Malformed as error:
        return await _shown(visit, status=422, problems=error.said[:_PROBLEMS])
    return visit.go(visit.at("ledger"), visit.say("Filen är mottagen.", "The file is accepted."))


async def _source(visit: Visit) -> Response:
    """Take a year from another source from now on: Fortnox's is read at once, a file's as it is loaded."""
    year, wanted, now = await _year(visit), visit.form.get("source", ""), clock.now()
    if wanted not in get_args(LedgerSource):
        raise NoSuchPage
    source: LedgerSource = wanted  # type: ignore[assignment] # it is one
    by, last = visit.by[:200], year.last
    facts: list[Fact] = [LedgerSourceChosen(year_to=last, source=source, chosen_by=by, chosen_at=now)]
    if source == registry.ledger():
        facts.append(LedgerRequested(year=last.year, year_to=last, documents=False, requested_by=by, requested_at=now))
    await visit.host.accept(visit.tenant, "desk", facts)
    return visit.go(visit.at("ledger"), visit.say("Källan är bytt för året.", "The year has another source now."))


async def _prove(visit: Visit) -> Response:
    year = await _year(visit)
    try:
        proved = await comparing.compare(visit.host, visit.tenant, year.last, asked_by=visit.by)
    except (NotRead, Failed) as error:
        return await _shown(visit, status=409, errors=[("", _not_read(visit, error))])
    if proved.green:
        said = visit.say("Avstämt: det stämmer på öret.", "Proved, to the öre.")
    else:
        said = visit.say(f"{proved.count} skillnader.", f"{proved.count} differences.")
    return visit.go(visit.at("ledger", str(year.last), "proof"), said)


def _not_read(visit: Visit, error: NotRead | Failed) -> str:
    why = error.verdict.said if isinstance(error, NotRead) else error.said
    begins = visit.say("Året kunde inte läsas:", "The year could not be read:")
    return f"{begins} {speaking.heard(why, visit.language)}"


# --- One year --------------------------------------------------------------------------------------------------------


async def _vouchers(visit: Visit) -> Response:
    year, part, wanted = await _year(visit), visit.asked("part_of"), visit.asked("q").casefold()
    async with ledgers.opened(visit.host.engine, visit.tenant, year.last) as books:
        if books is None:
            raise NoSuchPage
        names = sorted((one.part for one in books.retrieved.parts if one.part.startswith(VOUCHERS)), key=order_of)
        if wanted:
            found, here, full = await _matching(books, wanted)
        else:
            here = part if part in names else (names[0] if names else "")
            found, full = [v async for p in books.parts([here]) for v in p.vouchers] if here else [], False
    at = names.index(here) if here in names else 0
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(order_of(name)[0], name)
    has = Counter((one.series, one.number) for one in await _documents(visit, year) if not one.gone)
    return await visit.show(
        "vouchers.html",
        year=year,
        vouchers=found,
        full=full,
        series=first,
        here=here,
        before=names[at - 1] if here and at > 0 else "",
        after=names[at + 1] if here and at + 1 < len(names) else "",
        documents=has,
    )


async def _matching(books: Books, wanted: str) -> tuple[list[LedgerVoucher], str, bool]:
    found: list[LedgerVoucher] = []
    async for one in books.vouchers():
        if wanted in f"{one.series} {one.number} {one.series}{one.number} {one.day} {one.text}".casefold():
            found.append(one)
            if len(found) == _FOUND:
                return found, "", True
    return found, "", False


async def _voucher(visit: Visit) -> Response:
    year, series, number = await _year(visit), visit.asked("series"), visit.request.path_params["number"]
    async with ledgers.opened(visit.host.engine, visit.tenant, year.last) as books:
        if books is None:
            raise NoSuchPage
        names = await _names(books)
        mine = [one.part for one in books.retrieved.parts if one.part.startswith(VOUCHERS)]
        near = around(mine, series, number)
        every = [one async for part in books.parts(near) for one in part.vouchers if one.series == series]
    at = next((place for place, one in enumerate(every) if one.number == number), None)
    if at is None:
        raise NoSuchPage
    documents = [one for one in await _documents(visit, year) if (one.series, one.number) == (series, number)]
    response = await visit.show(
        "voucher.html",
        year=year,
        voucher=every[at],
        names=names,
        documents=documents,
        why=WHY_NO_DOCUMENT,
        shown=_SHOWN,
        before=every[at - 1].number if at else "",
        after=every[at + 1].number if at + 1 < len(every) else "",
    )
    response.headers["Content-Security-Policy"] = f"{POLICY}; frame-src 'self'"
    return response


async def _balances(visit: Visit) -> Response:
    year = await _year(visit)
    rows: dict[str, dict[str, Any]] = {}
    async with ledgers.opened(visit.host.engine, visit.tenant, year.last) as books:
        if books is None:
            raise NoSuchPage
        names = await _names(books)
        wanted = [one.part for one in books.retrieved.parts if one.part.startswith(BALANCES)]
        async for part in books.parts(wanted):
            for one in part.balances:
                if not one.objects:
                    rows.setdefault(one.account, {})[one.kind] = one.amount
    return await visit.show("balances.html", year=year, rows=sorted(rows.items()), names=names)


async def _open(visit: Visit) -> Response:
    """Show which invoices were open at the year's end, and the account beside them, as the books have it now."""
    year = await _year(visit)
    read = registry.systems()[registry.ledger()].read_open if registry.ledger() else None
    if read is None:
        raise NoSuchPage
    try:
        found = await read(visit.host, visit.tenant, year.last)
    except (NotRead, Failed) as error:
        return await visit.show("open_items.html", year=year, found=None, why=WHY, error=_not_read(visit, error))
    return await visit.show("open_items.html", year=year, found=found, why=WHY, error="")


async def _names(books: Books) -> dict[str, str]:
    chart = [one.part for one in books.retrieved.parts if one.part.startswith(CHART)]
    return {account.number: account.name async for part in books.parts(chart) for account in part.accounts}


async def _proof(visit: Visit) -> Response:
    year = await _year(visit)
    kept = [one for one in await records.kept(visit.host.engine, visit.tenant) if one.year_to == year.last]
    return await visit.show("proof.html", year=year, proofs=kept)


async def _accept(visit: Visit) -> Response:
    year, difference = await _year(visit), visit.form.get("difference", "")
    comment = visit.form.get("comment", "").strip()[:500]
    kept = [one for one in await records.kept(visit.host.engine, visit.tenant) if one.year_to == year.last]
    if not comment or difference not in {each.id for one in kept for each in one.differences}:
        raise NoSuchPage
    await comparing.accept(visit.host, visit.tenant, difference, visit.by, comment)
    said = visit.say("Godtaget, och det står i loggen.", "Accepted, and on record.")
    return visit.go(visit.at("ledger", str(year.last), "proof"), said)


async def _package(visit: Visit) -> Response:
    year = await _year(visit)
    engine, tenant = visit.host.engine, visit.tenant
    try:
        package = await storing.package(engine, visit.host.settings, tenant, year.last)
    except storing.NoSuchYear:
        raise NoSuchPage from None
    except storing.NotBuilt:
        said = visit.say(
            "Paketet kan inte byggas som det är nu: kommandot bokbuss ledger package säger vad som är i vägen.",
            "The package cannot be built as things are: the command bokbuss ledger package says what is in the way.",
        )
        return visit.go(visit.at("ledger"), said, "stop")
    if visit.request.method == "GET":  # whoever asks for the head of it gets none of it
        await storing.fetched(engine, tenant, package, system="desk", by=visit.by)
    return FileResponse(package.path, filename=f"{tenant}-{year.last}.zip", media_type="application/zip")


async def _document(visit: Visit) -> Response:
    """Give a document as a file: what it holds is another's, and is never shown as a page of ours."""
    year, wanted = await _year(visit), visit.request.path_params["document"]
    for one in await _documents(visit, year):
        if one.source_id == wanted and one.content is not None:
            store = contents_opened(visit.host.settings)
            shown = one.content.type in _SHOWN
            headers = {
                "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="document"',
                "Content-Security-Policy": POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'"),
            }
            kind = one.content.type if shown else "application/octet-stream"
            pieces = store.read(visit.tenant, one.content.sha256)
            return StreamingResponse(pieces, headers=headers, media_type=kind)
    raise NoSuchPage


async def _documents(visit: Visit, year: LedgerYear) -> tuple[Document, ...]:
    return await Documents(visit.host.engine, visit.tenant).of_year(year.last)


async def _year(visit: Visit) -> LedgerYear:
    try:
        last = date.fromisoformat(visit.request.path_params["last"])
    except ValueError:
        raise NoSuchPage from None
    found = [one for one in await ledgers.years(visit.host.engine, visit.tenant) if one.last == last]
    for year in islice(found, 1):
        return year
    raise NoSuchPage


_BELOW: Final = "/companies/{tenant}/ledger"
_OF_YEAR: Final = f"{_BELOW}/{{last}}"
PAGES: Final = (
    Page(_BELOW, Permission.SEE, _shown),
    Page(f"{_BELOW}/sync", Permission.DECIDE, _sync, act=True),
    Page(f"{_BELOW}/file", Permission.DECIDE, _load, act=True, file=True),
    Page(f"{_OF_YEAR}/vouchers", Permission.SEE, _vouchers),
    Page(f"{_OF_YEAR}/vouchers/{{number}}", Permission.SEE, _voucher),
    Page(f"{_OF_YEAR}/balances", Permission.SEE, _balances),
    Page(f"{_OF_YEAR}/open", Permission.SEE, _open),
    Page(f"{_OF_YEAR}/documents/{{document}}", Permission.SEE, _document),
    Page(f"{_OF_YEAR}/proof", Permission.SEE, _proof),
    Page(f"{_OF_YEAR}/prove", Permission.DECIDE, _prove, act=True),
    Page(f"{_OF_YEAR}/source", Permission.DECIDE, _source, act=True),
    Page(f"{_OF_YEAR}/accept", Permission.APPROVE, _accept, act=True),
    Page(f"{_OF_YEAR}/package", Permission.SEE, _package),
)
