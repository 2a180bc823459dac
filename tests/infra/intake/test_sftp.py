"""A folder on an SFTP server is taken as the one here is, and nothing is sent to a server whose key is another one."""

import asyncio
import pwd
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import asyncssh
import pytest
import structlog.testing
from aiokafka import AIOKafkaProducer

from infra import clock, way_words
from infra.access import rotation
from infra.intake import collecting, sftp, ways
from infra.intake.ways import Trouble, Way
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.ways import OutboxTable, SftpFolder, WaysIn
from tests.infra import sftp_driver, ways_driver
from tests.infra.sftp_driver import PASSWORD, USER, Server
from tests.infra.ways_driver import HERE, Site, event, report

_GIVEN_BEFORE = text("update way_secrets set secret = :secret where tenant = :tenant")
_SENT_TO = text("update way_secrets set destination = :destination where tenant = :tenant")


@pytest.fixture
async def site(engine: Engine, producer: AIOKafkaProducer, settings: Settings) -> AsyncIterator[Site]:
    """Yield a process of ours."""
    async with ways_driver.opened(engine, producer, settings) as made:
        yield made


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """Yield a till's SFTP server."""
    (tmp_path / "served").mkdir()
    async with sftp_driver.serving(tmp_path / "served") as made:
        yield made


def folder(server: Server, **changes: object) -> WaysIn:
    """Return the settings of a way in to a server's folder."""
    return WaysIn(sftp=(SftpFolder.model_validate(server.settings(**changes)),))


async def moved(site: Site, server: Server, inner: str, *names: str) -> None:
    """Wait until these files lie in a folder."""

    async def all_of_them() -> bool:
        return server.names(inner) == list(names)

    await site.until(all_of_them)


async def test_a_file_is_accepted_and_moved(site: Site, server: Server, tenant: str) -> None:
    """After Kafka had it; one of the same name does not overwrite it. Other files are not ours."""
    for name in ("z1.json", ".z2.json.tmp", "notes.txt"):
        (server.folder / name).write_bytes(report(1))
    (server.folder / "folder.json").mkdir()
    await site.choose(tenant, folder(server), filer=PASSWORD)
    async with site.collecting():
        await moved(site, server, "done", "z1.json")
        (server.folder / "z1.json").write_bytes(report(2))
        await moved(site, server, "done", "z1-2.json", "z1.json")
    assert server.names() == [".z2.json.tmp", "notes.txt"]
    assert await site.keys(tenant) == [event(1), event(2)]


