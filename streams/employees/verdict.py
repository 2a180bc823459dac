"""What a rule may say about a person, an employee or a leave, and what a person may answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.audit import DISCARDED
from schemas.base import Who
from schemas.commands import Choice, SettledField
from schemas.events import EmployeeFields, Prefer, Side

NAME: Final = "employees"

RETRY = Choice(answer="retry", means="Send it again, after it was set right.")
PREFER_HR = Choice(answer="prefer_hr", means="Fortnox gets HR's values of the fields that differ.")
PREFER_FORTNOX = Choice(answer="prefer_fortnox", means="HR gets Fortnox's values of the fields that differ.")
LEAVE_IT = Choice(answer="leave_it", means="Both keep their values, until one of them changes.")
CREATE = Choice(answer="create", means="Fortnox gets a new employee for this person.")
RESUME = Choice(answer="resume", means="It goes on, with the newest values.")
DO_NOTHING = Choice(answer="do_nothing", means="Nothing is done, until the record changes.")
GO_ON = Choice(answer="go_on", means="What was asked for is dropped; from here on the rules decide.")

MATCH: Final = "match "
"""The beginning of the answer that joins a person with an employee; the employee's id follows."""
PREFERENCES: Final[Mapping[str, Prefer]] = {
    "prefer_hr": "hr",
    "prefer_fortnox": "fortnox",
    "leave_it": "neither",
}


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for a person under a name."""

    reason: str
    message: str
    lines: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    who: Who = "accountant"


@dataclass(frozen=True, slots=True)
class Write:
    """What is to be written on one side.

    Attributes:
        record: the id there; None to create.
        back: they work again.
        settled: the rule of each field.
    """

    to: Side
    record: str | None
    fields: EmployeeFields
    clear: tuple[str, ...] = ()
    expected: EmployeeFields | None = None
    back: bool = False
    settled: tuple[SettledField, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done; an open hold is closed, except where the hold itself is what must stay."""

    keep_hold: bool = False


Verdict = Held | Settled | tuple[Write, ...]


def refusal(whom: str, what: str, code: str, why: str) -> str:
    """Say who refused what was ordered: the system that it is for, or a person before it was sent there."""
    if code == DISCARDED:
        return f"Nothing was sent to {whom}: {what} was discarded ({why})"
    return f"{whom} refused {what}: {why}"
