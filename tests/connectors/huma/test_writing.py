"""Writing people: one record for one order, whatever answer is lost, and nothing overwritten that has moved."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.huma import SYSTEM
from connectors.huma.sandbox import Company, Fault, Faults
from infra import clock, plugin
from infra.access.connections import Connections
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.leases import LeaseLost
from infra.plugin import Host
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas import envelope
from schemas.audit import Shown
from schemas.commands import Order, ReadPerson, UpsertPerson
from schemas.envelope import Envelope
from schemas.events import EmployeeFields
from schemas.personal import Personal
from tests.connectors.choosing import choose
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor, attempt
from tests.connectors.huma.reading_driver import reading
from tests.infra.opened import Opened, opened

DONE = [Fault.LOSE_ANSWER, Fault.FAIL_AFTERWARDS]
NOT_DONE = [Fault.LOSE_REQUEST, Fault.FAIL, Fault.BAD_GATEWAY]
NOBODY = "00000000-0000-4000-8000-000000000000"


def account(plain: str, shown: str) -> Personal:
    """Return what the flow holds of somebody's account."""
    return Personal(kind="bank_account", sealed=VAULT.seal(plain, "bank_account", TENANT), shown=shown)


ACCOUNT = account("6000,123456789", "Handelsbanken •••89")
OWN = EmployeeFields(
    email="anna@x.se",
    employment_id="17",
    given_name="Anna",
    family_name="Exempelsson",
    phone="+46701740605",
    street="Storgatan 1",
    postal_code="111 22",
    city="Stockholm",
    country="SE",
    bank_account=ACCOUNT,
)
DAYS = EmployeeFields(first_day=date(2020, 1, 1), last_day=date(2199, 12, 31))
WHOLE = OWN.model_copy(update={"first_day": DAYS.first_day, "last_day": DAYS.last_day})


def given(order: type[Order], **fields: Any) -> Envelope[Any]:
    """Return an order of the flow's."""
    data = order(flow="employees", key="huma/1", revision="0" * 16, step="1", rule="r", **{"system": "huma"} | fields)
    return envelope.wrap(
        data,
        message_id=str(data.id_in(TENANT)),
        source="/streams/employees",
        time=datetime(2026, 4, 10, tzinfo=UTC),
        tenant=TENANT,
    )


def upsert(person_id: str | None, **order: Any) -> Envelope[Any]:
    """Return an order to write a person."""
    return given(UpsertPerson, person_id=person_id, **order)


@pytest.fixture
async def huma(host: Host) -> AsyncIterator[Opened]:
    """Yield the company's connection."""
    async with opened(SYSTEM.sinks[0], plugin.Company(TENANT, None, None), host) as connection:
        yield connection


def only_person(company: Company) -> dict[str, Any]:
    """Return the record of the only person."""
    (record,) = company.people.values()
    return record


# --- New people -----------------------------------------------------------------------------------------------------


async def test_a_new_person_holds_everything(huma: Opened, company: Company, told: FakeAcceptor) -> None:
    """Every field arrives; nobody is invited; reading them again gives what was written."""
    order = upsert(None, fields=OWN)
    assert await huma.probe(order, attempt()) == Absent()
    verdict = await huma.write(order, attempt())
    record = only_person(company)
    assert verdict == Delivered(record=record["id"], note="created")
    assert record["bankAccount"] == {"type": "national", "number": "6000-123456789", "country": "SE"}
    assert record["groups"] == list(company.groups)
    assert await huma.probe(order, attempt()) == AlreadyThere(record=record["id"])
    await huma.write(given(ReadPerson, person_id=record["id"]), attempt())
    (fact,) = told.people()
    assert fact.fields.model_copy(update={"bank_account": ACCOUNT}) == OWN
    assert fact.fields.bank_account == ACCOUNT


async def test_days_of_somebody_without_a_position_are_said_not_to_be_written(huma: Opened, company: Company) -> None:
    """Title and kind of contract, a person chooses; the record is named, so that it is not made again."""
    verdict = await huma.write(upsert(None, fields=WHOLE), attempt())
    assert isinstance(verdict, Delivered)
    assert verdict.record == only_person(company)["id"]
    assert "first_day, last_day: not written, since the person has no position" in verdict.note
    there = await huma.write(upsert(verdict.record, fields=DAYS), attempt())
    assert isinstance(there, Rejected)
    assert there.code == "position_missing"


