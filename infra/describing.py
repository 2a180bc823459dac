"""How a system is used, what bokbuss does with it and which fields travel: of its README and of what it brings."""

import re
from importlib.resources import files
from typing import Any

from infra import registry

_SHOWN = ("Set-up", "What becomes what", "Writing")
"""The sections of a system's README that whoever connects it needs; the others are for developers."""


def systems() -> dict[str, str]:
    """Return every system that has a description, with its first sentence."""
    return {name: first(about(name)) for name in registry.systems() if _readme(name)}


def about(system: str) -> str:
    """Return what stands on top of a system's description."""
    return _parts(_readme(system))[""]


def described(system: str) -> dict[str, Any]:
    """Return a system's description: title, about, tells, carries_out, fields, sections; texts are Markdown."""
    parts, found = _parts(_readme(system)), registry.systems()[system]
    source, kinds = found.source, [kind for sink in found.sinks for kind in sink.kinds]
    return {
        "system": system,
        "title": parts["#"],
        "about": parts[""],
        "tells": {fact.__name__: first(fact.__doc__ or "") for fact in (source.facts if source else ())},
        "carries_out": {kind.order.__name__: first(kind.order.__doc__ or "") for kind in kinds},
        "fields": dict(found.names),
        "sections": {title: parts[title] for title in _SHOWN if title in parts},
    }


def _readme(system: str) -> str:
    readme = files(f"connectors.{system}") / "README.md"
    return readme.read_text("utf-8") if readme.is_file() else ""


def _parts(readme: str) -> dict[str, str]:
    """Return the sections of a README by their headings; ``#``: its title; "": the text before them, without tables.

    A table there says where things are in the code.
    """
    begin, *rest = re.split(r"^## (.+)\n", readme, flags=re.MULTILINE)
    title, _, about = begin.partition("\n")
    about = re.sub(r"(^\|.*\n?)+", "", about, flags=re.MULTILINE)
    parts = {"#": title.removeprefix("# "), "": about.strip()}
    return parts | {heading.strip(): text.strip() for heading, text in zip(rest[::2], rest[1::2], strict=True)}


def first(text: str) -> str:
    """Return the first sentence of a text."""
    return " ".join(re.split(r"(?<=[.:])\s", text.strip(), maxsplit=1)[0].split()).rstrip(":")
