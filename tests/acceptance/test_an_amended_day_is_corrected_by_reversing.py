"""A booked day that comes again with other content: nothing is edited; all vouchers stay and name each other."""

from datetime import date

import pytest

from schemas.bas import BAS_DAY_SALES
from tests.acceptance.house import DAY, Roles, Shop, rows_of, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

REVERSE = BAS_DAY_SALES.model_copy(update={"amended": "reverse"})
AMENDED = z_report(
    1, amendment=1, payments=[{"method": "cash", "amount": "500.00"}, {"method": "card", "amount": "500.00"}]
)


async def balances(shop: Shop) -> dict[int, str]:
    """Return what stands on each account of the year after every voucher."""
    return {number: str(a.balance) for number, a in shop.fortnox.years[4].accounts.items() if a.balance}


async def the_day_is_corrected(house: Roles, shop: Shop) -> None:
    """Wait for three vouchers, each naming those before it; only the new content is left on the accounts."""
    first, reversal, corrected = await house.ends_with(shop, vouchers=3)
    assert [v.number for v in (first, reversal, corrected)] == [1, 2, 3]
    assert reversal.draft.description.startswith("Återföring av F 1: Dagsavslut CITY KASSA1 Z1 bb-")
    assert corrected.draft.description.startswith("Rättelse av F 1, återförd med F 2: Dagsavslut CITY KASSA1 Z1 bb-")
    assert {v.draft.date for v in (first, reversal, corrected)} == {date.fromisoformat(DAY)}
    assert sorted(rows_of(reversal)) == sorted((account, credit, debit) for account, debit, credit in rows_of(first))
    assert await balances(shop) == {1910: "500.00", 1686: "500.00", 3001: "-800.00", 2611: "-200.00"}


async def test_an_amended_day_is_reversed_and_booked_anew(house: Roles) -> None:
    """Where the company chose so it happens by itself; the amendment's own repetition changes nothing."""
    shop = await house.shop(settings=REVERSE)
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    await house.deliver(shop, AMENDED)
    await house.deliver(shop, AMENDED)
    await house.deliver(shop, z_report(1))  # the first content again, late
    await house.decided(shop, facts=4)
    await the_day_is_corrected(house, shop)


async def test_an_amended_day_is_held_when_the_company_says_so(house: Roles) -> None:
    """The hold shows which rows differ; the answer rebook corrects the day."""
    shop = await house.shop()
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    await house.deliver(shop, AMENDED)
    hold = await house.held(shop, "amended_after_booking")
    assert set(hold.order.data.lines) == {
        "1686 card: debit 600.00, now debit 500.00",
        "1910 cash: debit 400.00, now debit 500.00",
    }
    assert len(shop.vouchers) == 1
    await house.answer(shop, hold, "rebook")
    await the_day_is_corrected(house, shop)


async def test_the_books_stay_as_they_are_when_a_person_keeps_them(house: Roles) -> None:
    """The answer keep is final for this content, whatever settings come."""
    shop = await house.shop()
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    await house.deliver(shop, AMENDED)
    await house.answer(shop, await house.held(shop, "amended_after_booking"), "keep")
    await house.apply(shop, REVERSE)
    await house.deliver(shop, z_report(2))
    await house.ends_with(shop, vouchers=2)
    assert [(r.outcome, r.code) for r in await house.trail(shop)] == [
        ("delivered", ""),
        ("held", "amended_after_booking"),
        ("released", "answered"),
        ("delivered", ""),
    ]
