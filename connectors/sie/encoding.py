r"""Tells by evidence in which code page a SIE file is written, repairs what was garbled on the way, and gives its text.

The standard knows one code page, IBM PC 8-bit (437), and every file says that it has it. In the wild such files are
Windows-1252, Latin-1 or UTF-8 as well, now and then two of them in one file, or text that was read in one code page and
written in another. Pure.

What tells: whether the bytes are UTF-8 at all; how many of the letters of Swedish stand there in either code page; in a
line that could be both, those that stand between other letters: ``F\x94retag`` has an ö, ``\x84Kassa\x94`` quotes. If
there are none, whether 437 would have lines and boxes there, which no books have: ``25\xb0`` is ``25°`` of Windows.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import BinaryIO

from connectors.sie import note_words as say
from connectors.sie.notes import Damaged, Grade, Note, Notes
from schemas.words import Text

CHUNK = 1 << 20
"""Bytes read at a time; a row is shorter."""
_PART = 1 << 15
"""Bytes of text given at a time, more or less: what is made of so many is still near at hand when it is used."""
_LONGEST_WAIT = 1 << 18
"""Bytes that wait for the end of a voucher, so that it comes whole."""

_C1 = frozenset(range(0x80, 0xA0))
_PLAIN = bytes((9, 10, 13, *range(32, 127)))
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters, once line ends are told. None belongs in a text (4B, 5.7)."""
_END_OF_FILE = b"\x1a"
"""DOS programs end a text with it."""


class Page(StrEnum):
    """A code page that files are written in."""

    IBM = "cp437"
    WINDOWS = "cp1252"
    UTF_8 = "utf-8"


# Windows has no character for five bytes; where they come up they are kept, so that they can be told by name.
_WINDOWS = "".join(bytes((byte,)).decode(Page.WINDOWS, "ignore") or chr(byte) for byte in range(256))
_LETTERS = "åäöÅÄÖéü"
_PAIRS = tuple(letter.encode() for letter in _LETTERS)
_IBM_LETTERS = _LETTERS.encode(Page.IBM)
_IBM_BOXES = frozenset(range(0xB0, 0xE0))
"""What boxes are drawn with on a screen of DOS."""
_WINDOWS_LETTERS = _LETTERS.encode(Page.WINDOWS)


def _within_words(letters: bytes) -> re.Pattern[bytes]:
    """Find what stands between letters, or begins a name."""
    found = re.escape(letters)
    return re.compile(rb"(?<=[A-Za-z])[" + found + rb"](?=[A-Za-z])|(?<![^ \"])[" + found + rb"](?=[a-z]{2})")


_IBM_WORDS = _within_words(_IBM_LETTERS)
_WINDOWS_WORDS = _within_words(_WINDOWS_LETTERS)


def _as_windows(raw: bytes) -> str:
    return codecs.charmap_decode(raw, "strict", _WINDOWS)[0]


def _misread() -> dict[str, str]:
    """Return the characters that UTF-8 becomes where it was read in another code page, with what they were."""
    once = [chr(code) for code in (*range(0x80, 0x100), *range(0x2010, 0x2027), 0x20AC)]
    # CP850 is what a Swedish Windows reads the files of DOS in.
    readings = (
        _as_windows,
        lambda raw: raw.decode("latin-1"),
        lambda raw: raw.decode(Page.IBM),
        lambda raw: raw.decode("cp850"),
    )
    return {read(one.encode()): one for read in readings for one in once}


_MISREAD = _misread()
_MISREAD_PLACES = re.compile("|".join(map(re.escape, sorted(_MISREAD))))
_SUSPECT = frozenset(key[0] for key in _MISREAD)
_TIMES = 3
"""How often a text can have been misread, one time upon the other."""


def _swapped(read: str) -> tuple[dict[int, int], re.Pattern[str]]:
    """Return what letters became, with what they were, and where one stands within a word and so cannot be meant."""
    strange = "".join(char for char, letter in zip(read, _LETTERS, strict=True) if char != letter)
    places = re.compile(rf"(?<=[A-Za-zåäöÅÄÖ])[{re.escape(strange)}](?=[A-Za-zåäöÅÄÖ])")
    return str.maketrans(read, _LETTERS), places


