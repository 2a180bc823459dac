"""The owner's side of an embedded server: one owner per folder, a leash, the tail of its log."""

import os
import random
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from infra.embedded import leash
from infra.folders import opened

_PORTS = range(20_000, 32_000)
"""Below the ports that systems give to clients: a client that knocks at a dead server's port must not get that very
port as its own and so keep the server from coming back."""


def free_port(preferred: int | None = None) -> int:
    """Return a free port of 127.0.0.1: the preferred one when it is free."""
    candidates = [*([preferred] if preferred else []), *random.sample(_PORTS, 50)]
    for port in candidates:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError(f"no free port of 127.0.0.1 among {len(candidates)} between {_PORTS.start} and {_PORTS.stop}")


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log, or that there is none."""
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "(the log is empty)"


class Leashed:
    """A running command that ends when this process does.

    Attributes:
        pid: the command's process id; 0 when it could not be started (the log says why).
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path,
        claim: int,
        env: Mapping[str, str] | None = None,
        stop_signal: str = "TERM",
        grace: float = 10.0,
        leash_options: Sequence[str] = (),
    ) -> None:
        self._grace = grace
        options = ["--signal", stop_signal, "--grace", str(grace), *leash_options]
        with open(log, "ab", opener=opened) as output:
            self._leash = subprocess.Popen(  # noqa: S603 - our own program and the embedded servers
                [sys.executable, "-I", "-S", leash.__file__, *options, "--", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                start_new_session=True,  # Ctrl-C is the owner's: it decides in what order things end
                pass_fds=[claim],
            )
        assert self._leash.stdout is not None  # noqa: S101 - for mypy: it is a pipe
        with self._leash.stdout as announced:
            self.pid = int(announced.readline() or 0)

    @property
    def ended(self) -> bool:
        """Tell whether the command ended."""
        return self._leash.poll() is not None

    def wait(self) -> int:
        """Wait until the command ended by itself; return its exit code."""
        code = self._leash.wait()
        self.stop()
        return code

    def stop(self) -> None:
        """End the command gracefully and wait for it."""
        assert self._leash.stdin is not None  # noqa: S101 - for mypy: it is a pipe
        self._leash.stdin.close()
        try:
            self._leash.wait(self._grace + 1)
        except subprocess.TimeoutExpired:  # the leash itself hangs; the kernel lets nothing outlive it
            self._leash.kill()
            self._leash.wait()

    def kill(self) -> None:
        """End the command as a crash would, and wait for it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.stop()


class Server(ABC):
    """An embedded server: it runs within ``with``, ends when this process does, however, and can be started again."""

    _process: Leashed | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The server's first process; 0 when it does not run."""
        return self._process.pid if self._process else 0

    @property
    def ended(self) -> bool:
        """Tell whether it runs no more."""
        return self._process is None or self._process.ended

    @abstractmethod
    def start(self) -> None:
        """Start the server and wait until it answers."""

    def stop(self) -> None:
        """End the server gracefully; nothing when it does not run."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process = None
