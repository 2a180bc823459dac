"""A year's ledger out of a file and into one: the same parts, whatever program wrote it and in what order."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.sie.ledger import message_of
from connectors.sie.model import Balance, BalanceKind, Form, Ledger, Row, RowKind, Voucher
from connectors.sie.reading import Reading
from connectors.sie.swift import Swift
from connectors.sie.writing import write
from infra import registry
from infra.plugin import Malformed, YearHead, YearRead
from schemas.ledger import LedgerPartRead, LedgerRow, LedgerVoucher, ObjectCode
from schemas.ledger_parts import canonical, raw
from tests.connectors.sie.years import balances, ledgers, vouchers

OWN = Path(__file__).parents[3] / "connectors" / "sie" / "samples"
REAL = Path(__file__).parents[4] / "shared" / "samples" / "sie"
FILE = registry.ledger_file()


def read(raw: bytes) -> tuple[YearRead, list[LedgerPartRead]]:
    """Return a year and its parts."""
    with FILE.read(BytesIO(raw)) as year:
        return year, list(year.part(one.part for one in year.parts))


def head(year: YearRead) -> YearHead:
    """Return what a file says of a year besides."""
    return YearHead(year.first, year.last, "Exempel & Söner AB", year.organisation_number, date(2026, 2, 1), "revisor")


@pytest.mark.skipif(not REAL.exists(), reason="the real files are not beside the project")
@pytest.mark.parametrize("path", sorted(REAL.glob("*_4*.s[ei]")), ids=lambda path: path.name)
def test_a_real_year_comes_back_equal(path: Path) -> None:
    """Written anew it is read as the same parts; what is no year's ledger is refused, and why is said."""
    raw = path.read_bytes()
    if "#IB" not in raw.decode("cp437"):
        assert "no year's ledger" in refused(raw) or "#RAR 0: expected" in refused(raw)
        return
    year, parts = read(raw)
    again, others = read(b"".join(FILE.write(head(year), parts)))
    assert (again.sha256, again.parts, again.vouchers, again.rows) == (
        year.sha256,
        year.parts,
        year.vouchers,
        year.rows,
    )
    assert others == parts


def test_a_year_of_our_own() -> None:
    """Counts, parts, whose books, and what closes the reading; struck rows do not count."""
    year, parts = read((OWN / "year-with-history.se").read_bytes())
    retrieved = year.retrieved("sie", read_at=datetime(2026, 2, 1, tzinfo=UTC), requested_by="anna")
    assert (retrieved.year, retrieved.source, retrieved.requested_by) == (year.last.year, "sie", "anna")
    assert (retrieved.parts, retrieved.sha256, retrieved.vouchers) == (year.parts, year.sha256, year.vouchers)
    assert sum(len(part.vouchers) for part in parts) == year.vouchers > 0
    assert sum(len(voucher.rows) for part in parts for voucher in part.vouchers) == year.rows > 0
    assert year.organisation_number is None or len(year.organisation_number) == 10


