"""Values in plain words: times, amounts, facts, and columns of text. Pure."""

import textwrap
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.desk import story_words as say
from schemas.base import Language, Message
from schemas.corrections import CorrectionApproved
from schemas.envelope import Envelope, type_of
from schemas.erasures import ErasureDecided
from schemas.events import ClosingApproved, ClosingEntriesReady, DayClosed, LinkDecided, PlanRowApplied, ReviewAnswered
from schemas.missing import DayMissed, NumbersMissed
from schemas.money import ZERO
from schemas.pauses import PersonPaused
from schemas.words import amount as in_language

SWEDEN = ZoneInfo("Europe/Stockholm")
"""Times are shown as the clock on the wall of the company; JSON has them in UTC."""


WIDTH = 80
"""Columns of a terminal that nobody has made wider."""


def when(at: datetime) -> str:
    """Return a time as people in Sweden read it: ``2026-04-10 23:41:07``."""
    return at.astimezone(SWEDEN).strftime("%Y-%m-%d %H:%M:%S")


def money(amount: Decimal | None, language: Language | None = None) -> str:
    """Return an amount with its thousands apart: ``34 464.50`` on a terminal, on pages as their language has it."""
    if amount is None:
        return ""
    return in_language(amount, language) if language else f"{amount:,.2f}".replace(",", " ")


def rule(name: str) -> str:
    """Return a rule's name as the sentence that it is."""
    return name.replace("_", " ")


def fact(message: Envelope[Any], page: Language | None = None) -> tuple[str, ...]:  # noqa: C901, PLR0911, PLR0912 - one case for each message
    """Say what a fact tells, in a few lines; of a person no more than the key."""
    match message.data:
        case DayClosed() as day:
            return _day(day, page)
        case DayMissed() as missed:
            due = when(missed.due_at)
            return (say.DAY_MISSED.to(page or "en", store=missed.store, day=missed.business_date, due=due),)
        case NumbersMissed() as missed:
            where = {"store": missed.store, "register": missed.register_id}
            return (say.NUMBERS_MISSED.to(page or "en", after=missed.after, before=missed.before, **where),)
        case ReviewAnswered() as answered:
            said = f': "{answered.comment}"' if answered.comment else ""
            return (say.ANSWERED.to(page or "en", by=answered.answered_by, answer=answered.answer, comment=said),)
        case LinkDecided() as decided:
            said = f': "{decided.comment}"' if decided.comment else ""
            if decided.employee_id is not None:
                return (f"{decided.decided_by} joined it with employee {decided.employee_id}{said}",)
            return (f"{decided.decided_by} took it apart from Fortnox, {decided.reason.replace('_', ' ')}{said}",)
        case PersonPaused() as decided:
            said = f': "{decided.comment}"' if decided.comment else ""
            if not decided.paused:
                return (f"{decided.decided_by} let it go on{said}",)
            return (f"{decided.decided_by} paused it, {decided.reason.replace('_', ' ')}{said}",)
        case ErasureDecided() as decided:
            return (f"{decided.decided_by} {'erased them' if decided.erased else 'let them in again'}",)
        case ClosingEntriesReady() as batch:
            by = f" by {batch.submitted_by}" if batch.submitted_by else ""
            days = f"{batch.year_from} to {batch.year_to}"
            return (f"{len(batch.entries)} closing entries of {days}, version {batch.version}, sent{by}",)
        case ClosingApproved() as approved:
            plan, said = str(approved.plan_id)[:8], rule(approved.action)
            made = f"which {approved.planned_by} made"
            return (f"{approved.approved_by} approved row {approved.row} of plan {plan}, {made}: {said}",)
        case CorrectionApproved() as approved:
            plan, made = str(approved.plan_id)[:8], f"which {approved.planned_by} made"
            said = f"correct {approved.voucher}"
            return (f"{approved.approved_by} approved row {approved.row} of plan {plan}, {made}: {said}",)
        case PlanRowApplied() as applied:
            plan = str(applied.plan_id)[:8]
            return (f"{applied.applied_by} applied row {applied.row} of plan {plan}: {rule(applied.action)}",)
        case Message() as other:
            return (f"{type_of(type(other))} about {message.subject}",)
        case other:
            raise TypeError(f"{type(other).__name__} is not a message")


def _day(day: DayClosed, page: Language | None) -> tuple[str, ...]:
    language: Language = page or "en"
    report = say.REPORT.to(language, store=day.store, register=day.register_id, z=day.z_number, day=day.business_date)
    lines = [
        say.AMENDED.to(language, report=report, amendment=day.amendment) if day.amendment else report,
        say.SALES.to(language, amount=money(day.total_sales, page)),
    ]
    if day.payments:
        paid = ", ".join(f"{p.method} {money(p.amount, page)}" for p in day.payments)
        lines.append(say.PAID.to(language, payments=paid))
    others = [f"{o.category} {money(o.amount, page)}" for o in day.others]
    if day.cash_difference != ZERO:
        others.append(say.CASH_DIFFERENCE.to(language, amount=money(day.cash_difference, page)))
    if others:
        lines.append(say.BESIDES.to(language, amounts=", ".join(others)))
    return tuple(lines)


def wrapped(text: str, indent: int = 0, hanging: int | None = None) -> tuple[str, ...]:
    """Return a text as lines of 80 columns at most; ``hanging`` is what all but the first one are indented by."""
    later = indent + 2 if hanging is None else hanging
    return tuple(
        textwrap.wrap(
            text,
            WIDTH,
            initial_indent=" " * indent,
            subsequent_indent=" " * later,
            break_on_hyphens=False,
            drop_whitespace=True,
        )
    )


_GAP = 2
_INDENT = "    "


def columns(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset(), width: int = 0) -> tuple[str, ...]:
    """Return rows as lines of text whose columns stand under each other; ``right`` names those flush right.

    Where a row is wider than ``width`` (0: nothing is), its last columns stand in lines of their own, further in.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines: list[list[int]] = [[]]
    used = 0
    for number, own in enumerate(widths):
        if lines[-1] and width and used + _GAP + own > width:
            lines.append([])
            used = len(_INDENT)
        used += own + (_GAP if lines[-1] else 0)
        lines[-1].append(number)
    return tuple(
        line
        for row in rows
        for depth, numbers in enumerate(lines)
        if (line := _line(row, numbers, widths, right, _INDENT if depth else ""))
    )


def _line(row: Sequence[str], numbers: Sequence[int], widths: Sequence[int], right: frozenset[int], indent: str) -> str:
    cells = (row[n].rjust(widths[n]) if n in right else row[n].ljust(widths[n]) for n in numbers)
    return (indent + (" " * _GAP).join(cells)).rstrip()
