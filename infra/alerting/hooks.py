"""Where each company wants its alerts told: a URL, addresses, or both, and the secret that it is signed with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from infra import store
from infra.access.vault import Vault, signing_secret
from infra.postgres import Engine, text
from infra.settings import Guarded

_URL: Final = TypeAdapter[str](Guarded)
_SET: Final = text(
    """insert into alert_hooks (tenant, url, secret, mail_to, set_by, set_at)
       values (:tenant, :url, :secret, :mail_to, :by, clock_timestamp())
       on conflict (tenant) do update set url = excluded.url, secret = coalesce(excluded.secret, alert_hooks.secret),
           mail_to = excluded.mail_to, set_by = excluded.set_by, set_at = excluded.set_at"""
)
_AGAIN: Final = text(
    """update alerts set attempts = 0, given_up = false, why = '', due_at = clock_timestamp()
       where tenant = :tenant and attempts > 0"""
)
_ONE: Final = text("select url, secret, mail_to, set_by, set_at from alert_hooks where tenant = :tenant")
_ALL: Final = text("select tenant from alert_hooks order by tenant")
_REMOVE: Final = text("delete from alert_hooks where tenant = :tenant")
_FORGET: Final = text("delete from alerts where tenant = :tenant")


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a company's alerts are told. ``url``: None for mail alone; ``secret`` signs what is sent there."""

    url: str | None
    secret: str
    mail_to: tuple[str, ...]
    set_by: str
    set_at: datetime


def is_url(url: str) -> bool:
    """Tell whether alerts may be sent there: by https, or to this machine."""
    try:
        _URL.validate_python(url)
    except ValidationError:
        return False
    return True


async def change(
    engine: Engine, vault: Vault, tenant: str, *, url: str | None, mail_to: tuple[str, ...], by: str
) -> str | None:
    """Set where a company's alerts are told; return the secret if one was made. What was given up is told again."""
    known = await of(engine, vault, tenant)
    made = signing_secret() if url and not (known and known.secret) else None
    values = {
        "tenant": tenant,
        "url": vault.lock(url, context=f"{tenant}/alerts/url") if url else None,
        "secret": vault.lock(made, context=f"{tenant}/alerts") if made else None,
        "mail_to": " ".join(mail_to),
        "by": by[:200],
    }
    async with engine.begin() as connection:
        await connection.execute(_SET, values)
        await connection.execute(_AGAIN, {"tenant": tenant})
    return made


async def of(engine: Engine, vault: Vault, tenant: str) -> Hook | None:
    """Return where a company's alerts are told; None: nowhere."""
    row = await store.row(engine, _ONE, {"tenant": tenant})
    if row is None:
        return None
    url = vault.unlock(row.url, context=f"{tenant}/alerts/url") if row.url else None
    secret = vault.unlock(row.secret, context=f"{tenant}/alerts") if row.secret else ""
    return Hook(url, secret, tuple(row.mail_to.split()), row.set_by, row.set_at)


async def companies(engine: Engine) -> list[str]:
    """Return the companies whose alerts are told somewhere."""
    return await store.scalars(engine, _ALL)


async def remove(engine: Engine, tenant: str) -> bool:
    """Tell a company's alerts nowhere any more; tell whether they were."""
    async with engine.begin() as connection:
        found = (await connection.execute(_REMOVE, {"tenant": tenant})).rowcount > 0
        await connection.execute(_FORGET, {"tenant": tenant})
    return found
