"""``bokbuss up`` keeps its broker and its database running, and ends in time whatever has become of them."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from infra import ending
from infra.embedded.owner import free_port
from tests.infra.delivery_driver import REPORT

BOKBUSS = str(Path(sys.executable).with_name("bokbuss"))


class Up:
    """A process of everything, and the servers that it has started."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.environment = {"PATH": os.environ["PATH"], "BOKBUSS_DATA": str(data), "BOKBUSS_PORT": str(self.port)}
        self.environment |= {name: os.environ[name] for name in ("BOKBUSS_CACHE", "HOME") if name in os.environ}

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run it; what it says goes to a file."""
        with (
            (self.data.parent / "log").open("wb") as log,
            subprocess.Popen([BOKBUSS, "up"], cwd=self.data.parent, env=self.environment, stderr=log) as process,
        ):
            try:
                yield process
            finally:
                process.kill()

    def add(self, tenant: str) -> str:
        """Add a company; return the secret that its till signs with."""
        command = [BOKBUSS, "tenant", "add", tenant, "--json"]
        answer = subprocess.run(command, cwd=self.data.parent, env=self.environment, capture_output=True, check=True)
        return str(json.loads(answer.stdout)["signing_secrets"]["openpos"])

    def status(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> int:
        """Return the status of an answer; 0 when there is none."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers or {})
        try:
            return int(urllib.request.urlopen(request, timeout=30).status)  # noqa: S310 - our own
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return 0

    def deliver(self, tenant: str, secret: str) -> int:
        """Deliver a report; return the status of the answer."""
        now = datetime.now(UTC)  # noqa: TID251 - the till's own clock
        signature = Webhook(secret).sign("d1", now, REPORT.decode())
        headers = {"webhook-id": "d1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
        return self.status(f"/v1/{tenant}/openpos", REPORT, headers)

    def pid(self, program: str) -> int:
        """Return the process id of a server that it has started; the first one's where there are several."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and (entry / "comm").read_text().strip() == program:
                    place = str((entry / "cwd").readlink()) + (entry / "cmdline").read_text()
                    found += [int(entry.name)] if str(self.data) in place else []
            except OSError:  # gone meanwhile
                continue
        return min(found, default=0)


def until(test: Callable[[], bool], within: float = 120.0) -> None:
    """Wait until a test is true."""
    deadline = time.perf_counter() + within
    while not test():
        assert time.perf_counter() < deadline
        time.sleep(0.1)


def test_servers_that_die_come_back_and_servers_that_hang_keep_nobody(tmp_path: Path) -> None:
    """Broker and database are killed: what is delivered then is accepted, without a hand. Both are stopped: it ends.

    And its start was a good one, which logs no error; a second one on its port says so in a sentence.
    """
    up = Up(tmp_path / "data")
    with up.running() as process:
        until(lambda: up.status("/readyz") == 200)
        second = subprocess.run([BOKBUSS, "up"], cwd=tmp_path, env=up.environment, capture_output=True, check=False)
        assert (second.returncode, b"BOKBUSS_PORT" in second.stderr, b"Traceback" in second.stderr) == (2, True, False)
        assert '"level": "error"' not in (tmp_path / "log").read_text()  # a good start
        secret = up.add("acme")
        for program in ("java", "postgres"):
            killed = up.pid(program)
            os.kill(killed, signal.SIGKILL)
            until(lambda killed=killed, program=program: up.pid(program) not in {0, killed})  # type: ignore[misc]
        until(lambda: up.status("/readyz") == 200)
        until(lambda: up.deliver("acme", secret) == 202)
        for program in ("java", "postgres"):
            os.kill(up.pid(program), signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(ending.GRACE + 5) in {0, 1}
        until(lambda: not (up.pid("java") or up.pid("postgres")))
    said = (tmp_path / "log").read_text()
    assert len(said.splitlines()) < 200
    assert "Traceback" not in said.replace('"exception": "Traceback', "")
