"""Settings on a page: compared before they count, refused with their lines, and never over somebody else's."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from connectors.desk import settings_files
from infra import companies
from infra.accounts.permissions import DeskRole
from infra.environment import load
from infra.intake import ways
from infra.intake.ways import Way
from infra.office import office
from infra.tenants import everyone
from schemas.settings import TenantSettings
from schemas.ways import SftpFolder, WaysIn
from tests.connectors.desk.conftest import Past
from tests.connectors.desk.web_driver import Visitor, visiting

pytestmark = pytest.mark.usefixtures("desk")

ADDRESS = "/companies/krogen/settings"
WRITTEN = "daysales:\n  series: F\n  payments:\n  - method: cash\n    account: 1910\n"


def visit(story: Callable[[Visitor], Awaitable[Any]]) -> Any:
    """Let an admin of a company visit."""

    async def main() -> Any:
        async with office(load()) as place, visiting(place) as visitor:
            await Past(place).add("krogen")
            await visitor.is_signed_in_as(DeskRole.ADMIN, "krogen")
            return await story(visitor)

    return asyncio.run(main())


def test_settings_are_compared_and_then_published() -> None:
    """The difference is shown first; publishing gives the next version, by whoever is signed in."""

    async def story(visitor: Visitor) -> None:
        page = await visitor.post(ADDRESS, {"settings": WRITTEN, "version": "0", "act": "compare"})
        assert page.status_code == 200
        assert "The difference" in page.text
        assert [one.version for one in await everyone(visitor.host.engine)] == [0]
        shown = page.text.split('name="shown" value="')[1].split('"')[0]
        form = {"settings": WRITTEN, "version": "0", "shown": shown, "act": "publish"}
        typed_since = await visitor.post(ADDRESS, form | {"settings": WRITTEN.replace("F", "G")})
        assert typed_since.status_code == 200
        assert "You have changed the text since" in typed_since.text
        answer = await visitor.post(ADDRESS, form | {"settings": WRITTEN.replace("\n", "\r\n")})
        assert answer.status_code == 303

    visit(story)


def test_what_is_wrong_is_named_by_its_line() -> None:
    """Nothing is published, and what was typed stays."""

    async def story(visitor: Visitor) -> None:
        page = await visitor.post(ADDRESS, {"settings": "daysales:\n  serie: <F>\n", "version": "0", "act": "publish"})
        assert page.status_code == 422
        assert "line 2" in page.text
        assert "&lt;F&gt;" in page.text

    visit(story)


def test_settings_that_moved_meanwhile_are_compared_again() -> None:
    """A form that was opened before somebody else's version publishes nothing."""

    async def story(visitor: Visitor) -> None:
        page = await visitor.post(ADDRESS, {"settings": WRITTEN, "version": "7", "act": "publish"})
        assert page.status_code == 200
        assert "compare again" in page.text

    visit(story)


FOLDER = SftpFolder(
    name="filer", system="openpos", host="sftp.kassan.example", user="krogen", host_keys=("ssh-ed25519 AAAA",)
)


def test_a_server_that_another_password_was_given_for_is_pointed_out() -> None:
    """Before it counts: what was given for one server is sent to no other, and is to be given anew."""

    async def story(visitor: Visitor) -> None:
        engine, vault = visitor.host.engine, visitor.host.vault
        await ways.keep_secret(engine, vault, Way("krogen", FOLDER), "hemligt", by="lena")
        for host, is_told in (("sftp.kassan.example", False), ("SFTP.kassan.example", False), ("evil.example", True)):
            moved = TenantSettings(ways_in=WaysIn(sftp=(FOLDER.model_copy(update={"host": host}),)))
            written = settings_files.to_yaml(moved)
            page = await visitor.post(ADDRESS, {"settings": written, "version": "0", "act": "compare"})
            assert "The difference" in page.text
            said = "filer: what opens it was given for krogen@sftp.kassan.example:22"
            assert (said in page.text, "hemligt" in page.text) == (is_told, False)

    visit(story)


@pytest.mark.parametrize("taken_over", ["settings", "matching"])
def test_a_version_that_never_reached_kafka_stops_nobody(taken_over: str) -> None:
    """Its number is given out and lost: the page says so, and who publishes after that has the next one."""

    async def story(visitor: Visitor) -> None:
        bootstrap = visitor.host.settings.kafka.bootstrap
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=1) as takes_nothing:
            with pytest.raises(KafkaError):
                await companies.apply_settings(
                    visitor.host.engine, takes_nothing, "krogen", TenantSettings(), by="anna"
                )
        page = await visitor.get(f"/companies/krogen/{taken_over}")
        assert "Version 1 was published and is not in force yet" in page.text
        page = await visitor.post(ADDRESS, {"settings": WRITTEN, "version": "0", "act": "publish"})
        assert "compare again" in page.text
        shown = page.text.split('name="shown" value="')[1].split('"')[0]
        form = {"settings": WRITTEN, "version": "1", "shown": shown, "act": "publish"}
        assert (await visitor.post(ADDRESS, form)).status_code == 303

    visit(story)
