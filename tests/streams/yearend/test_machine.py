"""Batches, plans, outcomes, answers, settings and repetitions, in any order: an entry is one voucher or one hold."""

from collections import deque
from decimal import Decimal
from uuid import UUID

from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, PostVoucher, VoucherRef
from schemas.events import ClosingApproved, ClosingEntriesReady, ReviewAnswered
from schemas.settings import SettingsApplied, TenantSettings
from tests.streams.yearend.entries import (
    BATCH,
    LAST,
    NOW,
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
)

CHOICES = (
    chosen(),
    chosen(amended="reverse"),
    chosen(series="K", four_eyes=True),
    TenantSettings(),
)
NUMBERS = ("1", "2")
LATER = LAST.replace(year=2026, day=1, month=1)
CONTENTS = st.sampled_from(
    [
        entry("1"),
        entry("1", "2.00"),
        entry("1", text=" "),
        entry("1", "3.00", reverse_on=LATER),
        entry("1", "4.00", reverse_on=LATER),
        None,
    ]
)


class Ledger:
    """An honest ledger behind a journal: carries each order out once per id, a key's orders in their sequence."""

    def __init__(self) -> None:
        self.orders: dict[UUID, PostVoucher] = {}
        self.results: dict[UUID, str] = {}
        self.vouchers: dict[VoucherRef, PostVoucher] = {}
        self.reversed: set[VoucherRef] = set()
        self.elsewhere: dict[str, int] = {}

    def open(self) -> list[PostVoucher]:
        """Return what is to be carried out next: the first order of each key that has not ended.

        Nothing of a key is, behind an order that was refused and that nothing replaced.
        """
        first: dict[str, PostVoucher] = {}
        replaced = {order.replaces for order in self.orders.values()}
        stopped = {o.key for i, o in self.orders.items() if self.results.get(i) == "rejected" and i not in replaced}
        for order_id, order in self.orders.items():
            if order_id not in self.results and order.key not in stopped:
                first.setdefault(order.key, order)
        return list(first.values())

    def deliver(self, order: PostVoucher) -> AuditRecord:
        record = outcome(order, number=len(self.vouchers) + 1)
        assert record.voucher
        self.vouchers[record.voucher] = order
        if order.step.partition("/")[0] in {"reverse", "unturn"}:
            assert order.relates_to[0] not in self.reversed, "a voucher is reversed twice"
            self.reversed |= {order.relates_to[0], record.voucher}
        self.results[order.id_in(TENANT)] = "delivered"
        return record

    def refuse(self, order: PostVoucher, how: str) -> AuditRecord:
        self.results[order.id_in(TENANT)] = "rejected"
        return double(order, 900) if how == "double" and order.look_for_double else refusal(order)

    def live(self, about: str, steps: frozenset[str]) -> list[PostVoucher]:
        """Return what stands of an entry."""
        return [
            order
            for voucher, order in self.vouchers.items()
            if order.key == about and voucher not in self.reversed and order.step.partition("/")[0] in steps
        ]


ENTRY, ACCRUAL = frozenset({"book", "rebook"}), frozenset({"turn"})


