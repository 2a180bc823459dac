"""The verbs of companies: added, listed, paused, resumed, removed."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from infra import registry
from infra.access import signing_secrets
from infra.access.connection_rows import PostgresRows
from infra.access.connections import Connections, Taken, health
from infra.access.standing import at_a_glance, in_words
from infra.commanding import By, Company, Failed, Json, WrongUsage, asker, one_of, print_json, print_out
from infra.office import Office, in_office
from infra.plugin import NotRevoked
from infra.postgres import text
from infra.tenants import UNKNOWN_TENANT
from schemas import identities
from schemas.base import SWEDEN, is_tenant_id

if TYPE_CHECKING:
    from infra.companies import Open

tenant_app = typer.Typer(no_args_is_help=True, help="Companies.")

System = Annotated[str, typer.Option(help="which connection; unset: to the ledger")]
Hours = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=signing_secrets.MOST_HOURS,
        help=f"for how long a secret that is replaced stays good; unset: {signing_secrets.HOURS}",
    ),
]
Now = Annotated[bool, typer.Option("--now", help="a secret that is replaced ends at once: it has leaked")]

_LIST = text(
    """select t.tenant, t.organisation_number, t.database_number, s.version as settings_version,
              (select count(*) from flow_state f where f.tenant = t.tenant
                 and f.waiting = any(cast(:lacking as text[]))) as configuring
       from tenants t left join settings s using (tenant) order by tenant"""
)


@tenant_app.command("add")
def tenant_add(
    tenant: Annotated[str, typer.Argument(help="lower-case letters, digits and hyphens")],
    org: Annotated[str | None, typer.Option(help="organisation number, as 556016-0680")] = None,
    database_number: Annotated[
        int | None,
        typer.Option(min=1, max=2**63 - 1, help="the company's number in the ledger (DatabaseNumber, TenantId)"),
    ] = None,
    new_secrets: Annotated[bool, typer.Option("--new-secrets", help="replace the signing secrets")] = False,
    hours: Hours = None,
    now: Now = False,
    change: Annotated[bool, typer.Option("--change", help="replace an organisation number that is known")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Add a company, or change what is known of it; print, once, the secrets that its systems sign with."""
    from infra import companies

    if not is_tenant_id(tenant):
        raise typer.BadParameter("a company's name here is lower-case letters, digits and hyphens, 63 at most")
    if tenant == UNKNOWN_TENANT:
        raise typer.BadParameter(f"{tenant} is whose records are nobody knows: a company needs another name")
    if (hours is not None or now) and not new_secrets:
        raise typer.BadParameter("--hours and --now say what becomes of old secrets: they go with --new-secrets")
    overlap = _overlap(hours, now=now)
    try:
        number = identities.organisation_number(org) if org is not None else None
    except identities.Invalid as error:
        raise typer.BadParameter(f"--org is no organisation number: {identities.WHY[error.code]}") from None

    async def work(place: Office) -> None:
        try:
            made = await companies.add(
                await place.host(),
                tenant,
                organisation_number=number,
                database_number=database_number,
                renewed_by=asker(by) if new_secrets else None,
                overlap=overlap,
                change=change,
            )
        except companies.OtherNumber as error:
            raise WrongUsage(
                f"{tenant} is known with the organisation number {error}: another company needs a name of its own; if "
                "that number was wrong, say --change"
            ) from None
        except Taken as taken:
            other = taken.holder
            raise WrongUsage(
                f"number {database_number} in the ledger is {other}'s: bokbuss connection show {other}"
            ) from None
        known = f"{tenant} is known. Next: bokbuss settings apply {tenant} FILE"
        secrets = [f"signing secret for {system} (shown once): {secret}" for system, secret in made.items()]
        old, said = await _old_secrets(place, tenant, made) if new_secrets else ({}, [])
        print_out({"tenant": tenant, "signing_secrets": made, **old}, [known, *secrets, *said], as_json=as_json)

    in_office(work)


