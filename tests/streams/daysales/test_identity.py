"""A key names one thing: what is not certainly the same report is booked by itself, or waits under its own name."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, PostVoucher
from schemas.events import DayClosed
from schemas.ids import revision
from schemas.money import summed
from schemas.settings import TenantSettings
from streams.daysales import FLOW
from streams.daysales.identity import sighting
from streams.daysales.state import State
from tests.streams.daysales.days import KEY, NOW, TENANT, Host, answered, chosen, day, outcome, paid, without_card

COUNTER = "openpos/K1/12"
REVERSE = chosen(amended="reverse")
OTHER_SPLIT = (paid("cash", "90.00"), paid("card", "161.00"))


def closed_on(on: date, **changes: Any) -> DayClosed:
    """Return the report of a register on a day, taken that evening."""
    changes.setdefault("taken_at", NOW + (on - date(2026, 4, 10)))
    return day(business_date=on, **changes)


def vouchers(orders: Sequence[Order]) -> list[PostVoucher]:
    """Return the vouchers among orders."""
    return [o for o in orders if isinstance(o, PostVoucher)]


def the_hold(orders: Sequence[Order]) -> HoldForReview:
    """Return the hold that waits."""
    assert isinstance(orders[-1], HoldForReview)
    return orders[-1]


def book(host: Host, report: DayClosed, number: int = 12) -> PostVoucher:
    """Tell a report that is booked."""
    (order,) = vouchers(host.tell(report))
    assert host.tell(outcome(order, number=number)) == ()
    return order


# --- Certainly another --------------------------------------------------------------------------------------------


def test_stores_whose_tills_have_one_name_have_a_voucher_each_in_any_order() -> None:
    """Three stores, one designation and Z number, whenever each was taken."""
    stores = [
        day(),
        day(store="Norr", minutes=-70, payments=OTHER_SPLIT),
        day(store="a/b", minutes=9, payments=(paid("card", "251.00"),)),
    ]
    for arrival in permutations(stores):
        host = Host(REVERSE)
        booked = [order for report in arrival for order in vouchers(host.tell(report))]

        assert [o.purpose for o in booked] == ["book"] * 3
        assert {o.key for o in booked} == {
            KEY,
            "openpos/Norr/K1/12/2026-04-10",
            "openpos/a%2Fb/K1/12/2026-04-10",
        }


@pytest.mark.parametrize("later", [9, 30, 397])
@pytest.mark.parametrize("first", ["the old till", "the new till"])
def test_a_counter_that_began_anew_is_booked_beside_the_old_one(later: int, first: str) -> None:
    """A new till counts from 1 again, within the month or a year later: the old day stands, also if it comes late."""
    reports = [closed_on(date(2026, 4, 10)), closed_on(date(2026, 4, 10) + timedelta(days=later), payments=OTHER_SPLIT)]
    host = Host(REVERSE)
    for number, report in enumerate(reports if first == "the old till" else reports[::-1]):
        assert book(host, report, number + 12).purpose == "book"

    assert all(host.state(r.key).standing for r in reports)


def test_an_old_report_that_is_repeated_years_later_is_the_old_report() -> None:
    """Whatever came under the counter since."""
    host = Host(REVERSE)
    book(host, day())
    book(host, closed_on(date(2027, 8, 12), payments=OTHER_SPLIT), 13)

    assert host.tell(day()) == ()
    assert host.tell(day(minutes=5)) == ()


# --- Certainly the same -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [-1, 0, 1])
@pytest.mark.parametrize("taken_again", [False, True])
def test_a_higher_amendment_may_correct_the_date_by_a_day(days: int, *, taken_again: bool) -> None:
    """It corrects the report that was sent: one reversal, one voucher under the first one's key, on the right date."""
    host = Host(REVERSE)
    book(host, day())
    changes = {"minutes": 1440 * days + 1} if taken_again else {}
    corrected = day(amendment=1, business_date=date(2026, 4, 10 + days), payments=OTHER_SPLIT, **changes)
    (reversal,) = vouchers(host.tell(corrected))
    (anew,) = vouchers(host.tell(outcome(reversal, number=13)))

    assert (reversal.key, reversal.purpose) == (anew.key, "reverse") == (KEY, "reverse")
    assert anew.voucher_date == corrected.business_date
    assert host.tell(outcome(anew, number=14)) == host.tell(corrected) == host.tell(day()) == ()


