"""More processes share the companies; when one is told to end, the others go on with its companies."""

import asyncio
import re
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from connectors.fortnox.sandbox import Fault, Faults
from infra.postgres import text
from schemas.topics import PARTITIONS
from tests.acceptance.house import Roles, Shop, opened, z_report
from tests.acceptance.processes import SECRET_KEY, process

pytestmark = pytest.mark.acceptance

DAYS = range(1, 11)
OWNERS = text("select owner from leases where name = any(cast(:names as text[])) and deadline > clock_timestamp()")


async def owners(house: Roles, shops: list[Shop]) -> set[int]:
    """Return the processes that hold these companies' lanes."""
    async with house.place.engine.connect() as connection:
        found = await connection.scalars(OWNERS, {"names": [f"fortnox/{shop.tenant}" for shop in shops]})
        return {int(re.split(":", owner)[1]) for owner in found}


async def test_work_is_shared_by_two_sinks_processes_and_goes_on_when_one_is_terminated(
    kafka: str, house_database: str, tmp_path: Path
) -> None:
    """Both work; one gets SIGTERM in mid-work and ends with 0; nothing is booked twice, and nothing is left."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(
            opened(kafka, house_database, tmp_path / "house", ("sources", "flows", "desk"), secret_key=SECRET_KEY)
        )
        first, second = await asyncio.gather(
            *(
                stack.enter_async_context(process(house.settings, tmp_path / name, "sinks"))
                for name in ("first", "second")
            )
        )
        shops = [await house.shop(partition=partition) for partition in range(PARTITIONS)]
        for shop in shops:
            shop.fortnox.faults = Faults(rates={Fault.SLOW: 1.0}, seconds={Fault.SLOW: 0.2})
        await asyncio.gather(*(house.deliver(shop, z_report(z)) for shop in shops for z in DAYS))

        async def shared() -> bool:
            return await owners(house, shops) == {first.pid, second.pid} and all(shop.vouchers for shop in shops)

        await house.until(shops[0], "both processes work", shared)
        first.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(first.wait(), 60) == 0  # and 1 where it was cut off
        for shop in shops:
            vouchers = await house.ends_with(shop, vouchers=len(DAYS))
            assert len({v.draft.description for v in vouchers}) == len(DAYS)
            assert {r.outcome for r in await house.trail(shop)} == {"delivered"}
        assert await owners(house, shops) == {second.pid}
