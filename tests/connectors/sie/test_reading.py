"""A file is read to the letter, its damage told by line and column, and what is odd but lawful told apart from it."""

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from time import process_time
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sie.encoding import Evidence, Page
from connectors.sie.model import Account, Balance, BalanceKind, Company, FinancialYear, Form, Row, RowKind, Voucher
from connectors.sie.notes import Damaged, Grade, Notes, Refused, TooLarge
from connectors.sie.plain import Rows
from connectors.sie.reading import Limits, Reading, _Reader
from tests.connectors.sie.years import read

SAMPLES = Path(__file__).parents[3] / "connectors" / "sie" / "samples"
REFUSED = Path(__file__).parent / "refused"
HEAD = """#FLAGGA 0
#PROGRAM "Prov" 1
#FORMAT PC8
#GEN 20250101
#SIETYP 4
#FNAMN "Prov AB"
#RAR 0 20240101 20241231
#KONTO 1930 "Bank"
#KONTO 2081 "Kapital"
#KONTO 3041 "Intäkter"
"""
FIRST = HEAD.count("\n") + 1
"""The line after the heading."""


def vouchers(text: str) -> list[Voucher]:
    """Return the vouchers that follow the heading."""
    _, entries, _ = read((HEAD + text).encode("cp437"))
    return [entry for entry in entries if isinstance(entry, Voucher)]


def codes(text: str, grade: Grade) -> dict[str, int]:
    """Return what was noted of a grade, with the line counted from the end of the heading."""
    _, _, reading = read((HEAD + text).encode("cp437"))
    return {note.code: max(note.line - FIRST + 1, 0) for note in reading.notes.kept if note.grade is grade}


def damage(text: str) -> list[tuple[int, int]]:
    """Return line and column of what is damaged, the line counted from the end of the heading."""
    with pytest.raises(Damaged) as caught:
        read((HEAD + text).encode("cp437"))
    return [(note.line - FIRST + 1, note.column) for note in caught.value.notes]


def test_a_year_with_history() -> None:
    """The sample holds what breaks readers: all of it is lawful, and nothing is noted."""
    ledger, entries, reading = read((SAMPLES / "year-with-history.se").read_bytes())
    assert reading.notes.kept == []
    assert (ledger.form, ledger.program, ledger.generated_by) == (Form.EXPORT, "Provbokföring", "Åsa")
    assert ledger.company == Company(
        name='Bröderna "Prov" Ö & Å AB',
        organisation_number="5599990016",
        code=r"C:\SIE\Företag",
        street="Kvarngatan 3",
        city="621 55 VISBY",
        telephone="0498-00 00 00",
    )
    assert ledger.company.ten_digits == "5599990016"
    assert ledger.year(-1) == FinancialYear(-1, date(2021, 11, 1), date(2023, 12, 31))
    assert ledger.accounts[0] == Account("0351", "Inventarier i förråd", "T")
    assert Counter(entry.kind for entry in entries if isinstance(entry, Balance)) == {
        BalanceKind.OPENING: 2,
        BalanceKind.CLOSING: 5,
        BalanceKind.RESULT: 3,
    }
    found = [entry for entry in entries if isinstance(entry, Voucher)]
    assert [(one.series, one.number, len(one.rows), len(one.booked)) for one in found] == [
        ("A", "7", 2, 2),
        ("A", "8", 0, 0),
        ("A", "9", 4, 2),
        ("B", "1", 2, 2),
        ("LEV1", "", 2, 2),
    ]
    assert found[2].rows[1:] == (
        Row(RowKind.REMOVED, "5010", (), Decimal(200), date(2024, 2, 5), sign="Bo"),
        Row(RowKind.ADDED, "6110", ((1, "10"), (6, "P 7")), Decimal(200), date(2024, 2, 5), "Fel konto", sign="Bo"),
        Row(RowKind.BOOKED, "6110", ((1, "10"), (6, "P 7")), Decimal(200), date(2024, 2, 3)),
    )
    assert found[3].rows[1] == Row(
        RowKind.BOOKED, "3041", ((1, "10"), (21, "1001")), Decimal(-12500), None, "Konsult", Decimal("-12.5"), "extra"
    )


