"""A story of last night's backup: what was sent after it is never sent again, whoever restored it and however."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from connectors.desk import walking
from connectors.fortnox import sandbox
from infra.embedded.broker import EmbeddedKafka
from infra.installation import Restored
from infra.kafka.cluster import ensure_topics
from infra.postgres import text
from infra.settings import KafkaSettings
from tests.acceptance.backups import Backups
from tests.acceptance.house import Roles, Shop, opened, z_report

MENDED = 2.0


@pytest.fixture(scope="module")
def other_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """Yield a broker that knows nothing."""
    with EmbeddedKafka(tmp_path_factory.mktemp("other")) as broker:
        asyncio.run(ensure_topics(KafkaSettings(bootstrap=broker.bootstrap)))
        yield broker


@asynccontextmanager
async def house_on(kafka: EmbeddedKafka, backups: Backups, folder: Path, books: sandbox.Books) -> AsyncIterator[Roles]:
    """Run every role on the database as it is now."""
    async with opened(kafka.bootstrap, backups.url, folder, books=books, hole_seconds=MENDED) as house:
        yield house


async def state_of(house: Roles, shop: Shop) -> str | None:
    """Return how a company stands behind the fence; None: it was never fenced."""
    async with house.place.engine.connect() as connection:
        return await connection.scalar(text("select state from fenced where tenant = :t"), {"t": shop.tenant})


async def until_state(house: Roles, shop: Shop, state: str) -> None:
    """Wait until a company stands so."""

    async def stands() -> bool:
        return await state_of(house, shop) == state

    await house.until(shop, f"the company is {state}", stands, within=40)


def marks(shop: Shop) -> list[str]:
    """Return the marks in the company's books."""
    return sorted(v.draft.description.split()[-1] for v in shop.vouchers)


async def test_what_was_booked_after_the_backup_is_known_again(
    own_kafka: EmbeddedKafka, backups: Backups, folder: Path
) -> None:
    """An order that waited, a day that came later, one that was amended: each is one voucher, and the trail is one."""
    books = sandbox.Books()
    async with house_on(own_kafka, backups, folder, books) as house:
        shop = await house.shop()
        await house.deliver(shop, z_report(1))
        await house.ends_with(shop, 1)
        await house.command("tenant", "pause", shop.tenant)
        await house.deliver(shop, z_report(2))
        await house.decided(shop, facts=2)
    backup = backups.make()
    async with house_on(own_kafka, backups, folder, books) as house:
        assert await state_of(house, shop) is None
        await house.command("tenant", "resume", shop.tenant)
        await house.deliver(shop, z_report(3))
        await house.ends_with(shop, 3)
        before = [record.hash for record in await house.trail(shop)]
    backups.restore(backup)
    async with house_on(own_kafka, backups, folder, books) as house:
        assert await state_of(house, shop) == "closed"
        await house.command("tenant", "resume", shop.tenant)
        await until_state(house, shop, "open")
        await house.deliver(shop, z_report(3), "again")
        await house.deliver(shop, z_report(4))
        await house.ends_with(shop, 4)
        assert len(set(marks(shop))) == 4
        assert [record.hash for record in await house.trail(shop)][: len(before)] == before
        [verified] = [f for f in await walking.verify(house.place.engine) if f.tenant == shop.tenant]
        assert (verified.problem, verified.taken_back > 0, verified.forked) == (None, True, 0)


async def test_without_kafka_the_books_say_what_was_sent(
    own_kafka: EmbeddedKafka, other_kafka: EmbeddedKafka, backups: Backups, folder: Path
) -> None:
    """What is open is found there; what nobody here knows any more waits for a person's word, and is sent by nobody."""
    books = sandbox.Books()
    async with house_on(own_kafka, backups, folder, books) as house:
        shop = await house.shop()
        await house.command("tenant", "pause", shop.tenant)
        await house.deliver(shop, z_report(1))
        await house.decided(shop, facts=1)
    backup = backups.make()
    async with house_on(own_kafka, backups, folder, books) as house:
        await house.command("tenant", "resume", shop.tenant)
        for number in (2, 3):
            await house.deliver(shop, z_report(number))
        await house.ends_with(shop, 3)
    backups.restore(backup)
    async with house_on(other_kafka, backups, folder, books) as house:
        await house.command("tenant", "resume", shop.tenant)
        await until_state(house, shop, "held")
        await house.deliver(shop, z_report(2))
        await asyncio.sleep(1.0)
        assert len(shop.vouchers) == 3
        await house.command("fence", "open", shop.tenant, "--by", "anna")
        await house.deliver(shop, z_report(3))  # the company has looked at its voucher before it sends the day again

        async def all_ended() -> bool:
            return len([record for record in await house.trail(shop) if record.voucher]) == 3

        await house.until(shop, "each has ended", all_ended)
        assert [r.outcome for r in await house.trail(shop) if r.voucher] == ["already_there"] * 3
        assert len(shop.vouchers) == 3


async def test_a_process_that_runs_on_ends_when_its_database_is_replaced(
    own_kafka: EmbeddedKafka, backups: Backups, folder: Path
) -> None:
    """It knows what the database does not: nothing is sent on its word, and the next one looks."""
    books = sandbox.Books()
    async with house_on(own_kafka, backups, folder, books) as house:
        shop = await house.shop()
        await house.command("tenant", "pause", shop.tenant)
        await house.deliver(shop, z_report(1))
        await house.decided(shop, facts=1)
    backup = backups.make()

    async def replaced_under_it() -> None:
        async with house_on(own_kafka, backups, folder, books) as house:
            await house.command("tenant", "resume", shop.tenant)
            await house.ends_with(shop, 1)
            backups.restore(backup)
            with suppress(Restored):
                await asyncio.wait_for(asyncio.shield(house.running), 60)

    with pytest.raises(Restored):
        await replaced_under_it()
    async with house_on(own_kafka, backups, folder, books) as house:
        await house.command("tenant", "resume", shop.tenant)
        await until_state(house, shop, "open")
        await house.ends_with(shop, 1)
