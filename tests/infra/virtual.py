"""Virtual time: an event loop whose clock stands still while anything runs, and jumps when nothing can."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from infra import clock

T = TypeVar("T")
START = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
_NO_TIME = 1e-9
_LONGEST = 90_000.0


class Stuck(AssertionError):
    """Everybody waits for somebody else, or for something that never comes."""


class _Selector:
    """Waits for no file: it moves the time on to the next plan."""

    def __init__(self) -> None:
        self.now = 1000.0

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise Stuck("nothing is planned any more")
        self.now += timeout
        if self.now > _LONGEST:
            raise Stuck("a day went by")
        return []

    def close(self) -> None: ...


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop without files, threads or real time."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Selector()
        self._clock_resolution = _NO_TIME

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self._selector.now

    def _process_events(self, _events: list[Any]) -> None: ...

    def _write_to_self(self) -> None: ...


def at(seconds: float) -> datetime:
    """Return the time of day at a virtual second."""
    return START + timedelta(seconds=seconds)


def _now() -> datetime:
    return at(asyncio.get_running_loop().time())


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


@contextmanager
def virtual_clock() -> Iterator[pytest.MonkeyPatch]:
    """Let ``infra.clock`` tell the time of the running loop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", _now)
        patch.setattr(clock, "monotonic", _monotonic)
        yield patch


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time; what it leaves behind is cancelled."""
    loop = VirtualLoop()
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        with virtual_clock():
            return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(_end_the_others())
        loop.close()


async def _end_the_others() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
