"""``bokbuss connect`` and ``bokbuss disconnect``, as they are typed."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from connectors.fortnox.settings import FortnoxSettings
from infra import clock
from infra.access.connections import Connections
from infra.postgres import Engine, text
from infra.verdicts import RetryLater
from tests.connectors.fortnox.consent_driver import ConsentDriver, opened
from tests.loaded import bokbuss


class Verbs:
    """Runs commands as processes, beside the pages."""

    def __init__(self, world: ConsentDriver, environment: Mapping[str, str], folder: Path) -> None:
        self.world, self.environment, self.folder = world, environment, folder

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        """Start a command."""
        pipe, program = asyncio.subprocess.PIPE, await asyncio.to_thread(bokbuss)
        return await asyncio.create_subprocess_exec(
            program, *words, env=dict(self.environment), cwd=self.folder, stdin=pipe, stdout=pipe, stderr=pipe
        )

    async def __call__(self, *words: str, code: int = 0) -> str:
        """Run a command; return what it says, on standard error where it fails."""
        process = await self.start(*words)
        out, err = await process.communicate()
        assert process.returncode == code, err.decode()
        return (err if code else out).decode()

    async def json(self, *words: str) -> Any:
        """Run a command with --json; return the values."""
        return json.loads(await self(*words, "--json"))


@pytest.fixture
async def verbs(engine: Engine, kafka: str, prepared_url: str, tmp_path: Path) -> AsyncIterator[Verbs]:
    """Return the verbs, over the database of our pages."""
    async with opened(engine) as world:
        world.company()
        fortnox = world.host.settings.of(FortnoxSettings)
        environment = {
            "BOKBUSS_DATA": str(tmp_path),
            "BOKBUSS_KAFKA__BOOTSTRAP": kafka,
            "BOKBUSS_DATABASE__URL": prepared_url,
            "BOKBUSS_SECRET_KEY": "a test",
            "BOKBUSS_FORTNOX__API_URL": fortnox.api_url,
            "BOKBUSS_FORTNOX__AUTH_URL": fortnox.auth_url,
            "BOKBUSS_FORTNOX__CLIENT_ID": fortnox.client_id,
            "BOKBUSS_FORTNOX__CLIENT_SECRET": fortnox.client_secret.get_secret_value(),
            "BOKBUSS_FORTNOX__REDIRECT_URI": f"{world.url}/oauth/callback",
        }
        yield Verbs(world, environment, tmp_path)


async def test_a_link_is_printed_with_whom_to_send_it_to(verbs: Verbs) -> None:
    """It leads to where Fortnox sends browsers back to, asks for a service account, and lasts a week."""
    tenant = await verbs.world.tenant()
    made = await verbs.json("connect", tenant, "--by", "Anna")
    assert made["link"].startswith(f"{verbs.world.url}/connect/")
    assert (made["grant"], made["scopes"][0]) == ("service", "bookkeeping")
    days = await verbs.world.rows("select expires_at - made_at, made_by from activation_links")
    assert days == [(timedelta(days=7), "Anna")]
    assert "Anna" in (await verbs.world.browser().send("GET", made["link"])).text
    said = await verbs("connect", tenant, "--grant", "person", "--valid-days", "2")
    assert "whose Fortnox user shall be used" in said
    assert "nothing is switched on" in said.lower()
    assert f"\n{verbs.world.url}/connect/" in said


async def test_what_cannot_be_connected_is_wrong_usage(verbs: Verbs) -> None:
    """A company that nobody knows, or a choice that is none."""
    assert "no company is called 'nobody'" in await verbs("connect", "nobody", code=2)
    assert await verbs.world.rows("select 1 from activation_links") == []
    for words in ((), ("a", "--all"), ("--all", "--paste")):
        await verbs("connect", *words, code=2)
    assert "no company is called 'nobody'" in await verbs("disconnect", "nobody", code=2)


async def test_a_link_asks_for_what_was_granted_before(verbs: Verbs) -> None:
    """A person's user stays a person's unless another kind is asked for; the new link can be for another company."""
    tenant = await verbs.world.tenant()
    await verbs.world.consent(await verbs.world.link(tenant, service=False))
    assert (await verbs.json("connect", tenant, "--another-company"))["grant"] == "person"
    assert (await verbs.json("connect", tenant, "--grant", "service"))["grant"] == "service"
    assert set(await verbs.world.rows("select another from activation_links where made_by <> 'Anna Ek'")) == {
        (True,),
        (False,),
    }


async def test_documents_are_asked_for_and_then_kept(verbs: Verbs) -> None:
    """By a consent that says so; a link that is made later asks for them as well, or they would be lost."""
    tenant = await verbs.world.tenant()
    plain = set((await verbs.json("connect", tenant))["scopes"])
    made = await verbs.json("connect", tenant, "--documents")
    assert set(made["scopes"]) - plain == {"archive", "connectfile"}
    await verbs.world.consent(made["link"])
    held = await verbs.world.held(tenant)
    assert held is not None
    assert {"archive", "connectfile"} <= set(held.scopes)
    assert set((await verbs.json("connect", tenant))["scopes"]) == set(made["scopes"])
    more = await verbs.json("connect", tenant, "--supplier-documents")
    assert set(more["scopes"]) - set(made["scopes"]) == {"supplierinvoice"}


async def test_all_makes_a_link_for_each_company_that_needs_one(verbs: Verbs) -> None:
    """An agency's person gets one link for each company, and none for those that are connected."""
    tenants = [await verbs.world.tenant(name) for name in ("a", "b", "c")]
    await verbs.world.consent(await verbs.world.link(tenants[1]))
    made = await verbs.json("connect", "--all")
    assert [each["tenant"] for each in made] == [tenants[0], tenants[2]]
    assert len({each["link"] for each in made}) == 2


