"""What a company has set up in Fortnox: read once, kept with its age for all processes, dropped when proved wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any, Final

import psycopg
from pydantic_core import to_json

from connectors.fortnox import encode
from connectors.fortnox.classify import Record, integer, list_moved, unreadable_list
from connectors.fortnox.client import Fortnox
from connectors.fortnox.doctor.setup import ReferenceKind
from infra import clock, store, telemetry
from infra.delivery.requests import Request
from infra.failing import named
from infra.plugin import Attempt
from infra.postgres import text
from infra.verdicts import Rejected, RetryLater

_TRUSTED: Final = 60.0  # seconds for which this process does not look whether another one dropped or renewed a list
_REFUSED: Final = 60.0  # the same for a refusal: a licence or a scope does not come from one order to the next
_READINGS: Final = 3  # of a list that moves while it is read
_REFUSALS: Final = frozenset(
    {"scope_missing", "licence_missing", "permission_missing", "forbidden", "lookup_refused", "cost_centre_refused"}
)

_log = telemetry.log(__name__)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a kind is read. Of ``fields``, all that is kept, the first one tells the members of a list apart."""

    resource: str
    key: str
    fields: tuple[str, ...]
    many: bool = True
    of_year: bool = False


# Facts §3.5 to 3.8, 3.10. Names of people, addresses and bank accounts are left where they are.
_SOURCES: Final[Mapping[ReferenceKind, _Source]] = {
    "years": _Source("financialyears", "FinancialYears", ("Id", "FromDate", "ToDate", "AccountingMethod")),
    "series": _Source(
        "voucherseries", "VoucherSeriesCollection", ("Code", "Description", "Manual", "NextVoucherNumber"), of_year=True
    ),
    "accounts": _Source(
        "accounts",
        "Accounts",
        (
            *("Number", "Description", "Active", "VATCode"),
            *("CostCenterSettings", "ProjectSettings", "TransactionInformationSettings"),
        ),
        of_year=True,
    ),
    "cost_centres": _Source("costcenters", "CostCenters", ("Code", "Description", "Active")),
    "locked_period": _Source("settings/lockedperiod", "LockedPeriod", ("EndDate",), many=False),
}

CONTRADICTED: Final[Mapping[str, tuple[ReferenceKind, ...]]] = {
    "account_missing": ("accounts",),
    "account_inactive": ("accounts",),
    "account_invalid": ("accounts",),
    "series_missing": ("series",),
    "series_not_manual": ("series",),
    "financial_year_missing": ("years",),
    "period_locked": ("locked_period",),
    "cost_centre_refused": ("cost_centres", "accounts"),
    "project_refused": ("accounts",),
    "vat_code_refused": ("accounts",),
    "transaction_information_refused": ("accounts",),
}
"""What a refusal, by its code, proves to be out of date."""

_KEPT = text(
    """select case when read_at is distinct from cast(:known as timestamptz) then body end, read_at,
              extract(epoch from clock_timestamp() - read_at)::float8
       from reference_data where tenant = :tenant and system = 'fortnox' and kind = :kind and year_id = :year"""
)
_KEEP = text(
    """insert into reference_data (tenant, system, kind, year_id, body, read_at)
       values (:tenant, 'fortnox', :kind, :year, cast(:body as jsonb), :at)
       on conflict (tenant, system, kind, year_id) do update set body = excluded.body, read_at = excluded.read_at"""
)
_DROP = text(
    """delete from reference_data where tenant = :tenant and system = 'fortnox' and kind = :kind
       and (cast(:year as int) is null or year_id = :year)"""
)


@dataclass(frozen=True, slots=True)
class CachedList:
    """A whole list, with the fields that we use; a resource that there is one of is a list of one."""

    items: tuple[Mapping[str, Any], ...]
    read_at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    """What this process remembers: since when it is true, and when the database was asked (monotonic seconds)."""

    answer: CachedList | RetryLater
    since: float
    looked: float = field(default_factory=clock.monotonic)


