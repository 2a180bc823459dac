"""What a company's systems sign their deliveries with: made, replaced while the old one is still good, and ended.

A till or an HR system signs with the old secret until somebody has typed the new one there. So one that is replaced is
good for a while beside it, as Standard Webhooks foresees; unless it has leaked: then it ends at once.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from infra import clock, store, tenants
from infra.access.vault import Vault, signing_secret
from infra.postgres import DatabaseConnection, Engine, text

HOURS: Final = 24
"""That a secret stays good once it is replaced, unless somebody says another time: a till is seen to within a day."""
MOST_HOURS: Final = 720
"""Thirty days. Whoever needs more does not replace it."""
AT_ONCE: Final = timedelta(0)
_USES_APART: Final = timedelta(minutes=1)
"""A use is written down when the last one is older: a busy till must not write a row with each delivery."""

_HAS: Final = text("select system from signing_secrets where tenant = :tenant")
_KEEP: Final = text(
    """insert into signing_secrets (tenant, system, secret) values (:tenant, :system, :secret)
       on conflict (tenant, system) do update set secret = excluded.secret"""
)
# Whoever replaces or ends it at the same time waits here, and then finds what was made meanwhile.
_LOCK: Final = text("select 1 from signing_secrets where tenant = :tenant and system = :system for update")
_REPLACE: Final = text(
    """insert into replaced_secrets (tenant, system, secret, replaced_at, until)
       select tenant, system, secret, :now, :until from signing_secrets where tenant = :tenant and system = :system"""
)
_END: Final = text(
    """with gone as (
           delete from replaced_secrets where tenant = :tenant and system = :system returning until)
       select count(*) from gone where until > :now"""
)
_GOOD: Final = text(
    """select cast(null as bigint) as number, secret from signing_secrets where tenant = :tenant and system = :system
       union all
       select number, secret from replaced_secrets where tenant = :tenant and system = :system and until > :now
       order by number desc nulls first"""
)
_USED: Final = text(
    """update replaced_secrets set used_at = :now
       where number = :number and (used_at is null or used_at < :before)"""
)
_REPLACED: Final = text(
    """select system, replaced_at, until, used_at from replaced_secrets
       where tenant = :tenant and until > :now order by system, number"""
)


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A secret that is good; ``number``: of one that is replaced."""

    secret: str = field(repr=False)
    number: int | None


@dataclass(frozen=True, slots=True)
class ReplacedSecret:
    """A secret that is replaced and still good, without itself; ``used_at``: when last since then, to the minute."""

    system: str
    replaced_at: datetime
    until: datetime
    used_at: datetime | None


async def systems(connection: DatabaseConnection, tenant: str) -> frozenset[str]:
    """Return the systems that a company has a secret for."""
    return frozenset(await connection.scalars(_HAS, {"tenant": tenant}))


async def good(engine: Engine, vault: Vault, tenant: str, system: str) -> list[SigningSecret]:
    """Return every secret that a company's deliveries of a system may be signed with, the newest first.

    Raises:
        UnknownTenant: no such company.
    """
    values = {"tenant": tenant, "system": system, "now": clock.now()}
    async with store.alone(engine) as connection:
        await tenants.incarnation(connection, tenant)
        rows = (await connection.execute(_GOOD, values)).all()
    return [SigningSecret(vault.unlock(row.secret, context=f"{tenant}/{system}"), row.number) for row in rows]


async def used(engine: Engine, secret: SigningSecret) -> None:
    """Write down that something was signed with a secret, if it is a replaced one."""
    if secret.number is not None:
        now = clock.now()
        await store.write(engine, _USED, {"number": secret.number, "now": now, "before": now - _USES_APART})


async def replaced(engine: Engine, tenant: str) -> list[ReplacedSecret]:
    """Return a company's secrets that are replaced and still good."""
    rows = await store.rows(engine, _REPLACED, {"tenant": tenant, "now": clock.now()})
    return [ReplacedSecret(*row) for row in rows]


async def make(
    connection: DatabaseConnection, vault: Vault, tenant: str, system: str, *, overlap: timedelta = AT_ONCE
) -> str:
    """Make a company's secret for a system, and return it.

    Args:
        overlap: for how long the one that there is stays good beside it; AT_ONCE: that one ends, with those before it.
    """
    place, made, now = {"tenant": tenant, "system": system}, signing_secret(), clock.now()
    await connection.execute(_LOCK, place)
    if overlap > AT_ONCE:
        await connection.execute(_REPLACE, place | {"now": now, "until": now + overlap})
    else:
        await connection.execute(_END, place | {"now": now})
    await connection.execute(_KEEP, place | {"secret": vault.lock(made, context=f"{tenant}/{system}")})
    return made


async def end_replaced(connection: DatabaseConnection, tenant: str, system: str) -> int:
    """End the secrets that are replaced and still good; return how many there were. The newest goes on."""
    place = {"tenant": tenant, "system": system}
    await connection.execute(_LOCK, place)
    return int(await connection.scalar(_END, place | {"now": clock.now()}) or 0)
