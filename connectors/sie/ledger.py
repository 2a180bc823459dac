"""A year's ledger out of a SIE file of type 4, in parts, and into one; a file of entries is a batch of them.

Rows that count are taken; what was struck is not (``#BTRANS``), nor are other years' balances, months and budgets: they
follow from the vouchers, or are no ledger.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from typing import BinaryIO, Final, Literal

from pydantic import ValidationError

from connectors.sie import note_words as say
from connectors.sie.entries import MOST_ROWS, batch_of
from connectors.sie.entry_files import EntryReading, reading_of
from connectors.sie.model import (
    OF_ACCOUNTS,
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
from connectors.sie.notes import Grade, Refused, TooLarge, problems
from connectors.sie.reading import Limits, Reading
from connectors.sie.swift import Swift
from connectors.sie.writing import NotWritable, Style, write
from infra.parting import Parting, parting
from infra.plugin import LedgerFile, Malformed, YearHead, YearRead
from schemas.events import Fact
from schemas.ledger import (
    LedgerAccount,
    LedgerBalance,
    LedgerDimension,
    LedgerObject,
    LedgerPartRead,
    LedgerRow,
    LedgerVoucher,
    ObjectCode,
)
from schemas.ledger_parts import quantity_text

_KINDS: Final[dict[BalanceKind, Literal["opening", "closing"]]] = {
    BalanceKind.OPENING: "opening",
    BalanceKind.OBJECT_OPENING: "opening",
    BalanceKind.CLOSING: "closing",
    BalanceKind.RESULT: "closing",
    BalanceKind.OBJECT_CLOSING: "closing",
}
_ENDS: Final = frozenset({BalanceKind.CLOSING, BalanceKind.RESULT})
_CURRENCY: Final = "SEK"
"""Of every amount in a message; one code says of which currency a whole file is."""
_STYLE: Final = Style(near_letters=True, as_it_is=True)


@contextmanager
def read_year(file: BinaryIO, limits: Limits | None = None) -> Iterator[YearRead]:
    """Read the year of a file of type 4 (4E), as ``infra.plugin.LedgerFile`` says."""
    with parting() as parts:
        reading = _gone_through(file, limits, parts)
        if reading.ledger.form is Form.ENTRIES and parts.vouchers:
            raise Malformed([say.ONLY_ENTRIES()])
        yield _whole(reading, parts)


@contextmanager
def read_file(file: BinaryIO, limits: Limits) -> Iterator[YearRead | tuple[Fact, ...]]:
    """Read whatever a file says: a year's ledger (4E), or entries to be booked (4I, SIE 5). Raises Malformed."""
    with parting() as parts:
        reading = _gone_through(file, limits, parts)
        if reading.ledger.form is not Form.ENTRIES:
            yield _whole(reading, parts)
        else:
            if parts.rows > MOST_ROWS:
                raise Malformed([say.TOO_MANY_TO_BOOK(rows=parts.rows, most=MOST_ROWS)])
            # Only the end tells that it is no export, and the vouchers of an export are many: it is read once more.
            entries = [entry for entry in reading if isinstance(entry, Voucher)]
            yield (batch_of(reading.ledger, entries, reading.notes),)


def _gone_through(file: BinaryIO, limits: Limits | None, parts: Parting) -> Reading | EntryReading:
    """Take in a file's vouchers, and the balances of its year."""
    ends: dict[tuple[str, BalanceKind], Balance] = {}
    try:
        reading, swift = reading_of(file, limits), Swift()
        for entry in reading:
            if isinstance(entry, Voucher):
                if (written := swift.raw_of(entry)) is not None:
                    parts.written(entry.series, entry.number, entry.day, *written)
                else:
                    parts.voucher(message_of(entry))
            elif entry.year == 0 and entry.kind in _ENDS:
                ends[entry.account, entry.kind] = _added(ends.get((entry.account, entry.kind)), entry)
            elif entry.year == 0 and entry.kind in _KINDS and (entry.objects or entry.kind in OF_ACCOUNTS):
                parts.balance(_balance(entry))  # a part of an account that is of no object is in the account's own
    except Refused as refused:
        more = [say.AND_MORE(number=refused.more)] if refused.more else []
        limits_said = [say.LIMITS()] if isinstance(refused, TooLarge) else []
        raise Malformed([*(note.said for note in refused.notes), *more, *limits_said]) from None
    if reading.ledger.currency.strip().upper() != _CURRENCY:
        raise Malformed([say.OTHER_CURRENCY()])
    _take_ends(ends, parts)
    return reading


def _added(one: Balance | None, other: Balance) -> Balance:
    if one is None:
        return other
    quantity = (one.quantity or Decimal(0)) + (other.quantity or Decimal(0))
    return one._replace(amount=one.amount + other.amount, quantity=quantity)


def _take_ends(ends: Mapping[tuple[str, BalanceKind], Balance], parts: Parting) -> None:
    """Take closing balances: what some programs write under ``#UB`` and under ``#RES`` as well is one, not two."""
    for (account, kind), one in ends.items():
        closing = ends.get((account, BalanceKind.CLOSING))
        if kind is BalanceKind.CLOSING or closing is None or not one.amount or closing.amount != one.amount:
            parts.balance(_balance(one))


