"""Journal, leases and loans in memory, as strict as the tables: for the simulations, and checked by their contracts."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from infra import clock
from infra.delivery import guests
from infra.delivery.guests import LoanRequest
from infra.delivery.journal import NO_HOPS, Transition, Work
from infra.leases import MARGIN, Lease
from infra.trail import Entry, _record
from schemas.audit import GENESIS, AuditRecord, Call
from schemas.envelope import Envelope
from tests.infra.virtual import at

OPEN = frozenset({"queued", "sending", "unknown"})
Step = Callable[[str], Awaitable[None]]


async def _nothing(_step: str) -> None: ...


@dataclass(slots=True)
class JournalRow:
    """An order in the journal. ``place`` is its own sequence number, or the one of the order that it replaces."""

    seq: int
    place: int
    partition: int
    order: Envelope[Any]
    due: float
    accepted_at: datetime
    state: str = "queued"
    attempt: int = 0
    looks: int = 0
    sent: float | None = None
    calls: tuple[Call, ...] = ()
    history: list[str] = field(default_factory=lambda: ["queued"])

    def become(self, state: str) -> None:
        """Change the state, and remember that."""
        self.state = state
        self.history.append(state)


@dataclass(slots=True)
class LeaseRow:
    """A row of the leases."""

    owner: str = ""
    epoch: int = 0
    deadline: float = float("-inf")
    budget: list[float] = field(default_factory=list)


@dataclass(slots=True)
class LoanRow:
    """A row of the budget's requests."""

    request: LoanRequest
    asked: float
    seen: float
    calls: int = 0
    granted: float | None = None


@dataclass(slots=True)
class Database:
    """What survives a process. Its clock is the loop's, and ``ahead`` of it by so many seconds."""

    rows: dict[str, JournalRow] = field(default_factory=dict)
    leases: dict[str, LeaseRow] = field(default_factory=dict)
    trail: dict[str, list[AuditRecord]] = field(default_factory=dict)
    replacements: set[str] = field(default_factory=set)
    requests: dict[int, LoanRow] = field(default_factory=dict)
    most_in_doubt: dict[str, int] = field(default_factory=dict)
    ahead: float = 0.0

    @property
    def time(self) -> float:
        """The database's clock."""
        return asyncio.get_running_loop().time() + self.ahead

    def of(self, tenant: str) -> list[JournalRow]:
        """Return a company's orders in their sequence."""
        rows = [row for row in self.rows.values() if row.order.tenant == tenant]
        return sorted(rows, key=lambda row: (row.place, row.seq))

    def owns(self, lease: str, epoch: int) -> bool:
        """Tell whether an epoch is the last one of its lease."""
        return lease in self.leases and self.leases[lease].epoch == epoch

    def replaced(self, row: JournalRow) -> bool:
        """Tell whether another order was given instead of a rejected one."""
        return row.order.id in self.replacements

    def count_doubts(self, tenant: str) -> None:
        """Remember how many of a company's writes were in doubt at once."""
        doubts = sum(row.state == "unknown" for row in self.of(tenant))
        self.most_in_doubt[tenant] = max(doubts, self.most_in_doubt.get(tenant, 0))

    def record(self, entry: Entry) -> None:
        """Append to a company's chain."""
        chain = self.trail.setdefault(entry.message.tenant, [])
        previous = chain[-1].hash if chain else GENESIS
        chain.append(_record(entry, len(chain) + 1, previous, at(self.time)))


