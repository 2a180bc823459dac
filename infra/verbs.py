"""Finds the verbs of ``bokbuss``: what each ``verbs.toml`` names is shown, and is imported only when it is run."""

import gc
import importlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

_HOST = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb, or a group of verbs.

    Attributes:
        name: as it is typed.
        help: what ``bokbuss --help`` says of it: the first sentences of its docstring, or the help of its group.
        module: what has to be imported to run it.
        attribute: the function or the Typer application there.
    """

    name: str
    help: str
    module: str
    attribute: str

    def load(self) -> Any:
        """Return the command, as Typer makes it."""
        found = getattr(importlib.import_module(self.module), self.attribute)
        if isinstance(found, typer.Typer):
            command: Any = get_group(found)
        else:
            alone = typer.Typer(add_completion=False)
            alone.command()(found)
            command = get_command(alone)
        command.name = self.name
        return command


@cache
def verbs() -> dict[str, Verb]:
    """Return every verb by name: the host's, then each connector's. No package of a connector is imported for it."""
    files = [_HOST / "verbs.toml", *sorted((_HOST.parent / "connectors").glob("*/verbs.toml"))]
    found = [_verb(name, table) for file in files for name, table in tomllib.loads(file.read_text("utf-8")).items()]
    return {verb.name: verb for verb in found}


def _verb(name: str, table: dict[str, str]) -> Verb:
    module, _, attribute = table["is"].partition(":")
    return Verb(name, table["help"], module, attribute)


class Verbs(TyperGroup):
    """All verbs: listed as they are declared, loaded one at a time."""

    def __init__(self, **attributes: Any) -> None:
        declared = [TyperCommand(verb.name, help=verb.help) for verb in verbs().values()]
        super().__init__(**attributes | {"commands": declared})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the verb that the words begin with, loaded, and the words that are left for it."""
        name, declared, left = super().resolve_command(ctx, args)
        command = verbs()[name].load() if name else declared
        gc.freeze()  # or the first search would go through all that is loaded, which stays
        gc.enable()
        return name, command, left
