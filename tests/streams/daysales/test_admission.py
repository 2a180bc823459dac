"""What holds a report, under which name, and what the accountant is told."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.commands import HoldForReview, PostVoucher
from schemas.events import DayClosed, RateTotal
from schemas.settings import BAS_DAY_SALES, TenantSettings
from streams.daysales import admission
from tests.streams.daysales.days import Host, chosen, day, money, other, paid, sold, without_card


def total(rate: str, net: str, vat: str) -> RateTotal:
    """Return the total of a rate."""
    return RateTotal(vat_rate=Decimal(rate), net=money(net), vat=money(vat))


FOOD, DRINKS = sold("food", "6", "100.00", "6.00"), sold("drinks", "25", "100.00", "25.00")

HELD: dict[str, tuple[DayClosed, TenantSettings, str, str, tuple[str, ...]]] = {
    "no settings": (
        day(),
        TenantSettings(),
        "a_company_without_settings_waits",
        "flow_not_configured",
        (),
    ),
    "before the start": (
        day(),
        chosen(start_date=date(2026, 4, 11)),
        "a_day_before_the_start_is_held",
        "before_start",
        (),
    ),
    "a rate that nobody knows": (
        day(sales=(sold("food", "6", "100.00", "6.00"), sold("drinks", "24", "100.00", "24.00"))),
        chosen(),
        "every_rate_is_known_on_the_day",
        "unknown_vat_rate",
        ("24 %",),
    ),
    "food at last month's rate": (
        day(sales=(sold("food", "12", "100.00", "12.00"), DRINKS)),
        chosen(),
        "every_group_has_its_rate_of_the_day",
        "wrong_vat_rate",
        ("food 12 %, 112.00 with VAT: 2026-04-10 it is 6 %",),
    ),
    "net and gross confused": (
        day(sales=(sold("drinks", "25", "125.00", "25.00"),)),
        chosen(),
        "vat_is_what_the_rate_says",
        "vat_differs",
        ("drinks 25 %: VAT 25.00 on net 125.00, expected 31.25",),
    ),
    "VAT on what has none": (
        day(sales=(sold("drinks", "0", "100.00", "0.01"),)),
        chosen(),
        "vat_is_what_the_rate_says",
        "vat_differs",
        ("drinks 0 %: VAT 0.01 on net 100.00, expected 0.00",),
    ),
    "a group that the total of its rate lacks": (
        day(vat=(total("6", "100.00", "6.00"),)),
        chosen(),
        "the_groups_add_up_to_their_rate",
        "unbalanced",
        ("drinks 25 % 100.00", "VAT of drinks 25 % 25.00"),
    ),
    "total sales without a group": (
        day(total_sales=money("106.00")),
        chosen(),
        "total_sales_is_what_the_groups_say",
        "unbalanced",
        ("drinks 25 % 125.00",),
    ),
    "a tip that was not paid": (
        day(payments=(paid("cash", "100.00"), paid("card", "131.00"))),
        chosen(),
        "payments_meet_sales",
        "unbalanced",
        ("tips 20.00",),
    ),
    "unknown means of payment": (
        day(payments=(paid("cash", "1.00"), paid("klarna", "200.00"), paid("bitcoin", "50.00"))),
        chosen(),
        "every_payment_method_has_an_account",
        "unmapped_payment_method",
        ("klarna", "bitcoin"),
    ),
    "groups without an account": (
        day(),
        chosen(sales=()),
        "every_group_has_an_account",
        "unmapped_group",
        ("food 6 %", "drinks 25 %"),
    ),
    "categories without an account": (
        day(others=(other("tips", "10.00"), other("parking", "10.00")), cash_difference=money(-1)),
        chosen(others=()),
        "every_category_has_an_account",
        "unmapped_category",
        ("tips", "parking", "cash_difference"),
    ),
    "a cash difference without a cash account": (
        day(payments=(paid("card", "251.00"),), cash_difference=money(1)),
        chosen(payments=tuple(p for p in BAS_DAY_SALES.payments if p.method == "card")),
        "every_payment_method_has_an_account",
        "unmapped_payment_method",
        ("cash",),
    ),
    "more money than a voucher takes": (
        day(payments=(paid("cash", "900000000000.00"), paid("card", "900000000000.00"))),
        chosen(),
        "the_amounts_fit_in_a_voucher",
        "amount_too_large",
        (),
    ),
}


@pytest.mark.parametrize(("report", "settings", "rule", "reason", "lines"), HELD.values(), ids=HELD.keys())
def test_a_report_that_must_not_be_booked_is_held_under_the_name_of_its_rule(
    report: DayClosed, settings: TenantSettings, rule: str, reason: str, lines: tuple[str, ...]
) -> None:
    """One hold and no voucher; it names every line at once, and where the report came from."""
    (hold,) = Host(settings).tell(report)

    assert isinstance(hold, HoldForReview)
    assert (hold.rule, hold.reason, hold.lines) == (rule, reason, lines)
    assert hold.message.startswith("Store Kungsgatan, register K1, Z 12 of 2026-04-10, total sales ")
    assert (hold.business_date, hold.amount, hold.step) == (report.business_date, report.total_sales, "hold/1")
    assert all(line in hold.message for line in lines if rule != "payments_meet_sales")


LET_THROUGH: dict[str, tuple[dict[str, Any], TenantSettings]] = {
    "the first day": ({}, chosen(start_date=date(2026, 4, 10))),
    "food returned at the rate it was sold at": (
        {"sales": (DRINKS, FOOD, sold("food", "12", "-10.00", "-1.20")), "payments": (paid("card", "239.80"),)},
        chosen(),
    ),
    "food at 12 % while it was so": (
        {
            "business_date": date(2026, 3, 31),
            "sales": (sold("food", "12", "100.00", "12.00"),),
            "payments": (paid("card", "132.00"),),
        },
        chosen(),
    ),
    "an öre for each receipt": (
        {"sales": (sold("drinks", "25", "100.08", "24.92"),), "payments": (paid("card", "145.00"),), "receipts": 10},
        chosen(),
    ),
    "totals that agree": ({"vat": (total("25", "100.00", "25.00"), total("6", "100.00", "6.00"))}, chosen()),
    "a line of zeros at an unknown rate": ({"sales": (FOOD, DRINKS, sold("old", "24", "0.00", "0.00"))}, chosen()),
}


@pytest.mark.parametrize(("changes", "settings"), LET_THROUGH.values(), ids=LET_THROUGH.keys())
def test_a_report_in_order_is_let_through(changes: dict[str, Any], settings: TenantSettings) -> None:
    """What only looks odd is booked without asking anybody."""
    (order,) = Host(settings).tell(day(**changes))

    assert isinstance(order, PostVoucher)


def test_a_gap_is_told_in_plain_words_with_the_lines_that_explain_it() -> None:
    """The accountant reads both sums, the gap, and the line that it is."""
    (hold,) = Host().tell(day(payments=(paid("cash", "100.00"), paid("card", "131.00"))))

    assert isinstance(hold, HoldForReview)
    assert (
        "The payments are 20.00 below the sales: payments 231.00, sales with VAT and other amounts 251.00. "
        "Exactly that is: tips 20.00." in hold.message
    )


def test_rounding_is_offered_up_to_ten_kronor_only() -> None:
    """A person may let 10.00 go as rounding, and never 10.01."""
    for cash, offered in (("110.00", ["round", "discard"]), ("110.01", ["discard"])):
        (hold,) = Host().tell(day(payments=(paid("cash", cash), paid("card", "151.00"))))

        assert isinstance(hold, HoldForReview)
        assert [c.answer for c in hold.choices] == offered


def test_vat_may_be_off_by_an_ore_for_each_receipt_and_no_more() -> None:
    """Rounding grows with receipts; 0.05 is always let through; a rate of zero leaves nothing to round."""
    line = sold("drinks", "25", "1000.00", "250.00")

    assert admission.vat_tolerance(line, 2) == Decimal("0.05")
    assert admission.vat_tolerance(line, 300) == Decimal("3.00")
    assert admission.vat_tolerance(line, None) == Decimal("1.00")
    assert admission.vat_tolerance(sold("drinks", "0", "1000.00", "0.00"), 300) == 0


def test_a_report_of_zeros_is_on_record_and_asks_nothing_of_anybody() -> None:
    """An unused till's Z report is held and released in one go: the series is whole, and no voucher is made."""
    hold, close = Host(without_card()).tell(day(sales=(), payments=(paid("card", "0.00"),), others=()))

    assert isinstance(hold, HoldForReview)
    assert (hold.reason, hold.choices) == ("nothing_to_book", ())
    assert (close.hold_id, close.how) == (hold.id_in("acme"), "nothing_to_book")  # type: ignore[attr-defined]
