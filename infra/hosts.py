"""Looks up hosts' names in threads of their own, one for each name that is being looked up.

The system's resolver waits for 10 s and more for a name server that is silent, and in its thread nothing else is done
meanwhile. asyncio has six of them on a machine with two processors, for all names and for all other work: companies
whose system cannot be looked up would take them from every other company's deliveries and calls.
"""

import asyncio
import socket
import threading
from collections.abc import Hashable
from contextlib import suppress
from typing import Any


def look_up_apart(loop: asyncio.AbstractEventLoop) -> None:
    """Let a loop look names up so from now on; whoever asks for the same at the same time waits for one answer."""
    under_way: dict[Hashable, asyncio.Future[list[Any]]] = {}

    async def getaddrinfo(
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio calls it so
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        asked = (host, port, family, type, proto, flags)
        if (found := under_way.get(asked)) is None:
            found = under_way[asked] = _looking_up(loop, asked)
            found.add_done_callback(lambda _: under_way.pop(asked))
        return await asyncio.shield(found)

    loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign]


def _looking_up(loop: asyncio.AbstractEventLoop, asked: tuple[Any, ...]) -> "asyncio.Future[list[Any]]":
    future: asyncio.Future[list[Any]] = loop.create_future()

    def tell(found: list[Any] | Exception) -> None:
        if isinstance(found, Exception):
            future.set_exception(found)
            future.exception()  # perhaps nobody waits any more
        else:
            future.set_result(found)

    def look_up() -> None:
        found: list[Any] | Exception
        try:
            found = socket.getaddrinfo(*asked)
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            found = error
        with suppress(RuntimeError):  # its loop is closed: nobody is there any more
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=look_up, name=f"look up {asked[0]}", daemon=True).start()
    return future
