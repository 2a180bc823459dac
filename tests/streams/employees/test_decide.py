"""What a change means for the other side: each rule by its name, red and green, as the host calls the flow."""

import random
from datetime import timedelta
from typing import Any

import pytest

from infra.plugin import Terms
from schemas.audit import AuditRecord
from schemas.commands import CloseReview, HoldForReview, NewEmployee, Order, ReadPerson, UpsertEmployee, UpsertPerson
from schemas.events import (
    ChecksPassed,
    EmployeeChanged,
    EmployeeFields,
    EmployeeSeen,
    LinkDecided,
    PersonMentioned,
    PlanAction,
)
from schemas.settings import EmployeesSettings, FieldRule, SettingsApplied, TenantSettings
from streams.employees import FLOW
from streams.employees.state import employee_key, index_keys
from tests.streams.employees.company import SYSTEM, TENANT, FlowCompany

ANNA = EmployeeFields(email="anna@example.se", given_name="Anna", family_name="Ek", city="Lund")
BO = EmployeeFields(email="bo@example.se", given_name="Bo", family_name="Al", city="Lund")
KEY = f"{SYSTEM}/anna"


def company(**settings: Any) -> FlowCompany:
    """Return a company, with Anna on both sides and Bo in HR only, before its first plan."""
    chosen = {"system": SYSTEM, "source_of_truth": "hr", **settings}
    made = FlowCompany(EmployeesSettings(**chosen), random.Random(1))
    made.edit_hr("anna", **dict(ANNA))
    made.edit_fortnox("1", **{k: v for k, v in ANNA if v})
    made.snapshot()
    made.settle()
    return made


@pytest.fixture
def live() -> FlowCompany:
    """Return a company after its first plan: Anna is linked with employee 1."""
    made = company()
    made.apply(made.plan(), "first")
    made.settle()
    return made


def orders(made: FlowCompany) -> list[Order]:
    """Deliver everything that was said; return the orders that it gave, none of which is carried out yet."""
    found: list[Order] = []
    while made.bus:
        found += made.deliver(made.bus.pop(0))
    return found


def names(found: list[Order]) -> list[tuple[str, str]]:
    """Return the kind and the rule of orders."""
    return [(type(order).__name__, order.rule) for order in found]


def hold(made: FlowCompany, key: str = KEY) -> HoldForReview:
    """Return the open hold of somebody."""
    return made.open()[key]


def person(made: FlowCompany, key: str = KEY) -> Any:
    """Return what is remembered of somebody."""
    return made.states[key].person


def test_a_change_goes_out_with_what_it_overwrites(live: FlowCompany) -> None:
    """The order names the field, the new value and the old one, which stays on record."""
    live.edit_hr("anna", city="Solna")
    [order] = orders(live)
    assert isinstance(order, UpsertEmployee)
    assert (order.rule, order.employee_id, order.create) == ("differing_fields_are_settled_one_by_one", "1", False)
    assert order.fields == EmployeeFields(city="Solna")
    assert order.expected == EmployeeFields(city="Lund")
    assert [(one.field, one.rule) for one in order.settled] == [("city", "what_hr_changed_goes_to_fortnox")]
    assert order.settings_version == 1


def test_nothing_happens_before_the_first_plan() -> None:
    """What is told before is learned only."""
    made = company(new_in_hr="create")
    made.edit_hr("anna", city="Solna")
    made.edit_hr("bo", **dict(BO))
    made.edit_fortnox("1", phone="+46701")
    made.snapshot()
    assert orders(made) == []
    assert made.states[f"{SYSTEM}/bo"].person is not None
    made.apply([], "none")
    made.edit_hr("bo", city="Umeå")
    assert names(orders(made)) == [("UpsertEmployee", "a_new_person_is_created_or_waits")]


