"""A day that a store has not closed and numbers that have not come are said so, and end when the reports come."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.delivery import waiting
from schemas.bas import BAS_DAY_SALES
from schemas.settings import StoreCalendar
from tests.acceptance.house import Roles, Shop, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

NOTHING = {"totalSales": "0.00", "productGroups": [], "vatTotals": [], "payments": []}
"""Of a report that books nothing: the story is of today, whatever years there are in Fortnox."""


def report(z: int, at: datetime) -> dict[str, Any]:
    """Return a report that was taken then."""
    return z_report(z, **NOTHING, businessDate=at.date().isoformat(), takenAt=at.isoformat(timespec="seconds"))


async def reasons(house: Roles, shop: Shop, *wanted: str) -> None:
    """Wait until exactly this waits for a person."""

    async def so() -> bool:
        return sorted(h.order.data.reason for h in await waiting.holds(house.place.engine, shop.tenant)) == list(wanted)

    await house.until(shop, f"what waits is {wanted}", so)


async def test_a_day_that_a_store_has_not_closed_is_said_and_so_are_numbers_that_have_not_come(house: Roles) -> None:
    """Its calendar says by when; the report ends the day, and those that were missing end the gap."""
    now = datetime.now(ZoneInfo("Europe/Stockholm"))  # noqa: TID251 - the till's own clock
    yesterday, tomorrow = now - timedelta(days=1), now + timedelta(days=1)
    calendar = StoreCalendar(
        closes_at="00:00", grace_minutes=0, open_on=(now.date(),), closed_on=(tomorrow.date(),), valid_from=now.date()
    )
    shop = await house.shop(
        settings=BAS_DAY_SALES.model_copy(update={"calendars": (calendar,), "gap_grace_minutes": 0})
    )
    await house.deliver(shop, report(1, yesterday))
    hold = await house.held(shop, "day_missing")
    assert hold.key == f"city/{now.date()}"
    listed = await house.command("held", "list", "--tenant", shop.tenant)
    assert [(h["reason"], h["business_date"]) for h in listed] == [("day_missing", now.date().isoformat())]

    await house.deliver(shop, report(4, now))
    await reasons(house, shop, "numbers_missing")
    await house.deliver(shop, report(3, now - timedelta(hours=2)))
    await house.deliver(shop, report(2, now - timedelta(hours=3)))
    await reasons(house, shop)
    story = [(r.outcome, r.code) for r in await house.trail(shop) if r.flow == "registers"]
    assert story[:2] == [("held", "day_missing"), ("released", "arrived")]
    assert story[-1] == ("released", "arrived")
    await house.command("audit", "verify", "--tenant", shop.tenant)


async def test_a_person_says_that_the_store_was_closed(house: Roles) -> None:
    """The answer stands."""
    now = datetime.now(ZoneInfo("Europe/Stockholm"))  # noqa: TID251 - the till's own clock
    closed_on = (now.date() + timedelta(days=1),)
    calendar = StoreCalendar(closes_at="00:00", grace_minutes=0, holidays="open", closed_on=closed_on)
    shop = await house.shop(settings=BAS_DAY_SALES.model_copy(update={"calendars": (calendar,)}))
    await house.deliver(shop, report(1, now - timedelta(days=1)))
    hold = await house.held(shop, "day_missing")
    await house.command("held", "answer", str(hold.hold_id)[:8], "was_closed", "--by", "Lena", "--wait", "30")
    assert await waiting.holds(house.place.engine, shop.tenant) == []
