"""How a till's CSV of day totals is read: what its columns mean, and how it writes amounts, dates and letters."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Final, Literal, NamedTuple, Self, get_args

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from schemas import settings_words as say
from schemas.base import Message, Name
from schemas.events import Register
from schemas.money import rate_text
from schemas.problem_words import Unfit
from schemas.words import Text

Measure = Literal["net", "vat", "gross"]

FIELDS: Final = ("business_date", "taken_at", "store", "register_id", "z_number", "amendment", "organisation_number")
"""What names a report, and stands in a column as it is."""
AMOUNTS: Final = ("total_sales", "cash_difference", "discounts", "returns")
_WORD: Final = r"[\w.+&() /\-]{1,64}"
_MEANING: Final = (
    rf"^(?:({'|'.join((*FIELDS, 'receipts', 'ignored'))})|(-?)(?:({'|'.join(AMOUNTS)})|(payment|other) ({_WORD})"
    rf"|(?:sales ({_WORD})|vat) ([0-9]{{1,2}}(?:\.[0-9]{{1,2}})?) (net|vat|gross)))$"
)
_TOLD: Final[tuple[frozenset[Measure], ...]] = tuple(
    frozenset[Measure](told) for told in (("net", "vat"), ("gross", "vat"), ("net", "gross"), ("gross",), ("net",))
)
"""Which of the three tell all of them; one alone is split by the rate."""


class Meaning(NamedTuple):
    """What stands in a column.

    Attributes:
        kind: a field's name, payment, other, sales or vat.
        name: of the means of payment, the category or the product group.
        sign: that its amounts are multiplied with.
    """

    kind: str
    name: str = ""
    rate: Decimal | None = None
    measure: Measure | None = None
    sign: int = 1

    def __str__(self) -> str:
        rate = None if self.rate is None else rate_text(self.rate)
        return " ".join(part for part in (self.kind, self.name, rate, self.measure) if part)


def meaning(said: str) -> Meaning:
    """Read what a column means. Raises ValueError: it is none of the meanings."""
    found = re.fullmatch(_MEANING, " ".join(said.split()))
    if found is None:
        raise Unfit(say.A_COLUMN())
    field, minus, amount, kind, name, group, rate, measure = found.groups()
    sign = -1 if minus else 1
    if rate is not None:
        told = next(one for one in get_args(Measure) if one == measure)
        return Meaning("sales" if group else "vat", group or "", Decimal(rate), told, sign)
    return Meaning(field or amount or kind, name or "", sign=sign)


def lacking(meanings: Iterable[Meaning], given: Iterable[str]) -> list[Text]:
    """Say what keeps columns from telling day closes; nothing when they do.

    Args:
        given: fields that the settings give for the whole file.
    """
    known = [one for one in meanings if one.kind != "ignored"]
    kinds = {one.kind for one in known} | set(given)
    twice = [str(one) for one, count in Counter(one._replace(sign=1) for one in known).items() if count > 1]
    said = [say.COLUMN_TWICE(name=name) for name in twice]
    said += [
        say.NO_COLUMN(name=name) for name in ("business_date", "store", "register_id", "z_number") if name not in kinds
    ]
    if not kinds & {"sales", "vat"}:
        said.append(say.NO_SALES())
    told: dict[Meaning, set[Measure]] = {}
    for one in known:
        if one.measure is not None:
            told.setdefault(one._replace(measure=None, sign=1), set()).add(one.measure)
    said += [
        say.NOT_TOLD(name=str(one), found=sorted(found)) for one, found in told.items() if frozenset(found) not in _TOLD
    ]
    return said


def _a_meaning(said: str) -> str:
    if re.fullmatch(_MEANING, said) is None:
        raise Unfit(say.A_COLUMN())
    return said


class TotalsColumn(Message):
    """A column of the file."""

    column: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]{1,100}$")] = Field(description=say.HEADING.en)
    holds: Annotated[str, AfterValidator(_a_meaning)] = Field(
        description=say.HOLDS.en, json_schema_extra={"pattern": _MEANING}
    )


class DayTotalsSettings(Message):
    """How a till's CSV of day totals is read, one line for each day close."""

    separator: Literal[";", ",", "|", "tab"] = Field(default=";", description="between two cells")
    decimal: Literal[",", "."] = Field(default=",", description="before the öre")
    thousands: Literal["", " ", ".", ",", "'"] = Field(
        default="", description="between thousands; a space is also one that does not break"
    )
    encoding: Literal["utf-8", "windows-1252", "iso-8859-1", "cp850", "utf-16"] = Field(
        default="utf-8", description="of the file's letters"
    )
    date: Literal["YYYY-MM-DD", "YYYYMMDD", "YYMMDD", "DD.MM.YYYY", "DD/MM/YYYY", "DD-MM-YYYY", "MM/DD/YYYY"] = Field(
        default="YYYY-MM-DD", description="how days are written"
    )
    headings: int = Field(default=1, ge=1, le=100, description="the line with the headings; those before are left out")
    store: Name | None = Field(default=None, description="the store, where no column says it")
    register_id: Register | None = Field(default=None, description="the register, where no column says it")
    z_number: Literal["column", "date"] = Field(
        default="column", description="date: the till has no Z numbers, and closes once a day: 20260410"
    )
    columns: tuple[TotalsColumn, ...] = Field(
        default=(), description="what each column means; none: the headings say it in these words"
    )

    @property
    def given(self) -> Mapping[str, str | int]:
        """The fields that are the same in every line."""
        found = {"store": self.store, "register_id": self.register_id}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def numbered(self) -> bool:
        """Whether the till counts its reports."""
        return self.z_number == "column"

    def lacks(self, meanings: Iterable[Meaning]) -> list[Text]:
        """Say what keeps columns of these meanings from telling day closes."""
        return lacking(meanings, (*self.given, *(() if self.numbered else ("z_number",))))

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.thousands == self.decimal:
            raise Unfit(say.SAME_CHARACTER())
        headings = Counter(column.column for column in self.columns)
        if twice := [heading for heading, count in headings.items() if count > 1]:
            raise Unfit(say.HEADING_TWICE(names=twice))
        if self.columns and (said := self.lacks([meaning(column.holds) for column in self.columns])):
            raise Unfit(say.COLUMNS(lacking=said))
        return self
