"""Rows of S, Y and P (FEATURES) that meet Fortnox, done in a browser in a house in which every role runs."""

import base64
import re
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx  # noqa: TID251 - a browser, which keeps cookies
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page

from connectors import sie
from connectors.fortnox.connect import connecting
from connectors.fortnox.sandbox import Company, licences
from infra import companies, tenants
from infra.accounts.permissions import DeskRole
from infra.postgres import text
from schemas.settings import TenantSettings
from tests.acceptance.house import Roles, Shop
from tests.acceptance.year_end import ENTRIES, batch, made
from tests.connectors.desk.browsing import browsing, found_by_axe, needs_a_browser
from tests.connectors.desk.in_swedish import english_in
from tests.connectors.desk.web_driver import Visitor
from tests.connectors.fortnox.ledger.test_open_items import Trade
from tests.connectors.fortnox.ledger_driver import DOCUMENTS, attach, book

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module"), needs_a_browser]

SIE = Path(sie.__file__).parent / "samples" / "year-with-history.se"
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def visitor(house: Roles) -> AsyncIterator[Visitor]:
    """Yield somebody's session at the desk."""
    host = await house.place.host()
    async with httpx.AsyncClient(timeout=60.0, headers={"Accept-Language": "en"}) as http:
        yield Visitor(host, http, house.url)


async def press(page: Page, words: str) -> None:
    """Press a button that is called so, or that begins so."""
    await page.locator("main").get_by_role("button", name=words).first.click()


async def consents(page: Page, words: str, company: Company) -> None:
    """Go on to Fortnox from the page of a link, sign in there as its administrator, choose a company and agree."""
    await press(page, words)
    await page.wait_for_url("**/oauth-v1/auth**")
    await page.goto(f"{page.url}&user=1")
    await page.locator(f"[name=company][value='{company.database_number}']").check()
    await page.get_by_role("button", name="Give permission").click()
    await page.wait_for_url("**/oauth/result")


def below(row: Locator) -> Locator:
    """Return the row below one."""
    return row.locator("xpath=following-sibling::tr[1]")


async def shown(house: Roles, shop: Shop, page: Page, address: str, words: str) -> None:
    """Load a page until it says something that still travels to it."""

    async def said() -> bool:
        await page.goto(address)
        return words in await page.locator("main").inner_text()

    await house.until(shop, f"{address} says {words!r}", said)


async def test_s6_to_s10_a_link_is_made_sent_and_answered(house: Roles, visitor: Visitor) -> None:
    """A link is made and sent (S6, S7); it explains (S8), leads to Fortnox (S9), one company is chosen there (S10)."""
    company = house.books.add(Company(8101, "Boklådan AB", "556016-0680", consented=False))
    house.books.add(Company(8102, "Grannen AB", "556000-0001", consented=False))
    await companies.add(await house.place.host(), "link-shop", organisation_number="5560160680", database_number=None)
    shop = Shop("link-shop", company, "")
    await visitor.is_signed_in_as(DeskRole.ADMIN, shop.tenant)
    async with browsing(visitor, language="sv") as page:
        await page.goto(f"/companies/{shop.tenant}/connections")
        await page.locator("#fortnox").get_by_role("button", name="Gör en anslutningslänk").click()
        link = await page.locator("#link").inner_text()
    visitor.http.cookies.clear()
    async with browsing(visitor, language="sv") as page:
        await page.goto(f"{visitor.url}/connect/{link.rpartition('/')[2]}")
        assert await found_by_axe(page) == []
        assert await page.locator("html").get_attribute("lang") == "sv"
        await page.get_by_role("link", name="English").click()
        assert "Give permission" in await page.locator("main").inner_text()
        await consents(page, "Give permission", company)
        assert "Boklådan AB is connected" in await page.locator("main").inner_text()
        assert await found_by_axe(page) == []
    await visitor.is_signed_in_as(DeskRole.ADMIN, shop.tenant)
    async with browsing(visitor) as page:
        await page.goto(f"/companies/{shop.tenant}/connections")
        card = await page.locator("#fortnox").inner_text()
        assert "connected" in card  # S18
        assert "Boklådan AB" in card
        await page.locator("#fortnox").get_by_role("button", name="Check again").click()
        await page.locator("[role=status]").wait_for()
        assert "are in order" in await page.locator("#fortnox").inner_text()


