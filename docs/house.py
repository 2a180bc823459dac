"""Draws the house from its imports into architecture.md: ``make docs``. A test holds the picture to what is so."""

import re
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
_BLOCK = re.compile(r"```mermaid\n.*?```", re.DOTALL)
_PACKAGES = ("schemas", "connectors", "streams", "infra")
_NOT_DRAWN = "infra.migrations"
"""Loaded by Alembic, imported by nobody."""


def picture() -> str:
    """Return the house as a Mermaid flowchart: what stands above imports what stands below, directly or through others.

    Only the shortest arrows are drawn: where one leads over another place, it is left out.
    """
    graph = grimp.build_graph(*_PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    ground = _ground()
    arrows = {
        (_place(module, ground), _place(imported, ground))
        for module in graph.modules
        if not module.startswith(_NOT_DRAWN)
        for imported in graph.find_modules_directly_imported_by(module)
    }
    arrows = {(one, other) for one, other in arrows if one != other}
    places = sorted({place for arrow in arrows for place in arrow})
    drawn = sorted(arrow for arrow in arrows if not _over_another(arrow, arrows))
    lines = [f'  {place}["{_label(place)}"]' for place in places]
    lines += [f"  {one} --> {other}" for one, other in drawn]
    return "\n".join(["```mermaid", "flowchart TD", *lines, "```"])


def _ground() -> frozenset[str]:
    """Return the modules of the host that every room may import: the last layer of its contract."""
    with (ROOT / "pyproject.toml").open("rb") as opened:
        contracts = tomllib.load(opened)["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each.get("containers") == ["infra"])
    return frozenset(layers[-1].split(" : "))


def _place(module: str, ground: frozenset[str]) -> str:
    """Return the place of a module: a package at the top, or within the host a room, its ground, or its processes."""
    package, _, inner = module.partition(".")
    name = inner.partition(".")[0]
    if package != "infra":
        return package
    if (ROOT / "infra" / name).is_dir() and name:
        return name
    return "ground" if name in ground or not name else "processes"


def _label(place: str) -> str:
    if place in _PACKAGES:
        return f"{place}/"
    return f"infra/{place}/" if (ROOT / "infra" / place).is_dir() else f"infra: {place}"


def _over_another(arrow: tuple[str, str], arrows: set[tuple[str, str]]) -> bool:
    """Tell whether an arrow's end can be reached by others, too."""
    start, end = arrow
    reached, left = set[str](), [other for one, other in arrows if one == start and other != end]
    while left:
        place = left.pop()
        if place not in reached:
            reached.add(place)
            left += [other for one, other in arrows if one == place]
    return end in reached


def drawn(page: str) -> str:
    """Return a page with the picture as it is now."""
    return _BLOCK.sub(lambda _: picture(), page, count=1)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text()))
