"""The double-booking radar: takings that we posted and that somebody else booked as well, by a file or by hand. Pure.

Two vouchers are the same event when they tell the same money of the same day: the same accounts and amounts; those of
all reports of the day, a store, a register, or of days that follow each other; rounded to kronor; or the same sales and
VAT, paid over other accounts. Ours is from a day's report, so equal amounts of other days (a rent) are another event.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, groupby
from typing import Final, Literal

from infra.proving.books import Amounts, Entry, Posted, by_account

Likeness = Literal["the same rows", "the same amounts on other accounts", "the same sales and VAT", "rounded"]

_NEAR: Final = 3
"""Days that a file's voucher may be dated away from the day of its takings."""
_LATE: Final = 5
"""Days after the last of several days that one voucher for all of them may be dated."""
_LONGEST: Final = 31
"""Days that one voucher may be for."""
MONTH: Final = timedelta(days=_LONGEST + _LATE)
"""Around a day: what lies further away says nothing of it."""
_ROUNDING: Final = "3740"
_TELLING: Final = 3
"""Accounts of a voucher that is hardly met twice by chance."""
_KRONA: Final = 100
_LARGE: Final = 200 * _KRONA
"""Rounded amounts below this say nothing: everything small is alike."""


@dataclass(frozen=True, slots=True)
class Double:
    """Vouchers of somebody else that hold what vouchers of ours hold."""

    ours: tuple[Posted, ...]
    theirs: tuple[Entry, ...]
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class _Lump:
    """Vouchers of ours that one voucher may hold together, and what they come to."""

    ours: tuple[Posted, ...]
    first: date
    last: date
    amounts: Amounts
    """Without the account of rounding."""
    sales: Amounts


def doubles(ours: Iterable[Posted], theirs: Iterable[Entry]) -> tuple[Double, ...]:
    """Return what was booked twice; of vouchers that fit several ways the best one.

    Args:
        ours: what stands in the books and was not taken back.
        theirs: vouchers that are not ours, without those that take each other back.
    """
    radar = _Radar(sorted(ours, key=lambda p: (p.day, p.key, p.series, p.number)))
    found: list[Double] = []
    left: list[Entry] = []
    for each in theirs:
        if double := radar.of_one(each):
            found.append(double)
        else:
            left.append(each)
    return (*found, *radar.of_several(left))


class _Radar:
    def __init__(self, ours: Sequence[Posted]) -> None:
        self._days: dict[date, list[_Lump]] = {}
        self._exact: dict[frozenset[tuple[str, int]], list[_Lump]] = defaultdict(list)
        self._figures: dict[tuple[date, tuple[int, ...]], _Lump] = {}
        for day, group in groupby(ours, key=lambda p: p.day):
            self._days[day] = _of_a_day(tuple(group))
        for lump in (one for lumps in self._days.values() for one in lumps):
            self._exact[frozenset(lump.amounts.items())].append(lump)
            if len(figures := _figures(lump.amounts)) >= _TELLING:
                self._figures.setdefault((lump.last, figures), lump)
        self._runs = [_Run(tuple(group)) for group in _streams(ours) if len(group) > 1]

    def of_one(self, theirs: Entry) -> Double | None:
        """Return which of ours a single voucher repeats."""
        amounts = _plain(by_account(theirs.content))
        return next(self._ways(theirs, amounts, _sales(amounts)), None)

    def _ways(self, theirs: Entry, amounts: Amounts, sales: Amounts) -> Iterator[Double]:
        """Yield what a voucher may repeat, the most certain first; sums are looked at for sales only."""
        for lump in self._exact.get(frozenset(amounts.items()), ()):
            if lump.last == theirs.day or (len(amounts) >= _TELLING and self._once_near(lump, theirs.day)):
                yield Double(lump.ours, (theirs,), "the same rows")
        if lump_of_day := self._figures.get((theirs.day, _figures(amounts))):
            yield Double(lump_of_day.ours, (theirs,), "the same amounts on other accounts")
        if sales:
            yield from self._sums(theirs, amounts, sales)

    def _sums(self, theirs: Entry, amounts: Amounts, sales: Amounts) -> Iterator[Double]:
        for run in self._runs:
            if days := run.days(amounts, theirs.day):
                yield Double(days, (theirs,), "the same rows")
        for lump in self._days.get(theirs.day, ()):
            if likeness := _alike(lump, amounts, sales):
                yield Double(lump.ours, (theirs,), likeness)
        for lump in (each for run in self._runs for each in run.periods(theirs.day)):
            if _alike(lump, amounts, sales) == "rounded":
                yield Double(lump.ours, (theirs,), "rounded")

    def of_several(self, theirs: Iterable[Entry]) -> Iterator[Double]:
        """Yield which of ours the vouchers of a day and a series repeat together."""
        together: dict[tuple[date, str], list[Entry]] = defaultdict(list)
        for each in theirs:
            together[each.day, each.series].append(each)
        for (day, _), group in together.items():
            for lump in self._days.get(day, ()):
                parts = tuple(e for e in group if {a for (a, _), _ in e.content} <= {*lump.amounts, _ROUNDING})
                amounts = _plain(by_account(*(e.content for e in parts)))
                if len(parts) > 1 and (likeness := _alike(lump, amounts, _sales(amounts))):
                    yield Double(lump.ours, parts, likeness)
                    break

    def _once_near(self, lump: _Lump, day: date) -> bool:
        """Tell whether a day is near, and no other of ours near it is alike: what recurs says nothing of other days."""
        if abs((lump.last - day).days) > _NEAR:
            return False
        alike = self._exact[frozenset(lump.amounts.items())]
        return sum(abs((one.last - day).days) <= 2 * _NEAR for one in alike) == 1


