"""Walks along every company's trail in the database, a few records at a time."""

from contextlib import aclosing

from connectors.desk.proof import TrailFinding, Walk, wrong_end
from infra import store, trail
from infra.postgres import DatabaseConnection, Engine
from infra.rows import Head
from infra.showing import overview


async def verify(engine: Engine, tenant: str | None = None) -> list[TrailFinding]:
    """Return what the walk found for each company, or for one; all of it as of one moment."""
    async with store.snapshot(engine) as connection:
        return [await _verify(connection, head) for head in await trail.heads(connection, tenant)]


async def _verify(connection: DatabaseConnection, head: Head) -> TrailFinding:
    walk = Walk()
    async with aclosing(trail.chain(connection, head.tenant)) as chain:
        async for stored in chain:
            if problem := walk.step(stored):
                return TrailFinding(head.tenant, walk.sequence, 0, problem)
    orders, wrong = await overview.orders_ended(connection, head.tenant)
    restored = await trail.since_a_restore(connection, head.tenant)
    problem = walk.end(head) or (wrong_end(*wrong) if wrong else None)
    return TrailFinding(head.tenant, walk.sequence, orders, problem, *restored)
