"""The rules of the flow, each in a history in which it decides: what differs waits, until a proof says otherwise."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.plugin import Terms
from schemas import envelope
from schemas.audit import GENESIS, AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.proofs import BooksProved, Difference
from streams.books import FLOW
from tests.flow_driver import FlowDriver

TENANT = "fika"
NOON = datetime(2026, 4, 11, 2, tzinfo=UTC)
KINDS = ["deleted", "changed", "booked_twice", "foreign"]


def difference(number: int, kind: Any = "deleted") -> Difference:
    """Return a difference about a voucher."""
    return Difference(
        id=f"{number:012x}", kind=kind, voucher=f"F {number}", day=date(2026, 4, 1), message=f"F {number} is gone."
    )


def proof(*found: Difference, hour: int = 0, more: int = 0, **changes: Any) -> BooksProved:
    """Return a proof of 2026."""
    return BooksProved(
        year_from=date(2026, 1, 1),
        year_to=date(2026, 12, 31),
        ledger_sha256="ab" * 32,
        vouchers=100,
        posted=50,
        differences=found,
        count=len(found) + more,
        read_at=NOON + timedelta(hours=hour),
        **changes,
    )


class Host:
    """Runs the flow over one message after another, as the real one does; it decides all twice."""

    def __init__(self) -> None:
        self.remembered = FlowDriver(FLOW)

    def tell(self, message: Message) -> tuple[Order, ...]:
        """Decide on a message; return the orders."""
        wrapped = envelope.wrap(message, message_id="a message", source="/tests", time=NOON, tenant=TENANT)
        return self.remembered.decide(wrapped, Terms())


def test_books_that_agree_ask_for_nothing() -> None:
    """A green proof leaves no trace but its own."""
    assert Host().tell(proof()) == ()


def test_books_that_differ_wait_until_a_proof_finds_nothing() -> None:
    """One hold names each; the same again is silent; another difference replaces it; green ends it."""
    host = Host()
    (hold,) = host.tell(proof(difference(12), difference(13, "booked_twice")))
    assert isinstance(hold, HoldForReview)
    assert (hold.rule, hold.key, hold.choices) == ("books_that_differ_wait", "fortnox/proof/2026-12-31", ())
    assert hold.lines == ("00000000000c F 12 is gone.", "00000000000d F 13 is gone.")
    assert "1 deleted, 1 booked twice" in hold.message
    assert f"bokbuss ledger accept {TENANT} ID" in hold.message
    assert host.tell(proof(difference(12), difference(13, "booked_twice"), hour=1)) == ()

    closed, anew = host.tell(proof(difference(12), hour=2))
    assert isinstance(closed, CloseReview)
    assert isinstance(anew, HoldForReview)
    assert (closed.hold_id, closed.how, anew.reason) == (hold.id_in(TENANT), "superseded", "deleted")

    (ended,) = host.tell(proof(hour=3, accepted=1))
    assert isinstance(ended, CloseReview)
    assert (ended.hold_id, ended.how) == (anew.id_in(TENANT), "checks_passed")
    assert ended.rule == "books_that_agree_wait_no_more"
    (again,) = host.tell(proof(difference(12), hour=4))
    assert again.id_in(TENANT) != anew.id_in(TENANT)


def test_an_older_proof_undoes_nothing() -> None:
    """What was read before the one that counts comes late."""
    host = Host()
    host.tell(proof(difference(12), hour=2))
    assert host.tell(proof(hour=1)) == ()


def test_what_a_person_accepts_of_a_reading_ends_what_waits() -> None:
    """No later reading is needed: of a file there may never be one. What was told of it before undoes nothing."""
    host = Host()
    before = proof(difference(12), difference(13), source="sie")
    (hold,) = host.tell(before)
    closed, _ = host.tell(proof(difference(13), source="sie", accepted=1))
    assert isinstance(closed, CloseReview)
    assert closed.hold_id == hold.id_in(TENANT)
    assert [type(order) for order in host.tell(proof(source="sie", accepted=2))] == [CloseReview]
    assert host.tell(before) == ()


def test_a_file_is_another_thing_than_the_books() -> None:
    """Each has its own hold."""
    host = Host()
    host.tell(proof(difference(12)))
    (hold,) = host.tell(proof(difference(12, "booked_twice"), source="sie"))
    assert isinstance(hold, HoldForReview)
    assert hold.key == "sie/proof/2026-12-31"
    assert hold.message.startswith("A file with the ledger of 2026-01-01")


def test_many_differences_are_counted() -> None:
    """The first 50 are named."""
    (hold,) = Host().tell(proof(*(difference(n) for n in range(1, 61)), more=5))
    assert isinstance(hold, HoldForReview)
    assert (len(hold.lines), hold.lines[-1]) == (51, "and 15 more")


def test_what_becomes_of_its_holds_teaches_it_nothing() -> None:
    """Its own records pass."""
    host = Host()
    (hold,) = host.tell(proof(difference(12)))
    record = AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=NOON,
        outcome="held",
        flow=hold.flow,
        key=hold.key,
        message_id=str(hold.id_in(TENANT)),
        message_type=envelope.type_of(HoldForReview),
        fact_id="fact",
    )
    assert host.tell(record) == ()


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.lists(st.tuples(st.integers(1, 4), st.sampled_from(KINDS)), max_size=4)),
        max_size=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_what_waits_is_what_the_newest_proof_says(history: list[tuple[int, list[tuple[int, str]]]]) -> None:
    """Whatever comes in whatever sequence: one hold at most, open exactly while the newest proof is red."""
    host, open_holds, newest = Host(), dict[Any, HoldForReview](), None
    for hour, found in history:
        told = proof(*(difference(number, kind) for number, kind in found), hour=hour)
        for order in host.tell(told):
            if isinstance(order, CloseReview):
                del open_holds[order.hold_id]
            else:
                assert isinstance(order, HoldForReview)
                open_holds[order.id_in(TENANT)] = order
        newest = told if newest is None or told.read_at > newest.read_at else newest
        assert len(open_holds) == (not newest.green)
        for hold in open_holds.values():
            assert hold.lines == tuple(f"{each.id} {each.message}" for each in newest.differences)
