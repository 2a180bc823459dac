"""What can be read under /3: forms, lists, pages, errors (facts §2.2 to §2.4, §3.4 to §3.10)."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox.answers import RequestRefused, to_json
from connectors.fortnox.sandbox.requests import ApiRequest
from infra import clock

Fortnox = Any  # of conftest.py, which a test cannot import


async def read(fortnox: Fortnox, path: str, **params: str | int) -> dict[str, Any]:
    """Return what a resource holds."""
    answer = await fortnox.get(path, **params)
    assert answer.status == 200, answer.text
    return dict(json.loads(answer.body))


async def test_every_answer_carries_fortnoxs_headers(fortnox: Fortnox) -> None:
    """As recorded: the server's name, an id of eight hexadecimal digits, JSON without a charset."""
    one, two = await fortnox.get("companyinformation"), await fortnox.get("financialyears")
    assert one.headers["server"] == "Fortnox"
    assert one.headers["content-type"] == "application/json"
    assert len(one.headers["x-uid"]) == 8
    assert int(one.headers["x-uid"], 16) != int(two.headers["x-uid"], 16)
    assert one.headers["date"].endswith("GMT")


async def test_a_connection_that_is_not_kept_gets_its_whole_answer(fortnox: Fortnox) -> None:
    """A client may say that it wants no other answer."""
    kept = await read(fortnox, "accounts")
    fortnox.headers["Connection"] = "close"
    assert [await read(fortnox, "accounts") for _ in range(2)] == [kept, kept]


async def test_json_is_written_as_php_writes_it(fortnox: Fortnox) -> None:
    """Slashes and letters outside ASCII are escaped."""
    assert rb'"CompanyName":"Bl\u00e5b\u00e4r AB"' in (await fortnox.get("companyinformation")).body
    assert rb"https:\/\/api.fortnox.se\/3\/" in (await fortnox.get("financialyears")).body


async def test_the_locked_period_is_null_until_one_is_set(fortnox: Fortnox) -> None:
    """``EndDate: null`` locks nothing."""
    assert await read(fortnox, "settings/lockedperiod") == {"LockedPeriod": {"EndDate": None}}
    await fortnox.control("locked-period", {"company": 1001, "end_date": "2026-02-28"})
    assert await read(fortnox, "settings/lockedperiod") == {"LockedPeriod": {"EndDate": "2026-02-28"}}


async def test_a_year_is_found_by_its_day_and_its_id_is_no_calendar_year(fortnox: Fortnox) -> None:
    """``?date=`` gives the year of a day."""
    content = await read(fortnox, "financialyears", date="2026-06-30")
    (year,) = content["FinancialYears"]
    assert (year["Id"], year["FromDate"], year["ToDate"]) == (4, "2026-01-01", "2026-12-31")
    assert (await read(fortnox, "financialyears/4"))["FinancialYear"] == year
    assert [y["Id"] for y in (await read(fortnox, "financialyears"))["FinancialYears"]] == [3, 4, 5]


async def test_a_year_that_is_missing_is_an_empty_list_with_no_page(fortnox: Fortnox) -> None:
    """As recorded for every empty list: status 200, 0 pages, page 1."""
    assert await read(fortnox, "financialyears", date="2031-01-01") == {
        "MetaInformation": {"@TotalResources": 0, "@TotalPages": 0, "@CurrentPage": 1},
        "FinancialYears": [],
    }


async def test_only_two_series_are_manual_and_each_year_counts_its_own(fortnox: Fortnox) -> None:
    """A and F are open for manual entry; a number taken in one year is not taken in another."""
    await fortnox.post()
    series = (await read(fortnox, "voucherseries", financialyear=4))["VoucherSeriesCollection"]
    assert "".join(one["Code"] for one in series) == "ABCDEFGHIJKLM"
    assert [one["Code"] for one in series if one["Manual"]] == ["A", "F"]
    assert (await read(fortnox, "voucherseries/F", financialyear=4))["VoucherSeries"]["NextVoucherNumber"] == 2
    assert (await read(fortnox, "voucherseries/F", financialyear=5))["VoucherSeries"]["NextVoucherNumber"] == 1


