"""Reads SIE files of types 1 to 4 and 4I, of any size in bounded memory. Pure: it reads an open file and nothing else.

A reading is all or nothing: balances and vouchers come one at a time while the file is read, and when it ends in
``Refused``, what came before is not to be used either.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from io import SEEK_END
from typing import BinaryIO, Final, Generic, TypeVar
from zlib import crc32

from connectors.sie import note_words as say
from connectors.sie.checking import ZERO, Checks
from connectors.sie.encoding import Evidence, Page, examine, texts
from connectors.sie.lexing import Broken, Field, Remark, column, fields, has_more, running_on
from connectors.sie.model import (
    RESERVED_DIMENSIONS,
    Account,
    Balance,
    BalanceKind,
    Company,
    Dimension,
    FinancialYear,
    Form,
    Ledger,
    Object,
    Objects,
    Row,
    RowKind,
    Voucher,
)
from connectors.sie.notes import Damaged, Grade, Note, Notes, TooLarge
from connectors.sie.plain import Days, Lists, Plain
from schemas.words import Phrase, Text

_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?", re.ASCII)
_AMOUNT_OTHERWISE = re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,15}(?:\.[0-9]{0,2}0*)?", re.ASCII)
_QUANTITY = re.compile(r"[+-]?(?=\.?[0-9])(?:0|[1-9][0-9]{0,14})?(?:\.[0-9]{0,15})?", re.ASCII)
_LIKE_A_NUMBER = re.compile(r"[+-]?[.,]?[0-9]", re.ASCII)
_ORE: Final = Decimal("0.01")
_NO_DAY: Final = frozenset({"0", "00000000"})
_LIKE_A_DAY = re.compile(r"(?:19|20|21)[0-9]{6}", re.ASCII)
_MONTH = re.compile(r"(?:19|20|21)[0-9]{2}(?:0[1-9]|1[0-2])", re.ASCII)
_YEAR_INDEX = re.compile(r"0|-[0-9]{1,2}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_LOST_LETTER = re.compile(r"[A-Za-z]\?[a-z]")
_LOST_LETTERS = 3
_AT_VOUCHERS = re.compile(r"(?<=\n)(?=#VER)")

_ROWS: Final = {kind.value: kind for kind in RowKind}
_BALANCES: Final = {kind.value: kind for kind in BalanceKind}
_BRACE: Final = {**dict.fromkeys(_ROWS, 2), "#OIB": 3, "#OUB": 3, "#PSALDO": 4, "#PBUDGET": 4}
"""Where the object list of a record stands, the label being 0."""
_COMPULSORY: Final = ("#FLAGGA", "#PROGRAM", "#FORMAT", "#GEN", "#SIETYP", "#FNAMN")

_Found = Sequence[Field]
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read; settings of whoever reads.

    Attributes:
        size: bytes of a file.
        objects: accounts, dimensions and objects of a file, together.
        rows: rows of one voucher, which alone is kept whole.
    """

    size: int = 100_000_000
    objects: int = 100_000
    rows: int = 100_000


class _Wrong(Exception):
    """A field is not what it must be.

    Attributes:
        index: which one, the label being 0.
        expected: what it should be.
    """

    def __init__(self, index: int, expected: Phrase) -> None:
        super().__init__(expected.key)
        self.index = index
        self.expected = expected


