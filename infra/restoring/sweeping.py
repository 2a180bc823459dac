"""After a restore each company is looked at before its first write: its people read, its books and invoices compared.

What its books hold of us and nobody here knows, or lack of what stands on record, is for a person to say. Where all
agrees the company is opened by itself; what may have been sent is looked for then, order by order.
"""

import asyncio
from collections.abc import Collection
from datetime import date
from typing import Any, Final

from pydantic_core import to_json

from infra import clock, installation, registry, store, telemetry, tenants
from infra.commanding import Failed, NoSuchYear
from infra.delivery.following import Following, connected
from infra.leases import Lease
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.proving import records
from infra.proving.comparing import compare
from schemas.proofs import BooksProved, DifferenceKind

_log = telemetry.log(__name__)

_UNCLEAR: Final[frozenset[DifferenceKind]] = frozenset({"not_on_record", "posted_twice", "deleted", "number_reused"})
"""Differences that a restore can make: the others are somebody's doing in the books."""
_LOOK: Final = 1.0
_PATIENCE: Final = 5.0
_NOT_ARRIVED: Final = 0.5
_MOST: Final = 20
_CLOSED: Final = text(
    """select tenant from fenced where state = 'closed' and not exists (select from installation where not writing)"""
)
_ON_THE_WAY: Final = text(
    """select exists (select from outbox where tenant = :tenant and topic = any(cast(:topics as text[])))"""
)
_FOUND: Final = text("select found from fenced where tenant = :tenant")
_SAY: Final = text(
    """update fenced set state = cast(:state as text), found = found || cast(:found as jsonb),
           opened_at = case when cast(:state as text) = 'open' then clock_timestamp() end,
           opened_by = case when cast(:state as text) = 'open' then 'all agrees' else '' end
       where tenant = :tenant and state = 'closed'"""
)
_OPEN: Final = text(
    """update fenced set state = 'open', opened_at = clock_timestamp(), opened_by = :by
       where tenant = :tenant and opened_at is null returning tenant"""
)
_LISTED: Final = text("select tenant, state, found, closed_at, opened_at, opened_by from fenced order by tenant")
_LATEST_OPEN: Final = text(
    """select max((body -> 'data' ->> 'voucher_date')::date) from journal
       where tenant = :tenant and state in ('queued', 'sending', 'unknown')"""
)


async def run(host: Host, stop: asyncio.Event) -> None:
    """Look at each company that is closed, once it is connected, until asked to stop."""

    async def due() -> list[str]:
        closed = set(await store.scalars(host.engine, _CLOSED))
        return [tenant for tenant in await connected(host, registry.ledger()) if tenant in closed] if closed else []

    async def turn(tenant: str, lease: Lease) -> float | None:
        return await _look_at(host, tenant, lease)

    await Following("fence", due, turn, look=_LOOK, patience=_PATIENCE).run(host, stop)


async def _look_at(host: Host, tenant: str, lease: Lease) -> float | None:
    topics = sorted({order.TOPIC for sink in registry.sinks() for order in sink.orders})
    async with host.engine.connect() as connection:
        if await connection.scalar(_ON_THE_WAY, {"tenant": tenant, "topics": topics}):
            return _NOT_ARRIVED  # what was decided again is not in the journal yet: its vouchers would be strangers
        found: dict[str, Any] = await connection.scalar(_FOUND, {"tenant": tenant}) or {}
    people = await _read_people(host, tenant)
    why, proved = await _compare(host, tenant, lease, frozenset(found.get("known", ())))
    why += (await _strangers(host, tenant))[:_MOST]
    if found.get("removed"):
        why.append("it was removed after the backup: remove it again (bokbuss tenant remove)")
    if number := found.get("forked"):
        why.append(
            f"audit.v1 has {number} records of another chain: somebody wrote to this trail before it was noticed"
        )
    state = "held" if why else "open"
    said = {
        "people": people,
        "vouchers": sum(each.vouchers for each in proved),
        "unclear": why,
        "on_their_way": sorted({name for each in proved for name in each.on_their_way})[:_MOST],
    }
    await store.write(host.engine, _SAY, {"tenant": tenant, "state": state, "found": to_json(said).decode()})
    tell = _log.error if why else _log.warning
    tell("company after a restore", tenant=tenant, state=state, unclear=len(why), vouchers=said["vouchers"])
    return None


async def _read_people(host: Host, tenant: str) -> int:
    """Read in full what the company's flows compare, the ledger's side first: who is there is not created again."""
    settings, _ = await tenants.settings_in_force(host.engine, tenant)
    names = {name for flow in registry.flows() for name in flow.about(settings)}
    read = 0
    for name in sorted(names, key=lambda each: each != registry.ledger()):
        system = registry.systems().get(name)
        if system is not None and system.refresh is not None:
            read += (await system.refresh(host, tenant, lambda _count: None)).records
    return read


async def _strangers(host: Host, tenant: str) -> tuple[str, ...]:
    """Return what else the ledger's system holds of us since the backup, and nobody here knows."""
    async with host.engine.connect() as connection:
        known = await installation.read(connection)
    system = registry.systems()[registry.ledger()]
    if system.strangers is None or known is None or known.since is None:
        return ()
    return await system.strangers(host, tenant, known.since)


async def _compare(
    host: Host, tenant: str, lease: Lease, known: Collection[str]
) -> tuple[list[str], list[BooksProved]]:
    """Compare the years that may have been written to; return what is for a person to say, and all proofs.

    Args:
        known: the differences that a proof before the backup has named. Each comparison is kept as the last proof: what
            one look that broke off has found, or whoever proved the books meanwhile, is none of them.
    """
    proved: list[BooksProved] = []
    unread: list[str] = []
    for day in await _days(host.engine, tenant):
        if any(each.year_from <= day <= each.year_to for each in proved):
            continue
        lease.check()
        try:
            proved.append(await compare(host, tenant, day, asked_by="a restore"))
        except NoSuchYear as error:  # nothing can have been written to it
            _log.warning("year not compared", tenant=tenant, day=str(day), why=str(error))
        except Failed as error:
            unread.append(f"not compared: {error}")
    new = [each for proof in proved for each in proof.differences if each.kind in _UNCLEAR and each.id not in known]
    return [*dict.fromkeys(unread), *(f"{each.kind}: {each.message}" for each in new[:_MOST])], proved


async def _days(engine: Engine, tenant: str) -> list[date]:
    """Return a day of each financial year that may have been written to since the backup."""
    latest_open = await store.scalar(engine, _LATEST_OPEN, {"tenant": tenant})
    today = clock.today()
    last = await records.latest(engine, tenant, date.max)
    days = {today, today.replace(year=today.year - 1, day=min(today.day, 28)), last, latest_open}
    return sorted((day for day in days if day is not None), reverse=True)


# --- What people see and say ------------------------------------------------------------------------------------------


async def listed(engine: Engine) -> list[Any]:
    """Return every company of a database that was restored, and how it stands."""
    return list(await store.rows(engine, _LISTED))


async def open_company(engine: Engine, tenant: str, by: str) -> bool:
    """Let a company's orders go out again, by a person's word; False when it is not closed."""
    return await store.scalar(engine, _OPEN, {"tenant": tenant, "by": by[:200]}) is not None
