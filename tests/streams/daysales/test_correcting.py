"""Booked days that other settings book otherwise: planned, approved, reversed and booked anew; or held."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from infra.deciding.simulating import differences
from schemas.bas import BAS_DAY_SALES
from schemas.commands import AttachFile, CloseReview, HoldForReview, Order, PostVoucher, VoucherRef
from schemas.corrections import CorrectionApproved
from schemas.events import DayClosed
from schemas.money import ZERO
from schemas.plans import CorrectionRow, Plan
from schemas.settings import CategoryAccount, PaymentAccount, TenantSettings
from streams.daysales import FLOW
from tests.streams.daysales.days import (
    KEY,
    NOW,
    Host,
    answered,
    attachment,
    chosen,
    day,
    outcome,
    paid,
    passed,
    refusal,
    sums_that_meet,
    without_card,
)
from tests.streams.daysales.test_trial import compared

CARD = chosen(payments=tuple(PaymentAccount(method=m, account=a) for m, a in [("cash", 1910), ("card", 1580)]))
TIPS = chosen(
    others=tuple(
        CategoryAccount(category=o.category, account=2890) if o.category == "tips" else o for o in BAS_DAY_SALES.others
    )
)


class Company(Host):
    """A company whose ledger takes what it is sent, in its sequence."""

    def __init__(self, settings: TenantSettings | None = None) -> None:
        super().__init__(settings)
        self.posted: dict[UUID, PostVoucher] = {}
        self.vouchers: dict[VoucherRef, PostVoucher] = {}

    def number(self) -> int:
        """Return the number of the next voucher."""
        return 12 + len(self.vouchers)

    def settle(self, orders: Iterable[Order]) -> list[Order]:
        """Let Fortnox carry out what was ordered, and what comes of that; return all of it."""
        given, left = list[Order](), list(orders)
        while left:
            order = left.pop(0)
            given.append(order)
            if isinstance(order, PostVoucher):
                told = outcome(order, number=self.number())
                assert told.voucher
                assert self.posted.setdefault(order.id_in("acme"), order) is order, "one order is given twice"
                self.vouchers[told.voucher] = order
                left += self.tell(told)
            if isinstance(order, AttachFile):
                left += self.tell(attachment(order))
        return given

    def rows(self) -> list[CorrectionRow]:
        """Return the rows of a plan made now."""
        assert FLOW.corrects
        states = self.remembered.states
        found = (FLOW.corrects(key, states, self.terms) for key in states)
        return [row for row in found if row]

    def row(self) -> CorrectionRow:
        """Return the only row of a plan made now."""
        [row] = self.rows()
        return row

    def approve(self, row: CorrectionRow, *, plan_id: UUID | None = None, by: str = "bo") -> tuple[Order, ...]:
        """Let somebody approve a row of a plan that Anna made; return the orders."""
        return self.tell(approval(row, plan_id=plan_id, by=by))

    def sums(self) -> dict[tuple[date, int], Decimal]:
        """Return what stands in the ledger, by day and account."""
        found: defaultdict[tuple[date, int], Decimal] = defaultdict(lambda: ZERO)
        for order in self.vouchers.values():
            for each in order.rows:
                found[order.voucher_date, each.account] += each.debit - each.credit
        return {place: amount for place, amount in found.items() if amount}


def approval(row: CorrectionRow, *, plan_id: UUID | None = None, by: str = "bo") -> CorrectionApproved:
    """Return the fact that somebody approves a row of a plan that Anna made."""
    plan = Plan(
        plan_id=plan_id or uuid4(),
        tenant="acme",
        flow="daysales",
        settings_version=2,
        made_at=NOW,
        made_by="anna",
        hr_read_at=None,
        fortnox_read_at=None,
    )
    assert FLOW.applied
    fact = FLOW.applied(plan, row, by, NOW)
    assert isinstance(fact, CorrectionApproved)
    return fact


def booked(*reports: DayClosed, settings: TenantSettings | None = None) -> Company:
    """Return a company whose reports are booked."""
    company = Company(settings)
    for report in reports or (day(),):
        company.settle(company.tell(report))
    return company


def moved(settings: TenantSettings = CARD, *reports: DayClosed, **changes: Any) -> Company:
    """Return a company that has booked, and has other settings now."""
    company = booked(*reports, **changes)
    company.apply(settings)
    return company


# --- What a plan says -------------------------------------------------------------------------------------------------


def test_what_stands_as_the_settings_say_is_in_no_plan() -> None:
    """Nor is what only has another series or text: its money stands where it belongs."""
    assert booked().rows() == []
    assert moved(chosen(series="K", description="Kassa {z_number}")).rows() == []


def test_a_day_that_would_be_booked_otherwise_is_proposed() -> None:
    """With each row that differs, and what moves by account to the öre."""
    company = moved(CARD)
    row = company.row()
    assert (row.state, row.action, row.rule) == ("booked", "correct", "what_is_booked_otherwise_is_corrected")
    assert (str(row.voucher), row.series, row.new_series) == ("F 12", "F", "F")
    assert row.moves == {1686: Decimal("-151.00"), 1580: Decimal("151.00")}
    assert set(row.differs) == {"1686 card: debit 151.00, now nothing", "1580 card: nothing, now debit 151.00"}


def test_what_the_settings_would_hold_stays_booked() -> None:
    """Nothing is reversed for a report that could not be booked; the row says why."""
    row = moved(without_card()).row()
    assert (row.action, row.rule) == ("do_nothing", "what_the_settings_hold_stays_booked")
    assert row.why.startswith(
        "The day stays as it is booked, and nothing waits for an answer. If it came now, it would be held as "
        "unmapped_payment_method: No account on 2026-04-10"
    )
    assert row.moves == {}


def test_what_is_under_way_is_waited_for() -> None:
    """A day that is being booked as the settings were, and one that is being corrected."""
    company = Company()
    sent = company.tell(day())
    company.apply(CARD)
    row = company.row()
    assert (row.state, row.action, row.voucher) == ("sending", "do_nothing", None)
    company.settle(sent)
    company.approve(company.row())
    assert (company.row().state, company.row().action) == ("sending", "do_nothing")


def test_what_waits_for_a_person_or_was_kept_is_left_alone() -> None:
    """Its hold is answered first; what somebody handles by hand is named, and how it is taken up again."""
    company = moved(CARD)
    [hold] = company.tell(day(amendment=1, payments=(paid("cash", "101.00"), paid("card", "150.00"))))
    assert isinstance(hold, HoldForReview)
    assert (company.row().state, company.row().rule) == ("held", "what_a_person_decides_is_left_alone")
    approved = company.row().model_copy(update={"voucher": company.row().voucher, "content": "what it would be"})
    company.tell(answered(hold, "keep"))
    row = company.row()
    assert (row.state, row.action, row.rule) == ("booked", "do_nothing", "what_a_person_kept_stays_booked")
    assert "answer reopen" in row.why
    assert set(row.differs) == {
        "1910 cash: debit 100.00, now debit 101.00",
        "1686 card: debit 151.00, now nothing",
        "1580 card: nothing, now debit 150.00",
    }
    put, closed = company.approve(approved)
    assert isinstance(put, HoldForReview)
    assert isinstance(closed, CloseReview)
    assert (put.reason, closed.how) == ("moved_since_the_plan", "superseded"), (
        "an approval that comes to nothing is said"
    )
    company.tell(answered(hold, "reopen"))
    assert company.row().state == "held"


def test_a_day_that_was_kept_and_is_booked_as_the_settings_say_is_in_no_plan() -> None:
    """The newest content comes to what stands under the settings of now."""
    company = booked()
    [hold] = company.tell(day(amendment=1, payments=(paid("cash", "101.00"), paid("card", "150.00"))))
    assert isinstance(hold, HoldForReview)
    company.tell(answered(hold, "keep"))
    assert len(company.rows()) == 1
    company.tell(day(amendment=2))
    assert company.rows() == []


def test_a_voucher_whose_rows_are_not_known_is_corrected_by_hand() -> None:
    """The journal carried out an order of other settings than are remembered."""
    company = Company()
    [order] = company.tell(day())
    assert isinstance(order, PostVoucher)
    company.tell(outcome(order).model_copy(update={"settings_version": 7}))
    company.apply(CARD)
    assert company.row().rule == "what_is_not_known_here_is_corrected_by_hand"


def test_four_eyes_are_asked_for_before_anything_is_sent() -> None:
    """Who made a plan does not apply it, where the company chose so."""
    plan = Plan(
        plan_id=uuid4(),
        tenant="acme",
        flow="daysales",
        settings_version=1,
        made_at=NOW,
        made_by="Anna",
        hr_read_at=None,
        fortnox_read_at=None,
    )
    assert "four eyes" in FLOW.objects(plan, (), chosen(four_eyes=True), "anna")
    assert FLOW.objects(plan, (), chosen(four_eyes=True), "bo") == ""
    assert FLOW.objects(plan, (), chosen(), "anna") == ""


# --- What an approval does --------------------------------------------------------------------------------------------


def test_an_approved_day_is_reversed_and_booked_anew() -> None:
    """Three vouchers that name each other; the ledger has what the settings say, and nothing is left to correct."""
    company = moved(CARD)
    reversal, anew = company.settle(company.approve(company.row()))
    assert isinstance(reversal, PostVoucher)
    assert isinstance(anew, PostVoucher)
    assert reversal.rule == "a_booked_day_is_corrected_by_reversing"
    assert (reversal.purpose, reversal.look_for_double, list(map(str, reversal.relates_to))) == (
        "reverse",
        True,
        ["F 12"],
    )
    assert (anew.purpose, list(map(str, anew.relates_to))) == ("rebook", ["F 12", "F 13"])
    assert anew.description.startswith("Rättelse av F 12, återförd med F 13: ")
    assert company.rows() == []
    assert company.sums() == booked(settings=CARD).sums()


def test_a_day_can_be_corrected_again_and_again() -> None:
    """Each time with ids of its own: back to the first settings, and forth once more."""
    company = moved(CARD)
    for settings in (chosen(), CARD, chosen()):
        company.settle(company.approve(company.row()))
        company.apply(settings)
    company.settle(company.approve(company.row()))
    assert company.sums() == booked().sums()
    assert len(company.vouchers) == 1 + 2 * 4


def test_an_approval_counts_once() -> None:
    """The same again asks for nothing; another plan's of what is under way or done goes on record, and no more."""
    company = moved(CARD)
    row, plan_id = company.row(), uuid4()
    sent = company.approve(row, plan_id=plan_id)
    assert company.approve(row, plan_id=plan_id) == ()
    record, closed = company.approve(row)
    assert isinstance(record, HoldForReview)
    assert isinstance(closed, CloseReview)
    assert record.reason == "moved_since_the_plan"
    company.settle(sent)
    assert [type(order) for order in company.approve(row)] == [HoldForReview, CloseReview]
    assert company.approve(row, plan_id=plan_id) == ()
    assert len(company.vouchers) == 3


