"""Guests of all processes and the lane's owner keep one budget together, live orders first, and nobody starves."""

import asyncio
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from infra import clock
from infra.delivery.budget import BACKFILL, LIFE, LOOK_UP, WINDOW, Budget
from infra.delivery.guests import Guest, Late, Lender, Loans, guest
from infra.environment import whole
from infra.leases import Lease, Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from tests.infra import virtual
from tests.infra.budget_simulation import LIMIT, NAME, busiest, simulate
from tests.infra.memory import Database, MemoryLeases, MemoryLoans

SEEDS = 120


def test_no_window_holds_more_than_the_limit_and_everybody_finishes() -> None:
    """Owners come, go, stand still and die; so do guests. Only a call of a stopped process may come on top."""
    with capture_logs():
        for seed in range(SEEDS):
            simulate(seed)


@pytest.mark.parametrize("seed", range(4))
def test_a_backlog_leaves_look_ups_a_trickle_and_backfill_waits(seed: int) -> None:
    """Live orders get all but a call a second, which goes to whoever has waited five seconds; no order waits long."""
    world = simulate(seed, "backlog", owners=1, look_ups=2, backfills=1)
    during = [left for left in world.left if 20 < left.at - 1000 < 60]
    assert sum(left.who == 0 for left in during) / 40 >= (LIMIT - 7) / WINDOW - 0.2
    assert sum(left.who == BACKFILL for left in during) == 0
    assert max(waited for _, waited in world.waits) <= WINDOW + LIFE + 1.0
    look_ups = [left.at for left in world.left if left.who == LOOK_UP]
    assert all(reader.reads == 0 for reader in world.readers)
    assert max(later - sooner for sooner, later in pairwise(look_ups)) < 15


@pytest.fixture(params=["memory", "postgres"])
async def stage(request: pytest.FixtureRequest, engine: Engine) -> tuple[Any, Any, Any]:
    """Return loans, a process's leases, and another's: in memory, as the simulation has them, and in the database."""
    if request.param == "postgres":
        return Loans(engine), Leases(engine, 10.0), Leases(engine, 10.0)
    database = Database()
    return MemoryLoans(database), MemoryLeases(database, "a", 10.0), MemoryLeases(database, "b", 10.0)


async def test_an_owner_inherits_what_guests_took(stage: tuple[Any, Any, Any]) -> None:
    """Calls taken while nobody owned the lane count for who comes then, as leaving at the last moment."""
    loans, ours, _ = stage
    visitor = Guest(loans, NAME, LOOK_UP, LIMIT)
    began = clock.monotonic()
    for _ in range(4):
        await visitor.take()
    lease = await ours.acquire(NAME)
    assert len(lease.used) == 1 + 2 + 4
    assert all(began + LIFE <= at <= clock.monotonic() + LIFE + 0.5 for at in lease.used)


async def test_guests_of_a_free_lane_count_each_other(stage: tuple[Any, Any, Any]) -> None:
    """Together they take what is not kept for live orders, then wait."""
    loans, *_ = stage
    async with asyncio.timeout(60.0):
        for _ in range(20):
            await Guest(loans, NAME, LOOK_UP, LIMIT).take()
    late = Guest(loans, NAME, LOOK_UP, LIMIT)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.7):
            await late.take()
    await late.leave()
    assert (await loans.waiting())[0] == []


async def test_an_owner_that_was_away_is_fenced_off_by_guests(stage: tuple[Any, Any, Any]) -> None:
    """A lease past its deadline can be renewed while nobody else took it; then it would know nothing of their calls."""
    loans, ours, other = stage
    lease = await ours.acquire(NAME)
    await ours.release(lease)
    lane = await loans.look(NAME, LOOK_UP)
    assert await loans.write_down(NAME, lane, [lane.now])
    assert not await loans.write_down(NAME, lane, [lane.now])
    taken = await other.acquire(NAME)
    assert (taken.epoch, len(taken.used)) == (lease.epoch + 2, 1)


async def test_a_lane_that_is_owned_is_not_written_to(stage: tuple[Any, Any, Any]) -> None:
    """Its owner counts in memory: what is written beside the lease it would never see."""
    loans, ours, _ = stage
    await loans.look(NAME, LOOK_UP)
    before = await loans.look(NAME, LOOK_UP)
    assert not before.owned
    await ours.acquire(NAME)
    lane = await loans.look(NAME, LOOK_UP)
    assert lane.owned
    assert not await loans.write_down(NAME, before, [before.now])
    assert not await loans.write_down(NAME, lane, [lane.now])


