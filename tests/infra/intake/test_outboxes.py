"""A till's outbox is read in order, each row at least once and each content once, whatever its transactions do."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
import structlog.testing
from aiokafka import AIOKafkaProducer
from psycopg._conninfo_attempts_async import conninfo_attempts_async

from infra import clock, registry, way_words
from infra.intake import collecting, letters, outboxes, ways
from infra.intake.holes import Position
from infra.intake.ways import Way
from infra.postgres import Engine, text
from infra.rows import WayFound
from infra.settings import Settings
from schemas.events import Fact
from schemas.ways import OutboxTable, WaysIn
from tests.infra import ways_driver
from tests.infra.ways_driver import HERE, Site, Till, event, put, report


def outbox(name: str = "kassa", **changes: object) -> WaysIn:
    """Return the settings of one outbox, which is looked at every second."""
    return WaysIn(outboxes=(OutboxTable.model_validate({"name": name, "system": "openpos", "every": 1, **changes}),))


@pytest.fixture
async def site(engine: Engine, producer: AIOKafkaProducer, settings: Settings) -> AsyncIterator[Site]:
    """Yield a process of ours."""
    async with ways_driver.opened(engine, producer, settings) as made:
        yield made


@pytest.fixture
def till(database_url: str) -> Till:
    """Return a till's own database."""
    return Till(database_url)


async def test_rows_become_facts_in_their_order(site: Site, till: Till, tenant: str) -> None:
    """Those that are there, and those that come; each once, also when another process goes on."""
    till.write(*(report(n) for n in range(1, 4)))
    await site.choose(tenant, outbox(), kassa=till.url)
    async with site.collecting():
        await site.told(tenant, *(event(n) for n in range(1, 4)))
        till.write(report(4))
        await site.told(tenant, *(event(n) for n in range(1, 5)))
    till.write(report(5))
    async with site.collecting():
        await site.told(tenant, *(event(n) for n in range(1, 6)))
    assert await outboxes.position(site.host.engine, Way(tenant, outbox().outboxes[0])) is not None


async def test_more_rows_than_one_look_takes_are_all_read(site: Site, till: Till, tenant: str) -> None:
    """One look after the other, without a pause."""
    numbers = range(1, outboxes.ROWS * 2 + 11)
    till.write(*(report(n) for n in numbers))
    await site.choose(tenant, outbox(every=3600), kassa=till.url)
    async with site.collecting():
        await site.told(tenant, *(event(n) for n in numbers))


async def test_a_row_that_is_committed_late_is_read_and_in_its_place(site: Site, till: Till, tenant: str) -> None:
    """A transaction took the lower id and commits last: it is waited for."""
    await site.choose(tenant, outbox(patience=600), kassa=till.url)
    with till.session() as slow:
        put(slow, report(1))
        till.write(report(2))
        async with site.collecting():
            await clock.sleep(1.5)
            assert await site.keys(tenant) == []
            slow.commit()
            await site.told(tenant, event(1), event(2))


async def test_a_transaction_that_never_ends_holds_nobody_up(site: Site, till: Till, tenant: str) -> None:
    """After the patience those behind it go on; and when it ends after all, its row is read."""
    await site.choose(tenant, outbox(patience=1), kassa=till.url)
    with till.session() as slow:
        put(slow, report(1))
        till.write(report(2), report(3))
        async with site.collecting():
            await site.told(tenant, event(2), event(3))
        slow.commit()  # also when nobody looks meanwhile
    async with site.collecting():
        await site.told(tenant, event(2), event(3), event(1))


async def test_what_was_rolled_back_is_no_reason_to_wait(site: Site, till: Till, tenant: str) -> None:
    """Its id stays a hole for ever."""
    with till.session() as failed:
        put(failed, report(1))
        failed.rollback()
    till.write(report(2))
    await site.choose(tenant, outbox(), kassa=till.url)
    async with site.collecting():
        await site.told(tenant, event(2))


