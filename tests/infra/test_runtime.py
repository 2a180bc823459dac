"""Every command finds the broker and the database: named, running, or started."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from infra.embedded import alive
from infra.runtime import Runtime, running, services
from infra.settings import DatabaseSettings, KafkaSettings, Settings


def embedded(data: Path) -> Settings:
    """Return settings that name no server."""
    return Settings(data=data, _env_file=None)


def names_in(folder: Path) -> list[str]:
    """Return what a folder holds."""
    return [path.name for path in folder.iterdir()]


async def test_services_are_started_found_by_others_and_ended(tmp_path: Path) -> None:
    """The first command owns them; the second uses the same ones and leaves them running."""
    settings = embedded(tmp_path / "data")
    assert running(settings) is None
    async with services(settings) as first:
        assert running(settings) == first
        async with services(settings) as second:
            assert second == first
        assert running(settings) == first
        psycopg.connect(first.database_url.replace("+psycopg", "")).close()
    assert running(settings) is None


async def test_named_servers_are_used_and_nothing_is_started(kafka: str, database_url: str, tmp_path: Path) -> None:
    """What the environment names wins, and its password is written nowhere."""
    plain = database_url.replace("+psycopg", "")
    settings = Settings(
        data=tmp_path, kafka=KafkaSettings(bootstrap=kafka), database=DatabaseSettings(url=plain), _env_file=None
    )
    async with services(settings) as runtime:
        assert runtime == Runtime(kafka, database_url)
    assert names_in(tmp_path) == []


async def test_only_the_server_that_is_not_named_is_started(kafka: str, tmp_path: Path) -> None:
    """A company's own broker with our database, or the other way round."""
    settings = Settings(data=tmp_path, kafka=KafkaSettings(bootstrap=kafka), _env_file=None)
    async with services(settings) as runtime:
        assert runtime.bootstrap == kafka
        assert not (tmp_path / "kafka").exists()
        assert running(settings) == runtime


def test_servers_of_a_dead_owner_are_not_running(tmp_path: Path) -> None:
    """A file that a killed owner left behind says nothing."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert not alive(gone.pid)
    left = {"bootstrap": "127.0.0.1:1", "database_url": None, "owner": gone.pid}
    (tmp_path / "runtime.json").write_text(json.dumps(left))
    settings = Settings(data=tmp_path, database=DatabaseSettings(url="postgresql://host/name"), _env_file=None)
    assert running(settings) is None


def test_servers_that_do_not_answer_are_not_running(tmp_path: Path) -> None:
    """The owner may live while its broker is down."""
    left = {"bootstrap": "127.0.0.1:1", "database_url": None, "owner": os.getpid()}
    (tmp_path / "runtime.json").write_text(json.dumps(left))
    settings = Settings(data=tmp_path, database=DatabaseSettings(url="postgresql://host/name"), _env_file=None)
    assert running(settings) is None