def test_a_corrected_date_that_comes_before_what_it_corrects_is_the_newest() -> None:
    """The first content comes last, with the same time of taking: it is older, and on record as that."""
    host = Host(REVERSE)
    book(host, day(amendment=1, business_date=date(2026, 4, 11), payments=OTHER_SPLIT))
    orders = host.tell(day())

    assert [type(o) for o in orders] == [HoldForReview, CloseReview]
    assert orders[0].key == "openpos/Kungsgatan/K1/12/2026-04-11"
    assert host.tell(day()) == ()


# --- Perhaps ------------------------------------------------------------------------------------------------------

PERHAPS = {
    "other content without a higher amendment": day(minutes=30, payments=OTHER_SPLIT),
    "a counter that began anew the next day": closed_on(date(2026, 4, 11), payments=OTHER_SPLIT),
    "a counter that began anew within the week": closed_on(date(2026, 4, 15), payments=OTHER_SPLIT),
    "the same amounts a year later": closed_on(date(2027, 4, 10)),
    "the same amounts under another store": day(store="Kungsgatan 2"),
    "the same amounts under another store, taken at another time": day(store="Kungsgatan 2", minutes=50),
    "an amendment of nothing known in its store": day(store="Norr", amendment=1, payments=OTHER_SPLIT),
    "an amendment with a date far away": closed_on(date(2026, 6, 1), amendment=1, payments=OTHER_SPLIT),
    "other content of a register in other capitals": day(register_id="k1", minutes=30, payments=OTHER_SPLIT),
    "other content, taken at the same time, of a register in other capitals": day(
        register_id="k1", payments=OTHER_SPLIT
    ),
    "an amendment of a register in other capitals": day(register_id="k1", amendment=1, payments=OTHER_SPLIT),
    "the same amounts under a register in other capitals, taken at another time": day(register_id="k1", minutes=50),
    "the same closing for another company": day(organisation_number="5599990016", payments=OTHER_SPLIT),
}


def doubted(report: DayClosed, settings: TenantSettings = REVERSE) -> tuple[Host, HoldForReview]:
    """Return a host on which a report is booked and another one waits that may be the same."""
    host = Host(settings)
    book(host, day(organisation_number="5560160680" if report.organisation_number else None))
    return host, the_hold(host.tell(report))


@pytest.mark.parametrize("report", PERHAPS.values(), ids=PERHAPS.keys())
def test_what_may_be_the_same_report_waits_under_its_own_name_with_both_shown(report: DayClosed) -> None:
    """Nothing is reversed, nothing booked; a person sees both, and the hold stays under other settings."""
    host, held = doubted(report)

    assert (held.reason, held.rule) == ("perhaps_the_same", "what_may_be_another_report_waits")
    assert held.key != KEY
    assert [line.partition(": ")[0] for line in held.lines] == [KEY, "this"]
    assert "booked as F 12" in held.message
    assert [c.answer for c in held.choices] == ["own", "same", "discard"]
    assert host.tell(report) == host.apply(chosen()) == ()


