"""Closing entries as histories: what comes, what a person approves, what Fortnox says, and what comes again."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.commands import CloseReview, HoldForReview, PostVoucher
from schemas.events import ClosingEntry
from schemas.settings import TenantSettings
from tests.streams.yearend.entries import (
    BATCH,
    TENANT,
    Company,
    batch,
    chosen,
    double,
    entry,
    key,
    outcome,
    passed,
    refusal,
    row,
)

HIRE = entry("1", text="Förutbetald hyra", rows=(row(1710, "9.00"), row(5010, credit="9.00", cost_centre="S")))
ACCRUAL = HIRE.model_copy(update={"reverse_on": date(2026, 1, 1)})


@pytest.fixture
def company() -> Company:
    """Return a company that has chosen its series."""
    return Company()


# --- Nothing is sent before somebody approved it --------------------------------------------------------------------


def test_a_batch_that_comes_is_planned_and_nothing_of_it_is_sent(company: Company) -> None:
    """Each entry is remembered; a plan shows them."""
    assert company.tell(batch(entry("1"), entry("2"))) == ()
    assert company.state(key("2")).entry == entry("2")
    assert company.state(BATCH).taken == company.state(BATCH).revision


def test_an_approved_entry_is_one_voucher(company: Company) -> None:
    """In the chosen series, with the books' numbers, and looked for before it is sent."""
    company.tell(batch(HIRE, database_number=4711))
    [order] = company.approve(series="K")
    assert isinstance(order, PostVoucher)
    assert (order.series, order.purpose, order.step, order.description) == ("K", "book", "book", "Förutbetald hyra")
    assert [(r.account, r.debit, r.credit, r.cost_centre) for r in order.rows] == [
        (1710, Decimal("9.00"), Decimal("0.00"), None),
        (5010, Decimal("0.00"), Decimal("9.00"), "S"),
    ]
    assert (order.organisation_number, order.database_number) == ("5560160680", 4711)
    assert order.look_for_double
    assert not order.exempt_from_lock
    assert company.tell(outcome(order)) == ()
    assert company.state().stands_as_it_is


def test_a_lock_does_not_stop_the_series_that_is_not_locked(company: Company) -> None:
    """The company names it, since no list of Fortnox's does."""
    company.tell(batch())
    [order] = company.approve(series="I")
    assert isinstance(order, PostVoucher)
    assert order.exempt_from_lock


def test_an_approval_of_something_else_goes_on_record_and_approves_nothing(company: Company) -> None:
    """The plan showed other content."""
    company.tell(batch())
    old = company.approval()
    company.tell(batch(entry(amount="101.00"), version=1))
    held, closed = company.tell(old)
    assert isinstance(held, HoldForReview)
    assert held.reason == "moved_since_the_plan"
    assert isinstance(closed, CloseReview)
    assert company.tell(old) == ()
    assert company.state().awaits is None


def test_what_was_approved_in_one_plan_is_not_sent_again_by_another(company: Company) -> None:
    """While it is under way the second one is on record; when it stands nothing comes of it."""
    company.tell(batch())
    company.approve()
    order = company.ordered()
    assert [type(o) for o in company.approve()] == [HoldForReview, CloseReview]
    company.tell(outcome(order))
    assert company.approve() == ()


@pytest.mark.parametrize(("by", "made_by"), [("anna", "Anna"), ("Lena", "bo")])
def test_where_two_people_are_wanted_one_cannot_do_both(by: str, made_by: str) -> None:
    """Who made the plan, or sent the batch, does not approve it; somebody else does."""
    company = Company(chosen(four_eyes=True))
    company.tell(batch())
    [held] = company.approve(by=by, made_by=made_by)
    assert isinstance(held, HoldForReview)
    assert held.reason == "four_eyes"
    assert company.approve(by=by, made_by=made_by) == ()
    closed, order = company.approve(by="per", made_by="bo")
    assert isinstance(closed, CloseReview)
    assert isinstance(order, PostVoucher)


