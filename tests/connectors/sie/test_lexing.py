"""A record is taken apart to the letter of the standard; the quick way gives what the close look gives."""

from typing import NoReturn

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.sie import lexing
from connectors.sie.lexing import Broken, Field, column, fields


def nothing_odd(code: str, _place: int, _text: str) -> NoReturn:
    """Take no remark."""
    raise AssertionError(code)


@pytest.mark.parametrize(
    ("line", "brace", "expected"),
    [
        ('#KONTO 1910 "Kassa"', None, ["#KONTO", "1910", "Kassa"]),
        ("#KONTO\t1910\t \tKassa ", None, ["#KONTO", "1910", "Kassa"]),
        (r'#KONTO 1915 "Kassa \"special\""', None, ["#KONTO", "1915", 'Kassa "special"']),
        (r"#KONTO 1915 Kassa\"special\"", None, ["#KONTO", "1915", 'Kassa"special"']),
        (r'#FNR "C:\Documents\All Users"', None, ["#FNR", r"C:\Documents\All Users"]),
        ('#ADRESS "" "Box 1" "" ""', None, ["#ADRESS", "", "Box 1", "", ""]),
        ("#TRANS 1910 {} 100.00", 2, ["#TRANS", "1910", (), "100.00"]),
        ("#TRANS 1910 { } 100.00", 2, ["#TRANS", "1910", (), "100.00"]),
        ("#TRANS 1910{6 9}100.00", 2, ["#TRANS", "1910", ("6", "9"), "100.00"]),
        ('#TRANS 7010 {"1" "456" "7" "47"} 1', 2, ["#TRANS", "7010", ("1", "456", "7", "47"), "1"]),
        ('#TRANS 7010 {1 "a}b" 6 "{"} 1 "" "{x}"', 2, ["#TRANS", "7010", ("1", "a}b", "6", "{"), "1", "", "{x}"]),
        ('#TRANS 7010 {1 "200"} 24150.00 "" "" 1.00', 2, ["#TRANS", "7010", ("1", "200"), "24150.00", "", "", "1.00"]),
        ("#VER # 1 20090731", None, ["#VER", "#", "1", "20090731"]),
        ("#FNAMN {Bolaget}", None, ["#FNAMN", "{Bolaget}"]),
    ],
)
def test_fields(line: str, brace: int | None, expected: list[Field]) -> None:
    """Quotation marks, escapes, tabs, empty fields and object lists."""
    assert fields(line, brace, nothing_odd) == expected


@pytest.mark.parametrize(
    ("line", "brace", "code", "expected"),
    [
        ('#KONTO 1910 "Kassa', None, "quotation", ["#KONTO", "1910", "Kassa"]),
        ('#FNR "C:\\SIE\\" ', None, "quotation", ["#FNR", "C:\\SIE\\"]),
        ('#KONTO 1910 "Kas\tsa"', None, "control_character", ["#KONTO", "1910", "Kas sa"]),
        ("#TRANS 1910 100.00", 2, "no_object_list", ["#TRANS", "1910", (), "100.00"]),
    ],
)
def test_what_is_odd_is_said_and_understood(line: str, brace: int | None, code: str, expected: list[Field]) -> None:
    """There is one way to understand these."""
    said: list[str] = []
    assert fields(line, brace, lambda code, _place, _text: said.append(code)) == expected
    assert said == [code]


@pytest.mark.parametrize(
    ("line", "brace", "place"),
    [
        ('#KONTO 1910 "Kassa"x', None, 20),
        ('#KONTO 1910 "a""b"', None, 16),
        ('#KONTO 1910"Kassa"', None, 12),
        ("#TRANS 1910 {1 2 100.00", 2, 24),
        ("#TRANS 1910 {1 {2} 100.00", 2, 16),
        ("#TRANS 1910} 100.00", 2, 12),
    ],
)
def test_what_cannot_be_taken_apart_is_told_by_column(line: str, brace: int | None, place: int) -> None:
    """A mark or a brace that stands where none can."""
    with pytest.raises(Broken) as caught:
        fields(line, brace, nothing_odd)
    assert caught.value.column == place


def test_the_column_of_a_field() -> None:
    """It is counted in characters from 1; a missing field is where the record ends."""
    line = ' #TRANS  "1910" {1 "2"} x '
    assert [column(line, 2, index) for index in range(5)] == [2, 10, 17, 25, 26]


@example("} {}", 1)
@given(st.text('#a19 "\\\t{}', max_size=25), st.sampled_from([None, 0, 1, 2]))
def test_the_quick_way_gives_what_the_close_look_gives(line: str, brace: int | None) -> None:
    """Whatever stands there: the same fields, or it looks closely."""
    quick = lexing._plain(line) if brace is None else lexing._plain_with_list(line, brace)
    if quick is not None:
        assert quick == [field for field, _ in lexing._scanned(line, brace, nothing_odd)]