def test_an_answer_is_awaited_first(live: FlowCompany) -> None:
    """What comes while an order is under way collapses into the newest state, decided when the outcome arrives."""
    live.edit_hr("anna", city="Solna")
    assert len(orders(live)) == 1
    for city in ("Umeå", "Malmö", "Kiruna"):
        live.edit_hr("anna", city=city)
    assert orders(live) == []
    live.settle()
    assert [order.fields.city for order in live.calls if isinstance(order, UpsertEmployee)] == ["Solna", "Kiruna"]
    assert live.fortnox["1"].city == "Kiruna"


def test_a_row_that_has_moved_is_refused(live: FlowCompany) -> None:
    """It names the fields of either side, and nothing is written."""
    live.edit_hr("anna", city="Solna")
    live.edit_fortnox("1", phone="+46701")
    rows = [row.model_copy(update={"action": "prefer_hr"}) for row in live.plan()]
    live.bus.clear()
    live.edit_hr("anna", city="Umeå", title="Chef")
    live.snapshot()
    live.settle()
    before = len(live.calls)
    live.apply(rows, "second")
    [refused] = [order for order in orders(live) if isinstance(order, HoldForReview)]
    assert (refused.rule, refused.reason) == ("a_row_that_has_moved_is_refused", "moved_since_the_plan")
    assert all(field in refused.message for field in ("HR's city", "HR's title", "Fortnox's phone"))
    assert len(live.calls) == before


def test_a_row_that_leaves_alone_what_has_moved_is_refused(live: FlowCompany) -> None:
    """What was seen is left alone, and nothing else: the conflict that came after the plan waits as before."""
    rows = [row.model_copy(update={"action": "do_nothing"}) for row in live.plan()]
    live.edit_fortnox("1", city="Malmö")
    live.snapshot()
    live.edit_hr("anna", city="Umeå")
    live.settle()
    assert hold(live).reason == "conflict"
    live.apply(rows, "second")
    live.settle()
    assert (hold(live).reason, person(live).ignored) == ("moved_since_the_plan", False)
    live.answer(hold(live), "go_on")
    live.settle()
    assert hold(live).reason == "conflict"


@pytest.mark.parametrize("action", ["prefer_fortnox", "do_nothing"])
def test_a_row_for_somebody_under_way_is_refused(live: FlowCompany, action: PlanAction) -> None:
    """An order whose outcome is not known may change what the row showed; nothing of it comes into force later."""
    live.edit_fortnox("1", city="Malmö")
    live.snapshot()
    orders(live)
    rows = [row.model_copy(update={"action": action}) for row in live.plan()]
    live.edit_hr("anna", title="Chef", city="Lund")
    live.answer(hold(live), "prefer_hr")
    orders(live)
    live.apply(rows, "second")
    assert names(orders(live)) == [("HoldForReview", "an_answer_is_awaited_first")]
    assert not person(live).ignored
    live.settle()
    assert (live.hr["anna"].city, live.fortnox["1"].city) == ("Lund", "Lund")


def test_a_row_that_creates_somebody_who_was_linked_meanwhile_is_refused(live: FlowCompany) -> None:
    """The link has moved: nobody is created twice."""
    live.edit_hr("bo", **dict(BO))
    live.settle()
    [row] = [row for row in live.plan() if row.person == f"{SYSTEM}/bo"]
    assert row.action == "create_in_fortnox"
    live.edit_fortnox("2", given_name="Bo")
    live.snapshot()
    live.link("bo", "2")
    live.settle()
    live.apply([row], "second")
    live.settle()
    assert not [o for o in live.calls if isinstance(o, UpsertEmployee) and o.create]


def test_what_a_person_left_alone_stays_alone(live: FlowCompany) -> None:
    """An answer that nothing is done closes the hold, until the record changes again."""
    live.edit_hr("bo", **dict(BO))
    live.settle()
    live.answer(hold(live, f"{SYSTEM}/bo"), "do_nothing")
    assert names(orders(live)) == [("CloseReview", "what_a_person_left_alone_stays_alone")]
    live.tell_hr("bo")
    assert orders(live) == []
    live.edit_hr("bo", city="Umeå")
    assert names(orders(live)) == [("HoldForReview", "a_new_person_is_created_or_waits")]


