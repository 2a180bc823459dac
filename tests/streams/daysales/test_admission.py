"""What holds a report, under which name, and what the accountant is told."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.bas import BAS_DAY_SALES
from schemas.commands import CloseReview, HoldForReview, PostVoucher
from schemas.events import DayClosed, RateTotal
from schemas.settings import GroupRate, PaymentAccount, TenantSettings, VatAccount
from streams.daysales import admission
from tests.streams.daysales.days import (
    Host,
    answered,
    chosen,
    day,
    money,
    other,
    outcome,
    paid,
    sides,
    sold,
    sums_that_meet,
    without_card,
)


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
    "food returned at a rate that it has not had yet": (
        day(sales=(DRINKS, sold("food", "6", "-10.00", "-0.60"))),
        chosen(
            group_rates=(
                GroupRate(group="food", vat_rate=Decimal(12), valid_to=date(2026, 4, 30)),
                GroupRate(group="food", vat_rate=Decimal(6), valid_from=date(2026, 5, 1)),
            )
        ),
        "every_group_has_its_rate_of_the_day",
        "wrong_vat_rate",
        ("food 6 %, -10.60 with VAT: 2026-04-10 it is 12 %",),
    ),
    "beer at another rate than its own, in capitals and with a joiner in it": (
        day(sales=(sold("Ö\u200dL", "12", "100.00", "12.00"),)),
        chosen(group_rates=(GroupRate(group="öl", vat_rate=Decimal(25)),)),
        "every_group_has_its_rate_of_the_day",
        "wrong_vat_rate",
        ("ÖL 12 %, 112.00 with VAT: 2026-04-10 it is 25 %",),
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


MANY = tuple(sold("food", "12", "1.00", "0.12") for _ in range(1_000))


def test_of_thousands_of_wrong_lines_the_first_are_named() -> None:
    """All of them would be more than a message may hold: its company's days would all wait behind it."""
    settings = chosen(group_rates=tuple(GroupRate(group="food", vat_rate=Decimal(rate)) for rate in (6, 25)))
    (rate,) = Host(settings).tell(day(sales=MANY, payments=(paid("card", "1120.00"),), others=()))
    (vat,) = Host().tell(day(sales=tuple(sold("drinks", "25", "1.00", "9.00") for _ in MANY), others=()))
    host = Host()
    (order,) = host.tell(day())
    assert isinstance(order, PostVoucher)
    host.tell(outcome(order))
    methods = tuple(PaymentAccount(method=f"m{n}", account=1580) for n in range(len(MANY)))
    host.apply(chosen(payments=methods, amended="hold"))
    takings = {"sales": (DRINKS,), "others": ()}
    refunds = tuple(paid(m.method, "-1.00" if n % 2 else "1.00") for n, m in enumerate(methods))
    (amended,) = host.tell(day(amendment=1, payments=(*refunds, paid("m0", "125.00")), **takings))
    for hold, reason in ((rate, "wrong_vat_rate"), (vat, "vat_differs"), (amended, "amended_after_booking")):
        assert isinstance(hold, HoldForReview)
        assert hold.reason == reason
        assert len(hold.lines) == admission.MOST_LINES + 1
        assert hold.lines[-1].startswith("and 9")
        assert len(hold.model_dump_json()) < 100_000


def test_rounding_is_offered_up_to_ten_kronor_only() -> None:
    """A person may let 10.00 go as rounding, and never 10.01."""
    for cash, offered in (("110.00", ["round", "discard"]), ("110.01", ["discard"])):
        (hold,) = Host().tell(day(payments=(paid("cash", cash), paid("card", "151.00"))))

        assert isinstance(hold, HoldForReview)
        assert [c.answer for c in hold.choices] == offered


@pytest.mark.parametrize(
    ("rate", "receipts", "goods", "tolerance"),
    [
        ("25", 2, None, "0.05"),
        ("25", 300, None, "3.00"),
        ("25", None, 400, "4.00"),
        ("25", 300, 400, "4.00"),
        ("25", 400, 300, "4.00"),
        ("25", None, None, "1.00"),
        ("25", None, 999_999_999, "10.00"),
        ("0", 300, 400, "0.00"),
    ],
)
def test_vat_may_be_off_by_an_ore_for_each_thing_sold_and_no_more(
    rate: str, receipts: int | None, goods: int | None, tolerance: str
) -> None:
    """Rounding grows with what was sold, up to one thing a krona; 0.05 always passes; a rate of zero has none."""
    line = sold("drinks", rate, "1000.00", "250.00")

    assert admission.vat_tolerance(line, day(receipts=receipts, goods=goods)) == Decimal(tolerance)