class Closing(RuleBasedStateMachine):
    """One batch, on a host that may forget what it sent last; then it gets the same message again."""

    def __init__(self) -> None:
        super().__init__()
        self.company = Company(CHOICES[1])
        self.ledger = Ledger()
        self.topics: dict[str, deque[Message]] = {
            t: deque() for t in ("batches", "plans", "audit", "answers", "settings", "checks")
        }
        self.sent: list[ClosingEntriesReady] = []
        self.approved: set[tuple[str, str]] = set()
        self.holds: dict[UUID, HoldForReview] = {}
        self.closed: set[UUID] = set()
        self.version = 1
        self.forgotten: tuple[str, tuple[Order, ...]] | None = None

    # What happens in the world.

    @rule(one=CONTENTS, two=CONTENTS)
    def the_program_sends_its_batch(self, one: object, two: object) -> None:
        second = two.model_copy(update={"number": "2"}) if two else None  # type: ignore[attr-defined] # an entry
        entries = [each for each in (one, second) if each] or [entry("9")]
        self.sent.append(batch(*entries, version=len(self.sent)))  # type: ignore[arg-type] # entries
        self.topics["batches"].append(self.sent[-1])

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def it_repeats_itself(self, data: st.DataObject) -> None:
        self.topics["batches"].append(data.draw(st.sampled_from(self.sent)))

    @rule(number=st.sampled_from(NUMBERS), by=st.sampled_from(["anna", "bo", "lena"]))
    def a_person_applies_a_plan(self, number: str, by: str) -> None:
        state = self.company.state(key(number))
        if state.entry and not state.stands_as_it_is:
            self.topics["plans"].append(self.company.approval(number, by=by))

    @rule(choice=st.sampled_from(CHOICES))
    def settings_change(self, choice: TenantSettings) -> None:
        self.version += 1
        applied = SettingsApplied(tenant=TENANT, version=self.version, applied_by="somebody", settings=choice)
        self.topics["settings"].append(applied)

    @rule(code=st.sampled_from(["period_locked", "unbalanced", "four_eyes"]))
    def checks_are_green(self, code: str) -> None:
        self.topics["checks"].append(passed(code))

    @precondition(lambda self: self.open_holds())
    @rule(data=st.data())
    def a_person_answers(self, data: st.DataObject) -> None:
        hold = data.draw(st.sampled_from(self.open_holds()))
        if hold.choices and not self.topics["answers"]:
            self.answer(hold, data.draw(st.sampled_from(hold.choices)).answer)

    @precondition(lambda self: self.closed and not self.topics["answers"])
    @rule(data=st.data())
    def a_person_takes_an_answer_back(self, data: st.DataObject) -> None:
        self.answer(self.holds[data.draw(st.sampled_from(sorted(self.closed & self.holds.keys())))], "reopen")

    def answer(self, hold: HoldForReview, said: str) -> None:
        if said == "reversed":
            state = self.company.state(hold.key)
            self.ledger.reversed.add(state.standing[-1].voucher)
        self.topics["answers"].append(
            ReviewAnswered(
                hold_id=hold.id_in(TENANT),
                flow="yearend",
                about=hold.key,
                answer=said,
                answered_by="anna",
                answered_at=NOW,
            )
        )

    @precondition(lambda self: self.ledger.open())
    @rule(data=st.data(), how=st.sampled_from(["booked", "booked", "refused", "double", "lost"]), twice=st.booleans())
    def fortnox_answers(self, data: st.DataObject, how: str, *, twice: bool) -> None:
        order = data.draw(st.sampled_from(self.ledger.open()))
        if how == "lost":
            self.topics["audit"].append(outcome(order, "unknown"))
            how = "booked"
        record = self.ledger.deliver(order) if how == "booked" else self.ledger.refuse(order, how)
        self.topics["audit"].extend([record] * (2 if twice else 1))

    # What the host does.

    @precondition(lambda self: any(self.topics.values()))
    @rule(data=st.data(), forgets=st.booleans())
    def the_host_reads(self, data: st.DataObject, *, forgets: bool) -> None:
        waiting = [t for t, messages in self.topics.items() if messages]
        name = self.forgotten[0] if self.forgotten else data.draw(st.sampled_from(waiting))
        self.read(name, forgets=forgets)

    def read(self, name: str, *, forgets: bool = False) -> None:
        message = self.topics[name][0]
        orders = self.company.tell(message, remember=not forgets)
        if self.forgotten:
            assert orders == self.forgotten[1], "the same message on the same state asks for the same orders"
        if isinstance(message, ClosingApproved):
            self.approved.add((message.about, message.revision))
        self.send(orders)
        self.forgotten = (name, orders) if forgets else None
        if not forgets:
            self.topics[name].popleft()

    def send(self, orders: tuple[Order, ...]) -> None:
        for order in orders:
            match order:
                case PostVoucher(step=step):
                    if step.partition("/")[0] in ENTRY | ACCRUAL:
                        assert (order.key, order.revision) in self.approved, "nobody approved this"
                    self.ledger.orders.setdefault(order.id_in(TENANT), order)
                case HoldForReview():
                    self.holds.setdefault(order.id_in(TENANT), order)
                case CloseReview():
                    assert order.hold_id in self.holds
                    self.closed.add(order.hold_id)

    def open_holds(self) -> list[HoldForReview]:
        return [h for i, h in self.holds.items() if i not in self.closed]

    # What must hold.

    @invariant()
    def never_two_vouchers_stand_for_one_entry(self) -> None:
        for number in NUMBERS:
            assert len(self.ledger.live(key(number), ENTRY)) <= 1
            assert len(self.ledger.live(key(number), ACCRUAL)) <= 1

    def drain(self) -> None:
        """Let everything that is under way arrive."""
        while any(self.topics.values()) or self.ledger.open():
            name = self.forgotten[0] if self.forgotten else next((t for t, m in self.topics.items() if m), "")
            if name:
                self.read(name)
            else:
                self.topics["audit"].extend(self.ledger.deliver(order) for order in self.ledger.open())

    def settle(self) -> None:
        """Let people answer what waits, and approve everything."""
        for _ in range(12):
            for hold in [hold for hold in self.open_holds() if hold.choices]:
                answers = [choice.answer for choice in hold.choices]
                self.answer(hold, next((a for a in ("rebook", "own", "reversed") if a in answers), answers[0]))
                self.drain()
            for number in NUMBERS:
                state = self.company.state(key(number))
                if state.entry and not state.stands_as_it_is and not state.awaits:
                    self.topics["plans"].append(self.company.approval(number, by="per"))
                    self.drain()

    def teardown(self) -> None:
        self.version += 1
        chose = chosen(amended="reverse")
        self.topics["settings"].append(
            SettingsApplied(tenant=TENANT, version=self.version, applied_by="somebody", settings=chose)
        )
        self.drain()
        assert {h.key for h in self.open_holds()} == {
            about for about in (BATCH, *map(key, (*NUMBERS, "9"))) if self.company.state(about).hold
        }
        self.settle()
        assert set(self.ledger.results) == set(self.ledger.orders), "an order waits for ever"
        for number in NUMBERS:
            self.the_books_have_it(number)

    def the_books_have_it(self, number: str) -> None:
        """Whatever was not given up by a person stands as the newest batch says it."""
        state = self.company.state(key(number))
        assert not state.hold, "each hold has an answer that ends it"
        if {"discard", "keep"} & set(state.answers) or state.entry is None:
            return
        assert state.stands_as_it_is
        live = self.ledger.live(key(number), ENTRY)
        if state.gone:
            assert live == []
        elif state.standing[0].order is not None:  # else it is somebody's own voucher
            [order] = live
            assert order.rows[0].debit == state.entry.rows[0].debit > Decimal(0)
            turned = self.ledger.live(key(number), ACCRUAL)
            elsewhere = any(one.order is None for one in state.standing)
            assert elsewhere or [o.voucher_date for o in turned] == [LATER] * bool(state.entry.reverse_on)


TestClosing = Closing.TestCase
TestClosing.settings = effort(max_examples=150, stateful_step_count=40, deadline=None)
