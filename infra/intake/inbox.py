"""The watched folder: files in ``inbox/TENANT/SYSTEM`` are accepted, then moved to ``done`` or ``refused``.

Each folder is by itself: in the order of their names, and beside the others. A file that cannot be taken now stays, and
those behind it go on; only where Kafka or the database does not answer its folder waits for the next turn. What can
never be taken is refused, with its reasons beside it. Whatever is odd is said once, not at every look.
"""

import asyncio
import heapq
import os
import stat
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from errno import EACCES
from pathlib import Path
from typing import BinaryIO

from infra import clock, telemetry
from infra.intake.accepting import Accepted, Acceptor, Unavailable, read_payload
from infra.intake.signing import pieces
from infra.plugin import Malformed, Source
from infra.settings import MAX_BODY
from infra.tenants import UnknownTenant

_log = telemetry.log(__name__)

_POLL = 1.0
_SETTLED = 1.0
"""Seconds without a change after which a file is taken to be whole. A writer that renames into place is safer."""
_AT_ONCE = 8
"""Folders that are worked on at the same time."""
_TURN = 100
"""Files of one folder that are taken before all folders are looked at again."""
_LISTED = 10_000
"""Names of one folder that are kept in mind; a million are listed piece by piece."""
_LONGEST_NAME = 200
"""Bytes: with what is added, a name must not become longer than a file's name can be."""
_MODE = 0o755
"""Of folders of ours: who else may put a file there, and so book, is for whoever runs us to say, not for a umask."""
_NUMBERED = 100
_NAMED = 20
"""Facts of one file that the log names: a year's ledger is hundreds, and the last one closes it."""
ANOTHERS = "it is a link into another company's folder"
NO_FILE = "file: it is a link, a pipe, a socket or a device; put the file itself here"


