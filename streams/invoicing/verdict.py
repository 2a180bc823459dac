"""What a rule may say about a sale on account, and what a person may answer. Pure."""

from dataclasses import dataclass
from typing import Final

from schemas.commands import Choice
from schemas.flows import GIVE_UP, Held
from schemas.invoices import InvoiceRequested
from schemas.words import Text
from streams.invoicing import words

NAME: Final = "invoicing"

DISCARD = Choice.saying(GIVE_UP, words.DISCARD())
KEEP = Choice.saying("keep", words.KEEP())
RETRY = Choice.saying("retry", words.RETRY())
CREATE = Choice.saying("create", words.CREATE())
ALLOW_TIP = Choice.saying("allow_tip", words.ALLOW_TIP())
ROUND: Final = "round"
"""The answer of a person who lets the difference between a receipt's total and its rows go."""
OWN = Choice.saying("own", words.OWN())
CREDIT = Choice.saying("credit", words.CREDIT())
WITHOUT = Choice.saying("without", words.WITHOUT())
ANYWAY = Choice.saying("anyway", words.ANYWAY())
ANOTHER = Choice.saying("another", words.ANOTHER())
RIGHT = Choice.saying("right", words.RIGHT())
CREDITED = Choice.saying("credited", words.CREDITED())
REVERSED = Choice.saying("reversed", words.REVERSED_BY_HAND())


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
    """The sale is to be taken out of the day close, whose voucher has it, since its invoice books it.

    ``of``: the older content that is invoiced; None: the newest.
    """

    of: InvoiceRequested | None = None


@dataclass(frozen=True, slots=True)
class MoveBack:
    """The voucher beside a credited document is to be reversed."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done. With a message it is put on record, as a hold that is closed at once."""

    message: Text | None = None


Verdict = Held | Find | Invoice | Credit | Move | MoveBack | Settled
