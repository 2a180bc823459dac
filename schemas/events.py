"""Facts: what happened, in the past tense, told by a source, Fortnox or a person.

NB: names and fields are what stands in Kafka. Change them by adding only; anything else is a new version
with an upcaster, and the samples of the old one stay.
"""

from datetime import date
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas import ids
from schemas.base import Code, CostCentre, Day, Message, Moment, Name, Project, SeriesCode, written
from schemas.documents import FLAWS, Document, Flaw
from schemas.identities import ten_digits
from schemas.money import ZERO, Money, Percent, Rate
from schemas.personal import UNDER_A_KEY, Personal
from schemas.words import Text, Wording, all_heard

Register = Annotated[str, BeforeValidator(written), StringConstraints(pattern=r"^[0-9A-Za-zÅÄÖåäö\-_]{1,16}$")]
"""A cash register's designation (kassabeteckning): at most 16 letters and digits (SKVFS 2014:9)."""

OrganisationNumber = Annotated[
    str,
    BeforeValidator(lambda number: ten_digits(number) if isinstance(number, str) else number),
    StringConstraints(pattern=r"^\d{10}$"),
]
"""Ten digits; written with a hyphen or a century it is the same number. A sole trader's is a personal number."""


class Fact(Message):
    """A fact. ``TOPIC`` says where it travels; ``key`` names the thing it is about."""

    TOPIC: ClassVar[str]

    @property
    def key(self) -> str:
        """The business key: the fewest stable fields of the source. Never personal data."""
        raise NotImplementedError

    @property
    def of_day(self) -> date | None:
        """The day that it is of, of what happens on one; None: it is of none."""
        return None

    @property
    def unused(self) -> tuple[str, ...]:
        """What of it could not be used, by field and why, for whoever told it; it counts all the same."""
        return ()


# --- Tills ------------------------------------------------------------------------------------------------------


class GroupSales(Message):
    """Sales of one product group at one VAT rate; returns and discounts are already deducted."""

    group: Name
    vat_rate: Rate
    net: Money = Field(description="without VAT; negative when returns exceed sales")
    vat: Money


class RateTotal(Message):
    """Sales and VAT of one rate, as the Z report prints them (SKVFS 2014:9 7 kap 3 § h)."""

    vat_rate: Rate
    net: Money
    vat: Money


class Payment(Message):
    """What came in by one means of payment, tips included (SKVFS 2014:9 7 kap 3 § p)."""

    method: Name
    amount: Money = Field(description="negative when more was paid back than taken")
    count: int | None = Field(default=None, ge=0)


class OtherAmount(Message):
    """Money in (or out, negative) that is not sales: ``tips``, ``rounding``, ``gift_cards_sold``, ``deposits``."""

    category: Name
    amount: Money


class DayClosed(Fact):
    """A cash register was closed and its Z report taken.

    What must hold: the payments together are the sales with VAT and the other amounts together; and the groups' sales
    add up to the totals of their rate. ``cash_difference`` is counted cash less registered cash, and stands beside
    that.
    """

    TOPIC: ClassVar[str] = "facts.day-closed.v1"

    system: Code = Field(default="openpos", description="the till system that says so")
    store: Name
    register_id: Register
    z_number: int = Field(ge=1, le=999_999_999, description="from the register's unbroken series")
    unnumbered: bool = Field(default=False, description="the register counts no reports: the number is made of the day")
    business_date: Day = Field(description="the day the sales belong to: the voucher's date")
    taken_at: Moment
    amendment: int = Field(default=0, ge=0, description="0 at first, one more each time the till corrects this report")
    organisation_number: OrganisationNumber | None = None
    currency: Literal["SEK"] = "SEK"
    sales: tuple[GroupSales, ...] = ()
    vat: tuple[RateTotal, ...] = ()
    payments: tuple[Payment, ...] = ()
    others: tuple[OtherAmount, ...] = ()
    cash_difference: Money = ZERO
    total_sales: Money = Field(description="sales with VAT: what the report states (SKVFS 2014:9 7 kap 3 § f)")
    discounts: Money = Field(default=ZERO, description="for information: already deducted from the sales")
    returns: Money = Field(default=ZERO, description="for information: already deducted from the sales")
    receipts: int | None = Field(default=None, ge=0)
    goods: int | None = Field(default=None, ge=0, description="goods and services sold, as the report counts them")
    pdf: Document | None = Field(default=None, description="the report as the till makes it")
    pdf_flaw: Flaw | None = Field(default=None, description="why the till's own report cannot be used")

    @property
    def key(self) -> str:
        """System, store, register, Z number and date: stores name tills alike, and a new till counts from 1 again."""
        return f"{self.system}/{ids.in_a_key(self.store)}/{self.register_id}/{self.z_number}/{self.business_date}"

    @property
    def of_day(self) -> date:
        """The business day."""
        return self.business_date

    @property
    def unused(self) -> tuple[str, ...]:
        """The till's own report, where it is none."""
        return (
            (f"pdf: {FLAWS[self.pdf_flaw]}; it is not used, and the report counts all the same",)
            if self.pdf_flaw
            else ()
        )

    @property
    def counter(self) -> str:
        """System, register and Z number: what the report calls itself. Not always one thing."""
        return self._counter(self.register_id)

    @property
    def counters(self) -> tuple[str, ...]:
        """Where the reports that call themselves so are remembered: the newer ones under the last.

        Capitals in a register's name are no difference; those from before this was known are under ``counter``.
        """
        return tuple(dict.fromkeys((self.counter, self._counter(self.register_id.casefold()))))

    def _counter(self, register: str) -> str:
        return f"{self.system}/{register}/{self.z_number}"


