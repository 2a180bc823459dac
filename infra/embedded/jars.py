"""The broker's jars: fetched once, kept in a cache, and compared with the committed list before every start.

A new release of the broker: ``python -m infra.embedded.jars org.apache.kafka:kafka_2.13:VERSION
'org.apache.logging.log4j:log4j-slf4j-impl:VERSION!' > infra/embedded/kafka_jars.sha256``, log4j's version being the one
that Kafka asks for. The ``!`` keeps log4j from choosing the versions of everything else (it chose kafka-clients 3.9.1).
"""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra import telemetry
from infra.kafka.cluster import BrokerUnavailable

MANIFEST = Path(__file__).with_name("kafka_jars.sha256")
_WAY_ROUND = "Or name a broker that runs already: BOKBUSS_KAFKA__BOOTSTRAP=host:port."
_log = telemetry.log(__name__)


@dataclass(frozen=True, slots=True)
class Jar:
    """A jar: its Maven coordinate (group:artifact:version) and the SHA-256 of its bytes."""

    coordinate: str
    sha256: str

    @property
    def file(self) -> str:
        """The file's name in the cache."""
        _group, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def manifest(path: Path = MANIFEST) -> tuple[Jar, ...]:
    """Return the jars that the broker consists of."""
    lines = (line.split() for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return tuple(Jar(coordinate, sha256) for sha256, coordinate in lines)


def release(jars: Sequence[Jar]) -> str:
    """Return the version of Apache Kafka among these jars."""
    return next(jar.coordinate.split(":")[2] for jar in jars if ":kafka_2.13:" in jar.coordinate)


def cache() -> Path:
    """Return where files are kept that can be fetched again: BOKBUSS_CACHE, or the user's cache folder."""
    named = os.environ.get("BOKBUSS_CACHE")
    folder = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bokbuss"
    return folder.absolute()  # the broker works in another folder than who starts it


def verify(folder: Path, jars: Sequence[Jar]) -> None:
    """Compare a folder with the list.

    Raises:
        BrokerUnavailable: a file is missing, is one too many, or has other bytes; it is named.
    """
    expected = {jar.file: jar.sha256 for jar in jars}
    present = {path.name for path in folder.iterdir()}
    wrong = [f"{name} is missing" for name in sorted(expected.keys() - present)]
    wrong += [f"{name} does not belong there" for name in sorted(present - expected.keys())]
    wrong += [
        f"{name} has other bytes than the release that bokbuss is tested with"
        for name in sorted(expected.keys() & present)
        if _sha256(folder / name) != expected[name]
    ]
    if wrong:
        raise BrokerUnavailable(
            f"The jars of Apache Kafka are refused: {'; '.join(wrong)}. "
            f"Remove {folder} to fetch them again. {_WAY_ROUND}"
        )


def present() -> bool:
    """Tell whether this machine has the jars: nothing is fetched then."""
    return _folder(manifest()).exists()


def _folder(jars: Sequence[Jar]) -> Path:
    listed = hashlib.sha256("".join(sorted(jar.sha256 for jar in jars)).encode()).hexdigest()[:12]
    return cache() / f"kafka-{release(jars)}-{listed}"


def ensure(jars: Sequence[Jar] | None = None) -> Path:
    """Return the folder of the broker's jars; fetch them when this machine has none.

    Safe when several processes ask at once and when one is interrupted.

    Raises:
        BrokerUnavailable: they cannot be fetched, or are not the ones listed.
    """
    jars = manifest() if jars is None else jars
    folder = _folder(jars)
    if not folder.exists():
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with _alone(folder.parent / "lock"):
                if not folder.exists():
                    _fetch_into(folder, jars, release(jars))
        except OSError as error:
            raise BrokerUnavailable(
                f"Apache Kafka cannot be kept in {folder.parent}: {error.strerror or type(error).__name__}. "
                f"Name another folder: BOKBUSS_CACHE. {_WAY_ROUND}"
            ) from error
    verify(folder, jars)
    return folder


def _fetch_into(folder: Path, jars: Sequence[Jar], version: str) -> None:
    for left in folder.parent.glob("fetching-*"):  # an interrupted attempt; we hold the lock
        shutil.rmtree(left)
    scratch = Path(tempfile.mkdtemp(prefix="fetching-", dir=folder.parent))
    _log.info("fetching the broker, once", release=version, jars=len(jars), folder=str(folder))
    try:
        complete = scratch / "jars"
        complete.mkdir()
        for jar, path in zip(jars, _download([jar.coordinate for jar in jars], scratch / "repository"), strict=True):
            path.rename(complete / jar.file)
        verify(complete, jars)
        complete.rename(folder)
    except (OSError, RuntimeError) as error:  # what jgo raises: requests' errors are OSError
        if isinstance(error, BrokerUnavailable):
            raise
        raise BrokerUnavailable(
            f"Apache Kafka {version} ({len(jars)} jars, about 45 MB, needed once) could not be fetched from Maven "
            f"Central ({type(error).__name__}): connect this machine to the network for the first start. {_WAY_ROUND}"
        ) from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _download(coordinates: Sequence[str], repository: Path) -> list[Path]:
    from jgo.maven import MavenContext  # noqa: PLC0415 - needed once in a machine's life, and slow to import

    context = MavenContext(repo_cache=repository, local_repos=[], timeout=30)

    def fetch(coordinate: str) -> Path:
        return Path(context.create_dependency(coordinate).artifact.resolve())

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(fetch, coordinates))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _list(coordinates: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the list: what Maven would put on the class path of these coordinates."""
    from jgo.maven import MavenContext  # noqa: PLC0415 - see _download

    yield "# What the embedded broker consists of: SHA-256 and Maven coordinate. By `python -m infra.embedded.jars`."
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch), local_repos=[], timeout=30)
        named, others = context.resolver.resolve([context.create_dependency(c) for c in coordinates])
        artifacts = [d.artifact for d in (*named, *others) if d.scope in {None, "compile", "runtime"}]
        for artifact in sorted(artifacts, key=str):
            yield f"{_sha256(Path(artifact.resolve()))}  {artifact.groupId}:{artifact.artifactId}:{artifact.version}"


if __name__ == "__main__":
    for entry in _list(sys.argv[1:]):
        sys.stdout.write(entry + "\n")
