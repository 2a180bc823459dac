"""Reports, outcomes, answers, settings, repetitions and restored databases, in any order: one voucher or one hold."""

from collections import deque
from datetime import timedelta
from typing import Literal
from uuid import UUID

from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.commands import AttachFile, CloseReview, HoldForReview, Order, PostVoucher, VoucherRef
from schemas.events import ChecksPassed, DayClosed, ReviewAnswered
from schemas.money import ZERO
from schemas.plans import CorrectionRow
from schemas.settings import PaymentAccount, SettingsApplied, TenantSettings
from streams.daysales.plan import corrects
from tests.streams.daysales.days import (
    KEY,
    TENANT,
    Host,
    answered,
    attachment,
    chosen,
    day,
    other,
    outcome,
    paid,
    passed,
    refusal,
    without_card,
)
from tests.streams.daysales.test_correcting import approval

CHOICES = (
    chosen(),
    chosen(amended="reverse"),
    without_card(amended="reverse"),
    chosen(series="K"),
    chosen(difference_limit="9.00", amended="reverse"),
    chosen(attach_report=True, amended="reverse"),
    chosen(locked_period="first_open_day", amended="reverse"),
    chosen(locked_period="reject", amended="reverse"),
    TenantSettings(),
    chosen(payments=(PaymentAccount(method="cash", account=1911), PaymentAccount(method="card", account=1580))),
)


def content(kind: str, amendment: int) -> DayClosed:
    """Return an amendment that is like no other, but for one kind that has the rows of the first."""
    card = 151 - amendment
    match kind:
        case "in order":
            return day(
                amendment=amendment, payments=(paid("cash", f"{100 + amendment}.00"), paid("card", f"{card}.00"))
            )
        case "like the first":
            return day(amendment=amendment)
        case "unbalanced":
            return day(
                amendment=amendment, payments=(paid("cash", f"{105 + amendment}.00"), paid("card", f"{card}.00"))
            )
        case "no account":
            return day(amendment=amendment, payments=(paid("cash", "100.00"), paid("klarna", "151.00")))
        case "zeros":
            return day(amendment=amendment, sales=(), payments=(), others=())
        case _:
            return day(amendment=amendment, others=(other("tips", "10.00"), other("deposits", "10.00")))


KINDS = st.sampled_from(["in order", "like the first", "unbalanced", "no account", "zeros", "deposits"])


class Ledger:
    """An honest ledger behind a journal: carries each order out once per id, a key's orders in their sequence.

    An order waits behind an earlier one that is open, or refused and not replaced (as the journal does).
    """

    def __init__(self) -> None:
        self.orders: dict[UUID, PostVoucher] = {}
        self.results: dict[UUID, str] = {}
        self.vouchers: dict[VoucherRef, PostVoucher] = {}
        self.reversed: set[VoucherRef] = set()

    def take(self, order: PostVoucher) -> None:
        self.orders.setdefault(order.id_in(TENANT), order)

    def next(self) -> PostVoucher | None:
        for place, (order_id, order) in enumerate(self.orders.items()):
            if order_id in self.results:
                continue
            so_far = list(self.orders.values())[: place + 1]
            replaced = {o.replaces for o in so_far}
            blocked = any(
                self.results.get(o.id_in(TENANT), "open") in {"open", "rejected"} and o.id_in(TENANT) not in replaced
                for o in so_far[:-1]
            )
            return None if blocked else order
        return None

    def deliver(self, order: PostVoucher) -> AuditRecord:
        record = outcome(order, number=len(self.vouchers) + 1)
        assert record.voucher
        self.vouchers[record.voucher] = order
        if order.purpose == "reverse":
            assert order.relates_to[0] not in self.reversed, "a voucher is reversed twice"
            self.reversed.add(order.relates_to[0])
        self.results[order.id_in(TENANT)] = "delivered"
        return record

    def refuse(self, order: PostVoucher, *, says_until: bool) -> AuditRecord:
        self.results[order.id_in(TENANT)] = "rejected"
        return refusal(order, order.voucher_date + timedelta(days=20) if says_until else None)

    def live(self) -> list[VoucherRef]:
        return [v for v, o in self.vouchers.items() if o.purpose != "reverse" and v not in self.reversed]


