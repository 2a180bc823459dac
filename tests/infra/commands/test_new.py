"""What ``bokbuss new`` makes conforms as it stands: tried in a copy of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MADE = {"source": "newsource", "sink": "newsink", "flow": "newflow"}
"""Names that no guide gives as examples: whoever followed one would have them already."""
VERB = "import sys; from infra.cli import main; sys.argv = ['bokbuss', *sys.argv[1:]]; main()"


def run(place: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program in a copy of the project."""
    environment = os.environ | {"PYTHONPATH": str(place)}
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which one of each kind was made."""
    place = tmp_path_factory.mktemp("project")
    forgotten = shutil.ignore_patterns("__pycache__", ".*_cache", ".hypothesis")
    for folder in ("schemas", "connectors", "streams", "infra", "tests"):
        shutil.copytree(ROOT / folder, place / folder, ignore=forgotten)
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, place / file)
    if (ROOT / ".mypy_cache").is_dir():
        shutil.copytree(ROOT / ".mypy_cache", place / ".mypy_cache")
    for kind, name in MADE.items():
        done = run(place, sys.executable, "-c", VERB, "new", kind, name)
        assert done.returncode == 0, done.stderr
        assert f"made {'streams' if kind == 'flow' else 'connectors'}/{name}" in done.stdout
    return place


def test_what_was_made_conforms(copy: Path) -> None:
    """All that is asked of every connector and every flow, and the flow's own tests."""
    files = ["tests/connectors/test_conformance.py", "tests/streams/test_conformance.py", "tests/streams/newflow"]
    words = ["-q", "-p", "no:cacheprovider", "-k", " or ".join(MADE.values())]
    done = run(copy, sys.executable, "-m", "pytest", *words, *files)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("words", ["ruff check .", "ruff format --check .", "mypy MADE", "lint-imports --no-cache"])
def test_what_was_made_passes_what_all_code_passes(copy: Path, words: str) -> None:
    """Format, lint, types, arrows. Types of what was made alone: nothing else names it, and all take a minute."""
    program, *rest = words.split()
    if rest == ["MADE"]:
        rest = [str(folder.relative_to(copy)) for name in MADE.values() for folder in copy.glob(f"**/{name}")]
    done = run(copy, Path(sys.executable).parent / program, *rest)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("source Acme-Till", "is no name"),
        ("sink kafka", "section of the host's settings"),
        ("source openpos", "is there already"),
    ],
)
def test_what_cannot_be_made_is_said(words: str, why: str) -> None:
    """And nothing is written."""
    done = run(ROOT, sys.executable, "-c", VERB, "new", *words.split())
    assert done.returncode == 2
    assert why in done.stderr
