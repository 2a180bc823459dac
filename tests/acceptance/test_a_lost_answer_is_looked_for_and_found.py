"""Whatever goes wrong between us and Fortnox: one day is one voucher, and the trail says what happened."""

import asyncio

import pytest
import pytest_asyncio

from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.books import Voucher
from tests.acceptance.house import REQUEST_TIMEOUT, SETTLE, Roles, Shop, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

FOUND = ["unknown", "already_there"]
SENT_AGAIN = ["unknown", "absent", "delivered"]
OUTCOMES = {
    Fault.COMMIT_THEN_LOSE_ANSWER: FOUND,
    Fault.CUT_ANSWER: FOUND,
    Fault.COMMIT_THEN_500: FOUND,
    Fault.COMMIT_THEN_HTML: FOUND,
    Fault.SLOW: FOUND,
    Fault.SLOW_BEFORE_COMMIT: FOUND,
    Fault.LATE_COMMIT: FOUND,
    Fault.STALE_LIST: FOUND,
    Fault.RESET_BEFORE_COMMIT: SENT_AGAIN,
    Fault.HTML_WITHOUT_COMMIT: SENT_AGAIN,
    Fault.FAIL_WITHOUT_COMMIT: SENT_AGAIN,
    Fault.SERVER_DOWN: SENT_AGAIN,
    Fault.UNAUTHORIZED_MID_RUN: ["delivered"],
    Fault.THROTTLED: ["delivered"],
}
"""What goes on record when the first request to book a voucher meets this."""
SECONDS = {
    Fault.SLOW: REQUEST_TIMEOUT + 1,
    Fault.SLOW_BEFORE_COMMIT: REQUEST_TIMEOUT + 1,  # we have long given up when it is booked
    Fault.LATE_COMMIT: SETTLE / 5,  # far enough from it for a machine that is busy
    Fault.STALE_LIST: SETTLE / 5,
    Fault.SERVER_DOWN: 1.0,
    Fault.THROTTLED: 1.0,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shops(house: Roles) -> dict[Fault, Shop]:
    """Return a company for each fault; each has sent two days, the first of which meets the fault."""
    shops = {fault: await house.shop(fault.replace("_", "-")) for fault in Fault}
    for fault, shop in shops.items():
        shop.fortnox.faults = Faults(script=[fault], seconds=SECONDS)
    for z_number in (1, 2):
        await asyncio.gather(*(house.deliver(shop, z_report(z_number)) for shop in shops.values()))
    return shops


@pytest.mark.parametrize("fault", Fault)
async def test_a_lost_answer_is_looked_for_and_found(house: Roles, shops: dict[Fault, Shop], fault: Fault) -> None:
    """Two days are two vouchers; only what Fortnox certainly does not have was sent again."""
    shop = shops[fault]
    vouchers = await house.ends_with(shop, vouchers=2)
    trail = await house.trail(shop)
    assert [r.outcome for r in trail if r.key == "openpos/CITY/KASSA1/1/2026-04-10"] == OUTCOMES[fault]
    meets_it_too = [SENT_AGAIN] if fault is Fault.SERVER_DOWN else []
    assert [r.outcome for r in trail if r.key == "openpos/CITY/KASSA1/2/2026-04-10"] in [["delivered"], *meets_it_too]
    numbers = {r.key: r.voucher.number for r in trail if r.voucher}
    described = {v.number: v.draft.description for v in vouchers}
    assert all(f" Z{key.split('/')[3]} " in described[number] for key, number in numbers.items())
    assert shop.fortnox.calls.faults[fault] > 0


async def test_two_that_are_found_are_told_to_a_person(house: Roles) -> None:
    """Somebody copied it, or it came late after all: one stands for the day, and the other must be taken back."""
    shop = await house.shop()
    shop.fortnox.faults = Faults(script=[Fault.COMMIT_THEN_LOSE_ANSWER])

    def copied(voucher: Voucher) -> None:
        if voucher.number == 1:
            shop.fortnox.book(voucher.draft, voucher.booked_at, voucher.listed_from)

    with shop.fortnox.listening(copied):
        await house.deliver(shop, z_report(1))
        hold = await house.held(shop, "booked_twice")
    assert hold.order.data.lines == ("F 1", "F 2")
    trail = [(r.outcome, str(r.voucher or "")) for r in await house.trail(shop)]
    assert [each for each in trail if each[1]] == [("already_there", "F 1"), ("already_there", "F 2")]
    await house.answer(shop, hold, "reversed")
    assert len(shop.vouchers) == 2
