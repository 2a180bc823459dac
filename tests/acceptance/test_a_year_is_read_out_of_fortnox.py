"""A year's ledger and its documents come out of Fortnox, and stand in nobody's way."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from infra import clock, contents, ledgers
from infra.documents import DocumentCounts, Documents
from infra.embedded.broker import EmbeddedKafka
from infra.postgres import text
from schemas.ledger import LedgerRequested
from tests.acceptance.house import Roles, Shop, database, opened, z_report
from tests.connectors.fortnox.ledger_driver import DOCUMENTS, attach, book

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

YEAR = date(2026, 12, 31)
_READING = text("select state, attempt, outcome ->> 'why' from journal where tenant = :t and sink = 'fortnox-ledger'")


async def shop_with_books(house: Roles, name: str, files: int) -> Shop:
    """Return a company with 300 vouchers, of which the first ones have a document each."""
    shop = await house.shop(name)
    shop.fortnox.scopes = f"{DOCUMENTS} costcenter"
    book(shop.fortnox, 300)
    for number in range(files):
        attach(shop.fortnox, number + 1, f"%PDF {number}".encode() * 100)
    return shop


async def ask(house: Roles, shop: Shop) -> None:
    """Ask for the year and its documents."""
    asked = LedgerRequested(year=2026, requested_by="anna", requested_at=clock.now())
    await (await house.place.host()).accept(shop.tenant, "senseworks", [asked])


async def counts(house: Roles, shop: Shop) -> DocumentCounts | None:
    """Return how far the documents have come."""
    return (await Documents(house.place.engine, shop.tenant).counts()).get(YEAR)


async def stored(house: Roles, shop: Shop, least: int) -> bool:
    """Tell whether so many documents are stored."""
    found = await counts(house, shop)
    return found is not None and found.stored >= least


async def read(house: Roles, shop: Shop) -> bool:
    """Tell whether the reading has ended well."""
    async with house.place.engine.connect() as connection:
        rows = (await connection.execute(_READING, {"t": shop.tenant})).all()
    return [row.state for row in rows] == ["delivered"]


async def test_days_are_booked_while_a_year_is_read(house: Roles) -> None:
    """The reading takes what is left of the budget: day closes do not wait for it, and it goes on by itself."""
    shop = await shop_with_books(house, "reading", files=30)
    await ask(house, shop)
    await house.until(shop, "documents come in", lambda: stored(house, shop, 1))
    for number in range(1, 6):
        await house.deliver(shop, z_report(number))

    async def booked() -> bool:
        return sum(voucher.draft.series == "F" for voucher in shop.vouchers) == 5

    await house.until(shop, "the days are booked", booked)
    found = await counts(house, shop)
    assert found is not None
    assert found.waiting > 0, "the days waited until everything was read"
    await house.until(shop, "the year is read", lambda: read(house, shop))
    assert await counts(house, shop) == DocumentCounts(30, 30, 0, ("left_out",))
    [year] = await ledgers.years(house.place.engine, shop.tenant)
    assert year.retrieved is not None
    assert (year.source, year.retrieved.requested_by) == ("fortnox", "anna")
    assert year.retrieved.vouchers >= 300
    assert shop.fortnox.calls.throttled == 0
    assert shop.fortnox.calls.busiest <= 25

    sha256 = hashlib.sha256(shop.fortnox.files["file-1"].content).hexdigest()
    store = contents.opened(house.settings)
    assert await store.size(shop.tenant, sha256)
    await house.command("tenant", "remove", shop.tenant, "--yes")
    assert await store.size(shop.tenant, sha256) is None, "a removed company's documents are not kept"
    assert await counts(house, shop) is None


async def test_a_house_that_ends_goes_on_with_the_documents_that_wait(
    own_kafka: EmbeddedKafka, postgres_url: str, tmp_path: Path
) -> None:
    """What was stored is not read again, and what was told is not told again."""
    with database(postgres_url) as url:
        async with opened(own_kafka.bootstrap, url, tmp_path) as house:
            shop = await shop_with_books(house, "ending", files=20)
            await ask(house, shop)
            await house.until(shop, "documents come in", lambda: stored(house, shop, 3))
            books = house.books
        calls = shop.fortnox.calls.routes
        assert calls["GET /3/archive/{id}"] < 20
        async with opened(own_kafka.bootstrap, url, tmp_path, books=books) as house:
            await house.until(shop, "the year is read", lambda: read(house, shop))
            assert await counts(house, shop) == DocumentCounts(20, 20, 0, ("left_out",))
            [year] = await ledgers.years(house.place.engine, shop.tenant)
            assert year.retrieved is not None
            assert year.retrieved.vouchers == 300
    assert calls["GET /3/sie/{type}"] == 1
    assert calls["GET /3/archive/{id}"] <= 21
