"""Only the listed jars are run, and a machine without a network is told so."""

import hashlib
import re
from pathlib import Path

import pytest

from infra.embedded import jars
from infra.embedded.jars import Jar
from infra.kafka.cluster import BrokerUnavailable

LISTED = (
    Jar("org.apache.kafka:kafka_2.13:9.9.9", hashlib.sha256(b"one").hexdigest()),
    Jar("org.example:other:1.0", hashlib.sha256(b"two").hexdigest()),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that holds the listed jars."""
    (tmp_path / "kafka_2.13-9.9.9.jar").write_bytes(b"one")
    (tmp_path / "other-1.0.jar").write_bytes(b"two")
    return tmp_path


def test_the_listed_jars_are_accepted(folder: Path) -> None:
    """The same names and bytes: nothing to say."""
    jars.verify(folder, LISTED)


def test_a_jar_with_other_bytes_is_refused_by_name(folder: Path) -> None:
    """One flipped byte is enough."""
    (folder / "other-1.0.jar").write_bytes(b"twp")
    with pytest.raises(BrokerUnavailable, match=re.escape("other-1.0.jar has other bytes")):
        jars.verify(folder, LISTED)


def test_a_missing_jar_is_refused_by_name(folder: Path) -> None:
    """A class path with a hole fails late and oddly; this fails early."""
    (folder / "other-1.0.jar").unlink()
    with pytest.raises(BrokerUnavailable, match=re.escape("other-1.0.jar is missing")):
        jars.verify(folder, LISTED)


def test_a_jar_that_nobody_listed_is_refused_by_name(folder: Path) -> None:
    """Everything in the folder is on the class path."""
    (folder / "evil.jar").write_bytes(b"")
    with pytest.raises(BrokerUnavailable, match=re.escape("evil.jar does not belong there")):
        jars.verify(folder, LISTED)


def test_without_a_network_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what could not be fetched and the way round, no address, and leaves nothing half-done."""
    (tmp_path / "fetching-interrupted").mkdir()
    monkeypatch.setenv("BOKBUSS_CACHE", str(tmp_path))
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BrokerUnavailable) as refused:
        jars.ensure(LISTED)
    said = str(refused.value)
    assert said.startswith("Apache Kafka 9.9.9 ")
    assert "could not be fetched" in said
    assert "BOKBUSS_KAFKA__BOOTSTRAP=host:port" in said
    assert "http" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_the_committed_list_is_one_broker() -> None:
    """Every part of Kafka has one version, and every line a whole hash."""
    listed = jars.manifest()
    parts = [jar for jar in listed if jar.coordinate.startswith("org.apache.kafka:")]
    assert {jar.coordinate.split(":")[2] for jar in parts} == {jars.release(listed)}
    assert len({jar.file for jar in listed}) == len(listed)
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in listed)
