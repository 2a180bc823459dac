"""What became of an applied plan, in words for the terminal; the mail is ``report_letter``. Pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from connectors.desk import plan_words
from connectors.desk.words import rule, wrapped
from schemas.plans import Plan, PlanRow, RowOutcome

_MOST: Final = 200
"""Rows that one part of a report names."""
_KINDS: Final = ("refused", "held", "waiting", "created", "updated", "linked", "agreed", "left alone")
_FAILED: Final = frozenset(_KINDS[:3])
_MEANS: Final = {
    "refused": "Not carried out",
    "held": "Held, for a person to decide",
    "waiting": "Not done yet",
    "created": "Created",
    "updated": "Updated",
    "linked": "Joined; nothing had to be written",
    "agreed": "Nothing had to be written",
    "left alone": "Left alone, as was chosen",
}


def kind(one: RowOutcome[PlanRow]) -> str:
    """Return in one word what became of a row."""
    if one.status != "done":
        return one.status
    if one.row.action == "do_nothing":
        return "left alone"
    if one.row.action in {"create_in_fortnox", "create_in_hr"}:
        return "created"
    if one.orders:
        return "updated"
    return "agreed" if one.row.matched_by == "link" else "linked"


def summary(found: Sequence[RowOutcome[PlanRow]]) -> str:
    """Return how many there are of each kind: ``3 created, 1 refused``."""
    counts = Counter(map(kind, found))
    return ", ".join(f"{counts[k]} {k}" for k in reversed(_KINDS) if counts[k]) or "nothing"


def report(plan: Plan, found: Sequence[RowOutcome[PlanRow]], *, left: int) -> tuple[str, ...]:
    """Return what became of a plan's rows: who was created and updated, and who was not, and why.

    Args:
        left: how many rows that ask for something are not applied yet.
    """
    lines = [*plan_words.head(plan), summary(found)]
    for name in _KINDS:
        rows = [one for one in found if kind(one) == name]
        if rows:
            lines += ["", f"{_MEANS[name]}: {len(rows)}"]
            lines += [line for one in rows[:_MOST] for line in wrapped(_said(one), 2, 6)]
            lines += [f"  ... and {len(rows) - _MOST} more"] if len(rows) > _MOST else []
    if left:
        lines += ["", *wrapped(f"{left} rows are not applied yet: bokbuss plan show {plan.begins}")]
    if any(kind(one) in _FAILED for one in found):
        lines += ["", *wrapped(f"What waits for a person: bokbuss held list --tenant {plan.tenant}")]
    return tuple(lines)


def _said(one: RowOutcome[PlanRow]) -> str:
    who = f"row {one.row.row}  {one.row.name}"
    match kind(one):
        case "created":
            where = "Fortnox" if one.row.action == "create_in_fortnox" else "HR"
            return f"{who}: in {where}{f' as {one.record}' if one.record else ''}"
        case "updated":
            fields = ", ".join(d.field.replace("_", " ") for d in one.row.fields if d.prefer != "neither")
            return f"{who}: {fields}" if fields else who
        case "refused" | "held":
            return f"{who}: {one.why or rule(one.reason)}"
        case _:
            return who
