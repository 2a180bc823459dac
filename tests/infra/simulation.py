"""The sink's core in a deterministic simulation: lanes of several processes, a Fortnox, and faults, all from one seed.

Everything that can fail is drawn from the seed: the target's answers, and at each named step of a process whether it
crashes, is frozen, is told to end, or loses its database for a moment. Time is virtual, so that a minute costs nothing.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import count, pairwise
from random import Random
from typing import Any, Literal

from structlog.testing import capture_logs

from infra.delivery.budget import Budget
from infra.delivery.lane import Lane, Patience
from infra.delivery.pace import MANY
from infra.leases import Lease, LeaseLost
from infra.plugin import Attempt, Kind, Sink
from infra.verdicts import Absent, AlreadyThere, Delivered, Look, Rejected, RetryLater, Unknown, Verdict
from schemas.audit import GENESIS
from schemas.commands import PostVoucher
from schemas.envelope import Envelope
from tests.infra import virtual
from tests.infra.fake_fortnox import FORTNOX_LIMIT, FakeFortnox, order
from tests.infra.memory import OPEN, Database, JournalRow, MemoryJournal, MemoryLeases

LIMIT = 24
LEASE = 15.0
PATIENCE = Patience(settle=60.0, look=5.0)
STALE = 5.0
"""Seconds for which a list may lack a voucher that is there."""
FROZEN_WHILE_LEAVING = 10.0
"""Seconds between the last look at the lease and the first byte: a process can be stopped right there."""
LATEST = PATIENCE.settle - STALE - FROZEN_WHILE_LEAVING - 1.0
"""Seconds after which a write may still be carried out: below the settle time, by which we promise what we promise."""

WRITE_FAULTS = (
    *("not sent", "no right", "alone", "broken", "lost"),
    *("done and lost", "late", "retry", "done and broken"),
)
PUT_OFF = {
    "alone": RetryLater(5.0, "fortnox_failing", "no list", alone=True),
    "no right": RetryLater(30.0, "scope_missing", "a scope is missing", "operator", of_kind=True),
}
_LAST = frozenset({"delivered", "already_there", "rejected", "held", "released", "withdrawn"})
"""Outcomes after which nothing more becomes of an order."""
LEGAL = frozenset(
    [("queued", "sending")]
    + [("sending", after) for after in ("delivered", "rejected", "unknown", "queued")]
    + [("unknown", after) for after in ("delivered", "unknown", "queued")]
)


class Broken(Exception):
    """A bug of our own."""


class DatabaseGone(Exception):
    """The connection to the database ended, before or after the commit."""


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each fault is: at a step of a process, and of an answer."""

    crash: float = 0.0
    freeze: float = 0.0
    terminate: float = 0.0
    database: float = 0.0
    answer: float = 0.0


