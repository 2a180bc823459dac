"""Whatever anybody writes to a topic: the good is booked, each bad record is one dead letter, and everybody goes on."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from connectors.fortnox import sandbox
from infra import registry
from infra.deciding.decider import topics_of
from infra.delivery import waiting
from infra.embedded.broker import EmbeddedKafka
from schemas.events import DayClosed
from schemas.topics import LARGEST
from tests.acceptance.house import DAY, Roles, Shop, opened, z_report
from tests.bus import header_that_is_no_text, partition_of, put_batch

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

FACTS = DayClosed.TOPIC
READ = (*topics_of(registry.flows()), "orders.fortnox.v1", "orders.hr.v1", "orders.desk.v1", "dead-letters.v1")
CODECS = ("gzip", "snappy", "lz4", "zstd")
TIMES = {"before the calendar": -70_000_000_000_000, "none": -1, "in seconds": 1_775_858_651}


def event(shop: Shop, z_number: int) -> bytes:
    """Return a day close as a till that speaks Kafka publishes it."""
    report = z_report(z_number)
    data: dict[str, Any] = {
        "system": "mytill",
        "store": "CITY",
        "register_id": "K7",
        "z_number": z_number,
        "business_date": DAY,
        "taken_at": f"{DAY}T19:04:11Z",
        "sales": [{"group": "books", "vat_rate": "25", "net": "800.00", "vat": "200.00"}],
        "payments": report["payments"],
        "total_sales": "1000.00",
    }
    head = {"id": f"mytill/K7/{z_number}", "source": "/tills/city", "subject": f"mytill/K7/{z_number}"}
    envelope = {"type": "bokbuss.day-closed.v1", "time": f"{DAY}T19:04:11Z", "tenant": shop.tenant, "data": data}
    return json.dumps(head | envelope).encode()


@asynccontextmanager
async def till(kafka: EmbeddedKafka, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    """Open a till's own client of Kafka."""
    async with AIOKafkaProducer(
        bootstrap_servers=kafka.bootstrap, max_request_size=LARGEST, enable_idempotence=False, **options
    ) as producer:
        yield producer


async def test_the_good_is_booked_and_each_bad_record_is_one_dead_letter(
    own_kafka: EmbeddedKafka, house_database: str, folder: Path
) -> None:
    """Of the sender's company, of another one on its partition and of one on another; also after a restart."""
    books = sandbox.Books()
    async with opened(own_kafka.bootstrap, house_database, folder, hole_seconds=3.0, books=books) as house:
        sender, near, far = [
            await house.shop(name, partition=number) for name, number in (("a", 1), ("b", 1), ("c", 5))
        ]
        sent = await send_what_can_be_read(own_kafka, sender)
        bad = await send_what_cannot(own_kafka, sender, near)
        for shop in (near, far):
            await house.deliver(shop, z_report(1))
        for shop, vouchers in ((sender, sent), (near, 1), (far, 1)):
            await house.ends_with(shop, vouchers=vouchers)
        await letters_are(house, sender, bad)

    async with opened(own_kafka.bootstrap, house_database, folder, hole_seconds=3.0, books=books) as house:
        bad |= await send_what_cannot(own_kafka, sender, near)
        for shop in (sender, near, far):
            await house.deliver(shop, z_report(2))
        for shop, vouchers in ((sender, sent + 1), (near, 2), (far, 2)):
            await house.ends_with(shop, vouchers=vouchers)
        await letters_are(house, sender, bad)


async def letters_are(house: Roles, shop: Shop, bad: dict[str, str]) -> None:
    """Wait until exactly these places have a dead letter, each whose it should be."""

    async def all_are() -> bool:
        return len(await waiting.dead_letters(house.place.engine)) >= len(bad)

    await house.until(shop, f"{len(bad)} dead letters", all_are)
    letters = await waiting.dead_letters(house.place.engine)
    assert {letter.place: letter.tenant for letter in letters} == bad


async def send_what_can_be_read(kafka: EmbeddedKafka, shop: Shop) -> int:
    """Send day closes in every codec, with odd times, and of a transaction; return how many will be booked."""
    numbers = count(1)
    for codec in CODECS:
        async with till(kafka, compression_type=codec) as producer:
            await producer.send_and_wait(FACTS, event(shop, next(numbers)), key=shop.tenant.encode())
    async with till(kafka) as producer:
        for time in TIMES.values():
            key = shop.tenant.encode()
            await producer.send_and_wait(FACTS, event(shop, next(numbers)), key=key, timestamp_ms=time)
    async with AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=shop.tenant) as producer:
        for end in (producer.abort_transaction, producer.commit_transaction):
            await producer.begin_transaction()
            await producer.send_and_wait(FACTS, event(shop, next(numbers)), key=shop.tenant.encode())
            await end()
    return len(CODECS) + len(TIMES) + 1


async def send_what_cannot(kafka: EmbeddedKafka, shop: Shop, other: Shop) -> dict[str, str]:
    """Send one record of each bad kind; return their places, and whose each is."""
    key, partition = shop.tenant.encode(), partition_of(shop.tenant)
    found: dict[str, str] = {}
    async with till(kafka) as producer:

        async def send(topic: str, value: bytes | None, whose: str, **changes: Any) -> None:
            sent = await producer.send_and_wait(topic, value, **({"key": key, "partition": partition} | changes))
            found[f"{topic}/{sent.partition}/{sent.offset}"] = whose

        await send(FACTS, b"\x00" * (LARGEST - 1000), shop.tenant)
        await send(FACTS, event(shop, 77), "unknown", key=other.tenant.encode())
        await send(FACTS, event(shop, 77), "unknown", key=b"k" * (LARGEST // 2))
        for name in (b"\xff\xfe", b"", None):
            await send(FACTS, event(shop, 77), "unknown", key=name)
        for topic in READ:
            for value in (None, b"", b"no json"):
                await send(topic, value, shop.tenant)
            if topic != "settings.v1":  # a compacted topic takes no record without a key
                place = TopicPartition(topic, partition)
                offset = await put_batch(producer, place, header_that_is_no_text(event(shop, 77)))
                found[f"{topic}/{partition}/{offset}"] = "unknown"
    return found
