"""Companies are added, and removed with all that is their own. What the law keeps, the trail above all, stays.

The name of a removed company can be used again; nothing of the one before is then the new one's (see
``infra.incarnations``).
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, ClassVar, Final

from aiokafka import AIOKafkaProducer

from infra import clock, contents, registry, store, telemetry
from infra.access import signing_secrets
from infra.access.connection import Connection, Taken
from infra.access.connection_rows import forget_another_company, holder
from infra.access.connections import Connections
from infra.accounts import history
from infra.incarnations import COMPANY_REMOVED, GOES, kept_under
from infra.kafka.cluster import sent
from infra.kafka.parking import FLOWS
from infra.packages import storing
from infra.plugin import Host, NotRevoked
from infra.postgres import Engine, Statement, text
from infra.tenants import UnknownTenant, unknown
from infra.trail import Entry, put_on_record
from schemas import envelope as envelopes
from schemas import identities
from schemas.audit import Outcome
from schemas.base import Message
from schemas.envelope import Envelope
from schemas.settings import SettingsApplied, TenantSettings

_log = telemetry.log(__name__)
_SENDING_WITHIN: Final = 35.0
"""Seconds after which an order that is still being sent has no living sender, most likely."""
_POLL: Final = 0.2


class NewerSettings(Exception):
    """Somebody has given the company newer settings than those that were to be changed."""


class OtherNumber(ValueError):
    """The company is known with another organisation number: this one, as it may be shown."""


_KNOWN = text("select organisation_number from tenants where tenant = :tenant for update")
_ADD = text(
    """insert into tenants (tenant, organisation_number, database_number, created_at, incarnation)
       values (cast(:tenant as text), :org, :database, clock_timestamp(),
               (select coalesce(max(incarnation) + 1, 0) from removed_tenants where name = cast(:tenant as text)))
       on conflict (tenant) do update set organisation_number = coalesce(:org, tenants.organisation_number),
           database_number = coalesce(:database, tenants.database_number)"""
)
_IS_USED_AGAIN = text(
    """select exists (select from removed_tenants where name = :tenant)
              and not exists (select from tenants where tenant = :tenant)"""
)
"""What was under way for the company that had the name may have written rows after it was removed."""


async def add(
    host: Host,
    tenant: str,
    *,
    organisation_number: str | None,
    database_number: int | None,
    renewed_by: str | None = None,
    overlap: timedelta = signing_secrets.AT_ONCE,
    change: bool = False,
) -> dict[str, str]:
    """Add a company or add to what is known of it; return the signing secrets made now, by system.

    Args:
        renewed_by: who replaces the secrets that there are; None: they stay.
        overlap: for how long those that are replaced stay good.
        change: another organisation number than the one that is known takes its place.

    Raises:
        OtherNumber: the company has another organisation number, and ``change`` was not said.
        Taken: another company of ours has that number in the ledger.
    """
    async with host.engine.begin() as connection:
        known = await connection.scalar(_KNOWN, {"tenant": tenant})
        if known and organisation_number and known != organisation_number and not change:
            raise OtherNumber(identities.shown_organisation(known))
        if database_number is not None:
            if (other := await holder(connection, tenant, database_number)) is not None:
                raise Taken(other)
            await forget_another_company(connection, tenant, database_number)
        if await connection.scalar(_IS_USED_AGAIN, {"tenant": tenant}):
            for statement in _statements()[0]:
                await connection.execute(statement, {"tenant": tenant})
        await connection.execute(_ADD, {"tenant": tenant, "org": organisation_number, "database": database_number})
        has, made = await signing_secrets.systems(connection, tenant), {}
        for system in (each for each in registry.sources() if renewed_by or each not in has):
            made[system] = await signing_secrets.make(connection, host.vault, tenant, system, overlap=overlap)
            if renewed_by and system in has:
                await history.secret_renewed(connection, tenant, system, renewed_by, at_once=not overlap)
    return made


async def apply_settings(
    engine: Engine,
    producer: AIOKafkaProducer,
    tenant: str,
    settings: TenantSettings,
    *,
    by: str,
    last: bool = False,
    after: int | None = None,
) -> int:
    """Give a company's settings the next version and publish them; return the version.

    Args:
        after: the version that was given out last when somebody looked at what these settings change; None: any.
        last: they are the last ones of a company that is about to be removed.

    Raises:
        UnknownTenant: there is no such company, or somebody else has removed it.
        NewerSettings: a newer version than ``after`` was given out.
        KafkaError: the broker did not acknowledge them in time.
    """
    async with engine.begin() as connection:
        company = (await connection.execute(_NEXT_VERSION, {"tenant": tenant})).one_or_none()
        if company is None:
            raise UnknownTenant(unknown(tenant))
        if after is not None and company.settings_version != after + 1:
            raise NewerSettings
    version: int = company.settings_version
    applied = SettingsApplied(tenant=tenant, version=version, applied_by=by, settings=settings)
    message = envelopes.wrap(
        applied,
        message_id=f"settings/{kept_under(tenant, company.incarnation) if last else tenant}/{version}",
        source="/infra" if last else "/connectors/desk",
        time=clock.now(),
        tenant=tenant,
        incarnation=company.incarnation,
        trace=telemetry.new_trace(),
    )
    await sent(producer, applied.TOPIC, message.to_bytes(), key=tenant.encode())
    return version


class TenantRemoved(Message):
    """What goes on record, last of all, when a company is removed. It travels on no topic."""

    TOPIC: ClassVar[str] = "audit.v1"

    by: str

    @property
    def key(self) -> str:
        """Whom it is about: the company as a whole."""
        return "company"


async def renew_secret(host: Host, tenant: str, system: str, *, by: str, overlap: timedelta) -> str:
    """Give a company's deliveries of a system a new signing secret; return it.

    Args:
        overlap: for how long the old one stays good beside it; ``signing_secrets.AT_ONCE``: no longer.
    """
    async with host.engine.begin() as connection:
        made = await signing_secrets.make(connection, host.vault, tenant, system, overlap=overlap)
        await history.secret_renewed(connection, tenant, system, by, at_once=not overlap)
    return made


async def end_old_secrets(host: Host, tenant: str, system: str, *, by: str) -> int:
    """End the signing secrets that were replaced and are still good; return how many. The newest goes on."""
    async with host.engine.begin() as connection:
        if ended := await signing_secrets.end_replaced(connection, tenant, system):
            await history.old_secrets_ended(connection, tenant, system, by)
    return ended


async def disconnect(host: Host, held: Connection, by: str, *, force: bool = True) -> str:
    """End a company's access to a system: revoked there, forgotten here. Return what a person has still to do there.

    It is paused meanwhile, so that nothing is sent, and no token is renewed that would outlive the one revoked.
    Raises NotRevoked unless forced: it goes on then.
    """
    connections, system = Connections(host.engine, host.vault), registry.systems().get(held.system)
    paused = await connections.pause(held.tenant, held.system, by)
    try:
        left_to_do = await system.revoke(host, held) if system and system.revoke else ""
    except NotRevoked as error:
        if not force:
            if paused:
                await connections.resume(held.tenant, held.system, by)
            raise
        left_to_do = str(error)
    await connections.disconnect(held.tenant, held.system, by)
    return left_to_do


@dataclass(frozen=True, slots=True)
class Open:
    """What is open: orders that wait, orders that may have been carried out, holds, dead letters, what is parked."""

    waiting: int
    doubtful: int
    holds: int
    letters: int
    parked: int

    def __bool__(self) -> bool:
        """Tell whether there is anything."""
        return any((self.waiting, self.doubtful, self.holds, self.letters, self.parked))


_OPEN = text(
    """select (select count(*) from journal where tenant = :tenant and state = 'queued')
                + (select count(*) from outbox where tenant = :tenant) as waiting,
              (select count(*) from journal where tenant = :tenant and state in ('sending', 'unknown')) as doubtful,
              (select count(*) from held where tenant = :tenant and closed_at is null) as holds,
              (select count(*) from dead_letters where tenant = :tenant and state = 'open') as letters,
              (select count(*) from parked where tenant = :tenant and state <> 'discarded') as parked"""
)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:tenant, 20))")
"""The one under which decisions are made for a company (``infra.deciding.decider``)."""
_LAST = text("select * from tenants where tenant = :tenant for update")
_NEXT_VERSION = text(
    """update tenants set settings_version = settings_version + 1 where tenant = :tenant
       returning settings_version, incarnation"""
)
_OPEN_ORDERS = text(
    """select order_id, state, body::text from journal
       where tenant = :tenant and state in ('queued', 'sending', 'unknown') order by seq for update"""
)
_OPEN_HOLDS = text(
    "select body::text from held where tenant = :tenant and closed_at is null order by held_at for update"
)
_OPEN_LETTERS = text(
    "select body::text from dead_letters where tenant = :tenant and state = 'open' order by found_at for update"
)
_PARKED = text(
    """select convert_from(record_value, 'UTF8') from parked
       where tenant = :tenant and state <> 'discarded' order by number for update"""
)
_WAITED: Final[tuple[tuple[Statement, Outcome], ...]] = (
    (_OPEN_HOLDS, "released"),
    (_OPEN_LETTERS, "discarded"),
    (_PARKED, "discarded"),
)
_LINES_OF_PARKED = text(
    """insert into decided (topic, partition, "offset", tenant, fact_id, key, rules, accepted_at, decided_at)
       select topic, partition, "offset", tenant, fact_id, about, 'its_company_was_removed', recorded_at, :now
       from parked where tenant = :tenant and reader = :reader
       on conflict do nothing"""
)
"""Without a line the auditor would take them for holes."""
_WHY: Final = "the company was removed"
_WITHDRAW = text(
    """update journal set state = 'withdrawn', finished_at = clock_timestamp()
       where tenant = :tenant and state in ('queued', 'sending', 'unknown')"""
)
_FENCE_LANES = text("update leases set epoch = epoch + 1, owner = '' where split_part(name, '/', 2) = :tenant")
_REMEMBER = text(
    """insert into removed_tenants (tenant, name, incarnation, organisation_number, database_number, created_at,
           removed_at, removed_by)
       values (:under, :tenant, :incarnation, :organisation_number, :database_number, :created_at,
               clock_timestamp(), :by)"""
)
_TRAIL = ("audit", "audit_heads")
"""What everybody who changes something locks last, and so does who removes a company: else each waits for the other."""


@cache
def _statements() -> tuple[list[Statement], dict[str, Statement]]:
    """Return what deletes a company's own rows, table by table, and by its table what keeps the others' for the law."""
    from infra.tables import metadata  # noqa: PLC0415 - SQLAlchemy is loaded by whoever needs it

    tables = list(metadata.tables.values())
    own = [
        text(f"delete from {table.name} where {rows}")  # noqa: S608 - our own names
        for table in reversed(tables)
        if (rows := table.info.get("own"))
    ]
    kept = {
        table.name: text(f"update {table.name} set tenant = :under where tenant = :tenant")  # noqa: S608 - the same
        for table in tables
        if table.info.get("kept") and table.name != "removed_tenants"
    }
    return own, kept


async def still_open(engine: Engine, tenant: str) -> Open:
    """Return what is open of a company."""
    [row] = await store.rows(engine, _OPEN, {"tenant": tenant})
    return Open(*row)


@dataclass(frozen=True, slots=True)
class Removed:
    """What its trail is kept under from now on, and what is left to do at its systems and stores, for people."""

    under: str
    left_to_do: tuple[str, ...]


async def remove(host: Host, producer: AIOKafkaProducer, tenant: str, *, by: str, force: bool = False) -> Removed:
    """Remove a company: end its consents, withdraw what is open, delete what is its own, keep its trail.

    Args:
        force: also when a system cannot be told that the consent has ended.

    Raises:
        NotRevoked: a system did not confirm that the consent has ended; the company stays, and its other consents end.
        UnknownTenant: somebody else has removed it.
    """
    left_to_do = await _end_consents(host, tenant, by, force=force)
    # The last word about it on ``settings.v1``, which keeps the last one for ever, is that it has none.
    await apply_settings(host.engine, producer, tenant, TenantSettings(), by=by, last=True)
    # While it is still known: whoever is cut off here removes it again, and nothing is left that nobody names.
    await _forget_stored(host, tenant)
    deadline = clock.monotonic() + _SENDING_WITHIN
    while (under := await _remove(host.engine, tenant, by, now=clock.monotonic() > deadline)) is None:
        await clock.sleep(_POLL)
    left_to_do += await _forget_stored(host, tenant)  # what came until then
    _log.info("company removed", tenant=tenant, kept_under=under)
    return Removed(under, left_to_do)


async def _forget_stored(host: Host, tenant: str) -> tuple[str, ...]:
    """Delete a company's documents and packages; return what is left to do, for whoever runs the store."""
    try:
        await contents.opened(host.settings).forget(tenant)
        await asyncio.to_thread(storing.forget, host.settings, tenant)
    except Exception as error:  # noqa: BLE001 - the company is removed all the same; who runs the store can delete
        return (f"delete {tenant}/ in the store of documents, which did not answer ({type(error).__name__})",)
    return ()


