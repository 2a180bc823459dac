"""Seconds from a person's consent at Fortnox until the company's first voucher is there."""

from statistics import median

from pydantic import SecretStr

from connectors.fortnox.sandbox import Books
from connectors.fortnox.settings import FortnoxSettings
from infra import store
from infra.access.vault import open_vault
from infra.environment import whole
from infra.http import Client
from infra.plugin import Host
from tests.bench import loads
from tests.bench.house import House, Sandbox, log_of, now, until
from tests.bench.report import Report, Row
from tests.connectors.fortnox.consent_driver import ConsentDriver


async def measure(*, quick: bool) -> Report:
    """Connect companies one after the other by their links: some have an order that waits, some get it right after."""
    companies = 10 if quick else 40
    orders = list(loads.orders(companies, companies))
    waiting = companies // 2
    consented: list[float] = []
    pages: list[float] = []
    async with House(companies) as house, Client(timeout=20.0) as client:
        sandbox = house.sandbox()
        with house.database() as database:
            database.execute("update tenants set database_number = null")
        url = next(w for w in log_of(house.role("sinks", "desk")).split() if w.startswith("http://"))
        await loads.publish(house.bootstrap, orders[:waiting])
        await until(lambda: house.count("journal where attempt > 0") == waiting, 60, "orders that wait")
        engine = store.engine(house.postgres.url, 4)
        settings = whole()(
            secret_key=SecretStr(house.environment["BOKBUSS_SECRET_KEY"]),
            fortnox=FortnoxSettings(auth_url=house.environment["BOKBUSS_FORTNOX__AUTH_URL"]),
        )
        world = ConsentDriver(
            Host(settings, engine, await open_vault(engine, settings), None, None), url, Books(), client
        )
        for number in range(companies):
            browser, link = world.browser(), await world.link(loads.tenant(number))
            asked = await world.give(browser, link)
            clicked = now()
            page = await browser.open("GET", await world.approve(browser, asked, company=1001 + number))
            pages.append(now() - clicked)
            if "är anslutet" not in page.text:
                raise RuntimeError(f"the consent of {loads.tenant(number)} did not stand")
            consented.append(clicked)
            if number >= waiting:
                await loads.publish(house.bootstrap, [orders[number]])
        await until(lambda: _booked(sandbox) == companies, 60, "a voucher of every company")
        took = [posts[0] - at for posts, at in zip(sandbox.posts(), consented, strict=True)]
        await engine.dispose()
    rows: list[Row] = [
        {"what": name, "median (s)": median(seconds), "longest (s)": max(seconds)}
        for name, seconds in (
            ("an order that waited for the consent", took[:waiting]),
            ("an order that came right after it", took[waiting:]),
            ("from the click to the page that says so", pages),
        )
    ]
    for row in rows[:2]:
        row |= {"aim": "under 5 s", "met": row["longest (s)"] < 5}
    return Report(
        "From a fresh consent to the first voucher", rows, [f"{companies} companies, one link each, one process."]
    )


def _booked(sandbox: Sandbox) -> int:
    return sum(bool(posts) for posts in sandbox.posts())
