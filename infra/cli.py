"""The ``bokbuss`` command: roles, companies and payloads; the verbs of plugins join it."""

import asyncio
import gc
import json
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from infra import broker, database, embedded, registry, telemetry, tenants
from infra.accepting import Acceptor, Unavailable, read_payload
from infra.commanding import Failed, Office, WrongUsage, asker, office
from infra.connections import Connections, Taken, health
from infra.ending import until_signal
from infra.plugin import Host, Malformed, NotRevoked
from infra.runtime import kept, services
from infra.settings import ROLES, Role, Settings, load
from infra.standing import at_a_glance, in_words
from infra.tenants import UnknownTenant
from infra.vault import WrongKey, open_vault
from schemas import identities
from schemas.base import is_tenant_id

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What happens in a Swedish company's systems reaches Fortnox: once, correctly, and provably.",
)
tenant_app = typer.Typer(no_args_is_help=True, help="Companies.")
app.add_typer(tenant_app, name="tenant")

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
System = Annotated[str, typer.Option(help="which connection")]
By = Annotated[str | None, typer.Option("--by", help="who says so, for the audit trail; your user name by default")]
_ALLOCATIONS = 20_000
"""New objects after which garbage is looked for, not 700: messages come and go by the hundred, and looking for garbage
among them takes a tenth of the flows' time."""
_out = Console()
_err = Console(stderr=True)


def _load() -> Settings:
    settings = load()
    telemetry.configure(settings.log_level)
    return settings


# --- Roles ------------------------------------------------------------------------------------------------------

RoleName = StrEnum("RoleName", {role: role for role in ROLES})  # type: ignore[misc] # the roles are a Literal


def _serve(names: tuple[Role, ...]) -> None:
    from infra import roles  # noqa: PLC0415 - Faust and the web server take a second to load: no other command waits

    settings = _load()
    gc.freeze()  # what is loaded stays
    gc.set_threshold(_ALLOCATIONS)

    async def work(stop: asyncio.Event) -> None:
        async with services(settings) as running:
            named = running.apply(settings)
            await roles.run(named, names, stop, lambda url: _err.print(f"bokbuss: {', '.join(names)} at {url}"))

    asyncio.run(until_signal(work))


@app.command()
def up() -> None:
    """Run everything in this process: broker and database too, unless the environment names them."""
    _serve(ROLES)


@app.command()
def run(names: Annotated[list[RoleName], typer.Argument(help="sources, flows, sinks, desk")]) -> None:
    """Run some roles in this process; many processes share the work."""
    _serve(tuple(role for role in ROLES if role in {n.value for n in names}))


@app.command("broker")
def broker_command() -> None:
    """Run only the embedded Kafka, with its topics."""
    settings = _load()

    async def work(stop: asyncio.Event) -> None:
        kafka = broker.EmbeddedKafka(settings.data)
        try:
            await asyncio.to_thread(kafka.start)
            await broker.ensure_topics(kafka.bootstrap)
            _out.print(f"BOKBUSS_KAFKA__BOOTSTRAP={kafka.bootstrap}")
            async with kept([kafka]):
                await stop.wait()
        finally:
            await asyncio.to_thread(kafka.stop)

    asyncio.run(until_signal(work))


