"""Accepting over real HTTP: 202 means that Kafka has it; everything else says why, and nothing is half accepted."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from pathlib import Path

import pytest
import structlog
from aiokafka import AIOKafkaProducer

from infra import clock, contents, registry
from infra.embedded.broker import EmbeddedKafka
from infra.intake.accepting import Accepted, Unavailable
from infra.kafka import cluster
from infra.plugin import Malformed, Source
from infra.postgres import Engine, text
from infra.settings import KafkaSettings, Settings
from schemas.documents import Document
from schemas.events import ClosingEntriesReady, DayClosed, GroupSales
from tests.bus import messages, records
from tests.infra import delivery_driver
from tests.infra.delivery_driver import EVENT, MAX_BODY, REPORT, DeliveryDriver

FACTS = DayClosed.TOPIC
Outage = Callable[[], AbstractContextManager[None]]


@pytest.fixture
async def opened(engine: Engine, producer: AIOKafkaProducer, tenant: str) -> AsyncIterator[DeliveryDriver]:
    """Yield a door at which the test's company is known."""
    async with delivery_driver.opened(engine, producer) as made:
        await made.add(tenant)
        yield made


async def test_an_accepted_delivery_stands_in_kafka(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """202 comes after the acknowledgement and names the events; each carries a trace, its source and its id."""
    status, answer = await opened.post(f"{tenant}/openpos", REPORT)
    assert status == 202
    [event] = await messages(kafka, FACTS, tenant)
    assert answer == {"event_ids": [event.id]}
    assert event.id.startswith(f"{EVENT}@")
    assert (event.source, event.subject, event.tenant) == ("/connectors/openpos", EVENT, tenant)
    assert len(event.trace_id) == 32


async def test_a_till_s_own_report_is_stored_and_stands_in_no_message(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str, tmp_path: Path
) -> None:
    """Kafka has its hash. What is no PDF is said with its field, and the day is accepted all the same."""
    pdf = b"%PDF-1.7 as the till makes it " + bytes(range(256)) + b" %%EOF"
    report, told = json.loads(REPORT), base64.b64encode(pdf).decode()
    async with delivery_driver.opened(engine, producer, data=tmp_path) as opened:
        await opened.add(tenant)
        status, answer = await opened.post(f"{tenant}/openpos", json.dumps(report | {"pdf": told}).encode())
        assert (status, list(answer)) == (202, ["event_ids"])
        status, other = await opened.post(f"{tenant}/openpos", json.dumps(report | {"pdf": told[:-8]}).encode())
        assert status == 202
        assert other["problems"] == [
            "pdf: it is no whole PDF, from %PDF- to %%EOF; it is not used, and the report counts all the same"
        ]
    with_it, without = await messages(kafka, FACTS, tenant)
    sha256 = hashlib.sha256(pdf).hexdigest()
    assert with_it.data.pdf == Document(sha256=sha256, size=len(pdf))
    assert told not in with_it.to_bytes().decode()
    assert (without.data.pdf, without.data.pdf_flaw) == (None, "not_a_pdf")
    store = contents.opened(Settings(_env_file=None, data=tmp_path))
    assert b"".join([piece async for piece in store.read(tenant, sha256)]) == pdf


async def test_the_sender_s_trace_goes_on(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """A traceparent that is none is replaced."""
    trace = f"00-{7:032x}-{9:016x}-01"
    for header in (trace, "not-a-trace", f"01-{7:032x}-{9:016x}-01"):
        await opened.post(f"{tenant}/openpos", REPORT, opened.signed(REPORT) | {"traceparent": header})
    given, other, another = [event.traceparent for event in await messages(kafka, FACTS, tenant)]
    assert given == trace
    assert len({trace, other, another}) == 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"webhook-signature": "v1,bm90IGl0"}, "No matching signature"),
        ({"webhook-signature": "v2,bm90IGl0"}, "No matching signature"),
        ({"webhook-signature": "nonsense"}, "cannot be read"),
        ({"webhook-timestamp": "yesterday"}, "Invalid Signature Headers"),
        ({"webhook-id": "another"}, "No matching signature"),
        ({"webhook-id": ""}, "Missing required headers"),
    ],
)
async def test_a_bad_signature_is_refused(
    opened: DeliveryDriver, kafka: str, tenant: str, wrong: dict[str, str], says: str
) -> None:
    """401, and nothing is accepted; the answer does not tell what the right one would be."""
    status, answer = await opened.post(f"{tenant}/openpos", REPORT, opened.signed(REPORT) | wrong)
    assert status == 401
    assert says in answer["error"]
    assert opened.secret not in answer["error"]
    assert await records(kafka, FACTS, tenant) == []


