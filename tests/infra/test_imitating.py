"""How imitations are served, and what goes wrong with their calls."""

import socket

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from infra.http import Client, NoAnswer
from infra.imitating import Fault, Faults, Lost, serving


def app(*, lost: bool = False, done: list[str] | None = None) -> Starlette:
    """Return an imitation that answers, or begins to."""

    async def answer(_request: Request) -> Response:
        if not lost:
            return PlainTextResponse("hi")
        return Lost(background=BackgroundTask((done or []).append, "afterwards"))

    return Starlette(routes=[Route("/", answer)])


async def test_it_listens_at_a_free_port_and_tells_no_time() -> None:
    """An imitation may have a clock of its own."""
    async with serving(app(), "127.0.0.1", 0) as url, Client(timeout=5.0) as client:
        answer = await client.send("GET", url)
    assert (answer.text, "date" in answer.headers, "server" in answer.headers) == ("hi", False, False)


async def test_a_port_that_is_taken_is_said_to_be() -> None:
    """As the operating system says it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serving(app(), "127.0.0.1", taken.getsockname()[1]):
            pass


async def test_a_lost_answer_begins_and_what_follows_it_is_done() -> None:
    """Nobody knows then what became of the call."""
    done = ["before"]
    async with serving(app(lost=True, done=done), "127.0.0.1", 0) as url, Client(timeout=5.0) as client:
        with pytest.raises(NoAnswer):
            await client.send("GET", url)
    assert done == ["before", "afterwards"]


def test_the_same_seed_and_calls_give_the_same_faults() -> None:
    """In about the share that was asked for, of every kind, and only on the routes that were named."""
    one, two = (Faults(0.3, "seed", ["POST /people"]) for _ in range(2))
    drawn = [one.choose("POST /people") for _ in range(2000)]
    assert drawn == [two.choose("POST /people") for _ in range(2000)]
    assert 500 < sum(fault is not None for fault in drawn) < 700
    assert {*drawn} == {None, *Fault}
    assert {one.choose("GET /people") for _ in range(100)} == {None}


def test_a_script_comes_first() -> None:
    """Chance begins when it is over."""
    faults = Faults(1.0, script=[Fault.FAIL, None])
    assert [faults.choose("GET /") for _ in range(2)] == [Fault.FAIL, None]
    assert faults.choose("GET /") is not None


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_between_none_and_all(share: float) -> None:
    """Anything else is a mistake."""
    with pytest.raises(ValueError, match="share"):
        Faults(share)