class Reference:
    """One company's reference data. ``series`` and ``accounts`` are a financial year's: pass its id.

    A database that does not answer costs a reading, never an order: what was read is remembered here as well.
    """

    def __init__(self, fortnox: Fortnox) -> None:
        self._fortnox = fortnox
        self._tenant = fortnox.company.tenant
        self._known: dict[tuple[ReferenceKind, int], _Known] = {}

    async def get(
        self, kind: ReferenceKind, attempt: Attempt, *, year_id: int = 0, max_age: float = 3600.0
    ) -> CachedList | RetryLater:
        """Return a list that is at most ``max_age`` seconds old: from memory, else from the database, else read anew.

        A refusal (``scope_missing``, ``licence_missing``, ...) is remembered for a minute.
        """
        now = clock.monotonic()
        known = self._known.get((kind, year_id))
        if known and isinstance(known.answer, RetryLater):
            if now < known.since + _REFUSED:
                return known.answer
        elif known and now < min(known.since + max_age, known.looked + _TRUSTED):
            return known.answer
        if row := await self._row(kind, year_id, known):
            self._known[kind, year_id] = row
            if now < row.since + max_age:
                return row.answer
        return await self._read_anew(kind, year_id, attempt)

    async def drop(self, *kinds: ReferenceKind, year_id: int | None = None) -> None:
        """Forget lists, in every process within a minute; those of one financial year, where they are of one."""
        for kind in kinds:
            year = year_id if _SOURCES[kind].of_year else None
            for known in [k for k in self._known if k[0] == kind and year in {None, k[1]}]:
                del self._known[known]
            await self._execute(_DROP, kind=kind, year=year)

    async def heed(self, answer: object, year_id: int) -> None:
        """Drop what an answer contradicts, about an order that went to this financial year."""
        if isinstance(answer, Rejected):
            await self.drop(*CONTRADICTED.get(answer.code, ()), year_id=year_id)

    async def _read_anew(self, kind: ReferenceKind, year_id: int, attempt: Attempt) -> CachedList | RetryLater:
        at, since = clock.now(), clock.monotonic()
        items = await self._read(_SOURCES[kind], year_id, attempt)
        if isinstance(items, RetryLater):
            if items.code in _REFUSALS:
                self._known[kind, year_id] = _Known(items, since)
            return items
        kept = CachedList(items, at)
        self._known[kind, year_id] = _Known(kept, since)
        await self._execute(_KEEP, kind=kind, year=year_id, body=to_json(items).decode(), at=at)
        return kept

    async def _read(
        self, source: _Source, year_id: int, attempt: Attempt
    ) -> tuple[Mapping[str, Any], ...] | RetryLater:
        """Read a list to its end, and again if it moved meanwhile; or what there is one of, if there is."""
        if not source.many:
            record = await self._fortnox.one(_request(source, year_id, 1), source.key, attempt)
            if isinstance(record, RetryLater):
                return record
            return (_small(record.fields, source),) if isinstance(record, Record) else ()
        for _ in range(_READINGS):
            items = await self._pages(source, year_id, attempt)
            if items is not None:
                return items
        return list_moved(source.key)

    async def _pages(
        self, source: _Source, year_id: int, attempt: Attempt
    ) -> tuple[Mapping[str, Any], ...] | RetryLater | None:
        """Return every member once; None when the pages do not make one list."""
        found: dict[Any, Mapping[str, Any]] = {}
        total: int | None = None
        for number in count(1):
            request = _request(source, year_id, number)
            page = await self._fortnox.list(request, source.key, attempt)
            if isinstance(page, RetryLater):
                return page
            if source.of_year and not all(is_of_year(item, year_id) for item in page.items):
                return unreadable_list(source.key)
            if number > 1 and page.total != total:
                return None
            total, before = page.total, len(found)
            found |= {item.get(source.fields[0]): _small(item, source) for item in page.items}
            if len(found) == total if total is not None else not page.is_full:
                break
            if len(found) == before:
                return None
        return tuple(found.values())

    async def _row(self, kind: ReferenceKind, year_id: int, known: _Known | None) -> _Known | None:
        """Return what the database has: the very list that is known here, if it is still that one."""
        asked = clock.monotonic()
        ours = known.answer if known and isinstance(known.answer, CachedList) else None
        try:
            at = ours.read_at if ours else None
            values = {"tenant": self._tenant, "kind": kind, "year": year_id, "known": at}
            row = await store.row(self._fortnox.host.engine, _KEPT, values)
        except psycopg.Error as error:
            _log.warning("reference data not looked up", tenant=self._tenant, kind=kind, error=named(error))
            return None
        if row is None:
            return None
        body, read_at, age = row
        return _Known(ours if ours and body is None else CachedList(tuple(body), read_at), asked - age)

    async def _execute(self, statement: Any, **values: Any) -> None:
        try:
            await store.write(self._fortnox.host.engine, statement, {"tenant": self._tenant, **values})
        except psycopg.Error as error:
            kind, name = values["kind"], named(error)
            _log.warning("reference data not written", tenant=self._tenant, kind=kind, error=name)


def _request(source: _Source, year_id: int, number: int) -> Request:
    params: dict[str, str | int] = {"financialyear": year_id} if source.of_year else {}
    if source.many:
        params |= {"limit": encode.LIMIT} | ({"page": number} if number > 1 else {})
    return Request("GET", source.resource, params)


def is_of_year(item: Mapping[str, Any], year_id: int) -> bool:
    """Tell whether an account or a series is of a year: a parameter that is not heeded gives the chosen year's."""
    return integer(item.get("Year")) in {None, year_id}


def _small(item: Mapping[str, Any], source: _Source) -> Mapping[str, Any]:
    return {name: item[name] for name in source.fields if item.get(name) is not None}
