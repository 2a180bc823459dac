"""What each message teaches about a day's report. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from schemas import ids
from schemas.audit import NOT_DONE, AuditRecord
from schemas.commands import AttachFile, HoldForReview, PostVoucher
from schemas.corrections import CorrectionApproved
from schemas.envelope import Envelope, type_of
from schemas.events import DayClosed, ReviewAnswered
from schemas.flows import answered, may_go_on, reopened, step_of
from streams.daysales.identity import Found, Sighting, find, money_of, sighting
from streams.daysales.state import Booked, Correction, Counted, Made, RefusedOrder, RefusedReport, State
from streams.daysales.verdict import (
    BOOKED_TWICE,
    FOUR_EYES,
    GIVEN_UP,
    KEEP,
    NOT_AS_PLANNED,
    NOT_ATTACHED,
    OWN,
    RETRY,
    REVERSED,
    ROUND,
    SAME,
    SUSPECTED_DOUBLE,
    let_go,
)

ATTACH_FILE: Final = type_of(AttachFile)
WAIT_FOR_AN_APPROVAL: Final = frozenset({FOUR_EYES, NOT_AS_PLANNED})
"""Reasons of holds that another approval of a correction ends."""

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far the clocks of two processes that accept may be apart: what came closer together counts as it is told."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a message teaches.

    Attributes:
        states: of each key that learned something.
        about: the reports that are to be decided on, in this sequence.
        late: the report that the message told older content of; it changes nothing, and goes on record.
        moved: the report that is another one by now than the correction that was approved; that goes on record.
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
        case DayClosed() as day:
            return _with_report(states, day, envelope.acceptedtime)
        case CorrectionApproved() as approved:
            return _with_approval(key, state, approved)
        case AuditRecord(message_type=kind) as record if kind == ATTACH_FILE:
            new = _with_attachment(state, record)
        case AuditRecord() as record:
            new = _with_outcome(state, record, envelope.tenant)
        case ReviewAnswered() as answer:
            new = _with_answer(state, answer, envelope.tenant)
            if new and state.part_of and state.day:
                return _taken_out(states, key, new, state.day)
            if new and new.part_of and state.day:
                return _counted_to(states, key, new, state.day)
        case message:
            new = state if may_go_on(state.hold, message) else None
    return Learned({key: new}, (key,)) if new else Learned({})


def found(states: Mapping[str, State], day: DayClosed) -> Found:
    """Return the report that a content belongs to, as far as is known under its counter."""
    counted = {key for key, state in states.items() if state.part_of}
    return find(day, _known(states, day), counted)


def _known(states: Mapping[str, State], day: DayClosed) -> tuple[Sighting, ...]:
    """Return what came under a report's counters; what does not say of which register came under just that name."""
    known: list[Sighting] = []
    for counter in day.counters:
        state, register = states[counter], day.register_id if counter == day.counter else day.register_id.casefold()
        if state.day:  # a report from before counters had a state
            known.append(sighting(counter, state.day))
        known += (s if s.register_id else s.model_copy(update={"register_id": register}) for s in state.reports)
    return tuple(known)


def _with_report(states: Mapping[str, State], day: DayClosed, came_at: datetime | None) -> Learned:
    """Take in a report: as newer content of a known one, as older content of it, or as one of its own."""
    new, learned = found(states, day), dict[str, State]()
    changed = _with_content(states[new.report], day, came_at)
    if changed:
        learned[new.report] = changed.model_copy(update={"doubts": new.doubts}) if new.doubts else changed
    seen = sighting(new.report, day)
    if seen not in _known(states, day):
        last = day.counters[-1]
        counter = learned.get(last, states[last])
        learned[last] = counter.model_copy(update={"reports": (*counter.reports, seen)})
    return _learned(learned, new.report, day)


def _learned(states: Mapping[str, State], report: str, day: DayClosed, *before: str) -> Learned:
    """Return what was learned of a content of a report: it is decided on when it is the newest."""
    newest = states[report].day if report in states else None
    if newest is day:
        return Learned(states, (*before, report))
    return Learned(states, before, report if newest and not _repeats(newest, day) else None)


def _with_content(state: State, day: DayClosed, came_at: datetime | None) -> State | None:
    """Take in a content: the highest amendment counts, and of equal ones the last that was accepted.

    What is told late undoes nothing. The same again, taken at another time or with other counts, is a repetition,
    unless the report waits.
    """
    if ids.revision(day) in state.seen:
        return None
    repeated = state.day is not None and _repeats(state.day, day) and not state.hold
    return _older(state, day) if repeated or _is_late(state, day, came_at) else _newest(state, day, came_at)


def _is_late(state: State, day: DayClosed, came_at: datetime | None) -> bool:
    """Tell whether a content of the same amendment as the newest was accepted before it: it was parked meanwhile."""
    if state.day is None or state.day.amendment != day.amendment or came_at is None or state.came_at is None:
        return False
    return came_at + _CLOCKS_DIFFER < state.came_at


