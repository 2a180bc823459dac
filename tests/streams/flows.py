"""The flows that are asked: every one that the host finds, and the toy that ``bokbuss new`` makes flows of."""

import importlib
from pathlib import Path

from infra import registry
from infra.plugin import Flow

TOY = "tests.toys.toyflow"
FLOWS: dict[str, Flow] = {f"streams.{flow.name}": flow for flow in registry.flows()}
FLOWS[TOY] = importlib.import_module(TOY).FLOW
"""By the package that it is in; its rules are in ``rules`` there."""


def folder(package: str) -> Path:
    """Return where a flow's own tests are."""
    return Path(__file__).parents[2].joinpath("tests", *package.removeprefix("tests.").split("."))
