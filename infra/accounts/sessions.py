"""Sessions: begun by a password and a code, or by a provider's word; proved by a cookie; ended by time or a person."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from infra import store
from infra.access.vault import Vault
from infra.accounts import accounts, passwords
from infra.accounts.accounts import address_of, digest
from infra.accounts.permissions import DeskRole, Person
from infra.postgres import DatabaseConnection, Engine, text

LASTS_DAYS: Final = 7
_IDLE_HOURS: Final = 12
_TOKEN_BYTES: Final = 32
_TRIES: Final = 10
_TRIES_OF_ADDRESS: Final = 60
_WINDOW_MINUTES: Final = 15
_BEGIN: Final = text(
    """insert into sessions (sha256, session_id, account_id, made_at, seen_at, ends_at, address, agent)
       select :sha256, :session_id, account_id, clock_timestamp(), clock_timestamp(),
              clock_timestamp() + make_interval(days => :days), :address, :agent
       from accounts where account_id = :id and disabled_at is null
         and (cast(:proof as text) is null or :proof in (password, openid)) for share"""
)
_FIND: Final = text(
    """select s.session_id, a.account_id, a.email, a.name, a.language,
              s.seen_at < clock_timestamp() - interval '1 minute' as stale,
              coalesce((select jsonb_object_agg(tenant, role) from memberships m
                        where m.account_id = a.account_id), '{}') as roles
       from sessions s join accounts a using (account_id)
       where s.sha256 = :sha256 and s.ended_at is null and a.disabled_at is null and s.ends_at > clock_timestamp()
         and s.seen_at > clock_timestamp() - make_interval(hours => :idle)"""
)
_SEEN: Final = text("update sessions set seen_at = clock_timestamp() where sha256 = :sha256")
_WHOSE: Final = text("select a.email from sessions s join accounts a using (account_id) where s.sha256 = :sha256")
_END: Final = text(
    """update sessions set ended_at = clock_timestamp(), how = :how
       where account_id = :id and session_id = :session and ended_at is null"""
)
_LIST: Final = text(
    """select session_id, made_at, seen_at, address, agent from sessions
       where account_id = :id and ended_at is null and ends_at > clock_timestamp()
         and seen_at > clock_timestamp() - make_interval(hours => :idle) order by seen_at desc"""
)
_ACCOUNT: Final = text(
    "select account_id, password, code_secret from accounts where email = :email and disabled_at is null"
)
_CODES: Final = text("select account_id, code_secret, code_step from accounts where account_id = :id")
_STEP: Final = text("update accounts set code_step = :step where account_id = :id and code_step < :step")
_TRY: Final = text(
    """insert into sign_in_tries (who, since, tries) values (:who, clock_timestamp(), 1)
       on conflict (who) do update set
           tries = case when sign_in_tries.since < clock_timestamp() - make_interval(mins => :minutes) then 1
                        else sign_in_tries.tries + 1 end,
           since = case when sign_in_tries.since < clock_timestamp() - make_interval(mins => :minutes)
                        then clock_timestamp() else sign_in_tries.since end
       returning tries"""
)
_FORGET: Final = text("delete from sign_in_tries where who = :who")
_OLD: Final = text(
    "delete from sign_in_tries where since < clock_timestamp() - make_interval(mins => 2 * cast(:minutes as int))"
)


class NotSignedIn(Exception):
    """Nobody is signed in by this. ``why``: wrong (address, password or code), code (one is needed), often."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has not ended; ``address`` and ``agent`` as its sign-in told them."""

    session_id: UUID
    made_at: datetime
    seen_at: datetime
    address: str
    agent: str


async def sign_in(
    engine: Engine, vault: Vault, *, email: str, password: str, code: str, now: datetime, address: str, agent: str
) -> str:
    """Return the cookie of a new session.

    Ten tries for an address of mail and sixty from one machine are counted in 15 minutes, in the database, so that
    many processes count together. Raises NotSignedIn.
    """
    try:
        plain = address_of(email)
    except ValueError:
        plain = "?"
    async with engine.begin() as connection:
        await connection.execute(_OLD, {"minutes": _WINDOW_MINUTES})
        often = await _is_often(connection, f"account/{digest(plain)}", _TRIES)
        often = await _is_often(connection, f"address/{address}", _TRIES_OF_ADDRESS) or often
        found = (await connection.execute(_ACCOUNT, {"email": plain})).one_or_none()
    if often:
        raise NotSignedIn("often")
    if not await passwords.proves(password, found.password if found else None) or found is None:
        raise NotSignedIn("wrong")
    if found.code_secret is not None:
        if not code.strip():
            raise NotSignedIn("code")
        if not await code_is_right(engine, vault, found.account_id, code, now):
            raise NotSignedIn("wrong")
    await store.write(engine, _FORGET, {"who": f"account/{digest(plain)}"})
    return await begin(engine, found.account_id, address=address, agent=agent, proof=found.password)


