"""How a command of the desk runs, waits, and says what it found."""

from collections.abc import Awaitable, Callable

import typer

from infra import clock
from infra.commanding import Json, Office, in_office, print_json, print_lines

__all__ = ["POLL", "Json", "print_json", "print_lines", "progress", "run", "until"]

POLL = 0.2
"""Seconds between two looks."""


def run(work: Callable[[Office], Awaitable[None]], tenant: str | None = None, *, reads: bool = False) -> None:
    """Run a command's work about a company, or all (see ``office``). Ctrl-C is how ``--follow`` ends."""
    try:
        in_office(work, tenant, reads=reads)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


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
