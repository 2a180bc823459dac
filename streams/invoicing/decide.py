"""What a sale on account means for Fortnox: one invoice (or order) and a voucher beside it, or a hold. Pure.

Read it from ``decide``: ``learn`` says what the message teaches; the first of the ``RULES`` that says something counts,
and ``orders`` brings it about. ``evolve`` is ``learn`` and then the orders that were given. A message that teaches
nothing new asks for nothing: deciding twice decides once.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infra.plugin import Terms
from schemas.audit import DONE, NOT_DONE, AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, PostVoucher
from schemas.envelope import Envelope
from schemas.events import ChecksPassed, ReviewAnswered
from schemas.invoices import CreateInvoice, FindCustomer, InvoiceRequested
from schemas.settings import SettingsApplied
from streams.invoicing import returning
from streams.invoicing.learn import CARRIED_OUT, Learned, belongs, counted, learn
from streams.invoicing.orders import older_content, orders, was_refused
from streams.invoicing.rules import OF_ITS_SALE, Case, judge
from streams.invoicing.state import Awaited, State
from streams.invoicing.verdict import NAME


def reads(message: Message) -> tuple[str, ...]:
    """Return the keys whose state a message needs; nothing when it is not about a receipt, its orders or its hold."""
    match message:
        case InvoiceRequested():
            return tuple(dict.fromkeys((message.key, *message.counters)))
        case ReviewAnswered(flow=flow) if flow == NAME:
            return (message.about,)
        case AuditRecord(flow=flow, message_type=kind, outcome=outcome) if flow == NAME and kind in CARRIED_OUT:
            told = outcome in NOT_DONE or (outcome in DONE and bool(message.record or message.voucher))
            return (message.key,) if told else ()
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:
    """Return the receipts and the returns of the counters that were read, and the counter of what a return is of."""
    named: list[str] = []
    told = [envelope.data] if isinstance(envelope.data, InvoiceRequested) else []
    for receipt in told:
        known = counted(states, receipt.counters)
        named += known if not states.keys() >= {*known} else [belongs(states, receipt)[0]]
    for receipt in [*told, *(state.receipt for state in states.values() if state.receipt)]:
        named += receipt.returned_counters
    own = next(iter(states.values())).receipt
    named += own.counters if own else ()  # what is a return of it may wait for it
    for state in states.values():
        named += [*state.receipts, *state.doubts, *state.returns]
    return tuple(named)


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    learned = learn(states, envelope)
    if (key := learned.late) and isinstance(envelope.data, InvoiceRequested):
        state = learned.states[key]
        return older_content(key, state, envelope.data, tenant=envelope.tenant, version=terms.version)
    after, given = {**states, **learned.states}, tuple[Order, ...]()
    if case := _case(learned, states, after, envelope.data, terms):
        given = orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)
    after = _ordered(after, envelope.tenant, given)
    for key, receipt in _akin(learned, states, after, envelope.data):
        case = replace(Case.of(key, receipt, after, terms, envelope.data), is_akin=True)
        more = orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)
        given, after = (*given, *more), _ordered(after, envelope.tenant, more)
    return given


def _case(
    learned: Learned, states: Mapping[str, State], after: Mapping[str, State], message: Message, terms: Terms
) -> Case | None:
    """Return what the rules look at, or None when there is nothing to act on."""
    if (key := learned.about) is None:
        return None
    before, state = states[key], learned.states[key]
    if state.receipt is None or isinstance(state.awaits, Awaited):
        return None  # nothing to act on yet, or Fortnox's answer comes first
    if isinstance(message, ChecksPassed) and not was_refused(state):
        return None
    awaited = before.awaits if isinstance(before.awaits, Awaited) else None
    not_done = isinstance(message, AuditRecord) and message.outcome in NOT_DONE
    if not_done and awaited is None:
        return None  # not the order that was awaited: what comes next was decided already
    case = Case.of(key, state.receipt, after, terms, message)
    return replace(case, refused=awaited if not_done else None)


def _akin(
    learned: Learned, states: Mapping[str, State], after: Mapping[str, State], message: Message
) -> list[tuple[str, InvoiceRequested]]:
    """Return the returns that wait for the sale that a message is about, or for another return of it, as they came."""
    if isinstance(message, SettingsApplied | ChecksPassed):
        return []  # each that waits is told by itself
    told = [receipt for key in learned.states for receipt in (states[key].receipt, after[key].receipt) if receipt]
    counters = dict.fromkeys(one for receipt in told for one in (*receipt.counters, *receipt.returned_counters))
    waiting = [(key, state) for key, state in returning.returns(counters, after) if key not in learned.states]
    return [(key, s.receipt) for key, s in waiting if s.receipt and s.hold and s.hold.rule in OF_ITS_SALE]


def evolve(states: Mapping[str, State], envelope: Envelope[Any], given: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    after = _ordered({**states, **learn(states, envelope).states}, envelope.tenant, given)
    return {key: state for key, state in after.items() if state != states[key]}


def _ordered(states: Mapping[str, State], tenant: str, given: tuple[Order, ...]) -> dict[str, State]:
    """Return the states after orders were given."""
    after = dict(states)
    closed = {order.hold_id for order in given if isinstance(order, CloseReview)}
    for order in given:
        state = after[order.key]
        match order:
            case CloseReview(hold_id=hold_id):
                is_open = state.hold and state.hold.id_in(tenant) == hold_id
                after[order.key] = state.model_copy(update={"awaits": None}) if is_open else state
            case HoldForReview():
                waits = {} if order.id_in(tenant) in closed else {"awaits": order}
                after[order.key] = state.model_copy(update={**waits, "holds": state.holds + 1})
            case FindCustomer() | CreateInvoice() | PostVoucher():
                after[order.key] = state.model_copy(update={"awaits": order})
    return after


def waiting(state: State) -> str | None:
    """Return why a receipt waits, when other settings or a green check might settle it."""
    return state.hold.reason if state.hold else None
