"""Every verb is declared where it is, and loads no more than it needs: half of a command's time would be imports."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from infra.verbs import Verb, verbs

SLOW = {
    "aiokafka",
    "alembic",
    "babel",
    "cryptography",
    "fastapi",
    "faust",
    "httpx",
    "jgo",
    "jinja2",
    "sqlalchemy",
    "starlette",
}
"""What only those load that serve, send, or open secrets."""
TYPED = """
import sys
from infra.cli import main
sys.argv = ["bokbuss", *sys.argv[1:]]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def loaded(folder: Path, words: str, environment: dict[str, str]) -> set[str]:
    """Run a verb and return the modules that it has loaded."""
    ran = subprocess.run(
        [sys.executable, "-c", TYPED, *words.split()],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.split())


@pytest.mark.parametrize("verb", verbs().values(), ids=lambda verb: verb.name)
def test_a_verb_is_declared_as_it_describes_itself(verb: Verb) -> None:
    """What ``bokbuss --help`` shows without loading it is the first paragraph of its own help."""
    assert verb.load().help.split("\n\n")[0].replace("\n", " ") == verb.help


@pytest.mark.parametrize("words", ["--help", "topics"])
def test_help_needs_neither_plugins_nor_a_database(words: str, tmp_path: Path) -> None:
    """It is what people ask for most often."""
    modules = loaded(tmp_path, words, {})
    assert SLOW & modules == set()
    needless = {"psycopg", "connectors", "streams", *({"pydantic"} if words == "--help" else ())}
    assert needless & modules == set()


@pytest.mark.parametrize(
    "words",
    [
        "held list",
        "dead list",
        "audit",
        "settings show acme",
        "settings explain acme",
        "plan list acme",
    ],
)
def test_a_verb_that_only_reads_loads_only_what_reads(words: str, prepared_url: str, tmp_path: Path) -> None:
    """No client of Kafka, no web server or client, no migrations."""
    with psycopg.connect(prepared_url) as database:
        database.execute("insert into tenants (tenant, created_at, incarnation) values ('acme', now(), 0)")
    environment = {"BOKBUSS_DATABASE__URL": prepared_url, "BOKBUSS_KAFKA__BOOTSTRAP": "127.0.0.1:9"}
    assert (SLOW | {"structlog", "rich.traceback"}) & loaded(tmp_path, words, environment) == set()


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_that_lacks_letters_is_told_all_the_same(tmp_path: Path, encoding: str) -> None:
    """What it cannot show stands there by its number; for programs it is JSON, whole."""

    def said(*words: str, encoding: str = encoding) -> str:
        environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": encoding}
        program = [sys.executable, "-c", TYPED.partition("try:")[0] + "main()", "describe", "fortnox", *words]
        ran = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.decode(encoding)

    assert "\\u" in said()
    assert json.loads(said("--json")) == json.loads(said("--json", encoding="utf-8"))


def test_what_comes_with_bokbuss_is_read_as_what_it_is_whatever_the_machine_s_language(tmp_path: Path) -> None:
    """A locale of Latin-1 made two letters of each å, ä and ö of ours; one of ASCII ended every verb."""
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "POSIX",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "utf-8",
    }
    program = [sys.executable, "-c", TYPED.partition("try:")[0] + "main()", "describe", "openpos"]
    ran = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "öre" in ran.stdout.decode()
