"""What no rule covers waits under its name, and goes on when a person has acted. Nothing is guessed or dropped."""

from datetime import date

import pytest

from schemas.bas import BAS_DAY_SALES
from schemas.settings import PaymentAccount
from tests.acceptance.house import DAY, Roles, rows_of, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def test_an_unmapped_means_of_payment_waits_and_goes_on_when_mapped(house: Roles) -> None:
    """The accountant maps it, and does nothing else."""
    shop = await house.shop()
    payments = [{"method": "klarna", "amount": "400.00"}, {"method": "card", "amount": "600.00"}]
    await house.deliver(shop, z_report(1, payments=payments))
    hold = await house.held(shop, "unmapped_payment_method")
    assert hold.order.data.lines == ("klarna",)
    assert shop.vouchers == []

    klarna = PaymentAccount(method="klarna", account=1580)
    await house.apply(shop, BAS_DAY_SALES.model_copy(update={"payments": (*BAS_DAY_SALES.payments, klarna)}))
    [voucher] = await house.ends_with(shop, vouchers=1)
    assert {account for account, debit, _ in rows_of(voucher) if debit} == {1580, 1686}
    assert [(r.outcome, r.code) for r in await house.trail(shop)] == [
        ("held", "unmapped_payment_method"),
        ("released", "settings_changed"),
        ("delivered", ""),
    ]


async def test_a_company_without_settings_loses_no_day(house: Roles) -> None:
    """Days that come before the accountant has chosen the accounts are booked once that is done."""
    shop = await house.shop(settings=None)
    await house.deliver(shop, z_report(1))
    await house.held(shop, "flow_not_configured")
    await house.apply(shop, BAS_DAY_SALES)
    await house.ends_with(shop, vouchers=1)


async def test_an_unbalanced_report_names_what_explains_it(house: Roles) -> None:
    """The hold names the line that stands twice; the till's corrected report is booked."""
    shop = await house.shop()
    payments = [
        {"method": "cash", "amount": "400.00"},
        {"method": "card", "amount": "600.00"},
        {"method": "swish", "amount": "249.50"},
    ]
    await house.deliver(shop, z_report(1, payments=payments))
    hold = await house.held(shop, "unbalanced")
    assert hold.order.data.lines == ("swish 249.50",)
    assert "249.50 above the sales" in hold.order.data.message

    await house.deliver(shop, z_report(1, amendment=1))
    await house.ends_with(shop, vouchers=1)
    assert [(r.outcome, r.code) for r in await house.trail(shop)] == [
        ("held", "unbalanced"),
        ("released", "superseded"),
        ("delivered", ""),
    ]


async def test_a_locked_period_that_is_opened_goes_on_by_itself(house: Roles) -> None:
    """Its days are held; the accountant opens the period in Fortnox, and does nothing else."""
    shop = await house.shop()
    shop.fortnox.locked_until = date.fromisoformat(DAY)
    await house.deliver(shop, z_report(1))
    await house.deliver(shop, z_report(2, businessDate="2026-04-11"))
    hold = await house.held(shop, "period_locked")
    assert hold.order.data.who == "accountant"
    assert "Låsning av period" in hold.order.data.message
    assert {c.answer for c in hold.order.data.choices} == {"retry", "first_open_day", "discard"}
    assert [str(v.draft.date) for v in await house.ends_with(shop, vouchers=1)] == ["2026-04-11"]
    assert shop.fortnox.calls.routes["POST /3/vouchers"] == 1

    shop.fortnox.locked_until = None
    vouchers = await house.ends_with(shop, vouchers=2)
    assert sorted(str(v.draft.date) for v in vouchers) == [DAY, "2026-04-11"]
    story = [
        (r.outcome, r.code, r.step) for r in await house.trail(shop) if r.key == "openpos/CITY/KASSA1/1/2026-04-10"
    ]
    assert story == [
        ("rejected", "period_locked", "book"),
        ("held", "period_locked", "hold/1"),
        ("released", "checks_passed", "close/hold/1"),
        ("delivered", "", "book/2"),
    ]
    last = (await house.trail(shop))[-1]
    assert last.rule == "a_refused_voucher_goes_again_when_its_check_is_green"


async def test_a_person_can_still_say_that_it_is_to_be_sent_again(house: Roles) -> None:
    """What cannot be looked up, here for want of a scope, waits for an answer."""
    shop = await house.shop()
    shop.fortnox.scopes = "bookkeeping companyinformation costcenter"
    shop.fortnox.locked_until = date.fromisoformat(DAY)
    await house.deliver(shop, z_report(1))
    hold = await house.held(shop, "period_locked")
    assert shop.fortnox.calls.routes["POST /3/vouchers"] == 1
    shop.fortnox.locked_until = None
    await house.answer(shop, hold, "retry")
    await house.ends_with(shop, vouchers=1)
    assert "answered" in {r.code for r in await house.trail(shop)}


async def test_the_doctor_says_what_stands_in_the_way_before_anything_is_sent(house: Roles) -> None:
    """A command of its own, in the accountant's language; red is exit 1, and green once it is set right."""
    shop = await house.shop()
    shop.fortnox.years[4].series["F"].manual = False
    found = await house.command("doctor", shop.tenant, "--lang", "sv", code=1)
    [red] = [check for check in found["checks"] if check["state"] == "failed"]
    assert (red["check"], red["blocks"]["codes"]) == ("the_series_is_manual", ["series_not_manual"])
    assert "kryssa i Manuell kontering" in red["where"]
    shop.fortnox.years[4].series["F"].manual = True
    assert (await house.command("doctor", shop.tenant))["ok"]
