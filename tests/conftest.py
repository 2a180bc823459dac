"""One real broker and one real database for the whole run; a fresh database for each test that asks."""

import asyncio
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from infra.broker import EmbeddedKafka, ensure_topics
from infra.database import EmbeddedPostgres


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the bootstrap address of a broker that has every topic."""
    with EmbeddedKafka(tmp_path_factory.mktemp("broker")) as broker:
        asyncio.run(ensure_topics(broker.bootstrap))
        yield broker.bootstrap


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a PostgreSQL, for SQLAlchemy; its database belongs to nobody."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("database")) as server:
        yield server.url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """Yield the URL of an empty database, for SQLAlchemy, that is dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        yield postgres_url.replace("@/postgres?", f"@/{name}?")
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