@pytest.mark.parametrize("report", PERHAPS.values(), ids=PERHAPS.keys())
def test_a_person_says_that_it_is_a_report_of_its_own(report: DayClosed) -> None:
    """It is booked beside the other; repetitions of either ask nothing, an amendment finds the right one."""
    host, held = doubted(report)
    close, order = host.tell(answered(held, "own"))

    assert isinstance(close, CloseReview)
    assert isinstance(order, PostVoucher)
    assert (order.key, order.purpose) == (held.key, "book")
    assert host.tell(outcome(order, number=13)) == host.tell(report) == ()
    assert host.state().standing
    amended = report.model_copy(update={"amendment": report.amendment + 1, "payments": (paid("card", "251.00"),)})
    assert [o.key for o in host.tell(amended)] == [held.key]


@pytest.mark.parametrize("report", PERHAPS.values(), ids=PERHAPS.keys())
def test_a_person_says_that_it_is_the_same_report(report: DayClosed) -> None:
    """Its content takes the other's place, by reversing; what came under its own name comes to rest."""
    host, held = doubted(report)
    close, *rest = host.tell(answered(held, "same"))

    assert isinstance(close, CloseReview)
    assert close.hold_id == held.id_in("acme")
    assert KEY in close.message
    if report.payments == OTHER_SPLIT:
        assert [(o.key, o.purpose) for o in vouchers(rest)] == [(KEY, "reverse")]
    elif report.business_date == day().business_date:
        assert rest == []  # the same amounts on the same day: nothing changes
    assert host.tell(report) == ()
    assert host.state(held.key).hold is None
    assert host.state().day == report


def test_older_content_that_a_person_counts_to_a_report_changes_nothing_there() -> None:
    """The higher amendment counts, whichever came first; the older one is on record."""
    host = Host(REVERSE)
    book(host, day(amendment=2))
    held = the_hold(host.tell(day(store="Kungsgatan 2")))
    orders = host.tell(answered(held, "same"))

    assert [type(o) for o in orders] == [HoldForReview, CloseReview, CloseReview]
    assert host.state().day == day(amendment=2)
    assert host.tell(day(store="Kungsgatan 2")) == ()


def test_of_several_that_it_may_be_a_person_names_one() -> None:
    """Three stores with one till's name and the same amounts: each later one shows all that are known."""
    host = Host(REVERSE)
    book(host, day())
    second = the_hold(host.tell(day(store="Norr")))
    third = the_hold(host.tell(day(store="Syd")))

    assert [c.answer for c in third.choices] == ["own", "same/1", "same/2", "discard"]
    host.tell(answered(second, "same"))
    host.tell(answered(third, "same/2"))
    assert host.state(third.key).part_of == KEY, "what was counted to a report brings along what is counted to it"


def test_a_newer_content_of_what_is_in_doubt_stays_in_doubt() -> None:
    """It is the same question about an amended report."""
    host, first = doubted(PERHAPS["a counter that began anew within the week"])
    amended = closed_on(date(2026, 4, 15), amendment=1)
    close, again = host.tell(amended)

    assert isinstance(close, CloseReview)
    assert isinstance(again, HoldForReview)
    assert (close.hold_id, close.how, again.key) == (first.id_in("acme"), "superseded", first.key)
    assert again.reason == "perhaps_the_same"


def test_two_reports_of_zeros_are_nobodys_doubt() -> None:
    """Unused tills of two stores: there is no money that could be booked twice."""
    zeros = {"sales": (), "payments": (), "others": ()}
    host = Host()
    for store in ("Norr", "Syd"):
        assert [type(o) for o in host.tell(day(store=store, **zeros))] == [HoldForReview, CloseReview]


