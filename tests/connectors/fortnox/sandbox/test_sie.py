"""SIE files of the sandbox's own books, read back by rules of SIE 4B that the writer does not share."""

import shlex
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.fortnox.sandbox import Company, CostCentre
from connectors.fortnox.sandbox.answers import RequestRefused
from connectors.fortnox.sandbox.books import Draft, Row
from connectors.fortnox.sandbox.records import Record
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.exports import export

AT = datetime(2026, 4, 1, 12, tzinfo=UTC)
ZERO = Decimal(0)


def company() -> Company:
    """Return a company with a cost centre and a project."""
    found = Company(1001, "Blåbär AB", cost_centres={"10": CostCentre("10", "Södermalm")})
    found.register("projects")["P1"] = Record({"ProjectNumber": "P1", "Description": 'Boken "Ett"'})
    found.years[4].accounts[1910].brought_forward = Decimal("100.50")
    found.years[4].accounts[2091].brought_forward = Decimal("-100.50")
    found.years[4].accounts[1910].sru = 7281
    return found


def book(found: Company, amount: Decimal, day: date, *, year: int = 4, **sales: Any) -> None:
    """Book a sale."""
    rows = (Row(1910, amount, ZERO), Row(3001, ZERO, amount, **sales))
    found.book(Draft(year, "F", day, "Dagsavslut / Ö", rows), AT, AT)


def book_till(found: Company, amount: Decimal, day: date, *, year: int = 4, **till: Any) -> None:
    """Book a sale whose till has objects, and a quantity of pieces on both sides."""
    sold = Row(3001, ZERO, amount, quantity=Decimal(3))
    rows = (Row(1910, amount, ZERO, quantity=Decimal(3), **till), sold)
    found.book(Draft(year, "F", day, "Dagsavslut", rows), AT, AT)


def lines(found: Company, kind: int = 4, **query: str) -> list[list[str]]:
    """Return the fields of each line; braces are fields, too."""
    text = raw(found, kind, **query).decode("cp437")
    assert text.endswith("\r\n")
    return [shlex.split(line.replace("{", " { ").replace("}", " } ")) for line in text.split("\r\n")[:-1]]


def raw(found: Company, kind: int, **query: str) -> bytes:
    """Return the file."""
    return export(ApiRequest(AT, {"type": str(kind)}, {"financialyear": "4", **query}, b"", AT), found).body


def of(label: str, found: list[list[str]]) -> list[list[str]]:
    """Return the fields of the lines with a label."""
    return [fields[1:] for fields in found if fields[0] == f"#{label}"]


def test_a_file_says_what_it_is_and_begins_with_its_flag() -> None:
    """Flag, identification, chart, balances, vouchers: in the order that the format demands."""
    found = company()
    book(found, Decimal("12.50"), date(2026, 3, 1))
    whole = lines(found)
    expected = {
        "FLAGGA": ["0"],
        "PROGRAM": ["Fortnox sandbox", "1.0"],
        "FORMAT": ["PC8"],
        "GEN": ["20260401"],
        "SIETYP": ["4"],
        "FNR": ["1001"],
        "ORGNR": ["556000-0001"],
        "FNAMN": ["Blåbär AB"],
        "KPTYP": ["EUBAS97"],
    }
    assert {label: of(label, whole)[0] for label in expected} == expected
    assert of("RAR", whole) == [["0", "20260101", "20261231"], ["-1", "20250101", "20251231"]]
    labels = [*dict.fromkeys(fields[0] for fields in whole)]
    order = "FLAGGA PROGRAM FORMAT GEN SIETYP FNR ORGNR FNAMN RAR KPTYP KONTO SRU DIM OBJEKT IB UB RES VER { TRANS }"
    assert " ".join(labels).replace("#", "") == order


def test_a_voucher_has_its_rows_with_their_objects_and_texts() -> None:
    """Cost centre is dimension 1, project dimension 6; credit is negative; quotation marks are escaped."""
    found = company()
    book(found, Decimal("12.50"), date(2026, 3, 1), cost_centre="10", project="P1", text="Kassa 1")
    whole = lines(found)
    assert of("VER", whole) == [["F", "1", "20260301", "Dagsavslut / Ö", "20260401"]]
    assert of("TRANS", whole) == [
        ["1910", "{", "}", "12.50"],
        ["3001", "{", "1", "10", "6", "P1", "}", "-12.50", "20260301", "Kassa 1"],
    ]
    assert of("OBJEKT", whole) == [["1", "10", "Södermalm"], ["6", "P1", 'Boken "Ett"']]
    assert ["1910", "Kassa"] in of("KONTO", whole)
    assert of("SRU", whole) == [["1910", "7281"]]