async def test_an_owner_grants_and_the_guest_finds_it(stage: tuple[Any, Any, Any]) -> None:
    """The calls come out of the owner's budget; the most urgent guest is first, and backfill waits behind it."""
    loans, ours, _ = stage
    lease = await ours.acquire(NAME)
    budget = Budget(LIMIT, [clock.monotonic()] * 16)
    backfill = await loans.ask(NAME, BACKFILL, 5)
    look_up = await loans.ask(NAME, LOOK_UP, 5)
    await loans.ask("fortnox/another", LOOK_UP, 5)
    await Lender(loans, lambda: {NAME: (lease, budget)}).lend()
    calls, age = await loans.look_again(look_up)
    assert calls == 4
    assert 0 <= age < 30
    assert await loans.look_again(backfill) is None
    assert len(budget.used()) == 20


async def test_nobody_lends_for_a_lane_that_is_not_his(stage: tuple[Any, Any, Any]) -> None:
    """A process whose lease was taken over while it was away grants nothing; nor one whose lease ends too soon."""
    loans, ours, other = stage
    lease = await ours.acquire(NAME)
    await ours.release(lease)
    lease.deadline = clock.monotonic() + 10
    await other.acquire(NAME)
    request = await loans.ask(NAME, LOOK_UP, 5)
    await Lender(loans, lambda: {NAME: (lease, Budget(LIMIT))}).lend()
    assert await loans.look_again(request) is None
    ending = Lease(NAME, lease.epoch + 1, clock.monotonic() + LIFE / 2)
    await Lender(loans, lambda: {NAME: (ending, Budget(LIMIT))}).lend()
    assert await loans.look_again(request) is None


async def test_a_pause_reaches_the_owner_and_the_free_lane(stage: tuple[Any, Any, Any]) -> None:
    """A guest that was told 429 makes everybody wait: through the owner, or through what the next owner inherits."""
    loans, ours, _ = stage
    visitor = Guest(loans, NAME, LOOK_UP, LIMIT)
    await visitor.throttled(3.0)
    lease = await ours.acquire(NAME)
    assert Budget(LIMIT, lease.used).lend(1, LOOK_UP, 0.0, clock.monotonic()) == 0
    budget = Budget(LIMIT)
    began = clock.monotonic()
    await visitor.throttled(3.0)
    await Lender(loans, lambda: {NAME: (lease, budget)}).lend()
    assert budget.lend(1, LOOK_UP, 60.0, clock.monotonic()) == 0
    assert (await loans.waiting())[0] == []
    await budget.take()
    assert 2.9 < clock.monotonic() - began < 30


