"""What each message teaches about a batch or an entry. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas import ids
from schemas.audit import NOT_DONE, AuditRecord
from schemas.commands import PostVoucher, VoucherRef
from schemas.envelope import Envelope
from schemas.events import ClosingApproved, ClosingEntriesReady, ReviewAnswered
from schemas.flows import answered, may_go_on, reopened, step_of
from schemas.plans import Obstacle
from streams.yearend.state import (
    Approval,
    Origin,
    Part,
    RefusedOrder,
    Standing,
    State,
    TakenBack,
    alike_key,
    entry_key,
    newest_before,
)
from streams.yearend.verdict import FINDING, REVERSED, SAME, SUSPECTED_DOUBLE

_PART: Final[Mapping[str, Part]] = {
    "book": "entry",
    "rebook": "entry",
    "turn": "accrual",
    "reverse": "entry",
    "unturn": "accrual",
}
"""By the step of an order: which voucher it writes or takes back."""
TAKES_BACK: Final = frozenset({"reverse", "unturn"})


@dataclass(frozen=True, slots=True)
class Learned:
    """What a message teaches.

    Attributes:
        states: of each key that learned something.
        about: the batch or entry that is to be decided on.
        late: the batch that the message told older content of; it changes nothing, and goes on record.
        moved: the entry that is another one by now than what was approved; that goes on record.
    """

    states: Mapping[str, State]
    about: tuple[str, ...] = ()
    late: str | None = None
    moved: str | None = None


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Learned:
    """Return what a message teaches; its own key stands first among the states."""
    key = next(iter(states))
    state = states[key]
    match envelope.data:
        case ClosingEntriesReady() as batch:
            return _with_batch(key, states, batch)
        case ClosingApproved() as approved:
            return _with_approval(key, state, approved)
        case AuditRecord() as record:
            new = _with_outcome(state, record, envelope.tenant)
        case ReviewAnswered() as answer:
            new = _with_answer(state, answer, envelope.tenant)
        case message:
            new = state if may_go_on(state.hold, message) else None
    return Learned({key: new}, (key,)) if new else Learned({})


def taken_in(states: Mapping[str, State], key: str) -> Mapping[str, State]:
    """Return the states after a batch's entries were taken in: its own, and each that is new, other, gone, or alike.

    What a person approved or answered counts for what it was said of, and no more for what came instead.
    """
    state = states[key]
    if (batch := state.batch) is None:
        return {}
    named = {entry_key(key, entry.number): entry for entry in batch.entries}
    origin = Origin(
        batch=key,
        version=batch.version,
        year_from=batch.year_from,
        year_to=batch.year_to,
        organisation_number=batch.organisation_number,
        database_number=batch.database_number,
        submitted_by=batch.submitted_by,
        findings=tuple(Obstacle.saying(FINDING, said) for said in batch.found),
    )
    new: dict[str, State] = {}
    for one, entry in named.items():
        new[one] = states[one].model_copy(update={"entry": entry, "origin": origin, "gone": False})
    for one in state.entries:
        if one not in named:
            new[one] = states[one].model_copy(update={"gone": True})
    for one, after in list(new.items()):
        if after.content != states[one].content:
            new[one] = after.model_copy(update={"approval": None, "answers": (), "suspect": None})
        if after.entry is not None and not after.gone:
            same = alike_key(after.entry)
            alike = new.get(same, states[same])
            if one not in alike.alike:
                new[same] = alike.model_copy(update={"alike": (*alike.alike, one)})
    known = tuple(dict.fromkeys((*state.entries, *named)))
    new[key] = state.model_copy(update={"taken": state.revision, "entries": known})
    return {one: after for one, after in new.items() if after != states[one]}


def _with_batch(key: str, states: Mapping[str, State], batch: ClosingEntriesReady) -> Learned:
    """Take in a batch: the highest version of its year counts, and of equal ones the last. What is late undoes nothing.

    Sent once more by somebody else, or in a file that says more of itself, it is the same batch: the first counts.
    """
    state = states[key]
    revision, known = ids.revision(batch), state.batch
    if revision in state.seen or (known and _entries_of(known) == _entries_of(batch)):
        return Learned({})
    if batch.version < newest_before(batch, state, states):
        return Learned({key: state.model_copy(update={"seen": (revision, *state.seen)})}, late=key)
    new = state.model_copy(update={"batch": batch, "seen": (*state.seen, revision), "answers": ()})
    return Learned({key: new}, (key,))


def _entries_of(batch: ClosingEntriesReady) -> ClosingEntriesReady:
    return batch.model_copy(update={"submitted_by": "", "findings": (), "finding_wordings": ()})


def _with_approval(key: str, state: State, approved: ClosingApproved) -> Learned:
    """Take in an approval of what the entry is now; one of anything else goes on record, and approves nothing."""
    if approved.plan_id in state.plans:
        return Learned({})
    new = state.model_copy(update={"plans": (*state.plans, approved.plan_id)})
    if state.entry is None or approved.revision != state.content or isinstance(state.awaits, PostVoucher):
        return Learned({key: new}, moved=key if state.entry is not None else None)
    approval = Approval(
        content=approved.revision,
        series=approved.series,
        planned_by=approved.planned_by,
        approved_by=approved.approved_by,
    )
    return Learned({key: new.model_copy(update={"approval": approval})}, (key,))


def _with_outcome(state: State, record: AuditRecord, tenant: str) -> State | None:
    """Take in an outcome, even of an order that is not remembered: what happened in Fortnox has happened."""
    if (order_id := record.order_id) is None:
        return None
    awaited = state.awaits if isinstance(state.awaits, PostVoucher) else None
    order = awaited if awaited and awaited.id_in(tenant) == order_id else None
    if record.outcome in {"unknown", "absent"}:
        is_unknown = record.outcome == "unknown"
        return state.model_copy(update={"is_unknown": is_unknown}) if order else None
    if order_id in state.done:
        return _with_second_voucher(state, record)
    new: dict[str, Any] = {"done": (*state.done, order_id)}
    if order:
        new |= {"awaits": None, "is_unknown": False}
        if order.settings_version != record.settings_version:
            order = None  # the journal keeps the first order of an id: under other settings it may hold other rows
    if record.outcome in NOT_DONE:
        new["rejected"] = RefusedOrder(order_id=order_id, order=order, revision=record.revision)
        new["suspect"] = record.voucher if record.code == SUSPECTED_DOUBLE else None
    elif record.voucher:
        new |= _with_voucher(state, record, record.voucher, order)
    return state.model_copy(update=new)


def _with_voucher(state: State, record: AuditRecord, voucher: VoucherRef, order: PostVoucher | None) -> dict[str, Any]:
    """Return what a voucher changes: it stands, or it has taken one back."""
    part = _PART.get(step_of(record), "entry")
    known = state.part(part)
    new: dict[str, Any] = {"rejected": None, "suspect": None}
    if step_of(record) in TAKES_BACK:
        if known and known.revision == record.revision:
            new["standing"] = tuple(one for one in state.standing if one != known)
            new["taken_back"] = (*state.taken_back, TakenBack(part=part, voucher=known.voucher, by=voucher))
        return new
    if known:
        return new | {"surplus": (*state.surplus, voucher)}
    stands = Standing(part=part, revision=record.revision, voucher=voucher, order=order)
    return new | {"standing": (*state.standing, stands)}


def _with_second_voucher(state: State, record: AuditRecord) -> State | None:
    """Take in that an order came out once more, with another voucher: a restored database sent what it forgot."""
    voucher = record.voucher
    known = {one.voucher for one in state.standing} | {one.voucher for one in state.taken_back} | set(state.surplus)
    known |= {one.by for one in state.taken_back if one.by}
    if voucher is None or record.outcome in NOT_DONE or voucher in known:
        return None
    return state.model_copy(update={"surplus": (*state.surplus, voucher)})


def _with_answer(state: State, answer: ReviewAnswered, tenant: str) -> State | None:
    """Take in an answer to the open hold that is one of its choices, or that takes up again what was given up."""
    if (left := reopened(state, answer, tenant)) is not None:
        standing = tuple(one for one in state.standing if not one.joined)
        return state.model_copy(update={"answers": left, "standing": standing})
    if answered(state.hold, answer, tenant) is None:
        return None
    if answer.answer == REVERSED:
        if state.surplus:
            return state.model_copy(update={"surplus": ()})
        gone = state.standing[-1:]  # the one that stood in the way: what came last is taken back first
        back = (TakenBack(part=one.part, voucher=one.voucher, by=None) for one in gone)
        answers = tuple(one for one in state.answers if one != SAME)
        new = {"standing": state.standing[:-1], "taken_back": (*state.taken_back, *back), "answers": answers}
        return state.model_copy(update=new)
    if answer.answer == SAME and state.suspect:
        part: Part = "accrual" if state.part("entry") else "entry"
        # newer content can have come while the order was on its way: the voucher is what that order was to book
        revision = (state.rejected and state.rejected.revision) or state.revision
        stands = Standing(part=part, revision=revision, voucher=state.suspect, order=None, joined=True)
        # What was refused stays so: what comes next of the entry replaces it, or it would wait behind it for ever.
        return state.model_copy(
            update={"standing": (*state.standing, stands), "suspect": None, "answers": (*state.answers, SAME)}
        )
    return state.model_copy(update={"answers": (*state.answers, answer.answer)})
