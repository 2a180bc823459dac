"""Which life of each topic this is: an offset means something only together with it.

A topic that was deleted and made anew, or that another broker has, counts its offsets from 0 again. Kafka gives each
life an id of its own. The first one that is met keeps the topic's name; the second is called ``facts.day-closed.v1@2``
wherever an offset stands in the database (no topic of Kafka's can have an ``@``).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, ClassVar
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    AbstractType,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from schemas.topics import TOPICS

_ANSWER_WITHIN = 5.0


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a topic."""

    topic: str
    number: int
    topic_id: str

    @property
    def name(self) -> str:
        """What its offsets are kept under."""
        return self.topic if self.number == 1 else f"{self.topic}@{self.number}"

    @property
    def mark(self) -> str:
        """What is written to Kafka beside each committed offset."""
        return f"{self.topic_id}/{self.number}"

    def has_committed(self, mark: str) -> bool:
        """Tell whether an offset with this mark is one of its own. Before there were marks, there was one life."""
        return mark == self.mark if mark else self.number == 1


Now = Mapping[str, Life]
"""What each topic is now."""


class Rewound(Exception):
    """Where a record was read before, another one stands: its topic ended before it meanwhile, and has grown again.

    ``life``: the name of the life that it was.
    """

    def __init__(self, life: str) -> None:
        self.life = life
        super().__init__(f"other records than were read stand in {life}")


def name_in(now: Now, topic: str) -> str:
    """Return what a topic's offsets are kept under."""
    return now[topic].name if topic in now else topic


def topic_of(name: str) -> str:
    """Return the topic that the name of one of its lives is of."""
    return name.partition("@")[0]


async def ask(client: AIOKafkaClient) -> tuple[str, dict[str, str]]:
    """Return the cluster's id, and the id of each of our topics that it has.

    Raises:
        KafkaError, TimeoutError: no broker answers.
    """
    wanted = [topic.name for topic in TOPICS]
    async with asyncio.timeout(_ANSWER_WITHIN):
        answer = await client.send(client.get_random_node(), _Metadata(wanted))
    found = {name: topic_id for error, name, topic_id, *_ in answer.topics if not error and name in wanted}
    return answer.cluster_id or "", found


# --- Kafka's Metadata request, version 10: the first one that names topics' ids. aiokafka has it up to 5 --------------


class _Uuid(AbstractType[str]):  # type: ignore[misc] # aiokafka is not typed
    @classmethod
    def encode(cls, value: str) -> bytes:
        return UUID(value).bytes

    @classmethod
    def decode(cls, data: BytesIO) -> str:
        return str(UUID(bytes=data.read(16)))


_NONE = str(UUID(int=0))


class _MetadataResponse(Response):  # type: ignore[misc] # aiokafka is not typed
    API_KEY = 3
    API_VERSION = 10
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node_id", Int32),
                ("host", CompactString("utf-8")),
                ("port", Int32),
                ("rack", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster_id", CompactString("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            CompactArray(
                ("error_code", Int16),
                ("name", CompactString("utf-8")),
                ("topic_id", _Uuid),
                ("is_internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("isr", CompactArray(Int32)),
                        ("offline_replicas", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("authorized_operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("authorized_operations", Int32),
        ("tags", TaggedFields),
    )


class _MetadataRequest(RequestStruct):  # type: ignore[misc] # aiokafka is not typed
    API_KEY = 3
    API_VERSION = 10
    FLEXIBLE_VERSION: ClassVar[bool] = True
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", CompactArray(("topic_id", _Uuid), ("name", CompactString("utf-8")), ("tags", TaggedFields))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
        ("tags", TaggedFields),
    )


class _Metadata(Request[_MetadataRequest]):  # type: ignore[misc] # aiokafka is not typed
    API_KEY = 3

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics: Sequence[Any] = [(_NONE, name, {}) for name in topics]

    def build(self, request_struct_class: type[_MetadataRequest]) -> _MetadataRequest:
        return request_struct_class(self._topics, *(False,) * 3, {})
