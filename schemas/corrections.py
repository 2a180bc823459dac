"""Corrections of booked days: what a person approved. Facts, as those in ``events`` are."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from schemas.base import Code, Moment
from schemas.commands import VoucherRef
from schemas.events import Fact


class CorrectionApproved(Fact):
    """A person approved that a day's voucher is reversed and booked anew, as a plan showed it."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    plan_id: UUID
    row: int = Field(ge=1)
    about: str = Field(min_length=1, max_length=200, description="the day's business key")
    revision: Code = Field(
        description="of the day's content as the plan showed it; another one is not approved by this"
    )
    voucher: VoucherRef = Field(description="what stood for the day; another one is not reversed by this")
    content: Code = Field(description="a digest of the voucher that the plan showed instead")
    planned_by: str = Field(min_length=1, max_length=200, description="who made the plan")
    approved_by: str = Field(min_length=1, max_length=200)
    approved_at: Moment

    @property
    def key(self) -> str:
        """The day."""
        return self.about
