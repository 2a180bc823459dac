"""Finds the plugins: every folder of ``connectors`` with a SYSTEM, every folder of ``streams`` with a FLOW."""

import importlib
import pkgutil
from functools import cache

from infra.plugin import Flow, Sink, Source, System


@cache
def systems() -> dict[str, System]:
    """Return every outside party by name."""
    found = [s for s in _exports("connectors", "SYSTEM") if isinstance(s, System)]
    return {system.name: system for system in found}


@cache
def flows() -> tuple[Flow, ...]:
    """Return every flow."""
    return tuple(f for f in _exports("streams", "FLOW") if isinstance(f, Flow))


def sources() -> dict[str, Source]:
    """Return the systems that tell what happened, by name."""
    return {name: s.source for name, s in systems().items() if s.source is not None}


def sinks() -> dict[str, Sink]:
    """Return the systems that orders are carried out in, by name."""
    return {name: s.sink for name, s in systems().items() if s.sink is not None}


def _exports(package: str, name: str) -> list[object]:
    parent = importlib.import_module(package)
    folders = sorted(module.name for module in pkgutil.iter_modules(parent.__path__) if module.ispkg)
    modules = [importlib.import_module(f"{package}.{folder}") for folder in folders]
    return [getattr(module, name) for module in modules if hasattr(module, name)]
