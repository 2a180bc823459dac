"""What stands in a voucher's way: the same that the sandbox refuses it for, and by the same name."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox import classify, encode, errors
from connectors.fortnox.doctor import setup
from connectors.fortnox.doctor.setup import CHECKABLE, DEMANDS, NOT_READ, Need, RowContent, Setup, Unread
from connectors.fortnox.sandbox import Company, CostCentre, voucher
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import bookkeeping, dimensions
from connectors.fortnox.sandbox.resources import company as information
from schemas import envelope
from schemas.commands import PostVoucher, VoucherRow

NOW = datetime(2026, 4, 10, tzinfo=UTC)
DAY = date(2026, 3, 31)
SALES = 3001
YEARS = ({"Id": 4, "FromDate": "2026-01-01", "ToDate": "2026-12-31"},)


def order(day: date = DAY, series: str = "F", cost_centre: str | None = "S1", text: str | None = "cash") -> PostVoucher:
    """Return an order: cash at a debit, sales with a cost centre at a credit."""
    return PostVoucher(
        flow="daysales",
        key="openpos/3/1",
        revision="0123456789abcdef",
        step="book",
        rule="a_day_is_booked",
        purpose="book",
        series=series,
        voucher_date=day,
        description="Dagskassa",
        rows=(
            VoucherRow(account=1910, debit=Decimal("100.00"), text=text),
            VoucherRow(account=SALES, credit=Decimal("100.00"), cost_centre=cost_centre, text=text),
        ),
    )


def company() -> Company:
    """Return a company in which everything is as it should be."""
    return Company(1, cost_centres={"S1": CostCentre("S1", "Butiken"), "S2": CostCentre("S2", "Torget", active=False)})


def asked(body: bytes = b"", **query: str) -> ApiRequest:
    """Return a request of the sandbox."""
    return ApiRequest(NOW, {}, query, body, NOW)


def listed(handler: Callable[..., Any], known: Company, key: str, **query: str) -> list[Mapping[str, Any]]:
    """Return what the sandbox lists."""
    content = json.loads(handler(asked(limit="500", **query), known).body)[key]
    return content if isinstance(content, list) else [content]


def read(known: Company) -> Setup:
    """Return what can be read of a company in the sandbox."""
    years = classify.years(listed(bookkeeping.financial_years, known, "FinancialYears"))
    series, accounts = bookkeeping.voucher_series_collection, bookkeeping.accounts
    try:
        centres: Mapping[str, bool] | Unread = setup.cost_centres_of(
            listed(dimensions.cost_centres, known, "CostCenters")
        )
    except RequestRefused:
        centres = Unread("cost_centre_refused")
    return Setup(
        years,
        {
            y.id: setup.series_of(listed(series, known, "VoucherSeriesCollection", financialyear=f"{y.id}"))
            for y in years
        },
        {y.id: setup.accounts_of(listed(accounts, known, "Accounts", financialyear=f"{y.id}")) for y in years},
        centres,
        setup.locked_until_of(listed(information.locked_period, known, "LockedPeriod")),
    )


def refusal(known: Company, wanted: PostVoucher) -> str | None:
    """Return our code for the sandbox's refusal of a voucher; None when it would be booked."""
    message = envelope.wrap(wanted, message_id=str(wanted.id_in("t")), source="/t", time=NOW, tenant="t")
    year = known.year_on(wanted.voucher_date)
    body = encode.voucher(message, year.id if year else 4).body or b""
    try:
        voucher.read(asked(body, financialyear=str(year.id if year else 4)), known)
    except RequestRefused as no:
        return errors.code_of(no.refusal.code, no.refusal.text.format(*no.details))
    return None


Change = Callable[[Company], object]