@settings(max_examples=60, deadline=None)
@given(
    ledgers(Form.EXPORT, ["SEK"]),
    st.lists(vouchers(), max_size=8),
    st.lists(balances(), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_a_year_in_another_order_and_written_anew_is_the_same(
    ledger: Ledger, booked: list[Voucher], sums: list[Balance], luck: random.Random
) -> None:
    """Vouchers, balances and chart may stand in any order; the parts are the same, byte for byte."""
    entries: list[Balance | Voucher] = [*(one for one in sums if one.year == 0), *booked]
    entries.append(Balance(BalanceKind.OPENING, 0, "1910", Decimal("1.00")))
    try:
        year, parts = read(b"".join(write(ledger, entries)))
    except Malformed as too_large:  # the standard knows larger amounts than any system
        assume("digits" not in str(too_large))
        raise
    luck.shuffle(entries)
    assert read(b"".join(write(ledger, entries)))[0].parts == year.parts
    again, others = read(b"".join(FILE.write(head(year), parts)))
    assert again.parts == year.parts
    assert others == parts


HEAD = "#FLAGGA 0\n#SIETYP 4\n#GEN 20250101\n#FNAMN X\n#RAR 0 20240101 20241231\n"


@pytest.mark.parametrize(
    ("rows", "closing", "findings"),
    [
        ("#UB 0 3041 -5\n#RES 0 3041 -5.00", {"3041": "-5.00"}, 0),
        ("#RES 0 3041 -5\n#UB 0 3041 -5", {"3041": "-5.00"}, 0),
        ("#UB 0 3041 0\n#RES 0 3041 -5", {"3041": "-5.00"}, 0),
        ("#UB 0 3041 -5\n#RES 0 3041 0", {"3041": "-5.00"}, 0),
        ("#UB 0 3041 -5\n#RES 0 3041 -6", {"3041": "-11.00"}, 1),
        ("#RES 0 3041 -6\n#UB 0 3041 -5", {"3041": "-11.00"}, 1),
        ("#UB 0 1930 5\n#OUB 0 1930 {} 5", {"1930": "5.00"}, 0),
        ("#UB 0 1930 5\n#OUB 0 1930 {} 2\n#OUB 0 1930 {1 X} 3", {"1930": "5.00", "1930/X": "3.00"}, 0),
    ],
)
def test_a_balance_that_is_said_once_more_is_one(rows: str, closing: dict[str, str], findings: int) -> None:
    """A program in the wild writes each account of the result under both labels: it is not worth twice as much."""
    year, parts = read(f"{HEAD}{rows}\n".encode())
    found = {
        "/".join((one.account, *(each.code for each in one.objects))): str(one.amount)
        for part in parts
        for one in part.balances
    }
    assert found == closing
    assert len(year.findings) == findings


ODD = st.sampled_from(["", "1" * 17, '"\\\b\f\n\r\t\x00\x1f\x7f\u2028é', "1910"])


@settings(max_examples=300, deadline=None)
@given(vouchers(), ODD, st.decimals(-(10**15), 10**15, places=2), st.integers(-1, 3))
def test_a_voucher_that_is_written_at_once_is_its_message(
    voucher: Voucher, odd: str, amount: Decimal, dimension: int
) -> None:
    """Byte for byte, whatever its texts; and what no message can be is left to the message, which says so."""
    row = Row(RowKind.BOOKED, odd, ((dimension, odd),) if dimension >= 0 else (), amount, voucher.day, odd)
    for one in (voucher, voucher._replace(rows=(*voucher.rows, row)), voucher._replace(series=odd, text=odd)):
        written = Swift().raw_of(one)
        try:
            message = canonical(message_of(one))
        except Malformed:
            assert written is None
        else:
            assert written in (None, (raw(message), len(message.rows)))
    assert Swift().raw_of(voucher._replace(rows=())) is not None


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["1910 {}", '3041 {6 "P 1" 1 "x"}', "1910 {0 10}", f"{'1' * 17} {{}}"]),
        st.sampled_from(["5.00", "-5.00", "0.00", "-0.00", "007.50", "1.5", "-3", "123456789012.00", "1" * 13, "-.50"]),
        st.sampled_from(
            ["", ' ""', " 20250101", ' 20250102 ""', r' "" "a,\"day\":\"2025-01-01\"}"', ' 20250102 ",é" 2.50 "Åsa"']
        ),
    ).map(lambda row: "#TRANS {} {}{}".format(*row)),
    max_size=3,
)


@given(st.lists(ROWS, max_size=4))
def test_rows_are_written_alike_by_column_and_one_by_one(booked: list[list[str]]) -> None:
    """What was read many at a time is what its rows say, one by one."""
    text = "".join("\n".join(["#VER A 1 20250101", "{", *rows, "}", ""]) for rows in booked)
    swift = Swift()
    for one in Reading(BytesIO(lines("#IB 0 1910 5.00") + text.encode("cp437"))):
        if isinstance(one, Voucher):
            assert swift.raw_of(one) == Swift().raw_of(one._replace(rows=tuple(one.rows)))


