"""What a rule may say about a receipt, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.commands import Choice
from schemas.words import Text
from tests.toys.toyflow import words

NAME: Final = "toyflow"

RETRY = Choice.saying("retry", words.RETRY())
DISCARD = Choice.saying("discard", words.DISCARD())


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person: why, and what can be answered."""

    reason: str
    message: Text
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An invoice is to be made."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done."""


Verdict = Held | Invoiced | Settled
