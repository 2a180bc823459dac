"""What a rule may say about a proof. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.proofs import DifferenceKind
from schemas.words import Text

NAME: Final = "books"


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person: the gravest kind of difference, what to do, and each difference in a line."""

    reason: DifferenceKind
    message: Text
    lines: tuple[Text | str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing waits any more: why."""

    because: Text


Verdict = Held | Settled
