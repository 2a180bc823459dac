"""A person is paused: nothing travels for a while, although the link stays."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Moment
from schemas.events import Fact


class PersonPaused(Fact):
    """A person decided that nothing travels about somebody for now, or that it goes on."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    person: str = Field(max_length=200, description="system/person_id")
    paused: bool = Field(description="False: it goes on, with the newest values")
    reason: Literal["long_leave", "temporary_change", "other"] = "other"
    comment: str = Field(default="", max_length=1000)
    decided_by: str = Field(min_length=1, max_length=200)
    decided_at: Moment

    @property
    def key(self) -> str:
        """The person."""
        return self.person
