"""What is written is read back as it was; what a file cannot hold is refused."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.fortnox.sandbox import Company as SandboxCompany
from connectors.fortnox.sandbox import CostCentre
from connectors.fortnox.sandbox.books import Draft
from connectors.fortnox.sandbox.books import Row as SandboxRow
from connectors.fortnox.sandbox.requests import ApiRequest
from connectors.fortnox.sandbox.resources.exports import export
from connectors.sie.model import (
    Balance,
    BalanceKind,
    Company,
    FinancialYear,
    Form,
    Ledger,
    Row,
    RowKind,
    Voucher,
)
from connectors.sie.writing import FORTNOX, NotWritable, Style, write
from tests.connectors.sie.years import balances, ledgers, read, vouchers

SAMPLES = Path(__file__).parents[3] / "connectors" / "sie" / "samples"
DAY = date(2024, 12, 31)
LEDGER = Ledger(
    Form.ENTRIES,
    Company(name="Bröderna Prov AB", organisation_number="5599990016"),
    years=(FinancialYear(0, date(2024, 1, 1), DAY),),
    program="Prov",
    generated=DAY,
)


def entry(**changes: Any) -> Voucher:
    """Return a voucher that balances."""
    rows = (Row(RowKind.BOOKED, "8999", (), Decimal(5), text="Resultat"), Row(RowKind.BOOKED, "2099", (), Decimal(-5)))
    return Voucher("I", "", DAY, "Årets resultat", rows=rows)._replace(**changes)


def written(ledger: Ledger, *entries: Balance | Voucher, style: Style | None = None) -> bytes:
    """Return a whole file."""
    return b"".join(write(ledger, entries, style))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(Form), st.booleans())
def test_a_year_comes_back_as_it_was(data: st.DataObject, form: Form, checksum: bool) -> None:  # noqa: FBT001 - drawn
    """Every type, with and without a checksum, histories and odd texts included."""
    ledger = data.draw(ledgers(form))
    entries: list[Balance | Voucher] = []
    if form is not Form.ENTRIES:
        entries += data.draw(st.lists(balances(), min_size=1, max_size=4))
    if form in {Form.EXPORT, Form.ENTRIES}:
        entries += data.draw(st.lists(vouchers(), max_size=4))
    raw = written(ledger, *entries, style=Style(checksum=checksum))
    back, found, reading = read(raw)
    assert back == ledger
    assert found == entries
    assert not {"two_code_pages", "syntax", "repaired"} & set(reading.notes.counts)
    assert written(back, *found, style=Style(checksum=checksum)) == raw


def test_the_samples_come_back() -> None:
    """What was read from others' files is written so that it reads the same."""
    for path in (*SAMPLES.glob("*.s[ei]"), Path(__file__).parent / "refused" / "object-balances.se"):
        ledger, entries, _ = read(path.read_bytes())
        back, found, _ = read(written(ledger, *entries, style=Style(checksum=True)))
        assert found == entries
        assert replace(back, company=replace(back.company, organisation_number="")) == replace(
            ledger, company=replace(ledger.company, organisation_number="")
        )


def test_a_file_as_fortnox_takes_it() -> None:
    """Header values without quotation marks, texts of 50 characters, the organisation number with its hyphen."""
    long = 'En "mycket" lång text \u2013 om hyran för lokalen på Kvarngatan 3'
    assert written(LEDGER, entry(text=long), style=FORTNOX).decode("cp437").split("\r\n") == [
        "#FLAGGA 0",
        '#PROGRAM "Prov"',
        "#FORMAT PC8",
        "#GEN 20241231",
        "#SIETYP 4",
        "#ORGNR 559999-0016",
        '#FNAMN "Bröderna Prov AB"',
        "#RAR 0 20240101 20241231",
        r'#VER I "" 20241231 "En \"mycket\" lång text - om hyran för lokalen på Kv"',
        "{",
        '#TRANS 8999 {} 5.00 "" "Resultat"',
        "#TRANS 2099 {} -5.00",
        "}",
        "",
    ]


UNBALANCED = (Row(RowKind.BOOKED, "8999", (), Decimal(5)),)


