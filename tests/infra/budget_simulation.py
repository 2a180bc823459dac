"""One company's budget in a deterministic simulation: owners of its lane, guests of other processes, faults, one seed.

Time is virtual. Each process can be stopped or killed at each step: before and after a statement, before the last look
at its right to send, and (then its call is marked) between that look and the first byte.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from random import Random

from infra import clock
from infra.delivery.budget import BACKFILL, LOOK_UP, WINDOW, Budget
from infra.delivery.guests import Guest, Late, Lender
from infra.leases import Lease, LeaseLost
from tests.infra import virtual
from tests.infra.memory import Database, MemoryLeases, MemoryLoans

NAME = "fortnox/a"
LIMIT = 24
LEASE = 10.0
FAULTS_END = 60.0
THE_END = 150.0


@dataclass(frozen=True, slots=True)
class Left:
    """A call that left. ``late``: its process was stopped between the last look and the first byte."""

    at: float
    who: int
    late: bool


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely a process (a guest's: ``guests``) is stopped or killed at a step; when the next live order comes."""

    freeze: float = 0.0
    guests: float = 0.0
    crash: float = 0.0
    retire: float = 0.0
    between_orders: float = 0.0


PROFILES = {
    "backlog": Odds(),
    "now and then": Odds(between_orders=2.0),
    "hand-overs": Odds(retire=0.1, between_orders=0.3),
    "freezes": Odds(freeze=0.01, between_orders=0.2),
    "slow guests": Odds(guests=0.1),
    "crashes": Odds(crash=0.004, between_orders=0.2),
    "everything": Odds(freeze=0.005, crash=0.002, retire=0.03, between_orders=0.1),
}


