"""Histories that nobody thought of: readings, pieces of readings in any order, answers and requests to overwrite.

Whatever comes: the year that everybody sees is one reading, whole, and what is kept is what can still be needed.
"""

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schemas.ledger import LedgerPartRead, LedgerRetrieved, LedgerSourceChosen
from streams.ledger.state import keys_of
from tests.streams.ledger.books import LAST, START, YEAR, Books, read

NUMBERS = st.dictionaries(st.sampled_from([1, 2, 101, 102, 250]), st.sampled_from(["a", "b"]), max_size=5)
SOURCES = st.sampled_from(["fortnox", "sie"])


class Ledgers(RuleBasedStateMachine):
    """A company whose books are read by a source that tells what is not known, as ``infra.intake.telling`` does."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.hour = 0
        self.told: dict[str, str] = {}
        self.closings: dict[tuple[str, int], tuple[LedgerRetrieved, dict[int, str]]] = {}
        self.waiting: list[LedgerPartRead] = []

    def reading(self, vouchers: dict[int, str], source: str, *, overwrite: bool) -> list[LedgerPartRead]:
        self.hour += 1
        parts, closing = read(vouchers, source, hour=self.hour, overwrite=overwrite)  # type: ignore[arg-type] # drawn
        self.closing = closing
        self.closings[closing.sha256, self.hour] = closing, vouchers
        now = {one.part: one.sha256 for one in closing.parts}
        new = [part for part in parts if self.told.get(part.part) != now[part.part]]
        self.told = now
        return new

    @rule(vouchers=NUMBERS, source=SOURCES, overwrite=st.booleans())
    def a_reading(self, vouchers: dict[int, str], source: str, overwrite: bool) -> None:  # noqa: FBT001 - drawn
        """Let a source tell what is not known, and close the reading."""
        self.all_came()
        self.books.tell(*self.reading(vouchers, source, overwrite=overwrite), self.closing)

    @rule(vouchers=NUMBERS, source=SOURCES, luck=st.randoms(use_true_random=False))
    def a_reading_whose_parts_are_late(self, vouchers: dict[int, str], source: str, luck: object) -> None:
        """Let the auditor find a hole, and decide what is missing after what came behind it."""
        self.all_came()
        new = self.reading(vouchers, source, overwrite=True)
        luck.shuffle(new)  # type: ignore[attr-defined] # a Random
        self.waiting = new[: len(new) // 2]
        self.books.tell(*new[len(new) // 2 :], self.closing)

    @rule(source=SOURCES, late=st.integers(0, 3))
    def a_choice(self, source: str, late: int) -> None:
        """Let a person choose a source, perhaps before another choice that came first."""
        at = START + timedelta(hours=self.hour - late, minutes=1)
        choice = {"year_to": LAST, "source": source, "chosen_by": "anna", "chosen_at": at}
        self.books.tell(LedgerSourceChosen.model_validate(choice))

    @precondition(lambda self: self.waiting)
    @rule()
    def a_part_comes(self) -> None:
        """Let one come of those that are late."""
        self.books.tell(self.waiting.pop())

    @rule()
    def all_came(self) -> None:
        """Let all come that are late."""
        while self.waiting:
            self.books.tell(self.waiting.pop())

    @precondition(lambda self: self.books.year.hold)
    @rule(data=st.data())
    def an_answer(self, data: st.DataObject) -> None:
        """Let a person decide."""
        hold = self.books.year.hold
        assert hold is not None
        self.books.answer(data.draw(st.sampled_from([choice.answer for choice in hold.choices])))
        assert self.books.year.hold is None

    @rule()
    def the_last_again(self) -> None:
        """Let what closed the last reading come again."""
        if self.closings:
            assert self.books.tell(self.closing) == []

    @invariant()
    def the_year_is_a_reading_and_whole(self) -> None:
        """Show one of those that were told, with exactly its vouchers."""
        if (now := self.books.year.now) is not None:
            told = [vouchers for (sha256, _), (_, vouchers) in self.closings.items() if sha256 == now.sha256]
            assert self.books.vouchers in told

    @invariant()
    def what_is_kept_can_still_be_needed(self) -> None:
        """Keep the year's parts and those of the last reading; of what was told of others nothing is left."""
        year = self.books.year
        assert self.books.kept <= set(keys_of(YEAR, year.known))
        assert not (year.hold and year.missing)

    @invariant()
    def nothing_waits_without_a_reason(self) -> None:
        """Hold what is whole and is not the year, unless a person has answered."""
        year = self.books.year
        if year.next and not year.missing:
            assert year.hold or year.keeps or year.chosen_source == "sie" or year.answer == "discard"


TestLedgers = Ledgers.TestCase
TestLedgers.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)
