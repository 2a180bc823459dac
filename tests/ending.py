"""What runs beside a test ends with it: a task cut off in a query, and left so, fails whichever test collects it."""

import asyncio
from typing import Any


async def end_tasks(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they are over. What they raised otherwise is raised."""
    for task in tasks:
        task.cancel()
    for over in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(over, Exception):
            raise over
