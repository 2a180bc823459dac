"""What a proof means for people: one hold for a year whose books differ, and its end. Pure.

``learn`` says what a message teaches; the first of the ``RULES`` that says something counts, and ``orders`` brings it
about. ``evolve`` is ``learn`` and then the orders that were given, so deciding twice decides once.
"""

from collections.abc import Mapping
from typing import Any

from infra.plugin import Terms
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.envelope import Envelope
from schemas.proofs import BooksProved
from streams.books.learn import learn
from streams.books.orders import orders
from streams.books.rules import Case, judge
from streams.books.state import State


def reads(message: Message) -> tuple[str, ...]:
    """Return the key whose state a message needs; nothing when it is no proof."""
    return (message.key,) if isinstance(message, BooksProved) else ()


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    given: list[Order] = []
    for key, state in learn(states, envelope).items():
        if state.proof is not None:
            case = Case(key, envelope.tenant, state.proof, state)
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
    return {key: state for key, state in after.items() if state != states[key]}


def waiting(state: State) -> str | None:  # noqa: ARG001 - every flow is asked alike
    """Return why a year waits for other settings: none settles what waits here, only the books do."""
    return None
