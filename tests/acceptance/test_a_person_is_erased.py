"""Somebody is erased: nobody can read their values any more, wherever they stand, and no backup brings any back."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from connectors.alexishr import commands
from connectors.alexishr import sandbox as alexis
from connectors.alexishr.settings import AlexisHRSettings
from connectors.desk import walking
from connectors.fortnox import sandbox
from infra import companies, tenants
from infra.access import people
from infra.access.vault import Vault
from infra.embedded.broker import EmbeddedKafka
from infra.postgres import text
from schemas.settings import EmployeesSettings, TenantSettings
from schemas.topics import TOPICS
from tests.acceptance.backups import Backups
from tests.acceptance.house import Roles, Shop, opened
from tests.bus import records
from tests.connectors.fortnox.token_driver import everything

FRIDA: dict[str, Any] = {
    "firstName": "Frida",
    "lastName": "Glömsk",
    "workEmail": "frida.glomsk@example.se",
    "privatePhone": "070-174 06 58",
    "ssn": "19850505-2384",
    "title": "Glasblåsare",
    "bankAccount": {"clearing": "6000", "number": "987654322"},
    "homeAddress": {"street": "Gömstigen 7", "postalCode": "983 21", "city": "Malmberget", "country": "SE"},
}
VALUES = re.compile(
    r"Frida|Gl(ö|\\u00f6)msk|frida\.glomsk|701740658|174 06 58|8505052384|050523|Glasbl|987654322|Gömstigen|Malmberget"
)
"""Anything of hers, in whatever form we write it."""
_SEAL = re.compile(r"v1:[A-Za-z0-9_\-=]{8,400}")


@asynccontextmanager
async def a_house(
    kafka: EmbeddedKafka, backups: Backups, folder: Path, books: sandbox.Books, hr: alexis.Company
) -> AsyncIterator[Roles]:
    """Run every role on the database as it is now, with the HR system beside."""
    async with (
        alexis.running(hr) as url,
        opened(
            kafka.bootstrap,
            backups.url,
            folder,
            books=books,
            alexishr=AlexisHRSettings(api_url=f"{url}/v1", poll_seconds=0.3, leave_seconds=0.5),
        ) as house,
    ):
        yield house


async def readable(house: Roles, shop: Shop) -> str:
    """Return all that stands in any table and on any topic, opened with every key that there is."""
    vault = await house.place.vault()
    told = [(await everything(house.place.engine)).encode()]
    for topic in TOPICS:
        told += [
            record.value or b""
            for record in await records(str(house.place.settings.kafka.bootstrap), topic.name, shop.tenant)
        ]
    async with house.place.engine.connect() as connection:
        plain = [each.replace(b'\\"', b'"') for each in await people.opened(connection, _unquoted(told))]
    found = b"\n".join(plain).decode(errors="replace")
    return found + "\n".join(_unsealed(found, vault, shop.tenant))


def _unquoted(told: list[bytes]) -> list[bytes]:
    """Tables' rows as text hold JSON with its quotation marks doubled."""
    return [each.replace(b'""', b'"') for each in told]


def _unsealed(found: str, vault: Vault, tenant: str) -> set[str]:
    opened: set[str] = set()
    for seal in set(_SEAL.findall(found)):
        for kind in ("personal_number", "bank_account"):
            with suppress(InvalidTag):
                opened.add(vault.open(seal, kind, tenant))
    return opened


async def staffed(house: Roles, hr: alexis.Company) -> Shop:
    """Return a company whose people are in both systems."""
    shop = await house.shop("staff", settings=None)
    shop.fortnox.scopes += " salary"
    settings = TenantSettings(employees=EmployeesSettings(system="alexishr", source_of_truth="hr"))
    engine, producer = house.place.engine, await house.place.producer()
    version = await companies.apply_settings(engine, producer, shop.tenant, settings, by="a test")
    await house.until(shop, "settings", lambda: tenants.is_in_force(engine, shop.tenant, version))
    await commands.store(house.place, shop.tenant, hr.token, "a test")
    plan = await house.command("plan", "employees", shop.tenant)
    assert "Frida Glömsk" in {row["name"] for row in plan["rows"]}
    await house.command("apply", plan["plan_id"][:8], "--by", "lena", "--wait", "200")
    return shop


async def refused(house: Roles, *words: str) -> str:
    """Run a verb that must be refused; return what it says."""
    with pytest.raises(AssertionError) as said:
        await house.command(*words)
    assert "ended with 1" in str(said.value)
    return str(said.value)


async def erased(house: Roles, shop: Shop, key: str) -> bool:
    """Tell whether the keys of somebody are gone, and it is on the company's trail."""
    asked: dict[str, Any] = {"t": shop.tenant, "k": key}
    async with house.place.engine.connect() as connection:
        keys = await connection.scalar(
            text("select count(*) from person_keys where tenant = :t and record = :k"), asked
        )
    return keys == 0 and any(record.outcome == "erased" and record.key == key for record in await house.trail(shop))


async def test_nobody_can_read_the_values_of_somebody_who_was_erased(
    own_kafka: EmbeddedKafka, backups: Backups, folder: Path
) -> None:
    """Not in the database, not on Kafka, not from a backup of before; what HR tells later is not kept either."""
    books, hr = sandbox.Books(), alexis.made_up()
    frida = hr.add_person("2020-01-01", **FRIDA)
    key = f"alexishr/{frida}"
    async with a_house(own_kafka, backups, folder, books, hr) as house:
        shop = await staffed(house, hr)
        before = await readable(house, shop)
        assert {"8505052384", "987654322", "Malmberget"} <= set(re.findall(r"8505052384|987654322|Malmberget", before))
        erase = ("people", "erase", shop.tenant, key, "--by", "anna")
        assert "unlink" in await refused(house, *erase)
        await house.command("employees", "unlink", shop.tenant, key, "--reason", "other", "--by", "anna")
    backup = backups.make()
    async with a_house(own_kafka, backups, folder, books, hr) as house:
        assert "works on" in await refused(house, *erase)
        [employment] = [e for e in hr.records["employment"].values() if e["employeeId"] == frida]
        hr.change_employment(employment["id"], endDate="2026-10-31T00:00:00.000Z", terminated=True)

        async def may() -> bool:
            with suppress(AssertionError):
                return bool((await house.command(*erase))["unreadable"]["facts"])
            return False

        await house.until(shop, "nothing is in the way any more", may)
        done = await house.command(*erase, "--yes")
        assert done["erased"]
        assert any("Bokföringslag" in line for line in done["stays"])
        assert await erased(house, shop, key)
        assert (await house.command(*erase, "--yes"))["erased"]  # once more does nothing
        after = await readable(house, shop)
        assert VALUES.findall(after) == []
        assert "anna@example.se" in after
        [verified] = [f for f in await walking.verify(house.place.engine) if f.tenant == shop.tenant]
        assert verified.problem is None
        hr.change_person(frida, title="Glasblåsarmästare")
        hold = await house.held(shop, "erased")
        assert hold.key == key
        assert VALUES.findall(await readable(house, shop)) == []
    backups.restore(backup)
    async with a_house(own_kafka, backups, folder, books, hr) as house:
        await house.until(shop, "erased again", lambda: erased(house, shop, key))
        found = await readable(house, shop)
        assert VALUES.findall(found) == []
        assert "anna@example.se" in found
        await house.command("people", "release", shop.tenant, key, "--by", "anna")
        await house.command("employees", "refresh", shop.tenant)

        async def known() -> bool:
            return "Glasblåsarmästare" in await readable(house, shop)

        await house.until(shop, "HR's values come in again", known)
