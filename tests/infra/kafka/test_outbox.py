"""The outbox: what was decided and not sent is sent, in order, whoever comes next."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from infra import registry, store
from infra.deciding.decider import Decider
from infra.kafka import cluster
from infra.kafka.lives import Life
from infra.kafka.meeting import Lives
from infra.kafka.outbox import arrived
from infra.kafka.records import Record
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas import envelope as envelopes
from schemas import ids
from schemas.commands import HoldForReview
from schemas.envelope import Envelope
from schemas.events import DayClosed
from schemas.topics import PARTITIONS

pytestmark = pytest.mark.usefixtures("added")

WHEN = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)


def closed_day(tenant: str, z_number: int) -> Record:
    """Return a day close of a company without settings: it will be held."""
    day = DayClosed(
        store="SODER",
        register_id="K1",
        z_number=z_number,
        business_date=date(2026, 4, 10),
        taken_at=WHEN,
        total_sales="0.00",  # type: ignore[arg-type] # read as Money
    )
    fact = ids.fact_id(day.key, ids.revision(day))
    message = envelopes.wrap(day, message_id=fact, source="/test", time=WHEN, tenant=tenant)
    return Record(DayClosed.TOPIC, 0, 1_000_000 + z_number, WHEN, tenant.encode(), message.to_bytes())


async def held(kafka: str, tenant: str) -> list[str]:
    """Return the keys of this company's holds on the topic, in order."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(HoldForReview.TOPIC, p) for p in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[Envelope[Any]] = []
        for place in places:
            consumer.seek(place, 0)
            while await consumer.position(place) < ends[place]:
                rows = (await consumer.getmany(place, timeout_ms=1000)).get(place, ())
                found += [envelopes.decode(row.value) for row in rows if row.key == tenant.encode()]
        return [message.subject for message in found]
    finally:
        await consumer.stop()


async def outbox(engine: Engine) -> int:
    """Return how many rows of the outbox are not sent."""
    async with engine.connect() as connection:
        return int(await connection.scalar(text("select count(*) from outbox where sent_as is null")) or 0)


async def decide_and_die(engine: Engine, kafka: str, record: Record) -> None:
    """Decide a record in a process that loses Kafka between committing and sending."""
    producer = await cluster.producer(KafkaSettings(bootstrap=kafka))
    await producer.partitions_for(HoldForReview.TOPIC)  # a closed producer waits for ever for what it does not know
    await producer.stop()
    with pytest.raises(KafkaError):
        await Decider(engine, producer, registry.flows()).decide([record])


async def test_what_was_not_sent_is_sent_before_anything_new_of_the_same_company(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """A decision that is written down is carried out, and its place in the sequence is kept."""
    await decide_and_die(engine, kafka, closed_day(tenant, 1))

    assert (await held(kafka, tenant), await outbox(engine)) == ([], 1)

    await Decider(engine, producer, registry.flows()).decide([closed_day(tenant, 2)])

    assert await held(kafka, tenant) == ["openpos/SODER/K1/1/2026-04-10", "openpos/SODER/K1/2/2026-04-10"]


async def test_a_record_that_comes_again_sends_what_its_first_decision_left(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Deciding again decides nothing, but the orders go out."""
    await decide_and_die(engine, kafka, closed_day(tenant, 1))

    await Decider(engine, producer, registry.flows()).decide([closed_day(tenant, 1)])

    assert await held(kafka, tenant) == ["openpos/SODER/K1/1/2026-04-10"]


async def test_the_sweep_sends_what_nobody_came_for_and_marks_what_was_sent(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """A company that hears nothing more still gets its orders; nothing is left to send in the end."""
    await decide_and_die(engine, kafka, closed_day(tenant, 1))
    decider = Decider(engine, producer, registry.flows())
    await decider.sweep()

    assert await held(kafka, tenant) == []  # it is young: its own process may be about to send it

    async with engine.begin() as connection:
        await connection.execute(text("update outbox set written_at = written_at - interval '1 minute'"))
    await decider.sweep()

    assert await held(kafka, tenant) == ["openpos/SODER/K1/1/2026-04-10"]

    await decider.sweep()

    assert (await held(kafka, tenant), await outbox(engine)) == (["openpos/SODER/K1/1/2026-04-10"], 0)


async def test_what_was_sent_is_kept_until_it_has_arrived_and_sent_again_to_another_broker(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Kafka has it, nobody has taken it in: with the broker it would be gone."""
    decider = Decider(engine, producer, registry.flows())
    topic = HoldForReview.TOPIC
    decider.met({topic: Life(topic, 1, "the first")})
    await decider.decide([closed_day(tenant, 1)])
    async with engine.begin() as connection:
        await connection.execute(text("update outbox set written_at = written_at - interval '1 minute'"))
    for _ in range(2):
        await decider.sweep()
    assert await held(kafka, tenant) == ["openpos/SODER/K1/1/2026-04-10"]

    decider.met({topic: Life(topic, 2, "another")})
    for _ in range(2):
        await decider.sweep()
    assert await held(kafka, tenant) == ["openpos/SODER/K1/1/2026-04-10"] * 2

    async with engine.begin() as connection:
        await store.together(connection, [arrived(await connection.scalars(text("select message_id from outbox")))])
    decider.met({topic: Life(topic, 3, "a third")})
    await decider.sweep()
    assert await held(kafka, tenant) == ["openpos/SODER/K1/1/2026-04-10"] * 2


async def test_what_has_not_arrived_is_sent_again_to_a_broker_that_stands_on_an_older_copy(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """One topic tells that it does, and the newest orders of another one may be gone as well."""
    lives = Lives(engine, producer, KafkaSettings(bootstrap=kafka))
    now = await lives.look()
    decider = Decider(engine, producer, registry.flows())
    decider.met(now)
    await decider.decide([closed_day(tenant, 1)])
    await decider.sweep()
    async with engine.begin() as connection:
        await connection.execute(text("update outbox set written_at = written_at - interval '1 minute'"))
    await lives.rewound(now[DayClosed.TOPIC])
    decider.met(await lives.look())
    await decider.sweep()
    assert await held(kafka, tenant) == ["openpos/SODER/K1/1/2026-04-10"] * 2
