"""What was read of a financial year becomes the year that everybody sees: all of it at once, or it waits. Pure.

Read it from ``decide``: ``learn`` says what the message teaches, then the first of the ``RULES`` that says something
counts, and ``orders`` brings it about. ``evolve`` is ``learn`` and then the orders that were given; that a year is now
what was read goes on record, and by that record ``evolve`` knows it.
"""

from collections.abc import Mapping
from typing import Any, Final

from infra.plugin import Terms
from schemas import ids
from schemas.audit import AuditRecord
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.envelope import Envelope, type_of
from schemas.events import ReviewAnswered
from schemas.ledger import (
    LedgerPart,
    LedgerPartRead,
    LedgerRequested,
    LedgerRetrieved,
    LedgerSourceChosen,
    ReadLedger,
)
from streams.ledger.differing import Difference, difference
from streams.ledger.learn import Learned, learn, left, year_of
from streams.ledger.orders import orders
from streams.ledger.rules import Case, judge
from streams.ledger.state import CONTENT, State, key_of, keys_of, parts_of
from streams.ledger.verdict import NAME, READ

_READ_LEDGER: Final = type_of(ReadLedger)


def reads(message: Message) -> tuple[str, ...]:
    """Return the keys whose state a message needs; nothing when it is not about a ledger."""
    match message:
        case LedgerPartRead():
            own = f"{message.key}@{ids.revision(message)}"
            return (own, own + CONTENT, year_of(message))
        case LedgerRetrieved() | LedgerRequested() | LedgerSourceChosen():
            return (message.key,)
        case ReviewAnswered(flow=flow) if flow == NAME:
            return (message.about,)
        case AuditRecord(flow=flow, message_type=kind) if (flow, kind) == (NAME, _READ_LEDGER):
            return (message.key,)
    return ()


def follow(states: Mapping[str, State], envelope: Envelope[Any]) -> tuple[str, ...]:
    """Return what is in the parts by which a year and its last reading differ, and all keys of what may leave."""
    message = envelope.data
    key = year_of(message) if isinstance(message, LedgerPartRead) else next(iter(states))
    year = states[key]
    reading = message if isinstance(message, LedgerRetrieved) else year.next
    if reading is None or (isinstance(message, LedgerPartRead) and year.missing != (message.part,)):
        return ()
    leaving = year.known - parts_of(reading)
    coming = parts_of(reading) - parts_of(year.now)
    return (*(key_of(key, part) for part in coming), *keys_of(key, leaving))


def decide(states: Mapping[str, State], envelope: Envelope[Any], terms: Terms) -> tuple[Order, ...]:
    """Return the orders that a message asks for, in sequence; none when there is nothing to do."""
    learned = learn(states, envelope)
    if learned.about is None:
        return ()
    state = learned.states[learned.about]
    case = Case(learned.about, state, terms.organisation_number, _difference(learned, states, state))
    return orders(case, *judge(case), tenant=envelope.tenant, version=terms.version)


def _difference(learned: Learned, states: Mapping[str, State], year: State) -> Difference:
    key, before, after = learned.about or "", parts_of(year.now), parts_of(year.next)

    def things(parts: frozenset[LedgerPart]) -> list[Mapping[str, str]]:
        found = (learned.states.get(key_of(key, one)) or states.get(key_of(key, one)) for one in parts)
        return [state.things for state in found if state and state.things]

    return difference(things(before - after), things(after - before) if year.next else [])


def evolve(states: Mapping[str, State], envelope: Envelope[Any], given: tuple[Order, ...]) -> Mapping[str, State]:
    """Return the state after a message and the orders that were given for it, of each key that changed."""
    after = {**states, **learn(states, envelope).states}
    for order in given:
        state = after[order.key]
        match order:
            case CloseReview(hold_id=hold_id):
                is_open = state.hold and state.hold.id_in(envelope.tenant) == hold_id
                after[order.key] = state.model_copy(update={"hold": None}) if is_open else state
            case HoldForReview(reason=reason) if reason == READ:
                after |= left(states, order.key, parts_of(state.now) - parts_of(state.next))
                after[order.key] = _adopted(state, order)
            case HoldForReview():
                after[order.key] = state.model_copy(update={"hold": order, "given": state.given + 1, "answer": ""})
            case ReadLedger():
                after[order.key] = state.model_copy(update={"awaits": order})
    return {key: state for key, state in after.items() if state != states.get(key)}


def _adopted(year: State, record: HoldForReview) -> State:
    findings = year.next.findings if year.next else ()
    chosen = year.chosen
    if year.next and (year.next.overwrite or year.answer) and year.next.whence != year.chosen_source:
        chosen = None  # who asked for this reading by name has chosen anew
    wordings = record.line_wordings or (None,) * len(record.lines)
    told = [(line, wording) for line, wording in zip(record.lines, wordings, strict=True) if line not in findings]
    return year.model_copy(
        update={
            "now": year.next,
            "next": None,
            "answer": "",
            "chosen": chosen,
            "keeps": year.keeps and year.next is not None and year.next.source == "sie",
            "difference": tuple(line for line, _ in told),
            "difference_wordings": tuple(wording for _, wording in told),
            "given": year.given + 1,
        }
    )


def waiting(state: State) -> str | None:
    """Return why a year waits, when other settings or a green check might settle it."""
    return state.hold.reason if state.hold else None