def test_a_day_that_came_otherwise_since_the_plan_is_refused() -> None:
    """The till's correction waits for a person; the approval was of something else."""
    company = moved(CARD)
    row = company.row()
    company.tell(day(amendment=1, payments=(paid("cash", "101.00"), paid("card", "150.00"))))
    record, _ = company.approve(row)
    assert isinstance(record, HoldForReview)
    assert (record.reason, record.rule) == ("moved_since_the_plan", "what_moved_since_the_plan_is_not_approved")
    hold = company.state().hold
    assert hold
    assert hold.reason == "amended_after_booking"


def test_settings_that_changed_since_the_plan_hold_it() -> None:
    """What was approved is not what would be booked: another plan ends that, or keep."""
    company = moved(CARD)
    row = company.row()
    company.apply(TIPS)
    [hold] = company.approve(row)
    assert isinstance(hold, HoldForReview)
    assert hold.reason == "not_as_planned"
    assert company.apply(without_card())
    waits = company.state().hold
    assert waits
    assert waits.reason == "unmapped_payment_method", "what cannot be booked is said first"
    company.apply(TIPS)
    closed, *orders = company.approve(company.row())
    assert isinstance(closed, CloseReview)
    company.settle(orders)
    assert company.sums() == booked(settings=TIPS).sums()


