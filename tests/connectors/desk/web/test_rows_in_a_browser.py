"""Rows of the product descriptions that ask for a page (FEATURES A, H, P, S, Y), done in a browser as a person does."""

import json

import pytest
from playwright.async_api import Page

from infra.accounts.permissions import EVERY_COMPANY, DeskRole
from infra.postgres import text
from schemas.events import LinkDecided, PlanRowApplied
from tests.connectors.desk.browsing import browsing, found_by_axe, needs_a_browser
from tests.connectors.desk.conftest import Past, sample
from tests.connectors.desk.test_pages import SHOP, told, visit
from tests.connectors.desk.web import test_employees, test_matching
from tests.connectors.desk.web.test_employees import Staff, linked
from tests.connectors.desk.web_driver import Visitor

pytestmark = [pytest.mark.usefixtures("desk"), needs_a_browser]


async def click(page: Page, words: str) -> None:
    """Press what is called so, a button or a link."""
    await (
        page.locator("main")
        .get_by_role("button", name=words)
        .or_(page.locator("main").get_by_role("link", name=words))
        .first.click()
    )


def test_a6_to_a17_somebody_is_exported() -> None:
    """Opens on Linked, which is empty and says why (A6, A10); HR only (A7), cancel (A13), count (A15), Linked (A16)."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        async with browsing(staff) as page:
            await page.goto(staff.at("export"))
            assert "Nobody is linked yet" in await page.locator("main").inner_text()
            assert await page.get_by_role("button", name="Refresh Fortnox data").count() == 1
            await page.locator(".tabs a", has_text="HR only").click()
            await page.get_by_label("Bo Ek").check()
            await click(page, "Export chosen …")
            await click(page, "Cancel")
            assert await staff.told(PlanRowApplied) == []
            await page.goto(staff.at("export") + "?tab=hr_only")
            await page.get_by_label("Bo Ek").check()
            await click(page, "Export chosen …")
            assert await found_by_axe(page) == []
            await click(page, "Send 1: 1 created in Fortnox")
            await page.wait_for_url("**/results")
            assert "1 row sent." in await page.locator("[role=status]").inner_text()
            async with page.expect_download() as download:
                await click(page, "All of it as CSV")
            rows = (await (await download.value).path()).read_text("utf-8-sig").splitlines()
            assert rows[0].startswith("name;person;employee;action")
            assert rows[1].startswith("Bo Ek;huma/bo;")
            assert "19900101" not in rows[1]
            await page.goto(staff.at("export"))
            assert "Bo Ek" in await page.locator("main table").inner_text()

    test_employees.visit(story)


def test_a22_to_a38_somebody_is_matched_and_others_are_changed_in_bulk() -> None:
    """Match and Create in place of a person (A26), a page of each row (A30), and actions changed in bulk (A37)."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        async with browsing(staff, language="sv") as page:
            await page.goto(staff.at("import"))
            row = page.locator("tbody tr", has_text="Eva Lind")
            assert await row.get_by_role("button", name="Skapa").count() == 1
            await row.get_by_role("link", name="Matcha").click()
            assert await found_by_axe(page) == []
            assert "Eva Lind" in await page.locator("h1").inner_text()
            assert await page.get_by_label("Sök").count() + await page.locator("#match").count() >= 1
            await page.goto(plan)
            await page.locator("[data-checks-all]").check()
            await page.locator("button[name=set][value=do_nothing]").click()
            assert "Gör ingenting" in await page.locator("[role=status]").inner_text()
            assert await staff.told(PlanRowApplied) == []

    test_employees.visit(story)


