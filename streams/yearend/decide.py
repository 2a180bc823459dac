"""What closing entries mean for the ledger: each waits for a plan, and is one voucher once it is approved. Pure.

Read it from ``decide``: ``learn`` says what the message teaches, and then what it is about is judged: the first of the
``RULES`` that says something counts, and ``orders`` brings it about. A batch that is in order is taken in, and each
entry that is new, other or gone is judged after it. ``evolve`` is ``learn`` and then the orders that were given.
A message that teaches nothing new asks for nothing: deciding twice decides once.
"""

from collections.abc import Mapping
from typing import Any, Final

from infra.plugin import Terms
from schemas.audit import NOT_DONE, AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, PostVoucher
from schemas.envelope import Envelope, type_of
from schemas.events import ChecksPassed, ClosingApproved, ClosingEntriesReady, ReviewAnswered
from streams.yearend.admission import an_entry_is_in_its_year
from streams.yearend.cases import BatchCase, Case, EntryCase
from streams.yearend.learn import Learned, learn, taken_in
from streams.yearend.orders import LATE, MOVED, EntryWriter, orders, was_refused
from streams.yearend.rules import judge
from streams.yearend.state import State, alike_key, booked_key, entry_key, newest_before, taken_from
from streams.yearend.verdict import DISCARD, NAME, TakenIn

_POST_VOUCHER: Final = type_of(PostVoucher)
_ON_THE_WAY: Final = frozenset({"unknown", "absent"})


def reads(message: Message) -> tuple[str, ...]:
    """Return the keys whose state a message needs; nothing when it is not about closing entries."""
    match message:
        case ClosingEntriesReady() | ClosingApproved():
            return (message.key,)
        case ReviewAnswered(flow=flow) if flow == NAME:
            return (message.about,)
        case AuditRecord(flow=flow, message_type=kind, outcome=outcome) if (flow, kind) == (NAME, _POST_VOUCHER):
            told = outcome in NOT_DONE | _ON_THE_WAY or message.voucher is not None
            return (message.key,) if told else ()
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:
    """Return the entries of a batch, those that it has and those that it had; and what books the same."""
    key = next(iter(states))
    own, message = states[key], envelope.data
    named = [*own.entries, *([alike_key(own.entry)] if own.entry else [])]
    for batch in filter(None, (message if isinstance(message, ClosingEntriesReady) else None, own.batch)):
        named += [one for entry in batch.entries for one in (entry_key(key, entry.number), alike_key(entry))]
    return (*named, *(twin for state in states.values() for twin in state.alike))


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    learned, message = learn(states, envelope), envelope.data
    given: list[Order] = []
    if learned.late:
        writer = EntryWriter(learned.late, envelope.tenant, LATE, terms.version, learned.states[learned.late])
        given += writer.older_content(message, newest_before(message, states[learned.late], states))
    if learned.moved:
        writer = EntryWriter(learned.moved, envelope.tenant, MOVED, terms.version, learned.states[learned.moved])
        given += writer.moved(message)
    after = {**states, **learned.states}
    for key in learned.about:
        if (case := _case(key, states, after, message, terms)) is None:
            continue
        rule, verdict = judge(case)
        given += orders(case, rule, verdict, tenant=envelope.tenant, version=terms.version)
        if isinstance(verdict, TakenIn):
            given += _of_entries(key, after, envelope, terms)
    return tuple(given)


