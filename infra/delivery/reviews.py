"""What waits for people: holds and dead letters, from their topics into tables, and on record."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from aiokafka import AIOKafkaProducer

from infra import faultpoints, telemetry, tracing
from infra.access import erasing
from infra.incarnations import former, removed_company
from infra.kafka.consuming import Consumed, GroupMember
from infra.kafka.meeting import Lives
from infra.kafka.outbox import arrived
from infra.postgres import DatabaseConnection, Engine, text
from infra.settings import Settings
from infra.store import together
from infra.trail import Entry, put_on_record
from schemas.audit import DeadLetter
from schemas.commands import CloseReview, HoldForReview
from schemas.envelope import Envelope
from schemas.erasures import DropKeys

GROUP: Final = "bokbuss-desk"
TOPICS: Final = (HoldForReview.TOPIC, DeadLetter.TOPIC)
_HOLD = text(
    """insert into held (hold_id, tenant, flow, key, body, held_at)
       values (:id, :tenant, :flow, :key, cast(:body as jsonb), clock_timestamp())
       on conflict do nothing returning hold_id"""
)
_CLOSE = text(
    """update held set closed_at = clock_timestamp(), how = :how, message = :message,
                       wording = cast(:wording as jsonb)
       where hold_id = :id and closed_at is null returning hold_id"""
)
_LETTER = text(
    """insert into dead_letters (place, topic, tenant, body, state, found_at)
       values (:place, :topic, :tenant, cast(:body as jsonb), 'open', clock_timestamp())
       on conflict do nothing returning place"""
)
_ON_RECORD = text(
    """select exists (select from audit
                      where tenant = :tenant and message_id = :id and body ->> 'outcome' = :outcome)"""
)
"""After a restore the trail can know of a hold that is written down once more."""


class ReviewRole:
    """Reads orders for the desk and dead letters. Repeating a message changes nothing."""

    def __init__(self, *, engine: Engine, producer: AIOKafkaProducer, settings: Settings) -> None:
        self._engine = engine
        self._reader = GroupMember(
            kafka=settings.kafka,
            group=GROUP,
            topics=TOPICS,
            producer=producer,
            engine=engine,
            lives=Lives(engine, producer, settings.kafka),
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Read until asked to stop."""
        await self._reader.run(self._accept, stop)

    async def _accept(self, messages: Sequence[Consumed]) -> None:
        async with self._engine.begin() as connection:
            formers = await former(connection, {m.tenant for _, m in messages})
            entries = [
                entry
                for record, m in messages
                if isinstance(m.data, DeadLetter) or removed_company(m, record.timestamp, formers) is None
                if (entry := await _take(connection, m, record.hop)) is not None
            ]
            await put_on_record(connection, entries)
            await together(connection, [arrived(m.id for _, m in messages)])
        faultpoints.reach("desk.recorded")


async def _take(connection: DatabaseConnection, message: Envelope[Any], hop: str) -> Entry | None:
    """Write one message down; return what goes on record, or None when it was there already."""
    match message.data:
        case HoldForReview() as hold:
            new = await connection.scalar(
                _HOLD,
                {
                    "id": UUID(message.id),
                    "tenant": message.tenant,
                    "flow": hold.flow,
                    "key": hold.key,
                    "body": message.model_dump_json(),
                },
            )
            if not new or await connection.scalar(_ON_RECORD, _name(message) | {"outcome": "held"}):
                return None
            origin = message.traceparent
            with tracing.span("hold", "consumer", origin=origin, hop=hop, bokbuss__tenant=message.tenant) as span:
                span.set(bokbuss__flow=hold.flow, bokbuss__reason=hold.reason, bokbuss__order__id=message.id)
                telemetry.FACTS_FINISHED.labels(hold.flow, "held").inc(exemplar=tracing.exemplar())
            return Entry(
                message,
                "held",
                code=hold.reason,
                why=hold.message,
                wording=hold.wording,
                who=hold.who,
                hop=span.traceparent,
            )
        case CloseReview() as close:
            said = {"message": close.message, "wording": close.wording.model_dump_json() if close.wording else None}
            closed = await connection.scalar(_CLOSE, {"id": close.hold_id, "how": close.how, **said})
            if not closed or await connection.scalar(_ON_RECORD, _name(message) | {"outcome": "released"}):
                return None
            return Entry(message, "released", code=close.how, why=close.message, wording=close.wording)
        case DropKeys() as keys:
            return await _drop(connection, message, keys)
        case DeadLetter() as letter:
            new = await connection.scalar(
                _LETTER,
                {
                    "place": letter.place,
                    "topic": letter.topic,
                    "tenant": message.tenant,
                    "body": message.model_dump_json(),
                },
            )
            if new:
                telemetry.FACTS_FINISHED.labels(letter.reader, "dead_letter").inc()
            return (
                Entry(message, "dead_lettered", code=letter.code or "unreadable", why=letter.reason, who="developer")
                if new
                else None
            )
        case _:
            raise TypeError(f"{message.type} is not for the desk")


async def _drop(connection: DatabaseConnection, message: Envelope[Any], keys: DropKeys) -> Entry | None:
    by, at = keys.decided_by, keys.decided_at
    new = await erasing.drop(connection, message.tenant, keys.records, by=by, at=at)
    if not new or await connection.scalar(_ON_RECORD, _name(message) | {"outcome": "erased"}):
        return None
    return Entry(message, "erased", code="erased", why=f"{by} decided it at {at:%Y-%m-%d %H:%M:%S %Z}")


def _name(message: Envelope[Any]) -> dict[str, str]:
    return {"tenant": message.tenant, "id": message.id}