class FileReading(ABC, Generic[_Entry]):
    """One reading of a file, of whatever type; it is all or nothing.

    ``for entry in reading`` gives its balances and vouchers in the order of the file; ``ledger`` and ``notes`` are
    complete afterwards.

    Args:
        file: open, in bytes, and such that one can go back in it.
        limits: what is too much.

    Raises:
        TooLarge: beyond the limits, when it is made or while it is gone through.
        Damaged: broken, garbled or of no such type, with what is wrong by line and column. Said when the file has
            ended; no entry is given after the first damage.
    """

    def __init__(self, file: BinaryIO, limits: Limits | None = None) -> None:
        self._file = file
        self._limits = limits or Limits()
        size = file.seek(0, SEEK_END)
        if size > self._limits.size:
            raise TooLarge(say.FILE_TOO_LARGE(size=size, most=self._limits.size))
        self.notes = Notes()
        self._ledger: Ledger | None = None

    @abstractmethod
    def _entries(self) -> Generator[_Entry, None, Ledger]:
        """Go through the file from its beginning; return what it says besides its entries."""

    def __iter__(self) -> Iterator[_Entry]:
        """Go through the file from its beginning."""
        self.notes = Notes()
        ledger = yield from self._entries()
        if self.notes.damaged:
            raise Damaged(*self.notes.bounded(Grade.DAMAGE))
        self._ledger = ledger

    @property
    def ledger(self) -> Ledger:
        """All besides balances and vouchers, once these were gone through: a file says it in any order."""
        if self._ledger is None:
            raise RuntimeError("go through the entries first")
        return self._ledger


class Reading(FileReading[Balance | Voucher]):
    """One reading of a file of types 1 to 4; it is read twice."""

    def __init__(self, file: BinaryIO, limits: Limits | None = None) -> None:
        super().__init__(file, limits)
        self.evidence: Evidence = examine(file)

    def _entries(self) -> Generator[Balance | Voucher, None, Ledger]:
        reader = _Reader(self.evidence, self.notes, self._limits)
        yield from reader.entries(texts(self._file, self.evidence, self.notes))
        return reader.finish()


@dataclass(slots=True)
class _OpenVoucher:
    """A voucher whose rows are being read."""

    head: Voucher | None  # None: its first line is damaged
    line: int
    opened: bool = False
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class _OpenAccount:
    name: str | None = None
    kind: str = ""
    unit: str = ""
    sru: list[str] = field(default_factory=list)


