"""The verbs that read what really happened: the audit trail, and the whole story of one thing."""

import shlex
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Annotated

import typer

from connectors.desk import resolving, views, walking
from connectors.desk.running import POLL
from connectors.desk.story import Story, tell
from infra import clock, registry, trail
from infra.commanding import Failed, Json, OfCompany, WrongUsage, print_json_line, print_lines, print_out, width
from infra.deciding import remembering
from infra.office import Office, in_office
from infra.showing import activity, overview
from schemas.base import SWEDEN, Language

audit = typer.Typer()


@audit.callback(invoke_without_command=True)
def audit_show(
    context: typer.Context,
    tenant: OfCompany = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    since: Annotated[datetime | None, typer.Option(help="Swedish time, unless it says otherwise.")] = None,
    limit: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="The newest so many.")] = 50,
    log: Annotated[
        bool,
        typer.Option("--activity", help="Every import and export instead, by day: who, when, how many, how it went."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell what became of each message, the newest last; with --json one record a line."""
    if context.invoked_subcommand is not None:
        return
    since = since.replace(tzinfo=SWEDEN) if since and since.tzinfo is None else since
    if log:
        if follow:
            raise WrongUsage("--activity tells of whole days: without --follow")
        _tell_activity(tenant, since, limit, as_json=as_json)
        return

    def show(told: Iterable[trail.TenantRecord], language: Language) -> None:
        for company, record in told:
            if as_json:
                print_json_line(views.audit_json(company, record))
            else:
                print_lines([views.audit_line(company, record, language)])

    async def work(place: Office) -> None:
        told, known = await trail.newest(place.engine, tenant, since=since, limit=limit)
        show(told, place.settings.language)
        while follow:
            told = await trail.after(place.engine, tenant, known)
            show(told, place.settings.language)
            known |= {company: record.sequence for company, record in told}
            if not told:
                await clock.sleep(POLL)

    with suppress(KeyboardInterrupt):  # Ctrl-C is how --follow ends
        in_office(work, tenant, reads=True)


def _tell_activity(tenant: str | None, since: datetime | None, limit: int, *, as_json: bool) -> None:
    async def work(place: Office) -> None:
        found = await activity.latest(place.engine, tenant, since=since, limit=limit)
        print_out(
            [views.activity_json(each) for each in found],
            views.activity_lines(found, width(), place.settings.language),
            as_json=as_json,
        )

    in_office(work, tenant, reads=True)


@audit.command("verify")
def audit_verify(tenant: OfCompany = None, as_json: Json = False) -> None:
    """Prove that no record was changed, taken out or moved, and that each order ended once."""

    async def work(place: Office) -> None:
        found = await walking.verify(place.engine, tenant)
        print_out([views.finding_json(f) for f in found], views.findings(found), as_json=as_json)
        if broken := [f.tenant for f in found if f.problem]:
            raise Failed(f"the trail is broken for {', '.join(broken)}")

    in_office(work, tenant, reads=True)


def explain(
    what: Annotated[list[str], typer.Argument(help=resolving.WHAT_CAN_BE_ASKED)],
    tenant: OfCompany = None,
    year_id: Annotated[int | None, typer.Option(help="Fortnox's id of the voucher's financial year.")] = None,
    as_json: Json = False,
) -> None:
    """Tell the whole story of a voucher, an event, a Z report or an order."""
    asked = " ".join(what)

    async def work(place: Office) -> None:
        told = await _story(place, asked, tenant, year_id)
        print_out(views.story_json(told), views.story(told, place.settings.language), as_json=as_json)

    in_office(work, tenant, reads=True)


async def _story(place: Office, asked: str, tenant: str | None, year_id: int | None) -> Story:
    from connectors.desk.reading import read_back

    within = None if tenant is None else (tenant,)
    found = await overview.find(place.engine, resolving.readings(asked), tenants=within, year_id=year_id)
    if not found:
        raise Failed(f"nothing is known of {asked!r}. {resolving.WHAT_CAN_BE_ASKED}")
    if len(found) > 1:
        listed = "\n".join(f"  {shlex.quote(key)} --tenant {company}" for company, key in found)
        raise WrongUsage(f"{asked!r} can be several; ask for one of them:\n{listed}")
    material = await overview.material(place.engine, *found[0])
    material = material.with_standing(await remembering.standing(place.engine, registry.flows(), *found[0]))
    told = material.with_facts(await read_back(place.engine, place.settings.kafka, material.lines))
    return tell(told, None if place.settings.language == "en" else place.settings.language)
