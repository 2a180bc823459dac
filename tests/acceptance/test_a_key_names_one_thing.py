"""What is not certainly the same report has a voucher of its own, or waits; what is another company's is not booked."""

import json
from typing import Any

import pytest

from schemas.bas import BAS_DAY_SALES
from tests.acceptance.house import DAY, Roles, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

REVERSE = BAS_DAY_SALES.model_copy(update={"amended": "reverse"})
SALES = {"group": "books", "vatRate": "25", "net": "1600.00", "vat": "400.00"}
TWICE_AS_MUCH: dict[str, Any] = {
    "totalSales": "2000.00",
    "productGroups": [SALES],
    "vatTotals": [{name: SALES[name] for name in ("vatRate", "net", "vat")}],
    "payments": [{"method": "card", "amount": "2000.00"}],
}


async def test_stores_and_counters_that_share_a_name_have_vouchers_of_their_own(house: Roles) -> None:
    """Two stores on one evening, the later one taken earlier, and a till that counts from 1 again a month later."""
    shop = await house.shop(settings=REVERSE)
    await house.deliver(shop, z_report(412))
    await house.ends_with(shop, vouchers=1)
    await house.deliver(shop, z_report(412, store="SODER", takenAt=f"{DAY}T20:00:00+02:00", **TWICE_AS_MUCH))
    later = {"businessDate": "2026-05-12", "takenAt": "2026-05-12T21:00:00+02:00"}
    await house.deliver(shop, z_report(412, **later, **TWICE_AS_MUCH))
    vouchers = await house.ends_with(shop, vouchers=3)

    assert [v.draft.description.partition(" bb-")[0] for v in vouchers] == [
        "Dagsavslut CITY KASSA1 Z412",
        "Dagsavslut SODER KASSA1 Z412",
        "Dagsavslut CITY KASSA1 Z412",
    ]


async def test_a_renamed_store_waits_with_both_shown_and_a_person_says_that_it_is_the_same(house: Roles) -> None:
    """The same amounts under another name: nothing is booked twice, and the answer ends it."""
    shop = await house.shop(settings=REVERSE)
    await house.deliver(shop, z_report(7))
    await house.ends_with(shop, vouchers=1)
    await house.deliver(shop, z_report(7, store="CITY 2"))
    hold = await house.held(shop, "perhaps_the_same")
    assert [line.partition(": ")[0] for line in hold.order.data.lines] == [f"openpos/CITY/KASSA1/7/{DAY}", "this"]

    await house.answer(shop, hold, "same")
    await house.deliver(shop, z_report(7, store="CITY 2"))
    await house.decided(shop, 3)
    assert len(shop.vouchers) == 1


async def test_another_companys_event_on_kafka_waits_until_the_number_is_right(house: Roles) -> None:
    """The sender is not refused, since ours may be the wrong number; corrected here, an answer lets it go on."""
    shop = await house.shop()
    await house.command("tenant", "add", shop.tenant, "--org", "556016-0680")
    event = {
        "specversion": "1.0",
        "id": "a till's own",
        "source": "/tills/city",
        "type": "bokbuss.day-closed.v1",
        "subject": "mytill/K7/3",
        "time": f"{DAY}T19:04:11Z",
        "tenant": shop.tenant,
        "data": {
            "system": "mytill",
            "store": "CITY",
            "register_id": "K7",
            "z_number": 3,
            "business_date": DAY,
            "taken_at": f"{DAY}T19:04:11Z",
            "organisation_number": "16559999-0016",
            "sales": [{"group": "books", "vat_rate": "25", "net": "800.00", "vat": "200.00"}],
            "payments": [{"method": "card", "amount": "1000.00"}],
            "total_sales": "1000.00",
        },
    }
    await house.publish("facts.day-closed.v1", shop.tenant, json.dumps(event).encode())
    hold = await house.held(shop, "another_company")
    assert shop.vouchers == []

    await house.command("tenant", "add", shop.tenant, "--org", "5599990016", "--change")
    await house.answer(shop, hold, "retry")
    await house.ends_with(shop, vouchers=1)


async def test_a_company_is_configuring_while_its_settings_lack_something(house: Roles) -> None:
    """It is told what, in one place; when everything is mapped, what waited is booked by itself."""
    shop = await house.shop(settings=BAS_DAY_SALES.model_copy(update={"payments": BAS_DAY_SALES.payments[:1]}))
    await house.deliver(shop, z_report(1))
    await house.held(shop, "unmapped_payment_method")

    said = await house.command("settings", "explain", shop.tenant)
    assert (said["state"], said["lacking"]) == ("configuring", {"unmapped_payment_method": ["card"]})
    [listed] = [row for row in await house.command("tenant", "list") if row["tenant"] == shop.tenant]
    assert listed["configuring"] == 1
    await house.apply(shop, BAS_DAY_SALES)
    await house.ends_with(shop, vouchers=1)
    assert (await house.command("settings", "explain", shop.tenant))["state"] == "configured"