@pytest.mark.parametrize("exported", [False, True])
def test_a_batch_name_that_is_used_again_for_another_year_changes_nothing(*, exported: bool) -> None:
    """A program may count its batches anew each year: last year's entries are neither gone nor corrected."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch(entry("1"), entry("2")))
    if exported:
        company.export("1")
    before = company.state(), company.state(key("2"))
    corrected = entry("2", "101.00")
    year = {"year_from": date(2026, 1, 1), "year_to": date(2026, 12, 31)}
    anew = batch(entry("1", "7.00", entry_date=date(2026, 12, 31)), **year)
    [held] = company.tell(anew)
    assert isinstance(held, HoldForReview)
    assert (held.reason, held.key) == ("another_year", BATCH)
    assert "2025-12-31" in held.message
    assert (company.state(), company.state(key("2"))) == before

    company.tell(anew.model_copy(update={"batch": "2026"}))
    assert company.state("spiris/2026#1").entry == anew.entries[0]
    assert [type(order) for order in company.answer("discard", BATCH)] == [CloseReview]
    company.tell(batch(entry("1"), corrected, version=1))
    assert (company.state().entry, company.state(key("2")).entry) == (entry("1"), corrected)
    assert company.state().standing == before[0].standing


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_a_batch_of_another_year_is_held_whatever_its_version(company: Company, version: int) -> None:
    """A program may count anew each year: lower is not older then, and what it says later of the first one counts."""
    company.tell(batch(entry("1"), version=2))
    later = {"year_from": date(2026, 1, 1), "year_to": date(2026, 12, 31)}
    [held] = company.tell(batch(entry("1", entry_date=date(2026, 12, 31)), version=version, **later))
    assert isinstance(held, HoldForReview)
    assert held.reason == "another_year"
    [late, closed] = company.tell(batch(entry("1", "9.00"), version=1))
    assert isinstance(late, HoldForReview)
    assert (late.reason, "version 2 came before it" in late.message) == ("older_content", True)
    assert isinstance(closed, CloseReview)
    assert closed.hold_id == late.id_in(TENANT)
    assert [type(order) for order in company.answer("discard", BATCH)] == [CloseReview]
    assert company.tell(batch(entry("1", "8.00"), version=3)) == ()
    assert company.state().entry == entry("1", "8.00")


def test_other_content_of_one_version_is_held_and_replaces_nothing(company: Company) -> None:
    """Two people may call their batches alike: the entries of the first stay planned, until a higher version says."""
    company.tell(batch(entry("1"), entry("2")))
    other = batch(entry("1", "7.00"))
    [held] = company.tell(other)
    assert isinstance(held, HoldForReview)
    assert (held.reason, held.key) == ("perhaps_another_batch", BATCH)
    assert (company.state().entry, company.state(key("2")).gone) == (entry("1"), False)
    assert company.tell(batch(entry("1"), entry("2"))) == ()
    [closed] = company.tell(other.model_copy(update={"version": 1}))
    assert isinstance(closed, CloseReview)
    assert (company.state().entry, company.state(key("2")).gone) == (entry("1", "7.00"), True)


def test_the_same_batch_sent_by_somebody_else_is_the_same(company: Company) -> None:
    """Two people load one file: nothing is held, and the first of them still needs the other's eyes."""
    company.tell(batch(entry("1")))
    before = company.state(BATCH), company.state()
    assert company.tell(batch(entry("1"), submitted_by="maja")) == ()
    assert (company.state(BATCH), company.state()) == before
    [held] = company.tell(batch(entry("1"), entry("2"), submitted_by="maja"))
    assert isinstance(held, HoldForReview)
    assert held.reason == "perhaps_another_batch"


def test_a_voucher_of_an_order_that_was_refused_is_one_too_many(company: Company) -> None:
    """A restored database sent it once more: nothing else stands, and the hold says so."""
    company.tell(batch())
    company.approve()
    order = company.ordered()
    company.tell(refusal(order))
    company.tell(outcome(order))
    held = company.held()
    assert (held.reason, "besides none that is known" in held.message) == ("booked_twice", True)
    company.answer("reversed")
    assert company.state().hold is None


