"""Which company of a name a message is of: a name that a removed company had can be used again.

What is kept of a removed company stands under a name that nobody else can have: ``shop.1`` is the first company that
was called ``shop``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from infra.postgres import DatabaseConnection, text
from infra.store import Asked, together
from schemas.envelope import Envelope

COMPANY_REMOVED: Final = "company_removed"
"""The reason on record of what ends because its company was removed."""


@dataclass(frozen=True, slots=True)
class Former:
    """The company that had a name last: how many had it before, and when it was removed."""

    incarnation: int
    removed_at: datetime


_FORMER = text(
    """select distinct on (name) name, incarnation, removed_at from removed_tenants
       where name = any(cast(:names as text[])) order by name, incarnation desc"""
)
STAYS: Final = text(
    """select pg_advisory_xact_lock_shared(hashtextextended(name, 23))
       from unnest(cast(:names as text[])) as name"""
)
"""Keeps companies from being removed until a transaction is over; many at once may do so."""
GOES: Final = text("select pg_advisory_xact_lock(hashtextextended(:tenant, 23))")
"""Waits until nobody keeps a company, whoever removes it."""


def asking_former(names: Iterable[str]) -> Asked:
    """Return what asks for the last company of each name that was removed."""
    return Asked(_FORMER, {"names": list(names)})


def formers(asked: Asked) -> dict[str, Former]:
    """Return, by name, the last company that was removed; names that nobody had before are left out."""
    return {name: Former(incarnation, removed_at) for name, incarnation, removed_at in asked.rows}


async def former(connection: DatabaseConnection, names: Iterable[str]) -> dict[str, Former]:
    """Ask for the last company of each name that was removed, and nothing else; return ``formers``.

    Nobody removes one of them from then on until this transaction is over: what it writes is of a company that is.
    """
    known = sorted(names)
    await together(connection, [Asked(STAYS, {"names": known}), asked := asking_former(known)])
    return formers(asked)


def kept_under(name: str, incarnation: int) -> str:
    """Return the name under which a removed company's records are kept."""
    return f"{name}.{incarnation + 1}"


def removed_company(message: Envelope[Any], at: datetime, formers: Mapping[str, Former]) -> str | None:
    """Return what the company of a message is kept under, when it was removed; None: it is the company of today.

    Args:
        at: when Kafka had the message. It decides where the message does not say which company it is of: others may
            write to the topics too.
    """
    last = formers.get(message.tenant)
    if last is None:
        return None
    if message.incarnation is None:
        return kept_under(message.tenant, last.incarnation) if at <= last.removed_at else None
    return kept_under(message.tenant, message.incarnation) if message.incarnation <= last.incarnation else None
