"""A company that is removed takes with it all that is its own; its trail stays; its name can be used anew."""

import uuid

import pytest

from connectors.fortnox.sandbox import Company
from infra import companies
from infra.postgres import text
from infra.tables import metadata
from schemas.bas import BAS_DAY_SALES
from tests.acceptance.house import Roles, Shop, z_report
from tests.bus import messages

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]
KLARNA = [{"method": "klarna", "amount": "400.00"}, {"method": "card", "amount": "600.00"}]


async def named(house: Roles, name: str, company: Company) -> Shop:
    """Add a company under a name of the test's own choice."""
    made = await companies.add(
        await house.place.host(), name, organisation_number=None, database_number=company.database_number
    )
    return Shop(name, company, made["openpos"])


async def rows_of(house: Roles, tenant: str) -> dict[str, int]:
    """Return how many rows each table has that names a company, where it has any."""
    async with house.place.engine.connect() as connection:
        counted = {
            table.name: await connection.scalar(
                text(f"select count(*) from {table.name} where tenant = :t"),  # noqa: S608 - our own names
                {"t": tenant},
            )
            for table in metadata.tables.values()
            if "tenant" in table.columns
        }
    return {name: count for name, count in counted.items() if count}


async def test_the_same_name_starts_anew(house: Roles) -> None:
    """Settings begin at version 1, the chain at its first record; the same report is decided by the new settings."""
    shop = await house.shop()
    tenant = shop.tenant
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    await house.deliver(shop, z_report(2, payments=KLARNA))
    await house.held(shop, "unmapped_payment_method")
    await house.apply(shop, BAS_DAY_SALES)

    refused = await failing(house, "tenant", "remove", tenant, code=1)
    assert "holds: 1" in refused
    assert "--yes" in refused
    before = await rows_of(house, tenant)
    removed = await house.command("tenant", "remove", tenant, "--yes")
    assert (removed["removed"], removed["kept_under"], removed["withdrawn"]["holds"]) == (tenant, f"{tenant}.1", 1)

    assert await rows_of(house, tenant) == {}
    kept = await rows_of(house, f"{tenant}.1")
    assert set(kept) == {"removed_tenants", "decided", "journal", "audit", "audit_heads"}
    assert kept["journal"] == before["journal"]
    found = await house.command("audit", "verify", "--tenant", f"{tenant}.1")
    assert found[0]["problem"] is None
    trail = await house.trail(Shop(f"{tenant}.1", shop.fortnox, ""))
    assert [(r.outcome, r.code) for r in trail][-2:] == [("released", "company_removed"), ("removed", "")]
    assert "no company is called" in await failing(house, "tenant", "remove", tenant, code=2)
    assert (await house.post(shop, b"{}", uuid.uuid4().hex)).status in {401, 404}

    other = house.books.add(Company(shop.fortnox.database_number + 100_000, "Another"))
    again = await named(house, tenant, other)
    await house.apply(again, BAS_DAY_SALES.model_copy(update={"series": "A"}))
    await house.deliver(again, z_report(1))
    [voucher] = await house.ends_with(again, vouchers=1)
    assert voucher.draft.series == "A"
    assert len(shop.vouchers) == 1
    trail = await house.trail(again)
    told = [(r.sequence, r.outcome, r.settings_version) for r in trail]
    assert told == [(1, "absent", 1), (2, "delivered", 1)]  # the one before gave this order: it is looked for first
    verified = await house.command("audit", "verify", "--tenant", tenant)
    assert verified[0]["problem"] is None
    assert (await house.command("settings", "show", tenant))["version"] == 1


async def test_what_is_on_its_way_when_a_company_is_removed_is_not_the_next_ones(house: Roles) -> None:
    """Facts, orders and settings of the old company that come late are decided for nobody, and leave a line."""
    shop = await house.shop()
    tenant = shop.tenant
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    fact, order, applied = [
        await last_record(house, tenant, topic) for topic in ("facts.day-closed.v1", "orders.fortnox.v1", "settings.v1")
    ]
    await house.command("tenant", "remove", tenant)
    again = await named(house, tenant, house.books.add(Company(shop.fortnox.database_number + 200_000, "Another")))
    late = fact.replace(b'"zNumber":1', b'"zNumber":7').replace(b"/KASSA1/1", b"/KASSA1/7")
    for topic, value in (("settings.v1", applied), ("facts.day-closed.v1", late), ("orders.fortnox.v1", order)):
        await house.publish(topic, tenant, value)

    async def lines() -> bool:
        query = text("select count(*) from decided where tenant = :t and rules = 'its_company_was_removed'")
        async with house.place.engine.connect() as connection:
            return (await connection.scalar(query, {"t": f"{tenant}.1"}) or 0) >= 3  # with the last word on settings.v1

    await house.until(again, "the late facts have their lines", lines)
    await house.apply(again, BAS_DAY_SALES)
    await house.deliver(again, z_report(2))
    await house.ends_with(again, vouchers=1)
    assert {r.key for r in await house.trail(again)} == {"openpos/CITY/KASSA1/2/2026-04-10"}
    assert (await house.command("settings", "show", tenant))["version"] == 1


async def test_a_report_that_the_company_before_booked_is_looked_for_first(house: Roles) -> None:
    """The same company in Fortnox under the same name: its voucher is found by its mark, and not booked again."""
    shop = await house.shop()
    await house.deliver(shop, z_report(1))
    [voucher] = await house.ends_with(shop, vouchers=1)
    await house.command("tenant", "remove", shop.tenant)
    again = await named(house, shop.tenant, shop.fortnox)
    await house.apply(again, BAS_DAY_SALES)
    await house.deliver(again, z_report(1))
    [found] = await house.until(again, "the voucher is found", lambda: house.trail(again))
    assert (found.outcome, found.voucher and found.voucher.number) == ("already_there", voucher.number)
    assert again.vouchers == [voucher]


async def last_record(house: Roles, tenant: str, topic: str) -> bytes:
    """Return the newest record of a company on a topic."""
    return (await messages(house.settings.kafka.bootstrap or "", topic, tenant))[-1].to_bytes()


async def failing(house: Roles, *words: str, code: int) -> str:
    """Run a command that ends with an exit code; return what it complains about."""
    with pytest.raises(AssertionError) as raised:
        await house.command(*words)
    assert f"ended with {code}" in str(raised.value)
    return " ".join(str(raised.value).split())