def test_a18_to_a20_somebody_is_taken_apart_with_a_reason() -> None:
    """Under Linked (A8, A11): a pause stands first (A18), the reason is kept, then it is under HR only again (A19)."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        async with browsing(staff, language="sv") as page:
            await page.goto(staff.at("export"))
            await page.get_by_label("Disa By").check()
            await click(page, "Ta isär …")
            said = await page.locator("main").inner_text()
            assert said.index("Bättre vid längre frånvaro") < said.index("personen hamnar under Bara i HR")
            assert "Den anställde i Fortnox rörs inte." in said  # A20
            assert await found_by_axe(page) == []
            await page.get_by_role("radio", name="Ta isär").check()
            await page.get_by_label("Varför").select_option("long_leave")
            await page.get_by_label("Kommentar").fill("ledig till hösten")
            await click(page, "Gör det för 1")
            await page.wait_for_url("**/employees/export**")
            assert "Disa By" not in await page.locator("main").inner_text()
            await page.goto(staff.at("export") + "?tab=hr_only")
            assert "Disa By" in await page.locator("main table").inner_text()
        decided = (await staff.told(LinkDecided))[-1]
        assert (decided.person, decided.reason, decided.comment) == ("huma/disa", "long_leave", "ledig till hösten")

    test_employees.visit(story, people=(*test_employees.PEOPLE, linked()))


def test_a27_h14_somebody_of_fortnox_is_created_in_hr() -> None:
    """*Create* under New (A23): the row's action is another one (A32), the new record is shown, and it is sent."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        async with browsing(staff) as page:
            await page.goto(staff.at("import") + "?tab=new")
            row = page.locator("tbody tr", has_text="Eva Lind")
            await row.get_by_role("button", name="Create").click()
            await page.locator("[role=status]").wait_for()
            await page.get_by_label("Eva Lind").check()
            await click(page, "Import chosen …")
            said = await page.locator("main").inner_text()
            assert "eva@example.se" in said
            assert await found_by_axe(page) == []
            await click(page, "Send 1: 1 created in HR")
            await page.wait_for_url("**/results")
        [applied] = await staff.told(PlanRowApplied)
        assert (applied.employee_id, applied.action) == ("7", "create_in_hr")

    test_employees.visit(story)


def test_a28_to_a35_somebody_is_matched_by_hand() -> None:
    """*Match* (A26): with whom is chosen, and whose values count (A35); both stand beside each other (A30, A39)."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        async with browsing(staff) as page:
            await page.goto(staff.at("import"))
            await page.locator("tbody tr", has_text="Eva Lind").get_by_role("link", name="Match").click()
            await page.locator("#match").get_by_label("Search").fill("Eva")
            await page.locator("#match").get_by_role("button", name="Search").click()
            await page.get_by_label("Eva Ek").check()
            await click(page, "Match, prefer Fortnox")
            await page.locator("[role=status]").wait_for()
            fields = await page.locator("main table").first.inner_text()
            assert "Lind" in fields
            assert "Ek" in fields
            assert await found_by_axe(page) == []
            await page.locator("main").get_by_role("link", name="back to the list").click()
            await page.get_by_role("checkbox", name="Eva").check()
            await click(page, "Import chosen …")
            assert await staff.told(PlanRowApplied) == []
            await page.locator("main form button.main").click()
            await page.wait_for_url("**/results")
        [applied] = await staff.told(PlanRowApplied)
        assert (applied.person, applied.employee_id, applied.action) == ("huma/eva", "7", "prefer_fortnox")

    test_employees.visit(story)


def test_a9_a12_a17_a24_all_who_are_linked_are_updated_in_one_go() -> None:
    """Who is linked in whatever way is imported, too (A24); all are chosen, and the button counts them (A17)."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        async with browsing(staff) as page:
            await page.goto(staff.at("import"))
            await page.locator(".tabs a", has_text="Imported").click()
            assert "Disa By" in await page.locator("main table").inner_text()
            await page.goto(staff.at("export"))
            await page.locator(".tabs a", has_text="All").last.click()
            assert await page.locator("main tbody tr").count() == 3
            await page.locator(".tabs a", has_text="Linked").click()
            await page.locator("[data-checks-all]").check()
            await click(page, "Export chosen …")
            said = await page.locator("main").inner_text()
            assert "Malmö" in said
            await click(page, "Send 1: 1 get HR's values")
            await page.wait_for_url("**/results")
        [applied] = await staff.told(PlanRowApplied)
        assert (applied.person, applied.action) == ("huma/disa", "prefer_hr")

    test_employees.visit(story, people=(*test_employees.PEOPLE, linked()))