def test_nobody_approves_a_plan_of_their_own_where_two_are_wanted() -> None:
    """Whatever came past the desk: the flow holds it, and another person's approval ends that."""
    company = moved(TIPS)
    company.apply(chosen(payments=CARD.daysales.payments, four_eyes=True) if CARD.daysales else CARD)
    [hold] = company.approve(company.row(), by="Anna")
    assert isinstance(hold, HoldForReview)
    assert hold.reason == "four_eyes"
    assert company.approve(company.row(), by="Anna") == (), "it says the same as before"
    closed, *orders = company.approve(company.row(), by="bo")
    assert isinstance(closed, CloseReview)
    company.settle(orders)
    assert company.sums() == booked(settings=CARD).sums()


# --- What Fortnox may say ---------------------------------------------------------------------------------------------


def stopped(**refused: Any) -> tuple[Company, HoldForReview, PostVoucher]:
    """Return a company whose approved reversal was refused, its hold, and the refused order."""
    company = moved(CARD)
    [reversal] = company.approve(company.row())
    assert isinstance(reversal, PostVoucher)
    told = refusal(reversal) if not refused else outcome(reversal, "rejected", who="accountant", **refused)
    if refused.get("code") == "suspected_double":
        told = told.model_copy(update={"voucher": VoucherRef(series="A", number=3, year_id=1)})
    [hold] = company.tell(told)
    assert isinstance(hold, HoldForReview)
    return company, hold, reversal


def test_a_locked_period_is_waited_for() -> None:
    """Opened again it goes on by itself, as a new order."""
    company, hold, refused = stopped()
    assert hold.reason == "period_locked"
    closed, again = company.tell(passed("period_locked"))
    assert isinstance(closed, CloseReview)
    assert isinstance(again, PostVoucher)
    assert again.replaces == refused.id_in("acme")
    company.settle([again])
    assert company.sums() == booked(settings=CARD).sums()


