"""The pages, as a browser gets them."""

import asyncio
from typing import Any

from starlette.applications import Starlette

from connectors.desk.pages import pages
from infra.environment import load
from infra.http import Client, Response
from infra.intake import web
from infra.office import office
from infra.plugin import Host


def get(path: str) -> Response:
    """Return what the pages answer, served over HTTP."""

    async def main() -> Response:
        async with (
            office(load()) as place,
            web.serving(
                Starlette(routes=pages(Host(place.settings, place.engine, None, None, None))), "127.0.0.1", 0
            ) as url,
            Client(timeout=20) as client,
        ):
            return await client.send("GET", url + path, may_send=lambda: None)

    return asyncio.run(main())


def test_an_empty_desk_says_so(desk: Any) -> None:
    """Before anything happened the page stands, and says that nothing waits."""
    desk.after(lambda world: world.add("krogen-soder"))
    answer = get("/")
    assert answer.status == 200
    assert "Nothing waits." in answer.text
    assert "Nothing is booked yet." in answer.text


def test_the_first_page_shows_what_waits_and_what_was_booked(desk: Any) -> None:
    """Holds with their answers, dead letters and the last vouchers are there, and lead to their stories."""

    async def past(world: Any) -> None:
        await world.tell_the_sample_story()
        await world.bury(topic="facts.day-closed.v1", offset=7, value=b"{}", tenant="krogen-soder")

    desk.after(past)
    page = get("/").text
    assert "held answer 727173a9 reverse" in page
    assert "facts.day-closed.v1/3/7" in page
    assert page.index(">F 13<") < page.index(">F 12<")
    assert 'href="/story/krogen-soder/openpos/KASSA1/412"' in page


def test_a_story_is_a_page(desk: Any) -> None:
    """The same story as explain tells, with the fact read back from Kafka."""
    desk.after(lambda world: world.tell_the_sample_story())
    page = get("/story/krogen-soder/openpos/KASSA1/412").text
    for words in ("Store SODER, register KASSA1, Z 412", "Fortnox booked it as F 13", "28 971.50"):
        assert words in page


def test_what_is_not_known_is_not_found(desk: Any) -> None:
    """A search without a result says how to ask, and what was typed stays text."""
    desk.after(lambda world: world.add("krogen-soder"))
    answer = get("/story?what=%3Cscript%3E1")
    assert answer.status == 404
    assert "Ask for a voucher" in answer.text
    assert "<script>" not in answer.text
