"""How a command of the desk, or a page, waits; and how a command says how far it has come."""

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from infra import clock
from schemas.words import Said

POLL = 0.2
"""Seconds between two looks."""
Wait = Annotated[float, typer.Option("--wait", help="Seconds to wait until it has taken effect.")]


def progress(line: str | Said) -> None:
    """Say on the error stream how far it has come."""
    typer.echo(line.en if isinstance(line, Said) else line, err=True)


def quiet(_line: str | Said) -> None:
    """Say nothing: programs read the result."""


def told_in_part(told: int, number: int) -> None:
    """Say on the error stream, for programs too, that a list is not whole."""
    if told < number:
        typer.echo(f"Only {told:,} of {number:,} are listed: with --tenant those of one company.", err=True)


@contextmanager
def bar(length: int, *, hidden: bool = False) -> Iterator[Callable[[int], None]]:
    """Show on the error stream how much of a length is done, where that is a terminal; give what is told of each step.

    Args:
        hidden: programs read the result.
    """
    if hidden or not sys.stderr.isatty():
        yield lambda _done: None
        return
    with typer.progressbar(length=length, file=sys.stderr) as shown:
        yield shown.update


async def until(check: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Tell whether something came true within some seconds."""
    deadline = clock.monotonic() + seconds
    while not await check():
        if clock.monotonic() >= deadline:
            return False
        await clock.sleep(POLL)
    return True