class _Run:
    """The days of a store or a register (or of all) in sequence, and what they come to up to each."""

    def __init__(self, ours: Sequence[Posted]) -> None:
        self._days = [(day, tuple(group)) for day, group in groupby(ours, key=lambda p: p.day)]
        sums: dict[str, int] = {}
        self._until: list[frozenset[tuple[str, int]]] = [frozenset()]
        for _, group in self._days:
            for account, amount in _plain(by_account(*(p.content for p in group))).items():
                sums[account] = sums.get(account, 0) + amount
            self._until.append(frozenset(each for each in sums.items() if each[1]))
        self._accounts = {account for until in self._until for account, _ in until}
        self._lumps: dict[tuple[date, date], _Lump | None] = {}
        self._begins = {until: place for place, until in enumerate(self._until)}
        self._places = {day: place for place, (day, _) in enumerate(self._days)}

    def days(self, amounts: Amounts, dated: date) -> tuple[Posted, ...]:
        """Return the vouchers of two or more days that come to exactly this, if it is dated as one voucher for them."""
        if not amounts.keys() <= self._accounts:
            return ()
        for back in range(-_LONGEST, _LATE + 1):
            last = self._places.get(dated - timedelta(days=back))
            if last is None:
                continue
            before = dict(self._until[last + 1])
            for account, amount in amounts.items():
                before[account] = before.get(account, 0) - amount
            first = self._begins.get(frozenset(each for each in before.items() if each[1]))
            if first is not None and first < last and self._days[first][0] <= dated and self._in_a_month(first, last):
                return self._vouchers(first, last)
        return ()

    def periods(self, dated: date) -> Iterator[_Lump]:
        """Yield the weeks and months that a voucher of this day may be for."""
        for end in {dated - timedelta(days=back) for back in range(_LATE + 1)}:
            monday, first = end - timedelta(days=end.weekday()), end.replace(day=1)
            ends = (monday, end if end.weekday() == 6 else None), (first, end if _is_last(end) else None)  # noqa: PLR2004 - Sunday
            for begin, until in ends:
                if until and (lump := self._between(begin, until)):
                    yield lump

    def _in_a_month(self, first: int, last: int) -> bool:
        length: timedelta = self._days[last][0] - self._days[first][0]
        return length.days <= _LONGEST

    def _between(self, begin: date, until: date) -> _Lump | None:
        if (begin, until) not in self._lumps:
            places = [place for place, (day, _) in enumerate(self._days) if begin <= day <= until]
            several = _lump(self._vouchers(places[0], places[-1])) if len(places) > 1 else None
            self._lumps[begin, until] = several
        return self._lumps[begin, until]

    def _vouchers(self, first: int, last: int) -> tuple[Posted, ...]:
        return tuple(p for _, group in self._days[first : last + 1] for p in group)


def _is_last(day: date) -> bool:
    return (day + timedelta(days=1)).month != day.month


def _of_a_day(ours: tuple[Posted, ...]) -> list[_Lump]:
    """Return each voucher of a day alone, those of each store and register, and all together."""
    alone, together = ([one] for one in ours), (group for group in _streams(ours) if len(group) > 1)
    return [_lump(tuple(group)) for group in chain(alone, together)]


def _streams(ours: Sequence[Posted]) -> list[list[Posted]]:
    """Return ours in all, and by each beginning of their keys: the system, the store, the register."""
    streams: dict[str, list[Posted]] = defaultdict(list)
    for one in ours:
        parts = one.key.split("/")
        for length in range(len(parts)):
            streams["/".join(parts[:length])].append(one)
    return list({tuple(p.order_id for p in group): group for group in streams.values()}.values())


def _lump(ours: tuple[Posted, ...]) -> _Lump:
    amounts = _plain(by_account(*(p.content for p in ours)))
    return _Lump(ours, min(p.day for p in ours), max(p.day for p in ours), amounts, _sales(amounts))


def _plain(amounts: Mapping[str, int]) -> dict[str, int]:
    return {account: amount for account, amount in amounts.items() if account != _ROUNDING}


def _sales(amounts: Amounts) -> dict[str, int]:
    """Return what was sold, and its VAT."""
    return {a: amount for a, amount in amounts.items() if a.startswith(("3", "261", "262", "263"))}


def _figures(amounts: Amounts) -> tuple[int, ...]:
    return tuple(sorted(amounts.values()))


def _alike(lump: _Lump, amounts: Amounts, sales: Amounts) -> Likeness | None:
    slack = max(_KRONA, len(lump.ours) * _KRONA // 2)
    if amounts == lump.amounts:
        return "the same rows"
    if len(sales) > 1 and sales == lump.sales:
        return "the same sales and VAT"
    large = max(map(abs, amounts.values()), default=0) >= max(_LARGE, 100 * slack)
    if large and len(amounts) >= _TELLING and _near(amounts, lump.amounts, slack):
        return "rounded"
    if large and len(sales) > 1 and _near(sales, lump.sales, slack):
        return "rounded"
    return None


def _near(one: Amounts, other: Amounts, slack: int) -> bool:
    return one.keys() == other.keys() and all(abs(amount - other[a]) <= slack for a, amount in one.items())
