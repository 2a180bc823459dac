"""What a rule may say about what is missing, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from schemas.commands import Choice, How

NAME: Final = "registers"

DAY_MISSING: Final = "day_missing"
NUMBERS_MISSING: Final = "numbers_missing"
WAS_CLOSED = Choice(answer="was_closed", means="The store was closed that day: there is no report.")
WILL_NOT_COME = Choice(
    answer="will_not_come", means="These numbers will not come: the register was reset or replaced, or lost them."
)


@dataclass(frozen=True, slots=True)
class Held:
    """It is said so: under which name, in words, with each run of numbers, and how a person ends it."""

    reason: Literal["day_missing", "numbers_missing"]
    message: str
    choice: Choice
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is missing any more: how that came, and why."""

    how: How
    because: str


Verdict = Held | Settled
