"""The whole story of a business key in order of time: what came, what was decided and done, where it stands. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.desk import words
from infra.rows import FactLine, Hold, Material, Ordered, Planned, Waits
from schemas import ids
from schemas.audit import AuditRecord, Call
from schemas.commands import PostVoucher, VoucherRef, VoucherRow, WriteEmployee
from schemas.envelope import Envelope
from schemas.events import ReviewAnswered
from schemas.money import ZERO

BOOKED = frozenset({"delivered", "already_there"})
_DOES = {"book": "book the day", "reverse": "reverse a voucher", "rebook": "book it anew"}
_MUST_ACT = {"accountant": "The accountant", "operator": "The operator", "developer": "A developer"}
_RELEASED = {
    "booked": "it was booked",
    "settings_changed": "the settings changed",
    "checks_passed": "what stood in the way in Fortnox does so no longer",
    "answered": "somebody answered",
    "superseded": "something newer came",
    "arrived": "what was missing has come",
    "not_booked": "the company has chosen that such a day is not booked",
}


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One thing that happened. ``rows``: of the voucher that was ordered."""

    at: datetime
    what: str
    details: tuple[str, ...] = ()
    rows: tuple[VoucherRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to a company's business key, and how it stands now.

    Attributes:
        state: parked, booked, reversed, done, held, on_the_way, unknown, rejected, nothing_to_do or not_decided.
        now: the same as a sentence.
    """

    tenant: str
    key: str
    state: str
    now: str
    steps: tuple[StoryStep, ...]


def tell(material: Material) -> Story:
    """Return the story of everything that is known about a key."""
    state, now = _stands(material)
    now = " ".join((now, *material.standing))
    numbers = voucher_numbers(material.records)
    steps: list[StoryStep] = []
    if not material.lines and material.delivered_at:
        steps.append(StoryStep(material.delivered_at, "Accepted over HTTP"))
    steps += (_came(line, material) for line in material.lines)
    for ordered in material.orders:
        steps += _of_order(ordered, material, numbers)
    for hold in material.holds:
        steps += _of_hold(hold)
    steps += (_parked(one) for one in material.parked)
    steps += (_planned(one) for one in material.planned)
    return Story(material.tenant, material.key, state, now, tuple(sorted(steps, key=lambda step: step.at)))


def voucher_numbers(records: Iterable[AuditRecord]) -> dict[str, VoucherRef]:
    """Return what was booked, by the id of the order that it came of."""
    return {r.message_id: r.voucher for r in records if r.outcome in BOOKED and r.voucher is not None}


def _came(line: FactLine, material: Material) -> StoryStep:
    message = (material.facts or {}).get(line.place)
    where = f"It stands in Kafka at {line.topic}, partition {line.partition}, offset {line.offset}"
    details = [f"{where}; trace {message.trace_id}" if message and message.trace_id else where]
    if message is not None:
        details += words.fact(message)
    elif material.facts is not None:
        details.append("It could not be read back from Kafka just now")
    rules = ", ".join(words.rule(name) for name in line.rules.split()) or "nothing to do"
    details.append(f"Decided {words.when(line.decided_at)}: {rules}")
    answered = line.topic == ReviewAnswered.TOPIC
    return StoryStep(line.accepted_at, f"{'Answered' if answered else 'Accepted'} as {line.fact_id}", tuple(details))


# --- Orders -----------------------------------------------------------------------------------------------------


_NOT_SENT = "not sent: "
"""How the verdict begins of a call that a look beforehand has spared."""


def _of_order(ordered: Ordered, material: Material, numbers: Mapping[str, VoucherRef]) -> Iterable[StoryStep]:
    records = [r for r in material.records if r.message_id == ordered.order.id]
    yield _was_ordered(ordered)
    for call in _calls(ordered, records):
        if call.status is None and call.verdict.startswith(_NOT_SENT):
            yield StoryStep(call.at, f"Not sent: {call.request}", (call.verdict.removeprefix(_NOT_SENT),))
            continue
        answer = "no answer" if call.status is None else str(call.status)
        yield StoryStep(
            call.at,
            f"Asked {_where(ordered.order)}: {call.request}",
            (f"{answer} after {call.milliseconds} ms: {call.verdict}",),
        )
    for record in records:
        yield StoryStep(
            record.at, _outcome(record, _where(ordered.order)), tuple(_afterwards(record, material, numbers))
        )


def _where(order: Envelope[Any]) -> str:
    """Return the name of the system that an order is carried out in."""
    return str(getattr(order.data, "system", "Fortnox"))


def _was_ordered(ordered: Ordered) -> StoryStep:
    order = ordered.order
    given: tuple[str, ...] = (
        f"Rule: {words.rule(order.data.rule)}; settings version {order.data.settings_version}",
        f"Order {order.id}, caused by {order.causationid}",
    )
    if ordered.replaces is not None:
        given += (f"It is given instead of the refused order {ordered.replaces}",)
    match order.data:
        case PostVoucher() as voucher:
            what = (
                f"Ordered to {_DOES[voucher.purpose]}: series {voucher.series}, {voucher.voucher_date}, "
                f"{words.money(_total(voucher))}"
            )
            about: tuple[str, ...] = (f'"{voucher.description}"; its mark is {ids.mark(voucher.id_in(order.tenant))}',)
            if voucher.relates_to:
                about += (f"It relates to {', '.join(map(str, voucher.relates_to))}",)
            return StoryStep(ordered.journaled_at, what, about + given, voucher.rows)
        case WriteEmployee() as write:
            rules = {one.field: words.rule(one.rule) for one in write.settled}
            fields = tuple(f"{name}: {rules[name]}" if name in rules else name for name in write.written)
            return StoryStep(ordered.journaled_at, f"Ordered: {order.type}", (*given, *fields))
        case _:
            return StoryStep(ordered.journaled_at, f"Ordered: {order.type}", given)


def _calls(ordered: Ordered, records: Iterable[AuditRecord]) -> list[Call]:
    """Return each call once, although records repeat those of the records before them."""
    calls = [*ordered.calls, *(call for record in records for call in record.calls)]
    return list({(call.at, call.request): call for call in calls}.values())


def _outcome(record: AuditRecord, where: str) -> str:
    match record.outcome:
        case "delivered":
            return _noted(f"{where} booked it as {record.voucher}" if record.voucher else "Done", record)
        case "already_there":
            return _noted(f"Found in {where} as {record.voucher}" if record.voucher else "Found: it was done", record)
        case "rejected":
            return f"Refused ({record.code}): {_said(record)}"
        case "unknown":
            return f"The answer was lost: {_said(record)}. {where} is asked before anything is sent again"
        case "absent":
            return f"{where} was asked, twice, and does not have it: it is sent again"
        case other:
            return f"{other.replace('_', ' ').capitalize()}: {record.why}"


def _noted(done: str, record: AuditRecord) -> str:
    """Return what was done with its record at the target, and what is to be known about it."""
    done = f"{done}: {record.record}" if record.record else done
    return f"{done} ({record.why})" if record.why else done


def _said(record: AuditRecord) -> str:
    return (record.why or record.code).rstrip(".")


def _afterwards(record: AuditRecord, material: Material, numbers: Mapping[str, VoucherRef]) -> Iterable[str]:
    if record.voucher is not None:
        stands = " stands in the way" if record.outcome == "rejected" else ""
        yield f"Voucher {record.voucher} in Fortnox's financial year {record.voucher.year_id}{stands}"
        for ordered in material.orders:
            voucher = ordered.order.data
            number = numbers.get(ordered.order.id)
            if number and isinstance(voucher, PostVoucher) and record.voucher in voucher.relates_to:
                yield f"{'Reversed by' if voucher.purpose == 'reverse' else 'Followed by'} {number}"
    if record.outcome == "rejected" and record.who:
        yield f"{_MUST_ACT[record.who]} has to act"


# --- Holds ------------------------------------------------------------------------------------------------------


def _of_hold(hold: Hold) -> Iterable[StoryStep]:
    data = hold.order.data
    details = [
        *data.lines,
        f"Rule: {words.rule(data.rule)}; settings version {data.settings_version}",
        f"Hold {hold.hold_id}, caused by {hold.order.causationid}",
        *(f"Can be answered {choice.answer}: {choice.means}" for choice in data.choices),
    ]
    yield StoryStep(hold.held_at, f"Held ({data.reason}): {data.message}", tuple(details))
    if hold.closed_at is not None:
        why = _RELEASED.get(hold.how or "", hold.how or "")
        yield StoryStep(hold.closed_at, f"It waits no longer: {why}", (hold.message,) if hold.message else ())


def _planned(one: Planned) -> StoryStep:
    row = one.row
    said = f"Row {row.row} of plan {one.plan}: {words.rule(row.action)}"
    fields = ", ".join(d.field for d in row.fields if d.prefer != "neither")
    details = [f"Rule: {words.rule(row.rule)}", *([f"Fields: {fields}"] if fields else [])]
    if row.applied_at is None:
        return StoryStep(one.made_at, f"{said}; not applied", tuple(details))
    return StoryStep(row.applied_at, f"{said}; applied by {row.applied_by}", tuple(details))


def _parked(one: Waits) -> StoryStep:
    what = "Set aside by a person" if one.state == "set_aside" else "Parked: it waits in its company's order"
    return StoryStep(
        one.parked_at, what, (one.reason or "It waits behind another.", f"bokbuss parked show {one.place}")
    )


# --- How it stands ----------------------------------------------------------------------------------------------


def _stands(material: Material) -> tuple[str, str]:
    """Return the state as one word and as one sentence; what somebody must do comes before what is done."""
    if material.parked:
        one = material.parked[0]
        said = "cannot be handled" if one.reason else "waits behind a message that cannot be handled"
        return "parked", f"Something of it {said}: bokbuss parked show {one.place}."
    waiting = [hold for hold in material.holds if hold.closed_at is None]
    if waiting:
        data = waiting[-1].order.data
        return "held", f"It waits for {data.who if data.who != 'accountant' else 'the accountant'}: {data.message}"
    replaced = {ordered.replaces for ordered in material.orders}
    for ordered in material.orders:
        if ordered.state == "unknown":
            lost = f"It was sent and the answer was lost; {_where(ordered.order)} is asked until it is known whether"
            return "unknown", f"{lost} it is there."
        if ordered.state in {"queued", "sending"}:
            return "on_the_way", _on_the_way(ordered, material)
    for record in material.records:
        if record.outcome == "rejected" and record.order_id not in replaced:
            where = next((_where(o.order) for o in material.orders if o.order.id == record.message_id), "Fortnox")
            return "rejected", f"{where} refused it: {_said(record)}."
    return _stands_finished(material)


def _on_the_way(ordered: Ordered, material: Material) -> str:
    where = _where(ordered.order)
    if how := material.away.get(where.lower()):
        return f"It waits for the connection to {where} ({how}): bokbuss connection show {material.tenant}."
    put_off = f"; put off: {ordered.calls[-1].verdict}" if ordered.calls else ""
    return f"It is on its way to {where}{put_off}."


def _stands_finished(material: Material) -> tuple[str, str]:
    numbers = voucher_numbers(material.records)
    finished = [(o.order.data, numbers[o.order.id]) for o in material.orders if o.order.id in numbers]
    vouchers = [(order, number) for order, number in finished if isinstance(order, PostVoucher)]
    if vouchers and vouchers[-1][0].purpose == "reverse":
        return "reversed", f"The voucher was reversed by {vouchers[-1][1]}; nothing stands in the books."
    if vouchers:
        order, number = vouchers[-1]
        return "booked", f"Booked as {number} on {order.voucher_date}: {words.money(_total(order))}."
    if material.holds and not _done_since(material):
        books = any(hold.order.data.amount is not None or hold.order.data.business_date for hold in material.holds)
        nothing = "Nothing is booked" if books else "Nothing is to be done"
        return "nothing_to_do", f"{nothing}: {material.holds[-1].message or 'it waits no longer'}"
    if material.orders:
        return "done", "Done."
    if material.lines:
        return "nothing_to_do", "Decided: there was nothing to do, or what was ordered has not reached its place yet."
    return "not_decided", "Accepted and not decided yet: do flows run (bokbuss up, bokbuss run flows)?"


def _done_since(material: Material) -> bool:
    """Tell whether something was ordered when the last hold ended, or later."""
    return any(ordered.journaled_at >= material.holds[-1].held_at for ordered in material.orders)


def _total(voucher: PostVoucher) -> Decimal:
    return sum((row.debit for row in voucher.rows), ZERO)
