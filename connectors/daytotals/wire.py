"""A CSV file as its lines and cells, by what the columns mean; amounts and days as the settings say they are."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import Final

from infra.plugin import Malformed
from schemas.base import SWEDEN, seen
from schemas.daytotals import DayTotalsSettings, Meaning, meaning
from schemas.money import ORE

_MOST_LINES: Final = 5_000
_MOST_CELLS: Final = 200
_CODECS: Final = {"utf-8": "utf-8-sig"}
_DATES: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short>\d{2})",
    "MM": r"(?P<month>\d{2})",
    "DD": r"(?P<day>\d{2})",
}
_TIME: Final = r"[ T](?P<hour>\d{2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?"
_SPACES: Final = " \u00a0\u202f"
_CENTURY: Final = 2000


class Odd(ValueError):
    """A cell is not written as the settings say; the message says how it should be."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file: its number, and its cells by what they mean; or why they cannot be told apart."""

    number: int
    cells: Mapping[Meaning, str]
    problem: str = ""


def lines(raw: bytes, settings: DayTotalsSettings) -> Iterator[Line]:
    """Yield the lines below the headings that are not empty. Raises Malformed.

    Many programs end each line with a separator, or only some: what stands under no heading must be empty.
    """
    rows = _rows(raw, settings)
    meanings = _meanings(next(rows, (settings.headings, []))[1], settings)
    for count, (number, cells) in enumerate(rows):
        if count >= _MOST_LINES:
            raise Malformed([f"file: it has more than {_MOST_LINES:,} lines"])
        if len(cells) < len(meanings) or any(cell.strip() for cell in cells[len(meanings) :]):
            yield Line(number, {}, f"it has {len(cells)} cells, and there are {len(meanings)} headings")
            continue
        pairs = [(one, cell.strip() if seen(cell) else "") for one, cell in zip(meanings, cells, strict=False)]
        if any(cell for one, cell in pairs if one is None):
            yield Line(number, {}, "something stands in a column that has no heading")
            continue
        yield Line(number, {one: cell for one, cell in pairs if one is not None and one.kind != "ignored"})


def _rows(raw: bytes, settings: DayTotalsSettings) -> Iterator[tuple[int, list[str]]]:
    """Yield each line's number and cells, from the headings on."""
    try:
        content = raw.decode(_CODECS.get(settings.encoding, settings.encoding))
    except UnicodeDecodeError as error:
        raise Malformed([f"file: not {settings.encoding}, from byte {error.start}; say another encoding"]) from None
    separator = "\t" if settings.separator == "tab" else settings.separator
    rows = csv.reader(StringIO(content, newline=""), delimiter=separator, strict=True)
    try:
        for cells in rows:
            if rows.line_num >= settings.headings and any(cell.strip() for cell in cells):
                yield rows.line_num, cells
    except csv.Error:
        raise Malformed([f"line {rows.line_num}: its quotation marks do not end, or a cell is too long"]) from None


def _meanings(headings: list[str], settings: DayTotalsSettings) -> tuple[Meaning | None, ...]:
    """Return what each column means, up to the last that has a heading; None: it has none.

    Raises Malformed: a heading is not known, or one that is needed is not there.
    """
    headings = [" ".join(heading.split()) for heading in headings]
    while headings and not headings[-1]:
        headings.pop()
    if not headings or len(headings) > _MOST_CELLS:
        raise Malformed([f"headings: line {settings.headings} has none, or more than {_MOST_CELLS}"])
    named = {" ".join(column.column.split()): column.holds for column in settings.columns}
    found, problems = list[Meaning | None](), list[str]()
    for number, heading in enumerate(headings, 1):
        if not heading:
            found.append(None)
            continue
        said = named.get(heading) if settings.columns else heading
        try:
            found.append(meaning(said or ""))
        except ValueError:  # what stands there may be a value: a file without headings
            problems.append(f"headings: that of column {number} is not known; say in columns what it holds, or ignored")
    problems += [f"headings: there is no {heading}" for heading in named if heading not in headings]
    if lacking := problems or settings.lacks(filter(None, found)):
        raise Malformed(lacking)
    return tuple(found)


def amount(cell: str, settings: DayTotalsSettings) -> Decimal:
    """Return an amount; an empty cell is nothing. Raises Odd."""
    if not cell:
        return Decimal(0)
    thousands = f"[{_SPACES}]" if settings.thousands == " " else re.escape(settings.thousands)
    whole = rf"\d{{1,3}}(?:{thousands}\d{{3}})+|\d{{1,12}}" if settings.thousands else r"\d{1,12}"
    pattern = rf"([-\u2212]?)({whole})(?:{re.escape(settings.decimal)}(\d{{1,2}}))?"
    if (found := re.fullmatch(pattern, cell, re.ASCII)) is None:
        raise Odd(f"an amount is written like 1{settings.thousands}234{settings.decimal}50")
    minus, digits, ore = found.groups()
    value = Decimal(f"{re.sub(r'[^0-9]', '', digits)}.{ore or '00'}").quantize(ORE)
    return -value if minus else value


def whole(cell: str) -> int:
    """Return a number without decimals. Raises Odd."""
    if not re.fullmatch(r"\d{1,9}", cell, re.ASCII):
        raise Odd("a whole number is wanted")
    return int(cell)


def day(cell: str, settings: DayTotalsSettings) -> date:
    """Return a day. Raises Odd."""
    return _moment(cell, settings, "").date()


def moment(cell: str, settings: DayTotalsSettings) -> datetime:
    """Return a day and a time of it, of Sweden's clocks. Raises Odd."""
    return _moment(cell, settings, _TIME)


def midnight(on: date) -> datetime:
    """Return the first moment of a day in Sweden."""
    return datetime(on.year, on.month, on.day, tzinfo=SWEDEN)


def _moment(cell: str, settings: DayTotalsSettings, time: str) -> datetime:
    pattern = re.sub("YYYY|YY|MM|DD", lambda part: _DATES[part[0]], re.escape(settings.date).replace("\\-", "-"))
    found = re.fullmatch(pattern + time, cell, re.ASCII)
    written = f"{settings.date} HH:MM:SS" if time else settings.date
    if found is None:
        raise Odd(f"it is written like {written}")
    parts = {name: int(part) for name, part in found.groupdict().items() if part is not None}
    year = parts.get("year") or _CENTURY + parts.get("short", 0)
    try:
        return datetime(
            year,
            parts["month"],
            parts["day"],
            parts.get("hour", 0),
            parts.get("minute", 0),
            parts.get("second", 0),
            tzinfo=SWEDEN,
        )
    except ValueError:
        raise Odd("there is no such day or time") from None
