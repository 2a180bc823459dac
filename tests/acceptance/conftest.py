"""One house for the stories of each file."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from infra.embedded.broker import EmbeddedKafka
from infra.kafka.cluster import ensure_topics
from infra.settings import KafkaSettings
from tests.acceptance.backups import Backups
from tests.acceptance.house import Roles, database, opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the house's data folder."""
    return tmp_path_factory.mktemp("house")


@pytest.fixture(scope="module")
def house_database(postgres_url: str) -> Iterator[str]:
    """Yield the URL of the house's own database."""
    with database(postgres_url) as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(kafka: str, house_database: str, folder: Path) -> AsyncIterator[Roles]:
    """Yield a house in which every role runs."""
    async with opened(kafka, house_database, folder) as running:
        yield running


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """Yield a broker of the file's own, with its topics: what stands on it is the file's own doing."""
    with EmbeddedKafka(tmp_path_factory.mktemp("own")) as broker:
        asyncio.run(ensure_topics(KafkaSettings(bootstrap=broker.bootstrap)))
        yield broker


@pytest.fixture
def backups(postgres_url: str) -> Iterator[Backups]:
    """Yield a database of the test's own, that can be copied and put back."""
    with database(postgres_url) as url:
        made = Backups(url)
        yield made
        made.drop()
