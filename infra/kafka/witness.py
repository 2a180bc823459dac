"""Kafka as a witness: it keeps the highest pulse of an installation, as the committed offset of a group of its own.

A database that was restored has a lower one. No topic is needed for it, and no other installation can take it for its
own. Kafka forgets it some days after the last pulse (``offsets.retention.minutes``); what it says for ever is audit.v1.
"""

from typing import Self
from uuid import UUID

from aiokafka import TopicPartition

from infra.kafka.fetching import Consumer
from infra.settings import KafkaSettings
from schemas.audit import AuditRecord

_PLACE = TopicPartition(AuditRecord.TOPIC, 0)


class Witness:
    """Is asked for the highest pulse that it was told, and told the next one."""

    def __init__(self, kafka: KafkaSettings, installation: UUID) -> None:
        self._consumer = Consumer(kafka, group_id=f"bokbuss-installation-{installation}")

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign([_PLACE])
        self._consumer.pause(_PLACE)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def pulse(self) -> int:
        """Return the highest pulse; 0 when it knows of none."""
        return await self._consumer.committed(_PLACE) or 0

    async def tell(self, pulse: int) -> None:
        """Write a pulse down. Raises KafkaError."""
        await self._consumer.commit({_PLACE: pulse})
