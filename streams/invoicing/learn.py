"""What each message teaches about a sale on account. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from schemas import ids
from schemas.audit import NOT_DONE, AuditRecord
from schemas.commands import PostVoucher
from schemas.envelope import Envelope, type_of
from schemas.events import ReviewAnswered
from schemas.flows import answered, may_go_on, reopened, step_of
from schemas.invoices import OTHER_AMOUNTS, CreateInvoice, FindCustomer, InvoiceRequested
from streams.invoicing.state import Beside, Document, Made, Otherwise, RefusedOrder, State
from streams.invoicing.verdict import CREDITED, OWN, RETRY, REVERSED, RIGHT

FAR: Final = timedelta(days=31)
"""Further apart, two receipts of one number are two: no till counts round in a month."""
RETURNS: Final = 30
"""Of one number so many are measured, and one more is remembered: a till with a made-up one in all its returns must not
read each for ever.
"""
CUSTOMER_MISSING: Final = "customer_missing"
"""The code of a refusal: Fortnox has no such customer."""
_FOUND: Final = type_of(FindCustomer)
_INVOICED: Final = type_of(CreateInvoice)
CARRIED_OUT: Final = frozenset({_FOUND, _INVOICED, type_of(PostVoucher)})


@dataclass(frozen=True, slots=True)
class Learned:
    """What a message teaches.

    Attributes:
        states: of each key that learned something.
        about: the receipt that is to be decided on.
        late: the receipt that the message told older content of; it changes nothing, and goes on record.
    """

    states: Mapping[str, State]
    about: str | None = None
    late: str | None = None


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Learned:
    """Return what a message teaches; its own key stands first among the states."""
    learned = _told(states, envelope)
    return replace(learned, states=_with_returns(states, learned.states))


def _told(states: Mapping[str, State], envelope: Envelope[Any]) -> Learned:
    key = next(iter(states))
    state = states[key]
    match envelope.data:
        case InvoiceRequested() as receipt:
            return _with_receipt(states, receipt)
        case AuditRecord() as record:
            new = _with_outcome(state, record, envelope.tenant)
        case ReviewAnswered() as answer:
            new = _with_answer(state, answer, envelope.tenant)
        case message:
            new = state if may_go_on(state.hold, message) else None
    return Learned({key: new}, key) if new else Learned({})


def belongs(states: Mapping[str, State], receipt: InvoiceRequested) -> tuple[str, tuple[str, ...]]:
    """Return the key of the receipt that a content is of, and of a new one those that it may be.

    A till that was replaced counts from 1 again, perhaps on the same day: other content without an amendment of its own
    is not certainly the same, and never taken for a correction; nor is what may correct two.
    """
    named = (receipt.key, *counted(states, receipt.counters))
    known = {one: states[one] for one in named if states[one].receipt is not None}
    revision = ids.revision(receipt)
    if again := next((one for one, state in known.items() if revision in state.seen), None):
        return again, ()
    akin = [one for one, state in known.items() if _is_of(state, receipt)]
    certain = [one for one in akin if not known[one].doubts] or akin
    if len(certain) == 1:
        return certain[0], ()
    names = (receipt.key, *(f"{receipt.key}/{number}" for number in range(2, len(known) + 3)))
    free = next(name for name in names if name not in known)
    return free, tuple(one for one, state in known.items() if _is_near(state, receipt))


def _is_of(state: State, receipt: InvoiceRequested) -> bool:
    """Tell whether a content is certainly of a receipt: of its day, and another amendment or the same sale.

    Of a register in other capitals only the same sale is certain: it may be another register.
    """
    old = state.receipt
    if old is None or old.invoice_date != receipt.invoice_date:
        return False
    whose = {name: getattr(receipt, name) for name in ("organisation_number", "amendment", "store", "register_id")}
    if old.model_copy(update=whose) == receipt:
        return True
    return old.register_id == receipt.register_id and receipt.amendment not in {old.amendment, *state.amendments}


def _with_receipt(states: Mapping[str, State], receipt: InvoiceRequested) -> Learned:
    """Take in a receipt: the highest amendment counts, and of equal ones the last. What comes late undoes nothing."""
    key, doubts = belongs(states, receipt)
    state = states[key]
    if ids.revision(receipt) in state.seen:
        return Learned({})
    learned: dict[str, State] = {}
    amendments = tuple(dict.fromkeys((*state.amendments, receipt.amendment)))
    if state.receipt and (receipt.amendment < state.receipt.amendment or _repeats(state, receipt)):
        seen = (ids.revision(receipt), *state.seen)
        learned[key] = state.model_copy(update={"seen": seen, "amendments": amendments})
        return Learned(learned, late=None if _repeats(state, receipt) else key)
    new: dict[str, Any] = {"receipt": receipt, "seen": (*state.seen, ids.revision(receipt)), "answers": ()}
    new["amendments"] = amendments
    if state.receipt is None:
        new["doubts"] = doubts
    elif _buyer(state.receipt) != _buyer(receipt):
        new |= {"customer": None, "missing": False, "number_missing": False}
    if state.receipt is not None and _made_of(state) == state.revision:
        new["invoiced"] = state.receipt
    learned[key] = state.model_copy(update=new)
    if key not in counted(states, receipt.counters):
        last = receipt.counters[-1]
        counter = learned.get(last, states[last])
        learned[last] = counter.model_copy(update={"receipts": (*counter.receipts, key)})
    return Learned(learned, key)


def _with_returns(states: Mapping[str, State], learned: Mapping[str, State]) -> Mapping[str, State]:
    """Remember returns under the number that they name: their sale may come after them, and others may name it, too."""
    new = dict(learned)
    for key, state in learned.items():
        counters = state.receipt.returned_counters if state.receipt else ()
        if counters and not any(key in states[counter].returns for counter in counters):
            counter = new.get(counters[-1], states[counters[-1]])
            new[counters[-1]] = counter.model_copy(update={"returns": (*counter.returns, key)[-RETURNS - 1 :]})
    return new


def counted(states: Mapping[str, State], counters: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of the receipts that came under these counters, each once."""
    return tuple(dict.fromkeys(key for counter in counters for key in states[counter].receipts))


