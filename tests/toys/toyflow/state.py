"""What is remembered of a receipt. Pure."""

from pydantic import BaseModel, ConfigDict

from schemas.commands import HoldForReview
from schemas.invoices import CreateInvoice, InvoiceRequested


class State(BaseModel):
    """One receipt as far as it has come.

    Attributes:
        request: the newest content.
        seen: the revisions seen; the last one is ``request``'s.
        ordered: the invoice that was ordered, and not refused.
        refused: why the last order was not carried out; empty once a person has said what is to become of it.
        given_up: a person said that nothing more is to be done about this content.
        hold: the open hold.
        given: how many orders and holds there were; it numbers the next one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: InvoiceRequested | None = None
    seen: tuple[str, ...] = ()
    ordered: CreateInvoice | None = None
    refused: str = ""
    given_up: bool = False
    hold: HoldForReview | None = None
    given: int = 0

    @property
    def revision(self) -> str:
        """The newest content's revision."""
        return self.seen[-1] if self.seen else ""