def test_whoever_joins_two_ends_what_was_said_of_leaving_one_alone(live: FlowCompany) -> None:
    """Nothing is to be done about somebody who was taken apart; then a person joins the two again."""
    live.link("anna", None)
    live.edit_hr("anna", city="Kiruna")
    live.settle()
    live.answer(hold(live), "do_nothing")
    live.settle()
    assert person(live).ignored
    live.link("anna", "1")
    live.settle()
    assert (person(live).ignored, live.fortnox["1"].city) == (False, "Kiruna")


def test_an_employee_that_hr_lacks_is_created_on_demand(live: FlowCompany) -> None:
    """A row says so; live nothing is done about who is in Fortnox only. The two are then linked as imported."""
    live.edit_fortnox("2", **{k: v for k, v in BO if v})
    live.snapshot()
    assert orders(live) == []
    [row] = [row for row in live.plan() if row.employee_id == "2"]
    live.apply([row.model_copy(update={"action": "create_in_hr"})], "second")
    [order] = orders(live)
    assert isinstance(order, UpsertPerson)
    assert (order.person_id, order.fields.email, order.fields.employment_id) == (None, BO.email, "2")
    live.settle()
    [new] = [key for key, state in live.states.items() if state.person and state.person.link and key != KEY]
    assert (person(live, new).link.employee_id, person(live, new).link.origin) == ("2", "imported")
    assert live.open() == {}


def test_an_invalid_employee_is_not_created_in_hr(live: FlowCompany) -> None:
    """The checks hold it, under their name."""
    live.edit_fortnox("2", email="nothing", given_name="Bo", family_name="Al")
    live.snapshot()
    live.settle()
    [row] = [row for row in live.plan() if row.employee_id == "2"]
    live.apply([row.model_copy(update={"action": "create_in_hr"})], "second")
    live.settle()
    assert hold(live, "fortnox/employee/2").reason == "email_invalid"


@pytest.mark.parametrize("answer", ["create", "match 2", "do_nothing"])
def test_a_new_person_with_candidates_waits(live: FlowCompany, answer: str) -> None:
    """Somebody in Fortnox has the address: a person says who it is, whatever the settings say of new ones."""
    live.settings = live.settings.model_copy(update={"new_in_hr": "create"})
    live.edit_fortnox("2", **{k: v for k, v in BO if v and k != "city"})
    live.snapshot()
    live.edit_hr("bo", **dict(BO))
    live.settle()
    key = f"{SYSTEM}/bo"
    asked = hold(live, key)
    assert (asked.reason, [c.answer for c in asked.choices]) == ("new_in_hr", ["match 2", "create", "do_nothing"])
    live.answer(asked, answer)
    live.settle()
    if answer == "match 2":
        assert (person(live, key).link.employee_id, person(live, key).link.origin) == ("2", "matched by hand")
    elif answer == "create":
        assert hold(live, key).reason == "email_not_unique"
    else:
        assert live.open() == {}
    assert len(live.fortnox) == 2


@pytest.mark.parametrize(("new_in_hr", "created"), [("hold", False), ("create", True)])
def test_a_new_person_is_created_or_waits(live: FlowCompany, new_in_hr: str, created: bool) -> None:  # noqa: FBT001 - a case
    """As the settings say; an answer creates as well. The two are then linked as exported."""
    live.settings = live.settings.model_copy(update={"new_in_hr": new_in_hr})
    live.edit_hr("bo", **dict(BO))
    live.settle()
    assert (len(live.fortnox) == 2) is created
    if not created:
        live.answer(hold(live, f"{SYSTEM}/bo"), "create")
        live.settle()
    assert person(live, f"{SYSTEM}/bo").link.origin == "exported"
    assert live.open() == {}