@app.command()
def sandbox(
    system: Annotated[str, typer.Argument(help="whose imitation")] = "fortnox",
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8322,
    data: Annotated[
        Path | None, typer.Option(file_okay=False, help="where its books are kept; unset: BOKBUSS_DATA/sandbox")
    ] = None,
    memory: Annotated[bool, typer.Option("--memory", help="keep nothing")] = False,
    faults: Annotated[float, typer.Option(min=0, max=1, help="share of the calls that go wrong")] = 0.0,
    seed: Annotated[str, typer.Option(help="which of them; the same calls get the same faults")] = "0",
    faults_at: Annotated[list[str] | None, typer.Option(help='such as "POST /3/vouchers"; unset: at any call')] = None,
) -> None:
    """Run an imitation of an outside party; its books are kept between starts."""
    settings = _load()
    if memory and data:
        raise typer.BadParameter("--memory keeps nothing: leave out --data")
    imitations = {name: s.sandbox for name, s in registry.systems().items() if s.sandbox is not None}
    if (imitation := imitations.get(system)) is None:
        raise typer.BadParameter(f"there is a sandbox of: {', '.join(imitations)}")

    async def work(stop: asyncio.Event) -> None:
        folder = None if memory else data or settings.data / "sandbox"
        routes = tuple(faults_at or ())
        serving = imitation(settings.host, port, folder=folder, faults=faults, seed=seed, routes=routes)
        async with AsyncExitStack() as stack:
            try:
                url = await stack.enter_async_context(serving)
            except (OSError, ValueError) as error:
                raise WrongUsage(f"the sandbox cannot start: {error}") from error
            _out.print(f"{system} sandbox at {url}", highlight=False)
            _out.print(
                f"its page: {url}/_sandbox    its books: {folder or 'nothing is kept'}", highlight=False, soft_wrap=True
            )
            if system == "fortnox":
                _out.print(
                    f"BOKBUSS_FORTNOX__API_URL={url}/3\nBOKBUSS_FORTNOX__AUTH_URL={url}/oauth-v1", highlight=False
                )
            await stop.wait()

    asyncio.run(until_signal(work))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the table, with 0 if all is accounted for.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
) -> None:
    """Play a week of two made-up companies on everything that is real but Fortnox, and tie it out to the öre."""
    from infra import demo as made_up  # noqa: PLC0415 - it uses this module, and serves everything

    settings = load()

    async def work(stop: asyncio.Event) -> None:
        raise typer.Exit(await made_up.run(settings, stop, once=once, as_json=as_json))

    asyncio.run(until_signal(work))


# --- Companies --------------------------------------------------------------------------------------------------

_LIST = text(
    """select t.tenant, t.organisation_number, t.database_number, s.version as settings_version,
              (select count(*) from flow_state f where f.tenant = t.tenant
                 and f.waiting = any(cast(:lacking as text[]))) as configuring
       from tenants t left join settings s using (tenant) order by tenant"""
)


def in_office(work: Callable[[Office], Coroutine[Any, Any, None]]) -> None:
    """Run a command that needs the database, and maybe the broker; log nothing but warnings beside what it says."""
    settings = load()
    telemetry.configure("WARNING")

    async def main() -> None:
        async with office(settings) as place:
            await work(place)

    asyncio.run(main())


async def add_tenant(
    place: Office,
    tenant: str,
    *,
    organisation_number: str | None,
    database_number: int | None,
    new_secrets: bool = False,
    change: bool = False,
) -> dict[str, str]:
    """Add a company or change what is known of it; return the signing secrets made now, by system."""
    host = Host(place.settings, place.engine, await open_vault(place.engine, place.settings))
    return await tenants.add(
        host,
        tenant,
        organisation_number=organisation_number,
        database_number=database_number,
        new_secrets=new_secrets,
        change=change,
    )


@tenant_app.command("add")
def tenant_add(
    tenant: Annotated[str, typer.Argument(help="lower-case letters, digits and hyphens")],
    org: Annotated[str | None, typer.Option(help="organisation number, as 556016-0680")] = None,
    database_number: Annotated[int | None, typer.Option(help="Fortnox's DatabaseNumber (its TenantId)")] = None,
    new_secrets: Annotated[bool, typer.Option("--new-secrets", help="replace the signing secrets")] = False,
    change: Annotated[bool, typer.Option("--change", help="replace an organisation number that is known")] = False,
    as_json: Json = False,
) -> None:
    """Add a company, or change what is known of it; print, once, the secrets that its systems sign with."""
    if not is_tenant_id(tenant):
        raise typer.BadParameter("a company's name here is lower-case letters, digits and hyphens, 63 at most")
    try:
        number = identities.organisation_number(org) if org is not None else None
    except identities.Invalid as error:
        raise typer.BadParameter(f"--org is no organisation number: {identities.WHY[error.code]}") from None

    async def work(place: Office) -> None:
        try:
            made = await add_tenant(
                place,
                tenant,
                organisation_number=number,
                database_number=database_number,
                new_secrets=new_secrets,
                change=change,
            )
        except tenants.OtherNumber as error:
            raise WrongUsage(
                f"{tenant} is known with the organisation number {error}: another company needs a name of its own; if "
                "that number was wrong, say --change"
            ) from None
        except Taken as taken:
            other = taken.holder
            raise WrongUsage(
                f"Fortnox's company {database_number} is {other}'s: bokbuss connection show {other}"
            ) from None
        if as_json:
            _print_json({"tenant": tenant, "signing_secrets": made})
            return
        _out.print(f"{tenant} is known. Next: bokbuss settings apply {tenant} FILE", highlight=False)
        for system, secret in made.items():
            _out.print(f"signing secret for {system} (shown once): {secret}", highlight=False, soft_wrap=True)

    in_office(work)


