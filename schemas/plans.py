"""Plans: what a synchronisation would do with each person, before anything is done. In the database, not on Kafka."""

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from pydantic import Field

from schemas.base import Code, Message, Moment, TenantId
from schemas.events import EmployeeField, EmployeeFields, FieldChoice, Origin, PlanAction, Prefer

CHOSEN: Final = "a_person_chose_it"
"""The rule of a row whose action a person has set."""

UNLINKED: Final = "fortnox/employee/"
"""With an employee's id, the key of a row that names no person."""

Matched = Literal["", "link", "email", "personal_number", "employment_id", "hand"]
"""What a person and an employee were found to be one by."""
PlanState = Literal["hr_only", "fortnox_only", "linked", "conflict", "duplicate", "invalid"]


class FieldDifference(Message):
    """A field that differs, as a person may see it: personal values are masked, an empty text is no value."""

    field: EmployeeField
    hr: str = ""
    fortnox: str = ""
    base: str = Field(default="", description="the last value that both agreed on")
    prefer: Prefer = Field(description="which side's value both get when it is applied")
    rule: Code = Field(description="the rule that proposes it")


class PlanRow(Message):
    """One person, or one pair of a person in HR and an employee in Fortnox, and what is proposed."""

    row: int = Field(ge=1)
    state: PlanState
    name: str = Field(max_length=200, description="for people to read")
    person: str | None = Field(default=None, description="system/person_id; None: in Fortnox only")
    employee_id: Code | None = Field(default=None, description="None: in HR only")
    action: PlanAction
    rule: Code = Field(description="the rule that proposes the action")
    why: str = Field(
        default="", max_length=1000, description="for a duplicate or an invalid one: what is wrong, and where"
    )
    origin: Origin = "matched"
    matched_by: Matched = ""
    score: int = Field(default=0, ge=0, le=100, description="percent of what tells people apart that both hold alike")
    fields: tuple[FieldDifference, ...] = Field(
        default=(), description="of a pair what differs, of one who is created what the new record gets"
    )
    choices: tuple[FieldChoice, ...] = Field(default=(), description="what a person chose for single fields")
    held: str = Field(default="", max_length=2000, description="why nothing would be written, but a person asked")
    in_hr: EmployeeFields | None = None
    in_fortnox: EmployeeFields | None = None
    applied_by: str = ""
    applied_at: Moment | None = None

    @property
    def key(self) -> str:
        """The person, else the employee in Fortnox."""
        return self.person or f"{UNLINKED}{self.employee_id}"

    @property
    def affected(self) -> int:
        """How many fields are written, on either side."""
        return sum(d.prefer != "neither" for d in self.fields)

    @property
    def says_something(self) -> bool:
        """Whether the row asks for anything: what only a rule leaves alone stays open for what comes."""
        return self.action != "do_nothing" or self.rule == CHOSEN


class Plan(Message):
    """A plan's head."""

    plan_id: UUID
    tenant: TenantId
    flow: Code
    settings_version: int
    made_at: Moment
    hr_read_at: Moment | None = Field(description="when HR was read in full")
    fortnox_read_at: Moment | None = Field(description="when Fortnox was read in full")
    state: Literal["made", "applied", "dropped"] = "made"
    applied_by: str = ""
    applied_at: Moment | None = None

    @property
    def begins(self) -> str:
        """The beginning of its id, as commands take it."""
        return str(self.plan_id)[:8]


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one applied row: ``done``, ``refused`` (it had moved), ``held``, or ``waiting``.

    Attributes:
        orders: how many it caused.
        reason: the name of why it is held or refused; ``why`` says it in words.
        record: the name of what was written: an employee's id.
    """

    row: PlanRow
    status: Literal["done", "refused", "held", "waiting"]
    orders: int
    why: str = ""
    reason: str = ""
    record: str = ""
