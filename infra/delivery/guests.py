"""Reads outside the lane: a guest borrows calls from a company's budget, whoever holds it, in whichever process.

While nobody owns the lane, guests write the calls that they take beside its lease, and the next owner inherits them.
While somebody does, a guest asks by a row, and the owner's process grants from its own log. Either way a call is lent
for ``LIFE`` seconds, counted from before the loan by the borrower and from after it by the lender, so that the window
holds whenever the guest really sends.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from infra import clock, leases, store, telemetry
from infra.delivery.budget import BACKFILL, LIFE, LOOK_UP, WINDOW, Budget
from infra.failing import named
from infra.leases import Lease
from infra.plugin import Attempt, Host
from infra.postgres import Engine, text

__all__ = ["BACKFILL", "LOOK_UP", "giving_way", "guest"]

_log = telemetry.log(__name__)

_MOST = 8
"""Calls borrowed at once: one at first, then twice as many each time, as long as they can be made within their life."""
_HASTE = 0.5
"""Of their life: calls with less left are not begun any more."""
_LENDS = 0.25
"""Seconds between two looks of an owner's process at what is asked of its lanes."""
_SOON, _AGAIN = 0.1, 0.5
"""Seconds between two looks of a guest, at first and later."""
_ALIVE = 3.0
"""Seconds without a look after which a guest is taken for dead."""

_OWNED = "l.deadline > clock_timestamp() - make_interval(secs => :margin)"
_MAKE = text(
    """insert into leases (name, owner, epoch, deadline)
       values (:name, '', 0, clock_timestamp() - make_interval(secs => :margin)) on conflict do nothing"""
)
_LOOK = text(
    f"""select {_OWNED}, l.epoch, l.budget::text, extract(epoch from clock_timestamp())::float8,
           exists (select from budget_requests r where r.lease = l.name and r.priority < :priority
                   and r.granted_at is null and r.seen_at > clock_timestamp() - make_interval(secs => :alive))
       from leases l where l.name = :name"""  # noqa: S608 - no values in it
)
# An owner that was away past its deadline would go on, if nobody took over, and know nothing of the guests' calls.
_WRITE_DOWN = text(
    f"""update leases l set budget = cast(:budget as jsonb), owner = '', epoch = epoch + 1
        where name = :name and epoch = :epoch
        and budget = cast(:before as jsonb) and not {_OWNED}"""  # noqa: S608 - no values in it
)
_ASK = text(
    """insert into budget_requests (lease, priority, calls, pause, asked_at, seen_at)
       values (:name, :priority, :calls, :pause, clock_timestamp() - make_interval(secs => :waited), clock_timestamp())
       returning id"""
)
_LOOK_AGAIN = text(
    """update budget_requests set seen_at = clock_timestamp() where id = :id
       returning calls, extract(epoch from clock_timestamp() - granted_at)::float8"""
)
_WITHDRAW = text("delete from budget_requests where id = :id")
_WAITING = text(
    """select id, lease, priority, calls, pause, extract(epoch from clock_timestamp() - asked_at)::float8,
              extract(epoch from clock_timestamp())::float8
       from budget_requests
       where granted_at is null and seen_at > clock_timestamp() - make_interval(secs => :alive) order by priority, id"""
)
_GRANT = text(
    """update budget_requests r set calls = x.c, granted_at = to_timestamp(:now)
       from unnest(cast(:ids as bigint[]), cast(:calls as int[]), cast(:leases as text[]),
                   cast(:epochs as bigint[])) as x(i, c, l, e)
       where r.id = x.i and exists (select from leases l where l.name = x.l and l.epoch = x.e)"""
)
_SWEEP = text("delete from budget_requests where seen_at < clock_timestamp() - interval '60 seconds'")


class Late(TimeoutError):
    """The calls that were lent are out of date: the process was stopped, or connecting took too long."""


@dataclass(frozen=True, slots=True)
class LaneLease:
    """A lease as a guest sees it. ``stamps`` are seconds of the database's clock, as ``now`` is."""

    owned: bool
    epoch: int
    stamps: str
    now: float
    urgent: bool
    """Somebody of a higher priority waits."""


@dataclass(frozen=True, slots=True)
class LoanRequest:
    """A request that was not granted yet, or (``pause``) the news that the target wants a pause."""

    id: int
    lease: str
    priority: int
    calls: int
    pause: float | None
    waited: float