# --- What may not be booked is held, and comes in order with the next version ---------------------------------------


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [
        ("text_missing", entry(text=" ")),
        ("row_unclear", entry(rows=(row(8910, "1.00", "1.00"), row(2512)))),
        ("row_unclear", entry(rows=(row(8910, "-1.00"), row(2512, credit="-1.00")))),
        ("unbalanced", entry(rows=(row(8910, "1.00"), row(2512, credit="1.01")))),
        ("amount_too_large", entry(amount="999999999999.00")),
        ("outside_the_year", entry(entry_date=date(2026, 1, 1))),
        ("reversed_too_early", entry(reverse_on=date(2025, 12, 31))),
    ],
)
def test_an_entry_that_cannot_be_booked_waits_by_name_and_the_others_do_not(
    company: Company, reason: str, wrong: ClosingEntry
) -> None:
    """Its next version, in order, is planned like any other."""
    [hold] = company.tell(batch(wrong, entry("2")))
    assert isinstance(hold, HoldForReview)
    assert (hold.reason, hold.key, hold.amount) == (reason, key(), sum(r.debit for r in wrong.rows))
    assert [type(order) for order in company.approve("2")] == [PostVoucher]
    [closed] = company.tell(batch(entry("1", "2.00"), entry("2"), version=1))
    assert isinstance(closed, CloseReview)
    assert [type(order) for order in company.approve("1")] == [PostVoucher]


@pytest.mark.parametrize("wrong", ["amount_too_large", "unbalanced", "text_missing"])
def test_an_entry_that_sums_to_more_than_an_amount_waits_as_any_other(company: Company, wrong: str) -> None:
    """Each of its rows is an amount, and all of them together are none: the hold and the plan say none."""
    most = "999999999999.99"
    rows = (row(8910, most), row(8910, most), row(2512, credit=most), row(2512, credit=most))
    sides = rows[:-1] if wrong == "unbalanced" else rows
    wrongly = entry("1", rows=sides, text=" " if wrong == "text_missing" else "Skatt")
    [hold] = company.tell(batch(wrongly, entry("2")))
    assert isinstance(hold, HoldForReview)
    assert (hold.reason, hold.amount) == (wrong, None)
    assert "1999999999999.98" in hold.message
    assert [type(order) for order in company.approve("2")] == [PostVoucher]


def test_an_entry_outside_its_year_is_in_order_when_the_year_is_corrected(company: Company) -> None:
    """What was wrong stood at the batch: the entry itself comes as it was, and waits no longer."""
    broken = {"year_from": date(2025, 5, 1), "year_to": date(2026, 4, 30)}
    late = entry(entry_date=date(2026, 4, 30))
    [hold] = company.tell(batch(late, entry("2")))
    assert isinstance(hold, HoldForReview)
    assert company.tell(batch(late, entry("2"), entry("3"), version=1)) == (), "of the same year it waits as it did"
    [closed] = company.tell(batch(late, entry("2"), version=2, **broken))
    assert isinstance(closed, CloseReview)
    assert closed.hold_id == hold.id_in(TENANT)
    assert [type(order) for order in company.approve()] == [PostVoucher]


def test_a_discarded_entry_is_left_alone_until_it_comes_with_other_content(company: Company) -> None:
    """Whatever the plans say."""
    company.tell(batch(entry(text=" ")))
    [closed] = company.answer("discard")
    assert isinstance(closed, CloseReview)
    assert company.tell(batch(entry(text=" "), version=1)) == ()
    assert company.tell(batch(entry(), version=2)) == ()
    assert [type(order) for order in company.approve()] == [PostVoucher]


def test_a_discarded_entry_or_batch_is_taken_up_again(company: Company) -> None:
    """It waits as it did; and nothing of it is booked that nobody approved."""
    company.tell(batch(entry(text=" ")))
    hold = company.held()
    company.answer("discard")
    assert isinstance(company.reopen(hold)[-1], HoldForReview)
    wrong = company.tell(batch(version=2, organisation_number="5599990016"))[-1]
    assert isinstance(wrong, HoldForReview)
    company.answer("discard", BATCH)
    assert isinstance(company.reopen(wrong)[-1], HoldForReview)


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("another_company", {"organisation_number": "5599990016"}),
        ("wrong_year", {"year_from": date(2027, 1, 1)}),
        ("number_used_twice", {"entries": (entry("1"), entry("1", "2.00"))}),
    ],
)
def test_a_batch_that_is_not_in_order_waits_whole(company: Company, reason: str, changes: dict[str, Any]) -> None:
    """None of its entries is planned; the next version closes the hold, or a person gives it up."""
    [hold] = company.tell(batch(**changes))
    assert isinstance(hold, HoldForReview)
    assert (hold.key, hold.reason) == (BATCH, reason)
    assert company.state().entry is None
    [closed] = company.tell(batch(version=1))
    assert isinstance(closed, CloseReview)
    assert company.state().entry == entry()


