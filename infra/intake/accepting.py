"""Accept: a payload becomes facts, Kafka acknowledges them, and only then is the sender told so."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook, WebhookVerificationError

from infra import clock, faultpoints, telemetry, tenants
from infra.access.vault import Vault
from infra.intake.sealing import sealed
from infra.plugin import Malformed, Source
from schemas import envelope as envelopes
from schemas import ids
from schemas.events import Fact

_log = telemetry.log(__name__)

_WITHIN = 5.0
"""Seconds in which the database and Kafka must answer; aiokafka alone would try to send for ever."""
_LONGEST_ID = 200
_SECRET = text("select secret from signing_secrets where tenant = :tenant and system = :system")
_DELIVERY = text(
    """select body_sha256, event_ids from deliveries
       where tenant = :tenant and system = :system and delivery_id = :delivery"""
)
_REMEMBER = text(
    """insert into deliveries (tenant, system, delivery_id, body_sha256, event_ids, accepted_at)
       values (:tenant, :system, :delivery, :sha256, cast(:event_ids as jsonb), clock_timestamp())
       on conflict do nothing"""
)


class BadSignature(PermissionError):
    """The delivery is not signed with the company's secret for this system, or is older than five minutes."""


class OtherBody(ValueError):
    """A delivery with this webhook-id was accepted before, with another body. Give a new delivery a new id."""


class Unavailable(RuntimeError):
    """Kafka or the database does not answer in time. Nothing was promised; send it again.

    A record that was on its way may still arrive later. Sent again it has the same id, so that it counts once.
    """


def read_payload(file: BinaryIO, most: int) -> bytes:
    """Return what a file holds, and read no more than a delivery may have. Raises Malformed when it is larger."""
    payload = file.read(most + 1)
    if len(payload) > most:
        raise Malformed([f"payload: it is larger than {most:,} bytes (BOKBUSS_MAX_BODY)"])
    return payload


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was accepted: the ids of the facts, and whether the delivery had come before."""

    event_ids: tuple[str, ...]
    repeated: bool = False


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    """Turn every way in which Kafka and the database do not answer into Unavailable."""
    try:
        async with asyncio.timeout(_WITHIN):
            yield
    except BadSignature:  # an OSError to Python
        raise
    except (DBAPIError, PoolTimeout, KafkaError, OSError) as error:
        raise Unavailable(f"not accepted, send it again: {type(error).__name__}") from error


class Acceptor:
    """Takes payloads in, from HTTP, files and commands alike."""

    def __init__(self, *, engine: AsyncEngine, producer: AIOKafkaProducer, vault: Vault) -> None:
        self._engine = engine
        self._producer = producer
        self._vault = vault

    async def accept(
        self, *, tenant: str, source: Source, payload: bytes, happened: datetime | None = None, trace: str = ""
    ) -> Accepted:
        """Put a payload's facts on their topics.

        Raises:
            Malformed: the payload breaks its format, or tells more than one message can hold.
            UnknownTenant: no such company.
            Unavailable: Kafka did not acknowledge, or the database did not answer.
        """
        facts = await asyncio.to_thread(source.translate, payload)  # a large one takes its time
        return Accepted(await self.accept_facts(tenant, source.system, facts, happened=happened, trace=trace))

    async def accept_facts(
        self, tenant: str, system: str, facts: Sequence[Fact], *, happened: datetime | None = None, trace: str = ""
    ) -> tuple[str, ...]:
        """Put facts that a system told on their topics; return their ids. Raises what ``accept`` raises."""
        async with _in_time():
            async with self._engine.connect() as connection:
                incarnation = await tenants.incarnation(connection, tenant)
            return await self._publish(tenant, incarnation, system, facts, happened or clock.now(), trace)

    async def accept_delivery(
        self, *, tenant: str, source: Source, body: bytes, headers: Mapping[str, str], trace: str = ""
    ) -> Accepted:
        """Accept a signed delivery once, however often it is sent (Standard Webhooks).

        Raises:
            BadSignature, OtherBody: see there; and what ``accept`` raises.
        """
        async with _in_time():
            delivery_id = await self._verify(tenant, source, body, headers)
            delivery = {"tenant": tenant, "system": source.system, "delivery": delivery_id}
            sha256 = hashlib.sha256(body).hexdigest()
            async with self._engine.connect() as connection:
                before = (await connection.execute(_DELIVERY, delivery)).one_or_none()
            if before is not None:
                if before.body_sha256 != sha256:
                    raise OtherBody("this webhook-id was accepted with another body: give a new delivery a new id")
                return Accepted(tuple(before.event_ids), repeated=True)
            accepted = await self.accept(tenant=tenant, source=source, payload=body, trace=trace)
            async with self._engine.begin() as connection:
                await connection.execute(
                    _REMEMBER, {**delivery, "sha256": sha256, "event_ids": ids.canonical(accepted.event_ids).decode()}
                )
        return accepted

    async def _verify(self, tenant: str, source: Source, body: bytes, headers: Mapping[str, str]) -> str:
        """Return the delivery's id. Raises BadSignature."""
        system = source.system
        async with self._engine.connect() as connection:
            await tenants.incarnation(connection, tenant)
            locked = await connection.scalar(_SECRET, {"tenant": tenant, "system": system})
        if locked is None:
            raise BadSignature(f"{tenant} has no signing secret for {system}: bokbuss tenant add")
        secret = self._vault.unlock(locked, context=f"{tenant}/{system}")
        if source.verify is not None:
            try:
                return await asyncio.to_thread(source.verify, body, headers, secret)
            except PermissionError as error:
                raise BadSignature(str(error)) from None
        try:
            content = body.decode()
        except UnicodeDecodeError as error:  # what is signed is a text
            raise Malformed([f"body: not UTF-8, from byte {error.start}; send it as UTF-8"]) from None
        try:
            Webhook(secret).verify(content, dict(headers), json_parse=False)
        except WebhookVerificationError as error:
            raise BadSignature(f"webhook-signature: {error}") from None
        except ValueError:  # a signature that is no text at all
            raise BadSignature("webhook-signature: it cannot be read") from None
        if len(headers["webhook-id"]) > _LONGEST_ID:
            raise BadSignature(f"webhook-id: it is longer than {_LONGEST_ID} characters")
        return headers["webhook-id"]

    async def _publish(
        self, tenant: str, incarnation: int, system: str, facts: Sequence[Fact], happened: datetime, trace: str
    ) -> tuple[str, ...]:
        trace = trace or telemetry.new_trace()
        messages: list[envelopes.Envelope[Any]] = [
            envelopes.wrap(
                fact,
                message_id=ids.fact_id(fact.key, ids.revision(fact)),
                source=f"/connectors/{system}",
                time=getattr(fact, "taken_at", None) or getattr(fact, "changed_at", None) or happened,
                tenant=tenant,
                incarnation=incarnation,
                trace=trace,
            )
            for fact in (sealed(fact, self._vault, tenant) for fact in facts)
        ]
        faultpoints.reach("accept.before_publish")
        try:
            acknowledged = [
                await self._producer.send(m.data.TOPIC, m.to_bytes(), key=tenant.encode()) for m in messages
            ]
            for future in acknowledged:
                await future
        except MessageSizeTooLargeError:  # the same again would be refused for ever
            raise Malformed(["payload: what it tells is larger than a message on Kafka can be"]) from None
        faultpoints.reach("accept.published")
        for message in messages:
            telemetry.FACTS_ACCEPTED.labels(system, message.type).inc()
            _log.info("accepted", tenant=tenant, system=system, fact_id=message.id, trace_id=message.trace_id)
        return tuple(message.id for message in messages)
