"""What a closed cash register means for the ledger: one voucher, or a hold under a name. Pure.

Read it from ``decide``: ``learn`` says what the message teaches, and then each report that it is about is judged: the
first of the ``RULES`` that says something counts, and ``orders`` brings it about. ``evolve`` is ``learn`` and then the
orders that were given. A message that teaches nothing new asks for nothing: deciding twice decides once.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from infra.plugin import Terms
from schemas.audit import DONE, NOT_DONE, AuditRecord
from schemas.base import Message
from schemas.commands import AttachFile, CloseReview, HoldForReview, Order, PostVoucher
from schemas.corrections import CorrectionApproved
from schemas.envelope import Envelope, type_of
from schemas.events import ChecksPassed, DayClosed, ReviewAnswered
from streams.daysales.case import Case
from streams.daysales.learn import ATTACH_FILE, Learned, found, learn
from streams.daysales.orders import not_approved, older_content, orders, was_refused
from streams.daysales.rules import judge
from streams.daysales.state import State
from streams.daysales.verdict import NAME

_POST_VOUCHER: Final = type_of(PostVoucher)


def reads(message: Message) -> tuple[str, ...]:
    """Return the keys whose state a message needs; nothing when it is not about a day's voucher or hold."""
    match message:
        case DayClosed():
            return tuple(dict.fromkeys((message.key, *message.counters)))
        case CorrectionApproved():
            return (message.key,)
        case ReviewAnswered(flow=flow) if flow == NAME:
            return (message.about,)
        case AuditRecord(flow=flow, message_type=kind, outcome=outcome) if (flow, kind) == (NAME, _POST_VOUCHER):
            told = outcome in NOT_DONE or (outcome in DONE and message.voucher is not None)
            return (message.key,) if told else ()
        case AuditRecord(flow=flow, message_type=kind, outcome=outcome) if (flow, kind) == (NAME, ATTACH_FILE):
            return (message.key,) if outcome in DONE | NOT_DONE else ()
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:
    """Return the report that a day close belongs to, the reports that one in doubt may be, and its counters."""
    message = envelope.data
    if isinstance(message, DayClosed):
        new = found(states, message)
        return (new.report, *new.doubts, *states[new.report].doubts) if new.report in states else (new.report,)
    named: list[str] = []
    for state in states.values():
        named += [*state.doubts, *([state.part_of] if state.part_of else [])]
        named += [doubt for counted in state.counted for doubt in counted.doubts]
        if state.day and (state.doubts or state.part_of or state.counted):
            named += state.day.counters
    return tuple(named)


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    learned = learn(states, envelope)
    given: list[Order] = []
    if key := learned.late:
        told = envelope.data if isinstance(envelope.data, DayClosed) else states[envelope.data.about].day
        if told is not None:
            given += older_content(key, learned.states[key], told, tenant=envelope.tenant, version=terms.version)
    if key := learned.moved:
        given += not_approved(key, learned.states[key], tenant=envelope.tenant, version=terms.version)
    for key in learned.about:
        if case := _case(key, learned, states, envelope.data, terms):
            given += orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)
    return tuple(given)


def _case(key: str, learned: Learned, states: Mapping[str, State], message: Message, terms: Terms) -> Case | None:
    """Return what the rules look at, or None when there is nothing to act on."""
    before, state = states[key], learned.states[key]
    if state.day is None or isinstance(state.awaits, PostVoucher):
        return None  # nothing to act on yet, or Fortnox's answer comes first
    if isinstance(message, ChecksPassed) and not was_refused(state):
        return None
    of_its_report = isinstance(message, AuditRecord) and message.message_type == ATTACH_FILE
    if of_its_report and before.hold:
        return None  # a person is asked about something else, or had an order discarded: that says nothing of it
    awaited = before.awaits if isinstance(before.awaits, PostVoucher) else None
    not_done = isinstance(message, AuditRecord) and message.outcome in NOT_DONE and not of_its_report
    if not_done and awaited is None:
        return None  # not the order that was awaited: what comes next was decided already
    case = Case.of(key, state, state.day, {**states, **learned.states}, terms, message)
    return replace(case, refused=awaited) if not_done else case


def evolve(states: Mapping[str, State], envelope: Envelope[Any], given: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    after = {**states, **learn(states, envelope).states}
    closed = {order.hold_id for order in given if isinstance(order, CloseReview)}
    for order in given:
        state = after[order.key]
        match order:
            case CloseReview(hold_id=hold_id):
                is_open = state.hold and state.hold.id_in(envelope.tenant) == hold_id
                after[order.key] = state.model_copy(update={"awaits": None}) if is_open else state
            case HoldForReview():
                waits = {} if order.id_in(envelope.tenant) in closed else {"awaits": order}
                after[order.key] = state.model_copy(update={**waits, "holds": state.holds + 1})
            case PostVoucher():
                after[order.key] = state.model_copy(update={"awaits": order})
            case AttachFile(voucher=voucher):
                attaching = {"attaching": order.id_in(envelope.tenant), "not_beside": None}
                after[order.key] = state.model_copy(update={**attaching, "beside": (*state.beside, voucher)})
    return {key: state for key, state in after.items() if state is not states[key] and state != states[key]}


def waiting(state: State) -> str | None:
    """Return why a day waits, when other settings or a green check might settle it.

    It gets each SettingsApplied, and each ChecksPassed of that reason.
    """
    return state.hold.reason if state.hold else None
