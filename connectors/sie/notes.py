"""What a reader has to say about a file: damage, deviations from the standard, and findings in the books. Pure."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from connectors.sie import note_words as say
from schemas import problem_words
from schemas.words import Text

_KEPT = 20
"""Notes of one code that are kept; the rest are counted."""
_SAID = 10
"""Notes that an error says in its text."""


class Grade(StrEnum):
    """How grave it is."""

    DAMAGE = "damage"
    """What stands there cannot be understood, or only by guessing: the file is refused."""
    DEVIATION = "deviation"
    """Not as the standard has it, but there is one way to understand it, and that was taken."""
    FINDING = "finding"
    """The file is whole; its books are such that an accountant wants to know."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that a reader noticed.

    Attributes:
        code: its stable name: ``unbalanced_voucher``.
        what: was expected or found; never a text of the file, which can name people.
        line, column: where, counted from 1, the column in characters; 0 when it is the file as a whole.
    """

    grade: Grade
    code: str
    what: Text
    line: int = 0
    column: int = 0

    @property
    def said(self) -> Text:
        """Where and what."""
        if not self.line:
            return self.what
        if not self.column:
            return say.AT_LINE(line=self.line, said=self.what)
        return say.AT_COLUMN(line=self.line, column=self.column, said=self.what)

    def __str__(self) -> str:
        """Return where and what, in English."""
        return self.said.english


class Notes:
    """A bounded list: of each code the first notes are kept, the others counted."""

    def __init__(self) -> None:
        self.kept: list[Note] = []
        self.counts: Counter[str] = Counter()
        self.damaged = False

    def add(self, grade: Grade, code: str, what: Callable[[], Text], line: int = 0, column: int = 0) -> None:
        """Note something. ``what``: a phrase; or what fills one in, which is asked of the notes that are kept."""
        self.counts[code] += 1
        self.damaged = self.damaged or grade is Grade.DAMAGE
        if self.counts[code] <= _KEPT:
            self.kept.append(Note(grade, code, what(), line, column))

    def bounded(self, grade: Grade) -> tuple[tuple[Note, ...], int]:
        """Return the notes of a grade in the order of the file, and how many there were besides."""
        kept = [note for note in self.kept if note.grade is grade]
        total = sum(self.counts[code] for code in {note.code for note in kept})
        return tuple(sorted(kept, key=lambda note: (note.line, note.column))), total - len(kept)


class Refused(Exception):
    """A file that is not to be used; what was read from it before this is not to be used either.

    Attributes:
        notes: why, in the order of the file; a bounded list.
        more: how many there are besides.
    """

    def __init__(self, notes: tuple[Note, ...], more: int = 0) -> None:
        self.notes = notes
        self.more = more
        left = len(notes) - _SAID + more
        said = [*notes[:_SAID], *([say.AND_MORE(number=left)] if left > 0 else [])]
        super().__init__("; ".join(map(str, said)))


class Damaged(Refused):
    """The file is broken, garbled, or no SIE file."""


class TooLarge(Refused):
    """The file is larger than the limits, which are settings, allow."""

    def __init__(self, what: Text, line: int = 0) -> None:
        super().__init__((Note(Grade.DAMAGE, "too_large", what, line),))


def problems(error: ValidationError) -> list[Text | str]:
    """Return what keeps something from being a message, field by field, never a value."""
    found = error.errors(include_input=False, include_url=False)
    return [say.AT(where=".".join(map(str, one["loc"])), said=problem_words.of(one)) for one in found]
