"""The same entries under another batch's name, as of a SIE file that was exported anew: held, not booked twice."""

import pytest

from schemas.commands import CloseReview, HoldForReview, PostVoucher
from schemas.events import ClosingEntry
from tests.streams.yearend.entries import Company, batch, entry, key, outcome, row

ANEW = "spiris/2025 anew#1"


@pytest.fixture
def company() -> Company:
    """Return a company whose first batch is there."""
    made = Company()
    made.tell(batch(entry("1"), entry("2", "7.00")))
    return made


def again(company: Company, amount: str = "100.00") -> tuple[object, ...]:
    """Let the program send its first entry under another name, its rows in another order."""
    rows = (row(2512, credit=amount), row(8910, amount))
    return company.tell(batch(entry("1", rows=rows, text="Skatt, rättad"), batch="2025 anew"))


def test_what_another_batch_has_exported_waits_and_names_its_voucher(company: Company) -> None:
    """Given up, it is not sent; told to be another event, it is planned."""
    company.export()
    [hold] = again(company)
    assert isinstance(hold, HoldForReview)
    assert (hold.key, hold.reason, hold.lines) == (
        ANEW,
        "perhaps_exported_already",
        (f"{key()}: exported as I 12",),
    )
    assert [choice.answer for choice in hold.choices] == ["both", "discard"]
    [closed] = company.answer("both", ANEW)
    assert isinstance(closed, CloseReview)
    [order] = company.tell(
        company.approval().model_copy(update={"about": ANEW, "revision": company.state(ANEW).content})
    )
    assert isinstance(order, PostVoucher)
    assert order.look_for_double


def test_of_two_that_are_approved_together_only_the_first_goes(company: Company) -> None:
    """The second one finds the first on its way."""
    assert again(company) == ()
    [order] = company.approve()
    assert isinstance(order, PostVoucher)
    said = company.approval().model_copy(update={"about": ANEW, "revision": company.state(ANEW).content})
    [hold] = company.tell(said)
    assert isinstance(hold, HoldForReview)
    assert hold.lines == (f"{key()}: on its way",)
    company.tell(outcome(order))
    company.answer("discard", ANEW)
    assert company.state(ANEW).awaits is None


def test_what_was_only_planned_or_is_something_else_holds_nothing(company: Company) -> None:
    """Other amounts; another entry of the same batch."""
    company.export()
    assert again(company, "101.00") == ()
    assert company.tell(batch(entry("1"), entry("2", "7.00"), entry("3"), version=1)) == ()
    assert company.state(key("3")).hold is None, "two equal entries of one batch are two"


def test_what_stands_though_its_batch_says_otherwise_by_now_is_a_twin(company: Company) -> None:
    """It was exported, and then came otherwise or left its batch: a person was asked, and kept it."""
    company.export()
    company.export("2", 13)
    company.tell(batch(entry("1", "101.00"), version=1))
    company.answer("keep", key("1"))
    company.answer("keep", key("2"))
    [left] = again(company)
    assert isinstance(left, HoldForReview)
    assert (left.reason, left.lines) == ("perhaps_exported_already", (f"{key()}: exported as I 12",))
    [gone] = company.tell(batch(entry("2", "7.00"), batch="moved"))
    assert isinstance(gone, HoldForReview)
    assert gone.lines == (f"{key('2')}: exported as I 13",)


def test_what_only_moves_an_amount_is_told_apart_by_where_it_moves_it(company: Company) -> None:
    """Between cost centres: it is nothing on its account, and so would be every other one of that day."""

    def moved(to: str, amount: str) -> ClosingEntry:
        return entry("1", rows=(row(5010, amount, cost_centre=to), row(5010, credit=amount, cost_centre="1")))

    company.tell(batch(moved("2", "90.00"), version=1))
    company.export()
    assert company.tell(batch(moved("3", "50.00"), batch="other")) == ()
    [hold] = company.tell(batch(moved("2", "90.00"), batch="2025 anew"))
    assert isinstance(hold, HoldForReview)
    assert hold.reason == "perhaps_exported_already"


def test_an_entry_that_left_its_batch_is_no_twin(company: Company) -> None:
    """It was moved to another one."""
    company.tell(batch(entry("2", "7.00"), version=1))
    assert again(company) == ()
    said = company.approval().model_copy(update={"about": ANEW, "revision": company.state(ANEW).content})
    [order] = company.tell(said)
    assert isinstance(order, PostVoucher)
