"""A year's ledger is loaded from a file and is there, whole, with where it comes from."""

import asyncio
from datetime import date
from pathlib import Path

import pytest

from infra import ledgers, registry
from infra.plugin import YearHead
from schemas.ledger import LedgerAccount
from tests.acceptance.house import Roles, z_report

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

    async def on_record() -> bool:
        return [record.code for record in await house.trail(shop)] == ["ledger_read", "nothing_to_book"]

    await house.until(shop, "it is on record", on_record)
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


async def test_years_are_read_out_of_fortnox(house: Roles) -> None:
    """Asked for by a command, which follows until they are there; a file's year is overwritten only on request."""
    shop = await house.shop()
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    found = await house.command("ledger", "sync", shop.tenant, "--last", "1", "--no-documents", "--by", "anna")
    [year] = found["years"]
    assert (year["source"], year["state"], year["vouchers"], year["requested_by"]) == ("fortnox", "complete", 1, "anna")
    assert [one["failed"] for one in found["requests"]] == [""]
    listed = await house.command("ledger", "years", shop.tenant)
    assert listed["years"] == found["years"]

    async with ledgers.opened(house.place.engine, shop.tenant, date.fromisoformat(year["last"])) as books:
        assert books is not None
        parts = [part async for part in books.parts()]
    head = YearHead(books.year.first, books.year.last, shop.tenant, None, date(2026, 4, 11))
    chart = next(part for part in parts if part.part == "chart")
    renamed = chart.model_copy(update={"accounts": (*chart.accounts, LedgerAccount(number="9999", name="Ny"))})
    file = house.settings.data / "same.se"
    file.write_bytes(b"".join(registry.ledger_file().write(head, [renamed if p is chart else p for p in parts])))
    await house.command("publish", "sie", str(file), "--tenant", shop.tenant)

    async def from_file() -> bool:
        return [one.source for one in await ledgers.years(house.place.engine, shop.tenant)] == ["sie"]

    await house.until(shop, "the file's year is there", from_file)
    held = await house.command("ledger", "sync", shop.tenant, "--year", year["last"][:4], "--no-documents", code=1)
    assert held["years"][0]["state"] == "loaded_from_file"
    assert held["years"][0]["question"][1:] == ["accounts removed (1): 9999"]
    again = await house.command(
        "ledger", "sync", shop.tenant, "--year", year["last"][:4], "--no-documents", "--overwrite"
    )
    assert (again["years"][0]["source"], again["years"][0]["sha256"]) == ("fortnox", year["sha256"])
    none = await house.command("ledger", "sync", shop.tenant, "--year", "1999", code=1)
    assert "no financial year" in none["requests"][0]["failed"]
