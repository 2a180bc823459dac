"""A folder of ours: whether it can be written, and which living process alone may use it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES
from pathlib import Path
from typing import Final

from infra import clock

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
    """Make a data folder where there is none. Raises Unwritable."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not os.access(data, os.W_OK | os.X_OK):
            raise PermissionError(EACCES, os.strerror(EACCES))
    except OSError as error:
        raise unwritable(data, error) from error


def put(file: Path, text: str) -> None:
    """Write a small file of ours: whoever reads it meanwhile finds what it held before, or all of this."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(text)
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
