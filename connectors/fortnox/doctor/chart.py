"""A company's chart of accounts and how its books are kept, as they were read last. Fortnox is not asked."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from connectors.fortnox.classify import years
from connectors.fortnox.doctor.check_words import BOOKKEEPING
from connectors.fortnox.doctor.outlook import series_seen
from connectors.fortnox.doctor.setup import is_active
from infra import clock, store
from infra.plugin import Chart, Charted, Host, HowKept
from infra.postgres import text

_NEWEST: Final = text(
    """select distinct on (kind) kind, year_id, body, read_at from reference_data
       where tenant = :tenant and system = 'fortnox' and kind = any(cast(:kinds as text[]))
       order by kind, year_id desc"""
)
_SERIES: Final = text(
    "select year_id, body from reference_data where tenant = :tenant and system = 'fortnox' and kind = 'series'"
)
_METHODS: Final[Mapping[str, Literal["accrual", "cash"]]] = {"ACCRUAL": "accrual", "CASH": "cash"}


async def chart(host: Host, tenant: str) -> Chart:
    """Return the accounts of the newest financial year that was read, and the cost centres; none where none were."""
    kept = await _newest(host, tenant, "accounts", "cost_centres")
    accounts = kept.get("accounts")
    return Chart(
        accounts=_charted(accounts.body if accounts else (), "Number"),
        cost_centres=_charted(kept["cost_centres"].body if "cost_centres" in kept else (), "Code"),
        read_at=accounts.read_at if accounts else None,
    )


async def how_kept(host: Host, tenant: str) -> HowKept:
    """Return the method of the financial year that it is now, and the series of each year whose series were read."""
    kept = await _newest(host, tenant, "years")
    series = {row.year_id: row.body for row in await store.rows(host.engine, _SERIES, {"tenant": tenant})}
    items = kept["years"].body if "years" in kept else ()
    of_years = [(year, item) for item in items for year in years([item])]
    now: Mapping[str, Any] = next((item for year, item in of_years if year.holds(clock.today())), {})
    return HowKept(
        method=_METHODS.get(str(now.get("AccountingMethod")).upper(), ""),
        guide=BOOKKEEPING,
        series={
            (year.first, year.last): tuple(series_seen(year, item) for item in series[year.id])
            for year, _ in of_years
            if year.id in series
        },
        years=tuple(sorted(((year.first, year.last) for year, _ in of_years), reverse=True)),
    )


async def _newest(host: Host, tenant: str, *kinds: str) -> Mapping[str, Any]:
    rows = await store.rows(host.engine, _NEWEST, {"tenant": tenant, "kinds": list(kinds)})
    return {row.kind: row for row in rows}


def _charted(items: Any, code: str) -> tuple[Charted, ...]:
    found = (
        Charted(str(item[code]), str(item.get("Description", "")), is_active(item))
        for item in items
        if isinstance(item, dict) and code in item
    )
    return tuple(sorted(found, key=lambda one: one.code))