def _newest(state: State, day: DayClosed, came_at: datetime | None) -> State:
    if state.day and day.amendment < state.day.amendment:
        return _older(state, day)
    seen = (*state.seen, ids.revision(day))
    return state.model_copy(update={"day": day, "seen": seen, "came_at": came_at, "answers": (), "suspect": None})


def _older(state: State, day: DayClosed) -> State:
    return state.model_copy(update={"seen": (ids.revision(day), *state.seen)})


def _repeats(old: DayClosed, new: DayClosed) -> bool:
    return (old.amendment, old.business_date, money_of(old)) == (new.amendment, new.business_date, money_of(new))


def _counted_to(states: Mapping[str, State], key: str, state: State, day: DayClosed) -> Learned:
    """Take in that two reports are one, as a person says: the higher amendment counts, of equal ones the held one."""
    report = state.part_of or ""
    while further := states[report].part_of:
        report = further
    other = states[report]
    # What was seen of it was seen of the other one: told again, it is not newer than what replaced it.
    newest = _newest(other.model_copy(update={"seen": (*state.seen[:-1], *other.seen)}), day, state.came_at)
    own = tuple(dict.fromkeys(s for name in day.counters for s in states[name].reports if s.report == key))
    before = {"before": other.day, "came_at": other.came_at, "answers": other.answers}
    counted = Counted(report=key, doubts=states[key].doubts, reports=own, **before)
    # What was given up is handled by hand, and may be taken for this one: then nothing is lost that could come back.
    is_lost = GIVEN_UP.isdisjoint(other.answers)
    learned = {
        key: state.model_copy(update={"part_of": report, "answers": (*state.answers, *([SAME] if is_lost else ()))}),
        report: newest.model_copy(update={"counted": (*other.counted, counted)}),
    }
    _called(learned, states, day, dict.fromkeys(own, report))
    return _learned(learned, report, day, key)


def _called(learned: dict[str, State], states: Mapping[str, State], day: DayClosed, of: Mapping[Sighting, str]) -> None:
    """Remember what came under a day close's counters as contents of these reports."""
    for name in day.counters:
        counter = learned.get(name, states[name])
        reports = tuple(s.model_copy(update={"report": of.get(s, s.report)}) for s in counter.reports)
        learned[name] = counter.model_copy(update={"reports": reports})


def _taken_out(states: Mapping[str, State], key: str, state: State, day: DayClosed) -> Learned:
    """Take in that a report was counted to another one by mistake: it is in doubt again, and the other as it was.

    What came since then, and is certainly of the report that is taken out, goes with it. Of a report that was counted
    to yet another one nothing is taken out: that one comes first.
    """
    report = state.part_of or ""
    other = states[report]
    counted = next((one for one in other.counted if one.report == key), None)
    if counted is None or counted.before is None or other.day is None or other.part_of:
        return Learned({})
    later = other.counted[other.counted.index(counted) + 1 :]
    learned: dict[str, State] = {}
    _called(learned, states, day, {s.model_copy(update={"report": report}): key for s in counted.reports})
    its = [day]  # of it, the newest last
    for content in (*(one.before for one in later), other.day):
        if content and content not in (counted.before, *its) and _is_of({**states, **learned}, key, content):
            its.append(content)
            _called(learned, states, content, {sighting(report, content): key})
    gone = {ids.revision(one) for one in its}
    back = {"before": counted.before, "came_at": counted.came_at, "answers": counted.answers}
    left = tuple(
        one.model_copy(update=back) if one.before in its else one for one in other.counted if one is not counted
    )
    new: dict[str, Any] = {"counted": left, "seen": tuple(one for one in other.seen if one not in {*gone, *state.seen})}
    if other.day in its:
        newest = ids.revision(counted.before)
        new |= {"day": counted.before, "came_at": counted.came_at, "answers": counted.answers, "suspect": None}
        new["seen"] = (*(one for one in new["seen"] if one != newest), newest)
    taken: dict[str, Any] = {"part_of": None, "doubts": counted.doubts, "day": its[-1]}
    taken["seen"] = (*state.seen, *map(ids.revision, its[1:]))
    if other.day is its[-1] and len(its) > 1:
        taken["came_at"] = other.came_at
    learned |= {report: other.model_copy(update=new), key: state.model_copy(update=taken)}
    return Learned(learned, (report, key))


def _is_of(states: Mapping[str, State], key: str, day: DayClosed) -> bool:
    """Tell whether a content is certainly of a report, as it would be if it came now."""
    if not states.keys() >= {*day.counters}:
        return False  # of a register in other capitals, which is not certain
    known = _known(states, day)
    return find(day, [s for s in known if s.model_copy(update={"report": ""}) != sighting("", day)]) == Found(key)


def _with_approval(key: str, state: State, approved: CorrectionApproved) -> Learned:
    """Take in that what stands for a day is to be corrected; an approval of anything else goes on record."""
    if approved.plan_id in state.plans or state.day is None:
        return Learned({})
    correction = Correction(
        voucher=approved.voucher,
        revision=approved.revision,
        content=approved.content,
        planned_by=approved.planned_by,
        approved_by=approved.approved_by,
    )
    new = state.model_copy(update={"plans": (*state.plans, approved.plan_id), "correction": correction})
    kept = not GIVEN_UP.isdisjoint(state.answers)
    waits = isinstance(state.awaits, PostVoucher) or (state.hold and state.hold.reason not in WAIT_FOR_AN_APPROVAL)
    if waits or kept or new.to_correct is None or state.part_of:
        return Learned({key: state.model_copy(update={"plans": new.plans})}, moved=key)
    return Learned({key: new}, (key,))


