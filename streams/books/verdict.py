"""What a rule may say about a proof. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.proofs import DifferenceKind

NAME: Final = "books"


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person: the gravest kind of difference, what to do, and each difference in a line."""

    reason: DifferenceKind
    message: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing waits any more: why."""

    because: str


Verdict = Held | Settled