async def test_a_row_that_cannot_be_read_is_a_dead_letter_and_the_next_goes_on(
    site: Site, till: Till, tenant: str
) -> None:
    """Broken, null, too large: each under a place of its own, with its reason; read again it is the same place."""
    site.host.settings.max_body = 20_000
    till.write(b'{"format": "x", "secretive": "4711"}', None, b'["' + b"x" * 30_000 + b'"]', report(9))
    await site.choose(tenant, outbox(), kassa=till.url)
    async with site.collecting():
        await site.told(tenant, event(9))
    broken, empty, large = await site.letters(tenant)
    assert "zNumber: Field required" in broken.reason
    assert "4711" not in broken.reason
    assert broken.record_value == b"", "a till can tell of people, who are invoiced: its row is where that stays"
    assert (empty.reason, empty.record_value) == ("payload: it is null", b"")
    assert large.reason == "payload: it is larger than 20,000 bytes"
    assert [letter.offset for letter in (broken, empty, large)] == [1, 2, 3]
    assert letters.source_of(broken) is not None
    async with site.host.engine.begin() as connection:
        await connection.execute(text("truncate outbox_positions"))
    async with site.collecting():
        await site.told(tenant, event(9), event(9))
    assert [letter.place for letter in await site.letters(tenant)] == [
        letter.place for letter in (broken, empty, large)
    ] * 2