def test_a_batch_that_a_person_gave_up_is_not_taken_in(company: Company) -> None:
    """It was another company's."""
    company.tell(batch(organisation_number="5599990016"))
    [closed] = company.answer("discard", BATCH)
    assert isinstance(closed, CloseReview)
    assert company.state().entry is None


def test_a_number_that_was_wrong_here_is_corrected_and_the_batch_goes_on(company: Company) -> None:
    """A person answers retry."""
    company.tell(batch(organisation_number="5599990016"))
    assert [type(order) for order in company.answer("retry", BATCH)] == [CloseReview, HoldForReview]
    company.organisation_number = "5599990016"
    assert [type(order) for order in company.answer("retry", BATCH)] == [CloseReview]
    assert company.state().entry == entry()


def test_what_comes_before_the_settings_waits_for_them() -> None:
    """And is planned by itself."""
    company = Company(TenantSettings())
    [hold] = company.tell(batch())
    assert isinstance(hold, HoldForReview)
    assert hold.reason == "flow_not_configured"
    assert company.apply(TenantSettings()) == ()
    [closed] = company.apply(chosen())
    assert isinstance(closed, CloseReview)
    assert company.state().entry == entry()


def test_a_version_that_comes_late_undoes_nothing_and_goes_on_record_once(company: Company) -> None:
    """The highest version counts."""
    company.tell(batch(entry(amount="2.00"), version=3))
    assert [type(order) for order in company.tell(batch(version=2))] == [HoldForReview, CloseReview]
    assert company.tell(batch(version=2)) == ()
    assert company.state().entry == entry(amount="2.00")


# --- A new version sends only what is new or other ------------------------------------------------------------------


def test_only_what_is_new_or_other_is_to_be_approved_again(company: Company) -> None:
    """The exported one that came as it was stands."""
    company.tell(batch(entry("1"), entry("2")))
    company.export("1")
    assert company.tell(batch(entry("1"), entry("2", "3.00"), entry("3"), version=1)) == ()
    assert company.approve("1") == ()
    assert [type(order) for number in "23" for order in company.approve(number)] == [PostVoucher, PostVoucher]


def test_an_approval_does_not_outlive_what_it_was_said_of(company: Company) -> None:
    """Other content is approved anew, even if what was refused is what changed."""
    company.tell(batch())
    company.approve()
    company.tell(refusal(company.ordered()))
    [closed] = company.tell(batch(entry(amount="2.00"), version=1))
    assert isinstance(closed, CloseReview)
    assert company.state().awaits is None


@pytest.mark.parametrize(("entries", "reason"), [((entry(amount="2.00"),), "amended"), ((entry("2"),), "gone")])
def test_an_exported_entry_that_changes_is_held_where_the_company_chose_so(
    company: Company, entries: tuple[ClosingEntry, ...], reason: str
) -> None:
    """Kept, nothing comes of it; rebooked, the next plan has it."""
    company.tell(batch())
    company.export()
    [hold] = company.tell(batch(*entries, version=1))
    assert isinstance(hold, HoldForReview)
    assert hold.reason == f"{reason}_after_export"
    assert [choice.answer for choice in hold.choices] == ["rebook", "keep"]
    other = Company()
    other.remembered.states, other.plans = dict(company.remembered.states), company.plans
    assert [type(order) for order in other.answer("keep")] == [CloseReview]
    assert other.approve() == ()
    [again] = other.reopen(hold)  # kept by mistake
    assert isinstance(again, HoldForReview)
    assert (again.reason, again.choices) == (hold.reason, hold.choices)
    assert [type(order) for order in company.answer("rebook")] == [CloseReview]
    [order] = company.approve()
    assert isinstance(order, PostVoucher)
    assert (order.purpose, order.step) == ("reverse", "reverse")


