"""The house rules that import-linter cannot see."""

import ast
import importlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

from infra.tables import metadata

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "connectors", "streams", "infra")
SOURCES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield the full dotted name of everything that is imported, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def readings_of_the_clock(tree: ast.AST) -> Iterator[str]:
    """Yield each use of datetime.now, date.today, time.time and their like, however the module was named."""
    readings = {"now", "utcnow", "today"}, {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter"}
    renamed = {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            owner = renamed.get(owner, owner)
            if (owner in {"datetime", "date"} and node.attr in readings[0]) or (
                owner == "time" and node.attr in readings[1]
            ):
                yield f"{owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (f"time.{alias.name}" for alias in node.names if alias.name in readings[1])


def imports_outside(name: str, *allowed: str) -> list[str]:
    """Return the files that import a package although it is not theirs to import."""
    return [
        f"{place}: {name}"
        for file in SOURCES
        if (place := file.relative_to(ROOT).as_posix()) not in allowed
        and any(found.split(".")[0] == name for found in imports(ast.parse(file.read_bytes())))
    ]


def test_only_the_clock_reads_the_clock() -> None:
    """A decision that reads the clock cannot be repeated: time comes in as a value, or from infra/clock.py."""
    found = [
        f"{file.relative_to(ROOT)}: {reading}"
        for file in SOURCES
        if file != ROOT / "infra" / "clock.py"
        for reading in readings_of_the_clock(ast.parse(file.read_bytes()))
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        "import datetime\ndatetime.datetime.now()",
        "from datetime import datetime as dt\ndt.utcnow()",
        "from datetime import date\ndate.today()",
        "import time\ntime.time()",
        "from time import monotonic\nmonotonic()",
        "import time as t\nt.perf_counter()",
    ],
)
def test_a_reading_of_the_clock_is_found_whatever_it_is_called(code: str) -> None:
    """The check above sees through imports under other names."""
    assert list(readings_of_the_clock(ast.parse(code)))


def test_only_one_file_speaks_http() -> None:
    """What tells a request that never left from one that may have arrived is written once, in infra/http.py."""
    assert imports_outside("httpx", "infra/http.py") == []


def test_only_one_file_knows_faust() -> None:
    """Faust runs the flows and nothing else depends on it."""
    assert imports_outside("faust", "infra/deciding/worker.py") == []


def test_only_what_finds_plugins_and_verbs_imports_by_name() -> None:
    """They are found in one place each; elsewhere an import is one that the import contracts can see."""
    by_name = re.compile(r"\bimport_module\b|\b__import__\b")
    found = [file.relative_to(ROOT).as_posix() for file in SOURCES if by_name.search(file.read_text("utf-8"))]
    assert set(found) <= {"infra/registry.py", "infra/verbs.py"}


def test_how_long_a_text_is_is_said_beside_its_pattern() -> None:
    """A count of letters in a pattern makes each of them a copy of Unicode's table, compiled in every process."""
    counted = re.compile(r"""pattern=r?f?"[^"]*\\w[^"\]]*\]?\{""")
    assert counted.search(r'pattern=r"^[\w\-]{1,6}$"')
    found = [file.relative_to(ROOT).as_posix() for file in SOURCES if counted.search(file.read_text("utf-8"))]
    assert found == []


def test_the_host_names_no_party() -> None:
    """Plugins say what is theirs. A field of a message has its name, and a column's comment stands in a migration."""
    parties = {folder.name for folder in (ROOT / "connectors").iterdir() if folder.is_dir()} - {"desk", "demo"}
    named = re.compile(rf"\b({'|'.join(sorted(parties))}|alexis hr)\b", re.IGNORECASE)
    host = [p for p in (ROOT / "infra").rglob("*.py") if not {"deploy", "migrations"} & set(p.relative_to(ROOT).parts)]
    said = {
        f"{file.relative_to(ROOT)}:{number}"
        for file in host
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if named.search(line.partition("comment=")[0])
    }
    assert "fortnox" in parties
    assert said == set()


TABLES_OF_FORTNOX = {"activation_links", "checks", "reference_data"}
"""The host makes them, and removes what is a removed company's; what stands in them is this connector's."""


def test_a_plugin_names_no_table_of_the_host() -> None:
    """It asks the table's owner, and gets typed rows."""
    tables = "|".join(sorted(metadata.tables.keys() - TABLES_OF_FORTNOX))
    named = re.compile(rf"\b(from|join|into|update)\s+({tables})\b(?!\s+import)")
    statement = re.compile(r"^\s*(select|insert|update|delete|with|from)\b")
    said = {
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for package in ("connectors", "streams")
        for file in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if statement.search(node.value) and named.search(node.value)
    }
    assert said == set()


PURE = re.compile(r"\bPure[.;:]")
VALUES = ("infra.plugin", "infra.rows", "infra.verdicts")
"""The modules of the host that a pure module may know: what a plugin is, what tables hold, and what may be answered."""


def calls_itself_pure(code: bytes) -> bool:
    """Tell whether a module says so in the first paragraph of its docstring."""
    said = ast.get_docstring(ast.parse(code)) or ""
    return PURE.search(said.partition("\n\n")[0]) is not None


def test_what_calls_itself_pure_is() -> None:
    """It does no input or output, keeps no time and logs nothing, and neither does anything that it imports.

    Of the host it may know what is pure as well.
    """
    with (ROOT / "pyproject.toml").open("rb") as opened:
        contracts = tomllib.load(opened)["tool"]["importlinter"]["contracts"]
    (forbidden,) = (each["forbidden_modules"] for each in contracts if each["name"].startswith("Pure files"))
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    for module in VALUES:
        graph.remove_module(module)
    effects = graph.modules & set(forbidden)
    assert effects
    pure = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in SOURCES
        if calls_itself_pure(file.read_bytes())
    ]
    assert pure
    host = {module for module in graph.modules if module.startswith("infra.")} - set(pure)
    impure = [
        " -> ".join(graph.find_shortest_chain(module, other) or ())
        for module in pure
        for other in graph.find_upstream_modules(module) & (effects if module.startswith("infra.") else effects | host)
    ]
    assert impure == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_ours_alone(package: str) -> None:
    """Our names at the top are short; a library that took one of them would shadow us or be shadowed."""
    assert set(packages_distributions().get(package, [])) <= {"bokbuss"}
    assert Path(str(importlib.import_module(package).__file__)).is_relative_to(ROOT)


