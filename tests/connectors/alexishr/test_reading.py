"""Reading what changed: nothing is missed and nothing is told twice, whatever happens while pages are read."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta

import pytest
from prometheus_client import REGISTRY

from connectors.alexishr import SYSTEM, encode
from connectors.alexishr.sandbox import Company, Fault
from connectors.alexishr.settings import AlexisHRSettings
from connectors.alexishr.source import refresh
from infra import clock, plugin
from infra.access.connections import Connections
from infra.delivery.reading import NotRead
from infra.intake.sightings import EMPLOYEE, Sightings
from infra.plugin import Host
from infra.postgres import text
from infra.verdicts import Delivered, Rejected
from schemas.events import EmployeeChanged, EmployeeFields, PersonMentioned
from tests.connectors.alexishr.reading_driver import reading
from tests.connectors.alexishr.test_writing import upsert
from tests.connectors.choosing import choose
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor, attempt
from tests.infra.opened import opened

TODAY = clock.now().date()


class Crash(BaseException):
    """The process ends here."""


def names(facts: list[EmployeeChanged]) -> list[str]:
    """Return who was told about, by given name."""
    return sorted(str(fact.fields.given_name) for fact in facts)


def crowd(company: Company, people: int) -> list[str]:
    """Hire people named by their number; return their ids."""
    return [company.add_person(firstName=f"{number:02}", workEmail=f"{number}@x.se") for number in range(people)]


async def whole(host: Host) -> None:
    """Read everybody."""
    async with reading(host) as reader:
        await reader.everybody()


async def changes(host: Host) -> None:
    """Read what changed."""
    async with reading(host) as reader:
        await reader.changes()


# --- Everybody ------------------------------------------------------------------------------------------------------


async def test_everybody_is_told_once_in_the_fewest_calls(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Employments come along with the people; the second full reading tells nothing."""
    crowd(company, 7)
    company.add_person("2020-01-01", "2026-12-31", firstName="Cilla")
    progress: list[int] = []
    async with reading(host) as reader:
        refreshed = await reader.everybody(progress.append)
    assert len(company.calls) == refreshed.calls == 4  # three a page, each beginning with the last of the one before
    assert progress == [3, 5, 7, 8]
    assert refreshed.records == len(refreshed.fact_ids) == 8
    people = told.people()
    assert names(people) == ["00", "01", "02", "03", "04", "05", "06", "Cilla"]
    (cilla,) = [fact for fact in people if fact.fields.given_name == "Cilla"]
    assert (cilla.fields.first_day, cilla.fields.last_day) == (date(2020, 1, 1), date(2026, 12, 31))
    await whole(host)
    assert told.people() == []


