"""The mapping: what lacks an account stands on top, is tried before it counts, and is on record under who did it."""

import asyncio
import html as entities
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx  # noqa: TID251 - what a browser gets
import pytest

from connectors.desk import matching
from connectors.desk.matching import SECTIONS, WrongMapping
from infra import clock
from infra.accounts.permissions import DeskRole
from infra.environment import load
from infra.office import office
from infra.postgres import text
from schemas.bas import BAS_DAY_SALES
from schemas.settings import InvoicingSettings, TenantSettings
from tests.bus import messages
from tests.connectors.desk.browsing import browsing, found_by_axe, needs_a_browser
from tests.connectors.desk.conftest import Past, sample
from tests.connectors.desk.web.test_days import unmapped
from tests.connectors.desk.web_driver import Visitor, visiting, words

SHOP = "krogen-soder"
PATH = f"/companies/{SHOP}/matching"
SINCE = "2026-04-01"


def visit(story: Callable[[Visitor, Past], Awaitable[Any]], role: DeskRole = DeskRole.ACCOUNTANT) -> Any:
    """Let somebody visit a shop in which a day waits for the account of a means of payment."""

    async def main() -> Any:
        async with office(load()) as place, visiting(place) as visitor:
            past = Past(place)
            await past.add(SHOP)
            await past.decides(sample("settings.v1", "day-sales"))
            async with place.engine.begin() as connection:
                await connection.execute(text("update tenants set settings_version = 3"))
            await past.comes_to(unmapped())
            await visitor.is_signed_in_as(role, SHOP)
            return await story(visitor, past)

    return asyncio.run(main())


def filled(page: str) -> dict[str, list[str]]:
    """Return the fields of the page's form, as a browser sends them unchanged."""
    form = page[page.index(f'action="{PATH}/preview"') :]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", form[: form.index("</form>")]):
        if 'type="checkbox"' not in tag:
            name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
            found.setdefault(name[1] if name else "", []).append(entities.unescape(value[1]) if value else "")
    return found


def carried(page: str) -> dict[str, str]:
    """Return the hidden fields of a preview."""
    return {n: entities.unescape(v) for n, v in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)}


async def send(visitor: Visitor, path: str, form: dict[str, Any]) -> httpx.Response:
    """Send a form with lists of values."""
    return await visitor.http.post(visitor.url + path, data=form, headers={"Sec-Fetch-Site": "same-origin"})


async def tried(visitor: Visitor, form: dict[str, Any]) -> httpx.Response:
    """Let what a form says be tried; return the page with what it changes, once it is there."""
    begun = await send(visitor, f"{PATH}/preview", form)
    assert begun.status_code == 303
    deadline = clock.monotonic() + 20
    while 'hx-trigger="every 1s"' in (answer := await visitor.get(begun.headers["location"])).text:
        assert "The new accounts are tried" in answer.text
        assert clock.monotonic() < deadline
        await clock.sleep(0.05)
    part = await visitor.get(f"{begun.headers['location']}?part=live")
    assert part.headers["HX-Redirect"] == begun.headers["location"]
    return answer