# --- People -----------------------------------------------------------------------------------------------------


Words = Annotated[str, BeforeValidator(written)]
"""A text that a person wrote. It is kept as people read it."""


EmployeeField = Literal[
    "email",
    "employment_id",
    "given_name",
    "family_name",
    "phone",
    "street",
    "postal_code",
    "city",
    "country",
    "bank_account",
    "first_day",
    "last_day",
    "title",
    "personal_number",
    "tax_table",
    "tax_column",
]
"""The name of a field of EmployeeFields."""


def same_value(name: EmployeeField, one: object, other: object) -> bool:
    """Tell whether two opened values of a field are one; an e-mail address is, however its letters are written."""
    return str(one).casefold() == str(other).casefold() if name == "email" else one == other


class EmployeeFields(Message):
    """What travels about an employee. What None means, the message that carries it says.

    Wherever it is written it is one text: all of it, sealed under a key of the person's own. Where that key was dropped
    it stays this text, and no value is known.
    """

    email: Words | None = None
    employment_id: Words | None = None
    given_name: Words | None = None
    family_name: Words | None = None
    phone: Words | None = Field(default=None, description="E.164 where it can be told, otherwise as it was written")
    street: Words | None = None
    postal_code: Words | None = None
    city: Words | None = None
    country: Words | None = Field(default=None, description="ISO 3166-1 alpha-2")
    bank_account: Personal | None = None
    first_day: Day | None = None
    last_day: Day | None = None
    title: Words | None = None
    personal_number: Personal | None = None
    tax_table: int | None = None
    tax_column: int | None = None
    sealed: str | None = Field(default=None, repr=False, description="all of it, sealed; then nothing else is here")

    @model_validator(mode="before")
    @classmethod
    def _as_written(cls, value: object) -> object:
        return {"sealed": value} if isinstance(value, str) and UNDER_A_KEY.fullmatch(value) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say that it can be one text."""
        fields = handler.resolve_ref_schema(handler(core))
        fields["properties"].pop("sealed", None)
        return {"anyOf": [dict(fields), {"type": "string", "pattern": f"^{UNDER_A_KEY.pattern}$"}]}

    @model_serializer(mode="wrap")
    def _as_one_text(self, handler: SerializerFunctionWrapHandler) -> Any:
        if self.sealed:
            return self.sealed
        written = handler(self)
        written.pop("sealed", None)
        return written


class EmployeeChanged(Fact):
    """An HR system says what it now holds about a person: all of it; a field that is None is empty there."""

    TOPIC: ClassVar[str] = "facts.employee-changed.v1"

    system: Code
    person_id: Code = Field(description="the HR system's own id, stable for life")
    changed_at: Moment
    deleted: bool = False
    fields: EmployeeFields
    ignored: tuple[Code, ...] = Field(default=(), description="what the payload holds and does not travel, by name")

    @property
    def key(self) -> str:
        """System and person."""
        return f"{self.system}/{self.person_id}"


class PersonMentioned(Fact):
    """An HR system says that a person was changed, without saying to what: the person is read again."""

    TOPIC: ClassVar[str] = "facts.employee-changed.v1"

    system: Code
    person_id: Code
    topic: Code = Field(description="what the system calls it: users-update")
    mentioned_at: Moment

    @property
    def key(self) -> str:
        """System and person."""
        return f"{self.system}/{self.person_id}"


class LeaveDay(Message):
    """One day of a leave, and the part of it that is absence."""

    day: Day
    extent: Percent = Field(gt=0, description="percent of the day")


class LeaveChanged(Fact):
    """An HR system says what it now holds about one leave: every day from the first to the last, or ``days`` alone."""

    TOPIC: ClassVar[str] = "facts.leave-changed.v1"

    system: Code
    leave_id: Code
    person_id: Code
    kind: Name
    first_day: Day
    last_day: Day
    extent: Percent = Field(gt=0, description="percent of the day; of most days, where they differ")
    withdrawn: bool = False
    days: tuple[LeaveDay, ...] = Field(
        default=(), description="where the days are not all alike, or some are worked: the only ones that are absence"
    )

    @property
    def key(self) -> str:
        """System and leave."""
        return f"{self.system}/{self.leave_id}"


# --- Year-end ---------------------------------------------------------------------------------------------------


class EntryRow(Message):
    """One row of a closing entry; exactly one side is not zero."""

    account: int = Field(ge=1000, le=9999)
    debit: Money = ZERO
    credit: Money = ZERO
    cost_centre: CostCentre | None = None
    text: str | None = None
    project: Project | None = None


class ClosingEntry(Message):
    """One voucher that a year-end program made."""

    number: Code = Field(description="the program's own, one for each entry of a batch")
    entry_date: Day
    text: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    rows: tuple[EntryRow, ...] = Field(min_length=2)
    reverse_on: Day | None = Field(
        default=None, description="of an accrual: the day of the voucher that takes it back; none: it stays"
    )


class ClosingEntriesReady(Fact):
    """A year-end program (or a SIE file) has closing entries to be booked: all that there are in this batch now."""

    TOPIC: ClassVar[str] = "facts.closing-entries-ready.v1"

    system: Code
    batch: Code
    organisation_number: OrganisationNumber
    year_from: Day
    year_to: Day
    entries: tuple[ClosingEntry, ...] = Field(min_length=1)
    database_number: int | None = Field(
        default=None, ge=1, description="of the books that they are of: several can have one organisation number"
    )
    version: int = Field(default=0, ge=0, description="0 at first, one more each time the program sends the batch anew")
    submitted_by: str = Field(default="", max_length=200, description="who sent it, as far as the program says")
    findings: tuple[str, ...] = Field(
        default=(), max_length=50, description="what a person wants to know before these are booked; the first ones"
    )
    finding_wordings: tuple[Wording | None, ...] = Field(
        default=(),
        max_length=50,
        description="of each finding, for readers of other languages; none where none has any",
    )

    @property
    def key(self) -> str:
        """System and batch."""
        return f"{self.system}/{self.batch}"

    @property
    def unused(self) -> tuple[str, ...]:
        """Its findings."""
        return self.findings

    @property
    def found(self) -> tuple[Text | str, ...]:
        """Its findings, to be filled into what is said of them."""
        return all_heard(self.finding_wordings, self.findings)


# --- Fortnox, and people ----------------------------------------------------------------------------------------


class EmployeeSeen(Fact):
    """A snapshot of Fortnox shows another employee record than the last one did."""

    TOPIC: ClassVar[str] = "facts.fortnox-seen.v1"

    employee_id: Code
    seen_at: Moment
    fields: EmployeeFields = Field(description="all that Fortnox holds; a field that is None is empty there")
    inactive: bool = False
    hidden: tuple[EmployeeField, ...] = Field(
        default=(), description="what Fortnox does not let us read: nobody knows whether it is empty there"
    )

    @property
    def key(self) -> str:
        """The employee's id in Fortnox."""
        return f"fortnox/employee/{self.employee_id}"


