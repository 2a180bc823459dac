"""What is known of companies' financial years, for whoever shows or compares it: typed rows, vouchers as a stream.

The flow ``ledger`` decides what a year is and keeps it; this only reads. A year is read as it was at one moment,
however long it takes, and memory does not grow with it.
"""

import json
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

from infra import registry, store
from infra.postgres import DatabaseConnection, Engine, text
from infra.store import snapshot
from schemas.ledger import (
    LedgerPartRead,
    LedgerRequested,
    LedgerRetrieved,
    LedgerSource,
    LedgerVoucher,
)
from schemas.ledger_parts import VOUCHERS
from schemas.words import Text, Wording, all_heard, heard

_AT_ONCE: Final = 10
"""Parts that are read at once, each of a megabyte at most."""
_YEARS: Final = text(
    """select key, state::text as state from flow_state
       where flow = 'ledger' and tenant = :tenant and key ~ '^ledger/[0-9]{4}-[0-9]{2}-[0-9]{2}$'
         and 'object' in (jsonb_typeof(state->'now'), jsonb_typeof(state->'next')) order by key desc"""
)
_REQUESTS: Final = text(
    """select state::text as state from flow_state
       where flow = 'ledger' and tenant = :tenant and jsonb_typeof(state->'asked') = 'object' order by key"""
)
_READINGS: Final = text(
    """select tenant, state->'now'->>'year_from', state->'now'->>'year_to', coalesce(state->'now'->>'source', :ledger),
           coalesce((state->'now'->>'read_at')::timestamptz, :long_ago)
       from flow_state
       where flow = 'ledger' and key ~ '^ledger/[0-9]{4}-[0-9]{2}-[0-9]{2}$'
         and jsonb_typeof(state->'now') = 'object'"""
)
_CONTENT: Final = text(
    """select key, state->>'content' as content from flow_state
       where flow = 'ledger' and tenant = :tenant and key = any(:keys)"""
)

_MISSING: Final = text(
    """select jsonb_array_elements_text(state->'missing') from flow_state
       where flow = 'ledger' and tenant = :tenant and key = :key"""
)

_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
"""Of a reading that does not say when it was."""
Waits = Literal["", "parts", "person"]
_CALENDAR_YEAR: Final = re.compile(r"(?:19|20|21)[0-9]{2}")


def called(year: str) -> int | date:
    """Read what a financial year is called: the calendar year in which it ends, or its last day. Raises ValueError."""
    return int(year) if _CALENDAR_YEAR.fullmatch(year) else date.fromisoformat(year)


@dataclass(frozen=True, slots=True)
class LedgerYear:
    """A financial year of a company.

    Attributes:
        retrieved: the year as everybody sees it: its days, source, counts and digest, when it was read and for whom;
            None before the first whole reading.
        first, last: its days.
        waits: whether a later reading is not the year yet: its parts are on their way, or a person is asked.
        reason: why a person is asked: ``loaded_from_file``, ``another_company``.
        question: what is asked, in words; and what the difference is, in lines.
        missing: how many parts are on their way.
        difference: between the year and what it was before, in lines.
        kept: a person keeps what was loaded from a file.
        chosen: where the year is to come from, as a person chose; None: nobody did.
        replaced_by: the days of another year, read later from the same place, that has days of this one: the company's
            financial year was prolonged, cut or moved, and this is none of its years any more.
    """

    retrieved: LedgerRetrieved | None
    first: date
    last: date
    waits: Waits
    reason: str
    question: tuple[Text | str, ...]
    missing: int
    difference: tuple[Text | str, ...]
    kept: bool
    chosen: LedgerSource | None = None
    replaced_by: tuple[date, date] | None = None

    @property
    def source(self) -> LedgerSource | None:
        """Where the year comes from; None before the first whole reading."""
        return self.retrieved.whence if self.retrieved else None

    def is_called(self, year: int | date) -> bool:
        """Tell whether this is what the year is ``called``: two can end in one calendar year."""
        return self.last == year if isinstance(year, date) else self.last.year == year


@dataclass(frozen=True, slots=True)
class Reading:
    """Which content a company's year has now: its days, where it comes from, and when it was read."""

    tenant: str
    first: date
    last: date
    source: LedgerSource
    read_at: datetime

    def shares_days(self, other: "Reading") -> bool:
        """Tell whether it is the same year, or one that was prolonged, cut or moved: two years never share a day."""
        return self.first <= other.last and other.first <= self.last

    def replaces(self, other: "Reading") -> bool:
        """Tell whether another year is none any more because of this one."""
        is_another = self.last != other.last and self.source == other.source
        return is_another and self.shares_days(other) and other.read_at < self.read_at


class SeveralYears(LookupError):
    """Several financial years end in the calendar year that was named; the message names each with its days."""


def meant(known: Iterable[LedgerYear], year: int | date) -> LedgerYear | None:
    """Return the one of these years that is ``called`` so; None where none is. Raises SeveralYears.

    One that is a year no more is meant only by its last day.
    """
    found = [one for one in known if one.is_called(year) and (isinstance(year, date) or one.replaced_by is None)]
    if len(found) > 1:
        there = ", ".join(sorted(f"{one.first} to {one.last}" for one in found))
        raise SeveralYears(f"several years end in {year}: {there}; name the one that is meant by its last day")
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class LedgerRequest:
    """What somebody asked for.

    Attributes:
        asked: for what, when and by whom.
        running: it is being carried out.
        failed: why it was not carried out.
    """

    asked: LedgerRequested
    running: bool
    failed: Text | str


