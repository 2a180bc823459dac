"""Settings change after the fact: what stands otherwise is said, planned, approved, reversed and booked anew, once."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from connectors.fortnox.sandbox.books import Draft, Row
from schemas.bas import BAS_DAY_SALES
from schemas.settings import DaySalesSettings, PaymentAccount, TenantSettings
from tests.acceptance.house import Roles, Shop, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

FIRST, DAYS = date(2026, 4, 6), 4
CARD = BAS_DAY_SALES.model_copy(
    update={
        "payments": tuple(
            PaymentAccount(method=p.method, account=1580) if p.method == "card" else p for p in BAS_DAY_SALES.payments
        ),
        "four_eyes": True,
    }
)


def closed(n: int) -> dict[str, Any]:
    """Return the report of the n-th day."""
    on = FIRST.replace(day=FIRST.day + n - 1).isoformat()
    return z_report(n, businessDate=on, takenAt=f"{on}T21:04:11+02:00")


async def applied(house: Roles, shop: Shop, chosen: DaySalesSettings, since: date) -> dict[str, Any]:
    """Apply a file as a person does; return what the command says."""
    file = Path(house.settings.data) / f"{shop.tenant}.json"
    file.write_text(json.dumps(TenantSettings(daysales=chosen).to_json()))
    said: dict[str, Any] = await house.command(
        *("settings", "apply", shop.tenant, str(file), "--from", str(since), "--by", "anna", "--wait", "60")
    )
    return said


def balances(shop: Shop, *accounts: int) -> list[str]:
    """Return what stands on accounts of the year."""
    return [str(shop.fortnox.years[4].accounts[account].balance) for account in accounts]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(house: Roles) -> AsyncIterator[Shop]:
    """Yield a company with booked days, whose first one is in a locked period by now."""
    made = await house.shop("correct")
    for n in range(1, DAYS + 1):
        await house.deliver(made, closed(n))
    await house.ends_with(made, vouchers=DAYS)
    yield made


async def test_1_what_stands_otherwise_is_said_when_settings_are_applied(house: Roles, shop: Shop) -> None:
    """Per account and day to the öre; the days before are not counted, and no voucher has changed."""
    said = await applied(house, shop, CARD, FIRST.replace(day=FIRST.day + 1))
    found = said["corrections"]
    assert (found["to_correct"], found["left"]) == (DAYS - 1, [])
    assert found["totals"] == [
        {"account": 1580, "amount": "1800.00"},
        {"account": 1686, "amount": "-1800.00"},
    ]
    assert found["differences"][0] == {"day": "2026-04-07", "account": 1580, "amount": "600.00"}
    assert len(shop.vouchers) == DAYS


async def test_2_a_locked_period_is_said_in_the_plan(house: Roles, shop: Shop) -> None:
    """Nothing is reversed there; who made the plan does not apply it."""
    shop.fortnox.locked_until = FIRST
    plan = await house.command("correct", shop.tenant, "--from", str(FIRST), "--to", "2026-04-08", "--by", "anna")
    locked, *others = plan["rows"]
    assert [code["code"] for code in locked["obstacles"]] == ["period_locked"]
    assert (locked["action"], locked["rule"]) == ("do_nothing", "what_fortnox_would_refuse_is_not_sent")
    assert [(row["day"], row["action"]) for row in others] == [("2026-04-07", "correct"), ("2026-04-08", "correct")]
    assert others[0]["moves"] == {"1580": "600.00", "1686": "-600.00"}
    with pytest.raises(AssertionError, match="the company wants four eyes"):
        await house.command("apply", plan["plan_id"][:8], "--by", "anna")
    assert len(shop.vouchers) == DAYS
    shop.fortnox.locked_until = None


async def test_3_a_second_person_applies_it_and_the_ledger_is_what_the_settings_say(house: Roles, shop: Shop) -> None:
    """Twice applied is once; a day that somebody reversed by hand meanwhile waits, and is not reversed again."""
    by_hand = shop.vouchers[3]
    plan = await house.command("correct", shop.tenant, "--from", "2026-04-07", "--by", "anna")
    assert [row["action"] for row in plan["rows"]] == ["correct"] * 3
    rows = tuple(Row(each.account, each.credit, each.debit) for each in by_hand.draft.rows)
    at = datetime(2026, 4, 12, 8, tzinfo=UTC)
    shop.fortnox.book(Draft(4, "A", by_hand.draft.date, f"Vänd F {by_hand.number}", rows), at, at)
    before, begins = len(shop.vouchers), plan["plan_id"][:8]

    told = await house.command("apply", begins, "--by", "bo", code=1)
    assert [row["status"] for row in told["rows"]] == ["done", "done", "held"]
    again = await house.command("apply", begins, "--by", "bo", code=1)
    assert [row["status"] for row in again["rows"]] == ["done", "done", "held"]

    vouchers = await house.ends_with(shop, before + 4)
    first, reversal, anew = (v for v in vouchers if v.draft.date == date(2026, 4, 7))
    assert reversal.draft.description.startswith(f"Återföring av F {first.number}: ")
    assert anew.draft.description.startswith(f"Rättelse av F {first.number}, återförd med F {reversal.number}: ")
    hold = await house.held(shop, "suspected_double")
    await house.answer(shop, hold, "reversed")
    last = (await house.ends_with(shop, before + 5))[-1]
    assert last.draft.description.startswith("Rättelse av F 4, återförd med A 1: ")
    assert balances(shop, 1580, 1686) == ["1800.00", "600.00"], "the first day was in no plan"


async def test_4_what_is_unlocked_is_corrected_and_nothing_is_left(house: Roles, shop: Shop) -> None:
    """The books stand as if the days had been booked like that from the beginning."""
    plan = await house.command("correct", shop.tenant, "--from", str(FIRST), "--by", "anna")
    assert [row["day"] for row in plan["rows"]] == [str(FIRST)]
    told = await house.command("apply", plan["plan_id"][:8], "--by", "bo")
    assert [row["status"] for row in told["rows"]] == ["done"]
    assert balances(shop, 1580, 1686) == ["2400.00", "0.00"]
    after = await house.command("correct", shop.tenant, "--from", str(FIRST), "--by", "anna")
    assert after["rows"] == []
