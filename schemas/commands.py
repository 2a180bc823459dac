"""Orders: what is to be done, in the imperative. A flow gives them, a sink carries them out.

An order's id is made from tenant, flow, key, revision and step, so the same decision always gives the same order;
the journal lets the first one win.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self, get_args
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from schemas import ids
from schemas import settings_words as say
from schemas.base import Account, Code, CostCentre, Day, Message, Project, SeriesCode, Who
from schemas.documents import LARGEST, Sha256
from schemas.events import EmployeeField, EmployeeFields, OrganisationNumber
from schemas.money import ZERO, Money, Percent
from schemas.words import Text, Wording, lines_of


class Order(Message):
    """An order and where it came from. ``TOPIC`` says which sink carries it out."""

    TOPIC: ClassVar[str]

    flow: Code
    key: str = Field(min_length=1, max_length=200, description="the business key; one key's orders keep their sequence")
    revision: str = Field(max_length=64)
    step: str = Field(max_length=64)
    rule: Code = Field(description="the rule that decided")
    settings_version: int = Field(default=0, ge=0)
    replaces: UUID | None = Field(default=None, description="a rejected order that this one is given instead of")

    def id_in(self, tenant: str) -> UUID:
        """Return this order's id for a tenant."""
        return ids.order_id(tenant=tenant, flow=self.flow, key=self.key, revision=self.revision, step=self.step)


class VoucherRow(Message):
    """A row of a voucher; exactly one side is above zero."""

    account: Account
    debit: Money = ZERO
    credit: Money = ZERO
    cost_centre: CostCentre | None = None
    text: Annotated[str, StringConstraints(max_length=100)] | None = None
    project: Project | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        debit, credit = self.debit, self.credit
        if not (debit > ZERO == credit or credit > ZERO == debit):
            raise ValueError("exactly one of debit and credit is above zero")
        return self

    @property
    def swapped(self) -> Self:
        """The row with debit and credit swapped: what takes it back."""
        return self.model_copy(update={"debit": self.credit, "credit": self.debit})


class VoucherRef(Message):
    """A voucher in Fortnox. ``year_id`` is Fortnox's own id of the financial year, not a calendar year."""

    series: SeriesCode
    number: int = Field(ge=1)
    year_id: int

    def __str__(self) -> str:
        """Return the voucher as accountants write it: ``F 12``."""
        return f"{self.series} {self.number}"


class PostVoucher(Order):
    """Book a voucher in Fortnox. It balances, or it is no order."""

    TOPIC: ClassVar[str] = "orders.fortnox.v1"

    purpose: Literal["book", "reverse", "rebook"]
    series: SeriesCode
    voucher_date: Day
    description: Annotated[str, StringConstraints(min_length=1, max_length=180)]
    rows: tuple[VoucherRow, ...] = Field(min_length=2)
    relates_to: tuple[VoucherRef, ...] = Field(default=(), description="the vouchers that this one reverses or follows")
    takes_back: UUID | None = Field(
        default=None, description="of a reversal: the order whose voucher it takes back, if that still stands there"
    )
    followed_by: tuple[VoucherRow, ...] = Field(
        default=(),
        description="of a reversal: the rows that are booked anew after it; what stands in their way keeps it back",
    )
    insists: bool = Field(
        default=False,
        description="a person says that it will be taken: it is sent whatever is known to stand in its way",
    )
    organisation_number: OrganisationNumber | None = Field(
        default=None, description="whose books it is for, as the source says; in others it is not booked"
    )
    database_number: int | None = Field(default=None, description="the same, by Fortnox's number of the books")
    look_for_double: bool = Field(
        default=False,
        description="what another voucher books on that day, the same accounts and amounts, is refused, that one named",
    )
    exempt_from_lock: bool = Field(
        default=False, description="the company says that its series is not locked with the period"
    )

    @model_validator(mode="after")
    def _balances(self) -> Self:
        debit, credit = sum((r.debit for r in self.rows), ZERO), sum((r.credit for r in self.rows), ZERO)
        if debit != credit:
            raise ValueError("the voucher does not balance: its debit and credit differ")
        return self


class SettledField(Message):
    """Which rule settled a field."""

    field: EmployeeField
    rule: Code


class WriteEmployee(Order):
    """Shared by the orders that write an employee: the fields to write, and what must still hold there."""

    fields: EmployeeFields = Field(description="what is written; a field that is None stays as it is")
    clear: tuple[Code, ...] = Field(default=(), description="the fields to empty")
    expected: EmployeeFields | None = Field(
        default=None,
        description="what the record held when it was decided, for the fields written; moved since: refused by name",
    )
    settled: tuple[SettledField, ...] = Field(
        default=(), description="the rule of each field that differed; none of somebody who is created"
    )

    @property
    def written(self) -> tuple[EmployeeField, ...]:
        """The fields that it writes or empties, by name."""
        names: tuple[EmployeeField, ...] = get_args(EmployeeField)
        return tuple(name for name in names if getattr(self.fields, name) is not None or name in self.clear)


class NewEmployee(Message):
    """What Fortnox is told of each new employee besides what HR says, in its own codes: by it it finds an agreement."""

    personnel_type: Literal["TJM", "ARB"] = Field(description=say.PERSONNEL_TYPE.en)
    employment_form: Literal["TV", "PRO", "TID", "SVT", "VIK", "PRJ", "PRA", "FER", "SES", "NEJ"] | None = Field(
        default=None, description="EmploymentForm: TV permanent, PRO on probation, TID for a time"
    )
    salary_form: Literal["MAN", "TIM"] | None = Field(default=None, description="SalaryForm: MAN monthly, TIM hourly")


