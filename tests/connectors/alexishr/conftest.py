"""What reading and writing are tried against: a company in the sandbox, and a host that is connected to it."""

from collections.abc import AsyncIterator

import pytest

from connectors.alexishr import sandbox
from connectors.alexishr.settings import AlexisHRSettings
from infra.access.connections import Connections
from infra.environment import whole
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor


@pytest.fixture
def company() -> sandbox.Company:
    """Return an empty company in Alexis HR."""
    return sandbox.Company()


@pytest.fixture
def told() -> FakeAcceptor:
    """Return what keeps the facts."""
    return FakeAcceptor("alexishr")


@pytest.fixture
async def host(engine: Engine, company: sandbox.Company, told: FakeAcceptor) -> AsyncIterator[Host]:
    """Yield a host whose company is connected to the sandbox."""
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('acme', clock_timestamp())"))
    async with sandbox.running(company) as url:
        settings = whole()(
            alexishr=AlexisHRSettings(
                api_url=f"{url}/v1", request_timeout=5.0, poll_seconds=0.1, leave_seconds=0.1, page_size=3, budget=25
            ),
            _env_file=None,
        )
        await Connections(engine, VAULT).consented(TENANT, "alexishr", grant_type="token", refresh=company.token)
        yield Host(settings, engine, VAULT, Leases(engine, 5.0), told.accept)
