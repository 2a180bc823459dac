"""The watched folder: files in ``inbox/TENANT/SYSTEM`` are accepted, then moved to ``done`` or ``refused``."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from infra import clock, telemetry
from infra.accepting import Acceptor, Unavailable
from infra.plugin import Malformed, Source
from infra.tenants import UnknownTenant

_log = telemetry.log(__name__)

_POLL = 1.0
_SETTLED = 1.0
"""Seconds without a change after which a file is taken to be whole. A writer that renames into place is safer."""


class Inbox:
    """Takes files in. A crash between accepting and moving repeats a file, which changes nothing."""

    def __init__(self, folder: Path, acceptor: Acceptor, sources: Mapping[str, Source]) -> None:
        self._folder = folder
        self._acceptor = acceptor
        self._sources = sources

    async def run(self, stop: asyncio.Event) -> None:
        """Look every second until asked to stop."""
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        while not stop.is_set():
            for tenant, source, path in await asyncio.to_thread(list, self._ready()):
                try:
                    await self._take(tenant, source, path)
                except Unavailable as error:
                    _log.warning("file waits", path=str(path), error=str(error))
                    break
                except OSError as error:  # it cannot be read or moved, or somebody took it away
                    _log.warning("file waits", path=str(path), error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL):
                    await stop.wait()

    def _ready(self) -> Iterator[tuple[str, Source, Path]]:
        for system, source in self._sources.items():
            for path in sorted(self._folder.glob(f"*/{system}/*")):
                wanted = path.suffix.lower() in source.suffixes and not path.name.startswith(".")
                if wanted and _is_whole(path):
                    yield path.parent.parent.name, source, path

    async def _take(self, tenant: str, source: Source, path: Path) -> None:
        for folder in ("done", "refused"):  # a folder that takes no files would have its first one accepted for ever
            (path.parent / folder).mkdir(exist_ok=True)
        payload = await asyncio.to_thread(path.read_bytes)
        try:
            accepted = await self._acceptor.accept(tenant=tenant, source=source, payload=payload)
        except (Malformed, UnknownTenant) as error:
            problems = error.problems if isinstance(error, Malformed) else (str(error),)
            target = _move(path, "refused")
            target.with_name(target.name + ".reasons.txt").write_text("\n".join(problems) + "\n")
            _log.warning("file refused", path=str(target), problems=len(problems))
        else:
            target = _move(path, "done")
            _log.info("file accepted", path=str(target), fact_ids=accepted.event_ids)


def _is_whole(path: Path) -> bool:
    try:
        return path.is_file() and clock.now().timestamp() - path.stat().st_mtime >= _SETTLED
    except OSError:  # gone meanwhile
        return False


def _move(path: Path, folder: str) -> Path:
    target = path.parent / folder / path.name
    number = 1
    while target.exists():
        number += 1
        target = target.with_name(f"{path.stem}-{number}{path.suffix}")
    return path.rename(target)
