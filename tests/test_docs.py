"""What the documents show must exist: every ``bokbuss`` command, every setting, every link, and examples that work."""

import re
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from connectors.desk.settings_files import read
from infra import cli
from infra.environment import whole
from infra.settings import SECRETS_FOLDER
from infra.verbs import verbs

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(p for p in ROOT.rglob("*.md") if not {".venv", "build", "dist"} & set(p.parts))
_COMMAND = re.compile(r"(?:^|`|\$ )bokbuss ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", re.MULTILINE)
_SETTING = re.compile(r"BOKBUSS_[A-Z_]+")
_EXAMPLE = re.compile(r"^bokbuss ([^>#\n]+)", re.MULTILINE)
_SETTINGS_FILE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def _verbs() -> set[str]:
    """Every verb of the command line, groups with their members."""
    found = set(verbs())
    for name, verb in verbs().items():
        found |= {f"{name} {member}" for member in getattr(verb.load(), "commands", {})}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_that_is_shown_exists(document: Path) -> None:
    """A reader can type what a document shows."""
    known = _verbs()
    shown = {m.group(1) for m in _COMMAND.finditer(document.read_text())}
    groups = {verb.split()[0] for verb in known if " " in verb} - {"audit"}  # audit is a verb by itself as well

    assert {s for s in shown if s not in known and (s.split()[0] in groups or s.split()[0] not in known)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_example_of_a_command_is_one(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its options exist, nothing that it needs is missing, and each value is of the kind that is taken."""
    monkeypatch.chdir(tmp_path)
    for example in _EXAMPLE.findall(document.read_text()):
        words = shlex.split(example)
        for word in words:
            if Path(word).suffix in {".yaml", ".json", ".csv", ".se", ".tar"}:
                (tmp_path / word).parent.mkdir(exist_ok=True)
                (tmp_path / word).touch()
        command: Any = get_command(cli.app)
        context = None
        while command is not None:
            context = command.make_context(command.name, words, parent=context)
            words = [*context._protected_args, *context.args]  # where click keeps what a group has not taken
            _name, command, words = command.resolve_command(context, words) if words else (None, None, [])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_settings_file_that_is_shown_can_be_applied(document: Path) -> None:
    """A reader can save it and apply it."""
    for shown in _SETTINGS_FILE.findall(document.read_text()):
        assert read(shown.encode()).to_json() != {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_setting_that_is_shown_exists(document: Path) -> None:
    """A reader can set what a document names."""
    known = {"BOKBUSS_CACHE", SECRETS_FOLDER}
    for name, field in whole().model_fields.items():
        known.add(f"BOKBUSS_{name.upper()}")
        nested = getattr(field.annotation, "model_fields", {})
        known |= {f"BOKBUSS_{name.upper()}__{inner.upper()}" for inner in nested}
    shown = {s.rstrip("_") for s in _SETTING.findall(document.read_text())} - {"BOKBUSS"}

    assert shown <= known | {"BOKBUSS_WRITE_GOLDEN", "BOKBUSS_SEED"}  # of the tests


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """A link to a file of ours finds it."""
    assert [link for link in _LINK.findall(document.read_text()) if not (document.parent / link).exists()] == []


_MAKE = re.compile(r"(?:^|`|\$ )make ([a-z./]+)", re.MULTILINE)
_PROGRAM = re.compile(r"(?:^|`|\s)\.venv/bin/([a-z-]+)((?: [\w./-]+)*)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_target_and_every_test_that_is_shown_exists(document: Path) -> None:
    """``make`` knows the target; what ``.venv/bin`` runs is one of our tools, over files that are there."""
    targets = set(re.findall(r"^([a-z./]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(_MAKE.findall(document.read_text())) <= targets
    for program, words in _PROGRAM.findall(document.read_text()):
        assert program in {"bokbuss", "lint-imports", "mypy", "pytest", "python", "ruff"}
        assert [word for word in words.split() if "/" in word and not (ROOT / word).exists()] == []


def test_the_picture_of_the_house_is_as_its_imports_are() -> None:
    """Otherwise: make docs."""
    spec = spec_from_file_location("house", ROOT / "docs" / "house.py")
    assert spec is not None
    assert spec.loader is not None
    house = module_from_spec(spec)
    spec.loader.exec_module(house)
    page = house.PAGE.read_text()
    assert house.drawn(page) == page, "make docs"


def test_what_is_done_before_a_commit_is_what_make_lint_does() -> None:
    """One list, whoever asks for it."""
    (lint,) = re.findall(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    (hooks,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for hook in hooks["hooks"]] == [
        line.strip().replace("$(BIN)", ".venv/bin") for line in lint.splitlines()
    ]
