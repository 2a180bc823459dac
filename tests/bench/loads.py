"""What the benchmarks work on: day closes as tills send them, and the orders that the day-sales flow makes of them."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from infra import clock
from infra.kafka import cluster
from infra.plugin import Terms
from infra.settings import KafkaSettings
from schemas import envelope as envelopes
from schemas import ids
from schemas.bas import BAS_DAY_SALES
from schemas.envelope import Envelope
from schemas.events import DayClosed
from schemas.settings import SettingsApplied, TenantSettings
from schemas.topics import PARTITIONS
from streams.daysales import FLOW

SETTINGS = TenantSettings(daysales=BAS_DAY_SALES.model_copy(update={"days_late": 100_000, "days_early": 100_000}))
"""The days are made up, whenever this runs."""
_MADE = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_GROUPS = (("food", 6), ("Kaffe", 12), ("Bakverk", 12), ("Alkohol", 25), ("Tobak", 25), ("Tidningar", 6))
_SENT_AT_ONCE = 2_000


def tenant(number: int) -> str:
    """Return the name of a company: 0 is the first."""
    return f"bolag-{number:03}"


def day_close(number: int) -> dict[str, Any]:
    """Return a Z report of twelve lines that adds up: six groups, four means of payment, two other amounts."""
    random = Random(number)
    sales, sold = [], Decimal(0)
    totals: dict[int, list[Decimal]] = {}
    for group, rate in _GROUPS:
        net = Decimal(random.randrange(200, 9000)).quantize(Decimal("0.01"))
        vat = (net * rate / 100).quantize(Decimal("0.01"))
        sales.append({"group": group, "vat_rate": str(rate), "net": str(net), "vat": str(vat)})
        total = totals.setdefault(rate, [Decimal(0), Decimal(0)])
        total[0], total[1] = total[0] + net, total[1] + vat
        sold += net + vat
    tips, cards = Decimal(random.randrange(100)), Decimal(random.randrange(1, 500))
    cash, swish, gifts = (Decimal(random.randrange(1, 300)) for _ in range(3))
    card = sold + tips + cards - cash - swish - gifts
    payments = (("card", card), ("cash", cash), ("swish", swish), ("gift_card", gifts))
    business_date = date(2026, 5, 1) + timedelta(days=number % 200)
    return {
        "store": f"BUTIK{number % 3}",
        "register_id": f"K{number % 3}",
        "z_number": number + 1,
        "business_date": business_date.isoformat(),
        "taken_at": f"{business_date}T21:04:11Z",
        "sales": sales,
        "vat": [{"vat_rate": str(r), "net": str(net), "vat": str(vat)} for r, (net, vat) in totals.items()],
        "payments": [{"method": method, "amount": f"{amount:.2f}", "count": 7} for method, amount in payments],
        "others": [
            {"category": "tips", "amount": f"{tips:.2f}"},
            {"category": "gift_cards_sold", "amount": f"{cards:.2f}"},
        ],
        "total_sales": str(sold),
        "receipts": 212,
    }


def facts(count: int, companies: int, first: int = 0) -> Iterator[Envelope[DayClosed]]:
    """Yield day closes of companies in turn."""
    for number in range(first, first + count):
        day = DayClosed.model_validate_json(json.dumps(day_close(number)))
        yield envelopes.wrap(
            day,
            message_id=ids.fact_id(day.key, ids.revision(day)),
            source="/connectors/openpos",
            time=day.taken_at,
            tenant=tenant(number % companies),
            trace=_TRACE,
        )


def orders(count: int, companies: int, first: int = 0) -> Iterator[Envelope[Any]]:
    """Yield the orders to post a voucher that the flow gives for these day closes."""
    for fact in facts(count, companies, first):
        unseen = {key: FLOW.state() for key in FLOW.reads(fact.data)}
        for order in FLOW.decide(unseen, fact, Terms(SETTINGS, 1)):
            yield envelopes.order(order, cause=fact, accepted=clock.now())


def settings(companies: int) -> Iterator[Envelope[SettingsApplied]]:
    """Yield each company's settings."""
    for number in range(companies):
        applied = SettingsApplied(tenant=tenant(number), version=1, applied_by="bench", settings=SETTINGS)
        yield envelopes.wrap(
            applied, message_id=f"settings/{tenant(number)}/1", source="/bench", time=_MADE, tenant=tenant(number)
        )


def z_report(number: int) -> bytes:
    """Return a day close as a till's payload."""
    day = day_close(number)
    amounts = {other["category"]: other["amount"] for other in day["others"]}
    return json.dumps(
        {
            "format": "bokbuss.openpos.z-report/1",
            "reportType": "Z",
            "company": {"name": "Bolaget AB"},
            "store": day["store"],
            "registerId": day["register_id"],
            "zNumber": day["z_number"],
            "businessDate": day["business_date"],
            "takenAt": day["taken_at"],
            "currency": "SEK",
            "totalSales": day["total_sales"],
            "productGroups": [_camel(line) for line in day["sales"]],
            "vatTotals": [_camel(line) for line in day["vat"]],
            "payments": day["payments"],
            "tips": amounts["tips"],
            "giftCardsSold": amounts["gift_cards_sold"],
            "receipts": day["receipts"],
        }
    ).encode()


def _camel(line: dict[str, Any]) -> dict[str, Any]:
    return {{"vat_rate": "vatRate"}.get(name, name): value for name, value in line.items()}


# --- Kafka --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def producing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """Yield a producer."""
    producer = await cluster.producer(KafkaSettings(bootstrap=bootstrap))
    try:
        yield producer
    finally:
        await producer.stop()


async def publish(bootstrap: str, messages: Iterable[Envelope[Any]]) -> None:
    """Put messages on their topics and wait until Kafka has them all."""
    async with producing(bootstrap) as producer:
        waiting = []
        for message in messages:
            waiting.append(await producer.send(message.data.TOPIC, message.to_bytes(), key=message.tenant.encode()))
            if len(waiting) >= _SENT_AT_ONCE:
                for future in waiting:
                    await future
                waiting.clear()
        for future in waiting:
            await future


@asynccontextmanager
async def reading(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Yield a consumer that stands at the beginning of a topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, max_poll_records=5_000)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        yield consumer
    finally:
        await consumer.stop()


async def records(bootstrap: str, topic: str) -> list[Any]:
    """Return every record that a topic holds now."""
    async with reading(bootstrap, topic) as consumer:
        missing = sum((await consumer.end_offsets(list(consumer.assignment()))).values())
        found: list[Any] = []
        while len(found) < missing:
            for rows in (await consumer.getmany(timeout_ms=1_000)).values():
                found += rows
        return found
