"""Writing people: one record for one order, whatever answer is lost, and nothing overwritten that has moved."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.alexishr import SYSTEM
from connectors.alexishr.sandbox import Company, Fault, Faults
from infra import plugin
from infra.leases import LeaseLost
from infra.plugin import Host
from infra.verdicts import Absent, AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas import envelope
from schemas.commands import ReadPerson, UpsertPerson
from schemas.envelope import Envelope
from schemas.events import EmployeeFields
from schemas.personal import Personal, PersonalKind
from tests.connectors.choosing import choose
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor, attempt
from tests.infra.opened import Opened, opened

DONE = [Fault.LOSE_ANSWER, Fault.FAIL_AFTERWARDS]
NOT_DONE = [Fault.LOSE_REQUEST, Fault.FAIL, Fault.BAD_GATEWAY]


def personal(kind: PersonalKind, plain: str, shown: str) -> Personal:
    """Return what the flow holds of somebody's number."""
    return Personal(kind=kind, sealed=VAULT.seal(plain, kind, TENANT), shown=shown)


NUMBER = personal("personal_number", "199001012385", "••••••-••85")
ACCOUNT = personal("bank_account", "6000,123456789", "Handelsbanken •••89")
WHOLE = EmployeeFields(
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
    first_day=date(2026, 1, 1),
    last_day=date(2026, 12, 31),
    title="Chef",
    personal_number=NUMBER,
    tax_table=33,
    tax_column=1,
)


def given(order: type[Any], **fields: Any) -> Envelope[Any]:
    """Return an order of the flow's."""
    data = order(flow="employees", key="alexishr/1", revision="0" * 16, step="1", rule="r", system="alexishr", **fields)
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
async def hr(host: Host) -> AsyncIterator[Opened]:
    """Yield the company's connection."""
    async with opened(SYSTEM.sinks[0], plugin.Company(TENANT, None, None), host) as connection:
        yield connection


def only_person(company: Company) -> dict[str, Any]:
    """Return the record of the only person."""
    (record,) = company.records["employee"].values()
    return record


# --- New people -----------------------------------------------------------------------------------------------------


async def test_a_new_person_holds_everything(hr: Opened, company: Company, told: FakeAcceptor) -> None:
    """Every field arrives, first and last day in an employment; reading them again gives what was written."""
    order = upsert(None, fields=WHOLE)
    assert await hr.probe(order, attempt()) == Absent()
    verdict = await hr.write(order, attempt())
    record = only_person(company)
    assert verdict == Delivered(record=record["id"], note="created")
    assert record["ssn"] == "19900101-2385"
    assert record["bankAccount"] == {"clearing": "6000", "number": "123456789"}
    (employment,) = company.records["employment"].values()
    assert (employment["startDate"], employment["endDate"]) == ("2026-01-01T00:00:00.000Z", "2026-12-31T00:00:00.000Z")
    assert await hr.probe(order, attempt()) == AlreadyThere(record=record["id"])
    await hr.write(given(ReadPerson, person_id=record["id"]), attempt())
    (fact,) = told.people()
    assert fact.fields.model_copy(update={"bank_account": ACCOUNT, "personal_number": NUMBER}) == WHOLE
    assert (fact.fields.bank_account, fact.fields.personal_number) == (ACCOUNT, NUMBER)


