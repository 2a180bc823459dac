"""Writes a voucher as it stands in a part of a ledger, without making the message: a file has a million rows. Pure.

What it gives is what ``schemas.ledger_parts.raw`` gives of the canonical message, which a property test holds it to.
What is not plain, such as an account that is too long, it leaves to the message, which says what is wrong.
"""

from datetime import date
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import Final

from connectors.sie.model import Objects, Row, RowKind, Voucher
from schemas.ledger_parts import quantity_text

_LONGEST_ACCOUNT: Final = 16
_LONGEST_AMOUNT: Final = 15
"""Digits, point and two decimals; one less for what is negative, which is left to the message."""
_LONGEST_QUANTITY: Final = 15


def raw_of(voucher: Voucher) -> tuple[bytes, int] | None:
    """Return a voucher's canonical JSON, and how many rows it has; None: it is not plain."""
    series, number, day, text, registered, _, rows = voucher
    booked = RowKind.BOOKED
    written = [_row(row, day) for row in rows if row[0] is booked]
    if None in written:
        return None
    said = f',"text":{quoted(text)}' if text else ""
    entered = "" if registered is None else f',"registered":"{registered.isoformat()}"'
    listed = f',"rows":[{",".join(map(str, written))}]' if written else ""
    head = f'{{"series":{quoted(series)},"number":{quoted(number)},"day":"{day.isoformat()}"'
    return f"{head}{said}{entered}{listed}}}".encode(), len(written)


def _row(row: Row, day: date) -> str | None:
    _, account, objects, amount, own, text, quantity, _ = row
    digits = str(amount)
    if digits[-3:-2] != ".":
        digits = f"{amount:.2f}"
    listed = _listed(objects) if objects else ""
    pieces = quantity_text(quantity) or ""
    if not 0 < len(account) <= _LONGEST_ACCOUNT or len(digits) > _LONGEST_AMOUNT or digits == "-0.00":
        return None
    if listed is None or len(pieces) > _LONGEST_QUANTITY:
        return None
    text = f',"text":{quoted(text)}' if text else ""
    counted = f',"quantity":"{pieces}"' if pieces else ""
    dated = "" if own is None or own == day else f',"day":"{own}"'
    return f'{{"account":{quoted(account)},"amount":"{digits}"{listed}{text}{counted}{dated}}}'


@lru_cache(maxsize=10_000)
def _listed(objects: Objects) -> str | None:
    if any(dimension < 1 for dimension, _ in objects):
        return None
    each = (f'{{"dimension":{dimension},"code":{quoted(code)}}}' for dimension, code in sorted(objects))
    return f',"objects":[{",".join(each)}]'
