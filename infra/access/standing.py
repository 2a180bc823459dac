"""How a company's connections stand: granted by whom, good for how long, last used when, and what was written where."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from infra import clock, store
from infra.access.connections import Connection, Connections, days_left, health
from infra.plugin import Host
from infra.postgres import text

Light = Literal["green", "yellow", "red"]

_YELLOW: Final = frozenset({"expiring", "paused"})
_LAST_CALL = text(
    """select greatest(
           (select max(finished_at) from journal where tenant = :tenant and sink = :system and state = 'delivered'),
           (select max(whole_at) from readings where tenant = :tenant and system = :system),
           (select max(read_at) from reference_data where tenant = :tenant and system = :system))"""
)
_DELIVERED = text(
    """select system, max(at) from (
           select system, accepted_at as at from deliveries where tenant = :tenant
           union all select system, whole_at from readings where tenant = :tenant) as told
       where at is not null group by 1 order by 1"""
)
# A record 'connected' says which company at the system was written to from then on; older ones do not say it.
_SPANS = """with spans as (
    select (body ->> 'at')::timestamptz as since, coalesce(body ->> 'record', '') as company,
           lead((body ->> 'at')::timestamptz) over (order by sequence) as upto
    from audit where tenant = :tenant and key = :key and body ->> 'outcome' = 'connected')"""
_WRITTEN = text(
    f"""{_SPANS}
       select coalesce(s.company, '') as company, count(*), min(j.finished_at), max(j.finished_at)
       from journal j left join spans s on j.finished_at >= s.since and (s.upto is null or j.finished_at < s.upto)
       where j.tenant = :tenant and j.sink = :system and j.state = 'delivered' group by 1 order by 3"""  # noqa: S608 - no values in it
)
_EACH = text(
    f"""{_SPANS}
       select j.finished_at, j.key, j.order_id::text, coalesce(j.outcome, '{{}}')
       from journal j left join spans s on j.finished_at >= s.since and (s.upto is null or j.finished_at < s.upto)
       where j.tenant = :tenant and j.sink = :system and j.state = 'delivered' and coalesce(s.company, '') = :company
       order by j.seq"""  # noqa: S608 - no values in it
)


@dataclass(frozen=True, slots=True)
class WrittenOrders:
    """What was written at one company of a system: by its id there, "" where that is not on record."""

    company: str
    orders: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How one connection stands."""

    held: Connection
    health: str
    light: Light
    days_left: float | None
    last_call: datetime | None
    written: tuple[WrittenOrders, ...]


@dataclass(frozen=True, slots=True)
class Carried:
    """An order that was carried out: when, of what, and what it became, as JSON."""

    at: datetime
    key: str
    order_id: str
    outcome: Mapping[str, Any]


def at_a_glance(held: Connection) -> dict[str, Any]:
    """Return how a connection is now, and for how many days."""
    now = clock.now().timestamp()
    left = days_left(held, now)
    days = None if left is None else round(left, 1)
    return {"health": health(held, now), "reason": held.reason, "days_left": days, "scopes": held.scopes}


def light_of(how: str) -> Light:
    """Return the light of a connection's health: green, yellow (somebody must act before long) or red."""
    return "green" if how == "connected" else "yellow" if how in _YELLOW else "red"


def in_words(glance: Mapping[str, Any]) -> str:
    """Return in a few words what ``at_a_glance`` saw."""
    left = glance["days_left"]
    return glance["health"] if left is None else f"{glance['health']}, {left:.0f} days left"


async def standings(host: Host, tenant: str) -> tuple[Standing, ...]:
    """Return how each of a company's connections stands."""
    connections = Connections(host.engine, host.vault)
    return tuple([await _standing(host, held) for held in await connections.all() if held.tenant == tenant])


async def _standing(host: Host, held: Connection) -> Standing:
    place = {"tenant": held.tenant, "system": held.system}
    glance = at_a_glance(held)
    async with store.alone(host.engine) as connection:
        last = await connection.scalar(_LAST_CALL, place)
        rows = await connection.execute(_WRITTEN, {**place, "key": f"{held.system}/connection"})
        written = tuple(WrittenOrders(*row) for row in rows)
    how = glance["health"]
    return Standing(held, how, light_of(how), glance["days_left"], last, written)


async def deliveries(host: Host, tenant: str) -> dict[str, datetime]:
    """Return when each source of a company last told anything."""
    return {system: at for system, at in await store.rows(host.engine, _DELIVERED, {"tenant": tenant})}  # noqa: C416 - rows are no pairs to mypy


async def carried(host: Host, tenant: str, system: str, company: str) -> tuple[Carried, ...]:
    """Return every order of a company that was carried out at one company of a system, in its order."""
    values = {"tenant": tenant, "system": system, "key": f"{system}/connection", "company": company}
    return tuple(Carried(*row) for row in await store.rows(host.engine, _EACH, values))
