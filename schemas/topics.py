"""The topics, as data: what each carries, for how long, who writes it and who reads it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.base import Message
from schemas.envelope import MESSAGES

PARTITIONS = 8
"""The same for every topic, so that one company's messages meet in one worker."""

LARGEST = 4 * 1024 * 1024
"""Bytes of one message: a dead letter holds a whole record, a third larger for being base64."""

IN_SYNC: Final = "min.insync.replicas"
_COPIES: Final = 3
"""Of fewer, none could be away while two must have what is acknowledged."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic. Every topic is keyed by tenant; ``compacted`` keeps the latest of each key, else all is kept."""

    name: str
    carries: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    compacted: bool = False

    @property
    def messages(self) -> tuple[type[Message], ...]:
        """The messages that travel on this topic."""
        return tuple(m for m in MESSAGES if getattr(m, "TOPIC", None) == self.name)

    def config(self, copies: int = 1) -> dict[str, str]:
        """Return the topic's Kafka settings. Compaction and transactions stay off where offsets are counted.

        Args:
            copies: of each partition. Of three or more, two have what is acknowledged: Kafka's own would be content
                with one, whose disk may be lost.
        """
        safe = {IN_SYNC: "2"} if copies >= _COPIES else {}
        if self.compacted:
            return {"cleanup.policy": "compact", **safe}
        return {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": str(LARGEST), **safe}


_SOURCES, _FLOWS, _SINKS, _DESK = "sources", "flows", "sinks", "desk"

TOPICS: tuple[Topic, ...] = (
    Topic("facts.day-closed.v1", "a cash register was closed, or should have been", (_SOURCES, _FLOWS), (_FLOWS,)),
    Topic("facts.invoice-requested.v1", "a till sold on account", (_SOURCES,), (_FLOWS,)),
    Topic("facts.employee-changed.v1", "what an HR system holds about a person", (_SOURCES,), (_FLOWS,)),
    Topic("facts.leave-changed.v1", "what an HR system holds about a leave", (_SOURCES,), (_FLOWS,)),
    Topic("facts.closing-entries-ready.v1", "closing entries to be booked", (_SOURCES, _DESK), (_FLOWS,)),
    Topic("facts.ledger-requested.v1", "somebody wants a ledger", (_SOURCES, _DESK), (_FLOWS,)),
    Topic("facts.fortnox-seen.v1", "what Fortnox holds, and ledgers", (_SOURCES, _SINKS), (_FLOWS,)),
    Topic("facts.review-answered.v1", "a person's decision about something held", (_DESK,), (_FLOWS,)),
    Topic("settings.v1", "each company's settings", (_DESK,), (_FLOWS,), compacted=True),
    Topic("orders.fortnox.v1", "what is to be written to Fortnox", (_FLOWS,), (_SINKS,)),
    Topic("orders.hr.v1", "what is to be written to an HR system", (_FLOWS,), (_SINKS,)),
    Topic("orders.desk.v1", "what waits for a person, and what waits no longer", (_FLOWS,), (_DESK,)),
    Topic("audit.v1", "what became of each message", (_SINKS, _DESK), (_FLOWS,)),
    Topic("dead-letters.v1", "bytes that could not be read", (_SOURCES, _FLOWS, _SINKS, _DESK), (_DESK,)),
)


def carrying(messages: Iterable[type[Message]]) -> tuple[str, ...]:
    """Return the names of the topics that carry these messages, in the order of the table."""
    wanted = {getattr(m, "TOPIC", None) for m in messages}
    return tuple(t.name for t in TOPICS if t.name in wanted)
