"""A watched folder on an SFTP server: as the watched folder here, over SSH, and only to a server whose key is known.

A file is read when nobody has written to it for some seconds: its size and time were the same in two looks of ours, and
are so after it was read. It is accepted, then moved to ``done``; what can never be taken goes to ``refused``, with its
reasons beside it. A crash between accepting and moving repeats a file, which changes nothing.
"""

import asyncio
import getpass
import heapq
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from posixpath import join
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, cast

import asyncssh

from infra import clock, reaching, telemetry
from infra.intake.inbox import NO_FILE, named
from infra.intake.ways import Trouble, Way, inside
from infra.plugin import Malformed
from infra.settings import Networks
from schemas.ways import SftpFolder

_log = telemetry.log(__name__)

_TURN: Final = 100
"""Files that are taken over one connection."""
_LISTED: Final = 10_000
"""Names that are kept in mind of one listing: the first ones."""
_PIECE: Final = 1 << 18
_IN_MEMORY: Final = 1 << 20
"""Bytes of a file that wait in memory; of a larger one the rest is on disk."""
_LOGIN_WITHIN: Final = 10.0
_ALIVE_EVERY: Final = 10.0
_WITHIN: Final = 60.0
"""Seconds for one answer: a server can be alive and answer nothing, and its folder would never be looked into again."""
_SLOWEST: Final = 10_000
"""Bytes of a file in a second, besides."""
_LISTED_WITHIN: Final = 600.0
"""Seconds for the whole list of a folder: there are servers that list the same names for ever."""
_PROBE: Final = ".bokbuss"
_NOBODY_THERE: Final = (OSError, TimeoutError, UnicodeError)
"""The last: a name that no host can have, as ``sftp..example.se``."""
_OURSELVES: Final = "an operator"
"""As the trail calls who has no name (``infra.commanding``)."""

Take = Callable[[BinaryIO, str], Awaitable[None]]
"""Accepts a file that was read, by its name. Raises Malformed, or NotTaken."""
Mark = tuple[int, int]
"""A file's size, and when it was written to last, by the server's clock."""


class NotTaken(Exception):
    """One file cannot be taken now, and the next one can; the message says why."""


@dataclass
class Known:
    """What one process knows of a folder from look to look.

    Attributes:
        seen: each file as it was seen last, and since when (monotonic) it has been so.
        accepted: what was accepted and could not be moved yet; it is not accepted again.
        said: why files were left alone, as it was said; the one that was tried last is last.
    """

    seen: dict[str, tuple[Mark, float]] = field(default_factory=dict)
    accepted: dict[str, Mark] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)


async def look(way: Way, secret: str, known: Known, take: Take, most: int, allowed: Networks) -> float | None:
    """Take the files that are whole, in the order of their names; return the seconds after which more may be.

    One that could not be taken or moved is tried again behind the others: however many such lie there, they hide none.

    Args:
        known: what was known of this folder; it is changed.
        most: bytes of a file.
        allowed: private networks that its server may be in.

    Returns:
        0: there are more that can be taken at once; None: nothing is being waited for.

    Raises:
        Trouble: it cannot be looked into, or takes no files.
        What ``take`` raises, but for Malformed and NotTaken.
    """
    settings = _folder(way)
    async with _connected(settings, secret, allowed) as (sftp, patience):
        patience.begins(_LISTED_WITHIN)
        found = await _listed(sftp, settings.folder, way.source.suffixes)
        patience.begins()
        now = clock.monotonic()
        known.seen = {name: _since(known.seen.get(name), mark, now) for name, (mark, _) in found.items()}
        known.accepted = {name: mark for name, mark in known.accepted.items() if name in found}
        known.said = {name: why for name, why in known.said.items() if name in found}
        whole = [name for name, (_, since) in known.seen.items() if now - since >= settings.settled]
        if whole:
            await _can_be_moved(sftp, settings.folder)
        left = {name: order for order, name in enumerate(known.said)}
        whole.sort(key=lambda name: left.get(name, -1))
        for name in whole[:_TURN]:
            mark, is_file = found[name]
            patience.begins(min(mark[0], most) / _SLOWEST)
            await _file(sftp, way, name, mark, known, partial(patience.taken, take), most if is_file else None)
    if len(set(whole) - left.keys()) > _TURN:
        return 0.0
    unsettled = [since for name, (_, since) in known.seen.items() if name not in whole]
    return max(settings.settled - (clock.monotonic() - min(unsettled)), 1.0) if unsettled else None


