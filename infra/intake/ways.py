"""The ways in by which payloads are fetched: which there are, what opens them, and what stands in their way."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag

from infra import registry, store, tenants
from infra.access.vault import Vault
from infra.plugin import Source
from infra.postgres import Engine, text
from infra.reaching import Refused
from infra.rows import WayFound
from infra.settings import authority
from schemas.settings import TenantSettings
from schemas.ways import OutboxTable, SftpFolder

_SECRET: Final = text("select secret, destination from way_secrets where tenant = :tenant and way = :way")
_DESTINATIONS: Final = text("select way, destination from way_secrets where tenant = :tenant")
_KEEP: Final = text(
    """insert into way_secrets (tenant, way, secret, destination, given_by, given_at)
       select t.tenant, :way, :secret, :destination, :by, clock_timestamp() from tenants t where t.tenant = :tenant
       on conflict (tenant, way) do update set secret = excluded.secret, destination = excluded.destination,
           given_by = excluded.given_by, given_at = excluded.given_at"""
)


class Trouble(Exception):
    """A way in cannot be used. ``code`` says why, ``detail`` names what; neither holds anything secret."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}" if detail else code)


def inside(refused: Refused) -> Trouble:
    """Return what is said of a server that is not looked for where its address leads."""
    return Trouble("address_never" if refused.always else "address_inside", refused.host)


@dataclass(frozen=True, slots=True)
class Way:
    """A way in of a company."""

    tenant: str
    settings: OutboxTable | SftpFolder

    @property
    def name(self) -> str:
        """What the company calls it."""
        return self.settings.name

    @property
    def key(self) -> str:
        """Company and name: ``acme/kassa``."""
        return f"{self.tenant}/{self.name}"

    @property
    def destination(self) -> str:
        """Where what opens it is sent: ``user@host:22``. Of an outbox nothing: its secret says so itself."""
        if not isinstance(self.settings, SftpFolder):
            return ""
        return f"{self.settings.user}@{authority(self.settings.host.lower(), self.settings.port)}"

    @property
    def source(self) -> Source:
        """The system whose payloads come there. Raises Trouble: no such system tells what happened."""
        if (source := registry.sources().get(self.settings.system)) is None:
            raise Trouble("no_such_system", f"{self.settings.system}; {', '.join(registry.sources())}")
        return source


def of(tenant: str, settings: TenantSettings) -> Iterable[Way]:
    """Return a company's ways in."""
    return (Way(tenant, way) for way in settings.ways_in.all) if settings.ways_in else ()


async def everyone(engine: Engine) -> tuple[Way, ...]:
    """Return the ways in of every company."""
    return tuple(way for company in await tenants.everyone(engine) for way in of(company.tenant, company.settings))


async def find(engine: Engine, tenant: str, name: str) -> Way | None:
    """Return a company's way in of this name; None when its settings have none."""
    settings, _ = await tenants.settings_in_force(engine, tenant)
    return next((way for way in of(tenant, settings) if way.name == name), None)


async def names(engine: Engine, tenant: str) -> tuple[str, ...]:
    """Return what a company calls its ways in."""
    settings, _ = await tenants.settings_in_force(engine, tenant)
    return tuple(way.name for way in of(tenant, settings))


async def keep_secret(engine: Engine, vault: Vault, way: Way, secret: str, *, by: str) -> None:
    """Keep what opens a way in, encrypted, for where it is sent now, over whatever was kept before."""
    locked = vault.lock(secret, context=_contexts(way)[0])
    values = {"tenant": way.tenant, "way": way.name, "secret": locked, "destination": way.destination, "by": by}
    await store.write(engine, _KEEP, values)


async def secret_of(engine: Engine, vault: Vault, way: Way) -> str:
    """Return what opens a way in.

    Raises:
        Trouble: nobody has given it, or it was given for another server, port or user than the settings name now:
            whoever may change those is not whoever gave it, and would have it sent to a server of theirs.
    """
    row = await store.row(engine, _SECRET, {"tenant": way.tenant, "way": way.name})
    if row is not None and row.destination == way.destination:
        for context in _contexts(way):
            with suppress(InvalidTag):  # it was given for a way of another kind that had this name
                return vault.unlock(row.secret, context=context)
    if row is not None and _is_elsewhere(row.destination, way):
        raise Trouble("secret_elsewhere", row.destination)
    raise Trouble("secret_missing", f"bokbuss ways secret {way.tenant} {way.name}")


async def given_elsewhere(engine: Engine, tenant: str, settings: TenantSettings) -> tuple[WayFound, ...]:
    """Return the ways in of settings, in force or not, that nothing opens: what does was given for another place."""
    kept: dict[str, str] = dict(await store.rows(engine, _DESTINATIONS, {"tenant": tenant}))
    return tuple(
        WayFound(way.name, "secret_elsewhere", kept[way.name])
        for way in of(tenant, settings)
        if _is_elsewhere(kept.get(way.name, ""), way)
    )


def _is_elsewhere(kept: str, way: Way) -> bool:
    return bool(kept and way.destination) and kept != way.destination


def _contexts(way: Way) -> tuple[str, ...]:
    """Return what a secret is locked in, and what it was locked in before destinations were a part of it."""
    whole = f"{way.tenant}/ways/{way.name}/{type(way.settings).__name__}"
    return (f"{whole}/{way.destination}", whole) if way.destination else (whole,)