@pytest.mark.parametrize("is_older", [False, True])
@pytest.mark.parametrize("names", [("K1", "k1"), ("k1", "K1")])
def test_a_till_whose_update_writes_its_register_in_other_capitals_sends_again(
    names: tuple[str, str], *, is_older: bool
) -> None:
    """The very same closing is booked already; its next one is booked; other content waits beside it."""
    before, after = names
    host = Host(REVERSE)
    book(host, day(register_id=before))
    if is_older:  # from before capitals were no difference
        states, report = host.remembered.states, day(register_id=before)
        known = states.pop(report.counters[-1])
        reports = tuple(one.model_copy(update={"register_id": ""}) for one in known.reports)
        states[report.counter] = known.model_copy(update={"reports": reports})
        assert host.tell(report) == host.tell(report.model_copy(update={"goods": 99})) == ()
    if not is_older or before == "k1":
        assert the_hold(host.tell(day(register_id=after, minutes=9, payments=OTHER_SPLIT))).lines
        assert host.tell(day(register_id=after)) == host.tell(day(register_id=before)) == ()
    assert book(host, closed_on(date(2026, 4, 11), register_id=after, z_number=13), 13).purpose == "book"


# --- A database from before stores and dates were in a key ----------------------------------------------------------


def from_before(report: DayClosed, settings: TenantSettings = REVERSE) -> Host:
    """Return a host that has booked a report under the key that it had then."""
    host = Host(settings)
    order = book(host, report)
    old = host.state(report.key).model_dump(exclude={"doubts", "part_of", "reports"})
    host.remembered.states.clear()
    host.remembered.states[report.counter] = State.model_validate(
        old | {"booked": old["booked"] | {"order": order.model_copy(update={"key": report.counter})}}
    )
    return host


def test_a_report_that_was_booked_before_is_not_booked_again() -> None:
    """Repeated, also with what an earlier version did not carry; amended, the old voucher is reversed under its key."""
    host = from_before(day())

    assert host.tell(day()) == host.tell(day(goods=99)) == ()
    (reversal,) = vouchers(host.tell(day(amendment=1, payments=OTHER_SPLIT)))
    assert (reversal.key, reversal.purpose) == (COUNTER, "reverse")
    (anew,) = vouchers(host.tell(outcome(reversal, number=13)))
    assert host.tell(outcome(anew, number=14)) == ()
    assert str(host.state(COUNTER).standing and host.state(COUNTER).standing.voucher) == "F 14"


def test_others_under_the_counter_of_a_report_from_before_are_booked_beside_it() -> None:
    """Another store and a counter that began anew have keys of their own; the old report is still known."""
    host = from_before(day())
    book(host, day(store="Norr", payments=OTHER_SPLIT), 13)
    book(host, closed_on(date(2027, 4, 12), payments=OTHER_SPLIT), 14)
    held = the_hold(host.tell(day(store="Syd", payments=OTHER_SPLIT)))

    assert host.tell(day()) == ()
    assert [line.partition(": ")[0] for line in held.lines] == ["openpos/Norr/K1/12/2026-04-10", "this"]


def test_what_waited_from_before_is_decided_under_its_old_key() -> None:
    """Settings let it go on, and others under its counter do not disturb it."""
    host = Host(without_card())
    held = the_hold(host.tell(day()))
    state = host.state().model_copy(update={"awaits": held.model_copy(update={"key": COUNTER})})
    host.remembered.states.clear()
    host.remembered.states[COUNTER], host.remembered.waiting[COUNTER] = state, held.reason
    (other,) = host.tell(day(store="Norr", payments=OTHER_SPLIT))

    orders = host.apply(chosen())
    assert other.key == "openpos/Norr/K1/12/2026-04-10"
    assert {o.key for o in vouchers(orders)} == {COUNTER, other.key}


# --- Whose books --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", ["5560160680", "556016-0680", "165560160680"])
@pytest.mark.parametrize("named", ["5560160680", "556016-0680", "165560160680", "16556016-0680"])
def test_one_number_is_one_company_however_it_is_written(own: str, named: str) -> None:
    """With and without century and hyphen."""
    report = DayClosed.model_validate_json(
        day().model_copy(update={"organisation_number": named}).model_dump_json(warnings=False)
    )

    assert vouchers(Host(organisation_number=own).tell(report))


