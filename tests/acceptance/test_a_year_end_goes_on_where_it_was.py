"""A house is stopped or killed while closing vouchers are under way: the next one finds what was sent, and goes on."""

import asyncio
import signal
from pathlib import Path

import pytest

from connectors.fortnox.sandbox import Fault, Faults
from tests.acceptance.house import SETTLE, opened
from tests.acceptance.processes import SECRET_KEY, process
from tests.acceptance.year_end import ACCRUAL, ENTRIES, RATES, batch, made, plan, states

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


STEPS = (
    *("decide.remembered", "decide.emitted", "journal.inserted"),
    *("lane.sending", "lane.answered", "lane.recorded", "relay.published"),
)


async def test_killed_at_each_step_of_an_export_nothing_is_doubled_and_nothing_is_missing(
    kafka: str, database_url: str, tmp_path: Path
) -> None:
    """SIGKILL between any two of its steps, one process after the other; the proof is green at the end."""
    async with opened(kafka, database_url, tmp_path / "house", ("sources", "desk"), secret_key=SECRET_KEY) as house:
        async with process(house.settings, tmp_path / "planning", "flows", "sinks"):
            shop = await made(house, "killed")
            await house.deliver(shop, batch(*ENTRIES, ACCRUAL), system="spiris")
            begins = (await plan(house, shop))["plan_id"][:8]
        await house.command("apply", begins, "--by", "anna", "--wait", "0.1", code=1)
        for step in STEPS:
            async with process(
                house.settings, tmp_path / step, "flows", "sinks", faultpoint=f"{step}:1:kill"
            ) as killed:
                assert await asyncio.wait_for(killed.wait(), 240) == -signal.SIGKILL, step
        async with process(house.settings, tmp_path / "last", "flows", "sinks"):
            vouchers = await house.ends_with(shop, vouchers=7)
            assert len({(v.draft.description, v.draft.date) for v in vouchers}) == 7

            async def all_exported() -> bool:
                return set((await states(house, shop)).values()) == {"exported"}

            await house.until(shop, "every entry is exported", all_exported)
            again = await plan(house, shop)
            assert {one["action"] for one in again["rows"]} == {"do_nothing"}
            await asyncio.sleep(SETTLE)
            proof = await house.command("ledger", "prove", shop.tenant, "--year", "2025")
            assert (proof["green"], proof["posted"], proof["on_their_way"]) == (True, 6, [])
            await house.command("ledger", "sync", shop.tenant, "--year", "2025", "--no-documents")
            await house.command("ledger", "source", shop.tenant, "fortnox", "--year", "2025")
            again = await plan(house, shop)
            assert {one["action"] for one in again["rows"]} == {"do_nothing"}, "what was posted is known"
        trail = await house.trail(shop)
        assert len({r.order_id for r in trail if r.voucher}) == 7
