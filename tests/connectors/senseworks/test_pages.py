"""An auditor's program with its key: the years, a package from any byte on, and nothing at all without a good key."""

import hashlib
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from aiokafka import AIOKafkaProducer

from connectors.senseworks.pages import pages
from infra import registry
from infra.access.vault import open_vault
from infra.deciding.decider import Decider
from infra.documents import Content, Documents, Listed
from infra.environment import whole
from infra.http import Client, Response
from infra.intake import web
from infra.kafka import cluster
from infra.leases import Leases
from infra.packages import keys, storing
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from infra.showing import activity
from tests.infra.facts import record

SAMPLE = Path(__file__).parents[3] / "connectors" / "sie" / "samples" / "year-with-history.se"
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
TENANT = "fika"
YEAR = 2024


@dataclass
class Auditor:
    """An auditor's program: it asks the real server."""

    host: Host
    decider: Decider
    url: str
    http: Client
    key: str = ""

    async def get(self, path: str, tenant: str = TENANT, **headers: str) -> Response:
        """Ask with the key."""
        lent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.send("GET", f"{self.url}/v1/{tenant}/senseworks/{path}", headers=lent | named)

    async def make_key(self, tenant: str = TENANT, days: int = 10) -> str:
        """Give a key to Revision AB."""
        made, _ = await keys.make(self.host.engine, tenant, "senseworks", "Revision AB", by="anna", days=days)
        return made

    async def tell(self, hour: int = 0, year_to: str = f"{YEAR}1231") -> None:
        """Tell the sample's year as it was read."""
        written = SAMPLE.read_bytes().replace(f"{YEAR}1231".encode(), year_to.encode(), 1)
        with io.BytesIO(written) as file, registry.ledger_file().read(file) as year:
            closing = year.retrieved("fortnox", read_at=NOON.replace(hour=12 + hour), requested_by="anna")
            facts = [*year.part(one.part for one in year.parts), closing]
        await self.decider.decide([record(TENANT, fact) for fact in facts])

    async def document(self, content: bytes, source_id: str = "f-1") -> None:
        """Let a voucher of the sample have a document."""
        documents, last = Documents(self.host.engine, TENANT), datetime(YEAR, 12, 31, tzinfo=UTC).date()
        sha256 = hashlib.sha256(content).hexdigest()
        from infra import contents  # noqa: PLC0415 - as the product does: it is heavy

        await contents.opened(self.host.settings).keep(TENANT, sha256, io.BytesIO(content))
        await documents.listed(last, [Listed("A", "7", source_id, "accounting")])
        await documents.stored("accounting", source_id, Content(sha256, len(content), "application/pdf"))


@pytest.fixture
async def auditor(engine: Engine, kafka: str, tmp_path: Path) -> AsyncIterator[Auditor]:
    """Yield an auditor's program, and the server that it asks."""
    settings = whole()(data=tmp_path, _env_file=None)
    producer: AIOKafkaProducer = await cluster.producer(KafkaSettings(bootstrap=kafka))

    async def accept(*_: object) -> tuple[str, ...]:
        return ()

    host = Host(settings, engine, await open_vault(engine, settings), Leases(engine, 5.0), accept)
    async with engine.begin() as connection:
        for tenant in (TENANT, "other"):
            await connection.execute(
                text("insert into tenants (tenant, created_at) values (:t, clock_timestamp())"), {"t": tenant}
            )
    app = web.application({})
    app.router.routes.extend(pages(host))
    async with web.serving(app, "127.0.0.1", 0) as url, Client(timeout=60.0) as http:
        made = Auditor(host, Decider(engine, producer, registry.flows()), url, http)
        made.key = await made.make_key()
        yield made
    await producer.stop()


async def test_a_package_is_fetched_and_goes_on_where_it_broke_off(auditor: Auditor) -> None:
    """Listed, fetched whole, then in two parts; the bytes are the same, and each fetch is on record."""
    await auditor.tell()
    await auditor.document(b"%PDF-kvitto")
    [year] = json.loads((await auditor.get("years")).body)["years"]
    assert (year["year"], year["source"], year["documents"], year["waiting"]) == (YEAR, "fortnox", 1, 0)

    answer = await auditor.get(f"years/{YEAR}/package")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    etag = answer.headers["etag"]
    assert etag.strip('"') == hashlib.sha256(answer.body).hexdigest()
    with ZipFile(io.BytesIO(answer.body)) as zipped:
        assert zipped.read("documents/A/7/01 accounting.pdf") == b"%PDF-kvitto"
        assert json.loads(zipped.read("index.json"))["ledger"]["read_by"] == "anna"

    half = len(answer.body) // 2
    first = await auditor.get(f"years/{YEAR}/package", Range=f"bytes=0-{half - 1}", If_Range=etag)
    rest = await auditor.get(f"years/{YEAR}/package", Range=f"bytes={half}-", If_Range=etag)
    assert (first.status, rest.status) == (206, 206)
    assert rest.headers["content-range"] == f"bytes {half}-{len(answer.body) - 1}/{len(answer.body)}"
    assert first.body + rest.body == answer.body
    assert (await auditor.get(f"years/{YEAR}/package", If_None_Match=etag)).status == 304
    assert (await auditor.get(f"years/{YEAR}/package", Range="bytes=99999999-")).status == 416

    log = await activity.latest(auditor.host.engine, TENANT, since=None, limit=50)
    fetches = [(each.by.partition(" (")[0], each.status) for each in log if each.kind == "package"]
    assert ("Revision AB", "whole") in fetches
    assert ("Revision AB", f"from byte {half}") in fetches


