"""One company's trouble never delays another's."""

import asyncio

import pytest

from connectors.fortnox.sandbox import Fault, Faults
from infra import clock
from tests.acceptance.house import Roles, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

DAYS = range(1, 11)
TROUBLES = {
    "down": Faults(rates={Fault.SERVER_DOWN: 1.0}, only=None),
    "slow": Faults(rates={Fault.SLOW_BEFORE_COMMIT: 1.0}, seconds={Fault.SLOW_BEFORE_COMMIT: 1.5}),
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_one_company_down_leaves_the_other_alone(house: Roles, trouble: str) -> None:
    """Their reports came first, and wait; ours are booked meanwhile. Theirs follow when their Fortnox is well."""
    ours, theirs = await house.shop("ours"), await house.shop("theirs")
    theirs.fortnox.faults = TROUBLES[trouble]
    for shop in (theirs, ours):
        await asyncio.gather(*(house.deliver(shop, z_report(z)) for z in DAYS))
    begun = clock.monotonic()
    await house.ends_with(ours, vouchers=len(DAYS))
    seconds = clock.monotonic() - begun
    assert len(theirs.vouchers) <= 1 + seconds / 1.5
    assert len(theirs.vouchers) < len(DAYS)
    assert {r.outcome for r in await house.trail(ours)} == {"delivered"}

    theirs.fortnox.faults = Faults()
    vouchers = await house.ends_with(theirs, vouchers=len(DAYS))
    assert len({v.draft.description for v in vouchers}) == len(DAYS)