KIOSK = {
    "sales": (sold("sausage", "6", "7074.00", "426.00"),),
    "vat": (total("6", "7074.00", "426.00"),),
    "payments": (paid("card", "7500.00"),),
    "others": (),
    "receipts": 100,
}
"""100 receipts with three sausages on lines of their own, 25.00 each: VAT 1.42 a line, where 1.41509 is exact."""
TAVERN = {
    "sales": (
        sold("MAT", "12", "18050.89", "2166.11"),
        sold("LÄSK", "12", "1179.46", "141.54"),
        sold("ÖL", "25", "7420.80", "1855.20"),
    ),
    "vat": (total("12", "19230.35", "2307.64"), total("25", "7420.80", "1855.20")),
    "payments": (paid("card", "30814.00"),),
    "others": (),
}
"""A real Z report: the VAT of a rate is rounded once, and one öre less than that of its groups."""


def test_vat_that_was_rounded_on_each_line_is_booked_as_the_report_states_it() -> None:
    """The count of goods tells how many lines there were."""
    (order,) = Host().tell(day(**KIOSK, goods=300))

    assert isinstance(order, PostVoucher)
    assert sides(order.rows) == [
        (1686, "card", "7500.00"),
        (3003, "sausage 6 %", "-7074.00"),
        (2631, "Moms 6 %", "-426.00"),
    ]


def test_vat_that_lines_may_explain_but_were_not_counted_can_be_let_go_by_a_person() -> None:
    """Without the count it waits; the answer books the day as the report states it."""
    host = Host()
    (hold,) = host.tell(day(**KIOSK))

    assert isinstance(hold, HoldForReview)
    assert (hold.reason, [c.answer for c in hold.choices]) == ("vat_differs", ["round", "discard"])
    assert hold.choices[0].means.endswith(" states: 426.00 kr on account 2631.")
    order = host.tell(answered(hold, "round"))[-1]
    assert isinstance(order, PostVoucher)
    assert sides(order.rows)[-1] == (2631, "Moms 6 %", "-426.00")


def test_vat_of_many_rates_can_be_let_go_though_an_answer_has_no_room_to_name_each() -> None:
    """A day with as many rates as a company may think of waits as any other does, and no rule fails."""
    rates = [str(rate) for rate in range(1, 13)]
    vat = tuple(VatAccount(vat_rate=Decimal(rate), account=2610) for rate in rates)
    sales = tuple(sold("food", rate, "1000000.00", f"{int(rate) * 10000}.60") for rate in rates)
    host = Host(chosen(vat=vat, group_rates=(), unmapped="fallback", fallback_account=3999))
    (hold,) = host.tell(day(sales=sales, payments=(paid("card", "12780027.20"),)))

    assert isinstance(hold, HoldForReview)
    assert (hold.reason, [c.answer for c in hold.choices]) == ("vat_differs", ["round", "discard"])
    assert hold.choices[0].means == "Book the day with the VAT that the report states."


@pytest.mark.parametrize("paid_in", ["30814.00", "30813.99"])
def test_the_ore_between_groups_and_their_rate_goes_to_the_rounding_account(paid_in: str) -> None:
    """The VAT that the report states is what is owed; whether payments meet groups or rates, the voucher balances."""
    changes = TAVERN | {"payments": (paid("card", paid_in),), "total_sales": money(paid_in)}
    (order,) = Host().tell(day(**changes))

    assert isinstance(order, PostVoucher)
    rounding = money(paid_in) - money("30813.99")
    assert [s for s in sides(order.rows) if s[0] in {2621, 3740}] == [
        (2621, "Moms 12 %", "-2307.64"),
        *([(3740, "Öresdifferens", f"{-rounding:.2f}")] if rounding else []),
    ]


