"""What has changed: a mark for each company, and one look at the database for all pages that are open."""

import asyncio

from infra.postgres import Engine, text
from infra.showing import today
from tests.databases import stepping

_RED = text(
    """insert into checks (tenant, system, "check", ok, body, checked_at)
       values (:tenant, 'fortnox', 'accounts', false, '{}', clock_timestamp())
       on conflict (tenant, system, "check") do update set checked_at = excluded.checked_at"""
)


async def test_what_changes_in_a_company_changes_its_mark_and_no_other_one(engine: Engine) -> None:
    """Pages of a company hear of it alone."""
    before = await today.marks(engine, ["krogen", "grannen"])
    async with engine.begin() as connection:
        await connection.execute(_RED, {"tenant": "krogen"})
    after = await today.marks(engine, ["krogen", "grannen"])
    assert before["krogen"] != after["krogen"]
    assert before["grannen"] == after["grannen"]


async def test_a_hundred_open_pages_share_one_look(engine: Engine) -> None:
    """However many ask: the database is asked once in the time between two looks, and anew for another company."""
    asked: list[str] = []

    async def note(statement: str) -> None:
        if " as mark" in statement:
            asked.append(statement)

    stepping(engine, note)

    news = today.News(engine, every=3600.0)
    with news.watched(["krogen"]), news.watched(["krogen"]):
        found = await asyncio.gather(*(news.marks(["krogen"]) for _ in range(100)))
        assert len(asked) == 1
        assert len({mark for [mark] in found}) == 1
        with news.watched(["grannen"]):
            await news.marks(["grannen", "krogen"])
        assert len(asked) == 2
