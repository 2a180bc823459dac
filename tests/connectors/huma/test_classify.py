"""Huma's answers: the status comes before the form, so what failed is never a refusal."""

import json
from typing import Any

import pytest

from connectors.huma import classify
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