@pytest.mark.parametrize("preset", [None, "alexis", "huma"])
def test_the_id_that_fortnox_gives_joins_whoever_holds_it(preset: str | None) -> None:
    """Created without one: Fortnox's own goes into the index, beside the employee who is there under that value."""
    made = company(preset=preset)
    index = index_keys("fortnox", EmployeeFields(employment_id="1001"))[0]
    made.say(EmployeeSeen(employee_id="7", seen_at=made.tick(), fields=EmployeeFields(employment_id="1001")))
    made.settle()
    assert made.states[index].members == ("fortnox/employee/7",)
    made.edit_hr("bo", **dict(BO))
    made.settle()
    made.apply([row.model_copy(update={"action": "create_in_fortnox"}) for row in made.plan() if row.person])
    made.settle()
    assert made.fortnox["1001"].email == BO.email
    assert made.states[index].members == ("fortnox/employee/1001", "fortnox/employee/7")


def test_an_address_that_changed_on_the_way_is_indexed_as_it_was_written(live: FlowCompany) -> None:
    """What Fortnox holds is what was sent; HR's newer address is another person's there."""
    live.settings = live.settings.model_copy(update={"new_in_hr": "create"})
    live.edit_hr("bo", **dict(BO))
    orders(live)
    live.edit_hr("bo", email="bo.ny@example.se")
    orders(live)
    live.carry_out(live.ready()[0])
    orders(live)
    assert live.states[index_keys("fortnox", BO)[0]].members == (
        employee_key(person(live, f"{SYSTEM}/bo").link.employee_id),
    )


def test_a_person_of_another_system_is_nobody_of_ours(live: FlowCompany) -> None:
    """Facts of an HR system that the company has not chosen are learned only."""
    live.say(EmployeeChanged(system="huma", person_id="9", changed_at=live.tick(), fields=BO))
    assert orders(live) == []


def test_a_person_deleted_in_hr_is_kept_in_fortnox(live: FlowCompany) -> None:
    """It is told and held; the answer stands although HR says so again, until the person is back."""
    gone = EmployeeChanged(
        system=SYSTEM, person_id="anna", changed_at=live.tick(), deleted=True, fields=EmployeeFields()
    )
    live.say(gone)
    assert names(orders(live)) == [("HoldForReview", "a_person_deleted_in_hr_is_kept_in_fortnox")]
    assert hold(live).reason == "deleted_in_hr"
    live.answer(hold(live), "do_nothing")
    live.settle()
    assert live.open() == {}
    live.say(gone.model_copy(update={"changed_at": live.tick()}))
    assert orders(live) == []
    live.edit_hr("anna", city="Solna")
    live.settle()
    assert (live.fortnox["1"].city, live.open()) == ("Solna", {})


@pytest.mark.parametrize("by", ["plan", "answer", "link"])
def test_who_was_deleted_in_hr_and_is_there_anew_is_joined_with_the_same_employee(live: FlowCompany, by: str) -> None:
    """They left and come back as another record: who joins that one with the employee has decided it."""
    live.say(
        EmployeeChanged(system=SYSTEM, person_id="anna", changed_at=live.tick(), deleted=True, fields=EmployeeFields())
    )
    del live.hr["anna"]
    live.edit_hr("again", **dict(ANNA))
    live.settle()
    match by:
        case "plan":
            rows = live.plan()
            assert [(row.action, row.employee_id) for row in rows] == [("match", "1")]
            live.apply(rows, "second")
        case "answer":
            live.answer(hold(live, f"{SYSTEM}/again"), "match 1")
        case _:
            live.link("again", "1")
    live.settle()
    live.edit_hr("again", city="Solna")
    live.settle()
    assert ({key: held.city for key, held in live.fortnox.items()}, live.open()) == ({"1": "Solna"}, {})
    assert (person(live).link, person(live).was) == (None, "1")


def test_unlink_holds_and_leaves_fortnox_untouched_and_relink_sends_the_newest(live: FlowCompany) -> None:
    """Changes of both sides wait; linked again, one order carries what is newest."""
    before = len(live.calls)
    live.link("anna", None)
    for city in ("Solna", "Umeå", "Malmö"):
        live.edit_hr("anna", city=city)
    live.settle()
    assert (hold(live).rule, hold(live).reason) == ("a_person_who_was_taken_apart_waits", "not_linked")
    assert len(live.calls) == before
    live.link("anna", "1")
    live.settle()
    assert [getattr(order, "fields", None) for order in live.calls[before:]] == [EmployeeFields(city="Malmö")]
    assert live.open() == {}


