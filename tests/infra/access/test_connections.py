"""Connections, one by one: what is kept, who may renew, what is told; over the table and over a memory."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from infra import clock, roles, words
from infra.access.connection import Connection, ConnectionRows, Taken, Tokens, days_left
from infra.access.connection_rows import PostgresRows, forget_another_company
from infra.access.connections import Connections, TokenOutcome, health, settled
from infra.access.vault import Vault
from infra.office import office
from infra.postgres import Engine, text
from infra.settings import DatabaseSettings, KafkaSettings, Settings
from infra.verdicts import Granted, Refused, RetryLater, Unanswered
from schemas.audit import GENESIS, AuditRecord
from tests.infra.memory_connections import MemoryRows, Stored, Table

VAULT = Vault(b"test")
DAY = 86_400.0
COMPANY, SYSTEM = "acme", "fortnox"
ADD = text("insert into tenants (tenant, database_number, created_at) values (:tenant, :number, clock_timestamp())")


@dataclass
class TokenEndpoint:
    """A system that gives tokens, or says what it is told to say, in turn."""

    says: list[TokenOutcome] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    takes: float = 0.0
    numbers: Any = field(default_factory=lambda: count(1))

    async def renew(self, _held: Connection, refresh: str | None, may_send: Callable[[], None]) -> TokenOutcome:
        """Give the next answer; without one, new tokens."""
        may_send()
        self.asked.append(refresh)
        await asyncio.sleep(self.takes)
        number = next(self.numbers)
        return self.says.pop(0) if self.says else Granted(f"access-{number}", 3600, f"refresh-{number}", 45 * DAY)


@dataclass
class ConnectionDriver:
    """A database, or a memory, with one company, and processes that use it."""

    rows: ConnectionRows
    engine: Engine | None = None
    table: Table = field(default_factory=Table)
    endpoint: TokenEndpoint = field(default_factory=TokenEndpoint)
    vault: Vault = VAULT

    def process(self, **options: Any) -> Connections:
        """Return the connections as another process has them."""
        return Connections(None, self.vault, rows=self.rows, **options)  # type: ignore[arg-type] # rows are there

    async def consented(self, **more: Any) -> Connections:
        """Let the company consent; return a process."""
        process = self.process()
        given = {"access": "first", "access_seconds": 3600, "refresh": "refresh-0", "refresh_seconds": 45 * DAY}
        grant = {"grant_type": "authorization_code", "database_number": 5, "consented_by": "Anna"}
        await process.consented(COMPANY, SYSTEM, **(given | grant | more))
        return process

    async def held(self) -> Connection:
        """Return what is held of the company's connection."""
        held = await self.process().held(COMPANY, SYSTEM)
        assert held is not None
        return held

    async def recorded(self) -> list[str]:
        """Return the states that went on record."""
        if self.engine is None:
            return [state for _, state, _ in self.table.record]
        async with self.engine.connect() as connection:
            found = await connection.execute(text("select body from audit order by sequence"))
            records = [AuditRecord.model_validate_json(json.dumps(row.body)) for row in found]
        previous = GENESIS
        for record in records:
            assert record.is_whole()
            assert record.previous == previous
            previous = record.hash
        return [record.code or record.outcome for record in records]


@pytest.fixture(params=["table", "memory"])
async def place(request: pytest.FixtureRequest, engine: Engine) -> ConnectionDriver:
    """Return a place with a company whose number is known."""
    if request.param == "memory":
        table = Table({(COMPANY, SYSTEM): Stored(Connection(COMPANY, SYSTEM, database_number=5))})
        return ConnectionDriver(MemoryRows(table), table=table)
    async with engine.begin() as connection:
        await connection.execute_many(ADD, [{"tenant": COMPANY, "number": 5}, {"tenant": "other", "number": None}])
    return ConnectionDriver(PostgresRows(engine), engine)


async def used(place: ConnectionDriver, process: Connections, **how: Any) -> str | RetryLater:
    """Return the access token that a process gets."""
    return await process.access(COMPANY, SYSTEM, place.endpoint.renew, **how)


async def test_one_token_serves_all_processes(place: ConnectionDriver) -> None:
    """The first one asks, the others read: a start costs no call; nothing is asked again before it must be."""
    assert [await used(place, place.process()) for _ in range(3)] == ["access-1"] * 3
    assert place.endpoint.asked == [None]


