"""Webhooks from the sandbox through the real door onto the topic, whatever becomes of them on the way."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from connectors.huma import SYSTEM
from connectors.huma.sandbox import Company, Mishap, signed
from infra import registry
from infra.access.vault import Vault, signing_secret
from infra.http import Client
from infra.intake import web
from infra.intake.accepting import Acceptor
from infra.kafka import cluster
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas.events import EmployeeChanged, PersonMentioned
from tests.bus import messages

VAULT = Vault(b"test")
TOPIC = PersonMentioned.TOPIC


@dataclass
class WebhookDriver:
    """Where deliveries of one company come in."""

    url: str
    secret: str
    kafka: str
    tenant: str

    async def mentions(self) -> list[tuple[str, str]]:
        """Return topic and person of each mention that stands in Kafka."""
        found = [event.data for event in await messages(self.kafka, TOPIC, self.tenant)]
        return [(each.topic, each.person_id) for each in found if isinstance(each, PersonMentioned)]


@pytest.fixture
async def door(engine: Engine, kafka: str, company: Company) -> AsyncIterator[WebhookDriver]:
    """Serve deliveries of a company to whom the sandbox sends its changes."""
    producer = await cluster.producer(KafkaSettings(bootstrap=kafka))
    acceptor = Acceptor(engine=engine, producer=producer, vault=VAULT)
    app = web.application({})
    web.deliveries(app, acceptor, registry.sources(), 20_000)
    tenant, secret = f"t-{uuid4().hex[:12]}", signing_secret()
    async with engine.begin() as connection:
        values = {"t": tenant, "s": VAULT.lock(secret, context=f"{tenant}/huma")}
        await connection.execute(
            text("insert into tenants (tenant, created_at) values (:t, clock_timestamp())"), {"t": tenant}
        )
        await connection.execute(
            text("insert into signing_secrets (tenant, system, secret) values (:t, 'huma', :s)"), values
        )
    async with web.serving(app, "127.0.0.1", 0) as url:
        company.webhooks.url, company.webhooks.secret = f"{url}/v1/{tenant}/huma", secret
        yield WebhookDriver(company.webhooks.url, secret, kafka, tenant)
    await producer.stop()


@pytest.mark.parametrize("encoding", ["hex", "base64"])
async def test_every_change_is_mentioned(door: WebhookDriver, company: Company, encoding: str) -> None:
    """Made, changed, deleted, and all of them at once."""
    company.webhooks.encoding = encoding  # type: ignore[assignment] # it is one of the two
    anna = company.add_person(givenName="Anna")
    company.change_person(anna, phone="+46701740605")
    bo = company.add_person(givenName="Bo")
    company.export()
    company.remove(bo)
    await company.webhooks.deliver()
    assert {status for _, status in company.webhooks.sent} == {202}
    assert await door.mentions() == [
        ("users-create", anna),
        ("users-update", anna),
        ("users-create", bo),
        ("users-export", anna),
        ("users-export", bo),
        ("users-delete", bo),
    ]


async def test_a_value_that_goes_back_and_forth_and_back_is_mentioned_each_time(
    door: WebhookDriver, company: Company
) -> None:
    """The third body equals the first; a doubled delivery is mentioned twice as well, and is read twice."""
    company.webhooks.script.extend([None, None, None, Mishap.DOUBLE])
    anna = company.add_person(givenName="Anna")
    for name in ("Ann", "Anna", "Ann"):
        company.change_person(anna, givenName=name)
    await company.webhooks.deliver()
    assert [status for _, status in company.webhooks.sent] == [202] * 5
    assert len({event.id for event in await messages(door.kafka, TOPIC, door.tenant)}) == 5


async def test_what_is_lost_is_not_mentioned_and_what_is_late_comes_later(
    door: WebhookDriver, company: Company
) -> None:
    """The night finds what was lost."""
    company.webhooks.script.extend([Mishap.LOSE, Mishap.DELAY, Mishap.DELAY])
    anna = company.add_person(givenName="Anna")
    company.change_person(anna, givenName="Ann")
    bo = company.add_person(givenName="Bo")
    await company.webhooks.deliver()
    assert await door.mentions() == []
    company.webhooks.let_go()
    await company.webhooks.deliver()
    assert await door.mentions() == [("users-create", bo), ("users-update", anna)]


async def test_what_is_not_signed_or_names_its_topic_wrong_is_refused(door: WebhookDriver, company: Company) -> None:
    """401, and nothing is accepted; the answer does not tell what the right one would be."""
    body, headers = signed({"topic": "users-update", "users": [{"id": company.id}]}, door.secret)
    async with Client(timeout=10.0) as client:
        for wrong, said in (
            ({"huma-hmac-sha256": "00"}, "huma-hmac-sha256"),
            ({"huma-hmac-sha256": ""}, "huma-hmac-sha256"),
            ({"huma-topic": "users-delete"}, "huma-topic"),
        ):
            answer = await client.send("POST", door.url, headers=headers | wrong, content=body)
            assert (answer.status, said in answer.text) == (401, True)
            assert headers["huma-hmac-sha256"] not in answer.text
        malformed, right = signed({"topic": "users-update", "users": [{"id": "Anna"}]}, door.secret)
        answer = await client.send("POST", door.url, headers=right, content=malformed)
    assert (answer.status, "body.users.0.id" in answer.text, "Anna" in answer.text) == (422, True, False)
    assert await door.mentions() == []


def test_it_tells_both_kinds_of_facts_about_people() -> None:
    """Webhooks mention; reading tells."""
    assert SYSTEM.source is not None
    assert SYSTEM.source.facts == (PersonMentioned, EmployeeChanged)
