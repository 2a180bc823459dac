"""How a year's ledger is cut into parts and digested: the same year gives the same parts, byte for byte. Pure.

Vouchers stand in blocks of a hundred numbers of a series, so that one voucher more changes one part. A block that is
too much for one message goes on in ``.../002``. In a block the numbers ascend; the rows of a voucher stand as they were
entered. What says nothing is left out: a balance of nothing, a row's day that is its voucher's.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from schemas import ids
from schemas.base import Message
from schemas.ledger import MOST_ROWS, LedgerPart, LedgerPartRead, LedgerRow, LedgerVoucher

CHART: Final = "chart"
BALANCES: Final = "balances"
VOUCHERS: Final = "vouchers/"

_BLOCK = 100
"""Numbers of one block."""
_MOST_BYTES = 1_000_000
_MOST_COMMAS = 50_000
"""Of one part; a message of more than 100,000 is not read (``schemas.envelope``)."""
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_SERIES = re.compile(r"[0-9A-Za-zÅÄÖåäö_\-]{1,20}")
_FIRST_WORDS = re.compile(rb'\{"account":|\{"dimension":|\{"number":|\{"series":')


def canonical(voucher: LedgerVoucher) -> LedgerVoucher:
    """Return a voucher as it stands in a part."""
    rows = tuple(_canonical_row(row, voucher.day) for row in voucher.rows)
    same = all(a is b for a, b in zip(rows, voucher.rows, strict=True))
    return voucher if same else voucher.model_copy(update={"rows": rows})


def _canonical_row(row: LedgerRow, day: date) -> LedgerRow:
    ordered = tuple(sorted(row.objects, key=lambda one: (one.dimension, one.code)))
    own = None if row.day == day else row.day
    if ordered == row.objects and own == row.day:
        return row
    return row.model_copy(update={"objects": ordered, "day": own})


def quantity_text(quantity: Decimal | None) -> str | None:
    """Return a quantity as it stands in a part: ``2`` for 2.00; None for none, and for nothing."""
    if not quantity:
        return None
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rank(number: str) -> int:
    """Return where a voucher stands in its block by its number; those without one stand first."""
    return int(number) + 1 if _NUMBER.fullmatch(number) else 0


def block_of(series: str, number: str, day: date) -> str:
    """Return the name of the block that a voucher is in; without a number it is in that of its month."""
    place = f"{int(number) // _BLOCK:07}" if _NUMBER.fullmatch(number) else f"~{day:%Y-%m}"
    return f"{VOUCHERS}{_named(series)}/{place}"


def order_of(part: str) -> tuple[str, int, str]:
    """Return by what parts of vouchers are in order: series, block, and where a block goes on in another part."""
    series, _, place = part.removeprefix(VOUCHERS).partition("/")
    block, _, _ = place.partition("/")
    return series, int(block) if block.isdecimal() else -1, place


def around(parts: Iterable[str], series: str, number: str) -> list[str]:
    """Return the parts of a series in which a voucher can stand, and those right before and after them, in order.

    One that has no number, or one of other signs than digits, can stand in any of its series.
    """
    own = sorted((part for part in parts if order_of(part)[0] == _named(series)), key=order_of)
    if not rank(number):
        return own
    at = [place for place, part in enumerate(own) if order_of(part)[1] == int(number) // _BLOCK]
    return own[max(at[0] - 1, 0) : at[-1] + 2] if at else []


@lru_cache(maxsize=1000)
def _named(series: str) -> str:
    if _SERIES.fullmatch(series):
        return series
    return f"~{hashlib.sha256(series.encode()).hexdigest()[:16]}" if series else "~"


def cut(name: str, items: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """Yield parts' names with what is in them, each such that one message of Kafka can hold it.

    Args:
        name: of the first part; it comes with nothing in it, when there are no items.
        items: as canonical JSON, in their order.

    Raises:
        ValueError: one item alone is too much.
    """
    held: list[bytes] = []
    rows = size = commas = parts = 0
    for item in items:
        more = len(_FIRST_WORDS.findall(item)), len(item), item.count(b",") + 1
        if more[1] > 3 * _MOST_BYTES or more[2] > _MOST_COMMAS + _MOST_COMMAS // 2:
            raise ValueError(
                f"it has {len(item):,} bytes with {more[2]:,} values, more than a message on Kafka can hold"
            )
        full = rows + more[0] > MOST_ROWS or size + more[1] > _MOST_BYTES or commas + more[2] > _MOST_COMMAS
        if held and full:
            parts += 1
            yield _numbered(name, parts), held
            held, rows, size, commas = [], 0, 0, 0
        held.append(item)
        rows, size, commas = rows + more[0], size + more[1], commas + more[2]
    yield _numbered(name, parts + 1), held


def _numbered(name: str, part: int) -> str:
    return name if part == 1 else f"{name}/{part:03}"


def raw(message: Message) -> bytes:
    """Return the canonical JSON of a part, or of what is in one. Defaults are left out: later fields change none."""
    return message.model_dump_json(exclude_defaults=True).encode()


def digest(message: LedgerPartRead | LedgerVoucher) -> str:
    """Return the SHA-256 of a part, or of a voucher: a number that was used again has another one."""
    return hashlib.sha256(raw(message)).hexdigest()


def digest_of_year(parts: Iterable[LedgerPart]) -> str:
    """Return the SHA-256 of a year: of its parts' names and digests, in the order of their names."""
    return ids.digest(sorted([one.part, one.sha256] for one in parts))
