"""What becomes of one field of an employee: the rule that holds for it, and the three-way merge of both sides. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal, get_args

from schemas.events import EmployeeField, EmployeeFields, Prefer, Side
from schemas.people import kept
from schemas.personal import Personal
from schemas.settings import EmployeesSettings, TenantSettings

FIELDS: Final[tuple[EmployeeField, ...]] = get_args(EmployeeField)
Value = str | int | date | Personal | None
Occasion = Literal["live", "sync"]
When = Literal["live", "on_sync", "never"]

_WHEN_CREATED: Final = "once"


@dataclass(frozen=True, slots=True)
class MergeRule:
    """What the settings say of one field."""

    owner: Side
    to_fortnox: When
    to_hr: When
    fortnox_changed: Literal["to_hr", "write_back", "keep", "hold"]
    on_conflict: Literal["prefer_hr", "prefer_fortnox", "newest", "ask"]
    on_missing: Literal["fill", "keep", "clear", "ask", "counts"] = "keep"


_HR_OWNS: Final = MergeRule("hr", "live", "live", "hold", "ask")
_FORTNOX_OWNS: Final = MergeRule("fortnox", "live", "live", "to_hr", "ask")
_NEVER: Final = MergeRule("hr", "never", "never", "keep", "ask")

# Huma (its page "Fortnox"): HR's changes at once; Fortnox's on "Synchronize users" only, and HR's next one overwrites
# them; the employment id comes from Fortnox, on sync. Title, personal number and tax do not travel.
_HUMA: Final = MergeRule("hr", "live", "on_sync", "to_hr", "prefer_hr")
_HUMA_FIELDS: Final[Mapping[EmployeeField, MergeRule]] = {
    **dict.fromkeys(FIELDS, _HUMA),
    "employment_id": MergeRule("fortnox", "never", "on_sync", "to_hr", "prefer_fortnox", "fill"),
    **dict.fromkeys(("title", "personal_number", "tax_table", "tax_column"), _NEVER),
}
# Alexis HR (its help page): everything by hand, each difference decided by a person; the employment number joins the
# two and is set once, when the employee is exported.
_ALEXIS: Final = MergeRule("hr", "on_sync", "on_sync", "to_hr", "ask")
_ALEXIS_FIELDS: Final[Mapping[EmployeeField, MergeRule]] = {**dict.fromkeys(FIELDS, _ALEXIS), "employment_id": _NEVER}

_PRESETS: Final[Mapping[str, Mapping[EmployeeField, MergeRule]]] = {"huma": _HUMA_FIELDS, "alexis": _ALEXIS_FIELDS}


def rules(settings: EmployeesSettings) -> Mapping[EmployeeField, MergeRule]:
    """Return the rule of each field: the field's own settings over the preset over the source of truth.

    An employee's id in Fortnox can never be changed there (OpenAPI document), so it never travels to Fortnox later. Who
    has no last day of work goes on working: when a last day goes, a person has come back, and that travels.
    """
    plain = _HR_OWNS if settings.source_of_truth == "hr" else _FORTNOX_OWNS
    found: dict[EmployeeField, MergeRule] = dict(_PRESETS.get(settings.preset or "", dict.fromkeys(FIELDS, plain)))
    found["last_day"] = replace(found["last_day"], on_missing="counts")
    for own in settings.fields:
        said = {name: value for name, value in own if name not in {"field", "hr_field"} and value is not None}
        rule = found[own.field]
        if own.owner is not None and own.owner != rule.owner and own.fortnox_changed is None:
            said["fortnox_changed"] = (_HR_OWNS if own.owner == "hr" else _FORTNOX_OWNS).fortnox_changed
        found[own.field] = replace(rule, **said)
    found["employment_id"] = replace(found["employment_id"], to_fortnox="never")
    return found


def described(settings: TenantSettings) -> tuple[Mapping[str, str], ...]:
    """Return what becomes of each field under these settings, in words; nothing without settings for employees."""
    if settings.employees is None:
        return ()
    return tuple(
        {
            "field": field,
            "owner": rule.owner,
            "to_fortnox": _WHEN_CREATED if _is_set_once(field, settings.employees) else rule.to_fortnox,
            "to_hr": rule.to_hr,
            "fortnox_changed": rule.fortnox_changed,
            "on_conflict": rule.on_conflict,
            "on_missing": rule.on_missing,
        }
        for field, rule in rules(settings.employees).items()
    )


def _is_set_once(field: EmployeeField, settings: EmployeesSettings) -> bool:
    """Tell whether a field goes to Fortnox with a new employee only; at Huma the employment id comes from there."""
    return field == "employment_id" and settings.preset != "huma"


def goes_with_a_new_one(field: EmployeeField, rule: MergeRule, settings: EmployeesSettings) -> bool:
    """Tell whether a field is sent when an employee is created."""
    return rule.to_fortnox != "never" or _is_set_once(field, settings)


def new_employee(fields: EmployeeFields, settings: EmployeesSettings) -> EmployeeFields:
    """Return what Fortnox gets of a person who is created there."""
    travelling = rules(settings)
    return filled((f, get(fields, f)) for f in FIELDS if goes_with_a_new_one(f, travelling[f], settings))


def new_person(fields: EmployeeFields, settings: EmployeesSettings) -> EmployeeFields:
    """Return what HR gets of an employee who is created there."""
    travelling = rules(settings)
    return filled((f, get(fields, f)) for f in FIELDS if travelling[f].to_hr != "never")


def compared(field: EmployeeField, value: Value) -> object:
    """Return what two values are compared by, to be written and to be matched: in the form that the target keeps."""
    if isinstance(value, Personal):
        return value.sealed
    return (kept(field, value) or None) if isinstance(value, str) else value


def same(field: EmployeeField, one: Value, other: Value) -> bool:
    """Tell whether nothing would change by writing one value over another; an empty text is no value."""
    return one == other or compared(field, one) == compared(field, other)


def get(fields: EmployeeFields | None, field: EmployeeField) -> Any:
    """Return a field's value; nothing of nobody."""
    return getattr(fields, field) if fields is not None else None