async def test_a_company_without_consent_waits_without_a_call(place: ConnectionDriver) -> None:
    """The wait is short and steady, and says what to run."""
    answer = await place.process().access("other", SYSTEM, place.endpoint.renew)
    assert isinstance(answer, RetryLater)
    assert (answer.code, answer.steady, answer.after <= 3) == ("consent_missing", True, True)
    assert "bokbuss connect other" in answer.why
    assert place.endpoint.asked == []


@pytest.mark.parametrize("processes", [2, 8])
async def test_processes_that_want_a_new_token_at_once_ask_once(place: ConnectionDriver, processes: int) -> None:
    """One renews, the others wait for its token; each exchange uses the refresh token of the one before."""
    await place.consented()
    place.endpoint.takes = 0.05
    for round_ in (1, 2):
        tokens = await asyncio.gather(*(used(place, place.process(), anew=True) for _ in range(processes)))
        assert set(tokens) == {f"access-{round_}"}
    assert place.endpoint.asked == ["refresh-0", "refresh-1"]


async def test_a_good_token_is_used_while_another_process_renews_it(place: ConnectionDriver) -> None:
    """Nobody waits for a renewal before the old token ends."""
    await place.consented(access_seconds=100.0)
    place.endpoint.takes = 0.5
    renewing = asyncio.create_task(used(place, place.process(), anew=True))
    await asyncio.sleep(0.2)
    assert await used(place, place.process()) == "first"
    assert await renewing == "access-1"


async def test_a_refused_token_is_dropped_and_no_newer_one(place: ConnectionDriver) -> None:
    """A 401 about an old token says nothing about the next one."""
    one, other = await place.consented(), place.process()
    assert await used(place, one) == "first"
    await one.refused(COMPANY, SYSTEM, "first")
    assert await used(place, one) == "access-1"
    await other.refused(COMPANY, SYSTEM, "first")
    assert await used(place, other) == "access-1"
    assert place.endpoint.asked == ["refresh-0"]


@pytest.mark.parametrize(
    "after", [Unanswered(words.OUR_FAILURE(error="reset")), RetryLater(1.0, "auth_throttled", "429")]
)
async def test_what_is_no_refusal_loses_nothing(place: ConnectionDriver, after: TokenOutcome) -> None:
    """The same refresh token is tried again, by whoever needs a token next, and not before the wait is over."""
    process = await place.consented()
    place.endpoint.says = [after]
    failed = await used(place, process, anew=True)
    assert isinstance(failed, RetryLater)
    soon = await used(place, place.process(), anew=True)
    assert isinstance(soon, RetryLater)
    assert soon.after <= failed.after
    assert await used(place, process) == "first"
    await asyncio.sleep(failed.after)
    assert await used(place, place.process(), anew=True) == "access-2"
    assert place.endpoint.asked == ["refresh-0", "refresh-0"]
    assert ((await place.held()).state, await place.recorded()) == ("connected", ["connected"])


@pytest.mark.parametrize(("lost", "says"), [(True, "never arrived"), (False, "not known")])
async def test_a_refusal_says_whether_an_answer_was_lost_before(
    place: ConnectionDriver, *, lost: bool, says: str
) -> None:
    """Only then has the system exchanged a token of which nobody knows; either way the company must connect again."""
    process = await place.consented()
    place.endpoint.says = [Refused("needs_consent", words.NUMBER_NOT_KNOWN())]
    if lost:
        place.endpoint.says.insert(0, Unanswered(words.OUR_FAILURE(error="reset")))
        assert isinstance(await used(place, process, anew=True), RetryLater)
        await asyncio.sleep(2.1)
    answer = await used(place, process, anew=True)
    assert isinstance(answer, RetryLater)
    assert (answer.code, answer.steady, says in answer.why) == ("consent_missing", True, True), answer.why
    assert "bokbuss connect acme" in answer.why
    before = len(place.endpoint.asked)
    assert isinstance(await used(place, place.process()), RetryLater)
    assert len(place.endpoint.asked) == before
    assert ((await place.held()).state, await place.recorded()) == ("needs_consent", ["connected", "needs_consent"])


