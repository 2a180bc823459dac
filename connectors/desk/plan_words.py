"""Plans in words: rows, counts and reports as lines of text, 80 columns wide at most. Pure."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args

from connectors.desk import words
from connectors.desk.words import wrapped
from schemas.events import EmployeeField, FieldChoice, Origin, PlanAction, Prefer
from schemas.plans import CHOSEN, FieldDifference, Matched, Plan, PlanRow, PlanState

FIELDS: Final[tuple[EmployeeField, ...]] = get_args(EmployeeField)
SIDES: Final[tuple[Prefer, ...]] = get_args(Prefer)
CHOICES: Final[Mapping[str, tuple[str, ...] | None]] = {
    "state": get_args(PlanState),
    "action": get_args(PlanAction),
    "row": None,
    "matched_by": tuple(filter(None, get_args(Matched))),
    "origin": tuple(one.replace(" ", "_") for one in get_args(Origin)),
    "field": FIELDS,
    "rule": None,
}
"""What a condition can ask for, and its values where there are few."""
_CONDITION: Final = re.compile(r"([a-z_]+)=(\S+)")
_POSSIBLE: Final[Mapping[tuple[bool, bool], frozenset[PlanAction]]] = {
    (True, True): frozenset({"match", "prefer_hr", "prefer_fortnox", "do_nothing"}),
    (True, False): frozenset({"create_in_fortnox", "do_nothing"}),
    (False, True): frozenset({"create_in_hr", "do_nothing"}),
}
"""What can be done with a row that is in HR, in Fortnox, or both."""
_BECOMES: Final = {"hr": "HR's goes to Fortnox", "fortnox": "Fortnox's goes to HR", "neither": "both stay"}
_EMPLOYEE: Final = "fortnox/employee/"


class InvalidEdit(ValueError):
    """A change that a plan cannot take; the text says why and what can be."""


# --- What is shown --------------------------------------------------------------------------------------------------


def head(plan: Plan) -> tuple[str, ...]:
    """Return a plan's first lines: its id, its age, how old both sides were, and how it stands."""
    hr = words.when(plan.hr_read_at) if plan.hr_read_at else "never"
    fortnox = words.when(plan.fortnox_read_at) if plan.fortnox_read_at else "never"
    made = f"Plan {plan.begins} of {plan.tenant}, made {words.when(plan.made_at)}"
    return (*wrapped(made), f"  HR read {hr}, Fortnox read {fortnox}", f"  {_stands(plan)}")


def _stands(plan: Plan) -> str:
    by = f" by {plan.applied_by}" if plan.applied_by else ""
    at = f", {words.when(plan.applied_at)}" if plan.applied_at else ""
    return f"{plan.state}{by}{at}; settings version {plan.settings_version}"


def listed(plans: Sequence[Plan]) -> tuple[str, ...]:
    """Return a line for each plan, or a sentence that there is none."""
    if not plans:
        return ("There are no plans: bokbuss plan employees COMPANY makes one, or bokbuss plan closing COMPANY.",)
    rows = [
        (p.begins, words.when(p.made_at), p.flow, p.state, str(p.settings_version), p.applied_by[:18]) for p in plans
    ]
    return words.columns([("PLAN", "MADE", "OF", "STATE", "SETTINGS", "APPLIED BY"), *rows])


