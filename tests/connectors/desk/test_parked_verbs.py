"""parked, as it is typed: a company whose rule breaks, over a real database and a real broker."""

from typing import Any

import pytest

from infra.accounts.permissions import DeskRole
from infra.deciding.decider import Decider
from infra.kafka.parking import Failure, Parking
from infra.kafka.records import Record
from infra.office import Office
from infra.postgres import text
from tests.connectors.desk.conftest import Past, VerbDriver
from tests.connectors.desk.web_driver import visiting
from tests.infra.facts import day, message, record
from tests.infra.fake_flows import DAY_SALES, SECRET, fake_flow

TENANT = "krogen-soder"


async def sweep(place: Office, *, broken: bool = False, records: tuple[Record, ...] = ()) -> None:
    """Be a flows role for a moment: of code that breaks, or of other code."""
    flow, code = (fake_flow("decide"), "broken") if broken else (DAY_SALES, "mended")
    decider = Decider(place.engine, await place.producer(), (flow,), code)
    await decider.decide(records)
    await decider.sweep()


@pytest.fixture
def places(desk: VerbDriver) -> list[str]:
    """Return the places of two days of which the first cannot be decided."""
    days = tuple(record(TENANT, day(z)) for z in (2, 3))

    async def past(world: Past) -> None:
        await world.add(TENANT)
        await sweep(world.place, broken=True, records=days)

    desk.after(past)
    return ["/".join(map(str, one.place)) for one in days]


def listed(desk: VerbDriver) -> list[tuple[str, str]]:
    """Return place and state of what is parked."""
    return [(p["place"], p["state"]) for p in desk.json("parked", "list", "--tenant", TENANT)]


def test_what_is_parked_is_listed_and_shown_without_the_exceptions_values(desk: VerbDriver, places: list[str]) -> None:
    """The first one has the reason; explain knows of it as well."""
    assert listed(desk) == [(place, "waiting") for place in places]
    said = desk("parked", "list").stdout + desk("parked", "show", places[0]).stdout
    assert "BugError in _raise" in said
    assert f"bokbuss parked skip {places[0]}" in said
    assert SECRET not in said
    assert "waits its turn" in said
    first = desk.json("parked", "show", places[0])
    assert (first["code"], first["rule"], first["attempts"], first["key"]) == ("BugError", "_raise", 1, day(2).key)
    assert "parked" in desk("explain", day(2).key).stdout


def test_what_is_parked_is_a_page_where_it_is_set_aside(desk: VerbDriver, places: list[str]) -> None:
    """With a reason, which is on record; what is behind it goes on."""

    async def visit(world: Past) -> str:
        async with visiting(world.place) as visitor:
            await visitor.is_signed_in_as(DeskRole.ADMIN, TENANT)
            address = f"/companies/{TENANT}/parked"
            page = await visitor.see(address)
            assert (await visitor.post(f"{address}/{places[0]}/skip")).status_code == 422
            assert (await visitor.post(f"{address}/{places[0]}/skip", {"reason": "tomorrow"})).status_code == 303
            assert (await visitor.post(f"{address}/retry")).status_code == 303
            return page

    page = desk.after(visit)
    assert all(place in page for place in places)
    assert "BugError in _raise" in page
    assert SECRET not in page
    assert listed(desk) == [(places[0], "set_aside"), (places[1], "waiting")]


def test_what_is_set_aside_is_tried_again_from_its_page(desk: VerbDriver, places: list[str]) -> None:
    """The button for all is there only where something waits that it tries."""

    async def visit(world: Past) -> None:
        async with visiting(world.place) as visitor:
            await visitor.is_signed_in_as(DeskRole.ADMIN, TENANT)
            address, every = f"/companies/{TENANT}/parked", "Try again, from the first one on"
            assert every in await visitor.see(address)
            for place in places:
                await visitor.post(f"{address}/{place}/skip", {"reason": "tomorrow"})
            assert every not in await visitor.see(address)
            page = (await visitor.get(address)).text
            assert page.count('/retry"') == 2
            assert (await visitor.post(f"{address}/{places[1]}/retry", {"reader": "sinks-fortnox"})).status_code == 404
            assert (await visitor.post(f"{address}/{places[1]}/retry", {"reader": "flows"})).status_code == 303
            await visitor.is_signed_in_as(DeskRole.APPROVER, TENANT)
            assert (await visitor.post(f"{address}/{places[0]}/retry")).status_code == 403
            assert '/retry"' not in (await visitor.get(address)).text

    desk.after(visit)
    assert listed(desk) == [(places[0], "set_aside"), (places[1], "waiting")]
    desk("parked", "skip", places[1])
    assert f"Nothing of {TENANT} waits; 2 set aside" in desk("parked", "retry", TENANT).stdout


