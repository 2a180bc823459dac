"""The command line as people meet it: real processes, their exit codes and what they say."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from infra.embedded.owner import free_port
from tests.infra.delivery_driver import REPORT
from tests.loaded import bokbuss

BOKBUSS = str(Path(sys.executable).with_name("bokbuss"))
Result = subprocess.CompletedProcess[str]


class Shell:
    """Runs commands in a folder, with a broker and a database that are there."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = {"PATH": os.environ["PATH"], "COLUMNS": "200", **environment}

    def __call__(self, *words: str, **environment: str) -> Result:
        """Run a command to its end."""
        return subprocess.run(
            [bokbuss(), *words],
            cwd=self.folder,
            env=self._environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def at_once(self, *commands: tuple[str, ...]) -> list[Result]:
        """Run commands that do not depend on each other: most of their time is starting."""
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(lambda words: self(*words), commands))


@pytest.fixture(scope="module")
def shell(kafka: str, postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Yield a shell in a folder with reports."""
    folder = tmp_path_factory.mktemp("shell")
    (folder / "z.json").write_bytes(REPORT)
    (folder / "wrong.json").write_bytes(REPORT.replace(b'"zNumber": 412', b'"zNumber": "x", "odd": 1'))
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE DATABASE shell")
        url = postgres_url.replace("@/postgres?", "@/shell?")
        yield Shell(folder, {"BOKBUSS_KAFKA__BOOTSTRAP": kafka, "BOKBUSS_DATABASE__URL": url})
        server.execute("DROP DATABASE shell WITH (FORCE)")


def test_commands_say_what_they_do_and_what_is_wrong(shell: Shell) -> None:
    """Help lists every verb; a wrong word ends with 2 and names it; neither needs a broker."""
    everything, bad_name, nobodys, bad_role = shell.at_once(
        ("--help",), ("tenant", "add", "Åkes Bar"), ("tenant", "add", "unknown"), ("run", "everything")
    )
    assert everything.returncode == 0
    for verb in ("up", "run", "tenant", "publish", "topics", "held", "dead", "audit", "explain", "settings", "demo"):
        assert f" {verb} " in everything.stdout, verb
    assert (bad_name.returncode, "lower-case letters" in bad_name.stderr) == (2, True)
    assert (nobodys.returncode, "nobody knows" in nobodys.stderr) == (2, True), (
        "who sees it sees other companies' bytes"
    )
    assert (bad_role.returncode, "sources" in bad_role.stderr) == (2, True)


def test_the_bus_describes_itself() -> None:
    """The AsyncAPI document is JSON on standard output, and nothing else is."""
    described = subprocess.run([BOKBUSS, "topics", "--asyncapi"], capture_output=True, text=True, check=False)
    assert described.returncode == 0
    document = json.loads(described.stdout)
    assert document["asyncapi"].startswith("3.")
    assert "facts.day-closed.v1" in described.stdout


def test_a_company_is_added_publishes_and_is_removed(shell: Shell) -> None:
    """Its secrets are shown once; a payload is accepted or told every wrong field; removed, it is unknown."""
    added = shell("tenant", "add", "acme", "--org", "556000-0001", "--database-number", "1001", "--json")
    assert added.returncode == 0, added.stderr
    secrets = json.loads(added.stdout)["signing_secrets"]
    assert secrets["openpos"].startswith("whsec_")
    again, listed = shell.at_once(("tenant", "add", "acme", "--json"), ("tenant", "list", "--json"))
    assert json.loads(again.stdout)["signing_secrets"] == {}
    [company] = json.loads(listed.stdout)
    assert [company[name] for name in ("tenant", "organisation_number", "database_number", "settings_version")] == [
        "acme",
        "5560000001",
        1001,
        None,
    ]
    assert company["connections"]["fortnox"]["health"] == "connected"
    good, wrong = shell.at_once(
        ("publish", "openpos", "z.json", "--tenant", "acme", "--json"),
        ("publish", "openpos", "wrong.json", "--tenant", "acme"),
    )
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["event_ids"][0].startswith("openpos/SODER/KASSA1/412/2026-04-10@")
    assert wrong.returncode == 1
    assert "  odd: " in wrong.stderr
    assert "  zNumber: " in wrong.stderr
    assert shell("tenant", "remove", "acme").returncode == 0
    unknown = shell("publish", "openpos", "z.json", "--tenant", "acme")
    assert (unknown.returncode, "no company is called 'acme'" in unknown.stderr) == (2, True)


def test_a_company_is_paused_and_resumed(shell: Shell) -> None:
    """The list says so; what is not paused cannot be resumed."""
    shell("tenant", "add", "paused", "--database-number", "1002")
    assert shell("tenant", "pause", "paused", "--by", "Anna").returncode == 0
    listed, again = shell.at_once(("tenant", "list"), ("tenant", "pause", "paused"))
    assert "fortnox: paused" in listed.stdout
    assert (again.returncode, "no connection to fortnox that works" in again.stderr) == (1, True)
    assert shell("tenant", "resume", "paused").returncode == 0
    assert shell("tenant", "resume", "paused").returncode == 1


def test_a_key_that_opens_nothing_is_named(shell: Shell) -> None:
    """Exit code 2; with the one before beside it, it replaces that one."""
    shell("tenant", "add", "lokal")
    assert shell("connection", "show", "lokal").returncode == 0
    made = (shell.folder / ".bokbuss" / "secret-key").read_text()
    wrong = shell("connection", "show", "lokal", BOKBUSS_SECRET_KEY="another")
    assert wrong.returncode == 2
    assert "BOKBUSS_SECRET_KEY does not open" in wrong.stderr
    assert "another" not in wrong.stderr.replace("another one", "")
    new = {"BOKBUSS_SECRET_KEY": "new", "BOKBUSS_OLD_SECRET_KEY": made}
    assert shell("connection", "show", "lokal", **new).returncode == 0
    back = {"BOKBUSS_SECRET_KEY": made, "BOKBUSS_OLD_SECRET_KEY": "new"}
    assert shell("connection", "show", "lokal", **back).returncode == 0


def test_an_environment_that_is_not_right_is_told_in_a_sentence(shell: Shell) -> None:
    """Exit code 2, the variable's name, and no traceback."""
    shell("tenant", "add", "lokal")
    here = f"127.0.0.1:{free_port()}"
    port = shell("tenant", "list", BOKBUSS_PORT="many")
    database = shell("tenant", "list", BOKBUSS_DATABASE__URL="postgresql://nobody@127.0.0.1:1/nowhere")
    broker = shell("publish", "openpos", "z.json", "--tenant", "lokal", BOKBUSS_KAFKA__BOOTSTRAP=here)
    for ended, names in ((port, "BOKBUSS_PORT"), (database, "BOKBUSS_DATABASE__URL"), (broker, here)):
        assert ended.returncode == 2, ended.stderr
        assert names in ended.stderr
        assert "Traceback" not in ended.stderr


def test_no_traceback_reaches_a_user(shell: Shell, tmp_path: Path) -> None:
    """What is no text, a folder that is a file, an error that nobody foresaw: a sentence each, and a code."""
    (tmp_path / "file").write_text("")
    latin = subprocess.run([BOKBUSS, "held", "show", b"\xe5"], cwd=shell.folder, capture_output=True, check=False)
    folder = shell("topics", "--asyncapi", BOKBUSS_LANGUAGE="xx")
    listed = shell("held", "list", BOKBUSS_LANGUAGE="xx")
    assert (latin.returncode, b"no text in UTF-8" in latin.stderr) == (2, True)
    assert folder.returncode == 0
    assert (listed.returncode, "it can be: sv, en" in listed.stderr) == (2, True)
    for result in (folder, listed):
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("settings explain --json >&-", (0, "")),
        ("describe nosuch <&- >&- 2>&-", (2, "")),
        ("settings explain --json >/dev/full", (1, "No space left on device")),
        ("describe >/dev/full", (1, "No space left on device")),
        ("describe --json | true", (1, "")),
    ],
)
def test_a_stream_that_takes_nothing_is_no_fault_of_ours(typed: str, told: tuple[int, str], tmp_path: Path) -> None:
    """It was closed, its disk is full, or its reader has left: a sentence at most, and no story of an error is kept."""
    data = tmp_path / "data"
    ended = subprocess.run(
        ["bash", "-c", f"{BOKBUSS} {typed}; exit ${{PIPESTATUS[0]}}"],  # noqa: S607 - whichever there is
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "BOKBUSS_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    code, said = told
    assert (ended.returncode, ended.stdout) == (code, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == bool(said)
    assert not data.exists()


def test_a_folder_that_was_removed_from_under_a_command_is_told_in_a_sentence(tmp_path: Path) -> None:
    """By a deployment that puts another in its place, say."""
    (gone := tmp_path / "gone").mkdir()
    typed = f'rmdir "{gone}" && exec "{BOKBUSS}" tenant list'
    ended = subprocess.run(["/bin/sh", "-c", typed], cwd=gone, capture_output=True, text=True, check=False)
    assert (ended.returncode, "is there no more" in " ".join(ended.stderr.split())) == (2, True)


def test_what_is_said_fits_the_terminal(shell: Shell) -> None:
    """Also errors and tables, and no name is cut off."""
    asked, topics = shell("explain", "F 99", COLUMNS="80"), shell("topics", COLUMNS="80")
    for result in (asked, topics):
        lines = (result.stdout + result.stderr).splitlines()
        assert len(lines) > 1
        assert max(map(len, lines)) <= 80
    assert "facts.closing-entries-ready.v1" in topics.stdout


def test_a_wrong_check_digit_is_no_organisation_number(shell: Shell) -> None:
    """The numbers that are valid are one and the same company's."""
    wrong, *right = shell.at_once(
        ("tenant", "add", "luhn", "--org", "556016-0681"),
        ("tenant", "add", "luhn", "--org", "556016-0680"),
        ("tenant", "add", "luhn", "--org", "5560160680"),
        ("tenant", "add", "luhn", "--org", "165560160680"),
    )
    assert (wrong.returncode, "check digit" in wrong.stderr) == (2, True)
    assert [result.returncode for result in right] == [0, 0, 0], right
    other = shell("tenant", "add", "luhn", "--org", "559999-0016")
    assert (other.returncode, "556016-0680" in other.stderr) == (2, True)
    shell("tenant", "add", "sole", "--org", "19900101-9802")
    assert "9802" not in shell("tenant", "list").stdout
