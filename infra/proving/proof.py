"""The proof of a year's books: every difference between what we posted and what the ledger holds, named. Pure.

The mark in a voucher's text says that it is ours; programs cut texts, so where there is none the content and the place
say it. What the differences come to, account by account, is what the totals differ by.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from infra import proof_words as words
from infra.proving.books import Content, Entry, Posted, by_account, content, kronor, opposite
from infra.proving.doubles import doubles
from infra.proving.matching import as_posted, is_of, lasting, names, standing, takes_back
from infra.proving.telling import called, difference, doubled, rows_that_differ
from schemas.proofs import AccountTotal, Difference, DifferenceKind
from schemas.words import Text


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it. Green: no differences. ``on_their_way``: vouchers whose end is not known yet, no differences."""

    vouchers: int
    posted: int
    differences: tuple[Difference, ...]
    totals: tuple[AccountTotal, ...]
    on_their_way: tuple[str, ...]


def prove(
    orders: Sequence[Posted],
    ledger: Iterable[Entry],
    elsewhere: Iterable[Posted] = (),
    beside: Sequence[Posted] = (),
) -> Proof:
    """Compare a year.

    Args:
        orders: every voucher that we ordered for a day of the year, whatever became of it.
        ledger: every voucher of the year.
        elsewhere: those that we ordered for a day of another year, and whose marks stand in this one.
        beside: those that we ordered for the days right before and after the year: a voucher of the year may hold them.
    """
    return _Comparison(orders, tuple(ledger), {p.mark: p for p in elsewhere}, beside).proof()


def unknown_marks(orders: Iterable[Posted], ledger: Iterable[Entry]) -> frozenset[str]:
    """Return the marks of a year's vouchers that none of these orders has: it may be of another year."""
    return frozenset({e.mark for e in ledger if e.mark} - {p.mark for p in orders})


def repeats(orders: Iterable[Posted], ledger: Iterable[Entry], beside: Iterable[Posted] = ()) -> Proof:
    """Look through a ledger of another origin (a file) for what we posted, our own vouchers in it aside.

    ``beside``: as ``prove`` says.
    """
    ours = _posted(orders)
    places = {(p.series, p.number): p for p in ours}
    marks = {p.mark for p in ours}
    known = tuple(ledger)
    theirs = []
    for entry in known:
        own = places.get((entry.series, entry.number))
        if entry.mark not in marks and not (own and entry.day == own.day and entry.content == own.content):
            theirs.append(entry)
    found = map(doubled, doubles(standing((*ours, *_posted(beside))), lasting(theirs)))
    return Proof(len(known), len(ours), tuple(sorted(found, key=_order)), (), ())