class Inbox:
    """Takes files in. A crash between accepting and moving repeats a file, which changes nothing."""

    def __init__(
        self, folder: Path, acceptor: Acceptor, sources: Mapping[str, Source], max_body: int = MAX_BODY
    ) -> None:
        self._folder = folder
        self._acceptor = acceptor
        self._sources = sources
        self._max_body = max_body
        self._companies: list[Path] = []
        self._folders: dict[Path, _Folder] = {}
        self._said: dict[Path, str] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look every second until asked to stop. A folder whose turn takes long keeps no other from its own."""
        room = asyncio.Semaphore(_AT_ONCE)
        turns: dict[Path, asyncio.Task[bool]] = {}
        async with asyncio.TaskGroup() as group:
            while not stop.is_set():
                try:
                    found = await asyncio.to_thread(self._look, frozenset(turns))
                except OSError as error:
                    self._say(self._folder, f"it cannot be watched: {_reason(error)}")
                    found = []
                for folder in found:
                    if folder.path not in turns:
                        turns[folder.path] = group.create_task(self._turn(folder, room, stop))
                if turns:
                    await asyncio.wait(turns.values(), timeout=_POLL)
                ended = [path for path, turn in turns.items() if turn.done()]
                more = [turns.pop(path).result() for path in ended]
                if not (turns or any(more)):
                    await clock.wait(stop, _POLL)

    def _look(self, busy: frozenset[Path]) -> list["_Folder"]:
        """Return the folders that hold files for us, each with those that it has; forget what is there no more.

        One that is ``busy`` is left to its turn.
        """
        self._folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        found = []
        self._companies = self._inside(self._folder)
        for tenant in self._companies:
            for path in self._inside(tenant):
                if self._is_anothers(path, tenant):
                    self._say(path, ANOTHERS)
                    continue
                if (source := self._sources.get(path.name)) is None:
                    self._say(path, f"it is of no system that sends files: {', '.join(sorted(self._sources))}")
                    continue
                folder = self._folders.get(path) or _Folder(path, tenant.name, source)
                try:
                    if path not in busy:
                        folder.look()
                except OSError as error:
                    self._say(path, f"it cannot be looked into: {_reason(error)}")
                else:
                    found.append(folder)
        self._folders = {folder.path: folder for folder in found}
        for path in [path for path in list(self._said) if not os.path.lexists(path)]:
            self._said.pop(path, None)
        return found

    def _inside(self, folder: Path) -> list[Path]:
        """Return the folders in a folder. Files do not belong there."""
        try:
            with os.scandir(folder) as entries:
                known = [(Path(entry.path), entry.is_dir()) for entry in entries if not entry.name.startswith(".")]
        except OSError as error:
            self._say(folder, f"it cannot be looked into: {_reason(error)}")
            return []
        if not all(is_folder for _, is_folder in known):
            self._say(
                folder,
                f"it holds files that belong into a folder of company and system: TENANT/{'|'.join(self._sources)}",
            )
        return sorted(path for path, is_folder in known if is_folder)

    def _is_anothers(self, path: Path, company: Path) -> bool:
        """Tell whether a link leads into another company's folder: who may write to one must not reach the other."""
        if not path.is_symlink():
            return False
        there = path.resolve()
        return any(there.is_relative_to(other.resolve()) for other in self._companies if other != company)

    async def _turn(self, folder: "_Folder", room: asyncio.Semaphore, stop: asyncio.Event) -> bool:
        """Take some files of a folder; tell whether there are more that can be taken at once."""
        # Large files have turns of their own: while they wait for those they take no room.
        taking: AbstractAsyncContextManager[None] = room if folder.source.files is None else nullcontext()
        async with taking:
            for _ in range(_TURN):
                if stop.is_set() or not folder.waiting:
                    return False
                path = folder.path / folder.waiting.popleft()
                try:
                    await self._take(folder, path)
                except Unavailable as error:
                    _log.warning("files wait", tenant=folder.tenant, system=folder.source.system, error=str(error))
                    folder.waiting.clear()
                    return False
                except FileNotFoundError:  # somebody took it away
                    continue
                except OSError as error:
                    self._say(path, f"it cannot be taken: {_reason(error)}")
                except Exception as error:  # noqa: BLE001 - one file that a connector stumbles over stops no other
                    self._say(path, f"it cannot be taken: {type(error).__name__}")
            return bool(folder.waiting)

    async def _take(self, folder: "_Folder", path: Path) -> None:
        mark = await asyncio.to_thread(folder.mark_of_whole, path)
        if mark is None:
            return
        for name in ("done", "refused"):  # a folder that takes no files would have its first one accepted for ever
            (folder.path / name).mkdir(mode=_MODE, exist_ok=True)
            if not os.access(folder.path / name, os.W_OK | os.X_OK):
                raise PermissionError(EACCES, f"{name}/ takes no files")
            if self._is_anothers(folder.path / name, folder.path.parent):
                raise PermissionError(EACCES, f"{name}/: {ANOTHERS}")
        try:
            if folder.accepted.get(path.name) != mark:
                accepted = await self._accepted(folder, path)
                folder.accepted[path.name] = mark
                _log.info("file accepted", path=str(path), facts=len(ids := accepted.event_ids), fact_ids=ids[-_NAMED:])
        except (Malformed, UnknownTenant) as error:
            problems = error.problems if isinstance(error, Malformed) else (str(error),)
            if target := await asyncio.to_thread(_refuse, path, mark, problems):
                _log.warning("file refused", path=str(target), problems=len(problems))
        else:
            await asyncio.to_thread(_put_away, path, mark)
            folder.accepted.pop(path.name, None)

    async def _accepted(self, folder: "_Folder", path: Path) -> Accepted:
        with await asyncio.to_thread(_open, path) as file:
            if folder.source.files is None:
                payload = await asyncio.to_thread(read_payload, file, self._max_body)
                return await self._acceptor.accept(tenant=folder.tenant, source=folder.source, payload=payload)
            try:
                return await self._acceptor.accept_file(
                    tenant=folder.tenant,
                    source=folder.source,
                    file=file,
                    requested_by=f"inbox: {path.name}",
                )
            except Unavailable as error:
                # Where it is this file that is not read, no other waits for it.
                if isinstance(error.__cause__, OSError):
                    await asyncio.to_thread(_read_through, file)
                raise

    def _say(self, path: Path, why: str) -> None:
        """Say what is odd about a place, once."""
        if self._said.get(path) != why:
            self._said[path] = why
            _log.warning("left alone", path=str(path), why=why)