@pytest.mark.parametrize(
    ("kind", "present", "absent"),
    [
        (1, {"SRU", "IB", "UB", "RES"}, {"OMFATTN", "PSALDO", "DIM", "VER"}),
        (2, {"SRU", "IB", "UB", "RES", "OMFATTN", "PSALDO"}, {"DIM", "OBJEKT", "VER"}),
        (3, {"IB", "UB", "OIB", "OUB", "RES", "OMFATTN", "PSALDO", "DIM", "OBJEKT"}, {"VER"}),
        (4, {"IB", "UB", "RES", "VER", "TRANS"}, {"PSALDO", "OMFATTN"}),
    ],
)
def test_each_type_has_what_it_must_have(kind: int, present: set[str], absent: set[str]) -> None:
    """The table of chapter 6 of the format."""
    found = company()
    book(found, Decimal(1), date(2026, 3, 1), cost_centre="10")
    book_till(found, Decimal(1), date(2026, 3, 1), cost_centre="10")
    labels = {fields[0].removeprefix("#") for fields in lines(found, kind)}
    assert present <= labels
    assert labels.isdisjoint(absent)


def test_the_year_before_has_its_balances() -> None:
    """Year -1 stands beside year 0."""
    found = company()
    book(found, Decimal(7), date(2025, 3, 1), year=3)
    whole = lines(found, 1)
    assert ["-1", "1910", "7.00"] in of("UB", whole)
    assert ["-1", "3001", "-7.00"] in of("RES", whole)


def test_every_account_that_a_file_speaks_of_is_declared() -> None:
    """Also one that only last year knows, under last year's name, and an inactive one that last year used."""
    found = company()
    book(found, Decimal(7), date(2025, 3, 1), year=3)
    found.years[4].accounts[1910].brought_forward = ZERO
    found.years[4].accounts[1910].active = False
    found.years[3].accounts[3001].description = "Handel"
    del found.years[4].accounts[3001]
    for kind in (1, 2, 3, 4):
        whole = lines(found, kind)
        declared = [account for account, _ in of("KONTO", whole)]
        spoken = {f[1] for label in ("IB", "UB", "RES") for f in of(label, whole)} | {f[2] for f in of("PSALDO", whole)}
        assert spoken <= set(declared)
        assert sorted(declared) == sorted(set(declared))
        assert {"1910", "3001"} <= spoken
        assert ["3001", "Handel"] in of("KONTO", whole)


def test_type_3_has_the_balances_of_objects_in_both_years() -> None:
    """Of balance sheet accounts: opening balance and what months moved are the closing balance of an object."""
    found = company()
    book_till(found, Decimal(5), date(2025, 3, 1), year=3, cost_centre="10")
    book_till(found, Decimal(7), date(2026, 3, 1), cost_centre="10", project="P1")
    book_till(found, Decimal(1), date(2026, 4, 1), cost_centre="10")
    whole = lines(found, 3)
    assert of("OUB", whole) == [
        ["0", "1910", "{", "1", "10", "}", "8.00"],
        ["0", "1910", "{", "6", "P1", "}", "7.00"],
        ["-1", "1910", "{", "1", "10", "}", "5.00"],
    ]
    closing = {tuple(key): Decimal(amount) for *key, amount in of("OIB", whole)}
    for year, _month, *key, amount in of("PSALDO", whole):
        if key[0] == "1910" and key[1:3] != ["{", "}"]:
            closing[year, *key] += Decimal(amount)
    assert {key: amount for key, amount in closing.items() if key[0] == "0"} == {
        tuple(key): Decimal(amount) for *key, amount in of("OUB", whole) if key[0] == "0"
    }
    assert of("OUB", lines(found, 4)) == of("OUB", lines(found, 2)) == []


def test_a_quantity_has_the_sign_of_its_amount() -> None:
    """Plus for debit, minus for credit, also where the amounts of a return have changed sides."""
    found = company()
    book_till(found, Decimal(7), date(2026, 3, 1))
    rows = (Row(3001, Decimal(7), ZERO, quantity=Decimal(3)), Row(1910, ZERO, Decimal(7), quantity=Decimal(-3)))
    found.book(Draft(4, "F", date(2026, 3, 2), "Retur", rows), AT, AT)
    signs = [(Decimal(fields[3]) > 0, Decimal(fields[-1])) for fields in of("TRANS", lines(found))]
    assert signs == [(True, 3), (False, -3), (True, 3), (False, -3)]


@pytest.mark.parametrize(("kind", "says"), [(1, []), (2, [["20260228"]]), (3, [["20260228"]]), (4, [["20260228"]])])
def test_a_part_of_a_year_says_so(kind: int, says: list[list[str]]) -> None:
    """Balances up to a day are labelled with it; type 1 has none but the year's, since it cannot be labelled."""
    found = company()
    for month in (1, 2, 3):
        book(found, Decimal(month), date(2026, month, 1))
    whole = lines(found, kind, todate="2026-02-28")
    assert of("OMFATTN", whole) == says
    assert ["0", "1910", "103.50" if says else "106.50"] in of("UB", whole)


