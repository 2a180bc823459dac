"""Plans of closing entries in words: rows, counts, series and reports as lines of text. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, get_args

from connectors.desk import words
from connectors.desk.plan_words import Conditions
from connectors.desk.words import wrapped
from infra.plugin import SeriesSeen
from schemas.events import ClosingAction, EntryRow
from schemas.plans import ClosingRow, ClosingState, CorrectionRow, Plan, RowOutcome

CHOICES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "state": get_args(ClosingState),
    "action": get_args(ClosingAction),
    "row": None,
    "batch": None,
    "number": None,
    "rule": None,
}
"""What a condition can ask for, and its values where there are few."""
_DOES: Final = {
    "export": "books it",
    "rebook": "reverses it and books what came instead",
    "reverse": "reverses it",
    "do_nothing": "does nothing",
}
_MANUAL: Final = {True: "manual", False: "not manual", None: ""}
_MEANS: Final = {
    "refused": "Not sent: it moved since the plan",
    "held": "Held, for a person to decide",
    "waiting": "Not done yet",
    "done": "Booked",
}


def head(plan: Plan) -> tuple[str, ...]:
    """Return a plan's first lines: its id, who made it and when, and how it stands."""
    by = f" by {plan.made_by}" if plan.made_by else ""
    stands = f"{plan.state} by {plan.applied_by}" if plan.applied_by else plan.state
    made = f"Plan {plan.begins} of {plan.tenant}, made {words.when(plan.made_at)}{by}"
    days = f", the days from {plan.first_day} to {plan.last_day}" if plan.first_day else ""
    return (*wrapped(made), f"  {stands}; settings version {plan.settings_version}{days}")


def series(seen: Sequence[SeriesSeen]) -> tuple[str, ...]:
    """Return the voucher series that there are in the years of a plan, with next number and whether manual."""
    rows = [(one.year, one.code, _MANUAL[one.is_manual], str(one.next_number or ""), one.description) for one in seen]
    return words.columns([("YEAR", "SERIES", "", "NEXT", ""), *rows], right=frozenset({3})) if rows else ()


def counted(counts: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """Return a line for each state and action."""
    lines = [f"  {number:>6}  {state:<10} {action}" for (state, action), number in counts.items()]
    return tuple(lines) or wrapped("No closing entries have come: bokbuss publish, or POST /v1/COMPANY/spiris.", 2)


def hints(plan: Plan, counts: Mapping[tuple[str, str], int], sends: int, *, live: bool) -> tuple[str, ...]:  # noqa: ARG001 - as of plans of people
    """Return what can be done with a plan next."""
    kinds = {state for state, _ in counts}
    lines = [f"What waits for a person: bokbuss held list --tenant {plan.tenant}"] if "held" in kinds else []
    if sends:
        lines.append(
            f"Approve and send it: bokbuss apply {plan.begins} ({'1 entry' if sends == 1 else f'{sends} entries'})"
        )
    else:
        lines.append("Nothing is to be sent.")
    return tuple(line for text in lines for line in wrapped(text))


def row_lines(row: ClosingRow) -> tuple[str, ...]:
    """Return a row: what it is, what is done, in which series and year, its rows, and what stands in the way."""
    first = f"{row.row:>5}  {row.state:<10} {row.action:<11} {row.entry_date}  {words.money(row.amount)}  {row.text}"
    booked = f", as {' and '.join(row.vouchers)}" if row.vouchers else ""
    told = [f"{row.about}, version {row.version}{booked}"]
    if row.action != "do_nothing":
        told.append(f"{_where(row)}: {_DOES[row.action]}")
    told += [f"taken back on {row.reverse_on}"] if row.reverse_on else []
    told += [f"{obstacle.code}: {obstacle.why}" for obstacle in row.obstacles]
    told += [f"NB {warning.code}: {warning.why}" for warning in row.warnings]
    told += [row.why] if row.why and not row.obstacles else []
    told += [f"applied by {row.applied_by}, {words.when(row.applied_at)}"] if row.applied_at else []
    lines = [*wrapped(first, hanging=7), *(line for text in told for line in wrapped(text, 7))]
    return (*lines, *(f"         {line}" for line in words.columns([_row(each) for each in row.rows], right=_AMOUNTS)))


_AMOUNTS: Final = frozenset({3, 4})


def _row(row: EntryRow) -> tuple[str, ...]:
    debit, credit = (words.money(amount) if amount else "" for amount in (row.debit, row.credit))
    return (str(row.account), row.cost_centre or "", row.project or "", debit, credit, row.text or "")


def _where(row: ClosingRow) -> str:
    kind = f", {manual}" if (manual := _MANUAL[row.manual]) else ""
    number = f", next number {row.next_number}" if row.next_number else ""
    lock = f"locked until {row.locked_until}" if row.locked_until else "no period is locked"
    year = f" of {row.year}, {lock}" if row.year else ""
    return f"series {row.series}{kind}{number}{year}"


def row_json(row: ClosingRow) -> dict[str, Any]:
    """Return a row for programs."""
    return row.to_json()


def meets(row: ClosingRow, wanted: Conditions) -> bool:
    """Tell whether a row meets every condition."""
    own: Mapping[str, Collection[str]] = {
        "state": {row.state},
        "action": {row.action},
        "row": {str(row.row)},
        "batch": {row.batch, row.batch.partition("/")[2]},
        "number": {row.number},
        "rule": {row.rule},
    }
    return all(set(own[name]) & set(values) for name, values in wanted.items())


def listed(rows: Sequence[ClosingRow]) -> tuple[str, ...]:
    """Return a line for each entry: how far it has come, and its vouchers."""
    if not rows:
        return ("There are no closing entries.",)
    lines = [
        (r.batch, r.number, str(r.entry_date), words.money(r.amount), r.state, " ".join(r.vouchers), r.text[:30])
        for r in rows
    ]
    heads = ("BATCH", "NUMBER", "DATE", "AMOUNT", "STATE", "VOUCHER", "TEXT")
    return words.columns([heads, *lines], right=frozenset({3}))


Became = RowOutcome[ClosingRow] | RowOutcome[CorrectionRow]
"""What became of a row whose vouchers are booked."""


def kind(one: Became) -> str:
    """Return in one word what became of a row."""
    return one.status


def report(plan: Plan, found: Sequence[Became], *, left: int) -> tuple[str, ...]:
    """Return what became of a plan's rows: the vouchers of each, or why there is none."""
    counts = Counter(map(kind, found))
    lines = [*head(plan), ", ".join(f"{counts[name]} {name}" for name in reversed(_MEANS) if counts[name]) or "nothing"]
    for name, means in _MEANS.items():
        rows = [one for one in found if kind(one) == name]
        lines += ["", f"{means}: {len(rows)}"] if rows else []
        lines += [line for one in rows for line in wrapped(_said(one), 2, 6)]
    lines += ["", *wrapped(f"{left} rows are not applied yet: bokbuss plan show {plan.begins}")] if left else []
    return tuple(lines)


def _said(one: Became) -> str:
    row = one.row
    what = f"row {row.row}  {row.name}, {words.money(row.amount)}"
    return f"{what}: {one.record or one.why or words.rule(one.reason)}" if one.record or one.reason else what
