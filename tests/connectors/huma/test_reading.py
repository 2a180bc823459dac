"""Reading everybody: nothing is missed and nothing is told twice, in the fewest calls, whatever happens meanwhile."""

from datetime import date, timedelta

import pytest

from connectors.huma import SYSTEM
from connectors.huma.sandbox import Company, Fault
from connectors.huma.source import LISTED, PeopleReader, refresh
from infra import clock, plugin
from infra.access.connections import Connections
from infra.commanding import Failed
from infra.delivery.reading import NotRead
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.leases import LeaseLost
from infra.plugin import Host
from infra.verdicts import Delivered
from schemas.events import EmployeeChanged, EmployeeFields, PersonMentioned
from tests.connectors.choosing import choose
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor, attempt
from tests.connectors.huma.reading_driver import reading
from tests.connectors.huma.test_writing import upsert
from tests.infra.opened import opened


class Crash(BaseException):
    """The process ends here."""


def crowd(company: Company, people: int) -> list[str]:
    """Hire people named by their number; return their ids."""
    return [company.add_person(givenName=f"{number:02}", email=f"{number}@x.se") for number in range(people)]


def names(facts: list[EmployeeChanged]) -> list[str]:
    """Return who was told about, by given name."""
    return sorted(str(fact.fields.given_name) for fact in facts)


async def listing(host: Host, *, whole: bool = False) -> None:
    """Read everybody, or of whom the list shows something else."""
    async with reading(host) as reader:
        await reader.everybody(whole=whole)


async def test_everybody_is_told_once_in_the_fewest_calls(host: Host, company: Company, told: FakeAcceptor) -> None:
    """A page of the list for each few, one call for each person, and three more where positions must be read."""
    crowd(company, 6)
    cilla = company.add_person("2019-03-01", "2022-12-31", givenName="Cilla")
    company.add_position(cilla, firstDayOfWork="2023-02-01", lastDayOfWork="2199-12-31")
    company.add_person("2020-01-01", givenName="Dan")
    company.add_person(givenName="robot", type="service_user")
    progress: list[int] = []
    async with reading(host) as reader:
        refreshed = await reader.everybody(whole=True, progress=progress.append)
    pages = 4  # three a page, each beginning with the last of the one before
    assert len(company.calls) == refreshed.calls == pages + 8 + 3
    assert refreshed.records == len(refreshed.fact_ids) == progress[-1] == 8
    people = {fact.fields.given_name: fact.fields for fact in told.people()}
    assert sorted(map(str, people)) == ["00", "01", "02", "03", "04", "05", "Cilla", "Dan"]
    assert (people["Cilla"].first_day, people["Cilla"].last_day) == (date(2019, 3, 1), date(2199, 12, 31))
    assert (people["Dan"].first_day, people["Dan"].last_day) == (date(2020, 1, 1), None)
    await listing(host, whole=True)
    assert told.people() == []


