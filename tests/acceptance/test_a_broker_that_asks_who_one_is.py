"""A broker on somebody's network: TLS, a user, and no more than is granted. Every role proves who it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import store
from infra.kafka.cluster import ensure_topics
from infra.postgres import text
from infra.settings import KafkaSettings
from tests.acceptance.house import opened, z_report
from tests.secured_kafka import PASSWORD, SCRAM_USER, SecuredKafka

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """Yield a broker with listeners that ask."""
    with SecuredKafka(tmp_path_factory.mktemp("secured")) as broker:
        yield broker


async def test_a_closed_day_reaches_the_ledger_by_a_broker_that_asks(
    own_kafka: SecuredKafka, tmp_path: Path, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """In by HTTP, decided by Faust, carried out, on the trail, audited, and explained from what stands in Kafka."""
    kafka = KafkaSettings.model_validate(
        {
            "bootstrap": own_kafka.users,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": SCRAM_USER,
            "sasl_password": PASSWORD,
            "ssl_ca": own_kafka.files / "ca.pem",
        }
    )
    await ensure_topics(kafka)
    async with opened(kafka, database_url, tmp_path, hole_seconds=2.0) as house:
        shop = await house.shop()
        event_id = await house.deliver(shop, z_report(17))
        await house.ends_with(shop, vouchers=1)
        story = await house.command("explain", "F 1", "--tenant", shop.tenant)
        assert event_id in str(story)

        async def audited() -> int:
            return int(await store.scalar(house.place.engine, text("select count(*) from audited where upto > 0")))

        await house.until(shop, "the auditor looks", audited, within=30)
    assert "uthoriz" not in caplog.text
    assert PASSWORD not in str(story) + caplog.text