class MemoryJournal:
    """The journal of one sink, as one process sees it. ``step`` is called at each place where a process can fail."""

    def __init__(self, database: Database, step: Step = _nothing) -> None:
        self._database = database
        self._step = step

    async def insert(self, orders: Iterable[tuple[int, Envelope[Any]]], hops: Mapping[str, str] = NO_HOPS) -> None:
        """Write orders down; the first one of an id wins. Nobody is traced here."""
        del hops
        rows = self._database.rows
        for partition, order in orders:
            if order.id in rows:
                continue
            seq = len(rows) + 1
            instead_of = rows.get(str(order.data.replaces))
            place = instead_of.place if instead_of else seq
            if instead_of:
                self._database.replacements.add(instead_of.order.id)
            accepted = order.acceptedtime or clock.now()
            rows[order.id] = JournalRow(seq, place, partition, order, self._database.time, accepted)

    async def open_tenants(self, partitions: Iterable[int]) -> dict[str, int]:
        """Return the companies with open orders among these partitions."""
        ours = set(partitions)
        rows = self._database.rows.values()
        return {r.order.tenant: r.partition for r in rows if r.state in OPEN and r.partition in ours}

    async def take_over(self, tenant: str, lease: str, epoch: int) -> int:
        """Make what a predecessor was sending unknown."""
        await self._step("take over")
        if not self._database.owns(lease, epoch):
            return 0
        interrupted = [row for row in self._database.of(tenant) if row.state == "sending"]
        for row in interrupted:
            row.become("unknown")
            row.sent = row.due = self._database.time
        await self._step("taken over")
        return len(interrupted)

    async def next(
        self, tenant: str, doubts: int, page: int = 50, resting: Collection[str] = (), reads: Collection[str] = ()
    ) -> list[Work]:
        """Return what is due: orders to look for, then those to send in their sequence, at most one of each key."""
        await self._step("next")
        now = self._database.time
        blocked: set[str] = set()
        refused: set[str] = set()
        rows = self._database.of(tenant)
        unknown = [row for row in rows if row.state == "unknown" and row.order.type not in resting]
        looks = sorted((row for row in unknown if row.due <= now), key=lambda row: row.due)[:page]
        found = []
        for row in rows:
            key, is_read = row.order.subject, row.order.type in reads
            waits = key in blocked or (key in refused and not is_read)
            if not waits and row.state == "queued" and row.due <= now and row.order.type not in resting:
                found.append(row)
            if row.state in OPEN:
                blocked.add(key)
            if row.state == "rejected" and not is_read and not self._database.replaced(row):
                refused.add(key)
        found = found[: max(min(page, doubts - len(unknown)), 0)]
        due = sorted(looks, key=lambda row: (row.place, row.seq)) + found
        await self._step("nexted")
        return [_work(row, now) for row in due]

    async def next_due(self, tenant: str, resting: Collection[str] = ()) -> float | None:
        """Return the seconds until a company's next order is due."""
        await self._step("next due")
        now = self._database.time
        waiting = (r for r in self._database.of(tenant) if r.state in {"queued", "unknown"} and r.due > now)
        return min((r.due - now for r in waiting if r.order.type not in resting), default=None)

    async def mark_sending(self, work: Work, lease: str, epoch: int) -> bool:
        """Make 'sending' durable."""
        await self._step("mark")
        row = self._database.rows[work.order.id]
        owned = self._database.owns(lease, epoch)
        await self._step("marking")  # a transaction that saw the old lease may commit after the next owner took over
        if not owned or row.state != "queued":
            return False
        row.become("sending")
        row.attempt += 1
        row.sent = self._database.time
        await self._step("marked")
        return True

    async def change(self, change: Transition) -> bool:
        """Make what became of an order durable, with its audit entry."""
        await self._step("change")
        row = self._database.rows[change.work.order.id]
        if not self._database.owns(change.lease, change.epoch) or row.state not in {"sending", "unknown"}:
            return False
        row.become(change.state)
        row.looks, row.calls = change.looks, change.calls
        row.due = self._database.time + change.wait
        if change.just_sent:
            row.sent = self._database.time
            self._database.count_doubts(row.order.tenant)
        for entry in (change.entry, *change.others) if change.entry is not None else ():
            self._database.record(entry)
        await self._step("changed")
        return True


def _work(row: JournalRow, now: float) -> Work:
    since = None if row.sent is None else now - row.sent
    return Work(row.order, row.state, row.attempt, row.looks, since, row.calls, row.accepted_at)


