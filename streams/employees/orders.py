"""The orders that come of what a rule says about a person: their identity and their words. Pure.

The same state, message and settings give the same orders with the same ids.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

from schemas import ids
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order, ReadPerson, UpsertEmployee, UpsertPerson, spoken
from schemas.envelope import Envelope
from schemas.erasures import DropKeys, ErasureDecided
from schemas.events import ChecksPassed, LinkDecided, PersonMentioned, PlanRowApplied, ReviewAnswered
from schemas.flows import Held
from schemas.pauses import PersonPaused
from schemas.settings import SettingsApplied
from schemas.words import named
from streams.employees import words
from streams.employees.erasing import is_done, is_erased, records_of
from streams.employees.learn import content
from streams.employees.rules import Case
from streams.employees.state import Memory, State
from streams.employees.verdict import DO_NOTHING, NAME, RETRY, Settled, Verdict, Write, refusal

WHAT_WAS_REFUSED_WAITS: Final = "what_was_refused_waits"
"""Named where what a rule asks for was refused before; no rule looks at it."""
_WITHOUT_SETTINGS: Final = "what_waits_without_settings_can_be_given_up"
"""Named where what waits goes on waiting because the company has no settings for its staff any more."""
_FORGOTTEN: Final = "an_erased_person_is_forgotten"
_LONGEST_REASON: Final = 64


def orders(case: Case, rule: str, verdict: Verdict, *, tenant: str, version: int) -> tuple[Order, ...]:
    """Return the orders that bring about what a rule says; an open hold is closed first.

    What was refused is not sent again as it was: it waits.
    """
    if isinstance(verdict, tuple) and (refused := _would_be_refused(case, verdict, rule, version)):
        rule, verdict = WHAT_WAS_REFUSED_WAITS, refused
    hold, origin = case.state.hold, _of_case(case, rule, version)
    closed = (closing(hold, case.message, tenant, origin),) if hold else ()
    match verdict:
        case Settled(keep_hold=keep):
            return () if keep else closed
        case Held():
            return holding(case.state, verdict, case.message, tenant, origin)
        case _:
            return (*closed, *(_write(case, write, rule, version, number) for number, write in enumerate(verdict, 1)))


def reading(message: PersonMentioned, fact_id: str, *, version: int) -> ReadPerson:
    """Return what asks for a person whom a fact only mentions."""
    return ReadPerson(
        flow=NAME,
        key=message.key,
        revision=fact_id.rpartition("@")[2][:64],
        step="read",
        rule="a_mentioned_person_is_read_again",
        settings_version=version,
        system=message.system,
        person_id=message.person_id,
    )


def _would_be_refused(case: Case, writes: tuple[Write, ...], rule: str, version: int) -> Held | None:
    """Say why writing would only repeat what a system has refused."""
    for number, write in enumerate(writes, 1):
        order = _write(case, write, rule, version, number)
        for refused in case.state.refused:
            if refused.to == write.to and refused.content == content(order):
                side = "Fortnox" if write.to == "fortnox" else "HR"
                return Held(
                    refused.code or "refused",
                    refusal(side, refused.code, refused.said),
                    choices=(RETRY, DO_NOTHING),
                    who=refused.who,
                )
    return None


def _origin(key: str, rule: str, version: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return where orders about a key come from; ``said`` tells these from those before."""
    revision = ids.digest(said)[:16]
    return {"flow": NAME, "key": key, "revision": revision, "step": "", "rule": rule, "settings_version": version}


def _of_case(case: Case, rule: str, version: int) -> dict[str, Any]:
    fact = case.person.hr_at.isoformat() if case.person.hr_at else ""
    return _origin(case.key, rule, version, {"hr": fact, "steps": case.state.steps})


def _write(case: Case, write: Write, rule: str, version: int, number: int) -> UpsertEmployee | UpsertPerson:
    replaces: UUID | None = next((r.order_id for r in case.state.refused if r.to == write.to), None)
    origin = _of_case(case, rule, version) | {"step": f"{write.to}/{case.state.steps + number}"}
    fields: dict[str, Any] = {
        "fields": write.fields,
        "clear": write.clear,
        "expected": write.expected,
        "settled": write.settled,
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
        new=case.settings.new_employee if create else None,
        back=write.back,
    )