def test_closing_entries_with_a_checksum() -> None:
    """The receiver numbers them; a single letter that differs is damage, and so is a missing end."""
    raw = (SAMPLES / "closing-entries.si").read_bytes()
    ledger, entries, reading = read(raw)
    assert (ledger.form, reading.notes.kept) == (Form.ENTRIES, [])
    assert [(one.series, one.number) for one in entries if isinstance(one, Voucher)] == [("", ""), ("I", "")]
    for other, code in (
        (raw.replace(b"Enligt plan", b"Enligt plat"), "checksum"),
        (raw[: raw.rindex(b"#KSUMMA")], "truncated"),
    ):
        with pytest.raises(Damaged) as caught:
            read(other)
        assert [note.code for note in caught.value.notes] == [code]
    _, _, reading = read(raw.decode("cp437").encode())
    assert set(reading.notes.counts) == {"checksum_skipped"}


def test_braces_do_not_count_for_the_checksum_wherever_they_stand() -> None:
    """On the row of the voucher; and around the rows of a later standard's record, which count as it does itself."""
    head, end = "#FLAGGA 0\n#KSUMMA\n", "#KSUMMA {}\n"
    rows = "#TRANS 1930 {{}} 5.00\n#TRANS 3041 {{}} -5.00\n}}\n"
    counted = b"#VERA120240301#TRANS19305.00#TRANS3041-5.00"
    for before, others in (("", b""), ("#NY 1\n{{\n#NYRAD 2 x\n#TRANS 3\n}}\n", b"#NY1#NYRAD2x#TRANS3")):
        for opening in (" {{\n", "\n{{\n"):
            text = head + before.format() + '#VER A 1 20240301 ""' + (opening + rows).format()
            _, entries, _ = read((text + end.format(crc32(others + counted))).encode())
            assert [len(one.rows) for one in entries if isinstance(one, Voucher)] == [2]
            with pytest.raises(Damaged):
                read((text + end.format(crc32(counted + b"?"))).encode())


def test_balances_of_objects_and_periods() -> None:
    """Type 3, in UTF-8 although it says PC8."""
    ledger, entries, reading = read((REFUSED / "object-balances.se").read_bytes())
    assert (ledger.form, ledger.until, reading.notes.kept) == (Form.OBJECT_BALANCES, date(2024, 6, 30), [])
    assert Balance(BalanceKind.PERIOD, 0, "1510", Decimal(2500), "202401", ((8, "1001"),)) in entries
    assert Balance(BalanceKind.BUDGET, 0, "3041", Decimal(-10000), "202402") in entries


def test_damage_is_told_by_line_and_column() -> None:
    """All of it, in the order of the file, with what was expected and no word of the file."""
    with pytest.raises(Damaged) as caught:
        read((REFUSED / "damaged.se").read_bytes())
    assert [(note.line, note.column) for note in caught.value.notes] == [
        (4, 6),
        (9, 14),
        (10, 10),
        (16, 27),
        (17, 16),
        (18, 13),
        (19, 0),
        (21, 19),
        (23, 0),
        (24, 1),
        (25, 1),
    ]
    assert str(caught.value).startswith("line 4, column 6: expected a day as YYYYMMDD, of the years 1900 to 2199; ")
    assert str(caught.value).endswith("; and 1 more")
    assert not re.search("Skott|Hyra|hundra|resten", str(caught.value))