def counted(counts: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """Return a line for each state and action, and one for each action in all."""
    lines = [f"  {number:>6}  {state:<13} {action}" for (state, action), number in counts.items()]
    actions = Counter[str]()
    for (_, action), number in counts.items():
        actions[action] += number
    sums = ", ".join(f"{action}: {number}" for action, number in sorted(actions.items()))
    return (*lines, *wrapped(sums or "Nobody: neither HR nor Fortnox has told of anybody.", 2))


def hints(plan: Plan, counts: Mapping[tuple[str, str], int], sends: int, *, live: bool) -> tuple[str, ...]:
    """Return what can be done with a plan next; nothing that does not apply to it.

    Args:
        sends: how many rows ask for something.
        live: a plan was applied before.
    """
    if not counts:
        return wrapped(
            f"Is that so? bokbuss employees refresh {plan.tenant} reads both sides; bokbuss doctor {plan.tenant} looks "
            "whether Fortnox can be read."
        )
    kinds = {state for state, _ in counts}
    lines: list[str] = []
    if "conflict" in kinds:
        lines.append(f"Decide conflicts: bokbuss plan edit {plan.begins} --where state=conflict --set prefer_hr")
    if {"hr_only", "fortnox_only"} <= kinds:
        lines.append(f"Join two rows: bokbuss plan edit {plan.begins} --row N --set match --with ID")
    if sends:
        lines.append(f"Send it: bokbuss apply {plan.begins} ({'1 row' if sends == 1 else f'{sends} rows'})")
    elif live:
        lines.append("Nothing is to be sent.")
    else:
        lines.append(f"Nothing is to be sent. Applied, it lets changes travel: bokbuss apply {plan.begins}")
    return tuple(line for text in lines for line in wrapped(text))


def table(rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Return rows with the same names as lines of columns, the names first, each on two lines."""
    names = list(rows[0])
    heads = [{name: name.partition("_")[part] for name in names} for part in (0, 2)]
    lines = [*heads, *rows]
    widths = {name: max(len(line[name]) for line in lines) for name in names}
    return tuple("  ".join(line[name].ljust(widths[name]) for name in names).rstrip() for line in lines)


def row_lines(row: PlanRow) -> tuple[str, ...]:
    """Return a row: who it is, what is done and why, and what becomes of each field."""
    first = f"{row.row:>5}  {row.state:<13} {row.action:<17} {row.name}"
    who = " = ".join(filter(None, (row.person, row.employee_id and f"{_EMPLOYEE}{row.employee_id}")))
    told = [f"{who}{_matched(row)}", f"{words.rule(row.rule)}{_affected(row)}"]
    told += [row.why] if row.why else []
    told += [f"it would be held: {row.held}"] if row.held else []
    applied = f"applied by {row.applied_by}, {words.when(row.applied_at)}" if row.applied_at else ""
    told += [applied] if applied else []
    lines = [*wrapped(first, hanging=7), *(line for text in told for line in wrapped(text, 7))]
    return (*lines, *(line for d in row.fields for line in wrapped(_field(row, d), 9)))


def _matched(row: PlanRow) -> str:
    if row.person is None or row.employee_id is None:
        return ""
    if row.matched_by == "link":
        return f", linked ({row.origin})"
    return f", matched by {row.matched_by.replace('_', ' ')} (score {row.score})"


def _affected(row: PlanRow) -> str:
    if not row.fields:
        return ""
    if row.person is None or row.employee_id is None:
        return f"; the new record has {len(row.fields)} fields"
    return f"; {row.affected} of {len(row.fields)} fields that differ {'is' if row.affected == 1 else 'are'} written"


def _field(row: PlanRow, d: FieldDifference) -> str:
    if row.person is None or row.employee_id is None:
        return f"{d.field}: {d.hr or d.fortnox}"
    before = f", before {d.base}" if d.base else ""
    return f"{d.field}: HR {d.hr or '(empty)'}, Fortnox {d.fortnox or '(empty)'}{before} -> {_BECOMES[d.prefer]}"


def row_json(row: PlanRow) -> dict[str, Any]:
    """Return a row for programs; what it holds in full stays in the database."""
    return row.model_dump(mode="json", exclude={"in_hr", "in_fortnox"}) | {"affected": row.affected}


# --- What is asked for ----------------------------------------------------------------------------------------------

Conditions = Mapping[str, Collection[str]]
"""The values of each name; a row must have one of them."""


def conditions(
    texts: Sequence[str], rows: Sequence[int] = (), choices: Mapping[str, tuple[str, ...] | None] = CHOICES
) -> Conditions:
    """Read ``state=conflict`` and the like; of one name any value will do. Raises InvalidEdit."""
    found: dict[str, set[str]] = {}
    for text in texts:
        match = _CONDITION.fullmatch(text)
        if match is None or match[1] not in choices:
            raise InvalidEdit(f"{text}: a condition is {'=, '.join(choices)}= and a value")
        values = choices[match[1]]
        if values is not None and match[2] not in values:
            raise InvalidEdit(f"{text}: {match[1]} is one of {', '.join(values)}{nearest(match[2], values)}")
        if match[1] == "row" and not match[2].isdecimal():
            raise InvalidEdit(f"{text}: a row has a number")
        found.setdefault(match[1], set()).add(match[2])
    if rows:
        found.setdefault("row", set()).update(map(str, rows))
    return found


def nearest(text: str, choices: Iterable[str]) -> str:
    """Return the end of a sentence that asks whether the nearest choice was meant; nothing when none is near."""
    near = get_close_matches(text, list(choices), 1)
    return f"; did you mean {near[0]}?" if near else ""


def nearest_id(text: str, ids: Iterable[str]) -> str:
    """Return the same of ids, which may be shortened and lack their system."""
    tail = text.rpartition("/")[2]
    known = {one.partition("/")[2][: len(tail)] or one: one for one in ids}
    near = get_close_matches(tail, list(known), 1)
    return f"; did you mean {known[near[0]]}?" if near else ""


def meets(row: PlanRow, wanted: Conditions) -> bool:
    """Tell whether a row meets every condition."""
    both = row.person is not None and row.employee_id is not None
    own: Mapping[str, set[str]] = {
        "state": {row.state},
        "action": {row.action},
        "row": {str(row.row)},
        "matched_by": {row.matched_by},
        "origin": {row.origin.replace(" ", "_")} if both else set(),
        "rule": {row.rule},
        "field": {d.field for d in row.fields},
    }
    return all(own[name] & set(values) for name, values in wanted.items())


# --- What is changed ------------------------------------------------------------------------------------------------


def possible(row: PlanRow) -> frozenset[PlanAction]:
    """Return what can be done with a row: who is on both sides is updated, who is on one is created, or neither."""
    return _POSSIBLE[row.person is not None, row.employee_id is not None]


def changed(row: PlanRow, action: str | None, choices: Sequence[str]) -> PlanRow:
    """Return a row with another action, and with whose value single fields get (``city=fortnox``).

    Raises:
        InvalidEdit: no such action or field, or one that a row like this cannot have.
    """
    new: dict[str, Any] = {}
    both = row.person is not None and row.employee_id is not None
    if choices and not both:
        raise InvalidEdit(f"row {row.row}: whose value a field gets is a question only where both have one")
    if choices and action is None and row.action == "do_nothing":
        action = "match"
    if action is not None:
        can = possible(row)
        if action not in can:
            joins = "" if both or action not in _POSSIBLE[True, True] else "; or say with whom it is one: --with ID"
            raise InvalidEdit(f"row {row.row}: {action} cannot be; it can be {', '.join(sorted(can))}{joins}")
        new |= {"action": action, "rule": CHOSEN}
    if choices:
        own = {choice.field: choice for choice in row.choices}
        own |= {choice.field: choice for choice in map(_choice, choices)}
        new["choices"] = tuple(own[f] for f in FIELDS if f in own)
    return row.model_copy(update=new)


def _choice(text: str) -> FieldChoice:
    name, _, side = text.partition("=")
    if name not in FIELDS or side not in SIDES:
        raise InvalidEdit(f"{text}: a choice is a field, = and hr, fortnox or neither; fields: {', '.join(FIELDS)}")
    return FieldChoice(field=name, prefer=side)


def partner(row: PlanRow, called: str, rows: Iterable[PlanRow]) -> PlanRow:
    """Return the row of the one who is named, by an id or its beginning, and who is only on the other side.

    Raises:
        InvalidEdit: nobody is, or several are; it names the nearest.
    """
    if row.person is not None and row.employee_id is not None:
        raise InvalidEdit(f"row {row.row} is joined already; bokbuss employees unlink takes the two apart")
    mine = row.person is None
    free = {
        one.person or one.employee_id or "": one
        for one in rows
        if (one.person if mine else one.employee_id) and not (one.employee_id if mine else one.person)
    }
    wanted = called if mine else called.removeprefix(_EMPLOYEE)
    found = [free[wanted]] if wanted in free else [one for key, one in free.items() if mine and _begins(key, wanted)]
    if len(found) == 1:
        return found[0]
    side = "HR" if mine else "Fortnox"
    if found:
        raise InvalidEdit(f"{called} can be {', '.join(sorted(one.key for one in found)[:3])}: give more of the id")
    raise InvalidEdit(f"{called}: no row is that of somebody who is only in {side}{nearest_id(wanted, free)}")


def _begins(key: str, text: str) -> bool:
    return bool(text) and (key.startswith(text) or key.partition("/")[2].startswith(text))


def joined(row: PlanRow, other: PlanRow) -> PlanRow:
    """Return the row of two who are one by a person's word; it takes the other row in."""
    hr, fortnox = (row, other) if row.person is not None else (other, row)
    return row.model_copy(
        update={
            "state": "linked",
            "name": hr.name or fortnox.name,
            "person": hr.person,
            "employee_id": fortnox.employee_id,
            "in_hr": hr.in_hr,
            "in_fortnox": fortnox.in_fortnox,
            "matched_by": "hand",
            "origin": "matched by hand",
            "why": "",
            "fields": (),
        }
    )