async def check(way: Way, secret: str, allowed: Networks) -> None:
    """Try whether files can be taken from a folder, and put away. Raises Trouble."""
    settings = _folder(way)
    async with _connected(settings, secret, allowed) as (sftp, _):
        await _can_be_moved(sftp, settings.folder)
        for inner in ("done", "refused"):
            probe = join(settings.folder, inner, _PROBE)
            try:
                async with sftp.open(probe, "wb"):
                    pass
                await sftp.remove(probe)
            except asyncssh.SFTPError:
                raise Trouble("folder_locked", inner) from None


async def host_key(host: str, port: int) -> tuple[str, str]:
    """Return the key that a server shows, as it is pinned in settings, and its fingerprint. Raises Trouble."""
    _have_a_name()
    try:
        async with asyncio.timeout(_LOGIN_WITHIN):
            key = await asyncssh.get_server_host_key(host, port, config=None)
    except (*_NOBODY_THERE, asyncssh.Error) as error:
        raise Trouble("unreachable", type(error).__name__) from None
    if key is None:
        raise Trouble("unreachable", host)
    kind, body, *_ = key.export_public_key().decode().split()
    return f"{kind} {body}", key.get_fingerprint()


# --- One connection -------------------------------------------------------------------------------------------------


def _folder(way: Way) -> SftpFolder:
    if not isinstance(way.settings, SftpFolder):
        raise TypeError(f"{way.key} is no folder")
    return way.settings


def _login(secret: str) -> dict[str, Any]:
    """Return how we say who we are: by a private key or by a password, and by nothing that lies on this machine."""
    if not secret.lstrip().startswith("-----BEGIN"):
        return {"password": secret.rstrip("\r\n"), "client_keys": None}
    try:
        key = asyncssh.import_private_key(secret)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise Trouble("secret_wrong", "-----BEGIN OPENSSH PRIVATE KEY-----") from None
    return {"client_keys": [key], "password": None}


def _have_a_name() -> None:
    """Let asyncssh find a name for our own user, which it asks for and sends nowhere: a container's may have none."""
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = _OURSELVES


