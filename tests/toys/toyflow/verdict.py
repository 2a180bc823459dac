"""What a rule may say about a receipt, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.commands import Choice

NAME: Final = "toyflow"

RETRY = Choice(answer="retry", means="Send it again, after it was set right in Fortnox.")
DISCARD = Choice(answer="discard", means="Never invoice this; it is handled by hand. Newer content opens it again.")


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person: why, and what can be answered."""

    reason: str
    message: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Invoiced:
    """An invoice is to be made."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done."""


Verdict = Held | Invoiced | Settled
