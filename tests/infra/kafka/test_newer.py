"""What a newer version wrote waits for it, in its company's order: it is no dead letter, and nobody else waits."""

import json
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from aiokafka import AIOKafkaProducer

from infra import registry
from infra.deciding.decider import Decider
from infra.kafka import parking
from infra.kafka.records import Record
from infra.postgres import Engine
from schemas import envelope as envelopes
from schemas.audit import DeadLetter
from schemas.commands import PostVoucher
from schemas.envelope import NotYetReadable, Unreadable
from schemas.events import DayClosed
from tests.bus import messages
from tests.infra.facts import applied, day, message, record

pytestmark = pytest.mark.usefixtures("added")


class RegisterClosed(DayClosed):
    """What the next version tells instead of a day close."""

    TOPIC: ClassVar[str] = DayClosed.TOPIC


def changed(one: Record, **changes: Any) -> Record:
    """Return a record with other attributes, and with other data where they are a dictionary."""
    body = json.loads(one.value or b"") | {"source": "/connectors/openpos"}
    for name, value in changes.items():
        body[name] = body[name] | value if isinstance(value, dict) else value
    return replace(one, value=json.dumps(body).encode())


NEWER = {
    "another type": {"type": "bokbuss.register-closed.v1"},
    "another version": {"type": "bokbuss.day-closed.v2"},
    "a new field": {"data": {"weather": "rain"}},
}


@pytest.mark.parametrize("changes", NEWER.values(), ids=NEWER)
def test_only_what_we_wrote_ourselves_can_be_of_a_newer_version(changes: dict[str, Any]) -> None:
    """From others the same is a mistake: their next message must not wait behind it."""
    ours = changed(record("a", day(1)), **changes)
    with pytest.raises(NotYetReadable) as raised:
        envelopes.decode(ours.value)
    assert (raised.value.head.tenant, raised.value.head.subject) == ("a", day(1).key)
    theirs = changed(ours, source="/tills/city")
    with pytest.raises(Unreadable) as other:
        envelopes.decode(theirs.value)
    assert not isinstance(other.value, NotYetReadable)


def test_what_is_broken_besides_is_broken() -> None:
    """A newer version writes no message that lacks what every reader needs."""
    with pytest.raises(Unreadable) as raised:
        envelopes.decode(changed(record("a", day(1)), data={"weather": "rain", "z_number": "many"}).value)
    assert not isinstance(raised.value, NotYetReadable)


async def test_it_waits_for_the_version_that_reads_it_and_what_comes_later_waits_behind_it(
    engine: Engine, producer: AIOKafkaProducer, kafka: str, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A roll-back leaves such messages: the older version parks them, the newer one decides them, in their order."""
    older = Decider(engine, producer, registry.flows(), "older")
    newer = changed(record(tenant, day(2)), type="bokbuss.register-closed.v1")
    other = f"{tenant}-b"
    await older.decide([record(tenant, applied(tenant, 1)), record(other, applied(other, 1))])
    await older.decide([record(tenant, day(1)), newer, record(tenant, day(3)), record(other, day(1))])
    await older.sweep()
    waiting = await parking.listed(engine, tenant)
    assert [(one.about, one.code) for one in waiting] == [(day(2).key, "of_a_newer_version"), (day(3).key, "")]
    assert "it waits for that version" in waiting[0].reason
    assert len(await messages(kafka, PostVoucher.TOPIC, tenant)) == 1
    assert len(await messages(kafka, PostVoucher.TOPIC, other)) == 1
    assert await messages(kafka, DeadLetter.TOPIC, tenant) == []
    monkeypatch.setitem(envelopes._BY_TYPE, "bokbuss.register-closed.v1", RegisterClosed)
    flows = tuple(replace(flow, facts=(*flow.facts, RegisterClosed)) for flow in registry.flows())
    await Decider(engine, producer, flows, "newer").sweep()
    assert await parking.listed(engine, tenant) == []
    keys = [order.subject for order in await messages(kafka, PostVoucher.TOPIC, tenant)]
    assert keys == [day(1).key, day(2).key, day(3).key]


async def test_a_person_may_decide_not_to_wait(engine: Engine, producer: AIOKafkaProducer, tenant: str) -> None:
    """It is discarded like anything that is parked, on record."""
    decider = Decider(engine, producer, registry.flows(), "older")
    await decider.decide([changed(record(tenant, day(1)), type="bokbuss.day-closed.v2"), record(tenant, day(2))])
    [first, _] = await parking.listed(engine, tenant)
    assert await parking.discard(engine, first, "anna", "we stay with this version")
    await decider.sweep()
    assert await parking.listed(engine, tenant) == []
    assert message(tenant, day(1)).id == first.fact_id
