"""What reading and writing are tried against: a company in the sandbox, and a host that is connected to it."""

from collections.abc import AsyncIterator

import pytest

from connectors.huma import sandbox
from connectors.huma.client import kept
from connectors.huma.settings import HumaSettings
from infra.access.connections import Connections
from infra.environment import whole
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from tests.connectors.fake_acceptor import TENANT, VAULT, FakeAcceptor


@pytest.fixture
def company() -> sandbox.Company:
    """Return a company in Huma without people."""
    company = sandbox.Company()
    company.add_group("Acme AB")
    company.page_limit = 3
    return company


@pytest.fixture
def told() -> FakeAcceptor:
    """Return what keeps the facts."""
    return FakeAcceptor("huma")


@pytest.fixture
async def host(engine: Engine, company: sandbox.Company, told: FakeAcceptor) -> AsyncIterator[Host]:
    """Yield a host whose company is connected to the sandbox."""
    async with engine.begin() as connection:
        await connection.execute(text("insert into tenants (tenant, created_at) values ('acme', clock_timestamp())"))
    async with sandbox.running(company) as url:
        settings = whole()(
            huma=HumaSettings(api_url=url, request_timeout=5.0, due_seconds=0.1, budget=25), _env_file=None
        )
        await Connections(engine, VAULT).consented(
            TENANT, "huma", grant_type="client_credentials", refresh=kept(company.client_id, company.client_secret)
        )
        yield Host(settings, engine, VAULT, Leases(engine, 5.0), told.accept)
