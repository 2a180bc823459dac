"""The life of a day close, told as messages and the orders that they lead to."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given

from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, PostVoucher, VoucherRef
from schemas.events import DayClosed
from schemas.flows import given_up
from schemas.ids import revision
from schemas.settings import SettingsApplied, TenantSettings
from streams.daysales import FLOW
from tests.streams.daysales.days import (
    KEY,
    NOW,
    TENANT,
    Host,
    answered,
    chosen,
    day,
    money,
    other,
    outcome,
    paid,
    passed,
    refusal,
    sides,
    sums_that_meet,
    without_card,
)

OTHER_SPLIT = (paid("cash", "90.00"), paid("card", "161.00"))
REVERSE = chosen(amended="reverse")


def amended(number: int = 1) -> DayClosed:
    """Return the day again, a later amendment with another split of the payments."""
    return day(amendment=number, payments=(paid("cash", f"{90 - number}.00"), paid("card", f"{161 + number}.00")))


def voucher(orders: tuple[Order, ...]) -> PostVoucher:
    """Return the only voucher among orders, which stands last."""
    assert [type(o) for o in orders].count(PostVoucher) == 1
    assert isinstance(orders[-1], PostVoucher)
    return orders[-1]


def hold(orders: tuple[Order, ...]) -> HoldForReview:
    """Return the only hold among orders, which stands last, when there is no voucher."""
    assert PostVoucher not in {type(o) for o in orders}
    assert isinstance(orders[-1], HoldForReview)
    return orders[-1]


def closed(orders: tuple[Order, ...]) -> tuple[str, object]:
    """Return how the first order closes which hold."""
    assert isinstance(orders[0], CloseReview)
    return orders[0].how, orders[0].hold_id


def booked(settings: TenantSettings | None = None) -> Host:
    """Return a host whose day is booked as F 12."""
    host = Host(settings)
    assert host.tell(outcome(voucher(host.tell(day())), number=12)) == ()
    return host


# --- Booked once ------------------------------------------------------------------------------------------------


def test_a_day_is_booked_under_an_id_that_follows_from_its_content() -> None:
    """The same report gives the same order id, here and anywhere."""
    order, again = voucher(Host().tell(day())), voucher(Host(REVERSE).tell(day()))

    assert (order.flow, order.key, order.revision, order.step, order.purpose) == (
        "daysales",
        KEY,
        revision(day()),
        "book",
        "book",
    )
    assert order.id_in(TENANT) == again.id_in(TENANT)
    assert order.rule == "a_day_that_adds_up_is_booked"


@given(sums_that_meet())
def test_the_same_report_again_asks_for_nothing(report: DayClosed) -> None:
    """Delivered twice, before and after its voucher is known, a report is decided once."""
    host = Host()
    orders = host.tell(report)

    assert host.tell(report) == ()
    for order in orders:
        if isinstance(order, PostVoucher):
            assert host.tell(outcome(order)) == ()
            assert host.tell(outcome(order)) == ()
    assert host.tell(report) == ()


def test_content_that_comes_late_undoes_nothing_and_goes_on_record_once() -> None:
    """A lower amendment is held and released in one go, under its name; a content that was known asks for nothing."""
    host = booked(REVERSE)
    host.tell(outcome(voucher(host.tell(amended(2))), number=13))

    assert host.tell(day()) == host.tell(amended(2)) == ()
    record, close = host.tell(amended(1))
    assert isinstance(record, HoldForReview)
    assert isinstance(close, CloseReview)
    assert (record.reason, record.choices, record.rule) == ("older_content", (), "what_comes_late_undoes_nothing")
    assert (close.hold_id, close.how) == (record.id_in(TENANT), "superseded")
    assert "This is amendment 1; amendment 2 came before it and counts." in record.message
    assert host.tell(amended(1)) == ()
    assert host.state().day == amended(2)


def test_older_content_goes_on_record_beside_what_is_under_way() -> None:
    """Neither the order that is on its way nor the hold that is open is forgotten for it."""
    for host in (Host(), Host(without_card())):
        waits = host.tell(amended(2))[-1]
        record, _ = host.tell(amended(1))

        assert isinstance(record, HoldForReview)
        assert host.state().awaits == waits


def test_the_same_again_with_other_counts_or_taken_again_is_a_repetition() -> None:
    """A till that makes its report anew, or counts what it did not before, changes nothing; whatever the settings."""
    host = booked(REVERSE)
    host.apply(chosen(amended="reverse", series="K"))

    for same in (day(minutes=90), day(goods=120), day(receipts=None), day(store="KUNGSGATAN")):
        assert host.tell(same) == ()
        assert host.tell(day()) == ()


def test_of_two_contents_with_the_same_amendment_and_time_the_one_that_came_last_counts() -> None:
    """The till did not say which is newer; a repetition of the first does not bring it back."""
    host = Host(without_card())
    host.tell(day())
    host.tell(day(payments=OTHER_SPLIT))

    assert host.tell(day()) == ()
    assert host.state().day == day(payments=OTHER_SPLIT)


# --- Held, and settled by settings or a person --------------------------------------------------------------------


def test_a_held_day_is_booked_by_itself_when_the_settings_allow_it() -> None:
    """The hold closes, and the order has the id that it would have had at first."""
    host = Host(without_card())
    held = hold(host.tell(day()))
    orders = host.apply(chosen())

    assert closed(orders) == ("settings_changed", held.id_in(TENANT))
    assert voucher(orders).id_in(TENANT) == voucher(Host().tell(day())).id_in(TENANT)
    assert FLOW.waiting(host.state()) is None


def test_while_day_sales_are_switched_off_everything_waits_and_goes_on_when_they_are_on() -> None:
    """A new day and an amendment of a booked one wait under a name; switched on, both are decided by themselves."""
    host = booked()
    host.apply(chosen(sync_sales=False, amended="reverse"))
    held = [hold(host.tell(report)) for report in (amended(), day(z_number=13))]

    assert [(h.reason, h.rule) for h in held] == [("sync_is_off", "what_is_not_to_be_synced_waits")] * 2
    orders = host.apply(REVERSE)
    assert sorted(o.purpose for o in orders if isinstance(o, PostVoucher)) == ["book", "reverse"]


def test_settings_that_change_nothing_for_a_held_day_say_nothing() -> None:
    """The same reason in the same words is the same hold."""
    host = Host(without_card())
    host.tell(day())

    assert host.apply(without_card(series="K")) == ()


def test_settings_that_hold_a_day_for_another_reason_open_another_hold() -> None:
    """The old hold closes; the new one has an id of its own."""
    host = Host(without_card())
    first = hold(host.tell(day()))
    orders = host.apply(TenantSettings())

    assert closed(orders) == ("settings_changed", first.id_in(TENANT))
    assert (hold(orders).reason, hold(orders).step) == ("flow_not_configured", "hold/2")


def test_newer_content_of_a_held_day_replaces_it() -> None:
    """The old hold closes as superseded, and the new content is decided by itself."""
    host = Host()
    first = hold(host.tell(day(payments=(paid("cash", "1.00"),))))
    orders = host.tell(amended())

    assert closed(orders) == ("superseded", first.id_in(TENANT))
    assert voucher(orders).revision == revision(amended())


def test_a_person_lets_a_difference_go_as_rounding() -> None:
    """The day is booked with the difference on the rounding account."""
    host = Host()
    held = hold(host.tell(day(payments=(paid("cash", "105.00"), paid("card", "151.00")))))
    orders = host.tell(answered(held, "round"))

    assert closed(orders) == ("answered", held.id_in(TENANT))
    assert sides(voucher(orders).rows)[-1] == (3740, "Öresdifferens", "-5.00")


def test_a_discarded_day_is_left_alone_until_it_comes_with_newer_content() -> None:
    """Settings and repetitions do not bring it back; an amendment does."""
    host = Host(without_card())
    held = hold(host.tell(day()))

    assert [type(o) for o in host.tell(answered(held, "discard"))] == [CloseReview]
    assert host.apply(chosen()) == ()
    assert host.tell(day()) == ()
    assert voucher(host.tell(amended())).purpose == "book"


def test_a_discarded_day_is_taken_up_again_once_for_each_time_that_it_was_given_up() -> None:
    """It waits as it did, or is booked if the settings let it pass by now; told again, the word takes up nothing."""
    host = Host(without_card())
    first = hold(host.tell(day()))
    [closed] = host.tell(answered(first, "discard").model_copy(update={"comment": "Bokförd för hand."}))
    assert isinstance(closed, CloseReview)
    assert "an accountant answered discard (“Bokförd för hand.”)" in closed.message
    assert FLOW.given_up is not None
    assert FLOW.given_up(host.state(), first)
    reopen = answered(first, "reopen")
    second = hold(host.tell(reopen))
    assert (second.reason, second.id_in(TENANT) != first.id_in(TENANT)) == (first.reason, True)
    assert not FLOW.given_up(host.state(), second), "it waits"
    assert host.tell(answered(second, "reopen")) == (), "what waits is not given up"
    assert [type(o) for o in host.tell(answered(second, "discard"))] == [CloseReview]
    assert host.tell(reopen) == (), "it was taken up by that word before"
    assert [FLOW.given_up(host.state(), one) for one in (first, second)] == [False, True]
    assert host.apply(chosen()) == ()
    assert voucher(host.tell(answered(second, "reopen"))).purpose == "book"


def test_what_was_given_up_of_older_content_takes_up_nothing_of_newer() -> None:
    """A word about the hold of another content, or of another day, is none about this one."""
    host = Host(without_card())
    first = hold(host.tell(day()))
    host.tell(answered(first, "discard"))
    second = hold(host.tell(amended()))
    host.tell(answered(second, "discard"))
    assert host.tell(answered(first, "reopen")) == ()
    assert host.tell(answered(second, "reopen").model_copy(update={"hold_id": UUID(int=7)})) == ()
    assert hold(host.tell(answered(second, "reopen"))).reason == second.reason


@pytest.mark.parametrize("answer", ["round", "nonsense", "retry"])
def test_an_answer_that_the_hold_does_not_offer_changes_nothing(answer: str) -> None:
    """Only the choices of a hold are answers to it."""
    host = Host(without_card())

    assert host.tell(answered(hold(host.tell(day())), answer)) == ()


def test_an_answer_to_a_hold_that_is_not_open_changes_nothing() -> None:
    """A hold that was superseded cannot be answered any more."""
    host = Host(without_card())
    first = hold(host.tell(day()))
    host.tell(amended())

    assert host.tell(answered(first, "discard")) == ()


# --- Refused by Fortnox -------------------------------------------------------------------------------------------


def test_a_refused_voucher_waits_with_fortnoxs_words_and_whose_move_it_is() -> None:
    """The accountant reads why, and can retry or discard."""
    host = Host()
    held = hold(host.tell(refusal(voucher(host.tell(day())))))

    assert (held.reason, held.who, held.rule) == ("period_locked", "accountant", "a_refused_voucher_waits")
    assert "Fortnox does not take the voucher: Perioden är låst (2000106)." in held.message
    assert [c.answer for c in held.choices] == ["retry", "discard"]


def test_an_order_that_a_person_discarded_waits_and_can_be_given_anew() -> None:
    """It never reached Fortnox, and nobody says that Fortnox refused it."""
    host = Host()
    order = voucher(host.tell(day()))
    held = hold(host.tell(outcome(order, "discarded", code="discarded", why="Anna: a test", who="operator")))

    assert (held.reason, held.who) == ("discarded", "operator")
    assert "discarded before it reached Fortnox: Anna: a test" in held.message
    anew = voucher(host.tell(answered(held, "retry")))
    assert (anew.step, anew.rows, anew.replaces) == ("book/2", order.rows, order.id_in(TENANT))


def test_a_retry_is_a_new_step_that_replaces_the_refused_order_each_time() -> None:
    """book, book/2, book/3: an id whose outcome is known is never used again."""
    host = Host()
    orders = [voucher(host.tell(day()))]
    for _ in range(2):
        held = hold(host.tell(refusal(orders[-1])))
        orders.append(voucher(host.tell(answered(held, "retry"))))

    assert [(o.step, o.insists) for o in orders] == [("book", False), ("book/2", True), ("book/3", True)]
    assert [o.replaces for o in orders] == [None, orders[0].id_in(TENANT), orders[1].id_in(TENANT)]


def test_a_refused_voucher_is_sent_again_by_itself_when_other_settings_change_it() -> None:
    """Another series is another voucher; settings that leave it as it was would only be refused again."""
    host = Host()
    refused = voucher(host.tell(day()))
    held = hold(host.tell(refusal(refused)))

    assert host.apply(chosen(start_date=None, amended="reverse")) == ()
    orders = host.apply(chosen(series="K"))
    assert closed(orders) == ("settings_changed", held.id_in(TENANT))
    assert (voucher(orders).series, voucher(orders).step, voucher(orders).replaces) == (
        "K",
        "book/2",
        refused.id_in(TENANT),
    )


def test_a_refused_voucher_goes_again_by_itself_when_its_check_is_green() -> None:
    """The same voucher by a new step; the hold is closed, the rule says why, and the same check again asks nothing."""
    host = Host()
    refused = voucher(host.tell(day()))
    held = hold(host.tell(refusal(refused)))

    assert host.tell(passed("account_missing", "series_missing")) == ()
    orders = host.tell(passed("account_missing", "period_locked"))
    again = voucher(orders)
    assert closed(orders) == ("checks_passed", held.id_in(TENANT))
    assert (again.step, again.rule) == ("book/2", "a_refused_voucher_goes_again_when_its_check_is_green")
    assert (again.rows, again.replaces) == (refused.rows, refused.id_in(TENANT))
    assert not again.insists  # what else is known to stand in its way is said without asking Fortnox
    assert host.tell(passed("period_locked")) == ()


def test_a_refused_reversal_goes_again_when_its_check_is_green() -> None:
    """What a person had answered about the amendment still holds."""
    host = booked()
    amended = hold(host.tell(day(amendment=1, payments=OTHER_SPLIT)))
    held = hold(host.tell(refusal(voucher(host.tell(answered(amended, "rebook"))))))

    orders = host.tell(passed("period_locked"))
    assert closed(orders) == ("checks_passed", held.id_in(TENANT))
    assert (voucher(orders).purpose, voucher(orders).step) == ("reverse", "reverse/2")


def test_a_reversal_whose_voucher_is_gone_waits_and_each_answer_ends_it() -> None:
    """The order says which order's voucher it takes back; a person books anew, leaves the books, or tries again."""
    for answer, step in (("reversed", "book"), ("retry", "reverse/2"), ("keep", None)):
        host = booked()
        standing = host.state().booked
        assert standing is not None
        assert standing.order is not None
        amended = hold(host.tell(day(amendment=1, payments=OTHER_SPLIT)))
        taking_back = voucher(host.tell(answered(amended, "rebook")))
        assert taking_back.takes_back == standing.order.id_in(TENANT)
        held = hold(host.tell(outcome(taking_back, "rejected", code="voucher_gone", why="F 12 is gone.")))
        assert (held.reason, [c.answer for c in held.choices]) == ("voucher_gone", ["reversed", "retry", "keep"])
        orders = host.tell(answered(held, answer))
        assert closed(orders)[1] == held.id_in(TENANT)
        if step is None:
            assert len(orders) == 1
        else:
            assert (voucher(orders).step, voucher(orders).replaces) == (step, taking_back.id_in(TENANT))


