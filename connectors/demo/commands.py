"""The command of the demo."""

import asyncio
from typing import Annotated

import typer

from infra.ending import until_signal
from infra.environment import load


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the table, with 0 if all is accounted for.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
) -> None:
    """Play a week of two made-up companies on everything that is real but Fortnox, and tie it out to the öre."""
    from connectors.demo.stage import run

    settings = load()

    async def work(stop: asyncio.Event) -> None:
        raise typer.Exit(await run(settings, stop, once=once, as_json=as_json))

    asyncio.run(until_signal(work))
