"""The verbs ``ledger years``, ``sync`` and ``source``: which years are there, reading them anew, and from where."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Final
from uuid import uuid4

import typer

from connectors.desk import year_words
from connectors.desk.running import POLL, progress, quiet
from infra import catching_up, clock, ledgers, registry
from infra.access.connections import Connections
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, print_out, width
from infra.deciding import planning
from infra.delivery.reading import NotRead
from infra.documents import Documents
from infra.ledgers import LedgerRequest, LedgerYear, SeveralYears
from infra.office import Office, in_office
from infra.plugin import Host
from schemas.ledger import LedgerRequested, LedgerSource, LedgerSourceChosen
from schemas.marks import EmployeesMarked

_SAY = 2.0
"""Seconds between two words about how far it has come."""
_LAST = 2
_ENDS: Final = "The year in which it ends; or its last day, where two end in one year."
FinancialYear = Annotated[str, typer.Option("--year", help=_ENDS)]
Patience = Annotated[float, typer.Option("--wait", help="Seconds to wait until it is done; it goes on without us.")]


def named(year: str) -> int | date:
    """Return the calendar year in which a financial year ends, or its last day. Raises WrongUsage."""
    try:
        return ledgers.called(year)
    except ValueError:
        raise WrongUsage("--year: expected the year in which it ends, 2026, or its last day, 2026-12-31") from None


def years(tenant: Company, as_json: Json = False) -> None:
    """List a company's financial years: source, state, vouchers, documents, when each was read and by whom."""

    async def work(place: Office) -> None:
        await _show(place, tenant, as_json=as_json)

    in_office(work, tenant)


def sync(
    tenant: Company,
    year: Annotated[str | None, typer.Option(help=_ENDS)] = None,
    last: Annotated[int | None, typer.Option(min=1, max=20, help="So many last years; else two.")] = None,
    with_ledger: Annotated[bool, typer.Option("--ledger/--no-ledger", help="Read the ledger.")] = True,
    with_documents: Annotated[bool, typer.Option("--documents/--no-documents", help="Read the documents.")] = True,
    overwrite: Annotated[bool, typer.Option(help="Replace also what was loaded from a file.")] = False,
    by: By = None,
    wait: Patience = 3600.0,
    as_json: Json = False,
) -> None:
    """Read years out of Fortnox, and follow until they are there."""
    if year is not None and last is not None:
        raise WrongUsage("name a year or how many last ones: --year or --last, not both")
    if not (with_ledger or with_documents):
        raise WrongUsage("--no-ledger and --no-documents leave nothing to read")
    asked = LedgerRequested(
        **_wanted(year),
        last=(last or _LAST) if year is None else 0,
        ledger=with_ledger,
        documents=with_documents,
        overwrite=overwrite,
        requested_by=asker(by)[:200],
        requested_at=clock.now(),
    )

    async def work(place: Office) -> None:
        say = quiet if as_json else progress
        outcome = await _followed(await place.host(), tenant, asked, say, wait)
        held = await _show(place, tenant, as_json=as_json, asked=asked)
        if outcome.failed:
            raise Failed(f"{year_words.subject(asked)} was not read: {outcome.failed}")
        if held:
            raise Failed(f"{len(held)} of the years wait for a person: bokbuss held list --tenant {tenant}")

    in_office(work, tenant)


def source(
    tenant: Company,
    chosen: Annotated[LedgerSource, typer.Argument(help="fortnox, or sie: the file that was loaded, or will be.")],
    year: FinancialYear,
    by: By = None,
    wait: Patience = 3600.0,
    as_json: Json = False,
) -> None:
    """Choose where a year's ledger comes from. Fortnox's is read at once; what was posted stays known."""

    async def work(place: Office) -> None:
        host, now, who = await place.host(), clock.now(), asker(by)[:200]
        wanted = named(year)
        try:
            known = ledgers.meant(await ledgers.years(host.engine, tenant), wanted)
        except SeveralYears as several:
            raise Failed(str(several)) from None
        if known is None:
            raise Failed(f"no ledger of {year} was read yet: bokbuss ledger sync {tenant} --year {year}, or a SIE file")
        choice = LedgerSourceChosen(year_to=known.last, source=chosen, chosen_by=who, chosen_at=now)
        told = await host.accept(tenant, "desk", [choice])
        await _decided(host, tenant, told, clock.monotonic() + wait)
        asked = None
        if chosen == "fortnox":
            last = known.last
            asked = LedgerRequested(year=last.year, year_to=last, documents=False, requested_by=who, requested_at=now)
            outcome = await _followed(host, tenant, asked, quiet if as_json else progress, wait)
            if outcome.failed:
                raise Failed(f"{year_words.subject(asked)} was not read: {outcome.failed}")
        await _show(place, tenant, as_json=as_json, asked=asked)

    in_office(work, tenant)


