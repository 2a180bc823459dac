"""A record as it stands in Kafka, and what it holds: a message, or something that ends as a dead letter."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from infra import clock, tracing
from infra.kafka.fetching import UNREADABLE, Consumer
from infra.kafka.lives import Now, name_in, topic_of
from infra.tenants import UNKNOWN_TENANT
from schemas import envelope as envelopes
from schemas.audit import DeadLetter
from schemas.base import is_tenant_id
from schemas.commands import Order
from schemas.envelope import Envelope, NotYetReadable, Unreadable
from schemas.topics import LARGEST

AT_ONCE = 8 * 1024 * 1024
"""Bytes of records that are handled together, unless one alone is larger: read, they take a dozen times the memory."""
_SILENT = 30.0
"""Seconds without any of what is there."""
_NO_TIME = -1
_LONGEST_REASON = 4000
_LONGEST_KEY = 1024
_LONGEST_VALUE = LARGEST // 2
"""Bytes of a record that a dead letter holds: base64 makes them a third more."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in Kafka; ``topic`` is the name of a life of it (``infra.kafka.lives``)."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    value: bytes | None
    problem: str = ""
    """Why it could not be taken out of its batch, if it could not."""
    hop: str = ""
    """The traceparent of the step that sent it, if that was traced."""

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset."""
        return (self.topic, self.partition, self.offset)


def of(row: Any, now: Now, milliseconds: int | None = None) -> Record:
    """Return the record that a consumer gave, with the name of the topic's life.

    Args:
        now: what each topic was when the consumer began.
        milliseconds: the record's time, where the row has it otherwise.
    """
    time = at(row.timestamp if milliseconds is None else milliseconds)
    problem = next((why.decode() for name, why in row.headers or () if name is UNREADABLE), "")
    return Record(
        name_in(now, row.topic),
        row.partition,
        row.offset,
        time,
        row.key,
        row.value,
        problem,
        tracing.hop_of(row.headers),
    )


async def between(consumer: Consumer, tp: TopicPartition, first: int, last: int) -> AsyncGenerator[Record]:
    """Yield the records that exist from ``first`` to before ``last``; compacted and aborted ones do not.

    Raises KafkaTimeoutError when no more come of what is there: a consumer waits for a broker that is away for ever.
    """
    if first >= last:
        return
    consumer.seek(tp, first)
    consumer.resume(tp)
    try:
        end = min(last, (await consumer.end_offsets([tp]))[tp])
        reached, since = first, clock.monotonic()
        while (position := await consumer.position(tp)) < end:
            if position > reached:
                reached, since = position, clock.monotonic()
            elif clock.monotonic() - since > _SILENT:
                raise KafkaTimeoutError(f"nothing comes of {tp.topic}, partition {tp.partition}, in {_SILENT:g} s")
            for row in (await consumer.getmany(tp, timeout_ms=1000)).get(tp, ()):
                if row.offset >= last:
                    return
                yield of(row, consumer.now)
    finally:
        consumer.pause(tp)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _END = (
    (edge - _EPOCH) // timedelta(milliseconds=1)
    for edge in (datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
)
"""The years of our messages (``schemas.base``), in milliseconds."""


def at(milliseconds: int) -> datetime:
    """Return a Kafka timestamp as a time.

    A producer sets it, and its clock or its unit may be wrong. Outside of the years 1900 to 2199, and where there is
    none (-1), it is the time of reading; what lies inside stays what it is, even when it is wrong.
    """
    if milliseconds == _NO_TIME or not _FIRST <= milliseconds < _END:
        return clock.now()
    return _EPOCH + timedelta(milliseconds=milliseconds)


def read(record: Record) -> Envelope[Any]:
    """Return the message that a record holds.

    Raises:
        NotYetReadable: it is one of a newer version; it waits.
        Unreadable: it is no message, or one that does not belong there; acting on it could only go wrong.
    """
    if record.problem:
        raise Unreadable(record.problem, "no_record")
    try:
        message = envelopes.decode(record.value)
    except NotYetReadable as newer:
        if record.key != newer.head.tenant.encode():
            raise Unreadable(str(newer), "wrong_key") from None
        raise
    if (topic := topic_of(record.topic)) != message.data.TOPIC:
        raise Unreadable(f"type: {message.type} does not travel on {topic}", "wrong_topic")
    if record.key != message.tenant.encode():
        said = "key: it is not the company that the message names, so that nobody can say whose this is"
        raise Unreadable(said, "wrong_key")
    if isinstance(message.data, Order) and message.id != str(message.data.id_in(message.tenant)):
        raise Unreadable("id: this is not the id of this order", "wrong_id")
    return message


def letter_of(record: Record, reader: str, error: Unreadable, attempt: int = 1) -> DeadLetter:
    """Return the dead letter of a record. What would not fit is cut; the record's place tells where the whole is.

    ``attempt``: it may have been readable to the code that tried it before.
    """
    return DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reader=reader,
        reason=str(error)[:_LONGEST_REASON],
        code=error.code,
        rule=UNREADABLE_RULE,
        attempt=attempt,
        found_at=clock.now(),
        record_key=record.key and record.key[:_LONGEST_KEY],
        record_value=(record.value or b"")[:_LONGEST_VALUE],
    )


UNREADABLE_RULE = "unreadable_is_a_dead_letter"


def tenant_of(record: Record) -> str:
    """Return whose an unreadable record is: its key's company, unless the message in it names another one."""
    name = (record.key or b"").decode("utf-8", "replace")
    with suppress(Unreadable):
        if envelopes.decode(record.value).tenant != name:
            return UNKNOWN_TENANT
    return name if is_tenant_id(name) else UNKNOWN_TENANT


def bury(letter: DeadLetter, tenant: str) -> Envelope[DeadLetter]:
    """Put a dead letter into its envelope."""
    return envelopes.wrap(letter, message_id=letter.place, source="/infra", time=letter.found_at, tenant=tenant)