class ChecksPassed(Fact):
    """What stood in the way at Fortnox does so no longer: what is held for one of these reasons is decided again."""

    TOPIC: ClassVar[str] = "facts.fortnox-seen.v1"

    system: Code = "fortnox"
    codes: tuple[Code, ...] = Field(min_length=1, description="reasons of holds, such as period_locked")
    checked_at: Moment

    @property
    def key(self) -> str:
        """The system."""
        return f"{self.system}/checks"


class ConnectionChanged(Fact):
    """A company's connection to a system was made, lost or ended. It goes on record; no flow decides on it."""

    TOPIC: ClassVar[str] = "facts.fortnox-seen.v1"

    system: Code
    state: Literal["connected", "needs_consent", "licence_missing", "paused", "disconnected"]
    reason: str = Field(default="", max_length=400)
    by: str = Field(default="", max_length=200, description="who consented or disconnected, as far as is known")
    scopes: tuple[str, ...] = ()
    company_name: str = Field(default="", max_length=200)
    database_number: int | None = None
    terms: str = Field(default="", max_length=20, description="the version of the terms that were consented to")
    changed_at: Moment

    @property
    def key(self) -> str:
        """The system."""
        return f"{self.system}/connection"


# --- Employees: what a person decided -----------------------------------------------------------------------------