class FakeConnection:
    """A process's connection to the target, with answers as the seed has it."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._world = process.world

    async def write(self, order: Envelope[Any], attempt: Attempt) -> Verdict:
        """Carry out an order, or not, and tell, or not."""
        world, process = self._world, self._process
        fate = world.draw("ok", *WRITE_FAULTS) if not world.is_down else world.random.choice(["lost", "done and lost"])
        await process.step("write")
        if fate == "broken":
            raise Broken
        if fate in PUT_OFF:
            return PUT_OFF[fate]
        await attempt.take()
        await process.step("taken")
        if fate == "not sent":
            return RetryLater(2.0, "unreachable", "refused")
        attempt.may_send()
        process.sends(order)
        await process.step("leaving")
        process.left(order)
        loop, latency = asyncio.get_running_loop(), world.latency()
        if fate in {"ok", "done and lost", "done and broken"}:
            loop.call_later(latency, world.fortnox.carry_out, order)
        elif fate == "late":
            loop.call_later(world.random.uniform(latency, LATEST), world.fortnox.carry_out, order)
        await asyncio.sleep(latency + world.slowness())
        await process.step("answered")
        if fate == "done and broken":
            raise Broken
        if fate in {"lost", "done and lost", "late"}:
            return Unknown("no answer")
        if fate == "retry":
            after = world.random.choice([1.0, 5.0, 30.0])
            await attempt.throttled(after)
            return RetryLater(after, "throttled", "too many requests")
        if order.id in world.fortnox.refuses:
            return Rejected("period_locked", "locked", "accountant")
        found = world.fortnox.voucher(order, loop.time())
        return Delivered(found) if found else Unknown("the answer names no voucher")

    async def probe(self, order: Envelope[Any], attempt: Attempt) -> Look:
        """Look for an order in a list that may be old."""
        world, process = self._world, self._process
        fate = world.draw("ok", "stale", "retry", "alone", "broken", "no right") if not world.is_down else "alone"
        await process.step("probe")
        if fate == "broken":
            raise Broken
        await attempt.take()
        if fate == "no right":
            return PUT_OFF[fate]
        attempt.may_send()
        process.sends(order)
        await process.step("leaving")
        process.left(order)
        seen = asyncio.get_running_loop().time()  # what a slow answer shows was read when the request arrived
        if fate == "stale":
            seen -= world.random.uniform(0, STALE)
        await asyncio.sleep(world.latency() + world.slowness())
        await process.step("looked")
        if fate == "retry":
            return RetryLater(5.0, "lookup_refused", "no list")
        if fate == "alone":
            return PUT_OFF[fate]
        found = world.fortnox.voucher(order, seen)
        return AlreadyThere(found) if found else Absent()


def sink(connection: type[Any]) -> Sink:
    """Return a sink whose vouchers a connection to the target carries out."""
    kind = Kind(PostVoucher, connection.write, connection.probe, found_by="its order's id")
    return Sink("fortnox", (kind,), connect=lambda _company, _host: nullcontext())


class Process:
    """A process with a lane for each company whose lease it gets, as the sinks role does it."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.lanes: dict[str, Lane] = {}
        self.held: dict[str, Lease] = {}
        self._dead = False
        self._frozen_until = 0.0
        self._leaves_by: dict[str, float] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._journal = MemoryJournal(world.database, self.step)
        self._leases = MemoryLeases(world.database, name, LEASE, self.step)

    def start(self) -> None:
        """Begin."""
        create = asyncio.get_running_loop().create_task
        self._tasks = [create(self._keep()), *(create(self._work(tenant)) for tenant in self.world.tenants)]

    async def step(self, name: str) -> None:
        """Pass a place where this process may fail; what is dead never comes back from here."""
        await self._gate()
        match self.world.fault():
            case "crash":
                self.world.log("crash", self.name, name)
                self._dead = True
                self.world.restart(self)
            case "freeze":
                seconds = self.world.random.uniform(0.1, FROZEN_WHILE_LEAVING if name == "leaving" else 4 * LEASE)
                until = min([asyncio.get_running_loop().time() + seconds, *self._leaves_by.values()])
                self.world.log("freeze", self.name, name, "until", until)
                self._frozen_until = max(until, self._frozen_until)
            case "terminate" if name not in {"release", "leaving"}:
                self.world.log("terminate", self.name, name)
                for task in self._tasks:
                    task.cancel()
                self.world.restart(self)
            case "database" if name in {"mark", "marked", "change", "changed", "next", "acquire", "renew", "release"}:
                self.world.log("database", self.name, name)
                raise DatabaseGone
        await self._gate()

    def sends(self, order: Envelope[Any]) -> None:
        """Note a request that leaves although another process may be sending for the company."""
        lease = self.held[order.tenant]
        if not self.world.database.owns(lease.name, lease.epoch):
            self.world.wrong.append(f"{self.name} sent {order.id} and was not the owner any more")
        # Two stops in a row, the second one drawn by another company's lane, count as one.
        self._leaves_by[order.id] = asyncio.get_running_loop().time() + FROZEN_WHILE_LEAVING

    def left(self, order: Envelope[Any]) -> None:
        """Let a request reach the target."""
        del self._leaves_by[order.id]
        self.world.fortnox.leaves(order.tenant)

    async def _gate(self) -> None:
        loop = asyncio.get_running_loop()
        while (wait := self._frozen_until - loop.time()) > 0:  # noqa: ASYNC110 - it can be frozen again meanwhile
            await asyncio.sleep(wait)
        if self.world.over:
            raise asyncio.CancelledError
        if self._dead:
            await loop.create_future()

    async def _keep(self) -> None:
        while True:
            with suppress(DatabaseGone):
                await self._leases.keep()

    async def _work(self, tenant: str) -> None:
        while True:
            await self._one_lane(tenant)
            await asyncio.sleep(self.world.random.uniform(0.5, 5.0))

    async def _one_lane(self, tenant: str) -> None:
        lease: Lease | None = None
        budget = Budget(LIMIT)
        with suppress(LeaseLost, Broken, DatabaseGone):
            try:
                lease = await self._leases.acquire(f"fortnox/{tenant}")
                if lease is None:
                    return
                self.held[tenant] = lease
                budget = Budget(LIMIT, lease.used)
                self.lanes[tenant] = Lane(
                    sink=sink(FakeConnection),
                    tenant=tenant,
                    lease=lease,
                    journal=self._journal,  # type: ignore[arg-type]  # the contract suite says that it is one
                    budget=budget,
                    patience=PATIENCE,
                    connect=self._connect,
                )
                await self.lanes[tenant].run()
            finally:
                self.lanes.pop(tenant, None)
                if lease is not None:
                    with suppress(DatabaseGone):
                        await self._leases.release(lease, budget.used())

    @asynccontextmanager
    async def _connect(self) -> AsyncIterator[FakeConnection]:
        yield FakeConnection(self)


