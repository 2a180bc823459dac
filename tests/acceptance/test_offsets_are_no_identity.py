"""A new broker, a topic made anew, a move: everything that the new one holds is decided, nothing is booked twice."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from connectors.fortnox import sandbox
from infra import clock
from infra.embedded.broker import EmbeddedKafka
from infra.kafka.cluster import ensure_topics
from infra.postgres import text
from infra.settings import KafkaSettings, Role
from schemas.events import DayClosed
from tests.acceptance.house import Roles, Shop, database, opened, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

OUTBOX = text("select count(*) from outbox where tenant = :t")
MENDED = 15.0
"""Seconds until the auditor decides what the flows passed by, as beside a rebalance they do once in many runs."""
NAMES = text("select distinct topic from decided where tenant = :t and topic like 'facts.day-closed%' order by topic")


@pytest.fixture(scope="module")
def other_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """Yield a second broker, with its topics."""
    with EmbeddedKafka(tmp_path_factory.mktemp("other")) as broker:
        asyncio.run(ensure_topics(KafkaSettings(bootstrap=broker.bootstrap)))
        yield broker


@pytest.fixture
def empty_database(postgres_url: str) -> Iterator[str]:
    """Yield the URL of the test's own database."""
    with database(postgres_url) as url:
        yield url


async def each_is_booked_once(house: Roles, shop: Shop, days: int) -> None:
    """Wait until so many days stand in the ledger, each once, and all that was decided has arrived."""
    vouchers = await house.ends_with(shop, vouchers=days)
    assert len({v.draft.description for v in vouchers}) == days

    async def arrived() -> bool:
        async with house.place.engine.connect() as connection:
            return not await connection.scalar(OUTBOX, {"t": shop.tenant})

    await house.until(shop, "everything has arrived", arrived)


async def deliver(house: Roles, shop: Shop, *numbers: int) -> None:
    """Send day closes, one after the other."""
    for number in numbers:
        await house.deliver(shop, z_report(number))


async def test_after_a_move_to_another_broker_every_day_is_booked_once(
    own_kafka: EmbeddedKafka, other_kafka: EmbeddedKafka, empty_database: str, folder: Path
) -> None:
    """Five days whose offsets were decided before; old ones that are sent again are known. And back again."""
    books = sandbox.Books()
    async with opened(own_kafka.bootstrap, empty_database, folder, books=books, hole_seconds=MENDED) as house:
        shop = await house.shop()
        await deliver(house, shop, 1, 2, 3, 4, 5)
        await each_is_booked_once(house, shop, 5)
    async with opened(other_kafka.bootstrap, empty_database, folder, books=books, hole_seconds=MENDED) as house:
        await deliver(house, shop, 6, 7, 4, 5, 8, 9, 10)
        await each_is_booked_once(house, shop, 10)
        async with house.place.engine.connect() as connection:
            names = list(await connection.scalars(NAMES, {"t": shop.tenant}))
        assert names == [DayClosed.TOPIC, f"{DayClosed.TOPIC}@2"]
    async with opened(own_kafka.bootstrap, empty_database, folder, books=books, hole_seconds=MENDED) as house:
        await deliver(house, shop, 11, 3, 12)
        await each_is_booked_once(house, shop, 12)
        async with house.place.engine.connect() as connection:
            assert list(await connection.scalars(NAMES, {"t": shop.tenant})) == names


async def test_orders_that_only_the_old_broker_has_are_sent_again(
    own_kafka: EmbeddedKafka, other_kafka: EmbeddedKafka, empty_database: str, folder: Path
) -> None:
    """Flows decided, Kafka acknowledged, no sink ran: the move costs nothing, and no flow waits for ever."""
    books, no_sinks = sandbox.Books(), ("sources", "flows")
    async with opened(own_kafka.bootstrap, empty_database, folder, books=books, hole_seconds=MENDED) as house:
        shop = await house.shop()
    async with opened(own_kafka.bootstrap, empty_database, folder, no_sinks, books=books, hole_seconds=MENDED) as house:
        await deliver(house, shop, 1, 2, 3)
        await house.decided(shop, facts=3)
    async with opened(other_kafka.bootstrap, empty_database, folder, books=books, hole_seconds=MENDED) as house:
        await each_is_booked_once(house, shop, 3)
        await deliver(house, shop, 4)
        await each_is_booked_once(house, shop, 4)