Side = Literal["hr", "fortnox"]
Prefer = Literal["hr", "fortnox", "neither"]
"""Which side's value both get."""
Origin = Literal["exported", "imported", "matched", "matched by hand"]
"""How a person and an employee came to be linked."""
PlanAction = Literal["create_in_fortnox", "create_in_hr", "prefer_hr", "prefer_fortnox", "match", "do_nothing"]


class FieldChoice(Message):
    """Which side's value a field gets, other than its row's action says."""

    field: EmployeeField
    prefer: Prefer


class PlanRowApplied(Fact):
    """A person applied one row of a plan: it is carried out as the plan showed it, or refused."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    plan_id: UUID
    row: int = Field(ge=1)
    person: str | None = Field(default=None, max_length=200, description="system/person_id; None: in Fortnox only")
    employee_id: Code | None = Field(default=None, description="None: in HR only")
    action: PlanAction
    choices: tuple[FieldChoice, ...] = ()
    in_hr: EmployeeFields | None = Field(default=None, description="what HR held when the plan was made")
    in_fortnox: EmployeeFields | None = Field(default=None, description="what Fortnox held when the plan was made")
    origin: Origin = "matched"
    applied_by: str = Field(min_length=1, max_length=200)
    applied_at: Moment

    @property
    def key(self) -> str:
        """The person, else the employee in Fortnox."""
        return self.person or f"fortnox/employee/{self.employee_id}"


class PlanApplied(Fact):
    """A person applied a whole plan; after the first one the flow is live."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    plan_id: UUID
    flow: Code
    rows: int = Field(ge=0)
    applied_by: str = Field(min_length=1, max_length=200)
    applied_at: Moment

    @property
    def key(self) -> str:
        """The flow."""
        return f"{self.flow}/live"


class LinkDecided(Fact):
    """A person joined somebody in HR with an employee in Fortnox, or took the two apart."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    person: str = Field(max_length=200, description="system/person_id")
    employee_id: Code | None = Field(description="None: taken apart")
    reason: Literal["long_leave", "temporary_change", "delete_and_export_again", "wrong_match", "other"] = "other"
    comment: str = Field(default="", max_length=1000)
    decided_by: str = Field(min_length=1, max_length=200)
    decided_at: Moment

    @property
    def key(self) -> str:
        """The person."""
        return self.person


# --- Year-end: what a person decided ------------------------------------------------------------------------------

ClosingAction = Literal["export", "rebook", "reverse", "do_nothing"]
"""What becomes of a closing entry: booked; reversed and booked anew; reversed; nothing."""


class ClosingApproved(Fact):
    """A person approved one entry as a plan showed it: its vouchers are booked, or taken back."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    plan_id: UUID
    row: int = Field(ge=1)
    about: str = Field(min_length=1, max_length=200, description="the entry's business key")
    action: ClosingAction
    revision: Code = Field(description="of the entry as the plan showed it; another one is not approved by this")
    series: SeriesCode
    planned_by: str = Field(min_length=1, max_length=200, description="who made the plan")
    approved_by: str = Field(min_length=1, max_length=200)
    approved_at: Moment

    @property
    def key(self) -> str:
        """The entry."""
        return self.about


# --- Reviews ------------------------------------------------------------------------------------------------------


class ReviewAnswered(Fact):
    """A person decided what becomes of something that was held."""

    TOPIC: ClassVar[str] = "facts.review-answered.v1"

    hold_id: UUID
    flow: Code
    about: str = Field(description="the business key that was held")
    answer: Code = Field(description="one of the choices that the hold offered")
    answered_by: str = Field(min_length=1, max_length=200)
    answered_at: Moment
    comment: str = Field(default="", max_length=1000)

    @property
    def key(self) -> str:
        """The business key that was held."""
        return self.about
