"""What a person does at the desk. Kafka acknowledges first, then it is remembered and put on record."""

from aiokafka import AIOKafkaProducer
from pydantic_core import to_json
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from connectors.desk.values import Hold
from infra import clock
from infra.kafka.lives import topic_of
from infra.trail import Entry, put_on_record
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import DeadLetter, Outcome
from schemas.envelope import Envelope, Unreadable
from schemas.events import ReviewAnswered

_SOURCE = "/connectors/desk"

_LOCK_LETTER = text("select body, state from dead_letters where place = :place for update")
_CLOSE_LETTER = text("update dead_letters set state = :state, closed_at = clock_timestamp() where place = :place")
_CLOSED = text("select closed_at is not null from held where hold_id = :id")


class NotOpen(LookupError):
    """There is no such dead letter, or somebody has dealt with it already."""


async def answer(producer: AIOKafkaProducer, hold: Hold, chosen: str, *, by: str, comment: str) -> str:
    """Publish a person's answer to a hold; return the fact's id. It takes effect when a flow reads it."""
    now = clock.now()
    fact = ReviewAnswered(
        hold_id=hold.hold_id,
        flow=hold.order.data.flow,
        about=hold.key,
        answer=chosen,
        answered_by=by,
        answered_at=now,
        comment=comment,
    )
    message_id = ids.fact_id(fact.key, ids.revision(fact))
    trace = hold.order.traceparent
    message = envelopes.wrap(
        fact,
        message_id=message_id,
        source=_SOURCE,
        time=now,
        tenant=hold.tenant,
        incarnation=hold.order.incarnation,
        trace=trace,
    )
    await producer.send_and_wait(fact.TOPIC, message.to_bytes(), key=hold.tenant.encode())
    return message_id


async def replay(
    engine: AsyncEngine, producer: AIOKafkaProducer, place: str, *, by: str, value: bytes | None = None
) -> DeadLetter:
    """Send a dead letter to its topic again, as it was or with corrected bytes, to the company that it names.

    Raises:
        NotOpen: see there.
    """
    async with engine.begin() as connection:
        message = await _open_letter(connection, place)
        letter = message.data
        sent = letter.record_value if value is None else value
        await producer.send_and_wait(topic_of(letter.topic), sent, key=_key_of(sent, letter))
        how = "as it was" if value is None else "corrected"
        await _close_letter(connection, message, "replayed", f"{by} sent it again, {how}")
    return letter


async def discard(engine: AsyncEngine, place: str, *, by: str, reason: str) -> None:
    """Throw a dead letter away, for a reason that stays on record.

    Raises:
        NotOpen: see there.
    """
    async with engine.begin() as connection:
        message = await _open_letter(connection, place)
        await _close_letter(connection, message, "discarded", f"{by}: {reason}")


async def is_closed(engine: AsyncEngine, hold: Hold) -> bool:
    """Tell whether a hold waits no longer."""
    async with engine.connect() as connection:
        return bool(await connection.scalar(_CLOSED, {"id": hold.hold_id}))


async def _open_letter(connection: AsyncConnection, place: str) -> Envelope[DeadLetter]:
    found = (await connection.execute(_LOCK_LETTER, {"place": place})).one_or_none()
    if found is None:
        raise NotOpen(f"there is no dead letter at {place}: bokbuss dead list")
    if found.state != "open":
        raise NotOpen(f"the dead letter at {place} is {found.state} already")
    return envelopes.decode(to_json(found.body))


def _key_of(value: bytes, letter: DeadLetter) -> bytes | None:
    """Return the key that a record is sent again under: the company that its message names, since a person says so."""
    try:
        return envelopes.decode(value).tenant.encode()
    except Unreadable:
        return letter.record_key


async def _close_letter(connection: AsyncConnection, message: Envelope[DeadLetter], state: Outcome, why: str) -> None:
    await connection.execute(_CLOSE_LETTER, {"place": message.data.place, "state": state})
    await put_on_record(connection, [Entry(message, state, code=state, why=why)])
