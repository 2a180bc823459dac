"""A report of a locked period, and one whose date cannot be true: what becomes of it is chosen."""

from datetime import date

import pytest

from schemas.bas import BAS_DAY_SALES
from tests.acceptance.house import DAY, Roles, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

LOCKED = date(2026, 4, 30)


@pytest.mark.parametrize("scopes", ["", "bookkeeping companyinformation costcenter"], ids=["looked up", "refused"])
async def test_a_late_day_is_booked_on_the_first_open_day(house: Roles, scopes: str) -> None:
    """Once, with its own day in the text; also where only Fortnox's refusal tells until when it is locked."""
    shop = await house.shop(settings=BAS_DAY_SALES.model_copy(update={"locked_period": "first_open_day"}))
    shop.fortnox.scopes = scopes or shop.fortnox.scopes
    shop.fortnox.locked_until = LOCKED
    await house.deliver(shop, z_report(1))
    [voucher] = await house.ends_with(shop, vouchers=1)
    assert voucher.draft.date == date(2026, 5, 1)
    assert voucher.draft.description.startswith(f"Avser {DAY}: Dagsavslut CITY KASSA1 Z1")
    story = [(r.outcome, r.code, r.step) for r in await house.trail(shop)]
    assert story == [("rejected", "period_locked", "book"), ("delivered", "", "book/2")]
    await house.command("audit", "verify", "--tenant", shop.tenant)


async def test_a_late_day_is_not_booked_where_that_is_chosen(house: Roles) -> None:
    """It waits for nobody, stands on record, and what comes for an open day is booked."""
    shop = await house.shop(settings=BAS_DAY_SALES.model_copy(update={"locked_period": "reject"}))
    shop.fortnox.locked_until = LOCKED
    await house.deliver(shop, z_report(1))
    await house.deliver(shop, z_report(2, businessDate="2026-05-02"))
    [voucher] = await house.ends_with(shop, vouchers=1)
    assert voucher.draft.date == date(2026, 5, 2)

    async def on_record() -> bool:
        late = [(r.outcome, r.code) for r in await house.trail(shop) if r.key == f"openpos/CITY/KASSA1/1/{DAY}"]
        return late == [("rejected", "period_locked"), ("held", "not_booked"), ("released", "not_booked")]

    await house.until(shop, "the late day is on record as not booked", on_record)


async def test_a_register_whose_clock_is_a_year_behind_waits(house: Roles) -> None:
    """Compared with when its report was accepted; a person's word books it on its day."""
    shop = await house.shop(settings=BAS_DAY_SALES.model_copy(update={"days_late": 30}))
    behind = {"businessDate": "2025-04-10", "takenAt": "2025-04-10T21:04:11+02:00"}
    await house.deliver(shop, z_report(1, **behind))
    hold = await house.held(shop, "clock_is_wrong")
    assert "The report is of 2025-04-10" in hold.order.data.message
    await house.answer(shop, hold, "date_is_right")
    [voucher] = await house.ends_with(shop, vouchers=1)
    assert voucher.draft.date == date(2025, 4, 10)
