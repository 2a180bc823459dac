"""The rules of toy flow, each in a history in which it decides."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from infra.plugin import Terms
from schemas import envelope
from schemas.audit import GENESIS, AuditRecord
from schemas.base import Message
from schemas.commands import HoldForReview, Order
from schemas.events import ReviewAnswered
from schemas.invoices import CreateInvoice, InvoiceRequested, InvoiceRow
from tests.flow_driver import FlowDriver
from tests.toys.toyflow import FLOW

TENANT = "acme"
NOW = datetime(2026, 4, 10, 21, 30, tzinfo=UTC)


def sold(price: str = "125.00") -> InvoiceRequested:
    """Return a receipt on account."""
    row = InvoiceRow(text="Lunch", quantity=Decimal("2.00"), price=Decimal(price), vat_rate=Decimal(12))
    day = date(2026, 4, 10)
    return InvoiceRequested(
        register_id="K1", receipt_number="12", invoice_date=day, customer_number="1042", rows=(row,)
    )


class Host:
    """Runs the flow over one message after another, as the real one does; it decides all twice."""

    def __init__(self) -> None:
        self.remembered = FlowDriver(FLOW)

    def tell(self, message: Message) -> tuple[Order, ...]:
        """Decide on a message; return the orders."""
        wrapped = envelope.wrap(message, message_id="a message", source="/tests", time=NOW, tenant=TENANT)
        return self.remembered.decide(wrapped, Terms())


def outcome(order: Order, result: Any, why: str = "") -> AuditRecord:
    """Return what the sink puts on record about an order."""
    return AuditRecord(
        sequence=1,
        previous=GENESIS,
        at=NOW,
        outcome=result,
        flow=order.flow,
        key=order.key,
        message_id=str(order.id_in(TENANT)),
        message_type=envelope.type_of(type(order)),
        fact_id="fact",
        revision=order.revision,
        step=order.step,
        rule=order.rule,
        code="refused" if why else "",
        why=why,
        who="accountant" if why else None,
    )


def answered(hold: HoldForReview, answer: str) -> ReviewAnswered:
    """Return a person's answer to a hold."""
    return ReviewAnswered(
        hold_id=hold.id_in(TENANT),
        flow=hold.flow,
        about=hold.key,
        answer=answer,
        answered_by="anna",
        answered_at=NOW,
    )


def held(orders: tuple[Order, ...]) -> HoldForReview:
    """Return the hold among orders, the last of them."""
    hold = orders[-1]
    assert isinstance(hold, HoldForReview)
    return hold


def test_what_was_sold_is_invoiced_once() -> None:
    """The same again, and that it was carried out, ask for nothing."""
    host = Host()
    (invoice,) = host.tell(sold())
    assert isinstance(invoice, CreateInvoice)
    assert invoice.rule == "what_was_sold_is_invoiced"
    assert host.tell(sold()) == ()
    assert host.tell(outcome(invoice, "delivered")) == ()


def test_other_content_of_what_was_invoiced_waits() -> None:
    """An invoice is not edited; a person gives it up, and it stays so."""
    host = Host()
    host.tell(sold())
    hold = held(host.tell(sold("130.00")))
    assert (hold.reason, hold.rule) == ("changed_since", "what_was_ordered_is_not_ordered_again")
    (closed,) = host.tell(answered(hold, "discard"))
    assert closed.rule == "what_a_person_gave_up_stays_given_up"


def test_a_receipt_of_nothing_waits() -> None:
    """And goes on with other content."""
    host = Host()
    assert held(host.tell(sold("0.00"))).reason == "nothing_to_invoice"
    _closed, invoice = host.tell(sold())
    assert isinstance(invoice, CreateInvoice)


def test_what_was_refused_waits_and_is_sent_again_when_a_person_says_so() -> None:
    """As a new order, with an id of its own."""
    host = Host()
    (first,) = host.tell(sold())
    hold = held(host.tell(outcome(first, "rejected", "there is no customer 1042")))
    assert "1042" in hold.message
    _closed, second = host.tell(answered(hold, "retry"))
    assert first.id_in(TENANT) != second.id_in(TENANT)


def test_a_sale_to_nobody_waits() -> None:
    """Until the till says who it was."""
    host = Host()
    hold = held(host.tell(sold().model_copy(update={"customer_number": None})))
    assert (hold.reason, hold.rule) == ("no_customer", "a_sale_to_nobody_waits")
