"""Which vouchers Fortnox takes, and what it says to the others (facts §2.5, §3.4, §6 point 7)."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox import Company, CostCentre
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources import post_voucher
from infra import clock

Fortnox = Any  # of conftest.py, which a test cannot import


def row(account: Any, debit: Any = 0, credit: Any = 0, **fields: Any) -> dict[str, Any]:
    """Return a row."""
    return {"Account": account, "Debit": debit, "Credit": credit, **fields}


ROWS = [row(1910, 125.5), row(3001, 0, 125.5)]


def voucher(**fields: Any) -> dict[str, Any]:
    """Return a voucher that is accepted, unless ``fields`` spoil it."""
    whole = {"Description": "Dagsavslut", "VoucherSeries": "F", "TransactionDate": "2026-03-01", "VoucherRows": ROWS}
    return {"Voucher": {**whole, **fields}}


def refusal(answer: Any) -> tuple[int, str]:
    """Return the code and the message of a 400."""
    assert answer.status == 400, answer.text
    information = json.loads(answer.body)["ErrorInformation"]
    return information["code"], information["message"]


async def test_a_voucher_is_booked_with_the_next_number_of_its_series(fortnox: Fortnox) -> None:
    """201, a useless Location, and the voucher with what Fortnox added."""
    answer = await fortnox.post()
    booked = json.loads(answer.body)["Voucher"]
    assert (answer.status, answer.headers["location"]) == (201, "voucher")
    assert (booked["VoucherSeries"], booked["VoucherNumber"], booked["Year"]) == ("F", 1, 4)
    assert booked["VoucherRows"][0]["Description"] == "Kassa"


async def test_the_same_voucher_twice_is_two_vouchers(fortnox: Fortnox) -> None:
    """Fortnox has no idempotency key: this is what bokbuss is for."""
    assert [(await fortnox.post()).status for _ in range(2)] == [201, 201]
    assert fortnox.numbers() == [1, 2]


async def test_amounts_stay_exact(fortnox: Fortnox) -> None:
    """An amount that no float holds is the same in the books."""
    body = (
        b'{"Voucher":{"Description":"x","VoucherSeries":"F","TransactionDate":"2026-03-01","VoucherRows":'
        b'[{"Account":1910,"Debit":123456789012.35},{"Account":3001,"Credit":123456789012.35}]}}'
    )
    assert b'"Debit":123456789012.35' in (await fortnox.post(body)).body
    (booked,) = fortnox.company.vouchers()
    assert booked.draft.rows[0].debit == Decimal("123456789012.35")


async def test_an_account_carries_what_its_vouchers_moved(fortnox: Fortnox) -> None:
    """Debit adds, credit takes away; another year's account stays."""
    await fortnox.post()
    await fortnox.post(voucher(VoucherRows=[row(3001, 25.5), row(1910, 0, 25.5)]))

    async def balance(number: int, year: int) -> Any:
        answer = await fortnox.get(f"accounts/{number}", financialyear=year)
        return json.loads(answer.body)["Account"]["BalanceCarriedForward"]

    assert [await balance(1910, 4), await balance(3001, 4), await balance(1910, 5)] == [100, -100, 0]


async def test_an_amount_is_rounded_to_the_ore(fortnox: Fortnox) -> None:
    """1.125 becomes 1.13, as recorded for invoice rows."""
    await fortnox.post(voucher(VoucherRows=[row(1910, 1.125), row(3001, 0, 1.13)]))
    (booked,) = fortnox.company.vouchers()
    assert booked.draft.rows[0].debit == Decimal("1.13")