async def test_a_row_that_a_connector_stumbles_over_is_a_dead_letter_and_the_next_goes_on(
    site: Site, till: Till, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be read over and over, and those behind it never."""
    source = registry.sources()["openpos"]

    def stumbling(payload: bytes) -> tuple[Fact, ...]:
        if b'"zNumber": 1' not in payload:
            return source.translate(payload)
        raise KeyError(payload)

    monkeypatch.setattr(registry, "sources", lambda: {"openpos": replace(source, translate=stumbling)})
    till.write(report(1), report(2))
    await site.choose(tenant, outbox(), kassa=till.url)
    async with site.collecting():
        await site.told(tenant, event(2))
    [letter] = await site.letters(tenant)
    assert letter.reason.startswith("payload: reading it raised KeyError (tests.infra.intake.test_outboxes:")


@pytest.mark.parametrize("kind", ["text", "json", "bytea", "varchar(100000)"])
async def test_a_payload_may_be_of_any_kind_that_holds_json(
    kind: str, site: Site, database_url: str, tenant: str
) -> None:
    """Bytes that are no text are refused with their row."""
    till = Till(database_url, kind)
    if kind == "bytea":
        with till.session() as session:
            session.execute("insert into outbox (payload) values (%s), (%s)", [report(1), b"\xff\xfe\x00"])
    else:
        till.write(report(1), b'"\\u00e5"')
    await site.choose(tenant, outbox(), kassa=till.url)
    async with site.collecting():
        await site.told(tenant, event(1))

        async def buried() -> bool:
            return len(await site.letters(tenant)) == 1

        await site.until(buried)


@contextmanager
def away(url: str) -> Iterator[None]:
    """Let a till's database refuse everybody."""
    name = url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(url.replace(f"/{name}?", "/postgres?"), autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


async def test_a_till_whose_database_is_away_stops_no_other(site: Site, till: Till, tenant: str) -> None:
    """Another company's goes on; and it is read when it is back."""
    other = f"{tenant}-b"
    with till.session() as session:
        session.execute("create schema b; create table b.outbox (like public.outbox including all)")
        session.execute("insert into b.outbox (payload) values (%s)", [report(7).decode()])
    wrong = till.url.replace("/test_", "/gone_")
    await site.choose(tenant, outbox(), kassa=wrong)
    await site.choose(other, outbox(table="b.outbox"), kassa=till.url)
    async with site.collecting():
        await site.told(other, event(7))
        with away(till.url):
            await clock.sleep(1.5)
        till.write(report(8))
        await site.choose(tenant, outbox(), kassa=till.url)
        await site.told(tenant, event(8))
    assert await site.keys(other) == [event(7)]


async def test_a_table_that_began_anew_is_read_from_its_beginning(site: Site, till: Till, tenant: str) -> None:
    """Its ids are lower than what was read, or it is another table of that name."""
    till.write(*(report(n) for n in range(1, 6)))
    await site.choose(tenant, outbox(), kassa=till.url)
    read = [event(n) for n in range(1, 6)]
    async with site.collecting():
        await site.told(tenant, *read)
        with till.session() as session:
            session.execute("truncate outbox restart identity")
        till.write(report(11))
        await site.told(tenant, *read, event(11))
        with till.session() as session:
            session.execute("alter table outbox rename to outbox_old")
            session.execute(ways_driver.OUTBOX.format(kind="jsonb"))
            for n in range(21, 23):
                put(session, report(n))
        await site.told(tenant, *read, event(11), event(21), event(22))


@pytest.mark.parametrize(
    "emptied", ["truncate outbox restart identity", "delete from outbox; select setval('outbox_id_seq', 1, false)"]
)
async def test_a_till_that_empties_its_outbox_each_night_loses_no_day(
    emptied: str, site: Site, till: Till, tenant: str
) -> None:
    """One report a day, and its id is 1 each day; what is there no more, or comes again as it was, changes nothing."""
    await site.choose(tenant, outbox(), kassa=till.url)
    told = list[str]()
    for day in (1, 2, 3):
        till.write(report(day))
        told.append(event(day))
        async with site.collecting():
            await site.told(tenant, *told)
            await clock.sleep(1.5)  # another look at what was read
        with till.session() as session:
            session.execute(emptied)
    async with site.collecting():
        await clock.sleep(1.5)
        till.write(report(4), report(5))
        await site.told(tenant, *told, event(4), event(5))
    async with site.collecting():
        await clock.sleep(2.5)
    assert await site.keys(tenant) == [*told, event(4), event(5)]


async def test_a_user_who_may_only_read_is_enough_and_nothing_is_written(site: Site, till: Till, tenant: str) -> None:
    """SELECT on the table is all that it takes; each look is a transaction that only reads."""
    role = f"reader_{tenant[-8:]}"
    with till.session() as session:
        session.execute(f"create role {role} login")
        session.execute(f"grant select on outbox to {role}")
    reader = till.url.replace("//postgres:", f"//{role}:").replace("//postgres@", f"//{role}@")
    try:
        till.write(report(1))
        await site.choose(tenant, outbox(), kassa=reader)
        async with site.collecting():
            await site.told(tenant, event(1))
        async with outboxes._connected(till.url, site.host.settings.private_networks) as connection:
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                await connection.execute("delete from outbox")
            await connection.rollback()
    finally:
        with till.session() as session:
            session.execute(f"drop owned by {role}; drop role {role}")


async def test_what_stands_in_the_way_is_said_in_words(site: Site, till: Till, tenant: str) -> None:
    """By a code each, and never with anything of the secret."""

    async def found(url: str | None, **changes: object) -> WayFound:
        await site.choose(tenant, chosen := outbox(**changes), **({} if url is None else {"kassa": url}))
        [one] = await collecting.check(site.host, tenant)
        assert one == await collecting.checked(site.host, Way(tenant, chosen.outboxes[0]))
        assert "hemligt" not in way_words.in_words(one, "sv") + way_words.in_words(one, "en")
        return one

    with till.session() as session:
        session.execute("create table wrong (id text, payload xml)")
        session.execute("create table hidden (like outbox)")
    missing = await found(None)
    assert missing.code == "secret_missing"
    assert missing.detail == f"bokbuss ways secret {tenant} kassa"
    assert (await found("postgresql://u:hemligt@h:p:q/x?y")).code == "secret_wrong"
    assert (await found("hemligt")).code == "secret_wrong"
    assert (await found("postgresql://u:hemligt@127.0.0.1:9/x")).code == "unreachable"
    assert (await found(till.url.replace("/test_", "/hemligt_"))).code == "login_refused"
    assert (await found(till.url, table="b.outbox")).code == "table_missing"
    differs = await found(till.url, table="wrong")
    assert differs.code == "table_differs"
    assert "id (smallint / integer / bigint), created_at (" in differs.detail
    assert (await found(till.url, system="nobody")).code == "no_such_system"
    assert (await found(till.url)).code == ""


async def test_no_till_leads_us_into_our_own_network(site: Site, till: Till, tenant: str) -> None:
    """Neither to an address of ours nor to a socket of this machine, in whatever form the URL names it."""

    async def found(url: str) -> tuple[str, str]:
        await site.choose(tenant, outbox(), kassa=url)
        [one] = await collecting.check(site.host, tenant)
        assert "hemligt" not in way_words.in_words(one, "sv") + way_words.in_words(one, "en")
        return one.code, one.detail

    site.host.settings.private_networks = ()
    assert (await found(till.url))[0] == "address_inside"
    for hosts, named in (
        ("10.0.0.7", "10.0.0.7"),
        ("LOCALHOST:5433", "LOCALHOST"),
        ("2130706433", "2130706433"),
        ("[::1]", "::1"),
        ("93.184.216.34,127.0.0.1:5433", "127.0.0.1"),
        ("", "localhost"),
    ):
        assert await found(f"postgresql://u:hemligt@{hosts}/x") == ("address_inside", named)
    for inside in ("?hostaddr=127.0.0.1", "?hostaddr=0x7f.1", "?host=%2Fvar%2Frun%2Fpostgresql"):
        assert (await found(f"postgresql://u:hemligt@/x{inside}"))[0] == "address_inside"
    assert (await found("postgresql://u:hemligt@db.example.se/x?hostaddr=127.0.0.1"))[0] == "address_inside"
    assert (await found("postgresql://u:hemligt@169.254.169.254/x")) == ("address_never", "169.254.169.254")
    assert (await found("postgresql://u:hemligt@1.1.1.1,8.8.8.8/x?port=1,2,3"))[0] == "secret_wrong"


async def test_a_databases_addresses_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were looked at are what is connected to, each with its host and port: a name is proved in cipher."""
    asked = list[str]()

    async def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
        asked.append(host)
        if host == "gone.example":
            raise OSError(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", port)) for number in (1, 2)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    conninfo = outboxes._conninfo("postgresql://u:p@a.example:1,gone.example:2,c.example:3/x")
    reached = await outboxes._reached(conninfo, HERE)
    attempts = await conninfo_attempts_async(reached)
    assert [(one["host"], one["hostaddr"], one["port"]) for one in attempts] == [
        ("a.example", "127.0.0.1", "1"),
        ("a.example", "127.0.0.2", "1"),
        ("c.example", "127.0.0.1", "3"),
        ("c.example", "127.0.0.2", "3"),
    ]
    assert asked == ["a.example", "gone.example", "c.example"]


async def test_a_secret_is_in_no_log_and_not_in_the_database(
    site: Site, tenant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However the connection fails; and it opens nothing under another name or for another company."""
    await site.choose(tenant, outbox(), kassa="postgresql://u:hemligt@127.0.0.1:9/x")
    with structlog.testing.capture_logs() as logs:
        async with site.collecting():

            async def said() -> bool:
                return any(line.get("code") == "unreachable" for line in logs)

            await site.until(said)
    assert "hemligt" not in repr(logs) + "".join(capsys.readouterr())
    async with site.host.engine.connect() as connection:
        rows = (await connection.execute(text("select secret from way_secrets"))).all()
    assert b"hemligt" not in rows[0][0]
    assert await ways.secret_of(site.host.engine, site.host.vault, Way(tenant, outbox().outboxes[0]))


def test_an_unknown_position_is_before_every_id() -> None:
    """Ids of zero and below are read as well."""
    assert Position().passed < -(10**18)