async def test_y6_y19_another_company_is_refused_and_the_right_one_counts_its_days(
    house: Roles, visitor: Visitor
) -> None:
    """A company of another organisation number is refused (Y19); of the right one the days are counted (Y6)."""
    own = house.books.add(Company(8111, "Krogen AB", "556000-0001", consented=False))
    other = house.books.add(Company(8112, "Grannen AB", "556016-0680", consented=False))
    await companies.add(await house.place.host(), "days-shop", organisation_number="5560000001", database_number=None)
    host = await house.place.host()
    async with browsing(visitor, language="sv") as page:
        for company, said in ((other, "556016-0680"), (own, "Krogen AB är anslutet")):
            made = await connecting.new_link(host, "days-shop", made_by="Anna Ek", days=7.0, service=False)
            link = connecting.address(host, made)
            await page.goto(f"{visitor.url}/connect/{link.rpartition('/')[2]}")
            await consents(page, "Ge behörighet", company)
            assert said in await page.locator("main").inner_text()
            assert await found_by_axe(page) == []
    await visitor.is_signed_in_as(DeskRole.VIEWER, "days-shop")
    page_of = await visitor.see("/companies/days-shop/connections")
    assert re.search(r"Ends in 4[45] days, unless it is used before", page_of)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def books(house: Roles) -> AsyncIterator[Shop]:
    """Yield a company whose books Fortnox has: thirty vouchers of 2026, two of them with a document."""
    shop = await house.shop("books")
    shop.fortnox.scopes = f"{DOCUMENTS} costcenter"
    for year in shop.fortnox.years.values():
        year.method = "CASH"
    book(shop.fortnox, 30)
    attach(shop.fortnox, 2, DOT)
    attach(shop.fortnox, 3, b"%PDF-1.4\n%%EOF\n")
    yield shop


async def test_s19_to_s24_y8_y9_a_year_is_got_then_synchronized(house: Roles, books: Shop, visitor: Visitor) -> None:
    """*Get data* of a year becomes *Sync* once it is there (S20); documents come (S21); whence it is stands (S24)."""
    await visitor.is_signed_in_as(DeskRole.ACCOUNTANT, books.tenant)
    ledger = f"/companies/{books.tenant}/ledger"
    async with browsing(visitor, refused="422") as page:
        await page.goto(f"/companies/{books.tenant}/connections")
        await page.locator("#fortnox").get_by_role("button", name="Check again").click()
        await page.locator("[role=status]").wait_for()
        await page.goto(ledger)
        row = page.locator("tbody tr", has_text="2026-12-31")
        assert await row.get_by_role("button", name="Sync").count() == 0
        await row.get_by_role("button", name="Get data").click()
        await page.locator("[role=status]").wait_for()
        await shown(house, books, page, ledger, "2 / 2")
        row = page.locator("tbody tr", has_text="2026-12-31")
        assert await row.get_by_role("button", name="Get data").count() == 0
        assert "Fortnox" in await row.inner_text()
        assert await found_by_axe(page) == []
        await below(row).locator("summary").click()
        await below(row).get_by_label("without the ledger").check()
        await below(row).get_by_label("without documents").check()
        await below(row).get_by_role("button", name="Get it like that").click()
        assert "That leaves nothing to read." in await page.locator("[role=alert]").inner_text()
        await row.get_by_role("button", name="Sync").click()
        await page.locator("[role=status]").wait_for()
        await press(page, "Sync two past years")
        await page.locator("[role=status]").wait_for()
        await row.locator("td a").first.click()
        await page.locator(".tabs a", has_text="Balances").click()
        assert "1930" in await page.locator("main table").inner_text()


