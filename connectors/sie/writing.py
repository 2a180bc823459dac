r"""Writes SIE files of types 1 to 4 and 4I that other programs read, Fortnox's importer among them. Pure.

Code page 437 and CR LF, as the standard has it. Texts are quoted, a quotation mark in one is ``\"``; numbers, days and
the values of #FLAGGA, #FORMAT, #SIETYP and #ORGNR stand without quotation marks, or Fortnox does not take the file.
Nothing is replaced silently: what the file cannot hold is refused with its place, unless near letters are asked for.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from zlib import crc32

from connectors.sie.model import (
    OF_ACCOUNTS,
    Account,
    Balance,
    BalanceKind,
    Dimension,
    Form,
    Ledger,
    Objects,
    Row,
    RowKind,
    Voucher,
)

FORTNOX_LONGEST_TEXT: Final = 50
"""Characters of a text that Fortnox's importer takes."""

_NO_TEXT = re.compile("[\x00-\x1f\x7f]")
_NO_CODE = re.compile(r"\\(?=u[0-9a-f]{4}|U[0-9a-f]{8}|\Z)|[\x00-\x1f\x7f]|[^\x00-\x7f]")
"""Characters of a code that a file may not hold as they are: ASCII's, and others, of which the page has some."""
_BARE = re.compile(r"[0-9A-Za-z.\-]+", re.ASCII)
_NEAR: Final = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u201a\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e", '"'),
        "\u2026": "...",
        "\u20ac": "EUR",
        "\u00d7": "x",
        "\u00f8": "o",
        "\u00d8": "O",
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    r"""How a file is written.

    Attributes:
        longest_text: texts of vouchers and rows, and names, are cut to so many characters; None: they are not.
        near_letters: what a text has that code page 437 lacks is written by what comes near it (a dash as ``-``, the
            euro sign as ``EUR``, a letter without its marks), and what no text can hold as a blank; else such a text is
            refused. Codes are never changed.
        one_year: a voucher outside year 0 is refused.
        checksum: #KSUMMA is written.
        as_it_is: books are shown as they are, whatever is in them: a voucher out of balance is written, and of a code
            that no file can hold each such letter by its number, ``\u0160``, so that no two codes become one.
    """

    longest_text: int | None = None
    near_letters: bool = False
    one_year: bool = False
    checksum: bool = False
    as_it_is: bool = False


FORTNOX: Final = Style(longest_text=FORTNOX_LONGEST_TEXT, near_letters=True, one_year=True)
"""What Fortnox's importer takes."""


class NotWritable(Exception):
    """A file cannot say this; the text names the place and what to do, and no text of the books."""


def write(ledger: Ledger, entries: Iterable[Balance | Voucher], style: Style | None = None) -> Iterator[bytes]:
    """Yield the rows of a file.

    Entries are written in the order in which they come; balances before vouchers is usual. An entry that the form does
    not have, such as a balance in 4I, is refused.

    Raises:
        NotWritable: what was written before is then no whole file.
    """
    writer = _Writer(ledger, style or Style())
    yield from writer.beginning()
    for entry in entries:
        yield from writer.voucher(entry) if isinstance(entry, Voucher) else writer.balance(entry)
    yield from writer.end()


