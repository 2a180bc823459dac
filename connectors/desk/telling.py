"""What a fact tells, in a few lines and in the language of who reads; of a person no more than the key."""

from typing import Any

from connectors.desk import story_words as say
from connectors.desk import words
from infra import speaking
from schemas.base import Language, Message
from schemas.corrections import CorrectionApproved
from schemas.envelope import Envelope, type_of
from schemas.erasures import ErasureDecided
from schemas.events import ClosingApproved, ClosingEntriesReady, DayClosed, LinkDecided, PlanRowApplied, ReviewAnswered
from schemas.missing import DayMissed, NumbersMissed
from schemas.money import ZERO
from schemas.pauses import PersonPaused
from schemas.words import Said


def kind(of: str, to: Language) -> str:
    """Return what a type of message is called in a language; in English, its own name."""
    name = of.removeprefix("bokbuss.").rpartition(".")[0].replace("-", "_")
    return of if to == "en" else speaking.name("activity", "desk", name, to)


def fact(message: Envelope[Any], page: Language | None = None) -> tuple[str, ...]:
    """Say what a fact tells, in a few lines; of a person no more than the key."""
    if isinstance(message.data, DayClosed):
        return _day(message.data, page)
    said, values = _fact(message, page or "en")
    return (said.to(page or "en", **values),)


def _fact(message: Envelope[Any], to: Language) -> tuple[Said, dict[str, object]]:  # noqa: PLR0911 - one case for each
    match message.data:
        case DayMissed() | NumbersMissed() as missed:
            return _missed(missed)
        case ReviewAnswered() as answered:
            comment = _comment(answered.comment, to)
            answer = answered.answer if to == "en" else speaking.name("answer", "", answered.answer, to)
            return say.ANSWERED, {"by": answered.answered_by, "answer": answer, "comment": comment}
        case LinkDecided() | PersonPaused() as decided:
            return _of_somebody(decided, to)
        case ErasureDecided() as decided:
            return say.ERASED if decided.erased else say.LET_IN, {"by": decided.decided_by}
        case ClosingEntriesReady() as batch:
            sent = say.SENT_BY.to(to, by=batch.submitted_by) if batch.submitted_by else ""
            days = {"first": batch.year_from, "last": batch.year_to}
            return say.BATCH, {"number": len(batch.entries), **days, "version": batch.version, "sent": sent}
        case ClosingApproved() | CorrectionApproved() as approved:
            row = {"row": approved.row, "plan": str(approved.plan_id)[:8], "planned_by": approved.planned_by}
            if isinstance(approved, ClosingApproved):
                action = speaking.name("action", "desk", approved.action, to)
            else:
                action = say.CORRECT.to(to, voucher=approved.voucher)
            return say.APPROVED, {"by": approved.approved_by, **row, "action": action}
        case PlanRowApplied() as applied:
            row = {"row": applied.row, "plan": str(applied.plan_id)[:8]}
            action = speaking.name("action", "desk", applied.action, to)
            return say.APPLIED, {"by": applied.applied_by, **row, "action": action}
        case Message() as other:
            return say.FACT, {"type": kind(type_of(type(other)), to), "about": message.subject}
        case other:
            raise TypeError(f"{type(other).__name__} is not a message")


def _missed(missed: DayMissed | NumbersMissed) -> tuple[Said, dict[str, object]]:
    if isinstance(missed, DayMissed):
        return say.DAY_MISSED, {"store": missed.store, "day": missed.business_date, "due": words.when(missed.due_at)}
    where = {"store": missed.store, "register": missed.register_id}
    return say.NUMBERS_MISSED, {"after": missed.after, "before": missed.before, **where}


def _of_somebody(decided: LinkDecided | PersonPaused, to: Language) -> tuple[Said, dict[str, object]]:
    told: dict[str, object] = {"by": decided.decided_by, "comment": _comment(decided.comment, to)}
    reason = speaking.name("why", "employees", decided.reason, to)
    if isinstance(decided, PersonPaused):
        return (say.PAUSED, told | {"reason": reason}) if decided.paused else (say.LET_GO_ON, told)
    if decided.employee_id is not None:
        return say.JOINED, told | {"employee": decided.employee_id}
    return say.PARTED, told | {"reason": reason}


def _comment(said: str, to: Language) -> str:
    return say.COMMENT.to(to, comment=said) if said else ""


def _day(day: DayClosed, page: Language | None) -> tuple[str, ...]:
    language: Language = page or "en"
    report = say.REPORT.to(language, store=day.store, register=day.register_id, z=day.z_number, day=day.business_date)
    lines = [
        say.AMENDED.to(language, report=report, amendment=day.amendment) if day.amendment else report,
        say.SALES.to(language, amount=words.money(day.total_sales, page)),
    ]
    if day.payments:
        paid = ", ".join(f"{p.method} {words.money(p.amount, page)}" for p in day.payments)
        lines.append(say.PAID.to(language, payments=paid))
    others = [f"{o.category} {words.money(o.amount, page)}" for o in day.others]
    if day.cash_difference != ZERO:
        others.append(say.CASH_DIFFERENCE.to(language, amount=words.money(day.cash_difference, page)))
    if others:
        lines.append(say.BESIDES.to(language, amounts=", ".join(others)))
    return tuple(lines)
