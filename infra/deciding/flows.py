"""The flows role: a Faust worker that brings records to the decider, and another one when it has ended."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from infra import clock, telemetry
from infra.deciding.decider import Decider, topics_of
from infra.deciding.worker import GROUP, Ended, Standstill, Worker
from infra.failing import named
from infra.kafka.lives import Now, Rewound, topic_of
from infra.kafka.meeting import AWAY, Lives
from infra.kafka.records import Record
from infra.plugin import Flow
from infra.settings import KafkaSettings

__all__ = ["GROUP", "FlowRole"]

_log = telemetry.log(__name__)

_RETRY = 0.5
_SWEEP = 1.0
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
"""Seconds until a worker that has ended is followed by the next one, doubled each time."""
_STILL_SECONDS = 30.0


class FlowRole:
    """Faust workers inside this process and its event loop, one after the other."""

    def __init__(
        self, *, kafka: KafkaSettings, decider: Decider, lives: Lives, flows: Sequence[Flow], data: Path
    ) -> None:
        self._kafka = kafka
        self._decider = decider
        self._lives = lives
        self._topics = topics_of(flows)
        self._data = data
        self._worker: Worker | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Decide until asked to stop. Raises what is a bug of ours: its event must not be passed by."""
        await asyncio.to_thread(self._data.mkdir, parents=True, exist_ok=True)  # Faust wants a folder in it
        sweeping = asyncio.create_task(self._sweep())
        try:
            wait = _FIRST_WAIT
            while not stop.is_set():
                begun = clock.monotonic()
                try:
                    await self._work(stop)
                except Ended as error:
                    if clock.monotonic() - begun > _LONGEST_WAIT:
                        wait = _FIRST_WAIT
                    telemetry.WORKERS_ENDED.inc()
                    _log.error("worker ended, the next one follows", why=str(error), seconds=wait)
                    await clock.wait(stop, wait)
                    wait = min(2 * wait, _LONGEST_WAIT)
        finally:
            sweeping.cancel()

    async def check(self) -> None:
        """Raise Standstill when no worker runs, or when records wait and nothing moves."""
        if self._worker is None:
            raise Standstill("no worker runs")
        self._worker.check()

    async def _work(self, stop: asyncio.Event) -> None:
        """Let a worker decide as long as the topics are what they are."""
        try:
            now = await self._lives.look()
        except AWAY as error:
            raise Ended(named(error)) from error
        self._decider.met(now)
        self._worker = Worker(
            kafka=self._kafka,
            topics=self._topics,
            now=now,
            decide=partial(self._until_done, now),
            data=self._data,
            still_after=_STILL_SECONDS,
        )
        try:
            await self._worker.run(stop.wait(), self._lives.changed(now))
        finally:
            self._worker = None

    async def _sweep(self) -> None:
        while True:
            await clock.sleep(_SWEEP)
            try:
                await self._decider.sweep()
            except Exception as error:  # noqa: BLE001 - whatever it is, what is left and what is parked stays there
                _log.warning("outbox is swept again", error=named(error))

    async def _until_done(self, now: Now, records: Sequence[Record]) -> None:
        """Decide a batch; as long as Kafka or the database is away, try again.

        Raises:
            Ended: offsets of what was read before stand for other records now. The next worker reads all of that topic.
        """
        while True:
            try:
                try:
                    with telemetry.DECIDE_BATCH_SECONDS.labels("all").time():
                        await self._decider.decide(records)
                except Rewound as rewound:
                    await self._lives.rewound(now[topic_of(rewound.life)])
                    raise Ended(str(rewound)) from rewound
            except AWAY as error:
                _log.warning("batch is tried again", error=named(error), records=len(records))
                await clock.sleep(_RETRY)
            else:
                return
