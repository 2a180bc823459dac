"""Huma's answers: the status comes before the form, so what failed is never a refusal."""

import json
from typing import Any

import pytest

from connectors.huma import classify
from infra.delivery.answers import Missing
from infra.http import Response
from infra.verdicts import Rejected, RetryLater, Unknown

ERROR = {"errorCode": "VALIDATION_FAILED", "errorMessage": "email is taken", "fields": ["email"]}


def answer(status: int, body: Any = b"") -> Response:
    """Return an answer; a body that is not bytes is sent as JSON."""
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize("status", [302, 408, 499, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>", ERROR, {"error": "invalid_client"}])
def test_what_failed_is_no_refusal_whatever_it_says(status: int, body: Any) -> None:
    """A write may have happened, and a question is asked again soon; nobody has to give new secrets."""
    assert isinstance(classify.written(answer(status, body), ()), Unknown)
    for asked in (classify.page(answer(status, body)), classify.one(answer(status, body))):
        assert isinstance(asked, RetryLater)
        assert (asked.code, asked.after, asked.who) == ("huma_failing", 5.0, None)
    token = classify.token(answer(status, body), "acme")
    assert isinstance(token, RetryLater)
    assert token.code == "auth_unreachable"


def test_a_refusal_in_their_words_is_one() -> None:
    """A 4xx with their form says that nothing was done."""
    verdict = classify.written(answer(400, ERROR), ())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "refused"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        {
            "error": "Not Found",
            "message": "",
            "path": "/users/1",
            "status": 404,
            "timestamp": "2026-04-10T20:04:11.000Z",
        },
        {"errorCode": "route:not-found", "errorMessage": "no such route"},
    ],
)
def test_nobody_is_gone_because_an_address_is_not_served(body: Any) -> None:
    """Only their own word for it says that a record is not there; what stands in front of them knows no records."""
    assert not isinstance(classify.one(answer(404, body)), Missing)
    assert isinstance(classify.written(answer(404, body), ()), Unknown)
    gone = answer(404, {"errorCode": "object:not-found", "errorMessage": "Object not found", "interpolations": {}})
    assert classify.one(gone) == Missing()
    verdict = classify.written(gone, ())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "person_missing"
