"""Topics that somebody else made, or changed, and that do not keep what they are given."""

from collections.abc import Mapping

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from structlog.testing import capture_logs

from infra.kafka import durability
from infra.kafka.cluster import WrongTopic
from infra.settings import KafkaSettings
from schemas.topics import PARTITIONS, Topic

KEPT = Topic("kept.v1", "", (), ())
COMPACTED = Topic("compacted.v1", "", (), (), compacted=True)


@pytest.mark.parametrize("topic", [KEPT, COMPACTED])
@pytest.mark.parametrize("copies", [1, 3])
def test_as_we_make_it_it_has_no_weakness(topic: Topic, copies: int) -> None:
    """Nor has one of which nothing is known."""
    assert list(durability.weaknesses(topic, topic.config(copies), copies)) == []
    assert list(durability.weaknesses(topic, {}, copies)) == []


@pytest.mark.parametrize(
    ("topic", "changes", "said"),
    [
        (KEPT, {"retention.ms": "604800000"}, "retention.ms=-1 (now 604800000"),
        (KEPT, {"retention.bytes": "1073741824"}, "retention.bytes=-1"),
        (KEPT, {"max.message.bytes": "1048588"}, "max.message.bytes=4194304"),
        (KEPT, {"min.insync.replicas": "1"}, "min.insync.replicas=2"),
        (COMPACTED, {"cleanup.policy": "delete"}, "cleanup.policy=compact"),
        (COMPACTED, {"cleanup.policy": "compact,delete", "retention.ms": "604800000"}, "retention.ms=-1"),
        (COMPACTED, {"min.insync.replicas": "1"}, "min.insync.replicas=2"),
    ],
)
def test_each_weakness_is_named_as_it_is_to_be(topic: Topic, changes: Mapping[str, str], said: str) -> None:
    """With what it is now."""
    [found] = durability.weaknesses(topic, topic.config(3) | changes, 3)
    assert said in found


async def made(kafka: str, name: str, **config: str) -> Topic:
    """Make a topic as somebody else would."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    settings = {key.replace("_", "."): value for key, value in config.items()}
    await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=settings)])
    await admin.close()
    return Topic(name, "", (), ())


async def test_a_topic_that_forgets_is_told_at_the_start(kafka: str) -> None:
    """Ours are not told of."""
    with capture_logs() as told:
        await durability.look_over(KafkaSettings(bootstrap=kafka))
    assert told == []
    forgets = await made(kafka, "forgets.v1", retention_ms="604800000", max_message_bytes="4194304")
    with capture_logs() as told:
        await durability.look_over(KafkaSettings(bootstrap=kafka), [forgets])
    [said] = told[0]["topics"]["forgets.v1"]
    assert "retention.ms=-1 (now 604800000" in said


async def test_where_only_the_last_of_each_company_is_kept_nothing_starts(kafka: str) -> None:
    """Each day close would take the one before it away."""
    forgets = await made(kafka, "last-of-each.v1", cleanup_policy="compact")
    with pytest.raises(WrongTopic, match=r"last-of-each\.v1: cleanup\.policy is compact"):
        await durability.look_over(KafkaSettings(bootstrap=kafka), [forgets])
