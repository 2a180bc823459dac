"""One call, on record, against a party that answers as it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from prometheus_client import REGISTRY

from infra import speaking
from infra.delivery import calls
from infra.delivery.answers import Missing, Unauthorised
from infra.delivery.calls import Calls
from infra.delivery.requests import Request
from infra.http import Client, Response
from infra.plugin import Attempt
from infra.verdicts import AlreadyThere, Delivered, Rejected, RetryLater, Unknown
from schemas.words import Phrase, Text

ASK = Request("GET", "people/17", {"day": "2026-04-10"})
LOST = b""
"""A connection that ends in the middle of an answer."""


class LeaseLost(Exception):
    """The lane belongs to another process."""


@dataclass
class Lane:
    """What a lane lends, and what was asked of it, in order."""

    owned: bool = True
    steps: list[object] = field(default_factory=list)

    @property
    def attempt(self) -> Attempt:
        """Return an attempt of this lane."""
        return Attempt(may_send=self.may_send, take=self.take, throttled=self.throttled)

    def may_send(self) -> None:
        """Allow it while the lane is ours."""
        self.steps.append("may send")
        if not self.owned:
            raise LeaseLost

    async def take(self) -> None:
        """Count."""
        self.steps.append("take")

    async def throttled(self, seconds: float) -> None:
        """Take note."""
        self.steps.append(seconds)


@asynccontextmanager
async def party(*answers: bytes, asked: list[bytes] | None = None) -> AsyncIterator[str]:
    """Serve these answers, one a connection, and give the address."""
    waiting, serving = list(answers), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        if head := await reader.read(65536):
            if asked is not None:
                asked.append(head)
            writer.write(waiting.pop(0) or b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal")
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        await asyncio.gather(*(task for task in serving if task))


def says(status: int, *headers: str) -> bytes:
    """Return an answer's bytes."""
    lines = [f"HTTP/1.1 {status} X", "Content-Length: 2", "Connection: close", *headers, "", "hi"]
    return "\r\n".join(lines).encode()


SAYS = Phrase("acme.says", "{what}", "{what}")


def told(answer: object) -> tuple[str, Text]:
    """Tell of this party's texts as well."""
    return ("ok", SAYS(what=answer * 100)) if isinstance(answer, str) else calls.told(answer)


def read(response: Response) -> str | Unauthorised:
    """Read an answer as text, unless it refuses the token."""
    return Unauthorised() if response.status == 401 else response.text


async def ask(url: str, attempt: Attempt, request: Request = ASK) -> object:
    """Make one call."""
    async with Client(timeout=5.0) as client:
        one = Calls(client, "acme", "Acme", "a-company", url, told)
        return await one.send(request, "t0ken", attempt, read=read, lost=lambda why: Unknown(f"lost: {why}"))


def counted(name: str, **labels: str) -> float:
    """Return a metric's value."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_call_waits_for_its_turn_is_allowed_and_stands_on_record() -> None:
    """In this order; the record has method, path, status and time, and the words are bounded."""
    labels = {"sink": "acme", "operation": "GET people", "outcome": "ok"}
    lane, asked, before = Lane(), list[bytes](), counted("bokbuss_target_requests_total", **labels)
    attempt = lane.attempt
    async with party(says(200), asked=asked) as url:
        assert await ask(url, attempt) == "hi"
    assert lane.steps == ["take", "may send"]
    (call,) = attempt.calls
    assert (call.request, call.status, call.verdict) == ("GET /v1/people/17?day=2026-04-10", 200, "hi" * 100)
    assert asked[0].startswith(b"GET /v1/people/17?day=2026-04-10 HTTP/1.1\r\n")
    assert b"Authorization: Bearer t0ken" in asked[0]
    assert b"Content-Type" not in asked[0]
    assert counted("bokbuss_target_requests_total", **labels) == before + 1


async def test_what_is_sent_says_its_type() -> None:
    """Only where there is something."""
    asked = list[bytes]()
    lane = Lane()
    async with party(says(200), asked=asked) as url:
        await ask(url, lane.attempt, Request("POST", "people", body=b"{}", content_type="application/acme"))
    assert b"Content-Type: application/acme" in asked[0]


async def test_a_party_that_cannot_be_reached_did_nothing() -> None:
    """The order is tried again soon, and no status is made up."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lane = Lane()
    attempt = lane.attempt
    answer = await ask(f"http://127.0.0.1:{port}", attempt)
    assert isinstance(answer, RetryLater)
    assert (answer.code, answer.after, answer.who) == ("unreachable", 2.0, None)
    assert answer.why.startswith("Acme cannot be reached: GET 127.0.0.1: ")
    assert [(call.status, call.verdict) for call in attempt.calls] == [(None, "retry later: unreachable")]


