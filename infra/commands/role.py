"""The verbs of processes that serve: roles, the broker alone, a sandbox."""

import asyncio
import gc
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra import telemetry
from infra.commanding import WrongUsage, one_of
from infra.ending import say, until_signal
from infra.environment import load
from infra.settings import ROLES, KafkaSettings, Role, Settings

_out = Console()

RoleName = StrEnum("RoleName", {role: role for role in ROLES})  # type: ignore[misc] # the roles are a Literal


def _load() -> Settings:
    settings = load()
    telemetry.configure(settings.log_level)
    return settings


def _serve(names: tuple[Role, ...]) -> None:
    from infra import roles
    from infra.embedded.runtime import services

    settings = _load()
    gc.freeze()  # what is loaded stays

    async def work(stop: asyncio.Event) -> None:
        async with services(settings) as running:
            named = running.apply(settings)
            await roles.run(named, names, stop, lambda url: say(f"bokbuss: {', '.join(names)} at {url}"))

    asyncio.run(until_signal(work))


def up() -> None:
    """Run everything in this process: broker and database too, unless the environment names them."""
    _serve(ROLES)


def run(names: Annotated[list[RoleName], typer.Argument(help="sources, flows, sinks, desk")]) -> None:
    """Run some roles in this process; many processes share the work."""
    _serve(tuple(role for role in ROLES if role in {n.value for n in names}))


def broker() -> None:
    """Run only the embedded Kafka, with its topics."""
    from infra.embedded.broker import EmbeddedKafka
    from infra.embedded.runtime import kept
    from infra.kafka.cluster import ensure_topics

    settings = _load()

    async def work(stop: asyncio.Event) -> None:
        kafka = EmbeddedKafka(settings.data)
        try:
            await asyncio.to_thread(kafka.start)
            await ensure_topics(KafkaSettings(bootstrap=kafka.bootstrap))
            _out.print(f"BOKBUSS_KAFKA__BOOTSTRAP={kafka.bootstrap}")
            async with kept([kafka]):
                await stop.wait()
        finally:
            await asyncio.to_thread(kafka.stop)

    asyncio.run(until_signal(work))


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
    from infra import registry
    from infra.plugin import Imitation

    settings = _load()
    if memory and data:
        raise typer.BadParameter("--memory keeps nothing: leave out --data")
    imitations = [name for name, s in registry.systems().items() if s.sandbox]
    system = one_of(system or registry.ledger(), imitations, "sandbox")
    imitation = registry.sandbox(system)
    if data and not registry.systems()[system].sandbox_keeps:
        raise typer.BadParameter(f"the sandbox of {system} keeps nothing: leave out --data")

    async def work(stop: asyncio.Event) -> None:
        keeps = registry.systems()[system].sandbox_keeps and not memory
        folder = (data or settings.data / "sandbox") if keeps else None
        serving = imitation(Imitation(settings.host, port, folder, faults, seed, tuple(faults_at or ())))
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