class Process:
    """Something that can be stopped and killed."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.number = next(world.numbers)
        self.task: asyncio.Task[None] | None = None
        self._frozen_until = 0.0

    @property
    def freezes(self) -> float:
        """How likely it is stopped at a step."""
        return self.world.odds.freeze

    async def step(self, _name: str) -> None:
        """Take a moment, and perhaps be stopped or killed."""
        await asyncio.sleep(self.world.random.uniform(0.0, 0.02))
        odds = self.world.odds
        at = self.world.random.random()
        if at < odds.crash and self.task is not None:
            self.task.cancel()
        elif at < odds.crash + self.freezes:
            now = clock.monotonic()
            self._frozen_until = now + self.world.random.choice([0.3, 1.5, 3.0, 8.0, 3 * LEASE])
        await self.gate()

    async def gate(self) -> bool:
        """Stand still while stopped; tell whether it was."""
        stopped = False
        while (wait := self._frozen_until - clock.monotonic()) > 0:
            stopped = True
            await asyncio.sleep(wait)
        return stopped

    async def leaves(self, priority: int) -> None:
        """Let a call leave, right after the last look."""
        late = False
        if self.world.random.random() < self.freezes:
            self._frozen_until = clock.monotonic() + self.world.random.uniform(0.1, 8.0)
            late = await self.gate()
        self.world.left.append(Left(clock.monotonic(), priority, late))


class Owner(Process):
    """A process that would have the lane: it sends live orders and lends calls."""

    async def run(self) -> None:
        """Be the owner, again and again."""
        leases, lanes = MemoryLeases(self.world.database, f"p{self.number}", LEASE, self.step), {}
        lender = Lender(MemoryLoans(self.world.database, self.step), lambda: lanes)  # type: ignore[arg-type]
        async with asyncio.TaskGroup() as group:
            group.create_task(leases.keep())
            group.create_task(lender.run())
            while True:
                await asyncio.sleep(self.world.random.uniform(0.1, 1.0))
                if (lease := await leases.acquire(NAME)) is None:
                    continue
                budget = Budget(LIMIT, lease.used)
                lanes[NAME] = lease, budget
                with suppress(LeaseLost):
                    await self._send(lease, budget)
                lanes.clear()
                await leases.release(lease, budget.used())

    async def _send(self, lease: Lease, budget: Budget) -> None:
        random, world = self.world.random, self.world
        while world.owning and random.random() >= world.odds.retire:
            budget.busy = world.backlog > 0
            if not budget.busy:
                await asyncio.sleep(0.05)
                lease.check()
                continue
            asked = clock.monotonic()
            await budget.take()
            world.waits.append((asked, clock.monotonic() - asked))
            await self.step("connecting")
            lease.check()
            budget.leaves()
            await self.leaves(0)
            world.backlog -= 1
            await asyncio.sleep(random.uniform(0.01, 0.2))
            await self.step("answered")


class Reader(Process):
    """A process with a guest that reads so many times."""

    def __init__(self, world: "World", priority: int, reads: int) -> None:
        super().__init__(world)
        self.priority, self.reads = priority, reads
        self.done: float | None = None

    @property
    def freezes(self) -> float:
        return self.world.odds.freeze or self.world.odds.guests

    async def run(self) -> None:
        """Read."""
        guest = Guest(MemoryLoans(self.world.database, self.step), NAME, self.priority, LIMIT)  # type: ignore[arg-type]
        while self.reads:
            await guest.take()
            await self.step("connecting")
            with suppress(Late):
                guest.may_send()
                await self.leaves(self.priority)
                self.reads -= 1
            await asyncio.sleep(self.world.random.uniform(0.01, 0.3))
        await guest.leave()
        self.done = clock.monotonic()


class World:
    """One run."""

    def __init__(self, seed: int, profile: str | None = None) -> None:
        self.random = Random(seed)
        self.profile = profile or self.random.choice(sorted(PROFILES))
        self.odds = PROFILES[self.profile]
        self.database = Database()
        self.numbers = count()
        self.left: list[Left] = []
        self.waits: list[tuple[float, float]] = []
        self.backlog = 0
        self.owning = True
        self.readers: list[Reader] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, owners: int, look_ups: int, backfills: int, reads: int = 12) -> None:
        """Let faults happen for a minute, and everybody finish after that."""
        for number in range(look_ups + backfills):
            self.readers.append(Reader(self, LOOK_UP if number < look_ups else BACKFILL, reads))
        processes = [*(Owner(self) for _ in range(owners)), *self.readers]
        self._tasks = [asyncio.ensure_future(self._life(each)) for each in processes]
        self._tasks.append(asyncio.ensure_future(self._orders()))
        await asyncio.sleep(FAULTS_END)
        self.odds = Odds(between_orders=1.0)
        self.backlog = min(self.backlog, 20)
        await asyncio.sleep(THE_END - FAULTS_END)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _life(self, process: Owner | Reader) -> None:
        await asyncio.sleep(self.random.uniform(0.0, 10.0))
        while True:
            process.task = asyncio.ensure_future(process.run())
            await asyncio.wait([process.task])
            if not process.task.cancelled():
                process.task.result()
                return
            await asyncio.sleep(self.random.uniform(0.5, 5.0))  # somebody starts it again

    async def _orders(self) -> None:
        while True:
            if self.odds.between_orders:
                await asyncio.sleep(self.random.expovariate(1 / self.odds.between_orders))
                self.backlog += 1
            else:
                self.backlog = 1000
                await asyncio.sleep(1.0)

    def problems(self) -> Iterator[str]:
        """Yield what must not be."""
        if (most := busiest([left.at for left in self.left if not left.late])) > LIMIT:
            yield f"{most} calls left in one window"
        for reader in self.readers:
            if reader.done is None:
                yield f"a guest of priority {reader.priority} has {reader.reads} calls to make yet"


def busiest(times: list[float], blurred: float = 1e-5) -> int:
    """Return the most of these times, noted so many seconds too late at most, that one window holds."""
    times = sorted(times)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= WINDOW - blurred:
            first += 1
        most = max(most, last - first + 1)
    return most


def simulate(
    seed: int,
    profile: str | None = None,
    owners: int | None = None,
    look_ups: int | None = None,
    backfills: int | None = None,
) -> World:
    """Run one seed and check it; what is not said is drawn."""
    world = World(seed, profile)
    drawn = world.random.randrange(4), world.random.randrange(1, 4), world.random.randrange(3)
    asked = (owners, look_ups, backfills)
    numbers = [drawn[n] if said is None else said for n, said in enumerate(asked)]
    virtual.run(world.run(*numbers))
    problems = list(world.problems())
    assert not problems, f"seed {seed}, {world.profile}, owners, look-ups and backfills {numbers}: {problems}"
    return world
