"""Companies are added and removed: each table says what becomes of its rows."""

import asyncio
import hashlib
import io
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer

from infra import companies, contents, tenants
from infra.access.connection import Taken
from infra.access.vault import open_vault
from infra.delivery.journal import Journal
from infra.plugin import Host
from infra.postgres import Engine, text
from infra.settings import Settings
from infra.tables import metadata
from schemas.bas import BAS_DAY_SALES
from schemas.settings import TenantSettings
from tests.infra.fake_fortnox import order


@pytest.mark.parametrize("name", list(metadata.tables))
async def test_each_table_says_what_becomes_of_a_removed_companys_rows(name: str, engine: Engine) -> None:
    """They are the company's own, by a condition that the database understands, or kept, or of no single company."""
    table = metadata.tables[name]
    assert len(table.info.keys() & {"own", "kept", "host"}) == 1, f"infra/tables.py: {name} needs own(), KEPT or HOST"
    if table.info.get("kept"):
        assert "tenant" in table.columns
    if rows := table.info.get("own"):
        async with engine.connect() as connection:
            await connection.execute(text(f"select 1 from {name} where {rows}"), {"tenant": "acme"})  # noqa: S608


async def test_another_number_is_no_silent_change(engine: Engine, settings: Settings) -> None:
    """It is refused, with the number that is known, and taken only when that is what is wanted."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    await companies.add(host, "acme", organisation_number="5560160680", database_number=None)
    await companies.add(host, "acme", organisation_number=None, database_number=7)
    await companies.add(host, "acme", organisation_number="5560160680", database_number=None)
    with pytest.raises(companies.OtherNumber, match="556016-0680"):
        await companies.add(host, "acme", organisation_number="5599990016", database_number=None)
    await companies.add(host, "acme", organisation_number="5599990016", database_number=None, change=True)
    async with engine.connect() as connection:
        known = await connection.execute(text("select organisation_number, database_number from tenants"))
        assert known.all() == [("5599990016", 7)]


async def test_a_number_at_fortnox_is_one_companys(engine: Engine, settings: Settings) -> None:
    """Whoever has it is named; what a person corrects for the same company is taken."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    await companies.add(host, "acme", organisation_number=None, database_number=7)
    with pytest.raises(Taken, match="it is acme's"):
        await companies.add(host, "copy", organisation_number=None, database_number=7)
    await companies.add(host, "acme", organisation_number=None, database_number=8)
    await companies.add(host, "copy", organisation_number=None, database_number=7)


async def test_who_is_unknown_is_told_who_may_be_meant(engine: Engine, settings: Settings) -> None:
    """A typing error is answered by the name that is most like it."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    await companies.add(host, "krogen-soder", organisation_number=None, database_number=None)
    await tenants.must_be_known(engine, "krogen-soder")
    with pytest.raises(tenants.UnknownTenant, match="did you mean krogen-soder"):
        await tenants.must_be_known(engine, "krogen-sodra")


async def test_a_stranger_is_not_told_who_else_there_is(engine: Engine, settings: Settings) -> None:
    """Whoever delivers for a company that is unknown learns no other one's name."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    await companies.add(host, "krogen-soder", organisation_number=None, database_number=7)
    async with engine.connect() as connection:
        assert await tenants.incarnation(connection, "krogen-soder") == 0
        for name in ("krogen-sodra", "no name"):
            with pytest.raises(tenants.UnknownTenant, match=rf"^no company is called '{name}': bokbuss tenant list$"):
                await tenants.incarnation(connection, name)


