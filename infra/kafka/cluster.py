"""The cluster that a process works with: its topics are made and checked, and the one kind of producer."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError
from aiokafka.producer.sender import Sender
from aiokafka.producer.transaction_manager import NO_PRODUCER_EPOCH, NO_PRODUCER_ID, PidAndEpoch
from aiokafka.util import create_future

from infra import clock, telemetry
from infra.kafka import securing
from infra.kafka.cutting import stopped
from infra.settings import KafkaSettings
from schemas.topics import LARGEST, PARTITIONS, TOPICS, Topic

_log = telemetry.log(__name__)

_MOST_AT_ONCE = 256 * 1024
"""Bytes of a partition that go in one request. Of aiokafka's own 16 KB a batch of decisions would need dozens."""
_ACKNOWLEDGED_WITHIN = 5.0
"""Seconds for which somebody who sends waits; aiokafka alone would try to send for ever."""
_BACKOFF_MS = 100  # as aiokafka has it
_CLOSE_WITHIN = 1.0
"""Seconds that a producer has to end. Whoever sends waits for the acknowledgement: nothing is left to be sent."""


class BrokerUnavailable(RuntimeError):
    """The broker cannot be had, or does not answer; the message says why and what to do."""


class WrongTopic(RuntimeError):
    """A topic exists in a form that bokbuss cannot use."""


async def ensure_topics(kafka: KafkaSettings, topics: Iterable[Topic] = TOPICS) -> None:
    """Make every topic of the table that the broker does not have, and wait until each partition has a leader.

    Raises:
        BrokerUnavailable: the broker does not answer, or not to us.
        NoCertificates: a file that the settings name cannot be read.
        WrongTopic: a topic exists with another number of partitions.
    """
    table = {topic.name: topic for topic in topics}
    admin = AIOKafkaAdminClient(**securing.client(kafka), request_timeout_ms=10_000)
    try:
        await admin.start()
        present = set(await admin.list_topics())
        missing = [topic for name, topic in table.items() if name not in present]
        if missing:
            await _create(admin, missing, kafka.replication)
        await _check(admin, table)
        await _await_coordinator(admin)
    except (KafkaError, OSError, ValueError) as error:  # ValueError: it is no address
        raise BrokerUnavailable(await securing.why_not(kafka, error)) from error
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, topics: Iterable[Topic], replication: int) -> None:
    wanted = [NewTopic(t.name, PARTITIONS, replication, topic_configs=t.config(replication)) for t in topics]
    answer = await admin.create_topics(wanted, timeout_ms=10_000)
    for name, code, *message in answer.topic_errors:
        if code not in {0, TopicAlreadyExistsError.errno}:  # made meanwhile by another process: checked below
            raise BrokerUnavailable(f"The broker did not make the topic {name}: error {code} {message}")


async def _check(admin: AIOKafkaAdminClient, table: dict[str, Topic]) -> None:
    deadline = clock.monotonic() + 30
    while True:
        described = {d["topic"]: d["partitions"] for d in await admin.describe_topics(list(table))}
        wrong = {n: len(p) for n, p in described.items() if p and len(p) != PARTITIONS}
        if wrong:
            raise WrongTopic(
                f"Each topic needs {PARTITIONS} partitions, so that one company's messages meet in one worker, but "
                + ", ".join(f"{name} has {count}" for name, count in sorted(wrong.items()))
                + ". Kafka cannot take partitions away: delete the topic when it is empty, or use another cluster."
            )
        if all(len(p) == PARTITIONS and all(q["leader"] >= 0 for q in p) for p in described.values()):
            return
        if clock.monotonic() > deadline:
            raise BrokerUnavailable("Topics were made, but some of their partitions have had no leader for 30 s.")
        await asyncio.sleep(0.05)