async def test_cost_centres_texts_and_comments_are_kept(fortnox: Fortnox) -> None:
    """What was sent is what one voucher shows."""
    rows = [row(1910, 10), row(3001, 0, 10, CostCenter="10", TransactionInformation="Kassa 1", Description="min")]
    answer = await fortnox.post(voucher(VoucherRows=rows, Comments="Z 17", CostCenter="20"))
    booked = json.loads(answer.body)["Voucher"]
    assert (booked["Comments"], booked["CostCenter"]) == ("Z 17", "20")
    second = booked["VoucherRows"][1]
    assert (second["CostCenter"], second["TransactionInformation"]) == ("10", "Kassa 1")
    assert second["Description"] == "Försäljning inom Sverige, 25 % moms"


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    (voucher(Year=4), 2001399, "Felaktigt fältnamn"),
    (voucher(VoucherNumber=7), 2001399, "Felaktigt fältnamn"),
    (voucher(VoucherRows=[row(1910, 1), row(3001, 0, 1, Text="x")]), 2001399, "Felaktigt fältnamn"),
    ({**voucher(), "Other": 1}, 2001399, "Felaktigt fältnamn"),
    (voucher(Description='a "quoted" word'), 2000359, "Värdet innehåller ej tillåtna tecken."),
    (voucher(Description="Dagsavslut · Z 17"), 2000359, "Värdet innehåller ej tillåtna tecken."),
    (voucher(Description="a em dash \N{EM DASH}"), 2000359, "Värdet innehåller ej tillåtna tecken."),
    (voucher(Comments="https://example.se"), 2000359, "Värdet innehåller ej tillåtna tecken."),
    (
        voucher(VoucherRows=[row(1910, 1), row(3001, 0, 1, TransactionInformation="<b>")]),
        2000359,
        "Värdet innehåller ej tillåtna tecken.",
    ),
    (voucher(Description=17), 2000106, "Värdet måste vara alfanumeriskt"),
    (voucher(Description=""), 2001795, "Obligatoriskt fält saknas (Description)"),
    (voucher(Description="x" * 201), 2000107, "Värdet är för långt"),
    (voucher(VoucherRows=[row(1910, 1)]), 2001795, "Obligatoriskt fält saknas (VoucherRows)"),
    (voucher(VoucherRows=[row(None, 1), row(3001, 0, 1)]), 2001795, "Obligatoriskt fält saknas (Account)"),
    (voucher(VoucherRows=[row("1910", 1), row(3001, 0, 1)]), 2000108, "Värdet måste vara numeriskt"),
    (voucher(VoucherRows=[row(1910, "1"), row(3001, 0, 1)]), 2000108, "Värdet måste vara numeriskt"),
    (voucher(VoucherRows=[row(1910, 10**12), row(3001, 0, 10**12)]), 2000108, "Värdet måste vara numeriskt"),
    (voucher(VoucherRows=[row(191, 1), row(3001, 0, 1)]), 2002462, "Ogiltigt konto"),
    (voucher(TransactionDate="2026-02-30"), 9900001, "Ogiltigt datum"),
    (voucher(CostCenter=""), 9900002, "Värdet tolkas som null"),
    (voucher(VoucherRows=[row(1910, 1), row(3001, 0, 1, CostCenter=None)]), 9900002, "Värdet tolkas som null"),
    (voucher(TransactionDate="2027-01-01"), 9900003, "Räkenskapsår saknas"),
    (voucher(VoucherSeries="Z"), 9900004, "Ogiltig verifikationsserie angiven"),
    (voucher(VoucherSeries="B"), 9900005, "Verifikationsserien är inte manuell (B)"),
    (voucher(VoucherRows=[row(1999, 1), row(3001, 0, 1)]), 2001304, "Kunde inte hitta konto"),
    (voucher(VoucherRows=[row(1912, 1), row(3001, 0, 1)]), 2000550, "Konto 1912 är inte aktivt"),
    (voucher(VoucherRows=[row(1910, 1), row(3001, 0, 1, CostCenter="99")]), 9900006, "Kan inte hitta kostnadsställe"),
    (voucher(CostCenter="99"), 9900006, "Kan inte hitta kostnadsställe"),
    (voucher(VoucherRows=[row(1910, 1), row(3001, 0, 1, CostCenter="20")]), 9900007, "är inte aktivt"),
    (voucher(VoucherRows=[row(1910, 1), row(3002, 0, 1)]), 2000946, "Kostnadsställe måste anges för konto 3002"),
    (
        voucher(VoucherRows=[row(1911, 1, CostCenter="10"), row(3001, 0, 1)]),
        9900009,
        "Kostnadsställe får inte anges för konto 1911",
    ),
    (voucher(Project="P1"), 2001161, "Kan inte hitta projektet."),
    (voucher(VoucherRows=[row(1910, 1), row(3001, 0, 1.01)]), 9900010, "Verifikationen balanserar inte"),
    (voucher(TransactionDate="2026-01-31"), 2000401, "har låst perioden t.o.m. 2026-01-31. Lås upp perioden"),
]