_IBM_READ_AS_WINDOWS = _swapped(_as_windows(_IBM_LETTERS))
_IBM_READ_AS_LATIN_1 = _swapped(_IBM_LETTERS.decode("latin-1"))
_WINDOWS_READ_AS_IBM = _swapped(_WINDOWS_LETTERS.decode(Page.IBM))
_SWAPS = (_IBM_READ_AS_WINDOWS, _IBM_READ_AS_LATIN_1, _WINDOWS_READ_AS_IBM)
_SWAPPED = frozenset(chr(code) for table, _ in _SWAPS for code in table)
_LOST = "\ufffd"
_LOST_SHARE = 10
"""One lost letter in ten is taken for the text of one voucher; more is a file that was garbled."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the bytes of a file tell.

    Attributes:
        page: what most of it is written in.
        ascii: it has no other characters, so that the page says nothing.
        one_by_one: not everything fits one code page: each line must be judged by itself.
        swap: what the whole file was garbled by, an index of ``_SWAPS``.
        unclean: it has control characters.
    """

    page: Page
    ascii: bool = False
    one_by_one: bool = False
    swap: int | None = None
    unclean: bool = False


class _Weighing:
    """What was counted so far."""

    def __init__(self) -> None:
        self.utf_8: bool = True
        self.ibm = 0
        self.windows = 0
        self.ibm_words = 0
        self.windows_words = 0
        self.pairs = 0
        self.bytes: set[int] = set()
        self.characters: set[str] = set()
        self.letters = 0
        self.lost = 0
        self.swaps = [0] * len(_SWAPS)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._odd = codecs.getincrementaldecoder("utf-8")()

    def add(self, chunk: bytes) -> None:
        """Count one part of the file."""
        rest = chunk.translate(None, _PLAIN)
        if self.utf_8:
            self._add_text(chunk, rest)
        if rest:
            self.bytes.update(rest)
            self.ibm += sum(map(rest.count, _IBM_LETTERS))
            self.windows += sum(map(rest.count, _WINDOWS_LETTERS))
            self.pairs += sum(map(rest.count, _PAIRS))
            if self.ibm and self.windows:
                self.ibm_words += len(_IBM_WORDS.findall(chunk))
                self.windows_words += len(_WINDOWS_WORDS.findall(chunk))

    def _add_text(self, chunk: bytes, rest: bytes) -> None:
        try:
            text = self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            self.utf_8 = False
            return
        # What is left without plain characters is UTF-8 too, and little.
        odd = self._odd.decode(rest)
        found = set(odd)
        self.characters |= found
        self.letters += sum(map(odd.count, _LETTERS))
        self.lost += odd.count(_LOST)
        if found & _SWAPPED:
            for index, (_, places) in enumerate(_SWAPS):
                self.swaps[index] += len(places.findall(text))

    def evidence(self) -> Evidence:
        """Return what it comes to.

        Raises:
            Damaged: letters were lost before the file was written.
        """
        unclean = any(byte < 32 or byte == 127 for byte in self.bytes)  # noqa: PLR2004 - ASCII's control characters
        if not any(byte > 127 for byte in self.bytes):  # noqa: PLR2004 - ASCII
            return Evidence(Page.IBM, ascii=True, unclean=unclean)
        if self.utf_8:
            if self.lost and self.lost * _LOST_SHARE > self.letters:
                raise garbled(say.LETTERS_LOST(number=self.lost))
            swap = max(range(len(_SWAPS)), key=self.swaps.__getitem__)
            return Evidence(
                Page.UTF_8,
                one_by_one=bool(self.characters & (_SUSPECT | _SWAPPED | {_LOST})),
                swap=swap if self.swaps[swap] and self.swaps[swap] > self.letters else None,
                unclean=unclean or any(_NO_TEXT.match(one) for one in self.characters - {"\t", "\n", "\r"}),
            )
        # In words first; then what there is; then whether it could be text; then what the standard says.
        ibm = (self.ibm_words, self.ibm) >= (self.windows_words, self.windows)
        if not (self.ibm or self.windows):
            ibm = self.bytes.isdisjoint(_IBM_BOXES)
        page = Page.IBM if ibm else Page.WINDOWS
        return Evidence(
            Page.UTF_8 if self.pairs and self.pairs >= max(self.ibm, self.windows) else page,
            one_by_one=bool(self.pairs or (self.ibm and self.windows)),
            unclean=unclean or (page is Page.WINDOWS and any(ord(_WINDOWS[byte]) == byte for byte in self.bytes & _C1)),
        )


def garbled(what: Text, line: int = 0) -> Damaged:
    """Return the refusal of a file whose letters cannot be had back."""
    return Damaged((Note(Grade.DAMAGE, "garbled", what, line),))


