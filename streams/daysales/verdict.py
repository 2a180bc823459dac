"""What a rule may say about a day, and what a person may answer. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from schemas.commands import Choice, How, PostVoucher, VoucherRef, VoucherRow
from schemas.flows import GIVE_UP, JOIN, Held
from schemas.words import Text
from streams.daysales import words

NAME: Final = "daysales"

DISCARD = Choice.saying(GIVE_UP, words.DISCARD())
KEEP = Choice.saying("keep", words.KEEP())
GIVEN_UP: Final = frozenset({KEEP.answer, DISCARD.answer})
"""Answers by which a person settles a day, whatever is booked of it."""
RETRY = Choice.saying("retry", words.RETRY())
REBOOK = Choice.saying("rebook", words.REBOOK())
LOOK_AGAIN = Choice.saying("retry", words.LOOK_AGAIN())

REVERSED: Final = "reversed"
"""The answer of a person who has reversed a voucher by hand."""
IS_GONE = Choice.saying(REVERSED, words.IT_IS_GONE())
IS_REVERSED = Choice.saying(REVERSED, words.REVERSED_BY_HAND())
WAS_REVERSED = Choice.saying(REVERSED, words.THAT_ONE_REVERSES())
REVERSE_ALL_THE_SAME = Choice.saying("own", words.REVERSE_ALL_THE_SAME())
BOOKED_TWICE: Final = "booked_twice"
"""The reason of a hold that names the vouchers too many."""
SUSPECTED_DOUBLE: Final = "suspected_double"
"""The code of a reversal that is not booked, since another voucher books the same: it is named."""
FOUR_EYES: Final = "four_eyes"
"""The reason of a hold that another person's approval ends."""
NOT_AS_PLANNED: Final = "not_as_planned"
"""The reason of a hold that an approval of what the settings say by now ends."""
NOT_ATTACHED: Final = "report_not_attached"
"""Why a booked day waits whose report Fortnox did not take."""
WITHOUT: Final = "without"
"""The answer that a voucher stays without its report."""
STAYS_WITHOUT = Choice.saying(WITHOUT, words.STAYS_WITHOUT())
FIRST_OPEN_DAY: Final = "first_open_day"
"""The answer that what is dated into a locked period is booked after it."""
DATE_IS_RIGHT: Final = "date_is_right"
"""The answer that a report is of the day that it names, however far from the day on which it came."""
ROUND: Final = "round"
"""The answer of a person who lets a small difference go: that of the rule which asked, and no other."""
OWN: Final = "own"
"""The answer that a report is one of its own, though it may look like another."""
SAME: Final = JOIN
"""The answer that a report is the one that it looks like; with a number when there are several: ``same/2``."""

_LONGEST_DESCRIPTION: Final = 180


def let_go(rule: str) -> str:
    """Return how it is remembered that a person let the difference go that a rule asked about."""
    return f"{ROUND}/{rule}"


@dataclass(frozen=True, slots=True)
class Booking:
    """A voucher to post.

    Attributes:
        revision: that of the content that it books or takes back.
        followed_by: of a reversal: the rows that are booked anew after it.
    """

    purpose: Literal["book", "reverse", "rebook"]
    revision: str
    series: str
    voucher_date: date
    description: str
    rows: tuple[VoucherRow, ...]
    relates_to: tuple[VoucherRef, ...] = ()
    look_for_double: bool = False
    followed_by: tuple[VoucherRow, ...] = ()

    @property
    def text(self) -> str:
        """The voucher's text, as long as it may be, and never empty."""
        return self.description[:_LONGEST_DESCRIPTION] or "Dagsavslut"

    def is_content_of(self, order: PostVoucher) -> bool:
        """Tell whether an order would write this voucher."""
        ours = (self.series, self.voucher_date, self.rows, self.text, self.followed_by)
        return ours == (order.series, order.voucher_date, order.rows, order.description, order.followed_by)


_NOTHING_MORE: Final = words.NOTHING_MORE()


@dataclass(frozen=True, slots=True)
class Settled:
    """Nothing is to be done. With a message it is put on record, as a hold that is closed at once.

    Attributes:
        because: told where an open hold is closed.
        reason: under which name it goes on record, and ``how`` that hold is closed.
    """

    message: Text | None = None
    because: Text = _NOTHING_MORE
    reason: str = "nothing_to_book"
    how: How = "nothing_to_book"


@dataclass(frozen=True, slots=True)
class Attachment:
    """The report is to be put beside its voucher."""

    voucher: VoucherRef


Verdict = Held | Booking | Attachment | Settled