@dataclass
class _Comparison:
    orders: Sequence[Posted]
    ledger: tuple[Entry, ...]
    elsewhere: Mapping[str, Posted]
    """Ours of other years, by the marks that stand in this one."""
    beside: Sequence[Posted] = ()
    """Ours of the days right before and after the year, whose ledgers nobody looks into here."""
    claimed: dict[Entry, Posted | None] = field(default_factory=dict)
    """Entries that are accounted for: as ours, or as a part of a difference."""
    found: list[Difference] = field(default_factory=list)
    there: set[UUID] = field(default_factory=set)
    """Ours that stand in the books, at their place or elsewhere."""

    def proof(self) -> Proof:
        ours = _posted(self.orders)
        self._places = {(e.series, e.number): e for e in self.ledger}
        self._marked: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.ledger:
            if entry.mark:
                self._marked[entry.mark].append(entry)
        self._claim(ours)
        missing = [p for p in ours if p.order_id not in self.there]
        for posted in missing:
            self._look_elsewhere(posted)
        on_their_way = tuple(self._under_way())
        for posted in missing:
            if posted.order_id not in self.there:
                self._gone(posted)
        self._marks()
        self._reversals(ours)
        free = [e for e in self.ledger if e not in self.claimed and e.content]
        beside = _posted(self.beside)
        there = self.there | {p.order_id for p in beside}
        for double in doubles((p for p in standing((*ours, *beside)) if p.order_id in there), lasting(free)):
            self._tell_of(doubled(double), *double.theirs)
        self._foreign(ours)
        totals = _totals(ours, (e for e, p in self.claimed.items() if p is None or p.state != "on_its_way"))
        return Proof(len(self.ledger), len(ours), tuple(sorted(self.found, key=_order)), totals, on_their_way)

    def _claim(self, ours: Iterable[Posted]) -> None:
        """Find each of ours at its place: as it was posted, or changed."""
        doubtful = []
        for posted in ours:
            entry = self._places.get((posted.series, posted.number))
            if entry is None or entry in self.claimed or not is_of(entry, posted):
                continue
            if as_posted(entry, posted):
                self._is_there(entry, posted)
            else:
                doubtful.append((entry, posted))
        for entry, posted in doubtful:
            if entry in self.claimed or not entry.content:  # another of ours has the number; or its rows are struck
                continue
            self._is_there(entry, posted)
            what = [words.DATED(is_day=entry.day, day=posted.day)] if entry.day != posted.day else []
            what += rows_that_differ(posted.content, entry.content)
            self._tell("changed", posted, words.CHANGED(ours=called(posted), what=what), entry)

    def _is_there(self, entry: Entry, posted: Posted) -> None:
        self.claimed[entry] = posted
        self.there.add(posted.order_id)

    def _look_elsewhere(self, posted: Posted) -> None:
        """Find one that is not at its place under another number, by its mark."""
        for entry in self._marked[posted.mark]:
            if entry not in self.claimed and entry.content and entry.content != opposite(posted.content):
                self._is_there(entry, posted)
                says = words.RENUMBERED(ours=called(posted), now=entry.name, was=posted.name)
                self._tell("renumbered", posted, says, entry)
                return

    def _under_way(self) -> Iterator[str]:
        """Name what we have sent, or will send, and know no end of; what stands there of it is no difference."""
        waiting = [p for p in self.orders if p.state == "on_its_way"]
        alike: dict[tuple[str, date, Content], list[Entry]] = defaultdict(list)
        for entry in self.ledger if waiting else ():
            if not entry.mark and entry not in self.claimed:
                alike[entry.series, entry.day, entry.content].append(entry)
        for posted in waiting:
            at = self._places.get((posted.series, posted.number))
            own = [at] if at and is_of(at, posted) else self._marked[posted.mark][:1]
            for entry in own or alike[posted.series, posted.day, posted.content][:1]:
                self.claimed.setdefault(entry, posted)
            yield posted.name

    def _gone(self, posted: Posted) -> None:
        entry = self._places.get((posted.series, posted.number))
        if entry is None or not entry.content:
            how = words.DELETED if entry is None else words.STRUCK
            if entry is not None:
                self.claimed[entry] = None
            self._tell("deleted", posted, how(ours=called(posted)))
        elif own := self.claimed.get(entry):
            self._tell("number_reused", posted, words.NUMBER_IS_OURS(ours=called(posted), key=own.key))
        else:
            self.claimed[entry] = None
            says = words.NUMBER_IS_ANOTHERS(ours=called(posted), day=entry.day)
            self._tell("number_reused", posted, says, entry)

    def _marks(self) -> None:
        """Name the vouchers that carry a mark of ours and are not the one that we know."""
        by_mark = {p.mark: p for p in self.orders}
        for mark, entries in self._marked.items():
            for entry in entries:
                if entry in self.claimed or not entry.content:
                    continue
                posted = by_mark.get(mark) or self.elsewhere.get(mark)
                if posted is None or posted.state == "refused":
                    says = words.MARK_WITHOUT_RECORD if posted is None else words.MARK_OF_THE_REFUSED
                    self.claimed[entry] = None
                    message = says(name=entry.name, day=entry.day, mark=mark)
                    self._tell("not_on_record", posted, message, other=entry)
                elif entry.content == opposite(posted.content):
                    self._reversed(posted, entry)
                else:
                    self.claimed[entry] = None
                    message = words.POSTED_TWICE(ours=called(posted), name=entry.name)
                    if mark in self.elsewhere:
                        message = words.MARK_OF_ANOTHER_YEAR(name=entry.name, day=entry.day, ours=called(posted))
                    self._tell("posted_twice", posted, message, other=entry)

    def _reversals(self, ours: Sequence[Posted]) -> None:
        """Name the vouchers that take one of ours back and are not of us; of several of ours the one that fits best."""
        opposites: dict[Content, list[Posted]] = defaultdict(list)
        stand = {p.order_id for p in standing(ours)}
        for posted in ours:
            if posted.order_id in self.there:
                opposites[opposite(posted.content)].append(posted)
        for entry in self.ledger:
            if entry in self.claimed or entry.mark or entry.content not in opposites:
                continue
            fits = [p for p in opposites[entry.content] if takes_back(entry, p)]
            best = max(fits, key=lambda p: (p.order_id in stand, names(entry, p), p.day), default=None)
            if best is not None:
                self._reversed(best, entry)
                stand.discard(best.order_id)

    def _reversed(self, posted: Posted, entry: Entry) -> None:
        self.claimed[entry] = posted
        self.there.discard(posted.order_id)  # what was taken back and booked anew by hand is not booked twice
        says = words.TAKEN_BACK(ours=called(posted), name=entry.name, day=entry.day)
        self._tell("reversed_by_hand", posted, says, other=entry)

    def _foreign(self, ours: Iterable[Posted]) -> None:
        """Name what somebody else booked in a series of ours, since we book there."""
        first: dict[str, int] = {}
        for posted in ours:
            if posted.number.isdecimal():
                first[posted.series] = min(int(posted.number), first.get(posted.series, int(posted.number)))
        for entry in self.ledger:
            if entry in self.claimed or not entry.content or entry.series not in first:
                continue
            if not entry.number.isdecimal() or int(entry.number) > first[entry.series]:
                says = words.FOREIGN(name=entry.name, day=entry.day)
                self.claimed[entry] = None
                self._tell("foreign", None, says, other=entry)

    def _tell(
        self,
        kind: DifferenceKind,
        posted: Posted | None,
        message: Text,
        entry: Entry | None = None,
        *,
        other: Entry | None = None,
    ) -> None:
        """Tell of a difference.

        Args:
            entry: what stands there instead of what was posted; None (and no ``other``): nothing.
            other: what stands there besides.
        """
        if other is not None:
            amounts = by_account(other.content)
        else:
            amounts = by_account(*((entry.content,) if entry else ()), opposite(posted.content if posted else ()))
        stands = other or entry
        one = posted or stands
        if one is not None:
            others = (stands,) if stands else ()
            besides = _besides(posted, entry) if posted and entry and kind != "number_reused" else ()
            self._tell_of(
                difference(kind, one, others, amounts, message, posted.key if posted else "", besides=besides)
            )

    def _tell_of(self, found: Difference, *entries: Entry) -> None:
        self.claimed |= dict.fromkeys(entries)
        self.found.append(found)


def _posted(orders: Iterable[Posted]) -> list[Posted]:
    return [each for each in orders if each.state == "posted"]


def _besides(posted: Posted, entry: Entry) -> Sequence[object]:
    """Return how a voucher of ours was changed beyond the sums of its accounts: its day, and what each row is of."""
    day = [str(entry.day)] if entry.day != posted.day else []
    rows = content((*place, amount) for each in (entry.content, opposite(posted.content)) for place, amount in each)
    return [*day, rows] if any(objects for (_, objects), _ in rows) else day


def _totals(ours: Iterable[Posted], entries: Iterable[Entry]) -> tuple[AccountTotal, ...]:
    posted, there = by_account(*(p.content for p in ours)), by_account(*(e.content for e in entries))
    return tuple(
        AccountTotal(account=a, posted=kronor(posted.get(a, 0)), ledger=kronor(there.get(a, 0)))
        for a in sorted({*posted, *there})
    )


def _order(found: Difference) -> tuple[object, ...]:
    return found.day, found.kind, found.voucher, found.others