def test_what_several_readers_have_set_aside_is_tried_again_at_each(desk: VerbDriver) -> None:
    """An order of a newer version is parked by every reader of its topic: which one is meant can be said."""
    one, readers = record(TENANT, day(2)), ("sinks-fortnox", "sinks-fortnox-files")
    place = "/".join(map(str, one.place))

    async def past(world: Past) -> None:
        await world.add(TENANT)
        async with world.place.engine.begin() as connection:
            for reader in readers:
                fault = Failure("of_a_newer_version", "", "a newer version wrote it")
                await Parking(reader, "older").add(connection, [(one, message(TENANT, day(2)))], fault)

    desk.after(past)
    for reader in readers:
        said = desk("parked", "skip", place, "--reader", reader).stdout
        assert f"parked retry {place} --reader {reader}" in " ".join(said.split())
    assert "--reader sinks-fortnox-files" in desk.refused(2, "parked", "retry", place)
    assert "name its place" in desk.refused(2, "parked", "retry", TENANT, "--reader", readers[0])
    desk("parked", "retry", place, "--reader", readers[1])
    states = {p["reader"]: p["state"] for p in desk.json("parked", "list", "--tenant", TENANT)}
    assert states == {readers[0]: "set_aside", readers[1]: "waiting"}


def test_no_company_hides_what_is_parked_of_another(desk: VerbDriver) -> None:
    """Of more than a list holds each company's first are there, and how many are not is said."""

    async def past(world: Past) -> None:
        for tenant in (TENANT, "aaa"):
            await world.add(tenant)
        await sweep(world.place, broken=True, records=(record("aaa", day(2)), record(TENANT, day(2))))
        many = text(
            """insert into parked (reader, tenant, topic, partition, "offset", recorded_at, record_key, record_value,
                                   about, fact_id, state, code, rule, reason, attempts, tried, parked_at)
               select reader, tenant, topic, partition, 7000000 + n, recorded_at, record_key, record_value, about,
                      fact_id, state, '', '', '', 0, '{}', parked_at
               from parked, generate_series(1, 1000) as n where tenant = 'aaa'"""
        )
        async with world.place.engine.begin() as connection:
            await connection.execute(many)

    desk.after(past)
    result = desk("parked", "list")
    assert TENANT in result.stdout
    assert "Only 1,000 of 1,002 are listed" in result.stderr
    assert {p["tenant"] for p in desk.json("parked", "list")} == {"aaa", TENANT}
    assert "1001 of aaa wait" in desk("parked", "retry", "aaa").stdout


def test_a_retry_that_nobody_takes_up_or_that_raises_again_is_exit_code_1(desk: VerbDriver, places: list[str]) -> None:
    """And says which."""
    assert "does bokbuss run" in desk.refused(1, "parked", "retry", TENANT, "--wait", "0.1")
    desk.after(lambda world: sweep(world.place, broken=True))
    assert "and 1 behind it" in desk.refused(1, "parked", "retry", TENANT, "--wait", "0.1")
    desk.after(lambda world: sweep(world.place))
    assert "Nothing of krogen-soder is parked." in desk("parked", "retry", TENANT, "--wait", "5").stdout
    assert listed(desk) == []
    assert places


def test_a_skipped_record_stays_listed_and_is_retried_by_its_place(desk: VerbDriver, places: list[str]) -> None:
    """What comes later goes on meanwhile; who did it is on record."""
    desk("parked", "skip", places[0], "--by", "Åsa", "--reason", "tomorrow")
    desk.after(lambda world: sweep(world.place, broken=True))
    assert listed(desk) == [(places[0], "set_aside")]
    assert "set aside already" in desk.refused(1, "parked", "skip", places[0])
    desk("parked", "retry", places[0], "--by", "Åsa")
    desk.after(lambda world: sweep(world.place))
    assert listed(desk) == []
    told = desk.json("audit", "verify")
    assert [finding["problem"] for finding in told if finding["tenant"] == TENANT] == [None]


def test_a_discarded_record_is_on_record_with_who_and_why(desk: VerbDriver, places: list[str]) -> None:
    """And is gone for good."""
    desk("parked", "discard", places[0], "--by", "Åsa", "--reason", "a test of the till")
    desk.after(lambda world: sweep(world.place, broken=True))
    assert listed(desk) == []
    assert "a test of the till" in desk("audit", "--tenant", TENANT).stdout
    assert "nothing is parked" in desk.refused(2, "parked", "show", places[0])


@pytest.mark.parametrize("words", [("list", "--tenant", "krogen"), ("retry", "krogen"), ("skip", "facts/0/1")])
def test_what_is_unknown_is_no_all_clear(desk: Any, words: tuple[str, ...]) -> None:
    """A misspelt company, or a place where nothing is parked."""
    assert desk.refused(2, "parked", *words)