def _whole(reading: Reading | EntryReading, parts: Parting) -> YearRead:
    ledger = reading.ledger
    if ledger.form not in {Form.EXPORT, Form.ENTRIES}:
        raise Malformed([say.ONLY_BALANCES(form=ledger.form.value)])
    year = ledger.year(0)
    if year is None or year.first is None or year.last is None:
        raise Malformed([say.YEAR_NOT_NAMED()])
    _take_chart(ledger, parts)
    return parts.whole(
        year.first,
        year.last,
        organisation_number=ledger.company.ten_digits,
        findings=[note.said for note in reading.notes.kept if note.grade is Grade.FINDING],
    )


def message_of(voucher: Voucher) -> LedgerVoucher:
    """Return a voucher as a message. Raises Malformed, naming it."""
    try:
        return LedgerVoucher(
            series=voucher.series,
            number=voucher.number,
            day=voucher.day,
            text=voucher.text,
            registered=voucher.registered,
            rows=tuple(_row(row, voucher) for row in voucher.rows if row.kind is RowKind.BOOKED),
        )
    except ValidationError as error:
        where = say.VOUCHER(name=f"{voucher.series} {voucher.number}", day=voucher.day)
        raise Malformed([say.AT(where=where, said=problems(error)[0])]) from None


def _row(row: Row, voucher: Voucher) -> LedgerRow:
    return LedgerRow(
        account=row.account,
        amount=row.amount,
        objects=_objects(row.objects),
        text=row.text,
        quantity=quantity_text(row.quantity),
        day=None if row.day == voucher.day else row.day,
    )


def _balance(balance: Balance) -> LedgerBalance:
    try:
        return LedgerBalance(
            account=balance.account,
            kind=_KINDS[balance.kind],
            amount=balance.amount,
            objects=_objects(balance.objects),
            quantity=quantity_text(balance.quantity),
        )
    except ValidationError as error:
        raise Malformed([say.AT(where=say.BALANCE(), said=problems(error)[0])]) from None


@lru_cache(maxsize=10_000)
def _objects(objects: Objects) -> tuple[ObjectCode, ...]:
    return tuple(ObjectCode(dimension=dimension, code=code) for dimension, code in sorted(objects))


def _take_chart(ledger: Ledger, parts: Parting) -> None:
    try:
        for account in ledger.accounts:
            parts.account(LedgerAccount(number=account.number, name=account.name, sru=account.sru))
        for one in ledger.objects:
            parts.object(LedgerObject(dimension=one.dimension, code=one.code, name=one.name))
        for dimension in ledger.dimensions:
            # What every program calls 1 and 6 says nothing of the company.
            if dimension.number not in RESERVED_DIMENSIONS:
                parts.dimension(
                    LedgerDimension(dimension=dimension.number, name=dimension.name, parent=dimension.parent)
                )
    except ValidationError as error:
        raise Malformed([say.AT(where=say.CHART(), said=problems(error)[0])]) from None


# --- The other way ------------------------------------------------------------------------------------------------


def write_year(head: YearHead, parts: Iterable[LedgerPartRead]) -> Iterator[bytes]:
    """Yield the rows of a file of type 4, as ``infra.plugin.LedgerFile`` says."""
    coming = iter(parts)
    before: list[LedgerPartRead] = []
    after: list[LedgerPartRead] = []
    for part in coming:  # the chart stands first in a file; it comes before the first voucher
        (after if part.vouchers else before).append(part)
        if after:
            break
    entries: Iterable[Balance | Voucher] = chain(
        (_balance_of(one) for part in before for one in part.balances),
        (_voucher_of(one) for part in chain(after, coming) for one in part.vouchers),
    )
    try:
        yield from write(_ledger(head, before), entries, _STYLE)
    except NotWritable as error:
        raise ValueError(str(error)) from None


def _ledger(head: YearHead, parts: Iterable[LedgerPartRead]) -> Ledger:
    accounts = [Account(one.number, one.name, sru=one.sru) for part in parts for one in part.accounts]
    objects = [Object(one.dimension, one.code, one.name) for part in parts for one in part.objects]
    own = [Dimension(one.dimension, one.name, one.parent) for part in parts for one in part.dimensions]
    reserved = sorted({one.dimension for one in objects} & RESERVED_DIMENSIONS.keys() - {one.number for one in own})
    return Ledger(
        Form.EXPORT,
        Company(name=head.company, organisation_number=head.organisation_number or ""),
        years=(FinancialYear(0, head.first, head.last),),
        accounts=tuple(accounts),
        dimensions=(*(Dimension(number, RESERVED_DIMENSIONS[number]) for number in reserved), *own),
        objects=tuple(objects),
        generated=head.written,
        generated_by=head.written_by,
    )


def _balance_of(one: LedgerBalance) -> Balance:
    objects = _codes(one.objects)
    opening, closing = BalanceKind.OPENING, BalanceKind.CLOSING
    if objects:
        opening, closing = BalanceKind.OBJECT_OPENING, BalanceKind.OBJECT_CLOSING
    elif Account(one.account).is_of_result:
        closing = BalanceKind.RESULT
    kind = opening if one.kind == "opening" else closing
    return Balance(kind, 0, one.account, one.amount, "", objects, _quantity(one.quantity))


def _voucher_of(one: LedgerVoucher) -> Voucher:
    rows = tuple(
        Row(RowKind.BOOKED, row.account, _codes(row.objects), row.amount, row.day, row.text, _quantity(row.quantity))
        for row in one.rows
    )
    return Voucher(one.series, one.number, one.day, one.text, one.registered, "", rows)


def _codes(objects: tuple[ObjectCode, ...]) -> Objects:
    return tuple((one.dimension, one.code) for one in objects)


def _quantity(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None


LEDGER_FILE: Final = LedgerFile(read=read_year, write=write_year)
