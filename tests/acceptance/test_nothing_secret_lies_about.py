"""After companies were connected and days booked, no token, code or key can be read anywhere that we write to."""

import pytest
from prometheus_client import generate_latest

from connectors.fortnox.connect.connecting import SYSTEM
from connectors.fortnox.sandbox import CLIENT_SECRET
from infra.access.connections import Connections
from infra.access.vault import KEY_FILE, open_vault
from infra.plugin import Host
from schemas.topics import TOPICS
from tests.acceptance.house import Roles, z_report
from tests.bus import records
from tests.connectors.fortnox.consent_driver import ConsentDriver
from tests.connectors.fortnox.token_driver import everything

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]


async def test_nothing_secret_lies_about(house: Roles, capfd: pytest.CaptureFixture[str]) -> None:
    """Not in tables, topics, metrics, logs: both ways to hold a connection, refused tokens, a disconnected company."""
    engine = house.place.engine
    host = Host(house.settings, engine, await open_vault(engine, house.settings), None, None)
    world = ConsentDriver(host, house.url, house.books, house.http)
    shop, other = await house.shop("rotating"), await house.shop("service")
    answer = await world.consent(await world.link(shop.tenant, service=False), company=shop.fortnox.database_number)
    assert "ansluten" in answer.text or "anslutet" in answer.text
    for company in (shop, other):
        await house.deliver(company, z_report(1))
        await house.ends_with(company, vouchers=1)
    house.books.tokens.clear()  # each is refused from now on
    for company in (shop, other):
        await house.deliver(company, z_report(2))
        await house.ends_with(company, vouchers=2)
    given = [*house.books.tokens, *house.books.refresh_tokens, *house.books.authorization_codes]
    assert len(given) >= 3
    await Connections(engine, host.vault).disconnect(other.tenant, SYSTEM, "Anna")
    told = capfd.readouterr()
    written = await everything(engine) + generate_latest().decode() + told.out + told.err
    for topic in TOPICS:
        for company in (shop, other):
            written += repr(await records(str(house.place.settings.kafka.bootstrap), topic.name, company.tenant))
    assert all(word in written for word in (shop.tenant, "connected", "bokbuss_facts_accepted_total", "accepted"))
    key = (house.settings.data / KEY_FILE).read_text().strip()
    for secret in (*given, CLIENT_SECRET, shop.secret, other.secret, key):
        assert secret not in written
        assert secret.encode().hex() not in written
