"""Connections that nobody uses stay alive, and people are told in time, with a link."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from connectors.fortnox import needs, sandbox, tokens
from connectors.fortnox.connect import keeping
from connectors.fortnox.connect.keeping import concern, unused
from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.access.connections import Connection, Connections
from infra.access.vault import open_vault
from infra.canary import CANARY
from infra.environment import whole
from infra.leases import Leases
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import CanarySettings
from infra.watch import Watch
from schemas.settings import TenantSettings
from tests.connectors.fortnox.token_driver import ADD, KEY, TENANT, Endpoint, connected, settings

NOW = datetime(2026, 6, 1, tzinfo=UTC)
STATES = ["connected", "needs_consent", "licence_missing", "paused", "disconnected"]


def held(
    state: str = "connected", days: float | None = 45, grant: str = "authorization_code", **more: Any
) -> Connection:
    """Return a connection whose refresh token has so many days left."""
    until = None if days is None else NOW + timedelta(days=days)
    return Connection("acme", "fortnox", grant_type=grant, state=state, reason="why", refresh_until=until, **more)


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        (held(), ""),
        (held(days=7.1), ""),
        (held(days=6.9), "its refresh token ends within 7 days"),
        (held(days=1.9), "its refresh token ends within 2 days"),
        (held(days=-1), "its refresh token ends within 2 days"),
        (held("needs_consent"), "needs consent: why"),
        (held("licence_missing"), "licence missing: why"),
        (held("paused", 1), ""),
        (held("disconnected", None), ""),
        (held(days=1, grant="client_credentials"), ""),
    ],
)
def test_people_are_told_what_they_must_know(connection: Connection, told: str) -> None:
    """At seven days and at two, and when it is lost; what somebody did on purpose is no news."""
    assert concern(connection, NOW.timestamp()) == told


@given(st.sampled_from(STATES), st.integers(-10, 60), st.booleans(), st.none() | st.integers(-5000, 5000))
def test_only_a_connection_that_may_work_is_used_for_nothing(
    state: str,
    days: int,
    rotates: bool,  # noqa: FBT001 - drawn
    access: int | None,
) -> None:
    """A refresh token in its last 30 days; an access token of a service account that is over."""
    until = None if access is None else NOW + timedelta(seconds=access)
    grant = "authorization_code" if rotates else "client_credentials"
    wanted = unused(held(state, days, grant, access_until=until), NOW.timestamp())
    if state in ("paused", "disconnected"):
        assert not wanted
    elif rotates:
        assert wanted == (state == "licence_missing" or (state == "connected" and days < 30))
    else:
        assert wanted == (access is None or access < 0)


@pytest.fixture
async def host(engine: Engine, endpoint: tuple[Endpoint, str]) -> Host:
    """Return a host whose one company is connected."""
    named = settings(endpoint[1])
    await connected(engine, *endpoint)
    return Host(named, engine, await open_vault(engine, named), leases=Leases(engine, 10.0), accept=None)


@pytest.fixture
async def endpoint() -> AsyncIterator[tuple[Endpoint, str]]:
    """Yield a token endpoint and its URL."""
    made = Endpoint()
    async with made.running() as url:
        yield made, url


async def age(host: Host, days: int) -> None:
    """Let the refresh token have so many days left."""
    query = text("update connections set refresh_until = clock_timestamp() + make_interval(days => :days)")
    async with host.engine.begin() as database:
        await database.execute(query, {"days": days})


async def connection_of(host: Host) -> Connection:
    """Return what is held of the company's connection."""
    found = await Connections(host.engine, host.vault).held(TENANT, tokens.SYSTEM)
    assert found is not None
    return found


