"""One house for the stories of each file."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.house import House, database, opened


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
async def house(kafka: str, house_database: str, folder: Path) -> AsyncIterator[House]:
    """Yield a house in which every role runs."""
    async with opened(kafka, house_database, folder) as running:
        yield running