def test_nothing_is_given_after_the_first_damage() -> None:
    """Entries before it may have been given: a reading is all or nothing."""
    text = "#VER A 1 20240101\n{\n}\n#VER A 2 2024\n{\n}\n#VER A 3 20240103\n{\n}\n"
    given_before: list[object] = []
    with pytest.raises(Damaged):
        given_before.extend(Reading(BytesIO((HEAD + text).encode())))
    reading = Reading(BytesIO((HEAD + text).encode()))
    entries = iter(reading)
    assert isinstance(first := next(entries), Voucher)
    assert first.number == "1"
    with pytest.raises(Damaged):
        next(entries)
    with pytest.raises(RuntimeError, match="go through the entries"):
        _ = Reading(BytesIO(b"#FLAGGA 0\n")).ledger


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ("#TRANS 1930 {} 1,50", (3, 16)),
        ("#TRANS 1930 {} 1 000.50", (3, 18)),
        ("#TRANS 1930 {} 1.505", (3, 16)),
        ("#TRANS 1930 {} NaN", (3, 16)),
        ("#TRANS 1930 {} 1_0", (3, 16)),
        ("#TRANS 1930 {} 1e5", (3, 16)),
        ("#TRANS 1930 {} 1234567890123456.00", (3, 16)),
        ("#TRANS 1930 {}", (3, 15)),
        ("#TRANS", (3, 7)),
        ("#TRANS 1930 {A 10} 1", (3, 13)),
        ("#TRANS 1930 {} 1 20240230", (3, 18)),
        ("#TRANS 1930 {} 1 18991231", (3, 18)),
        ('#TRANS 1930 {} 1 "" "" 1,5', (3, 24)),
        ("{", (3, 0)),
        ("#KONTO 1 x", (3, 0)),
    ],
)
def test_a_row_that_cannot_be_read(rows: str, place: tuple[int, int]) -> None:
    """Never guessed, never dropped."""
    assert damage(f"#VER A 1 20240101\n{{\n{rows}\n}}\n")[0] == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("#IB 1 1930 1", (1, 5)),
        ("#IB 0 1930 1 000,50", (1, 14)),
        ("#PSALDO 0 202413 1930 {} 1", (1, 11)),
        ("#RAR -1 20230101 20221231", (1, 18)),
        ("#DIM x Namn", (1, 6)),
        ('#DIM x "Na"mn"', (1, 0)),
        ("#SIETYP 7", (1, 9)),
        ("#VER A 1 20240101\n{\n", (1, 0)),
        ("}", (1, 0)),
        ("{\n}", (1, 0)),
        ("#TRANS 1930 {} 1", (1, 1)),
        ("#VER A 1 20240101\n#TRANS 1930 {} 1\n}", (2, 1)),
        ("#VER A 1\n{\n#TRANS 1930 {} 1\n}", (1, 9)),
    ],
)
def test_a_record_that_cannot_be_read(text: str, place: tuple[int, int]) -> None:
    """What follows from one mistake is not told as further ones."""
    assert damage(text) == [place]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("#VER A 1 20240101\n#VER A 2 20240101\n{\n}\n", "no_braces", 1),
        ("#VER A 1 20240101 Text 00000000\n{\n}", "no_day", 1),
        ("#IB 0 1930 +5\n#IB 0 2081 -5.000\n", "amount", 2),
        ("#IB 0 1930 .00\n#IB 0 2081 5." + "0" * 50 + "\n#IB 0 2081 -5\n", "amount", 2),
        ("#IB 0 1930 5 styck\n#IB 0 2081 -5", "quantity", 1),
        ("#PSALDO 0 202401 1930 5", "no_object_list", 1),
        ('#KONTO 1 "F"rskott"', "quotation", 1),
        ('#KONTO 1 F"rskott', "quotation", 1),
        ("#KONTO 1 Kassa och bank", "quotation", 1),
        ("#KONTO 1930 Kassa", "twice", 1),
        ("#IB -1 1930 5", "no_year", 1),
        ("#RAR -1", "no_year", 1),
        ("#OBJEKT 30 1 Ett", "no_dimension", 0),
        ("#UB 0 1940 0", "no_account", 0),
        ("#FORMAT ANSI", "format", 1),
        ("#VER A 1 20240101\n{\n#RTRANS 1930 {} 5\n}", "no_twin", 1),
    ],
)
def test_deviations_are_read_and_said(text: str, code: str, line: int) -> None:
    """There is one way to understand them."""
    assert codes(text, Grade.DEVIATION)[code] == line


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("#VER A 1 20240101\n{\n#TRANS 1930 {} 5\n}", "unbalanced_voucher", 1),
        ("#VER A 2 20240101\n{\n}\n#VER A 2 20240101\n{\n}\n", "number_not_ascending", 4),
        ("#VER A 1 20230101\n{\n}\n", "outside_year", 0),
        ("#OMFATTN 20240630\n#IB 0 1930 5\n#IB 0 2081 -5", "part_of_year", 0),
        ("#IB 0 1930 5", "opening_not_zero", 0),
        ("#IB 0 1930 5\n#IB 0 2081 -5\n#UB -1 1930 6\n#UB -1 2081 -6\n#RAR -1 20230101 20231231", "opening_differs", 0),
        ("#UB 0 1930 5\n#VER A 1 20240101\n{\n#TRANS 1930 {} 6\n#TRANS 3041 {} -6\n}\n", "closing_differs", 0),
        ("#IB 0 1930 5\n#IB 0 1930 -5", "balance_twice", 2),
    ],
)
def test_findings_are_no_damage(text: str, code: str, line: int) -> None:
    """Opening balances that do not sum to zero, sums that differ: the file is whole, its books are as they are."""
    assert codes(text, Grade.FINDING)[code] == line