def test_a_green_check_says_nothing_about_what_fortnox_did_not_refuse() -> None:
    """A hold of our own rules stays, whatever its name."""
    host = Host(without_card())
    hold(host.tell(day()))

    assert host.tell(passed("unmapped_payment_method")) == ()


def test_a_person_who_retries_is_not_overtaken_by_a_green_check() -> None:
    """The retry is under way: the check has nothing left to open."""
    host = Host()
    held = hold(host.tell(refusal(voucher(host.tell(day())))))

    assert voucher(host.tell(answered(held, "retry"))).step == "book/2"
    assert host.tell(passed("period_locked")) == ()


def test_a_refusal_without_a_proper_code_is_a_hold_all_the_same() -> None:
    """What the sink could not name must not stop a worker."""
    for code, reason in (("", "refused"), ("fel: 2000106!", "fel_ 2000106_")):
        host = Host()
        order = voucher(host.tell(day()))

        assert hold(host.tell(outcome(order, "rejected", code=code))).reason == reason


# --- Amended after it was booked ----------------------------------------------------------------------------------


def test_an_amendment_of_a_booked_day_is_held_with_every_row_that_would_change() -> None:
    """Where the company holds amended days, the books stay as they are until a person decides."""
    held = hold(booked().tell(day(amendment=1, payments=OTHER_SPLIT)))

    assert (held.reason, held.rule) == ("amended_after_booking", "a_booked_day_stays_booked")
    assert held.lines == ("1910 cash: debit 100.00, now debit 90.00", "1686 card: debit 151.00, now debit 161.00")
    assert [c.answer for c in held.choices] == ["rebook", "keep"]


