"""Settings as people write them."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.desk.settings_files import WrongFile, differences, read, to_yaml
from schemas.settings import (
    BAS_DAY_SALES,
    CategoryAccount,
    DaySalesSettings,
    GroupRate,
    PaymentAccount,
    TenantSettings,
    VatAccount,
)

BAS = TenantSettings(daysales=BAS_DAY_SALES)

NAMES = st.from_regex(r"[0-9A-Za-zÅÄÖåäö_.+&() /\-]{1,20}", fullmatch=True)
DAYS = st.none() | st.dates(date(2000, 1, 1), date(2040, 12, 31))
ACCOUNTS = st.integers(1000, 9999)
RATES = st.sampled_from(["0", "6", "12", "25", "8.25"]).map(Decimal)
SETTINGS = st.builds(
    DaySalesSettings,
    series=st.from_regex(r"[A-Z0-9]{1,3}", fullmatch=True),
    start_date=DAYS,
    payments=st.lists(st.builds(PaymentAccount, method=NAMES, account=ACCOUNTS, valid_from=DAYS), max_size=3).map(
        tuple
    ),
    vat=st.lists(st.builds(VatAccount, vat_rate=RATES, account=ACCOUNTS), max_size=2).map(tuple),
    group_rates=st.lists(st.builds(GroupRate, group=NAMES, vat_rate=RATES, valid_to=DAYS), max_size=2).map(tuple),
    others=st.lists(st.builds(CategoryAccount, category=NAMES, account=ACCOUNTS), max_size=2).map(tuple),
    difference_limit=st.decimals(0, 10, places=2),
)


@settings(deadline=None)
@given(SETTINGS)
def test_what_is_shown_can_be_read(chosen: DaySalesSettings) -> None:
    """YAML and JSON of any settings give the same settings again, whatever the names look like."""
    whole = TenantSettings(daysales=chosen)
    assert read(to_yaml(whole).encode()) == whole
    assert read(json.dumps(whole.to_json()).encode(), is_json=True) == whole
    assert differences(whole, whole) == ()


def test_numbers_may_stand_unquoted() -> None:
    """25, 0.50 and 1910 are read as the type that the setting has, never as floating-point numbers."""
    chosen = read(
        b"daysales: {series: 1, difference_limit: 0.50, start_date: 2026-01-01,"
        b" payments: [{method: card, account: 1910}], vat: [{vat_rate: 25, account: '2611'}]}"
    ).daysales
    assert chosen is not None
    assert (chosen.series, chosen.start_date) == ("1", date(2026, 1, 1))
    assert str(chosen.difference_limit) == "0.50"
    assert chosen.payments == (PaymentAccount(method="card", account=1910),)
    assert chosen.vat == (VatAccount(vat_rate=Decimal(25), account=2611),)


def test_json_numbers_are_no_floats() -> None:
    """A JSON number keeps the digits that were written."""
    chosen = read(b'{"daysales": {"series": "F", "difference_limit": 0.30}}', is_json=True).daysales
    assert chosen is not None
    assert chosen.difference_limit == Decimal("0.30")


def test_words_stay_words() -> None:
    """A means of payment called no, on or 2026-01-01 is a name, not a truth value or a date."""
    chosen = read(b"daysales: {series: F, payments: [{method: no, account: 1910}, {method: 12, account: 1920}]}")
    assert chosen.daysales is not None
    assert [p.method for p in chosen.daysales.payments] == ["no", "12"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("daysales: {series: F, difference_limit: 0.5}", "daysales.difference_limit"),
        ("daysales: {series: F, payments: [{method: card, account: 19.10}]}", "daysales.payments[0].account"),
        ("daysales: {series: F, payments: [{method: card, acount: 1910}]}", "daysales.payments[0].acount"),
        ("daysales: {series: F, start_date: 20260101x}", "daysales.start_date"),
        ("daysales: {series: F, series: G}", "series: stands twice"),
        ("daysale: {series: F}", "daysale"),
        ("daysales: [", "not YAML"),
        ("- 1", "settings"),
        ("", "settings"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(content: str, problem: str) -> None:
    """A misspelt name, an amount with one decimal, a name twice: the path says where."""
    with pytest.raises(WrongFile) as refusal:
        read(content.encode())
    assert any(problem in said for said in refusal.value.problems), refusal.value.problems


def test_a_name_twice_is_refused_in_json_too() -> None:
    """The first one would vanish in silence."""
    with pytest.raises(WrongFile, match="series: stands twice"):
        read(b'{"daysales": {"series": "F", "series": "G"}}', is_json=True)


def test_differences_are_told_field_by_field() -> None:
    """A changed field, an entry that goes, one that comes."""
    payments = (*BAS_DAY_SALES.payments[1:], PaymentAccount(method="klarna", account=1580))
    new = TenantSettings(daysales=BAS_DAY_SALES.model_copy(update={"series": "G", "payments": payments}))
    assert differences(BAS, new) == (
        "daysales.series: F -> G",
        "daysales.payments: - method cash, account 1910",
        "daysales.payments: + method klarna, account 1580",
    )


def test_another_order_is_a_difference() -> None:
    """Entries that only changed places are not passed over."""
    turned = BAS_DAY_SALES.model_copy(update={"payments": BAS_DAY_SALES.payments[::-1]})
    assert differences(BAS, TenantSettings(daysales=turned)) == (
        "daysales.payments: the same entries in another order",
    )


def test_a_section_that_goes_is_told() -> None:
    """Switching a flow off is a difference, with everything that goes with it."""
    assert differences(BAS, TenantSettings())[0] == "daysales: removed"
