"""What each message teaches about a receipt. Pure."""

from collections.abc import Mapping
from typing import Any

from schemas import ids
from schemas.audit import NOT_DONE, AuditRecord
from schemas.envelope import Envelope
from schemas.events import ReviewAnswered
from schemas.invoices import InvoiceRequested
from tests.toys.toyflow.state import State
from tests.toys.toyflow.verdict import DISCARD


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Mapping[str, State]:
    """Return the state of the receipt that a message teaches something about; none, and nothing is decided either."""
    ((key, state),) = states.items()
    match envelope.data:
        case InvoiceRequested() as request:
            new = _with_content(state, request)
        case AuditRecord() as record:
            new = _with_outcome(state, record, envelope.tenant)
        case ReviewAnswered() as answer:
            new = _with_answer(state, answer, envelope.tenant)
        case _:
            new = None
    return {key: new} if new else {}


def _with_content(state: State, request: InvoiceRequested) -> State | None:
    revision = ids.revision(request)
    if revision in state.seen:
        return None
    return state.model_copy(update={"request": request, "seen": (*state.seen, revision), "given_up": False})


def _with_outcome(state: State, record: AuditRecord, tenant: str) -> State | None:
    ordered = state.ordered
    if ordered is None or record.outcome not in NOT_DONE or record.order_id != ordered.id_in(tenant):
        return None
    return state.model_copy(update={"ordered": None, "refused": record.why or record.code or "no reason was given"})


def _with_answer(state: State, answer: ReviewAnswered, tenant: str) -> State | None:
    hold = state.hold
    if hold is None or answer.hold_id != hold.id_in(tenant):
        return None
    if answer.answer not in {choice.answer for choice in hold.choices}:
        return None
    return state.model_copy(update={"refused": "", "given_up": answer.answer == DISCARD.answer})
