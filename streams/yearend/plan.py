"""What a plan says of closing entries: how each stands, and what is done with it once somebody approves. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from schemas.commands import PostVoucher
from schemas.events import ClosingAction, ClosingApproved, ClosingEntry, EntryRow
from schemas.plans import ClosingRow, ClosingState, Plan, reasoned
from schemas.settings import TenantSettings, YearEndSettings
from schemas.words import heard
from streams.yearend.orders import was_refused
from streams.yearend.state import State, total
from streams.yearend.verdict import DISCARD, FOUR_EYES, KEEP

_ORDER: Final[tuple[ClosingState, ...]] = (
    *("held", "failed", "unknown", "sending"),
    *("planned", "exported", "reversed", "withdrawn"),
)
"""What needs somebody first."""
_BOOKS: Final = frozenset[ClosingAction]({"export", "rebook"})


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as a plan looks at it, and how it stands."""

    state: State
    stands: ClosingState


def what_is_under_way_is_waited_for(entry: Entry) -> ClosingAction | None:
    """Do nothing about what is being sent, or looked for."""
    return "do_nothing" if entry.stands in {"sending", "unknown"} else None


def what_a_person_decides_is_left_alone(entry: Entry) -> ClosingAction | None:
    """Do nothing about what is held: its hold is to be answered first, unless another person's approval ends it."""
    waits = entry.state.hold is not None and entry.state.hold.reason != FOUR_EYES
    return "do_nothing" if entry.stands == "held" and waits else None


def what_was_given_up_is_left_alone(entry: Entry) -> ClosingAction | None:
    """Do nothing about what a person discarded, or what left the batch before it was exported."""
    return "do_nothing" if entry.stands in {"withdrawn", "reversed"} else None


def what_is_exported_stays(entry: Entry) -> ClosingAction | None:
    """Do nothing about what stands in the books as it is."""
    return "do_nothing" if entry.stands == "exported" else None


def what_left_the_batch_is_reversed(entry: Entry) -> ClosingAction | None:
    """Take back what stands in the books and is in its batch no more."""
    return "reverse" if entry.state.gone else None


def what_came_otherwise_is_rebooked(entry: Entry) -> ClosingAction | None:
    """Reverse what stands in the books with other content, and book the new one."""
    main = entry.state.part("entry")
    return "rebook" if main and main.revision != entry.state.revision else None


def what_is_new_is_exported(_entry: Entry) -> ClosingAction:
    """Book what is not in the books."""
    return "export"


PlanRule = Callable[[Entry], ClosingAction | None]
RULES: Final[tuple[PlanRule, ...]] = (
    what_is_under_way_is_waited_for,
    what_a_person_decides_is_left_alone,
    what_was_given_up_is_left_alone,
    what_is_exported_stays,
    what_left_the_batch_is_reversed,
    what_came_otherwise_is_rebooked,
    what_is_new_is_exported,
)
"""The first that says something proposes what is done; its name is in the row."""


def stands(state: State) -> ClosingState:
    """Return how far an entry has come."""
    if isinstance(state.awaits, PostVoucher):
        return "unknown" if state.is_unknown else "sending"
    if state.hold:
        return "failed" if was_refused(state) else "held"
    if state.part("entry") and (state.stands_as_it_is or KEEP.answer in state.answers):
        return "exported"
    if state.part("entry") is None and state.gone:
        return "reversed" if state.taken_back else "withdrawn"
    return "withdrawn" if DISCARD.answer in state.answers else "planned"


def plan(states: Iterable[tuple[str, State]], settings: TenantSettings, today: date) -> tuple[ClosingRow, ...]:  # noqa: ARG001 - a plan of another flow may need the day
    """Return a row for each entry, what needs somebody first; nothing without settings for closing entries."""
    if settings.yearend is None:
        return ()
    found = [_row(key, state, settings.yearend) for key, state in states if state.entry and state.origin]
    rows = sorted(found, key=lambda row: (_ORDER.index(row.state), row.batch, row.entry_date, _by_number(row.number)))
    return tuple(row.model_copy(update={"row": number}) for number, row in enumerate(rows, 1))


def _by_number(number: str) -> tuple[int, str]:
    return (int(number), "") if number.isascii() and number.isdecimal() else (0, number)


def _row(key: str, state: State, settings: YearEndSettings) -> ClosingRow:
    entry, origin, how = state.entry, state.origin, stands(state)
    if entry is None or origin is None:
        raise LookupError(f"{key} is no entry")
    rule, action = next((r.__name__, said) for r in RULES if (said := r(Entry(state, how))) is not None)
    if action == "reverse":
        entry = _as_it_stands(state, entry)
    return ClosingRow(
        row=1,
        state=how,
        action=action,
        rule=rule,
        **(reasoned(heard(state.hold.wording, state.hold.message)) if state.hold else {}),
        about=key,
        batch=origin.batch,
        version=origin.version,
        number=entry.number,
        entry_date=entry.entry_date,
        text=entry.text,
        rows=entry.rows,
        amount=total(entry),
        reverse_on=entry.reverse_on,
        submitted_by=origin.submitted_by,
        content=state.content,
        vouchers=tuple(str(one.voucher) for one in state.standing),
        series=settings.series,
        not_locked=settings.not_locked,
        organisation_number=origin.organisation_number,
        database_number=origin.database_number,
        warnings=origin.findings if action in _BOOKS else (),
    )


def _as_it_stands(state: State, entry: ClosingEntry) -> ClosingEntry:
    """Return an entry as the books have it: what is reversed may not be what it came as last."""
    main, turn = state.part("entry"), state.part("accrual")
    if main is None or (order := main.order) is None:
        return entry
    rows = tuple(EntryRow(**dict(row)) for row in order.rows)
    back = turn.order.voucher_date if turn and turn.order else None
    return entry.model_copy(update={"entry_date": order.voucher_date, "rows": rows, "reverse_on": back})


def applied(plan: Plan, row: ClosingRow, by: str, at: datetime) -> ClosingApproved:
    """Return the fact that somebody approves a row."""
    return ClosingApproved(
        plan_id=plan.plan_id,
        row=row.row,
        about=row.about,
        action=row.action,
        revision=row.content,
        series=row.series,
        planned_by=plan.made_by or "nobody",
        approved_by=by,
        approved_at=at,
    )


def objects(plan: Plan, rows: Sequence[ClosingRow], settings: TenantSettings, by: str) -> str:
    """Return why somebody may not approve: where the company wants two people, who sent or planned it is one."""
    if settings.yearend is None or not settings.yearend.four_eyes:
        return ""
    return plan.seen_by_two(by, {f"sent batch {row.batch}": row.submitted_by for row in rows})


def in_plan(key: str) -> bool:
    """Tell whether a plan looks at a key: entries, not batches."""
    return "#" in key
