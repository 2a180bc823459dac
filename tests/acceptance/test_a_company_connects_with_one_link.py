"""From a link to the ledger: a company gives its consent, and what has waited is booked; taken back, it waits again."""

import asyncio

import pytest

from connectors.fortnox import tokens
from connectors.fortnox.connect.connecting import SYSTEM
from connectors.fortnox.sandbox import Company
from connectors.fortnox.settings import FortnoxSettings
from infra import companies
from infra.access.connections import Connections
from infra.access.vault import open_vault
from infra.plugin import Host
from schemas.bas import BAS_DAY_SALES
from tests.acceptance.house import Roles, Shop, z_report
from tests.connectors.fortnox.consent_driver import ConsentDriver

_NOTICED = 3.5
"""Seconds within which every process has noticed that a company is disconnected."""
pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def people(house: Roles) -> ConsentDriver:
    """Return the house as the people who connect companies see it."""
    vault = await open_vault(house.place.engine, house.settings)
    return ConsentDriver(
        Host(house.settings, house.place.engine, vault, None, None), house.url, house.books, house.http
    )


async def unconnected(house: Roles, name: str, number: int) -> Shop:
    """Add a company with its settings that Fortnox knows and that nobody has connected."""
    company = house.books.add(Company(number, "Boklådan AB", "556016-0680", consented=False))
    made = await companies.add(await house.place.host(), name, organisation_number="5560160680", database_number=None)
    shop = Shop(name, company, made["openpos"])
    await house.apply(shop, BAS_DAY_SALES)
    return shop


@pytest.mark.parametrize("service", [True, False])
async def test_a_company_connects_with_one_link(house: Roles, service: bool) -> None:  # noqa: FBT001 - a column
    """A day that was closed before anybody had consented is booked when somebody has, and so is the next."""
    world = await people(house)
    shop = await unconnected(house, f"one-link-{service}".lower(), 7001 + service)
    await house.deliver(shop, z_report(1))
    page = await world.consent(await world.link(shop.tenant, service=service), company=shop.fortnox.database_number)
    assert "Boklådan AB är anslutet" in page.text
    await house.ends_with(shop, vouchers=1)
    await house.deliver(shop, z_report(2))
    await house.ends_with(shop, vouchers=2)
    outcomes = [record.outcome for record in await house.trail(shop)]
    assert outcomes.count("connected") == 1
    assert outcomes.count("delivered") == 2


async def test_a_company_that_is_disconnected_waits_until_it_consents_again(house: Roles) -> None:
    """Its orders are neither lost nor refused; they go on by themselves."""
    world = await people(house)
    shop = await unconnected(house, "there-and-back", 7010)
    number = shop.fortnox.database_number
    await world.consent(await world.link(shop.tenant), company=number)
    await house.deliver(shop, z_report(1))
    await house.ends_with(shop, vouchers=1)
    refresh = await Connections(world.host.engine, world.host.vault).disconnect(shop.tenant, SYSTEM, "Anna")
    assert refresh is not None
    assert await tokens.revoke(house.settings.of(FortnoxSettings), refresh)
    await asyncio.sleep(_NOTICED)
    await house.deliver(shop, z_report(2))

    async def waits() -> bool:
        query = "select 1 from journal where tenant = :t and state = 'queued' and attempt > 0"
        return bool(await world.rows(query, t=shop.tenant))

    await house.until(shop, "the second day waits for a connection", waits)
    assert len(shop.vouchers) == 1
    await world.consent(await world.link(shop.tenant), company=number)
    await house.ends_with(shop, vouchers=2)