async def _end_consents(host: Host, tenant: str, by: str, *, force: bool) -> tuple[str, ...]:
    """Have every connection revoked, and then forget it; those that are not go on, unless forced. Raises NotRevoked."""
    connections = Connections(host.engine, host.vault)
    left_to_do, failed = [], []
    for held in [each for each in await connections.all() if each.tenant == tenant and each.state != "disconnected"]:
        try:
            left_to_do.append(await disconnect(host, held, by, force=force))
        except NotRevoked as error:
            failed.append(str(error))
    if failed:
        raise NotRevoked("; ".join(failed))
    return tuple(filter(None, left_to_do))


async def _remove(engine: Engine, tenant: str, by: str, *, now: bool) -> str | None:
    """Remove a company unless an order is being sent (``now``: all the same); return what its trail is kept under."""
    async with engine.begin() as connection:
        await connection.execute(_LOCK, {"tenant": tenant})
        await connection.execute(GOES, {"tenant": tenant})
        company = (await connection.execute(_LAST, {"tenant": tenant})).mapping()
        if company is None:
            raise UnknownTenant(f"{tenant} was removed just now")
        orders = (await connection.execute(_OPEN_ORDERS, {"tenant": tenant})).all()
        if not now and "sending" in {order.state for order in orders}:
            return None
        under = kept_under(tenant, company["incarnation"])
        ended = [_withdrawn(order.state, envelopes.decode(order.body.encode())) for order in orders]
        await connection.execute(_WITHDRAW, {"tenant": tenant})
        await connection.execute(_FENCE_LANES, {"tenant": tenant})
        for query, outcome in _WAITED:
            bodies = await connection.scalars(query, {"tenant": tenant})
            ended += [Entry(envelopes.decode(b.encode()), outcome, code=COMPANY_REMOVED, why=_WHY) for b in bodies]
        await connection.execute(_LINES_OF_PARKED, {"tenant": tenant, "reader": FLOWS, "now": clock.now()})
        await connection.execute(_REMEMBER, {**company, "under": under, "by": by})
        names, (delete, keep) = {"tenant": tenant, "under": under}, _statements()
        for statement in (kept for table, kept in keep.items() if table not in _TRAIL):
            await connection.execute(statement, names)
        for statement in delete:
            await connection.execute(statement, {"tenant": tenant})
        await put_on_record(connection, [*ended, _last_word(tenant, by)])
        for table in _TRAIL:
            await connection.execute(keep[table], names)
        return under


def _withdrawn(state: str, order: Envelope[Any]) -> Entry:
    sent = state in {"sending", "unknown"}
    why = "its answer was not known yet: look for it there" if sent else "it was not carried out"
    return Entry(order, "withdrawn", code=COMPANY_REMOVED, why=f"{_WHY}; {why}")


def _last_word(tenant: str, by: str) -> Entry:
    removed = TenantRemoved(by=by)
    now = clock.now()
    message = envelopes.wrap(
        removed,
        message_id=f"{removed.key}/{now.isoformat()}",
        source="/infra",
        time=now,
        tenant=tenant,
        trace=telemetry.new_trace(),
    )
    return Entry(message, "removed", why=f"removed by {by}")