class _Writer:
    """What is known while a file is written: the ledger, the style, and the checksum so far."""

    def __init__(self, ledger: Ledger, style: Style) -> None:
        self._ledger = ledger
        self._style = style
        self._year = ledger.year(0)
        self._sum = 0
        self._place = "the heading"

    def beginning(self) -> Iterator[bytes]:
        """Write flag, identification and chart."""
        ledger, company = self._ledger, self._ledger.company
        yield self._record("#FLAGGA", "1" if ledger.taken else "0")
        if self._style.checksum:
            yield b"#KSUMMA\r\n"
            self._sum = 0
        yield self._record("#PROGRAM", self._text(ledger.program or "bokbuss"), self._text(ledger.version))
        yield self._record("#FORMAT", "PC8")
        if ledger.generated is None:
            raise NotWritable("the heading: #GEN needs the day on which the file is written")
        yield self._record("#GEN", _day(ledger.generated), self._text(ledger.generated_by))
        yield self._record("#SIETYP", ledger.form[0])
        for comment in ledger.comments:
            yield self._record("#PROSA", self._text(comment))
        yield from self._optional("#FTYP", company.kind)
        yield from self._optional("#FNR", company.code)
        if company.organisation_number:
            yield self._record(
                "#ORGNR", self._organisation(), self._code(company.acquisition), self._code(company.activity)
            )
        if company.industry:
            if ledger.form is Form.ENTRIES:
                raise NotWritable("the heading: entries to be booked (4I) have no #BKOD")
            yield from self._optional("#BKOD", company.industry)
        address = (company.contact, company.street, company.city, company.telephone)
        if any(address):
            yield self._record("#ADRESS", *map(self._text, address))
        yield self._record("#FNAMN", self._text(company.name))
        yield from self._times()
        yield from self._optional("#KPTYP", ledger.chart)
        if ledger.currency != "SEK":
            yield from self._optional("#VALUTA", ledger.currency)
        yield from self._chart()

    def _times(self) -> Iterator[bytes]:
        ledger = self._ledger
        for year in ledger.years:
            if year.first is None or year.last is None:
                raise NotWritable(f"the heading: #RAR {year.index} needs its first and last day")
            yield self._record("#RAR", str(year.index), _day(year.first), _day(year.last))
        yield from self._optional("#TAXAR", ledger.tax_year)
        if ledger.until is not None:
            if ledger.form is Form.ENTRIES:
                raise NotWritable("the heading: entries to be booked (4I) have no #OMFATTN")
            yield self._record("#OMFATTN", _day(ledger.until))

    def _chart(self) -> Iterator[bytes]:
        self._place = "the chart"
        for account in self._ledger.accounts:
            yield from self._account(account)
        for dimension in self._ledger.dimensions:
            yield self._dimension(dimension)
        for one in self._ledger.objects:
            yield self._record("#OBJEKT", str(one.dimension), _quoted(self._plain(one.code)), self._text(one.name))

    def _account(self, account: Account) -> Iterator[bytes]:
        number = self._code(account.number)
        yield self._record("#KONTO", number, self._text(account.name))
        if account.kind:
            yield self._record("#KTYP", number, self._code(account.kind))
        if account.unit:
            yield self._record("#ENHET", number, self._text(account.unit))
        for code in account.sru:
            yield self._record("#SRU", number, self._code(code))

    def _dimension(self, dimension: Dimension) -> bytes:
        if dimension.parent is None:
            return self._record("#DIM", str(dimension.number), self._text(dimension.name))
        return self._record("#UNDERDIM", str(dimension.number), self._text(dimension.name), str(dimension.parent))

    def balance(self, balance: Balance) -> Iterator[bytes]:
        """Write one balance."""
        self._place = f"a {balance.kind} of account {balance.account}"
        if self._ledger.form is Form.ENTRIES:
            raise NotWritable(f"{self._place}: entries to be booked (4I) have no balances")
        period = (balance.period,) if balance.period else ()
        objects = () if balance.kind in OF_ACCOUNTS else (self._objects(balance.objects),)
        if balance.objects and not objects:
            raise NotWritable(f"{self._place}: only #OIB, #OUB, #PSALDO and #PBUDGET are of objects")
        if bool(period) is not (balance.kind in {BalanceKind.PERIOD, BalanceKind.BUDGET}):
            raise NotWritable(f"{self._place}: #PSALDO and #PBUDGET are of a month, and no others")
        yield self._record(
            balance.kind,
            str(balance.year),
            *period,
            self._code(balance.account),
            *objects,
            self._amount(balance.amount),
            _quantity(balance.quantity),
        )

    def voucher(self, voucher: Voucher) -> Iterator[bytes]:
        """Write one voucher."""
        self._place = f"voucher {voucher.series} {voucher.number} of {voucher.day}"
        if self._ledger.form not in {Form.EXPORT, Form.ENTRIES}:
            raise NotWritable(f"{self._place}: only type 4 has vouchers")
        year = self._year
        if self._style.one_year and not (year and year.first and year.last and year.first <= voucher.day <= year.last):
            raise NotWritable(f"{self._place}: it is outside the file's year; write one file for each year")
        out_of_balance = sum((row.amount for row in voucher.rows if row.kind is RowKind.BOOKED), Decimal(0))
        if out_of_balance and not self._style.as_it_is:
            raise NotWritable(f"{self._place}: it does not balance")
        if not voucher.has_twins:
            raise NotWritable(f"{self._place}: a row that was added stands before its twin, the row that counts")
        yield self._record(
            "#VER",
            self._code(voucher.series),
            self._code(voucher.number),
            _day(voucher.day),
            self._text(voucher.text),
            _day(voucher.registered),
            self._text(voucher.sign),
        )
        yield b"{\r\n"
        for row in voucher.rows:
            yield self._row(row)
        yield b"}\r\n"

    def _row(self, row: Row) -> bytes:
        return self._record(
            row.kind,
            self._code(row.account),
            self._objects(row.objects),
            self._amount(row.amount),
            _day(row.day),
            self._text(row.text),
            _quantity(row.quantity),
            self._text(row.sign),
        )

    def end(self) -> Iterator[bytes]:
        """Write the checksum, when there is one."""
        if self._style.checksum:
            yield f"#KSUMMA {self._sum}\r\n".encode()

    # --- Fields -------------------------------------------------------------------------------------------------------

    def _optional(self, label: str, code: str) -> Iterator[bytes]:
        if code:
            yield self._record(label, self._code(code))

    def _record(self, label: str, *written: str) -> bytes:
        """Return a row; empty fields at its end are left out, as the standard lets one."""
        last = max((index for index, one in enumerate(written, 1) if one != '""'), default=0)
        # A label with nothing after it would say nothing: the first field stays.
        kept = written[: max(last, 1)]
        try:
            raw = " ".join((label, *kept)).encode("cp437")
        except UnicodeEncodeError as error:
            code = f"U+{ord(error.object[error.start]):04X}"
            raise NotWritable(
                f"{self._place}: {label} has {code}, which code page 437 lacks; in a text, ask for near letters"
            ) from None
        if self._style.checksum:
            self._sum = crc32(_summed(label, kept), self._sum)
        return raw + b"\r\n"

    def _text(self, text: str) -> str:
        """Return a quoted text."""
        plain = self._plain(text, near=self._style.near_letters)
        longest = self._style.longest_text
        if longest is not None and len(plain) > longest:
            plain = self._plain(plain[:longest].rstrip(), near=self._style.near_letters)
        return _quoted(plain)

    def _code(self, code: str) -> str:
        """Return a number or a code: bare where it can be, never cut, and never another one that is near."""
        return code if _BARE.fullmatch(code) else _quoted(self._plain(code))

    def _plain(self, text: str, *, near: bool = False) -> str:
        r"""Return a text that a file can hold: no control characters, no ``\`` at its end."""
        if near:
            text = _NO_TEXT.sub(" ", _near(text))
            text = text[:-1] + "/" if text.endswith("\\") else text
        elif self._style.as_it_is:
            text = _by_number(text)
        if _NO_TEXT.search(text):
            raise NotWritable(f"{self._place}: there is a control character in a text; ask for near letters")
        if text.endswith("\\"):
            raise NotWritable(rf"{self._place}: a text ends with \, which would undo its end; ask for near letters")
        return text

    def _organisation(self) -> str:
        company = self._ledger.company
        digits = company.ten_digits
        return f"{digits[:6]}-{digits[6:]}" if digits else self._code(company.organisation_number)

    def _objects(self, objects: Objects) -> str:
        listed = (f"{dimension} {_quoted(self._plain(code))}" for dimension, code in objects)
        return "{" + " ".join(listed) + "}"

    def _amount(self, amount: Decimal) -> str:
        if amount != round(amount, 2) or abs(amount) >= Decimal(10) ** 15:
            raise NotWritable(f"{self._place}: an amount has two decimals and 15 digits at most")
        return f"{amount:.2f}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def _summed(label: str, written: Iterable[str]) -> bytes:
    """Return what counts for the checksum: no quotation marks around fields, no braces around lists, no blanks."""
    parts = [label]
    for one in written:
        if one.startswith('"'):
            parts.append(one[1:-1].replace('\\"', '"'))
        elif one.startswith("{"):
            parts += [
                code[1:-1].replace('\\"', '"') if code.startswith('"') else code for code in _TOKEN.findall(one[1:-1])
            ]
        else:
            parts.append(one)
    return "".join(parts).encode("cp437")


_TOKEN = re.compile(r'"(?:[^"\\]|\\"|\\(?!"))*"|[^ "]+')


def _day(day: date | None) -> str:
    return '""' if day is None else f"{day:%Y%m%d}"


def _quantity(quantity: Decimal | None) -> str:
    return '""' if quantity is None else f"{quantity:f}"


def _by_number(code: str) -> str:
    r"""Return a code that a file can hold: what it cannot is ``\u0160``, and so is what would look like that."""
    return _NO_CODE.sub(lambda one: one[0] if _fits(one[0]) and not one[0].isascii() else _number(one[0]), code)


def _number(letter: str) -> str:
    number = ord(letter)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - what four digits say


def _fits(text: str) -> bool:
    """Tell whether a text is of code page 437."""
    try:
        text.encode("cp437")
    except UnicodeEncodeError:
        return False
    return True


def _near(text: str) -> str:
    """Return a text in the letters of code page 437; what has none that is near becomes ``?``."""
    if _fits(text):
        return text
    return "".join(_near_letter(letter) for letter in unicodedata.normalize("NFC", text).translate(_NEAR))


def _near_letter(letter: str) -> str:
    return next(filter(_fits, (letter, unicodedata.normalize("NFKD", letter)[0])), "?")
