"""Cuts a year's ledger into parts while it is read, in memory that does not grow with it: vouchers wait on disk.

What it may come in any order. The files are nameless and gone when the process ends; ``TMPDIR`` says where they are.
"""

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Final

from pydantic import ValidationError

from infra import words
from infra.plugin import Malformed, YearRead
from schemas import ledger_parts
from schemas.ledger import (
    LedgerAccount,
    LedgerBalance,
    LedgerDimension,
    LedgerObject,
    LedgerPart,
    LedgerPartRead,
    LedgerVoucher,
)
from schemas.ledger_parts import BALANCES, CHART
from schemas.money import ZERO
from schemas.words import Text

MOST_BALANCES: Final = 200_000
"""Of one year: an account has few, its objects can have many."""
MOST_PARTS: Final = 20_000
"""Of one year: what closes a reading names each of them, in one message."""
_MOST_FINDINGS = 50
_MOST_IN_BLOCK = 50_000
_FIELDS = 3
"""Of a voucher in its block's index: its rank, where it lies, and its size."""

_BalanceKey = tuple[str, str, tuple[tuple[int, str], ...]]


@contextmanager
def parting() -> Iterator["Parting"]:
    """Hold the files open in which a year's vouchers and parts wait."""
    with TemporaryFile() as vouchers, TemporaryFile() as parts:
        yield Parting(vouchers, parts)