def test_an_exported_entry_that_changes_is_reversed_and_rebooked_once_it_is_approved() -> None:
    """All three vouchers name each other; the reversal names the order that it takes back."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch())
    first = company.export()
    assert company.tell(batch(entry(amount="2.00"), version=1)) == ()
    [back] = company.approve(series="K")
    assert isinstance(back, PostVoucher)
    assert (back.series, back.takes_back, back.revision) == ("I", first.id_in(TENANT), first.revision)
    assert next((r.account, r.credit) for r in back.rows) == (8910, Decimal("100.00"))
    assert not back.look_for_double
    [again] = company.tell(outcome(back, number=13))
    assert isinstance(again, PostVoucher)
    assert (again.purpose, again.series, again.description) == ("rebook", "K", "Rättelse av I 12: Skatt 1")
    assert [str(v) for v in again.relates_to] == ["I 12", "I 13"]
    assert company.tell(outcome(again, number=3)) == ()
    assert company.state().stands_as_it_is


def test_an_entry_that_is_gone_is_reversed_once_that_is_approved_and_may_come_back() -> None:
    """Then it is planned anew."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch(entry("1"), entry("2")))
    company.export()
    company.tell(batch(entry("2"), version=1))
    [back] = company.approve()
    assert isinstance(back, PostVoucher)
    company.tell(outcome(back, number=13))
    assert company.state().stands_as_it_is
    company.tell(batch(entry("1"), entry("2"), version=2))
    [again] = company.approve()
    assert isinstance(again, PostVoucher)
    assert (again.step, again.revision) == ("rebook", company.state().revision)


def test_a_change_that_comes_while_an_order_is_under_way_waits_for_its_outcome() -> None:
    """What is sent cannot be taken back: it is corrected."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch())
    company.approve()
    order = company.ordered()
    assert company.tell(batch(entry(amount="2.00"), version=1)) == ()
    assert company.tell(outcome(order)) == ()
    [back] = company.approve()
    assert isinstance(back, PostVoucher)
    assert back.purpose == "reverse"


# --- Accruals -------------------------------------------------------------------------------------------------------


def test_an_accrual_is_taken_back_by_a_voucher_of_its_day(company: Company) -> None:
    """Approved together with the entry, and booked as soon as that stands."""
    company.tell(batch(ACCRUAL))
    company.approve()
    [turn] = company.tell(outcome(company.ordered()))
    assert isinstance(turn, PostVoucher)
    assert (turn.voucher_date, turn.step) == (date(2026, 1, 1), "turn")
    assert turn.description == "Återföring av periodisering I 12: Förutbetald hyra"
    assert [(r.account, r.debit, r.credit) for r in turn.rows] == [
        (1710, Decimal("0.00"), Decimal("9.00")),
        (5010, Decimal("9.00"), Decimal("0.00")),
    ]
    assert not company.state().stands_as_it_is
    company.tell(outcome(turn, number=1))
    assert company.state().stands_as_it_is


def test_an_accrual_of_a_year_that_is_not_there_waits_for_it(company: Company) -> None:
    """And goes on by itself."""
    company.tell(batch(ACCRUAL))
    company.approve()
    [turn] = company.tell(outcome(company.ordered()))
    assert isinstance(turn, PostVoucher)
    company.tell(refusal(turn, "financial_year_missing"))
    assert company.held().reason == "financial_year_missing"
    closed, again = company.tell(passed("financial_year_missing"))
    assert isinstance(closed, CloseReview)
    assert isinstance(again, PostVoucher)
    assert (again.step, again.replaces) == ("turn/2", turn.id_in(TENANT))


def test_an_accrual_that_changes_is_taken_back_whole_the_last_voucher_first() -> None:
    """Then the new content is booked, both vouchers of it."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch(ACCRUAL))
    company.approve()
    [turn] = company.tell(outcome(company.ordered()))
    assert isinstance(turn, PostVoucher)
    company.tell(outcome(turn, number=1))
    company.tell(batch(ACCRUAL.model_copy(update={"text": "Hyra"}), version=1))
    steps = []
    orders = company.approve()
    while orders:
        [order] = orders
        assert isinstance(order, PostVoucher)
        steps.append(order.step)
        orders = company.tell(outcome(order, number=20 + len(steps)))
    assert steps == ["unturn", "reverse", "rebook", "turn"]
    assert company.state().stands_as_it_is


# --- What Fortnox says ----------------------------------------------------------------------------------------------


