"""Whether the broker's topics keep what they are given: somebody else may have made them, or changed them since."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from infra import telemetry
from infra.kafka.cluster import WrongTopic
from infra.kafka.securing import client
from infra.settings import KafkaSettings
from schemas.topics import IN_SYNC, TOPICS, Topic

_log = telemetry.log(__name__)

_POLICY: Final = "cleanup.policy"
_NEVER: Final = {"retention.ms": "-1", "retention.bytes": "-1"}
"""By which Kafka forgets nothing."""
_WHY: Final = {
    "retention.ms": "what is older, in milliseconds, is gone, and no restore finds it",
    "retention.bytes": "what is before so many bytes is gone, and no restore finds it",
    "max.message.bytes": "longer messages are refused",
    IN_SYNC: "what one broker alone has counts as accepted",
}


async def look_over(kafka: KafkaSettings, topics: Iterable[Topic] = TOPICS) -> None:
    """Tell the log of topics that lose, or refuse, what they are given; a broker that does not let us ask is believed.

    Raises:
        WrongTopic: of each company only the last message would be kept.
    """
    table = {topic.name: topic for topic in topics}
    admin = AIOKafkaAdminClient(**client(kafka), request_timeout_ms=10_000)
    try:
        await admin.start()
        known = await _configs(admin, table)
        described = await admin.describe_topics(list(table))
    except KafkaError as error:
        _log.warning("topics not looked over", error=type(error).__name__)
        return
    finally:
        await admin.close()
    copies = {d["topic"]: min((len(p["replicas"]) for p in d["partitions"]), default=1) for d in described}
    wrong = {name: list(weaknesses(table[name], config, copies[name])) for name, config in known.items()}
    if lost := sorted(name for name, config in known.items() if _is_compacted_away(table[name], config)):
        raise WrongTopic(
            f"{', '.join(lost)}: cleanup.policy is compact, and Kafka keeps only the last message of each company. "
            "Set it to delete, with retention.ms=-1, before anything is lost (kafka-configs.sh --alter)."
        )
    if found := {name: said for name, said in sorted(wrong.items()) if said}:
        _log.warning("topics do not keep what they are given", topics=found, see="docs/operations.md")


def weaknesses(topic: Topic, config: Mapping[str, str], copies: int) -> Iterator[str]:
    """Yield what of a topic's settings loses or refuses messages: as it is to be, and what it is now.

    Args:
        config: the topic's settings by Kafka's names; what is not known is taken to be right.
        copies: of each partition.
    """
    wanted = topic.config(copies)
    if topic.compacted and "compact" not in config.get(_POLICY, "compact"):
        yield f"{_POLICY}=compact (now {config[_POLICY]})"
    for name, why in _WHY.items():
        is_, least = config.get(name), wanted.get(name, _NEVER.get(name))
        if is_ is None or least is None or (name in _NEVER and "delete" not in config.get(_POLICY, "")):
            continue
        if int(is_) < int(least) or (name in _NEVER and int(is_) != int(least)):
            yield f"{name}={least} (now {is_}: {why})"


def _is_compacted_away(topic: Topic, config: Mapping[str, str]) -> bool:
    return not topic.compacted and "compact" in config.get(_POLICY, "")


async def _configs(admin: AIOKafkaAdminClient, table: Mapping[str, Topic]) -> dict[str, dict[str, str]]:
    """Return the settings of each topic of which we may ask."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, configs=dict.fromkeys((_POLICY, *_WHY))) for name in table]
    return {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in await admin.describe_configs(asked)
        for code, _, _, name, entries in answer.resources
        if code == 0
    }