def test_more_than_rounding_between_groups_and_their_rate_is_let_go_by_a_person_up_to_ten_kronor() -> None:
    """Ten kronor and no more; the difference is on the rounding account then."""
    for vat, offered in (("2317.64", ["round", "discard"]), ("2317.66", ["discard"])):
        host = Host()
        totals = (total("12", "19230.35", vat), total("25", "7420.80", "1855.20"))
        (hold,) = host.tell(day(**TAVERN | {"vat": totals}))

        assert isinstance(hold, HoldForReview)
        assert (hold.reason, [c.answer for c in hold.choices]) == ("unbalanced", offered)
        if "round" in offered:
            assert "with debit 9.99 kr on the rounding account, 3740." in hold.choices[0].means
            order = host.tell(answered(hold, "round"))[-1]
            assert isinstance(order, PostVoucher)
            assert sides(order.rows)[-1] == (3740, "Öresdifferens", "9.99")


def test_a_difference_that_is_let_go_lets_no_other_go() -> None:
    """VAT that is 0.30 off was asked about; what is missing in the drawer was not, and is asked about after it."""
    sales = (sold("food", "6", "100.00", "6.30"), sold("drinks", "25", "100.00", "25.00"))
    host = Host()
    (hold,) = host.tell(day(sales=sales, payments=(paid("cash", "100.00"), paid("card", "142.30"))))
    assert isinstance(hold, HoldForReview)
    assert hold.reason == "vat_differs"

    _, hold = host.tell(answered(hold, "round"))
    assert isinstance(hold, HoldForReview)
    assert (hold.reason, [c.answer for c in hold.choices]) == ("unbalanced", ["round", "discard"])
    assert "9.00" in hold.message
    _, order = host.tell(answered(hold, "round"))
    assert isinstance(order, PostVoucher)
    assert sides(order.rows)[-1] == (3740, "Öresdifferens", "9.00")


def test_what_was_let_go_before_answers_named_their_rule_stays_let_go() -> None:
    """A state of before says ``round``, and meant every difference."""
    host = Host()
    (hold,) = host.tell(day(payments=(paid("cash", "100.00"), paid("card", "142.00"))))
    assert isinstance(hold, HoldForReview)
    before = host.state(hold.key).model_copy(update={"answers": ("round",)})
    host.remembered.states[hold.key] = before
    assert [type(order) for order in host.apply(chosen(series="K"))] == [CloseReview, PostVoucher]


_ORE = st.integers(-2000, 2000).map(lambda n: n * Decimal("0.01"))


@given(report=sums_that_meet(), more=st.lists(_ORE, min_size=4, max_size=4), goods=st.none() | st.integers(0, 3000))
def test_what_goes_to_rounding_is_bounded_and_the_voucher_balances(
    report: DayClosed, more: list[Decimal], goods: int | None
) -> None:
    """Whatever VAT, totals and payments are off by, and whoever lets it go; what the answer named is what is booked."""
    rates = dict.fromkeys(s.vat_rate for s in report.sales)
    totals = tuple(
        RateTotal(vat_rate=r, net=sum(s.net for s in own) + more[0], vat=sum(s.vat for s in own) + more[1])
        for r in rates
        for own in [[s for s in report.sales if s.vat_rate == r]]
    )
    payments = (*report.payments, paid("cash", str(more[2])))
    changed = {"vat": totals, "payments": payments, "total_sales": report.total_sales + more[3], "goods": goods}
    host = Host()
    orders = host.tell(report.model_copy(update=changed))
    named = set()
    if isinstance(held := orders[-1], HoldForReview) and "round" in {c.answer for c in held.choices}:
        named = set(re.findall(r"(debit|credit) ([\d.]+) kr on the rounding account, (\d+)", held.choices[0].means))
        orders = host.tell(answered(held, "round"))
    for order in orders:
        if isinstance(order, PostVoucher):
            rounding = sum(r.debit - r.credit for r in order.rows if r.text == "Öresdifferens")
            assert abs(rounding) <= admission.LARGEST_ROUNDING
            side = "debit" if rounding > 0 else "credit"
            assert named <= {(side, f"{abs(rounding):.2f}", "3740")}


def test_a_report_of_zeros_is_on_record_and_asks_nothing_of_anybody() -> None:
    """An unused till's Z report is held and released in one go: the series is whole, and no voucher is made."""
    hold, close = Host(without_card()).tell(day(sales=(), payments=(paid("card", "0.00"),), others=()))

    assert isinstance(hold, HoldForReview)
    assert (hold.reason, hold.choices) == ("nothing_to_book", ())
    assert (close.hold_id, close.how) == (hold.id_in("acme"), "nothing_to_book")  # type: ignore[attr-defined]
