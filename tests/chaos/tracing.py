"""Whether every trace of a run agrees: topics, lines, journal, books, dead letters and the audit trail."""

import base64
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from infra import registry
from infra.deciding.decider import topics_of
from schemas import envelope as envelopes
from schemas import ids
from schemas.audit import AuditRecord
from schemas.commands import HoldForReview, PostVoucher
from schemas.envelope import Envelope
from schemas.events import ClosingEntriesReady, DayClosed, EmployeeChanged, LeaveChanged
from schemas.invoices import InvoiceRequested
from schemas.settings import SettingsApplied
from schemas.topics import PARTITIONS
from tests.chaos.oracle import Booked, Findings
from tests.chaos.site import Site

_FINAL = "('delivered', 'already_there', 'rejected', 'held')"


async def trace(
    site: Site, books: Mapping[str, Sequence[Booked]], nonsense: Sequence[bytes], findings: Findings
) -> None:
    """Note every trace that does not agree with the others."""
    _journal(site, books, findings)
    _audit(site, findings)
    _dead_letters(site, nonsense, findings)
    for place in await undecided(site):
        findings.add("records without a line", place)
    await _orders(site, findings)
    published = {message.id async for message in _read(site, AuditRecord.TOPIC)}
    for tenant, sequence in site.query("select tenant, sequence from audit"):
        if f"{tenant}/{sequence}" not in published:
            findings.add("an audit record that is not on its topic", f"{tenant}/{sequence}")
    lines = set(site.query("select tenant, fact_id from decided"))
    for fact in (DayClosed, InvoiceRequested, EmployeeChanged, LeaveChanged, ClosingEntriesReady):
        async for message in _read(site, fact.TOPIC):
            if (message.tenant, message.id) not in lines:
                findings.add("a fact without a line", f"{message.tenant} {message.id}")


def _journal(site: Site, books: Mapping[str, Sequence[Booked]], findings: Findings) -> None:
    for state, count in site.query("select state, count(*) from journal group by state"):
        if state not in {"delivered", "rejected"}:
            findings.add("the journal is not empty", f"{count} {state}")
    marks = {(c, v.series, v.number, v.year_id): v.mark for c, vouchers in books.items() for v in vouchers}
    told = set()
    for order_id, tenant, voucher in site.query(
        "select order_id, tenant, outcome -> 'voucher' from journal"
        " where state = 'delivered' and type = 'bokbuss.post-voucher.v1'"
    ):
        place = (tenant, voucher["series"], voucher["number"], voucher["year_id"])
        told.add(place)
        if marks.get(place) != ids.mark(order_id):
            findings.add("a voucher number that is not the order's", f"{place}: order {order_id}")
    for place in marks.keys() - told:
        findings.add("a voucher that the journal does not know", str(place))


def _audit(site: Site, findings: Findings) -> None:
    if unpublished := site.query("select count(*) from audit where published_at is null")[0][0]:
        findings.add("the relay is behind", f"{unpublished} records")
    for message_id, tenant, outcomes in site.query(
        f"""select o.id, o.tenant, (select count(*) from audit a where a.message_id = o.id and a.tenant = o.tenant
              and a.body ->> 'outcome' in {_FINAL})
            from (select order_id::text as id, tenant from journal
                  union all select hold_id::text, tenant from held) o"""  # noqa: S608 - a constant
    ):
        if outcomes != 1:
            findings.add("not one terminal audit record", f"{tenant} {message_id}: {outcomes}")


def _dead_letters(site: Site, nonsense: Sequence[bytes], findings: Findings) -> None:
    letters = {
        base64.urlsafe_b64decode(value): place
        for place, value in site.query("select place, body -> 'data' ->> 'record_value' from dead_letters")
    }
    for value in letters.keys() - set(nonsense):
        findings.add("a dead letter that could be read", letters[value])
    for value in set(nonsense) - letters.keys():
        findings.add("an unreadable record that is no dead letter", value.decode())


async def _orders(site: Site, findings: Findings) -> None:
    journal = {str(order_id) for (order_id,) in site.query("select order_id from journal")}
    async for message in _read(site, PostVoucher.TOPIC):
        if message.id not in journal:
            findings.add("an order that is not in the journal", message.id)
    holds = {str(hold_id) for (hold_id,) in site.query("select hold_id from held")}
    async for message in _read(site, HoldForReview.TOPIC):
        if isinstance(message.data, HoldForReview) and message.id not in holds:
            findings.add("a hold that the desk does not know", message.id)


async def undecided(site: Site) -> list[str]:
    """Return where flows have not decided every record; the compacted topic of settings can lack some."""
    consumer = AIOKafkaConsumer(bootstrap_servers=site.kafka.bootstrap)
    await consumer.start()
    try:
        topics = [topic for topic in topics_of(registry.flows()) if topic != SettingsApplied.TOPIC]
        places = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        ends = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    rows = site.query("select topic, partition, count(*) from decided group by topic, partition")
    lines = Counter({(topic, partition): count for topic, partition, count in rows})
    return [f"{tp.topic}/{tp.partition}: {lines[tp]} of {end}" for tp, end in ends.items() if lines[tp] != end]


async def _read(site: Site, topic: str) -> AsyncIterator[Envelope[Any]]:
    """Yield the readable messages of a topic, from its beginning to its end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=site.kafka.bootstrap)
    await consumer.start()
    try:
        places = [TopicPartition(topic, partition) for partition in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.seek_to_beginning()
        for place, end in (await consumer.end_offsets(places)).items():
            while await consumer.position(place) < end:
                for row in (await consumer.getmany(place, timeout_ms=1000)).get(place, ()):
                    try:
                        yield envelopes.decode(row.value)
                    except envelopes.Unreadable:
                        continue
    finally:
        await consumer.stop()