def test_two_that_cannot_be_joined_stay_apart(live: FlowCompany) -> None:
    """Either is linked with another: it is said, not swallowed."""
    live.edit_hr("bo", **dict(BO))
    live.settle()
    live.link("bo", "1")
    live.settle()
    refused = hold(live, f"{SYSTEM}/bo")
    assert (refused.rule, refused.reason) == ("two_that_cannot_be_joined_stay_apart", "already_linked")
    live.link("anna", "2")
    live.settle()
    assert hold(live).reason == "already_linked"
    assert person(live).link.employee_id == "1"


def test_a_link_with_an_employee_that_was_never_seen_waits(live: FlowCompany) -> None:
    """It is held until Fortnox shows the employee."""
    live.edit_hr("bo", **dict(BO))
    live.link("bo", "2")
    live.settle()
    assert hold(live, f"{SYSTEM}/bo").reason == "employee_not_seen"
    live.edit_fortnox("2", given_name="Bo", family_name="Al")
    live.snapshot()
    live.settle()
    assert f"{SYSTEM}/bo" not in live.open()


def test_a_conflict_waits_with_the_values_and_is_answered(live: FlowCompany) -> None:
    """Both changed the city: both values and the base are shown; the answer decides, the rest follows its rules."""
    live.edit_fortnox("1", city="Umeå")
    live.edit_hr("anna", city="Solna", title="Chef")
    live.snapshot()
    live.settle()
    asked = hold(live)
    assert asked.reason in {"conflict", "fortnox_changed"}
    assert "city: HR Solna, Fortnox Umeå, before Lund" in asked.lines
    live.answer(asked, "prefer_fortnox")
    live.settle()
    assert (live.hr["anna"].city, live.fortnox["1"].city) == ("Umeå", "Umeå")
    assert live.fortnox["1"].title == "Chef"


def test_an_answer_that_changes_nothing_asks_again(live: FlowCompany) -> None:
    """The first hold is closed as answered, the same is held anew; an answer to an old hold does nothing."""
    live.edit_hr("anna", email="nothing")
    live.settle()
    first = hold(live)
    live.answer(first, "retry")
    found = orders(live)
    assert [type(order) for order in found] == [CloseReview, HoldForReview]
    assert isinstance(found[0], CloseReview)
    assert found[0].how == "answered"
    assert hold(live).id_in(TENANT) != first.id_in(TENANT)
    live.answer(first, "retry")
    assert orders(live) == []


def test_what_fails_a_check_waits_and_others_go_on(live: FlowCompany) -> None:
    """One person's hold holds nobody else; put right, it goes by itself."""
    live.settings = live.settings.model_copy(update={"new_in_hr": "create"})
    live.edit_hr("anna", email="nothing")
    live.edit_hr("bo", **dict(BO))
    live.settle()
    assert list(live.open()) == [KEY]
    assert len(live.fortnox) == 2
    live.edit_hr("anna", email="anna.ek@example.se")
    live.settle()
    assert (live.fortnox["1"].email, live.open()) == ("anna.ek@example.se", {})


def test_a_value_that_another_has_waits_until_it_is_free(live: FlowCompany) -> None:
    """Unique on both sides, live as well: when the other one gives it up, it goes on by itself."""
    live.settings = live.settings.model_copy(update={"new_in_hr": "create"})
    live.edit_hr("bo", **{**dict(BO), "phone": "+46701"})
    live.settle()
    live.edit_hr("anna", phone="+46701")
    live.settle()
    assert hold(live).reason == "phone_not_unique"
    live.edit_hr("bo", phone="+46702")
    live.settle()
    live.snapshot(whole=True)
    live.settle()
    assert (live.fortnox["1"].phone, live.open()) == ("+46701", {})