@pytest.mark.parametrize("until", ["20241231", "19700101"])
def test_books_in_order_have_no_findings(until: str) -> None:
    """Accounts without a balance are those whose sum is zero; which side an account is on is told by type, else BAS.

    That balances are of the whole year is said by its last day, and by a day that means nothing.
    """
    text = (
        f"#OMFATTN {until}\n"
        "#IB 0 1930 5\n#IB 0 2081 -5\n#UB 0 1930 11\n#UB 0 2081 -5\n#RES 0 3041 -6\n"
        "#VER A 1 20240101\n{\n#TRANS 1930 {} 6\n#TRANS 3041 {} -6\n}\n"
    )
    assert codes(text, Grade.FINDING) == {}


def test_an_unknown_record_is_passed_over_with_its_rows() -> None:
    """The standard grows (7.1): what is within the braces of an unknown record is no voucher's."""
    text = "#NYTT 1\n{\n#TRANS 1930 {} 1\nwhatever\n}\n#VER A 1 20240101\n{\n#MER 1\n}\n"
    assert [one.number for one in vouchers(text)] == ["1"]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("#KONTO 1 Kassa\toch bank ", "Kassa och bank"),
        ('#KONTO 1 "Kassa" och bank', "Kassa"),
        ('#KONTO 1 "F"rskott" till "Lind"', 'F"rskott" till "Lind'),
        ('#KONTO 1 F"rskott', 'F"rskott'),
    ],
)
def test_a_name_is_read_as_it_is_meant(row: str, name: str) -> None:
    """Blanks without quotation marks, such marks that are not escaped; after a text's end comes a later standard."""
    ledger, _, _ = read((HEAD + row).encode())
    assert ledger.accounts[-1] == Account("1", name)


def test_labels_in_small_letters_and_rows_as_people_write_them() -> None:
    """Leading blanks, the brace on the same row, tabs, quoted numbers."""
    text = '  #ver\t"" "0017"\t20240101 "a b" {\n\t#trans 1930 { } 5 "" Text\n #TRANS "3041"\t{"1" "10"} -5\n } \n'
    (voucher,) = vouchers(text)
    assert voucher == Voucher(
        "",
        "0017",
        date(2024, 1, 1),
        "a b",
        rows=(
            Row(RowKind.BOOKED, "1930", (), Decimal(5), text="Text"),
            Row(RowKind.BOOKED, "3041", ((1, "10"),), Decimal(-5)),
        ),
    )