class OneCompany(RuleBasedStateMachine):
    """One register's report, on a host that may forget what it sent last; then it gets the same message again."""

    others_pass_by = False  # whether other topics are read before a forgotten message is repeated
    may_refuse = True

    def __init__(self) -> None:
        super().__init__()
        self.host = Host(CHOICES[1])
        self.ledger = Ledger()
        self.topics: dict[str, deque[Message]] = {
            t: deque() for t in ("reports", "audit", "answers", "settings", "checks")
        }
        self.sent: list[DayClosed] = []
        self.newest: DayClosed | None = None
        self.holds: dict[UUID, HoldForReview] = {}
        self.closed: set[UUID] = set()
        self.said: list[tuple[int, str]] = []
        self.version = 1
        self.forgotten: tuple[str, tuple[Order, ...]] | None = None
        self.files: dict[UUID, AttachFile] = {}
        self.next_file: Literal["delivered", "rejected"] = "delivered"

    # What happens in the world.

    @initialize(booked=st.booleans())
    def the_day_may_be_booked_already(self, *, booked: bool) -> None:
        if booked:
            self.the_till_reports("in order")
            self.drain()

    @rule(kind=KINDS)
    def the_till_reports(self, kind: str) -> None:
        report = content(kind, len(self.sent))
        self.sent.append(report)
        self.topics["reports"].append(report)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def the_till_repeats_itself(self, data: st.DataObject) -> None:
        self.topics["reports"].append(data.draw(st.sampled_from(self.sent)))

    @precondition(lambda self: len(self.topics["reports"]) > 1)
    @rule()
    def reports_overtake_each_other(self) -> None:
        if not self.forgotten:
            self.topics["reports"].rotate()

    @rule(choice=st.integers(0, len(CHOICES) - 1))
    def settings_change(self, choice: int) -> None:
        self.version += 1
        applied = SettingsApplied(tenant=TENANT, version=self.version, applied_by="somebody", settings=CHOICES[choice])
        self.topics["settings"].append(applied)

    @precondition(lambda self: self.host.state().standing and not self.topics["settings"] and not self.forgotten)
    @rule()
    def the_accounts_change(self) -> None:
        self.settings_change(1 if self.host.settings is CHOICES[-1] else len(CHOICES) - 1)
        self.read("settings")
        self.a_correction_is_approved()

    @rule(codes=st.sets(st.sampled_from(["period_locked", "account_missing", "unbalanced"]), min_size=1))
    def checks_are_green(self, codes: set[str]) -> None:
        self.topics["checks"].append(passed(*sorted(codes)))

    @precondition(lambda self: self.open_holds())
    @rule(data=st.data())
    def a_person_answers(self, data: st.DataObject) -> None:
        hold = data.draw(st.sampled_from(self.open_holds()))
        if hold.choices and not self.topics["answers"]:
            answer = data.draw(st.sampled_from(hold.choices)).answer
            if answer == "reversed":
                self.reverse_by_hand(hold)
            self.topics["answers"].append(answered(hold, answer))

    def reverse_by_hand(self, hold: HoldForReview) -> None:
        """Do what the hold asks for: reverse all but the first voucher that it names, or the one that is not known."""
        named = hold.lines[1:] or [v for v in map(str, self.ledger.live()) if f"Reverse {v} by hand" in hold.message]
        self.ledger.reversed.update(v for v in self.ledger.live() if str(v) in named)

    @precondition(lambda self: self.to_correct())
    @rule()
    def a_correction_is_approved(self) -> None:
        row = self.to_correct()
        if row and not self.topics["answers"]:
            self.topics["answers"].append(approval(row))

    def to_correct(self) -> CorrectionRow | None:
        """Return what a plan of corrections would propose now."""
        row = corrects(KEY, {KEY: self.host.state()}, self.host.terms)
        return row if row and row.action == "correct" else None

    @precondition(lambda self: self.ledger.next())
    @rule(refused=st.booleans(), says_until=st.booleans(), twice=st.booleans())
    def fortnox_answers(self, *, refused: bool, says_until: bool, twice: bool) -> None:
        order = self.ledger.next()
        assert order
        refuses = refused and self.may_refuse
        record = self.ledger.refuse(order, says_until=says_until) if refuses else self.ledger.deliver(order)
        self.topics["audit"].extend([record] * (2 if twice else 1))

    # What the host does.

    @precondition(lambda self: any(self.topics.values()))
    @rule(data=st.data(), forgets=st.booleans())
    def the_host_reads(self, data: st.DataObject, *, forgets: bool) -> None:
        if self.forgotten and not self.others_pass_by:
            name = self.forgotten[0]
        else:
            name = data.draw(st.sampled_from([t for t, messages in self.topics.items() if messages]))
        self.read(name, forgets=forgets)

    def read(self, name: str, *, forgets: bool = False) -> None:
        message, hold = self.topics[name][0], self.host.state().hold
        orders = self.host.tell(message, remember=not forgets)
        if isinstance(message, ChecksPassed) and orders:
            assert hold, "only what waits goes on"
            assert (hold.rule, hold.reason) == ("a_refused_voucher_waits", "period_locked"), "the others stay held"
            assert hold.reason in message.codes
        if self.forgotten and not self.others_pass_by:
            assert orders == self.forgotten[1], "the same message on the same state asks for the same orders"
        self.send(orders)
        if forgets:
            self.forgotten = name, orders
            return
        if self.forgotten and self.forgotten[0] == name:
            self.forgotten = None
        self.topics[name].popleft()
        if isinstance(message, DayClosed) and (self.newest is None or message.amendment > self.newest.amendment):
            self.newest = message
        if isinstance(message, ReviewAnswered) and orders and self.newest:
            self.said.append((self.newest.amendment, message.answer))

    def send(self, orders: tuple[Order, ...]) -> None:
        for order in orders:
            match order:
                case PostVoucher():
                    self.ledger.take(order)
                case AttachFile() if order.id_in(TENANT) not in self.files:
                    self.files[order.id_in(TENANT)] = order
                    self.topics["audit"].append(attachment(order, self.next_file))
                    self.next_file = "rejected" if self.next_file == "delivered" else "delivered"
                case HoldForReview():
                    self.holds.setdefault(order.id_in(TENANT), order)
                case CloseReview():
                    assert order.hold_id in self.holds
                    self.closed.add(order.hold_id)

    def open_holds(self) -> list[HoldForReview]:
        return [h for i, h in self.holds.items() if i not in self.closed]

    # What must hold.

    @invariant()
    def never_two_vouchers_stand_for_one_day(self) -> None:
        assert len(self.ledger.live()) <= 1

    def drain(self) -> None:
        """Let everything that is under way arrive, without anything forgotten."""
        while any(self.topics.values()) or self.ledger.next():
            for name, messages in self.topics.items():
                if messages and (not self.forgotten or self.others_pass_by or self.forgotten[0] == name):
                    self.read(name)
            if order := self.ledger.next():
                self.topics["audit"].append(self.ledger.deliver(order))

    def teardown(self) -> None:
        self.drain()
        self.never_two_vouchers_stand_for_one_day()
        assert set(self.ledger.results) == set(self.ledger.orders), "an order waits for ever"
        state = self.host.state()
        self.desk_shows(state.hold)
        again = [order.voucher for order in self.files.values() if order.replaces is None]
        assert len(again) == len(set(again)), "a report is put beside its voucher once, but for what was refused"
        if self.newest is None:
            assert not self.sent
            return
        assert not isinstance(state.awaits, PostVoucher)
        assert state.day == self.newest
        settled_by_hand = {(self.newest.amendment, "keep"), (self.newest.amendment, "discard")} & set(self.said)
        not_booked = any(h.reason == "not_booked" and h.revision == state.revision for h in self.holds.values())
        if not state.hold and not settled_by_hand and not not_booked:
            assert self.payments_in_the_books() == {p.method: p.amount for p in self.newest.payments}

    def desk_shows(self, hold: HoldForReview | None) -> None:
        assert [h.id_in(TENANT) for h in self.open_holds()] == ([hold.id_in(TENANT)] if hold else [])

    def payments_in_the_books(self) -> dict[str, object]:
        """Return the net effect of all vouchers on the payments."""
        net = {}
        for voucher in self.ledger.live():
            for row in self.ledger.vouchers[voucher].rows:
                if row.text in {"cash", "card"}:
                    net[row.text] = net.get(row.text, ZERO) + row.debit - row.credit
        return net


