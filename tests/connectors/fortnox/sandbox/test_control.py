"""The sandbox's own side, for tests, demonstrations and people."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.fortnox.sandbox import Books, Company, Fault, running

Fortnox = Any  # of conftest.py, which a test cannot import


async def test_the_books_show_every_voucher_with_its_rows(fortnox: Fortnox) -> None:
    """Amounts are strings with two decimals, as everywhere in bokbuss."""
    await fortnox.post()
    (company,) = json.loads((await fortnox.control("books")).body)["companies"]
    (voucher,) = company["vouchers"]
    assert (company["database_number"], company["name"]) == (1001, "Blåbär AB")
    assert (voucher["series"], voucher["number"], voucher["year_id"], voucher["date"]) == ("F", 1, 4, "2026-03-01")
    assert [(row["account"], row["debit"], row["credit"]) for row in voucher["rows"]] == [
        (1910, "125.50", "0.00"),
        (3001, "0.00", "125.50"),
    ]


async def test_one_companys_books_can_be_asked_for(fortnox: Fortnox) -> None:
    """``?company=`` narrows books and calls."""
    await fortnox.control("companies", {"database_number": 1002})
    for path in ("books", "calls"):
        companies = json.loads((await fortnox.control(f"{path}?company=1002")).body)["companies"]
        assert [company["database_number"] for company in companies] == [1002]


async def test_a_company_can_be_added(fortnox: Fortnox) -> None:
    """With its manual series, cost centres and locked period."""
    answer = await fortnox.control(
        "companies",
        {"database_number": 1002, "manual_series": ["A"], "cost_centres": {"10": "X"}, "locked_until": "2026-01-31"},
    )
    added = fortnox.books.companies[1002]
    assert (answer.status, json.loads(answer.body)) == (200, {"companies": [1002]})
    assert [code for code, series in added.years[4].series.items() if series.manual] == ["A"]
    assert added.cost_centres["10"].description == "X"
    assert str(added.locked_until) == "2026-01-31"


async def test_faults_are_set_for_one_company_or_for_all(fortnox: Fortnox) -> None:
    """Each company gets its own luck from the same seed."""
    await fortnox.control("companies", {"database_number": 1002})
    answer = await fortnox.control("faults", {"seed": 5, "rates": {"commit_then_500": 0.5}})
    assert json.loads(answer.body) == {"companies": [1001, 1002]}
    drawn = [
        [company.faults.choose("POST /3/vouchers", 0) for _ in range(40)]
        for company in fortnox.books.companies.values()
    ]
    assert drawn[0] != drawn[1]
    answer = await fortnox.control("faults", {"company": 1001, "script": [None, "slow"], "seconds": {"slow": 0}})
    assert json.loads(answer.body) == {"companies": [1001]}
    assert [*fortnox.company.faults.script] == [None, Fault.SLOW]


async def test_accounts_and_series_are_changed_in_every_year_unless_one_is_named(fortnox: Fortnox) -> None:
    """So a chart can be made to lack what a mapping needs."""
    years = fortnox.company.years
    await fortnox.control("accounts", {"company": 1001, "number": 4711, "description": "Eget"})
    await fortnox.control("accounts", {"company": 1001, "number": 3001, "remove": True, "year": 5})
    await fortnox.control("series", {"company": 1001, "code": "F", "manual": False, "year": 5})
    assert [year.accounts[4711].description for year in years.values()] == ["Eget"] * 3
    assert [key for key, year in years.items() if 3001 in year.accounts] == [3, 4]
    assert [key for key, year in years.items() if year.series["F"].manual] == [3, 4]


async def test_a_year_is_added_with_the_chart_and_the_series_of_another(fortnox: Fortnox) -> None:
    """Its numbers begin at 1 and nothing is carried over; the newest year unless one is named."""
    await fortnox.control("series", {"company": 1001, "code": "F", "manual": False, "year": 3})
    await fortnox.post()
    year = {"company": 1001, "from_date": "2028-01-01", "to_date": "2028-12-31"}
    await fortnox.control("years", {**year, "id": 6, "like": 4})
    await fortnox.control("years", {**year, "id": 7, "like": 3, "from_date": "2029-01-01", "to_date": "2029-12-31"})
    years = fortnox.company.years
    assert (years[6].series["F"].manual, years[7].series["F"].manual) == (True, False)
    assert (years[6].series["F"].next_number, years[4].series["F"].next_number) == (1, 2)
    assert (years[6].accounts[1910].balance, years[4].accounts[1910].balance) == (0, Decimal("125.50"))
    assert years[6].accounts[1910] is not years[4].accounts[1910]
    assert str(fortnox.company.year_on(date(2028, 5, 1)).to_date) == "2028-12-31"


async def test_scopes_are_taken_away_from_tokens_that_are_out(fortnox: Fortnox) -> None:
    """From the next call on, and from every token that follows."""
    await fortnox.control("scopes", {"company": 1001, "scopes": "companyinformation"})
    assert (await fortnox.get("accounts")).status == 403
    assert json.loads((await fortnox.token()).body)["scope"] == "companyinformation"


async def test_a_program_can_approve_or_deny_in_the_place_of_a_person(fortnox: Fortnox) -> None:
    """It sends the address of the consent page and learns where the browser would have gone."""
    url = "https://x/auth?client_id=sandbox&redirect_uri=http://localhost/cb&state=s&response_type=code&scope=salary"
    approved = json.loads((await fortnox.control("approve", {"url": url, "company": 1001})).body)["location"]
    denied = await fortnox.control("approve", {"url": url, "company": 1001, "decision": "deny"})
    assert approved.startswith("http://localhost/cb?code=")
    assert json.loads(denied.body)["location"] == "http://localhost/cb?error=access_denied&state=s"
    (consent,) = json.loads((await fortnox.control("consents?company=1001")).body)["consents"]
    assert (consent["id"], consent["scope"], consent["service"]) == (1, "salary", False)
    assert json.loads((await fortnox.control("consents?company=1002")).body) == {"consents": []}


async def test_a_company_can_withdraw_what_it_consented_to(fortnox: Fortnox) -> None:
    """One consent or all; then no token is to be had."""
    url = "x?client_id=sandbox&redirect_uri=http://localhost/&state=s&response_type=code&scope=salary"
    await fortnox.control("approve", {"url": url, "company": 1001})
    await fortnox.control("approve", {"url": url, "company": 1001, "user": 2})
    await fortnox.control("withdraw", {"company": 1001, "consent": 1})
    assert [*fortnox.books.consents] == [2]
    assert (await fortnox.token()).status == 200
    await fortnox.control("withdraw", {"company": 1001})
    assert fortnox.books.consents == fortnox.books.authorization_codes == {}
    assert (await fortnox.token()).status == 400


async def test_an_account_that_is_used_stays(fortnox: Fortnox) -> None:
    """A voucher never loses its account."""
    await fortnox.post()
    answer = await fortnox.control("accounts", {"company": 1001, "number": 3001, "remove": True})
    assert answer.status == 422
    assert 3001 in fortnox.company.years[4].accounts


@pytest.mark.parametrize(
    ("path", "content", "named"),
    [
        ("companies", {"database_number": 1001}, "1001 is taken"),
        ("companies", {"number": 1}, "database_number: Field required"),
        ("faults", {"rates": {"nosuch": 1}}, "rates.nosuch"),
        ("faults", {"rates": {"slow": 2}}, "rates"),
        ("faults", {"company": 9}, "no company has database number 9"),
        ("locked-period", {"company": 1001}, "end_date: Field required"),
        ("accounts", {"company": 1001, "number": 3001, "year": 9}, "no financial year 9"),
        ("series", {"company": 1001, "code": "Z", "manual": True}, "no voucher series Z"),
        ("years", {"company": 1001, "id": 4, "from_date": "2028-01-01", "to_date": "2028-12-31"}, "financial year 4"),
        ("approve", {"company": 1001, "url": "x?client_id=nobody"}, "invalid_client"),
        ("withdraw", {"company": 1001, "consent": 3}, "no consent 3"),
        ("scopes", {"company": 9, "scopes": ""}, "no company has database number 9"),
    ],
)
async def test_a_wrong_request_says_what_is_wrong(
    fortnox: Fortnox, path: str, content: dict[str, Any], named: str
) -> None:
    """422 names each problem."""
    answer = await fortnox.control(path, content)
    assert answer.status == 422
    assert any(named in problem for problem in json.loads(answer.body)["problems"])


async def test_the_page_shows_the_books_and_no_markup_of_others(fortnox: Fortnox) -> None:
    """What came in is text on the page."""
    fortnox.company.name = "<b>Blåbär</b>"
    await fortnox.post()
    answer = await fortnox.client.send("GET", f"{fortnox.url}/")
    assert answer.status == 200
    assert "text/html" in answer.headers["content-type"]
    for text in ("&lt;b&gt;Blåbär", "Dagsavslut", "1910 Kassa", "125.50"):
        assert text in answer.text
    assert "<b>" not in answer.text


async def test_an_empty_sandbox_says_how_to_begin(fortnox: Fortnox) -> None:
    """Without a company the page tells how to add one."""
    fortnox.books.companies.clear()
    assert "POST /_sandbox/companies" in (await fortnox.client.send("GET", f"{fortnox.url}/")).text


def test_a_database_number_is_given_once() -> None:
    """Two companies never share an id."""
    books = Books()
    books.add(Company(1))
    with pytest.raises(ValueError, match="taken"):
        books.add(Company(1))


async def test_a_port_that_is_taken_is_an_error() -> None:
    """The sandbox starts where it was told or not at all."""
    async with running(Books()) as url:
        with pytest.raises(OSError, match="in use"):
            async with running(Books(), int(url.rpartition(":")[2])):
                pass