@pytest.mark.parametrize(
    ("ledger", "entries", "style", "said"),
    [
        (LEDGER, [entry(text="5 €")], None, "voucher I  of 2024-12-31: #VER has U+20AC"),
        (LEDGER, [entry(series="\u0160")], FORTNOX, "#VER has U+0160"),
        (LEDGER, [entry(text="a\tb")], None, "a control character"),
        (LEDGER, [entry(text="C:\\")], None, "a text ends with"),
        (LEDGER, [entry(rows=UNBALANCED)], None, "it does not balance"),
        (LEDGER, [entry(day=date(2025, 1, 1))], FORTNOX, "outside the file's year"),
        (LEDGER, [Balance(BalanceKind.OPENING, 0, "1930", Decimal(1))], None, "have no balances"),
        (replace(LEDGER, until=DAY), [], None, "have no #OMFATTN"),
        (replace(LEDGER, company=Company(industry="1")), [], None, "have no #BKOD"),
        (replace(LEDGER, generated=None), [], None, "#GEN needs the day"),
        (replace(LEDGER, years=(FinancialYear(0, None, None),)), [], None, "#RAR 0 needs"),
        (replace(LEDGER, form=Form.YEAR_BALANCES), [entry()], None, "only type 4 has vouchers"),
        (replace(LEDGER, form=Form.EXPORT), [Balance(BalanceKind.PERIOD, 0, "1930", Decimal(1))], None, "of a month"),
        (
            replace(LEDGER, form=Form.EXPORT),
            [Balance(BalanceKind.OPENING, 0, "1930", Decimal(1), objects=((1, "a"),))],
            None,
            "are of objects",
        ),
        (LEDGER, [entry(rows=(Row(RowKind.ADDED, "8999", (), Decimal(5)),))], None, "before its twin"),
        (LEDGER, [entry(rows=(Row(RowKind.REMOVED, "8999", (), Decimal("0.005")),))], None, "two decimals"),
    ],
)
def test_what_a_file_cannot_hold_is_refused(
    ledger: Ledger, entries: list[Balance | Voucher], style: Style | None, said: str
) -> None:
    """With its place; nothing is replaced or left out in silence."""
    with pytest.raises(NotWritable, match=re.escape(said)):
        written(ledger, *entries, style=style)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("5 €", "5 EUR"),
        ("\u201dŠkoda\u201d \u2013 \u0160", '"Skoda" - S'),
        ("a\tb\x00", "a b "),
        ("C:\\", "C:/"),
        ("\u6f22", "?"),
        ("A\u030akeri", "Åkeri"),
        ("smørrebrød", "smorrebrod"),
    ],
)
def test_near_letters(text: str, near: str) -> None:
    """Asked for, a text that code page 437 lacks is written by what comes near it."""
    _, (found,), _ = read(written(LEDGER, entry(text=text), style=Style(near_letters=True)))
    assert isinstance(found, Voucher)
    assert found.text == near


SALES = st.lists(
    st.tuples(
        st.decimals(1, 9999, places=2), st.dates(date(2026, 1, 1), DAY.replace(2026)), st.sampled_from([None, "10"])
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(SALES, st.sampled_from([1, 2, 3, 4]), st.booleans())
def test_the_sandbox_writes_what_is_read(sales: list[Any], kind: int, utf_8: bool) -> None:  # noqa: FBT001 - drawn
    """Fortnox's imitation writes by itself; its files have nothing to remark, and its books add up."""
    at = datetime(2026, 12, 31, 12, tzinfo=UTC)
    found = SandboxCompany(1001, "Blåbär AB", cost_centres={"10": CostCentre("10", "Södermalm")}, sie_utf8=utf_8)
    for amount, day, centre in sales:
        rows = (
            SandboxRow(1910, amount, Decimal(0)),
            SandboxRow(3001, Decimal(0), amount, cost_centre=centre, text='Kassa "1" \\', quantity=Decimal(3)),
        )
        found.book(Draft(4, "F", day, "Dagsavslut / Ö", rows), at, at)
    raw = export(ApiRequest(at, {"type": str(kind)}, {"financialyear": "4"}, b"", at), found).body
    ledger, entries, reading = read(raw)
    assert reading.notes.kept == []
    assert ledger.company.ten_digits == "5560000001"
    booked = [one for one in entries if isinstance(one, Voucher)]
    assert len(booked) == (len(sales) if kind == 4 else 0)
    sums: Callable[[str], Decimal] = lambda account: sum(  # noqa: E731 - one line is enough
        (row.amount for one in booked for row in one.booked if row.account == account), Decimal(0)
    )
    if kind == 4 and sales:
        assert Balance(BalanceKind.CLOSING, 0, "1910", sums("1910")) in entries
        assert Balance(BalanceKind.RESULT, 0, "3001", sums("3001")) in entries
