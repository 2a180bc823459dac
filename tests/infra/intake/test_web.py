"""What every role tells about itself over HTTP: that it lives, whether it is ready, and its numbers."""

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager

import pytest
from aiokafka import AIOKafkaProducer
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from infra import clock, telemetry
from infra.embedded.broker import EmbeddedKafka
from infra.folders import InUse
from infra.http import Client
from infra.intake import web
from infra.intake.accepting import Acceptor
from infra.kafka import cluster
from infra.plugin import Source
from infra.postgres import Engine, text
from infra.settings import KafkaSettings
from schemas.events import DayClosed, Fact
from tests.infra import delivery_driver
from tests.infra.delivery_driver import REPORT, DeliveryDriver

Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
async def opened(engine: Engine, producer: AIOKafkaProducer) -> AsyncIterator[DeliveryDriver]:
    """Yield a door."""
    async with delivery_driver.opened(engine, producer) as made:
        yield made


async def test_a_process_lives_and_is_ready(opened: DeliveryDriver) -> None:
    """Both in 200; readiness names what was asked."""
    assert (await opened.get("/healthz")).status == 200
    ready = await opened.get("/readyz")
    assert (ready.status, json.loads(ready.body)) == (
        200,
        {"ready": True, "checks": {"database": "ok", "broker": "ok", "deliveries": "ok"}},
    )


async def test_readiness_names_the_part_that_is_missing(opened: DeliveryDriver, outage: Outage) -> None:
    """The database is away: 503 says so; the process lives on, and is ready again by itself."""
    with outage():
        ready = await opened.get("/readyz")
        assert (ready.status, json.loads(ready.body)["checks"]["broker"]) == (503, "ok")
        assert json.loads(ready.body)["checks"]["database"] != "ok"
        assert (await opened.get("/healthz")).status == 200
    assert (await opened.get("/readyz")).status == 200


async def test_readiness_says_that_the_database_has_no_room(
    opened: DeliveryDriver, engine: Engine, tenant: str
) -> None:
    """On a full disk it answers every question, and takes no delivery; what one sender alone meets is no reason."""
    await opened.add(tenant)
    for code, lacks in (("53100", "DiskFull"), ("22000", "ok")):
        async with engine.begin() as connection:
            raising = f"$$begin raise exception 'by the test' using errcode = '{code}'; end$$"
            function = "create or replace function full_disk() returns trigger language plpgsql as"
            await connection.execute(text(f"{function} {raising}"))
            await connection.execute(
                text("create trigger full_disk before insert on deliveries execute function full_disk()")
            )
        assert (await opened.post(f"{tenant}/openpos", REPORT))[0] == 503
        ready = await opened.get("/readyz")
        assert (ready.status, json.loads(ready.body)["checks"]["deliveries"]) == (200 if lacks == "ok" else 503, lacks)
        async with engine.begin() as connection:
            await connection.execute(text("drop trigger full_disk on deliveries"))
        assert (await opened.post(f"{tenant}/openpos", REPORT))[0] == 202
        assert (await opened.get("/readyz")).status == 200


async def test_readiness_names_a_broker_that_is_away(engine: Engine, fragile_kafka: EmbeddedKafka) -> None:
    """Within seconds; and it is ready again when the broker is."""
    producer = await cluster.producer(KafkaSettings(bootstrap=fragile_kafka.bootstrap))
    async with delivery_driver.opened(engine, producer) as opened:
        assert (await opened.get("/readyz")).status == 200
        await asyncio.to_thread(fragile_kafka.kill)
        async with asyncio.timeout(60):
            ready = await opened.get("/readyz")
        checks = json.loads(ready.body)["checks"]
        await asyncio.to_thread(fragile_kafka.start)
        assert (ready.status, checks["database"]) == (503, "ok")
        assert checks["broker"] != "ok"
        async with asyncio.timeout(120):
            while (await opened.get("/readyz")).status != 200:
                await clock.sleep(0.2)
    await producer.stop()


async def test_the_numbers_of_deliveries_are_told(opened: DeliveryDriver, tenant: str) -> None:
    """By what was answered; a made-up system is no label of its own."""
    await opened.add(tenant)
    labels = {"system": "openpos", "status": "202"}
    before = REGISTRY.get_sample_value("bokbuss_deliveries_total", labels) or 0
    await opened.post(f"{tenant}/openpos", REPORT)
    await opened.post(f"{tenant}/made-up", REPORT)
    page = (await opened.get("/metrics")).text
    samples = {
        (s.name, *sorted(s.labels.items())): s.value for f in text_string_to_metric_families(page) for s in f.samples
    }
    assert samples["bokbuss_deliveries_total", ("status", "202"), ("system", "openpos")] == before + 1
    assert ("bokbuss_deliveries_total", ("status", "404"), ("system", "unknown")) in samples
    assert "made-up" not in page


