"""Reads SIE 5 entry files (``SieEntry``): vouchers to be booked, in XML, of any size in bounded memory. Pure.

They give what a file of type 4I gives: the journal is the series, the entry's id the number, who entered it first the
sign. What only SIE 5 has is passed over: budgets, sub-ledgers, amounts in other currencies, documents, signatures. Full
files (``Sie``) are not read. Source: the schema ``http://www.sie.se/sie5``.
"""

import codecs
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import BinaryIO, Final
from xml.parsers import expat

from connectors.sie import note_words as say
from connectors.sie.checking import ZERO, Checks
from connectors.sie.encoding import CHUNK
from connectors.sie.model import (
    Account,
    Company,
    Dimension,
    Form,
    Ledger,
    Object,
    Row,
    RowKind,
    Voucher,
)
from connectors.sie.notes import Damaged, Grade, Note, Notes, TooLarge
from connectors.sie.reading import FileReading, Limits, Reading
from schemas.words import Text

_NAMESPACE: Final = "http://www.sie.se/sie5 "
_DEEPEST: Final = 20
_AMOUNT = re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,15}(?:\.[0-9]{0,2}0*)?", re.ASCII)
_QUANTITY = re.compile(r"[+-]?(?=\.?[0-9])[0-9]{0,15}(?:\.[0-9]{0,15})?", re.ASCII)
_ORE: Final = Decimal("0.01")
_DAY = re.compile(r"((?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2})(?:[TZ+\-].{0,40})?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_KINDS: Final = {"asset": "T", "liability": "S", "equity": "S", "cost": "K", "income": "I", "statistics": ""}

_Attributes = Mapping[str, str]


@dataclass(slots=True)
class _OpenRow:
    account: str
    amount: Decimal
    day: date | None
    text: str
    quantity: Decimal | None
    objects: list[tuple[int, str]] = field(default_factory=list)


def reading_of(file: BinaryIO, limits: Limits | None = None) -> "Reading | EntryReading":
    """Return the reading of a file of any type, which its first bytes tell."""
    file.seek(0)
    first = (
        file.read(64).removeprefix(codecs.BOM_UTF8).removeprefix(codecs.BOM_UTF16_LE).removeprefix(codecs.BOM_UTF16_BE)
    )
    return (EntryReading if first.lstrip(b" \t\r\n\0").startswith(b"<") else Reading)(file, limits)


class EntryReading(FileReading[Voucher]):
    """One reading of an entry file."""

    def _entries(self) -> Generator[Voucher, None, Ledger]:
        reader = _Reader(self.notes, self._limits)
        self._file.seek(0)
        while chunk := self._file.read(CHUNK):
            yield from reader.read(chunk)
        yield from reader.read(b"")
        return reader.finish()


class _Reader:
    """What was read so far."""

    def __init__(self, notes: Notes, limits: Limits) -> None:
        self._notes = notes
        self._limits = limits
        self._checks = Checks(notes)
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._document_type
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._path: list[str] = []
        self._out: list[Voucher] = []
        self._heading: dict[str, _Attributes] = {}
        self._generated: date | None = None
        self._accounts: dict[str, Account] = {}
        self._dimensions: dict[int, Dimension] = {}
        self._objects: dict[tuple[int, str], Object] = {}
        self._dimension = 0
        self._series = ""
        self._voucher: Voucher | None = None
        self._line = 0
        self._rows: list[_OpenRow] = []

    def read(self, chunk: bytes) -> Iterator[Voucher]:
        """Read the next part of the file, an empty one at its end, and yield what it completes."""
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            how = expat.ErrorString(error.code)
            raise _refused("syntax", say.NO_XML(how=how), error.lineno, error.offset) from None
        except (ValueError, LookupError):
            raise _refused("syntax", say.UNKNOWN_ENCODING(), 1) from None
        if not self._notes.damaged:
            yield from self._out
        self._out.clear()

    def finish(self) -> Ledger:
        """Return what the file says besides its vouchers."""
        program, creation = self._heading.get("SoftwareProduct", {}), self._heading.get("FileCreation", {})
        company = self._heading.get("Company", {})
        for name, found in (("SoftwareProduct", program), ("FileCreation", creation), ("Company", company)):
            if not found:
                self._notes.add(Grade.DEVIATION, "missing", partial(say.NEEDED, name=name))
        serial = company.get("multiple", "1")
        ledger = Ledger(
            Form.ENTRIES,
            Company(
                name=company.get("name", ""),
                organisation_number=company.get("organizationId", ""),
                acquisition="" if serial == "1" else serial,
                code=company.get("clientId", ""),
            ),
            accounts=tuple(self._accounts.values()),
            dimensions=tuple(self._dimensions.values()),
            objects=tuple(self._objects.values()),
            program=program.get("name", ""),
            version=program.get("version", ""),
            generated=self._generated,
            generated_by=creation.get("by", ""),
            currency=self._heading.get("AccountingCurrency", {}).get("currency", "") or "SEK",
        )
        self._checks.finish(ledger)
        return ledger

    def _document_type(self, *_: object) -> None:
        raise _refused("syntax", say.DOCUMENT_TYPE(), self._parser.CurrentLineNumber)

    def _begin(self, name: str, attributes: _Attributes) -> None:
        local = name.removeprefix(_NAMESPACE)
        if not self._path and local != "SieEntry":
            raise _refused("no_sie_file", say.NO_ENTRY_FILE(), 1)
        if len(self._path) >= _DEEPEST:
            raise _refused("syntax", say.TOO_DEEP(), self._parser.CurrentLineNumber)
        self._path.append(local)
        match self._path[1:]:
            case ["FileInfo", _]:
                self._heading[local] = dict(attributes)
                if local == "FileCreation":
                    self._generated = self._day(attributes, "time")
            case ["Accounts", "Account"]:
                self._account(attributes)
            case ["Dimensions", "Dimension"]:
                self._dimension = self._number(attributes, "id")
                self._dimensions[self._dimension] = Dimension(self._dimension, attributes.get("name", ""))
                self._count()
            case ["Dimensions", "Dimension", "Object"]:
                one = Object(self._dimension, attributes.get("id", ""), attributes.get("name", ""))
                self._objects[one.dimension, one.code] = one
                self._count()
            case ["Journal"]:
                self._series = attributes.get("id", "")
            case ["Journal", "JournalEntry", *within]:
                self._entry(within, attributes)

    def _end(self, _name: str) -> None:
        ended = self._path[1:]
        self._path.pop()
        if self._voucher is None or ended != ["Journal", "JournalEntry"]:  # as it begins: a file may name no namespace
            return
        rows = tuple(
            Row(RowKind.BOOKED, row.account, tuple(row.objects), row.amount, row.day, row.text, row.quantity)
            for row in self._rows
        )
        for row in rows:
            self._checks.moved[row.account] += row.amount
        voucher = self._voucher._replace(rows=rows)
        self._checks.take_voucher(voucher, sum((row.amount for row in rows), ZERO), self._line)
        self._out.append(voucher)
        self._voucher, self._rows = None, []

    def _account(self, attributes: _Attributes) -> None:
        number = attributes.get("id", "")
        if not number:
            self._wrong(partial(say.NEEDED, name="id"))
        kind = _KINDS.get(attributes.get("type", ""), "")
        self._accounts[number] = Account(number, attributes.get("name", ""), kind, attributes.get("unit", ""))
        self._count()

    def _entry(self, within: list[str], attributes: _Attributes) -> None:
        match within:
            case []:
                day = self._day(attributes, "journalDate")
                if day is None:
                    self._wrong(partial(say.NEEDED, name="journalDate"))
                self._line = self._parser.CurrentLineNumber
                number, text = attributes.get("id", ""), attributes.get("text", "")
                self._voucher = Voucher(self._series, number, day or date.min, text)
            case ["OriginalEntryInfo"] if self._voucher is not None:
                registered, sign = self._day(attributes, "date"), attributes.get("by", "")
                self._voucher = self._voucher._replace(registered=registered, sign=sign)
            case ["LedgerEntry"]:
                self._row(attributes)
            case ["LedgerEntry", "ObjectReference"]:
                self._rows[-1].objects.append((self._number(attributes, "dimId"), attributes.get("objectId", "")))

    def _row(self, attributes: _Attributes) -> None:
        if len(self._rows) >= self._limits.rows:
            what = say.TOO_MANY_ENTRIES(line=self._line, most=self._limits.rows)
            raise TooLarge(what, self._parser.CurrentLineNumber)
        account, amount = attributes.get("accountId", ""), attributes.get("amount", "").strip()
        if not account:
            self._wrong(partial(say.NEEDED, name="accountId"))
        if not _AMOUNT.fullmatch(amount):
            self._wrong(say.AMOUNT)
            amount = "0"
        quantity = attributes.get("quantity", "").strip()
        if quantity and not _QUANTITY.fullmatch(quantity):
            self._wrong(say.A_QUANTITY)
            quantity = ""
        exact = Decimal(amount).quantize(_ORE)
        day, text = self._day(attributes, "ledgerDate"), attributes.get("text", "")
        self._rows.append(_OpenRow(account, exact, day, text, Decimal(quantity) if quantity else None))

    def _day(self, attributes: _Attributes, name: str) -> date | None:
        written = attributes.get(name, "").strip()
        if not written:
            return None
        found = _DAY.fullmatch(written)
        try:
            if found:
                return date.fromisoformat(found[1])
        except ValueError:
            pass
        self._wrong(partial(say.ISO_DAY, name=name))
        return None

    def _number(self, attributes: _Attributes, name: str) -> int:
        written = attributes.get(name, "").strip()
        if not _NUMBER.fullmatch(written):
            self._wrong(partial(say.DIMENSION_OF, name=name))
            return 0
        return int(written)

    def _count(self) -> None:
        most = self._limits.objects
        if len(self._accounts) + len(self._dimensions) + len(self._objects) > most:
            line = self._parser.CurrentLineNumber
            raise TooLarge(say.TOO_MANY_OBJECTS(most=most), line)

    def _wrong(self, what: Callable[[], Text]) -> None:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        self._notes.add(Grade.DAMAGE, "field", what, line, column)


def _refused(code: str, what: Text, line: int, column: int = -1) -> Damaged:
    return Damaged((Note(Grade.DAMAGE, code, what, line, column + 1),))
