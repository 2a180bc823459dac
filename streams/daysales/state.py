"""What is remembered of a day, and what each message teaches about it. Pure."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from schemas import ids
from schemas.audit import AuditRecord
from schemas.commands import HoldForReview, PostVoucher, VoucherRef
from schemas.envelope import Envelope
from schemas.events import ChecksPassed, DayClosed, ReviewAnswered
from schemas.settings import SettingsApplied

REVERSED = "reversed"
"""The answer of a person who has reversed a voucher by hand."""


class _Remembered(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Booked(_Remembered):
    """The day's voucher in Fortnox, and the one that reversed it.

    ``order`` is None when it was decided on under settings that are no longer known (a crash between emitting and
    remembering, and then other settings): its rows stand in the journal and in Fortnox, not here.
    """

    voucher: VoucherRef
    revision: str
    order: PostVoucher | None
    reversed_by: VoucherRef | None = None


class Rejected(_Remembered):
    """The last order that Fortnox refused; the next one replaces it. ``order`` is None as in ``Booked``."""

    order_id: UUID
    order: PostVoucher | None


class State(_Remembered):
    """One report (register and Z number) as far as it has come.

    Attributes:
        day: the newest content.
        seen: the revisions seen of the newest amendment and time; the last one is ``day``'s.
        awaits: Fortnox's answer to an order, a person's answer to a hold, or (None) nothing.
        booked: the voucher that stands for the day, perhaps with the one that reversed it.
        surplus: further vouchers for the same day, which a person must reverse.
        rejected: the refused order that the next one replaces.
        answers: what a person answered about this content.
        holds: how many holds there have been; it numbers the next one.
        done: the orders whose outcome is known; none of them is given again.
    """

    day: DayClosed | None = None
    seen: tuple[str, ...] = ()
    awaits: PostVoucher | HoldForReview | None = None
    booked: Booked | None = None
    surplus: tuple[VoucherRef, ...] = ()
    rejected: Rejected | None = None
    answers: tuple[str, ...] = ()
    holds: int = 0
    done: tuple[UUID, ...] = ()

    @property
    def revision(self) -> str:
        """The newest content's revision."""
        return self.seen[-1] if self.seen else ""

    @property
    def standing(self) -> Booked | None:
        """The voucher that counts in the ledger: booked and not reversed."""
        return self.booked if self.booked and not self.booked.reversed_by else None

    @property
    def hold(self) -> HoldForReview | None:
        """The open hold."""
        return self.awaits if isinstance(self.awaits, HoldForReview) else None


def learn(state: State, envelope: Envelope[Any]) -> State | None:
    """Return the state with what a message says, or None when it says nothing new."""
    match envelope.data:
        case DayClosed() as day:
            return _with_content(state, day)
        case AuditRecord() as record:
            return _with_outcome(state, record, envelope.tenant)
        case ReviewAnswered() as answer:
            return _with_answer(state, answer, envelope.tenant)
        case SettingsApplied():
            return state if state.hold else None
        case ChecksPassed(codes=codes):
            return state if state.hold and state.hold.reason in codes else None
    return None


def _with_content(state: State, day: DayClosed) -> State | None:
    """Take in content that the till says is newer: by amendment, then by time. What comes late undoes nothing."""
    revision = ids.revision(day)
    if revision in state.seen:
        return None
    seen: tuple[str, ...] = ()
    if state.day:
        newest, this = (state.day.amendment, state.day.taken_at), (day.amendment, day.taken_at)
        if this < newest:
            return None
        seen = state.seen if this == newest else ()
    return state.model_copy(update={"day": day, "seen": (*seen, revision), "answers": ()})


def _with_outcome(state: State, record: AuditRecord, tenant: str) -> State | None:
    """Take in an outcome, even of an order that is not remembered: what happened in Fortnox has happened."""
    order_id = record.order_id
    if order_id is None or order_id in state.done:
        return None
    new: dict[str, Any] = {"done": (*state.done, order_id)}
    order = None
    if isinstance(state.awaits, PostVoucher) and state.awaits.id_in(tenant) == order_id:
        new["awaits"] = None
        # The journal keeps the first order of an id: under other settings it may hold other rows than we remember.
        order = state.awaits if state.awaits.settings_version == record.settings_version else None
    if record.outcome == "rejected":
        new["rejected"] = Rejected(order_id=order_id, order=order)
    elif purpose_of(record) == "reverse":
        new["rejected"] = None
        if state.booked and state.booked.revision == record.revision:
            new["booked"] = state.booked.model_copy(update={"reversed_by": record.voucher})
    elif record.voucher:
        new["rejected"] = None
        booked, standing = Booked(voucher=record.voucher, revision=record.revision, order=order), state.standing
        if standing and standing.revision == state.revision:
            new["surplus"] = (*state.surplus, record.voucher)
        else:
            new["booked"] = booked
            new["surplus"] = (*state.surplus, standing.voucher) if standing else state.surplus
    return state.model_copy(update=new)


def _with_answer(state: State, answer: ReviewAnswered, tenant: str) -> State | None:
    """Take in an answer to the open hold that is one of its choices."""
    hold = state.hold
    if hold is None or hold.id_in(tenant) != answer.hold_id or answer.answer not in {c.answer for c in hold.choices}:
        return None
    if answer.answer == REVERSED:
        return state.model_copy(update={"surplus": ()} if state.surplus else {"booked": None})
    return state.model_copy(update={"answers": (*state.answers, answer.answer)})


def purpose_of(record: AuditRecord) -> str:
    """Return what the order was for: the step ``book/2`` is a second try to book."""
    return record.step.partition("/")[0]