def holding(
    state: State, held: Held, message: Message, tenant: str, origin: Mapping[str, Any], on: date | None = None
) -> tuple[Order, ...]:
    """Return what opens a hold, and closes the one before; nothing when the open one says the same.

    A person who answered it gets it anew: what they said changed nothing.
    """
    before = state.hold
    new = HoldForReview(
        **{**origin, "step": f"hold/{state.steps + 1}"},
        reason=held.reason[:_LONGEST_REASON],
        who=held.who,
        **spoken(words.OF_A_KEY(key=origin["key"], said=held.message), held.lines),
        choices=held.choices,
        business_date=on,
        personal=bool(held.lines),
    )
    if before and new.said == before.said:
        answered = isinstance(message, ReviewAnswered) and message.hold_id == before.id_in(tenant)
        if not answered:
            return ()
    return (*([closing(before, message, tenant, origin)] if before else []), new)


def closing(hold: HoldForReview, message: Message, tenant: str, origin: Mapping[str, Any]) -> CloseReview:
    """Return what closes a hold, and says why."""
    how: Literal["superseded", "settings_changed", "answered", "checks_passed"] = "superseded"
    match message:
        case SettingsApplied():
            how, why = "settings_changed", words.NEW_SETTINGS(version=message.version)
        case ReviewAnswered():
            how, why = "answered", words.ANSWERED(answer=named(NAME, "answer", message.answer))
        case ChecksPassed():
            how, why = "checks_passed", words.CHECK_IS_GREEN()
        case LinkDecided() | PersonPaused() | PlanRowApplied() | ErasureDecided():
            how, why = "answered", words.DECIDED()
        case _:
            why = words.NEWER_VALUES()
    return CloseReview(
        **{**origin, "step": f"close/{hold.step}", "revision": hold.revision},
        hold_id=hold.id_in(tenant),
        how=how,
        **spoken(why),
    )


def waiting_orders(memory: Memory, envelope: Envelope[Any], version: int) -> tuple[Order, ...]:
    """Return what lets all that is held wait for settings, of a company that has none any more; or be given up."""
    given: list[Order] = []
    for key in memory:
        state = memory[key]
        if state.hold is None:
            continue
        origin = _origin(key, _WITHOUT_SETTINGS, version, {"held": state.hold.revision, "steps": state.steps})
        if state.is_left_alone:
            given.append(closing(state.hold, envelope.data, envelope.tenant, origin))
        else:
            held = Held("flow_not_configured", words.NOT_CONFIGURED(), choices=(DO_NOTHING,))
            given += holding(state, held, envelope.data, envelope.tenant, origin, state.hold.business_date)
    return tuple(given)


def erasing_orders(
    states: Mapping[str, State], memory: Memory, envelope: Envelope[Any], version: int
) -> tuple[Order, ...]:
    """Return what ends the holds about somebody and drops the keys of their values; nothing where they stay."""
    fact: ErasureDecided = envelope.data
    before = Memory(states)
    if is_done(before, fact) or (fact.erased and not is_done(memory, fact)):
        return ()
    rule = _FORGOTTEN if fact.erased else "a_released_person_is_let_in"
    origin = _origin(fact.key, rule, version, {"decided": fact.decided_at.isoformat(), "erased": fact.erased})
    records = tuple(each for each in records_of(before, fact.key) if fact.erased or is_erased(before[each]))
    given: list[Order] = [
        closing(hold, fact, envelope.tenant, origin | {"key": record})
        for record in records
        if (hold := before[record].hold) is not None
    ]
    if fact.erased:
        by, at = fact.decided_by, fact.decided_at
        given.append(DropKeys(**origin | {"step": "erase"}, records=records, decided_by=by, decided_at=at))
    return tuple(given)
