"""A till that sends nothing has a table: what it writes there is booked once, and what cannot be read waits by name."""

import json
from pathlib import Path

import pytest

from infra import companies, tenants
from infra.delivery import waiting
from infra.intake import ways
from infra.intake.ways import Way
from schemas.bas import BAS_DAY_SALES
from schemas.daytotals import DayTotalsSettings
from schemas.settings import TenantSettings
from schemas.ways import OutboxTable, SftpFolder, WaysIn
from tests.acceptance.house import DAY, Roles, Shop, rows_of, z_report
from tests.acceptance.test_a_closed_day_reaches_the_ledger import BOOKED
from tests.infra import sftp_driver
from tests.infra.ways_driver import Till

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def choose(house: Roles, shop: Shop, chosen: WaysIn, secret: str, **more: object) -> None:
    """Let a company fetch its day closes, and give what opens the way in."""
    engine, host = house.place.engine, await house.place.host()
    settings = TenantSettings.model_validate({"daysales": BAS_DAY_SALES, "ways_in": chosen, **more})
    version = await companies.apply_settings(engine, await house.place.producer(), shop.tenant, settings, by="a test")
    await house.until(shop, "the settings take effect", lambda: tenants.is_in_force(engine, shop.tenant, version))
    [way] = chosen.all
    await ways.keep_secret(engine, host.vault, Way(shop.tenant, way), secret, by="a test")


async def test_a_row_of_an_outbox_is_booked_and_a_broken_one_is_corrected(
    house: Roles, database_url: str, tmp_path: Path
) -> None:
    """One voucher for each report; the broken row is a dead letter, is sent again corrected, and booked as well."""
    shop, till = await house.shop(), Till(database_url)
    broken = z_report(32) | {"zNumber": "32"}
    till.write(*(json.dumps(report) for report in (z_report(31), broken, z_report(33))))
    await choose(house, shop, WaysIn(outboxes=(OutboxTable(name="kassa", system="openpos", every=1),)), till.url)
    vouchers = await house.ends_with(shop, vouchers=2)
    assert all(sorted(rows_of(voucher)) == sorted(BOOKED) for voucher in vouchers)

    async def buried() -> str | None:
        letters = await waiting.dead_letters(house.place.engine, shop.tenant)
        return letters[0].place if letters else None

    place = await house.until(shop, "the broken row is a dead letter", buried)
    assert place.startswith(f"ways/{shop.tenant}/kassa/openpos/")
    await house.command("ways", "check", shop.tenant)
    corrected = tmp_path / "z32.json"
    corrected.write_text(json.dumps(z_report(32)))
    await house.command("dead", "replay", place, "--file", str(corrected))
    await house.ends_with(shop, vouchers=3)
    assert "dead_lettered" in {record.outcome for record in await house.trail(shop)}


async def test_day_totals_on_an_sftp_server_are_booked(house: Roles, tmp_path: Path) -> None:
    """A till's own file, as the company's settings map its columns; then it lies among the done ones."""
    shop = await house.shop()
    columns = [
        {"column": "Datum", "holds": "business_date"},
        {"column": "Z", "holds": "z_number"},
        {"column": "Böcker", "holds": "sales books 25 gross"},
        {"column": "Kontant", "holds": "payment cash"},
        {"column": "Kort", "holds": "payment card"},
    ]
    mapping = DayTotalsSettings.model_validate(
        {"store": "CITY", "register_id": "KASSA1", "encoding": "windows-1252", "columns": columns}, strict=False
    )
    (tmp_path / "dag.csv").write_bytes(
        f"Datum;Z;Böcker;Kontant;Kort\r\n{DAY};41;1000,00;400,00;600,00\r\n".encode("windows-1252")
    )
    async with sftp_driver.serving(tmp_path) as server:
        folder = SftpFolder.model_validate(server.settings(system="daytotals"))
        await choose(house, shop, WaysIn(sftp=(folder,)), sftp_driver.PASSWORD, daytotals=mapping)
        [voucher] = await house.ends_with(shop, vouchers=1)
        assert sorted(rows_of(voucher)) == sorted(BOOKED)

        async def moved() -> bool:
            return server.names("done") == ["dag.csv"]

        await house.until(shop, "the file is moved", moved)
