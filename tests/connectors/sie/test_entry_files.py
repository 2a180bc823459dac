"""SIE 5 entry files give what a file of type 4I gives, or named problems."""

import re
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sie.entry_files import EntryReading, reading_of
from connectors.sie.model import Account, Company, Dimension, Form, Ledger, Object, Row, RowKind, Voucher
from connectors.sie.notes import Damaged, Refused, TooLarge
from connectors.sie.reading import Limits, Reading

RAW = (Path(__file__).parents[3] / "connectors" / "sie" / "samples" / "entries.sie").read_bytes()


def read(raw: bytes, limits: Limits | None = None) -> tuple[Ledger, list[Voucher], EntryReading]:
    """Read a whole file."""
    reading = EntryReading(BytesIO(raw), limits)
    entries = list(reading)
    return reading.ledger, entries, reading


def test_an_entry_file() -> None:
    """Journals are series; what only SIE 5 has is passed over."""
    ledger, entries, reading = read(RAW)
    assert reading.notes.kept == []
    assert ledger == Ledger(
        Form.ENTRIES,
        Company('Bröderna "Prov" AB', "559999-0016", code="17"),
        accounts=(Account("1229", "Ack avskrivningar", "T"), Account("7832", "Avskrivning inventarier", "K", "st")),
        dimensions=(Dimension(1, "Kostnadsställe"),),
        objects=(Object(1, "10", "Verkstad"),),
        program="Provbokslut",
        version="2025.1",
        generated=date(2025, 3, 20),
        generated_by="Åsa",
    )
    rows = (
        Row(RowKind.BOOKED, "1229", (), Decimal("-1200.50")),
        Row(
            RowKind.BOOKED,
            "7832",
            ((1, "10"),),
            Decimal("1200.50"),
            date(2024, 12, 30),
            "Enligt plan",
            Decimal("2.5"),
        ),
    )
    assert entries == [
        Voucher("I", "3", date(2024, 12, 31), "Avskrivning & annat", date(2025, 3, 20), "Åsa", rows),
        Voucher("", "", date(2024, 12, 31), "", date(2025, 3, 20)),
    ]


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('amount="-1200.5"', 'amount="-1200,5"', (20, 7)),
        ('amount="-1200.5"', "", (20, 7)),
        ('accountId="1229"', "", (20, 7)),
        ('quantity="2.5"', 'quantity="två"', (21, 7)),
        ('dimId="1"', 'dimId="avdelning"', (22, 9)),
        ('journalDate="2024-12-31" text', 'journalDate="20241231" text', (18, 5)),
        ('ledgerDate="2024-12-30"', 'ledgerDate="2024-02-30"', (21, 7)),
        ("</Journal>", "", (36, 3)),
        ("<SieEntry", "<Sie", (1, 0)),
        ("<SieEntry", "<!DOCTYPE a [<!ENTITY b 'c'>]><SieEntry", (2, 0)),
        ("utf-8", "klingon", (1, 0)),
        ('time="2025-', 'time="20251-', (5, 5)),
    ],
)
def test_damage_is_told_by_line_and_column(old: str, new: str, place: tuple[int, int]) -> None:
    """Of the element that is wrong."""
    with pytest.raises(Damaged) as caught:
        read(RAW.decode().replace(old, new, 1).encode())
    assert (caught.value.notes[0].line, caught.value.notes[0].column) == place


def test_a_file_that_names_no_namespace_is_read_all_the_same() -> None:
    """Its entries are there; where only some name none, the rows of one are not another's."""
    raw = re.sub(rb' xmlns="[^"]*"', b"", RAW)
    assert raw != RAW
    _, whole, _ = read(RAW)
    assert read(raw)[1] == whole
    assert read(RAW.replace(b"<JournalEntry", b'<JournalEntry xmlns=""', 1))[1] == whole


def test_findings_and_limits() -> None:
    """The same as of other files."""
    _, _, reading = read(RAW.replace(b"-1200.5", b"-1200.4"))
    assert [note.code for note in reading.notes.kept] == ["unbalanced_voucher"]
    for limits in (Limits(size=10), Limits(objects=3), Limits(rows=1)):
        with pytest.raises(TooLarge):
            read(RAW, limits)
    assert read(RAW, Limits(objects=4, rows=2))


@given(st.binary(max_size=50), st.integers(0, len(RAW)), st.integers(0, 60))
def test_any_bytes_give_a_ledger_or_named_problems(put: bytes, at: int, cut: int) -> None:
    """And never another exception."""
    said: list[str] = []
    for raw in (put, RAW[:at] + put + RAW[at + cut :]):
        try:
            read(raw)
        except Refused as error:
            said.append(str(error))
    assert all(re.match(r"line \d+", one) for one in said), said


@pytest.mark.parametrize("raw", [RAW, RAW.decode().encode("utf-8-sig"), b"\n<Sie/>", "<Sie/>".encode("utf-16")])
def test_a_reading_is_chosen_by_the_first_bytes(raw: bytes) -> None:
    """XML is an entry file, all else of types 1 to 4."""
    assert isinstance(reading_of(BytesIO(raw)), EntryReading)
    assert isinstance(reading_of(BytesIO(b"#FLAGGA 0\n")), Reading)
