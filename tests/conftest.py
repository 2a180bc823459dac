"""One real broker and one real database for the whole run; a fresh database, with tables or empty, for each test."""

import asyncio
import gc
import uuid
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
import structlog
from hypothesis import settings

from infra import clock, store
from infra.access.connections import settled
from infra.embedded.broker import EmbeddedKafka
from infra.embedded.database import EmbeddedPostgres
from infra.kafka.cluster import ensure_topics
from infra.postgres import Engine
from infra.settings import KafkaSettings
from tests.databases import Databases
from tests.seeds import EXPLORED

# A timing is never what a test asserts; and the examples are the same in every run, unless one explores.
settings.register_profile("bokbuss", deadline=None, derandomize=not EXPLORED)
settings.load_profile("bokbuss")


@pytest.fixture(autouse=True)
def logs_begin_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget how a test, or a command in it, had logs written: one that keeps its logger is deaf to a later test."""
    configure = structlog.configure
    monkeypatch.setattr(structlog, "configure", lambda **how: configure(**how | {"cache_logger_on_first_use": False}))
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module", autouse=True)
def what_a_file_leaves_open_is_its_own() -> Iterator[None]:
    """Have the file that left something open fail, and not the test during which it is collected by chance."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def what_is_left_open_at_a_broker_is_the_tests_own(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have the test that left it open fail: these are the ones that cut off, cancel and kill."""
    yield
    if not _BROKERS.isdisjoint(request.fixturenames):
        gc.collect()


_BROKERS = {"kafka", "fragile_kafka", "own_kafka"}
gc.disable()  # until everything is collected: among what is loaded there is no garbage


def pytest_collection_finish() -> None:
    """Leave what is loaded out of every search for garbage from now on: it stays, and is a million objects."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the bootstrap address of a broker that has every topic."""
    with EmbeddedKafka(tmp_path_factory.mktemp("broker")) as broker:
        asyncio.run(ensure_topics(KafkaSettings(bootstrap=broker.bootstrap)))
        yield broker.bootstrap


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a PostgreSQL; its database belongs to nobody."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("database")) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # nobody pulls this one's plug
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """Yield the URL of an empty database that is dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield postgres_url.replace("@/postgres?", f"@/{name}?")
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def databases(postgres_url: str) -> Iterator[Databases]:
    """Yield databases that have every table and nothing in them."""
    name = f"template_{uuid.uuid4().hex}"

    async def prepare() -> None:
        engine = store.engine(postgres_url.replace("@/postgres?", f"@/{name}?"), 2)
        await store.prepare(engine)
        await engine.dispose()

    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        asyncio.run(prepare())
        yield Databases(postgres_url, name)


@pytest.fixture
def prepared_url(postgres_url: str, databases: Databases) -> Iterator[str]:
    """Yield the URL of a database of the test's own, with its tables."""
    name = databases.take()
    yield postgres_url.replace("@/postgres?", f"@/{name}?")
    databases.give_back(name)


@pytest.fixture
async def engine(prepared_url: str) -> AsyncIterator[Engine]:
    """Yield the database as a process uses it."""
    made = store.engine(prepared_url, 8)
    yield made
    await settled(60.0)  # as a process does before it ends: a renewal outlives whoever asked for it
    await made.dispose()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what waits before it asks again wait a tenth of that: where the test has no other use for the time."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / 10)

    monkeypatch.setattr(clock, "sleep", sleep)
