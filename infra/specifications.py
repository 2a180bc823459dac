"""Specifications of receivables and payables: what was open at a balance date, beside its account. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from infra import words
from schemas.money import ZERO
from schemas.words import Text

Missing = Literal["not_consented", "not_permitted"]
WHY: Final[Mapping[Missing, Text]] = {
    "not_consented": words.OPEN_NOT_CONSENTED(),
    "not_permitted": words.OPEN_NOT_PERMITTED(),
}
"""Each note in words."""
_DEBTS: Final = 2000
FindingCode = Literal["differs_from_account", "not_booked", "payments_not_booked", "foreign_currency"]


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An invoice that was open at the end of a day. Amounts are kronor, a credit's below zero.

    Attributes:
        number: its own; ``reference``: the supplier's, or what a payment names.
        party, party_name: the customer or the supplier.
        total: of the whole invoice.
        open: what was left to pay that day.
        paid_later: what has been paid, written off or credited of that since.
        last_paid: the day of the last of it.
    """

    number: str
    reference: str
    party: str
    party_name: str
    day: date
    due: date | None
    currency: str
    total: Decimal
    open: Decimal
    paid_later: Decimal
    last_paid: date | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an accountant wants to know of a specification: its name, and what it is about."""

    code: FindingCode
    said: Text

    @property
    def why(self) -> str:
        """What it is about, in English."""
        return self.said.english


@dataclass(frozen=True, slots=True)
class Specification:
    """What was open on one account: customers' invoices (1510) or suppliers' (2440).

    Attributes:
        total: of what was open.
        balance: of the account at the end of the year, debit positive; None: there is no such account.
        note: why nothing could be read; "": it was.
    """

    side: str
    account: int
    invoices: tuple[OpenInvoice, ...] = ()
    total: Decimal = ZERO
    balance: Decimal | None = None
    findings: tuple[Finding, ...] = ()
    note: Missing | Literal[""] = ""

    @property
    def stands(self) -> Decimal | None:
        """The balance with the sign that open invoices have: what one owes stands on the credit side (BAS: class 2)."""
        if self.balance is None:
            return None
        return self.balance if self.account < _DEBTS else -self.balance

    @property
    def gap(self) -> Decimal | None:
        """What of the account is no invoice's."""
        return None if self.stands is None else self.stands - self.total


@dataclass(frozen=True, slots=True)
class Specifications:
    """A year's specifications, at its last day."""

    first: date
    last: date
    read_at: datetime
    sides: tuple[Specification, ...]
