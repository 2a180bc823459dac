"""What is remembered of a company's cash registers, and of what is missing. Pure."""

from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from pydantic import AwareDatetime

from schemas import ids
from schemas.commands import HoldForReview
from schemas.flows import Remembered
from schemas.missing import DayMissed, NumbersMissed

INDEX: Final = "registers"
"""The key of the list of registers."""


def named_another(whose: str | None, own: str | None) -> bool:
    """Tell whether a report's organisation number is another one than the company's; what is not known passes."""
    return whose is not None and own is not None and whose != own


class Place(NamedTuple):
    """A cash register: the till system, its store and its designation."""

    system: str
    store: str
    register: str

    @property
    def key(self) -> str:
        """Where its reports are remembered."""
        return f"{self.system}/{ids.in_a_key(self.store)}/{self.register}/closings"


class Closing(NamedTuple):
    """A report of a register, in few words: its Z number, its day, when it was taken, and the total of its sales.

    Not ``counted`` is a number that somebody made of the day: it says nothing of the others. ``whose`` is the
    organisation number that it names.
    """

    z: int
    day: date
    taken_at: AwareDatetime
    total: Decimal
    counted: bool = True
    whose: str | None = None

    def is_anothers(self, own: str | None) -> bool:
        """Tell whether the report names another company than the one of this number."""
        return named_another(self.whose, own)


Numbers = tuple[tuple[int, int], ...]
"""Runs of numbers, first and last."""


class State(Remembered):
    """The list of registers, the last reports of one of them, or what is missing: each under a key of its own.

    Attributes:
        registers: of the list: each that ever told of itself.
        closings: of a register: its last reports, by when they were taken.
        heard_at: of a register: when its last report was accepted.
        told: of a register: the gaps that were told of, each as the numbers on both sides.
        missed: what is missing: a day of a store, or numbers of a register.
        missing: of a gap: the numbers that have not come.
        hold: the open hold about it.
        answer: what a person answered; it stands.
        holds: how many holds there were; it numbers the next one.
    """

    registers: tuple[Place, ...] = ()
    closings: tuple[Closing, ...] = ()
    heard_at: AwareDatetime | None = None
    told: Numbers = ()
    missed: DayMissed | NumbersMissed | None = None
    missing: Numbers = ()
    hold: HoldForReview | None = None
    answer: str = ""
    holds: int = 0
