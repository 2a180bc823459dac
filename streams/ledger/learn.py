"""What each message teaches about a year, a part of one, or a request. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas import ids
from schemas.audit import DONE, NOT_DONE, AuditRecord
from schemas.envelope import Envelope
from schemas.events import ReviewAnswered
from schemas.flows import answered, may_go_on
from schemas.ledger import LedgerPart, LedgerPartRead, LedgerRequested, LedgerRetrieved, LedgerSourceChosen
from streams.ledger.differing import content_of, things_in
from streams.ledger.state import CONTENT, State, key_of, keys_of, parts_of
from streams.ledger.verdict import KEEP

_REQUESTS: Final = 20
_NOBODY_SAYS: Final = "no reason was given"


@dataclass(frozen=True, slots=True)
class Learned:
    """What a message teaches.

    Attributes:
        states: of each key that learned something.
        about: the year or the request that is to be decided on.
    """

    states: Mapping[str, State]
    about: str | None = None


def learn(states: Mapping[str, State], envelope: Envelope[Any]) -> Learned:
    """Return what a message teaches; its own key stands first among the states."""
    key = next(iter(states))
    state = states[key]
    match envelope.data:
        case LedgerPartRead() as part:
            return _with_part(states, key, part)
        case LedgerRetrieved() as reading:
            return _with_reading(states, key, reading)
        case LedgerRequested() as request:
            new = _with_request(state, request)
        case LedgerSourceChosen() as choice:
            new = _with_choice(state, choice)
        case AuditRecord() as record:
            known = _with_outcome(state, record, envelope.tenant)
            return Learned({key: known} if known else {})
        case ReviewAnswered() as answer:
            new = _with_answer(state, answer, envelope.tenant)
        case message:
            new = state if may_go_on(state.hold, message) else None
    return Learned({key: new}, key) if new else Learned({})


def year_of(part: LedgerPartRead) -> str:
    """Return the key of the year that a part is of."""
    return f"ledger/{part.year_to}"


def _with_part(states: Mapping[str, State], key: str, part: LedgerPartRead) -> Learned:
    """Keep a part by its content; when the last reading waited for it alone, the year is to be decided on."""
    if states[key].things is not None:
        return Learned({})
    learned = {
        key: states[key].model_copy(update={"things": things_in(part)}),
        key + CONTENT: State(content=content_of(part)),
    }
    year = states[year_of(part)]
    waited = {key_of(year_of(part), one): one.part for one in parts_of(year.next)}
    if waited.get(key) not in year.missing:
        return Learned(learned)
    missing = tuple(name for name in year.missing if name != part.part)
    learned[year_of(part)] = year.model_copy(update={"missing": missing})
    return Learned(learned, None if missing else year_of(part))


def _with_reading(states: Mapping[str, State], key: str, reading: LedgerRetrieved) -> Learned:
    """Take in a reading: a later one counts, and what comes late undoes nothing."""
    year = states[key]
    if reading in (year.now, year.next) or any(_is_later(one, reading) for one in (year.now, year.next)):
        return Learned({})
    now = year.now
    wanted = reading.overwrite or reading.whence == year.chosen_source
    if now and now.sha256 == reading.sha256 and (now.source == reading.source or not wanted):
        # Read again and found the same: whose it is says the first reading, when and by whom says this one.
        again = now.model_copy(update={"read_at": reading.read_at, "requested_by": reading.requested_by})
        new = year.model_copy(update={"now": again, "next": None, "missing": (), "answer": ""})
    else:
        there = parts_of(now)
        missing = tuple(
            part.part
            for part in reading.parts
            if part not in there and states.get(key_of(key, part), State()).things is None
        )
        new = year.model_copy(update={"next": reading, "missing": missing, "answer": ""})
    return Learned({**left(states, key, year.known - new.known), key: new}, key)


def _is_later(known: LedgerRetrieved | None, reading: LedgerRetrieved) -> bool:
    return bool(known and known.read_at and reading.read_at and known.read_at > reading.read_at)


def left(states: Mapping[str, State], year: str, parts: Iterable[LedgerPart]) -> Mapping[str, State]:
    """Return the states of parts that leave: none has any."""
    return {key: State() for key in keys_of(year, parts) if key in states and states[key] != State()}


def _with_request(state: State, request: LedgerRequested) -> State | None:
    revision = ids.revision(request)
    if revision in state.seen:
        return None
    return state.model_copy(
        update={"asked": request, "seen": (*state.seen, revision)[-_REQUESTS:], "failed": "", "failed_wording": None}
    )


def _with_choice(state: State, choice: LedgerSourceChosen) -> State | None:
    """Take in a choice: a later one counts."""
    if state.chosen and state.chosen.chosen_at >= choice.chosen_at:
        return None
    return state.model_copy(update={"chosen": choice, "keeps": False, "answer": ""})


def _with_outcome(state: State, record: AuditRecord, tenant: str) -> State | None:
    awaited = state.awaits
    if awaited is None or record.order_id != awaited.id_in(tenant):
        return None
    if record.outcome in NOT_DONE:
        why = record.why or record.code or _NOBODY_SAYS
        return state.model_copy(update={"awaits": None, "failed": why, "failed_wording": record.wording})
    if record.outcome in DONE:
        return state.model_copy(update={"awaits": None, "failed": "", "failed_wording": None})
    return None


def _with_answer(state: State, answer: ReviewAnswered, tenant: str) -> State | None:
    if answered(state.hold, answer, tenant) is None:
        return None
    return state.model_copy(update={"answer": answer.answer, "keeps": state.keeps or answer.answer == KEEP.answer})
