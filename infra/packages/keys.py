"""The keys of auditors: each opens one company's packages at one party. Kept is what proves a key, never the key."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from infra import store
from infra.postgres import Engine, text
from infra.rows import ApiKey

PREFIX: Final = "bbk"
"""So that a key that lies about is known for what it is, by people and by scanners of secrets."""
_SECRET_BYTES: Final = 32
_PARTS: Final = 3
_LONGEST: Final = 200
_MAKE: Final = text(
    """insert into api_keys (key_id, tenant, system, holder, sha256, made_by, made_at, expires_at)
       values (:key_id, :tenant, :system, :holder, :sha256, :by, clock_timestamp(),
               clock_timestamp() + make_interval(days => :days))
       returning expires_at"""
)
_FIND: Final = text(
    """select sha256, holder from api_keys
       where key_id = :key_id and tenant = :tenant and system = :system
         and revoked_at is null and expires_at > clock_timestamp()"""
)
_USED: Final = text("update api_keys set used_at = clock_timestamp() where key_id = :key_id")
_REVOKE: Final = text(
    """update api_keys set revoked_at = clock_timestamp(), revoked_by = :by
       where tenant = :tenant and key_id = :key_id and revoked_at is null"""
)
_LIST: Final = text(
    """select key_id, system, holder, made_by, made_at, expires_at, used_at, revoked_at from api_keys
       where tenant = :tenant order by made_at"""
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever showed a key that is good: the key's id, and whose it is."""

    key_id: str
    name: str


async def make(engine: Engine, tenant: str, system: str, holder: str, *, by: str, days: int) -> tuple[str, datetime]:
    """Make a key; return it, which nobody can do again, and when it ends."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(_SECRET_BYTES)
    values = {"key_id": key_id, "tenant": tenant, "system": system, "holder": holder, "by": by, "days": days}
    async with store.alone(engine) as connection:
        ends: datetime = await connection.scalar(_MAKE, values | {"sha256": _digest(secret)})
    return f"{PREFIX}_{key_id}_{secret}", ends


async def holder(engine: Engine, tenant: str, system: str, key: str) -> Holder | None:
    """Return whose key it is; None: it opens nothing here, whatever the reason."""
    parts = key.split("_", _PARTS - 1)
    if len(key) > _LONGEST or len(parts) != _PARTS or parts[0] != PREFIX or not key.isascii():
        return None
    _, key_id, secret = parts
    async with engine.begin() as connection:
        found = (await connection.execute(_FIND, {"key_id": key_id, "tenant": tenant, "system": system})).one_or_none()
        if found is None or not hmac.compare_digest(found.sha256, _digest(secret)):
            return None
        await connection.execute(_USED, {"key_id": key_id})
    return Holder(key_id, found.holder)


async def revoke(engine: Engine, tenant: str, key_id: str, by: str) -> bool:
    """End a key; tell whether there was one that had not ended."""
    return bool(await store.write(engine, _REVOKE, {"tenant": tenant, "key_id": key_id, "by": by}))


async def listed(engine: Engine, tenant: str) -> list[ApiKey]:
    """Return a company's keys, the oldest first, those that ended as well."""
    return [ApiKey(*row) for row in await store.rows(engine, _LIST, {"tenant": tenant})]


def _digest(secret: str) -> str:
    """Return what proves a secret of 256 random bits: guessing is hopeless, so that a quick hash will do."""
    return hashlib.sha256(secret.encode()).hexdigest()
