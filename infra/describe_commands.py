"""The verb ``describe``: how a system is used, what bokbuss does with it, and which fields travel, before anything."""

import re
from importlib.resources import files
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markdown import Markdown

from infra.commanding import Json, one_of, print_json

_SHOWN = ("Set-up", "What becomes what", "Writing")
"""The sections of a system's README that whoever connects it needs; the others are for developers."""


def describe(
    system: Annotated[str, typer.Argument(help="whose description; none: which systems there are")] = "",
    as_json: Json = False,
) -> None:
    """Tell how a system is used, what is done with it, and which fields travel: to be read before connecting it."""
    from infra import registry

    texts = {name: text for name in registry.systems() if (text := _readme(name))}
    if not system:
        about = {name: _parts(text)[""] for name, text in texts.items()}
        if as_json:
            print_json(about)
        else:
            Console().print(Markdown("\n".join(f"- **{name}**: {_first(text)}" for name, text in about.items())))
        return
    one_of(system, texts, "system")
    found = _described(registry.systems()[system], _parts(texts[system]))
    if as_json:
        print_json(found)
        return
    lists = {"What it tells": found["tells"], "What it carries out": found["carries_out"], "Fields": found["fields"]}
    parts = [f"# {found['title']}\n\n{found['about']}"]
    parts += [
        f"## {title}\n\n" + "\n".join(f"- `{a}`: {b}" for a, b in rows.items()) for title, rows in lists.items() if rows
    ]
    parts += [f"## {title}\n\n{text}" for title, text in found["sections"].items()]
    Console().print(Markdown("\n\n".join(parts)))


def _described(system: Any, parts: dict[str, str]) -> dict[str, Any]:
    source, kinds = system.source, [kind for sink in system.sinks for kind in sink.kinds]
    return {
        "system": system.name,
        "title": parts["#"],
        "about": parts[""],
        "tells": {fact.__name__: _first(fact.__doc__ or "") for fact in (source.facts if source else ())},
        "carries_out": {kind.order.__name__: _first(kind.order.__doc__ or "") for kind in kinds},
        "fields": dict(system.names),
        "sections": {title: parts[title] for title in _SHOWN if title in parts},
    }


def _readme(system: str) -> str:
    readme = files(f"connectors.{system}") / "README.md"
    return readme.read_text() if readme.is_file() else ""


def _parts(readme: str) -> dict[str, str]:
    """Return the sections of a README by their headings; ``#``: its title; "": the text before them, without tables.

    A table there says where things are in the code.
    """
    begin, *rest = re.split(r"^## (.+)\n", readme, flags=re.MULTILINE)
    title, _, about = begin.partition("\n")
    about = re.sub(r"(^\|.*\n?)+", "", about, flags=re.MULTILINE)
    parts = {"#": title.removeprefix("# "), "": about.strip()}
    return parts | {heading.strip(): text.strip() for heading, text in zip(rest[::2], rest[1::2], strict=True)}


def _first(text: str) -> str:
    """Return the first sentence of a text."""
    return " ".join(re.split(r"(?<=[.:])\s", text.strip(), maxsplit=1)[0].split()).rstrip(":")
