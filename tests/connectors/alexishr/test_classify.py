"""Alexis HR's answers: the status comes before the form, so what failed is never a refusal."""

import json
from typing import Any

import pytest

from connectors.alexishr import classify
from infra.delivery.answers import Missing
from infra.http import Response
from infra.verdicts import Rejected, RetryLater, Unknown

ERROR = {"statusCode": 400, "message": ["email must be an email"], "error": "Bad Request"}


def answer(status: int, body: Any = b"") -> Response:
    """Return an answer; a body that is not bytes is sent as JSON."""
    return Response(status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize("status", [302, 408, 499, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", b"<html>", ERROR, {"statusCode": 404, "message": "Not found"}])
def test_what_failed_is_no_refusal_whatever_it_says(status: int, body: Any) -> None:
    """A write may have happened, and a question is asked again soon."""
    assert isinstance(classify.written(answer(status, body), ()), Unknown)
    asked = classify.page(answer(status, body))
    assert isinstance(asked, RetryLater)
    assert (asked.code, asked.after, asked.who) == ("alexishr_failing", 5.0, None)


def test_a_refusal_in_their_words_is_one() -> None:
    """A 4xx with their form says that nothing was done."""
    verdict = classify.written(answer(400, ERROR), ())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "refused"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_nobody_is_gone_because_an_address_is_not_served(method: str) -> None:
    """Their framework answers so for every path, whoever was asked for."""
    unserved = {"statusCode": 404, "message": f"Cannot {method} /v1/employee/1", "error": "Not Found"}
    assert not isinstance(classify.page(answer(404, unserved)), Missing)
    assert isinstance(classify.written(answer(404, unserved), ()), Unknown)
    gone = answer(404, {"statusCode": 404, "message": "Employee not found", "error": "Not Found"})
    assert classify.page(gone) == Missing()
    verdict = classify.written(gone, ())
    assert isinstance(verdict, Rejected)
    assert verdict.code == "person_missing"
