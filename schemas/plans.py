"""Plans: what would be done with each person, closing entry or booked day, before anything is. Not on Kafka."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Any, Final, Generic, Literal, Self, TypeVar
from uuid import UUID

from pydantic import Field

from schemas.base import Code, Day, Message, Moment, SeriesCode, TenantId
from schemas.commands import VoucherRef, VoucherRow
from schemas.events import (
    ClosingAction,
    EmployeeField,
    EmployeeFields,
    EntryRow,
    FieldChoice,
    Origin,
    PlanAction,
    Prefer,
)
from schemas.money import ZERO, Money, summed
from schemas.words import Text, Wording, heard

CHOSEN: Final = "a_person_chose_it"
"""The rule of a row whose action a person has set."""

FIRST_PLAN: Final = "first_plan"
"""Why a key waits of which something is known that nothing is done about before a first plan was applied."""

UNLINKED: Final = "fortnox/employee/"
"""With an employee's id, the key of a row that names no person."""

Matched = Literal["", "link", "email", "personal_number", "employment_id", "hand"]
"""What a person and an employee were found to be one by."""
PlanState = Literal["hr_only", "fortnox_only", "linked", "conflict", "duplicate", "invalid"]
ClosingState = Literal["planned", "sending", "exported", "held", "failed", "unknown", "reversed", "withdrawn"]
"""How far a closing entry has come. Held: for a person. Failed: Fortnox refused it. Withdrawn: it is not sent."""
CorrectionState = Literal["booked", "sending", "held"]
"""How a day stands that would be booked otherwise now. Held: for a person."""


_LONGEST_WHY: Final = 1000


def reasoned(why: Text | str) -> dict[str, Any]:
    """Return what a row carries of what is wrong, and where."""
    return {"why": str(why)[:_LONGEST_WHY], "wording": why.wording if isinstance(why, Text) else None}


class Row(Message):
    """What every row of a plan has, whatever its flow plans."""

    row: int = Field(ge=1)
    state: str
    action: str
    rule: Code = Field(description="the rule that proposes the action")
    why: str = Field(default="", max_length=_LONGEST_WHY, description="what is wrong, and where")
    wording: Wording | None = Field(default=None, description="of why, for readers of other languages")
    applied_by: str = ""
    applied_at: Moment | None = None

    @property
    def key(self) -> str:
        """The business key of what the row is about."""
        raise NotImplementedError

    @property
    def says_something(self) -> bool:
        """Whether the row asks for anything: what only a rule leaves alone stays open for what comes."""
        return self.action != "do_nothing" or self.rule == CHOSEN


class FieldDifference(Message):
    """A field that differs, as a person may see it: personal values are masked, an empty text is no value."""

    field: EmployeeField
    hr: str = ""
    fortnox: str = ""
    base: str = Field(default="", description="the last value that both agreed on")
    prefer: Prefer = Field(description="which side's value both get when it is applied")
    rule: Code = Field(description="the rule that proposes it")


class PlanRow(Row):
    """One person, or one pair of a person in HR and an employee in Fortnox, and what is proposed."""

    state: PlanState
    name: str = Field(max_length=1000, description="for people to read")
    person: str | None = Field(default=None, description="system/person_id; None: in Fortnox only")
    employee_id: Code | None = Field(default=None, description="None: in HR only")
    action: PlanAction
    origin: Origin = "matched"
    matched_by: Matched = ""
    score: int = Field(default=0, ge=0, le=100, description="percent of what tells people apart that both hold alike")
    fields: tuple[FieldDifference, ...] = Field(
        default=(), description="of a pair what differs, of one who is created what the new record gets"
    )
    choices: tuple[FieldChoice, ...] = Field(default=(), description="what a person chose for single fields")
    held: str = Field(default="", max_length=2000, description="why nothing would be written, but a person asked")
    held_wording: Wording | None = Field(default=None, description="of held, for readers of other languages")
    in_hr: EmployeeFields | None = None
    in_fortnox: EmployeeFields | None = None

    @property
    def key(self) -> str:
        """The person, else the employee in Fortnox."""
        return self.person or f"{UNLINKED}{self.employee_id}"

    @property
    def affected(self) -> int:
        """How many fields are written, on either side."""
        return sum(d.prefer != "neither" for d in self.fields)


class Obstacle(Message):
    """Something that a voucher would meet in the books: a bounded name, and a sentence."""

    code: Code
    why: str
    wording: Wording | None = Field(default=None, description="of why, for readers of other languages")

    @classmethod
    def saying(cls, code: str, why: Text | str) -> Self:
        """Return one whose sentence each reader reads in their own language, where its words are known."""
        return cls(code=code, why=str(why), wording=why.wording if isinstance(why, Text) else None)

    @property
    def said(self) -> Text | str:
        """Why, to be filled into what is said of it."""
        return heard(self.wording, self.why)


