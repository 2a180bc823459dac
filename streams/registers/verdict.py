"""What a rule may say about what is missing, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.commands import Choice, How
from schemas.flows import Held
from schemas.words import Text
from streams.registers import words

NAME: Final = "registers"

DAY_MISSING: Final = "day_missing"
NUMBERS_MISSING: Final = "numbers_missing"
WAS_CLOSED = Choice.saying("was_closed", words.WAS_CLOSED())
WILL_NOT_COME = Choice.saying("will_not_come", words.WILL_NOT_COME())


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is missing any more: how that came, and why."""

    how: How
    because: Text


Verdict = Held | Settled
