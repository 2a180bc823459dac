"""Tells a financial year that was read: the parts that are not known as they are now, and then what closes the reading.

One reading of a year at a time, whoever read it: that a part was told means something only when what closes the reading
before stands before it on the topic. A part is told before it is written down that it was: a crash repeats parts, which
changes nothing, and loses none.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Final

from infra import ledgers, store
from infra.intake.sightings import Sightings
from infra.plugin import YearRead
from infra.postgres import Engine, text
from schemas.events import Fact
from schemas.ledger import LedgerRetrieved, LedgerSource

_TURNS: Final = store.Turns(2)
"""Of years that one process tells."""
_PARTS: Final = 10
"""That are on their way at once, each of a megabyte at most."""
_LOCK: Final = text("select pg_advisory_lock(hashtextextended(:year, 22))")
_UNLOCK: Final = text("select pg_advisory_unlock(hashtextextended(:year, 22))")

Accept = Callable[[str, str, Sequence[Fact]], Awaitable[tuple[str, ...]]]
"""Puts facts that a system told on their topics: ``Host.accept``."""


async def tell(
    engine: Engine,
    accept: Accept,
    tenant: str,
    source: LedgerSource,
    year: YearRead,
    *,
    read_at: datetime,
    requested_by: str = "",
    overwrite: bool = False,
) -> tuple[LedgerRetrieved, tuple[str, ...]]:
    """Tell a year; return what closes it, and the ids of all facts. Raises what ``accept`` raises.

    Args:
        read_at: when the source was asked: of two readings the later one counts.
        requested_by: who wanted it, as far as is known.
        overwrite: it replaces a year that was loaded from a file.
    """
    kind = f"ledger {year.last}"
    sightings = Sightings(engine, tenant, "ledger")  # one for all sources: what one has told another need not
    async with _TURNS.of(engine, tenant), _alone(engine, tenant, year.last):
        seen = await sightings.every(kind)
        now = {part.part: part.sha256 for part in year.parts}
        # What was told may be there no more: a person's answer between a part and its closing lets parts leave.
        lacking = await ledgers.missing(engine, tenant, year.last)
        new = [name for name, sha256 in now.items() if seen.get(name) != sha256 or name in lacking]
        told: list[str] = []
        for first in range(0, len(new), _PARTS):
            names = new[first : first + _PARTS]
            told += await accept(tenant, source, list(year.part(names)))
            await sightings.remember(kind, {name: now[name] for name in names})
        await sightings.forget(kind, seen.keys() - now.keys())
        closing = year.retrieved(source, read_at=read_at, requested_by=requested_by, overwrite=overwrite)
        told += await accept(tenant, source, [closing])
        return closing, tuple(told)


@asynccontextmanager
async def _alone(engine: Engine, tenant: str, last: date) -> AsyncIterator[None]:
    """Wait until nobody else tells this year; the database lets go when the process dies."""
    year = {"year": f"{tenant}/{last}"}
    # The lock is the connection's, so that no transaction stays open meanwhile.
    async with store.alone(engine) as connection:
        await connection.execute(_LOCK, year)
        try:
            yield
        finally:
            await connection.execute(_UNLOCK, year)
