"""The flows role: the only Faust code. Faust brings records in order; everything that must last is the decider's.

No tables (they lose facts), no exactly_once (it doubles), no web server, one agent that acknowledges by itself: Faust
would acknowledge an event even when its agent raises or is cancelled.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import faust
from aiokafka.errors import KafkaError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from infra import clock, faultpoints, telemetry
from infra.decider import Decider, topics_of
from infra.plugin import Flow
from infra.records import Record, at
from infra.settings import KafkaSettings

_log = telemetry.log(__name__)

GROUP = "bokbuss-flows"
_BATCH = 200
_WITHIN = 0.02
"""Seconds in which more may join a batch, while events come one after the other."""
_RECENT = 0.1
"""Seconds since the last batch after which an event counts as a lone one."""
_RETRY = 0.5
_SWEEP = 1.0
_END_WITHIN = 5.0
_METADATA_MS = 5_000
_PASSING = (OperationalError, InterfaceError, PoolTimeout, KafkaError, OSError)
"""Kafka or the database is away: the same again will do. Everything else is a bug, and stops the worker."""


class FlowRole:
    """A Faust worker inside this process and its event loop."""

    def __init__(self, *, kafka: KafkaSettings, decider: Decider, flows: Sequence[Flow], data: Path) -> None:
        self._decider = decider
        self._failure: BaseException | None = None
        self._failed = asyncio.Event()
        self._deciding: asyncio.Task[None] | None = None
        self._given_up = False
        self._data = data
        self._app = faust.App(
            GROUP,
            broker=f"kafka://{(kafka.bootstrap or '').replace(',', ';kafka://')}",
            autodiscover=False,
            origin=None,
            web_enabled=False,
            store="memory://",
            datadir=str(data / "faust"),
            topic_allow_declare=False,
            topic_disable_leader=True,
            processing_guarantee="at_least_once",
            consumer_auto_offset_reset="earliest",
            # A broker that has just come back may not know its topics yet; Faust is then given none of them until the
            # metadata is asked for again. Measured with the default of 5 minutes: no decision for 300 s.
            consumer_metadata_max_age_ms=_METADATA_MS,
            broker_session_timeout=kafka.session_timeout,
            broker_heartbeat_interval=min(1.0, kafka.session_timeout / 5),
            broker_commit_interval=2.0,
            broker_commit_every=10_000,
            stream_wait_empty=True,
            stream_buffer_maxsize=2 * _BATCH,
            stream_recovery_delay=0.0,
        )
        topic = self._app.topic(
            *topics_of(flows), key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
        )
        self._app.agent(topic, name="flows", concurrency=1)(self._agent)

    async def run(self, stop: asyncio.Event) -> None:
        """Decide until asked to stop. Raises what a rule raised: that is a bug, and its event must not be passed by."""
        await asyncio.to_thread(self._data.mkdir, parents=True, exist_ok=True)  # Faust wants a folder in it
        await self._app.start()
        try:
            waiting = [asyncio.create_task(stop.wait()), asyncio.create_task(self._failed.wait())]
            sweeping = asyncio.create_task(self._sweep())
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in (*waiting, sweeping):
                task.cancel()
        finally:
            giving_up = asyncio.create_task(self._give_up())
            await self._app.stop()  # waits until what it has taken in is decided, or given up
            giving_up.cancel()
        if self._failure is not None:
            raise self._failure

    async def _give_up(self) -> None:
        """Leave to the next worker what cannot be decided in a few seconds: the database or Kafka may be away."""
        await clock.sleep(_END_WITHIN)
        if self._deciding is not None:
            self._deciding.cancel()

    async def _agent(self, stream: Any) -> None:
        """Take events in, also while a batch is being decided; what is not decided stays uncommitted."""
        self._given_up = False
        stream.enable_acks = False  # a batch is acknowledged once it is decided
        undecided: deque[Any] = deque()
        arrived, room = asyncio.Event(), asyncio.Event()
        self._deciding = asyncio.create_task(self._decide(stream, undecided, arrived, room))
        try:
            async for event in stream.events():
                if self._given_up:
                    _leave(event)
                    continue
                undecided.append(event)
                arrived.set()
                if len(undecided) >= 2 * _BATCH:
                    room.clear()
                    await room.wait()
        finally:
            self._deciding.cancel()
            await asyncio.gather(self._deciding, return_exceptions=True)

    async def _decide(self, stream: Any, undecided: deque[Any], arrived: asyncio.Event, room: asyncio.Event) -> None:
        """Decide what has arrived, batch after batch. A lone event is not kept waiting for others."""
        ended = -_RECENT
        try:
            while True:
                await arrived.wait()
                if len(undecided) < _BATCH and clock.monotonic() - ended < _RECENT:
                    await clock.sleep(_WITHIN)
                events = list(islice(undecided, _BATCH))
                await self._until_done([_record(e.message) for e in events if not faultpoints.reach("decide.skip")])
                for event in events:
                    await stream.ack(event)
                    undecided.popleft()
                room.set()
                if not undecided:
                    arrived.clear()
                ended = clock.monotonic()
                telemetry.CONSUMER_LAST_COMMIT.labels(GROUP).set(clock.now().timestamp())
        except Exception as failure:  # noqa: BLE001 - run() raises it
            self._failure = failure
            self._failed.set()
        finally:
            self._given_up = True
            for event in undecided:
                _leave(event)
            room.set()

    async def _sweep(self) -> None:
        while True:
            await clock.sleep(_SWEEP)
            try:
                await self._decider.sweep()
            except _PASSING as error:
                _log.warning("outbox is swept again", error=type(error).__name__)

    async def _until_done(self, records: Sequence[Record]) -> None:
        """Decide a batch; as long as Kafka or the database is away, try again."""
        while True:
            try:
                with telemetry.DECIDE_BATCH_SECONDS.labels("all").time():
                    await self._decider.decide(records)
            except _PASSING as error:
                _log.warning("batch is tried again", error=type(error).__name__, records=len(records))
                await clock.sleep(_RETRY)
            else:
                return


def _leave(event: Any) -> None:
    """Leave an event uncommitted: it comes again."""
    event.message.acked = True  # to Faust: do not wait for it any more


def _record(message: Any) -> Record:
    return Record(
        message.topic, message.partition, message.offset, at(int(message.timestamp * 1000)), message.key, message.value
    )
