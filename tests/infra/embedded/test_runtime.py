"""Every command finds the broker and the database: named, running, or started."""

import asyncio
import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.embedded import runtime
from infra.embedded.broker import EmbeddedKafka
from infra.embedded.found import Runtime, running
from infra.embedded.runtime import kept, services
from infra.folders import Unwritable, alive
from infra.kafka.cluster import BrokerUnavailable
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
        psycopg.connect(first.database_url).close()
    assert running(settings) is None


async def test_whatever_the_umask_others_get_at_nothing_of_embedded_servers(tmp_path: Path) -> None:
    """Facts lie in the broker's files, and sealed values with their keys in the database's."""
    before = os.umask(0)
    try:
        async with services(embedded(tmp_path / "data")):
            assert list(_open_to_others(tmp_path / "data")) == []
    finally:
        os.umask(before)


def _open_to_others(folder: Path) -> Iterator[Path]:
    """Yield what others could read or write, or the names of which they could list."""
    mode = folder.stat().st_mode
    if mode & 0o006:
        yield folder
    if mode & 0o001:
        for path in folder.iterdir():
            if path.is_dir():
                yield from _open_to_others(path)
            elif path.is_file() and path.stat().st_mode & 0o006:
                yield path


async def test_named_servers_are_used_and_nothing_is_started(kafka: str, database_url: str, tmp_path: Path) -> None:
    """What the environment names wins, and its password is written nowhere."""
    plain = database_url
    settings = Settings(
        data=tmp_path, kafka=KafkaSettings(bootstrap=kafka), database=DatabaseSettings(url=plain), _env_file=None
    )
    async with services(settings) as found:
        assert found == Runtime(kafka, database_url)
    assert names_in(tmp_path) == []


async def test_only_the_server_that_is_not_named_is_started(kafka: str, tmp_path: Path) -> None:
    """A company's own broker with our database, or the other way round."""
    settings = Settings(data=tmp_path, kafka=KafkaSettings(bootstrap=kafka), _env_file=None)
    async with services(settings) as found:
        assert found.bootstrap == kafka
        assert not (tmp_path / "kafka").exists()
        assert running(settings) == found


def test_servers_of_a_dead_owner_are_not_running(tmp_path: Path) -> None:
    """A file that a killed owner left behind says nothing."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert not alive(gone.pid)
    left = {"bootstrap": "127.0.0.1:1", "database_url": None, "owner": gone.pid}
    (tmp_path / "runtime.json").write_text(json.dumps(left))
    settings = Settings(data=tmp_path, database=DatabaseSettings(url="postgresql://host/name"), _env_file=None)
    assert running(settings) is None


def test_what_a_machine_that_lost_its_power_has_left_keeps_nothing_from_starting(tmp_path: Path) -> None:
    """A file that was written just before may be empty then; what matters stands in the servers' own."""
    (tmp_path / "runtime.json").write_text("")
    assert running(embedded(tmp_path)) is None
    kafka = EmbeddedKafka(tmp_path)
    kafka.home.mkdir()
    (kafka.home / "bokbuss.json").write_text("")
    cluster, port = kafka._configure()
    assert cluster
    assert port


def test_servers_that_do_not_answer_are_not_running(tmp_path: Path) -> None:
    """The owner may live while its broker is down."""
    left = {"bootstrap": "127.0.0.1:1", "database_url": None, "owner": os.getpid()}
    (tmp_path / "runtime.json").write_text(json.dumps(left))
    settings = Settings(data=tmp_path, database=DatabaseSettings(url="postgresql://host/name"), _env_file=None)
    assert running(settings) is None


@pytest.mark.parametrize("where", ["file", "file/below", "full"])
async def test_a_data_folder_that_cannot_be_used_is_a_sentence(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file lies in the way, or the disk is full: which folder, why, and what names another."""
    (tmp_path / "file").touch()
    if where == "full":

        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Unwritable, match=rf"{where} cannot be used: .*BOKBUSS_DATA"):
        async with services(embedded(tmp_path / where)):
            pass


class Dying:
    """A server that ends again and again, and at last does not start."""

    ended = True
    starts = 0

    def start(self) -> None:
        """Start, or not."""
        self.starts += 1
        if self.starts > 2:
            raise BrokerUnavailable("its disk is full")

    def stop(self) -> None:
        """Do nothing."""


async def test_a_server_that_cannot_be_started_again_ends_what_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the reason, after some attempts; what was surrounded ended in its own way first."""
    monkeypatch.setattr(runtime, "_WAITS", (0.0,) * 4)
    monkeypatch.setattr(runtime, "_LOOK", 0.01)
    server, ended = Dying(), asyncio.Event()

    async def need_it() -> None:
        async with kept([server]):
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

    with pytest.raises(BrokerUnavailable, match="its disk is full"):
        await need_it()
    assert (server.starts, ended.is_set()) == (4, True)
