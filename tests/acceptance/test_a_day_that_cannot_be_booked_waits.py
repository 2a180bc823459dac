"""What no rule covers waits under its name, and goes on when a person has acted. Nothing is guessed or dropped."""

from datetime import date

import pytest

from schemas.settings import BAS_DAY_SALES, PaymentAccount
from tests.acceptance.house import DAY, House, rows_of, z_report

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def test_an_unmapped_means_of_payment_waits_and_goes_on_when_mapped(house: House) -> None:
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


async def test_a_company_without_settings_loses_no_day(house: House) -> None:
    """Days that come before the accountant has chosen the accounts are booked once that is done."""
    shop = await house.shop(settings=None)
    await house.deliver(shop, z_report(1))
    await house.held(shop, "flow_not_configured")
    await house.apply(shop, BAS_DAY_SALES)
    await house.ends_with(shop, vouchers=1)


async def test_an_unbalanced_report_names_what_explains_it(house: House) -> None:
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


async def test_a_locked_period_is_held_and_retried(house: House) -> None:
    """Fortnox's refusal becomes a hold; the accountant opens the period and says so."""
    shop = await house.shop()
    shop.fortnox.locked_until = date.fromisoformat(DAY)
    await house.deliver(shop, z_report(1))
    await house.deliver(shop, z_report(2, businessDate="2026-04-11"))

    async def refused() -> bool:
        return "rejected" in {r.outcome for r in await house.trail(shop)}

    await house.until(shop, "Fortnox has refused it", refused)
    [rejected] = [r for r in await house.trail(shop) if r.outcome == "rejected"]
    hold = await house.held(shop, rejected.code)
    assert hold.order.data.who == "accountant"
    assert "retry" in {c.answer for c in hold.order.data.choices}
    assert [str(v.draft.date) for v in await house.ends_with(shop, vouchers=1)] == ["2026-04-11"]

    shop.fortnox.locked_until = None
    await house.answer(shop, hold, "retry")
    vouchers = await house.ends_with(shop, vouchers=2)
    assert sorted(str(v.draft.date) for v in vouchers) == [DAY, "2026-04-11"]
    last = (await house.trail(shop))[-1]
    assert (last.outcome, last.key, last.step) == ("delivered", "openpos/KASSA1/1", "book/2")
