"""Closing entries come in, are planned, approved by a second person, and are one voucher each, whatever goes wrong."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import pytest_asyncio

from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.books import Draft, Row
from infra import companies, tenants
from schemas.bas import BAS_DAY_SALES
from schemas.settings import TenantSettings, YearEndSettings
from tests.acceptance.house import DAY, Roles, Shop, rows_of, z_report
from tests.acceptance.year_end import ACCRUAL, ENTRIES, LAST, RATES, batch, entry, made, plan, states

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(house: Roles) -> AsyncIterator[Shop]:
    """Yield a company that wants four eyes, whose Fortnox fails in every way there is."""
    made_up = await made(house, "closing", four_eyes=True)
    made_up.fortnox.locked_until = LAST
    made_up.fortnox.faults = Faults(11, RATES, None, seconds=dict.fromkeys(Fault, 0.3))
    yield made_up


async def test_1_what_comes_in_is_planned_and_nothing_is_sent(house: Roles, shop: Shop) -> None:
    """The plan shows series, next number, year, lock and sums; the same delivery again is nothing new."""
    for _ in range(2):
        await house.deliver(shop, batch(*ENTRIES, ACCRUAL), "one delivery", system="spiris")
    shown = await plan(house, shop)
    assert [(one["number"], one["action"], one["amount"]) for one in shown["rows"]] == [
        ("P1", "export", "18000.00"),
        *((str(n), "export", f"{100 * n}.00") for n in range(1, 6)),
    ]
    first = shown["rows"][0]
    assert (first["series"], first["manual"], first["next_number"], first["year"]) == (
        "I",
        True,
        1,
        "2025-01-01 to 2025-12-31",
    )
    assert [warning["code"] for warning in first["warnings"]] == ["period_locked"], "the series is not locked"
    assert {"A", "I"} <= {one["code"] for one in shown["series"]}
    assert shop.vouchers == []
    assert set((await states(house, shop)).values()) == {"planned"}


async def test_2_who_sent_or_planned_it_does_not_approve_it(house: Roles, shop: Shop) -> None:
    """It is said before anything is sent."""
    begins = (await plan(house, shop, by="bo"))["plan_id"][:8]
    for who in ("bo", "Lena"):
        with pytest.raises(AssertionError, match="the company wants four eyes"):
            await house.command("apply", begins, "--by", who)
    assert shop.vouchers == []


async def test_3_a_second_person_applies_it_and_each_entry_is_one_voucher(house: Roles, shop: Shop) -> None:
    """A third of all calls fails; the accrual is taken back on its day; applied again, nothing more is sent."""
    begins = (await plan(house, shop))["plan_id"][:8]
    report = await house.command("apply", begins, "--by", "anna", "--wait", "300")
    assert {one["status"] for one in report["rows"]} == {"done"}
    vouchers = await house.ends_with(shop, vouchers=7)
    assert sorted((v.draft.series, v.draft.date) for v in vouchers) == sorted(
        [("I", LAST)] * 6 + [("I", date(2026, 1, 1))]
    )
    by_text = {v.draft.description.partition(" bb-")[0]: rows_of(v) for v in vouchers}
    assert by_text["Avskrivning 3"] == [(7832, Decimal("300.00"), Decimal(0)), (1229, Decimal(0), Decimal("300.00"))]
    [turn] = [rows for text, rows in by_text.items() if text.startswith("Återföring av periodisering I ")]
    assert turn == [(1710, Decimal(0), Decimal("18000.00")), (5010, Decimal("18000.00"), Decimal(0))]
    await house.command("apply", begins, "--by", "anna")
    assert len(await house.ends_with(shop, vouchers=7)) == 7

    async def all_exported() -> bool:
        return set((await states(house, shop)).values()) == {"exported"}

    await house.until(shop, "every entry is exported", all_exported)


async def test_4_a_new_version_sends_only_what_is_new(house: Roles, shop: Shop) -> None:
    """What is exported and comes otherwise waits for a person; what stands as it is does not go out again."""
    changed = [entry("1", "101.00"), *ENTRIES[1:], ACCRUAL, entry("6")]
    await house.deliver(shop, batch(*changed, version=1), system="spiris")
    hold = await house.held(shop, "amended_after_export")
    shown = await plan(house, shop)
    assert {one["number"]: one["action"] for one in shown["rows"] if one["action"] != "do_nothing"} == {"6": "export"}
    await house.answer(shop, hold, "rebook")
    shown = await plan(house, shop)
    wanted = {"1": "rebook", "6": "export"}
    assert {one["number"]: one["action"] for one in shown["rows"] if one["action"] != "do_nothing"} == wanted
    await house.command("apply", shown["plan_id"][:8], "--by", "anna", "--wait", "300")
    vouchers = await house.ends_with(shop, vouchers=10)
    depreciation = sum((r.debit - r.credit for v in vouchers for r in v.draft.rows if r.account == 7832), Decimal(0))
    assert depreciation == Decimal(101 + 200 + 300 + 400 + 500 + 480)


async def test_what_somebody_has_booked_by_hand_is_found_and_not_booked_again(house: Roles) -> None:
    """It is named; a person says that it is that one."""
    shop = await made(house, "double")
    rows = (Row(1229, Decimal(0), Decimal("480.00")), Row(7832, Decimal("480.00"), Decimal(0)))
    at = datetime(2026, 1, 9, tzinfo=UTC)
    shop.fortnox.book(Draft(3, "A", LAST, "Avskrivningar enligt bilaga", rows), at, at)
    await house.deliver(shop, batch(entry("1"), entry("2", "90.00")), system="spiris")
    begins = (await plan(house, shop))["plan_id"][:8]
    report = await house.command("apply", begins, "--by", "bo", code=1)
    assert {one["name"][0]: one["status"] for one in report["rows"]} == {"1": "held", "2": "done"}
    hold = await house.held(shop, "suspected_double")
    assert "A 1" in hold.order.data.message
    await house.answer(shop, hold, "same")
    assert len(await house.ends_with(shop, vouchers=2)) == 2
    found = {
        one["number"]: (one["state"], one["vouchers"]) for one in await house.command("closing", "list", shop.tenant)
    }
    assert found == {"1": ("exported", ["A 1"]), "2": ("exported", ["I 1"])}


async def test_what_is_said_to_be_there_is_taken_back_on_its_day_and_booked_where_that_was_wrong(house: Roles) -> None:
    """An accrual that is there by hand is turned back all the same; and it can be said that it was another one."""
    shop = await made(house, "joined")
    rows = (Row(1710, Decimal("18000.00"), Decimal(0)), Row(5010, Decimal(0), Decimal("18000.00")))
    at = datetime(2026, 1, 9, tzinfo=UTC)
    shop.fortnox.book(Draft(3, "A", LAST, "Hyra", rows), at, at)
    await house.deliver(shop, batch(ACCRUAL), system="spiris")
    begins = (await plan(house, shop))["plan_id"][:8]
    await house.command("apply", begins, "--by", "bo", code=1)
    hold = await house.held(shop, "suspected_double")
    await house.answer(shop, hold, "same")
    await house.ends_with(shop, vouchers=2)
    await house.answer(shop, hold, "reopen")
    await house.answer(shop, await house.held(shop, "amended_after_export"), "rebook")
    again = await house.held(shop, "suspected_double")
    await house.answer(shop, again, "own")
    vouchers = await house.ends_with(shop, vouchers=5)
    assert sum((r.debit - r.credit for v in vouchers for r in v.draft.rows if r.account == 1710), Decimal(0)) == 18000


FILE = f"""#FLAGGA 0
#FORMAT PC8
#SIETYP 4
#PROGRAM "Kassan" 1.0
#GEN 20260411
#ORGNR 556000-0001
#FNAMN "Kassan AB"
#VER A 1 {DAY.replace("-", "")} "Dagskassa"
{{
#TRANS 1910 {{}} 400.00
#TRANS 1686 {{}} 600.00
#TRANS 3001 {{}} -800.00
#TRANS 2611 {{}} -200.00
}}
"""


async def test_takings_that_come_in_as_a_file_of_entries_as_well_are_named_and_not_booked_again(house: Roles) -> None:
    """The radar warns in the plan, by the till's voucher; who approves it all the same is asked before it is sent."""
    shop = await house.shop("radar", settings=None)
    for year in shop.fortnox.years.values():
        year.series["I"].manual = True
    chosen = TenantSettings(daysales=BAS_DAY_SALES, yearend=YearEndSettings(series="I"))
    engine, producer = house.place.engine, await house.place.producer()
    version = await companies.apply_settings(engine, producer, shop.tenant, chosen, by="a test")
    await house.until(shop, "the settings", lambda: tenants.is_in_force(engine, shop.tenant, version))
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    answer = await house.post(shop, FILE.encode(), "a file", system="sie")
    assert answer.status == 202, answer.text
    [row] = (await plan(house, shop))["rows"]
    assert [one["code"] for one in row["warnings"]] == ["booked_already"]
    assert "F 1 of 2026-04-10 (openpos/CITY/KASSA1/1" in row["warnings"][0]["why"]
    begins = (await plan(house, shop))["plan_id"][:8]
    await house.command("apply", begins, "--by", "bo", code=1)
    hold = await house.held(shop, "suspected_double")
    assert "F 1" in hold.order.data.message
    await house.answer(shop, hold, "discard")
    assert len(await house.ends_with(shop, vouchers=1)) == 1


async def test_what_fortnox_would_refuse_is_said_before_and_not_sent(house: Roles) -> None:
    """An inactive account, and books of another organisation: the plan says it, and the others go."""
    shop = await made(house, "refused")
    shop.fortnox.years[3].accounts[5010].active = False
    await house.deliver(shop, batch(entry("1"), ACCRUAL), system="spiris")
    await house.deliver(
        shop, batch(entry("1"), batch="other", company={"organisationNumber": "559999-0016"}), system="spiris"
    )
    shown = await plan(house, shop)
    said = {(one["batch"], one["number"]): [o["code"] for o in one["obstacles"]] for one in shown["rows"]}
    assert said == {
        ("spiris/2025", "1"): [],
        ("spiris/2025", "P1"): ["account_inactive"],
        ("spiris/other", "1"): ["another_organisation"],
    }
    report = await house.command("apply", shown["plan_id"][:8], "--by", "bo")
    assert [one["name"] for one in report["rows"]] == ["1 Avskrivning 1"]
    await house.ends_with(shop, vouchers=1)
