"""Accounts: made by an invitation, which its link opens once; what each is in which company; one-time codes."""

import hashlib
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from infra import store
from infra.access.vault import Vault
from infra.accounts import history, passwords
from infra.accounts.permissions import EVERY_COMPANY, DeskRole
from infra.postgres import DatabaseConnection, Engine, text
from schemas.base import Language

_LINK_BYTES: Final = 24
_LINK_DAYS: Final = 7
_LONGEST_ADDRESS: Final = 254
"""RFC 5321, 4.5.3.1.3."""
_ACCOUNT: Final = text(
    """insert into accounts (account_id, email, name, made_by, made_at)
       values (:id, :email, :name, :by, clock_timestamp())
       on conflict (email) do update set email = excluded.email
       returning account_id, password is not null or openid is not null as begun, disabled_at is not null as closed"""
)
_OPEN_ANEW: Final = text(
    """update accounts set disabled_at = null, password = null, openid = null, code_secret = null, code_step = 0
       where account_id = :id"""
)
_TAKE_ALL: Final = text("delete from memberships where account_id = :id")
_GIVE: Final = text(
    """insert into memberships (account_id, tenant, role, given_by, given_at)
       values (:id, :tenant, :role, :by, clock_timestamp())
       on conflict (account_id, tenant) do update
           set role = excluded.role, given_by = excluded.given_by, given_at = excluded.given_at"""
)
_IS_OF_OTHERS: Final = text(
    "select exists (select from memberships where account_id = :id and tenant <> all(cast(:tenants as text[])))"
)
_IS_OF: Final = text("select exists (select from memberships where account_id = :id and tenant in (:tenant, '*'))")
_ASK: Final = text(
    """insert into joinings (sha256, account_id, tenant, role, made_by, made_at, expires_at)
       values (:sha256, :id, :tenant, :role, :by, clock_timestamp(),
               clock_timestamp() + make_interval(days => :days))"""
)
_ASKED: Final = text(
    """select j.account_id, a.email, j.tenant, j.role from joinings j join accounts a using (account_id)
       where j.sha256 = :sha256 and j.used_at is null and j.expires_at > clock_timestamp()"""
)
_JOIN: Final = text(
    """update joinings set used_at = clock_timestamp()
       where sha256 = :sha256 and account_id = :id and used_at is null and expires_at > clock_timestamp()
       returning tenant, role, made_by"""
)
_ASK_NO_MORE: Final = text(
    """delete from joinings where account_id = :id and (cast(:tenant as text) is null or tenant = :tenant)
       and used_at is null"""
)
_TAKE: Final = text("delete from memberships where account_id = :id and tenant = :tenant")
_INVITE: Final = text(
    """insert into invitations (sha256, account_id, made_by, made_at, expires_at)
       values (:sha256, :id, :by, clock_timestamp(), clock_timestamp() + make_interval(days => :days))"""
)
_INVITED: Final = text(
    """select i.account_id, a.email, a.name, i.expires_at from invitations i join accounts a using (account_id)
       where i.sha256 = :sha256 and i.used_at is null and i.expires_at > clock_timestamp() and a.disabled_at is null"""
)
_USE: Final = text(
    """update invitations set used_at = clock_timestamp()
       where sha256 = :sha256 and used_at is null and expires_at > clock_timestamp() returning account_id"""
)
_FORGET_OTHERS: Final = text(
    "update invitations set used_at = clock_timestamp() where account_id = :id and used_at is null"
)
_LOCK: Final = text("select account_id from accounts where account_id = :id for update")
_LOCK_INVITED: Final = text(
    """select account_id from accounts
       where account_id = (select account_id from invitations where sha256 = :sha256)
       for update"""
)
_FORGET_OPENID: Final = text("update accounts set openid = null where account_id = :id")
_BEGIN: Final = text(
    """update accounts set name = :name, password = :password, code_secret = null, code_step = 0
       where account_id = :id and disabled_at is null returning account_id"""
)
_BIND: Final = text(
    """with before as (select account_id, password is not null as opened from accounts
                       where email = :email and disabled_at is null and openid is null for update)
       update accounts a set openid = :openid, name = case when a.name = '' then :name else a.name end,
           password = null, code_secret = null, code_step = 0
       from before where a.account_id = before.account_id returning a.account_id, before.opened"""
)
_BOUND: Final = text(
    """update accounts set name = case when name = '' then :name else name end
       where email = :email and disabled_at is null and openid = :openid returning account_id"""
)
_END_SESSIONS: Final = text(
    "update sessions set ended_at = clock_timestamp(), how = :how where account_id = :id and ended_at is null"
)
_DISABLE: Final = text("update accounts set disabled_at = clock_timestamp() where account_id = :id returning email")
_LANGUAGES: Final = text(
    """select lower(email) as email, language from accounts
       where language is not null and lower(email) = any(cast(:emails as text[]))"""
)
_LANGUAGE: Final = text("update accounts set language = :language where account_id = :id")
_CODES_ON: Final = text(
    "update accounts set code_secret = :secret, code_step = :step where account_id = :id and code_secret is null"
)
_CODES_OFF: Final = text("update accounts set code_secret = null, code_step = 0 where account_id = :id")
_LIST: Final = text(
    """select a.account_id, a.email, a.name, a.made_by, a.made_at, a.disabled_at,
              a.password is not null or a.openid is not null as begun,
              a.code_secret is not null as codes,
              coalesce(jsonb_object_agg(m.tenant, m.role) filter (where m.tenant is not null), '{}') as roles,
              (select max(seen_at) from sessions s where s.account_id = a.account_id) as seen_at
       from accounts a left join memberships m using (account_id)
       where (cast(:tenant as text) is null or a.account_id in (
                select account_id from memberships where tenant in (:tenant, '*')))
         and (cast(:account as uuid) is null or a.account_id = :account)
         and (cast(:email as text) is null or a.email = :email)
       group by a.account_id order by a.email"""
)
_ANY: Final = text(
    """select exists (select from memberships m join accounts a using (account_id)
                      where m.role = 'admin' and a.disabled_at is null
                        and coalesce(a.password, a.openid) is not null)"""
)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody with an account. ``begun``: they have a password, or signed in; ``codes``: they use one-time codes."""

    account_id: UUID
    email: str
    name: str
    made_by: str
    made_at: datetime
    disabled_at: datetime | None
    begun: bool
    codes: bool
    roles: Mapping[str, DeskRole]
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link invites."""

    account_id: UUID
    email: str
    name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Joining:
    """Whom a link lets join a company, and as what."""

    account_id: UUID
    email: str
    tenant: str
    role: DeskRole


