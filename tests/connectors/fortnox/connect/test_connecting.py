"""From a link to a connected company, over HTTP: our pages, a browser, and the sandbox's consent page."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from connectors.fortnox import needs, tokens
from connectors.fortnox.connect import connecting, consent
from connectors.fortnox.connect.consent import OAuthState
from connectors.fortnox.sandbox import Fault, Faults
from connectors.fortnox.sandbox.licences import INTEGRATION
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.access.connections import Connections
from infra.http import Client
from infra.postgres import Engine, text
from schemas.bas import BAS_DAY_SALES
from schemas.settings import EmployeesSettings, TenantSettings
from tests.connectors.fortnox.consent_driver import AGENCY, ORDINARY, Browser, ConsentDriver, opened

NUMBER = "5560160680"
EXCHANGE = "POST /oauth-v1/token authorization_code"
COMPANY = "GET /3/companyinformation"


@pytest.fixture
async def world(engine: Engine) -> AsyncIterator[ConsentDriver]:
    """Yield our pages and a sandbox with one company that nobody has connected."""
    async with opened(engine) as both:
        both.company()
        yield both


def title(page: str) -> str:
    """Return a page's title."""
    return page.partition("<h1>")[2].partition("</h1>")[0]


async def refused(world: ConsentDriver, tenant: str, link: str, page: str, heading: str) -> None:
    """Check a page that refuses: its heading, that nothing is held, and that its way back leads to the link."""
    assert title(page) == heading
    assert await world.held(tenant) is None
    again = re.search(r'class="give" href="([^"]+)"', page)
    assert again is not None
    assert (await world.browser().send("GET", again.group(1))).status == 200
    assert (await world.browser().send("GET", link)).status == 200


# --- The page that a link opens -----------------------------------------------------------------------------------


async def test_the_page_says_who_asks_for_what_and_why(world: ConsentDriver) -> None:
    """In the browser's language, or in the one that is chosen on the page and remembered."""
    link = await world.link(await world.tenant(organisation_number=NUMBER))
    browser = world.browser("sv-SE,sv;q=0.9")
    page = (await browser.open("GET", link)).text
    for words in (
        "Anna Ek",
        "krogen-",
        "556016-0680",
        "Bokföring",
        "en enda licens",
        "systemadministratör",
        "lösenord",
    ):
        assert words in page
    assert '<html lang="sv">' in page
    assert "Give permission" in (await browser.open("GET", f"{link}?lang=en")).text
    assert "Give permission" in (await browser.open("GET", link)).text
    assert "Give permission" in (await world.browser("de,en;q=0.5").open("GET", link)).text


