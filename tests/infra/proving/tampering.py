"""What people and programs do to books: each changes a made-up year, and says which differences must be found."""

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count

from infra.proving.books import Content, Entry, Posted, by_account, content, opposite
from tests.infra.proving import years

Expected = tuple[str, str]
"""Kind and voucher."""


class Tampering:
    """Changes a year's books, each of our vouchers (and day) at most once."""

    def __init__(self, books: years.Books, seed: int) -> None:
        self.chance = random.Random(seed)
        self.posted = list(books.posted)
        self.ledger = list(books.ledger)
        self.expected: list[Expected] = []
        self._free = list(books.posted)
        self.chance.shuffle(self._free)
        self._numbers = count(90_001)

    def one(self) -> Posted:
        """Return a voucher of ours that nothing was done to, on a day (and near one) that nothing was done to."""
        found = self._free.pop()
        self._free = [p for p in self._free if abs((p.day - found.day).days) > 6]
        return found

    def of_its_day(self, one: Posted) -> list[Posted]:
        """Return all of ours of a day."""
        return [p for p in self.posted if p.day == one.day]

    def at(self, one: Posted) -> Entry:
        """Return where it stands."""
        return next(e for e in self.ledger if (e.series, e.number) == (one.series, one.number))

    def put(self, old: Entry | None, *new: Entry) -> None:
        """Replace an entry."""
        self.ledger = [e for e in self.ledger if e is not old] + list(new)

    def expect(self, kind: str, voucher: str) -> None:
        """Say what must be found."""
        self.expected.append((kind, voucher))

    def number(self) -> str:
        """Return a number that is free in every series."""
        return str(next(self._numbers))


def deleted(books: Tampering) -> None:
    """Somebody deletes it."""
    one = books.one()
    books.put(books.at(one))
    books.expect("deleted", one.name)


def struck(books: Tampering) -> None:
    """Somebody strikes its rows; the number stays."""
    one = books.one()
    books.put(books.at(one), books.at(one)._replace(content=()))
    books.expect("deleted", one.name)


def changed(books: Tampering) -> None:
    """Somebody changes two amounts."""
    one = books.one()
    rows = [[account, objects, amount] for (account, objects), amount in one.content]
    more = books.chance.randrange(1, 10_000)
    rows[0][2] += more
    rows[-1][2] -= more
    books.put(books.at(one), books.at(one)._replace(content=content(map(tuple, rows))))
    books.expect("changed", one.name)


def dated_anew(books: Tampering) -> None:
    """Somebody changes its day."""
    one = books.one()
    books.put(books.at(one), books.at(one)._replace(day=one.day + timedelta(1)))
    books.expect("changed", one.name)


def moved_to_a_cost_centre(books: Tampering) -> None:
    """Somebody gives its sales a cost centre."""
    one = books.one()
    rows = tuple(((a, ((1, "S2"),) if a.startswith("3") else o), amount) for (a, o), amount in one.content)
    books.put(books.at(one), books.at(one)._replace(content=tuple(sorted(rows))))
    books.expect("changed", one.name)


def number_reused(books: Tampering) -> None:
    """Somebody deletes the last voucher of the series, and the number is given to another."""
    one = books.one()
    other = years.voucher("F", int(one.number), one.day + timedelta(3), "Köp", a5460=12_300, a1910=-12_300)
    books.put(books.at(one), other)
    books.expect("number_reused", one.name)


def renumbered(books: Tampering) -> None:
    """Move it to another number, as in a restored company."""
    one = books.one()
    books.put(books.at(one), books.at(one)._replace(number=books.number()))
    books.expect("renumbered", one.name)


def posted_twice(books: Tampering) -> None:
    """Put it there twice, with our mark."""
    one = books.one()
    books.put(None, books.at(one)._replace(number=books.number()))
    books.expect("posted_twice", one.name)


def not_on_record(books: Tampering) -> None:
    """Put a voucher there with a mark of ours that we know nothing of."""
    one, number, mark = books.one(), books.number(), years.unknown_mark(books.chance)
    rows = years.takings(books.chance)
    entry = years.voucher("G", int(number), one.day, f"Dagsavslut {mark}", **{f"a{a}": v for a, v in rows.items()})
    books.put(None, entry._replace(mark=mark))
    books.expect("not_on_record", entry.name)


def refused_and_there(books: Tampering) -> None:
    """Let one that was refused stand there."""
    one = books.one()
    books.posted = [years.refused(p) if p is one else p for p in books.posted]
    books.expect("not_on_record", years.refused(one).name)


def reversed_by_hand(books: Tampering) -> None:
    """Somebody takes it back."""
    one = books.one()
    text, series = books.chance.choice([(f"Rättelse {one.name}", "A"), ("Makulering", one.series)])
    books.put(None, Entry(series, books.number(), one.day + timedelta(2), text, opposite(one.content)))
    books.expect("reversed_by_hand", one.name)


def corrected_by_hand(books: Tampering) -> None:
    """Somebody takes it back and books the same anew: the second is none that was booked twice."""
    one = books.one()
    books.put(None, Entry("A", books.number(), one.day, f"Rättelse {one.name}", opposite(one.content)))
    books.put(None, Entry("A", books.number(), one.day, "Dagskassa", one.content))
    books.expect("reversed_by_hand", one.name)


