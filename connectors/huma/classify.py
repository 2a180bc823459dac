"""Huma's answers as values, from status and body, never from the content type. Pure.

Its document knows 200, 400, 401, 404 and 500, with errors as ``{errorCode, errorMessage}`` or ``{error,
error_description}``; what stands in front of it may answer otherwise.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from connectors.huma import refusal_words
from infra import words
from infra.delivery import answers
from infra.delivery.answers import (
    BRIEF_WAIT,
    OPERATOR_WAIT,
    REFUSAL,
    Answer,
    Missing,
    Page,
    Unauthorised,
    form,
    json_object,
)
from infra.verdicts import Granted, Refused, Rejected, RetryLater, Unknown

_LONG_DIGITS: Final = re.compile(r"\d[\d \-]{6,}\d", re.ASCII)
_TOKEN_SECONDS: Final = 3600
_NO_RECORD: Final = "object:not-found"
"""Of their 404 only this is about a record: one without it is of an address that nobody serves just now."""


@dataclass(frozen=True, slots=True)
class One:
    """A record."""

    record: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Written:
    """It was written. The record's id, and the record as the answer shows it."""

    id: str
    record: Mapping[str, Any] = field(repr=False)


def token(response: Answer, tenant: str) -> Granted | Refused | RetryLater:
    """Read an answer of the token endpoint. Asking uses nothing up, so it may be asked again whatever it says."""
    content = json_object(response)
    access, seconds = content.get("access_token"), content.get("expires_in", _TOKEN_SECONDS)
    if response.status == HTTPStatus.OK and isinstance(access, str) and access and isinstance(seconds, int):
        return Granted(access, float(max(seconds, 1)))
    if response.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND} and _code(content):
        return Refused("needs_consent", refusal_words.CLIENT_REFUSED(status=response.status, tenant=tenant))
    if throttled := answers.throttled(response, "Huma"):
        return throttled
    return RetryLater.saying(BRIEF_WAIT, "auth_unreachable", refusal_words.TOKENS_SILENT(form=form(response)))


def page(response: Answer) -> Page | RetryLater | Unauthorised:
    """Read a list. What cannot be read is asked for again, never empty."""
    if response.status != HTTPStatus.OK:
        return _no_answer(response)
    content = json_object(response)
    items = content.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return unreadable()
    total = content.get("total")  # they require the items only
    return Page(tuple(items), total) if total is None or isinstance(total, int) else unreadable()


def one(response: Answer) -> One | Missing | RetryLater | Unauthorised:
    """Read a record."""
    if response.status == HTTPStatus.NOT_FOUND and json_object(response).get("errorCode") == _NO_RECORD:
        return Missing()
    if response.status != HTTPStatus.OK:
        return _no_answer(response)
    content = json_object(response)
    return One(content) if isinstance(content.get("id"), str) else unreadable()


def unreadable() -> RetryLater:
    """Say that an answer cannot be relied on."""
    return RetryLater.saying(BRIEF_WAIT, "answer_unreadable", refusal_words.ANSWER_UNREADABLE(), alone=True)


def written(response: Answer, values: Iterable[str]) -> Written | Rejected | RetryLater | Unknown | Unauthorised:
    """Say what became of a record that was sent; ``values`` are what must not be shown of what it repeats."""
    content = json_object(response)
    if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        if isinstance(content.get("id"), str):
            return Written(content["id"], content)
        return Unknown.saying(words.NO_RECORD(form=form(response)))
    if passing := _passing(response):
        return passing
    gone = response.status == HTTPStatus.NOT_FOUND
    if response.status not in REFUSAL or not _code(content) or (gone and content.get("errorCode") != _NO_RECORD):
        return Unknown.saying(words.NOT_CLEAR(form=form(response)))
    said = _said(content, values)
    if gone:
        return Rejected.saying("person_missing", refusal_words.RECORD_GONE(said=said), "accountant")
    return Rejected.saying("refused", refusal_words.REFUSES(status=response.status, said=said), "accountant")


def fresh_token_refused() -> RetryLater:
    """Say that even a new access token is refused."""
    return RetryLater.saying(OPERATOR_WAIT, "unauthorised", refusal_words.FRESH_TOKEN_REFUSED(), "operator")


def _passing(response: Answer) -> RetryLater | Unauthorised | None:
    return answers.passing(response, "Huma", refusal_words.FORBIDDEN())


def _no_answer(response: Answer) -> RetryLater | Unauthorised:
    if passing := _passing(response):
        return passing
    content = json_object(response)
    if response.status in REFUSAL and _code(content):
        why = refusal_words.QUESTION_REFUSED(status=response.status, said=_said(content, ()))
        return RetryLater.saying(OPERATOR_WAIT, "question_refused", why, "developer", alone=True)
    return RetryLater.saying(BRIEF_WAIT, "huma_failing", refusal_words.SILENT(form=form(response)), alone=True)


def _code(content: Mapping[str, Any]) -> str:
    """Return the code of an error of theirs; empty when it is none."""
    return str(content.get("errorCode") or content.get("error") or "")


def _said(content: Mapping[str, Any], values: Iterable[str]) -> str:
    """Return an error's code, message and fields without the values that it repeats from the request."""
    message = content.get("errorMessage") or content.get("error_description") or ""
    fields = content.get("fields")
    named = f" ({', '.join(map(str, fields))})" if isinstance(fields, list) and fields else ""
    text = f"{_code(content)}: {message}{named}" if message else f"{_code(content)}{named}"
    return answers.without(text, values, _LONG_DIGITS)
