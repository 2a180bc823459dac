"""What a flow remembers of a company, looked at: who is known, by which name, and how a key stands. It only reads."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.plugin import Flow, Known

_PAGE = 500
_EVERY = text("select key, state::text from flow_state where flow = :flow and tenant = :tenant")
_THESE = text("select key, state::text from flow_state where flow = :flow and tenant = :tenant and key = any(:keys)")


async def everybody(engine: AsyncEngine, flow: Flow, tenant: str) -> dict[str, Known]:
    """Return everybody that a flow knows, by their keys."""
    found: dict[str, Known] = {}
    async with engine.connect() as connection:
        stream = await connection.stream(_EVERY, {"flow": flow.name, "tenant": tenant})
        async for page in stream.partitions(_PAGE):
            for key, state in page:
                if flow.in_plan(key) and (who := flow.known(flow.state.model_validate_json(state))) is not None:
                    found[key] = who
    return found


async def names(engine: AsyncEngine, flows: Iterable[Flow], tenant: str, keys: Iterable[str]) -> dict[str, str]:
    """Return what people call these keys, as far as flows know. Names are for whoever asks, and for no log."""
    wanted = list(keys)
    found: dict[str, str] = {}
    for flow in flows:
        for key, state in (await _states(engine, flow, tenant, wanted)).items():
            if (who := flow.known(state)) is not None and who.name:
                found[key] = who.name
    return found


async def standing(engine: AsyncEngine, flows: Iterable[Flow], tenant: str, key: str) -> tuple[str, ...]:
    """Return how a key stands, as the flows say that remember it."""
    told: tuple[str, ...] = ()
    for flow in flows:
        states = dict(await _states(engine, flow, tenant, [key]))
        if key in states:
            states |= await _states(engine, flow, tenant, flow.akin(states[key]))
            told += flow.stands(key, states)
    return told


async def _states(engine: AsyncEngine, flow: Flow, tenant: str, keys: Iterable[str]) -> Mapping[str, Any]:
    values = {"flow": flow.name, "tenant": tenant, "keys": list(keys)}
    async with engine.connect() as connection:
        rows = await connection.execute(_THESE, values)
        return {key: flow.state.model_validate_json(state) for key, state in rows}
