"""The rows of a voucher: every krona on its account."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given

from schemas import mapping
from schemas.commands import PostVoucher
from schemas.events import DayClosed
from schemas.settings import PaymentAccount, SalesAccount, StoreCostCentre
from streams.daysales import voucher
from tests.streams.daysales.days import Host, chosen, day, money, other, paid, sides, sold, sums_that_meet


def the_voucher(report: DayClosed, host: Host | None = None) -> PostVoucher:
    """Return the voucher that a report becomes."""
    (order,) = (host or Host()).tell(report)
    assert isinstance(order, PostVoucher)
    return order


def test_a_day_close_is_debited_by_means_of_payment_and_credited_by_group_rate_and_category() -> None:
    """Payments, net sales, VAT and tips each stand on the account of the settings, to the öre."""
    order = the_voucher(day())

    assert sides(order.rows) == [
        (1910, "cash", "100.00"),
        (1686, "card", "151.00"),
        (3003, "food 6 %", "-100.00"),
        (3001, "drinks 25 %", "-100.00"),
        (2631, "Moms 6 %", "-6.00"),
        (2611, "Moms 25 %", "-25.00"),
        (2820, "tips", "-20.00"),
    ]
    assert (order.series, order.voucher_date, order.description) == (
        "F",
        date(2026, 4, 10),
        "Dagsavslut Kungsgatan K1 Z12",
    )


@given(sums_that_meet())
def test_every_report_that_adds_up_becomes_a_voucher_that_balances_and_shows_its_payments(report: DayClosed) -> None:
    """Debit is credit, and each means of payment is debited with exactly what the report says."""
    orders = Host().tell(report)
    assert len(orders) == 1 or orders[0].rule == "a_day_without_money_needs_no_voucher"
    rows = orders[0].rows if isinstance(orders[0], PostVoucher) else ()

    assert sum(r.debit for r in rows) == sum(r.credit for r in rows)
    booked: Counter[str] = Counter()
    reported: Counter[str] = Counter()
    for row in rows:
        if row.text in {"cash", "card", "swish", "gift_card"}:
            booked[row.text] += row.debit - row.credit  # type: ignore[assignment]
    for payment in report.payments:
        reported[payment.method] += payment.amount  # type: ignore[assignment]
    assert {m: a for m, a in booked.items() if a} == {m: a for m, a in reported.items() if a}


def test_two_means_on_one_account_stay_two_rows() -> None:
    """The split of cash and card is visible in the voucher even when they share an account (BFNAR 2013:2 6.10)."""
    settings = chosen(
        payments=(PaymentAccount(method="cash", account=1910), PaymentAccount(method="card", account=1910))
    )
    rows = the_voucher(day(), Host(settings)).rows

    assert sides(rows)[:2] == [(1910, "cash", "100.00"), (1910, "card", "151.00")]


def test_lines_of_the_same_means_group_or_rate_become_one_row() -> None:
    """Two card terminals are one row; two lines of a group at a rate are one row."""
    report = day(
        sales=(sold("wine", "25", "10.00", "2.50"), sold("wine", "25", "30.00", "7.50")),
        payments=(paid("card", "20.00"), paid("card", "30.00")),
        others=(),
    )

    assert sides(the_voucher(report).rows) == [
        (1686, "card", "50.00"),
        (3001, "wine 25 %", "-40.00"),
        (2611, "Moms 25 %", "-10.00"),
    ]


def test_a_negative_amount_swaps_its_side_and_a_zero_has_no_row() -> None:
    """More returned than sold debits the sales account; nothing sold makes no row."""
    report = day(
        sales=(sold("wine", "25", "-40.00", "-10.00"), sold("food", "6", "0.00", "0.00")),
        payments=(paid("cash", "-50.00"), paid("card", "0.00")),
        others=(),
    )

    assert sides(the_voucher(report).rows) == [
        (1910, "cash", "-50.00"),
        (3001, "wine 25 %", "40.00"),
        (2611, "Moms 25 %", "10.00"),
    ]


def test_a_cash_difference_moves_the_cash_account_beside_the_payments() -> None:
    """Less in the till than registered: cash down, the difference account up; the payment's own row is untouched."""
    rows = sides(the_voucher(day(cash_difference=money("-3.50"))).rows)

    assert rows[0] == (1910, "cash", "100.00")
    assert rows[-2:] == [(1910, "Kassadifferens", "-3.50"), (3740, "Kassadifferens", "3.50")]


def test_only_accounts_of_the_result_carry_the_cost_centre_of_the_store() -> None:
    """Sales, and rounding on 3740, carry the store's cost centre; money, VAT and debts carry none."""
    settings = chosen(
        cost_centres=(
            StoreCostCentre(store="Kungsgatan", cost_centre="KG"),
            StoreCostCentre(store="Avenyn", cost_centre="AV"),
        )
    )
    rows = the_voucher(day(cash_difference=money(1)), Host(settings)).rows

    assert {r.account for r in rows if r.cost_centre == "KG"} == {3001, 3003, 3740}
    assert {r.account for r in rows if r.cost_centre is None} == {1910, 1686, 2611, 2631, 2820}