class _Patience:
    """Cuts a connection whose server does not answer: whoever waits for it hears so, and waits for no end of it."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        self._connection = connection
        self._end: asyncio.TimerHandle | None = None

    def begins(self, more: float = 0.0) -> None:
        """Wait for answers from now on, and so many seconds more than for one."""
        self.ends()
        self._end = asyncio.get_running_loop().call_later(_WITHIN + more, self._connection.abort)

    def ends(self) -> None:
        """Wait for nothing: we do something ourselves."""
        if self._end is not None:
            self._end.cancel()

    async def taken(self, take: Take, file: BinaryIO, name: str) -> None:
        """Let a file be taken, however long that takes."""
        self.ends()
        try:
            await take(file, name)
        finally:
            self.begins()


@asynccontextmanager
async def _connected(
    settings: SftpFolder, secret: str, allowed: Networks
) -> AsyncIterator[tuple[asyncssh.SFTPClient, _Patience]]:
    """Open a session with the server whose key is pinned. Raises Trouble whatever goes wrong at its side."""
    login = _login(secret)
    _have_a_name()
    try:
        pinned = [asyncssh.import_public_key(key) for key in settings.host_keys]
    except asyncssh.KeyImportError:
        raise Trouble("host_key_wrong", "host_keys") from None
    try:
        async with asyncio.timeout(_LOGIN_WITHIN):
            opened = await reaching.connected(settings.host, settings.port, allowed)
        connection = await asyncssh.connect(
            settings.host,
            settings.port,
            sock=opened,
            username=settings.user,
            known_hosts=(pinned, [], []),
            config=None,
            agent_path=None,
            gss_auth=False,
            gss_kex=False,
            login_timeout=_LOGIN_WITHIN,
            connect_timeout=_LOGIN_WITHIN,
            keepalive_interval=_ALIVE_EVERY,
            **login,
        )
        patience = _Patience(connection)
        patience.begins()
        try:
            sftp = await connection.start_sftp_client(path_errors="surrogateescape")
            yield sftp, patience
            sftp.exit()
            await sftp.wait_closed()
        finally:
            patience.ends()
            connection.abort()
    except (asyncssh.HostKeyNotVerifiable, asyncssh.KeyExchangeFailed):
        # it is another key; or none of the kinds that are pinned is offered, or nothing else is in common
        raise Trouble("host_key_differs", f"{settings.host} --port {settings.port}") from None
    except reaching.Refused as refused:
        raise inside(refused) from None
    except asyncssh.PermissionDenied:
        raise Trouble("login_refused") from None
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
        raise Trouble("folder_missing", settings.folder) from None
    except asyncssh.SFTPPermissionDenied:
        raise Trouble("folder_locked", settings.folder) from None
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection, asyncssh.DisconnectError) as error:
        raise Trouble("unreachable", type(error).__name__) from None
    except asyncssh.Error as error:
        raise Trouble("failing", type(error).__name__) from None
    except _NOBODY_THERE as error:
        raise Trouble("unreachable", type(error).__name__) from None


def _since(before: tuple[Mark, float] | None, mark: Mark, now: float) -> tuple[Mark, float]:
    return before if before is not None and before[0] == mark else (mark, now)


async def _listed(sftp: asyncssh.SFTPClient, folder: str, suffixes: tuple[str, ...]) -> dict[str, tuple[Mark, bool]]:
    """Return the first files with these endings, by name: how each is, and whether it is a file at all."""
    found = dict[str, tuple[Mark, bool]]()
    async for entry in sftp.scandir(folder):
        name, attrs = cast("str", entry.filename), entry.attrs
        kind = stat.S_IFMT(attrs.permissions or 0) or stat.S_IFREG
        if name.startswith(".") or "/" in name or not name.lower().endswith(suffixes) or kind == stat.S_IFDIR:
            continue
        found[name] = (attrs.size or 0, attrs.mtime or 0), kind == stat.S_IFREG
        if len(found) > 2 * _LISTED:
            found = _first(found)
    return _first(found)


def _first(found: dict[str, tuple[Mark, bool]]) -> dict[str, tuple[Mark, bool]]:
    return {name: found[name] for name in heapq.nsmallest(_LISTED, found)}


async def _can_be_moved(sftp: asyncssh.SFTPClient, folder: str) -> None:
    """Make the folders that files are moved to, or what is accepted would be so again. Raises Trouble."""
    for inner in ("done", "refused"):
        if not await sftp.isdir(join(folder, inner)):
            try:
                await sftp.mkdir(join(folder, inner))
            except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
                raise Trouble("folder_locked", inner) from None


async def _file(
    sftp: asyncssh.SFTPClient, way: Way, name: str, mark: Mark, known: Known, take: Take, most: int | None
) -> None:
    """Take one file; what is odd about it is said once, and those behind it go on."""
    folder = _folder(way).folder
    try:
        if known.accepted.get(name) != mark:
            try:
                if not await _read(sftp, join(folder, name), name, mark, take, most):
                    known.seen.pop(name, None)  # somebody writes to it still
                    return
            except Malformed as malformed:
                target = await _free(sftp, folder, "refused", name)
                async with sftp.open(f"{target}.reasons.txt", "wb") as reasons:
                    await reasons.write("\n".join((*malformed.problems, "")).encode())
                await sftp.rename(join(folder, name), target)
                _log.warning("file refused", tenant=way.tenant, way=way.name, problems=len(malformed.problems))
                return
            known.accepted[name] = mark
        await sftp.rename(join(folder, name), await _free(sftp, folder, "done", name))
        known.accepted.pop(name, None)
        known.said.pop(name, None)
    except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection):
        raise
    except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):  # somebody took it away
        known.seen.pop(name, None)
    except (asyncssh.SFTPError, NotTaken) as error:
        why = str(error) if isinstance(error, NotTaken) else type(error).__name__
        before = known.said.pop(name, None)
        known.said[name] = why
        if before != why:
            _log.warning("left alone", tenant=way.tenant, way=way.name, why=why)


async def _read(sftp: asyncssh.SFTPClient, path: str, name: str, mark: Mark, take: Take, most: int | None) -> bool:
    """Read a file and have it accepted; tell whether it was whole. Raises Malformed, and what ``take`` raises."""
    if most is None:
        raise Malformed([NO_FILE])
    if mark[0] > most:
        raise Malformed([f"payload: it is larger than {most:,} bytes"])
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        async with sftp.open(path, "rb") as file:
            while piece := await file.read(_PIECE):
                copy.write(cast("bytes", piece))
                if copy.tell() > mark[0]:
                    return False
        now = await sftp.lstat(path)
        if (now.size, now.mtime, copy.tell()) != (*mark, mark[0]):
            return False
        copy.seek(0)
        await take(cast("BinaryIO", copy), name)
    return True


async def _free(sftp: asyncssh.SFTPClient, folder: str, inner: str, name: str) -> str:
    """Return where a file can lie beside others of its name."""
    for other in named(name):
        if not await sftp.lexists(target := join(folder, inner, other)):
            return target
    raise AssertionError("there is no end of names")