def test_rows_are_made_when_somebody_looks_at_one() -> None:
    """They are as the tuple of them is: equal both ways, hashed, shown, cut and counted."""
    first, empty, last = vouchers(
        '#VER A 1 20240101 "x"\n{\n   #TRANS 1930 {1 "10"} 5.00 "" "a" 1.5\n   #TRANS 3041 {} -5\n   }\n'
        "#VER A 2 20240102\n{\n}\n#VER A 3 20240103\n{\n\t#TRANS 1930 {} 0.5 20240101\n}\n"
    )
    rows = (
        Row(RowKind.BOOKED, "1930", ((1, "10"),), Decimal("5.00"), text="a", quantity=Decimal("1.5")),
        Row(RowKind.BOOKED, "3041", (), Decimal(-5)),
    )
    assert isinstance(first.rows, Rows)
    assert first.rows == rows
    assert rows == first.rows
    assert first.rows != rows[:1]
    assert first.rows != [*rows]
    assert (hash(first), repr(first)) == (hash(first._replace(rows=rows)), repr(first._replace(rows=rows)))
    assert (first.rows[-1], first.rows[:1], len(first.rows), first.booked) == (rows[1], rows[:1], 2, rows)
    assert (empty.rows, bool(empty.rows)) == ((), False)
    assert last.rows == (Row(RowKind.BOOKED, "1930", (), Decimal("0.5"), date(2024, 1, 1)),)


def test_a_year_without_vouchers_and_a_file_without_much() -> None:
    """Nothing to do is no failure; what the standard demands and is not there is said."""
    ledger, entries, reading = read(b"#FLAGGA 0\n#RAR 0 20240101 20241231")
    assert (ledger.form, entries) == (Form.YEAR_BALANCES, [])
    assert {note.what.english for note in reading.notes.kept} == {
        f"expected a #{label}" for label in ("PROGRAM", "FORMAT", "GEN", "SIETYP", "FNAMN")
    }


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n\r\n", b"PK\x03\x04", b"<Sie/>", b"#!/bin/sh\necho\n", b"\xff\xfe#\x00", b"\x00" * 99]
)
def test_what_is_no_sie_file(raw: bytes) -> None:
    """It is said at once."""
    with pytest.raises(Damaged, match=r"no SIE file|UTF-16"):
        read(raw)


def test_limits_are_said_before_memory_is_spent() -> None:
    """Of the file's size, of what it declares, and of a voucher's rows."""
    text = HEAD + "#VER A 1 20240101\n{\n" + "#TRANS 1930 {} 0\n" * 5 + "}\n"
    for limits, line in ((Limits(size=100), 0), (Limits(objects=2), 10), (Limits(rows=4), FIRST + 6)):
        with pytest.raises(TooLarge) as caught:
            list(Reading(BytesIO(text.encode()), limits))
        assert caught.value.notes[0].line == line
    assert len(list(Reading(BytesIO(text.encode()), Limits(len(text.encode()), 3, 5)))) == 1


def test_a_list_of_damages_is_bounded() -> None:
    """The first are named, the others counted."""
    with pytest.raises(Damaged) as caught:
        read((HEAD + "#IB 0 1930 x\n" * 1000).encode("cp437"))
    assert len(caught.value.notes) + caught.value.more == 1000
    assert len(caught.value.notes) == 20
    assert len(str(caught.value)) < 2000


LINES = st.sampled_from(
    r"""{|}||#VER A 1 20240101|#VER "" "" 20240101 "x y" 20240102|#VER A|#TRANS 1930 {} 1.00|#RTRANS 1930 {} 1
#BTRANS 1 {} 2|#TRANS 1930 {1 "1"} -1.00 20240101 "t"
#TRANS 1930 {1 "1} -1.00 20240101 "t"|#IB 0 1930 1|#PSALDO 0 202401 1930 {1 2} 1
#KSUMMA|#KSUMMA 1|#OBJEKT 1 1 Å|#X {|#KONTO 1930 "a"b"|text""".replace("\n", "|").split("|")
)


@given(
    st.binary(max_size=200) | st.lists(LINES, max_size=30).map(lambda lines: (HEAD + "\n".join(lines)).encode("cp437"))
)
def test_any_bytes_give_a_ledger_or_named_problems(raw: bytes) -> None:
    """And never another exception."""
    said: list[str] = []
    for whole in (raw, b"#FLAGGA 0\n" + raw):
        try:
            read(whole)
        except Refused as error:
            said.append(str(error))
    assert all(said)