async def years(engine: Engine, tenant: str) -> tuple[LedgerYear, ...]:
    """Return a company's financial years, the last one first."""
    return _years_of(row.state for row in await store.rows(engine, _YEARS, {"tenant": tenant}))


async def readings(engine: Engine) -> list[Reading]:
    """Return every company's years as they are now, but those that were replaced."""
    known: dict[str, list[Reading]] = {}
    for tenant, first, last, *rest in await store.rows(
        engine, _READINGS, {"ledger": registry.ledger(), "long_ago": _LONG_AGO}
    ):
        one = Reading(tenant, date.fromisoformat(first), date.fromisoformat(last), *rest)
        known.setdefault(tenant, []).append(one)
    return [one for years in known.values() for one in years if not any(other.replaces(one) for other in years)]


async def missing(engine: Engine, tenant: str, last: date) -> frozenset[str]:
    """Return the parts that the last reading of a year waits for: on their way, or they left before it was closed."""
    return frozenset(await store.scalars(engine, _MISSING, {"tenant": tenant, "key": f"ledger/{last}"}))


async def requests(engine: Engine, tenant: str) -> tuple[LedgerRequest, ...]:
    """Return what became of what was asked for last: of each year, and of the last years."""
    states = map(json.loads, await store.scalars(engine, _REQUESTS, {"tenant": tenant}))
    return tuple(
        LedgerRequest(
            asked=LedgerRequested.model_validate(state["asked"], strict=False),
            running=state["awaits"] is not None,
            failed=heard(Wording.kept(state.get("failed_wording")), state["failed"]),
        )
        for state in states
    )


class Books:
    """A financial year as it was at one moment."""

    def __init__(
        self, connection: DatabaseConnection, tenant: str, year: LedgerYear, retrieved: LedgerRetrieved
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self.year = year
        self.retrieved = retrieved

    async def parts(self, names: Iterable[str] | None = None) -> AsyncIterator[LedgerPartRead]:
        """Yield the year's parts in the order of their names; of these names, if there are any."""
        wanted = None if names is None else set(names)
        parts = sorted(self.retrieved.parts, key=lambda one: one.part)
        parts = [one for one in parts if wanted is None or one.part in wanted]
        for first in range(0, len(parts), _AT_ONCE):
            keys = [
                f"{self.retrieved.key}/{one.part}@{one.sha256[:16]}/content" for one in parts[first : first + _AT_ONCE]
            ]
            found = await self._connection.execute(_CONTENT, {"tenant": self._tenant, "keys": keys})
            content = {row.key: row.content for row in found}
            for key in keys:
                yield LedgerPartRead.model_validate_json(content[key])

    async def vouchers(self) -> AsyncIterator[LedgerVoucher]:
        """Yield the year's vouchers, by series and number."""
        names = [one.part for one in self.retrieved.parts if one.part.startswith(VOUCHERS)]
        async for part in self.parts(names):
            for voucher in part.vouchers:
                yield voucher


@asynccontextmanager
async def opened(engine: Engine, tenant: str, last: date) -> AsyncIterator[Books | None]:
    """Open the year that ends on a day; None where nothing is known of it."""
    async with snapshot(engine) as connection:
        states = (row.state for row in await connection.execute(_YEARS, {"tenant": tenant}))
        year = next((year for year in _years_of(states) if year.last == last), None)
        known = year and year.retrieved
        yield Books(connection, tenant, year, known) if year and known else None


def _years_of(states: Iterable[str]) -> tuple[LedgerYear, ...]:
    known = tuple(map(_year, states))
    read = [
        Reading("", year.first, year.last, year.retrieved.whence, year.retrieved.read_at or _LONG_AGO)
        for year in known
        if year.retrieved
    ]
    # Of several the first one counts, which is the last of the company's years.
    by = {one.last: (other.first, other.last) for one in read for other in reversed(read) if other.replaces(one)}
    return tuple(replace(year, replaced_by=by.get(year.last)) for year in known)


def _year(state: str) -> LedgerYear:
    known: dict[str, Any] = json.loads(state)
    retrieved, coming = (
        LedgerRetrieved.model_validate(known[which], strict=False) if known[which] else None
        for which in ("now", "next")
    )
    named = retrieved or coming
    assert named is not None  # noqa: S101 - a year is known by a reading of it
    assert named.year_from is not None  # noqa: S101 - and is named by its days
    assert named.year_to is not None  # noqa: S101 - the same
    hold = known["hold"]
    return LedgerYear(
        retrieved=retrieved,
        first=named.year_from,
        last=named.year_to,
        waits="person" if hold else "parts" if known["missing"] else "",
        reason=hold["reason"] if hold else "",
        question=_asked(hold) if hold else (),
        missing=len(known["missing"]),
        difference=_heard(known["difference"], known.get("difference_wordings")),
        kept=known["keeps"],
        chosen=(known.get("chosen") or {}).get("source"),
    )


def _asked(hold: Mapping[str, Any]) -> tuple[Text | str, ...]:
    message = heard(Wording.kept(hold.get("wording")), hold["message"])
    return (message, *_heard(hold["lines"], hold.get("line_wordings")))


def _heard(lines: Sequence[str], wordings: Sequence[Any] | None) -> tuple[Text | str, ...]:
    return all_heard([*map(Wording.kept, wordings or ())], lines)
