"""The rules of ledgers, each in a history in which it decides."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.spiris.translate import translate
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.events import ChecksPassed
from schemas.ledger import LedgerRequested, LedgerRetrieved, LedgerSource, LedgerSourceChosen, ReadLedger
from schemas.settings import SettingsApplied, TenantSettings
from streams.ledger import words
from tests.streams.ledger.books import ANOTHERS, LAST, START, TENANT, Books, outcome, read

SAMPLES = Path(__file__).parents[3] / "connectors" / "spiris" / "samples"
ONE = {1: "Hyra", 150: "Kaffe"}
OTHER = {1: "Hyra", 2: "El", 150: "Kaffe"}


def record(orders: list[Order]) -> HoldForReview:
    """Return what goes on record, and is closed at once."""
    *_, held, closed = orders
    assert isinstance(held, HoldForReview)
    assert isinstance(closed, CloseReview)
    assert (held.reason, closed.hold_id, held.choices) == ("ledger_read", held.id_in(TENANT), ())
    return held


def held(orders: list[Order]) -> HoldForReview:
    """Return the hold among orders, the last of them."""
    hold = orders[-1]
    assert isinstance(hold, HoldForReview)
    return hold


def test_the_last_reading_is_the_year() -> None:
    """It goes on record with its counts; the parts that left are kept no longer."""
    books = Books()
    said = record(books.read(ONE))
    assert said.rule == "the_last_reading_is_the_year"
    assert "2025-01-01 to 2025-12-31 was read from Fortnox: 2 vouchers with 2 rows." in said.message
    assert books.vouchers == ONE
    said = record(books.read(OTHER, hour=1))
    assert said.lines == ("vouchers added (1): A 2",)
    assert "gone or other" not in said.message
    assert books.vouchers == OTHER
    assert len(books.kept) == 2 * 4
    assert books.year.difference == said.lines


def test_findings_go_on_record_and_are_no_difference() -> None:
    """What is odd in the books is said with what is different; whoever asks what is different gets that."""
    books = Books()
    assert record(books.read(ONE, findings=("A 1 is out of balance",))).lines == ("A 1 is out of balance",)
    assert books.year.difference == ()
    said = record(books.read(OTHER, hour=1, findings=("A 1 is out of balance",)))
    assert said.lines == ("vouchers added (1): A 2", "A 1 is out of balance")
    assert books.year.difference == ("vouchers added (1): A 2",)


def test_findings_go_on_record_with_their_words() -> None:
    """Each reader reads them in their language; of an older reading only the texts are known."""
    odd = words.NOT_USED()
    books = Books()
    said = record(books.read(ONE, findings=(odd, "A 1 is out of balance")))
    assert (said.lines, said.line_wordings) == ((odd.english, "A 1 is out of balance"), (odd.wording, None))
    assert books.year.now is not None
    assert books.year.now.found == (odd, "A 1 is out of balance")
    assert books.year.now.model_copy(update={"finding_wordings": ()}).found[0] == odd.english


def test_a_year_without_vouchers_is_a_year() -> None:
    """Nothing to do is done."""
    books = Books()
    assert "0 vouchers" in record(books.read({})).message
    assert books.vouchers == {}


def test_what_was_read_again_is_known() -> None:
    """Nothing is on record, but when it was read last."""
    books = Books()
    books.read(ONE)
    assert books.read(ONE, hour=5) == []
    assert books.year.now is not None
    assert books.year.now.read_at == read(ONE, hour=5)[1].read_at


@pytest.mark.parametrize("late", [1, 2, 3])
def test_nobody_sees_half_a_year(late: int) -> None:
    """Parts may come before or after what closes their reading: the year changes when the last one is there."""
    books = Books()
    books.read(ONE)
    parts, closing = read({1: "a", 150: "b"}, hour=1, accounts=("1910", "3000"))
    unchanged, *coming = parts  # balances, which nobody tells again
    assert unchanged.part == "balances"
    said = books.tell(*coming[:late], closing)
    if late < len(coming):
        assert said == []
        assert books.vouchers == ONE
        assert len(books.year.missing) == len(coming) - late
        assert books.tell(*coming[late:-1]) == []
        record(books.tell(coming[-1]))
    assert books.vouchers == {1: "a", 150: "b"}
    assert books.tell(*parts, closing) == []


def test_what_comes_late_undoes_nothing() -> None:
    """An older reading changes nothing, wherever it was."""
    books = Books()
    books.read(OTHER, hour=2)
    assert books.read(ONE, hour=1) == []
    assert books.vouchers == OTHER


def test_a_year_from_a_file_is_overwritten_only_on_request() -> None:
    """The difference is shown; a person decides, and the year becomes Fortnox's."""
    books = Books()
    record(books.read(ONE, "sie"))
    hold = held(books.read({1: "Hyra!", 2: "El"}, hour=1, accounts=("1910", "3000")))
    assert (hold.reason, hold.rule) == ("loaded_from_file", "a_year_from_a_file_waits_before_it_is_overwritten")
    assert hold.lines == (
        "accounts added (1): 3000",
        "vouchers added (1): A 2",
        "vouchers removed (1): A 150",
        "vouchers changed (1): A 1",
    )
    assert books.vouchers == ONE
    closed, *rest = books.answer("overwrite")
    assert isinstance(closed, CloseReview)
    assert (closed.hold_id, closed.how) == (hold.id_in(TENANT), "answered")
    record([closed, *rest])
    assert books.vouchers == {1: "Hyra!", 2: "El"}
    assert books.year.now is not None
    assert books.year.now.source == "fortnox"
    record(books.read(ONE, hour=2))