class MemoryLeases:
    """One process's leases."""

    def __init__(self, database: Database, owner: str, seconds: float, step: Step = _nothing) -> None:
        self._database = database
        self._owner = owner
        self._seconds = seconds
        self._step = step
        self._held: dict[str, Lease] = {}

    async def acquire(self, name: str) -> Lease | None:
        """Take a lease that nobody holds."""
        await self._step("acquire")
        asked = clock.monotonic()
        now = self._database.time
        held = self._database.leases.setdefault(name, LeaseRow())
        if held.deadline > now - MARGIN:
            return None
        held.owner, held.epoch, held.deadline = self._owner, held.epoch + 1, now + self._seconds
        lease = Lease(name, held.epoch, asked + self._seconds, list(held.budget))
        self._held[name] = lease
        await self._step("acquired")
        return lease

    async def keep(self) -> None:
        """Renew for ever."""
        while True:
            await self._step("renew")
            asked = clock.monotonic()
            for lease in list(self._held.values()):
                held = self._database.leases[lease.name]
                if held.epoch == lease.epoch and held.owner == self._owner:
                    held.deadline = self._database.time + self._seconds
                    lease.deadline = asked + self._seconds
                else:
                    self._held.pop(lease.name, None)
            await clock.sleep(self._seconds / 3)

    async def release(self, lease: Lease, used: Sequence[float] = ()) -> None:
        """Give a lease back at once."""
        self._held.pop(lease.name, None)
        lease.deadline = 0.0
        await self._step("release")
        held = self._database.leases[lease.name]
        if (held.epoch, held.owner) == (lease.epoch, self._owner):
            self._database.leases[lease.name] = replace(
                held, owner="", deadline=self._database.time - MARGIN, budget=list(used)
            )


class MemoryLoans:
    """The rows by which guests and owners find each other, as one process sees them."""

    def __init__(self, database: Database, step: Step = _nothing) -> None:
        self._database = database
        self._step = step

    def _alive(self) -> list[LoanRow]:
        now = self._database.time
        rows = self._database.requests.values()
        return [row for row in rows if row.granted is None and row.seen > now - guests._ALIVE]

    def _owned(self, held: LeaseRow) -> bool:
        return held.deadline > self._database.time - MARGIN

    async def look(self, name: str, priority: int) -> guests.LaneLease:
        """Return the state of a company's lane."""
        await self._step("look")
        held = self._database.leases.setdefault(name, LeaseRow())
        urgent = any(r.request.lease == name and r.request.priority < priority for r in self._alive())
        seen = guests.LaneLease(self._owned(held), held.epoch, json.dumps(held.budget), self._database.time, urgent)
        await self._step("looked")
        return seen

    async def write_down(self, name: str, lane: guests.LaneLease, stamps: Sequence[float]) -> bool:
        """Replace the stamps of a lane that nobody owns."""
        await self._step("write down")
        held = self._database.leases[name]
        if self._owned(held) or (held.epoch, json.dumps(held.budget)) != (lane.epoch, lane.stamps):
            return False
        held.owner, held.epoch, held.budget = "", held.epoch + 1, list(stamps)
        await self._step("written down")
        return True

    async def ask(self, name: str, priority: int, calls: int, waited: float = 0.0, pause: float | None = None) -> int:
        """Ask the lane's owner for calls."""
        await self._step("ask")
        now, number = self._database.time, len(self._database.requests) + 1
        request = LoanRequest(number, name, priority, calls, pause, 0.0)
        self._database.requests[number] = LoanRow(request, now - waited, now)
        await self._step("asked")
        return number

    async def look_again(self, request: int) -> tuple[int, float] | None:
        """Return the calls that were granted and how many seconds ago."""
        await self._step("look again")
        row = self._database.requests[request]
        now = row.seen = self._database.time
        found = None if row.granted is None else (row.calls, now - row.granted)
        await self._step("looked again")
        return found

    async def withdraw(self, request: int) -> None:
        """Forget a request."""
        await self._step("withdraw")
        self._database.requests[request].seen = float("-inf")

    async def waiting(self) -> tuple[list[LoanRequest], float]:
        """Return the requests of guests who are alive, most urgent first, and the database's time."""
        await self._step("waiting")
        now = self._database.time
        rows = sorted(self._alive(), key=lambda row: (row.request.priority, row.request.id))
        found = [replace(row.request, waited=now - row.asked) for row in rows]
        await self._step("waited")
        return found, now

    async def grant(self, granted: Sequence[tuple[LoanRequest, int, Lease]], now: float) -> None:
        """Grant calls as of a time of the database's."""
        await self._step("grant")
        for request, calls, lease in granted:
            if self._database.owns(lease.name, lease.epoch):
                row = self._database.requests[request.id]
                row.calls, row.granted = calls, now
        await self._step("granted")
