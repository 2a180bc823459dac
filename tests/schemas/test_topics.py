"""The table of topics keeps its promises, and names that stand in Kafka never change."""

import pytest

from schemas.audit import AuditRecord
from schemas.commands import Order
from schemas.envelope import MESSAGES, type_of
from schemas.events import DayClosed, EmployeeSeen, Fact
from schemas.ledger import LedgerRetrieved
from schemas.topics import PARTITIONS, TOPICS, Topic, carrying

every_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)

FROZEN = {
    "bokbuss.day-closed.v1": "facts.day-closed.v1",
    "bokbuss.day-missed.v1": "facts.day-closed.v1",
    "bokbuss.numbers-missed.v1": "facts.day-closed.v1",
    "bokbuss.invoice-requested.v1": "facts.invoice-requested.v1",
    "bokbuss.employee-changed.v1": "facts.employee-changed.v1",
    "bokbuss.leave-changed.v1": "facts.leave-changed.v1",
    "bokbuss.closing-entries-ready.v1": "facts.closing-entries-ready.v1",
    "bokbuss.ledger-requested.v1": "facts.ledger-requested.v1",
    "bokbuss.employee-seen.v1": "facts.fortnox-seen.v1",
    "bokbuss.ledger-source-chosen.v1": "facts.ledger-requested.v1",
    "bokbuss.checks-passed.v1": "facts.fortnox-seen.v1",
    "bokbuss.connection-changed.v1": "facts.fortnox-seen.v1",
    "bokbuss.books-proved.v1": "facts.fortnox-seen.v1",
    "bokbuss.ledger-retrieved.v1": "facts.fortnox-seen.v1",
    "bokbuss.ledger-part-read.v1": "facts.fortnox-seen.v1",
    "bokbuss.read-ledger.v1": "orders.fortnox.v1",
    "bokbuss.review-answered.v1": "facts.review-answered.v1",
    "bokbuss.settings-applied.v1": "settings.v1",
    "bokbuss.post-voucher.v1": "orders.fortnox.v1",
    "bokbuss.upsert-employee.v1": "orders.fortnox.v1",
    "bokbuss.write-absence.v1": "orders.fortnox.v1",
    "bokbuss.create-invoice.v1": "orders.fortnox.v1",
    "bokbuss.find-customer.v1": "orders.fortnox.v1",
    "bokbuss.attach-file.v1": "orders.fortnox.v1",
    "bokbuss.upsert-person.v1": "orders.hr.v1",
    "bokbuss.read-person.v1": "orders.hr.v1",
    "bokbuss.person-mentioned.v1": "facts.employee-changed.v1",
    "bokbuss.plan-row-applied.v1": "facts.review-answered.v1",
    "bokbuss.plan-applied.v1": "facts.review-answered.v1",
    "bokbuss.link-decided.v1": "facts.review-answered.v1",
    "bokbuss.closing-approved.v1": "facts.review-answered.v1",
    "bokbuss.correction-approved.v1": "facts.review-answered.v1",
    "bokbuss.person-paused.v1": "facts.review-answered.v1",
    "bokbuss.erasure-decided.v1": "facts.review-answered.v1",
    "bokbuss.people-marked.v1": "facts.employee-changed.v1",
    "bokbuss.employees-marked.v1": "facts.fortnox-seen.v1",
    "bokbuss.answers-marked.v1": "facts.review-answered.v1",
    "bokbuss.entries-marked.v1": "facts.closing-entries-ready.v1",
    "bokbuss.hold-for-review.v1": "orders.desk.v1",
    "bokbuss.close-review.v1": "orders.desk.v1",
    "bokbuss.drop-keys.v1": "orders.desk.v1",
    "bokbuss.audit-record.v1": "audit.v1",
    "bokbuss.dead-letter.v1": "dead-letters.v1",
}
"""What stands in Kafka for ever. A new message is added here; a line that changes breaks every reader."""


def test_types_and_their_topics_never_change() -> None:
    """Old records must still be found and read."""
    assert {type_of(m): m.TOPIC for m in MESSAGES} == FROZEN  # type: ignore[attr-defined] # each has it, as this shows
    assert [t.name for t in TOPICS if t.name not in FROZEN.values()] == []


def test_every_message_travels_on_exactly_one_topic() -> None:
    """No message is without a place, and no topic without a message."""
    carried = [m for topic in TOPICS for m in topic.messages]
    assert sorted(m.__name__ for m in carried) == sorted(m.__name__ for m in MESSAGES)
    assert all(topic.messages for topic in TOPICS)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@every_topic
def test_only_settings_are_compacted(topic: Topic) -> None:
    """Facts, orders and the trail are kept whole: the auditor counts their offsets."""
    assert topic.compacted == (topic.name == "settings.v1")
    config = topic.config()
    if topic.compacted:
        assert config == {"cleanup.policy": "compact"}
    else:
        assert config == {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": "4194304"}


@every_topic
@pytest.mark.parametrize(("copies", "acknowledge"), [(1, None), (2, None), (3, "2"), (5, "2")])
def test_where_one_may_be_away_two_have_what_is_acknowledged(
    topic: Topic, copies: int, acknowledge: str | None
) -> None:
    """What was accepted outlives any one broker."""
    assert topic.config(copies).get("min.insync.replicas") == acknowledge


@every_topic
def test_a_topic_says_who_writes_and_who_reads(topic: Topic) -> None:
    """Each has a version in its name, a producer and a consumer."""
    assert topic.name.endswith(".v1")
    assert topic.producers
    assert topic.consumers
    assert set(topic.producers + topic.consumers) <= {"sources", "flows", "sinks", "desk"}


def test_all_topics_have_the_same_number_of_partitions() -> None:
    """One company's messages meet in one worker only if every topic is split alike; the number can never change."""
    assert PARTITIONS == 8
    assert "partitions" not in Topic.__dataclass_fields__


def test_facts_and_orders_travel_where_their_names_say() -> None:
    """``facts.*`` carry facts, ``orders.*`` orders, and nothing else does."""
    for topic in TOPICS:
        for message in topic.messages:
            assert issubclass(message, Fact) == topic.name.startswith("facts.")
            assert issubclass(message, Order) == topic.name.startswith("orders.")


def test_the_topics_of_messages_are_named_once() -> None:
    """Two messages of one topic are one subscription, in the order of the table."""
    assert carrying([AuditRecord, LedgerRetrieved, EmployeeSeen, DayClosed]) == (
        "facts.day-closed.v1",
        "facts.fortnox-seen.v1",
        "audit.v1",
    )
    assert carrying([]) == ()
