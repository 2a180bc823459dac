"""Plans in words: rows, counts and reports as lines of text. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args

from schemas.events import EmployeeField, FieldChoice, PlanAction
from schemas.plans import CHOSEN, Plan, PlanRow, PlanState

ACTIONS: Final[tuple[PlanAction, ...]] = get_args(PlanAction)
STATES: Final[tuple[PlanState, ...]] = get_args(PlanState)
FIELDS: Final[tuple[EmployeeField, ...]] = get_args(EmployeeField)
SIDES: Final = ("hr", "fortnox", "neither")
_CONDITION: Final = re.compile(r"(state|action|row|matched_by|field|rule)=(\S+)")
_POSSIBLE: Final[Mapping[tuple[bool, bool], frozenset[PlanAction]]] = {
    (True, True): frozenset({"match", "prefer_hr", "prefer_fortnox", "do_nothing"}),
    (True, False): frozenset({"create_in_fortnox", "do_nothing"}),
    (False, True): frozenset({"create_in_hr", "do_nothing"}),
}
"""What can be done with a row that is in HR, in Fortnox, or both."""


class NotPossible(ValueError):
    """A change that a plan cannot take; the text says why and what can be."""


def head(plan: Plan) -> str:
    """Return a plan's first line: its id, its age, and how old both sides were."""
    hr = f"{plan.hr_read_at:%Y-%m-%d %H:%M:%S}" if plan.hr_read_at else "never"
    fortnox = f"{plan.fortnox_read_at:%Y-%m-%d %H:%M:%S}" if plan.fortnox_read_at else "never"
    return (
        f"Plan {str(plan.plan_id)[:8]} of {plan.tenant}, made {plan.made_at:%Y-%m-%d %H:%M:%S} UTC under settings "
        f"version {plan.settings_version}; HR read {hr}, Fortnox read {fortnox}; {plan.state}"
    )


def counted(counts: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """Return a line for each state and action, and one for each action in all."""
    lines = [f"  {number:>6}  {state:<13} {action}" for (state, action), number in counts.items()]
    actions = Counter[str]()
    for (_, action), number in counts.items():
        actions[action] += number
    return (*lines, "  " + ", ".join(f"{action}: {number}" for action, number in sorted(actions.items())))


def table(rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return rows with the same names as lines of columns, the names first."""
    names = list(rows[0])
    lines = [{name: name.replace("_", " ") for name in names}, *rows]
    widths = {name: max(len(line[name]) for line in lines) for name in names}
    return tuple("  ".join(line[name].ljust(widths[name]) for name in names).rstrip() for line in lines)


def row_lines(row: PlanRow) -> tuple[str, ...]:
    """Return a row, and each field that differs with both values and the one that both agreed on."""
    who = " = ".join(filter(None, (row.person, row.employee_id and f"fortnox/employee/{row.employee_id}")))
    by = f" by {row.matched_by.replace('_', ' ')}" if row.matched_by else ""
    first = f"{row.row:>5}  {row.state:<13} {row.action:<17} {row.name}  ({who}{by}; {row.rule})"
    chosen = {choice.field: choice.prefer for choice in row.choices}
    fields = (
        f"         {d.field}: HR {d.hr or '(empty)'}, Fortnox {d.fortnox or '(empty)'}"
        + (f", before {d.base}" if d.base else "")
        + f" -> {_outcome(chosen.get(d.field, d.prefer))}"
        for d in row.fields
    )
    return (first, *([f"         {row.why}"] if row.why else []), *fields)


def _outcome(prefer: str) -> str:
    return {"hr": "HR's goes to Fortnox", "fortnox": "Fortnox's goes to HR", "neither": "both stay"}[prefer]


def conditions(texts: Sequence[str]) -> dict[str, str]:
    """Read ``state=conflict`` and the like. Raises NotPossible."""
    found = {}
    for text in texts:
        match = _CONDITION.fullmatch(text)
        if match is None:
            raise NotPossible(f"{text}: a condition is state=, action=, row=, matched_by=, field= or rule= and a value")
        found[match[1]] = match[2]
    return found


def meets(row: PlanRow, wanted: Mapping[str, str]) -> bool:
    """Tell whether a row meets every condition."""
    own = {
        "state": row.state,
        "action": row.action,
        "row": str(row.row),
        "matched_by": row.matched_by,
        "rule": row.rule,
    }
    fields = {d.field for d in row.fields}
    return all(value in fields if name == "field" else own[name] == value for name, value in wanted.items())


def changed(row: PlanRow, action: str | None, choices: Sequence[str]) -> PlanRow:
    """Return a row with another action, and with whose value single fields get (``city=fortnox``).

    Raises:
        NotPossible: no such action or field, or one that a row like this cannot have.
    """
    new: dict[str, Any] = {}
    if action is not None:
        possible = _POSSIBLE[row.person is not None, row.employee_id is not None]
        if action not in possible:
            raise NotPossible(f"row {row.row}: {action} cannot be; it can be {', '.join(sorted(possible))}")
        new |= {"action": action, "rule": CHOSEN}
    if choices:
        own = {choice.field: choice for choice in row.choices}
        own |= {choice.field: choice for choice in map(_choice, choices)}
        new["choices"] = tuple(own[f] for f in FIELDS if f in own)
    return row.model_copy(update=new)


def _choice(text: str) -> FieldChoice:
    name, _, side = text.partition("=")
    if name not in FIELDS or side not in SIDES:
        raise NotPossible(f"{text}: a choice is a field, = and hr, fortnox or neither; fields: {', '.join(FIELDS)}")
    return FieldChoice(field=name, prefer=side)  # type: ignore[arg-type] # both are known


def report(plan: Plan, statuses: Iterable[tuple[PlanRow, str, str]]) -> tuple[str, ...]:
    """Return what became of a plan: the counts, and each row that is not done, with its reason."""
    found = list(statuses)
    counts = Counter(status for _, status, _ in found)
    lines = [
        head(plan),
        ", ".join(f"{counts[s]} {s}" for s in ("done", "refused", "held", "waiting") if counts[s]) or "nothing",
    ]
    lines += [f"  row {row.row} {row.name}: {status}: {why}" for row, status, why in found if status != "done"]
    return tuple(lines)
