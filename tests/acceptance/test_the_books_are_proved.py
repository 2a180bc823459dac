"""What was posted stands in the books, or the proof says by voucher what happened to it."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from connectors.fortnox.settings import FortnoxSettings
from infra.delivery import waiting
from tests.acceptance.house import SETTLE, Roles, Shop, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def by_hand(house: Roles, shop: Shop, **what: Any) -> None:
    """Do what a person does in Fortnox, over the sandbox's control side."""
    url = house.settings.of(FortnoxSettings).api_url.removesuffix("/3")
    answer = await house.http.send(
        "POST",
        f"{url}/_sandbox/vouchers",
        content=json.dumps(what | {"company": shop.fortnox.database_number, "year": 4}).encode(),
    )
    assert answer.status == 200, answer.text


def rows(*amounts: tuple[int, str]) -> Sequence[dict[str, Any]]:
    """Return rows (account, amount with debit above zero) as the control side takes them."""
    return [{"account": a, ("credit" if v.startswith("-") else "debit"): v.lstrip("-")} for a, v in amounts]


async def test_the_books_are_proved(house: Roles) -> None:
    """A till's days are booked: green. People delete, change, take back and import some: exactly these are named."""
    shop = await house.shop()
    for number in range(1, 8):
        day = f"2026-04-{number:02}"
        sold = {"vatRate": "25", "net": f"{800 + 4 * number}.00", "vat": f"{200 + number}.00"}
        paid = [{"method": "cash", "amount": "400.00"}, {"method": "card", "amount": f"{600 + 5 * number}.00"}]
        report = z_report(number, businessDate=day, takenAt=f"{day}T21:04:11+02:00")
        report |= {"totalSales": f"{1000 + 5 * number}.00", "payments": paid, "vatTotals": [sold]}
        report["productGroups"] = [{"group": "books", **sold}]
        await house.deliver(shop, report)
    await house.ends_with(shop, vouchers=7)
    numbers = {str(v.draft.date)[-2:]: v.number for v in shop.vouchers}
    await asyncio.sleep(SETTLE)

    green = await house.command("ledger", "prove", shop.tenant, "--year", "2026")
    assert (green["green"], green["posted"], green["count"], green["on_their_way"]) == (True, 7, 0, [])

    deleted, changed, reversed_, imported = (numbers[day] for day in ("01", "02", "03", "05"))
    await by_hand(house, shop, series="F", number=deleted, remove=True)
    await by_hand(
        house, shop, series="F", number=changed, rows=rows((1910, "390"), (1686, "620"), (3001, "-808"), (2611, "-202"))
    )
    taken_back = rows((1910, "-400"), (1686, "-615"), (3001, "812"), (2611, "203"))
    await by_hand(house, shop, series="A", date="2026-04-20", description=f"Rättelse F {reversed_}", rows=taken_back)
    of_the_file = rows((1910, "400"), (1686, "625"), (3001, "-820"), (2611, "-205"))
    await by_hand(house, shop, series="A", date="2026-04-05", description="Dagskassa", rows=of_the_file)
    rent = rows((5010, "1000"), (1930, "-1000"))
    await by_hand(house, shop, series="A", date="2026-04-06", description="Hyra", rows=rent)

    red = await house.command("ledger", "prove", shop.tenant, "--year", "2026", code=1)
    found = {(each["kind"], each["voucher"], *each["others"]) for each in red["differences"]}
    assert found == {
        ("deleted", f"F {deleted}"),
        ("changed", f"F {changed}"),
        ("reversed_by_hand", f"F {reversed_}", "A 1"),
        ("booked_twice", f"F {imported}", "A 2"),
    }
    cash = next(each for each in red["totals"] if each["account"] == "1910")
    assert Decimal(cash["ledger"]) - Decimal(cash["posted"]) == -400 - 10 - 400 + 400

    hold = await house.held(shop, "booked_twice")
    assert len(hold.order.data.lines) == 4
    for each in red["differences"]:
        await house.command("ledger", "accept", shop.tenant, each["id"], "--comment", "we know")

    async def waits_no_more() -> bool:
        return not await waiting.holds(house.place.engine, shop.tenant)

    await house.until(shop, "the hold ends with the last that is accepted", waits_no_more)
    accepted = await house.command("ledger", "prove", shop.tenant, "--year", "2026")
    assert (accepted["green"], accepted["accepted"]) == (True, 4)
    outcomes = [record.outcome for record in await house.trail(shop)]
    proofs = [each for each in outcomes if each in {"proved", "differs"}]
    assert proofs == ["proved", *["differs"] * 4, "proved", "proved"]

    [log] = [
        each
        for each in await house.command("audit", "--activity", "--tenant", shop.tenant)
        if each["kind"] == "post_voucher"
    ]
    assert (log["direction"], log["system"], log["count"], log["status"]) == ("out", "fortnox", 7, "delivered")
    assert log["detail"] == "flow daysales, vouchers F 1 to 7"


async def test_what_was_not_read_is_not_proved(house: Roles) -> None:
    """A year that there is not ends with 1 and says why; nothing is kept as green."""
    shop = await house.shop()
    with pytest.raises(AssertionError, match=r"no financial year in Fortnox that ends in 1999"):
        await house.command("ledger", "prove", shop.tenant, "--year", "1999")


OF_THE_TILL = """#FLAGGA 0
#PROGRAM "Kassan" 1.0
#FORMAT PC8
#GEN 20260501
#SIETYP 4
#FNAMN "Bokladan AB"
#RAR 0 20260101 20261231
#KONTO 1910 "Kassa"
#KONTO 1686 "Kort"
#KONTO 2611 "Moms"
#KONTO 3001 "Bocker"
#UB 0 1910 400.00
#UB 0 1686 600.00
#UB 0 2611 -200.00
#RES 0 3001 -800.00
#VER Z 1 20260410 "Dagskassa"
{
#TRANS 1910 {} 400.00
#TRANS 1686 {} 600.00
#TRANS 3001 {} -800.00
#TRANS 2611 {} -200.00
}
"""
"""What a till exports of the day that it also sent."""


async def test_takings_that_come_in_as_a_file_as_well_are_found(house: Roles) -> None:
    """A day is booked; the till's SIE file of the same day comes in: it waits for a person, with what to reverse."""
    shop = await house.shop()
    await house.deliver(shop, z_report(17))
    await house.ends_with(shop, vouchers=1)
    file = house.settings.data / "till.se"
    file.write_text(OF_THE_TILL)
    await asyncio.sleep(SETTLE)
    await house.command("publish", "sie", str(file), "--tenant", shop.tenant)
    hold = await house.held(shop, "booked_twice")
    assert hold.key == "sie/proof/2026-12-31"
    assert "Z 1 holds what we booked as F 1 of 2026-04-10 (the same rows): reverse Z 1." in hold.order.data.lines[0]