def test_a_report_of_another_company_waits_until_a_number_is_right() -> None:
    """Here or in the till; neither is guessed. A number that nobody told holds nothing."""
    report = day(organisation_number="5599990016")
    host = Host(organisation_number="5560160680")
    held = the_hold(host.tell(report))

    assert (held.reason, held.who) == ("another_company", "operator")
    assert "559999-0016" in held.message
    assert "556016-0680" in held.message
    close, again = host.tell(answered(held, "retry"))
    assert isinstance(close, CloseReview)
    assert isinstance(again, HoldForReview)
    host.organisation_number = "5599990016"  # bokbuss tenant add --org
    assert vouchers(host.tell(answered(again, "retry")))
    assert vouchers(Host().tell(report))


def test_another_companys_report_never_becomes_an_amendment_of_ours() -> None:
    """A cloned till: the same store, register, Z number and moment. Ours stands; the other one is not ours to book."""
    host = Host(organisation_number="5560160680")
    host.settings = REVERSE
    book(host, day(organisation_number="5560160680"))
    foreign = the_hold(host.tell(day(amendment=3, organisation_number="5599990016", payments=OTHER_SPLIT)))

    assert foreign.reason == "another_company"
    assert host.state().standing
    assert foreign.key != KEY


def test_what_came_before_is_no_other_report_when_it_comes_again() -> None:
    """Two companies claim one closing, and a report that names nobody may be either: it waits once, under one key."""
    host = Host(organisation_number="5560160680")
    host.tell(day(organisation_number="5599990016"))
    host.tell(day(organisation_number="5560160680"))
    held = the_hold(host.tell(day()))

    assert held.reason == "perhaps_the_same"
    assert host.tell(day()) == ()


def test_a_sole_traders_number_is_a_personal_number_and_not_shown() -> None:
    """Of both numbers only the last two digits stand in the text."""
    held = the_hold(Host(organisation_number="8001019876").tell(day(organisation_number="7001011234")))

    assert "••••••-••34" in held.message
    assert "••••••-••76" in held.message
    assert "700101" not in held.model_dump_json()
    assert "800101" not in held.model_dump_json()


# --- What was seen of a report before it was counted to another one -------------------------------------------------


def test_what_a_report_was_before_it_was_counted_to_another_undoes_nothing_there() -> None:
    """The till sends a content again that it had replaced before a person said which report it is."""
    host = Host(REVERSE)
    book(host, day())
    replaced = day(minutes=10, payments=OTHER_SPLIT)
    the_hold(host.tell(replaced))
    held = the_hold(host.tell(day(minutes=10, payments=(paid("cash", "80.00"), paid("card", "171.00")))))
    (reversal,) = vouchers(host.tell(answered(held, "same")))
    (anew,) = vouchers(host.tell(outcome(reversal, number=13)))
    host.tell(outcome(anew, number=14))
    assert host.tell(replaced) == ()


def test_older_content_that_is_counted_to_a_report_says_nothing_of_when_that_came() -> None:
    """A report that came long after its day waits for that, also when older content of it came in time."""
    host, in_time = Host(), NOW + timedelta(hours=1)
    late = day(amendment=1)
    assert the_hold(host.tell(late, came=in_time + timedelta(days=400))).reason == "clock_is_wrong"
    held = the_hold(host.tell(day(store="Norr", minutes=10), came=in_time))
    host.tell(answered(held, "same"))
    state = host.state()
    assert (state.day, state.came_at) == (late, in_time + timedelta(days=400))


@pytest.mark.parametrize("other", [day(store="Norr"), closed_on(date(2026, 4, 11), payments=OTHER_SPLIT)])
def test_a_key_whose_report_was_counted_to_another_is_no_new_reports_key(other: DayClosed) -> None:
    """Nothing is decided on under it any more: what comes after waits under a key of its own, and is never lost."""
    host = Host(REVERSE)
    book(host, day())
    host.tell(answered(the_hold(host.tell(other)), "same"))
    assert host.state(other.key).part_of == KEY

    later = other.taken_at + timedelta(minutes=9)
    third = other.model_copy(update={"taken_at": later, "payments": (paid("card", "251.00"),)})
    held = the_hold(host.tell(third))
    assert (held.reason, held.key) == ("perhaps_the_same", f"{other.key}T{third.taken_at:%H%M%SZ}")
    (order,) = vouchers(host.tell(answered(held, "own")))
    assert sum(row.debit for row in order.rows) == 251
    assert host.tell(third) == ()


