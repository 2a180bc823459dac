"""Leaves: a range becomes days, and what changes is told by its differences. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from schemas import ids
from schemas.commands import Order, WriteAbsence
from schemas.envelope import Envelope
from schemas.events import LeaveChanged
from schemas.flows import Held
from schemas.mapping import spellings
from schemas.settings import EmployeesSettings
from streams.employees import words
from streams.employees.orders import closing, holding
from streams.employees.state import AbsenceDay, Leave, Memory, PendingDay, RefusedDay, State
from streams.employees.verdict import DO_NOTHING, NAME, RETRY, refusal

_LONGEST: Final = 400
"""Days of one leave; a longer one is most likely a mistyped year."""
_SATURDAY: Final = 5


def wanted(leave: Leave, settings: EmployeesSettings, employee_id: str) -> tuple[AbsenceDay, ...] | Held:
    """Return the days that are to stand in Fortnox, or why nobody can say."""
    said = leave.said
    if said is None or said.withdrawn:
        return ()
    named = spellings(said.kind, (c.kind for c in settings.causes))
    cause = next((c for c in settings.causes if c.kind in named), None)
    if cause is None:
        return Held("unmapped_leave_kind", words.NO_CAUSE(kind=said.kind), choices=(DO_NOTHING,))
    if said.last_day < said.first_day:
        why = words.LEAVE_OUT_OF_ORDER(first=said.first_day, last=said.last_day)
        return Held("days_out_of_order", why, choices=(DO_NOTHING,))
    if (said.last_day - said.first_day).days >= _LONGEST:
        why = words.LEAVE_TOO_LONG(most=_LONGEST, first=said.first_day, last=said.last_day)
        return Held("leave_too_long", why, choices=(DO_NOTHING,))
    days = ((d, extent) for d, extent in _days(said) if cause.days == "all" or d.weekday() < _SATURDAY)
    return tuple(AbsenceDay(employee_id=employee_id, day=d, cause=cause.cause, extent=extent) for d, extent in days)


def _days(said: LeaveChanged) -> Iterator[tuple[date, Decimal]]:
    parts = {part.day: part.extent for part in said.days}
    day = said.first_day
    while day <= said.last_day:
        if not parts or day in parts:
            yield day, parts.get(day, said.extent)
        day += timedelta(days=1)


def orders(
    memory: Memory, key: str, envelope: Envelope[Any], settings: EmployeesSettings, version: int
) -> tuple[Order, ...]:
    """Return what brings Fortnox's days of a leave in line with what HR says, once nothing of it is under way.

    A day that Fortnox refused waits alone. Days that stand with an employee whom the person was linked with before are
    removed there first: nobody is absent twice.
    """
    state = memory[key]
    leave = state.leave
    if leave is None or leave.said is None or leave.pending:
        return ()
    person = memory.person(f"{leave.said.system}/{leave.said.person_id}")
    origin: dict[str, Any] = {
        "flow": NAME,
        "key": key,
        "settings_version": version,
        "revision": ids.digest({"said": leave.said.to_json(), "steps": state.steps})[:16],
    }
    anew = origin | {"rule": "a_leave_is_decided_again"}
    closed = (closing(state.hold, envelope.data, envelope.tenant, anew),) if state.hold else ()
    if person.link is None or person.paused or leave.left_alone:
        return closed  # the person waits, and this with it; or nothing is to be done
    want = wanted(leave, settings, person.link.employee_id)
    held: Held | None = None
    steps: list[WriteAbsence] = []
    if isinstance(want, Held):
        held = want
    else:
        steps = list(_differences(leave, want, origin, state.steps))
        waits = {step.day: why for step in steps if (why := _refused(leave, step))}
        steps = [step for step in steps if step.day not in waits]
        held = next(iter(waits.values()), None)
    if held:
        origin |= {"rule": "a_leave_that_cannot_be_recorded_waits"}
        said = holding(state, held, envelope.data, envelope.tenant, origin, leave.said.first_day)
        return (*said, *steps)
    return (*closed, *steps)


def _differences(
    leave: Leave, want: tuple[AbsenceDay, ...], origin: dict[str, Any], steps: int
) -> Iterator[WriteAbsence]:
    stands, wanted_days = {day.day: day for day in leave.days}, {day.day: day for day in want}
    for number, day in enumerate(sorted(stands.keys() | wanted_days.keys()), 1):
        before, after = stands.get(day), wanted_days.get(day)
        if before and after and before.employee_id != after.employee_id:
            after = None
        if before and after and _says(before) == _says(after):
            continue
        shown = after or before
        if shown is None:
            continue
        action: Literal["create", "update", "delete"] = "create" if not before else "update" if after else "delete"
        refused = next((r for r in reversed(leave.refused) if r.day == day), None)
        yield WriteAbsence(
            **{**origin, "key": f"{origin['key']}/{day}"},
            step=f"{action}/{steps + number}",
            rule="a_leave_becomes_days",
            replaces=refused.order_id if refused else None,
            action=action,
            absence_id=before.absence_id if before else None,
            employee_id=shown.employee_id,
            day=day,
            cause=shown.cause,
            extent=shown.extent,
        )


def _says(day: AbsenceDay | WriteAbsence) -> tuple[str, str, Decimal]:
    return day.employee_id, day.cause, day.extent


def _refused(leave: Leave, step: WriteAbsence) -> Held | None:
    """Return why a step would only repeat what was refused."""
    last: RefusedDay | None = next((r for r in reversed(leave.refused) if r.day == step.day), None)
    if last is None or last.again:
        return None
    if (last.after and _says(last.after)) != (None if step.action == "delete" else _says(step)):
        return None
    said = refusal("Fortnox", last.code, last.said, step.day)
    return Held(last.code or "refused", said, choices=(RETRY, DO_NOTHING), who=last.who)


def given(memory: Memory, key: str, order: WriteAbsence, tenant: str) -> None:
    """Remember an order for a day of the leave under a key."""
    leave = memory[key].leave or Leave()
    after = None
    if order.action != "delete":
        after = AbsenceDay(
            employee_id=order.employee_id,
            day=order.day,
            cause=order.cause,
            extent=order.extent,
            absence_id=order.absence_id or "",
        )
    pending = PendingDay(order_id=order.id_in(tenant), day=order.day, after=after)
    memory.put(
        key,
        leave=leave.model_copy(
            update={
                "pending": (*leave.pending, pending),
                "refused": tuple(r for r in leave.refused if r.day != order.day),
            }
        ),
        steps=memory[key].steps + 1,
    )


def let_go(memory: Memory, today: date) -> None:
    """Let linked people no longer carry the leaves that stand in Fortnox, or were taken back there, and have ended."""
    for key in memory:
        leave = memory[key].leave
        if leave is None or leave.said is None or not _is_over(memory[key], leave, leave.said, today):
            continue
        person = memory.person(f"{leave.said.system}/{leave.said.person_id}")
        if person.link and key in person.leaves:
            kept = tuple(k for k in person.leaves if k != key)
            memory.put_person(f"{leave.said.system}/{leave.said.person_id}", leaves=kept)


def _is_over(state: State, leave: Leave, said: LeaveChanged, today: date) -> bool:
    if leave.pending or leave.refused or state.hold:
        return False
    return not leave.days if said.withdrawn else bool(leave.days or leave.left_alone) and said.last_day < today
