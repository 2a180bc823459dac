"""What a reader has to say about a file: damage, deviations from the standard, and findings in the books. Pure."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

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
        text: what was expected or found; never a text of the file, which can name people.
        line, column: where, counted from 1, the column in characters; 0 when it is the file as a whole.
    """

    grade: Grade
    code: str
    text: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Return where and what."""
        column = f", column {self.column}" if self.column else ""
        return f"line {self.line}{column}: {self.text}" if self.line else self.text


class Notes:
    """A bounded list: of each code the first notes are kept, the others counted."""

    def __init__(self) -> None:
        self.kept: list[Note] = []
        self.counts: Counter[str] = Counter()
        self.damaged = False

    def add(self, grade: Grade, code: str, text: str, line: int = 0, column: int = 0) -> None:
        """Note something."""
        self.counts[code] += 1
        self.damaged = self.damaged or grade is Grade.DAMAGE
        if self.counts[code] <= _KEPT:
            self.kept.append(Note(grade, code, text, line, column))

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
        said = [*map(str, notes[:_SAID]), *([f"and {left:,} more"] if left > 0 else [])]
        super().__init__("; ".join(said))


class Damaged(Refused):
    """The file is broken, garbled, or no SIE file."""


class TooLarge(Refused):
    """The file is larger than the limits, which are settings, allow."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__((Note(Grade.DAMAGE, "too_large", text, line),))
