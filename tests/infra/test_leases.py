"""One owner at a time, on a real database: who holds a lease, until when, and what a successor gets."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from infra import clock, leases, store
from infra.leases import Lease, LeaseLost, Leases, lead
from infra.postgres import Engine, text
from tests.ending import end_tasks

SECONDS = 0.6
MARGIN = 0.3


@pytest.fixture
async def engine(prepared_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Engine]:
    """Yield an engine on empty tables; a successor waits less than in earnest."""
    monkeypatch.setattr(leases, "MARGIN", MARGIN)
    engine = store.engine(prepared_url, 4)
    yield engine
    await engine.dispose()


async def test_a_lease_has_one_owner(engine: Engine) -> None:
    """Of many processes that ask at once, one gets it; one lease keeps nobody from another."""
    found = await asyncio.gather(*(Leases(engine, SECONDS).acquire("fortnox/a") for _ in range(12)))
    assert [lease.epoch for lease in found if lease] == [1]
    assert await Leases(engine, SECONDS).acquire("fortnox/b")


async def test_an_owner_does_not_get_its_own_lease_twice(engine: Engine) -> None:
    """Two lanes of one process would be two writers as well."""
    ours = Leases(engine, SECONDS)
    assert await ours.acquire("fortnox/a")
    assert await ours.acquire("fortnox/a") is None


async def test_a_lease_that_is_not_renewed_is_free_after_its_deadline_and_a_margin(engine: Engine) -> None:
    """Before that its owner, if it only slept, could still be sending."""
    asked = clock.monotonic()
    lease = await Leases(engine, SECONDS).acquire("fortnox/a")
    assert lease is not None
    successor = Leases(engine, SECONDS)
    while (taken := await successor.acquire("fortnox/a")) is None:
        await clock.sleep(0.01)
    assert clock.monotonic() - asked >= SECONDS + MARGIN
    assert taken.epoch == lease.epoch + 1
    with pytest.raises(LeaseLost):
        lease.check()


@pytest.mark.skipif(shutil.which("unshare") is None, reason="it makes clocks of its own for a process, on Linux")
def test_a_deadline_passes_while_the_machine_sleeps() -> None:
    """A request that was about to leave does not leave hours later: another machine has the lane by then."""
    asked = "import time; from infra import clock; print(clock.monotonic() - time.monotonic())"
    asleep = ("unshare", "--time", "--boottime", "3600", sys.executable, "-c", asked)  # for so long, as it seems to it
    said = subprocess.run(asleep, capture_output=True, text=True, timeout=60, check=False)
    if said.stderr.startswith("unshare: "):
        pytest.skip(said.stderr)  # it may not
    assert float(said.stdout) > 3599.0


async def test_a_renewed_lease_outlives_its_first_deadline(engine: Engine) -> None:
    """The owner goes on, and nobody else gets it."""
    ours, other = Leases(engine, SECONDS), Leases(engine, SECONDS)
    lease = await ours.acquire("fortnox/a")
    assert lease is not None
    keeping = asyncio.create_task(ours.keep())
    until = clock.monotonic() + 2 * (SECONDS + MARGIN)
    while clock.monotonic() < until:
        lease.check()
        assert await other.acquire("fortnox/a") is None
        await clock.sleep(0.05)
    await end_tasks(keeping)


async def test_a_deadline_is_kept_without_the_database(engine: Engine) -> None:
    """A process that was stopped finds its deadline passed before it asks anybody."""
    lease = await Leases(engine, SECONDS).acquire("fortnox/a")
    assert lease is not None
    lease.check()
    await clock.sleep(SECONDS)
    with pytest.raises(LeaseLost):
        lease.check()


async def test_a_lost_lease_is_noticed_at_the_next_renewal(engine: Engine) -> None:
    """It is not extended: what the owner still believes ends at its deadline."""
    ours, other = Leases(engine, SECONDS), Leases(engine, 60.0)
    lease = await ours.acquire("fortnox/a")
    assert lease is not None
    await clock.sleep(SECONDS + MARGIN)
    assert await other.acquire("fortnox/a")
    deadline = lease.deadline
    await ours.renew()
    assert lease.deadline == deadline
    await ours.release(lease)  # nor can it be given back
    assert await ours.acquire("fortnox/a") is None


async def test_a_lease_that_was_late_and_that_nobody_took_is_kept(engine: Engine) -> None:
    """A renewal after the deadline is as good as one before it, while the epoch is the same."""
    ours = Leases(engine, SECONDS)
    lease = await ours.acquire("fortnox/a")
    assert lease is not None
    await clock.sleep(SECONDS + MARGIN)
    await ours.renew()
    lease.check()
    assert await Leases(engine, SECONDS).acquire("fortnox/a") is None


async def test_a_lease_that_is_given_back_is_free_at_once(engine: Engine) -> None:
    """The successor need not wait; the one who gave it back may not act any more."""
    ours, other = Leases(engine, 60.0), Leases(engine, 60.0)
    lease = await ours.acquire("fortnox/a")
    assert lease is not None
    await ours.release(lease)
    with pytest.raises(LeaseLost):
        lease.check()
    taken = await other.acquire("fortnox/a")
    assert taken is not None
    assert (taken.epoch, taken.used) == (2, [])


async def test_the_budget_goes_with_a_lease_that_is_given_back(engine: Engine) -> None:
    """The successor counts on: no request is older to it than it is, since that would free the budget early."""
    ours = Leases(engine, SECONDS)
    lease = await ours.acquire("fortnox/a")
    assert lease is not None
    now = clock.monotonic()
    used = [now - 3.0, now - 1.5, now]
    await ours.release(lease, used)
    taken = await Leases(engine, SECONDS).acquire("fortnox/a")
    assert taken is not None
    later = [there - here for here, there in zip(used, taken.used, strict=True)]
    assert all(-0.002 < seconds < 1.0 for seconds in later), later  # the two clocks may drift by microseconds


async def test_a_clock_that_is_set_back_keeps_no_lease(engine: Engine) -> None:
    """Who is alive goes on; what a process that has ended left behind is free soon, not in an hour, and not full."""
    ours, other = Leases(engine, SECONDS), Leases(engine, SECONDS)
    alive, given = [await ours.acquire(name) for name in ("alive", "given back")]
    assert alive
    assert given
    assert await Leases(engine, SECONDS).acquire("left behind")
    await ours.release(given, [clock.monotonic()])
    back = """update leases set deadline = deadline + interval '1 hour', budget = (
                select coalesce(jsonb_agg(cast(b.at as float8) + 3600), '[]')
                from jsonb_array_elements(budget) as b(at))"""
    await store.write(engine, text(back), {})  # as they look to a clock that was ahead until now
    keeping = [asyncio.create_task(each.keep()) for each in (ours, other)]
    free: list[Lease] = []
    async with asyncio.timeout(10 * (SECONDS + MARGIN)):
        while len(free) < 2:
            free += [lease for name in ("left behind", "given back") if (lease := await other.acquire(name))]
            assert await other.acquire("alive") is None
            await clock.sleep(0.02)
    alive.check()
    assert [at <= clock.monotonic() for lease in free for at in lease.used] == [True]
    await end_tasks(*keeping)


async def test_a_renewal_under_way_does_not_take_back_what_was_given_back(engine: Engine) -> None:
    """A renewal that reaches the database after the release finds a lease without an owner."""
    ours, other = Leases(engine, 60.0), Leases(engine, 60.0)
    lease = await ours.acquire("fortnox/a")
    assert lease is not None
    await ours.release(lease)
    ours._held["fortnox/a"] = lease  # as when the renewal had begun before
    await ours.renew()
    assert await other.acquire("fortnox/a") is not None


async def test_a_renewal_and_a_release_at_once_leave_the_lease_free(engine: Engine) -> None:
    """Whichever of the two is first, the successor does not wait and the old owner may not act."""
    other = Leases(engine, 60.0)
    for _ in range(20):
        ours = Leases(engine, 60.0)
        lease = await ours.acquire("fortnox/a")
        assert lease is not None
        await asyncio.gather(ours.renew(), ours.release(lease))
        with pytest.raises(LeaseLost):
            lease.check()
        taken = await other.acquire("fortnox/a")
        assert taken is not None
        await other.release(taken)


async def test_only_the_owner_renews_and_gives_back(engine: Engine) -> None:
    """A process that believes it holds this very epoch changes nothing."""
    ours, stranger = Leases(engine, SECONDS), Leases(engine, 60.0)
    lease = await ours.acquire("fortnox/a")
    assert lease is not None
    stranger._held["fortnox/a"] = lease
    deadline = lease.deadline
    await stranger.renew()
    assert lease.deadline == deadline
    assert not stranger._held
    await stranger.release(leases.Lease("fortnox/a", lease.epoch, 0.0))
    assert await stranger.acquire("fortnox/a") is None


async def test_an_election_ends_when_the_process_does(engine: Engine) -> None:
    """Who waits for a lease can be asked to stop."""
    await Leases(engine, 60.0).acquire("relay")
    stop, led = asyncio.Event(), list[Lease]()

    async def work(lease: Lease) -> None:
        led.append(lease)

    waiting = asyncio.create_task(lead(Leases(engine, 60.0), "relay", stop, work))
    await clock.sleep(0.05)
    stop.set()
    await waiting
    assert led == []


async def test_one_process_leads_and_begins_anew_after_a_failure(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever failed, or a lease that was lost; the lease is given back each time, so that others may have it."""
    monkeypatch.setattr(leases, "_AFTER_A_FAILURE", 0.01)
    stop, begun, at_once = asyncio.Event(), list[int](), 0

    async def work(lease: Lease) -> None:
        nonlocal at_once
        at_once += 1
        begun.append(lease.epoch)
        try:
            await clock.sleep(0.02)
            assert at_once == 1
            match len(begun):
                case 1:
                    raise ConnectionError("the broker is away")
                case 2:
                    raise LeaseLost
                case 4:
                    stop.set()
        finally:
            at_once -= 1

    await asyncio.gather(*(lead(Leases(engine, 60.0), "relay", stop, work) for _ in range(2)))
    assert begun == [1, 2, 3, 4]
    assert await Leases(engine, 60.0).acquire("relay")
