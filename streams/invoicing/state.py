"""What is remembered of a sale on account. Pure."""

from datetime import date
from typing import Literal
from uuid import UUID

from schemas.commands import HoldForReview, PostVoucher, VoucherRef
from schemas.flows import Remembered
from schemas.invoices import CreateInvoice, FindCustomer, InvoiceRequested
from schemas.words import Text, Wording, heard
from streams.invoicing import words


class Beside(Remembered):
    """The voucher that took a sale out of its day close, and the one that reversed it.

    ``order`` is None as that of a document.
    """

    voucher: VoucherRef
    order: PostVoucher | None
    reversed_by: VoucherRef | None = None


class Otherwise(Remembered):
    """What Fortnox made of a document's amounts, in its sink's words."""

    why: str
    wording: Wording | None = None

    @property
    def said(self) -> Text | str:
        """What it is, to be filled into what is said of it."""
        return heard(self.wording, self.why)


class Document(Remembered):
    """The invoice (or order) in Fortnox that was made of a content, what stands beside it, and what credited it.

    ``kind`` is ``document`` and ``order`` None when what was ordered is not remembered here, or was ordered under other
    settings than the journal carried out (a database that was restored). ``otherwise``: it, or what credited it, came
    out to other amounts, and nobody has said yet that this is right.
    """

    kind: Literal["invoice", "order", "document"]
    number: str
    revision: str
    order: CreateInvoice | None
    beside: Beside | None = None
    credited_by: str | None = None
    otherwise: Otherwise | None = None

    @property
    def is_taken_back(self) -> bool:
        """Tell whether nothing of it counts any more."""
        return self.credited_by is not None and (self.beside is None or self.beside.reversed_by is not None)

    @property
    def named(self) -> Text:
        """The document as people name it."""
        return (words.ORDER if self.kind == "order" else words.INVOICE)(number=self.number)

    def __str__(self) -> str:
        """Return the document as people name it."""
        return f"{self.kind} {self.number}"


class RefusedOrder(Remembered):
    """The last order that Fortnox refused; the next one replaces it. ``order`` is None as in ``Document``."""

    order_id: UUID
    order: FindCustomer | CreateInvoice | PostVoucher | None


class Made(Remembered):
    """What an order came out with: the number of a document, or a voucher."""

    order_id: UUID
    name: str


Awaited = FindCustomer | CreateInvoice | PostVoucher


class State(Remembered):
    """One receipt as far as it has come, or what is known under a counter: store, register, number.

    A receipt without a store has its counter's key, so that one state can be both. ``receipts`` and ``returns``
    are only a counter's.

    Attributes:
        receipt: the newest content.
        seen: the revisions seen; the last one is ``receipt``'s.
        amendments: those that came; of a receipt from before this was remembered perhaps not all.
        awaits: Fortnox's answer to an order, a person's answer to a hold, or (None) nothing.
        customer: the number in Fortnox of the customer who was found.
        number_missing: Fortnox has no customer of the number that was tried.
        missing: Fortnox has no customer of that number, organisation number, personal number or e-mail.
        document: what stands for the receipt, or stood and was credited.
        surplus: further documents of the same receipt, which a person must credit.
        surplus_vouchers: further vouchers beside its document, or of their reversal, which a person must reverse.
        rejected: the refused order that the next one replaces.
        answers: what a person answered about this content.
        holds: how many holds there have been; it numbers the next one.
        done: the orders whose outcome is known; none of them is given again.
        made: what they came out with; of orders from before this was remembered there is none.
        doubts: the receipts that this may be; a person says.
        receipts: of a counter: the keys of the receipts that came under it.
        returns: of a counter: the keys of the receipts that are returns of its number; of those from before this was
            remembered perhaps not all.
        invoiced: the content that a document was made of, where newer content came before that sale had left the day.
        opens_on: the first day after the locked period that Fortnox refused a voucher for, when it did so last.
    """

    receipt: InvoiceRequested | None = None
    seen: tuple[str, ...] = ()
    amendments: tuple[int, ...] = ()
    awaits: Awaited | HoldForReview | None = None
    customer: str | None = None
    number_missing: bool = False
    missing: bool = False
    document: Document | None = None
    surplus: tuple[str, ...] = ()
    surplus_vouchers: tuple[VoucherRef, ...] = ()
    rejected: RefusedOrder | None = None
    answers: tuple[str, ...] = ()
    holds: int = 0
    done: tuple[UUID, ...] = ()
    made: tuple[Made, ...] = ()
    doubts: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    invoiced: InvoiceRequested | None = None
    opens_on: date | None = None

    @property
    def revision(self) -> str:
        """The newest content's revision."""
        return self.seen[-1] if self.seen else ""

    @property
    def standing(self) -> Document | None:
        """The document that counts: made, and not taken back."""
        return self.document if self.document and not self.document.is_taken_back else None

    @property
    def hold(self) -> HoldForReview | None:
        """The open hold."""
        return self.awaits if isinstance(self.awaits, HoldForReview) else None
