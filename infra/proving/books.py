"""What a proof compares: what we posted and what a ledger holds, as contents that are equal or not. Pure.

Amounts are whole öre, debit above zero. Two rows of an account are its sum: how a voucher is divided is no difference.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from schemas import ids
from schemas.commands import PostVoucher, VoucherRef, VoucherRow
from schemas.ledger import COST_CENTRE, PROJECT, LedgerVoucher
from schemas.money import ORE

Objects = tuple[tuple[int, str], ...]
Content = tuple[tuple[tuple[str, Objects], int], ...]
"""What a voucher does: the sum of each account (and its cost centre, project, ...), in order, none of them zero."""
Amounts = Mapping[str, int]
"""The sum of each account."""

_MARK = re.compile(rf"(?<![a-z0-9]){ids.MARK_PREFIX}[a-z2-7]{{12}}(?![a-z0-9])")
_CUT = re.compile(rf"(?<![a-z0-9]){ids.MARK_PREFIX}[a-z2-7]{{0,11}}$")

State = Literal["posted", "on_its_way", "refused"]


def content(rows: Iterable[tuple[str, Objects, int]]) -> Content:
    """Return rows (account, objects, öre) as a content."""
    sums: dict[tuple[str, Objects], int] = {}
    for account, objects, amount in rows:
        place = account, objects
        sums[place] = sums.get(place, 0) + amount
    return tuple(sorted(each for each in sums.items() if each[1]))


def opposite(one: Content) -> Content:
    """Return the content that takes another back."""
    return tuple((place, -amount) for place, amount in one)


def by_account(*contents: Content) -> dict[str, int]:
    """Return the sum of each account, none of them zero."""
    sums: dict[str, int] = {}
    for each in contents:
        for (account, _), amount in each:
            sums[account] = sums.get(account, 0) + amount
    return {account: amount for account, amount in sums.items() if amount}


def ore(amount: Decimal) -> int:
    """Return an amount in öre."""
    return int(amount.scaleb(2))


def kronor(amount: int) -> Decimal:
    """Return öre as an amount."""
    return amount * ORE


@dataclass(frozen=True, slots=True)
class Posted:
    """A voucher that we ordered.

    Attributes:
        key: the business key of what it is of.
        voucher: where it stands, as we were told; None while that is not known.
        text: what it says, without the mark.
        takes_back: what it reverses: the order, or the voucher of one that does not name it.
        state: it stands there; it may or may not yet (sending, unknown, waiting); it does not, as far as we know.
    """

    order_id: UUID
    key: str
    series: str
    voucher: VoucherRef | None
    day: date
    text: str
    content: Content
    state: State = "posted"
    takes_back: frozenset[UUID | VoucherRef] = frozenset()

    @property
    def number(self) -> str:
        """Its number, as a ledger has it; empty while that is not known."""
        return str(self.voucher.number) if self.voucher else ""

    @property
    def mark(self) -> str:
        """The mark that stands in its text."""
        return ids.mark(self.order_id)

    @property
    def name(self) -> str:
        """The voucher as accountants write it; of one that has no number yet its series and mark."""
        return f"{self.series} {self.number or self.mark}"


def posted(order_id: UUID, order: PostVoucher, voucher: VoucherRef | None, state: State) -> Posted:
    """Return an order, and what became of it, as the proof needs it."""
    rows = ((str(row.account), _objects(row), ore(row.debit - row.credit)) for row in order.rows)
    taken_back = (order.takes_back,) if order.takes_back else order.relates_to
    return Posted(
        order_id=order_id,
        key=order.key,
        series=voucher.series if voucher else order.series,
        voucher=voucher,
        day=order.voucher_date,
        text=order.description,
        content=content(rows),
        state=state,
        takes_back=frozenset(taken_back if order.purpose == "reverse" else ()),
    )


def _objects(row: VoucherRow) -> Objects:
    named = ((COST_CENTRE, row.cost_centre), (PROJECT, row.project))
    return tuple((dimension, code) for dimension, code in named if code)


class Entry(NamedTuple):
    """A voucher of the ledger.

    Attributes:
        mark: the mark in its text; empty: there is none, or it was cut.
        cut: the beginning of a mark at the end of its text, where a program has cut it.
    """

    series: str
    number: str
    day: date
    text: str
    content: Content
    mark: str = ""
    cut: str = ""
    registered: date | None = None

    @property
    def name(self) -> str:
        """The voucher as accountants write it."""
        return f"{self.series} {self.number}".strip()


def entry(voucher: LedgerVoucher) -> Entry:
    """Return a voucher of a ledger as the proof needs it."""
    marks, cut = _MARK.findall(voucher.text), _CUT.search(voucher.text)
    return Entry(
        series=voucher.series,
        number=voucher.number,
        day=voucher.day,
        text=voucher.text,
        content=content(
            (row.account, tuple(sorted((o.dimension, o.code) for o in row.objects)), ore(row.amount))
            for row in voucher.rows
        ),
        mark=marks[-1] if marks else "",
        cut=cut[0] if cut and not marks else "",
        registered=voucher.registered,
    )