def test_an_amendment_with_the_same_rows_needs_nothing() -> None:
    """More receipts, the lines in another order, and the same money: the voucher stands."""
    host = booked()

    assert host.tell(day(amendment=1, receipts=10, payments=tuple(reversed(day().payments)))) == ()
    assert FLOW.waiting(host.state()) is None


def test_a_kept_amendment_leaves_the_books_alone() -> None:
    """Neither settings nor repetitions open it again; the next amendment asks anew."""
    host = booked()
    held = hold(host.tell(amended()))

    assert [type(o) for o in host.tell(answered(held, "keep"))] == [CloseReview]
    assert host.apply(REVERSE) == ()
    assert voucher(host.tell(amended(2))).purpose == "reverse"


def test_an_amendment_that_was_kept_by_mistake_is_taken_up_again() -> None:
    """It is asked about as it was, and every answer is there again; what stands is untouched until then."""
    host = booked()
    held = hold(host.tell(amended()))
    assert not given_up(host.state(), held), "it waits"
    host.tell(answered(held, "keep"))
    assert given_up(host.state(), held)
    again = hold(host.tell(answered(held, "reopen")))
    assert (again.reason, again.lines, again.choices) == (held.reason, held.lines, held.choices)
    assert host.tell(answered(held, "reopen")) == ()
    host.tell(answered(again, "keep"))
    assert [given_up(host.state(), one) for one in (held, again)] == [False, True]
    assert host.apply(REVERSE) == ()
    assert voucher(host.tell(answered(again, "reopen"))).purpose == "reverse", "as the settings say by now"


