"""What is remembered of a year's proofs. Pure."""

from pydantic import BaseModel, ConfigDict

from schemas.commands import HoldForReview
from schemas.proofs import BooksProved


class State(BaseModel):
    """The proofs of one year, or of one file.

    Attributes:
        proof: the newest one, by when the ledger was read.
        hold: the open hold.
        given: how many holds there were; it numbers the next one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    proof: BooksProved | None = None
    hold: HoldForReview | None = None
    given: int = 0
