"""Days past come in from files, in order and unhurried; killed and started again, each is one voucher."""

import asyncio
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.acceptance.house import Roles, z_report
from tests.loaded import bokbuss

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]
FIRST = date(2026, 1, 1)
DAYS = 60


def reports(folder: Path) -> None:
    """Write a report for each day into a folder, under names that say nothing of their order."""
    folder.mkdir()
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        report = z_report(number + 1, businessDate=str(day), takenAt=f"{day}T21:04:11+02:00")
        (folder / f"{number * 37 % DAYS:02}.json").write_text(json.dumps(report))
    (folder / "again.json").write_bytes((folder / "00.json").read_bytes())
    (folder / "broken.json").write_text("{")


async def test_days_past_are_filled_in_and_live_ones_hardly_wait(house: Roles, tmp_path: Path) -> None:
    """Of sixty days fifty are wanted; a till's own report is booked among them, not behind them."""
    shop = await house.shop("filled")
    reports(tmp_path / "old")
    last = FIRST + timedelta(days=49)
    words = (
        "backfill",
        "openpos",
        str(tmp_path / "old"),
        "--tenant",
        shop.tenant,
        "--from",
        str(FIRST),
        "--to",
        str(last),
    )
    environment = {**house.environment(), "BOKBUSS_FAULTPOINT": "accept.published:15:kill"}
    killed = await asyncio.create_subprocess_exec(
        *(await asyncio.to_thread(bokbuss), *words),
        env=environment,
        cwd=house.settings.data,
        stderr=asyncio.subprocess.PIPE,
    )
    await killed.communicate()
    assert killed.returncode != 0
    going_on = asyncio.create_task(house.command(*words, code=1))

    async def begun() -> bool:
        return len(shop.vouchers) > 15

    await house.until(shop, "some are booked", begun)
    await house.deliver(shop, z_report(99))
    told = await going_on
    assert (told["accepted"] + told["known"], told["outside"], len(told["refused"])) == (51, 10, 1)
    assert told["known"] >= 14
    vouchers = await house.ends_with(shop, vouchers=51)
    days = [v.draft.date for v in vouchers]
    live = days.index(date(2026, 4, 10))
    assert live < 50, "it did not wait for them all"
    past = [day for day in days if day <= last]
    assert past == sorted(set(past)), "in the order of days, each once"
    again = await house.command(*words, code=1)
    assert (again["accepted"], again["known"]) == (0, 51)
