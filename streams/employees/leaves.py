"""Leaves: a range becomes days, and what changes is told by its differences. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, Literal

from schemas import ids
from schemas.commands import CloseReview, HoldForReview, Order, WriteAbsence
from schemas.envelope import Envelope
from schemas.events import LeaveChanged
from schemas.settings import EmployeesSettings
from streams.employees.state import Day, Leave, Memory, PendingDay, RefusedDay
from streams.employees.verdict import NAME, RETRY, Held

_LONGEST: Final = 400
"""Days of one leave; a longer one is most likely a mistyped year."""
_SATURDAY: Final = 5


def wanted(leave: Leave, settings: EmployeesSettings) -> tuple[Day, ...] | Held:
    """Return the days that are to stand in Fortnox, or why nobody can say."""
    said = leave.said
    if said is None or said.withdrawn:
        return ()
    cause = next((c for c in settings.causes if c.kind == said.kind), None)
    if cause is None:
        why = f"Leaves of kind {said.kind} have no cause code: add one to the settings (employees.causes)."
        return Held("unmapped_leave_kind", why)
    if said.last_day < said.first_day:
        return Held("days_out_of_order", f"It ends ({said.last_day}) before it begins ({said.first_day}).")
    if (said.last_day - said.first_day).days >= _LONGEST:
        why = f"It is longer than {_LONGEST} days ({said.first_day} to {said.last_day}): split it in HR."
        return Held("leave_too_long", why)
    days = (d for d in _days(said) if cause.days == "all" or d.weekday() < _SATURDAY)
    return tuple(Day(day=d, cause=cause.cause, extent=said.extent) for d in days)


def _days(said: LeaveChanged) -> Iterator[date]:
    day = said.first_day
    while day <= said.last_day:
        yield day
        day += timedelta(days=1)


def orders(
    memory: Memory, key: str, envelope: Envelope[Any], settings: EmployeesSettings, version: int
) -> tuple[Order, ...]:
    """Return what brings Fortnox's days of a leave in line with what HR says, once nothing of it is under way."""
    state = memory[key]
    leave = state.leave
    if leave is None or leave.said is None or leave.pending:
        return ()
    person = memory.person(f"{leave.said.system}/{leave.said.person_id}")
    if person.link is None:
        return ()  # the person waits, and this with it
    origin: dict[str, Any] = {
        "flow": NAME,
        "settings_version": version,
        "revision": _revision(leave, state.steps),
    }
    want = wanted(leave, settings)
    steps: tuple[WriteAbsence, ...] = ()
    if not isinstance(want, Held):
        steps = tuple(_differences(key, leave, want, person.link.employee_id, origin, state.steps))
    held = want if isinstance(want, Held) else _refused(leave, steps)
    message = f"{key}: {held.message}" if held else ""
    hold = state.hold
    if held and hold and (hold.reason, hold.message) == (held.reason, message):
        return ()
    found: list[Order] = []
    if hold:
        found.append(
            CloseReview(
                **{**origin, "revision": hold.revision},
                key=key,
                step=f"close/{hold.step}",
                rule="a_leave_is_decided_again",
                hold_id=hold.id_in(envelope.tenant),
                how="superseded",
                message="Decided again.",
            )
        )
    if held:
        found.append(
            HoldForReview(
                **origin,
                key=key,
                step=f"hold/{state.steps + 1}",
                rule="a_leave_that_cannot_be_recorded_waits",
                reason=held.reason,
                who=held.who,
                message=message,
                choices=(RETRY,),
                business_date=leave.said.first_day,
            )
        )
        return tuple(found)
    return (*found, *steps)


def _revision(leave: Leave, steps: int) -> str:
    said = leave.said.to_json() if leave.said else {}
    return ids.digest({"said": said, "steps": steps})[:16]


def _differences(
    key: str, leave: Leave, want: tuple[Day, ...], employee_id: str, origin: dict[str, Any], steps: int
) -> Iterator[WriteAbsence]:
    stands = {day.day: day for day in leave.days}
    wanted_days = {day.day: day for day in want}
    for number, day in enumerate(sorted(stands.keys() | wanted_days.keys()), 1):
        before, after = stands.get(day), wanted_days.get(day)
        if before and after and (before.cause, before.extent) == (after.cause, after.extent):
            continue
        shown = after or before
        if shown is None:
            continue
        action: Literal["create", "update", "delete"] = "create" if not before else "update" if after else "delete"
        refused = next((r for r in reversed(leave.refused) if r.day == day), None)
        yield WriteAbsence(
            **origin,
            key=f"{key}/{day}",
            step=f"{action}/{steps + number}",
            rule="a_leave_becomes_days",
            replaces=refused.order_id if refused else None,
            action=action,
            absence_id=before.absence_id if before else None,
            employee_id=employee_id,
            day=day,
            cause=shown.cause,
            extent=shown.extent,
        )


def _refused(leave: Leave, steps: tuple[WriteAbsence, ...]) -> Held | None:
    """Return the first refusal that sending the same again would only repeat."""
    for step in steps:
        last: RefusedDay | None = next((r for r in reversed(leave.refused) if r.day == step.day), None)
        same = last and (last.after and (last.after.cause, last.after.extent)) == _after(step)
        if last and same and not last.again:
            return Held(last.code[:64] or "refused", f"Fortnox refused {step.day}: {last.why}", who=last.who)
    return None


def _after(step: WriteAbsence) -> tuple[str, int] | None:
    return None if step.action == "delete" else (step.cause, step.extent)


def given(memory: Memory, key: str, order: WriteAbsence, tenant: str) -> None:
    """Remember an order for a day of the leave under a key."""
    leave = memory[key].leave or Leave()
    after = None
    if order.action != "delete":
        after = Day(day=order.day, cause=order.cause, extent=order.extent, absence_id=order.absence_id or "")
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