@pytest.mark.parametrize(("body", "code", "message"), REFUSED)
async def test_a_bad_voucher_is_refused_and_not_booked(
    fortnox: Fortnox, body: dict[str, Any], code: int, message: str
) -> None:
    """Each check has its code and its text, and leaves the books alone."""
    spoil(fortnox.company)
    found = refusal(await fortnox.post(body))
    assert found[0] == code
    assert message in found[1]
    assert fortnox.numbers() == []


def spoil(company: Company) -> None:
    """Set the company up so that each check of ``REFUSED`` can fail, and a good voucher passes."""
    accounts = company.years[4].accounts
    accounts[1912].active = False
    accounts[3002].cost_centre_rule = "MANDATORY"
    accounts[1911].cost_centre_rule = "NOTALLOWED"
    company.cost_centres["20"].active = False
    company.locked_until = date(2026, 1, 31)


async def test_a_good_voucher_passes_where_the_bad_ones_failed(fortnox: Fortnox) -> None:
    """The set-up above refuses nothing by itself; a cost centre where one is needed is taken."""
    spoil(fortnox.company)
    rows = [row(1910, 1), row(3002, 0, 1, CostCenter="10")]
    assert (await fortnox.post(voucher(VoucherRows=rows, TransactionDate="2026-02-01"))).status == 201


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b" ", 2001392),
        (b"[]", 2001392),
        (b"{}", 2001392),
        (b'{"Voucher":[]}', 2001392),
        (b"{", 2002115),
        (b'{"Voucher":{"Debit":NaN}}', 2002115),
        (b'{"Voucher":{"Debit":1e99999999999999999999}}', 2002115),
        (b"\xff", 2002115),
    ],
)
async def test_a_body_that_is_no_voucher_is_refused(fortnox: Fortnox, body: bytes, code: int) -> None:
    """Broken JSON and JSON of another form have codes of their own."""
    assert refusal(await fortnox.post(body))[0] == code


async def test_checks_come_in_fortnoxs_order(fortnox: Fortnox) -> None:
    """Where much is wrong the first check speaks; with each mend the next one does."""
    spoil(fortnox.company)
    bad: dict[str, Any] = {
        "Year": 4,
        "Description": "<x>",
        "TransactionDate": "2025-12-31",
        "VoucherSeries": "B",
        "VoucherRows": [row(1999, 1), row(1912, 0, 2), row(3002, 0, 5)],
    }
    mends: list[tuple[int, dict[str, Any]]] = [
        (2001399, {}),
        (2000359, {"Description": "x"}),
        (9900003, {"TransactionDate": "2026-01-31"}),
        (9900005, {"VoucherSeries": "F"}),
        (2001304, {"VoucherRows": [row(1910, 1), row(1912, 0, 2), row(3002, 0, 5)]}),
        (2000550, {"VoucherRows": [row(1910, 1), row(1930, 0, 2), row(3002, 0, 5)]}),
        (2000946, {"VoucherRows": [row(1910, 1), row(1930, 0, 2), row(3001, 0, 5)]}),
        (9900010, {"VoucherRows": [row(1910, 7), row(1930, 0, 2), row(3001, 0, 5)]}),
        (2000401, {"TransactionDate": "2026-02-01"}),
    ]
    for code, mend in mends:
        assert refusal(await fortnox.post({"Voucher": bad}))[0] == code
        bad = {name: value for name, value in {**bad, **mend}.items() if name != "Year"}
    assert (await fortnox.post({"Voucher": bad})).status == 201


