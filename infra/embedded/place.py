"""Where the files of an embedded database lie: a copy must not run beside the first, nor an older one unnoticed.

Both would be one installation: each would book the same days, and use up the other's access. Rows tell nothing of it
(``infra.installation``): a copy of all files, the broker's too, holds them as they were. When they were made tells.
"""

import ctypes
import json
import struct
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import psycopg

from infra import folders
from infra.folders import unwritable
from infra.installation import WrongInstallation

_KNOWN: Final = "place.json"
_MACHINE: Final = Path("/etc/machine-id")
_COPIED: Final = (
    "{here} was copied here, or moved, from {there}. Two that run book the same days, and use up each other's access. "
    "If the one there is ended for good: bokbuss fence raise (what it may have sent is looked for first). If not: "
    "another folder (BOKBUSS_DATA)."
)
_ANOTHER: Final = -1
"""When no file was made: whatever lies there then was put back."""
_NOT_OURS: Final = "update installation set place = ''"
_AT_FDCWD, _STATX_BTIME, _STATX_SIZE, _STX_BTIME = -100, 0x800, 256, 80


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database's files lie.

    Attributes:
        machine: its id; "" for one that has none, as a container.
        born: when a file was made that PostgreSQL writes to as long as it lives: a copy of it was made later, whatever
            the copy says of its times. 0: this system cannot tell.
    """

    machine: str
    folder: str
    born: int

    def is_copied(self, there: "Place") -> bool:
        """Tell whether files of there are here, and may still be there as well."""
        if self.machine and there.machine and self.machine != there.machine:
            return True  # also the same disk: who clones a machine has two
        return self.folder != there.folder and not (self.born and self.born == there.born)

    def is_put_back(self, there: "Place") -> bool:
        """Tell whether these are other files, in the place of those."""
        return bool(self.born and there.born) and self.born != there.born


def met(data: Path) -> bool:
    """Look whether the database that is about to start lies where it was left; tell whether its files were put back.

    Raises:
        WrongInstallation: it was copied or moved here.
    """
    here, there = _here(data), _known(data)
    if there is None:
        return False
    if here.is_copied(there):
        where = there.folder if here.machine == there.machine else f"{there.folder} on another machine"
        raise WrongInstallation(_COPIED.format(here=data.resolve(), there=where))
    return here.is_put_back(there)


def keep(data: Path, url: str, *, put_back: bool) -> None:
    """Remember where the database is that was started; one whose files were put back is fenced off by the first role.

    Args:
        url: for psycopg.
    """
    if put_back:
        with psycopg.connect(url) as server:
            if server.execute("select to_regclass('installation') is not null").fetchone() == (True,):
                server.execute(_NOT_OURS)
    if (here := _here(data)) != _known(data):
        _write(data, here)


def is_here(data: Path) -> None:
    """Take a person's word that no other one runs: at its start it is fenced off, as one whose files were put back."""
    if _known(data) is not None:
        _write(data, replace(_here(data), born=_ANOTHER))


def _write(data: Path, place: Place) -> None:
    try:
        folders.put(_home(data) / _KNOWN, json.dumps(asdict(place)))
    except OSError as error:
        raise unwritable(data, error) from error


def _known(data: Path) -> Place | None:
    with suppress(FileNotFoundError, NotADirectoryError, ValueError, TypeError):  # empty where a machine lost its power
        return Place(**json.loads((_home(data) / _KNOWN).read_text()))
    return None


def _here(data: Path) -> Place:
    machine = ""
    with suppress(OSError, ValueError):
        machine = _MACHINE.read_text().strip()
    return Place(machine, str(data.resolve()), _born(_home(data) / "cluster" / "global" / "pg_control"))


def _home(data: Path) -> Path:
    return data / "postgres"


def _born(file: Path) -> int:
    """Return when a file was made, in nanoseconds; 0: nobody says."""
    if sys.platform != "linux":
        with suppress(OSError, AttributeError):
            return int(file.stat().st_birthtime * 1e9)
        return 0
    found = ctypes.create_string_buffer(_STATX_SIZE)
    with suppress(AttributeError):  # a C library that is older than the call
        if ctypes.CDLL(None).statx(_AT_FDCWD, bytes(file), 0, _STATX_BTIME, found) == 0:
            (told,), (seconds, rest) = struct.unpack_from("=I", found), struct.unpack_from("=qI", found, _STX_BTIME)
            return seconds * 1_000_000_000 + rest if told & _STATX_BTIME else 0
    return 0