@tenant_app.command("secret")
def tenant_secret(
    tenant: Company,
    system: Annotated[str, typer.Argument(help="whose deliveries it signs")],
    hours: Hours = None,
    now: Now = False,
    end_old: Annotated[
        bool, typer.Option("--end-old", help="make no new one: those that were replaced end now, as all have moved")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a new signing secret for one system's deliveries, and print it, once. The old one stays good for a while."""
    from infra import companies

    system = one_of(system, registry.sources(), "system")
    if end_old and (hours is not None or now):
        raise typer.BadParameter("--end-old makes no new secret: say it without --hours and --now")
    overlap = _overlap(hours, now=now)

    async def work(place: Office) -> None:
        host = await place.host()
        if end_old:
            if not (ended := await companies.end_old_secrets(host, tenant, system, by=asker(by))):
                raise Failed(f"{tenant} has no old signing secret for {system} that is good: nothing has changed")
            refused = [f"what is signed with an old secret for {system} is refused from now on"]
            print_out({"tenant": tenant, "system": system, "ended": ended}, refused, as_json=as_json)
            return
        made = await companies.renew_secret(host, tenant, system, by=asker(by), overlap=overlap)
        old, said = await _old_secrets(place, tenant, [system])
        secret = f"signing secret for {system} (shown once): {made}"
        told = {"tenant": tenant, "signing_secrets": {system: made}, **old}
        print_out(told, [secret, *said], as_json=as_json)

    in_office(work, tenant)


def _overlap(hours: int | None, *, now: bool) -> timedelta:
    """Return for how long a secret that is replaced stays good. Raises BadParameter."""
    if now and hours is not None:
        raise typer.BadParameter("--now ends the old secret at once, and --hours keeps it good: say one of them")
    return signing_secrets.AT_ONCE if now else timedelta(hours=hours or signing_secrets.HOURS)


async def _old_secrets(
    place: Office, tenant: str, renewed: Iterable[str]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return until when the old secrets of these systems are good: as JSON, and in words, with what to do about it."""
    good = {one.system: one.until for one in await signing_secrets.replaced(place.engine, tenant)}
    until = {system: good[system] for system in renewed if system in good}
    told = {"old_good_until": {system: at.isoformat() for system, at in until.items()}}
    if not until:
        return told, ["what is signed with an old one is refused from now on"]
    return told, [
        *(
            f"the old one for {system} is good until {at.astimezone(SWEDEN):%Y-%m-%d %H:%M}"
            for system, at in until.items()
        ),
        f"does somebody sign with an old one still? bokbuss connection show {tenant}",
        f"nobody does: bokbuss tenant secret {tenant} SYSTEM --end-old",
    ]


@tenant_app.command("list")
def tenant_list(as_json: Json = False) -> None:
    """List the companies, and how their connections are."""
    lacking = [reason for flow in registry.flows() for reason in flow.lacking]

    async def work(place: Office) -> None:
        async with place.engine.connect() as connection:
            rows = (await connection.execute(_LIST, {"lacking": lacking})).mappings()
        everything = await PostgresRows(place.engine).all(None)
        for row in rows:
            if (number := row["organisation_number"]) and (not as_json or identities.is_sole_trader(number)):
                row["organisation_number"] = identities.shown_organisation(number)
            row["connections"] = {h.system: at_a_glance(h) for h in everything if h.tenant == row["tenant"]}
        if as_json:
            print_json(rows)
            return
        heads = ("company", "organisation number", "number in the ledger", "settings version", "connections")
        table = Table(*(Column(head, overflow="fold") for head in heads))
        for row in rows:
            known = [str(row[name]) if row[name] is not None else "-" for name in list(row)[:4]]
            known[-1] += f", configuring: {row['configuring']} wait" if row["configuring"] else ""
            said = [f"{name}: {in_words(how)}" for name, how in row["connections"].items()]
            table.add_row(*known, "\n".join(said) or health(None, 0.0))
        Console().print(table)

    in_office(work)


@tenant_app.command("pause")
def tenant_pause(tenant: Company, system: System = "", by: By = None, as_json: Json = False) -> None:
    """Let a company's orders for a system wait, in their order, until it is resumed."""
    system = one_of(system or registry.ledger(), dict.fromkeys(sink.system for sink in registry.sinks()), "system")

    async def work(place: Office) -> None:
        host = await place.host()
        connections = Connections(host.engine, host.vault)
        if not await connections.pause(tenant, system, asker(by)):
            raise Failed(f"{tenant} has no connection to {system} that works now: bokbuss tenant list")
        print_out({"paused": tenant}, [f"{tenant} is paused"], as_json=as_json)

    in_office(work, tenant)


@tenant_app.command("resume")
def tenant_resume(tenant: Company, system: System = "", by: By = None, as_json: Json = False) -> None:
    """Let a paused company's orders go on."""
    system = one_of(system or registry.ledger(), dict.fromkeys(sink.system for sink in registry.sinks()), "system")

    async def work(place: Office) -> None:
        host = await place.host()
        connections = Connections(host.engine, host.vault)
        if not await connections.resume(tenant, system, asker(by)):
            raise Failed(f"{tenant} is not paused at {system}: bokbuss tenant list")
        print_out({"resumed": tenant}, [f"{tenant} goes on"], as_json=as_json)

    in_office(work, tenant)


@tenant_app.command("remove")
def tenant_remove(
    tenant: Company,
    yes: Annotated[bool, typer.Option("--yes", help="also while orders are under way, or something is held")] = False,
    force: Annotated[bool, typer.Option("--force", help="also when a system cannot be told that it has ended")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Remove a company: its consents are revoked, and all that is its own is deleted. Its audit trail is kept."""
    from infra import companies

    async def work(place: Office) -> None:
        if (still := await companies.still_open(place.engine, tenant)) and not yes:
            raise Failed(
                f"{tenant} is not removed, for these would be withdrawn: {_counted(still)}. End them first (bokbuss "
                f"held list --tenant {tenant}), or say --yes."
            )
        host = await place.host()
        try:
            removed = await companies.remove(host, await place.producer(), tenant, by=asker(by), force=force)
        except NotRevoked as error:
            raise Failed(f"{tenant} is not removed: {error}. Do it again, or all the same: --force") from None
        told = {"kept_under": removed.under, "left_to_do": removed.left_to_do, "withdrawn": asdict(still)}
        withdrawn = f"; withdrawn: {_counted(still)}" if still else ""
        lines = [
            f"{tenant} is removed, with all that was its own{withdrawn}",
            *(f"left to do: {what}" for what in removed.left_to_do),
            f"its trail is kept: bokbuss audit --tenant {removed.under}",
        ]
        print_out({"removed": tenant, **told}, lines, as_json=as_json)

    in_office(work, tenant)


def _counted(still: "Open") -> str:
    counts = {
        "orders that wait": still.waiting,
        "orders whose answer is not known (they may have been carried out)": still.doubtful,
        "holds": still.holds,
        "dead letters": still.letters,
        "messages that could not be handled": still.parked,
    }
    return ", ".join(f"{what}: {count}" for what, count in counts.items() if count)
