"""What opens a way in is given once and never shown again; all are tried with words and an exit code."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infra import cli
from infra.settings import Settings
from schemas.settings import TenantSettings
from schemas.ways import OutboxTable, SftpFolder, WaysIn
from tests.infra import ways_driver
from tests.infra.ways_driver import Till


@pytest.fixture
async def till(
    database_url: str, engine: object, producer: object, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Till:
    """Return a till's database; the company acme has chosen it as a way in, and commands find our parts."""
    monkeypatch.setenv("BOKBUSS_DATA", str(settings.data))
    monkeypatch.setenv("BOKBUSS_PRIVATE_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("BOKBUSS_DATABASE__URL", settings.database.url)
    monkeypatch.setenv("BOKBUSS_KAFKA__BOOTSTRAP", settings.kafka.bootstrap)
    made = Till(database_url)
    async with ways_driver.opened(engine, producer, settings) as site:
        await site.choose("acme", WaysIn(outboxes=(OutboxTable(name="kassa", system="openpos"),)))
    return made


def typed(*words: str, given: str = "") -> Result:
    """Run a command with something on its standard input."""
    return CliRunner().invoke(cli.app, list(words), input=given)


def test_a_secret_is_kept_and_tried(till: Till) -> None:
    """Before: it is missing; then it works; in no output it stands, and not among the settings."""
    missing = typed("ways", "check", "acme")
    assert missing.exit_code == 1
    assert "nobody has given what opens it. Run: bokbuss ways secret acme kassa" in missing.output
    given = typed("ways", "secret", "acme", "kassa", given=f"{till.url}\n")
    assert given.exit_code == 0, given.output
    assert "It is kept, encrypted." in given.output
    works = typed("ways", "check", "acme", "--lang", "sv")
    assert (works.exit_code, works.output.strip()) == (0, "kassa: går att hämta från.")
    shown = typed("settings", "show", "acme")
    assert "kassa" in shown.output
    assert not any(till.url in one.output for one in (given, works, shown))


async def test_what_opens_a_folder_is_given_for_where_the_settings_say(
    engine: object, producer: object, settings: Settings, till: Till, tmp_path: Path
) -> None:
    """Whoever gives it reads where it will be sent; settings that move it say that it is to be given again."""
    del till
    folder = SftpFolder(name="filer", system="openpos", host="a.invalid", user="kassan", host_keys=("ssh-rsa AAAA",))
    async with ways_driver.opened(engine, producer, settings) as site:
        await site.choose("acme", WaysIn(sftp=(folder,)))
    given = await asyncio.to_thread(typed, "ways", "secret", "acme", "filer", given="hemligt\n")
    assert "It is kept, encrypted, for kassan@a.invalid:22 and nowhere else." in given.output
    moved = tmp_path / "moved.json"
    moved.write_text(
        TenantSettings(ways_in=WaysIn(sftp=(folder.model_copy(update={"host": "b.invalid"}),))).model_dump_json()
    )
    diff = await asyncio.to_thread(typed, "settings", "diff", "acme", str(moved))
    assert "filer: what opens it was given for kassan@a.invalid:22" in diff.output
    told = json.loads((await asyncio.to_thread(typed, "settings", "diff", "acme", str(moved), "--json")).stdout)
    assert len(told["shut"]) == 1


def test_a_secret_that_does_not_open_it_is_kept_and_said(till: Till) -> None:
    """Whoever runs their server may set it right there."""
    wrong = till.url.replace("/test_", "/gone_")
    given = typed("ways", "secret", "acme", "kassa", "--json", given=f"{wrong}\n")
    assert given.exit_code == 1
    said = json.loads(given.stdout)
    assert (said["kept"], said["code"]) == (True, "login_refused")
    [found] = json.loads(typed("ways", "check", "acme", "--json").stdout)
    assert found["code"] == "login_refused"


def test_an_unknown_way_in_is_told_by_those_that_there_are(till: Till, tmp_path: Path) -> None:
    """And nothing is kept for it; an empty secret is none."""
    del till
    wrong = CliRunner().invoke(cli.app, ["ways", "secret", "acme", "kassan"], input="x\n")
    assert "no way in called 'kassan'; they have: kassa" in str(wrong.exception)
    (tmp_path / "empty").write_text(" \n")
    empty = typed("ways", "secret", "acme", "kassa", "--file", str(tmp_path / "empty"))
    assert "a line with the secret is expected" in str(empty.exception)