async def test_a_pause_is_not_lost_where_another_guest_takes_calls_at_that_moment(
    stage: tuple[Any, Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody owns the lane, so nobody would hear of it: the next guest would be told 429 as well."""
    loans, ours, _ = stage
    look, others = loans.look, [Guest(loans, NAME, LOOK_UP, LIMIT)]

    async def overtaken(name: str, priority: int) -> Any:
        seen = await look(name, priority)
        if others:
            await others.pop().take()
        return seen

    monkeypatch.setattr(loans, "look", overtaken)
    await Guest(loans, NAME, LOOK_UP, LIMIT).throttled(60.0)
    lease = await ours.acquire(NAME)
    assert Budget(LIMIT, lease.used).lend(1, LOOK_UP, 0.0, clock.monotonic()) == 0


def test_calls_are_not_sent_after_their_time() -> None:
    """A guest that was stopped, or connects for long, throws them away and borrows again."""

    async def scene() -> None:
        visitor = Guest(MemoryLoans(Database()), NAME, LOOK_UP, LIMIT)  # type: ignore[arg-type]
        await visitor.take()
        visitor.may_send()
        await clock.sleep(LIFE)
        with pytest.raises(Late):
            visitor.may_send()
        await visitor.take()
        visitor.may_send()

    virtual.run(scene())


def test_a_guest_whose_owner_died_goes_on_by_itself() -> None:
    """Its request stays without an answer; when the lease is over it takes the calls of the free lane."""

    async def scene() -> float:
        database = Database()
        await MemoryLeases(database, "dead", 10.0).acquire(NAME)
        visitor = Guest(MemoryLoans(database), NAME, LOOK_UP, LIMIT)  # type: ignore[arg-type]
        began = clock.monotonic()
        await visitor.take()
        return clock.monotonic() - began

    assert 10.0 < virtual.run(scene()) < 12.0


async def test_what_a_dead_guest_asked_for_is_not_granted_and_goes_away(engine: Engine) -> None:
    """A request that nobody looks at takes no calls from those who are alive."""
    loans = Loans(engine)
    lease = await Leases(engine, 10.0).acquire(NAME)
    assert lease is not None
    dead, alive = await loans.ask(NAME, LOOK_UP, 5), await loans.ask(NAME, LOOK_UP, 5)
    async with engine.begin() as connection:
        old = text("update budget_requests set seen_at = seen_at - interval '61 seconds' where id = :id")
        await connection.execute(old, {"id": dead})
    budget = Budget(LIMIT)
    await Lender(loans, lambda: {NAME: (lease, budget)}).lend()
    assert len(budget.used()) == 5
    assert await loans.look_again(alive) is not None
    async with engine.connect() as connection:
        assert await connection.scalars(text("select id from budget_requests")) == [alive]


async def test_an_attempt_of_a_guests_takes_calls_and_leaves_no_request(engine: Engine) -> None:
    """It counts them by priority; what it still asks for when it goes is withdrawn."""
    host = Host(whole()(), engine, None, None, None)

    def counted() -> float:
        return (
            REGISTRY.get_sample_value("bokbuss_target_calls_total", {"sink": "fortnox", "priority": "look_up"}) or 0.0
        )

    before = counted()
    async with guest(host, "fortnox", "a", LOOK_UP) as attempt:
        await attempt.take()
        attempt.may_send()
    assert counted() == before + 1
    assert await Leases(engine, 10.0).acquire("fortnox/a")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5), guest(host, "fortnox", "a", LOOK_UP) as attempt:
            await attempt.take()
    async with engine.connect() as connection:
        assert await connection.scalar(text("select count(*) from budget_requests")) == 0


PROCESS = """
import asyncio, sys
from infra.delivery import budget as budgets
from infra import clock, store
from infra.delivery.budget import Budget
from infra.delivery.guests import Guest, Lender, Loans
from infra.leases import Leases

budgets._STARVED = 1.0

async def live(engine, _number):
    leases, lanes = Leases(engine, 10.0), {}
    lease = await leases.acquire("fortnox/a")
    budget = Budget(24, lease.used)
    lanes[lease.name] = lease, budget
    lending = [asyncio.create_task(each) for each in (Lender(Loans(engine), lambda: lanes).run(), leases.keep())]
    print("owner", flush=True)
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    budget.busy = True
    while not ended.done():
        await budget.take()
        lease.check()
        budget.leaves()
        print(clock.monotonic(), flush=True)
        await clock.sleep(0.05)
    lanes.clear()
    await leases.release(lease, budget.used())
    for task in lending:
        task.cancel()

async def read(engine, reads):
    visitor = Guest(Loans(engine), "fortnox/a", 1, 24)
    for _ in range(reads):
        await visitor.take()
        visitor.may_send()
        print(clock.monotonic(), flush=True)

async def main(url, what, number):
    engine = store.engine(url, 4)
    await {"live": live, "read": read}[what](engine, int(number))
    await engine.dispose()

asyncio.run(main(*sys.argv[1:]))
"""


def test_processes_share_one_budget(prepared_url: str) -> None:
    """Guests before an owner with a backlog comes, and while it is there: real processes, one real database."""
    root = Path(__file__).parents[3]

    def start(what: str, number: int) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", PROCESS, prepared_url, what, str(number)]
        return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)

    early = start("read", 10)
    printed = [early.communicate(timeout=120)[0]]
    owner = start("live", 0)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "owner\n"
    guests = [start("read", 3), start("read", 3)]
    printed += [process.communicate(timeout=120)[0] for process in (*guests, owner)]  # it ends when they have done
    assert [process.returncode for process in (early, *guests, owner)] == [0, 0, 0, 0]
    times = [[float(line) for line in text.split()] for text in printed]
    assert [len(each) for each in times[:3]] == [10, 3, 3]
    assert len(times[3]) > LIMIT
    assert busiest([at for each in times for at in each], blurred=0.1) <= LIMIT
