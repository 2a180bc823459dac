"""The orders that come of what the rules say about a person: their identity and their words. Pure."""

from typing import Any, Final
from uuid import UUID

from schemas import ids
from schemas.commands import CloseReview, HoldForReview, Order, UpsertEmployee, UpsertPerson
from schemas.events import ChecksPassed, LinkDecided, PlanRowApplied, ReviewAnswered
from schemas.settings import SettingsApplied
from streams.employees.learning import content
from streams.employees.rules import Case, judge
from streams.employees.verdict import NAME, RETRY, Held, Settled, Write

_LONGEST_REASON: Final = 64


def orders(case: Case, version: int, tenant: str) -> tuple[Order, ...]:
    """Return the orders that bring about what the first rule says that says anything."""
    name, verdict = judge(case)
    hold = case.state.hold
    match verdict:
        case Settled(keep_hold=keep):
            return (_close(case, hold, version, tenant, name),) if hold and not keep else ()
        case Held():
            return _held(case, verdict, name, version, tenant)
        case _:
            if refused := _refused(case, verdict, name, version):
                return _held(case, refused, "what_was_refused_waits", version, tenant)
            closed = (_close(case, hold, version, tenant, name),) if hold else ()
            return (*closed, *(_write(case, write, name, version, number) for number, write in enumerate(verdict, 1)))


def _refused(case: Case, writes: tuple[Write, ...], name: str, version: int) -> Held | None:
    for number, write in enumerate(writes, 1):
        order = _write(case, write, name, version, number)
        for refused in case.state.refused:
            if refused.to == write.to and refused.content == content(order):
                reason = refused.code[:_LONGEST_REASON] or "refused"
                return Held(
                    reason, f"{write.to.capitalize()} refused it: {refused.why}", choices=(RETRY,), who=refused.who
                )
    return None


def _origin(case: Case, rule: str, version: int, step: str) -> dict[str, Any]:
    fact = case.person.hr_at.isoformat() if case.person.hr_at else ""
    return {
        "flow": NAME,
        "key": case.key,
        "revision": ids.digest({"hr": fact, "steps": case.state.steps})[:16],
        "step": step,
        "rule": rule,
        "settings_version": version,
    }


def _write(case: Case, write: Write, rule: str, version: int, number: int) -> UpsertEmployee | UpsertPerson:
    replaces: UUID | None = next((r.order_id for r in case.state.refused if r.to == write.to), None)
    origin = _origin(case, rule, version, f"{write.to}/{case.state.steps + number}")
    fields: dict[str, Any] = {
        "fields": write.fields,
        "clear": write.clear,
        "expected": write.expected,
        "replaces": replaces,
    }
    if write.to == "hr":
        return UpsertPerson(**origin, **fields, system=case.settings.system, person_id=write.record)
    create = write.record is None
    employee_id = write.fields.employment_id if create else write.record
    return UpsertEmployee(
        **origin, **fields, employee_id=employee_id, create=create, street_line=case.settings.street_line
    )


def _held(case: Case, held: Held, rule: str, version: int, tenant: str) -> tuple[Order, ...]:
    hold = case.state.hold
    message = f"{case.key}: {held.message}"[:2000]
    if hold and (hold.reason, hold.message, hold.lines, hold.choices) == (
        held.reason,
        message,
        held.lines,
        held.choices,
    ):
        return ()
    new = HoldForReview(
        **_origin(case, rule, version, f"hold/{case.state.steps + 1}"),
        reason=held.reason,
        who=held.who,
        message=message,
        lines=held.lines,
        choices=held.choices,
    )
    return (*((_close(case, hold, version, tenant, rule),) if hold else ()), new)


def _close(case: Case, hold: HoldForReview, version: int, tenant: str, rule: str) -> CloseReview:
    message = case.message
    how: Any = "superseded"
    match message:
        case SettingsApplied():
            how, why = "settings_changed", f"Decided anew under settings version {message.version}."
        case ReviewAnswered():
            how, why = "answered", f"A person answered {message.answer}."
        case ChecksPassed():
            how, why = "checks_passed", "What stood in the way in Fortnox does so no longer."
        case LinkDecided() | PlanRowApplied():
            how, why = "answered", "A person decided."
        case _:
            why = "Newer values came."
    return CloseReview(
        **{**_origin(case, rule, version, f"close/{hold.step}"), "revision": hold.revision},
        hold_id=hold.id_in(tenant),
        how=how,
        message=why,
    )