async def test_a_delivery_that_we_fail_at_is_counted(engine: Engine, producer: AIOKafkaProducer, tenant: str) -> None:
    """Of what nobody foresaw, too: an alert that counts answers 5xx must see those that a fault of ours gives."""

    def stumble(_payload: bytes) -> tuple[Fact, ...]:
        raise ZeroDivisionError

    app = web.application({})
    acceptor = Acceptor(engine=engine, producer=producer, vault=delivery_driver.VAULT)
    source = Source("openpos", stumble, facts=(DayClosed,))
    web.deliveries(app, acceptor, {"openpos": source}, delivery_driver.MAX_BODY)
    labels = {"system": "openpos", "status": "500"}
    before = REGISTRY.get_sample_value("bokbuss_deliveries_total", labels) or 0
    async with web.serving(app, "127.0.0.1", 0) as url, Client(timeout=30.0) as http:
        door = DeliveryDriver(url, http, acceptor, engine)
        await door.add(tenant)
        answer = await http.send("POST", f"{url}/v1/{tenant}/openpos", content=REPORT, headers=door.signed(REPORT))
    assert answer.status == 500
    assert REGISTRY.get_sample_value("bokbuss_deliveries_total", labels) == before + 1


async def test_every_metric_is_shown_and_well_named(opened: DeliveryDriver) -> None:
    """All that is declared stands on the page, under names that promtool has nothing to say about."""
    page = (await opened.get("/metrics")).text
    declared = {m._name for m in vars(telemetry).values() if hasattr(m, "_name") and hasattr(m, "_documentation")}
    shown = {family.name for family in text_string_to_metric_families(page)}
    assert len(declared) >= 29
    assert {name.removesuffix("_info") for name in declared} <= {name.removesuffix("_info") for name in shown}
    if promtool := shutil.which("promtool"):
        ours = "".join(line for line in page.splitlines(keepends=True) if "bokbuss_" in line)
        command = await asyncio.create_subprocess_exec(
            *(promtool, "check", "metrics"), stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert (await command.communicate(ours.encode()))[1].decode() == ""
        assert command.returncode == 0


async def test_a_sender_that_stalls_does_not_keep_the_process(engine: Engine, producer: AIOKafkaProducer) -> None:
    """Asked to end, it ends within seconds, although half a delivery stands open."""
    async with delivery_driver.opened(engine, producer) as opened:
        _, writer = await asyncio.open_connection(*opened.url.removeprefix("http://").split(":"))
        writer.write(b"POST /v1/acme/openpos HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()
        await clock.sleep(0.3)
        begun = clock.monotonic()
    assert clock.monotonic() - begun < 40
    writer.close()


async def test_a_port_that_is_taken_is_an_error_that_says_so() -> None:
    """With the setting that changes it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InUse, match="BOKBUSS_PORT"):
        async with web.serving(web.application({}), "127.0.0.1", taken.getsockname()[1]):
            pass


async def test_a_server_that_is_told_to_end_while_it_begins_ends() -> None:
    """It has its address all the same: a process that is stopped while it starts has nothing wrong with it."""
    stop = asyncio.Event()
    stop.set()
    async with web.serving(web.application({}), "127.0.0.1", 0, stop) as url:
        assert url.startswith("http://127.0.0.1:")
        assert not url.endswith(":0")


async def test_an_address_is_asked_in_any_way(opened: DeliveryDriver, tenant: str) -> None:
    """With HEAD, with a slash behind it, by a method that it has not, with a character that no text of ours has."""

    async def asked(method: str, path: str) -> tuple[int, str]:
        answer = await opened.http.send(method, f"{opened.url}{path}")
        return answer.status, answer.headers.get("allow", "")

    await opened.add(tenant)
    assert await asked("HEAD", "/healthz") == (200, "")
    assert await asked("GET", "/healthz/") == (200, "")
    assert await asked("GET", "/openapi.json") == (200, "")
    assert (await opened.post(f"{tenant}/openpos/", REPORT))[0] == 202
    assert await asked("POST", "/readyz") == (405, "GET, HEAD")
    assert await asked("BREW", f"/v1/{tenant}/openpos") == (405, "POST")
    for path in ("/%00", "/metrics?name=%00", "/nowhere", "/nowhere/"):
        assert await asked("GET", path) == (404, "")


async def test_no_page_runs_what_another_host_serves() -> None:
    """It would run as a page of the desk, for whoever is signed in there: the description is data, and no page."""
    async with web.serving(web.application({}), "127.0.0.1", 0) as url, Client(timeout=30.0) as http:
        assert (await http.send("GET", f"{url}/openapi.json")).status == 200
        for path in ("/docs", "/docs/oauth2-redirect", "/redoc"):
            assert (await http.send("GET", f"{url}{path}")).status == 404


async def test_an_ipv6_address_stands_in_brackets() -> None:
    """Or nobody could open what is printed."""
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    async with web.serving(web.application({}), "::1", 0) as url, Client(timeout=30.0) as http:
        assert url.startswith("http://[::1]:")
        assert (await http.send("GET", f"{url}/healthz")).status == 200


async def test_readiness_waits_for_nobody_who_hangs() -> None:
    """Also when what it asks cannot even be cancelled at once."""
    released = asyncio.Event()

    async def hangs() -> None:
        try:
            await released.wait()
        except asyncio.CancelledError:
            await released.wait()

    async with web.serving(web.application({"it": hangs}), "127.0.0.1", 0) as url, Client(timeout=30.0) as http:
        ready = await http.send("GET", f"{url}/readyz")
    released.set()
    assert (ready.status, json.loads(ready.body)["checks"]) == (503, {"it": "TimeoutError"})