async def test_a_smaller_page_than_was_asked_for_hides_nobody(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Whatever their limit is, the next page begins where this one ended."""
    crowd(company, 7)
    company.page_limit = 2
    await whole(host)
    assert len(told.people()) == 7


async def test_who_is_gone_is_told_as_deleted_once(host: Host, company: Company, told: FakeAcceptor) -> None:
    """A person who is in no list any more is looked for by themselves first."""
    ids = crowd(company, 3)
    await whole(host)
    told.people()
    company.remove("employee", ids[1])
    await whole(host)
    (fact,) = told.people()
    assert (fact.person_id, fact.deleted) == (ids[1], True)
    await whole(host)
    assert told.people() == []


async def test_somebody_whom_it_cannot_show_stops_nobody_else(
    host: Host, company: Company, told: FakeAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are looked for; the reading counts as failed, and the next one asks for that one again."""

    async def at_once(_seconds: float) -> None: ...

    monkeypatch.setattr(clock, "sleep", at_once)
    ids = crowd(company, 3)
    await whole(host)
    told.people()
    for gone in ids[:2]:
        company.remove("employee", gone)
    company.faults.script.extend([None, *[Fault.FAIL] * 3])
    with pytest.raises(NotRead):
        await whole(host)
    assert [(fact.person_id, fact.deleted) for fact in told.people()] == [(ids[1], True)]
    await whole(host)
    assert [(fact.person_id, fact.deleted) for fact in told.people()] == [(ids[0], True)]


@pytest.mark.parametrize("offset", [0.0, 86_400.0])
async def test_who_comes_back_as_they_were_is_told_as_news(
    host: Host, company: Company, told: FakeAcceptor, offset: float
) -> None:
    """Somebody was out of our sight for a night; their time of change is older than what was told by then."""
    company.clock_offset = offset
    ids = crowd(company, 3)
    await whole(host)
    record = company.records["employee"].pop(ids[1])
    await whole(host)
    company.records["employee"][ids[1]] = record
    await whole(host)
    there, gone, back = [fact for fact in told.people() if fact.person_id == ids[1]]
    assert (gone.deleted, back.fields) == (True, there.fields)
    assert there.changed_at <= gone.changed_at <= back.changed_at
    await whole(host)
    assert told.people() == []


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize("gone", [0, 5])
async def test_nobody_is_missed_when_somebody_goes_while_pages_are_read(
    host: Host, company: Company, told: FakeAcceptor, at: int, gone: int
) -> None:
    """Who moved past the page that was to come next is found: the list is read again."""
    ids = crowd(company, 9)

    def before(call: int) -> None:
        if call == at and ids[gone] in company.records["employee"]:
            company.remove("employee", ids[gone])

    company.before = before
    await whole(host)
    assert {f"{n:02}" for n in range(9) if n != gone} <= set(names([f for f in told.people() if not f.deleted]))


async def test_a_list_that_never_stands_still_is_said_to_be_so(host: Host, company: Company) -> None:
    """Rather no answer than half a list; what was told by then stays told, and is told no second time."""
    crowd(company, 40)
    company.before = lambda _: company.remove("employee", next(iter(company.records["employee"])))
    with pytest.raises(NotRead, match="changed each time"):
        await whole(host)
    assert await Sightings(host.engine, TENANT, "alexishr").reading(EMPLOYEE) is None


async def test_a_failing_call_is_made_again_and_no_page_before_it(
    host: Host, company: Company, told: FakeAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost answer, a 500, a 502 page and a 429 cost one call each."""
    crowd(company, 7)
    company.faults.script.extend([None, Fault.LOSE_ANSWER, Fault.FAIL, None, Fault.BAD_GATEWAY, Fault.THROTTLED])
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(clock, "sleep", sleep)
    await whole(host)
    assert len(told.people()) == 7
    assert len(company.calls) == 3 + 4
    assert waits == [2.0, 5.0, 5.0, 1.0]


async def test_someone_waiting_for_a_refresh_sees_its_progress(host: Host, company: Company) -> None:
    """The command's way in keeps the company's budget, and says what was told."""
    crowd(company, 4)
    progress: list[int] = []
    refreshed = await refresh(host, TENANT, progress.append)
    assert (refreshed.records, refreshed.calls, len(refreshed.fact_ids), progress[-1]) == (4, 2, 4, 4)


# --- Changes --------------------------------------------------------------------------------------------------------


async def test_a_change_is_told_once_in_two_calls(host: Host, company: Company, told: FakeAcceptor) -> None:
    """People and employments are asked for what changed; how long it took to be seen is measured."""
    ids = crowd(company, 2)
    await whole(host)
    told.people()
    company.change_person(ids[0], privatePhone="070-174 06 05")
    company.calls.clear()
    seen = REGISTRY.get_sample_value("bokbuss_source_seen_seconds_count", {"system": "alexishr"}) or 0
    await changes(host)
    assert [fact.fields.phone for fact in told.people()] == ["+46701740605"]
    assert len(company.calls) == 2
    await changes(host)
    assert told.people() == []
    assert REGISTRY.get_sample_value("bokbuss_source_seen_seconds_count", {"system": "alexishr"}) == seen + 1


async def test_what_does_not_travel_is_no_change(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Somebody's pronoun moves the time of change, and nothing is told."""
    ids = crowd(company, 1)
    await whole(host)
    told.people()
    company.change_person(ids[0], pronoun="hen")
    await changes(host)
    assert told.people() == []


@pytest.mark.parametrize("moved", [False, True])
async def test_what_somebody_puts_back_after_an_order_of_ours_is_told(
    host: Host, company: Company, told: FakeAcceptor, *, moved: bool
) -> None:
    """It is what the last reading told, and not what the flow knows since: what was written, or what a refusal told."""
    (anna,) = crowd(company, 1)
    company.change_person(anna, title="Chef")
    await whole(host)
    if moved:
        company.change_person(anna, title="Kock")
    order = upsert(anna, fields=EmployeeFields(title="VD"), expected=EmployeeFields(title="Chef"))
    async with opened(SYSTEM.sinks[0], plugin.Company(TENANT, None, None), host) as hr:
        assert isinstance(await hr.write(order, attempt()), Rejected if moved else Delivered)
    company.change_person(anna, title="Chef")
    told.people()
    await changes(host)
    assert [fact.fields.title for fact in told.people()] == ["Chef"]
    await changes(host)
    assert told.people() == []


async def test_a_change_of_an_employment_is_seen_although_the_person_was_not_touched(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """Their time of change stays; the last day is told all the same."""
    anna = company.add_person("2020-01-01", firstName="Anna")
    crowd(company, 5)
    await whole(host)
    told.people()
    (employment,) = company.records["employment"]
    company.change_employment(employment, endDate="2026-12-31T00:00:00.000Z")
    await changes(host)
    (fact,) = told.people()
    assert (fact.person_id, fact.fields.last_day) == (anna, date(2026, 12, 31))


async def test_an_employment_that_is_gone_is_told_as_news(host: Host, company: Company, told: FakeAcceptor) -> None:
    """The person looks older than before, and what is told is not: the flow orders by the time of change."""
    anna = company.add_person("2020-01-01", "2025-12-31", firstName="Anna")
    again = company.add_employment(anna, "2026-02-01")
    await whole(host)
    (before,) = told.people()
    del company.records["employment"][again]
    await whole(host)
    (after,) = told.people()
    assert (before.fields.last_day, after.fields.last_day) == (None, date(2025, 12, 31))
    assert after.changed_at >= before.changed_at
    await whole(host)
    assert told.people() == []


@pytest.mark.parametrize("tells_time", [True, False])
@pytest.mark.parametrize("offset", [-86_400, 0, 86_400])
async def test_another_clock_loses_nothing(
    host: Host, company: Company, told: FakeAcceptor, offset: float, *, tells_time: bool
) -> None:
    """Only times of Alexis HR's own clock are compared, whether or not its answers tell the time."""
    company.clock_offset, company.tells_time = offset, tells_time
    ids = crowd(company, 4)
    await whole(host)
    told.people()
    for number, person in enumerate(ids):
        company.change_person(person, title=f"T{number}")
        await changes(host)
        assert [fact.fields.title for fact in told.people()] == [f"T{number}"]


async def test_what_becomes_visible_late_is_seen(host: Host, company: Company, told: FakeAcceptor) -> None:
    """A change whose time lies before the cursor is found for as long as the questions overlap."""
    ids = crowd(company, 2)
    await whole(host)
    told.people()
    company.records["employee"][ids[0]] |= {
        "title": "Late",
        "updated": (clock.now() - timedelta(seconds=60)).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    company.change_person(ids[1], title="On time")
    await changes(host)
    assert sorted(str(fact.fields.title) for fact in told.people()) == ["Late", "On time"]


def stirring(company: Company, chance: random.Random, *, deletes: bool) -> Callable[[int], None]:
    """Return what changes, hires, employs, and maybe deletes somebody at each call."""

    def stir(_call: int) -> None:
        people = list(company.records["employee"])
        person, what = chance.choice(people), chance.randrange(6)
        if what < 2:
            company.change_person(person, title=f"T{chance.randrange(1000)}")
        elif what == 2:
            company.add_employment(person, f"20{chance.randrange(10, 26)}-01-01")
        elif what == 3:
            company.add_person(firstName="New")
        elif what == 4 and deletes and len(people) > 4:
            company.remove("employee", person)

    return stir


def heard(facts: list[EmployeeChanged]) -> dict[str, tuple[str | None, str]]:
    """Return title and first day of who is there, as the flow knows them: what is older than known changes nothing."""
    known: dict[str, EmployeeChanged] = {}
    for fact in facts:
        if fact.person_id not in known or fact.changed_at >= known[fact.person_id].changed_at:
            known[fact.person_id] = fact
    return {key: (fact.fields.title, str(fact.fields.first_day)) for key, fact in known.items() if not fact.deleted}


@pytest.mark.parametrize("deletes", [True, False])
@pytest.mark.parametrize("seed", range(5))
async def test_no_change_is_lost_when_people_change_while_pages_are_read(
    host: Host, company: Company, told: FakeAcceptor, seed: int, *, deletes: bool
) -> None:
    """At rest what was told last is what is held; where nobody is deleted, questions for changes are enough."""
    chance = random.Random(f"{seed}/{deletes}")
    host.settings.of(AlexisHRSettings).overlap_seconds = 0.0  # nothing else mends what the cursor passed by
    crowd(company, 8)
    company.tells_time = chance.random() < 0.5
    await whole(host)
    for _ in range(8):
        company.before = stirring(company, chance, deletes=deletes)
        told.fails = Crash() if chance.random() < 0.3 else None
        with suppress(Crash, NotRead):
            await (whole if chance.random() < 0.2 else changes)(host)
        company.before = lambda _: None
    told.fails = None
    await (whole if deletes else changes)(host)
    assert heard(told.people()) == {
        key: (record.get("title"), str(record.get("hireDate"))[:10])
        for key, record in company.records["employee"].items()
    }


async def test_a_crash_before_the_sighting_tells_again_with_the_same_id(
    host: Host, company: Company, told: FakeAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told and not written down is told once more: the same fact, which counts once."""
    crowd(company, 2)

    def die(_step: str) -> bool:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr("infra.faultpoints.reach", die)
        with pytest.raises(Crash):
            await whole(host)
    first = told.people()
    await whole(host)
    assert told.people() == first
    assert len(first) == 2


async def test_a_crash_before_the_cursor_moves_loses_nothing(
    host: Host, company: Company, told: FakeAcceptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next question begins where the last one did; what was written down is not told again."""
    ids = crowd(company, 2)
    await whole(host)
    told.people()
    before = await Sightings(host.engine, TENANT, "alexishr").reading(EMPLOYEE)
    company.change_person(ids[0], title="A")

    def die(step: str) -> bool:
        if step == "alexishr.before_cursor":
            raise Crash
        return False

    with monkeypatch.context() as patched:
        patched.setattr("infra.faultpoints.reach", die)
        with pytest.raises(Crash):
            await changes(host)
    assert await Sightings(host.engine, TENANT, "alexishr").reading(EMPLOYEE) == before
    company.change_person(ids[1], title="B")
    await changes(host)
    assert [fact.fields.title for fact in told.people()] == ["A", "B"]


async def test_a_fact_that_kafka_did_not_take_is_told_next_time(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """Nothing is written down before Kafka has it."""
    crowd(company, 1)
    told.fails = RuntimeError("Kafka is away")
    with pytest.raises(RuntimeError):
        await whole(host)
    await whole(host)
    assert len(told.people()) == 1


async def test_an_old_page_undoes_nothing(host: Host, company: Company, told: FakeAcceptor) -> None:
    """Two readers at once: the slower one's page is read again before it is told, and writes no older sighting."""
    (anna,) = crowd(company, 1)
    await whole(host)
    async with reading(host) as slow:
        old = await slow.hr.read(encode.people(3), slow.attempt)
        company.change_person(anna, title="New")
        await changes(host)
        told.people()
        await slow._people(old, await slow.hr.chosen())
    assert told.people() == []
    company.change_person(anna, title=None)
    await changes(host)
    assert [fact.fields.title for fact in told.people()] == [None]


async def test_a_record_of_another_form_is_mentioned_once_and_stops_nobody(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """The others are told; the mention has the person read again, which fails on record."""
    ids = crowd(company, 3)
    company.records["employee"][ids[1]]["tax"] = {"table": "19900101-2385"}
    for _ in range(2):
        await whole(host)
    assert [type(fact) for fact in told.facts] == [EmployeeChanged, PersonMentioned, EmployeeChanged]
    company.change_person(ids[1], tax={"table": 33})
    await changes(host)
    assert told.people()[-1].fields.tax_table == 33


# --- The token ------------------------------------------------------------------------------------------------------


async def test_a_dead_token_waits_for_a_person_who_is_told_what_to_do(host: Host, company: Company) -> None:
    """The connection says why and what helps; nothing more is sent."""
    company.token = "another"
    with pytest.raises(NotRead, match="bokbuss alexishr connect acme") as refused:
        await whole(host)
    assert refused.value.verdict.who == "operator"
    held = await Connections(host.engine, VAULT).held(TENANT, "alexishr")
    assert held is not None
    assert (held.state, "Owner" in held.reason) == ("needs_consent", True)
    calls = len(company.calls)
    with pytest.raises(NotRead, match="is not connected"):
        await whole(host)
    assert len(company.calls) == calls


async def test_a_token_that_was_replaced_meanwhile_stays_good(host: Host, company: Company) -> None:
    """Only the token that was refused is lost."""

    def replace(_call: int) -> None:
        company.token = "another"

    company.before = replace
    async with reading(host) as reader:
        answer = reader.hr._token_refused
        await Connections(host.engine, VAULT).consented(TENANT, "alexishr", grant_type="token", refresh="another")
        await answer(Company().token)
    assert await Connections(host.engine, VAULT).secret(TENANT, "alexishr") == "another"


async def test_a_company_reads_dates_in_its_own_zone(host: Host, company: Company, told: FakeAcceptor) -> None:
    """The zone of its settings, once it has any."""
    body = '{"employees": {"system": "alexishr", "source_of_truth": "hr", "zone": "America/New_York"}}'
    async with host.engine.begin() as connection:
        await connection.execute(
            text("insert into settings values ('acme', 1, cast(:body as jsonb), 'x', clock_timestamp())"),
            {"body": body},
        )
    company.add_person("2020-01-01", firstName="Anna")
    await whole(host)
    assert [fact.fields.first_day for fact in told.people()] == [date(2019, 12, 31)]


async def test_another_choice_is_told_by_the_next_whole_reading(
    host: Host, company: Company, told: FakeAcceptor
) -> None:
    """Once each, though Alexis HR has changed nothing; and back. Another system's choice is none of this one's."""
    company.add_person(workEmail="w@x.se", privateEmail="p@x.se", workPhone="+4684650040")
    company.add_person(workEmail="only@x.se")
    emails = []
    for choice in ({}, {"email": "privateEmail"}, {"email": "workEmail"}):
        await choose(host, "alexishr", **choice)
        await whole(host)
        emails.append({fact.fields.email for fact in told.people()})
        await whole(host)
        assert told.people() == []
    assert emails == [{"w@x.se", "only@x.se"}, {"p@x.se", None}, {"w@x.se", "only@x.se"}]
    await choose(host, "huma", email="privateEmail")
    await whole(host)
    assert told.people() == []


async def test_a_change_is_read_by_the_choice(host: Host, company: Company, told: FakeAcceptor) -> None:
    """What is asked for all the time, too: a field that was not chosen tells nothing."""
    await choose(host, "alexishr", phone="workPhone")
    anna = company.add_person(privatePhone="070-174 06 05", workPhone="08-465 004 00")
    await whole(host)
    assert [fact.fields.phone for fact in told.people()] == ["+46846500400"]
    company.change_person(anna, privatePhone="070-174 06 06")
    await changes(host)
    assert told.people() == []
    company.change_person(anna, workPhone="08-465 004 01")
    await changes(host)
    assert [fact.fields.phone for fact in told.people()] == ["+46846500401"]
