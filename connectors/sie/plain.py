"""Reads vouchers as most programs write them, by regular expressions: many times faster than line by line. Pure.

What is written otherwise is left to ``reading``, which gives the same where both can read it: a property test says so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import accumulate, compress, count, repeat
from operator import add, sub
from typing import Final, NoReturn, overload

from connectors.sie.checking import ZERO, Checks
from connectors.sie.lexing import Broken, fields
from connectors.sie.model import Objects, Row, RowKind, Voucher

_DAY = re.compile(r"(?:19|20|21)[0-9]{6}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_REMEMBERED: Final = 20_000
"""Object lists that are remembered; then they are forgotten and learnt anew. So it is with how rows begin."""

_BLANKS = r"[ \t]++"
_QUOTED = r'"([^"\\\t\n]*+)"'
_CODE = r'("[^"\\\t\n]*+"|[^ "\\\t\n]++)'
_PERHAPS_DAY = r'([0-9]{8}|"")'
_ROW = re.compile(
    rf"#TRANS{_BLANKS}([^}}\n]{{1,500}}+)\}}{_BLANKS}(-?[0-9]{{1,15}}(?:\.[0-9]{{1,2}})?+)"
    rf"(?:{_BLANKS}{_PERHAPS_DAY}(?:{_BLANKS}{_QUOTED}"
    rf'(?:{_BLANKS}(-?[1-9][0-9]{{0,14}}(?:\.[0-9]{{1,15}})?+|"")(?:{_BLANKS}{_QUOTED}|)|)|)|)[ \t]*+\n[ \t]*+',
    re.ASCII,
)
"""A row, and the blanks that the next one begins with: a pattern that begins with a text is found many times faster."""
_BEGINNING = re.compile(rf'([^ "\\\t{{}}]++){_BLANKS}\{{([^"\\{{}}]*+(?:"[^"\\\t{{}}]*+"[^"\\{{}}]*+)*+)', re.ASCII)
"""Account and object list, up to its end. A brace in quotation marks ends it too early, and leaves one mark alone."""
_ROWS: Final = "\0"
"""Stands where the rows of a voucher were; no text has it."""
_LINES: Final = 3
"""Of a voucher, besides its rows."""
_VOUCHER = re.compile(
    rf"#VER{_BLANKS}{_CODE}{_BLANKS}{_CODE}{_BLANKS}([0-9]{{8}})"
    rf"(?:{_BLANKS}{_QUOTED}(?:{_BLANKS}{_PERHAPS_DAY}(?:{_BLANKS}{_QUOTED}|)|)|)[ \t]*+\n"
    rf"[ \t]*+\{{[ \t]*+\n[ \t]*+({_ROWS}?)\}}[ \t]*+\n",
    re.ASCII,
)


class Days(dict[str | None, date | None]):
    """Days by how they are written; each is read once, and there are few."""

    def __init__(self) -> None:
        super().__init__({None: None, "": None, '""': None})

    def __missing__(self, text: str) -> date | None:
        if not _DAY.fullmatch(text):
            raise ValueError("expected a day as YYYYMMDD, of the years 1900 to 2199")
        try:
            day = self[text] = date(int(text[:4]), int(text[4:6]), int(text[6:]))
        except ValueError:
            raise ValueError("there is no such day in the calendar") from None
        return day


class Lists(dict[tuple[str, ...], Objects]):
    """Object lists by their tokens.

    Attributes:
        dimensions: those that were seen in them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dimensions: set[int] = set()

    def __missing__(self, tokens: tuple[str, ...]) -> Objects:
        if len(tokens) % 2:
            raise ValueError("expected pairs of a dimension's number and an object")
        if not all(map(_NUMBER.fullmatch, tokens[::2])):
            raise ValueError("expected a dimension's number before each object")
        if len(self) >= _REMEMBERED:
            self.clear()
        objects = self[tokens] = tuple(zip(map(int, tokens[::2]), tokens[1::2], strict=True))
        if len(self.dimensions) < _REMEMBERED:
            self.dimensions.update(dimension for dimension, _ in objects)
        return objects


class _Beginnings(dict[str, tuple[RowKind, str, Objects]]):
    """Kind, account and objects by how a row begins with them: many begin alike."""

    def __init__(self, lists: Lists) -> None:
        super().__init__()
        self._lists = lists

    def __missing__(self, text: str) -> tuple[RowKind, str, Objects]:
        found = _BEGINNING.fullmatch(text)
        if found is None:
            raise ValueError("expected an account and an object list")
        objects = self._lists[tuple(map(str, fields(found[2], None, _odd)))]
        if len(self) >= _REMEMBERED:
            self.clear()
        beginning = self[text] = (RowKind.BOOKED, found[1], objects)
        return beginning


class Columns:
    """The rows of many vouchers by column, as they are written; what is not there is None.

    Attributes:
        beginnings: account and object list, up to its end: ``1510 {1 "10"``.
        amounts: read; ``digits`` are they as they are written.
        begun, read_days: what beginnings and days say.
    """

    def __init__(
        self, columns: Sequence[list[str]], begun: Mapping[str, tuple[RowKind, str, Objects]], read_days: Days
    ) -> None:
        self.beginnings, self.digits, self.days, self.texts, self._quantities, self._signs = columns
        self.amounts = [*map(Decimal, self.digits)]
        self.begun, self.read_days = begun, read_days

    @property
    def quantities(self) -> Iterable[Decimal | None]:
        """Read; few files have any."""
        found = self._quantities
        if not any(found):
            return repeat(None, len(found))
        return [Decimal(text) if text and text != '""' else None for text in found]

    @cached_property
    def rows(self) -> list[Row]:
        """All rows, made when somebody looks at the first one."""
        begun, days = map(self.begun.__getitem__, self.beginnings), map(self.read_days.__getitem__, self.days)
        tails = zip(self.amounts, days, _texts(self.texts), self.quantities, _texts(self._signs), strict=True)
        return [*map(tuple.__new__, repeat(Row), map(add, begun, tails))]


