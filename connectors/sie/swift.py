"""Writes vouchers as they stand in a part of a ledger, without making the message: a file has a million rows. Pure.

What it gives is what ``schemas.ledger_parts.raw`` gives of the canonical message, which a property test holds it to.
What is not plain, such as an account that is too long, it leaves to the message, which says what is wrong.
"""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Final

from connectors.sie.model import Objects, Voucher
from connectors.sie.plain import Columns, Rows
from schemas.ledger_parts import quantity_text

_LONGEST_ACCOUNT: Final = 16
_LONGEST_AMOUNT: Final = 15
"""Digits, point and two decimals; one less for what is negative, which is left to the message."""
_LONGEST_QUANTITY: Final = 15
_AMOUNTS: Final = re.compile(r"(?:(?!-0\.00)-?+(?:0|[1-9][0-9]{0,10}+)\.[0-9]{2}(?:\n|\Z))*+", re.ASCII)
"""Amounts that are written in a file as they are in a message."""


class Swift:
    """Writes the vouchers of a file one after the other: rows that were read together are written together."""

    def __init__(self) -> None:
        self._columns: Columns | None = None
        self._rows: list[str] = []

    def raw_of(self, voucher: Voucher) -> tuple[bytes, int] | None:
        """Return a voucher's canonical JSON, and how many rows it has; None: it is not plain."""
        series, number, day, text, registered, _, rows = voucher
        written = self._of_columns(rows) if isinstance(rows, Rows) else _of_rows(voucher)
        if not all(written):
            return None
        head = f'{{"series":{quoted(series)},"number":{quoted(number)}{_dated(day)}{_said(text) if text else ""}'
        entered = "" if registered is None else f',"registered":"{registered.isoformat()}"'
        if not written:
            return f"{head}{entered}}}".encode(), 0
        # Within a text a quotation mark has a \ before it: a row's day is found nowhere else.
        listed = ",".join(written).replace(f"{_dated(day)}}}", "}")
        return f'{head}{entered},"rows":[{listed}]}}'.encode(), len(written)

    def _of_columns(self, rows: Rows) -> list[str]:
        if rows.columns is not self._columns:
            self._columns, self._rows = rows.columns, _of_all(rows.columns)
        return self._rows[rows.first : rows.end]


def _of_all(columns: Columns) -> list[str]:
    begun = {text: _begun(*columns.begun[text][1:]) for text in {*columns.beginnings}}
    days = {text: _dated(columns.read_days[text]) for text in {*columns.days}}
    as_they_are = _AMOUNTS.fullmatch("\n".join(columns.digits))
    return _written(
        map(begun.__getitem__, columns.beginnings),
        columns.digits if as_they_are else map(_digits, columns.amounts),
        columns.texts,
        columns.quantities,
        map(days.__getitem__, columns.days),
    )


def _of_rows(voucher: Voucher) -> list[str]:
    rows = voucher.booked
    return _written(
        [_begun(row.account, row.objects) for row in rows],
        [_digits(row.amount) for row in rows],
        [row.text for row in rows],
        [row.quantity for row in rows],
        [_dated(row.day) for row in rows],
    )


def _written(
    begun: Iterable[tuple[str, str]],
    amounts: Iterable[str],
    texts: Iterable[str | None],
    quantities: Iterable[Decimal | None],
    days: Iterable[str],
) -> list[str]:
    """Return rows as they stand in a message; what is not plain is empty."""
    return [
        f"{before}{amount}{after}{_said(text) if text else ''}{_counted(quantity) if quantity else ''}{dated}}}"
        if before and amount and (not quantity or _counted(quantity))
        else ""
        for (before, after), amount, text, quantity, dated in zip(begun, amounts, texts, quantities, days, strict=True)
    ]


@lru_cache(maxsize=10_000)
def _begun(account: str, objects: Objects) -> tuple[str, str]:
    """Return what stands before the amount of a row, and what after it; nothing where it is not plain."""
    if not 0 < len(account) <= _LONGEST_ACCOUNT or any(dimension < 1 for dimension, _ in objects):
        return "", ""
    each = (f'{{"dimension":{dimension},"code":{quoted(code)}}}' for dimension, code in sorted(objects))
    return f'{{"account":{quoted(account)},"amount":"', f'","objects":[{",".join(each)}]' if objects else '"'


def _digits(amount: Decimal) -> str:
    digits = f"{amount:.2f}"
    return "" if len(digits) > _LONGEST_AMOUNT or digits == "-0.00" else digits


def _said(text: str) -> str:
    return f',"text":{quoted(text)}'


def _counted(quantity: Decimal) -> str:
    pieces = quantity_text(quantity) or ""
    return "" if len(pieces) > _LONGEST_QUANTITY else f',"quantity":"{pieces}"'


@lru_cache(maxsize=1_000)
def _dated(day: date | None) -> str:
    return "" if day is None else f',"day":"{day}"'