class Loans:
    """The rows by which guests and owners find each other. Each statement is a transaction: nobody can hold a lock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def look(self, name: str, priority: int) -> LaneLease:
        """Return the state of a company's lane."""
        values = {"name": name, "priority": priority, "margin": leases.MARGIN, "alive": _ALIVE}
        async with store.alone(self._engine) as connection:
            while (row := (await connection.execute(_LOOK, values)).one_or_none()) is None:
                await connection.execute(_MAKE, {"name": name, "margin": leases.MARGIN})
        return LaneLease(*row)

    async def write_down(self, name: str, lane: LaneLease, stamps: Sequence[float]) -> bool:
        """Replace the stamps of a lane that nobody owns, and fence off who did; False when it is not as it was seen."""
        values = {"name": name, "epoch": lane.epoch, "before": lane.stamps, "budget": json.dumps(list(stamps))}
        return bool((await self._execute(_WRITE_DOWN, **values, margin=leases.MARGIN)).rowcount)

    async def ask(self, name: str, priority: int, calls: int, waited: float = 0.0, pause: float | None = None) -> int:
        """Ask the lane's owner for calls, or tell it of a pause; return the request's id."""
        values = {"name": name, "priority": priority, "calls": calls, "waited": waited, "pause": pause}
        return int((await self._execute(_ASK, **values)).one()[0])

    async def look_again(self, request: int) -> tuple[int, float] | None:
        """Return the calls that were granted and how many seconds ago; None while they are not, or nobody knows."""
        row = (await self._execute(_LOOK_AGAIN, id=request)).one_or_none()
        return None if row is None or row[1] is None else (row[0], row[1])

    async def withdraw(self, request: int) -> None:
        """Forget a request."""
        await self._execute(_WITHDRAW, id=request)

    async def waiting(self) -> tuple[list[LoanRequest], float]:
        """Return the requests of guests who are alive, most urgent first, and the database's time."""
        rows = (await self._execute(_WAITING, alive=_ALIVE)).all()
        return [LoanRequest(*row[:-1]) for row in rows], rows[0][-1] if rows else 0.0

    async def grant(self, granted: Sequence[tuple[LoanRequest, int, Lease]], now: float) -> None:
        """Grant calls as of a time of the database's; an owner that is none any more grants nothing."""
        values = {
            "ids": [request.id for request, _, _ in granted],
            "calls": [calls for _, calls, _ in granted],
            "leases": [lease.name for _, _, lease in granted],
            "epochs": [lease.epoch for _, _, lease in granted],
        }
        await self._execute(_GRANT, **values, now=now)
        await self._execute(_SWEEP)

    async def _execute(self, statement: Any, **values: Any) -> Any:
        async with store.alone(self._engine) as connection:
            return await connection.execute(statement, values)


