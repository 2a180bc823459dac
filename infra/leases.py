"""Leases: a row says who may act until when. Owners check a monotonic clock; epochs fence off what they write late."""

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from infra import clock, store, telemetry
from infra.failing import named
from infra.postgres import Engine, text

_log = telemetry.log(__name__)

MARGIN = 1.0
"""Seconds that a successor waits after a deadline, for clocks that run at slightly different speeds."""
FARTHEST = 600.0
"""Seconds ahead that no deadline is: then the database's clock was set back since, an hour say, and nobody alive would
own what waits for it. No lease is longer (``Settings.lease_seconds``)."""
_CANDIDATE = 0.5
"""Seconds between two tries to lead."""
_AFTER_A_FAILURE = 1.0

_ACQUIRE = text(
    """insert into leases as l (name, owner, epoch, deadline)
       values (:name, :owner, 1, clock_timestamp() + make_interval(secs => :seconds))
       on conflict (name) do update set owner = :owner, epoch = l.epoch + 1,
           deadline = clock_timestamp() + make_interval(secs => :seconds)
       where l.deadline <= clock_timestamp() - make_interval(secs => :margin)
       returning epoch, budget, extract(epoch from clock_timestamp())::float8"""
)
_RENEW = text(
    """update leases l set deadline = clock_timestamp() + make_interval(secs => :seconds)
       from unnest(cast(:names as text[]), cast(:epochs as bigint[])) as r(n, e)
       where l.name = r.n and l.epoch = r.e and l.owner = :owner returning l.name"""
)
_PUT_RIGHT = text(
    """update leases set deadline = clock_timestamp() + make_interval(secs => :seconds)
       where deadline > clock_timestamp() + make_interval(secs => :farthest)"""
)
_RELEASE = text(
    """update leases set owner = '', deadline = clock_timestamp() - make_interval(secs => :margin),
           budget = (select coalesce(jsonb_agg(extract(epoch from clock_timestamp())::float8 - a.age), '[]'::jsonb)
                     from unnest(cast(:ages as float8[])) as a(age))
       where name = :name and epoch = :epoch and owner = :owner"""
)


class LeaseLost(Exception):
    """This process may not act for the company any more: another one may do so by now."""


@dataclass(slots=True)
class Lease:
    """A right to act that ends at ``deadline`` (monotonic seconds) unless renewed."""

    name: str
    epoch: int
    deadline: float
    used: list[float] = field(default_factory=list)
    """When the previous owner's last requests left (monotonic seconds here)."""

    def check(self) -> None:
        """Raise LeaseLost when the deadline has passed."""
        if clock.monotonic() >= self.deadline:
            raise LeaseLost(self.name)


class Leases:
    """One process's leases; all are renewed by one statement, three times in their length."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self._engine = engine
        self._seconds = seconds
        self._held: dict[str, Lease] = {}
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"

    async def acquire(self, name: str) -> Lease | None:
        """Take a lease that nobody holds; None when somebody does."""
        asked = clock.monotonic()
        row = await store.row(
            self._engine, _ACQUIRE, {"name": name, "owner": self.owner, "seconds": self._seconds, "margin": MARGIN}
        )
        if row is None:
            return None
        epoch, budget, now = row  # when in doubt the lease began early and the last requests left late
        lease = Lease(name, epoch, asked + self._seconds, on_our_clock(budget, now, clock.monotonic()))
        self._held[name] = lease
        return lease

    async def renew(self) -> None:
        """Renew every lease; one that was lost is forgotten, and its deadline passes by itself."""
        held = list(self._held.values())
        if not held:
            return
        asked = clock.monotonic()
        kept = set(
            await store.scalars(
                self._engine,
                _RENEW,
                {
                    "names": [lease.name for lease in held],
                    "epochs": [lease.epoch for lease in held],
                    "owner": self.owner,
                    "seconds": self._seconds,
                },
            )
        )
        for lease in held:
            if self._held.get(lease.name) is not lease:
                continue  # given back meanwhile
            if lease.name in kept:
                lease.deadline = asked + self._seconds
            else:
                self._forget(lease)
                _log.warning("lease lost", lease=lease.name, epoch=lease.epoch)

    async def keep(self) -> None:
        """Renew for ever; a database that does not answer is asked again, and the deadlines pass meanwhile."""
        while True:
            try:
                await self.renew()
                await self._put_right()
            except Exception as error:  # noqa: BLE001 - whatever it is, the deadlines protect us
                _log.warning("leases not renewed", error=named(error))
            await clock.sleep(self._seconds / 3)

    async def _put_right(self) -> None:
        """Let whoever is alive renew what a clock that was set back keeps for too long; the others' leases end."""
        values = {"seconds": self._seconds, "farthest": FARTHEST}
        if number := await store.write(self._engine, _PUT_RIGHT, values):
            _log.warning("the database's clock was set back", leases=number)

    async def release(self, lease: Lease, used: Sequence[float] = ()) -> None:
        """Give a lease back at once, with the times (monotonic) at which the last requests left."""
        self._forget(lease)
        lease.deadline = 0.0
        now = clock.monotonic()
        await store.write(
            self._engine,
            _RELEASE,
            {
                "name": lease.name,
                "epoch": lease.epoch,
                "owner": self.owner,
                "margin": MARGIN,
                "ages": [now - at for at in used],
            },
        )

    def _forget(self, lease: Lease) -> None:
        if self._held.get(lease.name) is lease:
            del self._held[lease.name]


def on_our_clock(stamps: Iterable[float], now: float, answered: float) -> list[float]:
    """Return when requests left (monotonic seconds), from the database's clock, which said ``now`` at ``answered``.

    A target's pause may lie ahead. What lies too far ahead was written down before that clock was set back.
    """
    return [answered - (now - at if at <= now + FARTHEST else 0.0) for at in stamps]


async def lead(leases: Leases, name: str, stop: asyncio.Event, work: Callable[[Lease], Awaitable[None]]) -> None:
    """Let this process do what one process does for all, whenever it holds the lease of that name, until asked to stop.

    Args:
        work: goes on until asked to stop, with ``Lease.check`` before each step; after a failure it begins anew.
    """
    while not stop.is_set():
        try:
            if (lease := await leases.acquire(name)) is None:
                await clock.wait(stop, _CANDIDATE)
                continue
            try:
                await work(lease)
            finally:
                await leases.release(lease)
        except LeaseLost:
            continue
        except Exception as error:  # noqa: BLE001 - Kafka or the database is away; nothing is lost meanwhile
            _log.warning("work waits", work=name, error=named(error))
            await clock.wait(stop, _AFTER_A_FAILURE)
