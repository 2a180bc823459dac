"""What every party's answers are read alike for."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from infra.delivery import answers
from infra.http import Response
from infra.plugin import Malformed
from infra.verdicts import RetryLater


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    """Return an answer."""
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@given(st.binary())
def test_whatever_comes_is_an_object_or_none(body: bytes) -> None:
    """No body makes reading fail."""
    assert isinstance(answers.json_object(answer(body=body)), dict)
    assert f"{len(body)} bytes" in str(answers.form(answer(body=body)))


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b"{", b"\xff{}", b"[" * 100_000, b'"x"', b"1" * 5000, b'{"a": NaN}']
)
def test_what_is_no_object_is_an_empty_one(body: bytes) -> None:
    """Not JSON, nested too deeply, a number too long, a list."""
    assert answers.json_object(answer(body=body)) == {}


@pytest.mark.parametrize("halves", [rb"\u0000", rb"\ud83d", rb"\uDE00", rb"\u0000\ud83d"])
def test_what_no_database_keeps_is_left_out(halves: bytes) -> None:
    """What a refusal says is written down, and its order is over; whole characters and what looks alike stay."""
    body = rb'{"aXX": ["bXX", 1, {"c": "\\u0000 \ud83d\ude00XX"}], "\u00e5": 0.1}'.replace(b"XX", halves)
    assert answers.json_object(answer(body=body)) == {
        "a": ["b", 1, {"c": "\\u0000 \U0001f600"}],
        "å": Decimal("0.1"),
    }
    assert answers.json_object(answer(body=b'{"a": "\xed\xa0\x80"}')) == {}


def test_fractions_are_exact_and_what_is_too_large_is_not_read() -> None:
    """Money never passes a float."""
    assert answers.json_object(answer(body=b'{"total": 0.10}')) == {"total": Decimal("0.10")}
    assert answers.json_object(answer(body=b'{"x": "' + b"a" * 40_000_000 + b'"}')) == {}


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("1", 1.0), (" 30 ", 30.0), ("0", 1.0), ("99999", 600.0), ("soon", 5.0), ("-1", 5.0), ("", 5.0)],
)
def test_a_wait_that_is_asked_for_is_kept_within_reason(said: str, seconds: float) -> None:
    """Whatever the header's case."""
    assert answers.retry_after(answer(429, Retry_After=said)) == seconds
    assert answers.throttled(answer(429, RETRY_AFTER=said), "Acme") == RetryLater(
        seconds, "throttled", "Acme says: too many requests (429)"
    )


@pytest.mark.parametrize("text", [None, "", " \t", "\u200d", "\u3164 \ufe0f", "\0"])
def test_a_text_of_which_nothing_is_seen_says_nothing(text: str | None) -> None:
    """A person of such a name waits for a name, and is not written with one that is on no page."""
    assert answers.one_line(text) is None
    assert answers.one_line(f"{text or ''} Ada\n Berg") is not None


def test_only_a_429_throttles() -> None:
    """A time to wait in another answer is about something else."""
    assert answers.throttled(answer(503, Retry_After="30"), "Acme") is None


@pytest.mark.parametrize("said", ["", "yesterday", "Fri, 10 Apr 2026 22:04:11 -0000"])
def test_a_time_without_a_zone_is_none(said: str) -> None:
    """It would be read in ours."""
    assert answers.date(answer(Date=said)) is None


def test_a_partys_time_of_day() -> None:
    """In UTC."""
    at = answers.date(answer(date="Fri, 10 Apr 2026 22:04:11 GMT"))
    assert at == datetime(2026, 4, 10, 22, 4, 11, tzinfo=UTC)


def test_a_message_is_shown_without_what_it_repeats() -> None:
    """The longest value first, so that no rest of it stays; numbers that nobody sent as well; in one line, cut."""
    said = "anna@x.se is taken,\n by anna@x.se.example and 19900101-2385; no: no"
    shown = answers.without(said, ["anna@x.se", "anna@x.se.example", "no"], answers.PERSONAL_NUMBER)
    assert shown == "[removed] is taken, by [removed] and [removed]; no: no"
    assert len(answers.without("x" * 1000, (), re.compile("y"))) == 300


class Person(BaseModel):
    """Somebody."""

    id: int
    roles: list[int] = []


@pytest.mark.parametrize(
    ("record", "problems"),
    [
        ({"id": "x"}, ["user.id: Input should be a valid integer, unable to parse string as an integer"]),
        ({"id": 1, "roles": [1, None]}, ["user.roles.1: Input should be a valid integer"]),
        ("secret", ["user: Input should be a valid dictionary or instance of Person"]),
    ],
)
def test_a_record_of_another_form_names_its_fields_and_no_value(record: Any, problems: list[str]) -> None:
    """Places in lists are numbers."""
    with pytest.raises(Malformed) as caught:
        answers.read(Person, record, "user")
    assert list(caught.value.problems) == problems


@pytest.mark.parametrize(
    ("name", "shown"), [("firstName", "firstName"), ("anna@x.se", "(other)"), ("a" * 62, "(other)")]
)
def test_a_name_that_no_field_has_may_be_a_value(name: str, shown: str) -> None:
    """It is not shown."""
    assert answers.field_name(name) == shown
