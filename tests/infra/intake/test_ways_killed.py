"""A process that fetches is killed at any step and started again: each payload is a fact, under one id."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from aiokafka import AIOKafkaProducer

from infra.postgres import Engine
from infra.settings import Settings
from schemas.events import DayClosed
from schemas.ways import OutboxTable, SftpFolder, WaysIn
from tests.bus import messages
from tests.infra import sftp_driver, ways_driver
from tests.infra.ways_driver import Site, Till, event, report

BOKBUSS = str(Path(sys.executable).with_name("bokbuss"))
NUMBERS = range(1, 9)
KILLED_AT = ("accept.before_publish:2", "accept.published:3", "ways.told:2", "ways.moved:1")


async def run(settings: Settings, armed: str = "") -> asyncio.subprocess.Process:
    """Start a process that takes payloads in."""
    return await asyncio.create_subprocess_exec(
        BOKBUSS,
        "run",
        "sources",
        env={
            "PATH": os.environ["PATH"],
            "BOKBUSS_DATA": str(settings.data),
            "BOKBUSS_PORT": "0",
            "BOKBUSS_KAFKA__BOOTSTRAP": settings.kafka.bootstrap or "",
            "BOKBUSS_DATABASE__URL": settings.database.url or "",
            "BOKBUSS_LEASE_SECONDS": "1",
            "BOKBUSS_PRIVATE_NETWORKS": "127.0.0.0/8",
            "BOKBUSS_FAULTPOINT": armed,
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def killed_again_and_again(
    site: Site, tenant: str, keys: set[str], done: Callable[[], bool] = lambda: True
) -> Counter[str]:
    """Kill a process at one step after the other, then let one live; return how often each fact stands in Kafka."""
    settings = site.host.settings
    for step in KILLED_AT:
        process = await run(settings, f"{step}:kill")
        async with asyncio.timeout(120):
            assert await process.wait() < 0, step
    living = await run(settings)
    try:

        async def all_told() -> bool:
            return set(await site.keys(tenant)) == keys and done()

        await site.until(all_told)
    finally:
        living.terminate()
        await living.wait()
    return Counter(message.id for message in await messages(site.kafka, DayClosed.TOPIC, tenant))


async def test_rows_of_an_outbox(
    engine: Engine, producer: AIOKafkaProducer, settings: Settings, database_url: str, tenant: str
) -> None:
    """Before Kafka has it, after, between two rows, and once the position is written down."""
    till = Till(database_url)
    till.write(*(report(n) for n in NUMBERS))
    async with ways_driver.opened(engine, producer, settings) as site:
        way = OutboxTable(name="kassa", system="openpos", every=1)
        await site.choose(tenant, WaysIn(outboxes=(way,)), kassa=till.url)
        found = await killed_again_and_again(site, tenant, {event(n) for n in NUMBERS})
    assert len(found) == len(NUMBERS)  # repeated, maybe, and always under its own id
    assert found.total() > len(NUMBERS)


async def test_files_on_an_sftp_server(
    engine: Engine, producer: AIOKafkaProducer, settings: Settings, tmp_path: Path, tenant: str
) -> None:
    """Before Kafka has it, after, between accepting and moving, and at the end of a look."""
    served = tmp_path / "served"
    served.mkdir()
    for n in NUMBERS:
        (served / f"z{n}.json").write_bytes(report(n))
    async with ways_driver.opened(engine, producer, settings) as site, sftp_driver.serving(served) as server:
        way = SftpFolder.model_validate(server.settings())
        await site.choose(tenant, WaysIn(sftp=(way,)), filer=sftp_driver.PASSWORD)
        keys = {event(n) for n in NUMBERS}
        found = await killed_again_and_again(site, tenant, keys, lambda: server.names() == [])
    assert len(found) == len(NUMBERS)
    assert found.total() > len(NUMBERS)
    assert len(server.names("done")) == len(NUMBERS)
