"""Alexis HR's answers as values, from status and body, never from the content type. Pure.

Its document knows 200, 201, 400, 401, 403, 404 and 500, with errors as ``{statusCode, message, error}``; what stands in
front of it may answer otherwise.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from connectors.alexishr import refusal_words
from infra import words
from infra.delivery import answers
from infra.delivery.answers import BRIEF_WAIT, OPERATOR_WAIT, REFUSAL, Answer, Missing, Unauthorised, form, json_object
from infra.verdicts import Rejected, RetryLater, Unknown

_NOT_SERVED: Final = re.compile(r"Cannot [A-Z]+ /")
"""How their framework (Nest) names the method and the path for which it has nobody."""


@dataclass(frozen=True, slots=True)
class Page(answers.Page):
    """Records, or one (``total`` is 1 then).

    Attributes:
        related: records that belong to these, by kind.
        at: the time of day at Alexis HR when it answered, where it says so.
    """

    related: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict, repr=False)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """It was written. The record as the answer shows it."""

    record: Mapping[str, Any] = field(repr=False)


def page(response: Answer) -> Page | Missing | RetryLater | Unauthorised:
    """Read a list or a single record. What cannot be read is asked for again, never empty."""
    if response.status == HTTPStatus.NOT_FOUND and _refusal(response):
        return Missing()
    if response.status != HTTPStatus.OK:
        return _passing(response) or _no_answer(response)
    content = json_object(response)
    data, related = content.get("data"), content.get("relations") or {}
    items: Any = [data] if isinstance(data, dict) else data
    total = 1 if isinstance(data, dict) else content.get("total")
    if not _records(items) or not isinstance(total, int | None) or not isinstance(related, dict):
        return unreadable()
    if not all(_records(each) for each in related.values()):
        return unreadable()
    return Page(tuple(items), total, related, answers.date(response))


def unreadable() -> RetryLater:
    """Say that a list cannot be relied on."""
    return RetryLater.saying(BRIEF_WAIT, "list_unreadable", refusal_words.ANSWER_UNREADABLE(), alone=True)


def written(response: Answer, values: Iterable[str]) -> Written | Rejected | RetryLater | Unknown | Unauthorised:
    """Say what became of a record that was sent; ``values`` are what must not be shown of what it repeats."""
    if response.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        record = json_object(response).get("data")
        if isinstance(record, dict) and isinstance(record.get("id"), str):
            return Written(record)
        return Unknown.saying(words.NO_RECORD(form=form(response)))
    if passing := _passing(response):
        return passing
    said = _refusal(response)
    if said is None:
        return Unknown.saying(words.NOT_CLEAR(form=form(response)))
    text = answers.without(said, values, answers.PERSONAL_NUMBER)
    if response.status == HTTPStatus.NOT_FOUND:
        return Rejected.saying("person_missing", refusal_words.RECORD_GONE(said=text), "accountant")
    return Rejected.saying("refused", refusal_words.REFUSES(status=response.status, said=text), "accountant")


def _passing(response: Answer) -> RetryLater | Unauthorised | None:
    return answers.passing(response, "Alexis HR", refusal_words.FORBIDDEN())


def _no_answer(response: Answer) -> RetryLater:
    said = _refusal(response)
    if said is not None:
        said = answers.without(said, (), answers.PERSONAL_NUMBER)
        why = refusal_words.QUESTION_REFUSED(status=response.status, said=said)
        return RetryLater.saying(OPERATOR_WAIT, "question_refused", why, "developer", alone=True)
    return RetryLater.saying(BRIEF_WAIT, "alexishr_failing", refusal_words.SILENT(form=form(response)), alone=True)


def _refusal(response: Answer) -> str | None:
    """Return the message of an error of theirs; None when it is no refusal.

    A 404 of an address that nobody serves (just now) has the form of one, and says nothing of the record.
    """
    content = json_object(response)
    if response.status not in REFUSAL or "statusCode" not in content:
        return None
    message = content.get("message") or content.get("error") or ""
    if response.status == HTTPStatus.NOT_FOUND and _NOT_SERVED.match(str(message)):
        return None
    said = message if isinstance(message, list) else [message]
    return "; ".join(str(each) for each in said if isinstance(each, str | dict)) or "no message"


def _records(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, dict) for item in items)
