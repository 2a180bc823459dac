"""Marks: what is put behind everything that was told, by somebody who waits until all of it is decided."""

from typing import ClassVar, Final
from uuid import UUID

from schemas.base import Moment
from schemas.events import Fact


class Mark(Fact):
    """Nothing happened: once this is decided, so is what was told of the company before it on its topic.

    A company's messages are decided in their order, whoever told them. No flow decides on a mark.
    """

    mark: UUID
    marked_at: Moment

    @property
    def key(self) -> str:
        """The mark's own."""
        return f"marks/{self.mark}"


class PeopleMarked(Mark):
    """Behind what HR systems told of people."""

    TOPIC: ClassVar[str] = "facts.employee-changed.v1"


class EmployeesMarked(Mark):
    """Behind what was seen in Fortnox."""

    TOPIC: ClassVar[str] = "facts.fortnox-seen.v1"


class AnswersMarked(Mark):
    """Behind what people decided."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"


class EntriesMarked(Mark):
    """Behind the closing entries that came."""

    TOPIC: ClassVar[str] = "facts.closing-entries-ready.v1"


MARKS: Final[tuple[type[Mark], ...]] = (PeopleMarked, EmployeesMarked, AnswersMarked, EntriesMarked)
"""One for each topic that a plan rests on."""
