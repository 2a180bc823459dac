"""From a till's request to the call that booked its voucher: one trace, hop by hop, at an OTLP collector."""

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from connectors.fortnox.sandbox import Fault, Faults
from tests.acceptance.house import Roles, Shop, opened, z_report
from tests.bus import messages
from tests.collector import Collector, Seen, collecting

pytestmark = [pytest.mark.acceptance, pytest.mark.asyncio(loop_scope="module")]

TRACE, TILL = uuid.uuid4().hex, "00f067aa0ba902b7"
"""A trace that the till has begun, and its own span."""
SAMPLES = Path(__file__).parents[2] / "schemas" / "samples"
NAMES = {
    *("error.type", "http.request.method", "http.response.status_code", "http.route"),
    *("messaging.batch.message_count", "messaging.destination.name", "messaging.destination.partition.id"),
    *("messaging.kafka.offset", "messaging.operation.type", "messaging.system"),
    *("bokbuss.flow", "bokbuss.order.attempt", "bokbuss.order.id", "bokbuss.order.state", "bokbuss.outcome"),
    *("bokbuss.reason", "bokbuss.rules", "bokbuss.sink", "bokbuss.system", "bokbuss.tenant", "bokbuss.verdict"),
}
"""Everything that a span says: each is a word of ours, a number, a company, or the id of an order."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def traced(kafka: str, house_database: str, folder: Path) -> AsyncIterator[tuple[Roles, Collector]]:
    """Yield a house whose spans go to a collector."""
    with collecting() as collector, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")  # milliseconds
        async with opened(kafka, house_database, folder) as running:
            yield running, collector


def named(spans: list[Seen], beginning: str) -> Seen:
    """Return the one span whose name begins so."""
    [found] = [span for span in spans if span.name.startswith(beginning)]
    return found


async def sent(house: Roles, shop: Shop, report: dict[str, object], **headers: str) -> str:
    """Deliver a report once; return the trace that its fact carries."""
    answer = await house.post(shop, json.dumps(report).encode(), uuid.uuid4().hex, **headers)
    [event_id] = json.loads(answer.body)["event_ids"]
    facts = await messages(str(house.place.settings.kafka.bootstrap), "facts.day-closed.v1", shop.tenant)
    [origin] = [fact.traceparent for fact in facts if fact.id == event_id]
    return origin


async def test_a_day_is_one_trace(traced: tuple[Roles, Collector]) -> None:
    """The till's request, what is sent to Kafka, the decision, the order, the call that booked it; then /metrics."""
    house, collector = traced
    shop = await house.shop()
    origin = f"00-{TRACE}-{TILL}-01"
    assert await sent(house, shop, z_report(1), traceparent=origin) == origin, "what the till said is not rewritten"
    [voucher] = await house.ends_with(shop, vouchers=1)

    async def all_of_it() -> bool:
        return {"carry out", "POST vouch"} <= {span.name[:10].strip() for span in collector.spans(TRACE)} and (
            sum(span.name.startswith("decide") for span in collector.spans(TRACE)) == 2
        )

    await house.until(shop, "the last spans are there", all_of_it)
    spans = collector.spans(TRACE)
    delivery, publishing = named(spans, "POST /v1/{tenant}/{system}"), named(spans, "send facts of openpos")
    deciding, carrying = named(spans, "decide facts.day-closed.v1"), named(spans, "carry out post-voucher")
    booking, learning = named(spans, "POST vouchers"), named(spans, "decide audit.v1")
    assert [s.kind for s in (delivery, publishing, deciding, carrying, booking)] == [
        *("server", "producer", "consumer", "consumer", "client")
    ]
    assert {s.parent for s in (delivery, deciding, carrying, learning)} == {TILL}, "the origin is every hop's parent"
    assert (publishing.parent, booking.parent) == (delivery.id, carrying.id), "what is done within a hop belongs to it"
    assert (deciding.links, carrying.links, learning.links) == ((publishing.id,), (deciding.id,), (carrying.id,))
    assert delivery.attributes["http.response.status_code"] == 202
    assert booking.attributes.items() >= {"http.response.status_code": 201, "bokbuss.outcome": "delivered"}.items()
    assert deciding.attributes["bokbuss.rules"] == "a_day_that_adds_up_is_booked"
    assert carrying.attributes["bokbuss.order.state"] == "delivered"
    assert voucher.draft.description
    assert not any(span.failed for span in spans)
    assert {resource["service.name"] for resource in collector.resources} == {"bokbuss"}

    for accept, expected in (("application/openmetrics-text", {TRACE}), ("text/plain", set())):
        answer = await house.http.send("GET", f"{house.url}/metrics", headers={"Accept": accept})
        assert answer.headers["content-type"].startswith(accept)
        if expected:
            families = text_string_to_metric_families(answer.text)
            examples = [s.exemplar for f in families if f.name == "bokbuss_fact_age_seconds" for s in f.samples]
            assert expected <= {e.labels["trace_id"] for e in examples if e}
        else:
            assert TRACE not in answer.text