class Rows(Sequence[Row]):
    """The rows of a voucher, made when somebody looks at one: equal to the tuple of them.

    Attributes:
        columns: what they are made of, with the rows of other vouchers.
        first, end: which of these they are.
    """

    __slots__ = ("columns", "end", "first")

    def __init__(self, columns: Columns, first: int, end: int) -> None:
        self.columns = columns
        self.first = first
        self.end = end

    def __len__(self) -> int:
        """Return how many there are."""
        return self.end - self.first

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        """Return one, or some."""
        return tuple(self)[index]

    def __iter__(self) -> Iterator[Row]:
        """Go through them."""
        return iter(self.columns.rows[self.first : self.end])

    def __eq__(self, other: object) -> bool:
        """Whether they are the same."""
        return tuple(self) == tuple(other) if isinstance(other, Rows | tuple) else NotImplemented

    def __hash__(self) -> int:
        """Return what the tuple has."""
        return hash(tuple(self))

    def __repr__(self) -> str:
        """Show the tuple."""
        return repr(tuple(self))


class Plain:
    """What plain vouchers are read with.

    Args:
        days, lists: those of the file.
        checks: is told of each voucher.
        most_accounts, most_rows: how many the file and a voucher may have.
    """

    def __init__(self, days: Days, lists: Lists, checks: Checks, *, most_accounts: int, most_rows: int) -> None:
        self._days = days
        self._begun = _Beginnings(lists)
        self._checks = checks
        self._most_accounts = most_accounts
        self._most_rows = most_rows

    def vouchers(self, text: str, number: int) -> list[Voucher] | None:
        """Return vouchers; None: there is something else, or something is wrong.

        A file has a million rows: what is done here is done for many at once, column by column, and what many of them
        say is looked at once.

        Args:
            text: whole lines.
            number: of the first one.
        """
        if not text.startswith("#VER"):
            return None
        between, *found = _columns(_ROW, text)
        # Nothing stands between two rows of a voucher; what stands elsewhere must be vouchers without their rows.
        borders = [*compress(count(), between)]
        between, *heads, has_rows = _columns(_VOUCHER, _ROWS.join(filter(None, between)))
        if any(between):
            return None
        if not all(has_rows):  # where one has none, the border stands twice
            sizes = map(sub, borders[1:], borders)
            borders = [*accumulate((next(sizes) if one else 0 for one in has_rows), initial=0)]
        if any(size > self._most_rows for size in map(sub, borders[1:], borders)):
            return None
        columns = Columns(found, self._begun, self._days)
        try:
            moved = self._moved(columns)
            begun = self._heads(*heads)
        except (Broken, ValueError):
            return None
        known = self._checks.moved
        if len(known) + len(moved.keys() - known.keys()) > self._most_accounts:
            return None
        for account, amount in moved.items():
            known[account] += amount
        rows = map(Rows, repeat(columns), borders, borders[1:])
        vouchers = [*map(tuple.__new__, repeat(Voucher), zip(*begun, rows, strict=True))]
        running = [*accumulate(columns.amounts, initial=ZERO)]
        sums = [running[border] for border in borders]
        lines = map(add, borders[:-1], count(number, _LINES))
        for voucher, total, line in zip(vouchers, map(sub, sums[1:], sums), lines, strict=True):
            self._checks.take_voucher(voucher, total, line)
        return vouchers

    def _moved(self, columns: Columns) -> dict[str, Decimal]:
        """Return what each account moved. Raises Broken or ValueError where a row cannot be read."""
        sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for beginning, amount in zip(columns.beginnings, columns.amounts, strict=True):
            sums[beginning] += amount
        moved: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        for beginning, amount in sums.items():
            moved[self._begun[beginning][1]] += amount
        for day in {*columns.days}:
            self._days[day]
        return moved

    def _heads(
        self,
        series: list[str],
        numbers: list[str],
        days: list[str],
        texts: list[str],
        registered: list[str],
        signs: list[str],
    ) -> tuple[Iterable[object], ...]:
        codes = (map(str.strip, column, repeat('"')) for column in (series, numbers))
        booked, entered = ([*map(self._days.__getitem__, column)] for column in (days, registered))
        return (*codes, booked, _texts(texts), entered, _texts(signs))


def _columns(pattern: re.Pattern[str], text: str) -> list[list[str]]:
    """Return what stands between the matches, which is one more, and each group of them; what is not there is None."""
    split = pattern.split(text)
    return [split[place :: pattern.groups + 1] for place in range(pattern.groups + 1)]


def _texts(found: list[str]) -> list[str]:
    return [text or "" for text in found] if None in found else found


def _odd(_code: str, place: int, text: str) -> NoReturn:
    """Take a remark where nothing odd is taken."""
    raise Broken(place, text)
