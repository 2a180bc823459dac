"""What every message has in common: frozen, strict, and closed to unknown fields."""

import re
import unicodedata
import weakref
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache, wraps
from typing import Annotated, Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

Who = Literal["accountant", "operator", "developer"]
"""Whose move it is."""
Language = Literal["sv", "en"]
SWEDEN: Final = ZoneInfo("Europe/Stockholm")
"""Where a time becomes a day, unless a company says otherwise."""

_DATE = r"(19|20|21)\d{2}-\d{2}-\d{2}"  # far from where datetime overflows when its offset is taken off
_DAY = re.compile(_DATE, re.ASCII)
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
_MOMENT = re.compile(_DATE + r"T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+\-]\d{2}:\d{2})", re.ASCII)


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _DAY.fullmatch(value):
        raise PydanticCustomError("no_day", 'a day is a string like "2026-04-10", in the years 1900 to 2199')
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("no_such_day", "there is no such day in the calendar") from None


def _is_told(day: date) -> date:
    if not _FIRST.year <= day.year <= _LAST.year:  # it is written as text, and must be read again
        raise PydanticCustomError("no_such_day", "a day is in the years 1900 to 2199")
    return day


def is_day(text: str) -> bool:
    """Tell whether a text is a day that a message can carry."""
    try:
        return isinstance(_day(text), date)
    except PydanticCustomError:
        return False


def _moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _MOMENT.fullmatch(value):
        raise ValueError(
            'a time is a string with its offset from UTC, like "2026-04-10T22:04:11+02:00", in the years 1900 to 2199'
        )
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("there is no such time") from None


def _is_kept(moment: datetime) -> datetime:
    if not _FIRST <= moment <= _LAST:  # it may be written in UTC, and must be read again
        raise ValueError("a time is in the years 1900 to 2199 in UTC, too")
    return moment


class Message(BaseModel):
    """A value that crosses Kafka. Unknown fields are errors: a misspelt amount must be loud."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        hide_input_in_errors=True,  # a value may be somebody's, and an error's text ends in a log
        defer_build=True,  # most processes use few of them, and a command would wait for all
    )

    def to_json(self) -> dict[str, Any]:
        """Return the message as JSON values (amounts and dates as strings)."""
        return self.model_dump(mode="json")


_MessageT = TypeVar("_MessageT", bound=Message)
_Made = TypeVar("_Made")


def once(make: Callable[[_MessageT], _Made]) -> Callable[[_MessageT], _Made]:
    """Make something of a message once, as long as that very message lives: nothing in it can change.

    What is made must not hold the message, or neither of them goes. It stands beside the message and not in it: a copy
    with other values would take it along, and equal messages would differ.
    """
    known: dict[int, tuple[weakref.ref[_MessageT], _Made]] = {}

    def forget(place: int, gone: weakref.ref[_MessageT]) -> None:  # in here: the module may be gone when a process ends
        found = known.get(place)
        if found is not None and found[0] is gone:  # another message may live there by now
            del known[place]

    @wraps(make)
    def made(message: _MessageT) -> _Made:
        place = id(message)
        found = known.get(place)
        if found is not None and found[0]() is message:
            return found[1]
        new = make(message)
        known[place] = weakref.ref(message, lambda gone: forget(place, gone)), new
        return new

    return made


Day = Annotated[date, BeforeValidator(_day), AfterValidator(_is_told)]
"""A calendar day, ``2026-04-10``. Nothing else: pydantic alone reads "0" as 1970-01-01."""

Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_is_kept)]
"""A point in time with its offset, ``2026-04-10T22:04:11+02:00``. Pydantic alone reads "20260410220411" as 2612."""

# How long a text is, is said beside its pattern: \w{1,64} takes 20 ms to compile, \w{1,200} 70, in every process.
_CODE = StringConstraints(pattern=r"^[\w.+&() /\-]+$", max_length=64)
Code = Annotated[str, _CODE]
"""A short name that a system gave: an id, a flow, a rule. It is compared as it stands."""


_LETTERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0)
_UNSEEN = frozenset(map(chr, (*_LETTERS, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Of Unicode's default-ignorable code points those that are letters or marks by category."""


