"""Every source refuses what is wrong, however large and however wrong it is: with few words, and away from the loop."""

import asyncio
import itertools
import json
import threading

import pytest
from aiokafka import AIOKafkaProducer

from infra import registry
from infra.plugin import Malformed, Source
from infra.postgres import Engine
from schemas.envelope import Unreadable, decode
from schemas.events import DayClosed
from tests.infra import delivery_driver
from tests.infra.delivery_driver import REPORT

SOURCES = registry.sources()
LONG = 1_000_000
WRONG = {
    "nothing but objects": b"[" + b"{}," * (LONG // 3) + b"{}]",
    "nothing but numbers": b"[" + b"0," * (LONG // 2) + b"0]",
    "unknown fields": json.dumps({f"f{number}": 0 for number in range(LONG // 14)}).encode(),
    "one field again and again": b"{" + b'"format":0,' * (LONG // 11) + b'"format":0}',
    "deep lists": b"[" * LONG,
    "deep objects": b'{"a":' * (LONG // 5),
    "a long number": b'{"zNumber":' + b"9" * LONG + b"}",
    "a huge exponent": b'{"totalSales":1e999999999,"users":1e999999999}',
    "no number": b'{"totalSales":NaN,"users":-Infinity}',
    "a long text": b'{"format":"' + b"x" * LONG + b'"}',
    "lone halves of characters": b'{"topic":"\\ud800","format":"\\udfff"}',
    "UTF-16": '{"topic":"people"}'.encode("utf-16"),
    "no text": bytes(range(256)) * (LONG // 256),
    "nothing": b"",
}


def everywhere(payload: bytes) -> list[bytes]:
    """Return a payload as it is, and in each place of a report and of a webhook where a list may stand."""
    report = json.loads(REPORT)
    reports = (json.dumps(report | {name: "HERE"}).encode() for name in ("productGroups", "payments"))
    webhook = b'{"topic":"people/updated","users":"HERE"}'
    return [payload, *(body.replace(b'"HERE"', payload) for body in (*reports, webhook))]


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_what_is_wrong_is_refused_in_few_words(source: Source, wrong: bytes) -> None:
    """Never an error of another kind, never more problems than a person reads, and never long ones."""
    for payload in everywhere(wrong):
        with pytest.raises(Malformed) as caught:
            source.translate(payload)
        assert 1 <= len(caught.value.problems) <= 110
        assert len(str(caught.value)) < 20_000


def test_as_many_problems_are_named_as_help_and_the_others_are_counted() -> None:
    """Four fields are missing in each of a thousand lines."""
    report = json.loads(REPORT) | {"productGroups": [{}] * 1000}
    with pytest.raises(Malformed) as caught:
        SOURCES["openpos"].translate(json.dumps(report).encode())
    *named, others = caught.value.problems
    assert named[0] == "productGroups[0].group: Field required"
    assert (len(named), others) == (50, "and 3,950 more")


def test_a_day_of_many_lines_is_a_day() -> None:
    """The bound lies far behind what is lawful."""
    lines = [{"group": f"g{n}", "vatRate": "25", "net": "8.00", "vat": "2.00"} for n in range(9_000)]
    [fact] = SOURCES["openpos"].translate(json.dumps(json.loads(REPORT) | {"productGroups": lines}).encode())
    assert isinstance(fact, DayClosed)
    assert len(fact.sales) == len(lines)


@pytest.mark.parametrize("item", [b"{}", b"0", b'"x"'])
def test_a_record_that_is_wrong_all_over_is_unreadable_in_few_words(item: bytes) -> None:
    """Four megabytes of it: the largest record that there is."""
    head = b'{"specversion":"1.0","type":"bokbuss.day-closed.v1","tenant":"acme","data":{"sales":['
    for size in (100_000, 4_000_000):
        sales = b",".join(itertools.repeat(item, size // (len(item) + 1)))
        with pytest.raises(Unreadable) as caught:
            decode(head + sales + b"]}}")
        assert len(str(caught.value)) < 4_000


async def test_the_loop_turns_while_a_payload_is_read(engine: Engine, producer: AIOKafkaProducer, tenant: str) -> None:
    """What reads it waits here for something that only the loop can do."""
    turned = threading.Event()

    def read(_: bytes) -> tuple[DayClosed, ...]:
        assert turned.wait(120)
        raise Malformed(["read"])

    source = Source(system="openpos", translate=read, facts=(DayClosed,))
    async with delivery_driver.opened(engine, producer) as opened:
        await opened.add(tenant)
        asyncio.get_running_loop().call_later(0.05, turned.set)
        with pytest.raises(Malformed, match="read"):
            await opened.acceptor.accept(tenant=tenant, source=source, payload=b"")
