"""One message over one flow: what a flow may do, and what is said of one that does otherwise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from infra import registry
from infra.deciding.decision import Decision, deciding, reading
from infra.failing import FlowFailed
from infra.plugin import Flow, Terms
from schemas import envelope
from schemas.commands import Order
from schemas.events import DayClosed
from schemas.settings import TenantSettings
from tests.flow_driver import FlowDriver
from tests.infra.facts import day

MESSAGE = envelope.wrap(
    day(1), message_id="a fact", source="/tests", time=datetime(2026, 4, 10, tzinfo=UTC), tenant="t"
)
TERMS = Terms(TenantSettings(), 0)


class Count(BaseModel):
    """How often a key was written."""

    times: int = 0


def flow(**functions: Callable[..., Any]) -> Flow:
    """Return a flow that counts, with some functions of another making."""
    made = Flow(
        name="counting",
        facts=(type(MESSAGE.data),),
        state=Count,
        reads=lambda _data: ("a", "b"),
        decide=lambda *_: (),
        evolve=lambda states, *_: {"b": Count(times=states["b"].times + 1)},
        waiting=lambda _state: "a reason",
    )
    return replace(made, **functions)  # type: ignore[arg-type] # as each test says


def raising(*_: object) -> tuple[Order, ...]:
    """Raise with a value in the text."""
    raise ValueError("19121212-1212")


def decided(made: Flow) -> Decision:
    """Decide the message in memory."""
    remembered = FlowDriver(made)
    remembered.decide(MESSAGE, TERMS)
    steps = deciding(made, reading(made, MESSAGE.data), MESSAGE, TERMS)
    step = next(steps)
    while not isinstance(step, Decision):
        step = steps.send({key: Count() for key in step})
    return step


def test_what_changed_is_kept_as_it_will_be_written() -> None:
    """With the reason why it waits."""
    [(key, new)] = decided(flow()).kept.items()
    assert (key, new.state, new.written(), new.waiting) == ("b", Count(times=1), '{"times":1}', "a reason")


def test_follow_is_asked_until_it_names_nothing_new() -> None:
    """Each key is asked for once, and only what was read may be written."""
    further = {"b": "c", "c": "d", "d": "a"}
    made = flow(
        follow=lambda states, _message: tuple(further[key] for key in states if key in further),
        evolve=lambda states, *_: {"d": states["d"]},
    )
    steps = deciding(made, ("a", "b"), MESSAGE, TERMS)
    assert [next(steps), steps.send({"a": Count(), "b": Count()}), steps.send({"c": Count()})] == [
        ("a", "b"),
        ("c",),
        ("d",),
    ]
    assert isinstance(steps.send({"d": Count()}), Decision)


def test_a_key_that_was_not_read_is_not_written() -> None:
    """Somebody else may have written it meanwhile, or before; the error names flow, key and message."""
    with pytest.raises(FlowFailed, match="flow counting writes c for a DayClosed and has not read it") as failed:
        decided(flow(evolve=lambda *_: {"a": Count(), "c": Count()}))
    assert failed.value.code == "NotRead"


@pytest.mark.parametrize("step", ["reads", "follow", "decide", "evolve", "waiting"])
def test_what_a_flow_raises_is_named_without_its_values(step: str) -> None:
    """Whichever of its functions it is: flow, message, exception, function and line."""
    with pytest.raises(FlowFailed) as failed:
        decided(flow(**{step: raising}))
    said = rf"^flow counting, {step} of a DayClosed: ValueError in raising \(tests.infra.deciding.test_decision:\d+\)$"
    assert failed.match(said)
    assert (failed.value.code, failed.value.rule) == ("ValueError", "raising")


def test_a_state_that_would_not_come_back_is_not_written() -> None:
    """A model's copy checks nothing."""
    with pytest.raises(FlowFailed, match="flow counting, state of a DayClosed: PydanticSerializationError"):
        decided(flow(evolve=lambda *_: {"a": Count().model_copy(update={"times": "19121212-1212"})}))


def test_a_rule_is_named_rather_than_what_it_called() -> None:
    """The innermost function of the flow's own is where somebody will look."""
    made = next(one for one in registry.flows() if DayClosed in one.facts)
    steps = deciding(made, reading(made, MESSAGE.data), MESSAGE, TERMS)
    with pytest.raises(FlowFailed, match=rf"AttributeError in \w+ \(streams\.{made.name}\.\w+:\d+\)$"):
        steps.send({key: Count() for key in next(steps)})
