"""Files of entries become batches of closing entries."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.sie import translate
from infra.plugin import Malformed
from schemas.events import ClosingEntriesReady, ClosingEntry, EntryRow
from schemas.ledger import LedgerPartRead, LedgerRetrieved
from schemas.words import Text

REAL = Path(__file__).parents[4] / "shared" / "samples" / "sie"
OWN = Path(__file__).parents[3] / "connectors" / "sie" / "samples"
REFUSED = Path(__file__).parent / "refused"
HEAD = (
    "#FLAGGA 0",
    "#FORMAT PC8",
    "#SIETYP 4",
    '#PROGRAM "Bokslut" 1',
    "#GEN 20260101",
    '#FNAMN "Exempel AB"',
    "#ORGNR 556016-0680",
)
YEAR = "#RAR 0 20250101 20251231"
TAX = ('#VER I 1 20251231 "Skatt"', "{", "#TRANS 8910 {} 500.00", "#TRANS 2512 {} -500.00", "}")
RESULT = ('#VER "" "" 20251231', "{", '#TRANS 8999 {} 100.00 "" "Resultat"', "#TRANS 2099 {} -100.00", "}")


def lines(*more: str, head: tuple[str, ...] = HEAD) -> bytes:
    """Return a file."""
    return "\r\n".join([*head, *more, ""]).encode("cp437")


def batch(payload: bytes) -> ClosingEntriesReady:
    """Return the batch that a file is."""
    (fact,) = translate(payload)
    assert isinstance(fact, ClosingEntriesReady)
    return fact


def refused(payload: bytes) -> str:
    """Return why a file is refused."""
    with pytest.raises(Malformed) as error:
        translate(payload)
    return str(error.value)


def test_entries_are_a_batch_of_closing_entries() -> None:
    """With the year, the company, and a name and a text for each."""
    made = batch(lines(YEAR, *TAX, *RESULT))
    assert (made.system, made.organisation_number) == ("sie", "5560160680")
    assert (made.year_from, made.year_to) == (date(2025, 1, 1), date(2025, 12, 31))
    result, tax = made.entries
    assert tax == ClosingEntry(
        number="I 1",
        entry_date=date(2025, 12, 31),
        text="Skatt",
        rows=(
            EntryRow(account=8910, debit=Decimal("500.00")),
            EntryRow(account=2512, credit=Decimal("500.00")),
        ),
    )
    assert (result.number, result.text) == ("no 1", "Resultat")


def test_a_batch_is_known_by_its_entries() -> None:
    """Exported on another day and in another order it is the same; with other entries it is not."""
    made = batch(lines(YEAR, *TAX, *RESULT))
    head = tuple(line.replace("20260101", "20260202") for line in HEAD)
    assert batch(lines(YEAR, *RESULT, *TAX, head=head)) == made
    assert batch(lines(YEAR, *TAX)).batch != made.batch


def test_entries_that_only_their_rows_tell_apart_are_the_same_batch_in_any_order() -> None:
    """A closing program that leaves numbers to the receiver writes several of one day under one text."""
    wear, tax = (
        ('#VER "" "" 20251231 "Bokslut"', "{", f"#TRANS {debit} {{}} 9.00", f"#TRANS {credit} {{}} -9.00", "}")
        for debit, credit in ((7832, 1229), (8910, 2512))
    )
    made = batch(lines(YEAR, *wear, *tax))
    assert [(entry.number, entry.rows[0].account) for entry in made.entries] == [("no 1", 7832), ("no 2", 8910)]
    assert batch(lines(YEAR, *tax, *wear)) == made


def test_an_object_without_a_code_is_none() -> None:
    """Some programs write each dimension in each row, and nothing where there is nothing."""
    rows = ('#TRANS 7832 {1 "" 6 "P7"} 5.00', '#TRANS 1229 {"1" "" "6" ""} -5.00')
    (entry,) = batch(lines('#VER I 2 20251231 "Avskrivning"', "{", *rows, "}")).entries
    assert [(row.cost_centre, row.project) for row in entry.rows] == [(None, "P7"), (None, None)]


def test_cost_centres_and_projects_come_along() -> None:
    """Fortnox has no other dimensions. A row of nothing says nothing."""
    rows = ('#TRANS 7832 {1 "10" 6 "P7" 7 "Anna"} 5.00', "#TRANS 1229 {} -5.00", "#TRANS 1930 {} 0.00")
    (entry,) = batch(lines('#VER I 2 20251231 "Avskrivning"', "{", *rows, "}")).entries
    assert [(row.account, row.cost_centre, row.project) for row in entry.rows] == [
        (7832, "10", "P7"),
        (1229, None, None),
    ]


def test_what_a_file_says_of_itself_and_what_does_not_come_along_are_findings() -> None:
    """The same entries are the same batch all the same; and nobody is named."""
    rows = ('#TRANS 7832 {1 "10" 7 "Anna"} 5.00', '#TRANS 1229 {7 "Bo" 20 "" 8 "K1"} -5.00')
    entry = ('#VER I 2 20251231 "Avskrivning"', "{", *rows, "}")
    taken = tuple(line.replace("#FLAGGA 0", "#FLAGGA 1") for line in HEAD)
    made, again = batch(lines(YEAR, *entry)), batch(lines(YEAR, *entry, head=taken))
    why = "vouchers in Fortnox have a cost centre and a project only"
    left_out = tuple(
        f"dimension {dimension} does not come along (rows that have it: {rows}): {why}"
        for dimension, rows in ((7, 2), (8, 1))
    )
    assert made.findings == left_out
    assert again.findings == ("the flag says that a program has taken this file before", *left_out)
    assert [found.wording.key for found in again.found if isinstance(found, Text)] == [
        "sie.taken_before",
        "sie.left_out",
        "sie.left_out",
    ]
    assert again.key == made.key


def test_amounts_in_another_currency_are_not_read_as_kronor() -> None:
    """Neither entries nor a year's ledger; SIE 5 names its currency otherwise."""
    assert batch(lines("#VALUTA sek", YEAR, *TAX)) == batch(lines(YEAR, *TAX))
    entry_file = (OWN / "entries.sie").read_text("utf-8")
    in_euro = entry_file.replace("</FileInfo>", '<AccountingCurrency currency="EUR"/></FileInfo>')
    for payload in (
        lines("#VALUTA EUR", YEAR, *TAX),
        lines("#VALUTA EUR", YEAR, "#IB 0 2512 0.00", *TAX),
        in_euro.encode(),
    ):
        assert "expected SEK" in refused(payload)


