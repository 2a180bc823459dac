"""Tells which rules decided nothing in a run of tests. A plugin of pytest.

It leaves out what is left of a flow's tests when each of its rules has decided. Named with ``-p``; the file that
``NO_DECISION`` names gets a line for each rule.
"""

import functools
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.streams.flows import FLOWS, folder

silent: dict[str, set[str]] = {package: set() for package in FLOWS}
_FOLDERS = {folder(package): package for package in FLOWS}


def _watched(package: str, rule: Callable[..., Any]) -> Callable[..., Any]:
    silent[package].add(rule.__name__)

    @functools.wraps(rule)
    def asked(*case: Any) -> Any:
        if (verdict := rule(*case)) is not None:
            silent[package].discard(rule.__name__)
        return verdict

    return asked


for _package in FLOWS:
    _rules: Any = importlib.import_module(f"{_package}.rules")
    _rules.RULES = tuple(_watched(_package, rule) for rule in _rules.RULES)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out when each rule of its flow has decided something: it would prove nothing more here."""
    if not silent[_FOLDERS[item.path.parent]]:
        pytest.skip("every rule of its flow has decided something")


def pytest_sessionfinish() -> None:
    """Write down what is left."""
    left = sorted(f"{package}.{name}" for package, names in silent.items() for name in names)
    Path(os.environ["NO_DECISION"]).write_text("".join(f"{name}\n" for name in left))