async def test_an_answer_that_comes_late_revives_the_connection(place: ConnectionDriver) -> None:
    """Its process was slow, another one was refused meanwhile: the pair is the only one, and it fits."""
    await place.consented()
    slow, quick = place.process(answer_seconds=0.2), place.process(answer_seconds=0.2)
    late = TokenEndpoint(takes=3.0)
    gone = await slow.access(COMPANY, SYSTEM, late.renew, anew=True)
    assert isinstance(gone, RetryLater)
    place.endpoint.says = [Refused("needs_consent", words.NUMBER_NOT_KNOWN())]
    refused = await used(place, quick, anew=True)
    assert isinstance(refused, RetryLater)
    assert refused.code == "consent_missing"
    await settled(10.0)
    assert await used(place, quick) == "access-1"
    assert await place.process().secret(COMPANY, SYSTEM) == "refresh-1"
    assert await place.recorded() == ["connected", "needs_consent", "connected"]


async def test_an_answer_that_comes_after_a_newer_pair_changes_nothing(place: ConnectionDriver) -> None:
    """A new consent is worth more than what was asked for before it."""
    await place.consented()
    late = TokenEndpoint(takes=1.5)
    slow = place.process(answer_seconds=0.2)
    asking = asyncio.create_task(slow.access(COMPANY, SYSTEM, late.renew, anew=True))
    await asyncio.sleep(0.2)
    await place.consented(access="new", refresh="new-refresh")
    await asking
    with capture_logs() as logs:
        await settled(10.0)
    assert [line["event"] for line in logs] == ["new tokens came too late: the connection has changed"]
    assert (await used(place, place.process()), await slow.secret(COMPANY, SYSTEM)) == ("new", "new-refresh")


async def test_a_request_that_would_leave_late_does_not_leave(place: ConnectionDriver) -> None:
    """Others may renew by then: the permission to send is over before the claim is."""
    await place.consented()

    async def stalled(held: Connection, refresh: str | None, may_send: Callable[[], None]) -> TokenOutcome:
        await asyncio.sleep(0.15)
        return await place.endpoint.renew(held, refresh, may_send)

    answer = await place.process(answer_seconds=0.2).access(COMPANY, SYSTEM, stalled, anew=True)
    assert isinstance(answer, RetryLater)
    assert place.endpoint.asked == []


async def test_a_renewal_goes_on_when_whoever_waits_for_it_is_cancelled(place: ConnectionDriver) -> None:
    """A lane that ends does not throw the answer away."""
    await place.consented()
    place.endpoint.takes = 0.3
    lane = asyncio.create_task(used(place, place.process(), anew=True))
    while not place.endpoint.asked:  # noqa: ASYNC110 - it is asked in this loop
        await asyncio.sleep(0.01)
    lane.cancel()
    await settled(60.0)
    assert await place.process().secret(COMPANY, SYSTEM) == "refresh-1"


async def asked_for(process: Connections, endpoint: TokenEndpoint) -> None:
    """Let a process ask for new tokens, and go on when it has."""
    asking = asyncio.create_task(process.access(COMPANY, SYSTEM, endpoint.renew, anew=True))
    while not endpoint.asked:  # noqa: ASYNC110 - it is asked in this loop
        await asyncio.sleep(0.01)
    asking.cancel()


def test_a_process_that_ends_writes_down_what_it_has_asked_for() -> None:
    """Whichever its jobs are: a page of the desk's may have asked."""
    table = Table({(COMPANY, SYSTEM): Stored(Connection(COMPANY, SYSTEM, database_number=5))})
    place = ConnectionDriver(MemoryRows(table), table=table, endpoint=TokenEndpoint(takes=0.3))

    async def process() -> None:
        stop = asyncio.Event()

        async def job(stop: asyncio.Event) -> None:
            await asked_for(await place.consented(), place.endpoint)
            stop.set()

        await roles._until_stopped([job], stop)

    asyncio.run(process())
    assert asyncio.run(place.process().secret(COMPANY, SYSTEM)) == "refresh-1"