def _made_of(state: State) -> str | None:
    """Return the revision of what is or will be invoiced and has not left its day; None: nothing."""
    if isinstance(state.awaits, CreateInvoice):
        return state.awaits.revision
    return state.standing.revision if state.standing and not state.standing.beside else None


def _repeats(state: State, receipt: InvoiceRequested) -> bool:
    """Tell whether a receipt is the newest content again, whatever its amendment says; what waits is looked at anew."""
    old = state.receipt
    same = {"amendment": receipt.amendment, "store": receipt.store, "register_id": receipt.register_id}
    return old is not None and not state.hold and old.model_copy(update=same) == receipt


def _is_near(other: State, receipt: InvoiceRequested) -> bool:
    return other.receipt is not None and abs(other.receipt.invoice_date - receipt.invoice_date) <= FAR


def _buyer(receipt: InvoiceRequested) -> tuple[object, ...]:
    return receipt.customer_number, receipt.buyer


def _with_outcome(state: State, record: AuditRecord, tenant: str) -> State | None:
    """Take in an outcome, even of an order that is not remembered: what happened in Fortnox has happened."""
    order_id = record.order_id
    if order_id is None:
        return None
    if order_id in state.done:
        return _once_more(state, record, order_id)
    new: dict[str, Any] = {"done": (*state.done, order_id)}
    order = None
    awaited = state.awaits
    if isinstance(awaited, FindCustomer | CreateInvoice | PostVoucher) and awaited.id_in(tenant) == order_id:
        new["awaits"] = None
        # The journal keeps the first order of an id: under other settings it may hold other rows than we remember.
        order = awaited if awaited.settings_version == record.settings_version else None
    if record.outcome in NOT_DONE:
        new["rejected"] = RefusedOrder(order_id=order_id, order=order)
        if record.locked_until is not None:
            new["opens_on"] = record.locked_until + timedelta(days=1)
        if record.code == CUSTOMER_MISSING:
            tried = record.message_type == _INVOICED
            new |= {"customer": None, "number_missing": True} if tried else {"missing": True}
        return state.model_copy(update=new)
    if name := _made_by(record):
        new["made"] = (*state.made, Made(order_id=order_id, name=name))
    return state.model_copy(update=new | {"rejected": None} | _done(state, record, order))