async def test_codes_that_are_not_public_can_be_chosen(fortnox: Fortnox) -> None:
    """Nobody knows Fortnox's own code for some refusals, so the sandbox can be told another."""
    fortnox.books.codes["series_not_manual"] = 2000999
    assert refusal(await fortnox.post(voucher(VoucherSeries="B")))[0] == 2000999


async def test_a_post_without_a_year_goes_to_the_preselected_one(fortnox: Fortnox) -> None:
    """So a January voucher without ``financialyear`` is refused while last year is preselected."""
    fortnox.company.preselected_year = 3
    url = f"{fortnox.url}/3/vouchers"
    answer = await fortnox.client.send("POST", url, headers=fortnox.headers, json=voucher())
    assert refusal(answer)[0] == 9900003


# --- Rules for all vouchers -----------------------------------------------------------------------------------------


def book(company: Company, content: bytes, year: int = 4) -> int:
    """Send a body straight to the rules and return the status."""
    now = clock.now()
    try:
        return post_voucher(ApiRequest(now, {}, {"financialyear": str(year)}, content, now), company).status
    except RequestRefused:
        return 400


AMOUNTS = st.decimals(0, 9999, places=2).map(float)


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a voucher that is good more often than not: what can be wrong with it is wrong in few of them."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {"Account": st.sampled_from([1910, 1930, 3001, 2611] * 5 + [1999])},
                optional={"Debit": AMOUNTS, "Credit": AMOUNTS, "CostCenter": st.sampled_from(["10"] * 9 + ["99"])},
            ),
            min_size=1,
            max_size=4,
        )
    )
    moved = sum(Decimal(str(each.get("Debit", 0))) - Decimal(str(each.get("Credit", 0))) for each in rows)
    if draw(st.integers(0, 9)):
        rows = [*rows, row(3740, float(max(-moved, Decimal(0))), float(max(moved, Decimal(0))))]
    return {
        "Description": draw(st.sampled_from(["Dagsavslut", "Rättelse"] * 5 + ["<", ""])),
        "VoucherSeries": draw(st.sampled_from(["A", "F"] * 5 + ["B", "Z"])),
        "TransactionDate": str(draw(st.dates(date(2025, 12, 15), date(2027, 1, 15)))),
        "VoucherRows": rows,
    }


@given(st.lists(st.tuples(bodies(), st.sampled_from([4] * 8 + [3, 5])), max_size=12))
def test_the_books_always_balance_and_numbers_have_no_gap(sent: list[tuple[dict[str, Any], int]]) -> None:
    """Whatever is sent: debit is credit in each voucher and over all accounts; each year's series count 1, 2, 3."""
    company = Company(1, cost_centres={"10": CostCentre("10", "Butik")})
    statuses = [book(company, json.dumps({"Voucher": body}).encode(), year) for body, year in sent]
    vouchers = [*company.vouchers()]
    assert len(vouchers) == statuses.count(201)
    for one in vouchers:
        assert sum(each.debit - each.credit for each in one.draft.rows) == 0
        assert company.years[one.draft.year_id].holds(one.draft.date)
    for year in company.years.values():
        assert sum(account.balance for account in year.accounts.values()) == 0
        for series in year.series.values():
            assert [*series.vouchers] == [*range(1, series.next_number)]


JSONS = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.binary()
    | JSONS.map(lambda value: json.dumps({"Voucher": value}).encode())
    | st.dictionaries(st.sampled_from([*voucher()["Voucher"], "CostCenter", "Comments"]), JSONS).map(
        lambda spoilt: json.dumps(voucher(**spoilt)).encode()
    )
    | JSONS.map(lambda value: json.dumps(voucher(VoucherRows=[row(1910, value), row(value, 0, 1)])).encode())
)
def test_nonsense_is_refused_and_never_breaks_the_sandbox(content: bytes) -> None:
    """Any body gets an answer or a refusal."""
    assert book(Company(1), content) in {201, 400}