async def test_a_list_that_does_not_say_its_length_is_read_to_its_end(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """The document requires a total nowhere."""
    company.says_totals = False
    crowd(company, 7)
    await listing(host)
    assert len(told.people()) == 7


async def test_at_night_only_those_are_read_whom_the_list_shows_otherwise(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """Names, addresses, phones, titles and whether they are active; the rest is for webhooks and whole readings."""
    ids = crowd(company, 5)
    await listing(host)
    told.people()
    company.calls.clear()
    company.change_person(ids[0], phone="+46701740605")
    company.change_person(ids[1], employmentId="17")
    company.add_position(ids[2], firstDayOfWork="2020-01-01")
    await listing(host)
    assert names(told.people()) == ["00", "02"]
    assert len(company.calls) == 2 + 1 + 1
    await listing(host, whole=True)
    assert [fact.fields.employment_id for fact in told.people()] == ["17"]


async def test_what_somebody_puts_back_after_a_write_of_ours_is_read_at_night_and_told(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """No webhook tells of it, nor does the list show it; and the flow knows what was written."""
    anna = crowd(company, 1)[0]
    await listing(host)
    told.people()
    async with opened(SYSTEM.sinks[0], plugin.Company(TENANT, None, None), host) as huma:
        order = upsert(anna, fields=EmployeeFields(employment_id="17"))
        assert isinstance(await huma.write(order, attempt()), Delivered)
    company.change_person(anna, employmentId=None)
    await listing(host)
    assert [(fact.person_id, fact.fields.employment_id) for fact in told.people()] == [(anna, None)]
    await listing(host)
    assert told.people() == []


async def test_after_another_choice_everybody_is_read_at_night_and_told(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """Once, though the list shows nobody otherwise; what lists show of a choice is looked at from then on."""
    mia = company.add_person(email="w@x.se", privateEmail="p@x.se", givenName="Maria", preferredName="Mia")
    company.add_person(email="only@x.se", givenName="Bo")
    found = []
    for choice in ({}, {"email": "privateEmail", "given_name": "preferredName"}):
        await choose(host, "huma", **choice)
        await listing(host)
        found.append({(fact.fields.email, fact.fields.given_name) for fact in told.people()})
        company.calls.clear()
        await listing(host)
        assert (told.people(), len(company.calls)) == ([], 1)
    assert found == [{("w@x.se", "Maria"), ("only@x.se", "Bo")}, {("p@x.se", "Mia"), (None, None)}]
    company.change_person(mia, preferredName="Mimmi")
    await listing(host)
    assert names(told.people()) == ["Mimmi"]


async def test_who_goes_between_the_list_and_their_reading_is_told_as_deleted_once(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """The list still showed them, and that is nothing to remember of somebody who is gone."""
    ids = crowd(company, 2)
    await listing(host)
    told.people()
    company.change_person(ids[1], phone="+46701740605")
    company.calls.clear()

    def before(call: int) -> None:
        if call == 1 and ids[1] in company.people:  # the list was the first
            company.remove(ids[1])

    company.before = before
    for _ in range(3):
        await listing(host)
    assert [(fact.person_id, fact.deleted) for fact in told.people()] == [(ids[1], True)]


async def test_who_is_gone_is_told_as_deleted_once(host: Host, company: Company, told: FakeAcceptor) -> None:
    """A person who is in no list any more is looked for by themselves first."""
    ids = crowd(company, 3)
    await listing(host)
    told.people()
    company.remove(ids[1])
    await listing(host)
    (fact,) = told.people()
    assert (fact.person_id, fact.deleted) == (ids[1], True)
    await listing(host)
    assert told.people() == []


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize("gone", [0, 5])
async def test_nobody_is_missed_when_somebody_goes_while_pages_are_read(
    host: Host, company: Company, told: FakeAcceptor, at: int, gone: int
) -> None:
    """Who moved past the page that was to come next is found: the list is read again."""
    ids = crowd(company, 9)

    def before(call: int) -> None:
        if call == at and ids[gone] in company.people:
            company.remove(ids[gone])

    company.before = before
    await listing(host)
    assert {f"{n:02}" for n in range(9) if n != gone} <= set(names(told.people()))


async def test_a_list_that_never_stands_still_is_said_to_be_so(host: Host, company: Company) -> None:
    """Rather no answer than half a list."""
    crowd(company, 40)
    company.before = lambda _: company.remove(min(company.people, key=lambda each: company.people[each]["givenName"]))
    async with reading(host) as reader:
        with pytest.raises(NotRead, match="changed each time"):
            await reader.everybody(whole=False)


async def test_what_a_crash_told_but_did_not_write_down_is_told_again(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """And what was written down is read no second time: a first reading that was broken off goes on where it was."""
    crowd(company, 60)
    async with reading(host) as reader:
        calls = 0

        def may_go_on() -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise Crash

        reader.may_go_on = may_go_on
        with pytest.raises(Crash):
            await reader.everybody(whole=False)
    assert len(told.people()) == 50
    assert await Sightings(host.engine, TENANT, "huma").reading(LISTED) is None
    company.calls.clear()
    await listing(host)
    assert len(told.people()) == 10
    assert len([call for call in company.calls if call.startswith("GET /users/")]) == 10
    assert await Sightings(host.engine, TENANT, "huma").reading(EMPLOYEE) is not None


async def test_nothing_is_written_down_that_kafka_did_not_take(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """The next reading tells it."""
    crowd(company, 2)
    told.fails = RuntimeError("Kafka is away")
    with pytest.raises(RuntimeError):
        await listing(host)
    await listing(host)
    assert names(told.people()) == ["00", "01"]


async def test_what_was_read_earlier_does_not_cover_what_was_read_later(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """A slow reading tells what it saw, as of when it asked; what was written down later stays."""
    (anna,) = crowd(company, 1)
    seen = Sightings(host.engine, TENANT, "huma")
    await listing(host)
    (mark,) = (await seen.every(EMPLOYEE)).values()
    late = f"{(clock.now() + timedelta(hours=1)).isoformat(timespec='microseconds')} {mark.partition(' ')[2]}"
    await seen.remember(EMPLOYEE, {anna: late})
    company.change_person(anna, givenName="Ann")
    await listing(host)
    assert names(told.people()) == ["00", "Ann"]
    assert await seen.every(EMPLOYEE) == {anna: late}


async def test_a_record_of_another_form_stops_nobody_else(host: Host, company: Company, told: FakeAcceptor) -> None:
    """It is mentioned once, so that the reading that fails is on record, until it can be read."""
    ids = crowd(company, 3)
    company.change_person(ids[1], phone=17)
    for _ in range(2):
        await listing(host, whole=True)
    mentioned = [fact for fact in told.facts if isinstance(fact, PersonMentioned)]
    assert [(fact.person_id, fact.topic) for fact in mentioned] == [(ids[1], "unreadable")]
    assert names(told.people()) == ["00", "02"]
    company.change_person(ids[1], phone="+46701740605")
    await listing(host)
    assert names(told.people()) == ["01"]


async def test_somebody_whom_huma_cannot_show_stops_nobody_else(
    host: Host, company: Company, told: FakeAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are told; the reading counts as failed, and the next one asks for that one again."""

    async def at_once(_seconds: float) -> None: ...

    monkeypatch.setattr(clock, "sleep", at_once)
    crowd(company, 3)
    company.faults.script.extend([None, None, *[Fault.FAIL] * 3])
    with pytest.raises(NotRead):
        await listing(host, whole=True)
    assert names(told.people()) == ["00", "02"]
    await listing(host)
    assert names(told.people()) == ["01"]


@pytest.mark.parametrize("fault", [Fault.FAIL, Fault.BAD_GATEWAY, Fault.LOSE_ANSWER, Fault.UNAUTHORISED])
async def test_a_question_that_fails_is_asked_again(
    host: Host, company: Company, told: FakeAcceptor, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether Huma fails or the token ends."""

    async def at_once(_seconds: float) -> None: ...

    monkeypatch.setattr(clock, "sleep", at_once)
    crowd(company, 4)
    company.faults.script.extend([fault, None, fault, None, None, fault])
    await listing(host)
    assert names(told.people()) == ["00", "01", "02", "03"]


async def test_somebody_who_waits_for_a_reading_is_told_what_to_do(host: Host, company: Company) -> None:
    """The whole of it, with calls borrowed from the budget."""
    crowd(company, 4)
    seen: list[int] = []
    refreshed = await refresh(host, TENANT, seen.append)
    assert (refreshed.records, seen, refreshed.calls) == (4, [4], 2 + 4)
    await Connections(host.engine, VAULT).disconnect(TENANT, "huma", "Anna")
    with pytest.raises(Failed, match="bokbuss huma connect acme"):
        await refresh(host, TENANT, seen.append)


async def test_a_reading_that_another_process_took_over_writes_nothing_down(host: Host, company: Company) -> None:
    """Its lease is over."""
    crowd(company, 2)

    def lost() -> None:
        raise LeaseLost

    async with reading(host) as reader:
        assert isinstance(reader, PeopleReader)
        reader.may_go_on = lost
        with pytest.raises(LeaseLost):
            await reader.everybody(whole=True)
    assert await Sightings(host.engine, TENANT, "huma").every(EMPLOYEE) == {}