@pytest.mark.parametrize("by", ["a person", "the settings at once", "the settings later"])
def test_an_amended_day_is_reversed_and_booked_anew_and_the_vouchers_name_each_other(by: str) -> None:
    """First the old voucher is taken back on its own date; when that stands, the new one follows."""
    host = booked(REVERSE if by == "the settings at once" else None)
    orders = host.tell(amended())
    if by == "a person":
        orders = host.tell(answered(hold(orders), "rebook"))
    elif by == "the settings later":
        orders = host.apply(REVERSE)
    reversal = voucher(orders)
    anew = voucher(host.tell(outcome(reversal, number=13)))

    original = voucher(Host().tell(day()))
    assert sides(reversal.rows) == [(a, t, f"{-money(v):.2f}") for a, t, v in sides(original.rows)]
    assert (reversal.purpose, reversal.series, reversal.voucher_date) == ("reverse", "F", original.voucher_date)
    assert reversal.description == "Återföring av F 12: Dagsavslut Kungsgatan K1 Z12"
    assert [str(v) for v in reversal.relates_to] == ["F 12"]
    assert anew.purpose == "rebook"
    assert anew.description == "Rättelse av F 12, återförd med F 13: Dagsavslut Kungsgatan K1 Z12"
    assert [str(v) for v in anew.relates_to] == ["F 12", "F 13"]
    assert anew.rows == reversal.followed_by == voucher(Host().tell(amended())).rows
    assert host.tell(outcome(anew, number=14)) == ()
    standing = host.state().standing
    assert standing
    assert str(standing.voucher) == "F 14"


