"""The orders that come of what the rules say about a person: their identity and their words. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from schemas import ids
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, UpsertEmployee, UpsertPerson
from schemas.events import ChecksPassed, LinkDecided, PlanRowApplied, ReviewAnswered
from schemas.pauses import PersonPaused
from schemas.settings import SettingsApplied
from streams.employees.learning import content
from streams.employees.rules import Case, judge
from streams.employees.state import State
from streams.employees.verdict import DO_NOTHING, NAME, RETRY, Held, Settled, Write, refusal

_LONGEST_REASON: Final = 64
_LONGEST_MESSAGE: Final = 2000


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
                side = "Fortnox" if write.to == "fortnox" else "HR"
                return Held(
                    refused.code or "refused",
                    refusal(side, "it", refused.code, refused.why),
                    choices=(RETRY, DO_NOTHING),
                    who=refused.who,
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
        **origin,
        **fields,
        employee_id=employee_id,
        create=create,
        street_line=case.settings.street_line,
        back=write.back,
    )


def _held(case: Case, held: Held, rule: str, version: int, tenant: str) -> tuple[Order, ...]:
    return holding(case.state, held, case.message, tenant, _origin(case, rule, version, ""))


def _close(case: Case, hold: HoldForReview, version: int, tenant: str, rule: str) -> CloseReview:
    return closing(hold, case.message, tenant, _origin(case, rule, version, ""))


def holding(
    state: State, held: Held, message: Message, tenant: str, origin: Mapping[str, Any], on: date | None = None
) -> tuple[Order, ...]:
    """Return what opens a hold, and closes the one before; nothing when the open one says the same.

    A person who answered it gets it anew: what they said changed nothing.
    """
    before = state.hold
    words = f"{origin['key']}: {held.message}"[:_LONGEST_MESSAGE]
    said = (held.reason[:_LONGEST_REASON], words, held.lines, held.choices)
    if before and said == (before.reason, before.message, before.lines, before.choices):
        answered = isinstance(message, ReviewAnswered) and message.hold_id == before.id_in(tenant)
        if not answered:
            return ()
    reason, words, lines, choices = said
    new = HoldForReview(
        **{**origin, "step": f"hold/{state.steps + 1}"},
        reason=reason,
        who=held.who,
        message=words,
        lines=lines,
        choices=choices,
        business_date=on,
    )
    return (*([closing(before, message, tenant, origin)] if before else []), new)


def closing(hold: HoldForReview, message: Message, tenant: str, origin: Mapping[str, Any]) -> CloseReview:
    """Return what closes a hold, and says why."""
    how: Literal["superseded", "settings_changed", "answered", "checks_passed"] = "superseded"
    match message:
        case SettingsApplied():
            how, why = "settings_changed", f"Decided anew under settings version {message.version}."
        case ReviewAnswered():
            how, why = "answered", f"A person answered {message.answer}."
        case ChecksPassed():
            how, why = "checks_passed", "What stood in the way in Fortnox does so no longer."
        case LinkDecided() | PersonPaused() | PlanRowApplied():
            how, why = "answered", "A person decided."
        case _:
            why = "Newer values came."
    return CloseReview(
        **{**origin, "step": f"close/{hold.step}", "revision": hold.revision},
        hold_id=hold.id_in(tenant),
        how=how,
        message=why,
    )
