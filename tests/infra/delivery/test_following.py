"""Each company in its turn: shared by processes, one at a time for a company, and no failure ends it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from infra import clock
from infra.access.connections import Connections
from infra.access.vault import Vault
from infra.delivery.following import Following, connected, last_night
from infra.delivery.reading import NotRead
from infra.leases import Lease, LeaseLost, Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import Settings
from infra.verdicts import RetryLater
from schemas.events import Fact

SOON = 0.02
NEW_YORK = ZoneInfo("America/New_York")
Turn = Callable[[str, Lease], Awaitable[float | None]]


def process(engine: Engine) -> Host:
    """Return a process with leases of its own."""
    return Host(Settings(_env_file=None), engine, Vault(b"test"), Leases(engine, 5.0), _tells_nothing)


async def _tells_nothing(_tenant: str, _system: str, _facts: Sequence[Fact]) -> tuple[str, ...]:
    return ()


@asynccontextmanager
async def running(turn: Turn, *hosts: Host, companies: tuple[str, ...] = ("a",)) -> AsyncIterator[None]:
    """Let processes give these companies their turns."""
    stop = asyncio.Event()

    async def every() -> tuple[str, ...]:
        return companies

    work = Following("reading", every, turn, look=SOON, patience=SOON)
    tasks = [asyncio.create_task(work.run(host, stop)) for host in hosts]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def until(check: Callable[[], bool]) -> None:
    """Wait until something came true."""
    async with asyncio.timeout(120):
        while not check():  # noqa: ASYNC110 - it is in another task's memory
            await asyncio.sleep(0.01)


async def owner(engine: Engine) -> str | None:
    """Return who has the company."""
    async with engine.connect() as connection:
        found: str | None = await connection.scalar(text("select owner from leases where name = 'reading/a'"))
        return found


async def test_processes_share_the_companies_and_each_has_one_turn_at_a_time(engine: Engine) -> None:
    """Whichever process it is that gives it."""
    at_once, turns, most = dict.fromkeys("abc", 0), dict.fromkeys("abc", 0), 0

    async def turn(tenant: str, _lease: Lease) -> float:
        nonlocal most
        at_once[tenant] += 1
        most = max(most, at_once[tenant])
        await asyncio.sleep(0.01)
        turns[tenant] += 1
        at_once[tenant] -= 1
        return 0.01

    async with running(turn, process(engine), process(engine), companies=("a", "b", "c")):
        await until(lambda: min(turns.values()) > 3)
    assert most == 1


async def test_a_company_that_is_slow_holds_up_no_other(engine: Engine) -> None:
    """A company is a wall."""
    done = list[str]()

    async def turn(tenant: str, _lease: Lease) -> float:
        if tenant == "a":
            await asyncio.sleep(600)
        done.append(tenant)
        return 0.01

    async with running(turn, process(engine), companies=("a", "b")):
        await until(lambda: done.count("b") > 2)
    assert "a" not in done


async def test_what_is_done_is_let_go_and_what_goes_on_is_kept(engine: Engine) -> None:
    """Asked to stop, everything is given back."""
    given, told = None, list[float | None]()

    async def turn(_tenant: str, _lease: Lease) -> float | None:
        told.append(given)
        return given

    async with running(turn, host := process(engine)):
        await until(lambda: told != [])
        given = 600.0
        await until(lambda: given in told)
        assert await owner(engine) == host.leases.owner
    assert await owner(engine) == ""


async def test_no_failure_ends_it_and_each_further_one_waits_longer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever failed; meanwhile other processes keep away as well. A success begins the count anew."""
    waits = list[float]()
    wait = clock.wait

    async def noted(event: asyncio.Event, within: float) -> bool:
        if within != SOON:
            waits.append(within)
        return await wait(event, min(within, 0.01))

    monkeypatch.setattr(clock, "wait", noted)
    fails: list[Exception | float] = [NotRead(RetryLater(1.0, "throttled", "429"))] * 3
    fails += [RuntimeError("Kafka is away"), 7.0, NotRead(RetryLater(200.0, "forbidden", "no right", "operator"))]
    fails += [NotRead(RetryLater(200.0, "forbidden", "no right", "operator")), 9.0]

    async def turn(_tenant: str, _lease: Lease) -> float:
        fate = fails.pop(0) if fails else 9.0
        if isinstance(fate, Exception):
            raise fate
        return fate

    async with running(turn, process(engine)):
        await until(lambda: len(waits) >= 8)
    assert waits[:8] == [1.0, 2.0, 4.0, SOON * 8, 7.0, 200.0, 300.0, 9.0]