async def test_an_account_belongs_to_a_year(fortnox: Fortnox) -> None:
    """What is set in one year's chart is not set in another's."""
    await fortnox.control(
        "accounts", {"company": 1001, "number": 3001, "year": 4, "active": False, "cost_centre_rule": "MANDATORY"}
    )
    this, other = [(await read(fortnox, "accounts/3001", financialyear=year))["Account"] for year in (4, 5)]
    assert (this["Active"], this["CostCenterSettings"], this["Year"]) == (False, "MANDATORY", 4)
    assert (other["Active"], other["CostCenterSettings"], other["Year"]) == (True, "ALLOWED", 5)


async def test_the_chart_covers_the_day_sales_defaults(fortnox: Fortnox) -> None:
    """The accounts of a till's day can be booked at once."""
    accounts = (await read(fortnox, "accounts", limit=500))["Accounts"]
    numbers = [account["Number"] for account in accounts]
    assert numbers == sorted(numbers)
    assert {1510, 1580, 1686, 1910, 1930, 2420, 2421, 2611, 2621, 2631, 2820, 3001, 3002, 3003, 3004, 3740} <= {
        *numbers
    }


async def test_cost_centres_are_listed_by_code(fortnox: Fortnox) -> None:
    """A cost centre has a code of up to six characters and may be inactive."""
    fortnox.company.cost_centres["20"].active = False
    centres = (await read(fortnox, "costcenters"))["CostCenters"]
    assert [(one["Code"], one["Description"], one["Active"]) for one in centres] == [
        ("10", "Södermalm", True),
        ("20", "Vasastan", False),
    ]
    assert (await read(fortnox, "costcenters/10"))["CostCenter"] == centres[0]


@pytest.mark.parametrize(
    "path",
    ["financialyears/9", "financialyears/x", "voucherseries/Z", "accounts/9999", "costcenters/99", "vouchers/F/1"],
)
async def test_what_is_not_there_is_a_404_in_pascal_case(fortnox: Fortnox, path: str) -> None:
    """As recorded: a 404 says Error, Message and Code."""
    answer = await fortnox.get(path)
    assert answer.status == 404
    assert json.loads(answer.body)["ErrorInformation"].keys() == {"Error", "Message", "Code"}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"filter": "nosuch"}, 2000587),
        ({"nosuch": "1"}, 2000588),
        ({"voucherSeries": "F"}, 2000588),
        ({"fromdate": "2026-2-1"}, 2000588),
        ({"financialyear": "x"}, 2000588),
        ({"limit": "0"}, 2000588),
        ({"limit": "501"}, 2000588),
        ({"page": "0"}, 2000588),
    ],
)
async def test_a_bad_parameter_is_a_400_in_lower_case(fortnox: Fortnox, params: dict[str, str], code: int) -> None:
    """As recorded: a 400 says error, message and code."""
    answer = await fortnox.get("vouchers", **params)
    assert answer.status == 400
    information = json.loads(answer.body)["ErrorInformation"]
    assert information.keys() == {"error", "message", "code"}
    assert information["code"] == code


