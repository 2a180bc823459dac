"""One message over one flow, step by step. Pure: the host runs this very code, and so do the companies in the tests.

Whatever a flow's own functions raise, or break of what was agreed with the host, becomes a ``FlowFailed`` that says
where and never with which values: those are a company's, and may be a person's.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from infra.failing import FlowFailed, raised_in
from infra.plugin import Flow, States, Terms
from schemas.base import Message
from schemas.commands import Order
from schemas.envelope import Envelope


@dataclass(frozen=True, slots=True)
class NewState:
    """A key's new state: as the next message finds it, and why it waits, if it does."""

    state: BaseModel
    waiting: str | None
    _made: "_of" = field(repr=False, compare=False)

    def written(self) -> str:
        """Return the JSON that is written. It is made when it is written: a batch may change a key many times.

        Raises:
            FlowFailed: the flow has made a state that does not fit its model.
        """
        with self._made:
            return self.state.model_dump_json(warnings="error")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a flow makes of a message: its orders in sequence, and the new state of each key that changed."""

    orders: tuple[Order, ...]
    kept: Mapping[str, NewState]


def reading(flow: Flow, data: Message) -> tuple[str, ...]:
    """Return the keys that a message names; none when the flow has nothing to do with it.

    Raises:
        FlowFailed: the flow's ``reads`` raised.
    """
    with _of(flow, "reads", data):
        return tuple(dict.fromkeys(flow.reads(data)))


def deciding(
    flow: Flow, keys: tuple[str, ...], message: Envelope[Any], terms: Terms
) -> Generator[tuple[str, ...] | Decision, States]:
    """Decide a message over a flow: yield the keys whose states are needed, be sent them, and yield what comes of it.

    The first keys are those that the message names; further ones are asked for as long as ``follow`` names more.

    Raises:
        FlowFailed: a function of the flow raised, or the flow writes a key that it has not read.
    """
    states: dict[str, Any] = {}
    while keys:
        states |= yield keys
        with _of(flow, "follow", message.data):
            keys = tuple(key for key in dict.fromkeys(flow.follow(states, message)) if key not in states)
    with _of(flow, "decide", message.data):
        orders = tuple(flow.decide(states, message, terms))
    with _of(flow, "evolve", message.data):
        changed = dict(flow.evolve(states, message, orders))
    for key in changed:
        if key not in states:
            said = f"flow {flow.name} writes {key} for a {type(message.data).__name__} and has not read it:"
            raise FlowFailed(f"{said} neither reads nor follow names that key", "NotRead", "evolve")
    kept: dict[str, NewState] = {}
    for key, state in changed.items():
        with _of(flow, "waiting", message.data):
            kept[key] = NewState(state, flow.waiting(state), _of(flow, "state", message.data))
    yield Decision(orders, kept)


class _of:  # noqa: N801 - it reads as a part of the sentence; made by a generator it would take a twentieth of all
    """Turn what a function of a flow raises into words that hold no values."""

    __slots__ = ("_data", "_flow", "_step")

    def __init__(self, flow: Flow, step: str, data: Message) -> None:
        self._flow, self._step, self._data = flow, step, data

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if not isinstance(error, Exception):
            return
        code, (rule, where) = type(error).__name__, raised_in(error, beside=__name__)
        said = f"flow {self._flow.name}, {self._step} of a {type(self._data).__name__}: {code} in {rule} ({where})"
        raise FlowFailed(said, code, rule) from error