def test_a29_to_a36_what_happens_on_import_is_chosen_row_by_row() -> None:
    """Prefer HR (A33), Prefer Fortnox (A34) and Do nothing (A36) stand in the list (A31), which is filtered by them."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        async with browsing(staff, language="sv") as page:
            for action, called in (
                ("prefer_hr", "HR gäller"),
                ("prefer_fortnox", "Fortnox gäller"),
                ("do_nothing", "Gör ingenting"),
            ):
                await page.goto(staff.at("import"))
                await page.get_by_label("Disa By").check()
                await page.locator(f"button[name=set][value={action}]").click()
                await page.locator("[role=status]").wait_for()
                row = await page.locator("tbody tr", has_text="Disa By").inner_text()
                assert called in row, action
                assert "Ort" in row  # A29
                await page.get_by_label("Åtgärd").select_option(action)
                await page.wait_for_url(f"**action={action}**")
                assert "Disa By" in await page.locator("main table").inner_text()
            assert await staff.told(PlanRowApplied) == []

    test_employees.visit(story)


def test_h7_to_h19_the_first_synchronization_by_keyboard_alone() -> None:
    """Conflicts and missing values apart (H8, H10), chosen by kind (H9), one button that says what it does (H16)."""

    async def story(staff: Staff) -> None:
        await staff.plan()
        async with browsing(staff) as page:
            await page.goto(f"/companies/{staff.tenant}")
            await page.keyboard.press("g")
            await page.keyboard.press("e")
            await page.wait_for_url("**/employees")
            said = await page.locator("main").inner_text()
            assert "Conflicts: both have a value" in said
            assert "In HR, not in Fortnox" in said
            choice = page.locator('select[name="conflict.city"]')
            await choice.focus()
            await page.keyboard.type("Fort")
            await page.get_by_role("button", name="Keep the choices").focus()
            await page.keyboard.press("Enter")
            await page.locator("[role=status]").wait_for()
            send = page.get_by_role("link", name="Synchronize")
            await send.last.focus()
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/send")
            confirm = page.locator("main form button.main")
            assert "Send" in await confirm.inner_text()
            await confirm.focus()
            await page.keyboard.press("Enter")
            await page.wait_for_url("**/results")
            assert len(await staff.told(PlanRowApplied)) >= 3

    test_employees.visit(story)


def test_two_people_at_one_plan_in_two_browsers() -> None:
    """While one looks at what would be sent the other changes it: nothing is sent, and the first is told so (A31)."""

    async def story(staff: Staff) -> None:
        plan = await staff.plan()
        async with browsing(staff, refused="409") as first, browsing(staff, width=320) as second:
            await first.goto(f"{plan}/send")
            await second.goto(plan)
            await second.get_by_label("Disa By").check()
            await second.locator("button[name=set][value=do_nothing]").click()
            await second.locator("[role=status]").wait_for()
            assert await second.evaluate("document.documentElement.scrollWidth") == 320
            await first.locator("main form button.main").click()
            await first.locator("[role=alert]").wait_for()
            assert "Somebody has changed these rows" in await first.locator("main").inner_text()
            assert await staff.told(PlanRowApplied) == []

    test_employees.visit(story)


def test_p1_h2_s6_a_connection_has_one_page() -> None:
    """How it is used before it is connected (H2), a link with what is asked for (S6, S7), a secret shown once."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor) as page:
            await page.goto(f"/companies/{SHOP}/connections")
            await page.locator("#fortnox").get_by_role("link", name="How it is used").click()
            assert "What is asked for" in await page.locator("main").inner_text()
            assert await found_by_axe(page) == []
            await page.go_back()
            await page.locator("#fortnox details summary").first.click()
            await page.get_by_label("the vouchers' documents").check()
            await click(page, "Make the link")
            assert "/connect/" in await page.locator("#link").inner_text()
            async with visitor.host.engine.connect() as connection:
                asked = await connection.scalar(text("select extras from activation_links"))
            assert asked == "documents"
            await page.locator("tr", has_text="openpos").get_by_role("button", name="Make a secret").click()
            secret = await page.locator("#secret").inner_text()
            assert secret.startswith("whsec_")
            await page.goto(f"/companies/{SHOP}/connections")
            assert secret not in await page.content()

    visit(story)