async def _await_coordinator(admin: AIOKafkaAdminClient) -> None:
    """Wait until groups can gather: a new broker makes the topic of their offsets when it is first asked for one.

    Whoever joins a group meanwhile would complain of an error that is none.
    """
    deadline = clock.monotonic() + 30
    while clock.monotonic() < deadline:
        try:
            await admin.find_coordinator("bokbuss")
        except KafkaError as error:
            if not error.retriable:
                return  # perhaps we may not ask; a group that cannot be joined is told then
            await asyncio.sleep(0.05)
        else:
            return


class _Sender(Sender):  # type: ignore[misc] # aiokafka is not typed
    async def _do_init_pid(self, node_id: int) -> bool:
        """Ask for a producer id. Once there was one it is asked for again and again: aiokafka would send no more."""
        try:
            return bool(await super()._do_init_pid(node_id))
        except KafkaError as error:
            if self.sender_task is None:
                raise
            _log.warning("no producer id", error=type(error).__name__)
            await asyncio.sleep(self._retry_backoff)
            return False


class _Producer(AIOKafkaProducer):  # type: ignore[misc] # aiokafka is not typed
    """A producer that goes on after a failure.

    Each batch has a number, without a gap. aiokafka (0.14.0) numbers one that failed as well (its partition had no
    leader, the broker refused it, or has forgotten this producer), so that the broker would refuse every later one of
    that partition, for as long as this process lives (aio-libs/aiokafka#1017).
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sender = _Sender(
            self.client,
            acks=-1,
            txn_manager=self._txn_manager,
            message_accumulator=self._message_accumulator,
            retry_backoff_ms=_BACKOFF_MS,
            request_timeout_ms=self._request_timeout_ms,
        )

    async def send(self, *record: Any, **more: Any) -> "asyncio.Future[Any]":
        """Send; the future that is returned ends once it is acknowledged."""
        sent: asyncio.Future[Any] = await super().send(*record, **more)
        sent.add_done_callback(self._begin_anew)
        return sent

    def _begin_anew(self, sent: "asyncio.Future[Any]") -> None:
        """After a failure number anew, as another producer: before anything is sent the sender asks for an id."""
        numbers = self._txn_manager
        if sent.cancelled() or sent.exception() is None or not numbers.has_pid():
            return
        numbers._sequence_numbers.clear()  # noqa: SLF001 - versions are pinned
        numbers._pid_and_epoch = PidAndEpoch(NO_PRODUCER_ID, NO_PRODUCER_EPOCH)  # noqa: SLF001 - the same
        numbers._pid_waiter = create_future()  # noqa: SLF001 - the same

    async def stop(self) -> None:
        """End, within seconds: what is still to be sent would be waited for as long as the broker is away."""
        await stopped(
            "producer", super().stop, self.client, self._sender, self._message_accumulator, within=_CLOSE_WITHIN
        )


async def producer(kafka: KafkaSettings) -> AIOKafkaProducer:
    """Return a started producer: acknowledged by every in-sync copy, repeated without doubles, in order.

    Its ``stop`` ends in time whatever is away.

    Raises:
        BrokerUnavailable: the broker does not answer, or not to us.
        NoCertificates: a file that the settings name cannot be read.
    """
    made = _Producer(
        **securing.client(kafka),
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=_MOST_AT_ONCE,
        request_timeout_ms=10_000,
        max_request_size=LARGEST,
    )
    try:
        await made.start()
    except BaseException as error:
        await made.stop()
        if not isinstance(error, KafkaError):
            raise
        raise BrokerUnavailable(await securing.why_not(kafka, error)) from error
    return made


async def sent(
    producer: AIOKafkaProducer, topic: str, value: bytes, *, key: bytes | None, within: float = _ACKNOWLEDGED_WITHIN
) -> None:
    """Send one record for somebody who waits for it.

    Raises:
        KafkaError: it was not acknowledged in time; it may arrive all the same.
    """
    try:
        async with asyncio.timeout(within):
            await producer.send_and_wait(topic, value, key=key)
    except TimeoutError as error:
        raise KafkaTimeoutError from error
