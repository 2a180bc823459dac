"""Flows that break where a test wants it, also in a process of its own."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra import registry, store, telemetry
from infra.deciding.decider import Decider
from infra.deciding.flows import FlowRole
from infra.kafka import cluster
from infra.kafka.meeting import Lives
from infra.plugin import Flow
from infra.settings import KafkaSettings
from schemas.commands import HoldForReview, Order
from schemas.topics import LARGEST
from tests.infra.facts import day

DAY_SALES = next(flow for flow in registry.flows() if flow.name == "daysales")
SECRET = "19121212-1212"


class BugError(Exception):
    """A rule that cannot go on."""


def fake_flow(how: str, z_number: int = 2) -> Flow:
    """Return the flow of day sales, which breaks for one number: a function raises, or gives what nobody can keep."""
    key = day(z_number).key

    def changed(**update: Any) -> Callable[[Any], Any]:
        def change(found: Any) -> Any:
            if isinstance(found, tuple):
                return tuple(order.model_copy(update=update) for order in found)
            return {key: state.model_copy(update=update) for key, state in found.items()}

        return change

    ways = {
        "an order that is too large": ("decide", changed(description="x" * LARGEST)),
        "an order that is too large once it is sealed": ("decide", _personal),
        "an order that is none": ("decide", changed(series=object())),
        "a state that is none": ("evolve", changed(holds="two")),
        "a state that the database refuses": ("evolve", changed(answers=("\0",))),
    }
    if how == "reads":
        return replace(
            DAY_SALES, reads=lambda data: _raise() if getattr(data, "key", "") == key else DAY_SALES.reads(data)
        )
    if how == "waiting":
        return replace(DAY_SALES, waiting=lambda state: _raise() if state.day and state.day.key == key else None)
    return _changed(key, *ways.get(how, (how, _raise)))


BREAKS = (
    *("reads", "follow", "decide", "evolve", "waiting"),
    *("an order that is too large", "an order that is too large once it is sealed", "an order that is none"),
    *("a state that is none", "a state that the database refuses"),
)
"""The ways in which a flow can break."""


def _personal(orders: Any) -> Any:
    """Return orders that are holds with somebody's values: sealed they are a third larger, and no message then."""
    hold = {"reason": "large", "message": "It is large.", "lines": ("x" * (LARGEST * 4 // 5),), "personal": True}
    return tuple(HoldForReview(**{n: getattr(o, n) for n in Order.model_fields}, **hold) for o in orders)


def _raise(*_: object) -> Any:
    raise BugError(SECRET)


def _changed(key: str, step: str, change: Callable[[Any], Any]) -> Flow:
    whole: Callable[..., Any] = getattr(DAY_SALES, step)

    def function(states: Mapping[str, Any], *rest: Any) -> Any:
        found = whole(states, *rest)
        return change(found) if key in states else found

    return replace(DAY_SALES, **{step: function})  # type: ignore[arg-type] # as it was, but for one report


async def main(kafka: str, database: str, folder: str) -> None:
    """Run a flows role whose rule breaks for one report, until it is killed."""
    telemetry.configure("ERROR")
    engine, producer = store.engine(database, 4), await cluster.producer(KafkaSettings(bootstrap=kafka))
    flow = fake_flow("decide")
    settings = KafkaSettings(bootstrap=kafka, session_timeout=6.0)
    role = FlowRole(
        kafka=settings,
        decider=Decider(engine, producer, (flow,), "broken"),
        lives=Lives(engine, producer, settings),
        flows=(flow,),
        data=Path(folder),
    )
    await role.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