@pytest.mark.parametrize("role", [DeskRole.VIEWER, DeskRole.ACCOUNTANT, DeskRole.APPROVER])
def test_h5_only_an_admin_connects(role: DeskRole) -> None:
    """Everybody else sees how it stands, is offered nothing that connects, and is refused what they send themselves."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor, language="sv", refused="403") as page:
            await page.goto(f"/companies/{SHOP}")
            await page.keyboard.press("g")
            await page.keyboard.press("c")
            await page.wait_for_url("**/connections")
            assert "inte ansluten" in await page.locator("#fortnox").inner_text()
            offered = await page.locator("main button").all_inner_texts()
            assert set(offered) <= {"Kontrollera igen"}
            assert await page.locator('nav.places a[data-key="p"]').count() == 0
            await page.goto(f"/companies/{SHOP}/people")
            assert "får" in await page.locator("main").inner_text()
        for act in ("connections/fortnox/link", "connections/fortnox/disconnect", "sources/openpos/secret", "keys"):
            assert (await visitor.post(f"/companies/{SHOP}/{act}", {"holder": "x"})).status_code == 403

    visit(story, role)


def test_p8_to_p12_a_means_of_payment_gets_an_account_from_a_day_on() -> None:
    """From the day that waits (P12) to its row (P8 to P10), what it would change, and only then into force."""

    async def story(visitor: Visitor, _past: Past) -> None:
        async with browsing(visitor, language="sv") as page:
            await page.goto(f"/companies/{SHOP}/held")
            await page.locator("main tbody a").first.click()
            await page.get_by_role("link", name="Alltid ett visst konto för swish_qr").click()
            await page.wait_for_url("**/matching?**")
            assert await found_by_axe(page) == []
            for section in ("Betalsätt", "Varugrupper"):
                assert await page.get_by_role("heading", name=section).count() == 1, section
            row = page.locator("#payments tbody tr").first
            await row.locator("[name='payments.account']").fill("1930")
            await page.get_by_label("Pröva på det som kommit in sedan").fill("2026-04-01")
            await click(page, "Visa vad det ändrar")
            await page.get_by_role("heading", name="Vad det ändrar").wait_for()
            said = await page.locator("main").inner_text()
            assert "Ingenting gäller än." in said
            assert "1 väntar nu och skulle gå vidare" in said
            assert await found_by_axe(page) == []
            await click(page, "Aktivera de nya kontona")
            await page.locator("[role=status]").wait_for()
            assert "Version 4" in await page.locator("[role=status]").inner_text()

    test_matching.visit(story)


def test_p2_to_p6_a_company_is_chosen_and_then_its_options() -> None:
    """Who sees several chooses one (P2); sales, invoices, tips and orders are switched; the difference comes first."""

    async def past(past: Past) -> None:
        await past.decides(sample("settings.v1", "day-sales"))
        async with past.place.engine.begin() as connection:
            await connection.execute(text("update tenants set settings_version = 3"))

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor) as page:
            await page.goto("/")
            await page.locator("main").get_by_role("link", name=SHOP).click()
            await page.wait_for_url(f"**/companies/{SHOP}")
            await page.keyboard.press("g")
            await page.keyboard.press("s")
            await page.wait_for_url("**/settings")
            assert await page.get_by_label("Sync sales").is_checked()
            await page.get_by_label("Invoice via Fortnox").check()
            await page.get_by_label("Use order instead of invoice").check()
            await click(page, "Show the difference")
            difference = await page.locator(".lines").inner_text()
            assert "order_instead_of_invoice" in difference
            assert "sync_sales" not in difference
            assert await found_by_axe(page) == []
            await click(page, "Put it in force as version 4")
            await page.locator("[role=status]").wait_for()

    visit(story, tenant=EVERY_COMPANY, past=past)


def test_p8_a_version_of_the_settings_comes_back() -> None:
    """From the versions to the difference, and from there into force; somebody who may only see is offered nothing."""

    async def past(past: Past) -> None:
        message = sample("settings.v1", "day-sales")
        await past.decides(message)
        body = json.loads(message.to_bytes())
        body["id"] += "/2"
        body["data"] |= {"version": 4}
        body["data"]["settings"]["daysales"]["series"] = "K"
        from schemas import envelope as envelopes  # noqa: PLC0415 - beside its only use

        await past.decides(envelopes.decode(json.dumps(body).encode()))
        async with past.place.engine.begin() as connection:
            await connection.execute(text("update tenants set settings_version = 4"))

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor) as page:
            await page.goto(f"/companies/{SHOP}/matching/versions")
            await click(page, "Back to this one …")
            assert "series" in await page.locator(".lines").inner_text()
            assert await found_by_axe(page) == []
            await click(page, "Put it in force as version 5")
            await page.locator("[role=status]").wait_for()
            assert "Version 5" in await page.locator("[role=status]").inner_text()
        await visitor.is_signed_in_as(DeskRole.VIEWER, SHOP)
        seen = await visitor.get(f"/companies/{SHOP}/settings?of=3")
        assert "Put it in force" not in seen.text
        assert (await visitor.get(f"/companies/{SHOP}/settings?of=99")).status_code == 404

    visit(story, past=past)


def test_y22_s18_what_was_done_is_listed_and_saved() -> None:
    """The activity log by its key, filtered, and as a file that spreadsheets open."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor) as page:
            await page.goto(f"/companies/{SHOP}")
            await page.keyboard.press("g")
            await page.keyboard.press("a")
            await page.wait_for_url("**/activity")
            async with page.expect_download() as download:
                await page.get_by_role("link", name="CSV").click()
            rows = (await (await download.value).path()).read_text("utf-8-sig").splitlines()
            assert rows[0] == "at;direction;kind;system;count;status;by;detail"
            assert len(rows) > 1

    visit(story, past=told)