def lines(*more: str, kind: str = "4") -> bytes:
    """Return a small file."""
    heading = ["#FLAGGA 0", "#FORMAT PC8", f"#SIETYP {kind}", '#PROGRAM "x" 1', "#GEN 20260101", '#FNAMN "Exempel AB"']
    return "\r\n".join([*heading, "#RAR 0 20250101 20251231", *more, ""]).encode("cp437")


def test_parts_are_read_as_long_as_the_year_is_open() -> None:
    """By name, in any order, again and again."""
    with FILE.read(BytesIO(lines("#IB 0 1910 5.00", "#VER A 1 20250101", "{", "}"))) as year:
        names = [one.part for one in year.parts]
        assert names == ["balances", "chart", "vouchers/A/0000000"]
        assert [part.part for part in year.part(reversed(names))] == names[::-1]
        assert next(iter(year.part([names[2]]))).vouchers[0].rows == ()


def test_an_empty_year_is_a_year() -> None:
    """A year that has just begun has neither vouchers nor balances."""
    year, _ = read(lines("#KONTO 1910 Kassa"))
    assert (year.vouchers, year.rows, len(year.parts)) == (0, 0, 2)


def refused(raw: bytes) -> str:
    """Return why a file is refused."""
    with pytest.raises(Malformed) as error:
        read(raw)
    return str(error.value)


def test_what_is_no_years_ledger_is_refused() -> None:
    """And what is to be done is said."""
    assert "of type 2: it has balances and no vouchers" in refused(lines("#IB 0 1910 5.00", kind="2"))
    booked = ("#VER A 1 20250101", "{", "#TRANS 1910 {} 1.00", "#TRANS 3000 {} -1.00", "}")
    assert "entries to be booked (4I)" in refused(lines(*booked))
    assert "no SIE file" in refused(b"hello")


def test_damage_is_said_by_line_and_column() -> None:
    """As the reader found it; a bounded list."""
    broken = [line for number in range(500) for line in (f"#VER A {number} 20250101", "{", "#TRANS 1910 {} 1,00", "}")]
    said = refused(lines("#IB 0 1910 5.00", *broken))
    assert "line 11, column 16: expected an amount such as" in said
    assert "more" in said
    assert len(said) < 5_000


def test_what_no_system_takes_is_refused_by_its_voucher() -> None:
    """Amounts of more than twelve digits, accounts longer than any."""
    big = ("#VER A 7 20250101", "{", "#TRANS 1910 {} 1000000000000.00", "}")
    assert "voucher A 7 of 2025-01-01: amount: " in refused(lines("#IB 0 1910 5.00", *big))
    assert "balance" in refused(lines(f"#IB 0 {'1' * 17} 5.00"))


def test_what_a_file_cannot_hold_is_written_so_that_it_is_told_apart() -> None:
    """In a text a near letter is written; a code is never another one, and keeps nobody from the books."""
    year, parts = read(lines("#IB 0 1910 5.00", "#VER A 1 20250101 Fika", "{", "}"))
    codes = ["Å", "\u0160", r"\u0160", "S", "\U0001f600", "a\tb", "C:\\", "Ø1"]
    row = LedgerRow(account="1910", amount=Decimal("1.00"))
    odd = LedgerVoucher(
        series="\u0160",
        number="1",
        day=date(2025, 1, 1),
        text="5 € \u2013 kaffe",
        rows=tuple(row.model_copy(update={"objects": (ObjectCode(dimension=1, code=code),)}) for code in codes),
    )
    part = parts[2].model_copy(update={"vouchers": (odd,)})
    _, written = read(b"".join(FILE.write(head(year), [*parts[:2], part])))
    [voucher] = written[2].vouchers
    assert (voucher.series, voucher.text) == (r"\u0160", "5 EUR - kaffe")
    assert [one.code for each in voucher.rows for one in each.objects] == [
        *("Å", r"\u0160", r"\u005cu0160", "S", r"\U0001f600", r"a\u0009b", r"C:\u005c", r"\u00d81")
    ]