async def sign_in_vouched(
    engine: Engine, *, email: str, openid: str, name: str, address: str, agent: str
) -> tuple[str, bool]:
    """Return the cookie of a new session of whom an OpenID provider vouches for; it counts as a try of the machine.

    And whether the account had a password, which opens it no more (``accounts.vouched``).

    Args:
        email: their verified address, by which the account is found.
        openid: issuer and subject. The first that an account is signed in with is its own from then on.
        name: for an account that has none yet.

    Raises NotSignedIn: wrong, when nobody invited them, or somebody else had this address of mail before.
    """
    try:
        plain = address_of(email)
    except ValueError:
        raise NotSignedIn("wrong") from None
    async with engine.begin() as connection:
        often = await _is_often(connection, f"address/{address}", _TRIES_OF_ADDRESS)
        known = {"email": plain, "openid": openid, "name": name.strip()[:200]}
        found = None if often else await accounts.vouched(connection, **known)
    if found is None:
        raise NotSignedIn("often" if often else "wrong")
    account, had_password = found
    return await begin(engine, account, address=address, agent=agent, proof=openid), had_password


async def _is_often(connection: DatabaseConnection, who: str, most: int) -> bool:
    tries: int = await connection.scalar(_TRY, {"who": who, "minutes": _WINDOW_MINUTES})
    return tries > most


async def code_is_right(engine: Engine, vault: Vault, account: UUID, code: str, now: datetime) -> bool:
    """Tell whether a one-time code of an account is good now; it is good once, also when two come together."""
    async with engine.begin() as connection:
        found = (await connection.execute(_CODES, {"id": account})).one_or_none()
        if found is None or found.code_secret is None:
            return False
        secret = vault.unlock(found.code_secret, context=f"account/{account}")
        step = passwords.step_of(secret, code, now.timestamp(), found.code_step)
        return bool(step is not None and (await connection.execute(_STEP, {"step": step, "id": account})).rowcount)


async def prove_again(engine: Engine, vault: Vault, who: Person, code: str, now: datetime) -> None:
    """Prove by a one-time code that it is still who has signed in; a try counts as one to sign in does.

    Raises NotSignedIn: wrong, often.
    """
    counted = f"account/{digest(who.email)}"
    async with engine.begin() as connection:
        often = await _is_often(connection, counted, _TRIES)
    if often:
        raise NotSignedIn("often")
    if not await code_is_right(engine, vault, who.account_id, code, now):
        raise NotSignedIn("wrong")
    await store.write(engine, _FORGET, {"who": counted})


async def begin(engine: Engine, account: UUID, *, address: str, agent: str, proof: str | None = None) -> str:
    """Begin a session for an account; return its cookie, of which only the hash is kept.

    Args:
        proof: of a password, or an OpenID: what the account must still have, for whoever has taken it away meanwhile
            has ended the sessions that there were.

    Raises NotSignedIn: wrong, it is not, or the account is closed.
    """
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    values = {"sha256": digest(token), "session_id": uuid4(), "id": account, "days": LASTS_DAYS, "proof": proof}
    if not await store.write(engine, _BEGIN, values | {"address": address[:64], "agent": agent[:200]}):
        raise NotSignedIn("wrong")
    return token


async def person(engine: Engine, token: str, *, acts: bool = True) -> Person | None:
    """Return who a cookie signs in; None: nobody (any more).

    Args:
        acts: they do something; else a page of theirs is only open, which makes its session no younger.
    """
    values = {"sha256": digest(token), "idle": _IDLE_HOURS}
    async with engine.connect() as connection:
        found = (await connection.execute(_FIND, values)).one_or_none()
        if found is None:
            return None
        if found.stale and acts:
            await connection.execute(_SEEN, values)
            await connection.commit()
    roles = {tenant: DeskRole(role) for tenant, role in found.roles.items()}
    return Person(found.account_id, found.email, found.name, roles, found.language, found.session_id)


async def whose(engine: Engine, token: str) -> str:
    """Return the address of mail of whom a cookie signed in once, also if it does no more; "": that is not known."""
    return str(await store.scalar(engine, _WHOSE, {"sha256": digest(token)}) or "")


async def end(engine: Engine, account: UUID, session: UUID, *, how: str) -> None:
    """End a session of an account."""
    await store.write(engine, _END, {"id": account, "session": session, "how": how})


async def listed(engine: Engine, account: UUID) -> list[Session]:
    """Return an account's sessions, the one used last first."""
    return [Session(*row) for row in await store.rows(engine, _LIST, {"id": account, "idle": _IDLE_HOURS})]
