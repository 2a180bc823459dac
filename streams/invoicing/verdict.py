"""What a rule may say about a sale on account, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.base import Who
from schemas.commands import Choice

NAME: Final = "invoicing"

DISCARD = Choice(
    answer="discard",
    means="Never invoice this receipt here; it is invoiced by hand, and so is what the clearing account holds of it. "
    "A newer one opens it again.",
)
KEEP = Choice(answer="keep", means="Leave invoice and books as they are; the difference is handled by hand.")
RETRY = Choice(answer="retry", means="Try again, after it was set right in Fortnox or in the settings.")
CREATE = Choice(answer="create", means="Make the customer in Fortnox, of what the till says.")
ALLOW_TIP = Choice(answer="allow_tip", means="Put this tip on the invoice, as a row of its own without VAT.")
ROUND = Choice(answer="round", means="Invoice the rows; the difference goes to the rounding account.")
OWN = Choice(answer="own", means="It is a receipt of its own: it is invoiced beside the other.")
CREDIT = Choice(answer="credit", means="Credit the invoice and make it anew; all of them stay in Fortnox.")
WITHOUT = Choice(answer="without", means="Make the credit note all the same; it names the till's receipt only.")
CREDITED = Choice(answer="credited", means="It is credited or cancelled by hand in Fortnox, its voucher too; go on.")


@dataclass(frozen=True, slots=True)
class Held:
    """The receipt waits: why, in words for an accountant; and what can be answered besides giving it up."""

    reason: str
    message: str
    lines: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    who: Who = "accountant"
    can_be_given_up: bool = True


@dataclass(frozen=True, slots=True)
class Find:
    """The customer is to be found in Fortnox. ``create``: or made there."""

    create: bool


@dataclass(frozen=True, slots=True)
class Invoice:
    """The receipt is to be invoiced, or to become an order. ``credits``: of a return, the document that it is about."""

    customer: str
    credits: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """The document that stands for older content is to be credited."""


@dataclass(frozen=True, slots=True)
class Move:
    """The sale is to be taken out of the day close, whose voucher has it, since its invoice books it."""


@dataclass(frozen=True, slots=True)
class MoveBack:
    """The voucher beside a credited document is to be reversed."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done. With a message it is put on record, as a hold that is closed at once."""

    message: str = ""


Verdict = Held | Find | Invoice | Credit | Move | MoveBack | Settled