async def test_what_no_answer_means_the_caller_says() -> None:
    """A write may have been carried out."""
    lane = Lane()
    attempt = lane.attempt
    async with party(LOST) as url:
        answer = await ask(url, attempt)
    assert isinstance(answer, Unknown)
    assert answer.why.startswith("lost: GET 127.0.0.1: ")
    assert attempt.calls[0].status is None


async def test_a_lane_that_is_anothers_by_now_sends_nothing() -> None:
    """What may_send raises is raised, and there is no call to put on record."""
    asked, lane = list[bytes](), Lane(owned=False)
    attempt = lane.attempt
    async with party(says(200), asked=asked) as url:
        with pytest.raises(LeaseLost):
            await ask(url, attempt)
    assert (asked, attempt.calls) == ([], [])


async def test_a_party_that_gets_too_many_requests_is_left_alone_for_as_long_as_it_says() -> None:
    """The lane is told, and it is counted for the company."""
    lane, before = Lane(), counted("bokbuss_target_throttled_total", tenant="a-company", sink="acme")
    async with party(says(429, "Retry-After: 7"), says(503, "Retry-After: 7")) as url:
        await ask(url, lane.attempt)
        await ask(url, lane.attempt)
    assert lane.steps == ["take", "may send", 7.0, "take", "may send"]
    assert counted("bokbuss_target_throttled_total", tenant="a-company", sink="acme") == before + 1


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (Delivered(note="created"), "delivered", "delivered  created"),
        (AlreadyThere(note="as it was"), "already_there", "already there: as it was"),
        (Rejected("period_locked", "it is locked", "accountant"), "rejected", "rejected: period_locked"),
        (RetryLater(5.0, "throttled", "429"), "retry_later", "retry later: throttled"),
        (Unknown("no answer"), "unknown", "unknown: no answer"),
        (Unauthorised(), "unauthorised", "the access token was refused"),
        (Missing(), "missing", "not there"),
    ],
)
def test_every_verdict_has_a_name_for_metrics_and_words_for_people(answer: object, outcome: str, words: str) -> None:
    """A reason stays out of both: it may be long, and metrics are bounded."""
    name, said = calls.told(answer)
    assert (name, str(said)) == (outcome, words)
    assert speaking.heard(said, "sv") != words


def test_what_only_its_party_knows_is_told_by_nobody_else() -> None:
    """A party that forgets one of its answers is told so when it is tried, not when it happens."""
    with pytest.raises(TypeError, match="int"):
        calls.told(1)


def test_a_question_without_an_answer_is_asked_again() -> None:
    """It did nothing, so only this order waits."""
    assert calls.unanswered("Acme", 5.0)("silence") == RetryLater(
        5.0, "unreachable", "Acme did not answer: silence", alone=True
    )


async def test_the_last_call_tells_what_came_of_the_search() -> None:
    """What a page held says less than what was looked for in it."""
    lane = Lane()
    attempt = lane.attempt
    async with party(says(200), says(200)) as url:
        await ask(url, attempt)
        await ask(url, attempt)
    calls.amend(attempt, SAYS(what="it is not among 2" * 100))
    assert [call.verdict for call in attempt.calls] == ["hi" * 100, ("it is not among 2" * 100)[:200]]