async def test_another_content_is_another_package(auditor: Auditor) -> None:
    """Who goes on with what was before gets the new one from its beginning, and only one is kept."""
    await auditor.tell()
    before = await auditor.get(f"years/{YEAR}/package")
    await auditor.document(b"%PDF-nytt")
    after = await auditor.get(f"years/{YEAR}/package", Range="bytes=10-", If_Range=before.headers["etag"])
    assert (after.status, after.headers["etag"] == before.headers["etag"]) == (200, False)
    folder = auditor.host.settings.data / "packages" / TENANT
    assert len([each for each in folder.iterdir() if each.suffix == ".zip"]) == 1
    storing.forget(auditor.host.settings, TENANT)
    assert not folder.exists()


async def test_what_keeps_a_package_from_being_built_is_said(auditor: Auditor) -> None:
    """A document whose content somebody took out of the store: there is no package, and a reason."""
    from infra import contents  # noqa: PLC0415 - the same

    await auditor.tell()
    await auditor.document(b"%PDF-kvitto")
    await contents.opened(auditor.host.settings).forget(TENANT)
    answer = await auditor.get(f"years/{YEAR}/package")
    assert (answer.status, list(json.loads(answer.body))) == (503, ["error"])
    assert "BOKBUSS_DOCUMENTS__URL" in json.loads(answer.body)["error"]
    assert list((auditor.host.settings.data / "packages" / TENANT).iterdir()) == []


async def test_a_document_that_is_not_what_was_stored_is_in_no_package(auditor: Auditor) -> None:
    """The index would name a hash that no file in it has. What was cut, as by a power loss, is stored anew."""
    from infra import contents  # noqa: PLC0415 - the same

    await auditor.tell()
    await auditor.document(b"%PDF-kvitto")
    sha256 = hashlib.sha256(b"%PDF-kvitto").hexdigest()
    kept = auditor.host.settings.data / "documents" / TENANT / sha256[:2] / sha256
    for spoiled in (b"", b"%PDF-kvittO"):
        kept.write_bytes(spoiled)
        answer = await auditor.get(f"years/{YEAR}/package")
        assert (answer.status, sha256 in json.loads(answer.body)["error"]) == (503, True)
        assert list((auditor.host.settings.data / "packages" / TENANT).iterdir()) == []
    kept.write_bytes(b"%PDF")
    store = contents.opened(auditor.host.settings)
    assert await store.every(TENANT) == {(sha256, 4)}
    await store.keep(TENANT, sha256, io.BytesIO(b"%PDF-kvitto"))
    assert (await auditor.get(f"years/{YEAR}/package")).status == 200


async def test_of_two_years_that_end_in_one_each_has_its_package(auditor: Auditor) -> None:
    """By its last day; who names the calendar year is asked which."""
    for last in (f"{YEAR}0430", f"{YEAR}1231"):
        await auditor.tell(year_to=last)

    async def of(year: str) -> str:
        answer = await auditor.get(f"years/{year}/package")
        with ZipFile(io.BytesIO(answer.body)) as zipped:
            ends: str = json.loads(zipped.read("index.json"))["year"]["to"]
        return ends

    found = [await of(year) for year in (f"{YEAR}-12-31", f"{YEAR}-04-30")]
    assert found == [f"{YEAR}-12-31", f"{YEAR}-04-30"]
    asked = await auditor.get(f"years/{YEAR}/package")
    assert asked.status == 404
    assert f"{YEAR}-04-30, " in json.loads(asked.body)["error"]
    assert f"to {YEAR}-12-31; name the one that is meant by its last day" in json.loads(asked.body)["error"]
    missing = [(await auditor.get(f"years/{year}/package")).status for year in (f"{YEAR}-06-30", f"{YEAR}-02-31", "x")]
    assert missing == [404, 404, 404]


async def test_a_wrong_key_tells_nothing(auditor: Auditor) -> None:
    """No key, a wrong one, one that ended, was revoked, or is another company's: the same answer as for no company."""
    await auditor.tell()
    good = auditor.key
    _, key_id, secret = good.split("_", 2)
    others = await auditor.make_key("other")
    revoked = await auditor.make_key()
    assert await keys.revoke(auditor.host.engine, TENANT, revoked.split("_")[1], "anna")
    assert not await keys.revoke(auditor.host.engine, TENANT, revoked.split("_")[1], "anna")
    ended = await auditor.make_key()
    async with auditor.host.engine.begin() as connection:
        await connection.execute(
            text("update api_keys set expires_at = clock_timestamp() where key_id = :k"), {"k": ended.split("_")[1]}
        )
    answers = set()
    for key in ("", "x", good[:-1], f"bbk_{key_id}_", f"bbk_{'0' * 12}_{secret}", others, revoked, ended):
        auditor.key = key
        for path in ("years", f"years/{YEAR}/package", "years/1999/package"):
            answer = await auditor.get(path)
            answers.add((answer.status, answer.body))
    auditor.key = good
    answer = await auditor.get("years", tenant="nobody")
    answers.add((answer.status, answer.body))
    assert len(answers) == 1
    assert answers.pop()[0] == 401
    assert (await auditor.get("years")).status == 200
    assert (await auditor.get("years/1999/package")).status == 404


async def test_a_key_is_kept_nowhere(auditor: Auditor) -> None:
    """Only what proves it is; the list says whose it is and whether it was used."""
    await auditor.get("years")
    async with auditor.host.engine.connect() as connection:
        rows = str((await connection.execute(text("select * from api_keys"))).all())
    assert auditor.key.split("_", 2)[2] not in rows
    [listed] = await keys.listed(auditor.host.engine, TENANT)
    assert (listed.holder, listed.made_by, listed.revoked_at) == ("Revision AB", "anna", None)
    assert listed.used_at is not None
