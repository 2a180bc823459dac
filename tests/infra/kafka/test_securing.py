"""A broker that asks who one is: whoever proves it is served, and whoever cannot is told what to set right."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from infra.http import NoCertificates
from infra.kafka import cluster, securing
from infra.kafka.cluster import BrokerUnavailable, ensure_topics
from infra.kafka.fetching import Consumer
from infra.settings import KafkaSettings
from tests.secured_kafka import PASSWORD, SCRAM_USER, USER, SecuredKafka

TOPIC = "dead-letters.v1"


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """Yield a broker with listeners that ask."""
    with SecuredKafka(tmp_path_factory.mktemp("secured")) as broker:
        yield broker


def known(broker: SecuredKafka, how: str, **changes: Any) -> KafkaSettings:
    """Return the settings of one who can prove to be somebody."""
    ca = {"ssl_ca": broker.files / "ca.pem"}
    user = {"bootstrap": broker.users, "security_protocol": "SASL_SSL", "sasl_password": PASSWORD, **ca}
    mutual = {"bootstrap": broker.mutual, "security_protocol": "SSL", **ca}
    ways: dict[str, dict[str, Any]] = {
        "password": {**user, "sasl_username": USER},
        "scram": {**user, "sasl_username": SCRAM_USER, "sasl_mechanism": "SCRAM-SHA-512"},
        "certificate": {**mutual, "ssl_certificate": broker.files / "client.pem"},
        "locked": {**mutual, "ssl_certificate": broker.files / "client.locked.pem", "ssl_key_password": PASSWORD},
    }
    return KafkaSettings.model_validate({**ways[how], **changes})


@pytest.mark.parametrize("how", ["password", "scram", "certificate", "locked"])
async def test_whoever_proves_to_be_somebody_is_served(own_kafka: SecuredKafka, how: str) -> None:
    """Topics are made, records are written, and read."""
    kafka = known(own_kafka, how)
    await ensure_topics(kafka)
    producer = await cluster.producer(kafka)
    await cluster.sent(producer, TOPIC, how.encode(), key=b"acme")
    await producer.stop()
    async with Consumer(kafka, auto_offset_reset="earliest", fetch_max_wait_ms=10) as consumer:
        consumer.subscribe([TOPIC])
        told: list[bytes] = []
        async with asyncio.timeout(20):
            while how.encode() not in told:
                told += [r.value for rows in (await consumer.getmany(timeout_ms=200)).values() for r in rows]


@pytest.mark.parametrize(
    ("how", "changes", "said"),
    [
        ("password", {"sasl_password": "a-wrong-one"}, "refuses the user.*SASL_PASSWORD"),
        ("scram", {"sasl_password": "a-wrong-one"}, "refuses the user.*SASL_PASSWORD"),
        ("password", {"sasl_mechanism": "SCRAM-SHA-256"}, "takes no user by SCRAM-SHA-256"),
        ("password", {"ssl_ca": None}, "not to be trusted.*BOKBUSS_KAFKA__SSL_CA"),
        ("certificate", {"ssl_certificate": None}, "SSL_CERTIFICATE"),
    ],
)
async def test_whoever_cannot_is_told_what_to_set_right(
    own_kafka: SecuredKafka, caplog: pytest.LogCaptureFixture, how: str, changes: dict[str, Any], said: str
) -> None:
    """And no password is repeated."""
    kafka = known(own_kafka, how, **changes)
    for attempt in (ensure_topics(kafka), cluster.producer(kafka)):
        with pytest.raises(BrokerUnavailable, match=said) as refused:
            await attempt
        await asyncio.sleep(0.1)  # TLS ends its connections with a word of each side
        assert "a-wrong-one" not in str(refused.value) + caplog.text


@pytest.mark.parametrize("where", ["users", "mutual"])
async def test_whoever_says_nothing_is_told_that_it_may_be_asked_for(own_kafka: SecuredKafka, where: str) -> None:
    """Who only names the broker gets as far as a connection."""
    with pytest.raises(BrokerUnavailable, match="BOKBUSS_KAFKA__SECURITY_PROTOCOL"):
        await ensure_topics(KafkaSettings(bootstrap=getattr(own_kafka, where)))
    await asyncio.sleep(0.1)


async def test_whoever_asks_for_more_than_is_spoken_there_is_told(own_kafka: SecuredKafka) -> None:
    """TLS, where nobody speaks it."""
    with pytest.raises(BrokerUnavailable, match="BOKBUSS_KAFKA__SECURITY_PROTOCOL"):
        await ensure_topics(known(own_kafka, "certificate", bootstrap=own_kafka.bootstrap))
    await asyncio.sleep(0.1)


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    """Before anything is asked for."""
    nothing = tmp_path / "nothing.pem"
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")
    for file in (nothing, broken):
        for name in ("ssl_ca", "ssl_certificate"):
            kafka = KafkaSettings.model_validate({"bootstrap": "a:9", "security_protocol": "SSL", name: file})
            with pytest.raises(NoCertificates, match=f"BOKBUSS_KAFKA__{name.upper()}.*{file.name}"):
                securing.client(kafka)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"sasl_username": USER, "sasl_password": PASSWORD}, "uses no sasl_username"),
        ({"security_protocol": "SSL", "sasl_username": USER}, "uses no sasl_username"),
        ({"ssl_ca": "ca.pem"}, "uses no ssl_ca"),
        ({"security_protocol": "SASL_PLAINTEXT", "sasl_username": USER}, "needs sasl_username and sasl_password"),
        ({"security_protocol": "SASL_SSL"}, "needs sasl_username and sasl_password"),
        ({"security_protocol": "SSL", "bootstrap": None}, "names no broker"),
        ({"security_protocol": "SSL", "ssl_key": "key.pem"}, "belongs to an ssl_certificate"),
    ],
)
def test_what_would_not_be_used_or_does_not_suffice_is_refused(said: dict[str, Any], why: str) -> None:
    """Whoever names a user would think that it is asked for."""
    with pytest.raises(ValidationError, match=why) as refused:
        KafkaSettings.model_validate({"bootstrap": "kafka:9093", **said})
    assert PASSWORD not in str(refused.value)


def test_what_is_empty_says_nothing() -> None:
    """A variable that a template leaves empty."""
    said = {"bootstrap": "kafka:9092", "sasl_username": "", "sasl_password": SecretStr("")}
    assert KafkaSettings.model_validate(said).security_protocol == "PLAINTEXT"