async def test_a_process_whose_user_has_no_name_reaches_a_server(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose user is a number alone, which is how our own manifests run it."""

    def nobody(number: int) -> NoReturn:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "")  # what is set meanwhile is taken back
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    way = Way("acme", folder(server).sftp[0])
    await sftp.check(way, PASSWORD, HERE)
    monkeypatch.setenv("LOGNAME", "")
    key, _ = await sftp.host_key("127.0.0.1", server.port)
    assert key == server.host_key


async def test_files_are_taken_by_a_key_too_and_in_the_order_of_their_names(
    site: Site, server: Server, tenant: str
) -> None:
    """In a folder of its own; another way in is another folder."""
    (server.folder / "ut{1}").mkdir()
    for number in (3, 1, 2):
        (server.folder / "ut{1}" / f"z{number}.json").write_bytes(report(number))
    await site.choose(tenant, folder(server, folder="ut{1}"), filer=server.client_key)
    async with site.collecting():
        await site.told(tenant, event(1), event(2), event(3))
    assert server.names("ut{1}/done") == ["z1.json", "z2.json", "z3.json"]


async def test_a_file_that_can_never_be_taken_is_refused_with_its_reasons(
    site: Site, server: Server, tenant: str
) -> None:
    """Broken, too large, or no file at all; the one behind them is taken."""
    site.host.settings.max_body = 20_000
    (server.folder / "a.json").write_bytes(report(1).replace(b'"zNumber": 1', b'"zNumber": "x", "odd": 1'))
    (server.folder / "b.json").write_bytes(b"[" + b" " * 30_000 + b"]")
    (server.folder / "c.json").symlink_to(server.folder / "a.json")
    (server.folder / "d.json").write_bytes(report(4))
    await site.choose(tenant, folder(server), filer=PASSWORD)
    async with site.collecting():
        await moved(site, server, "done", "d.json")
    reasons = {name: (server.folder / "refused" / f"{name}.json.reasons.txt").read_text() for name in "abc"}
    assert [line.partition(":")[0] for line in reasons["a"].splitlines()] == ["zNumber", "odd"]
    assert "larger than 20,000 bytes" in reasons["b"]
    assert "it is a link" in reasons["c"]
    assert await site.keys(tenant) == [event(4)]


async def test_half_a_file_is_not_read(site: Site, server: Server, tenant: str) -> None:
    """It is taken when nobody has written to it for a while, as whoever looks sees it."""
    whole = report(1)
    await site.choose(tenant, folder(server, settled=2), filer=PASSWORD)
    async with site.collecting():
        for some in range(100, 108):
            (server.folder / "z.json").write_bytes(whole[:some])
            await clock.sleep(0.5)
        assert server.names() == ["z.json"]
        (server.folder / "z.json").write_bytes(whole)
        await moved(site, server, "done", "z.json")
    assert server.names("refused") == []
    assert await site.keys(tenant) == [event(1)]


async def test_another_key_than_the_pinned_one_is_not_believed(site: Site, server: Server, tenant: str) -> None:
    """Neither of the same kind nor of another: nobody logs in, and nothing is read."""
    (server.folder / "z.json").write_bytes(report(1))
    for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256"):
        other = sftp_driver.public(asyncssh.generate_private_key(kind))
        await site.choose(tenant, folder(server, host_keys=(other,)), filer=PASSWORD)
        [found] = await collecting.check(site.host, tenant)
        assert found.code == "host_key_differs"
        assert f"bokbuss ways hostkey 127.0.0.1 --port {server.port}" in way_words.in_words(found, "sv")
    assert server.logins == []
    assert await sftp.host_key("127.0.0.1", server.port) == (
        server.host_key,
        asyncssh.import_public_key(server.host_key).get_fingerprint(),
    )
    await site.choose(tenant, folder(server, host_keys=(other, server.host_key)))
    async with site.collecting():
        await site.told(tenant, event(1))


@pytest.mark.parametrize(
    ("host", "code"),
    [("127.0.0.1", "address_inside"), ("localhost", "address_inside"), ("169.254.169.254", "address_never")],
)
async def test_no_company_leads_us_into_our_own_network(
    site: Site, server: Server, tenant: str, host: str, code: str
) -> None:
    """Its settings name any host; one of ours is not even connected to, and the words say who can allow it."""
    site.host.settings.private_networks = ()
    (server.folder / "z.json").write_bytes(report(1))
    await site.choose(tenant, folder(server, host=host), filer=PASSWORD)
    [found] = await collecting.check(site.host, tenant)
    assert (found.code, found.detail) == (code, host)
    said = [way_words.in_words(found, language) for language in ("sv", "en")]
    assert all(host in one and ("BOKBUSS_PRIVATE_NETWORKS" in one) == (code == "address_inside") for one in said)
    with structlog.testing.capture_logs() as logs:
        async with site.collecting():

            async def refused() -> bool:
                return any(line.get("code") == code for line in logs)

            await site.until(refused)
    assert server.logins == []
    assert await site.keys(tenant) == []


async def test_keys_that_lie_on_our_machine_open_nothing(
    site: Site, server: Server, tenant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a key nor a configuration of whoever runs bokbuss is used: only what was given."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519").write_text(server.client_key)
    (tmp_path / ".ssh" / "id_ed25519").chmod(0o600)
    (tmp_path / ".ssh" / "config").write_text("Host *\n  IdentityFile ~/.ssh/id_ed25519\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    await site.choose(tenant, folder(server), filer="wrong")
    [found] = await collecting.check(site.host, tenant)
    assert found.code == "login_refused"


async def test_what_stands_in_the_way_is_said_in_words(site: Site, server: Server, tenant: str) -> None:
    """By a code each, and never with anything of the secret."""

    async def found(secret: str | None = PASSWORD, **changes: object) -> str:
        await site.choose(tenant, folder(server, **changes), **({} if secret is None else {"filer": secret}))
        [one] = await collecting.check(site.host, tenant)
        said = way_words.in_words(one, "sv") + way_words.in_words(one, "en")
        assert "hemligt" not in said
        return one.code

    assert await found(None) == "secret_missing"
    assert await found(port=9) == "unreachable"
    for name in ("sftp..example.se", f"{'a' * 64}.example.se"):  # no host can be called so
        assert await found(host=name) == "unreachable"
        with pytest.raises(Trouble, match="unreachable"):
            await sftp.host_key(name, 22)
    assert await found("hemligt-4712") == "login_refused"
    assert await found("-----BEGIN OPENSSH PRIVATE KEY-----\nhemligt\n") == "secret_wrong"
    assert await found(host_keys=("ssh-ed25519 AAAA",)) == "host_key_wrong"
    assert await found(folder="gone") == "folder_missing"
    assert await found() == ""
    (server.folder / "locked").mkdir()
    (server.folder / "locked" / "done").write_text("a file where a folder belongs")
    assert await found(folder="locked") == "folder_locked"


async def test_what_opened_a_way_of_another_kind_is_asked_for_anew(site: Site, server: Server, tenant: str) -> None:
    """It has the name that an outbox had: what was given for that one opens nothing here, and stops no other check."""
    outbox = OutboxTable(name="filer", system="openpos")
    await site.choose(tenant, WaysIn(outboxes=(outbox,)), filer="postgresql://a:b@127.0.0.1:9/none")
    await site.choose(tenant, folder(server))
    [found] = await collecting.check(site.host, tenant)
    assert (found.code, found.detail) == ("secret_missing", f"bokbuss ways secret {tenant} filer")


async def test_what_was_given_for_one_server_is_sent_to_no_other(
    site: Site, server: Server, tenant: str, tmp_path: Path
) -> None:
    """Whoever may change the settings has another's password sent nowhere; it is used again where it was given for."""
    await site.choose(tenant, folder(server), filer=PASSWORD)
    (tmp_path / "thief").mkdir()
    (server.folder / "z.json").write_bytes(report(1))
    async with sftp_driver.serving(tmp_path / "thief") as thief:
        for changes in (
            {"port": thief.port},
            {"port": thief.port, "host_keys": (thief.host_key,)},
            {"host": "localhost"},
            {"user": "kassan2"},
        ):
            await site.choose(tenant, folder(server, **changes))
            [found] = await collecting.check(site.host, tenant)
            assert (found.code, found.detail) == ("secret_elsewhere", f"{USER}@127.0.0.1:{server.port}")
            assert "bokbuss ways secret" in way_words.in_words(found, "sv")
            assert PASSWORD not in repr(found)
        with structlog.testing.capture_logs() as logs:
            async with site.collecting():

                async def said() -> bool:
                    return any(line.get("code") == "secret_elsewhere" for line in logs)

                await site.until(said)
        assert thief.logins + server.logins == []
        await site.choose(tenant, folder(server))
        async with site.collecting():
            await site.told(tenant, event(1))
        await site.choose(tenant, folder(thief), filer=PASSWORD)
        assert [one.code for one in await collecting.check(site.host, tenant)] == [""]
    await site.choose(tenant, folder(server))
    [found] = await collecting.check(site.host, tenant)
    assert (found.code, found.detail) == ("secret_elsewhere", f"{USER}@127.0.0.1:{thief.port}")


async def test_a_secret_opens_nothing_under_another_destination_in_the_database(
    site: Site, server: Server, tenant: str
) -> None:
    """The row's word is not believed: where it is sent is a part of how it is locked. And data keys are replaced."""
    await site.choose(tenant, folder(server), filer=PASSWORD)
    engine, vault, way = site.host.engine, site.host.vault, Way(tenant, folder(server, host="LOCALHOST").sftp[0])
    await site.choose(f"{tenant}-b", folder(server), filer=PASSWORD)
    async with engine.begin() as connection:
        await connection.execute(_SENT_TO, {"tenant": tenant, "destination": way.destination})
    assert way.destination == f"{USER}@localhost:{server.port}"
    with pytest.raises(Trouble, match="secret_missing"):
        await ways.secret_of(engine, vault, way)
    counts = (await rotation.counted(engine, vault))["way_secrets.secret"]
    assert (counts[0], counts[vault.newest] > 0) == (1, True)


async def test_what_was_given_before_destinations_were_kept_goes_on_opening(
    site: Site, server: Server, tenant: str
) -> None:
    """As the tables' revision left it: where it was sent until then it is sent, and nowhere else."""
    await site.choose(tenant, folder(server), filer=PASSWORD)
    before = site.host.vault.lock(PASSWORD, context=f"{tenant}/ways/filer/SftpFolder")
    async with site.host.engine.begin() as connection:
        await connection.execute(_GIVEN_BEFORE, {"tenant": tenant, "secret": before})
    assert [one.code for one in await collecting.check(site.host, tenant)] == [""]
    await site.choose(tenant, folder(server, host="localhost"))
    assert [one.code for one in await collecting.check(site.host, tenant)] == ["secret_elsewhere"]


async def test_a_folder_that_takes_no_files_accepts_none(site: Site, server: Server, tenant: str) -> None:
    """A file that cannot be moved away would be accepted again and again; another company's goes on."""
    for name in ("locked", "open"):
        (server.folder / name).mkdir()
        (server.folder / name / "z.json").write_bytes(report(1))
    (server.folder / "locked" / "done").write_text("a file where a folder belongs")
    other = f"{tenant}-b"
    await site.choose(tenant, folder(server, folder="locked"), filer=PASSWORD)
    await site.choose(other, folder(server, folder="open"), filer=PASSWORD)
    async with site.collecting():
        await site.told(other, event(1))
        await clock.sleep(2)
    assert await site.keys(tenant) == []


async def test_a_server_that_goes_away_is_looked_at_again(
    site: Site, tenant: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its files are taken when it is back; the log says what is wrong, and nothing of the secret."""
    (tmp_path / "served").mkdir()
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with sftp_driver.serving(tmp_path / "served", key=key) as server:
        await site.choose(tenant, folder(server), filer=PASSWORD)
    with structlog.testing.capture_logs() as logs:
        async with site.collecting():

            async def said() -> bool:
                return any(line.get("code") == "unreachable" for line in logs)

            await site.until(said)
            async with sftp_driver.serving(tmp_path / "served", port=server.port, key=key):
                (server.folder / "z.json").write_bytes(report(1))
                await site.told(tenant, event(1))
    assert PASSWORD not in repr(logs) + "".join(capsys.readouterr())


async def test_a_file_that_was_accepted_and_could_not_be_moved_is_not_accepted_again(
    site: Site, server: Server, tenant: str
) -> None:
    """As long as this process lives; another one would repeat it, which changes nothing."""
    (server.folder / "z.json").write_bytes(report(1))
    settings = folder(server)
    await site.choose(tenant, settings, filer=PASSWORD)
    known, way, taken = sftp.Known(), Way(tenant, settings.sftp[0]), list[str]()

    async def take(_file: object, name: str) -> None:
        taken.append(name)
        (server.folder / "z.json").rename(server.folder / "away.txt")  # whoever moves it finds nothing

    while not taken:
        await sftp.look(way, PASSWORD, known, take, 10**6, HERE)
        await asyncio.sleep(0.3)
    (server.folder / "away.txt").rename(server.folder / "z.json")
    for _ in range(8):
        await sftp.look(way, PASSWORD, known, take, 10**6, HERE)
        await asyncio.sleep(0.3)
    assert taken == ["z.json"]


async def test_files_that_cannot_be_taken_or_moved_hide_none_behind_them(
    site: Site, server: Server, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: those behind them come first, each is told once, and all are taken when they can be."""
    monkeypatch.setattr(sftp, "_TURN", 2)
    settings = folder(server)
    await site.choose(tenant, settings, filer=PASSWORD)
    known, way, taken, odd = sftp.Known(), Way(tenant, settings.sftp[0]), list[str](), set("abcd")

    async def take(_file: object, name: str) -> None:
        if name[0] in odd:
            raise sftp.NotTaken("LookupError")
        taken.append(name)

    async def look_until(*names: str) -> None:
        async with asyncio.timeout(60):
            while sorted(taken) != list(names):
                await sftp.look(way, PASSWORD, known, take, 10**6, HERE)
                await asyncio.sleep(0.1)

    for name in "abcdz":
        (server.folder / f"{name}.json").write_bytes(report(1))
    with structlog.testing.capture_logs() as logs:
        await look_until("z.json")
        assert await sftp.look(way, PASSWORD, known, take, 10**6, HERE) is None  # nothing is to be had at once
        odd = {"a", "b", "c"}
        await look_until("d.json", "z.json")
        odd.clear()
        await look_until(*(f"{name}.json" for name in "abcdz"))
    assert server.names("done") == [f"{name}.json" for name in "abcdz"]
    assert [line["why"] for line in logs if line["event"] == "left alone"] == ["LookupError"] * 4


@pytest.mark.parametrize("what", ["scandir", "stat", "open", "rename"])
async def test_a_server_that_lives_and_answers_nothing_is_left_and_looked_at_again(
    server: Server, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Its session is cut at whatever it hangs, or lists without end; its files are taken once it answers."""
    known, way, taken = sftp.Known(), Way("acme", folder(server).sftp[0]), list[str]()

    async def take(_file: object, name: str) -> None:
        taken.append(name)

    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    async def lists(*_: object) -> AsyncIterator[asyncssh.SFTPName]:
        while True:
            yield asyncssh.SFTPName(b"z.json", attrs=asyncssh.SFTPAttrs(size=1, mtime=1))
            await asyncio.sleep(0)

    (server.folder / "z.json").write_bytes(report(1))
    async with asyncio.timeout(60):
        await sftp.look(way, PASSWORD, known, take, 10**6, HERE)
        await asyncio.sleep(1.1)
        with monkeypatch.context() as broken:
            broken.setattr(sftp, "_WITHIN", 0.5)
            broken.setattr(sftp, "_LISTED_WITHIN", 0.5)
            broken.setattr(asyncssh.SFTPServer, what, lists if what == "scandir" else hangs)
            with pytest.raises(Trouble, match="unreachable"):
                await sftp.look(way, PASSWORD, known, take, 10**6, HERE)
        while server.names("done") != ["z.json"]:
            await sftp.look(way, PASSWORD, known, take, 10**6, HERE)
            await asyncio.sleep(0.3)
    assert taken == ["z.json"]
