"""What vouchers would meet in the books, before anything is sent: year, series, lock, and what stands in the way."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.fortnox.doctor.outlook import outlook
from infra.plugin import VoucherOutlook
from infra.postgres import Engine
from schemas.commands import PostVoucher
from schemas.settings import TenantSettings, YearEndSettings
from tests.connectors.fortnox.doctor_driver import ORGANISATION, DoctorDriver, company, doctor_driver, voucher

LAST = date(2025, 12, 31)


@pytest.fixture
async def visit(engine: Engine, tmp_path: Path) -> AsyncIterator[DoctorDriver]:
    """Yield a company whose series I is open for manual entry."""
    settings = TenantSettings(yearend=YearEndSettings(series="I"))
    async with doctor_driver(engine, tmp_path, company(manual_series=("A", "I")), settings) as made:
        yield made


def closing(**changes: Any) -> PostVoucher:
    """Return an order for a closing voucher."""
    return voucher(LAST, **({"flow": "yearend", "series": "I", "organisation_number": ORGANISATION} | changes))


async def met(visit: DoctorDriver, *orders: PostVoucher) -> tuple[VoucherOutlook, ...]:
    """Return what vouchers would meet."""
    return (await outlook(visit.host, visit.tenant, orders or (closing(),))).vouchers


async def test_a_voucher_that_is_in_order_meets_its_year_and_the_next_number_of_its_series(visit: DoctorDriver) -> None:
    """And every series of that year is told, whether manual or not."""
    visit.fortnox.years[3].series["I"].next_number = 12
    found = await outlook(visit.host, visit.tenant, [closing()])
    [one] = found.vouchers
    assert (one.year, one.locked_until, one.obstacles, one.warnings) == ("2025-01-01 to 2025-12-31", None, (), ())
    assert one.series is not None
    assert (one.series.code, one.series.next_number, one.series.is_manual) == ("I", 12, True)
    assert [(s.code, s.is_manual) for s in found.series][:3] == [("A", True), ("B", False), ("C", False)]
    assert not any(route.startswith("POST") for route in visit.calls)


@pytest.mark.parametrize(
    ("change", "order", "codes"),
    [
        (lambda c: c, {"voucher_date": date(2031, 1, 1)}, ["financial_year_missing"]),
        (lambda c: c.years[3].series.pop("I"), {}, ["series_missing"]),
        (lambda c: setattr(c.years[3].series["I"], "manual", False), {}, ["series_not_manual"]),
        (lambda c: c.years[3].accounts.pop(2611), {}, ["account_missing"]),
        (lambda c: setattr(c.years[3].accounts[1910], "active", False), {}, ["account_inactive"]),
        (lambda c: c.cost_centres.clear(), {}, ["cost_centre_refused"]),
        (lambda c: setattr(c.years[3].accounts[3001], "project_rule", "MANDATORY"), {}, ["project_refused"]),
        (lambda c: setattr(c, "locked_until", LAST), {}, ["period_locked"]),
        (lambda c: c, {"organisation_number": "5599990016"}, ["another_organisation"]),
        (lambda c: c, {"database_number": 1}, ["another_database"]),
    ],
)
async def test_whatever_stands_in_the_way_is_named(
    visit: DoctorDriver, change: Any, order: dict[str, Any], codes: list[str]
) -> None:
    """By the name that its refusal has, in a sentence that says where to click."""
    change(visit.fortnox)
    [one] = await met(visit, closing(**order))
    assert [obstacle.code for obstacle in one.obstacles] == codes
    assert all(len(obstacle.why) > 20 for obstacle in one.obstacles)


async def test_all_that_stands_in_the_way_is_named_at_once(visit: DoctorDriver) -> None:
    """So that nobody has to try again for each."""
    visit.fortnox.locked_until = LAST
    [one] = await met(visit, closing(series="B"))
    assert [obstacle.code for obstacle in one.obstacles] == ["series_not_manual", "period_locked"]


async def test_a_lock_only_warns_in_the_series_that_is_not_locked(visit: DoctorDriver) -> None:
    """Which one that is the company says, since no list does."""
    visit.fortnox.locked_until = LAST
    [one] = await met(visit, closing(exempt_from_lock=True))
    assert one.obstacles == ()
    assert [warning.code for warning in one.warnings] == ["period_locked"]
    assert one.locked_until == LAST


async def test_what_cannot_be_read_is_no_obstacle_and_is_said(visit: DoctorDriver) -> None:
    """Nothing is known, and the sink looks again before it sends."""
    visit.fortnox.consented = False
    [one] = await met(visit)
    assert one.obstacles == ()
    assert one.warnings
    assert one.series is None