async def test_a_command_that_ends_writes_down_what_it_has_asked_for(prepared_url: str, tmp_path: Path) -> None:
    """Also one that is interrupted: where the only answer is lost, the company has to consent again."""
    database, kafka = DatabaseSettings(url=prepared_url), KafkaSettings(bootstrap="127.0.0.1:9")
    settings = Settings(data=tmp_path, database=database, kafka=kafka, _env_file=None)

    async def command(*, asks: bool) -> str | None:
        async with office(settings) as place:
            host = await place.host()
            connections = Connections(host.engine, host.vault)
            if not asks:
                return await connections.secret(COMPANY, SYSTEM)
            async with host.engine.begin() as connection:
                await connection.execute(ADD, {"tenant": COMPANY, "number": 5})
            await ConnectionDriver(PostgresRows(host.engine), host.engine, vault=host.vault).consented()
            await asked_for(connections, TokenEndpoint(takes=0.3))
            raise asyncio.CancelledError  # as Ctrl-C does

    def run(*, asks: bool) -> str | None:
        with suppress(asyncio.CancelledError):
            return asyncio.run(command(asks=asks))
        return None

    assert await asyncio.to_thread(run, asks=True) is None
    assert await asyncio.to_thread(run, asks=False) == "refresh-1"


async def test_a_bug_of_ours_is_no_refusal(place: ConnectionDriver) -> None:
    """Whether the token was used up is not known, so it is tried again."""
    process = await place.consented()

    async def broken(_held: Connection, _refresh: str | None, _may_send: Callable[[], None]) -> TokenOutcome:
        raise ZeroDivisionError

    with capture_logs():
        answer = await process.access(COMPANY, SYSTEM, broken, anew=True)
    assert isinstance(answer, RetryLater)
    assert (await place.held()).state == "connected"


@pytest.mark.parametrize(
    ("grant", "state", "tried"),
    [
        ("authorization_code", "licence_missing", True),
        ("client_credentials", "licence_missing", True),
        ("client_credentials", "needs_consent", True),
        ("authorization_code", "needs_consent", False),
    ],
)
async def test_what_may_be_mended_at_the_system_is_tried_again_after_a_while(
    place: ConnectionDriver, grant: str, state: str, *, tried: bool
) -> None:
    """A licence is bought there, and so is a service account's consent given; a used refresh token stays used."""
    process = await place.consented(grant_type=grant)
    await process.lost(COMPANY, SYSTEM, state, "said so")
    assert isinstance(await used(place, process), RetryLater)
    assert place.endpoint.asked == []
    if place.engine is None:
        place.table.rows[COMPANY, SYSTEM].changed_at -= 301
        place.table.rows[COMPANY, SYSTEM].renew_at = 0.0
    else:
        async with place.engine.begin() as connection:
            await connection.execute(
                text("update connections set renew_at = null, changed_at = changed_at - interval '301 seconds'")
            )
    assert (await used(place, process) == "access-1") is tried
    assert ((await place.held()).state == "connected") is tried


async def test_a_disconnected_company_has_no_secrets_left(place: ConnectionDriver) -> None:
    """What was there is handed over for revoking; nothing is asked for until it connects again."""
    process = await place.consented()
    assert await process.disconnect(COMPANY, SYSTEM, "Anna") == "refresh-0"
    waits = await used(place, process)
    assert isinstance(waits, RetryLater)
    assert (waits.code, waits.steady) == ("disconnected", True)
    assert (await process.secret(COMPANY, SYSTEM), place.endpoint.asked) == (None, [])
    held = await place.held()
    assert (held.access_until, held.refresh_until) == (None, None)
    await place.consented()
    assert await used(place, process) == "first"
    assert await place.recorded() == ["connected", "disconnected", "connected"]


@pytest.mark.parametrize(("seconds", "left"), [(60.0, "refresh-0"), (-1.0, None), (None, "refresh-0")])
async def test_a_token_that_has_ended_revokes_nothing(
    place: ConnectionDriver, seconds: float | None, left: str | None
) -> None:
    """A service account goes on for years, its token for weeks; a system says of any text that it is revoked."""
    process = await place.consented(grant_type="client_credentials", refresh_seconds=seconds)
    assert await process.refresh_token(COMPANY, SYSTEM) == left
    assert await process.disconnect(COMPANY, SYSTEM, "Anna") == left


async def test_disconnecting_waits_for_a_renewal_that_is_under_way(place: ConnectionDriver) -> None:
    """The token that comes is the one to revoke."""
    await place.consented()
    place.endpoint.takes = 0.5
    renewing = asyncio.create_task(used(place, place.process(), anew=True))
    await asyncio.sleep(0.2)
    assert await place.process().disconnect(COMPANY, SYSTEM, "Anna") == "refresh-1"
    await renewing


