"""Day closes as records: what a till would have put on the topic."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from aiokafka import AIOKafkaProducer

from infra.kafka.records import Record, at
from schemas import envelope as envelopes
from schemas import ids
from schemas.bas import BAS_DAY_SALES
from schemas.base import Message
from schemas.envelope import Envelope
from schemas.events import DayClosed, GroupSales, Payment
from schemas.settings import DaySalesSettings, SettingsApplied, TenantSettings

WHEN = datetime(2026, 4, 10, 22, 0, tzinfo=UTC)
_offsets = count(1_000_000)


def day(z_number: int, *, method: str = "cash", **changes: Any) -> DayClosed:
    """Return a day close of 125.00, paid by one means."""
    sales = GroupSales(group="books", vat_rate=Decimal(25), net=Decimal("100.00"), vat=Decimal("25.00"))
    return DayClosed(
        store="CITY",
        register_id="K1",
        z_number=z_number,
        business_date=date(2026, 4, 10),
        taken_at=WHEN,
        sales=(sales,),
        payments=(Payment(method=method, amount=Decimal("125.00")),),
        total_sales=Decimal("125.00"),
        **changes,
    )


def applied(tenant: str, version: int, settings: DaySalesSettings | None = BAS_DAY_SALES) -> SettingsApplied:
    """Return a version of a company's settings."""
    return SettingsApplied(
        tenant=tenant, version=version, applied_by="a test", settings=TenantSettings(daysales=settings)
    )


def message(tenant: str, data: Message) -> Envelope[Any]:
    """Put a message into its envelope."""
    message_id = ids.fact_id(str(getattr(data, "key", "")), ids.revision(data))
    return envelopes.wrap(data, message_id=message_id, source="/tests", time=WHEN, tenant=tenant)


def record(tenant: str, data: Message | bytes | None, *, topic: str = "") -> Record:
    """Return a record that stands in no Kafka, at a place of its own."""
    if isinstance(data, Message):
        topic, data = topic or data.TOPIC, message(tenant, data).to_bytes()  # type: ignore[attr-defined] # of every message
    return Record(topic or DayClosed.TOPIC, 0, next(_offsets), WHEN, tenant.encode(), data)


async def produce(producer: AIOKafkaProducer, tenant: str, *data: Message | bytes) -> list[Record]:
    """Put day closes (or any bytes) on their topic; return the records as they stand there."""
    made = [record(tenant, one) for one in data]
    sending = [await producer.send(one.topic, one.value, key=one.key) for one in made]
    sent = [await future for future in sending]
    return [
        Record(s.topic, s.partition, s.offset, at(s.timestamp), r.key, r.value) for s, r in zip(sent, made, strict=True)
    ]
