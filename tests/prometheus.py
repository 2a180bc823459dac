"""A real Prometheus, as Debian has it, which reads a process's metrics every second and our rules."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

PROMETHEUS = shutil.which("prometheus")
needs_prometheus = pytest.mark.skipif(PROMETHEUS is None, reason="prometheus is not installed (Debian: prometheus)")
RULES = Path(__file__).parents[1] / "infra" / "deploy" / "prometheus" / "alerts.yml"


@dataclass(frozen=True)
class Prometheus:
    """One that runs."""

    url: str

    def get(self, path: str, **query: str) -> Any:
        """Return what its API answers. Raises AssertionError with its words when it refuses the question."""
        try:
            with urlopen(f"{self.url}/api/v1/{path}?{urlencode(query)}", timeout=20) as answer:  # noqa: S310 - our own
                return json.load(answer)["data"]
        except HTTPError as error:
            raise AssertionError(error.read().decode()) from error

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an expression now, with their values."""
        data = self.get("query", query=expression)
        return list(data["result"])


@contextmanager
def running(folder: Path, target: str) -> Iterator[Prometheus]:
    """Run one that reads the metrics of ``host:port``, with exemplars."""
    assert PROMETHEUS is not None
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [
            {"job_name": "bokbuss", "static_configs": [{"targets": [target], "labels": {"role": "everything"}}]}
        ],
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [
        PROMETHEUS,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
        "--enable-feature=exemplar-storage",
    ]
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            _until_ready(f"http://{address}", process)
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()


def _until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urlopen(f"{url}/-/ready", timeout=5):  # noqa: S310 - our own
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("Prometheus has ended; its log says why")
