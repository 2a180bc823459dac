"""Closing entries as a year-end program sends them: our published format, version 1. README.md has its fields."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from schemas.base import NO_NUL, Account, Code, CostCentre, Day, Moment, Project
from schemas.events import OrganisationNumber
from schemas.money import ZERO, Money

Unsigned = Annotated[Money, Field(ge=0)]
Version = Annotated[int, Field(ge=0, le=999_999)]
MOST_ENTRIES = 2000


class Wire(BaseModel):
    """A part of the payload. Unknown fields are errors: a misspelt amount must be loud."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, defer_build=True)


class Company(Wire):
    """Whose books the entries are for."""

    organisation_number: OrganisationNumber
    database_number: Annotated[int, Field(ge=1)] | None = None
    name: Annotated[str, StringConstraints(max_length=200)] | None = None


class Year(Wire):
    """The financial year that is closed."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day


class Row(Wire):
    """One row; it has a debit or a credit."""

    account: Account
    debit: Unsigned = ZERO
    credit: Unsigned = ZERO
    cost_centre: CostCentre | None = None
    project: Project | None = None
    text: Annotated[str, StringConstraints(max_length=100, pattern=NO_NUL)] | None = None


class Entry(Wire):
    """One closing entry: it becomes one voucher."""

    number: Code
    date: Day
    text: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
    reverse_on: Day | None = None
    rows: Annotated[tuple[Row, ...], Field(min_length=2, max_length=1000)]


class LedgerSource(Wire):
    """Where a financial year's ledger is to come from, as somebody chose."""

    format: Literal["bokbuss.spiris.ledger-source/1"]
    year: Year
    source: Literal["fortnox", "sie"]
    chosen_by: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
    chosen_at: Moment


class ClosingEntries(Wire):
    """All entries of one batch, as they are now."""

    format: Literal["bokbuss.spiris.closing-entries/1"]
    batch: Code
    version: Version = 0
    company: Company
    year: Year
    submitted_by: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] | None = None
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=MOST_ENTRIES)]

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        numbers = [entry.number for entry in self.entries]
        if len(set(numbers)) < len(numbers):
            raise ValueError("entries: a number stands at more than one of them")
        return self
