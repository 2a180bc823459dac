"""Huma's answers as values, from status and body, never from the content type. Pure.

Its document knows 200, 400, 401, 404 and 500, with errors as ``{errorCode, errorMessage}`` or ``{error,
error_description}``; what stands in front of it may answer otherwise.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, Protocol

from infra.verdicts import Granted, Refused, Rejected, RetryLater, Unknown

_OPERATOR_WAIT: Final = 300.0  # until a person has acted
_BRIEF_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 600.0
_LONG_DIGITS: Final = re.compile(r"\d[\d \-]{6,}\d", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,9}", re.ASCII)
_TELLING: Final = 3
_REFUSAL: Final = frozenset(range(400, 500)) - {408, 499}
"""The status by which a server says no. It comes before the form: a 5xx or a time-out (408, 499) refuses nothing."""
_TOKEN_SECONDS: Final = 3600

_REFUSED: Final = (
    "Huma refuses the client id and secret ({status}): make new ones in Huma and give them to us: "
    "bokbuss huma connect {tenant}"
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
    """Records of a list, and how many it has in all."""

    items: tuple[Mapping[str, Any], ...] = field(repr=False)
    total: int


@dataclass(frozen=True, slots=True)
class One:
    """A record."""

    record: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such record."""


@dataclass(frozen=True, slots=True)
class Written:
    """It was written. The record's id."""

    id: str


def token(response: Answer, tenant: str) -> Granted | Refused | RetryLater:
    """Read an answer of the token endpoint. Asking uses nothing up, so it may be asked again whatever it says."""
    content = _json(response.body)
    access, seconds = content.get("access_token"), content.get("expires_in", _TOKEN_SECONDS)
    if response.status == HTTPStatus.OK and isinstance(access, str) and access and isinstance(seconds, int):
        return Granted(access, float(max(seconds, 1)))
    if response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND} and _code(content):
        return Refused("needs_consent", _REFUSED.format(status=response.status, tenant=tenant))
    if passing := _passing(response):
        return passing
    return RetryLater(_BRIEF_WAIT, "auth_unreachable", f"Huma's token endpoint does not answer: {_form(response)}")


def page(response: Answer) -> Page | RetryLater:
    """Read a list. What cannot be read is asked for again, never empty."""
    if response.status != HTTPStatus.OK:
        return _no_answer(response)
    content = _json(response.body)
    items = content.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return unreadable()
    total = content.get("total", len(items))
    return Page(tuple(items), total) if isinstance(total, int) else unreadable()


def one(response: Answer) -> One | Missing | RetryLater:
    """Read a record."""
    if response.status == HTTPStatus.NOT_FOUND and _code(_json(response.body)):
        return Missing()
    if response.status != HTTPStatus.OK:
        return _no_answer(response)
    content = _json(response.body)
    return One(content) if isinstance(content.get("id"), str) else unreadable()


def unreadable() -> RetryLater:
    """Say that an answer cannot be relied on."""
    return RetryLater(_BRIEF_WAIT, "answer_unreadable", "Huma's answer has not the form that we know", alone=True)


def written(response: Answer, values: Iterable[str]) -> Written | Rejected | RetryLater | Unknown:
    """Say what became of a record that was sent; ``values`` are what must not be shown of what it repeats."""
    content = _json(response.body)
    if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        if isinstance(content.get("id"), str):
            return Written(content["id"])
        return Unknown(f"the answer names no record: {_form(response)}")
    if passing := _passing(response):
        return passing
    if response.status not in _REFUSAL or not _code(content):
        return Unknown(f"the answer does not say whether it was written: {_form(response)}")
    said = _said(content, values)
    if response.status == HTTPStatus.NOT_FOUND:
        return Rejected("person_missing", f"there is no such record in Huma any more (404): {said}", "accountant")
    return Rejected("refused", f"Huma refuses it ({response.status}): {said}", "accountant")


def refused_token(response: Answer) -> bool:
    """Tell whether the access token is not good any more: nothing was done."""
    return response.status == HTTPStatus.UNAUTHORIZED


def fresh_token_refused() -> RetryLater:
    """Say that even a new access token is refused."""
    why = "Huma refuses the access token that it has just given (401): ask Huma, or make a new client id and secret"
    return RetryLater(_OPERATOR_WAIT, "unauthorised", why, "operator")


def throttled(response: Answer) -> float | None:
    """Return the seconds for which we are asked to wait; None when we are not."""
    return _retry_after(response) if response.status == HTTPStatus.TOO_MANY_REQUESTS else None


def _passing(response: Answer) -> RetryLater | None:
    """Return what is about the pace or our rights, whatever was asked; None for the rest."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RetryLater(_retry_after(response), "throttled", "Huma says: too many requests (429)")
    if response.status == HTTPStatus.FORBIDDEN:
        why = "Huma forbids it (403): give the API client the right to read and write people and positions"
        return RetryLater(_OPERATOR_WAIT, "forbidden", why, "operator")
    return None


def _no_answer(response: Answer) -> RetryLater:
    if passing := _passing(response):
        return passing
    content = _json(response.body)
    if response.status in _REFUSAL and _code(content):
        why = f"Huma refuses the question ({response.status}): {_said(content, ())}"
        return RetryLater(_OPERATOR_WAIT, "question_refused", why, "developer", alone=True)
    return RetryLater(_BRIEF_WAIT, "huma_failing", f"Huma does not answer: {_form(response)}", alone=True)


def _code(content: Mapping[str, Any]) -> str:
    """Return the code of an error of theirs; empty when it is none."""
    return str(content.get("errorCode") or content.get("error") or "")


def _said(content: Mapping[str, Any], values: Iterable[str]) -> str:
    """Return an error's code, message and fields without the values that it repeats from the request."""
    message = content.get("errorMessage") or content.get("error_description") or ""
    fields = content.get("fields")
    named = f" ({', '.join(map(str, fields))})" if isinstance(fields, list) and fields else ""
    text = f"{_code(content)}: {message}{named}" if message else f"{_code(content)}{named}"
    for value in sorted((each for each in values if len(each) >= _TELLING), key=len, reverse=True):
        text = text.replace(value, "[removed]")
    return _LONG_DIGITS.sub("[removed]", " ".join(text.split()))[:300]


def _form(response: Answer) -> str:
    """Describe an answer without its content."""
    start = response.body.lstrip()[:1]
    form = {b"": "empty", b"<": "HTML", b"{": "JSON", b"[": "JSON"}.get(start, "text")
    return f"status {response.status}, {form}, {len(response.body)} bytes"


def _retry_after(response: Answer) -> float:
    said = {name.lower(): value for name, value in response.headers.items()}.get("retry-after", "").strip()
    return min(max(float(said), 1.0), _LONGEST_WAIT) if _NUMBER.fullmatch(said) else _BRIEF_WAIT


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
