"""What a SIE file says: a company, its years, its chart, and its balances and vouchers. Values only.

The field's names, with the label of SIE 4B (SIE-Gruppen, 30 September 2008) that each stands for. What can be many
(balances, vouchers and their rows) are named tuples: they cost a third of a frozen dataclass and are as frozen.
Debit is positive and credit negative everywhere, as in the file. Texts are as they stand; absent ones are empty.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from schemas.identities import ten_digits

Objects = tuple[tuple[int, str], ...]
"""Dimension and object, in the order of the file: ``((1, "10"), (6, "P12"))``."""

COST_CENTRE = 1
PROJECT = 6
RESERVED_DIMENSIONS = {
    1: "Kostnadsställe",
    2: "Kostnadsbärare",
    6: "Projekt",
    7: "Anställd",
    8: "Kund",
    9: "Leverantör",
    10: "Faktura",
}
"""Dimensions that the standard names (chapter 8): they need no #DIM. 3 to 5 and 11 to 19 are kept for later."""

_ORGANISATION = re.compile(r"(?:[0-9]{2})?([0-9]{6})-?([0-9]{4})", re.ASCII)


class Form(StrEnum):
    """The type of file. 4 is told apart by its content: an export (4E) has balances, entries to be booked (4I) none."""

    YEAR_BALANCES = "1"
    PERIOD_BALANCES = "2"
    OBJECT_BALANCES = "3"
    EXPORT = "4E"
    ENTRIES = "4I"


class BalanceKind(StrEnum):
    """Which balance it is, by label. The last two are what moved in a month."""

    OPENING = "#IB"
    CLOSING = "#UB"
    RESULT = "#RES"
    OBJECT_OPENING = "#OIB"
    OBJECT_CLOSING = "#OUB"
    PERIOD = "#PSALDO"
    BUDGET = "#PBUDGET"


OF_ACCOUNTS: Final = frozenset({BalanceKind.OPENING, BalanceKind.CLOSING, BalanceKind.RESULT})
"""Balances of whole accounts, which have no object list."""


class Balance(NamedTuple):
    """One balance.

    Attributes:
        year: 0 this year, -1 the one before, and so on.
        account: its number as it stands.
        amount: debit positive.
        period: the month, ``202401``; empty where the label has none.
        objects: what the balance is of; empty: the whole account.
        quantity: in the account's unit.
    """

    kind: BalanceKind
    year: int
    account: str
    amount: Decimal
    period: str = ""
    objects: Objects = ()
    quantity: Decimal | None = None


class RowKind(StrEnum):
    """What a row of a voucher is, by label. Only booked rows count; the others tell how they came about."""

    BOOKED = "#TRANS"
    ADDED = "#RTRANS"
    REMOVED = "#BTRANS"


class Row(NamedTuple):
    """One row of a voucher.

    An added row tells when and by whom the booked row after it (its twin) was put in later; a removed one is a row
    that was struck.

    Attributes:
        account: its number as it stands.
        amount: debit positive.
        day: the row's own day; None: the voucher's.
        quantity: in the account's unit.
        sign: who made, added or struck the row.
    """

    kind: RowKind
    account: str
    objects: Objects
    amount: Decimal
    day: date | None = None
    text: str = ""
    quantity: Decimal | None = None
    sign: str = ""


_NO_ROW = Row(RowKind.REMOVED, "", (), Decimal(0))


class Voucher(NamedTuple):
    """One voucher. It can be without rows: then it is a number that was used and struck.

    Attributes:
        series, number: as they stand; either can be empty in entries that the reader shall number.
        registered: when it was entered.
        sign: who made it.
        rows: in the order of the file, those that do not count as well.
    """

    series: str
    number: str
    day: date
    text: str = ""
    registered: date | None = None
    sign: str = ""
    rows: Sequence[Row] = ()

    @property
    def booked(self) -> tuple[Row, ...]:
        """The rows that count."""
        return tuple(row for row in self.rows if row.kind is RowKind.BOOKED)

    @property
    def has_twins(self) -> bool:
        """Whether right after each row that was added stands its twin: same account, objects and amount."""
        return all(
            row.kind is not RowKind.ADDED or (after.kind is RowKind.BOOKED and after[1:4] == row[1:4])
            for row, after in pairwise((*self.rows, _NO_ROW))
        )


@dataclass(frozen=True, slots=True)
class Company:
    """Whose books these are.

    Attributes:
        organisation_number: as it stands (#ORGNR).
        acquisition, activity: what tells apart companies of one person (#ORGNR).
        code: the bookkeeping program's own name for the company (#FNR); a closing program sends it back.
        kind: AB, E, HB, ... (#FTYP).
        industry: the SNI code (#BKOD).
        contact, street, city, telephone: #ADRESS.
    """

    name: str = ""
    organisation_number: str = ""
    acquisition: str = ""
    activity: str = ""
    code: str = ""
    kind: str = ""
    industry: str = ""
    contact: str = ""
    street: str = ""
    city: str = ""
    telephone: str = ""

    @property
    def ten_digits(self) -> str | None:
        """The organisation number as it is compared: ten digits, without hyphen and century; None when it is none."""
        found = _ORGANISATION.fullmatch(ten_digits(self.organisation_number.strip()))
        return found[1] + found[2] if found else None


@dataclass(frozen=True, slots=True)
class FinancialYear:
    """A year of the file; it can be shorter or longer than twelve months.

    Attributes:
        index: 0 this year, -1 the one before, and so on.
        first, last: its days; None in files that do not say.
    """

    index: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart.

    Attributes:
        number: as it stands: ``0351`` and ``DIFF`` are accounts too.
        kind: T asset, S debt, K cost, I income; empty: as BAS has it (#KTYP).
        unit: of its quantities (#ENHET).
        sru: its places in the tax return (#SRU).
    """

    number: str
    name: str = ""
    kind: str = ""
    unit: str = ""
    sru: tuple[str, ...] = ()

    @property
    def is_of_result(self) -> bool:
        """Whether it belongs to the income statement: by its type, else by BAS (classes 3 to 8)."""
        return self.kind.upper() in {"K", "I"} if self.kind else self.number[:1] not in {"0", "1", "2", "9"}


@dataclass(frozen=True, slots=True)
class Dimension:
    """What rows are told apart by besides the account; ``parent`` is the dimension that a sub-dimension divides."""

    number: int
    name: str
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Object:
    """One cost centre, project or other member of a dimension."""

    dimension: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Whose books, which years and which chart: all that a file says besides its balances and vouchers.

    Attributes:
        taken: its flag is set: a reader has taken these entries before (#FLAGGA 1).
        program, version: what wrote it. Fortnox ("Fortnox Bokföring"), Visma, ...
        generated: the day it was written, and by whom.
        comments: #PROSA.
        tax_year: the year of the tax return that the SRU codes are of (#TAXAR).
        until: the last day that the balances are of, when that is not the year's last (#OMFATTN).
        chart: the kind of chart, ``EUBAS97`` (#KPTYP).
    """

    form: Form
    company: Company = field(default_factory=Company)
    years: tuple[FinancialYear, ...] = ()
    accounts: tuple[Account, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    objects: tuple[Object, ...] = ()
    taken: bool = False
    program: str = ""
    version: str = ""
    generated: date | None = None
    generated_by: str = ""
    comments: tuple[str, ...] = ()
    tax_year: str = ""
    until: date | None = None
    chart: str = ""
    currency: str = "SEK"

    def year(self, index: int) -> FinancialYear | None:
        """Return a year by its index."""
        return next((year for year in self.years if year.index == index), None)
