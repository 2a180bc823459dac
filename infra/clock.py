"""The only reader of the clock."""

import asyncio
import time
from datetime import UTC, date, datetime

from schemas.base import SWEDEN

_WHILE_ASLEEP: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's clock that goes on: where time.monotonic stands still meanwhile, a lease would outlast its deadline."""


def now() -> datetime:
    """Return the time of day, with its zone (UTC)."""
    return datetime.now(UTC)  # noqa: TID251 - this is the place


def today() -> date:
    """Return the day that it is in Sweden: after its midnight it is yesterday in UTC for another hour or two."""
    return now().astimezone(SWEDEN).date()


def monotonic() -> float:
    """Return seconds that only grow; they go on while a process is stopped, and on Linux while the machine sleeps."""
    if _WHILE_ASLEEP is None:
        return time.monotonic()  # noqa: TID251 - this is the place
    return time.clock_gettime(_WHILE_ASLEEP)


async def sleep(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)


async def wait(event: asyncio.Event, within: float) -> bool:
    """Wait for an event, so many seconds at most; tell whether it came."""
    try:
        async with asyncio.timeout(within):
            return await event.wait()
    except TimeoutError:
        return False
