"""One life of a Faust worker, and all of our Faust code: it brings records in order, and keeps nothing.

No tables (they lose facts), no exactly_once (it doubles), no web server, one agent that acknowledges by itself: Faust
would acknowledge an event even when its agent raises or is cancelled.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import faust
from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from mode.threads import WorkerThread
from mode.utils.queues import ThrowableQueue

from infra import clock, faultpoints, telemetry
from infra.ending import closed, ended
from infra.kafka.fetching import Consumer
from infra.kafka.lives import Now
from infra.kafka.records import AT_ONCE, Record, of
from infra.settings import KafkaSettings

_log = telemetry.log(__name__)

GROUP = "bokbuss-flows"
_BATCH = 400
_HELD = 4 * AT_ONCE
"""Bytes of what is taken in and not decided, unless one alone is larger."""
_WITHIN = 0.02
"""Seconds in which more may join a batch, while events come one after the other."""
_RECENT = 0.1
"""Seconds since the last batch after which an event counts as a lone one."""
_LEAVE_AFTER = 5.0
_STOP_WITHIN = 15.0
_COMMIT_WITHIN = 5.0
_THREAD_ENDS_WITHIN = 2.0
_THREAD_CUTS = 3
_LOOK = 1.0
_METADATA_MS = 5_000

Decide = Callable[[Sequence[Record]], Awaitable[None]]


class Ended(RuntimeError):
    """The worker has ended by itself. What it had not decided comes to the next one."""


class Standstill(RuntimeError):
    """Records are there, and nothing is decided."""


class Worker:
    """Takes records in and has them decided, until it is stopped or ends.

    Args:
        now: what each topic is.
        decide: returns when the records are decided; what it raises ends the worker.
        still_after: seconds in which something must move while records wait.
    """

    def __init__(
        self, *, kafka: KafkaSettings, topics: Iterable[str], now: Now, decide: Decide, data: Path, still_after: float
    ) -> None:
        self._now = now
        self._decide_records = decide
        self._still_after = still_after
        self._failure: BaseException | None = None
        self._failed = asyncio.Event()
        self._deciding: asyncio.Task[None] | None = None
        self._given_up = False
        self._undecided: deque[Any] = deque()
        self._held = 0
        """Bytes of what is not decided."""
        self._moved = clock.monotonic()
        self._waits: dict[TopicPartition, tuple[int, float]] = {}
        """Where reading stands although more is there, and since when (monotonic seconds)."""
        self._app = _App(
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
            broker_session_timeout=kafka.session_timeout,
            broker_heartbeat_interval=min(1.0, kafka.session_timeout / 5),
            broker_commit_interval=2.0,
            broker_commit_every=10_000,
            stream_wait_empty=True,
            stream_buffer_maxsize=2 * _BATCH,
            stream_recovery_delay=0.0,
        )
        self._app.transport = _Transport(self._app.conf.broker_consumer, self._app, now, kafka)
        # What is decided is sent from the outbox: a producer of Faust's would be one more connection, for nothing.
        self._app.boot_strategy.enable_kafka_producer = False
        topic = self._app.topic(*topics, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
        self._app.agent(topic, name="flows", concurrency=1)(self._agent)

    async def run(self, *ends: Coroutine[Any, Any, object]) -> None:
        """Work until one of these ends.

        Raises:
            Ended: Faust has ended, or stands still.
        """
        living = asyncio.create_task(self._live())
        waiting = {living, *(asyncio.create_task(each) for each in (self._failed.wait(), *ends))}
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
            await self._stop()
        if self._failure is not None:
            raise self._failure
        if not living.cancelled() and (error := living.exception()) is not None:
            raise error if isinstance(error, Ended) else Ended(type(error).__name__) from error

    def check(self) -> None:
        """Raise Standstill when records wait and nothing moves."""
        now = clock.monotonic()
        if self._undecided and now - self._moved > self._still_after:
            raise Standstill("what was read is not decided")
        if still := [place for place, (_, since) in self._waits.items() if now - since > self._still_after]:
            raise Standstill(f"nothing is read of {len(still)} partitions in which more stands")

    async def _live(self) -> None:
        """Start, and return never; raise Ended when a part of Faust has ended, or brings nothing of what is there."""
        await self._app.start()
        while not self._app.should_stop:
            await clock.sleep(_LOOK)
            if self._deciding is not None and self._deciding.done():
                raise Ended("its agent has ended")
            await self._look()
            if not self._undecided:
                try:
                    self.check()
                except Standstill as still:
                    raise Ended(str(still)) from still
        raise Ended(type(self._app.crash_reason).__name__)

    async def _look(self) -> None:
        """Note where reading stands in partitions that hold more."""
        try:
            async with asyncio.timeout(_COMMIT_WITHIN):
                waiting = {} if self._app.rebalancing else await self._app.consumer.waiting()
        except (KafkaError, TimeoutError):
            return  # the broker is away, and readiness says so
        now = clock.monotonic()
        known = self._waits
        self._waits = {
            place: known[place] if place in known and known[place][0] == position else (position, now)
            for place, position in waiting.items()
        }

    async def _stop(self) -> None:
        giving_up = asyncio.create_task(self._give_up())
        # It waits until what it has taken in is decided, or left.
        try:
            await closed("worker", self._app.stop, _STOP_WITHIN)
        finally:
            giving_up.cancel()
            await self._app.consumer.join()

    async def _give_up(self) -> None:
        """Leave to the next worker what cannot be decided in a few seconds: the database or Kafka may be away."""
        await clock.sleep(_LEAVE_AFTER)
        if self._deciding is not None:
            self._deciding.cancel()

    async def _agent(self, stream: Any) -> None:
        """Take events in, also while a batch is being decided; what is not decided stays uncommitted."""
        self._given_up = False
        stream.enable_acks = False  # a batch is acknowledged once it is decided
        undecided, self._held = deque[Any](), 0
        self._undecided = undecided
        arrived, room = asyncio.Event(), asyncio.Event()
        self._deciding = asyncio.create_task(self._decide(stream, undecided, arrived, room))
        try:
            async for event in stream.events():
                if self._given_up:
                    _leave(event)
                    continue
                if not undecided:
                    self._moved = clock.monotonic()
                undecided.append(event)
                self._held += _size(event)
                arrived.set()
                if len(undecided) >= 2 * _BATCH or self._held >= _HELD:
                    room.clear()
                    await room.wait()
        finally:
            self._deciding.cancel()
            await asyncio.gather(self._deciding, return_exceptions=True)

    async def _decide(self, stream: Any, undecided: deque[Any], arrived: asyncio.Event, room: asyncio.Event) -> None:
        """Decide what has arrived, batch after batch. A lone event is not kept waiting for others."""
        last = -_RECENT
        try:
            while True:
                await arrived.wait()
                if len(undecided) < _BATCH and clock.monotonic() - last < _RECENT:
                    await clock.sleep(_WITHIN)
                events = list(islice(undecided, _BATCH))
                told = [event for event in events if not faultpoints.reach("decide.skip")]
                await self._decide_records([of(e.message, self._now, round(e.message.timestamp * 1000)) for e in told])
                for event in events:
                    await stream.ack(event)
                    self._held -= _size(undecided.popleft())
                room.set()
                if not undecided:
                    arrived.clear()
                last = self._moved = clock.monotonic()
                telemetry.CONSUMER_LAST_COMMIT.labels(GROUP).set(clock.now().timestamp())
        except Exception as failure:  # noqa: BLE001 - run() raises it
            self._failure = failure
            self._failed.set()
        finally:
            self._given_up = True
            for event in undecided:
                _leave(event)
            undecided.clear()
            self._held = 0
            room.set()


def _size(event: Any) -> int:
    return len(event.message.value or b"")


def _leave(event: Any) -> None:
    """Leave an event uncommitted: it comes again."""
    event.message.acked = True  # to Faust: do not wait for it any more


class _Buffer(ThrowableQueue):  # type: ignore[misc] # mode is not typed
    """What Faust has read and the agent has not taken: bounded in bytes too, for a company's records may be large."""

    _bytes = 0

    def full(self) -> bool:
        return self._bytes >= _HELD or bool(super().full())

    def clear(self) -> None:
        super().clear()
        self._bytes = 0

    def _put(self, event: Any) -> None:
        self._bytes += _size(event)
        super()._put(event)

    def _get(self) -> Any:
        event = super()._get()
        self._bytes -= _size(event)
        return event


