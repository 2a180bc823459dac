"""What a sale on account means for Fortnox: one invoice, or a hold under a name. Pure.

``learn`` says what a message teaches; the first of the ``RULES`` that says something counts, and ``orders`` brings it
about. ``evolve`` is ``learn`` and then the orders that were given, so deciding twice decides once.
"""

from collections.abc import Mapping
from typing import Any

from infra.plugin import Terms
from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.envelope import Envelope
from schemas.events import ReviewAnswered
from schemas.invoices import CreateInvoice, InvoiceRequested
from tests.toys.toyflow.learn import learn
from tests.toys.toyflow.orders import orders
from tests.toys.toyflow.rules import Case, judge
from tests.toys.toyflow.state import State
from tests.toys.toyflow.verdict import NAME


def reads(message: Message) -> tuple[str, ...]:
    """Return the key whose state a message needs; nothing when it is not about a receipt."""
    match message:
        case InvoiceRequested():
            return (message.key,)
        case ReviewAnswered(flow=flow) if flow == NAME:
            return (message.about,)
        case AuditRecord(flow=flow) if flow == NAME:
            return (message.key,)
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:  # noqa: ARG001 - every flow is asked alike
    """Return the keys that the states name: a receipt names no other."""
    return ()


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    given: list[Order] = []
    for key, state in learn(states, envelope).items():
        if state.request is not None:
            case = Case(key, state.request, state)
            given += orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)
    return tuple(given)


def evolve(states: Mapping[str, State], envelope: Envelope[Any], given: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    after = {**states, **learn(states, envelope)}
    for order in given:
        state = after[order.key]
        match order:
            case CloseReview():
                after[order.key] = state.model_copy(update={"hold": None})
            case HoldForReview():
                after[order.key] = state.model_copy(update={"hold": order, "given": state.given + 1})
            case CreateInvoice():
                after[order.key] = state.model_copy(update={"ordered": order, "given": state.given + 1})
    return {key: state for key, state in after.items() if state != states[key]}


def waiting(state: State) -> str | None:  # noqa: ARG001 - every flow is asked alike
    """Return why a receipt waits for other settings: none settles what waits here, only a person does."""
    return None