def test_a_refused_entry_waits_and_goes_again_by_answer_check_or_plan(company: Company) -> None:
    """In another series, if the next plan says so."""
    company.tell(batch())
    company.approve()
    company.tell(refusal(company.ordered()))
    assert company.held().reason == "period_locked"
    assert company.apply(chosen()) == ()
    _, again = company.answer("retry")
    assert isinstance(again, PostVoucher)
    assert again.insists
    company.tell(refusal(again, "series_not_manual"))
    _, other = company.approve(series="K")
    assert isinstance(other, PostVoucher)
    assert (other.series, other.step, other.insists) == ("K", "book/3", False)
    company.tell(refusal(other))
    assert company.tell(passed("series_not_manual")) == ()
    _, last = company.tell(passed("period_locked"))
    assert isinstance(last, PostVoucher)
    assert last.rule == "a_refused_voucher_goes_again_when_its_check_is_green"


def test_an_order_that_a_person_discarded_can_be_given_anew(company: Company) -> None:
    """It never reached Fortnox."""
    company.tell(batch())
    company.approve()
    company.tell(outcome(company.ordered(), "discarded", code="discarded", who="operator"))
    assert company.held().reason == "discarded"
    _, again = company.answer("retry")
    assert isinstance(again, PostVoucher)


@pytest.mark.parametrize("choice", ["own", "same", "discard"])
def test_a_suspected_double_waits_and_each_answer_ends_it(company: Company, choice: str) -> None:
    """It is booked all the same; or that voucher is it; or nothing more is done."""
    company.tell(batch())
    company.approve()
    refused = company.ordered().id_in(TENANT)
    company.tell(double(company.ordered()))
    hold = company.held()
    assert (hold.reason, "A 77" in hold.message) == ("suspected_double", True)
    assert {c.answer for c in hold.choices} == {"own", "same", "discard"}
    closed, *orders = company.answer(choice)
    assert isinstance(closed, CloseReview)
    if choice == "own":
        [order] = orders
        assert isinstance(order, PostVoucher)
        assert (order.look_for_double, order.insists) == (False, False)
    else:
        assert orders == []
    if choice == "same":
        assert company.state().stands_as_it_is
        assert str(company.state().standing[0].voucher) == "A 77"
        company.tell(batch(entry(amount="2.00"), version=1))
        assert company.held().reason == "voucher_not_known"
        company.answer("reversed")
        [again] = company.approve()
        assert isinstance(again, PostVoucher)
        assert again.description == "Rättelse av A 77: Skatt 1"
        assert again.replaces == refused, "or it would wait behind what was refused"


def test_that_a_double_is_the_entry_can_be_taken_back(company: Company) -> None:
    """It was another event: the entry would be missing in the books, and nobody would be told."""
    company.tell(batch())
    company.approve()
    company.tell(double(company.ordered()))
    hold = company.held()
    company.answer("same")
    [order] = company.reopen(hold)
    assert isinstance(order, PostVoucher)
    assert (order.purpose, order.look_for_double, bool(order.replaces)) == ("book", True, True)
    assert company.state().standing == ()
    company.tell(double(order))
    assert company.reopen(hold) == (), "it was taken up by that word before"
    company.answer("own")
    company.tell(outcome(company.ordered(), number=12))
    assert company.reopen(hold) == (), "it stands"
    assert [str(one.voucher) for one in company.state().standing] == ["I 12"]