@pytest.mark.parametrize("companies", [0, 2])
async def test_a_new_person_is_put_into_no_group_where_there_is_a_choice(
    huma: Opened, company: Company, companies: int
) -> None:
    """Which one it is to be, nobody said; the note tells."""
    company.groups.clear()
    for number in range(companies):
        company.add_group(f"AB {number}")
    company.add_group("Kassan", "team")
    verdict = await huma.write(upsert(None, fields=OWN), attempt())
    assert isinstance(verdict, Delivered)
    assert verdict.note == "created, in no group: which one must be chosen in Huma"
    assert only_person(company)["groups"] == []


async def test_somebody_who_is_there_already_is_not_doubled(huma: Opened, company: Company) -> None:
    """Another person with this e-mail address, in whatever case, is for somebody to match."""
    company.add_person(email="Anna@X.se", givenName="Other")
    verdict = await huma.write(upsert(None, fields=OWN), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "person_exists"
    assert len(company.people) == 1


async def test_somebody_with_the_same_name_and_another_account_is_not_ours(huma: Opened, company: Company) -> None:
    """An earlier try of ours can have left fields empty, but no other values in them."""
    anna = company.add_person(
        email="anna@x.se",
        givenName="Anna",
        familyName="Exempelsson",
        phone="+46701740605",
        bankAccount={"type": "national", "number": "6000 987 654 322", "country": "SE"},
    )
    verdict = await huma.write(upsert(None, fields=OWN), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "person_exists"
    company.change_person(anna, bankAccount=None)
    assert isinstance(await huma.write(upsert(None, fields=OWN), attempt()), Delivered)
    assert len(company.people) == 1


async def test_only_the_exact_address_counts_among_what_a_search_finds(huma: Opened, company: Company) -> None:
    """A search finds parts of words as well, over several pages."""
    for name in ("joh", "mari", "lis", "h"):
        company.add_person(email=f"{name}anna@x.se", givenName=name)
    assert isinstance(await huma.write(upsert(None, fields=OWN), attempt()), Delivered)
    assert len(company.people) == 5


async def test_a_new_person_needs_an_address_and_a_name(huma: Opened, company: Company) -> None:
    """What is missing is named, and nothing is asked."""
    verdict = await huma.write(upsert(None, fields=EmployeeFields(given_name="Anna")), attempt())
    assert verdict == Rejected("incomplete", "a new person in Huma needs: email, family_name", "accountant")
    assert company.calls == []


async def test_what_huma_refuses_of_a_new_person_is_in_the_note(huma: Opened, company: Company) -> None:
    """The person is there, and is linked; a country of three letters is not."""
    verdict = await huma.write(upsert(None, fields=OWN.model_copy(update={"country": "SWE"})), attempt())
    assert isinstance(verdict, Delivered)
    assert verdict.record == only_person(company)["id"]
    assert "Huma refuses it (400)" in verdict.note


# --- People who are there --------------------------------------------------------------------------------------------


async def test_only_what_differs_is_written_and_told_with_what_it_replaces(huma: Opened, company: Company) -> None:
    """The note shows the old and the new value of each field, and of the account what may be seen."""
    anna = company.add_person(
        givenName="Anna",
        phone="070-174 06 05",
        bankAccount={"type": "se_national", "number": "6000 987 654 322", "country": "SE"},
        homeAddress={
            "line1": "Storgatan 1",
            "line2": "lgh 3",
            "line3": "",
            "postalCode": "",
            "city": "Malmö",
            "country": "",
        },
    )
    fields = EmployeeFields(given_name="Anna", phone="+46701740606", bank_account=ACCOUNT, city="Lund")
    verdict = await huma.write(upsert(anna, fields=fields), attempt())
    assert isinstance(verdict, Delivered)
    assert verdict.note == "changed: phone, city, bank_account"
    record = company.people[anna]
    assert record["bankAccount"] == {"type": "se_national", "number": "6000-123456789", "country": "SE"}
    assert (record["homeAddress"]["line1"], record["homeAddress"]["line2"]) == ("Storgatan 1", "lgh 3")
    assert len(company.calls) == 2
    assert await huma.write(upsert(anna, fields=fields), attempt()) == AlreadyThere(record=anna)


async def test_what_has_moved_is_refused_by_name(huma: Opened, company: Company, told: FakeAcceptor) -> None:
    """A field that holds what was expected, or already what is wanted, has not moved."""
    anna = company.add_person(givenName="Anna", familyName="Ek", phone="+46701740605", employmentId="17")
    expected = EmployeeFields(given_name="Ann", family_name="Al", phone="+46701740605", employment_id="16")
    fields = EmployeeFields(given_name="Anne", family_name="Ek", phone="+46701740606", employment_id="18")
    verdict = await huma.write(upsert(anna, fields=fields, expected=expected), attempt())
    why = "changed in Huma since it was decided: employment_id, given_name"
    assert verdict == Rejected("record_moved", why, "accountant")
    assert [fact.fields.given_name for fact in told.people()] == ["Anna"]  # the next one is decided on it
    assert company.people[anna]["phone"] == "+46701740605"
    right = expected.model_copy(update={"given_name": "Anna", "employment_id": "17"})
    assert isinstance(await huma.write(upsert(anna, fields=fields, expected=right), attempt()), Delivered)
    assert company.people[anna]["employmentId"] == "18"


async def test_first_and_last_day_go_to_the_first_and_the_last_position(huma: Opened, company: Company) -> None:
    """Also to one and the same, and a last day can be emptied."""
    anna = company.add_person("2020-01-01", "2022-12-31", givenName="Anna")
    second = company.add_position(anna, firstDayOfWork="2023-01-01", lastDayOfWork="2198-12-31")
    fields = EmployeeFields(first_day=date(2020, 2, 1), last_day=date(2199, 6, 30))
    assert isinstance(await huma.write(upsert(anna, fields=fields), attempt()), Delivered)
    positions = company.people[anna]["positions"]
    assert [each["firstDayOfWork"] for each in positions.values()] == ["2020-02-01", "2023-01-01"]
    assert positions[second]["lastDayOfWork"] == "2199-06-30"
    assert isinstance(
        await huma.write(upsert(anna, fields=EmployeeFields(), clear=("last_day",)), attempt()), Delivered
    )
    assert positions[second]["lastDayOfWork"] is None
    bo = company.add_person("2022-08-15", givenName="Bo")
    assert isinstance(await huma.write(upsert(bo, fields=fields), attempt()), Delivered)
    (only,) = company.people[bo]["positions"].values()
    assert (only["firstDayOfWork"], only["lastDayOfWork"]) == ("2020-02-01", "2199-06-30")


async def test_a_last_day_before_another_position_ends_is_refused_by_name(huma: Opened, company: Company) -> None:
    """Written, it would not be read back."""
    anna = company.add_person("2019-01-01", givenName="Anna")
    company.add_position(anna, firstDayOfWork="2026-06-01", lastDayOfWork="2026-08-31")
    early, late = (EmployeeFields(last_day=date(2026, month, 30)) for month in (7, 9))
    verdict = await huma.write(upsert(anna, fields=early), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "several_positions"
    assert isinstance(await huma.write(upsert(anna, fields=late), attempt()), Delivered)
    assert isinstance(await huma.write(upsert(anna, fields=late), attempt()), AlreadyThere)


async def test_a_field_is_emptied_when_it_is_asked_for(huma: Opened, company: Company) -> None:
    """No value stands in the note; a person cannot be without name and address."""
    anna = company.add_person(
        employmentId="17", bankAccount={"type": "national", "number": "6000-123456789", "country": "SE"}
    )
    order = upsert(anna, fields=EmployeeFields(), clear=("employment_id", "bank_account"))
    verdict = await huma.write(order, attempt())
    assert verdict == Delivered(record=anna, note="changed: employment_id, bank_account")
    assert await huma.probe(order, attempt()) == AlreadyThere(record=anna)
    verdict = await huma.write(upsert(anna, fields=EmployeeFields(), clear=("email",)), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "cannot_be_emptied"


async def test_what_does_not_travel_is_said_not_to(huma: Opened, company: Company) -> None:
    """Titles and personal numbers stay where they are."""
    anna = company.add_person(givenName="Anna")
    verdict = await huma.write(upsert(anna, fields=EmployeeFields(given_name="Ann", title="Chef")), attempt())
    assert isinstance(verdict, Delivered)
    assert verdict.note == "title: not written, since it does not travel to Huma; changed: given_name"
    nothing = await huma.write(upsert(anna, fields=EmployeeFields(title="Chef")), attempt())
    assert isinstance(nothing, Rejected)
    assert nothing.code == "nothing_to_write"


async def test_an_address_that_waits_for_its_person_counts_as_written(huma: Opened, company: Company) -> None:
    """A new login address may have to be confirmed; it is not asked for again, and the old one is nobody's change."""
    company.confirms_email = True
    anna = company.add_person(email="a@x.se")
    order = upsert(anna, fields=EmployeeFields(email="b@x.se"), expected=EmployeeFields(email="a@x.se"))
    verdict = await huma.write(order, attempt())
    assert isinstance(verdict, Delivered)
    assert "confirm" in verdict.note
    old = Shown(names=("email",), fields=EmployeeFields(email="a@x.se"))
    assert verdict.shown == old
    assert await huma.write(order, attempt()) == AlreadyThere(record=anna, shown=old)
    assert await huma.probe(order, attempt()) == AlreadyThere(record=anna, shown=old)


async def test_what_was_chosen_is_written_and_read_back(
    huma: Opened, host: Host, company: Company, told: FakeAcceptor
) -> None:
    """The login address and the given name stay; a private address is not confirmed, and may be emptied."""
    company.confirms_email = True
    await choose(host, "huma", email="privateEmail", given_name="preferredName")
    anna = company.add_person(email="login@x.se", privateEmail="p@x.se", givenName="Anna Maria", preferredName="Anna")
    changed = EmployeeFields(email="q@x.se", given_name="Mia")
    order = upsert(anna, fields=changed, expected=EmployeeFields(email="p@x.se", given_name="Anna"))
    verdict = await huma.write(order, attempt())
    assert verdict == Delivered(record=anna, note="changed: email, given_name")
    record = only_person(company)
    assert (record["privateEmail"], record["preferredName"]) == ("q@x.se", "Mia")
    assert (record["email"], record["givenName"]) == ("login@x.se", "Anna Maria")
    assert await huma.write(order, attempt()) == AlreadyThere(record=anna)
    await huma.write(given(ReadPerson, person_id=anna), attempt())
    assert [(fact.fields.email, fact.fields.given_name) for fact in told.people()] == [("q@x.se", "Mia")]
    order = upsert(anna, fields=EmployeeFields(), clear=("email", "given_name"))
    assert isinstance(await huma.write(order, attempt()), Delivered)
    assert await huma.probe(order, attempt()) == AlreadyThere(record=anna)


async def test_an_address_that_waits_at_the_login_is_not_the_one_that_was_chosen(
    huma: Opened, host: Host, company: Company
) -> None:
    """The same address is asked for there; the private one is still to be written."""
    company.confirms_email = True
    anna = company.add_person(email="a@x.se", privateEmail="p@x.se")
    await huma.write(upsert(anna, fields=EmployeeFields(email="b@x.se")), attempt())
    await choose(host, "huma", email="privateEmail")
    assert isinstance(await huma.write(upsert(anna, fields=EmployeeFields(email="b@x.se")), attempt()), Delivered)
    assert only_person(company)["privateEmail"] == "b@x.se"


@pytest.mark.parametrize("choice", [{"email": "privateEmail"}, {"given_name": "preferredName"}])
async def test_a_new_person_is_not_made_where_huma_needs_what_was_not_chosen(
    huma: Opened, host: Host, company: Company, choice: dict[str, str]
) -> None:
    """Which address somebody logs in with, nobody said; no call is made."""
    await choose(host, "huma", **choice)
    verdict = await huma.write(upsert(None, fields=OWN), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, company.people, company.calls) == ("incomplete", {}, [])
    assert f"take another field for: {next(iter(choice))}" in verdict.why
    await choose(host, "huma", email="email", given_name="givenName")
    assert isinstance(await huma.write(upsert(None, fields=OWN), attempt()), Delivered)


async def test_somebody_who_is_gone_is_said_to_be(huma: Opened) -> None:
    """Nothing is made in their place."""
    verdict = await huma.write(upsert(NOBODY, fields=EmployeeFields(given_name="x")), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "person_missing"


async def test_a_refusal_is_quoted_without_the_values(huma: Opened, company: Company) -> None:
    """The fields are named."""
    anna = company.add_person(email="anna@x.se")
    verdict = await huma.write(upsert(anna, fields=EmployeeFields(email="no address")), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("refused", "accountant")
    assert verdict.why == "Huma refuses it (400): field:invalid-format: Invalid field Format (email)"


# --- Lost answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", DONE)
@pytest.mark.parametrize("place", [2, 4])
async def test_a_person_whose_answer_was_lost_is_made_once(
    huma: Opened, company: Company, fault: Fault, place: int
) -> None:
    """Whether the answer to the person was lost or the one to the rest: sent again, it goes on from there."""
    order = upsert(None, fields=OWN)
    company.faults.script.extend([None] * place + [fault])
    assert isinstance(await huma.write(order, attempt()), Unknown)
    look = await huma.probe(order, attempt())
    assert isinstance(look, AlreadyThere if place == 4 else Absent)
    await huma.write(order, attempt())
    assert isinstance(await huma.probe(order, attempt()), AlreadyThere)
    assert len(company.people) == 1


@pytest.mark.parametrize("fault", [Fault.FAIL, Fault.THROTTLED, Fault.LOSE_REQUEST])
@pytest.mark.parametrize("place", [3, 4])
async def test_a_person_who_was_made_and_not_completed_is_looked_for(
    huma: Opened, company: Company, fault: Fault, place: int
) -> None:
    """Never taken for not done: a list may not show them yet."""
    order = upsert(None, fields=OWN)
    company.faults.script.extend([None] * place + [fault])
    assert isinstance(await huma.write(order, attempt()), Unknown)
    assert isinstance(await huma.probe(order, attempt()), Absent)
    assert isinstance(await huma.write(order, attempt()), Delivered)
    assert isinstance(await huma.probe(order, attempt()), AlreadyThere)
    assert len(company.people) == 1


@pytest.mark.parametrize("fault", DONE + NOT_DONE)
async def test_a_change_whose_answer_was_lost_is_found_or_sent_again(
    huma: Opened, company: Company, fault: Fault
) -> None:
    """Both parts are looked at; what was written by then has not moved."""
    anna = company.add_person("2020-01-01", givenName="Anna")
    expected = EmployeeFields(given_name="Anna", first_day=date(2020, 1, 1))
    order = upsert(anna, fields=EmployeeFields(given_name="Ann", first_day=date(2020, 2, 1)), expected=expected)
    for place in (1, 2):  # the person, and what is left of it: the position
        company.faults.script.extend([None] * place + [fault])
        verdict = await huma.write(order, attempt())
        if not company.faults.script:
            assert isinstance(verdict, Unknown)
        company.faults.script.clear()
    assert isinstance(await huma.write(order, attempt()), Delivered | AlreadyThere)
    assert await huma.probe(order, attempt()) == AlreadyThere(record=anna)
    (position,) = company.people[anna]["positions"].values()
    assert (company.people[anna]["givenName"], position["firstDayOfWork"]) == ("Ann", "2020-02-01")


@pytest.mark.parametrize("seed", range(10))
async def test_one_order_makes_one_person_whatever_goes_wrong(huma: Opened, company: Company, seed: int) -> None:
    """Half of all calls fail in some way; after enough tries there is one person."""
    company.faults = Faults(0.4, seed)
    order, chance = upsert(None, fields=OWN), random.Random(seed)
    verdict: object = None
    for _ in range(300):
        verdict = await huma.write(order, attempt())
        if isinstance(verdict, Delivered | AlreadyThere):
            break
        assert isinstance(verdict, RetryLater | Unknown)
        if chance.random() < 0.5:
            await huma.probe(order, attempt())
    assert isinstance(verdict, Delivered | AlreadyThere)
    assert verdict.record == only_person(company)["id"]


async def test_a_call_that_may_not_leave_writes_nothing(huma: Opened, company: Company) -> None:
    """A lane that was lost between look-up and write is certain of it."""
    anna = company.add_person(givenName="Anna")
    calls = 0

    def may_send() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise LeaseLost

    late = attempt()
    late.may_send = may_send
    with pytest.raises(LeaseLost):
        await huma.write(upsert(anna, fields=EmployeeFields(given_name="Ann")), late)
    assert company.people[anna]["givenName"] == "Anna"


# --- Access tokens ---------------------------------------------------------------------------------------------------


async def test_one_token_serves_many_orders_and_is_renewed_once_when_refused(huma: Opened, company: Company) -> None:
    """A refused token means that nothing was done: the same call is made again with a new one."""
    anna = company.add_person(givenName="Anna")
    for name in ("A", "B"):
        await huma.write(upsert(anna, fields=EmployeeFields(given_name=name)), attempt())
    assert company.tokens_given == 1
    company.forget_tokens()
    verdict = await huma.write(upsert(anna, fields=EmployeeFields(given_name="C")), attempt())
    assert isinstance(verdict, Delivered)
    assert (company.tokens_given, company.people[anna]["givenName"]) == (2, "C")


async def test_a_token_that_is_refused_as_soon_as_it_is_given_is_for_an_operator(
    huma: Opened, company: Company
) -> None:
    """It is not asked for again and again."""
    company.faults.script.extend([Fault.UNAUTHORISED] * 2)
    verdict = await huma.write(given(ReadPerson, person_id=NOBODY), attempt())
    assert isinstance(verdict, RetryLater)
    assert (verdict.code, verdict.who, verdict.after >= 60) == ("unauthorised", "operator", True)
    assert company.tokens_given == 2


async def test_an_order_waits_for_good_credentials(
    huma: Opened, host: Host, company: Company, told: FakeAcceptor
) -> None:
    """The connection says what to do, and the lane looks again and again, at no cost to anybody."""
    company.client_secret = NOBODY
    refused = await huma.write(given(ReadPerson, person_id=NOBODY), attempt())
    assert isinstance(refused, RetryLater)
    assert (refused.code, refused.steady, company.calls, company.tokens_given) == ("consent_missing", True, [], 0)
    assert "bokbuss huma connect acme" in refused.why
    held = await Connections(host.engine, VAULT).held(TENANT, "huma")
    assert held is not None
    assert held.state == "needs_consent"
    assert told.facts == []


# --- Read again ------------------------------------------------------------------------------------------------------


async def test_a_mentioned_person_is_read_again(huma: Opened, host: Host, company: Company, told: FakeAcceptor) -> None:
    """All that is held is told, as of the moment at which it was asked for; at night it is no news any more."""
    anna = company.add_person("2020-01-01", givenName="Anna")
    order, before = given(ReadPerson, person_id=anna), clock.now()
    assert await huma.write(order, attempt()) == Delivered(record=anna)
    assert len(company.calls) == 1
    assert await huma.probe(order, attempt()) == AlreadyThere(record=anna)
    one, two = told.people()
    assert before < one.changed_at < two.changed_at < clock.now()
    assert (one.fields.given_name, one.fields.first_day) == ("Anna", date(2020, 1, 1))
    async with reading(host) as reader:
        await reader.everybody(whole=True)
    assert told.people() == []


async def test_a_mentioned_person_who_is_gone_was_deleted(
    huma: Opened, host: Host, company: Company, told: FakeAcceptor
) -> None:
    """The fact says so, and they are forgotten."""
    anna = company.add_person(givenName="Anna")
    await huma.write(given(ReadPerson, person_id=anna), attempt())
    company.remove(anna)
    await huma.write(given(ReadPerson, person_id=anna), attempt())
    assert [fact.deleted for fact in told.people()] == [False, True]
    assert await Sightings(host.engine, TENANT, "huma").every(EMPLOYEE) == {}


async def test_a_record_of_another_form_is_on_record_with_its_fields(huma: Opened, company: Company) -> None:
    """The field is named, never its value."""
    anna = company.add_person(givenName="Anna", phone=46701740605)
    verdict = await huma.write(given(ReadPerson, person_id=anna), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("person_unreadable", "developer")
    assert "user.phone.value" in verdict.why
    assert "4670" not in verdict.why
    assert await huma.probe(given(ReadPerson, person_id=anna), attempt()) == Absent()


async def test_calls_are_on_record_without_anybodys_data(huma: Opened, company: Company) -> None:
    """Paths name what was asked for; addresses and accounts do not stand in them."""
    lane = attempt()
    await huma.write(upsert(None, fields=OWN), lane)
    anna = only_person(company)["id"]
    assert [call.request for call in lane.calls] == [
        "GET /users?search=…&limit=50&offset=0",
        "GET /groups?type=company&limit=25&offset=0",
        "POST /users",
        f"GET /users/{anna}",
        f"PATCH /users/{anna}",
    ]
    assert "123456789" not in str(lane.calls) + str(company.calls)


def test_only_orders_for_huma_are_taken() -> None:
    """Several HR systems share the topic."""
    assert SYSTEM.sinks[0].takes(given(ReadPerson, person_id="1").data)
    assert not SYSTEM.sinks[0].takes(given(ReadPerson, person_id="1", system="alexishr").data)
