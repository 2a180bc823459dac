"""A company's chart of accounts and how its books are kept, as they were read last. Fortnox is not asked."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from sqlalchemy import text

from connectors.fortnox.classify import years
from connectors.fortnox.doctor.check_words import BOOKKEEPING
from connectors.fortnox.doctor.outlook import series_seen
from connectors.fortnox.doctor.setup import is_active
from infra import clock, store
from infra.plugin import Chart, Charted, Host, HowKept

_NEWEST: Final = text(
    """select distinct on (kind) kind, year_id, body, read_at from reference_data
       where tenant = :tenant and system = 'fortnox' and kind = any(cast(:kinds as text[]))
       order by kind, year_id desc"""
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
    """Return the method of the financial year that it is now, and the series of the newest one that was read."""
    kept = await _newest(host, tenant, "series", "years")
    items = kept["years"].body if "years" in kept else ()
    of_years = [(year, item) for item in items for year in years([item])]
    now: Mapping[str, Any] = next((item for year, item in of_years if year.holds(clock.today())), {})
    newest = next((year for year, _ in of_years if "series" in kept and year.id == kept["series"].year_id), None)
    return HowKept(
        method=_METHODS.get(str(now.get("AccountingMethod")).upper(), ""),
        guide=BOOKKEEPING,
        series=tuple(series_seen(newest, item) for item in kept["series"].body) if newest else (),
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
