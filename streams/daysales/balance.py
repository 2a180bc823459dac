"""Whether a report adds up, and which of its lines explain it when it does not. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from schemas.base import once
from schemas.events import DayClosed, GroupSales
from schemas.money import ZERO
from schemas.words import Text
from streams.daysales import words
from streams.daysales.voucher import group_text

MOST_LINES = 200
"""Longer reports are not searched: the work stays bounded (a few milliseconds)."""
MOST_LINES_FOR_THREE = 30
"""Of more lines than this, some three add up to almost any amount by chance, and would explain nothing."""
MOST_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class ReportLine:
    """A line of a report. ``weight`` is what it adds to a gap: payments add, sales and other amounts take away."""

    name: str | Text
    amount: Decimal
    weight: Decimal

    @property
    def said(self) -> Text:
        """The line as people name it: ``card 250.00``."""
        return words.LINE(name=self.name, amount=self.amount)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Lines that are the gap exactly, counted once too often or too seldom; or one that has the wrong sign."""

    lines: tuple[ReportLine, ...]
    wrong_sign: bool = False

    @property
    def said(self) -> Text:
        """The explanation in words."""
        return (words.WRONG_SIGN if self.wrong_sign else words.LINES_TOGETHER)(lines=[line.said for line in self.lines])


@once
def sales_of(day: DayClosed) -> Decimal:
    """Return the groups' sales with VAT."""
    return sum((s.net + s.vat for s in day.sales), ZERO)


@once
def expected_payments(day: DayClosed) -> Decimal:
    """Return what the payments must come to: sales with VAT and the other amounts."""
    return sales_of(day) + sum((o.amount for o in day.others), ZERO)


@once
def payments_of(day: DayClosed) -> Decimal:
    """Return what came in by all means of payment."""
    return sum((p.amount for p in day.payments), ZERO)


@once
def more_stated(day: DayClosed) -> dict[Decimal, tuple[Decimal, Decimal]]:
    """Return, by rate, how much more net and VAT the report states than its groups come to; nothing without totals."""
    if not day.vat:
        return {}
    more: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for total in day.vat:
        net, vat = more.get(total.vat_rate, (ZERO, ZERO))
        more[total.vat_rate] = (net + total.net, vat + total.vat)
    for group in day.sales:
        net, vat = more.get(group.vat_rate, (ZERO, ZERO))
        more[group.vat_rate] = (net - group.net, vat - group.vat)
    return more


def lines_of(day: DayClosed) -> tuple[ReportLine, ...]:
    """Return every line that can make payments and sales differ."""
    return (
        *(ReportLine(p.method, p.amount, p.amount) for p in day.payments),
        *(ReportLine(group_text(s), s.net + s.vat, -s.net - s.vat) for s in day.sales),
        *(ReportLine(o.category, o.amount, -o.amount) for o in day.others),
        ReportLine(words.CASH_DIFFERENCE(), day.cash_difference, day.cash_difference),
    )


def vat_of(line: GroupSales) -> Text:
    """Return what a group's VAT is called."""
    return words.VAT_OF(group=group_text(line))


def vat_lines_of(day: DayClosed) -> tuple[ReportLine, ...]:
    """Return each group's VAT: left out or counted twice, it explains a gap by itself."""
    return tuple(ReportLine(vat_of(s), s.vat, -s.vat) for s in day.sales)


def explain(lines: Sequence[ReportLine], gap: Decimal, *, alone: Sequence[ReportLine] = ()) -> tuple[Explanation, ...]:
    """Return the smallest sets of lines that explain a gap; several when they are equally small, none when none do.

    One line that is the gap (counted once too often or too seldom), or half of it (the wrong sign); else two lines
    that together are the gap; else three. The lines of ``alone`` count only by themselves.
    """
    lines = [line for line in lines if line.weight]
    if not gap or len(lines) > MOST_LINES:
        return ()
    searches = [_one((*lines, *alone), gap), _two(lines, gap)]
    if len(lines) <= MOST_LINES_FOR_THREE:
        searches.append(_three(lines, gap))
    for search in searches:
        found = tuple(islice(search, MOST_ALTERNATIVES))
        if found:
            return found
    return ()


def _one(lines: Sequence[ReportLine], gap: Decimal) -> Iterator[Explanation]:
    yield from (Explanation((line,)) for line in lines if line.weight == gap)
    yield from (Explanation((line,), wrong_sign=True) for line in lines if 2 * line.weight == gap)
    yield from (Explanation((line,)) for line in lines if line.weight == -gap)


def _two(lines: Sequence[ReportLine], gap: Decimal) -> Iterator[Explanation]:
    yield from (Explanation(pair) for wanted in (gap, -gap) for pair in _pairs(lines, wanted))


def _three(lines: Sequence[ReportLine], gap: Decimal) -> Iterator[Explanation]:
    for wanted in (gap, -gap):
        for place, line in enumerate(lines):
            yield from (Explanation((*pair, line)) for pair in _pairs(lines[:place], wanted - line.weight))


def _pairs(lines: Sequence[ReportLine], wanted: Decimal) -> Iterator[tuple[ReportLine, ReportLine]]:
    earlier: dict[Decimal, ReportLine] = {}
    for line in lines:
        other = earlier.get(wanted - line.weight)
        if other:
            yield other, line
        earlier.setdefault(line.weight, line)
