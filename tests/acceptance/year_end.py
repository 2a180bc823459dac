"""A year-end for stories: entries as Tax & Year-end sends them, a company that takes them, its plans and its list."""

from datetime import date
from typing import Any

from connectors.fortnox.sandbox import Fault
from infra import companies, tenants
from schemas.settings import TenantSettings, YearEndSettings
from tests.acceptance.house import Roles, Shop

LAST = date(2025, 12, 31)
RATES = dict.fromkeys(Fault, 0.35 / len(Fault))


def row(account: int, debit: str = "", credit: str = "") -> dict[str, Any]:
    """Return a row as Tax & Year-end sends it."""
    return {"account": account, "debit": debit} if debit else {"account": account, "credit": credit}


def entry(number: str, amount: str = "480.00", **more: Any) -> dict[str, Any]:
    """Return an entry: depreciation."""
    rows = [row(7832, amount), row(1229, credit=amount)]
    return {"number": number, "date": str(LAST), "text": f"Avskrivning {number}", "rows": rows} | more


def batch(*entries: dict[str, Any], version: int = 0, **more: Any) -> dict[str, Any]:
    """Return a batch."""
    return {
        "format": "bokbuss.spiris.closing-entries/1",
        "batch": "2025",
        "version": version,
        "company": {"organisationNumber": "556000-0001"},
        "year": {"from": "2025-01-01", "to": "2025-12-31"},
        "submittedBy": "lena",
        "entries": list(entries),
    } | more


ENTRIES = [entry(str(number), f"{100 * number}.00") for number in range(1, 6)]
ACCRUAL = {
    "number": "P1",
    "date": str(LAST),
    "text": "Hyra januari",
    "reverseOn": "2026-01-01",
    "rows": [row(1710, "18000.00"), row(5010, credit="18000.00")],
}


async def made(house: Roles, name: str, **settings: Any) -> Shop:
    """Return a company whose series I takes closing vouchers."""
    shop = await house.shop(name, settings=None)
    for year in shop.fortnox.years.values():
        year.series["I"].manual = True
    chosen = TenantSettings(yearend=YearEndSettings(**({"series": "I"} | settings)))
    engine, producer = house.place.engine, await house.place.producer()
    version = await companies.apply_settings(engine, producer, shop.tenant, chosen, by="a test")
    await house.until(shop, "the settings", lambda: tenants.is_in_force(engine, shop.tenant, version))
    return shop


async def plan(house: Roles, shop: Shop, by: str = "bo") -> dict[str, Any]:
    """Return a plan that somebody makes."""
    found: dict[str, Any] = await house.command("plan", "closing", shop.tenant, "--by", by)
    return found


async def states(house: Roles, shop: Shop) -> dict[str, str]:
    """Return how far each entry has come, by its number."""
    return {one["number"]: one["state"] for one in await house.command("closing", "list", shop.tenant)}