async def test_s4_documents_are_swiped_through_beside_their_vouchers(
    house: Roles, books: Shop, visitor: Visitor
) -> None:
    """A voucher and its document stand beside each other; the arrows lead to the next and the previous one."""
    await visitor.is_signed_in_as(DeskRole.VIEWER, books.tenant)
    ledger = f"/companies/{books.tenant}/ledger"
    async with browsing(visitor, language="sv") as page:
        await shown(house, books, page, ledger, "2 / 2")
        await page.goto(f"{ledger}/2026-12-31/vouchers/1?series=A")
        await page.keyboard.press("ArrowRight")
        await page.wait_for_url("**/vouchers/2?series=A")
        picture = page.get_by_alt_text("Dokument 1")
        await picture.wait_for()
        assert await picture.evaluate("image => image.complete && image.naturalWidth") == 1
        assert await found_by_axe(page) == []
        await page.keyboard.press("ArrowLeft")
        await page.wait_for_url("**/vouchers/1?series=A")
        assert await page.locator(".document").count() == 0
    answer = await visitor.get(f"{ledger}/2026-12-31/vouchers/3?series=A")
    assert '<iframe class="document"' in answer.text
    assert "frame-src 'self'" in answer.headers["content-security-policy"]


async def test_y3_y4_y18_a_year_gets_another_source(house: Roles, books: Shop, visitor: Visitor) -> None:
    """Chosen in the page; what was read stays, what was posted stays known, and back again Fortnox is read anew."""
    await visitor.is_signed_in_as(DeskRole.ACCOUNTANT, books.tenant)
    ledger = f"/companies/{books.tenant}/ledger"
    async with browsing(visitor) as page:
        await shown(house, books, page, ledger, "2 / 2")
        row = page.locator("tbody tr", has_text="2026-12-31")
        await below(row).locator("summary").click()
        await below(row).get_by_role("button", name="Take the year from a SIE file instead").click()
        await page.locator("[role=status]").wait_for()
        await shown(house, books, page, ledger, "is to come from a SIE file")
        await below(row).locator("summary").click()
        await below(row).get_by_role("button", name="Take the year from Fortnox instead").click()
        await page.locator("[role=status]").wait_for()

        async def back() -> bool:
            await page.goto(ledger)
            said = await page.locator("main").inner_text()
            return "is to come from" not in said and "Being read now" not in said

        await house.until(books, "the year is Fortnox's again", back)
    assert (await visitor.post(f"{ledger}/2026-12-31/source", {"source": "elsewhere"})).status_code == 404


async def test_s17_s23_y20_a_year_is_loaded_from_a_file(house: Roles, visitor: Visitor, tmp_path: Path) -> None:
    """A broken file says where it is broken; a whole one is a year that comes from a file (S24)."""
    shop = await house.shop("fromfile", settings=None)
    await visitor.is_signed_in_as(DeskRole.ACCOUNTANT, shop.tenant)
    ledger = f"/companies/{shop.tenant}/ledger"
    broken = tmp_path / "broken.se"
    broken.write_bytes(SIE.read_bytes()[:-30])
    async with browsing(visitor, language="sv", refused="4") as page:
        await page.goto(ledger)
        assert await found_by_axe(page) == []
        for file, role in ((broken, "alert"), (SIE, "status")):
            await page.locator("#f-file").set_input_files(file)
            await press(page, "Ladda filen")
            await page.locator(f"[role={role}]").wait_for()
        await shown(house, shop, page, ledger, "SIE-fil")
        assert "2024-12-31" in await page.locator("main table").inner_text()
        await press(page, "Stäm av")
        said = await page.locator("[role=alert]").inner_text()
        assert "företaget har inget räkenskapsår i Fortnox som innehåller 2024-12-31; det finns: " in said
        assert english_in(await page.content(), ours=("Accountant",)) == []
    async with browsing(visitor) as page:
        await page.goto(ledger)
        await page.locator("tbody td a").first.click()
        assert await page.locator("main tbody tr").count() > 0


