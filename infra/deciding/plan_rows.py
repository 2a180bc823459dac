"""A row of a plan as the fact that applies it, and what it would do: decided as it will be then, and not kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from infra.deciding import remembering
from infra.deciding.decision import Decision, deciding, reading
from infra.plugin import Flow, Terms
from infra.postgres import DatabaseConnection
from schemas import envelope as envelopes
from schemas.events import Fact
from schemas.plans import Plan


def fact(flow: Flow, plan: Plan, row: Any, *, by: str, at: datetime) -> Fact:
    """Return the fact that somebody applies a row."""
    if flow.applied is None:
        raise TypeError(f"the flow {flow.name} does not say how a row of its plans is applied")
    return flow.applied(plan, row, by, at)


async def effects(
    connection: DatabaseConnection, flow: Flow, plan: Plan, rows: Sequence[Any], terms: Terms
) -> tuple[Any, ...]:
    """Return rows with what each of them does when it is applied."""
    states: dict[str, Any] = {}
    decided: dict[int, Decision] = {}
    facts = {row.row: fact(flow, plan, row, by="nobody yet", at=plan.made_at) for row in rows}
    steps = {
        number: deciding(
            flow,
            reading(flow, data),
            envelopes.wrap(data, message_id="preview", source="/infra", time=plan.made_at, tenant=plan.tenant),
            terms,
        )
        for number, data in facts.items()
    }
    said = {number: next(step) for number, step in steps.items()}
    while asked := {number: keys for number, keys in said.items() if not isinstance(keys, Decision)}:
        missing = sorted({key for keys in asked.values() for key in keys} - states.keys())
        found = await remembering.states_in(connection, flow, plan.tenant, missing)
        states |= {key: found.get(key) or flow.state() for key in missing}
        said = {number: steps[number].send({key: states[key] for key in keys}) for number, keys in asked.items()}
        decided |= {number: end for number, end in said.items() if isinstance(end, Decision)}
    return tuple(shown(flow, row, decided[row.row], states) for row in rows)


def shown(flow: Flow, row: Any, decision: Decision, states: Mapping[str, Any]) -> Any:
    """Return a row with what its decision does."""
    kept = decision.kept.get(row.key)
    return flow.effect(row, decision.orders, kept.state if kept else states[row.key])