def shown(value: Any) -> str:
    """Return a value as a person may see it."""
    if isinstance(value, Personal):
        return value.shown
    return "(empty)" if value in {None, ""} else str(value)


@dataclass(frozen=True, slots=True)
class MergeStep:
    """What becomes of one field now.

    ``to`` is the side that is written (None: neither), ``value`` what it gets (None empties it). ``agreed``: both hold
    the same, or what the target made of it. ``asks``: why a person must decide.
    """

    rule: str
    to: Side | None = None
    value: Value = None
    agreed: bool = False
    asks: str = ""


def settle(  # noqa: PLR0911 - one return for each way that the values can stand
    field: EmployeeField,
    rule: MergeRule,
    *,
    hr: Value,
    base: Value,
    kept: Value,
    agreed: bool,
    fortnox: Value,
    occasion: Occasion,
    hr_is_newer: bool,
    prefer: Prefer | None = None,
) -> MergeStep:
    """Merge one field three ways.

    Args:
        base: the last value that both agreed on; ``agreed`` is False when they never did.
        kept: what Fortnox has made of it; most often the same.
        occasion: live, or a plan that is applied.
        hr_is_newer: HR's record was changed later than Fortnox's was seen to be.
        prefer: what a person chose, in a plan or for a hold.
    """
    if same(field, hr, fortnox):
        return MergeStep("both_sides_agree", agreed=True)
    if prefer is not None:
        return _chosen(rule, prefer, hr, fortnox)
    from_hr, from_fortnox = not same(field, hr, base), not same(field, fortnox, kept)
    if agreed and not from_hr and not from_fortnox:
        return MergeStep("what_fortnox_made_of_it_stays", agreed=True)
    writes_nothing_back = bool(fortnox) and rule.fortnox_changed == "write_back" and rule.on_missing != "clear"
    was_entered = agreed and not base and from_hr != from_fortnox and not writes_nothing_back
    was_removed = agreed and not (from_hr if hr else from_fortnox)
    clears = rule.on_missing == "clear" and agreed and not was_removed  # the other side has changed: a conflict
    counts = rule.on_missing == "counts" and agreed and bool(base or not writes_nothing_back)
    if (not hr or not fortnox) and not was_entered and not clears and not counts:
        return _missing(rule, hr, fortnox, occasion, was_removed=was_removed)
    if from_hr and not from_fortnox:
        return _send(rule, "fortnox", hr, occasion, "what_hr_changed_goes_to_fortnox")
    if from_fortnox and not from_hr:
        return _only_fortnox(rule, hr, fortnox, occasion)
    return _conflict(rule, hr, fortnox, occasion, hr_is_newer=hr_is_newer)