def foreign(books: Tampering) -> None:
    """Somebody books something else in our series."""
    one, number = books.one(), books.number()
    books.put(None, years.voucher("F", int(number), one.day, "Kaffe", a6990=9_900, a1910=-9_900))
    books.expect("foreign", f"F {number}")


def _file(books: Tampering, ours: Sequence[Posted], rows: Content, days_later: int = 0) -> None:
    day = ours[-1].day + timedelta(days_later)
    books.put(None, Entry("S", books.number(), day, "Dagskassa", rows))
    books.expect("booked_twice", min(ours, key=lambda p: (p.day, p.key)).name)


def imported(books: Tampering) -> None:
    """Import the till's SIE file as well."""
    one = books.one()
    _file(books, [one], one.content)


def imported_later(books: Tampering) -> None:
    """Import it, dated two days later."""
    one = books.one()
    _file(books, [one], one.content, days_later=2)


def imported_in_our_series(books: Tampering) -> None:
    """Import it in our series."""
    one = books.one()
    books.put(None, Entry("F", books.number(), one.day, "Dagskassa", one.content))
    books.expect("booked_twice", one.name)


def imported_merged(books: Tampering) -> None:
    """Import one voucher for all tills of the day."""
    ours = books.of_its_day(books.one())
    _file(books, ours, _sum(ours))


def imported_rounded(books: Tampering) -> None:
    """Import it in whole kronor, and what is left on the account for it."""
    one = books.one()
    rounded = {account: (amount + 50) // 100 * 100 for account, amount in by_account(one.content).items()}
    left = {"3740": -sum(rounded.values())}
    _file(books, [one], content((a, (), v) for a, v in (rounded | left).items()))


def imported_otherwise_paid(books: Tampering) -> None:
    """Import it with one account for all payments."""
    one = books.one()
    rows = {a: v for a, v in by_account(one.content).items() if not a.startswith("1")}
    _file(books, [one], content((a, (), v) for a, v in (rows | {"1684": -sum(rows.values())}).items()))


def imported_on_other_accounts(books: Tampering) -> None:
    """Import it with accounts of its own."""
    one = books.one()
    _file(books, [one], content((str(int(a) + 50), (), v) for a, v in by_account(one.content).items()))


def imported_as_a_week(books: Tampering) -> None:
    """Import one voucher for all tills of several days."""
    one = books.one()
    days = {one.day + timedelta(n) for n in range(4)}
    ours = [p for p in books.posted if p.day in days]
    _file(books, ours, _sum(ours), days_later=1)


def imported_in_parts(books: Tampering) -> None:
    """Import a voucher for each rate of VAT."""
    one = books.one()
    rows = by_account(one.content)
    first = {a: rows[a] for a in ("3001", "2611")}
    rest = {a: v for a, v in rows.items() if a not in first and a != "1580"}
    for part in (first, rest):
        whole = part | {"1580": -sum(part.values())}
        books.put(None, Entry("S", books.number(), one.day, "Dagskassa", content((a, (), v) for a, v in whole.items())))
    books.expect("booked_twice", one.name)


def _sum(ours: Sequence[Posted]) -> Content:
    return content((a, (), v) for a, v in by_account(*(p.content for p in ours)).items())


def sent_and_there(books: Tampering) -> None:
    """Lose the answer to one that is there: no difference."""
    one = books.one()
    books.posted = [years.on_its_way(p) if p is one else p for p in books.posted]


def sent_and_not_there(books: Tampering) -> None:
    """Send one that is not there yet: no difference."""
    one = books.one()
    books.put(books.at(one))
    books.posted = [years.on_its_way(p) if p is one else p for p in books.posted]


def imported_and_taken_back(books: Tampering) -> None:
    """Import it and take that back: no difference any more."""
    one = books.one()
    for rows in (one.content, opposite(one.content)):
        books.put(None, Entry("S", books.number(), one.day - timedelta(1), "Dagskassa", rows))


def text_written_anew(books: Tampering) -> None:
    """Somebody words its text otherwise, so that our mark is gone: the money is as it was."""
    one = books.one()
    books.put(books.at(one), books.at(one)._replace(text="Dagskassa", mark=""))


BY_MARK: tuple[Callable[[Tampering], None], ...] = (
    renumbered,
    posted_twice,
    not_on_record,
    refused_and_there,
    sent_and_there,
)
"""What is known by our mark only."""
OTHERWISE: tuple[Callable[[Tampering], None], ...] = (
    deleted,
    struck,
    changed,
    dated_anew,
    moved_to_a_cost_centre,
    number_reused,
    reversed_by_hand,
    corrected_by_hand,
    foreign,
    imported,
    imported_later,
    imported_in_our_series,
    imported_merged,
    imported_rounded,
    imported_otherwise_paid,
    imported_on_other_accounts,
    imported_as_a_week,
    imported_in_parts,
    sent_and_not_there,
    imported_and_taken_back,
    text_written_anew,
)