def test_a_refused_order_waits_and_the_next_one_replaces_it(live: FlowCompany) -> None:
    """The same is not sent again by itself; newer values are, and so is the same when a person says retry."""
    live.refuses = 1.0
    live.edit_hr("anna", city="Solna")
    live.settle()
    first = live.calls[-1]
    assert (hold(live).rule, hold(live).reason) == ("what_was_refused_waits", "licence_missing")
    live.tell_hr("anna")
    assert orders(live) == []
    live.answer(hold(live), "retry")
    live.settle()
    second = live.calls[-1]
    assert isinstance(first, UpsertEmployee)
    assert isinstance(second, UpsertEmployee)
    assert (second.fields, second.replaces) == (first.fields, first.id_in(TENANT))
    live.refuses = 0.0
    live.edit_hr("anna", city="Umeå")
    live.settle()
    assert live.calls[-1].replaces == second.id_in(TENANT)
    assert (live.fortnox["1"].city, live.open()) == ("Umeå", {})


def test_an_order_that_a_person_discarded_waits_under_that_name(live: FlowCompany) -> None:
    """Nobody says that Fortnox refused it; retry gives it anew."""
    live.edit_hr("anna", city="Solna")
    order = next(order for order in orders(live) if isinstance(order, UpsertEmployee))
    live.queues["fortnox", order.key].remove(order)  # the sink never took it in
    live.tell_outcome(order, "discarded", code="discarded", why="Anna: by hand", who="operator")
    live.settle()
    assert hold(live).reason == "discarded"
    assert "Nothing was sent to Fortnox: it was discarded (Anna: by hand)" in hold(live).message
    live.answer(hold(live), "retry")
    live.settle()
    assert (live.fortnox["1"].city, live.open()) == ("Solna", {})


@pytest.mark.parametrize(("code", "goes_on"), [("licence_missing", True), ("period_locked", False)])
def test_checks_that_pass_let_it_go_on(live: FlowCompany, code: str, goes_on: bool) -> None:  # noqa: FBT001 - a case
    """What was refused for a reason is sent again when that reason is gone."""
    live.refuses = 1.0
    live.edit_hr("anna", city="Solna")
    live.settle()
    live.refuses = 0.0
    given = live.tell_waiting(ChecksPassed(codes=(code,), checked_at=live.tick()))
    assert [type(order) for order in given] == ([CloseReview, UpsertEmployee] if goes_on else [])
    if goes_on:
        assert isinstance(given[0], CloseReview)
        assert given[0].how == "checks_passed"


def test_other_settings_settle_what_waited(live: FlowCompany) -> None:
    """A conflict that was asked for goes by its new rule, and the hold says so."""
    live.edit_fortnox("1", city="Umeå")
    live.snapshot()
    live.settle()
    assert hold(live).reason == "fortnox_changed"
    owned = EmployeesSettings(
        system=SYSTEM, source_of_truth="hr", fields=(FieldRule(field="city", fortnox_changed="to_hr"),)
    )
    applied = SettingsApplied(tenant=TENANT, version=2, applied_by="lena", settings=TenantSettings(employees=owned))
    given = live.tell_waiting(applied)
    assert [type(order) for order in given] == [CloseReview, UpsertPerson]
    assert isinstance(given[0], CloseReview)
    assert given[0].how == "settings_changed"


def test_a_new_one_who_was_refused_goes_anew_when_the_settings_say_what_new_ones_are(live: FlowCompany) -> None:
    """Fortnox found no agreement; whoever is there already gets nothing of it."""
    live.settings = live.settings.model_copy(update={"new_in_hr": "create"})
    live.refuses = 1.0
    live.edit_hr("bo", **dict(BO))
    live.settle()
    assert hold(live, f"{SYSTEM}/bo").rule == "what_was_refused_waits"
    live.refuses = 0.0
    told = live.settings.model_copy(update={"new_employee": NewEmployee(personnel_type="TJM")})
    applied = SettingsApplied(tenant=TENANT, version=2, applied_by="lena", settings=TenantSettings(employees=told))
    closed, made = live.tell_waiting(applied)
    assert isinstance(closed, CloseReview)
    assert isinstance(made, UpsertEmployee)
    assert (made.create, made.new) == (True, told.new_employee)
    live.settle()
    live.edit_hr("bo", city="Solna")
    changed = next(order for order in orders(live) if isinstance(order, UpsertEmployee))
    assert (changed.create, changed.new) == (False, None)


