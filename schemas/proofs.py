"""The proof of the books: what our events say was posted, compared with what the ledger holds."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.base import Day, Message, Moment
from schemas.events import Fact
from schemas.ledger import AccountNumber, LedgerSource, Sha256
from schemas.money import Money
from schemas.words import Text, Wording, heard

DifferenceKind = Literal[
    "deleted",  # our voucher is not there any more, or its rows are struck
    "changed",  # our voucher holds other rows or another day than we posted
    "number_reused",  # under our voucher's number stands another one
    "renumbered",  # our voucher stands under another number
    "posted_twice",  # our voucher stands there once more
    "not_on_record",  # a voucher carries a mark of ours, and we have no record that it was posted
    "reversed_by_hand",  # a voucher takes ours back, and is not of us
    "booked_twice",  # vouchers of somebody else hold the same takings as ours
    "foreign",  # a voucher of somebody else stands in a series of ours
]


class AccountDifference(Message):
    """What the ledger has more (debit) or less (credit) on an account than we posted."""

    account: AccountNumber
    amount: Money


class Difference(Message):
    """One difference: the voucher that it is about, what is wrong, and what to do."""

    id: str = Field(pattern=r"^[0-9a-f]{12}$", description="of its content: the same difference has the same id")
    kind: DifferenceKind
    voucher: str = Field(max_length=100, description="as accountants write it: F 12")
    day: Day
    others: tuple[str, ...] = Field(default=(), description="the other vouchers that are part of it")
    key: str = Field(default="", max_length=200, description="the business key of what we posted")
    accounts: tuple[AccountDifference, ...] = ()
    message: str = Field(max_length=1000)
    wording: Wording | None = Field(default=None, description="of the message, for readers of other languages")

    @property
    def said(self) -> Text | str:
        """The message, to be filled into what is said of it."""
        return heard(self.wording, self.message)


class AccountTotal(Message):
    """An account: what we posted, and what of the ledger is ours or stands in its place."""

    account: AccountNumber
    posted: Money
    ledger: Money


class BooksProved(Fact):
    """A year's books were compared with what we posted. It goes on record, and differences wait for a person."""

    TOPIC: ClassVar[str] = "facts.fortnox-seen.v1"

    year_from: Day
    year_to: Day
    source: LedgerSource = "fortnox"
    ledger_sha256: Sha256 = Field(description="of the ledger that was compared")
    vouchers: int = Field(ge=0, description="of the ledger")
    posted: int = Field(ge=0, description="vouchers that we posted in the year")
    on_their_way: tuple[str, ...] = Field(default=(), description="vouchers whose end is not known yet; the first ones")
    differences: tuple[Difference, ...] = Field(default=(), description="that nobody has accepted; the first ones")
    count: int = Field(default=0, ge=0, description="of the differences")
    accepted: int = Field(default=0, ge=0, description="differences that a person has accepted")
    totals: tuple[AccountTotal, ...] = ()
    asked_by: str = Field(default="", max_length=200)
    read_at: Moment

    @property
    def green(self) -> bool:
        """Whether there is no difference."""
        return not self.count

    @property
    def key(self) -> str:
        """The year, and what was compared."""
        return f"{self.source}/proof/{self.year_to}"
