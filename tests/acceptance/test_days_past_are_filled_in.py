"""Days past come in from files, in order and unhurried; killed and started again, each is one voucher."""

import asyncio
import json
import signal
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.acceptance.house import BOKBUSS, Roles, z_report

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
    (folder / "again.json").write_bytes((folder / f"{24 * 37 % DAYS:02}.json").read_bytes())
    (folder / "broken.json").write_text("{")


async def ended(house: Roles, *words: str, **environment: str) -> int | None:
    """Run a command to its end; return its exit code, negative for a signal."""
    process = await asyncio.create_subprocess_exec(
        *(BOKBUSS, *words),  # a forked one has read its environment before
        env={**house.environment(), **environment},
        cwd=house.settings.data,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()


async def test_days_past_are_filled_in_and_live_ones_hardly_wait(house: Roles, tmp_path: Path) -> None:
    """Of sixty days fifty are wanted; a till's own report comes behind the few that are on their way, and no more."""
    shop = await house.shop("filled")
    reports(tmp_path / "old")
    last = FIRST + timedelta(days=49)
    days = ("--from", str(FIRST), "--to", str(last))
    words = ("backfill", "openpos", str(tmp_path / "old"), "--tenant", shop.tenant, *days)
    await house.command("tenant", "pause", shop.tenant)
    assert await ended(house, *words, BOKBUSS_FAULTPOINT="accept.published:5:kill") == -signal.SIGKILL
    await house.decided(shop, 5)
    assert await ended(house, *words, "--wait", "5") == 1, "ten more, and no others while these are not carried out"
    await house.decided(shop, 15)
    await house.deliver(shop, z_report(99))
    await house.decided(shop, 16)
    await house.command("tenant", "resume", shop.tenant)
    told = await house.command(*words, code=1)
    assert (told["accepted"], told["known"], told["outside"], len(told["refused"])) == (35, 16, 10, 1)
    vouchers = await house.ends_with(shop, vouchers=51)
    booked = [v.draft.date for v in vouchers]
    assert booked.index(date(2026, 4, 10)) < 20, "fifteen were on their way"
    past = [day for day in booked if day <= last]
    assert sorted(past) == [FIRST + timedelta(days=number) for number in range(50)], "each once"
    again = await house.command(*words, code=1)
    assert (again["accepted"], again["known"]) == (0, 51)
