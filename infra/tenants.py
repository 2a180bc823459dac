"""Which companies there are, and what each has chosen: an unknown name is an error that names the nearest."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import lru_cache

from pydantic import ValidationError

from infra import store, telemetry
from infra.plugin import Company
from infra.postgres import DatabaseConnection, Engine, text
from schemas.base import is_tenant_id
from schemas.settings import TenantSettings

_log = telemetry.log(__name__)

UNKNOWN_TENANT = "unknown"
"""The tenant of records of which it cannot be said whose they are."""


class UnknownTenant(LookupError):
    """No such company; the message names the one that is written most like it."""


@dataclass(frozen=True, slots=True)
class Tenant(Company):
    """A company, and its settings in force; version 0: it has none."""

    settings: TenantSettings
    version: int


@dataclass(frozen=True, slots=True)
class SettingsVersion:
    """A version of a company's settings that took effect, and whose it was."""

    version: int
    settings: TenantSettings
    applied_by: str
    applied_at: datetime


_NAMES = text("select tenant from tenants")
_INCARNATION = text("select incarnation from tenants where tenant = :tenant")
_TENANTS = text(
    """select t.tenant, t.organisation_number, t.database_number, s.body::text, coalesce(s.version, 0)
       from tenants t left join settings s using (tenant)
       where cast(:tenant as text) is null or tenant = :tenant order by tenant"""
)
_SETTINGS = text("select version, body::text from settings where tenant = :tenant")
_GIVEN_OUT = text("select settings_version from tenants where tenant = :tenant")
_VERSIONS = text(
    """select version, body::text, applied_by, applied_at from settings_history
       where tenant = :tenant and (cast(:before as int) is null or version < :before)
       order by version desc limit :limit"""
)
_ADOPT = text("update tenants set organisation_number = :number where tenant = :tenant and organisation_number is null")
_ON_RECORD = text("select tenant from audit_heads union select tenant from parked")


async def must_be_known(engine: Engine, tenant: str, *, reads: bool = False) -> None:
    """Raise UnknownTenant unless there is such a company; ``reads``: or something is on record of one."""
    async with store.alone(engine) as connection:
        names = set(await connection.scalars(_NAMES))
        if tenant not in names and reads:
            names |= {UNKNOWN_TENANT, *await connection.scalars(_ON_RECORD)}
    if tenant not in names:
        raise UnknownTenant(unknown(tenant, names))


async def incarnation(connection: DatabaseConnection, tenant: str) -> int:
    """Return which company of its name it is. Raises UnknownTenant, which names no other one: a stranger may ask."""
    found = await connection.scalar(_INCARNATION, {"tenant": tenant}) if is_tenant_id(tenant) else None
    if found is None:
        raise UnknownTenant(unknown(tenant))
    return int(found)


async def names(engine: Engine) -> frozenset[str]:
    """Return what every company is called."""
    return frozenset(await store.scalars(engine, _NAMES))


async def everyone(engine: Engine) -> tuple[Tenant, ...]:
    """Return every company, but those whose settings a newer version wrote: they wait for it, and keep nobody else."""
    found = []
    for row in await store.rows(engine, _TENANTS, {"tenant": None}):
        try:
            found.append(_tenant(*row))
        except ValidationError:
            _log.warning("settings cannot be read by this version", tenant=row.tenant)
    return tuple(found)


async def find(engine: Engine, tenant: str) -> Tenant | None:
    """Return a company; None when there is none of this name."""
    row = await store.row(engine, _TENANTS, {"tenant": tenant})
    return _tenant(*row) if row is not None else None


async def known(engine: Engine, tenant: str) -> Tenant:
    """Return a company. Raises UnknownTenant."""
    if (found := await find(engine, tenant)) is None:
        raise UnknownTenant(unknown(tenant))
    return found


async def settings_of(connection: DatabaseConnection, tenant: str) -> tuple[TenantSettings, int]:
    """Return the settings that decisions are made with, and their version; 0, and empty ones, where there are none."""
    found = (await connection.execute(_SETTINGS, {"tenant": tenant})).one_or_none()
    return (_settings(found.body), found.version) if found else (TenantSettings(), 0)


async def settings_in_force(engine: Engine, tenant: str) -> tuple[TenantSettings, int]:
    """Return what ``settings_of`` returns now."""
    async with store.alone(engine) as connection:
        return await settings_of(connection, tenant)


async def given_out(engine: Engine, tenant: str) -> int:
    """Return the version of a company's settings that was given out last: in force, on its way there, or lost."""
    return await store.scalar(engine, _GIVEN_OUT, {"tenant": tenant}) or 0


async def is_in_force(engine: Engine, tenant: str, version: int) -> bool:
    """Tell whether decisions are made with this version of a company's settings, or a newer one."""
    return (await settings_in_force(engine, tenant))[1] >= version


async def versions(engine: Engine, tenant: str, *, before: int | None = None, limit: int) -> list[SettingsVersion]:
    """Return the versions of a company's settings that took effect, the newest first; ``before``: older ones."""
    values = {"tenant": tenant, "before": before, "limit": limit}
    rows = await store.rows(engine, _VERSIONS, values)
    return [SettingsVersion(version, _settings(body), by, at) for version, body, by, at in rows]


async def adopt(connection: DatabaseConnection, tenant: str, organisation_number: str) -> None:
    """Take an organisation number for a company's that has none."""
    await connection.execute(_ADOPT, {"tenant": tenant, "number": organisation_number})


def _tenant(name: str, number: str | None, database: int | None, body: str | None, version: int) -> Tenant:
    return Tenant(name, number, database, _settings(body or "{}"), version)


@lru_cache(maxsize=4096)
def _settings(body: str) -> TenantSettings:
    """Read settings; every company's are asked for again and again, and seldom change."""
    return TenantSettings.model_validate_json(body)


def unknown(tenant: str, names: Iterable[str] = ()) -> str:
    """Say that no company is called so, and which one may be meant."""
    near = get_close_matches(tenant, sorted(names), n=1)
    return f"no company is called {tenant!r}" + (f"; did you mean {near[0]}?" if near else ": bokbuss tenant list")