def test_nothing_is_reversed_for_an_amendment_that_cannot_be_booked() -> None:
    """The old voucher stands while the new content is held for its own reason."""
    held = hold(booked(REVERSE).tell(day(amendment=1, payments=(paid("klarna", "251.00"),))))

    assert held.reason == "unmapped_payment_method"
    assert [c.answer for c in held.choices] == ["keep"]


def test_an_amendment_to_nothing_is_reversed_and_then_settled() -> None:
    """The till takes the whole day back: one reversal, and no empty voucher after it."""
    host = booked(REVERSE)
    reversal = voucher(host.tell(day(amendment=1, sales=(), payments=(), others=())))
    orders = host.tell(outcome(reversal, number=13))

    assert [type(o) for o in orders] == [HoldForReview, CloseReview]
    assert FLOW.waiting(host.state()) is None


def test_an_amendment_that_comes_while_an_order_is_under_way_waits_for_its_outcome() -> None:
    """Delivered: the amendment is as one after booking. Refused: the new content is booked in its place."""
    for result in ("delivered", "rejected"):
        host = Host(REVERSE)
        order = voucher(host.tell(day()))
        assert host.tell(amended()) == ()
        following = voucher(host.tell(outcome(order, result)))  # type: ignore[arg-type]

        if result == "delivered":
            assert (following.purpose, following.replaces) == ("reverse", None)
        else:
            assert (following.purpose, following.revision) == ("book", revision(amended()))
            assert following.replaces == order.id_in(TENANT)