async def test_y25_what_was_open_at_the_years_end_stands_beside_its_account(house: Roles, visitor: Visitor) -> None:
    """What each customer owed, the sum, the account and what differs; suppliers' were not consented to."""
    shop = await house.shop("trade", settings=None)
    shop.fortnox.scopes = "bookkeeping companyinformation settings costcenter invoice payment"
    trade = Trade(shop.fortnox)
    trade.invoice("customers", "1", "1000.00", date(2025, 12, 10), DueDate="2026-01-09")
    trade.invoice("customers", "2", "2500.00", date(2025, 12, 20))
    trade.pay("customers", "2", "500.00", date(2026, 1, 15))
    trade.book(1510, Decimal("12.34"), date(2025, 12, 31))
    await visitor.is_signed_in_as(DeskRole.ACCOUNTANT, shop.tenant)
    ledger = f"/companies/{shop.tenant}/ledger"
    async with browsing(visitor, language="sv", refused="4") as page:
        await page.goto(ledger)
        await press(page, "Synka två senaste åren")
        await page.locator("[role=status]").wait_for()
        await shown(house, shop, page, f"{ledger}/2025-12-31/open", "Kundfordringar")
        await page.goto(ledger)
        await page.locator("tbody tr", has_text="2025-12-31").locator("td a").first.click()
        await page.locator(".tabs a", has_text="Öppna poster").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/2025-12-31/open")
        said = " ".join((await page.locator("main").inner_text()).split()).replace("\xa0", " ")
        for words in (
            "Kundfordringar · konto 1510 skiljer från kontot",
            "De öppna fakturorna blir 3 500,00, och konto 1510 står på 3 512,34: 12,34 på kontot är ingen fakturas.",
            "Skolan 7 2025-12-10 2026-01-09 1 000,00",
            "2 500,00 500,00 2026-01-15",
            "Summa öppna fakturor 3 500,00",
            "Kontots saldo 3 512,34",
            "Skillnad 12,34",
            "Inte läst: inget samtycke till det: bokbuss connect FÖRETAG --open-invoices",
        ):
            assert words in said, words
        assert await found_by_axe(page) == []
        assert english_in(await page.content(), ours=("Accountant",)) == []


async def test_the_page_of_a_company_says_by_which_method_its_books_are_kept(
    house: Roles, books: Shop, visitor: Visitor
) -> None:
    """With a link to what that means where invoices depend on it, which are booked when they are paid."""
    await visitor.is_signed_in_as(DeskRole.VIEWER, books.tenant)
    async with browsing(visitor) as page:
        await shown(house, books, page, f"/companies/{books.tenant}", "Accounting method: cash (kontantmetoden)")
        assert await page.locator(".pagehead a[rel=noreferrer]").count() == 0
        engine = house.place.engine
        settings, _ = await tenants.settings_in_force(engine, books.tenant)
        changed = TenantSettings.model_validate(settings.to_json() | {"invoicing": {}}, strict=False)
        version = await companies.apply_settings(
            engine, await house.place.producer(), books.tenant, changed, by="a test"
        )
        await house.until(books, "the settings", lambda: tenants.is_in_force(engine, books.tenant, version))
        await page.reload()
        assert "Invoices are booked as they are paid." in await page.locator(".pagehead").inner_text()
        assert (await page.locator(".pagehead a[rel=noreferrer]").get_attribute("href") or "").startswith("https://")