def tracked() -> list[Path]:
    """Return the files of the project: those that git knows or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [file for name in names.split("\0") if name and (file := ROOT / name).is_file()]


# Written in pieces, so that this file does not hold what it looks for.
ELSEWHERE = re.compile(
    "|".join(
        [
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "repo1" + r"\.maven\.org",
            r"repo\.maven" + r"\.apache\.org",
            "registry" + r"\.npmjs\.org",
            r"\bindex" + r"\.crates\.io",
            r"proxy\.golang" + r"\.org",
            r"(?<![\w.~-])/(?:ro" + r"ot|wo" + r"rk|ho" + r"me/[a-z]\w*|Us" + r"ers/[A-Za-z]\w*)/",
        ]
    )
)


def test_nothing_names_this_machine_or_a_registry() -> None:
    """The project is built anywhere: no absolute path of one machine, and no registry but the installer's own."""
    found = [
        f"{file.relative_to(ROOT)}:{number}: {match.group()}"
        for file in tracked()
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1)
        if (match := ELSEWHERE.search(line))
    ]
    assert found == []


@pytest.mark.parametrize("text", ["see /" + "root/x", "cd /" + "work/main", "https://py" + "pi.org/simple"])
def test_a_path_or_a_registry_would_be_found(text: str) -> None:
    """The check above can fail."""
    assert ELSEWHERE.search(text)


@pytest.mark.parametrize("text", ["https://example.se/root/x", "./work/x", "$HOME/work/x", "apt.example.com"])
def test_other_paths_are_left_alone(text: str) -> None:
    """A path inside a URL or below a variable is no path of a machine."""
    assert not ELSEWHERE.search(text)


def test_no_import_goes_in_a_circle() -> None:
    """Not even one that only a type checker follows: CycleError names the modules."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules}).prepare()