def test_the_newest_content_is_booked_after_a_reversal() -> None:
    """An amendment of the amendment, sent while the reversal was under way, saves a voucher pair."""
    host = booked(REVERSE)
    reversal = voucher(host.tell(amended(1)))
    assert host.tell(amended(2)) == ()

    assert voucher(host.tell(outcome(reversal, number=13))).revision == revision(amended(2))


@pytest.mark.parametrize(("refused", "choices"), [("reverse", ["retry", "keep"]), ("rebook", ["retry", "discard"])])
def test_a_refused_correction_waits_and_goes_on_where_it_stopped(refused: str, choices: list[str]) -> None:
    """A locked period stops a reversal or the booking after it; a retry takes up that very step."""
    host = booked(REVERSE)
    order = voucher(host.tell(amended()))
    if refused == "rebook":
        order = voucher(host.tell(outcome(order, number=13)))
    held = hold(host.tell(refusal(order)))

    assert [c.answer for c in held.choices] == choices
    again = voucher(host.tell(answered(held, "retry")))
    assert (again.purpose, again.step, again.replaces) == (refused, f"{refused}/2", order.id_in(TENANT))
    assert again.rows == order.rows


# --- What a restored database has forgotten -----------------------------------------------------------------------


def test_an_outcome_that_nobody_remembers_is_adopted() -> None:
    """Sent, then forgotten, then other settings that hold the day: the voucher stands, and the hold closes."""
    host = Host()
    order = voucher(host.tell(day(), remember=False))
    host.settings, host.version = without_card(), 2
    held = hold(host.tell(day()))
    orders = host.tell(outcome(order, number=12))

    assert [type(o) for o in orders] == [CloseReview]
    assert closed(orders) == ("booked", held.id_in(TENANT))
    assert host.tell(day()) == ()


def test_an_outcome_may_come_before_its_report_is_remembered() -> None:
    """The report comes after its own voucher, and is booked already."""
    host = Host()
    order = voucher(host.tell(day(), remember=False))

    assert host.tell(outcome(order)) == ()
    assert host.tell(day()) == ()


def test_rows_that_are_not_known_for_certain_are_reversed_by_hand() -> None:
    """The voucher was decided under settings that nobody knows any more: a person reverses it, bokbuss books anew."""
    host = Host(REVERSE)
    order = voucher(host.tell(day(), remember=False))
    host.apply(chosen(amended="reverse", series="K"))
    host.tell(day())
    host.tell(outcome(order))
    held = hold(host.tell(amended()))

    assert (held.reason, [c.answer for c in held.choices]) == ("voucher_not_known", ["reversed", "keep"])
    assert "F 12" in held.message
    assert voucher(host.tell(answered(held, "reversed"))).revision == revision(amended())


def test_a_refusal_that_nobody_remembers_uses_up_its_step() -> None:
    """The next order has an id of its own and replaces the refused one; the same id would be passed by for ever."""
    host = Host()
    order = voucher(host.tell(day(), remember=False))
    host.settings, host.version = without_card(), 2
    host.tell(day())

    assert host.tell(refusal(order)) == ()
    following = voucher(host.apply(chosen()))
    assert (following.step, following.replaces) == ("book/2", order.id_in(TENANT))