@pytest.mark.parametrize(
    "piece",
    [
        "#VER A 1 20240101\n",
        "#VER A 1 20240101\n{\n",
        "#VER A 1 20240101\n{\n#TRANS 1 {} x\n} \n",
        "#VER A 1 20240101\n{\n#TRANS 1930 {} 0\n} \n",
        '#TRANS 1930 {1 "1} ',
        "#KONTO " + '"' * 20,
        "#VER A 1 20240101\n{\n" + "#TRANS 1 " * 10_000 + "\n}\n",
        "\\",
        "\x01",
        "a\x01\n",
        " ",
        "#TRANS 1930 {} 1 ",
        "\u00c3",
        "}\n",
        "\r",
    ],
)
def test_time_is_linear(piece: str) -> None:
    """Four times as much takes about four times as long, whatever is repeated."""
    times = []
    for size in (100_000, 400_000):
        raw = (HEAD + piece * (size // len(piece))).encode("latin-1")
        start = process_time()
        try:
            for _ in Reading(BytesIO(raw), Limits(objects=10**6)):
                pass
        except Refused:
            pass
        times.append(process_time() - start)
    assert times[1] < 12 * times[0] + 0.2


PIECES = st.sampled_from(
    [
        *("#VER", "#TRANS", "#RTRANS", " ", " ", " ", "\t", "A", "1", "1930", "{}", "{1 2}", '{1 "}"}', "{", "}", '"'),
        *("\\", '"t"', "5.00", "-5", "+5", "20240101", '""', "0", "x", "\n", "\n", "\n{\n", "\n}\n"),
    ]
)
"""What vouchers are made of, right and wrong."""
ROWS = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "#TRANS 1930 {} 5.00",
                ' #TRANS 3041 {1 "1"} -5 20240101 "t" ',
                '#TRANS 1 {} 0 "" "t" 1.5',
                "#BTRANS 1930 {} 7",
            ]
        ),
        st.lists(PIECES, max_size=9).map("".join),
    ),
    max_size=3,
).map(lambda rows: "".join(f"{row}\n" for row in rows))
VOUCHERS = st.lists(
    st.tuples(
        st.sampled_from(['#VER A 1 20240101 "t"', '#VER "" "2" 20240101 "t" 20240102', "#VER A 1 20240230"]), ROWS
    ),
    max_size=3,
).map(lambda found: "".join(f"{head}\n{{\n{rows}}}\n" for head, rows in found))
PARTS = st.lists(VOUCHERS | st.lists(PIECES, max_size=40).map(lambda pieces: "".join((*pieces, "\n"))), max_size=3)


@given(PARTS, st.sampled_from([Limits(), Limits(rows=1), Limits(objects=1)]))
def test_the_shorter_way_gives_what_line_by_line_gives(parts: list[str], limits: Limits) -> None:
    """The same vouchers, the same sums, the same notes at the same lines, wherever a part of the file ends."""
    lines = "".join(parts).splitlines(keepends=True)
    said: list[object] = []
    for texts in (parts, lines):  # a line alone is no voucher
        notes = Notes()
        reader = _Reader(Evidence(Page.IBM), notes, limits)
        numbers = accumulate((text.count("\n") for text in texts), initial=2)
        found: list[Balance | Voucher] = []
        try:
            found.extend(reader.entries([(1, "#FLAGGA 0\n"), *zip(numbers, texts, strict=False)]))
            end: object = reader.finish()
        except TooLarge as error:
            said.append((str(error), notes.kept))
        else:
            said.append((end, notes.kept, notes.damaged or found, reader._checks.moved))
    assert said[0] == said[1]


def test_the_readme_names_every_code() -> None:
    """And no other."""
    folder = SAMPLES.parent
    sources = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    used = set(
        re.findall(
            r'(?:_damage|_refused|_deviation|_found|remark|add|Note)\(\s*(?:Grade\.\w+,\s*)?"([a-z_]+)"', sources
        )
    )
    named = re.findall(
        r"^\| (?:damage|deviation|finding) \| (.*?) \|", (folder / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert set(re.findall("`([a-z_]+)`", " ".join(named))) == used