async def test_a_server_without_a_browser_takes_the_address_that_one_ends_up_at(verbs: Verbs) -> None:
    """--paste: consent on any machine, the exchange in the command; nobody's pages are needed."""
    tenant, world = await verbs.world.tenant(), verbs.world
    process = await verbs.start("connect", tenant, "--paste")
    assert process.stdout is not None
    asked = ""
    while not asked.startswith("http"):
        asked = (await process.stdout.readline()).decode().strip()
    back = await world.approve(world.browser(), asked)
    out, err = await process.communicate(f"{back}\n".encode())
    assert process.returncode == 0, err.decode()
    assert "Krogen Söder AB is connected" in out.decode()
    held = await world.held(tenant)
    assert held is not None
    assert held.database_number == 2001


async def test_an_address_that_says_no_ends_with_what_to_do(verbs: Verbs) -> None:
    """The same words as on the page, and exit code 1; an address from elsewhere is not taken."""
    tenant, world = await verbs.world.tenant(), verbs.world
    process = await verbs.start("connect", tenant, "--paste")
    assert process.stdout is not None
    asked = ""
    while not asked.startswith("http"):
        asked = (await process.stdout.readline()).decode().strip()
    back = await world.approve(world.browser(), asked, decision="deny")
    _, err = await process.communicate(f"{back}\n".encode())
    assert process.returncode == 1
    assert "You did not approve" in err.decode()
    other = await verbs.start("connect", tenant, "--paste")
    _, err = await other.communicate(f"{back.replace('error=access_denied', 'code=c')}\n".encode())
    assert other.returncode == 1
    assert "another browser" in err.decode()


