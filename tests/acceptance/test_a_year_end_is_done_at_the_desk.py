"""A whole year-end in the pages: previewed, approved by a second person, exported, read back, proved and packed."""

import io
import re
import zipfile
from collections.abc import AsyncIterator

import httpx  # noqa: TID251 - a browser, which keeps cookies
import pytest
import pytest_asyncio

from infra.access.vault import open_vault
from infra.accounts.permissions import DeskRole
from infra.plugin import Host
from infra.postgres import text
from tests.acceptance.house import Roles, Shop
from tests.acceptance.year_end import ENTRIES, batch, made
from tests.connectors.desk.web_driver import Visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(house: Roles) -> AsyncIterator[Shop]:
    """Yield a company that wants four eyes, and has its closing entries."""
    company = await made(house, "deskclosing", four_eyes=True)
    await house.deliver(company, batch(*ENTRIES[:3]), "one delivery", system="spiris")
    yield company


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visitor(house: Roles) -> AsyncIterator[Visitor]:
    """Yield a browser at the desk."""
    engine = house.place.engine
    host = Host(house.settings, engine, await open_vault(engine, house.settings), None, None)
    async with httpx.AsyncClient(timeout=60.0, headers={"Accept-Language": "en"}) as http:
        yield Visitor(host, http, house.url)


_COMPARED = """
insert into plans (plan_id, tenant, flow, state, body, made_at)
select gen_random_uuid(), tenant, 'employees', state, body, clock_timestamp() from plans, generate_series(1, 51)
where tenant = :t
"""
_KILLED = """
with begun as (
    update plans set state = 'made', body = jsonb_set(body, '{state}', '"made"') where plan_id = cast(:p as uuid)
    returning plan_id)
update plan_rows r set fact_id = null from begun where r.plan_id = begun.plan_id and r."row" = 1
"""


async def approve(visitor: Visitor, plan: str) -> httpx.Response:
    """Send a plan's form with its three rows."""
    form, headers = {"row": ["1", "2", "3"]}, {"Sec-Fetch-Site": "same-origin"}
    return await visitor.http.post(f"{visitor.url}{plan}/apply", data=form, headers=headers)


async def test_1_an_accountant_previews_and_an_approver_books(house: Roles, shop: Shop, visitor: Visitor) -> None:
    """What each entry would meet is shown; who may not approve is told so, and each entry is one voucher."""
    below = f"/companies/{shop.tenant}/closing"
    await visitor.is_signed_in_as(DeskRole.ACCOUNTANT, shop.tenant)
    made_plan = await visitor.post(f"{below}/plans")
    assert made_plan.status_code == 303, made_plan.text
    address = made_plan.headers["location"]
    async with house.place.engine.begin() as connection:  # staff is compared often
        await connection.execute(text(_COMPARED), {"t": shop.tenant})
    assert address in (await visitor.get(below)).text
    page = await visitor.see(address)
    assert "Series I (manual), next number 1; financial year 2025-01-01 to 2025-12-31" in page
    assert "Somebody with the role of approver approves." in page
    assert (await visitor.post(f"{address}/apply", {"row": "1"})).status_code == 403
    await visitor.is_signed_in_as(DeskRole.APPROVER, shop.tenant)
    assert "Approve and book those selected (of 3, 600.00 kr)" in await visitor.see(address)
    assert (await visitor.post(f"{address}/apply")).status_code == 422
    answer = await approve(visitor, address)
    assert answer.status_code == 303, answer.text
    await house.ends_with(shop, vouchers=3)

    async def exported() -> bool:  # each outcome travels over Kafka once more, to the flow that the page asks
        return (await visitor.see(below)).count("exported") >= 3

    await house.until(shop, "the page says that all three are exported", exported)
    again = await approve(visitor, address)
    assert again.status_code in {303, 409}
    assert len(await house.ends_with(shop, vouchers=3)) == 3

    async with house.place.engine.begin() as connection:  # as if the desk had been killed before Kafka had a row
        await connection.execute(text(_KILLED), {"p": address.rpartition("/")[2]})
    assert "Approved, and not sent yet: 1." in await visitor.see(address)
    assert (await visitor.post(f"{address}/drop")).status_code == 409
    assert (await visitor.post(f"{address}/apply", {"go": "on"})).status_code == 303
    assert "not sent yet" not in await visitor.see(address)
    assert len(await house.ends_with(shop, vouchers=3)) == 3


async def test_2_a_plan_of_another_company_is_not_there(house: Roles, visitor: Visitor) -> None:
    """Nor is one that never was."""
    other = await made(house, "deskother")
    await visitor.is_signed_in_as(DeskRole.ADMIN, other.tenant)
    nothing = "00000000-0000-4000-8000-000000000000"
    assert (await visitor.get(f"/companies/{other.tenant}/closing/plans/{nothing}")).status_code == 404


async def test_3_the_year_is_read_looked_through_proved_and_packed(house: Roles, shop: Shop, visitor: Visitor) -> None:
    """Sync, a voucher with its neighbours, the proof to the öre, and the package as an auditor gets it."""
    below = f"/companies/{shop.tenant}/ledger"
    await visitor.is_signed_in_as(DeskRole.APPROVER, shop.tenant)
    assert (await visitor.post(f"{below}/sync", {"year": "20x5"})).status_code == 404
    assert (await visitor.post(f"{below}/sync", {"year": "2025"})).status_code == 303

    async def read() -> bool:
        return "Prove" in await visitor.see(below) and "2025-12-31/vouchers" in (await visitor.get(below)).text

    await house.until(shop, "the year is read", read)
    of_year = f"{below}/2025-12-31"
    html = (await visitor.get(f"{of_year}/vouchers")).text
    addresses = re.findall(r'href="([^"]+/vouchers/\d+\?series=I)"', html)
    assert len(addresses) == 3
    middle = await visitor.see(addresses[1])
    assert "Avskrivning" in middle
    assert "1229" in middle
    assert "← 1" in middle
    assert "3 →" in middle
    assert "Avskrivning 2" in await visitor.see(f"{of_year}/vouchers?q=avskrivning+2")
    assert "1229" in await visitor.see(f"{of_year}/balances")
    assert (await visitor.post(f"{of_year}/prove")).status_code == 303
    assert "proved to the öre. 3 vouchers of ours" in await visitor.see(f"{of_year}/proof")
    package = await visitor.get(f"{of_year}/package")
    assert package.status_code == 200
    names = zipfile.ZipFile(io.BytesIO(package.content)).namelist()
    assert any(name.endswith(".se") for name in names)
    assert (await visitor.get(f"{below}/1999-12-31/vouchers")).status_code == 404
    assert (await visitor.get(f"{below}/x/vouchers")).status_code == 404
