"""A folder of ours: whether it can be written, and which living process alone may use it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES
from pathlib import Path
from stat import S_IMODE
from typing import Final

from infra import clock

_OTHERS_MAY_WRITE: Final = 0o002
_PASSED: Final = 0o711
"""Others may pass through to what they may use, as the inbox, but see no names."""
_PRIVATE: Final = 0o700
CLAIM: Final = "lock"
"""The file in a claimed folder that says whose it is."""


class InUse(RuntimeError):
    """Another living process owns this folder's server."""


class Unwritable(RuntimeError):
    """The data folder cannot be made or written."""


def unwritable(data: Path, error: OSError) -> Unwritable:
    """Return what to tell somebody whose data folder cannot be used."""
    where = f" ({error.filename})" if error.filename else ""
    return Unwritable(
        f"the data folder {data} cannot be used: {error.strerror or type(error).__name__}{where}. "
        "Set it right, or name another (BOKBUSS_DATA)"
    )


def writable(data: Path) -> None:
    """Make a data folder where there is none; others may write in none, whatever the umask. Raises Unwritable."""
    try:
        _make(data)
    except OSError as error:
        raise unwritable(data, error) from error


def _make(data: Path) -> None:
    data.mkdir(mode=_PASSED, parents=True, exist_ok=True)
    if not os.access(data, os.W_OK | os.X_OK):
        raise PermissionError(EACCES, os.strerror(EACCES))
    if (mode := data.stat().st_mode) & _OTHERS_MAY_WRITE:
        data.chmod(S_IMODE(mode) & ~_OTHERS_MAY_WRITE)


def private(data: Path, name: str, *, passed: bool = False) -> Path:
    """Return a folder of ours in a data folder, which others may not enter, also where it was made before.

    Args:
        passed: a server that runs as another user passes through it.

    Raises:
        OSError: one of them cannot be made.
    """
    _make(data)
    folder, mode = data / name, _PASSED if passed else _PRIVATE
    folder.mkdir(mode=mode, exist_ok=True)
    if (known := folder.stat()).st_uid == os.geteuid() and S_IMODE(known.st_mode) & ~mode:
        folder.chmod(S_IMODE(known.st_mode) & mode)
    return folder


def opened(file: str | Path, flags: int) -> int:
    """Open a file of ours, as ``open`` has it done (``opener``): one that is made is only its owner's."""
    return os.open(file, flags, 0o600)


def put(file: Path, text: str) -> None:
    """Write a small file of ours: whoever reads it meanwhile finds what it held before, or all of this."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)  # of a process that was killed, and as open as it was made then
    with open(fresh, "w", encoding="utf-8", opener=opened) as written:
        written.write(text)
    fresh.replace(file)


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and that nobody waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    with suppress(OSError):  # no such file where there is no /proc
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    return True


@contextmanager
def claimed(folder: Path, *, patience: float = 20.0) -> Iterator[int]:
    """Claim a folder's server; yield the file descriptor whose copies keep the claim.

    A server whose owner is dead is about to end: it is waited for, ``patience`` seconds.

    Raises:
        InUse: its owner lives.
    """
    descriptor = os.open(folder / CLAIM, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = clock.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = os.pread(descriptor, 20, 0).decode()
                if (owner and alive(int(owner))) or clock.monotonic() > deadline:
                    raise InUse(
                        f"{folder} is in use by process {owner}: end it, or name another folder (BOKBUSS_DATA)"
                    ) from None
                time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)
