"""Another party's answers, as far as every party's are read alike; what they mean its own ``classify`` says. Pure."""

import json
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from infra import words
from infra.plugin import Malformed
from infra.verdicts import RetryLater
from schemas.base import problems, seen, whole
from schemas.words import Text

OPERATOR_WAIT = 300.0
"""Seconds until something is tried again that waits for a person."""
BRIEF_WAIT = 5.0
"""Seconds until something is tried again that may pass by itself; also after a 429 that names no time."""
_LONGEST_WAIT = 600.0

REFUSAL = frozenset(range(400, 500)) - {408, 499}
"""The status by which a server says no. It comes before the form: what a 5xx or a time-out (408, 499) says in a party's
own words was said after something had gone wrong, and refuses nothing."""

PERSONAL_NUMBER = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+]?\d{4}(?!\d)", re.ASCII)
MOST_IGNORED = 100
_LARGEST = 32 * 1024 * 1024
_QUOTED = 300
_TELLING = 3
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_NOT_KEPT = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)
"""How JSON writes what a database keeps in no text; and what it may, both halves of a character."""
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,60}", re.ASCII)
_Model = TypeVar("_Model", bound=BaseModel)


class Answer(Protocol):
    """An HTTP answer, as ``infra.http`` gives it; pure files do not import that."""

    @property
    def status(self) -> int: ...  # noqa: D102 - the name says it
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102 - the name says it
    @property
    def body(self) -> bytes: ...  # noqa: D102 - the name says it


@dataclass(frozen=True, slots=True)
class Unauthorised:
    """The access token is not good any more: nothing was done, another token may be tried."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The party says that it holds no such record."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list, and how many records the whole list has; None where it does not say."""

    items: tuple[Mapping[str, Any], ...] = field(repr=False)
    total: int | None


def json_object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object that an answer is, its numbers with a fraction as Decimal; an empty one when it is none.

    The content type does not count: parties send JSON under others, and other things under JSON's. What a text of JSON
    can hold and a database cannot (NUL, half a character) is left out: what came of an order must be written down.
    """
    if len(answer.body) > _LARGEST:
        return {}
    try:
        read = json.loads(answer.body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
        if _NOT_KEPT.search(answer.body):
            read = _kept(read)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _kept(value: Any) -> Any:
    match value:
        case str():
            return whole(value).replace("\0", "")
        case dict():
            return {_kept(key): _kept(each) for key, each in value.items()}
        case list():
            return [_kept(each) for each in value]
    return value


def form(answer: Answer) -> Text:
    """Describe an answer without its content."""
    start = answer.body.lstrip()[:1]
    kinds: Mapping[bytes, Text | str] = {b"": words.EMPTY(), b"<": "HTML", b"{": "JSON", b"[": "JSON"}
    return words.FORM(status=answer.status, kind=kinds.get(start, words.PLAIN_TEXT()), size=len(answer.body))


def retry_after(answer: Answer) -> float:
    """Return the seconds for which an answer asks us to wait."""
    said = _header(answer, "retry-after").strip()
    return min(max(float(said), 1.0), _LONGEST_WAIT) if _NUMBER.fullmatch(said) else BRIEF_WAIT


def throttled(answer: Answer, party: str) -> RetryLater | None:
    """Return what follows when a party says that it gets too many requests; None when it does not."""
    if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    return RetryLater.saying(retry_after(answer), "throttled", words.THROTTLED(party=party))


def passing(answer: Answer, party: str, forbidden: Text) -> RetryLater | Unauthorised | None:
    """Return what is about the token, the pace or our rights, whatever was asked; None for the rest."""
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return Unauthorised()
    if answer.status == HTTPStatus.FORBIDDEN:
        return RetryLater.saying(OPERATOR_WAIT, "forbidden", forbidden, "operator")
    return throttled(answer, party)


def date(answer: Answer) -> datetime | None:
    """Return the time of day at the party, where its answer says it with a zone."""
    try:
        said = parsedate_to_datetime(_header(answer, "date"))
    except ValueError:
        return None
    return said.astimezone(UTC) if said.tzinfo else None


def without(text: str, values: Iterable[str], private: re.Pattern[str]) -> str:
    """Return a message in one line, without the values that it repeats from the request and what looks private."""
    for value in sorted((each for each in values if len(each) >= _TELLING), key=len, reverse=True):
        text = text.replace(value, "[removed]")
    return private.sub("[removed]", " ".join(text.split()))[:_QUOTED]


def read(model: type[_Model], record: Any, what: str) -> _Model:
    """Read a record. Raises Malformed naming every wrong field below ``what``, never a value."""
    try:
        return model.model_validate(record)
    except ValidationError as error:
        raise Malformed(problems(error, lambda loc: _path(what, loc))) from None


def field_name(name: str) -> str:
    """Return a field's name as it may be shown; another may be a value that slipped out of its place."""
    return name if _FIELD_NAME.fullmatch(name) else "(other)"


def one_line(value: str | None) -> str | None:
    """Return a text of a record in one line; None for one that says nothing."""
    line = " ".join((value or "").replace("\0", "").split())  # PostgreSQL keeps no NUL
    return line if seen(line) else None


def ignored(
    record: Mapping[str, Any], travels: Iterable[str], nested: Container[str], held: Callable[[Any], Any] | None = None
) -> tuple[str, ...]:
    """Return the names of a record's fields that hold something and do not travel, ``MOST_IGNORED`` at most.

    Args:
        nested: the fields that are looked into; what stands in them is named ``homeAddress.city``.
        held: says what a field holds that comes in a frame.
    """
    names: set[str] = set()
    for name, value in record.items():
        inner = value if name in nested and isinstance(value, Mapping) else None
        found = (
            {f"{name}.{field_name(key)}": each for key, each in inner.items()} if inner else {field_name(name): value}
        )
        names |= {key for key, each in found.items() if (held(each) if held else each) not in (None, "", [], {})}
    return tuple(sorted(names.difference(travels)))[:MOST_IGNORED]


def _path(what: str, loc: tuple[int | str, ...]) -> str:
    return ".".join([what, *(str(part) if isinstance(part, int) else field_name(part) for part in loc)])


def _header(answer: Answer, name: str) -> str:
    return next((value for key, value in answer.headers.items() if key.lower() == name), "")