CHANGES: Mapping[str, tuple[Change, str]] = {
    "year": (lambda c: c.years.pop(4), "financial_year_missing"),
    "series": (lambda c: c.years[4].series.pop("F"), "series_missing"),
    "manual": (lambda c: setattr(c.years[4].series["F"], "manual", False), "series_not_manual"),
    "account": (lambda c: c.years[4].accounts.pop(SALES), "account_missing"),
    "active": (lambda c: setattr(c.years[4].accounts[1910], "active", False), "account_inactive"),
    "support": (lambda c: setattr(c, "cost_centre_support", False), "cost_centre_refused"),
    "centre": (lambda c: c.cost_centres.pop("S1"), "cost_centre_refused"),
    "centre active": (lambda c: setattr(c.cost_centres["S1"], "active", False), "cost_centre_refused"),
    "wants a centre": (
        lambda c: setattr(c.years[4].accounts[1910], "cost_centre_rule", "MANDATORY"),
        "cost_centre_refused",
    ),
    "takes no centre": (
        lambda c: setattr(c.years[4].accounts[SALES], "cost_centre_rule", "NOTALLOWED"),
        "cost_centre_refused",
    ),
    "wants a project": (lambda c: setattr(c.years[4].accounts[SALES], "project_rule", "MANDATORY"), "project_refused"),
    "takes no text": (
        lambda c: setattr(c.years[4].accounts[SALES], "text_rule", "NOTALLOWED"),
        "transaction_information_refused",
    ),
    "locked": (lambda c: setattr(c, "locked_until", DAY), "period_locked"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_fortnox_would_refuse_is_seen_before_and_has_the_same_name(name: str) -> None:
    """One thing changed in a company: red before, by the code of Fortnox's refusal; unchanged: no objection."""
    known, wanted = company(), order()
    assert (refusal(known, wanted), setup.objection(setup.need_of(wanted), read(known))) == (None, None)
    change, code = CHANGES[name]
    change(known)
    found = setup.objection(setup.need_of(wanted), read(known))
    assert (refusal(known, wanted), found and found[0].code) == (code, code)
    assert found
    assert found[1]


@given(
    st.sets(st.sampled_from(sorted(CHANGES))),
    st.sampled_from([DAY, date(2026, 4, 1), date(2025, 1, 1), date(2031, 1, 1)]),
    st.sampled_from(["F", "A", "B", "Ö"]),
    st.sampled_from([None, "S1", "S2", "S3"]),
    st.sampled_from([None, "cash", " ", "🍺"]),
)
def test_there_is_an_objection_exactly_when_fortnox_would_refuse(
    changes: set[str], day: date, series: str, cost_centre: str | None, text: str | None
) -> None:
    """Any set-up, any voucher."""
    known, wanted = company(), order(day, series, cost_centre, text)
    for name in sorted(changes, key="account series centre year".find):  # what goes, goes last
        CHANGES[name][0](known)
    found = setup.objection(setup.need_of(wanted), read(known))
    assert bool(found) == bool(refusal(known, wanted))


def test_what_is_not_known_is_no_objection_and_opens_nothing() -> None:
    """A list that could not be read stops no voucher, and lets none go on."""
    need = setup.need_of(order())
    assert setup.objection(need, Setup()) is None
    waiting = [setup.need_of(order(), code) for code in CHECKABLE]
    assert not any(setup.is_open(need, Setup()) for need in waiting)
    assert all(setup.is_open(need, read(company())) for need in waiting)


def test_one_thing_set_right_opens_what_waits_for_it_and_nothing_else() -> None:
    """A day in a period that is open again goes on, though its series is closed: that is another name to wait under."""
    known = company()
    known.years[4].series["F"].manual = False
    locked, series = (setup.need_of(order(), code) for code in ("period_locked", "series_not_manual"))
    assert setup.is_open(locked, read(known))
    assert not setup.is_open(series, read(known))


def test_a_rule_that_the_list_does_not_say_cannot_be_told() -> None:
    """Fortnox's lists have been seen without the accounts' rules."""
    bare = Setup(
        read(company()).years, {}, {4: setup.accounts_of([{"Number": "1910"}, {"Number": SALES, "Active": "true"}])}
    )
    need = Need("daysales", DAY, "F", (RowContent(1910), RowContent(SALES)))
    found = {demand.name: demand.find(need, bare) for demand in DEMANDS if demand.reads == ("years", "accounts")}
    assert found["every_account_exists"] == ()
    assert found["every_account_is_active"] == ()
    assert isinstance(found["project_rules_are_met"], Unread)
    assert setup.objection(need, bare) is None


def test_only_what_a_reason_needs_is_read() -> None:
    """A locked period is one small request; a series needs its year as well."""
    assert setup.reads_for(["period_locked"]) == {"locked_period"}
    assert setup.reads_for(["series_missing"]) == {"years", "series"}
    assert setup.reads_for(["amended_after_booking"]) == frozenset()
    assert setup.reads_for(CHECKABLE) == {"years", "series", "accounts", "cost_centres", "locked_period"}


@pytest.mark.parametrize(
    ("items", "until"),
    [
        ([{"EndDate": "2026-03-31"}], date(2026, 3, 31)),
        ([{"EndDate": "2026-03-31T00:00:00"}], date(2026, 3, 31)),
        ([{"EndDate": None}], None),
        ([{"EndDate": ""}], None),
        ([{}], None),
        ([], None),
    ],
)
def test_no_end_date_locks_nothing(items: list[Mapping[str, Any]], until: date | None) -> None:
    """Fortnox sends null, and dates come as empty texts elsewhere."""
    assert setup.locked_until_of(items) == until


@pytest.mark.parametrize(
    ("said", "is_yes"), [(True, True), ("true", True), (1, True), (False, False), ("false", False), (0, False)]
)
def test_yes_and_no_are_read_as_fortnox_says_them(said: object, *, is_yes: bool) -> None:
    """Its booleans come as texts and numbers too: of series, accounts and cost centres."""
    known = Setup(classify.years(YEARS), {4: setup.series_of([{"Code": "F", "Manual": said}])})
    assert setup.the_series_is_manual(setup.need_of(order()), known) == (() if is_yes else ("F (2026)",))
    assert setup.account_of({"Number": 1930, "Active": said}).active is is_yes
    assert setup.cost_centres_of([{"Code": "S1", "Active": said}]) == {"S1": is_yes}


@pytest.mark.parametrize("item", [{"Code": "F"}, {"Code": "F", "Manual": None}, {"Code": "F", "Manual": ""}])
def test_a_series_that_does_not_say_whether_it_is_manual_stops_nothing(item: Mapping[str, Any]) -> None:
    """Fortnox's document does not promise it: every voucher would be refused here. The doctor has not checked it."""
    known = Setup(classify.years(YEARS), {4: setup.series_of([item])})
    assert isinstance(setup.the_series_is_manual(setup.need_of(order()), known), Unread)
    assert setup.objection(setup.need_of(order()), known) is None


@pytest.mark.parametrize(
    ("held", "balance"),
    [
        (Decimal("1.1368683772161603e-13"), Decimal(0)),
        (Decimal("125.50000000000001"), Decimal("125.50")),
        ("125.5", Decimal("125.50")),
        (0, Decimal(0)),
    ],
)
def test_a_balance_counts_to_the_ore(held: object, balance: Decimal) -> None:
    """A clearing account that nets to zero would be red for ever for what floats leave over."""
    assert setup.balance_of({"BalanceCarriedForward": held}) == balance


@pytest.mark.parametrize("held", [None, "", True, "API_NORIGHT", [], "Infinity", "1E+30"])
def test_a_balance_that_is_not_shown_is_none(held: object) -> None:
    """Nobody knows then whether the account nets to zero."""
    assert isinstance(setup.balance_of({"BalanceCarriedForward": held}), Unread)


@pytest.mark.parametrize("code", ["lookup_refused", "forbidden", "fortnox_failing"])
def test_a_list_of_cost_centres_that_does_not_come_does_not_say_that_there_are_none(code: str) -> None:
    """A proxy's 404 would be told as cost centres that are switched off, and every voucher with one refused here."""
    known, wanted = Setup(cost_centres=Unread(code)), setup.need_of(order())
    assert setup.objection(wanted, known) is None
    assert setup.cost_centres_are_in_use(wanted, known) == setup.every_cost_centre_exists(wanted, known) == Unread(code)


def test_a_rule_in_small_letters_is_that_rule() -> None:
    """Else an account that demands a cost centre would pass for one that takes any."""
    said = {"Number": 1930, "CostCenterSettings": "mandatory", "Active": None, "VATCode": "mp1"}
    account = setup.account_of(said, "ALLOWED")
    assert (account.cost_centre, account.project, account.active) == ("MANDATORY", "ALLOWED", True)
    assert account.vat_code == "MP1"


def test_an_end_date_that_is_none_is_not_believed() -> None:
    """Neither locked nor open."""
    assert isinstance(setup.locked_until_of([{"EndDate": "i fjol"}]), Unread)
    assert setup.objection(setup.need_of(order()), Setup(locked_until=NOT_READ)) is None