def whole(text: str) -> str:
    """Return a text without lone halves of characters: JSON can hold them, and neither UTF-8 nor a database can."""
    return text.encode(errors="ignore").decode()


@lru_cache(maxsize=4096)
def seen(text: str) -> str:
    """Return what people see of a text: letters composed (NFC), every gap one space; perhaps nothing."""
    # not zero-width joiners, soft hyphens, marks of order; nor what only chooses how the letter before it is drawn
    drawn = "".join(c for c in whole(text) if unicodedata.category(c) != "Cf" and c not in _UNSEEN)
    return unicodedata.normalize("NFC", " ".join(drawn.split()))


def as_read(text: str) -> str:
    """Return a name as people read it; one of which nothing is to be seen as it stands."""
    return seen(text) or whole(text)


def alike(one: str, other: str) -> bool:
    """Tell whether people read two names as the same: capitals and small letters are no difference."""
    return one == other or one.casefold() == other.casefold()


def written(value: object) -> object:
    """Read a name that a person wrote, before its form is checked."""
    return as_read(value) if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(written), _CODE]
"""A short name that people gave: a store, a product group, a means of payment. It is kept as people read it."""


def _can_be_seen(name: str) -> str:
    if not seen(name):
        raise ValueError("there is nothing in it that can be seen")
    return name


SEEN: Final = AfterValidator(_can_be_seen)
"""Of a name that a source takes: no page could show the other one. A message that was accepted before is read still."""

_TENANT_ID = re.compile(r"[a-z0-9][a-z0-9\-]{0,62}", re.ASCII)
TenantId = Annotated[str, StringConstraints(pattern=rf"^{_TENANT_ID.pattern}$")]
"""A company's name in bokbuss: lower-case letters, digits and hyphens, 63 at most."""


def is_tenant_id(text: str) -> bool:
    """Tell whether a company can have this name."""
    return _TENANT_ID.fullmatch(text) is not None


NO_NUL = r"^[^\x00]*$"
"""A pattern: any text but with the character NUL, which PostgreSQL keeps in none. No message with it can be read."""

_NAMED = 50
_LISTED = 10_000


def problems(error: ValidationError, path: Callable[[tuple[int | str, ...]], str]) -> list[str]:
    """Say what is wrong where, never a value: the first 50 places, and how many there are besides.

    Pydantic lists all or none, in 2 s for a million; of more than 10,000 only the number is said.

    Args:
        path: the name of a place, as it may be shown.
    """
    if (count := error.error_count()) > _LISTED:
        return [f"{path(())}: wrong in {count:,} places, too many to name"]
    found = error.errors(include_url=False, include_input=False, include_context=False)[:_NAMED]
    named = [f"{path(e['loc'])}: {e['msg'].removeprefix('Value error, ')}" for e in found]
    return list(dict.fromkeys(named)) + ([f"and {count - _NAMED:,} more"] if count > _NAMED else [])


Account = Annotated[int, Field(ge=1000, le=9999)]
"""A number of the chart of accounts; Fortnox takes 1000 to 9999."""

FIRST_RESULT_ACCOUNT = 3000
"""BAS: classes 1 and 2 are the balance sheet; cost centres belong to the accounts of the result."""

CostCentre = Annotated[str, BeforeValidator(written), StringConstraints(pattern=r"^[\w\-]+$", max_length=6)]
"""A cost centre's code in Fortnox: 1 to 6 characters."""

Project = Annotated[str, BeforeValidator(written), StringConstraints(pattern=r"^[\w.+&() /\-]+$", max_length=20)]
"""A project's number in Fortnox: 1 to 20 characters."""

SeriesCode = Annotated[str, BeforeValidator(written), StringConstraints(pattern=r"^\w+$", max_length=10)]
"""A voucher series' code in Fortnox: 1 to 10 characters."""