def _done(state: State, record: AuditRecord, order: Any) -> dict[str, Any]:  # noqa: PLR0911 - one for each step
    """Return what is known once an order was carried out."""
    document, step = state.document, step_of(record)
    match step:
        case "customer":
            return {"customer": record.record or None, "missing": False}
        case "create" if state.standing is not None:
            return {"surplus": (*state.surplus, record.record)}
        case "create":
            kind = order.document if order else "document"
            made = Document(kind=kind, number=record.record, revision=record.revision, order=order)
            return {"document": made.model_copy(update={"otherwise": _otherwise(record)})}
        case "credit" if document is not None:
            new = {"credited_by": record.record, "otherwise": _otherwise(record)}
            return {"document": document.model_copy(update=new)}
        case "move" if document is not None and record.voucher is not None:
            return {"document": document.model_copy(update={"beside": Beside(voucher=record.voucher, order=order)})}
        case "move-back" if document is not None and document.beside is not None:
            beside = document.beside.model_copy(update={"reversed_by": record.voucher})
            return {"document": document.model_copy(update={"beside": beside})}
    return {}


def _otherwise(record: AuditRecord) -> Otherwise | None:
    """Return what Fortnox made of a document's amounts; None: it is as it was ordered."""
    return Otherwise(why=record.why, wording=record.wording) if record.code == OTHER_AMOUNTS else None


def _once_more(state: State, record: AuditRecord, order_id: UUID) -> State | None:
    """Take in that an order came out once more, as another document or voucher.

    A restored database sends again what it forgot, and a look can find two.
    """
    name = _made_by(record)
    if not name or record.outcome in NOT_DONE:
        return None
    known = {made.name for made in state.made if made.order_id == order_id} or _made_before(state, record)
    if not known or name in known:
        return None
    new: dict[str, Any] = {"made": (*state.made, Made(order_id=order_id, name=name))}
    if record.voucher is not None:
        new["surplus_vouchers"] = (*state.surplus_vouchers, record.voucher)
    else:
        new["surplus"] = (*state.surplus, name)
    return state.model_copy(update=new)


def _made_by(record: AuditRecord) -> str:
    """Return what an order made, which is to be made once; of a customer who was found, nothing."""
    if step_of(record) == "customer":
        return ""
    return str(record.voucher) if record.voucher else record.record


def _made_before(state: State, record: AuditRecord) -> set[str]:
    """Return what an order made that was carried out before this was remembered, as far as it can be told."""
    document = state.document
    if document is None or record.revision != document.revision:
        return set()
    if record.voucher is None:
        return {document.number, *([document.credited_by] if document.credited_by else []), *state.surplus}
    beside = document.beside
    return {str(v) for v in (beside.voucher, beside.reversed_by) if v} if beside else set()


def _with_answer(state: State, answer: ReviewAnswered, tenant: str) -> State | None:
    """Take in an answer to the open hold that is one of its choices, or that takes up again what was given up."""
    if (left := reopened(state, answer, tenant)) is not None:
        return state.model_copy(update={"answers": left})
    if answered(state.hold, answer, tenant) is None:
        return None
    new: dict[str, Any] = {"answers": (*state.answers, answer.answer)}
    if answer.answer == RETRY.answer:
        new |= {"missing": False, "number_missing": False, "answers": state.answers}
    if answer.answer == OWN.answer:
        new["doubts"] = ()
    if answer.answer == REVERSED.answer:
        new = {"surplus_vouchers": ()}
    if answer.answer == RIGHT.answer and state.document:
        new = {"document": state.document.model_copy(update={"otherwise": None})}
    if answer.answer == CREDITED.answer:
        new = {"surplus": ()} if state.surplus else {"document": None}
    return state.model_copy(update=new)
