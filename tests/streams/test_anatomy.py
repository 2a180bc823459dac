"""All flows stand alike: whoever knows one finds the same thing at the same place in the other."""

import importlib
import inspect
from typing import Any

import pytest

from tests.streams.flows import FLOWS

ANSWERS = {
    ("learn", "learn"): ["states", "envelope"],
    ("rules", "judge"): ["case"],
    ("orders", "orders"): ["case", "rule", "verdict", "tenant", "version"],
    ("decide", "reads"): ["message"],
    ("decide", "decide"): ["states", "envelope", "terms"],
    ("decide", "evolve"): ["states", "envelope", "given"],
}
"""The file that answers a question, the function that does, and what it is given."""
every_flow = pytest.mark.parametrize("package", FLOWS)


def module(package: str, name: str) -> Any:
    """Return a file of a flow."""
    return importlib.import_module(f"{package}.{name}")


@every_flow
def test_the_same_question_is_answered_in_the_same_file(package: str) -> None:
    """What is remembered, what a message teaches, which rule speaks, what it may say, and which orders come of it."""
    flow = FLOWS[package]
    found = {(name, asked): getattr(module(package, name), asked) for name, asked in ANSWERS}
    assert {place: [*inspect.signature(answer).parameters] for place, answer in found.items()} == ANSWERS
    assert flow.state is module(package, "state").State
    assert flow.decide is found["decide", "decide"]
    assert flow.name == module(package, "verdict").NAME
    assert module(package, "verdict").Verdict


@pytest.mark.parametrize("package", [package for package, flow in FLOWS.items() if flow.plan or flow.corrects])
def test_a_plan_proposes_by_rules_of_its_own(package: str) -> None:
    """Named as the others are, and none twice: the name stands in the row."""
    flow = FLOWS[package]
    plan = module(package, "plan")
    assert (flow.plan, flow.corrects) == (getattr(plan, "plan", None), getattr(plan, "corrects", None))
    assert flow.planned_as or flow.plan
    names = [rule.__name__ for rule in plan.RULES]
    assert len(names) == len(set(names))
    assert all(len(name.split("_")) >= 3 and len(name) <= 64 for name in names)
    assert all(rule.__doc__ for rule in plan.RULES)