async def test_a_paused_company_waits_and_goes_on_with_its_tokens(place: ConnectionDriver) -> None:
    """Nothing is thrown away; only what works can be paused, and only what is paused resumed."""
    process = await place.consented()
    assert not await process.resume(COMPANY, SYSTEM, "Anna")
    assert await process.pause(COMPANY, SYSTEM, "Anna")
    assert not await process.pause(COMPANY, SYSTEM, "Anna")
    waits = await used(place, process)
    assert isinstance(waits, RetryLater)
    assert (waits.code, waits.steady) == ("connection_paused", True)
    assert await process.resume(COMPANY, SYSTEM, "Anna")
    assert await used(place, process) == "first"
    assert await place.recorded() == ["connected", "paused", "connected"]


async def test_a_consent_lets_no_company_go_on_that_somebody_paused(place: ConnectionDriver) -> None:
    """A link that was sent before is used by the company: what was stopped here goes on when it is said so here."""
    process = await place.consented()
    await process.pause(COMPANY, SYSTEM, "Anna")
    process = await place.consented(access="second", consented_by="Bo")
    waits = await used(place, process)
    assert isinstance(waits, RetryLater)
    assert waits.code == "connection_paused"
    assert ((await place.held()).state, (await place.held()).reason) == ("paused", "paused by Anna")
    assert await process.resume(COMPANY, SYSTEM, "Anna")
    assert await used(place, process) == "second"
    assert await place.recorded() == ["connected", "paused", "connected", "paused", "connected"]


async def test_a_number_is_learned_once_and_is_nobody_elses(place: ConnectionDriver) -> None:
    """A company's number at a system is its own: of two that come to one, the second does not get it."""
    assert await place.rows.pin("other", 6) == 6
    assert await place.rows.pin("other", 7) == 6
    assert await place.rows.pin(COMPANY, 6) == 5
    with pytest.raises(Taken) as taken:
        await place.consented(database_number=6)
    assert taken.value.holder == "other"
    assert await place.recorded() == []
    assert (await place.held()).database_number == 5


async def test_tokens_that_open_another_company_stop_it_until_a_consent(place: ConnectionDriver) -> None:
    """New tokens do not revive it, nor does time; the reason says what was opened."""
    process = await place.consented()
    assert await process.opens(COMPANY, SYSTEM, "first", 5, "Krogen") is None
    refusal = await process.opens(COMPANY, SYSTEM, "first", 7, "Bageriet")
    assert isinstance(refusal, RetryLater)
    assert (refusal.code, refusal.steady, "7 (Bageriet)" in refusal.why) == ("other_company", True, True)
    row = await place.rows.read(COMPANY, SYSTEM)
    assert row is not None
    assert await place.rows.granted(row, Tokens(b"x", 60.0, 50.0, b"y", 60.0), ())
    assert await used(place, place.process()) == refusal
    assert ((await place.held()).state, (await place.held()).opened) == ("needs_consent", 7)
    await place.consented()
    assert await used(place, place.process()) == "first"
    assert (await place.held()).opened is None
    assert await place.recorded() == ["connected", "needs_consent", "connected"]


async def test_a_token_of_before_does_not_stop_a_new_consent(place: ConnectionDriver) -> None:
    """It was asked whose books it opens while a person consented for another company: that one's tokens are there."""
    process = await place.consented()
    assert await used(place, process) == "first"
    await place.consented(database_number=6, access="new")
    later = await process.opens(COMPANY, SYSTEM, "first", 5, "Krogen")
    assert isinstance(later, RetryLater)
    assert later.after < 1.0
    assert await used(place, process) == "new"
    assert ((await place.held()).state, await place.recorded()) == ("connected", ["connected", "connected"])


async def test_another_number_forgets_the_tokens_of_the_company_before(engine: Engine) -> None:
    """They would open the other one's books; a renewal under way comes too late."""
    async with engine.begin() as connection:
        await connection.execute_many(ADD, [{"tenant": COMPANY, "number": 5}])
    process = Connections(engine, VAULT)
    given = {"access": "a", "access_seconds": 3600.0, "refresh": "r", "refresh_seconds": DAY}
    await process.consented(COMPANY, SYSTEM, grant_type="authorization_code", database_number=5, **given)
    for number, kept in ((5, "r"), (6, None)):
        async with engine.begin() as connection:
            await forget_another_company(connection, COMPANY, number)
        assert await process.secret(COMPANY, SYSTEM) == kept


