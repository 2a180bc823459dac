"""A person is erased: their values become unreadable everywhere, and nothing new of them is taken in until released."""

from typing import ClassVar

from pydantic import Field

from schemas.base import Moment
from schemas.commands import Order
from schemas.events import Fact


class ErasureDecided(Fact):
    """A person decided that somebody is erased, or that what HR tells of them may come in again."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    person: str = Field(max_length=200, description="system/person_id, or fortnox/employee/id of one in Fortnox only")
    erased: bool = Field(description="False: released, and told anew")
    decided_by: str = Field(min_length=1, max_length=200)
    decided_at: Moment

    @property
    def key(self) -> str:
        """The person."""
        return self.person


class DropKeys(Order):
    """Drop the keys of somebody's values, so that nobody can read them any more, wherever they stand."""

    TOPIC: ClassVar[str] = "orders.desk.v1"

    records: tuple[str, ...] = Field(
        min_length=1, description="the keys of the records that they are: person, employee"
    )
    decided_by: str = Field(min_length=1, max_length=200)
    decided_at: Moment
