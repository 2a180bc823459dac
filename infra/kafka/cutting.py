"""What a client of Kafka leaves when its own stop does not come to its end: its tasks and connections are cut off.

aiokafka stops part after part. Where one hangs or fails because the broker is away, those after it are never stopped:
their tasks go on asking for the broker, and their connections stay open, as long as the process lives.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka.client import AIOKafkaClient

from infra.ending import CLOSE_WITHIN, closed

_ROUNDS, _ROUND = 10, 0.1


async def stopped(
    what: str,
    stop: Callable[[], Coroutine[Any, Any, object]],
    client: AIOKafkaClient,
    *parts: object,
    within: float = CLOSE_WITHIN,
) -> None:
    """Stop a producer or a consumer, within seconds, whatever is away.

    Args:
        stop: aiokafka's own.
        client: its connections.
        parts: what else of it has tasks.
    """
    in_time = False
    try:
        in_time = await closed(what, stop, within)
    finally:
        if not in_time:
            await cut(client, *parts)


async def cut(client: AIOKafkaClient, *parts: object) -> None:
    """End every task of a client at once, and close its connections without a word to the broker."""
    for _ in range(_ROUNDS):
        tasks = [task for task in asyncio.all_tasks() if any(_runs(task, part) for part in (client, *parts))]
        for task in tasks:
            task.cancel()
        for connection in client._conns.values():  # noqa: SLF001 - versions are pinned
            connection.close()
            transport = connection._protocol._transport  # noqa: SLF001 - versions are pinned
            if transport is not None:
                transport.abort()  # closing alone waits until the broker has taken what was not sent
        await asyncio.sleep(0)  # the transports close with the loop's next turn
        if not tasks:
            break
        # Before Python 3.12 asyncio.wait_for may lose a cancellation: what goes on is cancelled again.
        await asyncio.wait(tasks, timeout=_ROUND)


def _runs(task: asyncio.Task[Any], part: object) -> bool:
    """Tell whether a task runs a method of an object. aiokafka keeps no list of its tasks."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    return part is not None and frame is not None and frame.f_locals.get("self") is part
