"""The relay: audit rows go to ``audit.v1`` in their order, and are marked after Kafka acknowledged."""

import asyncio
import json
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from infra import clock, faultpoints, store, tracing
from infra.leases import Lease, Leases, lead
from infra.postgres import Engine, text
from schemas.audit import AuditRecord
from schemas.envelope import Envelope, type_of

_PAGE = 500
_POLL, _LONGEST_POLL = 0.05, 0.25
"""Seconds between two looks: while there was something just now, and when there was nothing for long."""
_UNPUBLISHED = text(
    """select a.id, a.tenant, coalesce(r.name, a.tenant) as name, coalesce(r.incarnation, t.incarnation, 0), a.trace,
              coalesce(a.hop, ''), a.body::text
       from audit a left join tenants t on t.tenant = a.tenant left join removed_tenants r on r.tenant = a.tenant
       where published_at is null order by a.id limit :page"""
)
_PUBLISHED = text("update audit set published_at = clock_timestamp() where id = any(cast(:ids as bigint[]))")


class Relay:
    """One process at a time publishes. A predecessor that wakes up late can only repeat records."""

    def __init__(self, engine: Engine, producer: AIOKafkaProducer, leases: Leases) -> None:
        self._engine = engine
        self._producer = producer
        self._leases = leases

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until asked to stop."""

        async def work(lease: Lease) -> None:
            pause = _POLL
            while not stop.is_set():
                lease.check()
                published = await self._publish()
                pause = _POLL if published else min(pause * 1.5, _LONGEST_POLL)
                if published < _PAGE:
                    await clock.sleep(pause)

        await lead(self._leases, "relay", stop, work)

    async def _publish(self) -> int:
        rows = await store.rows(self._engine, _UNPUBLISHED, {"page": _PAGE})
        sent = []
        for _, stored_under, tenant, incarnation, trace, hop, body in rows:
            # As it stands: a newer version may have written it, and its hash covers what this one does not know.
            record = json.loads(body)
            message = Envelope[Any](
                id=f"{stored_under}/{record['sequence']}",
                source="/infra/audit",
                type=type_of(AuditRecord),
                subject=record["key"],
                time=datetime.fromisoformat(record["at"]),
                tenant=tenant,
                incarnation=incarnation,
                causationid=record["fact_id"],
                traceparent=trace,
                data=record,
            )
            sent.append(
                await self._producer.send(
                    AuditRecord.TOPIC, message.to_bytes(), key=tenant.encode(), headers=tracing.headers(hop)
                )
            )
        for future in sent:
            await future
        faultpoints.reach("relay.published")
        if rows:
            await store.write(self._engine, _PUBLISHED, {"ids": [row.id for row in rows]})
        return len(rows)
