"""A year's ledger is loaded from a file and is there, whole, with where it comes from."""

import asyncio
from pathlib import Path

import pytest

from infra import ledgers
from tests.acceptance.house import Roles

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

FILE = Path(__file__).parents[2] / "connectors" / "sie" / "samples" / "year-with-history.se"


async def test_a_year_of_a_file_is_there(house: Roles) -> None:
    """Published by a command; the same file again changes nothing but when it was read."""
    shop = await house.shop(settings=None)
    engine = house.place.engine

    async def loaded() -> ledgers.LedgerYear | None:
        found = await ledgers.years(engine, shop.tenant)
        return found[0] if found and found[0].retrieved else None

    await house.command("publish", "sie", str(FILE), "--tenant", shop.tenant, "--by", "anna")
    year = await house.until(shop, "the year is there", loaded)
    assert year.retrieved is not None
    assert (year.source, year.retrieved.requested_by, year.waits) == ("sie", "anna", "")
    async with ledgers.opened(engine, shop.tenant, year.last) as books:
        assert books is not None
        vouchers = [voucher async for voucher in books.vouchers()]
    assert len(vouchers) == year.retrieved.vouchers > 0
    assert [record.code for record in await house.trail(shop)] == ["ledger_read", "nothing_to_book"]

    await house.command("publish", "sie", str(FILE), "--tenant", shop.tenant, "--by", "bo")
    read_at = year.retrieved.read_at

    async def again() -> bool:
        found = await loaded()
        return found is not None and found.retrieved is not None and found.retrieved.read_at != read_at

    await house.until(shop, "it was read again", again)
    await asyncio.sleep(0.2)
    assert len(await house.trail(shop)) == 2


async def test_a_broken_file_is_refused_whole(house: Roles, tmp_path: Path) -> None:
    """The command says where it is broken, and nothing of it is there."""
    shop = await house.shop(settings=None)
    broken = tmp_path / "year.se"
    broken.write_bytes(FILE.read_bytes()[:-30])
    with pytest.raises(AssertionError, match="line "):
        await house.command("publish", "sie", str(broken), "--tenant", shop.tenant)
    assert await ledgers.years(house.place.engine, shop.tenant) == ()