async def test_an_unsigned_or_a_stale_delivery_is_refused(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """Without headers; signed more than five minutes ago, or ahead."""
    for headers in ({}, opened.signed(REPORT, ago=301), opened.signed(REPORT, ago=-302)):
        status, _ = await opened.post(f"{tenant}/openpos", REPORT, headers)
        assert status == 401
    assert await records(kafka, FACTS, tenant) == []


async def test_a_body_that_is_no_text_is_told_so(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """422, and from which byte on: a till that writes Latin-1 has no wrong signature."""
    body = REPORT.decode().replace("Café", "Cafe").encode() + "å".encode("latin-1")
    status, answer = await opened.post(f"{tenant}/openpos", body, opened.signed(b""))
    assert (status, answer["problems"]) == (422, [f"body: not UTF-8, from byte {len(body) - 1}; send it as UTF-8"])
    assert await records(kafka, FACTS, tenant) == []


async def test_what_no_message_can_hold_is_refused(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """Sent again it would be refused again, for ever: that is the payload's fault, not Kafka's."""
    [fact] = registry.sources()["openpos"].translate(REPORT)
    assert isinstance(fact, DayClosed)
    sales = tuple(
        GroupSales(group="g" * 60, vat_rate=Decimal(25), net=Decimal(8), vat=Decimal(2)) for _ in range(50_000)
    )
    large = fact.model_copy(update={"sales": sales})
    source = Source(system="openpos", translate=lambda _: (large,), facts=(DayClosed,))
    with pytest.raises(Malformed, match="larger than a message"):
        await opened.acceptor.accept(tenant=tenant, source=source, payload=REPORT)
    assert await records(kafka, FACTS, tenant) == []


async def test_what_no_reader_takes_is_refused_and_nothing_of_it_is_sent(
    opened: DeliveryDriver, kafka: str, tenant: str
) -> None:
    """It would be promised, and end as a dead letter: a batch of a megabyte can hold more values than a message."""
    rows = [{"account": 1930, "debit": "1.00"}, {"account": 1931, "credit": "1.00"}] * 500
    entries = [{"number": str(n), "date": "2026-12-31", "text": "Bokslut", "rows": rows} for n in range(20)]
    batch = {
        "format": "bokbuss.spiris.closing-entries/1",
        "batch": "large",
        "company": {"organisationNumber": "559999-0016"},
        "year": {"from": "2026-01-01", "to": "2026-12-31"},
        "entries": entries,
    }
    spiris = registry.sources()["spiris"]
    with pytest.raises(Malformed, match="more than 100,000 values"):
        await opened.acceptor.accept(tenant=tenant, source=spiris, payload=json.dumps(batch).encode())
    [fact] = registry.sources()["openpos"].translate(REPORT)
    [ready] = spiris.translate(json.dumps(batch | {"entries": entries[:1]}).encode())
    nul = ready.model_copy(update={"submitted_by": "a\0b"})
    source = Source(system="openpos", translate=lambda _: (fact, nul), facts=(DayClosed, ClosingEntriesReady))
    with pytest.raises(Malformed, match="NUL"):
        await opened.acceptor.accept(tenant=tenant, source=source, payload=REPORT)
    assert await records(kafka, FACTS, tenant) == []
    assert await records(kafka, ClosingEntriesReady.TOPIC, tenant) == []


async def test_an_id_that_no_table_takes_is_refused(opened: DeliveryDriver, tenant: str) -> None:
    """It would be accepted by Kafka and then refused by the database, for ever."""
    status, answer = await opened.post(f"{tenant}/openpos", REPORT, opened.signed(REPORT, delivery="x" * 201))
    assert (status, "longer than 200" in answer["error"]) == (401, True)


async def test_a_replayed_delivery_is_accepted_once(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """The same answer each time, and one record."""
    headers = opened.signed(REPORT)
    answers = [await opened.post(f"{tenant}/openpos", REPORT, headers) for _ in range(3)]
    assert answers == [(202, answers[0][1])] * 3
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_an_id_with_another_body_is_a_conflict(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """409: one of the two would be lost without a word."""
    other = REPORT.replace(b'"zNumber": 412', b'"zNumber": 413')
    assert other != REPORT
    assert (await opened.post(f"{tenant}/openpos", REPORT, opened.signed(REPORT, delivery="d1")))[0] == 202
    status, answer = await opened.post(f"{tenant}/openpos", other, opened.signed(other, delivery="d1"))
    assert (status, "another body" in answer["error"]) == (409, True)
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_a_malformed_payload_is_told_every_wrong_field(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """422 names each of them, and no value; the same delivery, corrected, may come under the same id."""
    report = json.loads(REPORT) | {"zNumber": "secret", "surprise": 1}
    del report["totalSales"]
    body = json.dumps(report).encode()
    status, answer = await opened.post(f"{tenant}/openpos", body, opened.signed(body, delivery="d1"))
    assert status == 422
    assert {problem.split(":")[0] for problem in answer["problems"]} == {"zNumber", "surprise", "totalSales"}
    assert "secret" not in json.dumps(answer)
    assert await records(kafka, FACTS, tenant) == []
    assert (await opened.post(f"{tenant}/openpos", REPORT, opened.signed(REPORT, delivery="d1")))[0] == 202


@pytest.mark.parametrize("path", ["nobody/openpos", "%00/openpos", "%F0%9F%92%A9/openpos", f"{'x' * 64}/openpos"])
async def test_an_unknown_company_is_not_found(opened: DeliveryDriver, path: str) -> None:
    """404, whatever the name is made of."""
    status, answer = await opened.post(path, REPORT)
    assert (status, "no company is called" in answer["error"]) == (404, True)


async def test_an_unknown_system_is_not_found(opened: DeliveryDriver, tenant: str) -> None:
    """404, and the answer names those that there are."""
    status, answer = await opened.post(f"{tenant}/opnpos", REPORT)
    assert (status, "openpos" in answer["error"]) == (404, True)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_refused(
    opened: DeliveryDriver, kafka: str, tenant: str, *, chunked: bool
) -> None:
    """413 before the rest is read, also when its length was not told."""
    reader, writer = await asyncio.open_connection(*opened.url.removeprefix("http://").split(":"))
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {100 * MAX_BODY}"
    writer.write(f"POST /v1/{tenant}/openpos HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode())
    piece = b"x" * 1000
    for _ in range(MAX_BODY // 1000 + 2):  # far from all of it
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
    async with asyncio.timeout(60):
        assert b"413" in await reader.readline()
    writer.close()
    assert await records(kafka, FACTS, tenant) == []


async def test_a_sender_that_leaves_is_forgotten(opened: DeliveryDriver, kafka: str, tenant: str) -> None:
    """Half a delivery is none; the next one is accepted."""
    _, writer = await asyncio.open_connection(*opened.url.removeprefix("http://").split(":"))
    headers = "".join(f"{name}: {value}\r\n" for name, value in opened.signed(REPORT).items())
    head = f"POST /v1/{tenant}/openpos HTTP/1.1\r\nHost: x\r\nContent-Length: {len(REPORT)}\r\n{headers}\r\n"
    writer.write(head.encode() + REPORT[:100])
    await writer.drain()
    await clock.sleep(0.1)
    writer.close()
    assert (await opened.post(f"{tenant}/openpos", REPORT))[0] == 202
    assert len(await records(kafka, FACTS, tenant)) == 1


async def test_a_sender_that_repeats_itself_keeps_no_other_company_waiting(
    opened: DeliveryDriver, engine: Engine, tenant: str
) -> None:
    """More at once than a process has connections, and each of them takes long: another company's is accepted."""
    source = registry.sources()["openpos"]
    headers = opened.signed(REPORT, delivery="again")
    insert = text("insert into deliveries values (:tenant, 'openpos', 'again', '', '[]', clock_timestamp())")
    anew = text("select pg_stat_clear_snapshot()")
    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")

    def accept(company: str, headers: dict[str, str]) -> asyncio.Task[Accepted]:
        accepting = opened.acceptor.accept_delivery(tenant=company, source=source, body=REPORT, headers=headers)
        return asyncio.create_task(accepting)

    async with engine.connect() as first:
        await first.execute(insert, {"tenant": tenant})
        repeated = [accept(tenant, headers) for _ in range(40)]
        while await first.scalar(waiting) < 4:
            await clock.sleep(0.05)
            await first.execute(anew)
        await clock.sleep(0.5)
        await opened.add(other := f"{tenant}-too")
        ours = accept(other, opened.signed(REPORT))
        done, _ = await asyncio.wait({ours, *repeated}, return_when=asyncio.FIRST_COMPLETED)
        assert ours in done
        await first.rollback()
    ended = await asyncio.gather(ours, *repeated, return_exceptions=True)
    assert {type(each) for each in ended} <= {Accepted, Unavailable}


async def test_without_the_database_nothing_is_accepted(
    opened: DeliveryDriver, kafka: str, tenant: str, outage: Outage
) -> None:
    """503 within seconds, and the log says so; the same delivery is accepted when it is back."""
    headers = opened.signed(REPORT)
    with outage(), structlog.testing.capture_logs() as said:
        begun = clock.monotonic()
        status, answer = await opened.post(f"{tenant}/openpos", REPORT, headers)
        assert clock.monotonic() - begun < 10
        assert (status, "send it again" in answer["error"]) == (503, True)
    assert [(line["system"], line["log_level"]) for line in said if line["event"] == "not accepted"] == [
        ("openpos", "warning")
    ]
    assert await records(kafka, FACTS, tenant) == []
    assert (await opened.post(f"{tenant}/openpos", REPORT, headers))[0] == 202


async def test_without_the_broker_nothing_is_promised(
    engine: Engine, fragile_kafka: EmbeddedKafka, tenant: str
) -> None:
    """503 within seconds, for all at once; when it is back the same delivery is accepted and counts once."""
    producer = await cluster.producer(KafkaSettings(bootstrap=fragile_kafka.bootstrap))
    async with delivery_driver.opened(engine, producer) as opened:
        await opened.add(tenant)
        assert (await opened.post(f"{tenant}/openpos", REPORT))[0] == 202
        await asyncio.to_thread(fragile_kafka.kill)
        try:
            later = REPORT.replace(b'"zNumber": 412', b'"zNumber": 413')
            headers = opened.signed(later)
            begun = clock.monotonic()
            answers = await asyncio.gather(
                opened.post(f"{tenant}/openpos", later, headers),
                opened.post(f"{tenant}/openpos", later),
            )
            assert clock.monotonic() - begun < 12
            assert {status for status, _ in answers} == {503}
        finally:
            await asyncio.to_thread(fragile_kafka.start)
        async with asyncio.timeout(120):
            while (answer := await opened.post(f"{tenant}/openpos", later, headers))[0] != 202:
                assert answer[0] == 503
        [event_id] = answer[1]["event_ids"]
        found = [event.id for event in await messages(fragile_kafka.bootstrap, FACTS, tenant)]
        assert set(found[1:]) == {event_id}  # what was on its way may have arrived as well, under the same id
    await producer.stop()
