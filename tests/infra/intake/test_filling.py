"""Days past come in a few at a time: nothing more while what came is undecided, or waits to be carried out."""

import base64
import json
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from infra import contents, registry
from infra.deciding.decider import Decider
from infra.intake.accepting import Acceptor
from infra.intake.filling import Filling
from infra.kafka.records import Record
from infra.postgres import Engine, text
from infra.settings import Settings
from schemas.daytotals import DayTotalsSettings
from schemas.events import DayClosed
from schemas.settings import SettingsApplied, TenantSettings
from tests.acceptance.house import z_report
from tests.bus import records
from tests.connectors.party import VAULT
from tests.infra.facts import record

FIRST = date(2026, 1, 1)
DAYS = 25


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a report for each day, out of order, one of them twice, and files that are none."""
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        report = z_report(number + 1, businessDate=str(day), takenAt=f"{day}T21:04:11+02:00")
        (tmp_path / f"{number * 7 % DAYS:02}.json").write_text(json.dumps(report))
    (tmp_path / "again.json").write_bytes((tmp_path / f"{14 * 7 % DAYS:02}.json").read_bytes())
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder").mkdir()
    return tmp_path


async def filled(engine: Engine, producer: AIOKafkaProducer, tenant: str, folder: Path) -> tuple[bool, Filling]:
    """Fill in the first twenty days, without much patience."""
    acceptor = Acceptor(engine=engine, producer=producer, vault=VAULT)
    last = FIRST + timedelta(days=19)
    filling = Filling(engine, acceptor, registry.sources()["openpos"], tenant, FIRST, last, 100_000)
    await filling.look([folder])
    return await filling.run(0.5, lambda _text: None), filling


async def told(kafka: str, tenant: str) -> Sequence[DayClosed]:
    """Return the day closes that stand in Kafka."""
    found = await records(kafka, DayClosed.TOPIC, tenant)
    return [DayClosed.model_validate(json.loads(one.value)["data"], strict=False) for one in found]


async def test_days_past_come_in_a_few_at_a_time_and_go_on_where_they_were(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, folder: Path
) -> None:
    """Ten, and no more until flows have decided them and hardly an order waits; then the next ones."""
    tenant = f"t-{uuid.uuid4().hex[:12]}"
    await _added(engine, tenant)
    decider = Decider(engine, producer, registry.flows())

    async def decide(facts: Sequence[DayClosed]) -> None:
        said: list[Record] = [record(tenant, fact) for fact in facts]
        await decider.decide(said)

    done, filling = await filled(engine, producer, tenant, folder)
    assert (done, filling.accepted, filling.left, filling.outside) == (False, 10, 11, 5)
    assert {Path(name).name for name in filling.refused} == {"broken.json", "bytes.json"}
    first = await told(kafka, tenant)
    assert [one.business_date for one in first] == sorted(one.business_date for one in first)
    await decide(first)
    done, filling = await filled(engine, producer, tenant, folder)
    assert (done, filling.accepted) == (False, 0), "what they became waits to be carried out"
    async with engine.begin() as connection:
        await connection.execute(text("delete from outbox where tenant = :t"), {"t": tenant})
    done, filling = await filled(engine, producer, tenant, folder)
    assert (done, filling.known, filling.accepted, filling.left) == (False, 10, 10, 1)
    await decide(await told(kafka, tenant))
    async with engine.begin() as connection:
        await connection.execute(text("delete from outbox where tenant = :t"), {"t": tenant})
    done, filling = await filled(engine, producer, tenant, folder)
    assert filling.known >= 20
    await decide(await told(kafka, tenant))
    async with engine.begin() as connection:
        await connection.execute(text("delete from outbox where tenant = :t"), {"t": tenant})
    done, filling = await filled(engine, producer, tenant, folder)
    assert (done, filling.accepted, filling.known, filling.left) == (True, 0, 21, 0)
    assert len({one.key for one in await told(kafka, tenant)}) == 20


async def test_a_file_is_read_by_the_company_s_settings(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str, tmp_path: Path
) -> None:
    """A till's own headings mean here what they mean where its files come in by themselves."""
    columns = {"Dag": "business_date", "Inkl": "vat 25 gross", "Kort": "payment card"}
    how = {"store": "CITY", "register_id": "K1", "z_number": "date"}
    read = how | {"columns": [{"column": name, "holds": holds} for name, holds in columns.items()]}
    settings = TenantSettings(daytotals=DayTotalsSettings.model_validate(read, strict=False))
    told_first = SettingsApplied(tenant=tenant, version=1, applied_by="lena", settings=settings)
    await _added(engine, tenant)
    await Decider(engine, producer, registry.flows()).decide([record(tenant, told_first)])
    (tmp_path / "week.csv").write_text(f"Dag;Inkl;Kort\n{FIRST};125,00;125,00\n")
    acceptor = Acceptor(engine=engine, producer=producer, vault=VAULT)
    filling = Filling(engine, acceptor, registry.sources()["daytotals"], tenant, FIRST, FIRST, 100_000)
    await filling.look([tmp_path])
    await filling.run(0.5, lambda _text: None)
    assert (filling.refused, filling.accepted) == ({}, 1)
    assert [one.key for one in await told(kafka, tenant)] == [f"daytotals/CITY/K1/{FIRST:%Y%m%d}/{FIRST}"]


async def test_what_a_report_brings_with_it_is_kept(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str, tmp_path: Path
) -> None:
    """The day names the till's own PDF, which is to be put beside its voucher."""
    pdf = b"%PDF-1.7 as the till makes it %%EOF"
    report = z_report(1, businessDate=str(FIRST), takenAt=f"{FIRST}T21:04:11+02:00", pdf=base64.b64encode(pdf).decode())
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "one.json").write_text(json.dumps(report))
    await _added(engine, tenant)
    settings = Settings(_env_file=None, data=tmp_path)
    acceptor = Acceptor(engine=engine, producer=producer, vault=VAULT, settings=settings)
    filling = Filling(engine, acceptor, registry.sources()["openpos"], tenant, FIRST, FIRST, 100_000)
    await filling.look([tmp_path / "reports"])
    await filling.run(0.5, lambda _text: None)
    [closed] = await told(kafka, tenant)
    assert closed.pdf is not None
    kept = contents.opened(settings)
    assert b"".join([piece async for piece in kept.read(tenant, closed.pdf.sha256)]) == pdf


async def _added(engine: Engine, tenant: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text("insert into tenants (tenant, created_at) values (:t, clock_timestamp())"), {"t": tenant}
        )