@pytest.mark.parametrize("number", ['"556016 0680"', "SE556016068001", "16556016-0680", "5560160680"])
def test_whose_entries_these_are_is_read_however_it_is_written(number: str) -> None:
    """As programs write it that take it as it was entered."""
    head = [f"#ORGNR {number}" if line.startswith("#ORGNR") else line for line in HEAD]
    assert batch(lines(YEAR, *TAX, head=head)) == batch(lines(YEAR, *TAX))


def test_a_file_without_a_year_is_of_the_days_of_its_entries() -> None:
    """That is all that it says."""
    other = ('#VER I 2 20251130 "x"', "{", "#TRANS 8910 {} 1.00", "#TRANS 2512 {} -1.00", "}")
    made = batch(lines(*TAX, *other))
    assert (made.year_from, made.year_to) == (date(2025, 11, 30), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (lines(*TAX, head=HEAD[:-1]), "#ORGNR: expected the company's organisation number"),
        (lines(YEAR), "#VER: expected entries to be booked"),
        (lines('#VER I 7 20251231 "x"', "{", "#TRANS 1910 {} 1.00", "}"), "(I 7): expected two rows at least"),
        (
            lines('#VER I 7 20251231 "x"', "{", "#TRANS 143010 {} 1.00", "#TRANS 1910 {} -1.00", "}"),
            "(I 7), row 1: expected an account of four digits",
        ),
        (
            lines('#VER I 7 20251231 "x"', "{", '#TRANS 1910 {1 "A" 1 "B"} 1.00', "#TRANS 1910 {} -1.00", "}"),
            "row 1: expected one object of dimension 1",
        ),
        (
            lines('#VER I 7 20251231 "x"', "{", '#TRANS 1910 {1 "Butiken"} 1.00', "#TRANS 1910 {} -1.00", "}"),
            "row 1: cost_centre: ",
        ),
        (lines(*[line for _ in range(5001) for line in TAX]), "10,002 rows are to be booked, more than 10,000"),
    ],
)
def test_what_can_be_no_entries_is_refused(payload: bytes, why: str) -> None:
    """What is wrong, where, and never a text of the books."""
    assert why in refused(payload)
    assert "Butiken" not in refused(payload)


def test_everything_wrong_is_said_at_once() -> None:
    """By voucher."""
    wrong = ("{", "#TRANS 1910 {} 1.00", "}")
    said = refused(lines("#VER I 7 20251231 x", *wrong, "#VER I 8 20251231 x", *wrong))
    assert "(I 7)" in said
    assert "(I 8)" in said


def test_types_without_vouchers_are_refused() -> None:
    """What can be done is said."""
    assert "of type 3: it has balances and no vouchers" in refused((REFUSED / "object-balances.se").read_bytes())
    assert "line " in refused((REFUSED / "damaged.se").read_bytes())


def test_a_year_is_its_parts_and_what_closes_them() -> None:
    """The same bytes are the same facts: when they came is no matter of the file."""
    *parts, closing = translate((OWN / "year-with-history.se").read_bytes())
    assert {type(part) for part in parts} == {LedgerPartRead}
    assert isinstance(closing, LedgerRetrieved)
    assert (closing.source, closing.read_at, len(closing.parts)) == ("sie", None, len(parts))


def test_an_entry_file_of_sie_5_is_a_batch() -> None:
    """It has no year of its own."""
    made = batch((OWN / "entries.sie").read_bytes())
    assert made.entries
    assert made.year_from <= made.entries[0].entry_date <= made.year_to


@pytest.mark.skipif(not REAL.exists(), reason="the real files are not beside the project")
@pytest.mark.parametrize("path", sorted(REAL.glob("*_4I_*")), ids=lambda path: path.name)
def test_real_files_of_entries(path: Path) -> None:
    """Of four programs: each is a batch that balances."""
    made = batch(path.read_bytes())
    assert all(sum(row.debit - row.credit for row in entry.rows) == 0 for entry in made.entries)