async def test_a_company_is_disconnected_and_comes_back(verbs: Verbs) -> None:
    """Revoked at Fortnox, forgotten here, on record; its calls wait, and a new consent lets them go on."""
    world, tenant = verbs.world, await verbs.world.tenant()
    await world.consent(await world.link(tenant))
    assert await verbs.json("disconnect", tenant, "--by", "Anna") == {
        "tenant": tenant,
        "disconnected": True,
        "revoked": True,
    }
    assert world.books.consents == {}
    assert await world.rows("select access, refresh from connections") == [(None, None)]
    connections = Connections(world.host.engine, world.host.vault)
    waits = await connections.access(tenant, "fortnox", renew=None)  # type: ignore[arg-type]  # nobody may be asked
    assert isinstance(waits, RetryLater)
    assert waits.code == "disconnected"
    assert "is not connected" in await verbs("disconnect", tenant, code=2)
    outcomes = await world.rows("select body ->> 'outcome' from audit where tenant = :t order by sequence", t=tenant)
    await world.consent(await world.link(tenant))
    assert outcomes == [("connected",), ("disconnected",)]
    held = await world.held(tenant)
    assert held is not None
    assert held.state == "connected"


async def test_an_access_that_cannot_be_revoked_is_said_aloud(verbs: Verbs) -> None:
    """A company that was added by its number brought no token to revoke with."""
    tenant = await verbs.world.tenant(database_number=2001)
    assert "remove the integration at Fortnox as well" in await verbs("disconnect", tenant)


async def test_an_access_whose_token_has_ended_is_not_said_to_be_revoked(verbs: Verbs) -> None:
    """A service account goes on for years, its refresh token for weeks; Fortnox says of any text that it is revoked."""
    world, kept, removed = verbs.world, await verbs.world.tenant(), await verbs.world.tenant()
    world.company(2002, "Bageriet AB", "556677-8899")
    for number, tenant in ((2001, kept), (2002, removed)):
        await world.consent(await world.link(tenant), company=number)
    async with world.host.engine.begin() as connection:
        await connection.execute(text("update connections set refresh_until = clock_timestamp() - interval '1 day'"))
    assert "remove the integration at Fortnox as well" in await verbs("disconnect", kept)
    [left] = (await verbs.json("tenant", "remove", removed))["left_to_do"]
    assert "remove the integration in the Fortnox of" in left
    assert len(world.books.consents) == 2


async def test_a_company_is_removed_once_its_consent_is_revoked(verbs: Verbs) -> None:
    """While Fortnox cannot be told, it stays and goes on; then the consent is gone there, and all of it here."""
    world, tenant = verbs.world, await verbs.world.tenant()
    await world.consent(await world.link(tenant))
    away = Verbs(world, {**verbs.environment, "BOKBUSS_FORTNOX__AUTH_URL": "http://127.0.0.1:9/oauth-v1"}, verbs.folder)
    said = await away("tenant", "remove", tenant, code=1)
    assert "is not removed: Fortnox has not confirmed" in said
    held = await world.held(tenant)
    assert held is not None
    assert held.state == "connected"
    assert len(world.books.consents) == 1

    assert (await verbs.json("tenant", "remove", tenant))["kept_under"] == f"{tenant}.1"
    assert world.books.consents == {}
    assert await world.rows("select tenant from tenants") == []
    assert await world.rows("select tenant from connections") == []


async def test_who_cannot_be_told_is_removed_when_forced(verbs: Verbs) -> None:
    """What is left to do by hand is said."""
    world, tenant = verbs.world, await verbs.world.tenant()
    await world.consent(await world.link(tenant))
    away = Verbs(world, {**verbs.environment, "BOKBUSS_FORTNOX__AUTH_URL": "http://127.0.0.1:9/oauth-v1"}, verbs.folder)
    told = await away.json("tenant", "remove", tenant, "--force")
    assert told["left_to_do"] == ["Fortnox has not confirmed that the access is revoked"]
    assert await world.rows("select name, removed_by <> '' from removed_tenants") == [(tenant, True)]


async def test_a_link_lasts_as_long_as_it_says(verbs: Verbs) -> None:
    """``expires_at`` is that of the link."""
    made = await verbs.json("connect", await verbs.world.tenant(), "--valid-days", "1")
    [(expires_at,)] = await verbs.world.rows("select expires_at from activation_links")
    assert made["expires_at"] == expires_at.isoformat()
    assert timedelta(hours=23) < expires_at - clock.now() <= timedelta(days=1)
    assert urlsplit(made["link"]).query == ""
