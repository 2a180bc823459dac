"""What is remembered of a year's proofs. Pure."""

from schemas.commands import HoldForReview
from schemas.flows import Remembered
from schemas.proofs import BooksProved


class State(Remembered):
    """The proofs of one year, or of one file.

    Attributes:
        proof: the newest one, by when the ledger was read.
        hold: the open hold.
        given: how many holds there were; it numbers the next one.
    """

    proof: BooksProved | None = None
    hold: HoldForReview | None = None
    given: int = 0