async def test_y11_to_y17_closing_entries_are_exported_and_wait_while_the_link_is_gone(
    house: Roles, visitor: Visitor
) -> None:
    """Series of Fortnox's list (Y12), preview (Y13), approved; the link ends (Y15), is made anew, exported (Y14)."""
    shop = await made(house, "browserclosing")
    await house.deliver(shop, batch(*ENTRIES[:2]), "one delivery", system="spiris")
    await visitor.is_signed_in_as(DeskRole.ADMIN, shop.tenant)
    closing = f"/companies/{shop.tenant}/closing"
    async with browsing(visitor, language="sv") as page:
        await page.goto(f"/companies/{shop.tenant}/connections")
        await page.locator("#fortnox").get_by_role("button", name="Kontrollera igen").click()
        await page.locator("[role=status]").wait_for()
        await shown(house, shop, page, closing, "planerad")
        assert await found_by_axe(page) == []
        offered = await page.get_by_label("Serie").locator("option").all_inner_texts()
        [ours] = [one for one in offered if one.startswith("I ")]
        assert "manuell" in ours
        assert "nästa 1" in ours
        await page.get_by_label("Serie").select_option("I")
        await press(page, "Förhandsgranska export")
        await page.wait_for_url("**/closing/plans/*")
        plan = page.url
        said = await page.locator("main").inner_text()
        assert "Serie I (manuell), nästa nummer 1" in said
        assert await found_by_axe(page) == []

        await page.goto(f"/companies/{shop.tenant}/connections")  # Y16: one page for the link
        await page.locator("#fortnox .actions summary").click()
        await page.locator("#fortnox").get_by_role("button", name="Koppla från fortnox").click()  # Y17
        await page.locator("[role=status]").wait_for()
        assert "frånkopplad" in await page.locator("#fortnox").inner_text()
        await page.goto(plan)
        await press(page, "Godkänn och bokför de valda")
        await page.locator("[role=status]").wait_for()
        await page.goto(closing)
        assert "Anslutningen till bokföringen är bruten" in await page.locator("main").inner_text()
        assert shop.vouchers == []
        await page.get_by_role("link", name="Anslut igen").click()
        await page.locator("#fortnox").get_by_role("button", name="Gör en anslutningslänk").click()
        link = await page.locator("#link").inner_text()
        await page.goto(f"{visitor.url}/connect/{link.rpartition('/')[2]}")
        await consents(page, "Ge behörighet", shop.fortnox)
        await house.ends_with(shop, vouchers=2)
        await shown(house, shop, page, f"{closing}?state=exported", "I 2")
        entries = page.locator("main table").first.locator("tbody tr")
        assert await entries.count() == 2
        assert await entries.get_by_text("exporterad").count() == 2
    async with house.place.engine.connect() as connection:
        query = text("select count(*) from audit where tenant = :t and body ->> 'outcome' = 'disconnected'")
        assert await connection.scalar(query, {"t": shop.tenant})  # Y17: it is on record


async def test_h3_h4_p13_to_p23_s12_to_s14_what_is_missing_is_said_with_its_way_out(
    house: Roles, visitor: Visitor
) -> None:
    """A licence is missing: who must act, where, and Fortnox's guide; added and checked again, the finding is gone."""
    shop = await house.shop("licences")
    shop.fortnox.licences.clear()
    await visitor.is_signed_in_as(DeskRole.ACCOUNTANT, shop.tenant)
    async with browsing(visitor, language="sv") as page:
        await page.goto(f"/companies/{shop.tenant}/connections")
        card = page.locator("#fortnox")
        await card.get_by_role("button", name="Kontrollera igen").click()
        await page.locator("[role=status]").wait_for()
        said = await card.inner_text()
        for words in (
            "Företaget saknar licensen Integration. En enda räcker för alla integrationer.",
            "en systemadministratör i företagets Fortnox",
            "Administrera användare",
            "Lägg till licenser",
        ):
            assert words in said
        guide = card.locator("a[rel=noreferrer]").first
        assert (await guide.get_attribute("href") or "").startswith("https://support.fortnox.se/")
        assert await found_by_axe(page) == []
        shop.fortnox.licences |= licences.ALL
        await card.get_by_role("button", name="Kontrollera igen").click()
        await page.locator("[role=status]").wait_for()
        assert "saknar licensen Integration" not in await card.inner_text()