async def test_a_delivery_begins_a_trace_and_a_held_day_ends_one(traced: tuple[Roles, Collector]) -> None:
    """Of a till that traces nothing the delivery is the origin; what waits for a person says for which reason."""
    house, collector = traced
    shop = await house.shop()
    origin = await sent(house, shop, z_report(2, totalSales="999.00"), traceparent="00-not-a-trace-01")
    await house.held(shop, "unbalanced")
    trace = origin[3:35]

    async def held() -> bool:
        return any(span.name == "hold" for span in collector.spans(trace))

    await house.until(shop, "the hold is there", held)
    spans = collector.spans(trace)
    delivery, hold = named(spans, "POST /v1"), named(spans, "hold")
    assert (delivery.id, delivery.parent, hold.parent) == (origin[36:52], "", delivery.id)
    assert hold.links == (named(spans, "decide facts.day-closed.v1").id,)
    assert hold.attributes["bokbuss.reason"] == "unbalanced"


async def test_an_answer_that_is_lost_is_followed_too(traced: tuple[Roles, Collector]) -> None:
    """The write that failed, and the look that found it, with the calls of each."""
    house, collector = traced
    shop = await house.shop()
    shop.fortnox.faults = Faults(script=[Fault.COMMIT_THEN_LOSE_ANSWER])
    origin = await sent(house, shop, z_report(3))
    await house.ends_with(shop, vouchers=1)

    async def found() -> bool:
        looks = [span for span in collector.spans(origin[3:35]) if span.name == "look for post-voucher"]
        return any(span.attributes["bokbuss.order.state"] == "delivered" for span in looks)

    await house.until(shop, "the look is there", found)
    spans = collector.spans(origin[3:35])
    lost = named(spans, "POST vouchers")
    assert (lost.failed, lost.attributes["error.type"]) == (True, "NoAnswer")
    looks = {span.id for span in spans if span.name == "look for post-voucher"}
    assert {span.parent for span in spans if span.name == "GET vouchers"} <= looks


async def test_spans_tell_of_nobody(traced: tuple[Roles, Collector]) -> None:
    """What leaves the house has names of ours only: not a person's number, name, or the id that HR knows them by."""
    house, collector = traced
    shop = await house.shop()
    hired = json.loads((SAMPLES / "facts.employee-changed.v1" / "v1" / "hired.json").read_bytes())
    hired |= {"tenant": shop.tenant, "traceparent": f"00-{uuid.uuid4().hex}-{TILL}-01"}
    await house.publish("facts.employee-changed.v1", shop.tenant, json.dumps(hired).encode())

    async def decided() -> bool:
        return any("employee" in span.name for span in collector.spans(hired["traceparent"][3:35]))

    await house.until(shop, "the person is decided", decided)
    assert {name for span in collector.spans() for name in span.attributes} <= NAMES
    told = b"".join(collector.bodies)
    for value in (hired["data"]["person_id"], *(v for v in hired["data"]["fields"].values() if isinstance(v, str))):
        assert value == "SE" or value.encode() not in told, value
