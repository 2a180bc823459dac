"""Work that a page begins for a company: one of a kind at a time, and whoever comes meanwhile is led to it."""

import asyncio
from uuid import UUID

from infra import tasks
from infra.postgres import Engine
from infra.settings import Settings
from tests.connectors.party import host


async def test_whoever_begins_while_it_ends_begins_anew_or_joins(engine: Engine) -> None:
    """Between the two questions, whether it can begin and what is under way, the last one may have ended."""
    place = host(Settings(), engine)

    async def nothing(_steps: tasks.Steps) -> str:
        return "done"

    async def begin(number: int) -> set[UUID]:
        return {await tasks.begin(place, "kafe", "plan", nothing, by=f"person-{number}") for _ in range(6)}

    begun = set().union(*await asyncio.gather(*map(begin, range(6))))
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "plan kafe"))
    ended = [await tasks.one(engine, "kafe", each) for each in begun]
    assert {task and task.state for task in ended} == {"done"}