async def test_an_unused_refresh_token_is_renewed_in_its_last_month(
    host: Host, endpoint: tuple[Endpoint, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before, and not by two processes; a process that is asked to stop ends."""
    monkeypatch.setattr(keeping, "_FIRST", 0.0)
    monkeypatch.setattr(keeping, "_EVERY", 0.1)
    for days, exchanged in ((31, 0), (29, 1)):
        await age(host, days)
        stop = asyncio.Event()
        jobs = [asyncio.create_task(keeping.keep(host, stop)) for _ in range(2)]
        await asyncio.sleep(1.0)
        async with asyncio.timeout(60):
            while endpoint[0].exchanged < exchanged:  # noqa: ASYNC110 - it is in another task's memory
                await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(asyncio.gather(*jobs), 60.0)
        assert endpoint[0].exchanged == exchanged
    left = (await connection_of(host)).refresh_until
    assert left is not None
    assert (left - clock.now()).days >= 44


async def test_whoever_must_act_gets_a_link_once(host: Host) -> None:
    """In the log, with the command that makes another; each thing is told once, and again when it is another one."""
    keeper = keeping._Keeper(host)
    connections = Connections(host.engine, host.vault)
    with capture_logs() as logs:
        for days in (6, 6, 1):
            await age(host, days)
            await keeper.look()
        await connections.lost(TENANT, tokens.SYSTEM, "needs_consent", "said so")
        await keeper.look()
        await keeper.look()
    told = [line for line in logs if line["event"] == "a company must connect again"]
    assert [line["why"] for line in told] == [
        "its refresh token ends within 7 days",
        "its refresh token ends within 2 days",
        "needs consent: said so",
    ]
    assert all("/connect/" in line["url"] and line["command"] == "bokbuss connect acme" for line in told)
    async with host.engine.connect() as database:
        kinds = set(await database.scalars(text("select service from activation_links")))
    assert kinds == {False}  # a person's user was connected, so a person is asked again


async def test_the_link_asks_for_what_was_consented_to_before(host: Host) -> None:
    """Documents too: a consent without their scopes would end them, and nobody would have said so."""
    scopes = " ".join(needs.scopes(TenantSettings(), ("documents",)))
    async with host.engine.begin() as database:
        await database.execute(text("update connections set scopes = :scopes"), {"scopes": scopes})
    await Connections(host.engine, host.vault).lost(TENANT, tokens.SYSTEM, "needs_consent", "said so")
    with capture_logs():
        await keeping._Keeper(host).look()
    async with host.engine.connect() as database:
        assert set(await database.scalars(text("select extras from activation_links"))) == {"documents"}


async def test_the_canary_stays_alive_at_its_sandbox(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number that its sandbox gave it is somebody's at Fortnox: no token is asked for with it there."""
    monkeypatch.setattr(keeping, "_FIRST", 0.0)
    real, made_up = sandbox.Books(), sandbox.Books()
    for books in (real, made_up):
        books.add(sandbox.Company(1))
    async with sandbox.running(real) as url, sandbox.running(made_up) as canary:
        secret = SecretStr(sandbox.CLIENT_SECRET)
        fortnox = FortnoxSettings(auth_url=f"{url}/oauth-v1", client_id=sandbox.CLIENT_ID, client_secret=secret)
        named = whole()(fortnox=fortnox, canary=CanarySettings(url=canary), secret_key=SecretStr(KEY), _env_file=None)
        async with engine.begin() as database:
            await database.execute(ADD, {"tenant": CANARY, "number": 1})
        await keeping._Keeper(Host(named, engine, await open_vault(engine, named), None, None)).look()
    assert (real.issued, made_up.issued) == (0, 1)


async def test_gauges_tell_the_days_left_and_the_state(host: Host) -> None:
    """One series for each company's state; the one before is gone."""
    await age(host, 5)
    connections = Connections(host.engine, host.vault)
    for state in ("connected", "needs_consent"):
        if state != "connected":
            await connections.lost(TENANT, tokens.SYSTEM, state, "said so")
        async with host.engine.connect() as database:
            await Watch(host.engine)._look(database)
        place = {"tenant": TENANT, "system": tokens.SYSTEM}
        assert round((REGISTRY.get_sample_value("bokbuss_token_left_seconds", place) or 0.0) / 86_400) == 5
        found = {s: REGISTRY.get_sample_value("bokbuss_connection_state", place | {"state": s}) for s in STATES}
        assert [name for name, value in found.items() if value] == [state]


def test_there_is_one_name_for_the_lifetime_of_a_refresh_token() -> None:
    """45 days today, 31 once: it stands in one place."""
    folder = Path(tokens.__file__).parent
    files = [file for file in folder.glob("*.py") if "45 *" in file.read_text() or "= 45" in file.read_text()]
    assert [file.name for file in files] == ["classify.py"]