@pytest.mark.parametrize("how", ["consent", "number"])
async def test_another_number_forgets_what_was_read_of_the_company_before(engine: Engine, how: str) -> None:
    """Its financial years have other ids, and what was in order there need not be here: nothing green is left of it."""
    process = Connections(engine, VAULT)
    async with engine.begin() as connection:
        await connection.execute_many(ADD, [{"tenant": COMPANY, "number": 5}, {"tenant": "other", "number": 7}])
        for statement in (
            """insert into reference_data (tenant, system, kind, body, read_at)
               select t, 'fortnox', 'years', '[]', clock_timestamp() from unnest(array['acme', 'other']) as t""",
            """insert into checks (tenant, system, "check", ok, body, checked_at)
               select t, 'fortnox', 'series', true, '{}', clock_timestamp() from unnest(array['acme', 'other']) as t""",
        ):
            await connection.execute(text(statement))
    for number, left in ((5, ["acme", "other"]), (6, ["other"])):
        if how == "consent":
            await process.consented(COMPANY, SYSTEM, grant_type="client_credentials", database_number=number)
        else:
            async with engine.begin() as connection:
                await forget_another_company(connection, COMPANY, number)
        for table in ("reference_data", "checks"):
            async with engine.connect() as connection:
                rows = await connection.scalars(text(f"select tenant from {table} order by tenant"))  # noqa: S608 - ours
                assert list(rows) == left


async def test_every_company_is_listed_with_what_it_has(engine: Engine) -> None:
    """One with a number only counts as a service account's; one without anything is not there."""
    async with engine.begin() as connection:
        await connection.execute_many(ADD, [{"tenant": f"t{n}", "number": n or None} for n in range(3)])
    process = Connections(engine, VAULT)
    await process.consented("t2", "alexishr", grant_type="token", refresh="hush")
    await process.consented("t0", "fortnox", grant_type="authorization_code", access="a", access_seconds=1.0)
    everything = [(held.tenant, held.system, held.grant_type) for held in await process.all()]
    assert everything == [
        ("t0", "fortnox", "authorization_code"),
        ("t1", "fortnox", "client_credentials"),
        ("t2", "alexishr", "token"),
        ("t2", "fortnox", "client_credentials"),
    ]
    assert [held.tenant for held in await process.all("fortnox")] == ["t0", "t1", "t2"]
    assert await process.secret("t2", "alexishr") == "hush"


async def test_nothing_secret_stands_in_the_tables_in_the_clear(engine: Engine) -> None:
    """And a row that was moved to another company opens nothing there."""
    async with engine.begin() as connection:
        await connection.execute_many(ADD, [{"tenant": COMPANY, "number": 5}, {"tenant": "other", "number": 6}])
    place = ConnectionDriver(PostgresRows(engine), engine)
    await place.consented(access="very-secret-access", refresh="very-secret-refresh")
    async with engine.connect() as connection:
        for table in ("connections", "audit"):
            rows = await connection.scalars(text(f"select t::text from {table} t"))  # noqa: S608
            assert rows
            assert not [row for row in rows if b"very-secret".hex() in row or "very-secret" in row]


HELDS = st.builds(
    Connection,
    tenant=st.just("acme"),
    system=st.just("fortnox"),
    grant_type=st.sampled_from(["client_credentials", "authorization_code", "token"]),
    state=st.sampled_from(["connected", "needs_consent", "licence_missing", "paused", "disconnected"]),
    refresh_until=st.none() | st.integers(-50, 50).map(lambda days: datetime(2026, 6, 1, tzinfo=UTC) + timedelta(days)),
)


@given(HELDS)
def test_health_has_a_word_for_each_connection(held: Connection) -> None:
    """Its state; a connected one expires when its refresh token has less than a week."""
    now = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
    said, left = health(held, now), days_left(held, now)
    if held.state != "connected":
        assert said == {"needs_consent": "needs consent", "licence_missing": "licence missing"}.get(
            held.state, held.state
        )
    else:
        assert said == ("expiring" if left is not None and left < 7 else "connected")
    assert (left is None) == (held.grant_type != "authorization_code" or held.refresh_until is None)


def test_a_company_without_anything_is_not_connected() -> None:
    """There is a word for that as well."""
    assert health(None, clock.now().timestamp()) == "not connected"
