"""Reads vouchers as most programs write them, by regular expressions: many times faster than line by line. Pure.

What is written otherwise is left to ``reading``, which gives the same where both can read it: a property test says so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise, repeat
from operator import add, itemgetter
from typing import Final, NoReturn

from connectors.sie.checking import ZERO
from connectors.sie.lexing import Broken, fields
from connectors.sie.model import Objects, Row, RowKind, Voucher

_DAY = re.compile(r"(?:19|20|21)[0-9]{6}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_REMEMBERED: Final = 20_000
"""Object lists that are remembered; then they are forgotten and learnt anew. So it is with how rows begin."""

_ACCOUNT, _AMOUNT = itemgetter(1), itemgetter(3)

_BLANKS = r"[ \t]++"
_QUOTED = r'"([^"\\\t\n]*+)"'
_CODE = r'("[^"\\\t\n]*+"|[^ "\\\t\n]++)'
_PERHAPS_DAY = r'([0-9]{8}|"")'
_ROW = re.compile(
    rf"^[ \t]*+#TRANS{_BLANKS}([^}}\n]++)\}}{_BLANKS}(-?[0-9]{{1,15}}(?:\.[0-9]{{1,2}})?+)"
    rf"(?:{_BLANKS}{_PERHAPS_DAY}(?:{_BLANKS}{_QUOTED}"
    rf'(?:{_BLANKS}(-?[1-9][0-9]{{0,14}}(?:\.[0-9]{{1,15}})?+|"")(?:{_BLANKS}{_QUOTED})?+)?+)?+)?+[ \t]*+\n',
    re.ASCII | re.MULTILINE,
)
_BEGINNING = re.compile(rf'([^ "\\\t{{}}]++){_BLANKS}\{{([^"\\{{}}]*+(?:"[^"\\\t{{}}]*+"[^"\\{{}}]*+)*+)', re.ASCII)
"""Account and object list, up to its end. A brace in quotation marks ends it too early, and leaves one mark alone."""
_ROWS: Final = "\0"
"""Stands where the rows of a voucher were; no text has it."""
_VOUCHER = re.compile(
    rf"#VER{_BLANKS}{_CODE}{_BLANKS}{_CODE}{_BLANKS}([0-9]{{8}})"
    rf"(?:{_BLANKS}{_QUOTED}(?:{_BLANKS}{_PERHAPS_DAY}(?:{_BLANKS}{_QUOTED})?+)?+)?+[ \t]*+\n"
    rf"[ \t]*+\{{[ \t]*+\n({_ROWS}?)[ \t]*+\}}[ \t]*+\n",
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


class Plain:
    """What plain vouchers are read with.

    Args:
        days, lists: those of the file.
        moved: what each account moved; rows are added to it.
        most_accounts, most_rows: how many the file and a voucher may have.
    """

    def __init__(
        self, days: Days, lists: Lists, moved: defaultdict[str, Decimal], *, most_accounts: int, most_rows: int
    ) -> None:
        self._days = days
        self._beginnings = _Beginnings(lists)
        self._moved = moved
        self._most_accounts = most_accounts
        self._most_rows = most_rows

    def vouchers(self, text: str) -> list[tuple[Voucher, Decimal]] | None:
        """Return vouchers, and how far each is out of balance; None: there is something else, or something is wrong.

        A file has a million rows: what is done here is done for many at once, column by column.

        Args:
            text: whole lines.
        """
        if not text.startswith("#VER"):
            return None
        between, *columns = _columns(_ROW, text)
        # Nothing stands between two rows of a voucher; what stands elsewhere must be vouchers without their rows.
        borders = [index for index, lines in enumerate(between) if lines]
        spans = [*pairwise(borders)]
        between, *heads, has_rows = _columns(_VOUCHER, _ROWS.join([between[index] for index in borders]))
        if any(between) or any(end - begin > self._most_rows for begin, end in spans):
            return None
        try:
            rows, begun = self._rows(*columns), self._heads(*heads)
        except (Broken, ValueError):
            return None
        moved = self._moved
        if len(moved) + len(set(map(_ACCOUNT, rows)) - moved.keys()) > self._most_accounts:
            return None
        for row in rows:
            moved[row[1]] += row[3]
        running = [*accumulate(map(_AMOUNT, rows), initial=ZERO)]
        told = [((tuple(rows[begin:end]),), running[end] - running[begin]) for begin, end in spans]
        if not all(has_rows):
            run = iter(told)
            told = [next(run) if any_rows else (((),), ZERO) for any_rows in has_rows]
        new = tuple.__new__
        return [(new(Voucher, head + own), total) for head, (own, total) in zip(begun, told, strict=True)]

    def _rows(
        self,
        beginnings: list[str],
        amounts: list[str],
        days: list[str],
        texts: list[str],
        quantities: list[str],
        signs: list[str],
    ) -> list[Row]:
        begun, day = map(self._beginnings.__getitem__, beginnings), map(self._days.__getitem__, days)
        tails = zip(map(Decimal, amounts), day, _texts(texts), _decimals(quantities), _texts(signs), strict=True)
        return [*map(tuple.__new__, repeat(Row), map(add, begun, tails))]

    def _heads(
        self,
        series: list[str],
        numbers: list[str],
        days: list[str],
        texts: list[str],
        registered: list[str],
        signs: list[str],
    ) -> list[tuple[object, ...]]:
        codes = (map(str.strip, column, repeat('"')) for column in (series, numbers))
        booked, entered = (map(self._days.__getitem__, column) for column in (days, registered))
        return [*zip(*codes, booked, _texts(texts), entered, _texts(signs), strict=True)]


def _columns(pattern: re.Pattern[str], text: str) -> list[list[str]]:
    """Return what stands between the matches, which is one more, and each group of them; what is not there is None."""
    split = pattern.split(text)
    return [split[place :: pattern.groups + 1] for place in range(pattern.groups + 1)]


def _texts(found: list[str]) -> list[str]:
    return [text or "" for text in found] if None in found else found


def _decimals(found: list[str]) -> Iterable[Decimal | None]:
    return (
        [Decimal(text) if text and text != '""' else None for text in found] if any(found) else repeat(None, len(found))
    )


def _odd(_code: str, place: int, text: str) -> NoReturn:
    """Take a remark where nothing odd is taken."""
    raise Broken(place, text)