class _Reader:
    """What was read so far.

    Each row goes through ``_line``; vouchers as most programs write them go a shorter way, ``plain``, which gives the
    same or nothing: a part of the file at once, or else one voucher at a time.
    """

    def __init__(self, evidence: Evidence, notes: Notes, limits: Limits) -> None:
        self._evidence = evidence
        self._notes = notes
        self._limits = limits
        self._checks = Checks(notes)
        self._out: list[Balance | Voucher] = []
        self._begun = False
        self._known = False  # a record of the standard was seen
        self._voucher: _OpenVoucher | None = None
        self._unknown = False  # the record before this is of an unknown label
        self._passing = False  # within the braces of an unknown record
        self._sum: int | None = None
        self._sum_expected = False
        self._days = Days()
        self._lists = Lists()
        self._plain = Plain(self._days, self._lists, self._checks, most_accounts=limits.objects, most_rows=limits.rows)
        # What the file says besides:
        self._first: dict[str, _Found] = {}
        self._comments: list[str] = []
        self._generated: date | None = None
        self._until: date | None = None
        self._years: dict[int, FinancialYear] = {}
        self._years_used: dict[int, int] = {}
        self._accounts: dict[str, _OpenAccount] = {}
        self._accounts_used: dict[str, int] = {}
        self._dimensions: dict[int, Dimension] = {}
        self._objects: dict[tuple[int, str], str] = {}
        self._lost_letters = 0
        self._handlers: Final[dict[str, Callable[[_Found, int], None]]] = {
            **dict.fromkeys(("#FLAGGA", "#PROGRAM", "#FNAMN", "#FNR", "#ORGNR", "#ADRESS"), self._identification),
            **dict.fromkeys(("#FTYP", "#BKOD", "#TAXAR", "#KPTYP", "#VALUTA"), self._identification),
            "#FORMAT": self._format,
            "#SIETYP": self._type,
            "#GEN": self._generation,
            "#OMFATTN": self._extent,
            "#PROSA": self._comment,
            "#RAR": self._year,
            "#KONTO": self._account,
            "#KTYP": self._account_kind,
            "#ENHET": self._account_unit,
            "#SRU": self._account_sru,
            "#DIM": self._dimension,
            "#UNDERDIM": self._dimension,
            "#OBJEKT": self._object,
            **dict.fromkeys(("#IB", "#UB", "#RES"), self._balance),
            **dict.fromkeys(("#OIB", "#OUB"), self._object_balance),
            **dict.fromkeys(("#PSALDO", "#PBUDGET"), self._period_balance),
            "#VER": self._voucher_begins,
            **dict.fromkeys(_ROWS, self._row),
            "#KSUMMA": self._checksum,
        }

    def entries(self, parts: Iterable[tuple[int, str]]) -> Iterator[Balance | Voucher]:
        """Yield what the parts of the file say, until the first damage; go on reading then, to tell the others too."""
        for number, text in parts:
            yield from self._part(text, number)

    def _part(self, text: str, number: int) -> Iterator[Balance | Voucher]:
        at_rest = self._known and not (self._voucher or self._unknown or self._passing) and self._sum is None
        found = self._plain.vouchers(text, number) if at_rest else None
        if found is None:
            pieces = _AT_VOUCHERS.split(text)
            for piece in pieces:
                yield from self._part(piece, number) if len(pieces) > 1 else self._lines(piece, number)
                number += piece.count("\n")
        elif not self._notes.damaged:
            yield from found

    def _lines(self, text: str, number: int) -> Iterator[Balance | Voucher]:
        for index, line in enumerate(text.split("\n")[:-1], number):
            self._line(line, index)
            if self._out:
                if not self._notes.damaged:
                    yield from self._out
                self._out.clear()

    def finish(self) -> Ledger:
        """Return what the file says besides its entries; note what is missing, and what the sums tell.

        Raises:
            Damaged: there is no record of a SIE file in it.
        """
        if not self._known:
            raise _no_sie_file()
        if self._voucher is not None:
            self._damage("unclosed", self._voucher.line, 0, say.UNCLOSED)
        if self._sum_expected:
            self._damage("truncated", 0, 0, say.TRUNCATED)
        if self._evidence.ascii and self._lost_letters >= _LOST_LETTERS:
            self._damage("garbled", 0, 0, say.QUESTION_MARKS)
        ledger = self._ledger()
        self._note_what_is_missing(ledger)
        self._checks.finish(ledger)
        return ledger

    # --- Line by line -------------------------------------------------------------------------------------------------

    def _line(self, line: str, number: int) -> None:
        said = line.strip(" \t")
        if not said:
            return
        if not self._begun and said[0] != "#":
            raise _no_sie_file()
        if said[0] == "#":
            self._record(line, said, number)
        elif said == "{":
            self._opening(number)
        elif said == "}":
            self._closing(number)
        elif not self._passing:
            place = len(line) - len(line.lstrip(" \t")) + 1
            self._damage("no_record", number, place, say.NO_RECORD)

    def _record(self, line: str, said: str, number: int) -> None:
        label = said.replace("\t", " ").partition(" ")[0].upper()
        if not self._begun and label != "#FLAGGA":
            self._deviation("no_flag", number, 0, say.NO_FLAG)
        self._begun = True
        handler = self._handlers.get(label)
        self._unknown = handler is None
        if self._passing:  # its records say nothing, and count for the checksum
            handler = None
        if handler is None and self._sum is None:
            return
        self._known = self._known or handler is not None
        if handler is not None and label not in _ROWS and self._voucher is not None:
            self._end_before_time(number)
        if not self._understood(label, line, number, handler) and handler is not None and label == "#VER":
            self._voucher = _OpenVoucher(None, number, opened=line.rstrip().endswith("{"))

    def _understood(self, label: str, line: str, number: int, handler: Callable[[_Found, int], None] | None) -> bool:
        """Take a record apart and keep what it says; False: it is damaged, which is noted."""
        brace = _BRACE.get(label)

        def remark(code: str, place: int, what: str) -> None:
            self._deviation(code, number, place, say.BY_KEY[what])

        try:
            found = self._fields(label, line, brace, remark)
            if self._sum is not None and label != "#KSUMMA":
                counted = found[:-1] if label == "#VER" and _opens(found) else found
                summed = "".join(one if isinstance(one, str) else "".join(one) for one in counted)
                self._sum = crc32(summed.encode(Page.IBM, "replace"), self._sum)
            if handler is not None:
                handler([label, *found[1:]], number)
        except Broken as error:
            self._damage("syntax", number, error.column, say.BY_KEY[error.expected])
        except _Wrong as error:
            self._damage("field", number, column(line, brace, error.index), error.expected)
        else:
            return True
        return False

    @staticmethod
    def _fields(label: str, line: str, brace: int | None, remark: Remark) -> list[Field]:
        try:
            found = fields(line, brace, remark)
        except Broken as error:
            whole, place = running_on(label, line), error.column
            if whole is None:
                raise
        else:
            # A quoted text has its end; what comes after it is of a later standard (7.3).
            whole = running_on(label, line) if '"' not in line and has_more(label, found) else None
            if whole is None:
                return found
            place = column(line, brace, len(whole) - 1)
        remark("quotation", place, say.TEXT.key)
        return whole

    def _opening(self, number: int) -> None:
        if self._voucher is not None and not self._voucher.opened:
            self._voucher.opened = True
        elif self._unknown:
            self._unknown, self._passing = False, True
        else:
            self._damage("brace", number, 0, say.NO_OPENING)
            self._voucher = self._voucher or _OpenVoucher(None, number, opened=True)

    def _closing(self, number: int) -> None:
        if self._passing:
            self._passing = False
        elif self._voucher is not None and self._voucher.opened:
            self._voucher_ends(self._voucher)
        else:
            self._damage("brace", number, 0, say.NO_CLOSING)

    def _end_before_time(self, number: int) -> None:
        voucher = self._voucher
        if voucher is None:
            return
        if voucher.opened:
            self._damage("unclosed", number, 0, partial(say.STILL_OPEN, line=voucher.line))
        else:
            self._deviation("no_braces", voucher.line, 0, say.NO_BRACES)
        self._voucher_ends(voucher)

    # --- Vouchers -----------------------------------------------------------------------------------------------------

    def _voucher_begins(self, found: _Found, number: int) -> None:
        opened = _opens(found)
        head = self._head_of_voucher(found[:-1] if opened else found, number)
        self._voucher = _OpenVoucher(head, number, opened=opened)

    def _head_of_voucher(self, found: _Found, number: int) -> Voucher:
        day = self._day(found, 3, number)
        if day is None:
            raise _Wrong(3, say.VOUCHER_DAY)
        return Voucher(
            _text(found, 1), _text(found, 2), day, _text(found, 4), self._day(found, 5, number), _text(found, 6)
        )  # fmt: skip

    def _row(self, found: _Found, number: int) -> None:
        voucher = self._voucher
        if voucher is None:
            raise _Wrong(0, say.NO_VOUCHER)
        if not voucher.opened:
            voucher.opened = True
            raise _Wrong(0, say.NOT_OPENED)
        if len(voucher.rows) >= self._limits.rows:
            raise TooLarge(say.TOO_MANY_ROWS(line=voucher.line, most=self._limits.rows), number)
        account, objects = self._used_account(found, 1), self._objects_of(found, 2)
        amount = self._amount(found, 3, number)
        day, quantity = self._day(found, 4, number), self._quantity(found, 6, number)
        kind, words, sign = _ROWS[str(found[0])], _text(found, 5), _text(found, 7)
        voucher.rows.append(Row(kind, account, objects, amount, day, words, quantity, sign))

    def _voucher_ends(self, open_voucher: _OpenVoucher) -> None:
        self._voucher = None
        if open_voucher.head is None:
            return
        voucher = open_voucher.head._replace(rows=tuple(open_voucher.rows))
        self._take(voucher, open_voucher.line)
        self._out.append(voucher)

    def _take(self, voucher: Voucher, line: int) -> None:
        """Add up what a voucher says."""
        total, moved, history = ZERO, self._checks.moved, False
        booked = RowKind.BOOKED
        for row in voucher[6]:
            if row[0] is booked:
                amount = row[3]
                moved[row[1]] += amount
                total += amount
            else:
                history = True
        if len(moved) > self._limits.objects:
            raise TooLarge(say.TOO_MANY_ACCOUNTS(most=self._limits.objects), line)
        self._checks.take_voucher(voucher, total, line)
        if history and not voucher.has_twins:
            self._deviation("no_twin", line, 0, say.NO_TWIN)

    # --- Balances -----------------------------------------------------------------------------------------------------

    def _balance(self, found: _Found, number: int) -> None:
        account = self._used_account(found, 2)
        amount, quantity = self._amount(found, 3, number), self._quantity(found, 4, number)
        self._add(
            Balance(_BALANCES[str(found[0])], self._year_index(found, number), account, amount, quantity=quantity),
            number,
        )

    def _object_balance(self, found: _Found, number: int, at: int = 2, period: str = "") -> None:
        account, objects = self._used_account(found, at), self._objects_of(found, at + 1)
        amount, quantity = self._amount(found, at + 2, number), self._quantity(found, at + 3, number)
        kind = _BALANCES[str(found[0])]
        self._add(Balance(kind, self._year_index(found, number), account, amount, period, objects, quantity), number)

    def _period_balance(self, found: _Found, number: int) -> None:
        period = _text(found, 2)
        if not _MONTH.fullmatch(period):
            raise _Wrong(2, say.MONTH)
        self._object_balance(found, number, 3, period)

    def _add(self, balance: Balance, number: int) -> None:
        self._checks.take_balance(balance, number)
        if balance.account not in self._accounts_used:
            self._count_one(number)
            self._accounts_used[balance.account] = number
        self._out.append(balance)

    # --- Identification and chart -------------------------------------------------------------------------------------

    def _identification(self, found: _Found, number: int) -> None:
        if found[0] in self._first:
            self._deviation("twice", number, 0, partial(say.TWICE, label=str(found[0])))
        self._first.setdefault(str(found[0]), found)

    def _format(self, found: _Found, number: int) -> None:
        if _text(found, 1).upper() != "PC8":
            self._deviation("format", number, 0, say.FORMAT)
        self._identification(found, number)

    def _type(self, found: _Found, number: int) -> None:
        if _text(found, 1) not in {"1", "2", "3", "4"}:
            raise _Wrong(1, say.TYPE)
        self._identification(found, number)

    def _generation(self, found: _Found, number: int) -> None:
        self._identification(found, number)
        self._generated = self._generated or self._day(found, 1, number)

    def _extent(self, found: _Found, number: int) -> None:
        self._identification(found, number)
        self._until = self._until or self._day(found, 1, number)

    def _comment(self, found: _Found, _number: int) -> None:
        if len(self._comments) < self._limits.objects:
            self._comments.append(_text(found, 1))

    def _year(self, found: _Found, number: int) -> None:
        index = self._year_index(found, number)
        first, last = self._day(found, 2, number), self._day(found, 3, number)
        if first is None or last is None:
            self._deviation("no_year", number, 0, say.YEAR_DAYS)
        elif first > last:
            raise _Wrong(3, say.LAST_BEFORE_FIRST)
        if index in self._years:
            self._deviation("twice", number, 0, partial(say.TWICE, label=f"#RAR {index}"))
        self._years.setdefault(index, FinancialYear(index, first, last))

    def _account(self, found: _Found, number: int) -> None:
        account, name = self._open_account(found, number), _text(found, 2)
        if account.name is not None and account.name != name:
            self._deviation("twice", number, 0, say.ACCOUNT_TWICE)
        if account.name is None:
            account.name = name
            self._lost_letters += bool(_LOST_LETTER.search(name))

    def _account_kind(self, found: _Found, number: int) -> None:
        self._open_account(found, number).kind = _text(found, 2)

    def _account_unit(self, found: _Found, number: int) -> None:
        self._open_account(found, number).unit = _text(found, 2)

    def _account_sru(self, found: _Found, number: int) -> None:
        codes = self._open_account(found, number).sru
        if (code := _text(found, 2)) and code not in codes[:100]:
            codes.append(code)

    def _open_account(self, found: _Found, number: int) -> _OpenAccount:
        code = _text(found, 1)
        if not code:
            raise _Wrong(1, say.ACCOUNT)
        if code not in self._accounts:
            self._count_one(number)
            self._accounts[code] = _OpenAccount()
        return self._accounts[code]

    def _dimension(self, found: _Found, number: int) -> None:
        dimension = _number(found, 1, say.DIMENSION)
        parent = _number(found, 3, say.DIMENSION_ABOVE) if found[0] == "#UNDERDIM" else None
        if dimension in self._dimensions:
            self._deviation("twice", number, 0, partial(say.DIMENSION_TWICE, dimension=dimension))
            return
        self._count_one(number)
        self._dimensions[dimension] = Dimension(dimension, _text(found, 2), parent)

    def _object(self, found: _Found, number: int) -> None:
        dimension, code = _number(found, 1, say.DIMENSION), _text(found, 2)
        self._lists.dimensions.add(dimension)
        if (dimension, code) in self._objects:
            self._deviation("twice", number, 0, partial(say.OBJECT_TWICE, dimension=dimension))
            return
        self._count_one(number)
        self._objects[dimension, code] = _text(found, 3)

    def _count_one(self, number: int) -> None:
        most = self._limits.objects
        if max(len(self._accounts) + len(self._dimensions) + len(self._objects), len(self._accounts_used)) >= most:
            raise TooLarge(say.TOO_MANY_OBJECTS(most=most), number)

    def _checksum(self, found: _Found, number: int) -> None:
        if len(found) == 1:
            self._sum_expected = True
            if self._evidence.page is not Page.IBM or self._evidence.one_by_one:
                self._deviation("checksum_skipped", number, 0, say.CHECKSUM_SKIPPED)
            else:
                self._sum = 0
            return
        if self._sum is not None and _text(found, 1) != str(self._sum):
            self._damage("checksum", number, 0, say.CHECKSUM)
        self._sum, self._sum_expected = None, False

    # --- Fields -------------------------------------------------------------------------------------------------------

    def _day(self, found: _Found, index: int, number: int) -> date | None:
        text = _text(found, index)
        if text in _NO_DAY:
            self._deviation("no_day", number, 0, say.NO_DAY)
            return None
        try:
            return self._days[text]
        except ValueError:
            raise _Wrong(index, say.NO_SUCH_DAY if _LIKE_A_DAY.fullmatch(text) else say.DAY) from None

    def _amount(self, found: _Found, index: int, number: int) -> Decimal:
        text = _text(found, index)
        if _AMOUNT.fullmatch(text):
            return Decimal(text)
        if not _AMOUNT_OTHERWISE.fullmatch(text):
            raise _Wrong(index, say.AMOUNT)
        self._deviation("amount", number, 0, say.AMOUNT_OTHERWISE)
        return Decimal(text).quantize(_ORE)

    def _quantity(self, found: _Found, index: int, number: int) -> Decimal | None:
        text = _text(found, index)
        if not text:
            return None
        if _QUANTITY.fullmatch(text):
            return Decimal(text)
        if _LIKE_A_NUMBER.match(text):
            raise _Wrong(index, say.QUANTITY)
        self._deviation("quantity", number, 0, say.QUANTITY_LEFT_OUT)
        return None

    def _year_index(self, found: _Found, number: int) -> int:
        text = _text(found, 1)
        if not _YEAR_INDEX.fullmatch(text):
            raise _Wrong(1, say.YEAR_INDEX)
        self._years_used.setdefault(int(text), number)
        return int(text)

    def _used_account(self, found: _Found, index: int) -> str:
        code = _text(found, index)
        if not code:
            raise _Wrong(index, say.ACCOUNT)
        return code

    def _objects_of(self, found: _Found, index: int) -> Objects:
        listed = found[index] if index < len(found) else ()
        tokens = listed if isinstance(listed, tuple) else ()
        try:
            return self._lists[tokens]
        except ValueError:
            raise _Wrong(index, say.PAIRS if len(tokens) % 2 else say.NUMBER_FIRST) from None

    # --- The end ------------------------------------------------------------------------------------------------------

    def _ledger(self) -> Ledger:
        def said(label: str, index: int = 1) -> str:
            return _text(self._first.get(label, ()), index)

        return Ledger(
            form=self._form(),
            company=Company(
                name=said("#FNAMN"),
                organisation_number=said("#ORGNR"),
                acquisition=said("#ORGNR", 2),
                activity=said("#ORGNR", 3),
                code=said("#FNR"),
                kind=said("#FTYP"),
                industry=said("#BKOD"),
                contact=said("#ADRESS"),
                street=said("#ADRESS", 2),
                city=said("#ADRESS", 3),
                telephone=said("#ADRESS", 4),
            ),
            years=tuple(self._years[index] for index in sorted(self._years, reverse=True)),
            accounts=tuple(
                Account(number, one.name or "", one.kind, one.unit, tuple(one.sru))
                for number, one in self._accounts.items()
            ),
            dimensions=tuple(self._dimensions.values()),
            objects=tuple(Object(dimension, code, name) for (dimension, code), name in self._objects.items()),
            taken=said("#FLAGGA") == "1",
            program=said("#PROGRAM"),
            version=said("#PROGRAM", 2),
            generated=self._generated,
            generated_by=said("#GEN", 2),
            comments=tuple(self._comments),
            tax_year=said("#TAXAR"),
            until=self._until,
            chart=said("#KPTYP"),
            currency=said("#VALUTA") or "SEK",
        )

    def _form(self) -> Form:
        written = _text(self._first.get("#SIETYP", ()), 1)
        if self._checks.vouchers and written != "4":
            self._deviation("type", 0, 0, say.VOUCHERS_OUTSIDE_4)
            written = "4"
        if written != "4":
            return Form(written or "1")
        exported = self._checks.balances or "#OMFATTN" in self._first or "#BKOD" in self._first
        return Form.EXPORT if exported else Form.ENTRIES

    def _note_what_is_missing(self, ledger: Ledger) -> None:
        for label in _COMPULSORY:
            if label not in self._first:
                self._deviation("missing", 0, 0, partial(say.MISSING, label=label))
        for index, line in self._years_used.items():
            if index not in self._years:
                self._deviation("no_year", line, 0, partial(say.NO_YEAR, year=index))
        for dimension in sorted(self._lists.dimensions):
            if dimension not in self._dimensions and dimension not in RESERVED_DIMENSIONS:
                self._deviation("no_dimension", 0, 0, partial(say.NO_DIMENSION, dimension=dimension))
        if ledger.form is Form.ENTRIES:
            return
        for code in sorted(self._accounts_used.keys() | self._checks.moved.keys()):
            if code not in self._accounts or self._accounts[code].name is None:
                shown = f" {code}" if _NUMBER.fullmatch(code) else ""
                self._deviation("no_account", 0, 0, partial(say.NO_ACCOUNT, account=shown))

    def _damage(self, code: str, line: int, place: int, what: Callable[[], Text]) -> None:
        self._notes.add(Grade.DAMAGE, code, what, line, place)

    def _deviation(self, code: str, line: int, place: int, what: Callable[[], Text]) -> None:
        self._notes.add(Grade.DEVIATION, code, what, line, place)


def _text(found: _Found, index: int) -> str:
    """Return a field; one that is missing is empty."""
    text = found[index] if index < len(found) else ""
    return text if isinstance(text, str) else ""


def _opens(found: _Found) -> bool:
    """Tell whether the row of a voucher ends with the brace that opens it, as some programs write it."""
    return len(found) > 4 and found[-1] == "{"  # noqa: PLR2004 - label, series, number, day


def _number(found: _Found, index: int, expected: Phrase) -> int:
    text = _text(found, index)
    if not _NUMBER.fullmatch(text):
        raise _Wrong(index, expected)
    return int(text)


def _no_sie_file() -> Damaged:
    return Damaged((Note(Grade.DAMAGE, "no_sie_file", say.NO_SIE_FILE(), 1),))
