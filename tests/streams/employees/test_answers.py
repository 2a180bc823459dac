"""Each reason for which people are held, brought about by itself: every answer to it ends it."""

from collections.abc import Callable
from random import Random

import pytest

from infra.plugin import Terms
from schemas.events import EmployeeChanged, ReviewAnswered
from schemas.pauses import PersonPaused
from schemas.settings import EmployeesSettings, FieldRule, SettingsApplied, TenantSettings
from streams.employees.state import LIVE
from tests.streams.employees.company import SYSTEM, TENANT, FlowCompany, envelope_of
from tests.streams.employees.test_histories import DAYS, again, another_fortnox, person

ASKS = EmployeesSettings(
    system=SYSTEM,
    source_of_truth="hr",
    fields=(FieldRule(field="city", fortnox_changed="hold", on_conflict="ask", on_missing="ask"),),
)


def begin(*, adapts: bool) -> FlowCompany:
    """Return a company after its first plan, with two people on both sides, that asks about whatever can be asked."""
    company = FlowCompany(ASKS, Random(1))
    if adapts:
        company.makes = another_fortnox
    for number in (1, 2):
        company.edit_hr(f"p{number}", **dict(person(number)))
        company.edit_fortnox(str(number), **{k: v for k, v in person(number) if v is not None})
    company.snapshot()
    company.settle()
    company.apply(company.plan(), "first")
    company.settle()
    return company


def fortnox_changed(company: FlowCompany) -> None:
    """Change in Fortnox what HR owns."""
    company.edit_fortnox("1", city="Solna")
    company.snapshot()


def conflict(company: FlowCompany) -> None:
    """Change it on both sides."""
    fortnox_changed(company)
    company.edit_hr("p1", city="Umeå")


def new_in_hr(company: FlowCompany) -> None:
    """Let HR tell of somebody new."""
    company.edit_hr("p9", **dict(person(9)))


def employee_not_seen(company: FlowCompany) -> None:
    """Join somebody with an employee whom Fortnox has not shown."""
    new_in_hr(company)
    company.link("p9", "77")


def moved_since_the_plan(company: FlowCompany) -> None:
    """Apply a row after its record has changed."""
    rows = company.plan()
    company.edit_hr("p1", title="Chef")
    company.settle()
    company.apply([row.model_copy(update={"action": "prefer_hr"}) for row in rows], "second")


def licence_missing(company: FlowCompany) -> None:
    """Let Fortnox refuse what it is sent."""
    company.refuses = 1.0
    company.edit_hr("p1", title="Chef")


def not_linked(company: FlowCompany) -> None:
    """Take somebody apart who changes then."""
    company.link("p1", None)
    company.edit_hr("p1", title="Chef")


def already_linked(company: FlowCompany) -> None:
    """Join somebody with another one's employee."""
    company.link("p1", "2")


def deleted_in_hr(company: FlowCompany) -> None:
    """Let HR delete somebody."""
    company.say(
        EmployeeChanged(system=SYSTEM, person_id="p1", changed_at=company.tick(), deleted=True, fields=company.hr["p1"])
    )


def paused(company: FlowCompany) -> None:
    """Pause somebody who changes then."""
    company.say(
        PersonPaused(person=f"{SYSTEM}/p1", paused=True, reason="other", decided_by="lena", decided_at=company.tick())
    )
    company.edit_hr("p1", title="Chef")


def phone_not_unique(company: FlowCompany) -> None:
    """Let two share a number."""
    company.edit_hr("p1", phone=person(2).phone)


def email_invalid(company: FlowCompany) -> None:
    """Enter an address that is none."""
    company.edit_hr("p1", email="nowhere")


def unmapped_leave_kind(company: FlowCompany) -> None:
    """Register a leave that has no cause in Fortnox."""
    company.leave("A", "p1", DAYS[0], DAYS[1], kind="UNKNOWN")


def days_out_of_order(company: FlowCompany) -> None:
    """Register a leave that ends before it begins."""
    company.leave("A", "p1", DAYS[1], DAYS[0])


TROUBLES = (
    fortnox_changed,
    conflict,
    new_in_hr,
    employee_not_seen,
    moved_since_the_plan,
    licence_missing,
    not_linked,
    already_linked,
    deleted_in_hr,
    paused,
    phone_not_unique,
    email_invalid,
    unmapped_leave_kind,
    days_out_of_order,
)


@pytest.mark.parametrize("adapts", [False, True])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_every_answer_ends_its_hold(trouble: Callable[[FlowCompany], None], adapts: bool) -> None:  # noqa: FBT001 - a case
    """It is held under its name, and no answer leads to the same hold again; another Fortnox changes nothing."""
    company = begin(adapts=adapts)
    trouble(company)
    company.settle()
    [hold] = company.holds.values()
    assert hold.choices
    assert hold.reason == trouble.__name__ or trouble is days_out_of_order
    assert [choice.answer for choice in hold.choices if again(company, hold, choice.answer)] == []


def without_settings(company: FlowCompany, message: SettingsApplied | ReviewAnswered, *keys: str) -> None:
    """Decide a message of a company that has no settings for its staff any more."""
    for key in keys:
        decided = company.remembered.decide(
            envelope_of(message, company.tick()), Terms(TenantSettings(), 2), (key, LIVE)
        )
        for order in decided:
            company.give(order)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_waits_when_the_settings_go_can_be_given_up(trouble: Callable[[FlowCompany], None]) -> None:
    """It says what it waits for. A company that ends this has nothing left that nobody can close."""
    company = begin(adapts=False)
    trouble(company)
    company.settle()
    [before] = company.holds.values()
    gone = SettingsApplied(tenant=TENANT, version=2, settings=TenantSettings(), applied_by="lena")
    without_settings(company, gone, *company.remembered.told(None))
    [hold] = company.holds.values()
    assert (hold.key, hold.reason) == (before.key, "flow_not_configured")
    [answer] = [choice.answer for choice in hold.choices]
    said = {"hold_id": hold.id_in(TENANT), "flow": hold.flow, "about": hold.key, "answer": answer}
    without_settings(
        company, ReviewAnswered.model_validate(said | {"answered_by": "lena", "answered_at": company.now}), hold.key
    )
    assert company.holds == {}


def test_what_waits_without_settings_is_decided_anew_with_them() -> None:
    """Nobody has to remember what waited: it is asked again as it was."""
    company = begin(adapts=False)
    conflict(company)
    company.settle()
    gone = SettingsApplied(tenant=TENANT, version=2, settings=TenantSettings(), applied_by="lena")
    without_settings(company, gone, *company.remembered.told(None))
    back = gone.model_copy(update={"version": 3, "settings": TenantSettings(employees=ASKS)})
    company.tell_waiting(back)
    assert [hold.reason for hold in company.holds.values()] == ["conflict"]
