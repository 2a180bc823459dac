"""Tells which rules decided nothing in a run of tests, and ends the run as soon as there is none. A plugin of pytest.

Named with ``-p``; the file that ``NO_DECISION`` names gets a line for each rule.
"""

import functools
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.streams.flows import FLOWS

silent: set[str] = set()


def _watched(package: str, rule: Callable[..., Any]) -> Callable[..., Any]:
    silent.add(f"{package}.{rule.__name__}")

    @functools.wraps(rule)
    def asked(*case: Any) -> Any:
        if (verdict := rule(*case)) is not None:
            silent.discard(f"{package}.{rule.__name__}")
        return verdict

    return asked


for _package in FLOWS:
    _rules: Any = importlib.import_module(f"{_package}.rules")
    _rules.RULES = tuple(_watched(_package, rule) for rule in _rules.RULES)


def pytest_runtest_teardown(item: pytest.Item) -> None:
    """End the run when each rule has decided something."""
    if not silent:
        item.session.shouldstop = "every rule decided something"


def pytest_sessionfinish() -> None:
    """Write down what is left."""
    Path(os.environ["NO_DECISION"]).write_text("".join(f"{name}\n" for name in sorted(silent)))