def test_a_day_that_was_settled_and_forgotten_may_be_held() -> None:
    """The record of the settled day is closed already; the hold that follows under other settings has another id."""
    zeros, host = day(sales=(), payments=(), others=()), Host()
    record, _ = host.tell(zeros, remember=False)
    host.settings = TenantSettings()

    assert hold(host.tell(zeros)).id_in(TENANT) != record.id_in(TENANT)


def test_two_vouchers_for_one_day_are_a_persons_to_put_right() -> None:
    """An order that was forgotten let a second through: the hold says which one to reverse, and the newest stays."""
    host = Host(without_card())
    host.tell(day())
    host.settings = chosen()
    lost = voucher(host.tell(amended(), remember=False))
    first = voucher(host.apply(chosen()))
    assert host.tell(amended()) == ()

    assert host.tell(outcome(lost, number=12)) == ()
    held = hold(host.tell(outcome(first, number=13)))
    assert (held.reason, held.lines) == ("booked_twice", ("F 12", "F 13"))
    assert "Reverse F 13 by hand" in held.message
    assert host.apply(REVERSE) == ()
    assert [type(o) for o in host.tell(answered(held, "reversed"))] == [CloseReview]


@pytest.mark.parametrize("first", [12, 13])
def test_an_order_that_comes_out_with_a_second_voucher_is_booked_twice(first: int) -> None:
    """A restored database sends what it forgot: whichever outcome is told first, the hold names both vouchers."""
    host = Host(REVERSE)
    order = voucher(host.tell(day()))
    host.tell(outcome(order, number=first))
    held = hold(host.tell(outcome(order, "already_there", number=25 - first)))

    assert (held.reason, set(held.lines)) == ("booked_twice", {"F 12", "F 13"})
    assert [host.tell(outcome(order, number=n)) for n in (12, 13)] == [(), ()]
    assert [c.answer for c in held.choices] == ["reversed"]
    assert [type(o) for o in host.tell(answered(held, "reversed"))] == [CloseReview]
    assert [host.tell(outcome(order, number=n)) for n in (12, 13)] == [(), ()]


def test_a_second_reversal_and_a_second_correction_are_booked_twice() -> None:
    """Every step of a correction can have been forgotten."""
    host = booked(REVERSE)
    reversal = voucher(host.tell(amended()))
    anew = voucher(host.tell(outcome(reversal, number=13)))
    host.tell(outcome(anew, number=14))

    for order, number in ((reversal, 15), (anew, 16)):
        held = hold(host.tell(outcome(order, number=number)))
        assert (held.reason, held.lines[0]) == ("booked_twice", "F 14")
        assert held.lines[-1] == f"F {number}"
    assert host.tell(outcome(voucher(Host().tell(day())), number=12)) == ()


def test_an_order_that_was_refused_and_then_came_out_is_a_second_voucher() -> None:
    """The journal of the backup sends the refused order, whose replacement is booked already."""
    host = Host()
    refused = voucher(host.tell(day()))
    again = voucher(host.tell(answered(hold(host.tell(refusal(refused))), "retry")))
    host.tell(outcome(again, number=12))

    held = hold(host.tell(outcome(refused, number=13)))
    assert (held.reason, held.lines) == ("booked_twice", ("F 12", "F 13"))


def test_a_second_reversal_waits_also_where_nothing_stands() -> None:
    """The day's voucher is gone, and the one that replaces it was refused: the surplus is no less in Fortnox."""
    host = booked(REVERSE)
    reversal = voucher(host.tell(amended()))
    anew = voucher(host.tell(outcome(reversal, number=13)))
    host.tell(outcome(anew, number=14))
    again = voucher(host.tell(amended(2)))
    gone = hold(host.tell(outcome(again, "rejected", code="voucher_gone", why="F 14", who="accountant")))
    third = voucher(host.tell(answered(gone, "reversed")))
    host.tell(refusal(third))
    held = hold(host.tell(outcome(reversal, number=15)))
    assert (held.reason, held.lines, host.state().booked) == ("booked_twice", ("F 15",), None)