def test_an_accrual_that_a_double_is_said_to_be_is_taken_back_on_its_day() -> None:
    """What takes it back replaces the order that was refused; and is taken back where that was said by mistake."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch(entry(reverse_on=date(2026, 1, 1))))
    company.approve()
    refused = company.ordered()
    company.tell(double(refused))
    hold = company.held()
    _closed, turn = company.answer("same")
    assert isinstance(turn, PostVoucher)
    assert (turn.step, turn.replaces) == ("turn", refused.id_in(TENANT))
    company.tell(outcome(turn, number=12))
    assert company.state().stands_as_it_is
    [back] = company.reopen(hold)
    assert isinstance(back, PostVoucher)
    assert (back.step, back.takes_back) == ("unturn", turn.id_in(TENANT))
    [order] = company.tell(outcome(back, number=13))
    assert isinstance(order, PostVoucher)
    assert order.step == "book/2"


def test_what_was_booked_all_the_same_and_then_given_up_is_looked_for_again(company: Company) -> None:
    """Who gave it up may have booked it by hand: what was answered before that counts no longer."""
    company.tell(batch())
    company.approve()
    company.tell(double(company.ordered()))
    company.answer("own")
    company.tell(refusal(company.ordered()))
    hold = company.held()
    company.answer("discard")
    [order] = company.reopen(hold)
    assert isinstance(order, PostVoucher)
    assert (order.look_for_double, order.insists) == (True, False)
    assert company.reopen(hold) == (), "it is on its way"


@pytest.mark.parametrize("newer", [(entry(amount="2.00"),), (entry("2"),)])
def test_a_double_of_what_was_sent_is_not_the_newer_content(company: Company, newer: tuple[ClosingEntry, ...]) -> None:
    """It came while the order was on its way: the voucher that is there stands for what the order was to book."""
    company.tell(batch())
    company.approve()
    order = company.ordered()
    company.tell(batch(*newer, version=1))
    company.tell(double(order))
    assert company.held().reason == "suspected_double"
    closed, hold = company.answer("same")
    assert isinstance(closed, CloseReview)
    assert isinstance(hold, HoldForReview)
    assert (hold.reason, "A 77" in hold.message) == ("voucher_not_known", True)
    assert not company.state().stands_as_it_is
    assert [type(one) for one in company.answer("reversed")] == [CloseReview]
    assert [type(one) for one in company.approve()] == ([] if company.state().gone else [PostVoucher])


def test_what_left_its_batch_is_asked_of_nobody_when_it_is_refused(company: Company) -> None:
    """Nothing of it is in the books, and nothing is to be."""
    company.tell(batch())
    company.approve()
    order = company.ordered()
    company.tell(batch(entry("2"), version=1))
    assert company.tell(refusal(order)) == ()
    assert company.state().stands_as_it_is


@pytest.mark.parametrize(("choice", "steps"), [("reversed", ["rebook"]), ("retry", ["reverse/2"]), ("keep", [])])
def test_a_reversal_whose_voucher_is_gone_waits_and_each_answer_ends_it(choice: str, steps: list[str]) -> None:
    """Somebody removed the voucher in Fortnox."""
    company = Company(chosen(amended="reverse"))
    company.tell(batch())
    company.export()
    company.tell(batch(entry(amount="2.00"), version=1))
    company.approve()
    company.tell(refusal(company.ordered(), "voucher_gone"))
    assert company.held().reason == "voucher_gone"
    orders = company.answer(choice)
    assert [order.step for order in orders if isinstance(order, PostVoucher)] == steps


def test_an_answer_that_is_lost_shows_until_it_is_found(company: Company) -> None:
    """And asks for nothing: the lane looks for it."""
    company.tell(batch())
    company.approve()
    order = company.ordered()
    assert company.tell(outcome(order, "unknown")) == ()
    assert company.state().is_unknown
    company.tell(outcome(order, "absent"))
    assert not company.state().is_unknown
    company.tell(outcome(order, "unknown"))
    company.tell(outcome(order, "already_there"))
    assert company.state().stands_as_it_is
    assert not company.state().is_unknown


def test_an_order_that_comes_out_with_a_second_voucher_is_a_persons_to_put_right(company: Company) -> None:
    """A restored database sent what it had forgotten."""
    company.tell(batch())
    order = company.export(voucher=12)
    assert company.tell(outcome(order, number=12)) == ()
    [hold] = company.tell(outcome(order, number=14))
    assert isinstance(hold, HoldForReview)
    assert (hold.reason, hold.lines) == ("booked_twice", ("I 14",))
    company.answer("reversed")
    assert company.state().stands_as_it_is


def test_an_outcome_that_nobody_remembers_is_adopted(company: Company) -> None:
    """What happened in Fortnox has happened: its rows are not known, so only a person reverses it."""
    other = Company()
    other.tell(batch())
    other.approve()
    company.tell(outcome(other.ordered()))
    company.tell(batch())
    assert company.approve() == ()
    company.tell(batch(entry(amount="2.00"), version=1))
    assert company.held().reason == "voucher_not_known"


def test_what_is_not_about_closing_entries_is_not_read(company: Company) -> None:
    """Records of other flows, and of orders without an end."""
    company.tell(batch())
    company.approve()
    order = company.ordered()
    assert company.tell(outcome(order, "delivered").model_copy(update={"flow": "daysales"})) == ()
    assert company.tell(outcome(order, "withdrawn")) == ()
    assert company.ordered() == order