@tenant_app.command("list")
def tenant_list(as_json: Json = False) -> None:
    """List the companies, and how their connections are."""
    lacking = [reason for flow in registry.flows() for reason in flow.lacking]

    async def work(place: Office) -> None:
        async with place.engine.connect() as connection:
            rows = [dict(row) for row in (await connection.execute(_LIST, {"lacking": lacking})).mappings()]
        everything = await Connections(place.engine, await open_vault(place.engine, place.settings)).all()
        for row in rows:
            if (number := row["organisation_number"]) and (not as_json or identities.is_sole_trader(number)):
                row["organisation_number"] = identities.shown_organisation(number)
            row["connections"] = {h.system: at_a_glance(h) for h in everything if h.tenant == row["tenant"]}
        if as_json:
            _print_json(rows)
            return
        table = Table("company", "organisation number", "Fortnox database", "settings version", "connections")
        for row in rows:
            known = [str(row[name]) if row[name] is not None else "-" for name in list(row)[:4]]
            known[-1] += f", configuring: {row['configuring']} wait" if row["configuring"] else ""
            said = [f"{name}: {in_words(how)}" for name, how in row["connections"].items()]
            table.add_row(*known, "\n".join(said) or health(None, 0.0))
        _out.print(table)

    in_office(work)


@tenant_app.command("pause")
def tenant_pause(tenant: str, system: System = "fortnox", by: By = None, as_json: Json = False) -> None:
    """Let a company's orders for a system wait, in their order, until it is resumed."""

    async def work(place: Office) -> None:
        connections = Connections(place.engine, await open_vault(place.engine, place.settings))
        if not await connections.pause(tenant, system, asker(by)):
            raise Failed(f"{tenant} has no connection to {system} that works now: bokbuss tenant list")
        _print_json({"paused": tenant}) if as_json else _out.print(f"{tenant} is paused", highlight=False)

    in_office(work)


@tenant_app.command("resume")
def tenant_resume(tenant: str, system: System = "fortnox", by: By = None, as_json: Json = False) -> None:
    """Let a paused company's orders go on."""

    async def work(place: Office) -> None:
        connections = Connections(place.engine, await open_vault(place.engine, place.settings))
        if not await connections.resume(tenant, system, asker(by)):
            raise Failed(f"{tenant} is not paused at {system}: bokbuss tenant list")
        _print_json({"resumed": tenant}) if as_json else _out.print(f"{tenant} goes on", highlight=False)

    in_office(work)


