"""What a rule may say about a person, an employee or a leave, and what a person may answer. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.audit import DISCARDED
from schemas.commands import Choice, SettledField
from schemas.events import EmployeeFields, Prefer, Side
from schemas.flows import Held
from schemas.words import Text
from streams.employees import words

NAME: Final = "employees"

RETRY = Choice.saying("retry", words.RETRY())
PREFER_HR = Choice.saying("prefer_hr", words.PREFER_HR())
PREFER_FORTNOX = Choice.saying("prefer_fortnox", words.PREFER_FORTNOX())
LEAVE_IT = Choice.saying("leave_it", words.LEAVE_IT())
CREATE = Choice.saying("create", words.CREATE())
RESUME = Choice.saying("resume", words.RESUME())
DO_NOTHING = Choice.saying("do_nothing", words.DO_NOTHING())
GO_ON = Choice.saying("go_on", words.GO_ON())

MATCH: Final = "match "
"""The beginning of the answer that joins a person with an employee; the employee's id follows."""
PREFERENCES: Final[Mapping[str, Prefer]] = {
    "prefer_hr": "hr",
    "prefer_fortnox": "fortnox",
    "leave_it": "neither",
}


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


def refusal(system: str, code: str, why: Text | str, day: date | None = None) -> Text:
    """Say who refused what was ordered: the system that it is for, or a person before it was sent there."""
    if day is not None:
        return (words.DISCARDED_DAY if code == DISCARDED else words.REFUSED_DAY)(system=system, day=day, why=why)
    return (words.DISCARDED if code == DISCARDED else words.REFUSED)(system=system, why=why)
