"""A financial year's ledger as facts: the chart, the balances and the vouchers, whatever they were read from.

Debit is positive and credit negative. Nothing here tells where it was read: the same year out of Fortnox and out of its
SIE file is the same facts. Accounts, series and numbers stand as the books have them: ``0351`` is an account too.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from schemas.base import Day, Message, Moment
from schemas.commands import Order
from schemas.events import Fact
from schemas.money import ZERO, Money
from schemas.words import Text, Wording, all_heard

LedgerSource = Literal["fortnox", "sie"]
"""Where a year's ledger was read: out of Fortnox, or out of a SIE file that somebody gave."""

AccountNumber = Annotated[str, StringConstraints(min_length=1, max_length=16)]
"""As it stands in the books. Equal as texts is equal."""
Quantity = Annotated[str, StringConstraints(pattern=r"^-?\d{1,15}(\.\d{1,15})?$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

MOST_ROWS: Final = 5_000
"""Rows of the vouchers of one part, a larger voucher aside: a part must fit in one message of Kafka."""


COST_CENTRE: Final = 1
PROJECT: Final = 6
"""Numbers of dimensions that are the same in all books: SIE reserves them, and Fortnox has them."""


class ObjectCode(Message):
    """A cost centre (dimension 1), a project (6), or another object that a row or a balance is of."""

    dimension: int = Field(ge=1)
    code: str


class LedgerRow(Message):
    """One booked row."""

    account: AccountNumber
    amount: Money
    objects: tuple[ObjectCode, ...] = ()
    text: str = ""
    quantity: Quantity | None = None
    day: Day | None = Field(default=None, description="the row's own day, where it is not the voucher's")


class LedgerVoucher(Message):
    """One voucher. Without rows it is a number that was used and struck."""

    series: str
    number: str
    day: Day
    text: str = ""
    registered: Day | None = Field(default=None, description="when it was entered, as far as the books say")
    rows: tuple[LedgerRow, ...] = ()


class LedgerAccount(Message):
    """An account of the year's chart."""

    number: AccountNumber
    name: str = ""
    sru: tuple[str, ...] = Field(default=(), description="its places in the tax return")


class LedgerDimension(Message):
    """What objects are of, where it is another one than the standard's or has a name of its own."""

    dimension: int = Field(ge=1)
    name: str
    parent: int | None = Field(default=None, ge=1, description="the dimension that it divides")


class LedgerObject(Message):
    """A cost centre, a project, or another object that rows can be of."""

    dimension: int = Field(ge=1)
    code: str
    name: str = ""


class LedgerBalance(Message):
    """An account's balance, or with ``objects`` that of a part of it. Accounts of the result have no opening."""

    account: AccountNumber
    kind: Literal["opening", "closing"]
    amount: Money
    objects: tuple[ObjectCode, ...] = ()
    quantity: Quantity | None = None


class LedgerPartRead(Fact):
    """A part of a financial year's ledger, as it is now. A year is what a LedgerRetrieved says: never single parts.

    Parts are ``chart``, ``balances``, and blocks of vouchers by series and number: one voucher more changes one part.
    They travel before what closes their reading, on the same topic: only there has their order a meaning.
    """

    TOPIC: ClassVar[str] = "facts.fortnox-seen.v1"

    year_from: Day
    year_to: Day
    part: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    accounts: tuple[LedgerAccount, ...] = ()
    objects: tuple[LedgerObject, ...] = ()
    balances: tuple[LedgerBalance, ...] = ()
    vouchers: tuple[LedgerVoucher, ...] = ()
    dimensions: tuple[LedgerDimension, ...] = ()

    @property
    def key(self) -> str:
        """The year and the part."""
        return f"ledger/{self.year_to}/{self.part}"


class LedgerPart(Message):
    """A part of a ledger by its content: see ``schemas.ledger_parts``."""

    part: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    sha256: Sha256


class LedgerRequested(Fact):
    """Somebody wants financial years' ledgers, documents, or both, out of Fortnox."""

    TOPIC: ClassVar[str] = "facts.ledger-requested.v1"

    year: int | None = Field(
        default=None, ge=1900, le=2200, description="the year in which the financial year ends; None: the last ones"
    )
    last: int = Field(default=0, ge=0, le=20, description="without a year: how many, the one that runs now included")
    ledger: bool = True
    documents: bool = True
    overwrite: bool = Field(default=False, description="what was loaded from a file is replaced")
    requested_by: str = Field(min_length=1, max_length=200)
    requested_at: Moment | None = Field(default=None, description="tells apart requests of the same")
    year_to: Day | None = Field(
        default=None, description="with a year: its last day, and no other is meant; two can end in one year"
    )

    @property
    def key(self) -> str:
        """The year, or how many."""
        return f"ledger/{self.year}" if self.year is not None else f"ledger/last {self.last}"


class LedgerSourceChosen(Fact):
    """A person, or a program for one, chose where a financial year comes from; another choice takes its place."""

    TOPIC: ClassVar[str] = "facts.ledger-requested.v1"

    year_to: Day = Field(description="the year's last day")
    source: LedgerSource
    chosen_by: str = Field(min_length=1, max_length=200)
    chosen_at: Moment

    @property
    def key(self) -> str:
        """The year."""
        return f"ledger/{self.year_to}"


class LedgerRetrieved(Fact):
    """A financial year's ledger has been read: all its parts are in Kafka."""

    TOPIC: ClassVar[str] = "facts.fortnox-seen.v1"

    year: int = Field(description="the year in which the financial year ends")
    vouchers: int = Field(ge=0)
    sha256: Sha256 = Field(description="of the parts' names and digests: schemas.ledger_parts.digest_of_year")
    year_from: Day | None = None
    year_to: Day | None = None
    rows: int = Field(default=0, ge=0)
    source: LedgerSource | None = Field(default=None, description="None: Fortnox, before there were others")
    parts: tuple[LedgerPart, ...] = ()
    organisation_number: str | None = Field(default=None, description="ten digits, as the books say; None: they do not")
    overwrite: bool = False
    requested_by: str = Field(default="", max_length=200)
    read_at: Moment | None = None
    findings: tuple[str, ...] = Field(
        default=(), max_length=50, description="what an accountant wants to know of these books; the first ones"
    )
    finding_wordings: tuple[Wording | None, ...] = Field(
        default=(),
        max_length=50,
        description="of each finding, for readers of other languages; none where none has any",
    )

    @property
    def key(self) -> str:
        """The year; what says no more than its number is from before a year had parts."""
        return f"ledger/{self.year_to}" if self.year_to else f"fortnox/ledger/{self.year}"

    @property
    def found(self) -> tuple[Text | str, ...]:
        """Its findings, to be filled into what is said of them; of an older reading only the texts are known."""
        return all_heard(self.finding_wordings, self.findings)

    @property
    def whence(self) -> LedgerSource:
        """Where it was read."""
        return self.source or "fortnox"


class ReadLedger(Order):
    """Read financial years' ledgers out of Fortnox, their documents, or both, and tell what is there."""

    TOPIC: ClassVar[str] = "orders.fortnox.v1"

    year: int | None = Field(default=None, description="the year in which the financial year ends; None: the last ones")
    last: int = Field(default=0, ge=0, le=20)
    ledger: bool = True
    documents: bool = True
    overwrite: bool = False
    requested_by: str = Field(default="", max_length=200)
    year_to: Day | None = Field(default=None, description="with a year: its last day, and no other is meant")


Sums = dict[tuple[int | str, ...], Decimal]
"""Amounts, by account, or by account, cost centre and project."""


def booked(rows: Iterable[tuple[int, str | None, str | None, Decimal]]) -> Sums:
    """Return what rows (account, cost centre, project, amount) book: the sum of each account, however they are split.

    What comes to nothing is left out. What moves an amount between cost centres or projects is nothing on its accounts:
    the sum of each of those, then.
    """
    accounts = defaultdict[tuple[int | str, ...], Decimal](lambda: ZERO)
    places = defaultdict[tuple[int | str, ...], Decimal](lambda: ZERO)
    for account, centre, project, amount in rows:
        accounts[account,] += amount
        places[account, centre or "", project or ""] += amount
    return _not_nothing(accounts) or _not_nothing(places)


def _not_nothing(sums: Sums) -> Sums:
    return {place: amount for place, amount in sums.items() if amount}