class _App(faust.App):  # type: ignore[misc] # Faust is not typed
    def FlowControlQueue(self, maxsize: int | None = None, *, clear_on_resume: bool = False) -> _Buffer:  # noqa: N802 - Faust calls it so
        return _Buffer(maxsize=maxsize, flow_control=self.flow_control, clear_on_resume=clear_on_resume)


# --- Faust's way to Kafka -----------------------------------------------------------------------------------------


class _Thread(WorkerThread):  # type: ignore[misc] # mode is not typed
    """The consumer's thread. It keeps no process alive."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.daemon = True

    def stop(self) -> None:
        """Leave it to ``_ConsumerThread.join`` to wait: mode waits without an end, and with the event loop standing."""


class _ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc] # Faust is not typed
    Worker: type[threading.Thread] = _Thread

    def _create_worker_consumer(self, transport: Any) -> Consumer:
        """Return our consumer. Faust's own reads committed only together with exactly_once."""
        conf = self.app.conf
        return Consumer(
            transport.kafka,
            transport.now,
            group_id=conf.id,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            auto_offset_reset="earliest",
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            # A broker that has just come back may not know its topics yet; Faust is then given none of them until the
            # metadata is asked for again. Measured with the default of 5 minutes: no decision for 300 s.
            metadata_max_age_ms=_METADATA_MS,
        )

    async def _fetch_records(
        self,
        consumer: Consumer,
        active_partitions: Iterable[Any],
        timeout: float = 0,  # noqa: ASYNC109 - Faust calls it so
        max_records: int | None = None,
    ) -> Mapping[Any, Sequence[Any]]:
        """Return what has arrived; Faust's own asks aiokafka past the consumer's methods."""
        if not self.consumer.flow_active:
            return {}
        places = [TopicPartition(*place) for place in active_partitions]
        return await consumer.getmany(*places, timeout_ms=int(timeout * 1000), max_records=max_records)

    async def _commit(self, offsets: Mapping[Any, int]) -> bool:
        """Commit; what cannot be committed now is decided once more, which changes nothing, and crashes nobody."""
        consumer = self._ensure_consumer()
        ours = consumer.assignment()
        wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
        try:
            async with asyncio.timeout(_COMMIT_WITHIN):
                await consumer.commit({place: offset for place, offset in wanted.items() if place in ours})
        except (KafkaError, TimeoutError) as error:
            _log.warning("offsets not committed", group=GROUP, error=type(error).__name__)
            return False
        return True

    async def waiting(self) -> dict[TopicPartition, int]:
        """Return where reading stands in each of our partitions that holds more."""
        found: dict[TopicPartition, int] = await self.call_thread(self._waiting)
        return found

    async def _waiting(self) -> dict[TopicPartition, int]:
        consumer = self._ensure_consumer()
        ends = await consumer.end_offsets(consumer.assignment())
        positions = {place: await consumer.position(place) for place in ends}
        return {place: position for place, position in positions.items() if position < ends[place]}

    async def join(self) -> None:
        """Wait for the thread; what does not end by itself is cut off.

        Nobody may stay in the group who decides nothing: also not one whose stop was lost since it had just begun.
        """
        for _ in range(_THREAD_CUTS):
            if self._thread is None or not self._thread.is_alive():
                return
            try:
                await asyncio.to_thread(self._thread.join, _THREAD_ENDS_WITHIN)
            finally:
                with suppress(RuntimeError):  # its event loop is closed: the thread has ended
                    self.thread_loop.call_soon_threadsafe(self._cancel_everything)
        _log.error("the thread of a worker does not end")

    async def _serve(self) -> None:
        """Serve, and leave nothing open. What goes wrong is told to the worker (``crash``), and raised to nobody."""
        try:
            await super()._serve()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a thread has nobody who would catch it
            _log.warning("the thread of a worker ended early", error=type(error).__name__)
        finally:
            if self._consumer is not None:
                await self._consumer.stop()
                await self._consumer.cut()
            await ended(asyncio.all_tasks() - {asyncio.current_task()}, 0.0)
            self.set_shutdown()

    def _cancel_everything(self) -> None:
        for task in asyncio.all_tasks(self.thread_loop):
            task.cancel()

    def set_shutdown(self) -> None:
        """Tell who began it that it has ended, unless nobody is there any more."""
        with suppress(RuntimeError):  # its loop is closed
            super().set_shutdown()


class _Consumer(driver.Consumer):  # type: ignore[misc] # Faust is not typed
    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def wait_first(self, *waits: Any, timeout: float | None = None) -> Any:  # noqa: ASYNC109 - mode calls it so
        """Hand a record on at once where nothing has to be waited for.

        Faust hands each one on in a race with whatever may interrupt it: four tasks, which take as long as to read it.
        """
        match waits:
            case handing, interruption if self.app.flow_control.is_active() and not any(
                channel.queue.full() for channel in self.app.topics
            ):
                interruption.close()
                return await handing
        return await super().wait_first(*waits, timeout=timeout)

    async def verify_all_partitions_active(self) -> None:
        """Leave it to ``Worker.check``: Faust does not see our commits, and warns for ever that there are none."""

    async def waiting(self) -> dict[TopicPartition, int]:
        return await self._thread.waiting()  # type: ignore[no-any-return] # of the thread made above

    async def join(self) -> None:
        await self._thread.join()


class _Transport(driver.Transport):  # type: ignore[misc] # Faust is not typed
    Consumer = _Consumer

    def __init__(self, url: Any, app: Any, now: Now, kafka: KafkaSettings) -> None:
        super().__init__(url, app)
        self.now, self.kafka = now, kafka
