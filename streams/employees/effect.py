"""What a row of a plan does, field by field: told by the orders of its own decision, so it is what apply does. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from schemas.commands import Order, UpsertEmployee, UpsertPerson
from schemas.events import EmployeeField, EmployeeFields, PlanRowApplied, Prefer, Side
from schemas.plans import FieldDifference, Plan, PlanRow
from schemas.words import Wording
from streams.employees.fields import FIELDS, get, same, shown
from streams.employees.state import State

_TELLING: Final[tuple[EmployeeField, ...]] = (
    "email",
    "personal_number",
    "employment_id",
    "given_name",
    "family_name",
    "phone",
    "bank_account",
)
"""What tells people apart; never one of the names alone."""


def applied(plan: Plan, row: PlanRow, by: str, at: datetime) -> PlanRowApplied:
    """Return the fact that somebody applies a row."""
    return PlanRowApplied(
        plan_id=plan.plan_id,
        row=row.row,
        person=row.person,
        employee_id=row.employee_id,
        action=row.action,
        choices=row.choices,
        in_hr=row.in_hr,
        in_fortnox=row.in_fortnox,
        origin=row.origin,
        applied_by=by,
        applied_at=at,
    )


def effect(row: PlanRow, given: tuple[Order, ...], after: State) -> PlanRow:
    """Return a row with what becomes of each field, and why a person would be asked instead.

    Args:
        given: the orders that come of deciding the row.
        after: what stands under its key then.
    """
    writes = [order for order in given if isinstance(order, UpsertEmployee | UpsertPerson) and order.key == row.key]
    to: dict[EmployeeField, Prefer] = {}
    for order in writes:
        prefer: Prefer = "hr" if isinstance(order, UpsertEmployee) else "fortnox"
        to |= {f: prefer for f in FIELDS if get(order.fields, f) is not None or f in order.clear}
    hold = None if writes or row.action == "do_nothing" else after.hold
    wording = hold.wording.values.get("said") if hold and hold.wording else None
    new = {
        "held": hold.message.removeprefix(f"{row.key}: ") if hold else "",
        "held_wording": wording if isinstance(wording, Wording) else None,
    }
    if row.person is None or row.employee_id is None:
        fields = newcomer("hr" if row.person else "fortnox", writes[0].fields, writes[0].rule) if writes else ()
        return row.model_copy(update=new | {"fields": fields})
    known = {d.field: d for d in row.fields}
    hr, fortnox = row.in_hr or EmployeeFields(), row.in_fortnox or EmployeeFields()
    choices: Mapping[EmployeeField, Prefer] = {c.field: c.prefer for c in row.choices}
    differing = [f for f in FIELDS if not same(f, get(hr, f), get(fortnox, f))]
    told = (
        difference(f, hr, fortnox, to.get(f, "neither"), _rule(known.get(f), choices.get(f), to.get(f)))
        for f in differing
    )
    bases = {f: known[f].base for f in differing if f in known}
    return row.model_copy(
        update=new
        | {
            "score": score(hr, fortnox),
            "fields": tuple(d.model_copy(update={"base": bases.get(d.field, "")}) for d in told),
        }
    )


def _rule(known: FieldDifference | None, chosen: Prefer | None, written: Prefer | None) -> str:
    if chosen == "neither":
        return "a_person_left_it"
    if known is not None and known.prefer == (written or "neither") and chosen is None:
        return known.rule
    return f"a_person_preferred_{written}" if written else "it_is_not_written"


def newcomer(side: Side, record: EmployeeFields, rule: str) -> tuple[FieldDifference, ...]:
    """Return what a new record on the other side gets, field by field."""
    hr, fortnox = (record, None) if side == "hr" else (None, record)
    return tuple(difference(f, hr, fortnox, side, rule) for f in FIELDS if get(record, f) is not None)


def difference(
    name: EmployeeField, hr: EmployeeFields | None, fortnox: EmployeeFields | None, prefer: Prefer, rule: str
) -> FieldDifference:
    """Return a field with what both sides hold, as a person may see it."""
    return FieldDifference(field=name, hr=_said(hr, name), fortnox=_said(fortnox, name), prefer=prefer, rule=rule)


def _said(fields: EmployeeFields | None, name: EmployeeField) -> str:
    return shown(value) if (value := get(fields, name)) else ""


def score(hr: EmployeeFields, fortnox: EmployeeFields) -> int:
    """Return how sure it is that two are one: the percent of what tells people apart that both hold alike."""
    both = [f for f in _TELLING if get(hr, f) and get(fortnox, f)]
    alike = [f for f in both if same(f, get(hr, f), get(fortnox, f))]
    return 100 * len(alike) // len(both) if both else 0
