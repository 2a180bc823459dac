"""What the commands and the pages show: values become plain words, or JSON values for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from connectors.desk import view_words as say
from connectors.desk import words
from connectors.desk.proof import TrailFinding
from connectors.desk.story import Story, StoryStep
from infra import speaking
from infra.plugin import Autopsy
from infra.rows import Activity, AnswerOutcome, Dead, Hold
from schemas import money
from schemas.audit import DONE, AuditRecord
from schemas.base import SWEDEN, Language
from schemas.commands import Choice, VoucherRow
from schemas.flows import REOPEN
from schemas.money import ZERO
from schemas.words import Wording

Lines = tuple[str, ...]
_SHORT = 8
_TOLD = {"reader", "reason", "code", "rule", "attempt", "record_key", "record_value"}


# --- What waits -------------------------------------------------------------------------------------------------


def held_list(
    holds: Sequence[Hold],
    width: int = 0,
    names: Mapping[tuple[str, str], str] = MappingProxyType({}),
    to: Language = "en",
) -> Lines:
    """Return a line for each hold, or a sentence that there is none.

    Args:
        names: what people call a company's key, where it is somebody.
    """
    if not holds:
        return (say.NOTHING_WAITS.to(to),)
    head = tuple(each.to(to) for each in say.HOLD_HEADS)
    rows = [
        (
            str(hold.hold_id)[:_SHORT],
            words.when(hold.held_at),
            hold.tenant,
            names.get((hold.tenant, hold.key), hold.key),
            _name("reason", hold.order.data.flow, hold.order.data.reason, to),
            words.money(hold.order.data.amount),
            say.CLOSED.to(to, how=_how(hold, to)) if hold.closed_at else "",
        )
        for hold in holds
    ]
    return words.columns([head, *rows], right=frozenset({5}), width=width)


def held_show(
    hold: Hold,
    told: Autopsy | None = None,
    names: Mapping[tuple[str, str], str] = MappingProxyType({}),
    to: Language = "en",
    *,
    reopens: bool = False,
) -> Lines:
    """Return everything about a hold, and how to answer it.

    Args:
        names: what people call a company's key.
        reopens: it waits no longer, and can be taken up again by an answer to it.
    """
    data = hold.order.data
    short, thing = str(hold.hold_id)[:_SHORT], {"key": hold.key, "tenant": hold.tenant}
    lines = [
        *([name] if (name := names.get((hold.tenant, hold.key))) else []),
        (say.WAITED_SINCE if hold.closed_at else say.WAITS_SINCE).to(to, at=words.when(hold.held_at), **thing),
        say.REASON.to(
            to,
            reason=_name("reason", data.flow, data.reason, to),
            rule=speaking.name("rule", data.flow, data.rule, to),
            version=data.settings_version,
        ),
        speaking.message(data, to),
        *(f"  {line}" for line in speaking.lines(data, to)),
    ]
    if data.business_date or data.amount is not None:
        day, amount = data.business_date or "-", words.money(data.amount) or "-"
        lines.append(say.DAY_AND_AMOUNT.to(to, day=day, amount=amount))
    if told is not None:
        lines += _autopsy(told, to)
    if hold.closed_at:
        why = speaking.said(hold.wording, hold.message or "", to)
        lines.append(say.WAITS_NO_LONGER.to(to, at=words.when(hold.closed_at), how=_how(hold, to), why=why))
        if reopens:
            lines += [f"  bokbuss held answer {short} {REOPEN}", f"      {say.TAKE_UP_AGAIN.to(to)}"]
    else:
        for choice in data.choices:
            lines += [f"  bokbuss held answer {short} {choice.answer}", f"      {speaking.means(choice, to)}"]
        if data.reason == "not_linked":
            joins = f"  bokbuss employees link {hold.tenant} {hold.key} EMPLOYEE_ID"
            lines += [joins, f"      {say.JOIN_AGAIN.to(to)}"]
    lines.append(say.WHOLE_STORY.to(to, id=hold.hold_id, **thing))
    return tuple(lines)


def _name(kind: str, flow: str, name: str, to: Language) -> str:
    """Return what a name is called; in English commands show it as it is, so that it can be searched for."""
    return name if to == "en" else speaking.name(kind, flow, name, to)


def _how(hold: Hold, to: Language) -> str:
    return _name("how", "desk", hold.how or "", to)


def _autopsy(told: Autopsy, to: Language) -> Iterator[str]:
    if told.before:
        yield say.DAYS_BEFORE.to(to, day=f"{told.before[0].day:%A}")
        yield from (f"  {each.day}  {words.money(each.total)}" for each in told.before)
    if told.remedies:
        yield (say.REMEDIES if len(told.remedies) > 1 else say.ONE_REMEDY).to(to)
        for each in told.remedies:
            yield f"  {speaking.heard(each.setting, to)} ({speaking.heard(each.then, to)})"


def autopsy_json(told: Autopsy) -> dict[str, Any]:
    """Return what can be said of a hold besides why, as JSON values."""
    return {
        "weekdays_before": [
            {"day": each.day.isoformat(), "total_sales": money.text(each.total)} for each in told.before
        ],
        "settings_that_pass": [{"setting": str(each.setting), "then": str(each.then)} for each in told.remedies],
    }


def answer_to_all(
    holds: Sequence[Hold],
    means: Sequence[Choice],
    width: int = 0,
    names: Mapping[tuple[str, str], str] = MappingProxyType({}),
    to: Language = "en",
) -> Lines:
    """Return what one answer would be given to: a line for each hold, the total, and what it does.

    Args:
        means: the answer as each hold says it, in their order; or once, where it does the same to all.
    """
    answer = _name("answer", holds[0].order.data.flow, means[0].answer, to)
    total = words.money(sum((hold.order.data.amount or ZERO for hold in holds), ZERO))
    if len(means) == 1:
        does = [f"  {speaking.means(means[0], to)}"]
    else:
        called = [names.get((hold.tenant, hold.key), hold.key) for hold in holds]
        does = [f"  {who}: {speaking.means(each, to)}" for who, each in zip(called, means, strict=True)]
    return (
        *held_list(holds, width, names, to),
        say.TO_ALL.to(to, answer=answer, number=len(holds), total=total),
        *does,
    )


def became(hold: Hold, answer: str, came: AnswerOutcome | None, to: Language = "en") -> str:
    """Say what an answer has come to; None: nobody has waited for that."""
    called = _name("answer", hold.order.data.flow, answer, to)
    said = say.ANSWERED.to(to, key=hold.key, tenant=hold.tenant, answer=called)
    if came is None or not came.closed:
        return say.TAKES_EFFECT.to(to, said=said)
    if (other := ended_otherwise(came, answer)) is not None:
        why = speaking.said(other.wording, other.message or "", to)
        return say.NOT_BY_THIS.to(to, key=hold.key, tenant=hold.tenant, answer=called, why=why)
    if came.again is not None:
        data = came.again.order.data
        why = speaking.message(data, to)
        return say.WAITS_AGAIN.to(to, said=said, reason=_name("reason", data.flow, data.reason, to), why=why)
    if came.under_way:
        return say.UNDER_WAY.to(to, said=said)
    if came.vouchers:
        return say.BOOKED_AS.to(to, said=said, vouchers=say.AND.to(to).join(map(str, came.vouchers)))
    return say.NO_LONGER.to(to, said=said)


def ended_otherwise(came: AnswerOutcome, answer: str) -> Hold | None:
    """Return a hold that something else than this answer has ended: somebody was quicker, or newer content was."""
    ended = came.ended
    if ended is None or came.ordered:
        return None
    given = set(_answers(ended.wording))
    return None if ended.how == "answered" and (not given or answer in given) else ended


def _answers(wording: Wording | None) -> Iterator[str]:
    """Yield the answers that a text names."""
    if wording is None:
        return
    kind, named, name = wording.key.partition("/answer/")
    if kind and named:
        yield name
    for value in wording.values.values():
        for one in value if isinstance(value, tuple) else (value,):
            yield from _answers(one) if isinstance(one, Wording) else ()


def became_json(came: AnswerOutcome | None, answer: str) -> dict[str, Any]:
    """Return what an answer has come to as JSON values."""
    if came is None:
        return {"closed": False}
    other = ended_otherwise(came, answer)
    return {
        "closed": came.closed,
        "ended_otherwise": other.message if other else None,
        "under_way": came.under_way,
        "vouchers": [voucher.to_json() for voucher in came.vouchers],
        "held_again": hold_json(came.again) if came.again else None,
    }


def hold_json(hold: Hold) -> dict[str, Any]:
    """Return a hold as JSON values."""
    data = hold.order.data.to_json()
    names = ("flow", "reason", "who", "message", "lines", "choices", "business_date", "amount", "rule")
    return {
        "hold_id": str(hold.hold_id),
        "tenant": hold.tenant,
        "key": hold.key,
        "fact_id": hold.order.causationid,
        **{name: data[name] for name in (*names, "settings_version")},
        "held_at": hold.held_at.isoformat(),
        "closed_at": hold.closed_at.isoformat() if hold.closed_at else None,
        "how": hold.how,
        "closed_message": hold.message,
    }


# --- Dead letters -----------------------------------------------------------------------------------------------


def dead_list(letters: Sequence[Dead], width: int = 0) -> Lines:
    """Return a line for each dead letter, or a sentence that there is none."""
    if not letters:
        return ("There are no dead letters.",)
    rows = [(d.place, words.when(d.found_at), d.tenant, d.state, d.letter.data.reason) for d in letters]
    return words.columns([("PLACE", "FOUND", "COMPANY", "STATE", "REASON"), *rows], width=width)


def dead_show(dead: Dead) -> Lines:
    """Return everything about a dead letter; the last line is the record as it was read."""
    letter = dead.letter.data
    closed = f" since {words.when(dead.closed_at)}" if dead.closed_at else ""
    return (
        f"{dead.place} of {dead.tenant}: {dead.state}{closed}",
        f"Found {words.when(dead.found_at)} by {letter.reader}; key {_text(letter.record_key or b'') or '(none)'}",
        f"Reason: {letter.reason}",
        *((f"Code {letter.code}, rule {letter.rule}, attempt {letter.attempt}",) if letter.code else ()),
        f"{len(letter.record_value)} bytes:",
        _text(letter.record_value),
    )


def dead_json(dead: Dead) -> dict[str, Any]:
    """Return a dead letter as JSON values; the record's bytes in base64."""
    return {
        "place": dead.place,
        "tenant": dead.tenant,
        "state": dead.state,
        "found_at": dead.found_at.isoformat(),
        "closed_at": dead.closed_at.isoformat() if dead.closed_at else None,
        **dead.letter.data.model_dump(mode="json", include=_TOLD),
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


# --- The trail --------------------------------------------------------------------------------------------------


def audit_line(tenant: str, record: AuditRecord, to: Language = "en") -> str:
    """Return a record of the trail as one line."""
    told = [f"{record.outcome:<13}", record.key]
    if record.voucher is not None:
        told.append(str(record.voucher))
    if record.record and record.outcome in DONE:
        fields = f": {', '.join(record.written)}" if record.written else ""
        told.append(f"{record.record}{fields}")
    if record.amount is not None:
        told.append(words.money(record.amount))
    if record.rule:
        told.append(f"({speaking.name('rule', record.flow, record.rule, to)})")
    if record.outcome not in DONE and record.why:
        why, code = speaking.why(record, to), _name("reason", record.flow, record.code, to)
        told.append(f"{code}: {why}" if code else why)
    return f"{words.when(record.at)}  {tenant}#{record.sequence}  {'  '.join(told)}"


def audit_json(tenant: str, record: AuditRecord) -> dict[str, Any]:
    """Return a record of the trail as JSON values."""
    return {"tenant": tenant, **record.to_json()}


def activity_lines(found: Sequence[Activity], width: int = 0, to: Language = "en") -> Lines:
    """Return the activity log as a table, in Swedish time."""
    rows = [("when", "company", "", "what", "system", "how many", "how", "by", "more")]
    rows += [
        (
            words.when(a.at),
            a.tenant,
            a.direction,
            speaking.name("activity", "desk", a.kind, to),
            a.system,
            str(a.count),
            _name("status", "desk", a.status, to),
            a.by,
            speaking.said(a.wording, a.detail, to),
        )
        for a in found
    ]
    return words.columns(rows, right=frozenset({5}), width=width)


def activity_json(one: Activity) -> dict[str, Any]:
    """Return a line of the activity log for programs; ``at`` in Swedish time."""
    known = {name: value for name, value in asdict(one).items() if name != "wording"}
    return known | {"at": one.at.astimezone(SWEDEN).isoformat()}


def findings(found: Sequence[TrailFinding]) -> Lines:
    """Return a line for each company whose trail was walked along."""
    if not found:
        return ("There is no trail yet.",)
    return tuple(
        f"{f.tenant}: BROKEN: {f.problem} (after {f.records} records that are whole)"
        if f.problem
        else f"{f.tenant}: whole: {f.records} records; {f.orders} orders, each ended once{_since_a_restore(f)}"
        for f in found
    )


def _since_a_restore(finding: TrailFinding) -> str:
    told = f"; {finding.taken_back} were taken back from audit.v1 after a restore" if finding.taken_back else ""
    if finding.forked:
        told += f"; audit.v1 has {finding.forked} records of another end of it, written before the restore was noticed"
    return told


def finding_json(finding: TrailFinding) -> dict[str, Any]:
    """Return what the walk found as JSON values."""
    return {
        "tenant": finding.tenant,
        "whole": finding.problem is None,
        "records": finding.records,
        "orders": finding.orders,
        "problem": finding.problem,
        "taken_back": finding.taken_back,
        "forked": finding.forked,
    }


# --- Stories ----------------------------------------------------------------------------------------------------


def story(told: Story, to: Language = "en") -> Lines:
    """Return a story, told in a language, as lines."""
    lines = [say.STORY_OF.to(to, key=told.key, tenant=told.tenant), ""]
    for step in told.steps:
        lines.append(f"{words.when(step.at)}  {step.what}")
        lines += (f"    {detail}" for detail in (*step.details, *_voucher(step.rows, to)))
    return (*lines, "", say.NOW.to(to, now=told.now))


def _voucher(rows: Sequence[VoucherRow], to: Language) -> Lines:
    if not rows:
        return ()
    total = sum((row.debit for row in rows), ZERO)
    cells = [
        tuple(each.to(to) for each in say.VOUCHER_HEADS),
        *voucher_cells(rows),
        ("", "", "", words.money(total), words.money(total)),
    ]
    return words.columns(cells, right=frozenset({3, 4}))


def voucher_cells(rows: Sequence[VoucherRow]) -> tuple[tuple[str, str, str, str, str], ...]:
    """Return account, cost centre, text, debit and credit of each row; a side without money is empty."""
    return tuple(
        (
            str(row.account),
            row.cost_centre or "",
            row.text or "",
            words.money(row.debit or None),
            words.money(row.credit or None),
        )
        for row in rows
    )


def story_json(told: Story) -> dict[str, Any]:
    """Return a story as JSON values."""
    return {
        "tenant": told.tenant,
        "key": told.key,
        "state": told.state,
        "now": told.now,
        "steps": [_step_json(step) for step in told.steps],
    }


def _step_json(step: StoryStep) -> dict[str, Any]:
    return {
        "at": step.at.isoformat(),
        "what": step.what,
        "details": list(step.details),
        "rows": [row.to_json() for row in step.rows],
    }
