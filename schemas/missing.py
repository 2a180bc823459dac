"""What should have come and has not: told by the host's clock, since flows keep no time."""

from typing import ClassVar

from pydantic import Field

from schemas import ids
from schemas.base import Code, Day, Moment, Name
from schemas.events import Fact, OrganisationNumber, Register


class DayMissed(Fact):
    """A store should have closed its day by a time of its calendar, and no report of that day had come by then."""

    TOPIC: ClassVar[str] = "facts.day-closed.v1"

    store: Name
    business_date: Day
    due_at: Moment = Field(description="by when the day should have been closed, grace included")
    organisation_number: OrganisationNumber | None = Field(
        default=None, description="of the company whose day it is: what names another one has not come"
    )

    @property
    def key(self) -> str:
        """The store, as people read its name, and the day."""
        return missed_day(self.store, self.business_date.isoformat())


class NumbersMissed(Fact):
    """Between two reports of a cash register, numbers of its unbroken series have not come."""

    TOPIC: ClassVar[str] = "facts.day-closed.v1"

    system: Code
    store: Name
    register_id: Register
    after: int = Field(ge=1, description="the Z number of the report before the gap, and its day")
    after_date: Day
    before: int = Field(ge=1, description="the Z number of the report behind it, and its day")
    before_date: Day
    organisation_number: OrganisationNumber | None = Field(
        default=None, description="of the company whose day it is: what names another one has not come"
    )

    @property
    def key(self) -> str:
        """System, store, register, and the numbers on both sides."""
        return missed_numbers(self.system, self.store, self.register_id, self.after, self.before)


def missed_day(store: str, day: str) -> str:
    """Return the key of a store's day, however its name is spelled; small letters can be more than capitals."""
    return f"{ids.in_a_key(store.casefold())}/{day}"


def missed_numbers(system: str, store: str, register: str, after: int, before: int) -> str:
    """Return the key of the numbers between two reports of a register."""
    return f"{system}/{ids.in_a_key(store)}/{register}/{after}..{before}"
