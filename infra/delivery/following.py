"""Each company in its turn: work that goes on beside is done for a company by one process, and survives failures."""

import asyncio
from collections.abc import Awaitable, Callable, Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from infra import clock, ending, telemetry
from infra.access.connections import Connections
from infra.delivery.reading import NotRead
from infra.failing import named
from infra.leases import Lease, LeaseLost
from infra.plugin import Host
from schemas.base import SWEDEN

_log = telemetry.log(__name__)

_LONGEST_PAUSE = 300.0
_STOP_WITHIN = 10.0


def last_night(now: datetime, hour: int, zone: tzinfo = SWEDEN) -> datetime:
    """Return when the last night's round began: at an hour of the day there."""
    local = now.astimezone(zone)
    night = datetime.combine(local.date(), time(hour), zone)
    return night if night <= local else night - timedelta(days=1)


async def connected(host: Host, system: str) -> list[str]:
    """Return the companies whose connection to a system may be used."""
    held = await Connections(host.engine, host.vault).all(system)
    return [one.tenant for one in held if one.state == "connected"]


class Failing:
    """Whose turns of a work fail, as the metric tells it; a company can have several turns: ``company/way``."""

    def __init__(self, work: str) -> None:
        self._work = work
        self._turns: set[str] = set()

    def tell(self, turn: str, *, failed: bool) -> None:
        """Count how a turn went."""
        if failed == (turn in self._turns):
            return
        self._turns ^= {turn}
        company = _company(turn)
        if number := sum(_company(each) == company for each in self._turns):
            telemetry.TURNS_FAILING.labels(self._work, company).set(number)
        else:
            telemetry.TURNS_FAILING.remove(self._work, company)

    def keep(self, companies: Container[str]) -> None:
        """Forget the turns of all other companies."""
        for turn in sorted(self._turns):
            if _company(turn) not in companies:
                self.tell(turn, failed=False)


def _company(turn: str) -> str:
    return turn.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Following:
    """Work that each company gets turns of.

    Attributes:
        work: its name; a company's lease is called ``work/company``.
        companies: whose turn it may be; asked every ``look`` seconds.
        turn: does what is due, with ``Lease.check`` before what only the owner may do; gives the seconds until the next
            turn, or None to let go of the company. Raises NotRead.
        patience: seconds after a failure, at least; each one that follows doubles what the failure asks for.
    """

    work: str
    companies: Callable[[], Awaitable[Iterable[str]]]
    turn: Callable[[str, Lease], Awaitable[float | None]]
    look: float
    patience: float

    async def run(self, host: Host, stop: asyncio.Event) -> None:
        """Give turns until asked to stop; processes share the companies by leases, and none waits for another."""
        under_way: dict[str, asyncio.Task[None]] = {}
        failing = Failing(self.work)
        while not stop.is_set():
            under_way = {tenant: task for tenant, task in under_way.items() if not task.done()}
            try:
                for tenant in await self.companies():
                    if tenant not in under_way:
                        under_way[tenant] = asyncio.create_task(self._follow(host, tenant, stop, failing))
            except Exception as error:  # noqa: BLE001 - the database comes back
                _log.warning("companies not read", work=self.work, error=named(error))
            await clock.wait(stop, self.look)
        await ending.ended(under_way.values(), _STOP_WITHIN)

    async def _follow(self, host: Host, tenant: str, stop: asyncio.Event, failing: Failing) -> None:
        """Give a company its turns while this process holds its lease; after a failure others keep away as well."""
        lease: Lease | None = None
        failures = 0
        try:
            if (lease := await host.leases.acquire(f"{self.work}/{tenant}")) is None:
                failing.tell(tenant, failed=False)  # whoever has it tells
                return
            while not stop.is_set():
                try:
                    pause = await self.turn(tenant, lease)
                    failing.tell(tenant, failed=False)
                    if pause is None:
                        return
                    failures = 0
                except LeaseLost:
                    raise
                except Exception as error:  # noqa: BLE001 - Kafka, the database, or a bug of ours: it is tried again
                    asked = self._failed(tenant, error)
                    pause = max(self.patience, min(asked * 2.0 ** min(failures, 10), _LONGEST_PAUSE))
                    failures += 1
                    # Is it connected at all? That it is not is told by the connection, or is meant.
                    steady = isinstance(error, NotRead) and error.verdict.steady
                    failing.tell(tenant, failed=not steady)
                    if steady:
                        await clock.wait(stop, self.patience)
                        return
                await clock.wait(stop, pause)
        except LeaseLost:
            failing.tell(tenant, failed=False)
            _log.warning("another process has the company", tenant=tenant, work=self.work)
        except Exception as error:  # noqa: BLE001 - the database comes back
            self._failed(tenant, error)
        finally:
            if lease is not None:
                with suppress(Exception):  # a lease that cannot be given back ends by itself
                    await host.leases.release(lease)

    def _failed(self, tenant: str, error: Exception) -> float:
        """Say what went wrong; return the seconds after which it may be tried again."""
        if isinstance(error, NotRead):
            why = {"code": error.verdict.code, "why": error.verdict.why}
            _log.warning("not read", tenant=tenant, work=self.work, **why)
            return error.verdict.after
        name = named(error)
        _log.warning("turn failed", tenant=tenant, work=self.work, error=name, exc_info=error)
        return self.patience
