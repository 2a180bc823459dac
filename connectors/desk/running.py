"""How a command of the desk runs, waits, and says what it found."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

import typer

from infra import clock, telemetry
from infra.commanding import Office, office
from infra.settings import load

Json = Annotated[bool, typer.Option("--json", help="For programs.")]
POLL = 0.2
"""Seconds between two looks."""


def run(work: Callable[[Office], Awaitable[None]]) -> None:
    """Run a command's work. Ctrl-C is how ``--follow`` ends."""
    found = load()
    telemetry.configure("WARNING")

    async def main() -> None:
        async with office(found) as place:
            await work(place)

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def print_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        typer.echo(line)


def print_json(value: Any) -> None:
    """Print a value for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def progress(line: str) -> None:
    """Say on the error stream how far it has come."""
    typer.echo(line, err=True)


async def until(check: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Tell whether something came true within some seconds."""
    deadline = clock.monotonic() + seconds
    while not await check():
        if clock.monotonic() >= deadline:
            return False
        await clock.sleep(POLL)
    return True
