"""The verbs about a database that was restored: how its companies stand, and a person's word about one."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from infra import clock, installation
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, print_lines, print_out
from infra.embedded import place
from infra.environment import of_host
from infra.office import Office, in_office

fence = typer.Typer(
    help="After a backup was restored: what was found, and what waits for a person.", no_args_is_help=True
)


@fence.command("show")
def fence_show(as_json: Json = False) -> None:
    """Tell whether the database was restored, and how each company stands since."""
    from infra.restoring import sweeping

    async def work(place: Office) -> None:
        async with place.engine.connect() as connection:
            known = await installation.read(connection)
        companies = await sweeping.listed(place.engine)
        print_out(_json(known, companies), _lines(known, companies), as_json=as_json)
        if waiting := [each.tenant for each in companies if each.state == "held"]:
            raise Failed(f"a person's word is wanted about {', '.join(waiting)}: bokbuss fence open TENANT")

    in_office(work)


@fence.command("open")
def fence_open(tenant: Company, by: By = None, as_json: Json = False) -> None:
    """Let a company's orders go out again, after looking at what was found. What may have been sent is looked for."""
    from infra.restoring import sweeping

    async def work(place: Office) -> None:
        if not await sweeping.open_company(place.engine, tenant, asker(by)):
            raise WrongUsage(f"{tenant} is not closed")
        print_out({"tenant": tenant, "state": "open"}, [f"{tenant} is open."], as_json=as_json)

    in_office(work, tenant)


@fence.command("raise")
def fence_raise(
    since: Annotated[
        datetime | None,
        typer.Option(
            help="When the backup was made; UTC, unless it says otherwise. Unset: when this was last written."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Say that a machine's image was put back, or a data folder moved here for good. End all roles before."""
    moment = since if since is None or since.tzinfo else since.replace(tzinfo=UTC)
    if moment is not None and moment > clock.now():
        raise WrongUsage("a backup was made before now")
    if not yes:
        typer.confirm("Nothing is written until each company was looked at. Go on?", abort=True)

    async def work(office: Office) -> None:
        async with office.engine.begin() as connection:
            if (known := await installation.read(connection)) is None:
                raise WrongUsage("no role has ever started on this database: the first one looks by itself")
            await installation.close(connection, why="a person said so", since=moment or known.pulsed_at)
        print_lines(["Fenced off. Start the roles: they look first (bokbuss fence show)."])

    place.is_here(of_host().data)
    in_office(work)


@fence.command("move")
def fence_move(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Say that this database is to write to other addresses than before: to real books instead of imitations."""
    if not yes:
        typer.confirm("What was written before stands elsewhere. Go on?", abort=True)

    async def work(place: Office) -> None:
        settings = (await place.host()).settings
        async with place.engine.begin() as connection:
            await installation.move(connection, installation.targets(settings))
        print_lines(["Moved."])

    in_office(work)


def _lines(known: installation.Installation | None, companies: list[Any]) -> list[str]:
    if known is None or not known.epoch:
        return ["This database was never restored, as far as anybody can see."]
    lines = [f"Restored from a backup of {known.since:%Y-%m-%d %H:%M:%S} UTC: {known.noticed}."]
    if not known.writing:
        lines.append("What Kafka had since then is not taken in yet: nothing is written.")
    for each in companies:
        found = each.found
        seen = f"{found.get('taken_back', 0)} records of its trail taken back"
        if "vouchers" in found:
            seen += f"; {found['vouchers']} vouchers compared, {found['people']} people read"
        lines.append(f"{each.tenant}: {each.state}{f' ({each.opened_by})' if each.opened_by else ''}; {seen}")
        lines += [f"    {why}" for why in found.get("unclear", ())]
    return lines


def _json(known: installation.Installation | None, companies: list[Any]) -> dict[str, Any]:
    return {
        "installation": known and str(known.installation),
        "epoch": known and known.epoch,
        "writing": known is None or known.writing,
        "since": known and known.since,
        "noticed": known and known.noticed,
        "companies": [
            {
                "tenant": c.tenant,
                "state": c.state,
                "closed_at": c.closed_at,
                "opened_at": c.opened_at,
                "opened_by": c.opened_by,
                "found": c.found,
            }
            for c in companies
        ],
    }
