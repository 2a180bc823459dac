"""Which companies there are: an unknown name is an error that names the nearest."""

from collections.abc import Iterable
from difflib import get_close_matches

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

UNKNOWN_TENANT = "unknown"
"""The tenant of records of which it cannot be said whose they are."""


class UnknownTenant(LookupError):
    """No such company; the message names the one that is written most like it."""


_NAMES = text("select tenant from tenants")
_ON_RECORD = text("select tenant from audit_heads union select tenant from parked")


async def must_be_known(engine: AsyncEngine, tenant: str, *, reads: bool = False) -> None:
    """Raise UnknownTenant unless there is such a company; ``reads``: or something is on record of one."""
    async with engine.connect() as connection:
        names = set(await connection.scalars(_NAMES))
        if tenant not in names and reads:
            names |= {UNKNOWN_TENANT, *await connection.scalars(_ON_RECORD)}
    if tenant not in names:
        raise UnknownTenant(unknown(tenant, names))


def unknown(tenant: str, names: Iterable[str]) -> str:
    """Say that no company is called so, and which one may be meant."""
    near = get_close_matches(tenant, sorted(names), n=1)
    return f"no company is called {tenant!r}" + (f"; did you mean {near[0]}?" if near else ": bokbuss tenant list")
