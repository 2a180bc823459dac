"""In what order an outbox is read: whatever order its rows are committed in, each is taken, and none twice for long."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from infra.intake import holes
from infra.intake.holes import KEEP, MOST, Hole, Look, Position, read


@dataclass
class Database:
    """An outbox as its own database has it: ids and transactions are given out in one order, and seen in another."""

    seen: set[int] = field(default_factory=set)
    running: dict[int, int] = field(default_factory=dict)
    """By transaction: the id that it will bring, or not."""
    ids: int = 0
    transactions: int = 100
    now: float = 1_000_000.0

    def begin(self) -> int:
        """Let a transaction write a row, which nobody sees yet."""
        self.ids += 1
        self.transactions += 1
        self.running[self.transactions] = self.ids
        return self.transactions

    def end(self, transaction: int, *, commits: bool) -> None:
        """Let it end."""
        one = self.running.pop(transaction)
        if commits:
            self.seen.add(one)

    def look(self, position: Position, rows: int = 50) -> Look:
        """Return what a snapshot shows."""
        late = sorted(i for i in self.seen if any(h.first <= i <= h.last for h in position.behind))[:rows]
        fresh = sorted(i for i in self.seen if i > position.passed)[:rows]
        upcoming = self.transactions + 1
        return Look((*late, *fresh)[:rows], self.now, min(self.running, default=upcoming), upcoming)


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "commit", "roll back", "read", "wait"]), st.integers(0, 1000)), max_size=80
)


@given(steps, st.integers(1, 5), st.sampled_from([0.0, 5.0]))
def test_each_row_is_taken_once_in_the_order_of_ids_where_they_come_in_time(
    steps: list[tuple[str, int]], rows: int, patience: float
) -> None:
    """Transactions begin, commit and roll back as they like; whoever reads misses none, and takes none twice."""
    database, position, taken = Database(), Position(), list[int]()

    def look() -> None:
        nonlocal position
        ids, position = read(position, database.look(position, rows), patience)
        assert list(ids) == sorted(ids)
        taken.extend(ids)

    for what, which in steps:
        if what == "begin":
            database.begin()
        elif what == "read":
            look()
        elif what == "wait":
            database.now += which / 100
        elif database.running:
            database.end(sorted(database.running)[which % len(database.running)], commits=what == "commit")
    for transaction in list(database.running):
        database.end(transaction, commits=True)
    for _ in range(len(database.seen) + 2):
        look()
    assert sorted(taken) == sorted(database.seen)
    if not any(what == "wait" for what, _ in steps) and patience:
        assert taken == sorted(taken)  # every hole was waited for


def test_a_hole_is_waited_for_while_a_transaction_runs_that_may_fill_it() -> None:
    """Its row comes first then, though its transaction ended last."""
    database, position = Database(), Position()
    first, second = database.begin(), database.begin()
    database.end(second, commits=True)
    ids, position = read(position, database.look(position), 5.0)
    assert ids == ()
    database.end(first, commits=True)
    assert read(position, database.look(position), 5.0)[0] == (1, 2)


def test_nobody_waits_for_what_was_rolled_back() -> None:
    """No transaction runs that could fill the hole."""
    database = Database()
    first, second = database.begin(), database.begin()
    database.end(first, commits=False)
    database.end(second, commits=True)
    assert read(Position(), database.look(Position()), 5.0)[0] == (2,)


def test_a_transaction_that_runs_for_long_holds_nothing_up_and_is_not_missed() -> None:
    """After the patience those behind it go on; its row is taken when it comes, hours later."""
    database, position = Database(), Position()
    slow = database.begin()
    database.end(database.begin(), commits=True)
    ids, position = read(position, database.look(position), 5.0)
    database.now += 5
    ids, position = read(position, database.look(position), 5.0)
    assert ids == (2,)
    database.now += 10 * KEEP
    ids, position = read(position, database.look(position), 5.0)
    database.end(slow, commits=True)
    assert read(position, database.look(position), 5.0)[0] == (1,)


def test_a_hole_is_looked_for_an_hour_although_no_transaction_runs() -> None:
    """A session may have taken its ids from the sequence before, and begin only now."""
    database, position = Database(ids=7), Position()
    database.end(database.begin(), commits=True)
    ids, position = read(position, database.look(position), 5.0)
    assert ids == (8,)
    database.seen.add(3)
    ids, position = read(position, database.look(position), 5.0)
    assert ids == (3,)
    assert [(h.first, h.last) for h in position.holes] == [(holes.START + 1, 2), (4, 7)]
    database.now += KEEP
    _, position = read(position, database.look(position), 5.0)
    assert position == Position(8)


def test_of_very_many_holes_those_stay_that_can_be_filled() -> None:
    """The others are let go of, the oldest first: memory has an end."""
    old = tuple(Hole(n * 3, n * 3, float(n), 50) for n in range(MOST))
    position = Position(10_000, (*old, Hole(9_999, 9_999, 0.0, 10**6)))
    _, after = read(position, Look((10_001, 10_003), 100.0, 60, 60), 0.0)
    assert len(after.holes) == MOST
    assert {9_999, 10_002} <= {hole.first for hole in after.holes}
    assert [hole.first for hole in after.holes] == sorted(hole.first for hole in after.holes)
