"""The desk as people meet it: every page in both languages, wide and narrow, light and dark; by keyboard alone."""

from pathlib import Path
from typing import Any

import pytest

import connectors.sie
from connectors.desk.pages import PAGES
from infra.accounts.permissions import DeskRole
from tests.connectors.desk.browsing import browsing, found_by_axe, needs_a_browser
from tests.connectors.desk.conftest import Past
from tests.connectors.desk.test_pages import HOLD, SHOP, filled, told, visit
from tests.connectors.desk.web_driver import Visitor

pytestmark = [pytest.mark.usefixtures("desk"), needs_a_browser]


async def held(past: Past) -> None:
    """Let everything have happened, and a day wait."""
    await told(past)
    await past.reviews(past.held(key="openpos/KASSA1/413"))


_CUT = """[...document.querySelectorAll('main .scroll td.number')].filter(cell => {
    const text = document.createRange();
    text.selectNodeContents(cell);
    const [box, edge] = [text.getBoundingClientRect(), cell.closest('.scroll').getBoundingClientRect().right];
    return box.left < edge && box.right > edge + 1;
}).map(cell => cell.innerText)"""
"""The amounts that end at the edge of their table: ``18 5`` of ``18 500,00`` is another amount."""


def shown() -> list[str]:
    """Return the address of every page that is looked at."""
    odd = ("/changes", "/sign-in", ".csv")
    return sorted({filled(page) for page in PAGES if not page.act and not page.path.endswith(odd)})


@pytest.mark.parametrize(
    ("language", "width", "dark"), [("sv", 1280, False), ("en", 390, True), ("sv", 320, False)], ids=str
)
def test_every_page_can_be_used_by_everybody(language: str, width: int, dark: bool) -> None:  # noqa: FBT001 - of a table
    """Axe finds nothing, nothing stands beside the screen, no amount is cut, the browser has no complaint."""

    async def story(visitor: Visitor) -> None:
        found: dict[str, object] = {}
        async with browsing(visitor, width=width, dark=dark, language=language) as page:
            for address in shown():
                if (status := (await visitor.get(address)).status_code) != 200:
                    assert status < 500, address
                    continue
                await page.goto(address)
                if wrong := await found_by_axe(page):
                    found[address] = wrong
                elif (wide := await page.evaluate("document.documentElement.scrollWidth")) > width:
                    found[address] = f"{wide} wide"
                elif cut := await page.evaluate(_CUT):
                    found[address] = f"cut at the edge: {cut}"
        assert found == {}

    visit(story, past=held)


@pytest.mark.parametrize("width", [1280, 390])
def test_no_amount_of_the_start_page_is_cut(width: int) -> None:
    """What waits and what was booked last stands whole beside its amount: ``10 313,`` would be another amount."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor, width=width, language="sv") as page:
            await page.goto(f"/companies/{SHOP}")
            seen = await page.evaluate(
                """[...document.querySelectorAll('main .two .scroll td.number')].map(cell => [
                    cell.innerText,
                    cell.getBoundingClientRect().right <= cell.closest('.scroll').getBoundingClientRect().right + 1])"""
            )
            assert [amount for amount, whole in seen if whole] == [amount for amount, _ in seen] != []

    visit(story, past=held)


def test_an_accountant_answers_a_hold_by_keyboard_alone() -> None:
    """From the start page to the answer: g h, Tab or j, Enter; and the page says what came of it."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor) as page:
            await page.goto(f"/companies/{SHOP}")
            await page.keyboard.press("?")
            assert await page.locator("#keys").is_visible()
            await page.keyboard.press("Escape")
            await page.keyboard.press("g")
            await page.keyboard.press("h")
            await page.wait_for_url(f"**/companies/{SHOP}/held")
            await page.keyboard.press("j")
            await page.keyboard.press("Enter")
            await page.wait_for_url(f"**/held/{HOLD}")
            await page.keyboard.press("j")
            await page.keyboard.press("Enter")
            await page.locator("[role=status]").wait_for()
            assert "answered reverse" in await page.locator("[role=status]").inner_text()

    visit(story, DeskRole.ACCOUNTANT, past=held)


@pytest.mark.parametrize("script", [True, False])
def test_enter_in_the_comment_answers_nothing(script: bool) -> None:  # noqa: FBT001 - of a table
    """It is no choice; what was typed stays."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor, script=script, refused="422") as page:
            await page.goto(f"/companies/{SHOP}/held/{HOLD}")
            await page.fill("#f-comment", "because")
            await page.press("#f-comment", "Enter")
            await page.locator("[role=alert]").wait_for()
            assert "Choose an answer." in await page.locator("[role=alert]").inner_text()
            assert await page.input_value("#f-comment") == "because"

    visit(story, DeskRole.ACCOUNTANT, past=held)


def test_a_hold_is_answered_without_script() -> None:
    """The pages are plain forms."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor, script=False) as page:
            await page.goto(f"/companies/{SHOP}/held")
            await page.click("main tbody a")
            await page.click("button[value=keep]")
            assert "answered keep" in await page.locator("[role=status]").inner_text()

    visit(story, DeskRole.ACCOUNTANT, past=held)


def test_the_start_page_changes_by_itself() -> None:
    """What happens elsewhere is on an open page soon, and nobody has loaded it again."""

    async def story(visitor: Visitor, past: Any) -> None:
        async with browsing(visitor) as page:
            await page.goto(f"/companies/{SHOP}")
            assert await page.locator(".tile.wait").count() == 0
            await page.evaluate("window.stillHere = true")
            await past.reviews(past.held())
            await page.locator(".tile.wait b").wait_for(timeout=120_000)
            assert await page.evaluate("window.stillHere")

    pasts: list[Any] = []

    async def keep(past: Past) -> None:
        pasts.append(past)

    visit(lambda visitor: story(visitor, pasts[0]), past=keep)


def test_a_file_that_nobody_takes_is_said_not_to_be_taken() -> None:
    """What the server says is no page: the words stand beside the form, and it can be sent again."""

    async def story(visitor: Visitor) -> None:
        async with browsing(visitor, refused="503") as page:
            await page.goto(f"/companies/{SHOP}/ledger")
            await (await visitor.host.producer()).stop()
            year = Path(connectors.sie.__file__).parent / "samples" / "year-with-history.se"
            await page.set_input_files("#f-file", year)
            await page.get_by_role("button", name="Load the file").click()
            alert = page.locator("main [role=alert]")
            await alert.wait_for()
            said = await alert.inner_text()
            assert "The file was not accepted, as far as the browser knows." in said
            assert "Kafka does not answer." in said
            assert "Financial years" in await page.locator("main").inner_text()
            assert await page.get_by_role("button", name="Load the file").is_enabled()

    visit(story, DeskRole.ACCOUNTANT)
