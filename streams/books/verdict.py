"""What a rule may say about a proof. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.flows import Held
from schemas.words import Text

NAME: Final = "books"


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing waits any more: why."""

    because: Text


Verdict = Held | Settled