class BooksRow(Row):
    """What a row has whose vouchers would meet something in the books."""

    year: str = Field(default="", description="the financial year in the books: 2025-01-01 to 2025-12-31")
    next_number: int | None = Field(default=None, description="of the series in that year")
    manual: bool | None = Field(default=None, description="whether the series takes vouchers from outside")
    locked_until: Day | None = None
    obstacles: tuple[Obstacle, ...] = Field(default=(), description="what stands in the way: it is not sent")
    warnings: tuple[Obstacle, ...] = Field(default=(), description="what a person should know: it is sent")


class ClosingRow(BooksRow):
    """One closing entry: how it stands, what is proposed, and what its voucher would meet in the books."""

    state: ClosingState
    action: ClosingAction
    about: str = Field(description="the entry's business key")
    batch: str
    version: int
    number: str
    entry_date: Day
    text: str
    rows: tuple[EntryRow, ...]
    amount: Money | None = Field(description="the debit of all rows; None: more than an amount can be")
    reverse_on: Day | None = None
    submitted_by: str = ""
    content: Code = Field(description="the entry's revision, or gone: what an approval is of")
    vouchers: tuple[str, ...] = Field(default=(), description="what stands for it in the books")
    series: SeriesCode
    not_locked: tuple[SeriesCode, ...] = Field(default=(), description="series that are not locked, the company says")
    organisation_number: str = Field(description="whose books the batch names")
    database_number: int | None = None

    @property
    def key(self) -> str:
        """The entry."""
        return self.about

    @property
    def name(self) -> str:
        """What people call it: number and text."""
        return f"{self.number} {self.text}"


class CorrectionRow(BooksRow):
    """One booked day that other settings book otherwise: what stands, and what would be booked instead."""

    state: CorrectionState
    action: Literal["correct", "do_nothing"]
    about: str = Field(description="the day's business key")
    name: str = Field(max_length=200, description="store, register and Z number")
    day: Day
    voucher: VoucherRef | None = Field(description="what stands for it; None: it is on its way")
    series: SeriesCode = Field(description="of what stands")
    stands_on: Day = Field(description="the date of what stands")
    stands: tuple[VoucherRow, ...] = Field(description="the rows that stand; none: they are not known here")
    becomes: tuple[VoucherRow, ...] = Field(description="the rows instead; none: the settings would hold it")
    new_series: SeriesCode
    first_open_day: bool = Field(
        default=False, description="the company says that what falls into a locked period is booked right after it"
    )
    revision: Code = Field(description="of the day's content")
    content: Code = Field(description="a digest of what it becomes: what an approval is of")
    differs: tuple[str, ...] = Field(default=(), description="each row that differs, in words")
    differ_wordings: tuple[Wording | None, ...] = Field(default=(), description="of each of these; none of older ones")

    @property
    def key(self) -> str:
        """The day."""
        return self.about

    @property
    def amount(self) -> Decimal:
        """The debit of what would be booked."""
        return sum((row.debit for row in self.becomes), ZERO)

    @property
    def moves(self) -> Mapping[int, Decimal]:
        """By account, what would be booked less what is; debit above zero. Nothing where nothing is corrected."""
        if not self.stands or not self.becomes:
            return {}
        then = ((row.account, row.debit - row.credit) for row in self.becomes)
        sums = summed(chain(then, ((row.account, row.credit - row.debit) for row in self.stands)))
        return {account: amount for account, amount in sums.items() if amount}


class Plan(Message):
    """A plan's head."""

    plan_id: UUID
    tenant: TenantId
    flow: Code
    settings_version: int
    made_at: Moment
    made_by: str = ""
    hr_read_at: Moment | None = Field(description="when HR was read in full")
    fortnox_read_at: Moment | None = Field(description="when Fortnox was read in full")
    state: Literal["made", "applied", "dropped"] = "made"
    applied_by: str = ""
    applied_at: Moment | None = None
    first_day: Day | None = Field(default=None, description="of a plan of corrections: the days that it is about")
    last_day: Day | None = None

    @property
    def begins(self) -> str:
        """The beginning of its id, as commands take it."""
        return str(self.plan_id)[:8]

    def seen_by_two(self, by: str, others: Mapping[str, str]) -> str:
        """Return why somebody may not apply it, where the company wants two people: who made it is one; "": they may.

        Args:
            others: what else somebody did for it, as the sentence says it, and who.
        """
        did = {"made the plan": self.made_by} | dict(others)
        own = next((what for what, who in did.items() if who.casefold() == by.casefold()), "")
        refused = f"{by} {own}, and the company wants four eyes: somebody else applies it (bokbuss apply {self.begins})"
        return refused if own else ""


RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True, slots=True)
class RowOutcome(Generic[RowT]):
    """What became of one applied row: ``done``, ``refused`` (it had moved), ``held``, or ``waiting``.

    Attributes:
        orders: how many it caused.
        reason: the name of why it is held or refused; ``why`` says it in words.
        wording: of why, for readers of other languages.
        record: the name of what was written: an employee's id.
    """

    row: RowT
    status: Literal["done", "refused", "held", "waiting"]
    orders: int
    why: str = ""
    reason: str = ""
    record: str = ""
    wording: Wording | None = None