CONTENTS = st.builds(
    lambda store, register, on, minutes, amendment, cash: day(
        store=store,
        register_id=register,
        business_date=date(2026, 4, on),
        minutes=minutes,
        amendment=amendment,
        payments=(paid("cash", f"{cash}.00"), paid("card", f"{251 - cash}.00")),
    ),
    st.sampled_from(["Kungsgatan", "Norr"]),
    st.sampled_from(["K1", "K1", "k1"]),
    st.sampled_from([10, 11]),
    st.sampled_from([0, 9, 18]),
    st.sampled_from([0, 0, 1]),
    st.integers(100, 103),
)


@given(steps=st.lists(CONTENTS | st.integers(0, 5), min_size=3, max_size=12))
def test_nothing_that_came_under_a_counter_lies_where_nothing_is_decided(steps: list[DayClosed | int]) -> None:
    """Whatever came, and whatever a person said of it: each content counts in a report that is booked, or waits."""
    host, holds, came, number = Host(REVERSE), dict[Any, HoldForReview](), list[DayClosed](), 0
    for step in steps:
        if isinstance(step, DayClosed):
            came.append(step)
            orders = host.tell(step)
        elif holds:
            asked = list(holds.values())[step % len(holds)]
            answers = [choice.answer for choice in asked.choices if choice.answer != "discard"]
            orders = host.tell(answered(asked, answers[step % len(answers)]))
        else:
            continue
        while orders:
            holds |= {order.id_in("acme"): order for order in orders if isinstance(order, HoldForReview)}
            for order in orders:
                if isinstance(order, CloseReview):
                    del holds[order.hold_id]
            vouchers_now, orders = vouchers(orders), ()
            for order in vouchers_now:
                number += 1
                orders += host.tell(outcome(order, number=number))
    counted = {one.model_copy(update={"report": ""}): one.report for one in host.state(COUNTER.casefold()).reports}
    for content in came:
        state = host.state(counted[sighting("", content)])
        assert state.part_of is None
        assert revision(content) in state.seen
        if not state.hold:
            assert state.day
            assert state.standing
            assert state.standing.order
            assert {r.text: r.debit for r in state.standing.order.rows}["cash"] == state.day.payments[0].amount


# --- Counted to another by mistake ----------------------------------------------------------------------------------


class Books:
    """A company whose orders are delivered, some of them late; ``live``: what stands of each report, by means."""

    def __init__(self, settings: TenantSettings = REVERSE) -> None:
        self.host = Host(settings)
        self.orders: dict[UUID, PostVoucher] = {}
        self.waiting: list[PostVoucher] = []
        self.holds: dict[UUID, HoldForReview] = {}

    def tell(self, message: Message, *, delivered: bool = True) -> None:
        """Tell something, and what comes of it, unless that is left on its way."""
        self._take(self.host.tell(message))
        while delivered and self.waiting:
            order = self.waiting.pop(0)
            number = len(self.orders) + 1
            self._take(self.host.tell(outcome(order, number=number)))

    def _take(self, orders: Sequence[Order]) -> None:
        for order in orders:
            if isinstance(order, CloseReview):
                del self.holds[order.hold_id]
            elif isinstance(order, HoldForReview):
                self.holds[order.id_in(TENANT)] = order
            elif isinstance(order, PostVoucher):
                assert order.id_in(TENANT) not in self.orders, "an order is given once"
                self.orders[order.id_in(TENANT)] = order
                self.waiting.append(order)

    def hold(self, key: str) -> HoldForReview:
        """Return what waits of a report."""
        (held,) = (held for held in self.holds.values() if held.key == key)
        return held

    def live(self) -> dict[tuple[str, str], Decimal]:
        """Return what the vouchers of each report come to, by account and text."""
        return {
            place: amount
            for place, amount in summed(
                ((order.key, f"{row.account} {row.text}"), row.debit - row.credit)
                for order in self.orders.values()
                for row in order.rows
            ).items()
            if amount
        }