async def test_a_company_is_read_with_what_it_has_chosen(engine: Engine, settings: Settings) -> None:
    """Without settings it has empty ones of version 0."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    await companies.add(host, "acme", organisation_number="5560160680", database_number=7)
    expected = tenants.Tenant("acme", "5560160680", 7, TenantSettings(), 0)
    assert await tenants.everyone(engine) == (await tenants.known(engine, "acme"),) == (expected,)
    chosen = TenantSettings(daysales=BAS_DAY_SALES)
    async with engine.begin() as connection:
        await connection.execute(
            text("insert into settings values ('acme', 3, cast(:body as jsonb), 'lena', now())"),
            {"body": chosen.model_dump_json()},
        )
    assert await tenants.find(engine, "acme") == replace(expected, settings=chosen, version=3)
    assert await tenants.settings_in_force(engine, "nobody") == (TenantSettings(), 0)
    assert [await tenants.is_in_force(engine, "acme", version) for version in (3, 4)] == [True, False]
    with pytest.raises(tenants.UnknownTenant):
        await tenants.known(engine, "nobody")


async def test_settings_of_a_newer_version_keep_no_other_company_from_its_turn(
    engine: Engine, settings: Settings
) -> None:
    """A version that was rolled back cannot read them: that company waits, and everybody else is there."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    for tenant in ("acme", "krogen"):
        await companies.add(host, tenant, organisation_number=None, database_number=None)
    newer = "insert into settings values ('acme', 1, '{\"added\": {\"later\": 1}}', 'anna', now())"
    async with engine.begin() as connection:
        await connection.execute(text(newer))
    assert [each.tenant for each in await tenants.everyone(engine)] == ["krogen"]


async def test_a_removal_that_is_cut_off_among_the_documents_is_taken_up_again(
    engine: Engine, settings: Settings, producer: AIOKafkaProducer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large store takes minutes, and somebody types Ctrl-C: the company is still there to be removed."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    store, receipt = contents.opened(settings), b"a receipt"
    sha256 = hashlib.sha256(receipt).hexdigest()
    await companies.add(host, tenant, organisation_number=None, database_number=None)
    await store.keep(tenant, sha256, io.BytesIO(receipt))

    async def interrupted(_store: contents.Contents, _tenant: str) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as impatient:
        impatient.setattr(contents.Contents, "forget", interrupted)
        with pytest.raises(asyncio.CancelledError):
            await companies.remove(host, producer, tenant, by="anna")
    assert (await companies.remove(host, producer, tenant, by="anna")).left_to_do == ()
    assert await store.size(tenant, sha256) is None


async def test_nothing_is_written_down_of_a_company_that_is_removed_meanwhile(
    engine: Engine, settings: Settings, producer: AIOKafkaProducer, tenant: str
) -> None:
    """An order that is being journaled: the next company of that name would have had it carried out in its books."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    await companies.add(host, tenant, organisation_number=None, database_number=None)
    async with engine.begin() as others, asyncio.TaskGroup() as tasks:
        await others.execute(text("lock table outbox in share row exclusive mode"))  # the last that is written to
        writing = tasks.create_task(Journal(engine, "fortnox").insert([(0, order(tenant, "K1/1", 1))]))
        await asyncio.sleep(0.5)
        removing = tasks.create_task(companies.remove(host, producer, tenant, by="anna"))
        await asyncio.wait([removing], timeout=1.5)
        assert not writing.done()
        await others.rollback()
    async with engine.connect() as connection:
        found = (await connection.execute(text("select tenant, state from journal"))).all()
    assert found == [(removing.result().under, "withdrawn")]


async def test_a_company_finds_nothing_of_the_one_that_had_its_name(
    engine: Engine, settings: Settings, producer: AIOKafkaProducer, tenant: str
) -> None:
    """What was under way when that was removed may have written something after it: a delivery, a person's key."""
    host = Host(settings, engine, await open_vault(engine, settings), None, None)
    late = "insert into deliveries values (:tenant, 'openpos', 'msg_1', '', '[]', now())"
    for _ in range(2):
        await companies.add(host, tenant, organisation_number=None, database_number=None)
        async with engine.begin() as connection:
            assert await connection.scalar(text("select count(*) from deliveries")) == 0
        await companies.remove(host, producer, tenant, by="anna")
        async with engine.begin() as connection:
            await connection.execute(text(late), {"tenant": tenant})