FileMark = tuple[int, int, int]
"""Which file it is, how large, and when it was written to last (nanoseconds)."""


class _Folder:
    """The files of one system of one company.

    Attributes:
        waiting: the names of the files to take next, in order.
        accepted: what was accepted and could not be moved yet; it is not accepted again.
    """

    def __init__(self, path: Path, tenant: str, source: Source) -> None:
        self.path = path
        self.tenant = tenant
        self.source = source
        self.waiting: deque[str] = deque()
        self.accepted: dict[str, FileMark] = {}
        self._after = ""
        self._ahead: dict[str, tuple[FileMark, float]] = {}

    def look(self) -> None:
        """List the next names, when none is waiting: those behind the last ones, so that none hides the others."""
        if self.waiting:
            return
        if not (names := self._names()) and self._after:
            self._after = ""
            names = self._names()
        self._after = names[-1] if len(names) == _LISTED else ""
        self.waiting.extend(names)

    def _names(self) -> list[str]:
        with os.scandir(self.path) as entries:
            return heapq.nsmallest(_LISTED, (e.name for e in entries if e.name > self._after and self._is_ours(e)))

    def _is_ours(self, entry: os.DirEntry[str]) -> bool:
        """Leave alone what begins with a dot, has another ending, or is a folder that is named like a file."""
        wanted = entry.name.lower().endswith(self.source.suffixes) and not entry.name.startswith(".")
        return wanted and not entry.is_dir(follow_symlinks=False)

    def mark_of_whole(self, path: Path) -> FileMark | None:
        """Return the mark of a file that nobody has written to for a second; None while somebody may.

        The writer's clock may be ahead of ours; then a second counts in which we saw no change.
        """
        mark, now = _mark(path), clock.now().timestamp()
        written = mark[2] / 1e9
        if now >= written:
            self._ahead.pop(path.name, None)
            return mark if now - written >= _SETTLED else None
        known, since = self._ahead.get(path.name, (None, 0.0))
        if known == mark:
            return mark if clock.monotonic() - since >= _SETTLED else None
        if len(self._ahead) < _LISTED:
            self._ahead[path.name] = mark, clock.monotonic()
        return None


def _mark(path: Path) -> FileMark:
    known = path.lstat()
    return known.st_ino, known.st_size, known.st_mtime_ns


def _open(path: Path) -> BinaryIO:
    """Open a file that is to be read. Raises Malformed when it is none."""
    try:
        # Opening a pipe would wait for a writer, and a link may lead anywhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # also of a file that is there no more
        if stat.S_ISREG(path.lstat().st_mode):
            raise
        raise Malformed([NO_FILE]) from None
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise Malformed([NO_FILE])
    return file


def _read_through(file: BinaryIO) -> None:
    """Read a file to its end. Raises OSError where its disk, or who has locked it, does not let us."""
    deque(pieces(file), 0)


def _refuse(path: Path, mark: FileMark, problems: tuple[str, ...]) -> Path | None:
    """Write down why a file is refused, then move it: none lies there without its reasons. None: it is another now."""
    if _mark(path) != mark:  # half of it was read: whoever writes it may have only begun
        return None
    target = _free(path, "refused")
    target.with_name(target.name + ".reasons.txt").write_text("\n".join(problems) + "\n", encoding="utf-8")
    return path.rename(target)


def _put_away(path: Path, mark: FileMark) -> None:
    if _mark(path) == mark:  # otherwise somebody has written to it meanwhile: it is taken again
        path.rename(_free(path, "done"))


def _free(path: Path, folder: str) -> Path:
    """Return where a file can lie beside others of its name."""
    targets = (path.parent / folder / name for name in named(path.name))
    return next(target for target in targets if not os.path.lexists(target))


def named(name: str) -> Iterator[str]:
    """Yield what a file may be called beside others of its name, however many there are."""
    path = Path(name)
    stem = os.fsdecode(os.fsencode(path.stem)[:_LONGEST_NAME])
    yield f"{stem}{path.suffix}"
    yield from (f"{stem}-{number}{path.suffix}" for number in range(2, _NUMBERED))
    while True:
        yield f"{stem}-{clock.now():%Y%m%dT%H%M%S%f}{path.suffix}"


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