@dataclass(frozen=True, slots=True)
class Link:
    """The token of a link; ``joins``: who has an account joins by it, as who they are; else it begins one."""

    token: str
    joins: bool


class NotInvited(LookupError):
    """The link opens nothing (any more): it is unknown, used, or too old."""


class OfOthers(PermissionError):
    """The account is also of companies that whoever asks may not speak for."""


class Closed(Exception):
    """The account is closed, and whoever invites may not open it again."""


def address_of(email: str) -> str:
    """Return an address as it is compared. Raises ValueError when it is none."""
    if any(not sign.isascii() and sign.casefold().isascii() for sign in email):  # such as ß: another's address, folded
        raise ValueError("an e-mail address has no letter that becomes another one in small letters")
    plain = email.strip().casefold()
    name, _, host = plain.partition("@")
    if not name or "." not in host.strip(".") or any(sign.isspace() or sign == "@" for sign in name + host):
        raise ValueError("an e-mail address looks like anna@example.se")
    if len(plain) > _LONGEST_ADDRESS:
        raise ValueError(f"an e-mail address has {_LONGEST_ADDRESS} characters at most")
    return plain


def digest(secret: str) -> str:
    """Return what a random secret is known by."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def invite(
    engine: Engine,
    email: str,
    roles: Mapping[str, DeskRole],
    *,
    by: str,
    name: str = "",
    opens_closed: bool = False,
) -> tuple[UUID, str]:
    """Give somebody roles, with a new account where there is none; return it, and the token of a link that opens it.

    Whoever calls this vouches for whose account it is; the word of one company's admin is for ``ask``. There is no
    token for somebody who has begun already, or is invited to other companies: they see this one from now on. Who
    invites must not get hold of an account that is also of other companies, and links of before open it no more.
    Who gets every company begins anew: a company's admin may have begun the account of that address.

    Args:
        opens_closed: an account that was closed begins anew, with these roles and no others.

    Raises:
        ValueError: it is no address.
        Closed: it is closed, and stays so.
    """
    async with engine.begin() as connection:
        account = await _account_of(connection, email, name, by)
        theirs = {"id": account.account_id, "tenants": list(roles)}
        if account.closed and not opens_closed:
            raise Closed
        anew = account.closed or (account.begun and EVERY_COMPANY in roles)
        if anew:
            await connection.execute(_OPEN_ANEW, theirs)
            await connection.execute(_FORGET_OTHERS, theirs)
            await connection.execute(_END_SESSIONS, theirs | {"how": "ended"})
        if account.closed:
            await history.account_opened(connection, account.account_id, by)
            await connection.execute(_TAKE_ALL, theirs)
        begun = account.begun and not anew
        of_others = await connection.scalar(_IS_OF_OTHERS, theirs)
        shut = begun or of_others
        if begun:  # also where nobody else has it now: the company that let somebody go may hold a link
            await connection.execute(_FORGET_OTHERS, theirs)
        for tenant, role in roles.items():
            await _give(connection, account.account_id, tenant, role, by)
        token = "" if shut else await _link(connection, account.account_id, by)
    return account.account_id, token


async def ask(engine: Engine, email: str, tenant: str, role: DeskRole, *, by: str) -> Link | None:
    """Invite somebody into a company, on its admin's word; return the link that they open.

    Who has no account begins one by it. Who has one, or is invited elsewhere, joins by it as who they are: an address
    of mail proves nothing, since who invited it first may have begun the account, and the link comes to who is meant.
    None: they are of this company already, and have this role now.

    Raises:
        ValueError: it is no address.
        Closed: the account is closed.
    """
    async with engine.begin() as connection:
        account = await _account_of(connection, email, "", by)
        if account.closed:
            raise Closed
        theirs = {"id": account.account_id, "tenant": tenant, "tenants": [tenant]}
        is_theirs = account.begun or await connection.scalar(_IS_OF_OTHERS, theirs)
        if is_theirs and not await connection.scalar(_IS_OF, theirs):
            token = secrets.token_urlsafe(_LINK_BYTES)
            new = {"sha256": digest(token), "role": role.value, "by": by, "days": _LINK_DAYS}
            await connection.execute(_ASK_NO_MORE, theirs)  # what they are invited as is what was said last
            await connection.execute(_ASK, theirs | new)
            return Link(token, joins=True)
        await _give(connection, account.account_id, tenant, role, by)
        return None if is_theirs else Link(await _link(connection, account.account_id, by), joins=False)


async def asked(engine: Engine, token: str) -> Joining:
    """Return whom a link lets join which company; looking does not use it up. Raises NotInvited."""
    found = await store.row(engine, _ASKED, {"sha256": digest(token)})
    if found is None:
        raise NotInvited
    return Joining(found.account_id, found.email, found.tenant, DeskRole(found.role))


async def join(engine: Engine, token: str, account: UUID) -> str:
    """Use a link up: this account is of its company from now on; return which. Raises NotInvited: it is for another."""
    async with engine.begin() as connection:
        await connection.execute(_LOCK, {"id": account})  # so that nobody makes a link to it meanwhile
        found = (await connection.execute(_JOIN, {"sha256": digest(token), "id": account})).one_or_none()
        if found is None:
            raise NotInvited
        await connection.execute(_FORGET_OTHERS, {"id": account})  # a link of before would open this company, too
        await _give(connection, account, found.tenant, DeskRole(found.role), found.made_by)
    return str(found.tenant)


async def _account_of(connection: DatabaseConnection, email: str, name: str, by: str) -> Any:
    """Return the account of an address, a new one where there is none; no other invitation looks at it meanwhile.

    Raises ValueError: it is none, or not as somebody types it who signs in.
    """
    if not email.strip().isprintable() or not unicodedata.is_normalized("NFC", email):
        raise ValueError("an e-mail address has no invisible characters and no letters in parts: type it by hand")
    values = {"id": uuid4(), "email": address_of(email), "name": name.strip(), "by": by}
    return (await connection.execute(_ACCOUNT, values)).one()


async def link(engine: Engine, account: UUID, *, by: str, only_of: Sequence[str] | None = None) -> str:
    """Return the token of a link with which an account's password is chosen anew; earlier links open nothing more.

    Whom an OpenID provider vouches for next is who it is from then on.

    Args:
        only_of: the companies that whoever asks speaks for; None: all.

    Raises:
        OfOthers: it is of another one, too.
    """
    async with engine.begin() as connection:
        await connection.execute(_LOCK, {"id": account})
        theirs = {"id": account, "tenants": list(only_of or ())}
        if only_of is not None and await connection.scalar(_IS_OF_OTHERS, theirs):
            raise OfOthers
        await connection.execute(_FORGET_OPENID, {"id": account})
        return await _link(connection, account, by)


async def _link(connection: DatabaseConnection, account: UUID, by: str) -> str:
    """Return the token of a new link, the only one: a company that let somebody go may hold one of before."""
    await connection.execute(_FORGET_OTHERS, {"id": account})
    token = secrets.token_urlsafe(_LINK_BYTES)
    values = {"sha256": digest(token), "id": account, "by": by, "days": _LINK_DAYS}
    await connection.execute(_INVITE, values)
    return token


async def invited(engine: Engine, token: str) -> Invited:
    """Return whom a link invites; looking does not use it up. Raises NotInvited."""
    found = await store.row(engine, _INVITED, {"sha256": digest(token)})
    if found is None:
        raise NotInvited
    return Invited(*found)


async def begin(engine: Engine, token: str, *, name: str, password: str) -> UUID:
    """Use a link up: its account gets this password, and every session of it ends. Raises NotInvited."""
    proof = await passwords.proof_of(password)
    async with engine.begin() as connection:
        await connection.execute(_LOCK_INVITED, {"sha256": digest(token)})  # first, as everybody who changes it does
        account: UUID | None = await connection.scalar(_USE, {"sha256": digest(token)})
        values = {"id": account, "name": name.strip(), "password": proof, "how": "new_password"}
        if account is None or (await connection.execute(_BEGIN, values)).one_or_none() is None:
            raise NotInvited
        await connection.execute(_FORGET_OTHERS, values)
        await connection.execute(_END_SESSIONS, values)
    return account


async def vouched(connection: DatabaseConnection, *, email: str, openid: str, name: str) -> tuple[UUID, bool] | None:
    """Return the account of whom an OpenID provider vouches for, and whether its password has ended by that; or None.

    The first that it vouches for has it alone from then on: a password, a link and a session of before may be of
    whoever invited the address first.
    """
    values = {"email": email, "openid": openid, "name": name}
    first = (await connection.execute(_BIND, values)).one_or_none()
    if first is None:
        found = await connection.scalar(_BOUND, values)
        return None if found is None else (found, False)
    await connection.execute(_FORGET_OTHERS, {"id": first.account_id})
    await connection.execute(_END_SESSIONS, {"id": first.account_id, "how": "ended"})
    return first.account_id, first.opened


async def give(engine: Engine, account: UUID, tenant: str, role: DeskRole | None, *, by: str) -> None:
    """Give somebody a role in a company, in place of what they were; None: they see it no more."""
    async with engine.begin() as connection:
        if role is None:
            await history.role_changes(connection, account, tenant, "", by)
            await connection.execute(_TAKE, {"id": account, "tenant": tenant})
            await connection.execute(_ASK_NO_MORE, {"id": account, "tenant": tenant})
        else:
            await _give(connection, account, tenant, role, by)


async def _give(connection: DatabaseConnection, account: UUID, tenant: str, role: DeskRole, by: str) -> None:
    """Give a role; a link of before would give another one once more."""
    await history.role_changes(connection, account, tenant, role.value, by)
    await connection.execute(_GIVE, {"id": account, "tenant": tenant, "role": role.value, "by": by})
    await connection.execute(_ASK_NO_MORE, {"id": account, "tenant": tenant})


async def disable(engine: Engine, account: UUID, *, by: str) -> str:
    """Close an account: it opens nothing from now on. Return its address. Raises LookupError: there is none."""
    async with engine.begin() as connection:
        email: str | None = await connection.scalar(_DISABLE, {"id": account})
        if email is None:
            raise LookupError("there is no such account")
        await history.account_closed(connection, account, by)
        await connection.execute(_END_SESSIONS, {"id": account, "how": "account_closed"})
        await connection.execute(_FORGET_OTHERS, {"id": account})
        await connection.execute(_ASK_NO_MORE, {"id": account, "tenant": None})
    return email


async def languages(engine: Engine, addresses: Sequence[str]) -> dict[str, Language]:
    """Return which language the people at these addresses chose, by address in small letters, where they did."""
    found = await store.rows(engine, _LANGUAGES, {"emails": [each.casefold() for each in addresses]})
    return {row.email: row.language for row in found}


async def choose_language(engine: Engine, account: UUID, language: Language) -> None:
    """Remember which language somebody reads."""
    await store.write(engine, _LANGUAGE, {"id": account, "language": language})


async def use_codes(engine: Engine, vault: Vault, account: UUID, secret: str, step: int) -> bool:
    """Have somebody need one-time codes of this secret from now on, later than a step.

    False, and nothing is done, where they need those of another one: a session alone must not change what it lacks.
    """
    locked = vault.lock(secret, context=f"account/{account}")
    return await store.write(engine, _CODES_ON, {"id": account, "secret": locked, "step": step}) == 1


async def end_codes(engine: Engine, account: UUID) -> None:
    """Have somebody need no one-time codes any more."""
    await store.write(engine, _CODES_OFF, {"id": account})


async def listed(
    engine: Engine, tenant: str | None = None, *, account: UUID | None = None, email: str | None = None
) -> list[Account]:
    """Return the accounts that see a company; None: all. At most one by its id, or by its address."""
    values = {"tenant": tenant, "account": account, "email": email}
    rows = await store.rows(engine, _LIST, values)
    return [_account(row) for row in rows]


async def is_begun(engine: Engine) -> bool:
    """Tell whether anybody can sign in who can invite others."""
    return bool(await store.scalar(engine, _ANY))


def _account(row: Any) -> Account:
    values = row._asdict()
    return Account(**values | {"roles": {tenant: DeskRole(role) for tenant, role in row.roles.items()}})
