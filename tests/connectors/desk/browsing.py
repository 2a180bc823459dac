"""A real browser at the desk: chromium without a screen. A complaint on its console fails whoever looked."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from tests.connectors.desk.web_driver import Visitor

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
needs_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium-headless-shell on this machine")
_AXE = (Path(__file__).parent / "web" / "axe-4.14.1.min.js").read_text()


@asynccontextmanager
async def browsing(
    visitor: Visitor,
    *,
    width: int = 1280,
    dark: bool = False,
    language: str = "en",
    script: bool = True,
    refused: str = "",
) -> AsyncIterator[Page]:
    """Yield a page of a browser that is signed in as the visitor is. ``refused``: a status it may complain of."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = await browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale={"sv": "sv-SE", "en": "en-GB"}[language],
            java_script_enabled=script,
            base_url=visitor.url,
        )
        cookies = [{"name": name, "value": value, "url": visitor.url} for name, value in visitor.http.cookies.items()]
        await context.add_cookies(cookies)  # type: ignore[arg-type]
        page = await context.new_page()
        page.set_default_timeout(90_000)
        complaints: list[str] = []
        page.on("console", lambda told: complaints.append(told.text) if told.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        try:
            yield page
        finally:
            await browser.close()
        assert [one for one in complaints if not refused or f"status of {refused}" not in one] == []


async def found_by_axe(page: Page) -> list[str]:
    """Return what axe finds wrong with a page, by WCAG 2.2 A and AA and its own good practice."""
    await page.evaluate(_AXE)
    found: Any = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