def failing(company: str) -> float | None:
    """Return how many of a company's turns are said to fail."""
    return REGISTRY.get_sample_value("bokbuss_turns_failing", {"work": "reading", "tenant": company})


async def test_what_fails_each_time_is_told_until_a_turn_succeeds(engine: Engine) -> None:
    """Of each company by itself, which can have several turns. One that is not connected has an alert of its own."""
    well, turns = set[str](), list[str]()

    async def turn(tenant: str, _lease: Lease) -> float:
        turns.append(tenant)
        if tenant == "cut off":
            raise NotRead(RetryLater(SOON, "consent_missing", "not connected", "operator", steady=True))
        if tenant not in well:
            raise NotRead(RetryLater(SOON, "forbidden", "no right", "operator"))
        return SOON

    async with running(turn, process(engine), companies=("a/till", "a/files", "b", "cut off")):
        await until(lambda: (failing("a"), failing("b")) == (2, 1) and "cut off" in turns)
        assert failing("cut off") is None
        well.add("a/till")
        await until(lambda: failing("a") == 1)
        well |= {"a/files", "b"}
        await until(lambda: failing("a") is None and failing("b") is None)


async def test_a_process_that_has_lost_a_company_does_not_tell_that_it_fails(engine: Engine) -> None:
    """Whoever has it now does."""
    told = list[float | None]()

    async def turn(_tenant: str, lease: Lease) -> float:
        told.append(failing("a"))
        if len(told) == 2:
            raise LeaseLost(lease.name)
        raise NotRead(RetryLater(SOON, "unreachable", "no answer"))

    async with running(turn, process(engine)):
        await until(lambda: len(told) > 2)
    assert told[:3] == [None, 1, None]


async def test_a_company_that_is_not_connected_is_let_go(engine: Engine) -> None:
    """Whether it is to have a turn is asked anew."""
    epochs = list[int]()

    async def turn(_tenant: str, lease: Lease) -> float:
        epochs.append(lease.epoch)
        raise NotRead(RetryLater(2.0, "consent_missing", "not connected", "operator", steady=True))

    async with running(turn, process(engine)):
        await until(lambda: len(epochs) > 1)
    assert epochs[:2] == [1, 2]


async def test_a_process_whose_lease_is_lost_lets_go(engine: Engine) -> None:
    """Another one may be reading by now."""
    epochs = list[int]()

    async def turn(_tenant: str, lease: Lease) -> float:
        epochs.append(lease.epoch)
        raise LeaseLost

    async with running(turn, process(engine)):
        await until(lambda: len(epochs) > 1)
    assert epochs[:2] == [1, 2]


async def test_only_a_connection_that_may_be_used_is_read_over(engine: Engine) -> None:
    """Not one that was paused, nor one to another system."""
    host = process(engine)
    connections = Connections(host.engine, host.vault)
    for tenant in ("a", "b"):
        async with engine.begin() as connection:
            add = text("insert into tenants (tenant, created_at) values (:t, clock_timestamp())")
            await connection.execute(add, {"t": tenant})
        await connections.consented(tenant, "alexishr", grant_type="token", refresh="x")
    await connections.pause("b", "alexishr", "Anna")
    assert await connected(host, "alexishr") == ["a"]
    assert await connected(host, "huma") == []


@given(now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_the_last_night_is_the_last_two_oclock(now: datetime) -> None:
    """In the company's zone, at most a day ago (an hour more or less when the clocks change)."""
    night = last_night(now, 2, NEW_YORK)
    assert night.astimezone(NEW_YORK).hour in {2, 3}
    assert 0 <= (now - night).total_seconds() <= 25 * 3600


@pytest.mark.parametrize(("hour", "day"), [(1, 9), (3, 10)])
def test_before_two_it_is_still_the_night_before(hour: int, day: int) -> None:
    """By the company's clock."""
    night = last_night(datetime(2026, 4, 10, hour, tzinfo=NEW_YORK), 2, NEW_YORK)
    assert (night.day, night.hour) == (day, 2)


@pytest.mark.parametrize(
    ("now", "night"),
    [("2026-04-10T10:00", "2026-04-10T02:00"), ("2026-04-10T01:59", "2026-04-09T02:00"), ("2026-12-01T03:00", None)],
)
def test_a_night_begins_at_an_hour_in_sweden(now: str, night: str | None) -> None:
    """In summer 4 o'clock is two hours earlier in UTC, in winter one."""
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert last_night(at, 4) == (datetime.fromisoformat(night).replace(tzinfo=UTC) if night else at)
