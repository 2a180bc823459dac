"""Role processes and whoever starts them again; all of them end with the harness, however it ends."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra import clock
from infra.embedded.owner import Leashed, tail

BOKBUSS = str(Path(sys.executable).parent / "bokbuss")
_POLL = 0.05
_GRACE = 20.0
_PATIENCE = 90.0
"""Seconds after SIGTERM until the process is killed, as a service manager does."""
_ENDED = {0, 128 + signal.SIGTERM, 128 + signal.SIGKILL}
"""Exit codes after SIGTERM; it is not handled yet while a process starts, nor any more when it has all but ended."""
_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_FAULTPOINT = re.compile(r"^faultpoint (\S+):(\w+)$", re.MULTILINE)


class Worker:
    """One process of bokbuss. Like a service manager, it starts the process again whenever it ended.

    Attributes:
        name: such as ``flows-1``; also the folder of its data and its logs.
        hung: how often it did not end after SIGTERM and had to be killed.
        ended_by_itself: the exit code and the last line of the log, when nobody had ended it.
        reached: the fault points that the process came by, with what it did there.
        busy: held by whoever disturbs it.
        up: set while it listens, at ``url``.
    """

    def __init__(self, name: str, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.hung = 0
        self.ended_by_itself: list[tuple[int, str]] = []
        self.reached: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.busy = asyncio.Lock()
        self.url = ""
        self.up = asyncio.Event()
        self._arguments = arguments
        self._folder = folder / name
        self._environment = {**environment, "BOKBUSS_DATA": str(self._folder)}
        self._armed = ""
        self._pause = 0.0
        self._starts = 0
        self._log = self._folder / "0.log"
        self._read = 0
        self._process: Leashed | None = None
        self._expected = False
        self._ends_by = 0.0
        self._down_for = 0.0
        self._keeping: asyncio.Task[None] | None = None
        self._resuming: set[asyncio.Task[None]] = set()

    @property
    def logs(self) -> list[Path]:
        """The logs, one of each start, the oldest first."""
        return sorted(self._folder.glob("*.log"), key=lambda log: int(log.stem))

    @property
    def role(self) -> str:
        """The name without its number."""
        return self.name.partition("-")[0]

    @property
    def pid(self) -> int:
        """The id of the process that runs now; 0: none does."""
        return self._process.pid if self._process is not None else 0

    def arm(self, points: str, pause: float = 0.0) -> None:
        """Arm fault points for the next start only; a process that stops itself goes on after ``pause`` seconds."""
        self._armed, self._pause = points, pause
        while not self.reached.empty():
            self.reached.get_nowait()

    async def start(self) -> None:
        """Start the process and keep it running from now on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._start()
        self._keeping = asyncio.create_task(self._keep())

    async def end(self) -> None:
        """End the process for good, gracefully."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        if self._process is not None:
            self.resume()
            await asyncio.to_thread(self._process.stop)

    def kill(self, down_for: float = 0.0) -> None:
        """End the process as a crash would; it starts again after so many seconds."""
        self._down_for, self._expected = down_for, True
        self._signal(signal.SIGKILL)

    def terminate(self, down_for: float = 0.0) -> None:
        """Ask the process to end, as a rolling restart does; it starts again after so many seconds."""
        self._down_for, self._expected = down_for, True
        self._ends_by = clock.monotonic() + _PATIENCE
        self._signal(signal.SIGTERM)

    async def pause(self, seconds: float) -> None:
        """Stop the process for a while, so that others take it for dead, and let it go on."""
        self._signal(signal.SIGSTOP)
        await self._resume_after(seconds)

    async def _resume_after(self, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        finally:
            self.resume()

    def resume(self) -> None:
        """Let a stopped process go on."""
        self._signal(signal.SIGCONT)

    def tail(self, lines: int = 15) -> str:
        """Return the end of the newest log."""
        return tail(self._log, lines)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            if self._process is not None and self._process.pid:
                os.kill(self._process.pid, number)

    async def _start(self) -> None:
        self._starts += 1
        self._log, self._read = self._folder / f"{self._starts}.log", 0
        self._expected, self._ends_by = False, 0.0
        environment = {**self._environment, "BOKBUSS_FAULTPOINT": self._armed}
        self._armed = ""
        self._log.touch()
        claim = os.open(self._log, os.O_RDONLY)
        try:
            self._process = await asyncio.to_thread(
                Leashed,
                [BOKBUSS, *self._arguments],
                log=self._log,
                cwd=self._folder,
                claim=claim,
                env=environment,
                grace=_GRACE,
            )
        finally:
            os.close(claim)

    async def _keep(self) -> None:
        while True:
            process = self._process
            assert process is not None
            while not process.ended:
                self._follow()
                if 0.0 < self._ends_by < clock.monotonic():
                    self.hung += 1
                    self._ends_by = 0.0
                    self._signal(signal.SIGKILL)
                await asyncio.sleep(_POLL)
            self._follow()
            self.up.clear()
            code = await asyncio.to_thread(process.wait)
            if not self._expected or (self._ends_by and code not in _ENDED):
                self.ended_by_itself.append((code, self.tail(1)[-300:]))
            await asyncio.sleep(self._down_for if self._expected else 1.0)
            self._down_for = 0.0
            await self._start()

    def _follow(self) -> None:
        """Read what the log has got since: the address, and fault points that were reached."""
        with self._log.open("rb") as log:
            log.seek(self._read)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        text = whole.decode("utf-8", "replace")
        for step, action in _FAULTPOINT.findall(text):
            self._expected = self._expected or action == "kill"
            self.reached.put_nowait((step, action))
            if action == "stop":
                task = asyncio.create_task(self._resume_after(self._pause))
                self._resuming.add(task)
                task.add_done_callback(self._resuming.discard)
        if not self.up.is_set() and (found := _URL.search(text)) and ("started" in text or "sandbox at" in text):
            self.url = found.group()
            self.up.set()


def events(log: Path, name: str) -> list[dict[str, Any]]:
    """Return the log lines of one event."""
    lines = log.read_text(errors="replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and f'"{name}"' in line]