def open_invoices(
    tenant: Company,
    year: FinancialYear,
    as_json: Json = False,
) -> None:
    """List the invoices that were open at a year's end, what has been paid since, and whether that is the account's."""

    async def work(place: Office) -> None:
        read = registry.systems()[registry.ledger()].read_open if registry.ledger() else None
        if read is None:
            raise Failed("no system here keeps books that open invoices can be read of")
        try:
            found = await read(await place.host(), tenant, named(year))
        except NotRead as error:
            raise Failed(f"{tenant}'s open invoices of {year} were not read: {error}") from error
        told = year_words.specifications_json(found)
        print_out(told, year_words.specifications(tenant, found, width()), as_json=as_json)
        if any(one.note or any(each.code == "differs_from_account" for each in one.findings) for one in found.sides):
            raise typer.Exit(1)

    in_office(work, tenant)


def _wanted(year: str | None) -> dict[str, Any]:
    """Return which year is asked for, as a request says it."""
    wanted = None if year is None else named(year)
    return {"year": wanted.year, "year_to": wanted} if isinstance(wanted, date) else {"year": wanted}


async def _decided(host: Host, tenant: str, facts: Sequence[str], deadline: float) -> None:
    """Wait until facts are decided. Raises Failed."""
    while await planning.undecided(host.engine, tenant, facts):
        if clock.monotonic() > deadline:
            raise Failed(f"it is accepted and not decided yet: bokbuss parked list --tenant {tenant}")
        await clock.sleep(POLL)


async def _followed(
    host: Host, tenant: str, asked: LedgerRequested, say: Callable[[str], None], wait: float
) -> LedgerRequest:
    """Ask, and return what became of it once everything that was told of it is decided. Raises Failed."""
    deadline = clock.monotonic() + wait
    await host.accept(tenant, "desk", [asked])
    say(f"asked for {year_words.subject(asked)}")
    told, said = "", clock.monotonic()
    while (outcome := await _outcome(host, tenant, asked)) is None or outcome.running:
        await catching_up.nothing_is_parked(host, tenant)
        if clock.monotonic() > deadline:
            known = "it is being read" if outcome else "no flow has taken it up: do flows and sinks run (bokbuss up)?"
            raise Failed(f"not done after {wait:.0f} s; {known} bokbuss ledger years {tenant} tells how it stands")
        if clock.monotonic() - said > _SAY:
            said, before, told = clock.monotonic(), told, await _far(host, tenant)
            if told and told != before:
                say(told)
        await clock.sleep(POLL)
    marks = await host.accept(tenant, "desk", [EmployeesMarked(mark=uuid4(), marked_at=clock.now())])
    await _decided(host, tenant, marks, deadline)
    return outcome


async def _outcome(host: Host, tenant: str, asked: LedgerRequested) -> LedgerRequest | None:
    """Return what became of what was asked for, or of the same that was asked for since; None before a flow saw it."""
    for one in await ledgers.requests(host.engine, tenant):
        same, at = one.asked.key == asked.key, one.asked.requested_at
        if one.asked == asked or (same and at and asked.requested_at and at > asked.requested_at):
            return one
    return None


async def _far(host: Host, tenant: str) -> str:
    """Say how far the documents have come, or that the company has to consent first."""
    held = await Connections(host.engine, host.vault).held(tenant, registry.ledger())
    if held is not None and held.state != "connected":
        return f"it waits: the connection to Fortnox is {held.state}; bokbuss connect {tenant}"
    counts = await Documents(host.engine, tenant).counts()
    waiting = {year: one for year, one in counts.items() if one.waiting}
    return "; ".join(f"{year}: {one.stored:,} of {one.documents:,} documents" for year, one in waiting.items())


async def _show(
    place: Office, tenant: str, *, as_json: bool, asked: LedgerRequested | None = None
) -> Sequence[LedgerYear]:
    """Print the years; return those that wait for a person, of what was asked for."""
    found = await ledgers.years(place.engine, tenant)
    requests = await ledgers.requests(place.engine, tenant)
    documents = await Documents(place.engine, tenant).counts()
    if asked is not None:
        wanted = asked.year_to or asked.year
        found = tuple(one for one in found if wanted is None or one.is_called(wanted))[: asked.last or None]
        requests = tuple(one for one in requests if one.asked == asked)
    shown = [year_words.year_json(one, documents) for one in found]
    told = {"years": shown, "requests": [year_words.request_json(one) for one in requests]}
    failures = () if asked else requests
    print_out(told, year_words.listed(tenant, found, failures, documents, width()), as_json=as_json)
    return [one for one in found if one.waits == "person"]
