"""A house to measure in: broker, database, sandbox and roles as real processes, and what the system says of them."""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import httpx  # noqa: TID251 - a measurement has nothing to do with what leaves for a target
import psycopg

from infra import clock, store
from infra.embedded.broker import EmbeddedKafka
from infra.embedded.database import EmbeddedPostgres
from infra.kafka.cluster import ensure_topics
from infra.settings import KafkaSettings
from tests.bench import loads

BOKBUSS = str(Path(sys.executable).parent / "bokbuss")
_CONTENDERS = str(Path(__file__).parent / "contenders.py")
_TICKS = os.sysconf("SC_CLK_TCK")
_LIMIT = 25

Process = subprocess.Popen[bytes]


def now() -> float:
    """Return the time of day in seconds, as the sandbox and Kafka give it."""
    return clock.now().timestamp()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: no process outlives the benchmark


class House:
    """Ends everything that it started.

    Attributes:
        kafka, postgres: the embedded servers.
        environment: of every process that is started here.
        companies: database numbers 1001 and on, called as ``loads.tenant`` says.
    """

    def __init__(self, companies: int = 0) -> None:
        self.companies = companies
        self._processes: list[Process] = []

    async def __aenter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="bokbuss-bench-")
        self.folder = Path(self._folder.name)
        self.kafka, self.postgres = EmbeddedKafka(self.folder), EmbeddedPostgres(self.folder)
        await asyncio.gather(asyncio.to_thread(self.kafka.start), asyncio.to_thread(self.postgres.start))
        self.bootstrap = self.kafka.bootstrap
        self.environment = {
            **os.environ,
            "BOKBUSS_DATA": str(self.folder / "role"),
            "BOKBUSS_KAFKA__BOOTSTRAP": self.bootstrap,
            "BOKBUSS_DATABASE__URL": self.postgres.url,
            "BOKBUSS_PORT": "0",
            "BOKBUSS_LOG_LEVEL": "WARNING",
            "BOKBUSS_SECRET_KEY": "bench",
            "BOKBUSS_FORTNOX__CLIENT_ID": "sandbox",
            "BOKBUSS_FORTNOX__CLIENT_SECRET": "sandbox-secret",
        }
        await ensure_topics(KafkaSettings(bootstrap=self.bootstrap))
        engine = store.engine(self.postgres.url, 2)
        await store.prepare(engine)
        await engine.dispose()
        with self.database() as database, database.cursor() as rows:
            rows.executemany(
                "insert into tenants (tenant, database_number, created_at) values (%s, %s, now())",
                [(loads.tenant(number), 1001 + number) for number in range(self.companies)],
            )
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for process in self._processes:
            self.end(process, signal.SIGKILL)
            if kind is not None and log_of(process):
                sys.stderr.write(f"{' '.join(map(str, process.args))}:\n{log_of(process)[-2000:]}\n")  # type: ignore[arg-type]
        self.kafka.stop()
        self.postgres.stop()
        self._folder.cleanup()

    def database(self) -> psycopg.Connection[Any]:
        """Connect to the database."""
        return psycopg.connect(self.postgres.url, autocommit=True)

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        with self.database() as database:
            return int(database.execute(f"select count(*) from {table}").fetchone()[0])  # type: ignore[index]  # noqa: S608

    def start(self, *command: str, wait_for: str = "") -> Process:
        """Start a process; its output goes to a file, in which ``wait_for`` is waited for."""
        log = self.folder / f"{len(self._processes)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - nothing else runs between fork and exec
            )
        process.log = log  # type: ignore[attr-defined] # for whoever reads it
        self._processes.append(process)
        deadline = now() + 60
        while wait_for and wait_for not in log.read_text():
            if process.poll() is not None or now() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        return process

    def role(self, *roles: str) -> Process:
        """Start roles in one process."""
        return self.start(BOKBUSS, "run", *roles, wait_for="bokbuss:")

    def contender(self, *arguments: str, wait_for: str = "") -> Process:
        """Start one of the programs that bokbuss is measured against."""
        return self.start(sys.executable, _CONTENDERS, *arguments, wait_for=wait_for)

    def sandbox(self, limit: int = _LIMIT, faults: float = 0.0) -> "Sandbox":
        """Start the sandbox with this house's companies.

        Args:
            limit: of requests in 5 seconds.
            faults: the share of the calls that go wrong, with the usual limit.
        """
        if limit == _LIMIT:
            words = ("sandbox", "--port", "0", "--memory", "--faults", str(faults))
            process = self.start(BOKBUSS, *words, wait_for="AUTH_URL=")
        else:
            process = self.contender("sandbox", str(limit), wait_for="http://")
        url = next(word for word in log_of(process).split() if word.startswith("http://"))
        self.environment["BOKBUSS_FORTNOX__API_URL"] = f"{url}/3"
        self.environment["BOKBUSS_FORTNOX__AUTH_URL"] = f"{url}/oauth-v1"
        with httpx.Client() as client:
            for number in range(1001, 1001 + self.companies):
                client.post(f"{url}/_sandbox/companies", json={"database_number": number}).raise_for_status()
        return Sandbox(url, process.pid)

    def end(self, process: Process, how: int = signal.SIGTERM) -> None:
        """End a process and wait for it."""
        if process.poll() is None:
            process.send_signal(how)
            process.wait(30)