async def test_a_year_that_does_not_exist_is_refused(fortnox: Fortnox) -> None:
    """A list of an unknown year is an error, not an empty list."""
    answer = await fortnox.get("vouchers", financialyear=9)
    assert answer.status == 400
    assert "Räkenskapsår" in json.loads(answer.body)["ErrorInformation"]["message"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("path", ["vouchers", "vouchers/F/1"])
async def test_a_voucher_is_never_changed_or_deleted(fortnox: Fortnox, method: str, path: str) -> None:
    """There is no PUT and no DELETE."""
    await fortnox.post()
    answer = await fortnox.client.send(method, f"{fortnox.url}/3/{path}", headers=fortnox.headers, json={})
    assert answer.status == 405
    assert fortnox.numbers() == [1]


async def test_lists_show_no_rows_and_one_voucher_does(fortnox: Fortnox) -> None:
    """A list item has the seven fields of Fortnox's example and its address; rows come with one voucher."""
    await fortnox.post()
    (item,) = (await read(fortnox, "vouchers", financialyear=4))["Vouchers"]
    assert item == {
        "@url": "https://api.fortnox.se/3/vouchers/F/1?financialyear=4",
        "Description": "Dagsavslut",
        "ReferenceNumber": "",
        "ReferenceType": "MANUAL",
        "TransactionDate": "2026-03-01",
        "VoucherNumber": 1,
        "VoucherSeries": "F",
        "Year": 4,
    }
    one = (await read(fortnox, "vouchers/F/1", financialyear=4))["Voucher"]
    assert [(row["Account"], row["Debit"], row["Credit"], row["Description"]) for row in one["VoucherRows"]] == [
        (1910, 125.5, 0, "Kassa"),
        (3001, 0, 125.5, "Försäljning inom Sverige, 25 % moms"),
    ]


async def test_vouchers_are_listed_by_series_and_number_and_filtered(fortnox: Fortnox) -> None:
    """Series, from and to narrow a year's list; both days are included."""
    base = {"Description": "x", "VoucherRows": [{"Account": 1910, "Debit": 1}, {"Account": 1930, "Credit": 1}]}
    for series, day in (("F", "2026-01-02"), ("A", "2026-01-03"), ("F", "2026-01-03"), ("F", "2026-01-04")):
        await fortnox.post({"Voucher": {**base, "VoucherSeries": series, "TransactionDate": day}})

    async def found(path: str = "vouchers", **params: str | int) -> list[str]:
        content = await read(fortnox, path, **params)
        return [f"{item['VoucherSeries']}{item['VoucherNumber']}" for item in content["Vouchers"]]

    assert await found(financialyear=4) == ["A1", "F1", "F2", "F3"]
    assert await found() == ["A1", "F1", "F2", "F3"]
    assert await found("vouchers/sublist") == ["A1", "F1", "F2", "F3"]
    assert await found("vouchers/sublist/F", financialyear=4) == ["F1", "F2", "F3"]
    assert await found(voucherseries="F", fromdate="2026-01-03", todate="2026-01-03") == ["F2"]
    assert await found(financialyear=5) == []
    assert await found(financialyeardate="2026-05-05") == ["A1", "F1", "F2", "F3"]
    assert await found(voucherseries="Z") == []


async def test_pages_hold_100_unless_asked_and_500_at_most(fortnox: Fortnox) -> None:
    """Pages follow each other without gap or overlap, and say how many there are."""
    fortnox.books.limit = 1000
    for _ in range(101):
        await fortnox.post()

    async def page(**params: str | int) -> tuple[dict[str, int], list[int]]:
        content = await read(fortnox, "vouchers", **params)
        return content["MetaInformation"], [item["VoucherNumber"] for item in content["Vouchers"]]

    assert await page() == (
        {"@TotalResources": 101, "@TotalPages": 2, "@CurrentPage": 1},
        [*range(1, 101)],
    )
    assert await page(page=2) == ({"@TotalResources": 101, "@TotalPages": 2, "@CurrentPage": 2}, [101])
    assert (await page(page=3))[1] == []
    assert (await page(limit=500))[1] == [*range(1, 102)]
    assert await page(limit=3, page=34) == (
        {"@TotalResources": 101, "@TotalPages": 34, "@CurrentPage": 34},
        [100, 101],
    )
    assert (await page(limit=2, offset=5))[1] == [6, 7]


@given(total=st.integers(0, 60), limit=st.integers(1, 70))
def test_all_pages_together_are_the_list(total: int, limit: int) -> None:
    """Whoever reads as many pages as the first one announces has seen each item once."""
    items = [*range(total)]

    def page(number: int) -> dict[str, Any]:
        now = clock.now()
        asked = ApiRequest(now, {}, {"limit": str(limit), "page": str(number)}, b"", now)
        return asked.page("Items", items, lambda item: {"item": item})

    pages = page(1)["MetaInformation"]["@TotalPages"]
    assert [each["item"] for number in range(1, pages + 1) for each in page(number)["Items"]] == items


@given(text=st.text(), params=st.sampled_from(["limit", "page", "offset", "financialyear"]))
def test_a_number_that_is_none_is_refused(text: str, params: str) -> None:
    """A parameter is read as a whole number or refused; nothing else is raised."""
    now = clock.now()
    try:
        count = ApiRequest(now, {}, {params: text}, b"", now).count(params)
    except RequestRefused:
        return
    assert count == int(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers() | st.decimals(-(10**12), 10**12, places=2),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_json_comes_back_as_it_was_sent(value: Any) -> None:
    """What is written as PHP writes it reads as the same values; amounts are exact."""
    text = to_json(value)
    assert json.loads(text, parse_float=Decimal) == value
    assert text.isascii()


def test_a_date_is_written_as_a_day() -> None:
    """Dates are YYYY-MM-DD."""
    assert to_json({"d": date(2026, 3, 1)}) == b'{"d":"2026-03-01"}'
