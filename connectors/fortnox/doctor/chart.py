"""A company's chart of accounts and its cost centres, as they were read last. Fortnox is not asked."""

from typing import Any, Final

from sqlalchemy import text

from infra.plugin import Chart, Charted, Host

_NEWEST: Final = text(
    """select distinct on (kind) kind, body, read_at from reference_data
       where tenant = :tenant and system = 'fortnox' and kind in ('accounts', 'cost_centres')
       order by kind, year_id desc"""
)


async def chart(host: Host, tenant: str) -> Chart:
    """Return the accounts of the newest financial year that was read, and the cost centres; none where none were."""
    async with host.engine.connect() as connection:
        kept = {row.kind: row for row in await connection.execute(_NEWEST, {"tenant": tenant})}
    accounts = kept.get("accounts")
    return Chart(
        accounts=_charted(accounts.body if accounts else (), "Number"),
        cost_centres=_charted(kept["cost_centres"].body if "cost_centres" in kept else (), "Code"),
        read_at=accounts.read_at if accounts else None,
    )


def _charted(items: Any, code: str) -> tuple[Charted, ...]:
    found = (
        Charted(str(item[code]), str(item.get("Description", "")), item.get("Active") is not False)
        for item in items
        if isinstance(item, dict) and code in item
    )
    return tuple(sorted(found, key=lambda one: one.code))