def _chosen(rule: MergeRule, prefer: str, hr: Value, fortnox: Value) -> MergeStep:
    """Do as a person said, but let nothing travel that does not, and empty nothing by preference."""
    if prefer == "neither":
        return MergeStep("a_person_left_it")
    to: Side = "fortnox" if prefer == "hr" else "hr"
    value, when = (hr, rule.to_fortnox) if prefer == "hr" else (fortnox, rule.to_hr)
    if when == "never":
        return MergeStep("this_field_does_not_travel_there")
    if not value and rule.on_missing not in {"clear", "counts"}:
        return MergeStep("a_missing_value_stays_missing")
    return MergeStep(f"a_person_preferred_{prefer}", to=to, value=value or None)


def _send(rule: MergeRule, to: Side, value: Value, occasion: Occasion, name: str) -> MergeStep:
    when = rule.to_fortnox if to == "fortnox" else rule.to_hr
    if when == "never":
        return MergeStep("this_field_does_not_travel_there")
    if when == "on_sync" and occasion == "live":
        return MergeStep("this_field_waits_for_a_sync")
    return MergeStep(name, to=to, value=value or None)


def _only_fortnox(rule: MergeRule, hr: Value, fortnox: Value, occasion: Occasion) -> MergeStep:
    match rule.fortnox_changed:
        case "to_hr":
            return _send(rule, "hr", fortnox, occasion, "what_fortnox_changed_goes_to_hr")
        case "write_back":
            return _send(rule, "fortnox", hr, occasion, "what_hr_owns_is_written_back")
        case "hold":
            return _ask(rule, occasion, "a_change_in_fortnox_waits_for_a_person", "fortnox_changed")
        case "keep":
            return MergeStep("a_change_in_fortnox_is_kept")


def _ask(rule: MergeRule, occasion: Occasion, name: str, asks: str) -> MergeStep:
    """Ask a person, unless the answer could go nowhere, or not now."""
    if rule.to_fortnox == rule.to_hr == "never":
        return MergeStep("this_field_does_not_travel_there")
    if occasion == "live" and "live" not in {rule.to_fortnox, rule.to_hr}:
        return MergeStep("this_field_waits_for_a_sync")
    return MergeStep(name, asks=asks)


def _conflict(rule: MergeRule, hr: Value, fortnox: Value, occasion: Occasion, *, hr_is_newer: bool) -> MergeStep:
    match rule.on_conflict:
        case "ask":
            return _ask(rule, occasion, "a_conflict_waits_for_a_person", "conflict")
        case "prefer_hr":
            return _send(rule, "fortnox", hr, occasion, "in_a_conflict_hr_is_right")
        case "prefer_fortnox":
            return _send(rule, "hr", fortnox, occasion, "in_a_conflict_fortnox_is_right")
        case "newest":
            side: Side = "fortnox" if hr_is_newer else "hr"
            return _send(rule, side, hr if hr_is_newer else fortnox, occasion, "in_a_conflict_the_newest_is_right")


def _missing(rule: MergeRule, hr: Value, fortnox: Value, occasion: Occasion, *, was_removed: bool) -> MergeStep:
    """One side is empty. Nothing is emptied unless the settings say so, and then only what both sides once held."""
    to: Side = "fortnox" if hr else "hr"
    match rule.on_missing:
        case "fill":
            return _send(rule, to, hr or fortnox, occasion, "a_missing_value_is_filled")
        case "clear" if was_removed:
            return _send(rule, "hr" if hr else "fortnox", None, occasion, "what_is_missing_is_emptied")
        case "ask":
            return _ask(rule, occasion, "a_missing_value_waits_for_a_person", "missing")
        case "keep" | "clear" | "counts":
            return MergeStep("a_missing_value_stays_missing")


def filled(pairs: Iterable[tuple[EmployeeField, Value]]) -> EmployeeFields:
    """Return fields with these values, and nothing else."""
    values: dict[str, Any] = dict(pairs)
    return EmployeeFields(**values)


def whole(held: EmployeeFields, steps: Mapping[EmployeeField, MergeStep]) -> EmployeeFields:
    """Return what is written to a record, and both days of work where one is: only what is written is checked."""
    days: tuple[EmployeeField, ...] = ("first_day", "last_day") if {"first_day", "last_day"} & steps.keys() else ()
    return filled([*((f, get(held, f)) for f in days), *((f, s.value) for f, s in steps.items())])
