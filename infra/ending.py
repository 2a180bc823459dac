"""How a process that serves comes to its end: asked to by a signal, in order, and in time whatever is away."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, Final, Literal

from infra import telemetry

_log = telemetry.log(__name__)

_ASK: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""What asks a process to end: by a person, by whoever started it, by a terminal that goes away."""
GRACE = 13.0
"""Seconds from the signal to the end. A broker, a database or a target that hangs must not make an orchestrator kill
us: what is left then is cut off, which is a crash, and those are provided for."""
CLOSE_WITHIN = 5.0
"""Seconds in which a client of Kafka has to close; what it has not committed or sent comes again."""
_CANCELLING = 0.7
"""Seconds for what was cancelled. psycopg tries to cancel its query at the server first, and gives up when cancelled
again."""


class Stop(asyncio.Event):
    """Asks a process to end. Until somebody waits for it, what is being started is cancelled instead."""

    heeded = False

    async def wait(self) -> Literal[True]:
        """Wait until asked to end."""
        self.heeded = True
        return await super().wait()


async def until_signal(work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run until a signal asks to stop; then the process ends within its grace."""
    stop, loop = Stop(), asyncio.get_running_loop()
    task = loop.create_task(work(stop))

    def ask() -> None:
        if not stop.is_set():
            last = threading.Timer(GRACE, _cut_off)
            last.daemon = True
            last.start()
        stop.set()
        if not stop.heeded:
            task.cancel()

    for number in _ASK:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            loop.add_signal_handler(number, ask)
    try:
        await task
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
    finally:
        us = {asyncio.current_task()}
        if stop.is_set() and await ended(asyncio.all_tasks() - us, 0.0):
            _cut_off()  # asyncio would wait for them for ever


async def ended(tasks: Iterable[asyncio.Task[Any]], within: float) -> set[asyncio.Task[Any]]:
    """Wait for tasks that were asked to end; cancel those that are late, and return what does not end even then."""
    left = set(tasks)
    for patience in (within, _CANCELLING, _CANCELLING):
        if not left:
            break
        _, left = await asyncio.wait(left, timeout=patience)
        for task in left:
            task.cancel()
    return left


async def closed(what: str, close: Callable[[], Coroutine[Any, Any, object]], within: float = CLOSE_WITHIN) -> bool:
    """Close something, as far as it lets itself be closed in time: its other end may be away. Tell whether it did.

    aiokafka's own stop can wait for ever while the broker is away, or be cancelled by a task that it cancels itself.
    """
    task = asyncio.create_task(close())
    if await ended([task], within) or task.cancelled():
        _log.warning("not closed in time", what=what)
        return False
    if (error := task.exception()) is not None:
        _log.warning("not closed", what=what, error=type(error).__name__)
        return False
    return True


def _cut_off() -> None:
    say("bokbuss: not everything ended in time after the signal; the rest is cut off")
    os._exit(1)


def say(line: str) -> None:
    """Say something on standard error, as far as it takes it: its reader may have left, its disk may be full."""
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