async def test_somebody_who_is_there_already_is_not_doubled(hr: Opened, company: Company) -> None:
    """Another person with this e-mail address is for somebody to match."""
    company.add_person(workEmail="anna@x.se", firstName="Other")
    verdict = await hr.write(upsert(None, fields=EmployeeFields(email="anna@x.se", given_name="Anna")), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "person_exists"
    assert len(company.records["employee"]) == 1


async def test_without_a_kind_of_employment_to_take_the_person_is_made_and_the_days_are_not(
    hr: Opened, company: Company
) -> None:
    """Which kind it is, a person chooses; the record is named, so that it is not made again."""
    company.employment_types.append(company._put("employment-type", {"name": "Visstid", "vacation": False})["id"])
    order = upsert(None, fields=EmployeeFields(email="anna@x.se", first_day=date(2026, 1, 1)))
    verdict = await hr.write(order, attempt())
    assert isinstance(verdict, Delivered)
    assert verdict.record == only_person(company)["id"]
    assert "first_day: not written" in verdict.note
    again = await hr.write(order, attempt())
    assert isinstance(again, Delivered)
    assert len(company.records["employee"]) == 1
    there = await hr.write(upsert(verdict.record, fields=EmployeeFields(first_day=date(2026, 1, 1))), attempt())
    assert isinstance(there, Rejected)
    assert there.code == "employment_missing"


async def test_an_address_that_is_kept_in_small_letters_is_the_one_that_was_written(
    hr: Opened, company: Company
) -> None:
    """After a lost answer it is found; and nothing has moved for the next order, nor is it written again."""
    order = upsert(None, fields=EmployeeFields(email="Anna@X.se", employment_id="17", given_name="Anna"))
    company.faults = Faults(routes=["POST /v1/employee"], script=[Fault.LOSE_ANSWER])
    assert isinstance(await hr.write(order, attempt()), Unknown)
    record = only_person(company)
    record["workEmail"] = "anna@x.se"
    assert await hr.probe(order, attempt()) == AlreadyThere(record=record["id"])
    expected, fields = EmployeeFields(email="Anna@X.SE"), EmployeeFields(email="ANNA@x.se")
    again = await hr.write(upsert(record["id"], fields=fields, expected=expected), attempt())
    assert again == AlreadyThere(record=record["id"])
    expected, fields = EmployeeFields(email="Anna@X.SE"), EmployeeFields(email="anna.e@x.se")
    assert isinstance(await hr.write(upsert(record["id"], fields=fields, expected=expected), attempt()), Delivered)


async def test_a_new_person_needs_something_to_be_found_by(hr: Opened, company: Company) -> None:
    """A personal number would do, but it would stand in a URL."""
    verdict = await hr.write(upsert(None, fields=EmployeeFields(personal_number=NUMBER)), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, company.calls) == ("not_to_be_found", [])


# --- People who are there --------------------------------------------------------------------------------------------


async def test_only_what_differs_is_written_and_named(hr: Opened, company: Company) -> None:
    """The note stands in the trail for ever, where nobody can erase a value: it names the fields."""
    anna = company.add_person(
        firstName="Anna",
        workEmail="anna@x.se",
        privatePhone="+46701740605",
        bankAccount={"clearing": "6000", "number": "987654322", "iban": "SE1"},
        homeAddress={"street": "Storgatan 1", "city": "Malmö"},
    )
    fields = EmployeeFields(given_name="Anna", phone="+46701740606", bank_account=ACCOUNT, city="Lund")
    verdict = await hr.write(upsert(anna, fields=fields), attempt())
    assert isinstance(verdict, Delivered)
    assert verdict.note == "changed: phone, city, bank_account"
    record = company.records["employee"][anna]
    assert record["bankAccount"] == {"clearing": "6000", "number": "123456789", "iban": "SE1"}
    assert record["homeAddress"] == {"street": "Storgatan 1", "city": "Lund"}
    assert len(company.calls) == 2
    assert await hr.write(upsert(anna, fields=fields), attempt()) == AlreadyThere(record=anna)


async def test_what_has_moved_is_refused_by_name(hr: Opened, company: Company, told: FakeAcceptor) -> None:
    """A field that holds what was expected, or already what is wanted, has not moved."""
    anna = company.add_person(firstName="Anna", title="Chef", ssn="900101-2385", privatePhone="+46701740605")
    expected = EmployeeFields(given_name="Ann", title="Säljare", personal_number=NUMBER, phone="+46701740605")
    fields = EmployeeFields(
        given_name="Anne", title="Chef", personal_number=personal("personal_number", "198507099805", "x"), phone="+4670"
    )
    verdict = await hr.write(upsert(anna, fields=fields, expected=expected), attempt())
    assert verdict == Rejected("record_moved", "changed in Alexis HR since it was decided: given_name", "accountant")
    assert [fact.fields.given_name for fact in told.people()] == ["Anna"]  # the next one is decided on it
    assert company.records["employee"][anna]["privatePhone"] == "+46701740605"
    right = expected.model_copy(update={"given_name": "Anna"})
    assert isinstance(await hr.write(upsert(anna, fields=fields, expected=right), attempt()), Delivered)
    assert company.records["employee"][anna]["ssn"] == "19850709-9805"


async def test_values_go_back_to_where_they_were_read_from(hr: Opened, company: Company) -> None:
    """Who has only a private address and a work phone gets no other ones."""
    bo = company.add_person(privateEmail="bo@x.se", workPhone="+4684650040")
    await hr.write(upsert(bo, fields=EmployeeFields(email="b@x.se", phone="+4684650041")), attempt())
    record = company.records["employee"][bo]
    assert (record["privateEmail"], record["workPhone"]) == ("b@x.se", "+4684650041")
    assert {"workEmail", "privatePhone"} & record.keys() == set()


async def test_what_was_chosen_is_written_and_found_and_read_back(
    hr: Opened, host: Host, company: Company, told: FakeAcceptor
) -> None:
    """A new person by it, and a change over it; the field beside it stays as it is, also where it is emptied."""
    await choose(host, "alexishr", email="privateEmail", phone="workPhone")
    order = upsert(None, fields=EmployeeFields(email="anna@x.se", phone="+4684650040", given_name="Anna"))
    verdict = await hr.write(order, attempt())
    assert verdict == Delivered(record=only_person(company)["id"], note="created")
    assert await hr.write(order, attempt()) == AlreadyThere(record=verdict.record)
    anna = verdict.record
    company.change_person(anna, workEmail="anna@work.se", privatePhone="+46701740605")
    changed = EmployeeFields(email="a@x.se", phone="+4684650041")
    order = upsert(anna, fields=changed, expected=EmployeeFields(email="anna@x.se", phone="+4684650040"))
    assert isinstance(await hr.write(order, attempt()), Delivered)
    record = only_person(company)
    assert (record["privateEmail"], record["workPhone"]) == ("a@x.se", "+4684650041")
    assert (record["workEmail"], record["privatePhone"]) == ("anna@work.se", "+46701740605")
    await hr.write(given(ReadPerson, person_id=anna), attempt())
    assert [(fact.fields.email, fact.fields.phone) for fact in told.people()] == [("a@x.se", "+4684650041")]
    order = upsert(anna, fields=EmployeeFields(), clear=("email",))
    assert isinstance(await hr.write(order, attempt()), Delivered)
    assert await hr.probe(order, attempt()) == AlreadyThere(record=anna)
    assert record["workEmail"] == "anna@work.se"


async def test_an_order_that_was_decided_before_another_choice_has_moved(
    hr: Opened, host: Host, company: Company, told: FakeAcceptor
) -> None:
    """It expects what the other field holds: nothing is written, and what is held now is told."""
    anna = company.add_person(workEmail="w@x.se", privateEmail="p@x.se")
    await choose(host, "alexishr", email="privateEmail")
    order = upsert(anna, fields=EmployeeFields(email="new@x.se"), expected=EmployeeFields(email="w@x.se"))
    verdict = await hr.write(order, attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "record_moved"
    assert [fact.fields.email for fact in told.people()] == ["p@x.se"]
    assert only_person(company)["privateEmail"] == "p@x.se"


async def test_first_and_last_day_go_to_the_first_and_the_last_employment(hr: Opened, company: Company) -> None:
    """Also to one and the same, and a last day can be emptied."""
    anna = company.add_person("2020-01-01", "2022-12-31", firstName="Anna")
    second = company.add_employment(anna, "2023-01-01", "2026-12-31")
    fields = EmployeeFields(first_day=date(2020, 2, 1), last_day=date(2027, 6, 30))
    assert isinstance(await hr.write(upsert(anna, fields=fields), attempt()), Delivered)
    employments = company.records["employment"]
    assert [each["startDate"][:10] for each in employments.values()] == ["2020-02-01", "2023-01-01"]
    assert employments[second]["endDate"] == "2027-06-30T00:00:00.000Z"
    assert isinstance(await hr.write(upsert(anna, fields=EmployeeFields(), clear=("last_day",)), attempt()), Delivered)
    assert employments[second]["endDate"] is None
    first = await hr.write(upsert(anna, fields=EmployeeFields(), clear=("first_day",)), attempt())
    assert isinstance(first, Rejected)
    assert first.code == "cannot_be_emptied"


async def test_a_day_that_another_employment_tells_is_refused_by_name(hr: Opened, company: Company) -> None:
    """Written, it would not be read back: a permanent employment beside a summer job that ends later."""
    anna = company.add_person("2019-01-01", None, firstName="Anna")
    summer = company.add_employment(anna, "2026-06-01", "2026-08-31")
    verdict = await hr.write(upsert(anna, fields=EmployeeFields(last_day=date(2026, 7, 31))), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "several_employments"
    verdict = await hr.write(upsert(anna, fields=EmployeeFields(last_day=date(2026, 9, 30))), attempt())
    assert isinstance(verdict, Delivered)
    ends = {key: (each["endDate"] or "")[:10] for key, each in company.records["employment"].items()}
    assert ends.pop(summer) == "2026-08-31"
    assert list(ends.values()) == ["2026-09-30"]


async def test_a_field_is_emptied_when_it_is_asked_for(hr: Opened, company: Company) -> None:
    """No value stands in the note."""
    anna = company.add_person(
        title="Chef", homeAddress={"street": "A 1", "city": "Lund"}, tax={"table": 33, "column": 1}
    )
    order = upsert(anna, fields=EmployeeFields(), clear=("title", "street"))
    verdict = await hr.write(order, attempt())
    assert verdict == Delivered(record=anna, note="changed: street, title")
    assert await hr.probe(order, attempt()) == AlreadyThere(record=anna)


async def test_somebody_who_is_gone_is_said_to_be(hr: Opened) -> None:
    """Nothing is made in their place."""
    verdict = await hr.write(upsert("507f1f77bcf86cd799439011", fields=EmployeeFields(title="x")), attempt())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "person_missing"


async def test_a_refusal_is_quoted_without_the_values(hr: Opened, company: Company) -> None:
    """Their message repeats what was sent; ours does not."""
    anna = company.add_person(workEmail="anna@x.se")
    verdict = await hr.write(upsert(anna, fields=EmployeeFields(email="no address")), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("refused", "accountant")
    assert verdict.why.endswith("workEmail must be an email, not [removed]")


# --- Lost answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", DONE)
@pytest.mark.parametrize("place", [1, 3])
async def test_a_person_whose_answer_was_lost_is_made_once(
    hr: Opened, company: Company, fault: Fault, place: int
) -> None:
    """Whether the answer to the person was lost or the one to the employment: sent again, it goes on from there."""
    order = upsert(None, fields=WHOLE)
    company.faults.script.extend([None] * place + [fault])
    assert isinstance(await hr.write(order, attempt()), Unknown)
    look = await hr.probe(order, attempt())
    assert isinstance(look, AlreadyThere if place == 3 else Absent)
    await hr.write(order, attempt())
    assert isinstance(await hr.probe(order, attempt()), AlreadyThere)
    assert (len(company.records["employee"]), len(company.records["employment"])) == (1, 1)


@pytest.mark.parametrize("fault", DONE + NOT_DONE)
async def test_a_change_whose_answer_was_lost_is_found_or_sent_again(
    hr: Opened, company: Company, fault: Fault
) -> None:
    """Both parts are looked at; what was written by then has not moved."""
    anna = company.add_person("2020-01-01", title="Chef")
    expected = EmployeeFields(title="Chef", first_day=date(2020, 1, 1))
    order = upsert(anna, fields=EmployeeFields(title="VD", first_day=date(2020, 2, 1)), expected=expected)
    for place in (1, 2):  # the person, and what is left of it: the employment
        company.faults.script.extend([None] * place + [fault])
        verdict = await hr.write(order, attempt())
        if not company.faults.script:
            assert isinstance(verdict, Unknown)
        company.faults.script.clear()
    assert isinstance(await hr.write(order, attempt()), Delivered | AlreadyThere)
    assert await hr.probe(order, attempt()) == AlreadyThere(record=anna)
    (employment,) = company.records["employment"].values()
    assert (company.records["employee"][anna]["title"], employment["startDate"][:10]) == ("VD", "2020-02-01")


@pytest.mark.parametrize("seed", range(10))
async def test_one_order_makes_one_person_whatever_goes_wrong(hr: Opened, company: Company, seed: int) -> None:
    """Half of all calls fail in some way; after enough tries there is one person, with one employment."""
    company.faults = Faults(0.5, seed)
    order, chance = upsert(None, fields=WHOLE), random.Random(seed)
    verdict: object = None
    for _ in range(200):
        verdict = await hr.write(order, attempt())
        if isinstance(verdict, Delivered | AlreadyThere):
            break
        assert isinstance(verdict, RetryLater | Unknown)
        if chance.random() < 0.5:
            await hr.probe(order, attempt())
    assert isinstance(verdict, Delivered | AlreadyThere)
    assert verdict.record == only_person(company)["id"]
    assert len(company.records["employment"]) == 1


async def test_a_call_that_may_not_leave_writes_nothing(hr: Opened, company: Company) -> None:
    """A lane that was lost between look-up and write is certain of it."""
    anna = company.add_person(title="Chef")
    calls = 0

    def may_send() -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise LeaseLost

    late = attempt()
    late.may_send = may_send
    with pytest.raises(LeaseLost):
        await hr.write(upsert(anna, fields=EmployeeFields(title="VD")), late)
    assert company.records["employee"][anna]["title"] == "Chef"


# --- Read again ------------------------------------------------------------------------------------------------------


async def test_a_mentioned_person_is_read_again(hr: Opened, company: Company, told: FakeAcceptor) -> None:
    """All that is held is told, and after a lost answer told again."""
    anna = company.add_person("2020-01-01", firstName="Anna")
    order = given(ReadPerson, person_id=anna)
    assert await hr.write(order, attempt()) == Delivered(record=anna)
    assert await hr.probe(order, attempt()) == AlreadyThere(record=anna)
    one, two = told.people()
    assert one == two
    assert (one.fields.given_name, one.fields.first_day) == ("Anna", date(2020, 1, 1))


async def test_a_mentioned_person_who_is_gone_was_deleted(hr: Opened, told: FakeAcceptor) -> None:
    """The fact says so."""
    await hr.write(given(ReadPerson, person_id="507f1f77bcf86cd799439011"), attempt())
    assert [fact.deleted for fact in told.people()] == [True]


async def test_a_record_of_another_form_is_on_record_with_its_fields(hr: Opened, company: Company) -> None:
    """The field is named, never its value."""
    anna = company.add_person(firstName="Anna", ssn=199001012385)
    verdict = await hr.write(given(ReadPerson, person_id=anna), attempt())
    assert isinstance(verdict, Rejected)
    assert (verdict.code, verdict.who) == ("person_unreadable", "developer")
    assert "employee.ssn" in verdict.why
    assert "2385" not in verdict.why


async def test_an_order_waits_for_the_token_of_a_company_that_has_none(
    hr: Opened, company: Company, told: FakeAcceptor
) -> None:
    """The lane looks again and again, at no cost to anybody."""
    company.token = "another"
    order = given(ReadPerson, person_id="1")
    refused = await hr.write(order, attempt())
    waits = await hr.write(order, attempt())
    assert isinstance(refused, RetryLater)
    assert isinstance(waits, RetryLater)
    assert (refused.code, waits.code, waits.steady, len(company.calls)) == ("unauthorised", "consent_missing", True, 1)
    assert told.facts == []


async def test_calls_are_on_record_without_anybodys_data(hr: Opened, company: Company) -> None:
    """Paths name what was asked for; addresses and numbers do not stand in them, nor in what the sandbox was asked."""
    lane = attempt()
    fields = EmployeeFields(email="anna@x.se", personal_number=NUMBER, bank_account=ACCOUNT)
    await hr.write(upsert(None, fields=fields), lane)
    assert [call.request for call in lane.calls] == [
        "GET /v1/employee?relations=employment&filters[workEmail][$eq]=…",
        "POST /v1/employee",
    ]
    assert "2385" not in str(lane.calls) + str(company.calls)


def test_only_orders_for_alexis_hr_are_taken() -> None:
    """Several HR systems share the topic."""
    assert SYSTEM.sinks[0].takes(given(ReadPerson, person_id="1").data)
    assert not SYSTEM.sinks[0].takes(given(ReadPerson, person_id="1").data.model_copy(update={"system": "huma"}))