def test_periods_and_selections_choose_vouchers() -> None:
    """``fromdate`` and ``todate`` by day, ``selection`` by series and number; balances are those of the last day."""
    found = company()
    for month in (1, 2, 3):
        book(found, Decimal(month), date(2026, month, 1))

    def numbers(**query: str) -> list[str]:
        return [fields[1] for fields in of("VER", lines(found, 4, **query))]

    assert numbers() == ["1", "2", "3"]
    assert numbers(fromdate="2026-02-01", todate="2026-02-28") == ["2"]
    assert numbers(selection="F,2,9;A,1,9") == ["2", "3"]
    assert numbers(selection="A,1,9") == []
    assert ["0", "1910", "103.50"] in of("UB", lines(found, 4, todate="2026-02-28"))


def test_inactive_accounts_are_exported_on_request() -> None:
    """``exportall`` brings accounts that nobody uses."""
    found = company()
    found.years[4].accounts[3004].active = False
    shown = [
        ["3004", "Försäljning inom Sverige, momsfri"] in of("KONTO", lines(found, 4, exportall=text))
        for text in ("", "true")
    ]
    assert shown == [False, True]


def test_a_file_is_in_code_page_437_unless_the_company_is_of_the_other_kind() -> None:
    """Some exports were seen in UTF-8 under #FORMAT PC8 (facts §3.9)."""
    found = company()
    assert "Blåbär".encode("cp437") in raw(found, 4)
    found.sie_utf8 = True
    assert "Blåbär".encode() in raw(found, 4)
    assert b"#FORMAT PC8" in raw(found, 4)


@pytest.mark.parametrize(("kind", "query"), [(0, {}), (5, {}), (4, {"selection": "A"}), (4, {"selection": "A,x,2"})])
def test_a_type_or_selection_that_there_is_not_is_refused(kind: int, query: dict[str, str]) -> None:
    """Types are 1 to 4."""
    with pytest.raises(RequestRefused) as no:
        raw(company(), kind, **query)
    assert no.value.refusal.name == "bad_parameter"


def test_the_year_can_be_named_in_both_spellings() -> None:
    """The document says ``financialYear``, its own example ``financialyear``."""
    answer = export(ApiRequest(AT, {"type": "4"}, {"financialYear": "3"}, b"", AT), company())
    assert b"#RAR 0 20250101 20251231" in answer.body
    with pytest.raises(RequestRefused):
        export(ApiRequest(AT, {"type": "4"}, {"financialYear": "9"}, b"", AT), company())


SALES = st.lists(
    st.tuples(
        st.decimals(-9999, 9999, places=2),
        st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        st.sampled_from([None, "10"]),
        st.sampled_from([None, "P1"]),
    ),
    max_size=10,
)


@given(SALES)
def test_balances_are_the_sums_of_the_transactions(sales: list[Any]) -> None:
    """In every type: opening balance plus rows is closing balance, months add up to the year, and all of it is zero."""
    found = company()
    for amount, day, centre, project in sales:
        book(found, amount, day, cost_centre=centre, project=project)
    whole, third = lines(found, 4), lines(found, 3)
    rows, months, centres = (defaultdict[str, Decimal](Decimal) for _ in range(3))
    for account, *_objects, amount in ([*f[: f.index("}") + 2]] for f in of("TRANS", whole)):
        rows[account] += Decimal(amount)
    for _, _, account, *objects, amount in of("PSALDO", third):
        if objects == ["{", "}"]:
            months[account] += Decimal(amount)
        elif objects[1] == "1":
            centres[account] += Decimal(amount)
    closing = {f[1]: Decimal(f[2]) for label in ("UB", "RES") for f in of(label, whole) if f[0] == "0"}
    opening = {f[1]: Decimal(f[2]) for f in of("IB", whole) if f[0] == "0"}
    for account in ("1910", "3001", "2091"):
        assert closing.get(account, ZERO) == opening.get(account, ZERO) + rows[account]
        assert months[account] == rows[account]
    assert centres["3001"] == -sum((amount for amount, _, centre, _ in sales if centre), ZERO)
    assert sum(closing.values(), ZERO) == 0


@given(st.text(max_size=30) | st.just("C:\\"))
def test_any_text_stays_on_its_line(text: str) -> None:
    """No text ends a field or a line early; what code page 437 lacks becomes a question mark."""
    found = company()
    rows = (Row(1910, Decimal(1), ZERO, text=text), Row(3001, ZERO, Decimal(1)))
    found.book(Draft(4, "F", date(2026, 3, 1), text, rows), AT, AT)
    body = raw(found, 4)
    assert body.count(b"\n#TRANS ") == 2
    assert not [byte for byte in body.replace(b"\r\n", b"") if byte < 32 or byte == 127]
    assert b'\\" 20260401' not in body