@tenant_app.command("remove")
def tenant_remove(
    tenant: str,
    yes: Annotated[bool, typer.Option("--yes", help="also while orders are under way, or something is held")] = False,
    force: Annotated[bool, typer.Option("--force", help="also when a system cannot be told that it has ended")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Remove a company: its consents are revoked, and all that is its own is deleted. Its audit trail is kept."""

    async def work(place: Office) -> None:
        await tenants.must_be_known(place.engine, tenant)
        if (still := await tenants.still_open(place.engine, tenant)) and not yes:
            raise Failed(
                f"{tenant} is not removed, for these would be withdrawn: {_counted(still)}. End them first (bokbuss "
                f"held list --tenant {tenant}), or say --yes."
            )
        host = Host(place.settings, place.engine, await open_vault(place.engine, place.settings))
        try:
            removed = await tenants.remove(host, await place.producer(), tenant, by=asker(by), force=force)
        except NotRevoked as error:
            raise Failed(f"{tenant} is not removed: {error}. Do it again, or all the same: --force") from None
        if as_json:
            told = {"kept_under": removed.under, "left_to_do": removed.left_to_do, "withdrawn": asdict(still)}
            _print_json({"removed": tenant, **told})
            return
        _say(f"{tenant} is removed, with all that was its own" + (f"; withdrawn: {_counted(still)}" if still else ""))
        for what in removed.left_to_do:
            _say(f"left to do: {what}")
        _say(f"its trail is kept: bokbuss audit --tenant {removed.under}")

    in_office(work)


def _say(line: str) -> None:
    _out.print(line, highlight=False)


def _counted(still: tenants.Open) -> str:
    counts = {
        "orders that wait": still.waiting,
        "orders whose answer is not known (they may have been carried out)": still.doubtful,
        "holds": still.holds,
        "dead letters": still.letters,
    }
    return ", ".join(f"{what}: {count}" for what, count in counts.items() if count)


# --- Payloads and messages --------------------------------------------------------------------------------------


@app.command()
def publish(
    system: Annotated[str, typer.Argument(help="whose payload it is")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    tenant: Annotated[str, typer.Option(help="the company")],
    as_json: Json = False,
) -> None:
    """Accept a payload from a file."""
    if (source := registry.sources().get(system)) is None:
        raise typer.BadParameter(f"payloads can come from: {', '.join(registry.sources())}")

    async def work(place: Office) -> None:
        vault = await open_vault(place.engine, place.settings)
        acceptor = Acceptor(engine=place.engine, producer=await place.producer(), vault=vault)
        try:
            with file.open("rb") as opened:
                payload = read_payload(opened, place.settings.max_body)
            accepted = await acceptor.accept(tenant=tenant, source=source, payload=payload)
        except Malformed as error:
            raise Failed(f"{file} was not accepted:\n  " + "\n  ".join(error.problems)) from None
        if as_json:
            _print_json({"event_ids": accepted.event_ids})
        else:
            for event_id in accepted.event_ids:
                _out.print(f"accepted {event_id}", highlight=False)

    in_office(work)


@app.command()
def topics(
    as_asyncapi: Annotated[bool, typer.Option("--asyncapi", help="the whole AsyncAPI document, as JSON")] = False,
    as_json: Json = False,
) -> None:
    """Tell what travels on which topic."""
    from schemas.asyncapi import asyncapi  # noqa: PLC0415 - only this command waits for it
    from schemas.topics import TOPICS  # noqa: PLC0415 - the name is this command's

    if as_asyncapi:
        _print_json(asyncapi())
    elif as_json:
        _print_json([{"topic": t.name, "messages": [m.__name__ for m in t.messages]} for t in TOPICS])
    else:
        table = Table("topic", "carries", "messages")
        for topic in TOPICS:
            table.add_row(topic.name, topic.carries, ", ".join(m.__name__ for m in topic.messages))
        _out.print(table)


def _print_json(value: Any) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


_WRONG = (
    broker.BrokerUnavailable,
    broker.WrongTopic,
    database.DatabaseUnavailable,
    embedded.InUse,
    embedded.Unwritable,
    UnknownTenant,
    WrongKey,
)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 something is held or failed, 2 wrong usage or settings."""
    for system in registry.systems().values():
        if system.commands is not None:
            app.add_typer(system.commands())
    try:
        app()
    except Failed as error:
        _fail(str(error), error.code)
    except Unavailable as error:
        _fail(str(error), 1)
    except _WRONG as error:
        _fail(str(error), 2)
    except ValidationError as error:
        problems = "\n".join(f"  BOKBUSS_{'__'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        _fail(f"the environment is not right:\n{problems}", 2)


def _fail(message: str, code: int) -> None:
    _err.print(f"bokbuss: {message}", highlight=False, soft_wrap=True)
    sys.exit(code)
