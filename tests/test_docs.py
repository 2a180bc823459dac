"""What the documents show must exist: every ``bokbuss`` command, every setting, every link."""

import re
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from infra import cli, registry
from infra.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted(p for p in ROOT.rglob("*.md") if not {".venv", "build", "dist"} & set(p.parts))
_COMMAND = re.compile(r"(?:^|`|\$ )bokbuss ([a-z][a-z-]*(?: [a-z][a-z-]*)?)", re.MULTILINE)
_SETTING = re.compile(r"BOKBUSS_[A-Z_]+")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def _verbs() -> set[str]:
    """Every verb of the command line, groups with their members."""
    app = typer.Typer()
    app.add_typer(cli.app)
    for system in registry.systems().values():
        if system.commands is not None:
            app.add_typer(system.commands())
    verbs = set()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined] # it is a group
        verbs.add(name)
        verbs |= {f"{name} {member}" for member in getattr(command, "commands", {})}
    return verbs


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_that_is_shown_exists(document: Path) -> None:
    """A reader can type what a document shows."""
    verbs = _verbs()
    shown = {m.group(1) for m in _COMMAND.finditer(document.read_text())}
    groups = {verb.split()[0] for verb in verbs if " " in verb} - {"audit"}  # audit is a verb by itself as well

    assert {s for s in shown if s not in verbs and (s.split()[0] in groups or s.split()[0] not in verbs)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_setting_that_is_shown_exists(document: Path) -> None:
    """A reader can set what a document names."""
    known = {"BOKBUSS_CACHE"}
    for name, field in Settings.model_fields.items():
        known.add(f"BOKBUSS_{name.upper()}")
        nested = getattr(field.annotation, "model_fields", {})
        known |= {f"BOKBUSS_{name.upper()}__{inner.upper()}" for inner in nested}
    shown = {s.rstrip("_") for s in _SETTING.findall(document.read_text())} - {"BOKBUSS"}

    assert shown <= known | {"BOKBUSS_WRITE_GOLDEN"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """A link to a file of ours finds it."""
    assert [link for link in _LINK.findall(document.read_text()) if not (document.parent / link).exists()] == []
