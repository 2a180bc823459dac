"""A record as it stands in Kafka, and what it holds: a message, or something that ends as a dead letter."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra import clock
from schemas import envelope as envelopes
from schemas.audit import DeadLetter
from schemas.base import is_tenant_id
from schemas.commands import Order
from schemas.envelope import Envelope, Unreadable
from schemas.topics import LARGEST

_LONGEST_REASON = 4000
_LONGEST_VALUE = LARGEST // 2
"""Bytes of a record that a dead letter holds: base64 makes them a third more."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in Kafka."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime
    key: bytes | None
    value: bytes | None

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset."""
        return (self.topic, self.partition, self.offset)


def at(milliseconds: int) -> datetime:
    """Return a Kafka timestamp as a time."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def read(record: Record) -> Envelope[Any]:
    """Return the message that a record holds.

    Raises:
        Unreadable: it is no message, or one that does not belong there; acting on it could only go wrong.
    """
    message = envelopes.decode(record.value)
    if record.topic != message.data.TOPIC:
        raise Unreadable(f"type: {message.type} does not travel on {record.topic}")
    if isinstance(message.data, Order) and message.id != str(message.data.id_in(message.tenant)):
        raise Unreadable("id: this is not the id of this order")
    return message


def letter_of(record: Record, reader: str, reason: str) -> DeadLetter:
    """Return the dead letter of a record. What would not fit is cut; the record's place tells where the whole is."""
    return DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        reader=reader,
        reason=reason[:_LONGEST_REASON],
        found_at=clock.now(),
        record_key=record.key,
        record_value=(record.value or b"")[:_LONGEST_VALUE],
    )


UNKNOWN_TENANT = "unknown"
"""The tenant of records whose key does not name one."""


def tenant_of(key: bytes | None) -> str:
    """Return the tenant that a record's key names, as far as it can be one."""
    name = (key or b"").decode("utf-8", "replace")
    return name if is_tenant_id(name) else UNKNOWN_TENANT


def bury(letter: DeadLetter, tenant: str) -> Envelope[DeadLetter]:
    """Put a dead letter into its envelope."""
    return envelopes.wrap(letter, message_id=letter.place, source="/infra", time=letter.found_at, tenant=tenant)
