"""What a till sends: our published formats of Z reports and of sales on account. README.md has their tables."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from schemas.base import NO_NUL, SEEN, Code, Day, Moment, Name
from schemas.events import OrganisationNumber, Register
from schemas.invoices import Email, Line, Unit
from schemas.money import ZERO, Money, Quantity, Rate


def _in_utc(value: datetime) -> datetime:
    # One moment is written in one way, or a report that is sent again from another zone would look amended.
    return value.astimezone(UTC)


Shown = Annotated[Name, SEEN]
Taken = Annotated[Moment, AfterValidator(_in_utc)]
Unsigned = Annotated[Money, Field(ge=0)]
InDrawer = Annotated[Money, Field(gt=-(10**11), lt=10**11, description="so that the difference is an amount too")]
Count = Annotated[int, Field(ge=0, le=999_999_999)]


def _has_no_field_of_its_own(category: str) -> str:
    if category in {"tips", "rounding", "gift_cards_sold"}:
        raise ValueError("this amount has a field of its own in the report")
    return category


class Wire(BaseModel):
    """A part of the report. Unknown fields are errors: a misspelt amount must be loud."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, defer_build=True)


class Company(Wire):
    """Whose sales these are."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    organisation_number: OrganisationNumber | None = None


class ProductGroup(Wire):
    """Sales of one product group at one VAT rate."""

    group: Shown
    vat_rate: Rate
    net: Money
    vat: Money


class VatTotal(Wire):
    """Sales and VAT of one rate."""

    vat_rate: Rate
    net: Money
    vat: Money


class Payment(Wire):
    """What came in by one means of payment."""

    method: Shown
    amount: Money
    count: Count | None = None


class OtherAmount(Wire):
    """Money that is not sales and has no field of its own."""

    category: Annotated[Shown, AfterValidator(_has_no_field_of_its_own)]
    amount: Money


class Cash(Wire):
    """The drawer at closing, the change float included."""

    counted: InDrawer
    registered: InDrawer


class Tally(Wire):
    """How many, and how much together."""

    count: Count
    amount: Unsigned


class Reduction(Wire):
    """Another registration that reduced the day's sales."""

    kind: Shown
    count: Count | None = None
    amount: Unsigned


class ZReport(Wire):
    """One Z report (Z-dagrapport). Letters are those of SKVFS 2014:9 7 kap 3 §."""

    format: Literal["bokbuss.openpos.z-report/1"]
    report_type: Literal["Z"]  # d
    amendment: Annotated[int, Field(ge=0, le=9999)] = 0
    company: Company  # a
    store: Shown
    register_id: Register  # e
    z_number: Annotated[int, Field(ge=1, le=999_999_999)]  # c
    business_date: Day
    taken_at: Taken  # b
    currency: Literal["SEK"]

    total_sales: Money  # f
    product_groups: tuple[ProductGroup, ...]  # g
    vat_totals: tuple[VatTotal, ...]  # h
    payments: tuple[Payment, ...]  # p
    tips: Money = ZERO
    rounding: Money = ZERO
    gift_cards_sold: Money = ZERO
    other_amounts: tuple[OtherAmount, ...] = ()
    cash: Cash | None = None
    returns: Tally | None = None  # q
    discounts: Tally | None = None  # r
    receipts: Count | None = None  # l

    change_float: Money | None = None  # i
    goods_sold: Count | None = None  # j
    services_sold: Count | None = None  # k
    drawer_openings: Count | None = None  # m
    receipt_copies: Tally | None = None  # n
    training: Tally | None = None  # o
    other_reductions: tuple[Reduction, ...] = ()  # s
    unfinished_sales: Tally | None = None  # t
    grand_total_sales: Money | None = None  # u
    grand_total_returns: Money | None = None  # v
    grand_total_net: Money | None = None  # w

    pdf: Any = None
    """The report itself; a wrong one is said and not used, and loses no day."""


class SoldRow(Wire):
    """One row of a receipt; of a return the quantity is below zero."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
    quantity: Quantity
    price: Money
    vat_rate: Rate
    group: Shown | None = None
    article: Code | None = None
    unit: Unit | None = None
    discount: Money | None = None


_AsTyped = Annotated[str, StringConstraints(pattern=r"^[\d\s+\-\u2010-\u2015\u2212]{10,20}$")]
"""A number with whatever dashes and blanks somebody typed or pasted."""


class Customer(Wire):
    """Whom the till sold to, as far as it knows."""

    number: Code | None = None
    organisation_number: _AsTyped | None = None
    email: Email | None = None
    name: Line | None = None
    street: Line | None = None
    postal_code: Line | None = None
    city: Line | None = None


class SaleOnAccount(Wire):
    """One receipt that is to be invoiced, or credited."""

    format: Literal["bokbuss.openpos.sale-on-account/1"]
    amendment: Annotated[int, Field(ge=0, le=9999)] = 0
    company: Company
    store: Shown
    register_id: Register
    receipt_number: Annotated[Code, StringConstraints(max_length=32), SEEN]
    date: Day
    currency: Literal["SEK"]
    customer: Customer
    rows: Annotated[tuple[SoldRow, ...], Field(min_length=1)]
    tip: Money = ZERO
    total: Money
    returned_receipt: Annotated[Code, StringConstraints(max_length=32)] | None = None