@pytest.mark.parametrize("delivered", [True, False])
@pytest.mark.parametrize("settings", [REVERSE, chosen()], ids=["reverse", "hold"])
@pytest.mark.parametrize("report", PERHAPS.values(), ids=PERHAPS.keys())
def test_a_report_that_was_counted_to_another_by_mistake_is_taken_out_again(
    report: DayClosed, settings: TenantSettings, *, delivered: bool
) -> None:
    """Both are as they were, whatever was booked meanwhile; in the end the books are those of two reports."""
    first = day(organisation_number="5560160680" if report.organisation_number else None)
    books, straight = Books(settings), Books(settings)
    for company in (books, straight):
        company.tell(first)
        company.tell(report)
    (held,) = books.holds.values()
    straight.tell(answered(held, "own"))
    assert FLOW.given_up is not None
    assert not FLOW.given_up(books.host.state(held.key), held)

    books.tell(answered(held, "same"), delivered=delivered)
    assert FLOW.given_up(books.host.state(held.key), held)
    books.tell(answered(held, "reopen"))
    assert (books.host.state().day, books.host.state(held.key).day) == (first, report)
    again = books.hold(held.key)
    assert (again.reason, again.choices) == (held.reason, held.choices)
    assert not FLOW.given_up(books.host.state(held.key), held)
    books.tell(answered(held, "reopen"))
    assert books.hold(held.key) == again, "told again, it asks nothing"
    books.tell(answered(again, "own"))
    for told_again in (first, report):
        books.tell(told_again)
    assert not books.holds
    assert books.live() == straight.live()


def test_nothing_is_taken_out_of_a_report_that_was_given_up_before() -> None:
    """Its own content is handled by hand, and what was counted to it stands once: nothing is lost, and none doubled."""
    books = Books(without_card(amended="reverse"))
    books.tell(day())
    books.tell(answered(books.hold(KEY), "discard"))
    books.tell(other := day(store="Norr", payments=(paid("cash", "251.00"),), amendment=1))
    books.tell(answered(held := books.hold(other.key), "same"))
    assert FLOW.given_up is not None
    assert not FLOW.given_up(books.host.state(other.key), held)
    assert books.host.tell(answered(held, "reopen")) == ()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("amended", [None, 0, 1, 2])
def test_of_several_that_were_counted_to_one_each_is_taken_out(order: tuple[int, ...], amended: int | None) -> None:
    """In any sequence; and what amends one of them, or the first, goes where it belongs."""
    reports = [
        day(),
        *(day(store=store, minutes=n, payments=day().payments) for n, store in enumerate(("Norr", "Syd"), 1)),
    ]
    books, straight = Books(), Books()
    for company in (books, straight):
        for report in reports:
            company.tell(report)
    helds = [books.hold(report.key) for report in reports[1:]]
    for company, answers in ((straight, ("own", "own")), (books, ("same", "same/1"))):
        for held, answer in zip(helds, answers, strict=True):
            company.tell(answered(held, answer))
    if amended is not None:
        newer = reports[amended].model_copy(update={"amendment": 1, "payments": OTHER_SPLIT})
        books.tell(newer)
        straight.tell(newer)
    for n in order:
        books.tell(answered(helds[n], "reopen"))
    for n in order:
        books.tell(answered(books.hold(reports[n + 1].key), "own"))
    assert not books.holds
    assert books.live() == straight.live()
