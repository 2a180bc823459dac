"""The sinks role: orders from Kafka into the journal, and a lane for each company of the partitions that are ours.

A slow or broken company blocks nobody: its orders wait in the journal, and the partition goes on.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaProducer

from infra import clock, faultpoints, telemetry, tenants
from infra.delivery.budget import Budget
from infra.delivery.guests import Lender, Loans
from infra.delivery.journal import Journal, Seen
from infra.delivery.lane import Lane, Patience
from infra.failing import named
from infra.kafka.consuming import Consumed, GroupMember
from infra.kafka.meeting import Lives
from infra.leases import Lease, LeaseLost, Leases
from infra.plugin import Company, Host, Sink
from schemas import envelope as envelopes

_log = telemetry.log(__name__)

_SCAN = 0.5
_RARELY = 2.0
"""Seconds between two looks for companies that need a lane, when nothing says that there is one: no order came, no
partition moved, and no lane ended. A fence that is opened after a restore is noticed so."""
_STOP_WITHIN = 10.0


class SinkRole:
    """Runs one sink in this process; processes share the companies by Kafka's partitions."""

    def __init__(
        self, *, host: Host, producer: AIOKafkaProducer, sink: Sink, seen: Callable[[], Seen] = lambda: (None, 0)
    ) -> None:
        """``seen``: what this process knows of the database (``infra.installation.Pulse``)."""
        engine, settings = host.engine, host.settings
        self._host = host
        self._engine = engine
        self._patience = settings.sink(sink.system)
        self._sink = sink
        self._reader = GroupMember(
            kafka=settings.kafka,
            group=f"bokbuss-sinks-{sink.name}",
            topics={order.TOPIC for order in sink.orders},
            producer=producer,
            engine=engine,
            lives=Lives(engine, producer, settings.kafka),
            takes=sink.takes,
        )
        unswept = [envelopes.type_of(kind.order) for kind in sink.kinds if kind.unswept]
        self._journal = Journal(engine, sink.name, seen, unswept)
        self._leases = Leases(engine, settings.lease_seconds)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._running: dict[str, Lane] = {}
        self._budgets: dict[str, tuple[Lease, Budget]] = {}
        self._partition: dict[str, int] = {}
        self._scan = asyncio.Event()
        self._ending = False

    async def run(self, stop: asyncio.Event) -> None:
        """Work until asked to stop; then every lane finishes its request and gives its lease back."""
        lender = Lender(Loans(self._engine), lambda: self._budgets)
        background = [asyncio.create_task(each) for each in (self._journal.write(), self._leases.keep(), lender.run())]
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._reader.run(self._accept, stop))
                group.create_task(self._staff(stop))
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)

    async def _accept(self, messages: Sequence[Consumed]) -> None:
        await self._journal.insert(
            ((record.partition, order) for record, order in messages),
            {order.id: record.hop for record, order in messages if record.hop},
        )
        faultpoints.reach("journal.inserted")
        for record, order in messages:
            self._partition[order.tenant] = record.partition
            if lane := self._running.get(order.tenant):
                lane.wake()
            else:
                self._scan.set()

    async def _staff(self, stop: asyncio.Event) -> None:
        """Give every company of ours with open orders a lane; end the lanes of those that are ours no more."""
        looked, seen = -math.inf, None
        while not stop.is_set():
            assigned = self._reader.assigned
            late, over = clock.monotonic() - looked > _RARELY, any(task.done() for task in self._lanes.values())
            if self._scan.is_set() or assigned != seen or over or late:
                self._scan.clear()
                seen = assigned if await self._open_lanes(assigned) else None
                looked = clock.monotonic()
            for tenant, lane in self._running.items():
                if self._partition[tenant] not in assigned:
                    lane.stop()
            await clock.wait(self._scan, _SCAN)
        self._ending = True
        for lane in self._running.values():
            lane.stop()
        try:
            if self._lanes:
                await asyncio.wait(self._lanes.values(), timeout=_STOP_WITHIN)
        finally:  # also where we are told to end sooner: a lane that goes on has no lease, and no database
            for task in self._lanes.values():
                task.cancel()
            await asyncio.gather(*self._lanes.values(), return_exceptions=True)

    async def _open_lanes(self, assigned: frozenset[int]) -> bool:
        """Open a lane for each company that needs one; False: nobody could say which."""
        for tenant in [t for t, task in self._lanes.items() if task.done()]:
            del self._lanes[tenant]
        try:
            waiting = await self._journal.open_tenants(assigned)
        except Exception as error:  # noqa: BLE001 - the database comes back, or the probes tell
            _log.warning("journal not read", error=named(error))
            return False
        for tenant, partition in waiting.items():
            self._partition[tenant] = partition
            if tenant not in self._lanes:
                self._lanes[tenant] = asyncio.create_task(self._work(tenant))
        return True

    async def _work(self, tenant: str) -> None:
        lease: Lease | None = None
        budget = Budget(self._patience.budget)
        try:
            lease = await self._leases.acquire(f"{self._sink.name}/{tenant}")
            if lease is None:
                await clock.sleep(_SCAN)
                return
            budget = Budget(self._patience.budget, lease.used)
            self._budgets[lease.name] = lease, budget
            company = await tenants.find(self._engine, tenant) or Company(tenant, None, None)
            lane = Lane(
                sink=self._sink,
                tenant=tenant,
                lease=lease,
                journal=self._journal,
                budget=budget,
                patience=Patience(self._patience.settle_seconds, self._patience.look_seconds),
                connect=lambda: self._sink.connect(company, self._host),
            )
            if self._ending:
                return
            self._running[tenant] = lane
            await lane.run()
        except LeaseLost:
            _log.warning("lane lost", tenant=tenant)
        except Exception as error:  # noqa: BLE001 - it starts anew, and what it was sending is looked for
            _log.warning("lane ended", tenant=tenant, error=named(error), exc_info=True)
            await clock.sleep(_SCAN)
        finally:
            self._running.pop(tenant, None)
            if lease is not None:
                self._budgets.pop(lease.name, None)
                with suppress(Exception):  # a lease that cannot be given back ends by itself
                    await self._leases.release(lease, budget.used())