class Parting:
    """Takes a year's accounts, balances and vouchers, and gives it in parts.

    Raises Malformed wherever there is more than can be cut into messages.
    """

    def __init__(self, vouchers: IO[bytes], parts: IO[bytes]) -> None:
        self._vouchers = vouchers
        self._parts = parts
        self._size = 0
        self._blocks: defaultdict[str, array[int]] = defaultdict(lambda: array("Q"))
        self._accounts: dict[str, LedgerAccount] = {}
        self._objects: dict[tuple[int, str], LedgerObject] = {}
        self._dimensions: dict[int, LedgerDimension] = {}
        self._balances: dict[_BalanceKey, tuple[LedgerBalance, Decimal, Decimal]] = {}
        self.vouchers = 0
        self.rows = 0

    def account(self, account: LedgerAccount) -> None:
        """Take an account of the chart; the first of a number counts."""
        self._accounts.setdefault(account.number, account)

    def dimension(self, dimension: LedgerDimension) -> None:
        """Take a dimension of its own name."""
        self._dimensions.setdefault(dimension.dimension, dimension)

    def object(self, one: LedgerObject) -> None:
        """Take a cost centre, a project or the like; the first of a code counts."""
        self._objects.setdefault((one.dimension, one.code), one)

    def balance(self, balance: LedgerBalance) -> None:
        """Take a balance; those of the same thing are added up."""
        objects = tuple(sorted((one.dimension, one.code) for one in balance.objects))
        key = balance.account, balance.kind, objects
        _, amount, quantity = self._balances.get(key, (None, ZERO, Decimal(0)))
        self._balances[key] = balance, amount + balance.amount, quantity + Decimal(balance.quantity or 0)
        if len(self._balances) > MOST_BALANCES:
            raise Malformed([words.BALANCES_TOO_MANY(most=MOST_BALANCES)])

    def voucher(self, voucher: LedgerVoucher) -> None:
        """Take a voucher."""
        raw = ledger_parts.raw(ledger_parts.canonical(voucher))
        self.written(voucher.series, voucher.number, voucher.day, raw, len(voucher.rows))

    def written(self, series: str, number: str, day: date, raw: bytes, rows: int) -> None:
        """Take a voucher that is written as ``voucher`` writes it: who has millions need not make them first."""
        block = self._blocks[ledger_parts.block_of(series, number, day)]
        block.extend((ledger_parts.rank(number), self._size, len(raw)))
        if len(block) > _FIELDS * _MOST_IN_BLOCK:
            raise Malformed([words.VOUCHERS_ALIKE(most=_MOST_IN_BLOCK)])
        if len(self._blocks) > MOST_PARTS:
            raise Malformed([words.PARTS_TOO_MANY(most=MOST_PARTS)])
        self._vouchers.write(raw)
        self._size += len(raw)
        self.vouchers += 1
        self.rows += rows

    def whole(
        self, first: date, last: date, *, organisation_number: str | None = None, findings: Sequence[Text | str] = ()
    ) -> YearRead:
        """Return the year, once all was taken."""
        index: dict[str, tuple[LedgerPart, int, int]] = {}
        end = 0
        for name, fields in self._content():
            head = ledger_parts.raw(LedgerPartRead(year_from=first, year_to=last, part=name))
            raw = b",".join((head[:-1], *(b'"%s":[%s]' % (field, b",".join(held)) for field, held in fields))) + b"}"
            self._parts.write(raw)
            part = LedgerPart(part=name, sha256=hashlib.sha256(raw).hexdigest())
            index[name] = part, end, len(raw)
            end += len(raw)
        if len(index) > MOST_PARTS:
            raise Malformed([words.PARTS_TOO_MANY(most=MOST_PARTS)])

        def read(names: Iterable[str]) -> Iterator[LedgerPartRead]:
            for name in names:
                _, at, size = index[name]
                self._parts.seek(at)
                yield LedgerPartRead.model_validate_json(self._parts.read(size))

        return YearRead(
            first=first,
            last=last,
            organisation_number=organisation_number,
            vouchers=self.vouchers,
            rows=self.rows,
            parts=tuple(part for _, (part, _, _) in sorted(index.items())),
            findings=tuple(findings[:_MOST_FINDINGS]),
            part=read,
        )

    def _content(self) -> Iterator[tuple[str, list[tuple[bytes, list[bytes]]]]]:
        """Yield each part's name, with its fields and what is in them, in the sequence in which the model has them."""
        balances = (
            _summed(*self._balances[key])
            for key in sorted(self._balances)
            if self._balances[key][1] or self._balances[key][2]
        )
        for name, held in _cut(BALANCES, map(ledger_parts.raw, balances)):
            yield name, [(b"balances", held)] if held else []
        yield from self._chart()
        for block in sorted(self._blocks):
            for name, held in _cut(block, self._in_order(self._blocks[block])):
                yield name, [(b"vouchers", held)]

    def _chart(self) -> Iterator[tuple[str, list[tuple[bytes, list[bytes]]]]]:
        kinds = (
            (b"accounts", [ledger_parts.raw(one) for _, one in sorted(self._accounts.items())]),
            (b"objects", [ledger_parts.raw(one) for _, one in sorted(self._objects.items())]),
            (b"dimensions", [ledger_parts.raw(one) for _, one in sorted(self._dimensions.items())]),
        )
        # Of which kind a piece is, stands before it: kinds are cut together, as one list.
        tagged = [kind + b"\0" + piece for kind, pieces in kinds for piece in pieces]
        for name, held in _cut(CHART, tagged):
            fields: dict[bytes, list[bytes]] = {}
            for kind, _, piece in (one.partition(b"\0") for one in held):
                fields.setdefault(kind, []).append(piece)
            yield name, list(fields.items())

    def _in_order(self, block: "array[int]") -> list[bytes]:
        """Return a block's vouchers: by number, and such as have the same one by what is in them."""
        found = []
        for number, at, size in zip(*(block[field::_FIELDS] for field in range(_FIELDS)), strict=True):
            self._vouchers.seek(at)
            found.append((number, self._vouchers.read(size)))
        return [raw for _, raw in sorted(found)]


def _summed(one: LedgerBalance, amount: Decimal, quantity: Decimal) -> LedgerBalance:
    objects = tuple(sorted(one.objects, key=lambda each: (each.dimension, each.code)))
    pieces = ledger_parts.quantity_text(quantity)
    try:
        return LedgerBalance(account=one.account, kind=one.kind, amount=amount, objects=objects, quantity=pieces)
    except ValidationError:
        raise Malformed([words.BALANCES_TOO_LARGE(account=one.account)]) from None


def _cut(name: str, pieces: Iterable[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    try:
        yield from ledger_parts.cut(name, pieces)
    except Malformed:
        raise
    except ValueError:
        raise Malformed([words.PART_TOO_LARGE(part=name)]) from None