async def remake(kafka: EmbeddedKafka, *topics: str) -> None:
    """Delete topics and make them anew."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics(list(topics))
        while set(topics) & set(await admin.list_topics()):
            await clock.sleep(0.05)
    finally:
        await admin.close()
    await ensure_topics(KafkaSettings(bootstrap=kafka.bootstrap))


async def test_topics_that_are_made_anew_while_everything_runs(
    own_kafka: EmbeddedKafka, empty_database: str, folder: Path
) -> None:
    """With two processes' worth of readers: what comes after it is booked, all of it and once."""
    books = sandbox.Books()
    roles: tuple[Role, ...] = ("flows", "sinks", "desk")
    async with opened(own_kafka.bootstrap, empty_database, folder, books=books, hole_seconds=MENDED) as house:
        shop = await house.shop()
        async with opened(own_kafka.bootstrap, empty_database, folder, roles, books=books, hole_seconds=MENDED):
            await deliver(house, shop, 1, 2, 3, 4, 5)
            await each_is_booked_once(house, shop, 5)
            await remake(own_kafka, DayClosed.TOPIC, "orders.fortnox.v1", "audit.v1")
            for number in (6, 7, 8):
                await until_accepted(house, shop, number)
            await each_is_booked_once(house, shop, 8)


async def test_another_broker_at_the_same_address(empty_database: str, folder: Path, tmp_path: Path) -> None:
    """The embedded broker's folder was deleted: the topics are made by whoever runs, and everybody goes on."""
    books = sandbox.Books()
    first = EmbeddedKafka(tmp_path / "first")
    brokers = [first]
    try:
        await asyncio.to_thread(first.start)
        await ensure_topics(KafkaSettings(bootstrap=first.bootstrap))
        async with opened(first.bootstrap, empty_database, folder, books=books, hole_seconds=MENDED) as house:
            shop = await house.shop()
            await deliver(house, shop, 1, 2, 3)
            await each_is_booked_once(house, shop, 3)
            await asyncio.to_thread(first.stop)
            second = EmbeddedKafka(tmp_path / "second", int(first.bootstrap.rpartition(":")[2]))
            brokers.append(second)
            await asyncio.to_thread(second.start)
            assert second.bootstrap == first.bootstrap
            await until_accepted(house, shop, 4)
            await deliver(house, shop, 5, 6)
            await each_is_booked_once(house, shop, 6)
    finally:
        for broker in brokers:
            await asyncio.to_thread(broker.stop)


async def test_what_comes_in_after_an_older_copy_was_restored_is_booked_from_the_first_on(
    empty_database: str, folder: Path, tmp_path: Path
) -> None:
    """Its topics end before what was read of them, and have grown past that before anybody looks where they end."""
    books, copy = sandbox.Books(), tmp_path / "copy"
    broker = EmbeddedKafka(tmp_path / "own")
    try:
        await asyncio.to_thread(broker.start)
        await ensure_topics(KafkaSettings(bootstrap=broker.bootstrap))
        async with opened(broker.bootstrap, empty_database, folder, books=books, hole_seconds=60.0) as house:
            shop = await house.shop()
            await deliver(house, shop, 1, 2)
            await each_is_booked_once(house, shop, 2)
        await asyncio.to_thread(broker.stop)
        shutil.copytree(broker.home, copy)
        await asyncio.to_thread(broker.start)
        async with opened(broker.bootstrap, empty_database, folder, books=books, hole_seconds=60.0) as house:
            await deliver(house, shop, 3)
            await each_is_booked_once(house, shop, 3)
        await asyncio.to_thread(broker.stop)
        shutil.rmtree(broker.home)
        copy.rename(broker.home)
        await asyncio.to_thread(broker.start)
        async with opened(broker.bootstrap, empty_database, folder, books=books, hole_seconds=60.0) as house:
            await deliver(house, shop, 4, 5)
            await each_is_booked_once(house, shop, 5)
    finally:
        await asyncio.to_thread(broker.stop)


async def until_accepted(house: Roles, shop: Shop, number: int) -> None:
    """Send a day close until it is accepted, as tills do."""

    async def accepted() -> bool:
        try:
            await house.deliver(shop, z_report(number), f"delivery-{number}")
        except AssertionError:
            return False
        return True

    await house.until(shop, "deliveries are accepted again", accepted)