class Guest:
    """Borrows calls of one company, some at a time, and makes them one after the other."""

    def __init__(self, loans: Loans, name: str, priority: int, limit: int) -> None:
        self._loans, self._name, self._priority, self._limit = loans, name, priority, limit
        self._sink = name.partition("/")[0]
        self._calls = 0
        self._batch = 1
        self._until = float("-inf")
        self._request: int | None = None
        self._hungry: float | None = None

    async def take(self) -> None:
        """Wait for a call's turn."""
        if self._calls and clock.monotonic() > self._until - _HASTE:
            self._calls, self._batch = 0, max(1, self._batch // 2)  # it was too many
        if not self._calls:
            await self._borrow()
        self._calls -= 1
        telemetry.CALLS.labels(self._sink, "backfill" if self._priority == BACKFILL else "look_up").inc()

    def may_send(self) -> None:
        """Raise Late when the call's time is over; nothing has left then."""
        if clock.monotonic() >= self._until:
            raise Late

    async def throttled(self, seconds: float) -> None:
        """Let everybody of this company wait: the target said so."""
        self._calls = 0
        while not (lane := await self._loans.look(self._name, self._priority)).owned:
            pause = [lane.now + seconds - WINDOW] * self._limit
            if await self._loans.write_down(self._name, lane, [*json.loads(lane.stamps), *pause]):
                return
        await self._loans.ask(self._name, 0, 0, pause=seconds)

    async def leave(self) -> None:
        """Withdraw what is still asked for."""
        if self._request is not None:
            await self._loans.withdraw(self._request)
            self._request = None

    async def _borrow(self) -> None:
        """Wait until calls were lent; who starved goes on starving, so that the next loan need not wait as long."""
        began, pause = clock.monotonic(), _SOON
        while not (await self._from_nobody() or await self._from_the_owner(began)):
            await clock.sleep(pause)
            pause = min(pause * 1.5, _AGAIN)
        await self.leave()
        if self._calls == self._batch:
            self._hungry, self._batch = None, min(2 * self._batch, _MOST)
        elif self._hungry is None:
            self._hungry = began

    async def _from_nobody(self) -> bool:
        """Take calls of a lane that nobody owns."""
        asked = clock.monotonic()
        lane = await self._loans.look(self._name, self._priority)
        if lane.owned or lane.urgent:
            return False
        answered = clock.monotonic()  # when in doubt others call late, and this one borrowed early
        here = answered - lane.now
        budget = Budget(self._limit, leases.on_our_clock(json.loads(lane.stamps), lane.now, answered))
        lent = budget.lend(self._batch, self._priority, 0.0, answered + LIFE)
        if not lent or not await self._loans.write_down(self._name, lane, [at - here for at in budget.used()]):
            return False
        self._calls, self._until = lent, asked + LIFE
        return clock.monotonic() < self._until - _HASTE

    async def _from_the_owner(self, began: float) -> bool:
        """Ask the owner, or look whether it granted."""
        asked = clock.monotonic()
        if self._request is None:
            waited = asked - (began if self._hungry is None else self._hungry)
            self._request = await self._loans.ask(self._name, self._priority, self._batch, waited)
            return False
        granted = await self._loans.look_again(self._request)
        if granted is None:
            return False
        self._calls, age = granted
        self._until = asked - age + LIFE
        await self.leave()
        return clock.monotonic() < self._until - _HASTE


@asynccontextmanager
async def guest(host: Host, system: str, tenant: str, priority: int) -> AsyncIterator[Attempt]:
    """Lend the permission to read from a company at a system; ``Attempt.take`` waits for each call's turn.

    Reads only: a guest has no lease, so what it sends is not fenced off when it is late.
    """
    borrower = Guest(Loans(host.engine), f"{system}/{tenant}", priority, getattr(host.settings, system).budget)
    try:
        yield Attempt(may_send=borrower.may_send, take=borrower.take, throttled=borrower.throttled)
    finally:
        with suppress(psycopg.Error):  # a request that nobody looks at any more ends by itself
            await borrower.leave()


@asynccontextmanager
async def giving_way(host: Host, system: str, tenant: str, attempt: Attempt) -> AsyncIterator[Attempt]:
    """Lend calls to an order of a sink that stands beside: what is left, each under the lane's own lease as well."""
    async with guest(host, system, tenant, BACKFILL) as lent:

        def may_send() -> None:
            lent.may_send()
            attempt.may_send()

        yield replace(lent, may_send=may_send, calls=attempt.calls)


Lent = Mapping[str, tuple[Lease, Budget]]
"""By the name of the lease: what this process's lanes have."""


class Lender:
    """Grants guests calls of this process's lanes: one question for all of them."""

    def __init__(self, loans: Loans, lanes: Callable[[], Lent]) -> None:
        self._loans, self._lanes = loans, lanes

    async def run(self) -> None:
        """Lend for ever; without lanes nobody is asked."""
        while True:
            if self._lanes():
                try:
                    await self.lend()
                except Exception as error:  # noqa: BLE001 - the database comes back, or the lanes end
                    _log.warning("no calls lent", error=named(error))
            await clock.sleep(_LENDS)

    async def lend(self) -> None:
        """Look at the requests once, and grant what the budgets have."""
        requests, now = await self._loans.waiting()
        answered = clock.monotonic()
        granted = []
        for request in requests:
            if request.lease not in self._lanes():
                continue
            lease, budget = self._lanes()[request.lease]
            if request.pause is not None:
                budget.pause(request.pause - request.waited)
                granted.append((request, 0, lease))
            elif answered + LIFE <= lease.deadline and (
                calls := budget.lend(request.calls, request.priority, request.waited, answered + LIFE)
            ):
                granted.append((request, calls, lease))
        if granted:
            await self._loans.grant(granted, now)
