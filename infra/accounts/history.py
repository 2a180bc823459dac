"""Who was let into what, by whom and when: written with each change, in its transaction, and kept for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from infra import store
from infra.postgres import DatabaseConnection, Engine, text

MOST: Final = 1000
"""Of one list."""
_ROLE: Final = text(
    """insert into access_changes (at, tenant, what, subject, value, by)
       select clock_timestamp(), cast(:tenant as text), 'role', a.email, cast(:role as text), :by
       from accounts a left join memberships m on m.account_id = a.account_id and m.tenant = cast(:tenant as text)
       where a.account_id = :id and coalesce(m.role, '') <> cast(:role as text)"""
)
_EACH: Final = text(
    """insert into access_changes (at, tenant, what, subject, value, by)
       select clock_timestamp(), m.tenant, :what, a.email, :value, :by
       from accounts a join memberships m using (account_id) where a.account_id = :id"""
)
_SECRET: Final = text(
    """insert into access_changes (at, tenant, what, subject, value, by)
       values (clock_timestamp(), :tenant, 'signing_secret', :system, :value, :by)"""
)
_LISTED: Final = text(
    """select at, tenant, what, subject, value, by from access_changes
       where cast(:tenant as text) is null or tenant in (:tenant, '*') order by number desc limit :most"""
)


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One change.

    Attributes:
        tenant: the company; ``*``: every one.
        what: ``role``, ``account`` or ``signing_secret``.
        subject: the address of an account, or the system whose deliveries are signed.
        value: the role, "" where it was taken away; ``opened``, ``closed``; ``renewed`` (the old secret was good for a
            while), ``renewed_at_once`` (it was not), ``old_ended``.
    """

    at: datetime
    tenant: str
    what: str
    subject: str
    value: str
    by: str


async def role_changes(connection: DatabaseConnection, account: UUID, tenant: str, role: str, by: str) -> None:
    """Write down that an account gets a role in a company, unless it has it; "": it gets none. Before it does."""
    await connection.execute(_ROLE, {"id": account, "tenant": tenant, "role": role, "by": by})


async def account_closed(connection: DatabaseConnection, account: UUID, by: str) -> None:
    """Write down, for each company that an account is of, that it is closed."""
    await connection.execute(_EACH, {"id": account, "what": "account", "value": "closed", "by": by})


async def account_opened(connection: DatabaseConnection, account: UUID, by: str) -> None:
    """Write down, for each company that a closed account was of, that it is opened, without its roles. Before it is."""
    for what, value in (("account", "opened"), ("role", "")):
        await connection.execute(_EACH, {"id": account, "what": what, "value": value, "by": by})


async def secret_renewed(connection: DatabaseConnection, tenant: str, system: str, by: str, *, at_once: bool) -> None:
    """Write down that a company's deliveries of a system are signed with another secret; ``at_once``: only with it."""
    value = "renewed_at_once" if at_once else "renewed"
    await connection.execute(_SECRET, {"tenant": tenant, "system": system, "value": value, "by": by})


async def old_secrets_ended(connection: DatabaseConnection, tenant: str, system: str, by: str) -> None:
    """Write down that what a company's deliveries of a system were signed with before is good no longer."""
    await connection.execute(_SECRET, {"tenant": tenant, "system": system, "value": "old_ended", "by": by})


async def listed(engine: Engine, tenant: str | None, most: int = MOST) -> Sequence[AccessChange]:
    """Return the last changes, the newest first: a company's, with those of every company; None: all."""
    return [AccessChange(*row) for row in await store.rows(engine, _LISTED, {"tenant": tenant, "most": most})]