def examine(file: BinaryIO) -> Evidence:
    """Read a file once and return what its bytes tell.

    Raises:
        Damaged: it is garbled beyond repair, or in an encoding that no SIE file has.
    """
    file.seek(0)
    weighing = _Weighing()
    first = file.read(CHUNK)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise garbled(say.UTF_16(), 1)
    weighing.add(first.removeprefix(codecs.BOM_UTF8))
    while chunk := file.read(CHUNK):
        weighing.add(chunk)
    weighing.add(b"")
    return weighing.evidence()


def texts(file: BinaryIO, evidence: Evidence, notes: Notes) -> Iterator[tuple[int, str]]:
    r"""Read a file again and yield its text, some lines at a time, with the number of the first: a #VER, where it can.

    Every line ends with ``\n``, whatever it ends with in the file. Control characters are blanks, and noted.

    Raises:
        Damaged: a row is longer than a row can be.
    """
    number = 1
    for raw in _whole_lines(file):
        text = _text(raw, number, evidence, notes).replace("\r\n", "\n").replace("\r", "\n")
        if evidence.unclean:
            text = _clean(text, number, notes)
        yield number, text
        number += text.count("\n")


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    file.seek(len(codecs.BOM_UTF8) if file.seek(0) == 0 and file.read(3) == codecs.BOM_UTF8 else 0)
    left = b""
    while chunk := file.read(_PART):
        whole = left + chunk
        cut = whole.rfind(b"\n#VER") + 1
        if len(whole) - cut > _LONGEST_WAIT:
            # Old Macintosh files have nothing but CR; a CR LF must not be torn.
            cut = (whole.rfind(b"\n") + 1) or (whole.rfind(b"\r", 0, -1) + 1)
        if not cut and len(whole) > CHUNK:
            raise garbled(say.LONG_ROW())
        left = whole[cut:]
        if cut:
            yield whole[:cut]
    if left := left.rstrip(_END_OF_FILE):
        yield left + b"\n"


def _text(raw: bytes, number: int, evidence: Evidence, notes: Notes) -> str:
    if raw.isascii():
        return raw.decode("ascii")
    if not evidence.one_by_one:
        return _as_windows(raw) if evidence.page is Page.WINDOWS else raw.decode(evidence.page)
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return "\n".join(
        line.decode("ascii") if line.isascii() else _judged(line, number + index, evidence, notes)
        for index, line in enumerate(lines)
    )


def _judged(raw: bytes, number: int, evidence: Evidence, notes: Notes) -> str:
    """Return the text of one line, and note what differs from the rest of the file."""
    page = _page_of(raw, evidence.page)
    if page is not evidence.page:
        what = partial(say.TWO_PAGES, line=page.value, file=evidence.page.value)
        notes.add(Grade.DEVIATION, "two_code_pages", what, number)
    text = _as_windows(raw) if page is Page.WINDOWS else raw.decode(page)
    if page is not Page.UTF_8:
        return text
    whole = _repaired(text, evidence.swap)
    if whole != text:
        notes.add(Grade.DEVIATION, "repaired", say.REPAIRED, number)
    if _LOST in whole:
        notes.add(Grade.DEVIATION, "lost_letter", say.LOST_LETTER, number)
    return whole


def _page_of(raw: bytes, usual: Page) -> Page:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        ibm, windows = len(_IBM_WORDS.findall(raw)), len(_WINDOWS_WORDS.findall(raw))
        if ibm != windows:
            return Page.IBM if ibm > windows else Page.WINDOWS
        return Page.IBM if usual is Page.UTF_8 else usual
    return Page.UTF_8


def _repaired(text: str, swap: int | None) -> str:
    for _ in range(_TIMES):
        whole = _MISREAD_PLACES.sub(lambda place: _MISREAD[place[0]], text)
        if whole == text:
            break
        text = whole
    for index, (table, places) in enumerate(_SWAPS):
        if index == swap or places.search(text):
            text = text.translate(table)
    return text


def _clean(text: str, number: int, notes: Notes) -> str:
    begins = last = 0
    for place in _NO_TEXT.finditer(text):
        if lines := text.count("\n", last, place.start()):
            number += lines
            begins = text.rindex("\n", last, place.start()) + 1
        last = place.start()
        notes.add(Grade.DEVIATION, "control_character", say.CONTROL, number, last - begins + 1)
    return _NO_TEXT.sub(" ", text)
