"""Alexis HR's answers as values, from status and body, never from the content type. Pure.

Its document knows 200, 201, 400, 401, 403, 404 and 500, with errors as ``{statusCode, message, error}``; what stands in
front of it may answer otherwise.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Protocol

from infra.verdicts import Rejected, RetryLater, Unknown

_OPERATOR_WAIT: Final = 300.0  # until a person has acted
_BRIEF_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 600.0
_PERSONAL_NUMBER: Final = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+]?\d{4}(?!\d)", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_TELLING: Final = 3
_REFUSAL: Final = frozenset(range(400, 500)) - {408, 499}
"""The status by which a server says no. It comes before the form: a 5xx or a time-out (408, 499) refuses nothing."""

REFUSED: Final = (
    "Alexis HR refuses the access token (401): it ends when who made it leaves or is no Owner any more; "
    "let an Owner make a new one (Settings, Access tokens) and give it to us: bokbuss alexishr connect {tenant}"
)


class Answer(Protocol):
    """An HTTP answer, as ``infra.http`` gives it; pure files do not import that."""

    @property
    def status(self) -> int: ...  # noqa: D102 - the name says it
    @property
    def headers(self) -> Mapping[str, str]: ...  # noqa: D102 - the name says it
    @property
    def body(self) -> bytes: ...  # noqa: D102 - the name says it


@dataclass(frozen=True, slots=True)
class Page:
    """Records, or one (``total`` is 1 then).

    Attributes:
        related: records that belong to these, by kind.
        at: the time of day at Alexis HR when it answered, where it says so.
    """

    items: tuple[Mapping[str, Any], ...] = field(repr=False)
    total: int
    related: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict, repr=False)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such record."""


@dataclass(frozen=True, slots=True)
class Written:
    """It was written. The record as the answer shows it."""

    record: Mapping[str, Any] = field(repr=False)


def page(response: Answer) -> Page | Missing | RetryLater:
    """Read a list or a single record. What cannot be read is asked for again, never empty."""
    if response.status == HTTPStatus.NOT_FOUND and _refusal(response):
        return Missing()
    if response.status != HTTPStatus.OK:
        return _passing(response) or _no_answer(response)
    content = _json(response.body)
    data, total, related = content.get("data"), content.get("total", 1), content.get("relations") or {}
    items: Any = [data] if isinstance(data, dict) else data
    if not _records(items) or not isinstance(total, int) or not isinstance(related, dict):
        return unreadable()
    if not all(_records(each) for each in related.values()):
        return unreadable()
    return Page(tuple(items), total, related, _date(response))


def unreadable() -> RetryLater:
    """Say that a list cannot be relied on."""
    return RetryLater(_BRIEF_WAIT, "list_unreadable", "Alexis HR's answer has not the form that we know", alone=True)


def written(response: Answer, values: Iterable[str]) -> Written | Rejected | RetryLater | Unknown:
    """Say what became of a record that was sent; ``values`` are what must not be shown of what it repeats."""
    if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        record = _json(response.body).get("data")
        if isinstance(record, dict) and isinstance(record.get("id"), str):
            return Written(record)
        return Unknown(f"the answer names no record: {_form(response)}")
    if passing := _passing(response):
        return passing
    said = _refusal(response)
    if said is None:
        return Unknown(f"the answer does not say whether it was written: {_form(response)}")
    text = _without(said, values)
    if response.status == HTTPStatus.NOT_FOUND:
        return Rejected("person_missing", f"there is no such record in Alexis HR any more (404): {text}", "accountant")
    return Rejected("refused", f"Alexis HR refuses it ({response.status}): {text}", "accountant")


def refused_token(response: Answer) -> bool:
    """Tell whether the access token is not good any more: nothing was done."""
    return response.status == HTTPStatus.UNAUTHORIZED


def throttled(response: Answer) -> float | None:
    """Return the seconds for which we are asked to wait; None when we are not."""
    return _retry_after(response) if response.status == HTTPStatus.TOO_MANY_REQUESTS else None


def _passing(response: Answer) -> RetryLater | None:
    """Return what is about the pace or the token's rights, whatever was asked; None for the rest."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater(_retry_after(response), "throttled", "Alexis HR says: too many requests (429)")
    if response.status == HTTPStatus.FORBIDDEN:
        why = "Alexis HR forbids it (403): the access token lacks the right; make one for the Public API, as an Owner"
        return RetryLater(_OPERATOR_WAIT, "forbidden", why, "operator")
    return None


def _no_answer(response: Answer) -> RetryLater:
    said = _refusal(response)
    if said is not None:
        why = (
            f"Alexis HR refuses the question ({response.status}): {_without(said, ())}; "
            "if it is the page's size, set BOKBUSS_ALEXISHR__PAGE_SIZE lower"
        )
        return RetryLater(_OPERATOR_WAIT, "question_refused", why, "developer", alone=True)
    return RetryLater(_BRIEF_WAIT, "alexishr_failing", f"Alexis HR does not answer: {_form(response)}", alone=True)


def _refusal(response: Answer) -> str | None:
    """Return the message of an error of theirs; None when it is no refusal."""
    content = _json(response.body)
    if response.status not in _REFUSAL or "statusCode" not in content:
        return None
    message = content.get("message") or content.get("error") or ""
    said = message if isinstance(message, list) else [message]
    return "; ".join(str(each) for each in said if isinstance(each, str | dict)) or "no message"


def _without(text: str, values: Iterable[str]) -> str:
    """Return a message without the values that it repeats from the request."""
    for value in sorted((each for each in values if len(each) >= _TELLING), key=len, reverse=True):
        text = text.replace(value, "[removed]")
    return _PERSONAL_NUMBER.sub("[removed]", " ".join(text.split()))[:300]


def _form(response: Answer) -> str:
    """Describe an answer without its content."""
    start = response.body.lstrip()[:1]
    form = {b"": "empty", b"<": "HTML", b"{": "JSON", b"[": "JSON"}.get(start, "text")
    return f"status {response.status}, {form}, {len(response.body)} bytes"


def _retry_after(response: Answer) -> float:
    said = _headers(response).get("retry-after", "").strip()
    return min(max(float(said), 1.0), _LONGEST_WAIT) if _NUMBER.fullmatch(said) else _BRIEF_WAIT


def _date(response: Answer) -> datetime | None:
    try:
        return parsedate_to_datetime(_headers(response).get("date", "")).astimezone(UTC)
    except ValueError:
        return None


def _headers(response: Answer) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _records(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