@pytest.mark.usefixtures("desk")
def test_what_has_no_account_gets_one_after_it_was_tried() -> None:
    """From the hold to the row, from the row to the difference that it makes, and from there into force."""

    async def story(visitor: Visitor, past: Past) -> None:
        hold = re.search(
            rf"/companies/{SHOP}/held/[0-9a-f-]{{36}}", (await visitor.get(f"/companies/{SHOP}/held")).text
        )
        assert hold
        link = re.search(rf'href="({PATH}\?[^"]*)"', (await visitor.get(hold[0])).text)
        assert link
        answer = await visitor.get(entities.unescape(link[1]))
        assert "Means of payment : swish_qr" in words(answer.text)
        form = filled(answer.text)
        assert (form["payments.method"][0], form["payments.valid_from"][0]) == ("swish_qr", "2026-04-11")
        form["payments.account"][0] = "1930 Företagskonto"
        form["since"] = [SINCE]
        shown = await tried(visitor, form)
        page = words(shown.text)
        for said in (
            "+ valid_from 2026-04-11, method swish_qr, account 1930",
            "1 report and 0 sales on account compared; 1 would come",
        ):
            assert said in page
        assert "1 are held now, and would go on unmapped payment method: SODER KASSA1 Z 413" in page
        before = len(await messages(str(past.place.settings.kafka.bootstrap), "settings.v1", SHOP))
        again = filled((await send(visitor, PATH, carried(shown.text))).text)
        assert again["payments.account"][again["payments.method"].index("swish_qr")] == "1930"
        done = await send(visitor, f"{PATH}/active", carried(shown.text))
        assert done.status_code == 303
        told = (await messages(str(past.place.settings.kafka.bootstrap), "settings.v1", SHOP))[before:]
        assert [(m.data.version, m.data.applied_by) for m in told] == [(4, "accountant-krogen-soder@example.se")]
        assert [
            (p.account, str(p.valid_from)) for p in told[0].data.settings.daysales.payments if p.method == "swish_qr"
        ] == [(1930, "2026-04-11")]

    visit(story)


@pytest.mark.usefixtures("desk")
def test_what_is_wrong_is_said_by_its_row_and_nothing_is_lost() -> None:
    """No such account, a date before its other: the form comes back with what was typed, and what is wanted."""

    async def story(visitor: Visitor, _past: Past) -> None:
        form = filled((await visitor.get(PATH)).text)
        assert (await send(visitor, f"{PATH}/preview", form)).status_code == 422, "nothing is changed"
        form["payments.account"][0] = "99"
        wrong = await send(visitor, f"{PATH}/preview", form)
        assert wrong.status_code == 422
        assert "Means of payment, row 1: write an account between 1000 and 9999." in words(wrong.text)
        assert '99"' in wrong.text
        second = form["payments.account"][1]
        form["payments.account"][:2] = "", "99"  # what still lacks its account stands above what was typed
        wrong = await send(visitor, f"{PATH}/preview", form)
        assert filled(wrong.text)["payments.account"].index("99") == 1
        assert "Means of payment, row 2: write an account between 1000 and 9999." in words(wrong.text)
        form["payments.account"][:2] = "1930", second
        form["payments.valid_from"][0], form["payments.valid_to"][0] = "2026-05-01", "2026-04-01"
        wrong = await send(visitor, f"{PATH}/preview", form)
        assert "its first day before its last" in words(wrong.text)
        form["payments.valid_to"][0] = "<script>alert(1)</script>"
        wrong = await send(visitor, f"{PATH}/preview", form)
        assert wrong.status_code == 422
        assert "<script>alert" not in wrong.text
        form["payments.account"].pop()
        assert (await send(visitor, f"{PATH}/preview", form)).status_code == 422
        for base in ("", "x", "-1", "9" * 30):
            assert (await send(visitor, f"{PATH}/preview", form | {"base": [base]})).status_code in {404, 422}
        for mapping in ("", "{}", "[]", "[" * 9000, '{"payments": 3}'):
            answer = await send(visitor, f"{PATH}/active", {"base": "3", "mapping": mapping})
            assert answer.status_code == 404, mapping[:20]

    visit(story)


