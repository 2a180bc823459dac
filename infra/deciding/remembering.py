"""What a flow remembers of a company, looked at: who is known, by which name, and how a key stands. It only reads."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from infra import store
from infra.access import people
from infra.deciding.terms import KnownTerms
from infra.plugin import Asking, Autopsy, Flow, Known, ResultT
from infra.postgres import DatabaseConnection, Engine, text
from schemas.commands import HoldForReview
from schemas.words import Text

_PAGE = 500
_EVERY = text("select key, state::text from flow_state where flow = :flow and tenant = :tenant")
_THESE = text("select key, state::text from flow_state where flow = :flow and tenant = :tenant and key = any(:keys)")
_COUNT = text("select count(*) from flow_state where flow = :flow and tenant = :tenant")


async def everybody(engine: Engine, flow: Flow, tenant: str) -> dict[str, Known]:
    """Return everybody that a flow knows, by their keys."""
    found: dict[str, Known] = {}
    if flow.known is None:
        return found
    async for page in pages(engine, flow, tenant, flow.in_plan):
        for key, state in page.items():
            if (who := flow.known(state)) is not None:
                found[key] = who
    return found


async def pages(
    engine: Engine, flow: Flow, tenant: str, wanted: Callable[[str], bool] = lambda _key: True
) -> AsyncIterator[Mapping[str, Any]]:
    """Yield the state of each key that a flow remembers, some hundred keys at a time."""
    async with engine.connect() as connection:
        async for page in connection.pages(_EVERY, {"flow": flow.name, "tenant": tenant}, _PAGE):
            rows = [(key, state) for key, state in page if wanted(key)]
            read = await people.models(connection, flow.state, [state for _, state in rows])
            yield {key: state for (key, _), state in zip(rows, read, strict=True)}


async def of_days(
    engine: Engine, flow: Flow, tenant: str, days: tuple[date, date], progress: Callable[[int], None]
) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
    """Yield each key whose content belongs to one of these days, with its state and those looked at, too (``akin``).

    A key that was never told of has an empty state.

    Args:
        days: the first and the last.
        progress: is called with the number of keys that were looked at since the last time.
    """
    first, last = days
    async for page in pages(engine, flow, tenant):
        wanted = [key for key, state in page.items() if (day := flow.day(state)) and first <= day <= last]
        known, asked = dict(page), wanted
        while akin := {kin for key in asked if key in known for kin in flow.akin(known[key])} - known.keys():
            found = await states(engine, flow, tenant, akin)
            known |= {kin: found.get(kin) or flow.state() for kin in akin}
            asked = [*akin]
        for key in wanted:
            yield key, known
        progress(len(page))


async def names(engine: Engine, flows: Iterable[Flow], tenant: str, keys: Iterable[str]) -> dict[str, str]:
    """Return what people call these keys, as far as flows know. Names are for whoever asks, and for no log."""
    wanted = list(keys)
    found: dict[str, str] = {}
    for flow in flows:
        if flow.known is None:
            continue
        for key, state in (await states(engine, flow, tenant, wanted)).items():
            if (who := flow.known(state)) is not None and who.name:
                found[key] = who.name
    return found


async def standing(engine: Engine, flows: Iterable[Flow], tenant: str, key: str) -> tuple[Text, ...]:
    """Return how a key stands, as the flows say that remember it."""
    told: tuple[Text, ...] = ()
    for flow in flows:
        known = dict(await states(engine, flow, tenant, [key]))
        if key in known:
            known |= await states(engine, flow, tenant, flow.akin(known[key]))
            told += flow.stands(key, known)
    return told


async def answer(engine: Engine, flow: Flow, tenant: str, asking: Asking[ResultT]) -> ResultT:
    """Return what a flow answers, reading the states that it asks for; a key never told of has an empty one."""
    known: Mapping[str, Any] | None = None
    while True:
        try:
            keys = next(asking) if known is None else asking.send(known)
        except StopIteration as end:
            answered: ResultT = end.value
            return answered
        found = await states(engine, flow, tenant, keys)
        known = {key: found.get(key) or flow.state() for key in keys}


async def autopsy(engine: Engine, flows: Iterable[Flow], tenant: str, hold: HoldForReview) -> Autopsy:
    """Return what flows can say of something that is held, under the settings in force."""
    async with engine.connect() as connection:
        terms = (await KnownTerms().of(connection, [tenant]))[tenant]
    found = [
        await answer(engine, flow, tenant, flow.autopsy(hold, terms)) for flow in flows if flow.autopsy is not None
    ]
    before = tuple(day for each in found for day in each.before)
    return Autopsy(before, tuple(remedy for each in found for remedy in each.remedies))


async def count(engine: Engine, flow: Flow, tenant: str) -> int:
    """Return how many keys a flow remembers."""
    return await store.scalar(engine, _COUNT, {"flow": flow.name, "tenant": tenant}) or 0


async def states(engine: Engine, flow: Flow, tenant: str, keys: Iterable[str]) -> Mapping[str, Any]:
    """Return the states of these keys; a key that was never told of has none."""
    if not (wanted := list(keys)):
        return {}
    async with engine.connect() as connection:
        return await states_in(connection, flow, tenant, wanted)


async def states_in(connection: DatabaseConnection, flow: Flow, tenant: str, keys: Sequence[str]) -> Mapping[str, Any]:
    """Return what ``states`` returns, as this transaction sees it."""
    rows = (await connection.execute(_THESE, {"flow": flow.name, "tenant": tenant, "keys": keys})).all()
    read = await people.models(connection, flow.state, [state for _, state in rows])
    return {key: state for (key, _), state in zip(rows, read, strict=True)}
