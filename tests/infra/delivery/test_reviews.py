"""What waits for people: from the topics into tables and on record, once, whatever comes again or cannot be read."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from infra import clock
from infra.delivery.reviews import ReviewRole
from infra.kafka.records import bury, letter_of
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas import envelope as envelopes
from schemas.audit import DeadLetter
from schemas.base import Message
from schemas.commands import CloseReview, HoldForReview, Order
from schemas.envelope import Envelope, Unreadable
from tests.bus import pass_by
from tests.infra.facts import WHEN, day, message, record

GROUP = "bokbuss-desk"
AUDIT = text("select body ->> 'outcome', key from audit where tenant = :t order by sequence")


def order(tenant: str, data: Order) -> Envelope[Any]:
    """Put an order into its envelope."""
    return envelopes.order(data, cause=message(tenant, day(1)), accepted=WHEN)


def hold(z_number: int) -> HoldForReview:
    """Return a hold."""
    return HoldForReview(
        flow="daysales",
        key=f"openpos/K1/{z_number}",
        revision="0",
        step="hold/1",
        rule="a_rule",
        reason="a_reason",
        message="It waits.",
    )


def close(tenant: str, held: HoldForReview) -> CloseReview:
    """Return what closes a hold."""
    return CloseReview(
        flow=held.flow,
        key=held.key,
        revision="0",
        step="close/1",
        rule="a_rule",
        hold_id=held.id_in(tenant),
        how="answered",
        message="A person answered.",
    )


@pytest.fixture
async def put(
    kafka: str, engine: Engine, producer: AIOKafkaProducer, settings: Settings, tenant: str
) -> AsyncIterator[Any]:
    """Yield what puts messages (or bytes) on their topic for the role that runs."""
    await pass_by(kafka, GROUP, (HoldForReview.TOPIC, DeadLetter.TOPIC))
    stop = asyncio.Event()
    running = asyncio.create_task(ReviewRole(engine=engine, producer=producer, settings=settings).run(stop))

    async def send(value: Envelope[Message] | bytes, topic: str = "") -> None:
        payload = value if isinstance(value, bytes) else value.to_bytes()
        to = topic or value.data.TOPIC  # type: ignore[union-attr] # bytes come with their topic
        await producer.send_and_wait(to, payload, key=tenant.encode())

    yield send
    stop.set()
    await asyncio.wait_for(running, 60)


async def trail(engine: Engine, tenant: str, length: int) -> list[tuple[str, str]]:
    """Wait until a company's trail is that long; return its outcomes and keys."""
    async with asyncio.timeout(180):
        while True:
            async with engine.connect() as connection:
                found = [tuple(row) for row in await connection.execute(AUDIT, {"t": tenant})]
            if len(found) >= length:
                return found
            await clock.sleep(0.05)


async def test_holds_and_their_ends_are_written_down_once(put: Any, engine: Engine, tenant: str) -> None:
    """Each comes twice, as after a crash; an end without its hold changes nothing."""
    for data in (hold(1), hold(1), hold(2), close(tenant, hold(1)), close(tenant, hold(1)), close(tenant, hold(9))):
        await put(order(tenant, data))
    await put(order(tenant, hold(3)))
    assert await trail(engine, tenant, 4) == [
        ("held", "openpos/K1/1"),
        ("held", "openpos/K1/2"),
        ("released", "openpos/K1/1"),
        ("held", "openpos/K1/3"),
    ]
    async with engine.connect() as connection:
        query = text("select key, how from held where tenant = :t order by key")
        assert [tuple(row) for row in await connection.execute(query, {"t": tenant})] == [
            ("openpos/K1/1", "answered"),
            ("openpos/K1/2", None),
            ("openpos/K1/3", None),
        ]


async def test_dead_letters_are_written_down_once(put: Any, engine: Engine, tenant: str) -> None:
    """They wait under their place, with the bytes that could not be read."""
    letter = letter_of(record(tenant, b"\xff\x00"), "flows", Unreadable("no JSON", "no_json"))
    for _ in range(2):
        await put(bury(letter, tenant))
    await put(order(tenant, hold(1)))
    assert sorted(await trail(engine, tenant, 2)) == [("dead_lettered", letter.place), ("held", "openpos/K1/1")]
    async with engine.connect() as connection:
        [row] = (await connection.execute(text("select place, topic, state from dead_letters"))).all()
    assert tuple(row) == (letter.place, letter.topic, "open")


async def test_what_does_not_belong_there_becomes_a_dead_letter_and_stops_nobody(
    put: Any, engine: Engine, tenant: str
) -> None:
    """Bytes of any kind, a message of another topic, an order under an id that is not its own."""
    await put(b"not ours", HoldForReview.TOPIC)
    await put(message(tenant, day(1)), HoldForReview.TOPIC)
    await put(order(tenant, hold(1)).model_copy(update={"id": "1"}))
    await put(order(tenant, hold(2)))
    outcomes = [outcome for outcome, _ in await trail(engine, tenant, 4)]
    assert sorted(outcomes) == ["dead_lettered"] * 3 + ["held"]