Mode = Literal["safety", "liveness"]
PROFILES = {
    "answers": Odds(answer=0.3),
    "crashes": Odds(crash=0.03, answer=0.1),
    "freezes": Odds(freeze=0.03, answer=0.1),
    "restarts": Odds(terminate=0.03, answer=0.1),
    "database": Odds(database=0.05, answer=0.1),
    "everything": Odds(crash=0.01, freeze=0.01, terminate=0.01, database=0.02, answer=0.2),
    "busy": Odds(crash=0.0005, freeze=0.001, terminate=0.001, answer=0.01),
    "failing": Odds(crash=0.0005, answer=0.35),
    "down": Odds(answer=0.05),
}
BACKLOGS = {"busy", "failing", "down"}
"""Profiles with one company and many keys."""
DOWN = (2.0, 90.0)
"""Seconds between which the target of the profile "down" gives no clear answer to anything."""
FAULTS_END = 150.0
"""Seconds after which, to see that everything drains, nothing fails any more."""
DRAINED_WITHIN = 600.0
"""Seconds in which it has to: the longest pause, settling and the looks, for every order of a key in turn."""


class World:
    """One run: processes, the target, orders that come in, and what must hold in the end."""

    def __init__(self, seed: int, mode: Mode) -> None:
        self.random = Random(seed)
        self.mode = mode
        self.profile = self.random.choice(sorted(PROFILES))
        self._odds = PROFILES[self.profile]
        self._busy = self.profile in BACKLOGS
        self.database = Database()
        self.fortnox = FakeFortnox()
        self.tenants = ["a"] if self._busy else self.random.choice([["a"], ["a", "b"]])
        self._began = 0.0
        self.story: list[str] = []
        self.wrong: list[str] = []
        self.over = False
        self._inbox = MemoryJournal(self.database)
        self._names = count()
        self._processes: list[Process] = []
        self._gone: list[Process] = []  # kept, since a forgotten task would end by itself

    @property
    def is_down(self) -> bool:
        """Whether the target gives no clear answers now."""
        since = asyncio.get_running_loop().time() - self._began
        return self.profile == "down" and DOWN[0] <= since < DOWN[1]

    # --- What the seed decides ---

    def draw(self, ok: str, *faults: str) -> str:
        """Return how a request goes."""
        return self.random.choice(faults) if self.random.random() < self._odds.answer else ok

    def fault(self) -> str:
        """Return what happens to a process now, mostly nothing."""
        at = self.random.random()
        for kind in ("crash", "freeze", "terminate", "database"):
            at -= getattr(self._odds, kind)
            if at < 0:
                return kind
        return ""

    def latency(self) -> float:
        """Return the seconds that a request travels."""
        return self.random.uniform(0.005, 0.03 if self._busy else 0.3)

    def slowness(self) -> float:
        """Return the seconds that the target takes."""
        slow = not self._busy and self.random.random() < self._odds.answer / 2
        return self.random.uniform(1.0, 29.0) if slow else self.random.uniform(0.0, 0.02)

    def log(self, *what: Any) -> None:
        """Add to the story."""
        self.story.append(f"{asyncio.get_running_loop().time():9.3f} {' '.join(map(str, what))}")

    # --- Processes and orders ---

    def start(self) -> None:
        """Start another process."""
        process = Process(self, f"process-{next(self._names)}")
        self._processes.append(process)
        process.start()

    def restart(self, gone: Process) -> None:
        """Let another process take a dead one's place, after a while."""
        if gone in self._processes:
            self._processes.remove(gone)
            self._gone.append(gone)
            asyncio.get_running_loop().call_later(self.random.uniform(0.5, 20.0), self.start)

    async def insert(self, order: Envelope[Any]) -> None:
        """Let an order come in, and say so to the processes."""
        await self._inbox.insert([(0, order)])
        self._wake(order.tenant)

    def _wake(self, tenant: str) -> None:
        for process in self._processes:
            if lane := process.lanes.get(tenant):
                lane.wake()

    async def _feed(self, orders: list[Envelope[Any]]) -> None:
        for item in orders:
            await asyncio.sleep(0.0 if self._busy else self.random.expovariate(0.2))
            await self.insert(item)
            if self.random.random() < 0.1:
                await self.insert(self.random.choice(orders[: orders.index(item) + 1]))

    async def _answer_refusals(self) -> None:
        """Give another order instead of each refused one, as a flow does that reads the audit trail."""
        while True:
            await asyncio.sleep(2.0)
            for row in list(self.database.rows.values()):
                if row.state == "rejected" and not self.database.replaced(row):
                    instead = order(row.order.tenant, row.order.subject, row.seq, replaces=row.order.id)
                    if self.random.random() < 0.2:
                        self.fortnox.refuses.add(instead.id)
                    await self.insert(instead)

    async def _rebalance(self) -> None:
        while self._odds.terminate:
            await asyncio.sleep(self.random.expovariate(1 / 30))
            for process in self._processes:
                for lane in process.lanes.values():
                    if self.random.random() < 0.3:
                        lane.stop()

    def _orders(self) -> list[Envelope[Any]]:
        if self._busy:
            return [order("a", f"day/{n}", 1) for n in range(self.random.randrange(30, 120))]
        return [
            order(self.random.choice(self.tenants), f"day/{self.random.randrange(4)}", number)
            for number in range(self.random.randrange(2, 14))
        ]

    async def run(self) -> None:
        """Live through it, and check what must hold."""
        self._began = asyncio.get_running_loop().time()
        try:
            await self._live()
        finally:
            self.over = True
        problems = list(self.problems())
        assert not problems, problems

    async def _live(self) -> None:
        orders = self._orders()
        self.fortnox.refuses |= {o.id for o in orders if self.random.random() < (0.0 if self._busy else 0.1)}
        for _ in range(self.random.choice([2, 3])):
            self.start()
        others = [asyncio.ensure_future(each) for each in (self._feed(orders), self._answer_refusals())]
        others.append(asyncio.ensure_future(self._rebalance()))
        await asyncio.sleep(FAULTS_END)
        await others[0]
        assert not any(task.done() for task in others[1:2]), others
        if self.mode == "liveness":
            self._odds = Odds()
            waited = 0.0
            while self._open() and waited < DRAINED_WITHIN:
                await asyncio.sleep(1.0)
                waited += 1.0

    def _open(self) -> list[JournalRow]:
        return [row for row in self.database.rows.values() if row.state in OPEN or not self._answered(row)]

    def _answered(self, row: JournalRow) -> bool:
        return row.state != "rejected" or self.database.replaced(row)

    # --- What must hold ---

    def problems(self) -> Iterator[str]:
        """Yield what is wrong."""
        yield from self.wrong
        if self.mode == "liveness":
            for row in self._open():
                yield f"{row.order.id} is {row.state} for ever: {row.history}"
        for tenant in self.tenants:
            yield from self._in_the_books(tenant)
            yield from self._on_record(tenant)
            # The one more is a request that a stopped process sent after its successor had begun.
            most, allowed = self.fortnox.busiest(tenant), FORTNOX_LIMIT if PROFILES[self.profile].freeze else LIMIT
            if most > allowed:
                yield f"{most} requests in one window of {tenant}"
            doubts = self.database.most_in_doubt.get(tenant, 0)
            if doubts > MANY + 1:
                yield f"{doubts} writes of {tenant} were in doubt at once"
        for row in self.database.rows.values():
            illegal = [step for step in pairwise(row.history) if step not in LEGAL]
            if illegal:
                yield f"{row.order.id} went {illegal}"

    def _in_the_books(self, tenant: str) -> Iterator[str]:
        books = self.fortnox.books.get(tenant, [])
        times = Counter(voucher.order_id for voucher in books)
        for order_id, number in times.items():
            if number > 1:
                yield f"{order_id} was booked {number} times: {self.database.rows[order_id].history}"
        places: dict[str, tuple[int, int]] = {}
        for voucher in books:
            row = self.database.rows[voucher.order_id]
            if (row.place, row.seq) < places.get(voucher.key, (0, 0)):
                yield f"{voucher.order_id} was booked before its turn"
            places[voucher.key] = (row.place, row.seq)
        for row in self.database.of(tenant):
            if row.state == "delivered" and times[row.order.id] != 1:
                yield f"{row.order.id} is delivered and not in the books"
            if row.state == "rejected" and times[row.order.id]:
                yield f"{row.order.id} is rejected and in the books"

    def _on_record(self, tenant: str) -> Iterator[str]:
        previous = GENESIS
        ends = Counter[str]()
        for sequence, record in enumerate(self.database.trail.get(tenant, ()), 1):
            if (record.sequence, record.previous, record.is_whole()) != (sequence, previous, True):
                yield f"the chain of {tenant} breaks at {sequence}"
            previous = record.hash
            ends[record.message_id] += record.outcome in _LAST
        for row in self.database.of(tenant):
            expected = 1 if row.state in {"delivered", "rejected"} else 0
            if ends[row.order.id] != expected:
                yield f"{row.order.id} is {row.state} and has {ends[row.order.id]} ends on record"


def simulate(seed: int, mode: Mode) -> World:
    """Run one seed; an AssertionError tells the seed, what is wrong, and the story that led there."""
    world = World(seed, mode)
    with capture_logs() as logs:
        try:
            virtual.run(world.run())
        except AssertionError as error:
            lines = [str(entry) for entry in logs if entry.get("log_level") in {"warning", "error"}]
            story = "\n".join([*world.story, *lines])
            raise AssertionError(f"seed {seed}, {mode}, {world.profile}: {error}\n{story}") from error
    return world