class UpsertEmployee(WriteEmployee):
    """Create or change an employee in Fortnox."""

    TOPIC: ClassVar[str] = "orders.fortnox.v1"

    employee_id: Code | None = Field(default=None, description="None, of a new one: Fortnox gives it the next number")
    create: bool
    street_line: Literal[1, 2] = Field(default=1, description="the address line that the street goes to")
    new: NewEmployee | None = Field(default=None, description="of a new one: what HR does not say")
    back: bool = Field(default=False, description="works again: an employee who was set inactive is active")


class UpsertPerson(WriteEmployee):
    """Create or change a person in an HR system."""

    TOPIC: ClassVar[str] = "orders.hr.v1"

    system: Code
    person_id: Code | None = Field(description="None: create one")


class ReadPerson(Order):
    """Read a person in an HR system again, and tell what it holds."""

    TOPIC: ClassVar[str] = "orders.hr.v1"

    system: Code
    person_id: Code


class WriteAbsence(Order):
    """Record, change or remove one day's absence of an employee in Fortnox."""

    TOPIC: ClassVar[str] = "orders.fortnox.v1"

    action: Literal["create", "update", "delete"]
    absence_id: Code | None = Field(default=None, description="Fortnox's own id; None to create")
    employee_id: Code
    day: Day
    cause: Annotated[str, StringConstraints(pattern=r"^[A-ZÅÄÖ0-9]{3}$")] = Field(description="Fortnox's CauseCode")
    extent: Percent = Field(default=Decimal(100), description="percent of the day")
    hours: Money | None = Field(default=None, ge=0, le=24, description="instead of extent")
    cost_centre: CostCentre | None = None

    @model_validator(mode="after")
    def _names_it(self) -> Self:
        if (self.action == "create") != (self.absence_id is None):
            raise ValueError("absence_id: needed to update or delete, and none to create")
        return self


class AttachFile(Order):
    """Upload a file and join it to a voucher in Fortnox."""

    TOPIC: ClassVar[str] = "orders.fortnox.v1"

    voucher: VoucherRef
    name: Annotated[str, StringConstraints(pattern=r"^[^/\\\x00-\x1f]{1,100}$")]
    sha256: Sha256 = Field(description="of the content")
    content: bytes = Field(
        default=b"", max_length=LARGEST, repr=False, description="none: the document store has it under its hash"
    )


class Choice(Message):
    """One answer that a hold offers."""

    answer: Code
    means: str = Field(min_length=1, max_length=300, description="what happens then, in plain words")
    wording: Wording | None = Field(default=None, description="of ``means``, for readers of other languages")

    @classmethod
    def saying(cls, answer: str, means: Text) -> Self:
        """Return an answer, and what happens then."""
        return cls(answer=answer, means=means.english, wording=means.wording)


How = Literal[
    "booked",
    "settings_changed",
    "checks_passed",
    "answered",
    "superseded",
    "nothing_to_book",
    "not_booked",  # as the company has chosen
    "arrived",  # what was missing has come
]
"""How something that was held came to wait no longer."""
_LONGEST = 2000
_LONGEST_REASON = 64


def spoken(message: Text, lines: Iterable[Text | str] = ()) -> dict[str, Any]:
    """Return what ``HoldForReview`` and ``CloseReview`` carry of what is said: the text, and its words beside it."""
    lines = tuple(lines)
    told: dict[str, Any] = {"message": message.english[:_LONGEST], "wording": message.wording}
    return told | ({"lines": tuple(map(str, lines)), "line_wordings": lines_of(lines)} if lines else {})


_NOT_IN_A_REASON = re.compile(r"[^\w.+&() /\-]")


def reason_of(code: str) -> str:
    """Return the reason to hold what a system refused with this code, as far as a name can say it."""
    return re.sub(_NOT_IN_A_REASON, "_", code)[:_LONGEST_REASON] or "refused"


class HoldForReview(Order):
    """Let something wait for a person, or for settings that settle it, under a named reason."""

    TOPIC: ClassVar[str] = "orders.desk.v1"

    reason: Code = Field(description="a bounded name, such as unmapped_payment_method")
    who: Who = "accountant"
    message: str = Field(min_length=1, max_length=2000, description="what is wrong, where, and what to do")
    wording: Wording | None = Field(default=None, description="of the message, for readers of other languages")
    lines: tuple[str, ...] = Field(default=(), description="the lines that explain it")
    line_wordings: tuple[Wording | None, ...] = Field(default=(), description="of each line; a line without is a name")
    choices: tuple[Choice, ...] = ()
    business_date: Day | None = None
    amount: Money | None = Field(default=None, description="the money that waits")
    personal: bool = Field(default=False, description="its lines hold somebody's values")

    @property
    def said(self) -> tuple[object, ...]:
        """What it tells a person: two holds that say the same need not both be shown."""
        return self.reason, self.message, self.lines, tuple((choice.answer, choice.means) for choice in self.choices)


class CloseReview(Order):
    """Something that was held waits no longer."""

    TOPIC: ClassVar[str] = "orders.desk.v1"

    hold_id: UUID
    how: How
    message: str = Field(min_length=1, max_length=2000)
    wording: Wording | None = Field(default=None, description="of the message, for readers of other languages")
