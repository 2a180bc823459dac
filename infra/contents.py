"""What documents hold, each stored once by its SHA-256: in a folder, in memory, or in an S3-compatible store."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from io import SEEK_END
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from infra.folders import private
from infra.settings import Settings

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_CHUNK: Final = 1024 * 1024
MEMORY: Final = "memory:///"
_AMAZON: Final = "https://s3.amazonaws.com"
_CREDENTIALS: Final = "169.254.169.254,169.254.170.2,169.254.170.23"
"""Where a machine, a task or a pod of Amazon's asks for its own role's credentials: they are beside it."""
_THREADS: Final = ThreadPoolExecutor(16, "documents")
"""In which a store is asked, and nothing else is done: one that says nothing keeps a thread for minutes."""


class Contents:
    """The contents of all companies; each company's lie apart, and what two of them hold is stored twice.

    The store is asked in threads: where its own asynchronous calls end just before the process does, it is aborted.
    Everything raises OSError when the store does not answer, or lets us not in.
    """

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def keep(self, tenant: str, sha256: str, file: IO[bytes]) -> None:
        """Store what an open file holds, from its beginning, unless it is there: after a power loss it may be cut."""
        import obstore  # noqa: PLC0415 - 5 MB that only who handles documents needs

        if await self.size(tenant, sha256) != file.seek(0, SEEK_END):
            file.seek(0)
            with _asked():
                await _in_thread(obstore.put, self._store, _path(tenant, sha256), file)

    async def size(self, tenant: str, sha256: str) -> int | None:
        """Return how many bytes a content has; None: it is not there."""
        import obstore  # noqa: PLC0415 - the same

        try:
            with _asked():
                return int((await _in_thread(obstore.head, self._store, _path(tenant, sha256)))["size"])
        except FileNotFoundError:
            return None

    async def every(self, tenant: str) -> frozenset[tuple[str, int]]:
        """Return the SHA-256 of every content of a company, and how many bytes of it are there."""
        return frozenset(await _in_thread(self._stored, tenant))

    def _stored(self, tenant: str) -> list[tuple[str, int]]:
        import obstore  # noqa: PLC0415 - the same

        with _asked():
            listed = [one for some in obstore.list(self._store, f"{tenant}/") for one in some]
        return [(str(one["path"]).rpartition("/")[2], int(one["size"])) for one in listed]

    async def read(self, tenant: str, sha256: str, start: int = 0) -> AsyncIterator[bytes]:
        """Yield a content from one of its bytes on, in pieces. Raises FileNotFoundError."""
        import obstore  # noqa: PLC0415 - the same

        asked: Any = {"range": {"offset": start}} if start else None
        with _asked():
            found = await _in_thread(obstore.get, self._store, _path(tenant, sha256), options=asked)
        pieces = iter(found.stream(_CHUNK))
        while True:
            with _asked():
                piece = await _in_thread(next, pieces, None)
            if piece is None:
                return
            yield bytes(piece)

    async def forget(self, tenant: str) -> None:
        """Remove everything of a company."""
        await _in_thread(self._forget, tenant)

    def _forget(self, tenant: str) -> None:
        import obstore  # noqa: PLC0415 - the same

        for some in obstore.list(self._store, f"{tenant}/"):
            obstore.delete(self._store, [str(one["path"]) for one in some])


async def _in_thread(function: Callable[..., Any], *values: Any, **named: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, partial(function, *values, **named))


@contextmanager
def _asked() -> Iterator[None]:
    """Raise what the store raises as OSError."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - the same

    try:
        yield
    except BaseError as error:
        raise OSError(f"the document store does not answer as it should: {type(error).__name__}") from error


def opened(settings: Settings) -> Contents:
    """Open the store that the settings name; a folder in BOKBUSS_DATA where they name none. Raises OSError."""
    from obstore.store import LocalStore, S3Store  # noqa: PLC0415 - the same

    chosen = settings.documents
    if chosen.url is None:
        return Contents(LocalStore(private(settings.data.resolve(), "documents")))
    if chosen.url == MEMORY:
        return Contents(_memory())
    if chosen.url.startswith("file:"):
        return Contents(LocalStore.from_url(chosen.url, mkdir=True))
    named: dict[str, Any] = {
        "endpoint": chosen.endpoint,
        "region": chosen.region,
        "access_key_id": chosen.access_key,
        "secret_access_key": chosen.secret_key.get_secret_value(),
    }
    given: Any = {name: value for name, value in named.items() if value}
    http = bool(chosen.endpoint and chosen.endpoint.startswith("http:"))  # this machine's own: see Guarded
    options: Any = {"allow_http": http}
    if settings.proxy.url is not None:  # the store follows HTTPS_PROXY otherwise
        direct = "" if settings.proxy.by(where := chosen.endpoint or _AMAZON) else f",{urlsplit(where).hostname}"
        proxy = settings.proxy.url.get_secret_value()
        options |= {"proxy_url": proxy, "proxy_excludes": f"{_CREDENTIALS}{direct}"}
    return Contents(S3Store.from_url(chosen.url, config=given, client_options=options))


@cache
def _memory() -> "ObjectStore":
    """Return the store of this process's memory."""
    from obstore.store import MemoryStore  # noqa: PLC0415 - the same

    return MemoryStore()


def _path(tenant: str, sha256: str) -> str:
    return f"{tenant}/{sha256[:2]}/{sha256}"
