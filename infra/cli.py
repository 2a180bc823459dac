"""The ``bokbuss`` command: roles, companies and payloads; the verbs of plugins join it."""

import asyncio
import gc
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from infra import clock, folders, registry, store, telemetry
from infra.access.vault import WrongKey, open_vault
from infra.commanding import Failed, Json, Office, WrongUsage, in_office, one_of, print_json, print_lines
from infra.embedded import broker
from infra.embedded.runtime import kept, services
from infra.ending import until_signal
from infra.environment import WrongEnvironment, load
from infra.intake.accepting import Acceptor, Unavailable, read_payload
from infra.kafka import cluster
from infra.plugin import Malformed
from infra.settings import ROLES, Role, Settings
from infra.tenant_commands import tenant_app
from infra.tenants import UnknownTenant

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What happens in a Swedish company's systems reaches its ledger: once, correctly, and provably.",
)
app.add_typer(tenant_app, name="tenant")

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
            await cluster.ensure_topics(kafka.bootstrap)
            _out.print(f"BOKBUSS_KAFKA__BOOTSTRAP={kafka.bootstrap}")
            async with kept([kafka]):
                await stop.wait()
        finally:
            await asyncio.to_thread(kafka.stop)

    asyncio.run(until_signal(work))


@app.command()
def sandbox(
    system: Annotated[str, typer.Argument(help="whose imitation; unset: of the ledger")] = "",
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8322,
    data: Annotated[
        Path | None, typer.Option(file_okay=False, help="where its books are kept; unset: BOKBUSS_DATA/sandbox")
    ] = None,
    memory: Annotated[bool, typer.Option("--memory", help="keep nothing")] = False,
    faults: Annotated[float, typer.Option(min=0, max=1, help="share of the calls that go wrong")] = 0.0,
    seed: Annotated[str, typer.Option(help="which of them; the same calls get the same faults")] = "0",
    faults_at: Annotated[list[str] | None, typer.Option(help='such as "POST /3/vouchers"; unset: at any call')] = None,
) -> None:
    """Run an imitation of an outside party; the ledger's books are kept between starts."""
    settings = _load()
    if memory and data:
        raise typer.BadParameter("--memory keeps nothing: leave out --data")
    imitations = {name: s.sandbox for name, s in registry.systems().items() if s.sandbox is not None}
    system = system or registry.ledger()
    imitation = imitations[one_of(system, imitations, "sandbox")]
    if data and not registry.systems()[system].sandbox_keeps:
        raise typer.BadParameter(f"the sandbox of {system} keeps nothing: leave out --data")

    async def work(stop: asyncio.Event) -> None:
        keeps = registry.systems()[system].sandbox_keeps and not memory
        folder = (data or settings.data / "sandbox") if keeps else None
        routes = tuple(faults_at or ())
        serving = imitation(settings.host, port, folder=folder, faults=faults, seed=seed, routes=routes)
        async with AsyncExitStack() as stack:
            try:
                url = await stack.enter_async_context(serving)
            except (OSError, ValueError) as error:
                raise WrongUsage(f"the sandbox cannot start: {error}") from error
            _out.print(f"{system} sandbox at {url}", highlight=False)
            _out.print(f"its page: {url}/_sandbox", highlight=False, soft_wrap=True)
            _out.print(f"its books: {folder}" if folder else "nothing is kept", highlight=False, soft_wrap=True)
            for name, value in registry.systems()[system].sandbox_at(url).items():
                _out.print(f"BOKBUSS_{system}__{name}".upper() + f"={value}", highlight=False)
            await stop.wait()

    asyncio.run(until_signal(work))


# --- Payloads and messages --------------------------------------------------------------------------------------


@app.command()
def publish(
    system: Annotated[str, typer.Argument(help="whose payload it is")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    tenant: Annotated[str, typer.Option(help="the company")],
    as_json: Json = False,
) -> None:
    """Accept a payload from a file."""
    source = registry.sources()[one_of(system, registry.sources(), "system")]

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
            print_json({"event_ids": accepted.event_ids})
        else:
            for event_id in accepted.event_ids:
                typer.echo(f"accepted {event_id}")

    in_office(work, tenant)


@app.command()
def topics(
    as_asyncapi: Annotated[bool, typer.Option("--asyncapi", help="the whole AsyncAPI document, as JSON")] = False,
    as_json: Json = False,
) -> None:
    """Tell what travels on which topic."""
    from schemas.asyncapi import asyncapi  # noqa: PLC0415 - only this command waits for it
    from schemas.topics import TOPICS  # noqa: PLC0415 - the name is this command's

    if as_asyncapi:
        print_json(asyncapi())
    elif as_json:
        print_json([{"topic": t.name, "messages": [m.__name__ for m in t.messages]} for t in TOPICS])
    else:
        table = Table(Column("topic", no_wrap=True), "carries", "messages")
        for topic in TOPICS:
            table.add_row(topic.name, topic.carries, ", ".join(m.__name__ for m in topic.messages))
        _out.print(table)


_WRONG = (
    cluster.BrokerUnavailable,
    cluster.WrongTopic,
    store.DatabaseUnavailable,
    folders.InUse,
    folders.Unwritable,
    UnknownTenant,
    WrongEnvironment,
    WrongKey,
)


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 something is held or failed, 2 wrong usage or settings."""
    for system in registry.systems().values():
        if system.commands is not None:
            app.add_typer(system.commands())
    debug = "--debug" in sys.argv
    sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
    try:
        _must_be_text(sys.argv[1:])
        app()
    except Failed as error:
        _fail(str(error), error.code)
    except Unavailable as error:
        _fail(str(error), 1)
    except _WRONG as error:
        _fail(str(error), 2)
    except Exception as error:
        if debug:
            raise
        _fail(*_unforeseen(error))


def _must_be_text(words: Sequence[str]) -> None:
    """Refuse words that no text can hold: bytes that are not UTF-8, NUL."""
    for number, word in enumerate(words, 1):
        if "\0" in word or any("\ud800" <= character <= "\udfff" for character in word):
            raise WrongUsage(f"word {number} of the command is no text in UTF-8: {word!a}")


def _unforeseen(error: Exception) -> tuple[str, int]:
    """Return what to say of an error that nothing has caught, and the exit code; its story goes into a file."""
    data = load().data
    if isinstance(error, OSError) and error.filename is not None:
        where, why = Path(os.fsdecode(error.filename)), error.strerror
        if data.absolute() in (where.absolute(), *where.absolute().parents):
            return f"the data folder {data} cannot be used: {where}: {why}. Another one: BOKBUSS_DATA=FOLDER", 2
        return f"{where}: {why}", 2
    story = "".join(traceback.format_exception(error))
    name = f"error-{clock.now():%Y%m%dT%H%M%S}.txt"
    for place in (data, Path(tempfile.gettempdir())):
        with suppress(OSError):
            file = place / name
            file.write_text(story, errors="backslashreplace")
            file.chmod(0o600)
            return f"something is wrong with bokbuss itself: {type(error).__name__}. Its story is in {file}", 1
    return f"something is wrong with bokbuss itself: {type(error).__name__}. To see its story: --debug", 1


def _fail(message: str, code: int) -> None:
    print_lines(f"bokbuss: {message}".splitlines(), err=True)
    sys.exit(code)