class Sandbox:
    """The sandbox's own count of what came in."""

    def __init__(self, url: str, pid: int) -> None:
        self.url, self.pid = url, pid

    def companies(self) -> list[dict[str, Any]]:
        """Return each company's calls, in the order of their numbers."""
        answer = httpx.get(f"{self.url}/_sandbox/calls", timeout=60).raise_for_status()
        found: list[dict[str, Any]] = answer.json()["companies"]
        return sorted(found, key=lambda company: company["database_number"])

    def descriptions(self) -> list[str]:
        """Return the text of each voucher in the books."""
        answer = httpx.get(f"{self.url}/_sandbox/books", timeout=60).raise_for_status()
        return [voucher["description"] for company in answer.json()["companies"] for voucher in company["vouchers"]]

    def posts(self) -> list[list[float]]:
        """Return when each company's vouchers arrived."""
        return [company["posts"] for company in self.companies()]


def log_of(process: Process) -> str:
    """Return what a process of ours has printed."""
    return str(process.log.read_text())  # type: ignore[attr-defined] # start() sets it


async def until(holds: Callable[[], bool], within: float, what: str) -> None:
    """Wait until something holds; raise TimeoutError when it does not in time."""
    deadline = now() + within
    while not holds():
        if now() > deadline:
            raise TimeoutError(f"{what}: not within {within:.0f} s")
        await asyncio.sleep(0.2)


async def filled(house: House, topic: str, count: int, within: float) -> int:
    """Wait until a topic holds so many records; return how many it holds then."""
    async with loads.reading(house.bootstrap, topic) as consumer:
        deadline = now() + within
        while (held := sum((await consumer.end_offsets(list(consumer.assignment()))).values())) < count:
            if now() > deadline:
                raise TimeoutError(f"{topic} holds {held} records, not {count}, after {within:.0f} s")
            await asyncio.sleep(0.2)
        return held


def _fields(pid: int | str) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, those included that have ended."""
    used = sum(int(field) for field in _fields(pid)[11:15])
    for task in Path("/proc").glob("[0-9]*"):
        try:
            fields = _fields(task.name)
        except OSError:  # it ended just now
            continue
        if int(fields[1]) == pid:
            used += int(fields[11]) + int(fields[12])
    return used / _TICKS


def busy_seconds() -> float:
    """Return the processor time that the whole machine has used."""
    user, nice, system, _idle, _wait, interrupts, soft, *_ = (
        int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + interrupts + soft) / _TICKS


def peak_memory(pid: int) -> float:
    """Return the most memory that a process has held, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def longest_pause(arrivals: Sequence[float], begin: float, end: float) -> float:
    """Return the longest time without an arrival that lies, with its end, between two moments."""
    before = [at for at in arrivals if at < begin][-1:] or [begin]
    seen = [*before, *(at for at in arrivals if begin <= at < end)]
    pauses = [later - earlier for earlier, later in pairwise(seen)]
    return max([*pauses, end - seen[-1]])