async def test_no_page_is_kept_framed_or_told_to_others(world: ConsentDriver) -> None:
    """A link is a secret until it is used: no cache, no referrer, no frame, no search engine."""
    answer = await world.browser().open("GET", await world.link(await world.tenant()))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"].startswith("noindex")
    policy = answer.headers["content-security-policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    [actions] = re.findall(r"form-action ([^;]+)", policy)
    auth = urlsplit(world.host.settings.of(FortnoxSettings).auth_url)
    assert f"{auth.scheme}://{auth.netloc}" in actions.split()  # else a browser blocks the redirect after the form


async def test_only_what_is_switched_on_is_asked_for_and_more_when_more_is(world: ConsentDriver) -> None:
    """The page and the way to Fortnox follow the settings in force when it is opened."""
    tenant = await world.tenant()
    link, browser = await world.link(tenant), world.browser()
    assert "Lön" not in (await browser.open("GET", link)).text
    settings = TenantSettings(daysales=BAS_DAY_SALES, employees=EmployeesSettings(system="huma", source_of_truth="hr"))
    async with world.host.engine.begin() as connection:
        await connection.execute(
            text("insert into settings values (:t, 1, cast(:body as jsonb), 'a test', now())"),
            {"t": tenant, "body": json.dumps(settings.to_json())},
        )
    page = (await browser.open("GET", link)).text
    assert "anställda" in page
    assert "Dagsavslut, Personal" in page
    asked = parse_qs(urlsplit(await world.give(browser, link)).query)
    assert asked["scope"] == ["bookkeeping companyinformation settings costcenter salary project"]


@pytest.mark.parametrize("language", ["sv", "en"])
async def test_a_link_that_is_no_link_says_what_to_do(world: ConsentDriver, language: str) -> None:
    """Cut off, made up, or of a company that was removed."""
    tenant = await world.tenant()
    link, browser = await world.link(tenant), world.browser(language)
    async with world.host.engine.begin() as connection:
        await connection.execute(text("delete from tenants where tenant = :t"), {"t": tenant})
    for wrong in (link, link[:-3], f"{world.url}/connect/x", f"{world.url}/connect/%C3%A5%00"):
        for method in ("GET", "POST"):
            answer = await browser.send(method, wrong)
            assert answer.status == 404
            assert title(answer.text) == {"sv": "Länken stämmer inte", "en": "This link is not right"}[language]


async def test_a_link_that_has_expired_opens_nothing(world: ConsentDriver) -> None:
    """Its page says whom to ask for another."""
    link = await world.link(await world.tenant(), days=-0.01)
    for method in ("GET", "POST"):
        answer = await world.browser("en").send(method, link)
        assert answer.status == 410
        assert title(answer.text) == "This link has expired"
        assert "bokbuss connect krogen-" in answer.text


async def test_without_a_registration_at_fortnox_the_page_says_so(engine: Engine) -> None:
    """Nobody is sent to Fortnox without a client id."""
    async with opened(engine, FortnoxSettings(auth_url="http://127.0.0.1:1/oauth-v1")) as world:
        answer = await world.browser("en").send("POST", await world.link(await world.tenant()))
    assert answer.status == 503
    assert "BOKBUSS_FORTNOX__CLIENT_ID" in answer.text


# --- Consent that stands ------------------------------------------------------------------------------------------


async def test_a_company_is_connected_and_the_link_is_used_up(world: ConsentDriver) -> None:
    """Its number is pinned, who consented to what is on record, and the page says what happens next."""
    tenant = await world.tenant(organisation_number=NUMBER)
    link, browser = await world.link(tenant), world.browser("en")
    for _ in range(3):  # a mail program looks at links as well
        await browser.open("GET", link)
    page = await world.consent(link, browser)
    assert title(page.text) == "Krogen Söder AB is connected"
    held = await world.held(tenant)
    assert held is not None
    assert (held.grant_type, held.state, held.company_name) == ("client_credentials", "connected", "Krogen Söder AB")
    assert held.scopes == needs.scopes(TenantSettings())
    assert held.consented_by == "user 1 at Fortnox, asked by Anna Ek"
    pinned = await world.rows("select organisation_number, database_number from tenants where tenant = :t", t=tenant)
    assert pinned == [(NUMBER, 2001)]
    outcomes = await world.rows("select body ->> 'outcome' from audit where tenant = :t", t=tenant)
    assert outcomes == [("connected",)]
    used = await browser.send("GET", link)
    assert used.status == 410
    assert title(used.text) == "This link has been used"
    assert (await browser.send("POST", link)).status == 410


async def test_no_address_after_the_callback_holds_a_secret(world: ConsentDriver) -> None:
    """The browser ends at an address that says nothing, and shows how it went again when it is reloaded."""
    browser = world.browser("en")
    await world.consent(await world.link(await world.tenant()), browser)
    assert browser.visited[-2].startswith(f"{world.url}/oauth/callback?code=")
    assert browser.visited[-1] == f"{world.url}/oauth/result"
    assert title((await browser.send("GET", browser.visited[-1])).text) == "Krogen Söder AB is connected"
    assert {name for _, _, name in browser.cookies} == {"bokbuss_result"}  # a state comes back once
    elsewhere = await world.browser("en").send("GET", browser.visited[-1])
    assert title(elsewhere.text) == "There is nothing to show here"


async def test_a_persons_consent_is_held_by_a_rotating_token(world: ConsentDriver) -> None:
    """An ordinary user can give it; no service account is asked for."""
    tenant, browser = await world.tenant(), world.browser()
    link = await world.link(tenant, service=False)
    asked = await world.give(browser, link)
    assert "account_type" not in asked
    page = await browser.open("GET", await world.approve(browser, asked, user=ORDINARY))
    assert title(page.text) == "Krogen Söder AB är anslutet"
    held = await world.held(tenant)
    assert held is not None
    assert (held.grant_type, held.refresh_until is not None) == ("authorization_code", True)
    assert held.consented_by == "user 2 at Fortnox, asked by Anna Ek"


async def test_a_company_without_a_number_here_gets_fortnoxs_and_is_told(world: ConsentDriver) -> None:
    """From then on only that one can be connected."""
    world.company(2002, "Bageriet AB", "556677-8899")
    tenant = await world.tenant()
    page = await world.consent(await world.link(tenant), world.browser("en"))
    assert "We had no organisation number for krogen-" in page.text
    assert await world.rows("select organisation_number from tenants where tenant = :t", t=tenant) == [(NUMBER,)]
    other = await world.consent(await world.link(tenant), world.browser("en"), company=2002)
    assert title(other.text) == "That was another company"


async def test_an_accountant_connects_one_company_after_the_other(world: ConsentDriver) -> None:
    """One person, two links, both on their way at once in one browser."""
    world.company(2002, "Bageriet AB", "556677-8899")
    first, second = await world.tenant("a", NUMBER), await world.tenant("b", "5566778899")
    browser = world.browser("en")
    links = [await world.link(first), await world.link(second)]
    asked = [await world.give(browser, link) for link in links]
    for url, company in zip(asked, (2001, 2002), strict=True):
        page = await browser.open("GET", await world.approve(browser, url, company=company, user=AGENCY))
        assert "is connected" in title(page.text)
    numbers = [held.database_number for held in (await world.held(first), await world.held(second)) if held]
    assert numbers == [2001, 2002]


# --- Another company's consent ------------------------------------------------------------------------------------


async def test_another_company_is_refused_and_its_access_given_back(world: ConsentDriver) -> None:
    """Both names are shown, Fortnox has forgotten the consent, and the right company can be chosen then."""
    world.company(2002, "Bageriet AB", "556677-8899")
    tenant = await world.tenant(organisation_number=NUMBER)
    link, browser = await world.link(tenant), world.browser("en")
    page = (await world.consent(link, browser, company=2002)).text
    await refused(world, tenant, link, page, "That was another company")
    for words in ("Bageriet AB, 556677-8899", "556016-0680", "The access was given back to Fortnox."):
        assert words in page
    assert world.books.consents == {}
    assert "is connected" in title((await world.consent(link, browser)).text)


async def test_a_company_that_is_ours_as_well_keeps_its_connection(world: ConsentDriver) -> None:
    """An accountant who picks the wrong one of two connected companies must not cut it off by that."""
    world.company(2002, "Bageriet AB", "556677-8899")
    bakery = await world.tenant("bageriet", "5566778899")
    await world.consent(await world.link(bakery), company=2002)
    page = (await world.consent(await world.link(await world.tenant("krogen", NUMBER)), company=2002)).text
    assert title(page) == "Det var ett annat företag"
    assert "återlämnad" not in page
    assert [one.database_number for one in world.books.consents.values()] == [2002]


async def test_a_company_whose_number_has_changed_keeps_its_connection(world: ConsentDriver) -> None:
    """It is another one by its organisation number, typed wrong here or new there, and the one that we write to."""
    tenant = await world.tenant(organisation_number=NUMBER)
    await world.consent(await world.link(tenant, service=False))
    async with world.host.engine.begin() as connection:
        change = text("update tenants set organisation_number = '5566778899' where tenant = :t")
        await connection.execute(change, {"t": tenant})
    page = (await world.consent(await world.link(tenant, service=False), world.browser("en"))).text
    assert title(page) == "That was another company"
    assert f"It was not revoked at Fortnox: {tenant} could lose its connection by that." in page
    answer = await Connections(world.host.engine, world.host.vault).access(
        tenant, "fortnox", tokens.renewing(world.host.settings.of(FortnoxSettings)), anew=True
    )
    assert isinstance(answer, str)


async def test_a_copy_of_the_company_is_refused(world: ConsentDriver) -> None:
    """A test company may carry the same organisation number: the pinned database number counts (facts §1.1)."""
    tenant = await world.tenant(organisation_number=NUMBER, database_number=1999)
    page = (await world.consent(await world.link(tenant), world.browser("en"))).text
    assert title(page) == "That is another company at Fortnox than before"
    assert "database 1999" in page
    assert f"bokbuss connect {tenant} --another-company" in page
    assert world.books.consents == {}
    made = await connecting.new_link(world.host, tenant, made_by="Anna", days=1.0, service=True, another=True)
    link = connecting.address(world.host, made, world.url)
    assert "is connected" in title((await world.consent(link, world.browser("en"))).text)
    held = await world.held(tenant)
    assert held is not None
    assert held.database_number == 2001


async def test_a_company_that_another_tenant_has_is_refused_by_its_number(world: ConsentDriver) -> None:
    """A test company and its original have one organisation number: it is the database number that must not be shared.

    The page says whose it is; neither is changed, and the other one's consent still stands.
    """
    world.company(2002, "Krogen Söder AB (test)", NUMBER)
    real, copy = await world.tenant("krogen", NUMBER), await world.tenant("kopian", NUMBER)
    await world.consent(await world.link(real, service=False))
    for link in (await world.link(copy), await world.link(copy, service=False)):
        browser = world.browser("en")
        page = (await world.consent(link, browser)).text
        await refused(world, copy, link, page, f"That company is connected already, as {real}")
        assert f"bokbuss connect {real} --another-company" in page
        assert "was not revoked at Fortnox" in page
    held = await world.held(real)
    assert held is not None
    assert (held.state, held.database_number) == ("connected", 2001)
    answer = await Connections(world.host.engine, world.host.vault).access(
        real, "fortnox", tokens.renewing(world.host.settings.of(FortnoxSettings)), anew=True
    )
    assert isinstance(answer, str)
    assert "is connected" in title((await world.consent(link, browser, company=2002)).text)


async def test_of_two_consents_at_once_for_one_company_one_stands(world: ConsentDriver) -> None:
    """Two tenants, two browsers, two processes: the database lets one of them have the number."""
    tenants = [await world.tenant(name, NUMBER) for name in ("a", "b", "c")]
    links = [await world.link(tenant) for tenant in tenants]
    browsers = [world.browser("en") for _ in tenants]
    backs = [
        await world.approve(browser, await world.give(browser, link))
        for browser, link in zip(browsers, links, strict=True)
    ]
    pages = await asyncio.gather(*(b.open("GET", back) for b, back in zip(browsers, backs, strict=True)))
    assert sum("is connected already, as " in title(page.text) for page in pages) == 2
    numbers = [held.database_number if (held := await world.held(tenant)) else None for tenant in tenants]
    assert sorted(numbers, key=str) == [2001, None, None]


async def test_an_address_that_is_opened_many_times_at_once_keeps_nobody_waiting(world: ConsentDriver) -> None:
    """Each would keep a connection to the database, and all of them wait for one more, with every other page."""
    tenant = await world.tenant(organisation_number=NUMBER)
    first = world.browser("en")
    back = await world.approve(first, await world.give(first, await world.link(tenant)))
    async with AsyncExitStack() as clients:
        own = [await clients.enter_async_context(Client(timeout=60.0)) for _ in range(24)]
        again = [Browser(client, "en", dict(first.cookies)) for client in own]
        answers = await asyncio.gather(*(browser.send("GET", back) for browser in again))
    assert {answer.status for answer in answers} == {303}
    held = await world.held(tenant)
    assert held is not None
    assert held.state == "connected"


# --- Each way in which it can fail --------------------------------------------------------------------------------


async def test_a_person_who_says_no_is_believed(world: ConsentDriver) -> None:
    """Nothing is held; the link still works."""
    tenant = await world.tenant()
    link = await world.link(tenant)
    page = await world.consent(link, decision="deny")
    await refused(world, tenant, link, page.text, "Du godkände inte")


async def test_somebody_without_the_right_is_told_who_has_it(world: ConsentDriver) -> None:
    """The link can be passed on."""
    tenant = await world.tenant()
    link = await world.link(tenant)
    page = await world.consent(link, user=ORDINARY)
    await refused(world, tenant, link, page.text, "Du behöver vara systemadministratör")
    assert "byrå" in page.text


@pytest.mark.parametrize(
    ("licence", "heading"),
    [("bookkeeping", "A licence is missing at Fortnox"), (INTEGRATION, "The licence Integration is missing")],
)
async def test_a_missing_licence_says_which_and_where_it_is_added(
    world: ConsentDriver, licence: str, heading: str
) -> None:
    """With the click path in Fortnox; afterwards the same link works."""
    tenant = await world.tenant()
    link = await world.link(tenant)
    world.books.companies[2001].licences.discard(licence)
    page = await world.consent(link, world.browser("en"))
    await refused(world, tenant, link, page.text, heading)
    assert "Administrera användare" in page.text
    world.books.companies[2001].licences.add(licence)
    assert "is connected" in title((await world.consent(link, world.browser("en"))).text)


async def test_a_company_locked_for_an_unpaid_invoice_is_told_so(world: ConsentDriver) -> None:
    """Fortnox comes back with neither code nor error (facts §1.1)."""
    tenant = await world.tenant()
    link = await world.link(tenant)
    world.books.companies[2001].unpaid = True
    page = await world.consent(link)
    await refused(world, tenant, link, page.text, "Fortnox svarade varken ja eller nej")
    assert "obetald faktura" in page.text


async def test_a_scope_that_is_not_registered_is_refused_before_anybody_logs_in(world: ConsentDriver) -> None:
    """The developer portal has to be changed; the scopes are named."""
    tenant = await world.tenant()
    link, browser = await world.link(tenant), world.browser("en")
    world.books.clients["sandbox"].scopes = "bookkeeping"
    await browser.open("POST", link)
    page = await browser.send("GET", browser.visited[-1])
    await refused(world, tenant, link, page.text, "Fortnox does not accept the permissions")
    assert "developer portal" in page.text


async def test_an_error_that_nobody_knows_is_shown_by_its_name(world: ConsentDriver) -> None:
    """As text, of a closed alphabet."""
    tenant = await world.tenant()
    link, browser = await world.link(tenant), world.browser("en")
    state = parse_qs(urlsplit(await world.give(browser, link)).query)["state"][0]
    page = await browser.open("GET", f"{world.url}/oauth/callback?error=%3Cb%3Enew_one&state={state}")
    await refused(world, tenant, link, page.text, "Fortnox said no")
    assert "bnew_one" in page.text


async def test_an_answer_in_another_browser_is_not_taken(world: ConsentDriver) -> None:
    """Somebody who is sent an address with a code cannot be made to connect somebody else's company."""
    tenant = await world.tenant()
    browser = world.browser("en")
    back = await world.approve(browser, await world.give(browser, await world.link(tenant)))
    page = await world.browser("en").open("GET", back)
    assert title(page.text) == "The answer came to another browser"
    assert await world.held(tenant) is None
    assert world.books.companies[2001].calls.routes["POST /oauth-v1/token"] == 0
    forged = back.replace("state=", "state=x")
    assert title((await browser.open("GET", forged)).text) == "The answer came to another browser"
    assert "is connected" in title((await browser.open("GET", back)).text)


async def test_an_answer_that_took_more_than_an_hour_is_not_taken(world: ConsentDriver) -> None:
    """It can be tried again with the same link."""
    tenant = await world.tenant()
    link, browser = await world.link(tenant), world.browser("en")
    back = await world.approve(browser, await world.give(browser, link))
    [nonce] = [value for (_, _, name), value in browser.cookies.items() if name.startswith("bokbuss_consent_")]
    [(link_id,)] = await world.rows("select link_id from activation_links where tenant = :t", t=tenant)
    old = OAuthState(link_id, consent.fingerprint(nonce), int(clock.now().timestamp()) - 3700)
    sealed = connecting.sealed(world.host, old.to_text(), "fortnox/consent-state")
    page = await browser.open("GET", re.sub(r"state=[^&]+", f"state={sealed}", back))
    await refused(world, tenant, link, page.text, "That took too long")


async def test_a_wrong_client_secret_is_the_operators(engine: Engine) -> None:
    """The person who consented can do nothing about it."""
    async with opened(engine) as world:
        world.company()
        world.host.settings.of(FortnoxSettings).client_secret = SecretStr("another")
        tenant = await world.tenant()
        link = await world.link(tenant)
        page = await world.consent(link, world.browser("en"))
        await refused(world, tenant, link, page.text, "bokbuss is not set up yet")


# --- Faults -------------------------------------------------------------------------------------------------------


def faults(world: ConsentDriver, route: str, *script: Fault | None) -> None:
    """Let these things go wrong at a route, one a request."""
    world.books.companies[2001].faults = Faults(only=route, script=script)


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        (EXCHANGE, Fault.RESET_BEFORE_COMMIT),
        (EXCHANGE, Fault.HTML_WITHOUT_COMMIT),
        (COMPANY, Fault.RESET_BEFORE_COMMIT),
        (COMPANY, Fault.COMMIT_THEN_HTML),
        (COMPANY, Fault.THROTTLED),
    ],
)
async def test_a_fault_that_costs_nothing_is_not_noticed(world: ConsentDriver, route: str, fault: Fault) -> None:
    """A code that did not arrive is sent again; a read is made again."""
    faults(world, route, fault)
    assert title((await world.consent(await world.link(await world.tenant()))).text) == "Krogen Söder AB är anslutet"


