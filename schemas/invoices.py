"""Sales on account: what a till tells, and what is made of it in Fortnox."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from schemas import ids
from schemas.base import NO_NUL, Account, Code, CostCentre, Day, Message, Name, written
from schemas.commands import Order
from schemas.events import Fact, OrganisationNumber, Register
from schemas.identities import is_sole_trader
from schemas.money import ORE, ZERO, Money, Quantity, Rate
from schemas.personal import Personal

Line = Annotated[str, BeforeValidator(written), StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
"""A text of one line that a person wrote."""
Unit = Annotated[Line, StringConstraints(max_length=20)]
Email = Annotated[str, BeforeValidator(written), StringConstraints(pattern=r"^[^\s@\x00]{1,64}@[^\s@\x00]{1,150}$")]
OTHER_AMOUNTS: Final = "other_amounts"
"""The code of a document that was made, and to other amounts than it was ordered with."""
_LONGEST = 150
"""Of a receipt's name, in letters: keys have a limit."""


class InvoiceRow(Message):
    """One row of an invoice that a till asks for; a return has quantities below zero."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    quantity: Quantity
    price: Money = Field(description="for one; with VAT where the message says that prices have it")
    vat_rate: Rate
    group: Name | None = None
    article: Code | None = Field(default=None, description="the article's number")
    unit: Unit | None = None
    discount: Money | None = Field(default=None, description="of the whole row, taken off; of a return below zero")

    @property
    def amount(self) -> Decimal:
        """What the row comes to, to the öre: with VAT or without it, as its price is."""
        return (self.quantity * self.price).quantize(ORE, ROUND_HALF_UP) - (self.discount or ZERO)


class Buyer(Message):
    """Whom a till sold to, as far as it knows. A name alone finds nobody."""

    organisation_number: OrganisationNumber | None = Field(default=None, description="of a legal person")
    personal_number: Personal | None = Field(default=None, description="of a person, a sole trader too")
    email: Email | None = None
    name: Line | None = None
    street: Line | None = None
    postal_code: Line | None = None
    city: Line | None = None

    @field_validator("organisation_number")
    @classmethod
    def _is_no_persons(cls, number: str | None) -> str | None:
        if number is not None and is_sole_trader(number):
            raise ValueError("this is a person's number: it travels sealed, as personal_number")
        return number


class InvoiceRequested(Fact):
    """A till sold on account: an invoice (or an order for collective invoicing) is asked for.

    What must hold: the rows with VAT and the tip together are ``total``. A receipt whose total is below zero is a
    return, and asks for a credit note.
    """

    TOPIC: ClassVar[str] = "facts.invoice-requested.v1"

    system: Code = "openpos"
    register_id: Register
    receipt_number: Code
    invoice_date: Day
    customer_number: Code | None = Field(default=None, description="the customer's number in Fortnox")
    rows: tuple[InvoiceRow, ...] = Field(min_length=1)
    tip: Money = ZERO
    store: Name | None = Field(default=None, description="None: a till from before stores were told of")
    amendment: int = Field(default=0, ge=0, description="0 at first, one more each time the till corrects this receipt")
    organisation_number: OrganisationNumber | None = Field(default=None, description="of the company that sold")
    buyer: Buyer | None = None
    vat_included: bool = Field(default=False, description="prices and discounts have VAT in them, as tills show them")
    total: Money | None = Field(default=None, description="with VAT and tip: what the till took as sold on account")
    returned_receipt: Code | None = Field(default=None, description="of a return: the receipt of what comes back")

    @property
    def key(self) -> str:
        """System, store, register, receipt and date: stores name tills alike, and a new till counts from 1 again.

        A receipt says that it is one: the register's Z report of that day can have the same number.
        """
        return self.counter if self.store is None else f"{self.counter}/{self.invoice_date}"

    @property
    def of_day(self) -> date:
        """The day of the sale."""
        return self.invoice_date

    @property
    def counter(self) -> str:
        """System, store, register and receipt: what the receipt calls itself. Not always one thing."""
        return self._counter(self.receipt_number, self.store, self.register_id)

    @property
    def counters(self) -> tuple[str, ...]:
        """Where the receipts that call themselves so are remembered: the newer ones under the last.

        Capitals in a store's or a register's name are no difference; those from before this was known are under the
        names before.
        """
        return self._counters(self.receipt_number)

    @property
    def returned_counters(self) -> tuple[str, ...]:
        """The same of the returned receipt; a till knows the receipts of its own register."""
        return () if self.returned_receipt is None else self._counters(self.returned_receipt)

    def _counters(self, receipt: str) -> tuple[str, ...]:
        store, register = self.store and self.store.casefold(), self.register_id.casefold()
        tills = ((self.store, self.register_id), (store, self.register_id), (store, register))
        return tuple(dict.fromkeys(self._counter(receipt, *till) for till in tills))

    def _counter(self, receipt: str, store: str | None, register: str) -> str:
        said = [register, receipt] if store is None else [store, register, f"receipt-{receipt}"]
        till = (self.system, *said)
        name = "/".join(part.replace("/", "%2F") for part in till)
        return name if len(name) <= _LONGEST else f"{register}/{ids.digest(till)}"


class DocumentRow(InvoiceRow):
    """A row of an invoice or an order, and the account that it is credited to; None: Fortnox chooses."""

    account: Account | None = None


class CreateInvoice(Order):
    """Make a customer invoice in Fortnox, or an order to be invoiced collectively there. Below zero it is a credit."""

    TOPIC: ClassVar[str] = "orders.fortnox.v1"

    document: Literal["invoice", "order"]
    customer_number: Code
    invoice_date: Day
    rows: tuple[DocumentRow, ...] = Field(min_length=1)
    cost_centre: CostCentre | None = None
    vat_included: bool = Field(default=False, description="prices and discounts have VAT in them")
    receipt: Annotated[str, StringConstraints(max_length=80)] = Field(
        default="", description="the till's receipt, as people write it: kept beside the mark"
    )
    remark: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="", description="what the customer reads: which receipt it is, which invoice it credits"
    )


class FindCustomer(Order):
    """Find a customer in Fortnox by number, organisation number, personal number or e-mail; else create one, or not.

    Its outcome names the customer's number. More than one that fit are none.
    """

    TOPIC: ClassVar[str] = "orders.fortnox.v1"

    customer_number: Code | None = None
    buyer: Buyer
    create: bool = Field(default=False, description="where there is none, it is made; it needs a name then")

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if not (self.customer_number or identifies(self.buyer)):
            raise ValueError("a customer is found by number, organisation number, personal number or e-mail")
        if self.create and not self.buyer.name:
            raise ValueError("a customer without a name cannot be created")
        return self


def identifies(buyer: Buyer) -> bool:
    """Tell whether a customer can be found by what is known of a buyer: a name, or a wrong number, finds nobody."""
    is_person = buyer.personal_number is not None and not buyer.personal_number.flaw
    return is_person or bool(buyer.organisation_number or buyer.email)
