"""The code page is told by evidence; what was garbled is put right or refused, and never passed on."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sie.encoding import Page, examine
from connectors.sie.model import Voucher
from connectors.sie.notes import Damaged
from tests.connectors.sie.years import read

TEXT = """#FLAGGA 0
#PROGRAM "Prov" 1
#FORMAT PC8
#GEN 20240101
#SIETYP 4
#FNAMN "Åkeri Öst AB"
#KONTO 1229 "Ack avskrivningar på inventarier"
#KONTO 3041 "Försäljning tjänster"
#VER A 1 20240105 "Kaffe på café, Malmö"
{
}
"""


def name_and_text(raw: bytes) -> tuple[str, str, set[str]]:
    """Return the company's name, the voucher's text, and the codes of what was noted."""
    ledger, (voucher,), reading = read(raw)
    assert isinstance(voucher, Voucher)
    return ledger.company.name, voucher.text, set(reading.notes.counts)


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "latin-1", "iso-8859-15", "utf-8", "utf-8-sig"])
def test_the_page_is_told(encoding: str) -> None:
    """Whatever #FORMAT says."""
    assert name_and_text(TEXT.encode(encoding)) == ("Åkeri Öst AB", "Kaffe på café, Malmö", set())


def test_a_letter_decides() -> None:
    """One word is enough, and without any the standard's page is taken."""
    assert examine(BytesIO("Malmö stad".encode("cp1252"))).page is Page.WINDOWS
    assert examine(BytesIO("Malmö stad".encode("cp437"))).page is Page.IBM
    assert examine(BytesIO(b"Malmo")).ascii


def test_without_a_letter_of_swedish_boxes_decide() -> None:
    """Books have no lines to draw boxes with: what 437 would have there is a letter or a sign of Windows."""
    for words in ("ÜBERLAUF", "25\u00b0", "2 \u00bd", "\u00d8ye"):
        raw = f'#FLAGGA 0\n#FNAMN "{words}"\n#VER A 1 20240105\n{{\n}}\n'.encode("cp1252")
        assert name_and_text(raw)[0] == words
    assert examine(BytesIO("25\u00b0".encode("cp437"))).page is Page.IBM


def test_quotes_of_windows_are_no_letters() -> None:
    """The byte of a closing quotation mark in Windows-1252 is that of an ö in 437."""
    raw = TEXT.replace("Kaffe", "\u201eKaffe\u201d").encode("cp1252")
    assert name_and_text(raw) == ("Åkeri Öst AB", "\u201eKaffe\u201d på café, Malmö", set())


@pytest.mark.parametrize(
    ("most", "one"), [("cp437", "cp1252"), ("cp1252", "cp437"), ("utf-8", "cp437"), ("utf-8", "cp1252")]
)
def test_two_pages_in_one_file_are_a_warning(most: str, one: str) -> None:
    """A path of Windows in a file of DOS: each line is read as what it is."""
    raw = TEXT.encode(most).replace("Åkeri Öst".encode(most), r"C:\Förråd".encode(one))
    assert name_and_text(raw) == (r"C:\Förråd AB", "Kaffe på café, Malmö", {"two_code_pages"})


@pytest.mark.parametrize(
    ("written", "misread"),
    [
        ("utf-8", "cp1252"),
        ("utf-8", "latin-1"),
        ("utf-8", "cp437"),
        ("utf-8", "cp850"),
        ("cp437", "latin-1"),
        ("cp1252", "cp437"),
    ],
)
def test_what_was_read_in_another_page_is_put_right(written: str, misread: str) -> None:
    """The text was written in one page, read in another, and saved as UTF-8."""
    raw = TEXT.encode(written).decode(misread).encode()
    assert name_and_text(raw) == ("Åkeri Öst AB", "Kaffe på café, Malmö", {"repaired"})


def test_dos_read_as_windows_is_put_right() -> None:
    """Windows-1252 has no character for DOS's Å; what programs write for it varies, and it is left out here."""
    raw = TEXT.replace("Åkeri", "Akeri").encode("cp437").decode("cp1252").encode()
    assert name_and_text(raw) == ("Akeri Öst AB", "Kaffe på café, Malmö", {"repaired"})


@pytest.mark.parametrize("second", ["latin-1", "cp437"])
def test_misread_twice(second: str) -> None:
    """A file that went through two programs."""
    raw = TEXT.encode().decode("latin-1").encode().decode(second).encode()
    assert name_and_text(raw) == ("Åkeri Öst AB", "Kaffe på café, Malmö", {"repaired"})


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode("cp1252").decode("utf-8", "replace").encode(),
        TEXT.replace("café", "kafé").encode("ascii", "replace") + b'#KONTO 1 "F?rr?d"\n#KONTO 2 "V?xel"\n',
        TEXT.encode("utf-16"),
    ],
)
def test_what_cannot_be_had_back_is_refused(raw: bytes) -> None:
    """Letters that are gone, and an encoding that no SIE file has."""
    with pytest.raises(Damaged) as caught:
        read(raw)
    assert [note.code for note in caught.value.notes] == ["garbled"]


def test_one_lost_letter_is_said() -> None:
    """Whoever typed it in lost it; the file is whole."""
    raw = (TEXT.replace("Kaffe", "Kaff\ufffd") + '#KONTO 1 "Åäö"').encode()
    assert name_and_text(raw) == ("Åkeri Öst AB", "Kaff\ufffd på café, Malmö", {"lost_letter"})


def test_control_characters_are_blanks() -> None:
    """They are told by line and column."""
    raw = TEXT.replace("Kaffe", "Kaf\x00fe").encode("cp437") + b"\x1a"
    _, (voucher,), reading = read(raw)
    assert isinstance(voucher, Voucher)
    assert voucher.text == "Kaf fe på café, Malmö"
    assert [(note.code, note.line, note.column) for note in reading.notes.kept] == [("control_character", 9, 23)]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n", "\n\n"])
def test_line_ends(end: str) -> None:
    """CR LF is usual, LF the standard's least, CR of old Macintoshes."""
    assert name_and_text(TEXT.replace("\n", end).rstrip("\r\n").encode("cp437")) == (
        "Åkeri Öst AB",
        "Kaffe på café, Malmö",
        set(),
    )


@given(st.text("abc åäöÅÄÖé", min_size=3), st.sampled_from(["cp437", "cp1252", "utf-8"]))
def test_swedish_comes_back(words: str, encoding: str) -> None:
    """Any Swedish text, once the rest of the file tells its page."""
    assert name_and_text(TEXT.replace("Kaffe", words).encode(encoding))[1] == f"{words} på café, Malmö"