@pytest.mark.usefixtures("desk")
def test_a_company_of_three_thousand_stores_has_a_mapping() -> None:
    """What is tried can be put in force: its rows travel with the form, and so does the file of the settings."""

    async def story(visitor: Visitor, past: Past) -> None:
        form = filled((await visitor.get(PATH)).text) | {"since": [SINCE]}
        stores = [f"STORE-{number:04}" for number in range(3000)]
        form["cost_centres.store"] += stores
        form["cost_centres.cost_centre"] += [store[-4:] for store in stores]
        for field in ("valid_from", "valid_to"):
            form[f"cost_centres.{field}"] += [""] * len(stores)
        done = await send(visitor, f"{PATH}/active", carried((await tried(visitor, form)).text))
        assert done.status_code == 303
        told = (await messages(str(past.place.settings.kafka.bootstrap), "settings.v1", SHOP))[-1]
        assert {one.store for one in told.data.settings.daysales.cost_centres} >= set(stores)
        await past.decides(told)
        await visitor.is_signed_in_as(DeskRole.ADMIN, SHOP)
        page = (await visitor.get(f"/companies/{SHOP}/settings")).text
        written = page.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
        again = {"settings": entities.unescape(written), "version": "4", "act": "compare"}
        answer = await send(visitor, f"/companies/{SHOP}/settings", again)
        assert (answer.status_code, "No difference." in answer.text) == (200, True)

    visit(story)


@pytest.mark.usefixtures("desk")
def test_two_people_at_once_do_not_undo_each_other() -> None:
    """Who activates over settings that somebody else has changed meanwhile is told so; the first ones count."""

    async def story(visitor: Visitor, past: Past) -> None:
        form = filled((await visitor.get(PATH)).text) | {"since": [SINCE]}
        form["payments.account"][0] = "1930"
        twice = [carried((await tried(visitor, form)).text) for _ in range(2)]
        before = len(await messages(str(past.place.settings.kafka.bootstrap), "settings.v1", SHOP))
        done = await asyncio.gather(*(send(visitor, f"{PATH}/active", one) for one in twice))
        assert sorted(answer.status_code for answer in done) == [303, 409]
        told = (await messages(str(past.place.settings.kafka.bootstrap), "settings.v1", SHOP))[before:]
        assert [m.data.version for m in told] == [4]
        await past.decides(told[0])
        page = await visitor.see(f"{PATH}/versions")
        assert "Version 4" in page
        assert "accountant-krogen-soder@example.se daysales.payments: + method swish_qr, account 1930" in page
        assert page.index("Version 4") < page.index("Version 3")
        assert (await send(visitor, f"{PATH}/preview", form)).status_code == 409

    visit(story)


@pytest.mark.usefixtures("desk")
def test_accounts_are_activated_over_the_settings_that_they_were_tried_on() -> None:
    """A version that was given out before they were tried took effect after: it would be undone, unseen by anybody."""

    async def story(visitor: Visitor, past: Past) -> None:
        form = filled((await visitor.get(PATH)).text) | {"since": [SINCE]}
        form["payments.account"][0] = "1930"
        one = carried((await tried(visitor, form)).text)
        before = len(await messages(str(past.place.settings.kafka.bootstrap), "settings.v1", SHOP))
        assert (await send(visitor, f"{PATH}/active", one)).status_code == 303
        [told] = (await messages(str(past.place.settings.kafka.bootstrap), "settings.v1", SHOP))[before:]
        page = await visitor.get(PATH)  # version 4 is given out, and not in force yet
        assert "was published and is not in force yet" in page.text
        other = filled(page.text) | {"since": [SINCE]}
        other["payments.account"][1] = "1940"
        late = carried((await tried(visitor, other)).text)
        await past.decides(told)
        answer = await send(visitor, f"{PATH}/active", late)
        assert (answer.status_code, "Somebody has changed the settings" in answer.text) == (409, True)
        assert (await send(visitor, f"{PATH}/preview", other)).status_code == 409

    visit(story)


_RUNS = text(
    """insert into tasks (task_id, tenant, kind, state, begun_by, begun_at, seen_at, said_sv, said_en, done, total)
       values (:id, :shop, 'simulating/other', 'running', 'a@example.se', now(), now(), 'jämförs', 'compared', 3, 9)"""
)
_COMES = text("update tasks set done = :done, seen_at = now() where task_id = :id")
_ENDS = text(
    "update tasks set state = 'done', result = (select result from tasks where state = 'done') where task_id = :id"
)