@pytest.mark.parametrize("code", ["voucher_gone", "suspected_double"])
def test_an_answer_about_one_voucher_is_none_about_another(code: str) -> None:
    """What stood is gone, or was reversed by hand; the voucher too many, which the hold did not name, waits."""
    host = booked(REVERSE)
    order = host.state().booked
    assert order
    assert order.order
    reversal = voucher(host.tell(amended()))
    assert host.tell(outcome(order.order, number=19)) == ()
    refused = outcome(reversal, "rejected", code=code, why="F 11", who="accountant")
    by_hand = VoucherRef(series="F", number=11, year_id=1) if code == "suspected_double" else None
    held = hold(host.tell(refused.model_copy(update={"voucher": by_hand})))
    assert "F 19" not in held.message

    orders = host.tell(answered(held, "reversed"))
    if isinstance(orders[-1], PostVoucher):
        orders = host.tell(outcome(orders[-1], number=13))
    held = hold(orders)
    assert (held.reason, held.lines[-1]) == ("booked_twice", "F 19")
    orders = host.tell(answered(held, "reversed"))
    if isinstance(orders[-1], PostVoucher):
        orders = host.tell(outcome(voucher(orders), number=13))
    state = host.state()
    assert state.standing
    assert (state.standing.voucher.number, state.standing.revision) == (13, revision(amended()))
    assert (state.hold, state.surplus) == (None, ())


def test_what_was_accepted_before_and_told_after_is_on_record_and_changes_nothing() -> None:
    """It was parked, and the till has sent the report again without counting its amendments."""
    host, came = Host(REVERSE), NOW + timedelta(hours=1)
    order = voucher(host.tell(day(payments=OTHER_SPLIT), came=came))
    host.tell(outcome(order))
    record, close = host.tell(day(), came=came - timedelta(minutes=30))
    assert isinstance(record, HoldForReview)
    assert (record.reason, record.rule) == ("older_content", "what_comes_late_undoes_nothing")
    assert "accepted before what counts" in record.message
    assert isinstance(close, CloseReview)
    assert host.tell(day(), came=came - timedelta(minutes=30)) == ()
    assert voucher(host.tell(day(receipts=10), came=came + timedelta(hours=1))).purpose == "reverse"


# --- What the host relies on --------------------------------------------------------------------------------------


def test_only_what_is_about_a_day_is_read() -> None:
    """Reports, answers to our own holds, and what became of our vouchers; nothing else wakes the flow."""
    host = Host()
    order = voucher(host.tell(day()))
    record = outcome(order)
    held = hold(Host(without_card()).tell(day()))
    silent: list[Message] = [
        record.model_copy(update={"flow": "yearend"}),
        record.model_copy(update={"message_type": "bokbuss.hold-for-review.v1"}),
        record.model_copy(update={"outcome": "unknown"}),
        answered(held, "discard").model_copy(update={"flow": "employees"}),
        SettingsApplied(tenant=TENANT, version=2, applied_by="somebody", settings=chosen()),
    ]

    assert FLOW.reads(day()) == (KEY, "openpos/K1/12", "openpos/k1/12")
    assert [FLOW.reads(m) for m in (record, refusal(order), answered(held, "discard"))] == [(KEY,)] * 3
    assert [FLOW.reads(m) for m in silent] == [()] * len(silent)


def test_long_names_fit_into_a_voucher() -> None:
    """A description of any length is cut to what Fortnox takes, with room for the mark."""
    order = voucher(
        Host(chosen(description="{store} " * 12)).tell(day(store="S" * 64, others=(other("tips", "20.00"),)))
    )

    assert len(order.description) == 180


def test_a_store_of_many_slashes_is_booked_too() -> None:
    """Its key would be longer than a key may be, and its company's days would wait behind it."""
    first, second = (
        day(system="s" * 64, store="/" * number, register_id="K" * 16, z_number=number) for number in (63, 64)
    )
    assert max(len(first.key), len(second.key)) < 190
    assert first.key.split("/")[1] != second.key.split("/")[1]
    host = Host()
    for told in (first, second):
        (order,) = host.tell(told)
        assert isinstance(order, PostVoucher)
        assert order.key == told.key
    assert day(store="Söder/2").key == "openpos/Söder%2F2/K1/12/2026-04-10"


def test_an_empty_description_is_still_a_voucher() -> None:
    """Fortnox demands a text."""
    assert voucher(Host(chosen(description="")).tell(day())).description == "Dagsavslut"
