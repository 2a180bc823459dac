"""A house is stopped while closing vouchers are under way: the next one finds what was sent, and sends the rest."""

import asyncio
from pathlib import Path

import pytest

from connectors.fortnox.sandbox import Fault, Faults
from tests.acceptance.house import opened
from tests.acceptance.year_end import ENTRIES, RATES, batch, made, plan, states

pytestmark = [pytest.mark.acceptance]


async def test_a_house_that_ends_half_way_goes_on_where_it_was(kafka: str, house_database: str, folder: Path) -> None:
    """Its roles are stopped with vouchers under way; the next ones find what was sent, and send the rest."""
    async with opened(kafka, house_database, folder) as first:
        shop = await made(first, "halfway")
        await first.deliver(shop, batch(*ENTRIES), system="spiris")
        begins = (await plan(first, shop))["plan_id"][:8]
        shop.fortnox.faults = Faults(5, RATES, None, seconds=dict.fromkeys(Fault, 0.3))
        applying = asyncio.create_task(first.command("apply", begins, "--by", "anna", "--wait", "1"))

        async def some() -> bool:
            return len(shop.vouchers) > 1

        await first.until(shop, "some vouchers stand", some)
        await asyncio.wait([applying])
        applying.exception()
        books = first.books
    async with opened(kafka, house_database, folder, books=books) as second:
        vouchers = await second.ends_with(shop, vouchers=5)
        assert len({v.draft.description for v in vouchers}) == 5
        assert set((await states(second, shop)).values()) == {"exported"}
