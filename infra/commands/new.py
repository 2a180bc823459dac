"""The verb that makes a connector or a flow to begin with: a toy of the tests under another name, which conforms."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from infra import registry
from infra.commanding import Failed, WrongUsage
from infra.settings import Settings
from schemas import ids
from schemas.envelope import type_of

_ROOT: Final = Path(__file__).parents[2]
_NAME: Final = re.compile(r"[a-z][a-z0-9]{1,30}")


@dataclass(frozen=True, slots=True)
class _Toy:
    """A toy below ``tests/toys``, the package that its like are in, and what people call it."""

    name: str
    package: str
    title: str


class Kind(StrEnum):
    """What can be made."""

    SOURCE = "source"
    SINK = "sink"
    FLOW = "flow"


_TOYS: Final = {
    Kind.SOURCE: _Toy("toytill", "connectors", "Toy Till"),
    Kind.SINK: _Toy("toyhr", "connectors", "Toy HR"),
    Kind.FLOW: _Toy("toyflow", "streams", "Toy flow"),
}


def new(
    kind: Annotated[Kind, typer.Argument(help="source: it tells facts; sink: orders are carried out there; or flow")],
    name: Annotated[str, typer.Argument(help="lower-case letters and digits")],
) -> None:
    """Make a source, a sink or a flow to begin with, in a checkout: small, whole, and conforming as it stands."""
    toy = _TOYS[kind]
    made = [_ROOT / toy.package / name, _ROOT / "tests" / toy.package / name]
    _must_be_free(name, made)
    for file, text in _renamed(toy, name):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    made = [folder for folder in made if folder.is_dir()]
    _format(made)
    _write_facts(made[0] / "samples", name)
    for folder in made:
        typer.echo(f"made {folder.relative_to(_ROOT)}")
    typer.echo(f"it conforms as it stands: .venv/bin/pytest tests/{toy.package}/test_conformance.py -k {name}")
    typer.echo("what to do with it: CONTRIBUTING.md")


def _must_be_free(name: str, folders: list[Path]) -> None:
    if not (_ROOT / "tests" / "toys").is_dir():
        raise WrongUsage(
            "bokbuss new works in a checkout of the project: what it makes belongs beside the others there"
        )
    if not _NAME.fullmatch(name):
        raise WrongUsage(f"{name!r} is no name: lower-case letters and digits, 2 to 31 of them, a letter first")
    if name in Settings.model_fields:
        raise WrongUsage(f"{name} is a section of the host's settings already: choose another name")
    if taken := [folder for folder in folders if folder.exists()]:
        raise WrongUsage(f"{taken[0].relative_to(_ROOT)} is there already: choose another name")


def _renamed(toy: _Toy, name: str) -> Iterator[tuple[Path, str]]:
    """Yield each file of a toy as one of a connector or flow of this name, and where it belongs."""
    home = _ROOT / "tests" / "toys" / toy.name
    house, trials = f"{toy.package}.{name}", f"tests.{toy.package}.{name}"
    words = {
        f"tests.toys.{toy.name}.party": f"{trials}.party",
        f"tests.toys.{toy.name}": house,
        toy.title.replace(" ", ""): name.capitalize(),
        toy.title: name.capitalize(),
        toy.name.upper(): name.upper(),
        toy.name: name,
    }
    for file in sorted(home.rglob("*")):
        if not file.is_file() or file.suffix == ".pyc" or file.name.endswith(".facts.json"):
            continue
        place, text = file.relative_to(home), file.read_text("utf-8")
        for word, ours in words.items():
            text = text.replace(word, ours)
        tries = file.name == "party.py" or file.name.startswith("test_")
        folder = (trials if tries else house).replace(".", "/")
        yield _ROOT / folder / str(place).replace(toy.name, name), text


def _format(folders: list[Path]) -> None:
    """Put imports in their sequence: another name sorts elsewhere."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        raise Failed("made, and not formatted: ruff is not installed beside this Python: make .venv/installed")
    for words in (["check", "--fix", "--select=I"], ["format"]):
        subprocess.run([ruff, *words, "--quiet", *folders], cwd=_ROOT, check=True)  # noqa: S603 - our own files


def _write_facts(samples: Path, name: str) -> None:
    """Write down beside each sample what it becomes."""
    importlib.invalidate_caches()
    for sample in samples.glob("*.json"):
        source = registry.systems()[name].source
        facts = source.translate(sample.read_bytes()) if source else ()
        shown = [
            {"type": type_of(type(f)), "id": ids.fact_id(f.key, ids.revision(f)), "data": f.to_json()} for f in facts
        ]
        sample.with_suffix(".facts.json").write_text(json.dumps(shown, ensure_ascii=False, indent=2) + "\n", "utf-8")