async def test_a_code_whose_answer_is_lost_asks_for_another(world: ConsentDriver) -> None:
    """It was used up: nothing is held, the page says so, and the same link leads to another code."""
    tenant = await world.tenant()
    link = await world.link(tenant)
    faults(world, EXCHANGE, Fault.COMMIT_THEN_LOSE_ANSWER)
    page = await world.consent(link)
    await refused(world, tenant, link, page.text, "Godkännandet kom inte fram")
    assert title((await world.consent(link)).text) == "Krogen Söder AB är anslutet"


async def test_a_company_that_cannot_be_seen_is_not_connected(
    world: ConsentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the organisation number nothing is taken."""
    monkeypatch.setattr(connecting, "_PAUSE", 0.01)
    tenant = await world.tenant()
    link = await world.link(tenant)
    faults(world, COMPANY, *[Fault.FAIL_WITHOUT_COMMIT] * 5)
    page = await world.consent(link)
    await refused(world, tenant, link, page.text, "Vi kunde inte se vilket företag det är")


async def test_of_two_answers_at_once_one_connects(world: ConsentDriver) -> None:
    """The second waits, finds the link used, and exchanges nothing: no token that nobody holds is left at Fortnox."""
    tenant = await world.tenant()
    link = await world.link(tenant)
    browsers = [world.browser("en"), world.browser("en")]
    backs = [await world.approve(browser, await world.give(browser, link)) for browser in browsers]
    pages = await asyncio.gather(*(b.open("GET", back) for b, back in zip(browsers, backs, strict=True)))
    assert sorted(title(page.text) for page in pages) == ["Krogen Söder AB is connected", "This link has been used"]
    assert world.books.companies[2001].calls.routes["POST /oauth-v1/token"] == 1
    assert len(await world.rows("select 1 from audit where tenant = :t", t=tenant)) == 1


async def test_two_links_for_one_company_do_not_cross(world: ConsentDriver) -> None:
    """A company without a number takes the first that comes; the other, of another company, is refused."""
    world.company(2002, "Bageriet AB", "556677-8899")
    tenant = await world.tenant()
    browsers = [world.browser("en"), world.browser("en")]
    backs = [
        await world.approve(browser, await world.give(browser, await world.link(tenant)), company=company)
        for browser, company in zip(browsers, (2001, 2002), strict=True)
    ]
    pages = await asyncio.gather(*(b.open("GET", back) for b, back in zip(browsers, backs, strict=True)))
    assert sorted("is connected" in title(page.text) for page in pages) == [False, True]
    held = await world.held(tenant)
    assert held is not None
    assert [one.database_number for one in world.books.consents.values()] == [held.database_number]


async def test_no_secret_is_in_the_database_as_it_was(world: ConsentDriver) -> None:
    """Tokens stand there encrypted, links and states not at all."""
    browser = world.browser()
    link = await world.link(await world.tenant())
    await world.consent(link, browser)
    secrets: list[Any] = [*world.books.tokens, *world.books.refresh_tokens, link.rpartition("/")[2]]
    secrets += parse_qs(urlsplit(browser.visited[-2]).query)["state"]
    tables = await world.rows("select table_name from information_schema.tables where table_schema = 'public'")
    for (table,) in tables:
        content = str(await world.rows(f'select t::text from "{table}" t'))  # noqa: S608 - the catalogue's own names
        assert not [s for s in secrets if s in content or s.encode().hex() in content], table