@needs_a_browser
@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (320, True)], ids=str)
def test_how_far_it_is_is_shown_while_it_runs(width: int, dark: bool) -> None:  # noqa: FBT001 - of a table
    """The page looks again and again, and goes to what the new accounts would change; everybody can use both."""

    async def story(visitor: Visitor, past: Past) -> None:
        form = filled((await visitor.get(PATH)).text) | {"since": [SINCE]}
        form["payments.account"][0] = "1930"
        await tried(visitor, form)
        task = {"id": "00000000-0000-4000-8000-000000000001", "shop": SHOP}

        async def happens(statement: Any, **values: Any) -> None:
            async with past.place.engine.begin() as connection:
                await connection.execute(statement, {**task, **values})

        await happens(_RUNS)
        async with browsing(visitor, width=width, dark=dark) as page:
            await page.goto(f"{PATH}/tried/{task['id']}")
            for done in (5, 7, 8):
                await happens(_COMES, done=done)
                await page.get_by_text(f"{done} of 9").wait_for()
            assert await found_by_axe(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            await happens(_ENDS)
            await page.get_by_role("button", name="Activate the new accounts").wait_for()
            assert await found_by_axe(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= width

    visit(story)


@pytest.mark.usefixtures("desk")
def test_sales_on_account_are_tried_as_well() -> None:
    """Their accounts are those of the days: what would wait, and what a customer owes, is said of them, too."""

    async def story(visitor: Visitor, past: Past) -> None:
        told = sample("settings.v1", "day-sales")
        on_account = InvoicingSettings(allow_tip_on_invoice=True, in_day_close=False)
        settings = told.data.settings.model_copy(update={"invoicing": on_account})
        invoicing = told.data.model_copy(update={"settings": settings, "version": 4})
        await past.decides(told.model_copy(update={"data": invoicing}))
        sale = sample("facts.invoice-requested.v1", "buyer-not-yet-a-customer")
        await past.decides(sale.model_copy(update={"tenant": SHOP}))
        form = filled((await visitor.get(PATH)).text) | {"since": [SINCE]}
        rates = form["sales.vat_rate"]
        form["sales.account"][rates.index("12")] = "3052"
        page = words((await tried(visitor, form)).text)
        assert "1 report and 1 sale on account compared; 1 would come" in page
        assert "3052" in page
        story = await visitor.get(f"/companies/{SHOP}/matching/tried/00000000-0000-4000-8000-000000000000")
        assert story.status_code == 404

    visit(story)


@pytest.mark.usefixtures("desk")
def test_who_may_only_see_changes_no_account() -> None:
    """A viewer sees the accounts, and has nothing to press."""

    async def story(visitor: Visitor, _past: Past) -> None:
        page = (await visitor.get(PATH)).text
        assert "swish_qr" in page
        assert "Show what it changes" not in page
        for path in ("", "/preview", "/active"):
            assert (await send(visitor, PATH + path, {"base": "3"})).status_code == 403

    visit(story, DeskRole.VIEWER)


def test_a_mapping_comes_back_from_its_form_as_it_was() -> None:
    """What the form shows of the starting set, and of rates and accounts as people write them, is the same mapping."""
    settings = TenantSettings(daysales=BAS_DAY_SALES)
    rows = matching.rows_of(BAS_DAY_SALES)
    lists = {
        f"{section.name}.{column.field}": [row[column.field] for row in rows[section.name]]
        for section in SECTIONS
        for column in section.columns
    }
    assert matching.with_rows(settings, matching.typed(lists)) == settings
    lists["vat.vat_rate"][0] = " 25,00 %"
    lists["vat.account"][0] = "2611 Utgående moms"
    assert matching.with_rows(TenantSettings(), matching.typed(lists)) == settings
    with pytest.raises(WrongMapping):
        matching.typed(lists | {"vat.vat_rate": ["25"]})
    assert matching.typed(lists | {"payments.remove": ["0"]})["payments"] == rows["payments"][1:]