def _of_entries(key: str, states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders about the entries of a batch that is taken in."""
    given: list[Order] = []
    taken = taken_in(states, key)
    after = {**states, **taken}
    for one, state in taken.items():
        if one == key or not _is_other(states[one], state):
            continue
        if case := _case(one, states, after, envelope.data, terms):
            given += orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)
    return tuple(given)


def _is_other(before: State, after: State) -> bool:
    """Tell whether an entry is to be judged anew: its content is another, or the year that it waits outside of is."""
    if before.content != after.content:
        return True
    waits = before.hold is not None and before.hold.rule == an_entry_is_in_its_year.__name__
    return waits and before.year != after.year


def _case(
    key: str, before: Mapping[str, State], after: Mapping[str, State], message: Message, terms: Terms
) -> Case | None:
    """Return what the rules look at, or None when there is nothing to act on."""
    state, awaited = after[key], before[key].awaits
    if isinstance(message, ChecksPassed) and not was_refused(state):
        return None
    known = (key, state, message, terms.settings.yearend, terms.organisation_number)
    if state.batch is not None:
        return BatchCase(*known, refused=None, batch=state.batch, before=taken_from(state, after))
    if state.entry is None or state.origin is None or isinstance(state.awaits, PostVoucher):
        return None  # nothing to act on yet, or Fortnox's answer comes first
    order = awaited if isinstance(awaited, PostVoucher) else None
    if not isinstance(message, AuditRecord):
        return EntryCase(*known, refused=None, entry=state.entry, origin=state.origin, twins=_twins(key, after))
    if message.outcome in _ON_THE_WAY or (message.outcome in NOT_DONE and order is None):
        return None  # not the order that was awaited: what comes next was decided already
    refused = order if message.outcome in NOT_DONE else None
    return EntryCase(*known, refused=refused, entry=state.entry, origin=state.origin, twins=_twins(key, after))


def _twins(key: str, states: Mapping[str, State]) -> Mapping[str, State]:
    """Return the entries of other batches that book the same as one, and stand in the ledger or are on their way."""
    entry, batch = states[key].entry, key.partition("#")[0]
    if entry is None or (same := states.get(alike_key(entry))) is None:
        return {}
    found = {one: states[one] for one in same.alike if one.partition("#")[0] != batch and one in states}
    return {one: twin for one, twin in found.items() if _books(twin, alike_key(entry))}


def _books(twin: State, same: str) -> bool:
    """Tell whether an entry stands so, though it came otherwise since or left its batch; or is to, and on its way."""
    entry, main = twin.entry, twin.part("entry")
    if entry is None:
        return False
    if main and booked_key(main, entry) == same:
        return True
    return not twin.gone and alike_key(entry) == same and bool(main or isinstance(twin.awaits, PostVoucher))


def evolve(states: Mapping[str, State], envelope: Envelope[Any], given: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    learned: Learned = learn(states, envelope)
    after = _with_orders({**states, **learned.states}, envelope.tenant, given, frozenset(learned.about))
    for key in learned.about:
        state = after[key]
        if state.batch is None or state.hold or DISCARD.answer in state.answers:
            continue  # an entry; or a batch that waits, or was given up
        after |= _with_orders({**after, **taken_in(after, key)}, envelope.tenant, given, after.keys() - {key})
    return {key: state for key, state in after.items() if state != states[key]}


def _with_orders(
    states: Mapping[str, State], tenant: str, given: tuple[Order, ...], keys: frozenset[str] | set[str]
) -> dict[str, State]:
    """Return states after the orders that are about these keys."""
    after = dict(states)
    closed = {order.hold_id for order in given if isinstance(order, CloseReview)}
    for order in given:
        if order.key not in keys:
            continue
        state = after[order.key]
        match order:
            case CloseReview(hold_id=hold_id):
                is_open = state.hold and state.hold.id_in(tenant) == hold_id
                after[order.key] = state.model_copy(update={"awaits": None}) if is_open else state
            case HoldForReview():
                if order.id_in(tenant) not in closed:
                    after[order.key] = state.model_copy(update={"awaits": order, "holds": state.holds + 1})
            case PostVoucher():
                after[order.key] = state.model_copy(update={"awaits": order})
    return after


def waiting(state: State) -> str | None:
    """Return why a batch or an entry waits, when other settings or a green check might settle it."""
    return state.hold.reason if state.hold else None
