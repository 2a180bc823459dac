"""Changing a company or the settings by naming what changes."""

import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox import patching

Fortnox = Any  # of conftest.py, which a test cannot import

NAMES = st.sampled_from(["a", "b", "c"])
JSON = st.recursive(
    st.integers() | st.text(max_size=3) | st.booleans(), lambda inner: st.dictionaries(NAMES, inner, max_size=3)
)


async def patch(fortnox: Fortnox, path: str, content: dict[str, Any]) -> tuple[int, Any]:
    """Patch something of the sandbox."""
    answer = await fortnox.client.send("PATCH", f"{fortnox.url}/_sandbox/{path}", json=content)
    return answer.status, json.loads(answer.body)


@given(st.dictionaries(NAMES, JSON), st.dictionaries(NAMES, JSON))
def test_a_patch_replaces_what_it_names_and_leaves_the_rest(content: dict[str, Any], patch: dict[str, Any]) -> None:
    """As RFC 7396 says; done twice it is the same as once."""
    result = patching.merged(content, patch)
    assert {name: result[name] for name in content if name not in patch} == {
        name: value for name, value in content.items() if name not in patch
    }
    assert all(result[name] == value for name, value in patch.items() if not isinstance(value, dict))
    assert patching.merged(result, patch) == result


def test_null_removes_and_a_star_is_every_one_that_is_there() -> None:
    """What is named beside the star comes after it."""
    years = {"3": {"open": True}, "4": {"open": True}}
    assert patching.merged({"years": years, "x": 1}, {"x": None, "years": {"3": None, "*": {"open": False}}}) == {
        "years": {"4": {"open": False}}
    }


async def test_each_thing_that_a_check_looks_at_can_be_changed(fortnox: Fortnox) -> None:
    """Years, series, accounts with their rules, cost centres, projects' rules, lock, licences, number, name."""
    year = {
        "accounts": {"3001": {"active": False}, "3002": {"cost_centre_rule": "MANDATORY", "vat_code": "MP9"}},
        "series": {"F": {"manual": False}, "A": None},
    }
    status, _ = await patch(
        fortnox,
        "companies/1001",
        {
            "organisation_number": "556000-9999",
            "years": {"5": None, "4": year, "*": {"accounts": {"1910": {"project_rule": "NOTALLOWED"}}}},
            "cost_centres": {"10": {"active": False}, "20": None, "30": {"code": "30", "description": "Ny"}},
            "cost_centre_support": False,
            "preselected_year": 3,
            "locked_until": "2026-01-31",
            "licences": ["integration"],
            "scopes": "bookkeeping",
            "unpaid": True,
        },
    )
    company = fortnox.company
    assert status == 200
    assert [*company.years] == [3, 4]
    assert not company.years[4].accounts[3001].active
    assert (company.years[4].accounts[3002].vat_code, company.years[3].accounts[3002].vat_code) == ("MP9", "MP2")
    assert not company.years[4].series["F"].manual
    assert "A" not in company.years[4].series
    assert {year.accounts[1910].project_rule for year in company.years.values()} == {"NOTALLOWED"}
    assert {code: centre.active for code, centre in company.cost_centres.items()} == {"10": False, "30": True}
    assert (company.organisation_number, company.preselected_year) == ("556000-9999", 3)
    assert (str(company.locked_until), company.licences, company.unpaid) == ("2026-01-31", {"integration"}, True)


async def test_the_books_change_in_place(fortnox: Fortnox) -> None:
    """Vouchers, faults and counts stay; a lock is opened by null."""
    await fortnox.post()
    before = fortnox.company.calls.routes["POST /3/vouchers"]
    await patch(fortnox, "companies/1001", {"locked_until": "2026-12-31"})
    assert (await fortnox.post()).status == 400
    await patch(fortnox, "companies/1001", {"locked_until": None})
    assert (await fortnox.post()).status == 201
    assert fortnox.numbers() == [1, 2]
    assert fortnox.company.calls.routes["POST /3/vouchers"] == before + 2


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"nosuch": 1}, "nosuch"),
        ({"years": {"4": {"accounts": {"3001": {"vat": "x"}}}}}, "years.4.accounts.3001.vat"),
        ({"years": {"4": {"accounts": {"4711": {}}}}}, "4711"),
        ({"database_number": 7}, "database_number"),
        ({"years": {"4": None}}, "vouchers are neither changed nor deleted"),
        ({"years": {"4": {"accounts": {"3001": None}}}}, "account 3001 stands in vouchers"),
        ({"years": {"4": {"series": {"F": {"vouchers": {"1": {"number": 2}}}}}}}, "vouchers are neither"),
    ],
)
async def test_a_wrong_patch_changes_nothing_and_says_what_is_wrong(
    fortnox: Fortnox, content: dict[str, Any], named: str
) -> None:
    """422, and the books are as before."""
    await fortnox.post()
    before = (await fortnox.control("companies/1001")).body
    status, answer = await patch(fortnox, "companies/1001", {"name": "Annat AB", **content})
    assert status == 422
    assert any(named in problem for problem in answer["problems"])
    assert (await fortnox.control("companies/1001")).body == before


async def test_settings_change_how_the_server_behaves(fortnox: Fortnox) -> None:
    """Clock, limit and lifetimes; integrations are added; secrets are taken and never shown."""
    status, shown = await patch(
        fortnox,
        "settings",
        {"clock_offset": -3600, "limit": 7, "token_seconds": 60, "clients": {"mine": {"secret": "s3cret"}}},
    )
    assert (status, shown["limit"], shown["clients"]["mine"]["name"]) == (200, 7, "An integration")
    assert "s3cret" not in json.dumps(shown)
    assert fortnox.books.clients["mine"].secret == "s3cret"
    assert json.loads((await fortnox.token()).body)["expires_in"] == 60
    assert (await patch(fortnox, "settings", {"tokens": {}}))[0] == 422
    assert (await patch(fortnox, "companies/999", {}))[0] == 422
    assert (await fortnox.control("companies/999")).status == 404


async def test_a_clock_that_is_wrong_shows_in_the_date(fortnox: Fortnox) -> None:
    """The header Date is ahead by the offset."""

    def date(answer: Any) -> Any:
        return parsedate_to_datetime(answer.headers["date"])

    before = date(await fortnox.get("companyinformation"))
    await patch(fortnox, "settings", {"clock_offset": 600})
    assert 595 < (date(await fortnox.get("companyinformation")) - before).total_seconds() < 660
