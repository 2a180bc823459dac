"""What a host needs: a broker of its own to kill, a database that goes away, settings that name both."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from infra.embedded.broker import EmbeddedKafka
from infra.environment import whole
from infra.kafka import cluster
from infra.postgres import Engine, text
from infra.settings import DatabaseSettings, KafkaSettings, Settings

Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def outage(postgres_url: str, prepared_url: str) -> Outage:
    """Return what makes the test's database refuse everybody for the length of a ``with``."""
    name = prepared_url.split("@/")[1].split("?", maxsplit=1)[0]

    @contextmanager
    def away() -> Iterator[None]:
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
            server.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    return away


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    """Yield the producer of a process."""
    made = await cluster.producer(KafkaSettings(bootstrap=kafka))
    yield made
    await made.stop()


@pytest.fixture
def settings(kafka: str, prepared_url: str, tmp_path: Path) -> Settings:
    """Return a host's settings, with its broker and its database named."""
    return whole()(
        data=tmp_path / "data",
        port=0,
        kafka=KafkaSettings(bootstrap=kafka),
        database=DatabaseSettings(url=prepared_url),
        private_networks="127.0.0.0/8",  # where tills' servers are here
        _env_file=None,
    )


@pytest.fixture
def tenant() -> str:
    """Return a company of the test's own: the topics are shared."""
    return f"t-{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def added(engine: Engine, tenant: str) -> Callable[[str], Awaitable[None]]:
    """Have the test's company be one: what names none is not decided. Return what adds another."""

    async def add(name: str) -> None:
        async with engine.begin() as connection:
            await connection.execute(text("insert into tenants (tenant, created_at) values (:t, now())"), {"t": name})

    await add(tenant)
    return add


@pytest.fixture(scope="session")
def fragile_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """Yield a broker with its topics that tests may kill, and leave running."""
    with EmbeddedKafka(tmp_path_factory.mktemp("fragile")) as running:
        asyncio.run(cluster.ensure_topics(KafkaSettings(bootstrap=running.bootstrap)))
        yield running