def test_a_request_to_overwrite_asks_nobody() -> None:
    """Whoever asked for it has said so."""
    books = Books()
    books.read(ONE, "sie")
    record(books.read(OTHER, hour=1, overwrite=True))
    assert books.vouchers == OTHER


def test_what_a_person_keeps_is_overwritten_only_on_request() -> None:
    """Fortnox's is not asked about again, until somebody wants it; what it has is at hand."""
    books = Books()
    books.read(ONE, "sie")
    books.read(OTHER, hour=1)
    (closed,) = books.answer("keep")
    assert closed.rule == "what_a_person_keeps_is_overwritten_only_on_request"
    assert books.read({**OTHER, 3: "Porto"}, hour=2) == []
    assert books.vouchers == ONE
    parts, closing = read({**OTHER, 3: "Porto"}, hour=3, overwrite=True)
    assert parts
    record(books.tell(closing))
    assert books.vouchers == {**OTHER, 3: "Porto"}
    assert not books.year.keeps


def choose(source: LedgerSource, hour: int) -> LedgerSourceChosen:
    """Return a person's choice of where the year comes from."""
    at = START + timedelta(hours=hour)
    return LedgerSourceChosen(year_to=LAST, source=source, chosen_by="anna", chosen_at=at)


def test_a_source_is_chosen_and_switched() -> None:
    """Fortnox's takes the place of the file's unasked; after the other choice the file's stays."""
    books = Books()
    books.read(ONE, "sie")
    assert books.tell(choose("fortnox", 1)) == []
    record(books.read(OTHER, hour=2))
    assert books.vouchers == OTHER
    assert books.tell(choose("sie", 3)) == []
    record(books.read({**OTHER, 9: "Porto"}, hour=4))  # there is no file yet
    record(books.read(ONE, "sie", hour=5))
    assert books.read(OTHER, hour=6) == []
    assert books.vouchers == ONE


def test_of_two_choices_the_later_one_counts_whatever_was_asked_for_the_first() -> None:
    """Fortnox's year was asked for with the first, and comes after the other: the file that was loaded stays."""
    books = Books()
    books.read(ONE, "sie")
    chosen, asked = translate((SAMPLES / "source-fortnox.json").read_bytes())
    assert isinstance(asked, LedgerRequested)
    books.tell(chosen)
    [order] = books.tell(asked)
    assert isinstance(order, ReadLedger)
    later = chosen.model_copy(update={"source": "sie", "chosen_at": START + timedelta(days=900)})
    books.tell(later)
    assert books.read(OTHER, hour=1, overwrite=order.overwrite) == []
    assert (books.vouchers, books.year.chosen) == (ONE, later)


def test_the_same_from_a_source_that_was_chosen_is_of_that_source() -> None:
    """Nothing is another, but where the year comes from."""
    books = Books()
    books.read(ONE, "sie")
    books.tell(choose("fortnox", 1))
    record(books.read(ONE, hour=2))
    assert books.year.now is not None
    assert books.year.now.source == "fortnox"
    assert books.read(ONE, "sie", hour=3) == []
    assert books.year.now.source == "fortnox"


def test_a_file_waits_where_fortnox_was_chosen() -> None:
    """It is not passed over: a person uses it, which chooses anew, or does not."""
    books = Books()
    books.read(ONE)
    books.tell(choose("fortnox", 1))
    hold = held(books.read(OTHER, "sie", hour=2))
    assert (hold.reason, hold.rule) == ("other_source_chosen", "a_file_waits_where_fortnox_was_chosen")
    assert books.answer("discard")
    assert books.vouchers == ONE
    held(books.read({**OTHER, 7: "Hyra"}, "sie", hour=3))
    record(books.answer("use")[1:])
    assert (books.vouchers, books.year.chosen) == ({**OTHER, 7: "Hyra"}, None)


def test_a_choice_settles_what_waits_for_one() -> None:
    """A reading of Fortnox's that waits is the year when Fortnox is chosen, and is let go when the file is."""
    books = Books()
    books.read(ONE, "sie")
    held(books.read(OTHER, hour=1))
    closed, *rest = books.tell(choose("sie", 2))
    assert (isinstance(closed, CloseReview), rest, books.vouchers) == (True, [], ONE)
    closed, *rest = books.tell(choose("fortnox", 3))
    assert books.vouchers == OTHER
    assert books.tell(choose("sie", 1)) == []  # it comes late
    assert books.year.chosen_source == "fortnox"