@pytest.mark.parametrize("group", ["Presentkort", "gift_card", "Gift cards"])
def test_a_gift_card_sold_as_a_group_is_debt_to_begin_with(group: str) -> None:
    """It is used later, against 2421: as sales it would be income twice. What has VAT is sold with it."""
    report = day(sales=(sold(group, "0", "500.00", "0.00"), sold(group, "25", "80.00", "20.00")), others=())
    report = report.model_copy(update={"payments": (paid("card", "600.00"),)})
    assert {row[:1] + row[2:] for row in sides(the_voucher(report).rows)} == {
        (1686, "600.00"),
        (2421, "-500.00"),
        (3001, "-80.00"),
        (2611, "-20.00"),
    }


def test_the_most_specific_sales_account_wins_wherever_it_stands() -> None:
    """Group and rate before group, group before rate."""
    rate = SalesAccount(vat_rate=Decimal(25), account=3001)
    group = SalesAccount(group="wine", account=3210)
    both = SalesAccount(group="wine", vat_rate=Decimal(25), account=3225)
    line, on = sold("wine", "25", "1.00", "0.25"), date(2026, 4, 10)

    for sales, expected in (((rate, group, both), both), ((rate, group), group), ((rate,), rate), ((), None)):
        settings = chosen(sales=sales).daysales
        assert settings
        assert mapping.sales_account(settings, line.group, line.vat_rate, on) == expected


def test_of_two_accounts_for_one_day_the_one_that_began_last_wins() -> None:
    """A later choice is meant to replace an open-ended earlier one."""
    old = PaymentAccount(method="card", account=1580)
    new = PaymentAccount(method="card", account=1686, valid_from=date(2026, 1, 1))
    settings = chosen(payments=(old, new)).daysales
    assert settings

    assert mapping.payment_account(settings, "card", date(2026, 1, 1)) == new
    assert mapping.payment_account(settings, "card", date(2025, 12, 31)) == old


def test_the_fallback_account_takes_what_is_unmapped_and_its_row_says_so() -> None:
    """Where the company chose a fallback, an unknown means of payment is booked there under its name."""
    report = day(payments=(paid("cash", "100.00"), paid("bitcoin", "151.00")))
    rows = the_voucher(report, Host(chosen(unmapped="fallback", fallback_account=2990))).rows

    assert (2990, "bitcoin (saknar konto)", "151.00") in sides(rows)


def test_a_difference_within_the_limit_goes_to_the_rounding_account() -> None:
    """The company lets 1.00 go: 0.40 too much is credited to rounding, 0.40 too little debited."""
    for paid_in_cash, expected in (("100.40", "-0.40"), ("99.60", "0.40")):
        report = day(payments=(paid("cash", paid_in_cash), paid("card", "151.00")))
        rows = the_voucher(report, Host(chosen(difference_limit=money(1)))).rows

        assert sides(rows)[-1] == (3740, "Öresdifferens", expected)


def test_rounding_that_the_till_reports_goes_both_ways() -> None:
    """A reported rounding above zero is credited, below zero debited."""
    for amount, cash in (("0.40", "100.40"), ("-0.40", "99.60")):
        report = day(
            payments=(paid("cash", cash), paid("card", "151.00")),
            others=(other("tips", "20.00"), other("rounding", amount)),
        )

        assert sides(the_voucher(report).rows)[-1] == (3740, "rounding", f"{-money(amount):.2f}")


def test_groups_and_means_of_payment_that_people_read_as_one_are_summed() -> None:
    """Two spellings of one name become one row with the sum of both: nothing is doubled, nothing is lost."""
    report = day(
        sales=(sold("Öl", "25", "100.00", "25.00"), sold("O\u0308l\u00a0", "25", "60.00", "15.00")),
        payments=(paid("card", "150.00"), paid("ca\u00adrd ", "50.00")),
        others=(),
    )

    assert sides(the_voucher(report).rows) == [
        (1686, "card", "200.00"),
        (3001, "Öl 25 %", "-160.00"),
        (2611, "Moms 25 %", "-40.00"),
    ]


@pytest.mark.parametrize(("spelled", "account"), [("Öl", 3101), ("ÖL", 3102), ("öl", 3101)])
def test_capitals_tell_names_apart_only_where_the_settings_do(spelled: str, account: int) -> None:
    """A till that shouts has the accounts of its group; only a name that the settings have as well is another one."""
    accounts = (SalesAccount(group="Öl", account=3101), SalesAccount(group="ÖL", account=3102))
    report = day(sales=(sold(spelled, "25", "100.00", "25.00"),), payments=(paid("Card", "145.00"),))
    rows = the_voucher(report, Host(chosen(sales=accounts))).rows

    assert sides(rows)[:2] == [(1686, "Card", "145.00"), (account, f"{spelled} 25 %", "-100.00")]


def test_changes_name_each_row_that_differs_and_no_other() -> None:
    """An accountant sees what an amendment would change, with both amounts."""
    old = the_voucher(day()).rows
    new = the_voucher(day(payments=(paid("cash", "90.00"), paid("card", "161.00")))).rows

    assert tuple(map(str, voucher.changes(old, new))) == (
        "1910 cash: debit 100.00, now debit 90.00",
        "1686 card: debit 151.00, now debit 161.00",
    )
    assert voucher.changes(old, tuple(reversed(old))) == ()