def test_what_a_person_keeps_stays_until_another_plan() -> None:
    """Keep gives up the correction and not the day."""
    company, hold, _ = stopped()
    [closed] = company.tell(answered(hold, "keep"))
    assert isinstance(closed, CloseReview)
    assert company.state().to_correct is None
    assert company.row().action == "correct"
    company.settle(company.approve(company.row()))
    assert company.sums() == booked(settings=CARD).sums()


def test_a_voucher_that_is_gone_is_not_reversed() -> None:
    """Somebody has deleted it: the day is booked anew when a person says so."""
    company, hold, _ = stopped(code="voucher_gone", why="F 12 is not in Fortnox any more.")
    assert hold.reason == "voucher_gone"
    closed, anew = company.tell(answered(hold, "reversed"))
    assert isinstance(closed, CloseReview)
    assert isinstance(anew, PostVoucher)
    assert (anew.purpose, anew.step) == ("book", "book/2")


@pytest.mark.parametrize("answer", ["reversed", "own"])
def test_a_reversal_by_hand_is_looked_for(answer: str) -> None:
    """One that may be there is named: it counts as the reversal, or the day is reversed all the same."""
    company, hold, _ = stopped(code="suspected_double", why="A 3 books the same accounts and amounts.")
    assert hold.reason == "suspected_double"
    assert [choice.answer for choice in hold.choices] == ["reversed", "own", "keep"]
    closed, order = company.tell(answered(hold, answer))
    assert isinstance(closed, CloseReview)
    assert isinstance(order, PostVoucher)
    if answer == "own":
        assert (order.purpose, order.look_for_double) == ("reverse", False)
        return
    assert (order.purpose, list(map(str, order.relates_to))) == ("rebook", ["F 12", "A 3"])


def test_the_report_goes_beside_the_voucher_that_stays() -> None:
    """No file is put beside a voucher that is to be reversed."""
    company = moved(chosen(payments=CARD.daysales.payments, attach_report=True) if CARD.daysales else CARD)
    orders = company.settle(company.approve(company.row()))
    assert [type(order) for order in orders] == [PostVoucher, PostVoucher, AttachFile]
    assert isinstance(orders[-1], AttachFile)
    assert str(orders[-1].voucher) == "F 14"


# --- A simulation says what comes of it -------------------------------------------------------------------------------

SETTINGS = st.sampled_from([chosen(), CARD, TIPS, without_card(), chosen(unmapped="fallback", fallback_account=2999)])


@effort(max_examples=60)
@given(reports=st.lists(sums_that_meet(), min_size=1, max_size=4), now=SETTINGS, then=SETTINGS)
def test_what_is_simulated_is_what_corrections_and_releases_come_to(
    reports: list[DayClosed], now: TenantSettings, then: TenantSettings
) -> None:
    """By day and account, to the öre: what waited goes on by itself, what is booked is corrected by a plan.

    What the others would hold stays booked, and is the only difference; the simulation counts it.
    """
    numbered = [
        report.model_copy(update={"z_number": n, "business_date": date(2026, 4, 10 + n)})
        for n, report in enumerate(reports, 1)
    ]
    company = booked(*numbered, settings=now)
    found, before = compared(company, then), company.sums()
    stays = {row.about: row for row in _under(company, then) if row.action == "do_nothing"}

    company.settle(company.apply(then))
    for row in company.rows():
        if row.action == "correct":
            company.settle(company.approve(row))

    after = company.sums()
    places = {*before, *after}
    real = {place: after.get(place, ZERO) - before.get(place, ZERO) for place in places}
    told = {(on, account): amount for on, account, amount in differences([found])}
    left = {row.day for row in stays.values()}
    assert {p: a for p, a in real.items() if a} == {p: a for p, a in told.items() if p[0] not in left}
    assert {row.day for row in company.rows()} == left
    assert all(amount == -before[place] for place, amount in told.items() if place[0] in left)


def _under(company: Company, settings: TenantSettings) -> list[CorrectionRow]:
    """Return the rows of a plan under other settings."""
    ours, company.settings = company.settings, settings
    rows = company.rows()
    company.settings = ours
    return rows


def test_a_row_without_a_voucher_is_not_applied() -> None:
    """It is on its way: there is nothing that could be named."""
    company = Company()
    company.tell(day())
    company.apply(CARD)
    with pytest.raises(ValueError, match="no voucher"):
        approval(company.row())
    assert company.tell(approval(moved(CARD).row()).model_copy(update={"about": f"{KEY}0"})) == ()
