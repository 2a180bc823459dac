"""A stateful Fortnox over HTTP, with faults on demand. Never chosen silently: see README.md."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path

from connectors.fortnox.sandbox.books import CLIENT_ID, CLIENT_SECRET, Account, Books, Company, CostCentre
from connectors.fortnox.sandbox.connections import Connection
from connectors.fortnox.sandbox.faults import Fault, Faults
from connectors.fortnox.sandbox.grants import Integration, User
from connectors.fortnox.sandbox.server import app
from connectors.fortnox.sandbox.state import Keeper, keeping
from infra.imitating import serving
from infra.plugin import Imitation

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "Account",
    "Books",
    "Company",
    "CostCentre",
    "Fault",
    "Faults",
    "Integration",
    "User",
    "app",
    "running",
    "serve",
]


@asynccontextmanager
async def running(
    books: Books, port: int = 0, host: str = "127.0.0.1", *, folder: Path | None = None
) -> AsyncIterator[str]:
    """Serve the books in this event loop and give the address: ``/3`` and ``/oauth-v1`` are under it.

    Port 0 takes a free one. With a folder the books begin with what it holds, and are kept there.

    Raises:
        OSError: the port is taken.
        infra.folders.InUse: another sandbox has the folder.
        state.UnreadableFile: the folder holds what no sandbox of this version has written.
    """
    with keeping(books, folder) if folder else nullcontext(Keeper(books)) as keeper:
        async with serving(app(books, keeper), host, port, Connection, sockets=True) as url:
            yield url


def serve(asked: Imitation) -> AbstractAsyncContextManager[str]:
    """Serve books that are kept in the folder, if there is one."""
    books = Books()
    if asked.faults:
        books.luck = lambda company: Faults.evenly(asked.faults, f"{asked.seed}/{company}", asked.routes or None)
    return running(books, asked.port, asked.host, folder=asked.folder)