class OtherTopicsPassBy(OneCompany):
    """The same, but other topics are read before what was forgotten is repeated: settings, answers and outcomes.

    Then two orders for one day can be under way at once. Nobody can take them back; but when they have arrived, either
    one voucher stands, or the hold that tells a person which one to reverse is open. Nothing is refused here: an order
    behind a refused one that nobody remembers waits in the journal for ever (a limit that is known).
    """

    others_pass_by = True
    may_refuse = False

    @invariant()
    def never_two_vouchers_stand_for_one_day(self) -> None:
        hold = self.host.state().hold
        under_way = any(self.topics.values()) or self.ledger.next()
        live = {str(v) for v in self.ledger.live()}
        assert len(live) <= 1 or under_way or (hold and hold.reason == "booked_twice" and live == set(hold.lines))

    def desk_shows(self, hold: HoldForReview | None) -> None:
        assert hold is None or hold.id_in(TENANT) in {h.id_in(TENANT) for h in self.open_holds()}


TestOneCompany = OneCompany.TestCase
TestOtherTopicsPassBy = OtherTopicsPassBy.TestCase
TestOtherTopicsPassBy.settings = effort(max_examples=150, stateful_step_count=40)
TestOneCompany.settings = effort(max_examples=150, stateful_step_count=40)
