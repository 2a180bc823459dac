"""The main job: whichever way a day close comes in, one voucher stands in Fortnox, and a trail explains it."""

import asyncio
import base64
import json
import re
import uuid
from decimal import Decimal

import pytest

from infra.delivery import waiting
from schemas.bas import BAS_DAY_SALES
from tests.acceptance.house import DAY, Roles, rows_of, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

BOOKED = [
    (1910, Decimal("400.00"), Decimal("0.00")),
    (1686, Decimal("600.00"), Decimal("0.00")),
    (3001, Decimal("0.00"), Decimal("800.00")),
    (2611, Decimal("0.00"), Decimal("200.00")),
]
"""What ``z_report`` becomes with the settings of the BAS chart."""
OWN = b"%PDF-1.7 as the till makes it %%EOF\n"


async def test_a_closed_day_reaches_the_ledger(house: Roles) -> None:
    """HTTP in; one voucher out, with the settings' accounts, its mark, and a trail from which both ends are found."""
    shop = await house.shop()
    event_id = await house.deliver(shop, z_report(17))
    [voucher] = await house.ends_with(shop, vouchers=1)

    assert sorted(rows_of(voucher)) == sorted(BOOKED)
    assert (voucher.draft.series, str(voucher.draft.date), voucher.draft.year_id) == ("F", DAY, 4)
    [record] = await house.trail(shop)
    assert record.outcome == "delivered"
    assert record.fact_id == event_id
    assert (record.voucher.series, record.voucher.number, record.voucher.year_id) == ("F", 1, 4)
    assert record.amount == Decimal("1000.00")
    assert record.rule == "a_day_that_adds_up_is_booked"
    assert record.settings_version == 1
    assert [(c.request.split("?")[0], c.status) for c in record.calls][-1] == ("POST /3/vouchers", 201)
    text, _, mark = voucher.draft.description.rpartition(" ")
    assert text == "Dagsavslut CITY KASSA1 Z17"
    assert mark.startswith("bb-")

    story, proof = await asyncio.gather(
        house.command("explain", "F 1", "--tenant", shop.tenant), house.command("audit", "verify")
    )
    assert {mark, event_id} <= set(re.findall(r"[\w/@-]+", json.dumps(story)))
    assert "a day that adds up is booked" in json.dumps(story)
    assert proof


async def test_a_till_can_publish_the_event_itself(house: Roles) -> None:
    """The canonical event, put on its topic by any program, is as good as a delivery."""
    shop = await house.shop()
    event = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
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
            "sales": [{"group": "books", "vat_rate": "25", "net": "800.00", "vat": "200.00"}],
            "payments": [{"method": "cash", "amount": "400.00"}, {"method": "card", "amount": "600.00"}],
            "total_sales": "1000.00",
        },
    }
    await house.publish("facts.day-closed.v1", shop.tenant, json.dumps(event).encode())
    [voucher] = await house.ends_with(shop, vouchers=1)
    assert sorted(rows_of(voucher)) == sorted(BOOKED)
    assert [r.fact_id for r in await house.trail(shop)] == [event["id"]]


async def test_a_file_in_the_folder_is_booked(house: Roles) -> None:
    """Whoever can only write files writes one, and finds it among the done ones."""
    shop = await house.shop()
    folder = house.settings.data / "inbox" / shop.tenant / "openpos"
    folder.mkdir(parents=True)
    (folder / "z21.json").write_text(json.dumps(z_report(21)))
    [voucher] = await house.ends_with(shop, vouchers=1)
    assert sorted(rows_of(voucher)) == sorted(BOOKED)
    assert [path.name for path in (folder / "done").iterdir()] == ["z21.json"]


async def test_a_day_sent_twice_is_booked_once(house: Roles) -> None:
    """The same delivery again, the same report in a new delivery, and in another order of fields: one voucher."""
    shop = await house.shop()
    report = z_report(5)
    first = await house.deliver(shop, report, "delivery-1")
    assert await house.deliver(shop, report, "delivery-1") == first
    assert await house.deliver(shop, report) == first
    assert await house.deliver(shop, dict(reversed(report.items()))) == first
    await house.decided(shop, facts=3)  # the repeated delivery did not reach Kafka again
    await house.ends_with(shop, vouchers=1)
    assert [r.outcome for r in await house.trail(shop)] == ["delivered"]


async def test_a_record_nobody_can_read_is_a_dead_letter(house: Roles) -> None:
    """It waits under its place with the reason; what comes behind it is booked."""
    shop = await house.shop()
    await house.publish("facts.day-closed.v1", shop.tenant, b'{"type": "bokbuss.day-closed.v1", "data": {"z": 1}}')
    await house.deliver(shop, z_report(6))
    await house.ends_with(shop, vouchers=1)

    async def buried() -> bool:
        return "dead_lettered" in {r.outcome for r in await house.trail(shop)}

    await house.until(shop, "the dead letter is on record", buried)
    [record] = [r for r in await house.trail(shop) if r.outcome == "dead_lettered"]
    assert "data.z_number: Field required" in record.why
    [letter] = await waiting.dead_letters(house.place.engine, shop.tenant)
    assert (letter.place, letter.state) == (record.message_id, "open")


@pytest.mark.parametrize(
    ("pdf", "rule"),
    [
        ("", "the_report_is_put_beside_its_voucher"),
        (base64.b64encode(OWN).decode(), "the_tills_own_report_is_put_beside_its_voucher"),
        ("Z-DAGRAPPORT", "a_readable_report_stands_in_for_a_wrong_pdf"),
    ],
)
async def test_the_report_stands_beside_its_voucher(house: Roles, pdf: str, rule: str) -> None:
    """Where the company chose so: once, joined to the voucher of its year; the till's own PDF where it sent one."""
    shop = await house.shop(settings=BAS_DAY_SALES.model_copy(update={"attach_report": True}))
    shop.fortnox.scopes += " inbox archive connectfile"
    await house.deliver(shop, z_report(18) | ({"pdf": pdf} if pdf else {}))
    [voucher] = await house.ends_with(shop, vouchers=1)

    async def attached() -> bool:
        return [record.outcome for record in await house.trail(shop)] == ["delivered", "delivered"]

    await house.until(shop, "the report is attached", attached)
    booked, beside = await house.trail(shop)
    assert (booked.fact_id, booked.message_type) == (beside.fact_id, "bokbuss.post-voucher.v1")
    assert beside.rule == rule
    [joined] = shop.fortnox.attached.values()
    assert (joined.series, joined.number, joined.year) == ("F", voucher.number, voucher.draft.year_id)
    content = shop.fortnox.files[joined.file].content
    assert content == OWN if "own" in rule else content.startswith(b"%PDF-")
