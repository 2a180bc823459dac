"""What a rule may say about a batch or an entry, and what a person may answer. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from schemas.commands import Choice, PostVoucher, VoucherRef, VoucherRow
from schemas.flows import GIVE_UP, Held
from schemas.words import Text
from streams.yearend import words

NAME: Final = "yearend"

DISCARD = Choice.saying(GIVE_UP, words.DISCARD())
KEEP = Choice.saying("keep", words.KEEP())
RETRY = Choice.saying("retry", words.RETRY())
REBOOK = Choice.saying("rebook", words.REBOOK())
LOOK_AGAIN = Choice.saying("retry", words.LOOK_AGAIN())

REVERSED: Final = "reversed"
"""The answer of a person who has reversed a voucher by hand."""
IS_GONE = Choice.saying(REVERSED, words.IT_IS_GONE())
IS_REVERSED = Choice.saying(REVERSED, words.REVERSED_BY_HAND())
OWN: Final = "own"
"""The answer that an entry is to be booked beside a voucher that looks like it."""
BOOK_ALL_THE_SAME = Choice.saying(OWN, words.BOOK_ALL_THE_SAME())
SAME: Final = "same"
"""The answer that the voucher that looks like an entry is that entry."""
IT_IS_THAT_ONE = Choice.saying(SAME, words.IT_IS_THAT_ONE())

BOTH: Final = "both"
"""The answer that an entry is to be booked beside another batch's that books the same."""
BOOK_BOTH = Choice.saying(BOTH, words.BOOK_BOTH())

FINDING: Final = "finding"
"""A warning in a plan: something that the batch says of itself."""
SUSPECTED_DOUBLE: Final = "suspected_double"
"""The code of a voucher that is not booked, since another one books the same: it is named."""
FOUR_EYES: Final = "four_eyes"
"""The reason of a hold that another person's approval ends."""
VOUCHER_GONE: Final = "voucher_gone"
"""The code of a reversal that is not booked, since what it takes back is not there any more."""

Step = Literal["book", "rebook", "turn", "reverse", "unturn"]
"""What an order does: book the entry; the same after a reversal; take an accrual back on its day; reverse either."""
_LONGEST_DESCRIPTION: Final = 180


@dataclass(frozen=True, slots=True)
class Booking:
    """A voucher to post. ``revision`` is that of the content that it books or takes back."""

    step: Step
    revision: str
    series: str
    voucher_date: date
    description: str
    rows: tuple[VoucherRow, ...]
    relates_to: tuple[VoucherRef, ...] = ()
    takes_back: PostVoucher | None = None
    look_for_double: bool = False
    exempt_from_lock: bool = False

    @property
    def purpose(self) -> Literal["book", "reverse", "rebook"]:
        """What the order says that it is for: an accrual is taken back as any voucher is."""
        match self.step:
            case "book" | "rebook":
                return self.step
            case _:
                return "reverse"

    @property
    def text(self) -> str:
        """The voucher's text, as long as it may be."""
        return self.description[:_LONGEST_DESCRIPTION]

    def is_content_of(self, order: PostVoucher) -> bool:
        """Tell whether an order would write this voucher, and meet the same."""
        ours = (self.series, self.voucher_date, self.rows, self.text, self.exempt_from_lock)
        theirs = (order.series, order.voucher_date, order.rows, order.description, order.exempt_from_lock)
        return ours == theirs


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A batch is in order: its entries are planned, and what was there before is compared with them."""


_NOTHING_MORE: Final = words.NOTHING_MORE()


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done now. ``because`` is told where an open hold is closed."""

    because: Text = _NOTHING_MORE


Verdict = Held | Booking | TakenIn | Settled
