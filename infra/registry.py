"""Finds the plugins: every folder of ``connectors`` with a SYSTEM, every folder of ``streams`` with a FLOW."""

import hashlib
import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from infra import activity_words, proof_words, way_words
from infra import words as own_words
from infra.plugin import Flow, LedgerFile, Sandbox, Sink, Source, System
from schemas import problem_words, settings_words
from schemas.events import EmployeeField
from schemas.words import Said


@cache
def systems() -> dict[str, System]:
    """Return every outside party by name."""
    found = [s for s in _exports("connectors", "SYSTEM") if isinstance(s, System)]
    return {system.name: system for system in found}


def choices() -> dict[str, Mapping[EmployeeField, tuple[str, ...]]]:
    """Return which of its own fields can stand for a field of a person, by system."""
    return {name: system.choices for name, system in systems().items()}


@cache
def flows() -> tuple[Flow, ...]:
    """Return every flow."""
    return tuple(f for f in _exports("streams", "FLOW") if isinstance(f, Flow))


def flow(name: str) -> Flow:
    """Return the flow of a name."""
    return next(one for one in flows() if one.name == name)


def sources() -> dict[str, Source]:
    """Return the systems that tell what happened, by name."""
    return {name: s.source for name, s in systems().items() if s.source is not None}


def sinks() -> tuple[Sink, ...]:
    """Return all that orders are carried out by; a system can have several."""
    return tuple(sink for system in systems().values() for sink in system.sinks)


@cache
def words() -> Mapping[str, Said]:
    """Return what the host and every plugin say, by key."""
    own = (own_words, activity_words, proof_words, way_words, problem_words, settings_words)
    said = [
        *(module.WORDS for module in own),
        *(flow.words for flow in flows()),
        *(system.words for system in systems().values()),
    ]
    return {key: phrase for those in said for key, phrase in those.items()}


def ledger() -> str:
    """Return the name of the system that companies' books are kept in; "" where there is none."""
    return next((name for name, system in systems().items() if system.ledger), "")


def ledger_file() -> LedgerFile:
    """Return the file format in which a year's ledger travels."""
    return next(system.ledger_file for system in systems().values() if system.ledger_file is not None)


def ledger_files() -> Source:
    """Return the source of files of that format."""
    return next(one.source for one in systems().values() if one.ledger_file is not None and one.source is not None)


def sandbox(system: str) -> Sandbox:
    """Load what imitates a system that has an imitation."""
    serve: Sandbox = importlib.import_module(systems()[system].sandbox).serve
    return serve


@cache
def code() -> str:
    """Return which code runs here: the version, and a digest of every file of ours as it was when first asked for.

    The version alone does not tell: between two releases, and where somebody works, the code changes without it.
    """
    digest = hashlib.sha256()
    for package in ("connectors", "infra", "schemas", "streams"):
        for folder in importlib.import_module(package).__path__:
            for file in sorted(Path(folder).rglob("*.py")):
                digest.update(f"{package}/{file.relative_to(folder)}\0".encode() + file.read_bytes() + b"\0")
    return f"{version('bokbuss')}+{digest.hexdigest()[:12]}"


def _exports(package: str, name: str) -> list[object]:
    parent = importlib.import_module(package)
    folders = sorted(module.name for module in pkgutil.iter_modules(parent.__path__) if module.ispkg)
    modules = [importlib.import_module(f"{package}.{folder}") for folder in folders]
    return [getattr(module, name) for module in modules if hasattr(module, name)]