def test_the_same_from_a_file_and_from_fortnox_is_the_same() -> None:
    """Nothing is to be overwritten; on request it is Fortnox's from now on."""
    books = Books()
    books.read(ONE, "sie")
    assert books.read(ONE, hour=1) == []
    assert books.year.now is not None
    assert books.year.now.source == "sie"
    record(books.read(ONE, hour=2, overwrite=True))
    assert books.year.now.source == "fortnox"


def test_a_file_replaces_what_is_there() -> None:
    """Whoever loads one means it."""
    books = Books()
    books.read(ONE)
    record(books.read(OTHER, "sie", hour=1))
    assert books.year.now is not None
    assert books.year.now.source == "sie"


def test_a_later_reading_takes_the_place_of_one_that_waits() -> None:
    """The open hold is closed, and the new difference is shown; the file's year again closes it for good."""
    books = Books()
    books.read(ONE, "sie")
    first = held(books.read(OTHER, hour=1))
    closed, second = books.read({**OTHER, 3: "Porto"}, hour=2)
    assert isinstance(closed, CloseReview)
    assert (closed.hold_id, closed.how) == (first.id_in(TENANT), "superseded")
    assert held([second]).lines == ("vouchers added (2): A 2, A 3",)
    (closed,) = books.read(ONE, "sie", hour=3)
    assert closed.rule == "what_was_read_again_is_known"
    assert books.vouchers == ONE
    assert len(books.kept) == 2 * 4


def test_a_voucher_number_that_was_used_again_is_said() -> None:
    """It is told by its content; by the day on which it was entered it is another voucher."""
    books = Books()
    books.read(ONE, registered=date(2025, 2, 1))
    said = record(books.read({1: "Annat", 150: "Kaffe"}, hour=1, registered=date(2025, 2, 1)))
    assert said.lines == ("vouchers changed (1): A 1",)
    assert "Something is gone or other than it was" in said.message
    said = record(books.read(ONE, hour=2, registered=date(2025, 3, 1)))
    assert said.lines == ("vouchers used again for another voucher (2): A 1, A 150",)


def test_a_year_of_another_company_waits() -> None:
    """Nobody sees it; other settings look again, and a person gives it up or has the number corrected."""
    books = Books()
    books.read(ONE)
    hold = held(books.read(OTHER, hour=1, organisation_number=ANOTHERS))
    assert (hold.reason, hold.who) == ("another_company", "operator")
    assert "559999-0016" in hold.message
    assert books.vouchers == ONE
    assert books.remembered.waiting == {"ledger/2025-12-31": "another_company"}
    closed, again = books.answer("retry")
    assert isinstance(closed, CloseReview)
    assert held([again]).id_in(TENANT) != hold.id_in(TENANT)
    (closed,) = books.answer("discard")
    assert closed.rule == "what_a_person_gave_up_stays_given_up"
    assert books.vouchers == ONE
    record(books.read({**OTHER, 3: "Porto"}, hour=2))


def test_a_number_that_was_corrected_lets_the_year_in() -> None:
    """When settings are applied, or a person says so."""
    books = Books(ANOTHERS)
    books.read(ONE)
    assert books.vouchers is None
    applied = SettingsApplied(tenant=TENANT, version=1, settings=TenantSettings(), applied_by="anna")
    assert books.over("ledger/2025-12-31", ChecksPassed(codes=("period_locked",), checked_at=START)) == []
    books.terms = Books().terms
    record(books.over("ledger/2025-12-31", applied))
    assert books.vouchers == ONE


def test_a_reading_that_names_no_parts_says_nothing() -> None:
    """From before a year had parts."""
    books = Books()
    assert books.tell(LedgerRetrieved(year=2024, vouchers=7, sha256="0" * 64)) == []
    assert books.vouchers is None


def test_what_is_asked_for_is_read_once() -> None:
    """One order for one request; what became of it stands in its state."""
    books = Books()
    said = {"year": 2025, "year_to": LAST, "overwrite": True, "documents": False}
    asked = LedgerRequested(**said, requested_by="anna", requested_at=START)
    (order,) = books.tell(asked)
    assert isinstance(order, ReadLedger)
    assert order.ledger
    assert {name: getattr(order, name) for name in said} == said
    assert (order.requested_by, order.rule) == ("anna", "what_is_asked_for_is_read")
    assert books.tell(asked) == []
    state = books.remembered.states[asked.key]
    assert state.awaits == order
    assert books.tell(outcome(order, "unknown")) == []
    assert books.tell(outcome(order, "rejected", "the year 2025 is not there")) == []
    state = books.remembered.states[asked.key]
    assert (state.awaits, state.failed) == (None, "the year 2025 is not there")
    (again,) = books.tell(asked.model_copy(update={"requested_by": "bo"}))
    assert again.id_in(TENANT) != order.id_in(TENANT)
    books.tell(outcome(again, "delivered"))
    state = books.remembered.states[asked.key]
    assert (state.awaits, state.failed, state.asked) == (None, "", asked.model_copy(update={"requested_by": "bo"}))
