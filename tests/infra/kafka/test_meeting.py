"""A topic's new life lacks what the one before held: what we can give again is given again."""

from aiokafka import AIOKafkaProducer

from infra.intake import outboxes
from infra.intake.holes import Position
from infra.intake.outboxes import Place
from infra.intake.ways import Way
from infra.kafka.meeting import Lives
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas.audit import AuditRecord
from schemas.events import DayClosed
from schemas.ways import OutboxTable


async def test_an_outbox_is_read_again_when_the_facts_of_its_rows_are_lost(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str
) -> None:
    """Its rows stand in the till's table still, and those that were decided are known; also while one is being read."""
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values (:t, now())"), {"t": tenant})
    way = Way(tenant, OutboxTable(name="kassa", system="openpos", table="till.outbox"))
    lives = Lives(engine, producer, KafkaSettings(bootstrap=kafka))
    now, place = await lives.look(), Place(7, Position(41), "41@1.0")
    await outboxes.move(engine, way, place, None)
    await lives.rewound(now[AuditRecord.TOPIC])
    assert await outboxes.position(engine, way) == place
    await lives.rewound(now[DayClosed.TOPIC])
    assert await outboxes.position(engine, way) is None
    await outboxes.move(engine, way, Place(7, Position(42), "42@1.0"), place)
    assert await outboxes.position(engine, way) is None