def test_what_comes_late_undoes_nothing(live: FlowCompany) -> None:
    """An older change, sight or decision is not what holds now."""
    early = live.now - timedelta(hours=1)
    live.edit_hr("anna", city="Solna")
    live.settle()
    live.snapshot()
    live.link("anna", None)
    live.link("anna", "1")
    live.settle()
    before = dict(live.states)
    live.say(EmployeeChanged(system=SYSTEM, person_id="anna", changed_at=early, fields=BO))
    live.say(EmployeeSeen(employee_id="1", seen_at=early, fields=BO))
    live.say(LinkDecided(person=KEY, employee_id=None, decided_by="lena", decided_at=early))
    assert orders(live) == []
    assert live.states == before


def test_of_a_person_whom_hr_never_told_nothing_is_said(live: FlowCompany) -> None:
    """They may be taken apart before HR tells of them; it is remembered, and nothing follows."""
    live.say(LinkDecided(person=f"{SYSTEM}/bo", employee_id=None, decided_by="lena", decided_at=live.now))
    live.settle()
    assert live.calls == []
    assert live.open() == {}


def test_our_own_write_comes_back_as_nothing(live: FlowCompany) -> None:
    """An echo of what was written asks for nothing, on either side."""
    live.edit_hr("anna", city="Solna")
    live.settle()
    live.snapshot(whole=True)
    live.tell_hr("anna")
    assert orders(live) == []


def test_a_mentioned_person_is_read_again_once(live: FlowCompany) -> None:
    """A webhook that says only who: one order to read, though the same comes twice."""
    live.say(PersonMentioned(system=SYSTEM, person_id="anna", topic="users-update", mentioned_at=live.tick()))
    again = live.bus[0]
    [order] = orders(live)
    assert isinstance(order, ReadPerson)
    live.bus.append(again)
    assert orders(live) == []


def test_outcomes_of_other_flows_and_orders_say_nothing() -> None:
    """The state is not even read for them."""
    record = AuditRecord(
        sequence=1,
        previous="0" * 64,
        at=company().now,
        outcome="delivered",
        flow="daysales",
        key=KEY,
        message_id="x",
        message_type="bokbuss.post-voucher.v1",
        fact_id="f",
    )
    assert FLOW.reads(record) == ()
    assert FLOW.reads(record.model_copy(update={"flow": "employees", "outcome": "unknown"})) == ()


def test_without_settings_nothing_is_ordered(live: FlowCompany) -> None:
    """A flow that is switched off learns only."""
    live.edit_hr("anna", city="Solna")
    message = live.bus.pop()
    states = {key: live.states[key] for key in FLOW.reads(message.data) if key in live.states}
    assert FLOW.decide(states, message, Terms()) == ()


def test_an_employment_id_that_can_be_nobodys_id_in_fortnox_waits(live: FlowCompany) -> None:
    """What cannot be written to stops neither the flow nor anybody else."""
    live.settings = live.settings.model_copy(update={"new_in_hr": "create"})
    live.edit_hr("bo", **dict(BO) | {"employment_id": "#12"})
    live.settle()
    assert (hold(live, f"{SYSTEM}/bo").reason, len(live.fortnox)) == ("employment_id_invalid", 1)
    [row] = [row for row in live.plan() if row.person == f"{SYSTEM}/bo"]
    assert (row.state, row.rule) == ("invalid", "employment_id_invalid")
    live.edit_hr("bo", employment_id="12")
    live.settle()
    assert (live.open(), set(live.fortnox)) == ({}, {"1", "12"})