def _with_outcome(state: State, record: AuditRecord, tenant: str) -> State | None:
    """Take in an outcome, even of an order that is not remembered: what happened in Fortnox has happened."""
    order_id = record.order_id
    if order_id is None:
        return None
    if order_id in state.done:
        return _with_second_voucher(state, record, order_id)
    new: dict[str, Any] = {"done": (*state.done, order_id)}
    if record.voucher and record.outcome not in NOT_DONE:
        new["made"] = (*state.made, Made(order_id=order_id, voucher=record.voucher))
    order = None
    if isinstance(state.awaits, PostVoucher) and state.awaits.id_in(tenant) == order_id:
        new["awaits"] = None
        # The journal keeps the first order of an id: under other settings it may hold other rows than we remember.
        order = state.awaits if state.awaits.settings_version == record.settings_version else None
    if record.outcome in NOT_DONE:
        until = record.locked_until
        new["rejected"] = RefusedOrder(order_id=order_id, order=order)
        new["opens_on"] = until + timedelta(days=1) if until else state.opens_on
        new["suspect"] = record.voucher if record.code == SUSPECTED_DOUBLE else None
    elif step_of(record) == "reverse":
        new |= {"rejected": None, "suspect": None}
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


def _with_attachment(state: State, record: AuditRecord) -> State | None:
    """Take in what became of the report beside its voucher; it can be refused, and that changes no money."""
    order_id = record.order_id
    if order_id is None or order_id in state.done:
        return None
    new: dict[str, Any] = {"done": (*state.done, order_id)}
    if order_id == state.attaching:
        new["attaching"] = None
    if record.outcome in NOT_DONE:
        new["not_beside"] = RefusedReport(order_id=order_id, why=record.why or record.code or "no reason given")
    return state.model_copy(update=new)


def _with_second_voucher(state: State, record: AuditRecord, order_id: UUID) -> State | None:
    """Take in that an order came out once more, with another voucher: a restored database sent what it forgot."""
    voucher, booked = record.voucher, state.booked
    known = [*(m.voucher for m in state.made), *state.surplus]
    known += [v for v in (booked.voucher, booked.reversed_by) if v] if booked else []
    from_before = not state.made and (booked is None or booked.revision != record.revision)
    if voucher is None or voucher in known or from_before:
        return None
    new: dict[str, Any] = {"made": (*state.made, Made(order_id=order_id, voucher=voucher))}
    if booked is None and step_of(record) != "reverse":
        new["booked"] = Booked(voucher=voucher, revision=record.revision, order=None)
    else:
        new["surplus"] = (*state.surplus, voucher)
    return state.model_copy(update=new)


def _with_answer(state: State, answer: ReviewAnswered, tenant: str) -> State | None:
    """Take in an answer to the open hold that is one of its choices, or that takes up again what was given up."""
    if (left := reopened(state, answer, tenant)) is not None:
        return state.model_copy(update={"answers": left})
    if (hold := answered(state.hold, answer, tenant)) is None:
        return None
    return state.model_copy(update=_answered(state, hold, answer.answer))


def _answered(state: State, hold: HoldForReview, answer: str) -> dict[str, Any]:
    """Return what changes when a person gives an answer that the hold offers."""
    if answer == REVERSED:
        return _reversed_by_hand(state, hold)
    if answer == RETRY.answer and state.not_beside and hold.reason == NOT_ATTACHED:
        voucher = state.standing.voucher if state.standing else None
        return {"beside": tuple(each for each in state.beside if each != voucher)}
    if answer == KEEP.answer and state.to_correct and state.booked:
        # Where the newest content stands, only the correction is given up: another plan may propose it again.
        is_newest = state.booked.revision == state.revision
        return {
            "correction": None,
            "suspect": None,
            "answers": state.answers if is_newest else (*state.answers, answer),
        }
    if answer == OWN and not state.suspect:
        return {"doubts": ()}
    if answer.partition("/")[0] == SAME:
        number = int(answer.partition("/")[2] or 1)
        return {"doubts": (), "part_of": state.doubts[number - 1]}
    said = let_go(hold.rule) if answer == ROUND else answer
    return {"answers": (*state.answers, said), "suspect": None}


def _reversed_by_hand(state: State, hold: HoldForReview) -> dict[str, Any]:
    """Return what changes when a person says that what a hold names is reversed: those too many, or what stands.

    What the hold did not name is asked about after it.
    """
    if hold.reason == BOOKED_TWICE:
        return {"surplus": ()}
    if hold.reason == SUSPECTED_DOUBLE and state.suspect and state.booked:
        return {"booked": state.booked.model_copy(update={"reversed_by": state.suspect}), "suspect": None}
    return {"booked": None}
