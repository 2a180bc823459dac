r"""Takes a record of a SIE file apart: label, fields, object list. Pure.

The grammar is chapter 5 of SIE 4B. Fields stand between spaces or tabs; one that is quoted can hold them, and be empty.
``\"`` is a quotation mark within a field; every other ``\`` is itself, as in ``"C:\SIE"``. An object list stands in
braces, where its record has one, and is given as one field: the tokens in it.
"""

import re
from collections.abc import Callable

from connectors.sie import note_words as say

_TEXT_LAST = {"#KONTO": 2, "#ENHET": 2, "#DIM": 2, "#OBJEKT": 3, "#FNAMN": 1, "#PROSA": 1}
"""Records that end with a text, and where it stands."""

Field = str | tuple[str, ...]
"""A text, or an object list as it stands: ``("1", "10", "6", "P12")``."""
Remark = Callable[[str, int, str], None]
"""Takes what was odd but understood: its code, the column, and what to say of it, a key of ``note_words``."""

_QUOTED = re.compile(r'"((?:[^"\\]++|\\"|\\(?!"))*+)("?)')
_BARE = re.compile(r'(?:[^ \t"\\]++|\\"|\\(?!"))++')
_BARE_BEFORE_BRACE = re.compile(r'(?:[^ \t"\\{}]++|\\"|\\(?!"))++')


class Broken(Exception):
    """A record cannot be taken apart.

    Attributes:
        column: where, counted from 1.
        expected: what should stand there, by its key in ``note_words``.
    """

    def __init__(self, column: int, expected: str) -> None:
        super().__init__(expected)
        self.column = column
        self.expected = expected


def fields(line: str, brace: int | None, remark: Remark) -> list[Field]:
    """Return the label and the fields of a record.

    Args:
        brace: which of them is the object list, the label being 0; None when the record has none.
        remark: is told what was odd but understood.

    Raises:
        Broken: a quotation mark or a brace stands where none can.
    """
    quick = _plain(line) if brace is None else _plain_with_list(line, brace)
    return quick if quick is not None else [field for field, _ in _scanned(line, brace, remark)]


def has_more(label: str, found: list[Field]) -> bool:
    """Whether a record that ends with a text has more fields than the standard knows."""
    return len(found) > _TEXT_LAST.get(label, len(found)) + 1


def running_on(label: str, line: str) -> list[Field] | None:
    r"""Return the fields of a record that ends with a text, read to the row's end.

    That is how one means it who writes quotation marks within a text without ``\"``, or blanks without quotation marks.
    None: it has other faults.
    """
    index = _TEXT_LAST.get(label, 0)
    *head, text = line.replace("\t", " ").split(maxsplit=index) or [""]
    if not index or len(head) != index or "\\" in line or '"' in "".join(head):
        return None
    text = text.rstrip(" ")
    if text[0] == '"' == text[-1] and len(text) > 1:
        return [*head, text[1:-1]]
    return [*head, text] if '"' not in text or (" " not in text and '"' not in (text[0], text[-1])) else None


def column(line: str, brace: int | None, index: int) -> int:
    """Return where a field of a record stands, 0 when the row runs on; a missing one stands where the record ends."""
    try:
        places = [place for _, place in _scanned(line, brace, lambda _code, _column, _text: None)]
    except Broken:
        return 0
    return places[index] if index < len(places) else len(line.rstrip()) + 1


def _plain(line: str) -> list[Field] | None:
    """Take apart what has neither escapes nor faults, which is nearly everything; None: look closely."""
    if "\\" in line:
        return None
    tabs = "\t" in line
    if '"' not in line:
        return [*filter(None, (line.replace("\t", " ") if tabs else line).split(" "))]
    parts = line.split('"')
    last = len(parts) - 1
    if last % 2:
        return None
    found: list[Field] = []
    quoted = False
    for index, part in enumerate(parts):
        if quoted:
            if tabs and "\t" in part:
                return None
            found.append(part)
        else:
            part = part.replace("\t", " ") if tabs else part  # noqa: PLW2901 - the same part
            # Before and after a quoted field there is a blank, or the row's end.
            pieces = part.split(" ")
            if (index and pieces[0]) or (index < last and (pieces[-1] or not part)):
                return None
            found.extend(filter(None, pieces))
        quoted = not quoted
    return found


def _plain_with_list(line: str, brace: int) -> list[Field] | None:
    before, opening, rest = line.partition("{")
    within, closing, after = rest.partition("}")
    if not closing or '"' in before or "}" in before or "\\" in line:
        return None
    head, listed, tail = _plain(before), _plain(within), _plain(after)
    # A brace in quotation marks leaves an odd number of these, and ``_plain`` none.
    if not opening or head is None or listed is None or tail is None or len(head) != brace or "{" in within:
        return None
    return [*head, tuple(str(one) for one in listed), *tail]


def _scanned(line: str, brace: int | None, remark: Remark) -> list[tuple[Field, int]]:
    """Take a record apart character by character; give each field with its column."""
    found: list[tuple[Field, int]] = []
    place = _blanks(line, 0)
    while place < len(line):
        if brace == len(found):
            listed, end = _list(line, place, remark)
            found.append((listed, place + 1))
        else:
            before_list = brace is not None and len(found) < brace
            text, end = _one(line, place, _BARE_BEFORE_BRACE if before_list else _BARE, remark)
            found.append((text, place + 1))
            if line[end : end + 1] not in ("", " ", "\t") and not (before_list and line[end] == "{"):
                raise Broken(end + 1, say.BLANK.key)
        place = _blanks(line, end)
    return found


def _list(line: str, place: int, remark: Remark) -> tuple[tuple[str, ...], int]:
    if line[place] != "{":
        remark("no_object_list", place + 1, say.NO_LIST.key)
        return (), place
    listed: list[str] = []
    end = _blanks(line, place + 1)
    while line[end : end + 1] != "}":
        if end == len(line):
            raise Broken(end + 1, say.LIST_ENDS.key)
        if line[end] == "{":
            raise Broken(end + 1, say.LIST_IN_LIST.key)
        text, end = _one(line, end, _BARE_BEFORE_BRACE, remark)
        listed.append(text)
        if line[end : end + 1] not in ("", " ", "\t", "}"):
            raise Broken(end + 1, say.BLANK.key)
        end = _blanks(line, end)
    return tuple(listed), end + 1


def _one(line: str, place: int, bare: re.Pattern[str], remark: Remark) -> tuple[str, int]:
    """Return the field that begins here, and where it ends."""
    if line[place] != '"':
        found = bare.match(line, place)
        if found is None:
            raise Broken(place + 1, say.FIELD.key)
        return found[0].replace('\\"', '"'), found.end()
    found = _QUOTED.match(line, place)
    assert found is not None  # noqa: S101 - it begins with a quotation mark
    text, closed = found[1], found[2]
    if not closed:
        text = text.rstrip(" \t")
        # "C:\SIE\" at the end of a row: the last mark ends the field, or nothing would.
        if text.endswith('\\"'):
            text = text[:-1]
            remark("quotation", place + 1, say.BACKSLASH.key)
            return text[:-1].replace('\\"', '"') + "\\", found.end()
        remark("quotation", place + 1, say.UNQUOTED.key)
    if "\t" in text:
        remark("control_character", place + 1, say.TAB.key)
        text = text.replace("\t", " ")
    return text.replace('\\"', '"'), found.end()


def _blanks(line: str, place: int) -> int:
    while place < len(line) and line[place] in " \t":
        place += 1
    return place
