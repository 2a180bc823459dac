"""What goes wrong, and when: processes at named steps and at random, the broker, the database; all from one seed."""

import asyncio
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.chaos.site import SESSION, Company, Site
from tests.chaos.workers import Worker

STEPS = {
    "accept.before_publish": "sources",
    "accept.published": "sources",
    "decide.skip": "flows",
    "decide.emitted": "flows",
    "decide.remembered": "flows",
    "journal.inserted": "sinks",
    "lane.sending": "sinks",
    "lane.leaving": "sinks",
    "lane.answered": "sinks",
    "lane.looked": "sinks",
    "lane.recorded": "sinks",
    "relay.published": "sinks",
    "desk.recorded": "desk",
}
"""The role that passes each step."""
_RARE = {"lane.looked", "desk.recorded"}
_REACHED_WITHIN = 20.0
_COMMITTED = 3.0
"""Seconds after which Faust has committed what it passed by."""
_NONSENSE = b'{"this": "is no message of ours", "number": %d}'
DAY_CLOSED = "facts.day-closed.v1"


@dataclass
class Havoc:
    """Disturbs a site. ``done`` counts what was done, ``not_reached`` the steps that no process came by."""

    site: Site
    random: Random
    done: Counter[str] = field(default_factory=Counter)
    not_reached: Counter[str] = field(default_factory=Counter)
    nonsense: list[bytes] = field(default_factory=list)

    async def rounds(self, only: str | None) -> AsyncIterator[None]:
        """Disturb, round by round, for as long as it is asked for."""
        steps, others = self._deck(self._step_faults(only)), self._deck(self._others())
        while True:
            if only is not None:
                await next(steps)()
            else:
                await asyncio.gather(next(steps)(), next(steps)(), self._soon(next(others)))
            yield

    def _step_faults(self, only: str | None) -> list[Callable[[], Awaitable[object]]]:
        faults: list[Callable[[], Awaitable[object]]] = []
        for step in STEPS if only is None else (only,):
            if step == "decide.skip":
                faults += [partial(self.at_step, step, "skip")] * 2
                continue
            faults += [partial(self.at_step, step, "kill")] * 2
            faults += [partial(self.at_step, step, "stop", n * SESSION + 0.5) for n in (1, 2)]
        return faults

    def _others(self) -> list[Callable[[], Awaitable[object]]]:
        return [
            self.kill_any,
            self.kill_any,
            self.terminate_any,
            self.terminate_any,
            lambda: self.pause(self._any().role, SESSION + 0.5),
            lambda: self.pause(self._any().role, 2 * SESSION),
            lambda: self.broker_down(self.random.uniform(1.0, 4.0)),
            lambda: self.broker_down(SESSION + 3.0),
            lambda: self.database_down(self.random.uniform(0.5, 3.0)),
            lambda: self.database_down(SESSION + 2.0),
            self.send_nonsense,
            self.settle_coupons,
        ]

    def _deck(self, cards: list[Callable[[], Awaitable[object]]]) -> Iterator[Callable[[], Awaitable[object]]]:
        """Deal every card before any comes again."""
        while True:
            self.random.shuffle(cards)
            yield from list(cards)

    async def _soon(self, disturb: Callable[[], Awaitable[object]]) -> None:
        await asyncio.sleep(self.random.uniform(0.0, 8.0))
        await disturb()

    async def at_step(self, step: str, action: str, pause: float = 0.0) -> bool:
        """Let a process end, stop or skip at a step; tell whether one came by in time."""
        workers = self.site.of(STEPS[step])
        worker, *others = self.random.sample(workers, len(workers))
        if action == "skip":  # not at once: what comes first after a start has often been decided before it
            nth, pause = self.random.randint(25, 45), _COMMITTED
        else:
            nth = self.random.randint(1, 1 if step in _RARE else 3)
        async with worker.busy:
            worker.arm(f"{step}:{nth}:{action}", pause)
            worker.terminate()
            reached = await self._reached(worker, _REACHED_WITHIN if others else 2 * _REACHED_WITHIN)
            if not reached:
                for other in others:  # leases and partitions may be with the other one: a rolling restart moves them
                    if not other.busy.locked():  # whoever has it may want this one
                        other.terminate(down_for=1.0)
                reached = not others or await self._reached(worker, _REACHED_WITHIN)
            if not reached:
                self.not_reached[f"{step} {action}"] += 1
                return False
            self.done[f"{step} {action}" + (f" {pause:.0f} s" if action == "stop" else "")] += 1
            await asyncio.sleep(pause)
        return True

    async def _reached(self, worker: Worker, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await worker.reached.get()
        except TimeoutError:
            return False
        return True

    def _any(self) -> Worker:
        return self.random.choice(list(self.site.workers.values()))

    async def kill_any(self) -> None:
        """Kill a process at a random moment."""
        worker = self._any()
        async with worker.busy:
            worker.kill(down_for=self.random.choice((0.0, 2.0, SESSION + 1.0)))
            self.done[f"{worker.role} kill -9"] += 1

    async def terminate_any(self) -> None:
        """Restart the processes of a role one after another."""
        worker = self._any()
        for one in self.site.of(worker.role):
            async with one.busy:
                one.terminate()
                self.done[f"{one.role} SIGTERM"] += 1
            await asyncio.sleep(2.0)

    async def pause(self, role: str, seconds: float) -> None:
        """Stop a process so long that it is taken for dead, and let it go on."""
        worker = self.random.choice(self.site.of(role))
        async with worker.busy:
            self.done[f"{worker.role} SIGSTOP {seconds:.0f} s"] += 1
            await worker.pause(seconds)

    async def broker_down(self, seconds: float) -> None:
        """Kill the broker and start it again."""
        self.done[f"broker kill -9, {'short' if seconds < SESSION else 'long'}"] += 1
        await asyncio.to_thread(self.site.kafka.kill)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.site.kafka.start)

    async def database_down(self, seconds: float) -> None:
        """Kill PostgreSQL and start it again."""
        self.done[f"PostgreSQL kill -9, {'short' if seconds < SESSION else 'long'}"] += 1
        await asyncio.to_thread(self.site.postgres.kill)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.site.postgres.start)

    async def restore(self) -> None:
        """Put a picture of the database's files in its place that was taken some seconds before, under everything."""
        cluster, picture = self.site.folder / "postgres" / "cluster", self.site.folder / "picture"
        await self._while_it_is_down(["rm", "-rf", str(picture)], ["cp", "-a", str(cluster), str(picture)])
        await asyncio.sleep(self.random.uniform(7.0, 25.0))
        await self._while_it_is_down(["rm", "-rf", str(cluster)], ["cp", "-a", str(picture), str(cluster)])
        self.done["database restored"] += 1

    async def _while_it_is_down(self, *commands: list[str]) -> None:
        await asyncio.to_thread(self.site.postgres.kill)
        for command in commands:
            await asyncio.to_thread(subprocess.run, command, check=True)
        (self.site.folder / "postgres" / "cluster" / "postmaster.pid").unlink(missing_ok=True)
        await asyncio.to_thread(self.site.postgres.start)

    async def send_nonsense(self) -> None:
        """Put bytes on the topic that nobody can read."""
        nonsense = _NONSENSE % len(self.nonsense)
        await self.site.put(DAY_CLOSED, self.random.choice(self.site.companies).tenant, nonsense)
        self.nonsense.append(nonsense)
        self.done["unreadable record"] += 1

    async def settle_coupons(self) -> None:
        """Give a company the account that some of its days wait for."""
        waiting = [company for company in self.site.companies if not company.coupons]
        if len(waiting) < 2:  # one goes on waiting to the end
            return
        company: Company = self.random.choice(waiting)
        company.coupons = True
        await self.site.apply_settings(company)
        self.done["settings changed"] += 1
