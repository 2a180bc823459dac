"""Values in plain words: times, amounts, and columns of text. Pure."""

import textwrap
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from schemas.base import SWEDEN, Language
from schemas.words import amount as in_language

WIDTH = 80
"""Columns of a terminal that nobody has made wider."""


def when(at: datetime) -> str:
    """Return a time as the clock on the wall shows it: ``2026-04-10 23:41:07``; JSON has it in UTC."""
    return at.astimezone(SWEDEN).strftime("%Y-%m-%d %H:%M:%S")


def money(amount: Decimal | None, language: Language | None = None) -> str:
    """Return an amount with its thousands apart: ``34 464.50`` on a terminal, on pages as their language has it."""
    if amount is None:
        return ""
    return in_language(amount, language) if language else f"{amount:,.2f}".replace(",", " ")


def rule(name: str) -> str:
    """Return a rule's name as the sentence that it is."""
    return name.replace("_", " ")


def wrapped(text: str, indent: int = 0, hanging: int | None = None) -> tuple[str, ...]:
    """Return a text as lines of 80 columns at most; ``hanging`` is what all but the first one are indented by."""
    later = indent + 2 if hanging is None else hanging
    return tuple(
        textwrap.wrap(
            text,
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * later,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
    )


_GAP = 2
_INDENT = "    "


def columns(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset(), width: int = 0) -> tuple[str, ...]:
    """Return rows as lines of text whose columns stand under each other; ``right`` names those flush right.

    Where a row is wider than ``width`` (0: nothing is), its last columns stand in lines of their own, further in.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines: list[list[int]] = [[]]
    used = 0
    for number, own in enumerate(widths):
        if lines[-1] and width and used + _GAP + own > width:
            lines.append([])
            used = len(_INDENT)
        used += own + (_GAP if lines[-1] else 0)
        lines[-1].append(number)
    return tuple(
        line
        for row in rows
        for depth, numbers in enumerate(lines)
        if (line := _line(row, numbers, widths, right, _INDENT if depth else ""))
    )


def _line(row: Sequence[str], numbers: Sequence[int], widths: Sequence[int], right: frozenset[int], indent: str) -> str:
    cells = (row[n].rjust(widths[n]) if n in right else row[n].ljust(widths[n]) for n in numbers)
    return (indent + (" " * _GAP).join(cells)).rstrip()
