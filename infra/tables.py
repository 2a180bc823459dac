"""The tables: what is durable besides Kafka, and who may write it. ``infra/migrations`` makes them."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def _when(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


tenants = Table(
    "tenants",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("organisation_number", String),
    Column("database_number", BigInteger, comment="Fortnox's own id of the company"),
    Column("settings_version", Integer, nullable=False, server_default="0", comment="the last one given out"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="companies; written by bokbuss tenant",
)

signing_secrets = Table(
    "signing_secrets",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("secret", LargeBinary, nullable=False, comment="encrypted with BOKBUSS_SECRET_KEY"),
    PrimaryKeyConstraint("tenant", "system"),
    comment="what deliveries are signed with; written by bokbuss tenant",
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("delivery_id", String, nullable=False),
    Column("body_sha256", String, nullable=False),
    Column("event_ids", JSONB, nullable=False),
    _when("accepted_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "delivery_id"),
    comment="deliveries accepted over HTTP; written by sources, after Kafka acknowledged",
)

settings = Table(
    "settings",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("applied_by", String, nullable=False),
    _when("applied_at", nullable=False),
    comment="the settings that decisions are made with; written by flows, from settings.v1",
)

flow_state = Table(
    "flow_state",
    metadata,
    Column("flow", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("key", String, nullable=False),
    Column("state", JSONB, nullable=False),
    Column("waiting", String, comment="why it waits for other settings"),
    PrimaryKeyConstraint("flow", "tenant", "key"),
    comment="what a flow remembers of each key; written by flows",
)
Index("flow_state_waiting", flow_state.c.tenant, flow_state.c.flow, postgresql_where=text("waiting is not null"))

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("value", LargeBinary, nullable=False, comment="the message as it goes to Kafka; its key is the tenant"),
    _when("written_at", nullable=False),
    comment="orders decided and not known to be in Kafka yet; written with the states and lines that they belong to",
)
Index("outbox_tenant", outbox.c.tenant)

decided = Table(
    "decided",
    metadata,
    Column("topic", String, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("tenant", String, nullable=False),
    Column("fact_id", String, nullable=False),
    Column("key", String, nullable=False),
    Column("rules", String, nullable=False, server_default=""),
    _when("accepted_at", nullable=False),
    _when("decided_at", nullable=False),
    PrimaryKeyConstraint("topic", "partition", "offset"),
    comment="the line 'decided' of each record; written by flows and the auditor",
)
Index("decided_fact", decided.c.tenant, decided.c.fact_id)
Index("decided_key", decided.c.tenant, decided.c.key)

audited = Table(
    "audited",
    metadata,
    Column("topic", String, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("upto", BigInteger, nullable=False, comment="every record before this offset is decided"),
    PrimaryKeyConstraint("topic", "partition"),
    comment="how far the auditor has proved each partition",
)

journal = Table(
    "journal",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column(
        "seq",
        BigInteger,
        nullable=False,
        autoincrement=True,
        unique=True,
        server_default=text("nextval('journal_seq')"),
    ),
    Column("place", BigInteger, nullable=False, comment="in its key: its own seq, or the place of what it replaces"),
    Column("sink", String, nullable=False),
    Column("partition", Integer, nullable=False, comment="of the orders topic: whoever is assigned it runs the lane"),
    Column("tenant", String, nullable=False),
    Column("key", String, nullable=False),
    Column("type", String, nullable=False),
    Column("fact_id", String, nullable=False),
    Column("body", JSONB, nullable=False, comment="the order in its envelope"),
    Column("replaces", Uuid),
    Column("state", String, nullable=False, comment="queued, sending, unknown, delivered, rejected"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("looks", Integer, nullable=False, server_default="0", comment="looks that did not find it, after settling"),
    _when("due_at", nullable=False),
    _when("sent_at"),
    Column("calls", JSONB, nullable=False, server_default=text("'[]'")),
    Column("outcome", JSONB),
    _when("accepted_at", nullable=False),
    _when("journaled_at", nullable=False),
    _when("finished_at"),
    comment="orders for sinks and what became of them; written by sinks",
)
Index(
    "journal_open",
    journal.c.sink,
    journal.c.tenant,
    journal.c.place,
    journal.c.seq,
    postgresql_where=text("state in ('queued', 'sending', 'unknown')"),
)
Index("journal_key", journal.c.tenant, journal.c.key)
Index("journal_fact", journal.c.tenant, journal.c.fact_id)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("owner", String, nullable=False),
    Column("epoch", BigInteger, nullable=False, comment="one more with each owner: what an old one writes is refused"),
    _when("deadline", nullable=False),
    Column(
        "budget", JSONB, nullable=False, server_default=text("'[]'"), comment="when the last requests left, in seconds"
    ),
    comment="who may act: for a company at a sink, as relay, as auditor",
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("key", String, nullable=False),
    Column("fact_id", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("trace", String, nullable=False),
    Column("body", JSONB, nullable=False),
    _when("published_at"),
    comment="the audit trail; written with the outcome that it records, in the same transaction",
)
Index("audit_sequence", audit.c.tenant, audit.c.sequence, unique=True)
Index("audit_unpublished", audit.c.id, postgresql_where=text("published_at is null"))
Index("audit_message", audit.c.tenant, audit.c.message_id)
Index("audit_voucher", text("(body -> 'voucher') jsonb_path_ops"), postgresql_using="gin", _table=audit)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", String, nullable=False),
    comment="the end of each company's chain",
)

held = Table(
    "held",
    metadata,
    Column("hold_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("flow", String, nullable=False),
    Column("key", String, nullable=False),
    Column("body", JSONB, nullable=False, comment="the HoldForReview in its envelope"),
    _when("held_at", nullable=False),
    _when("closed_at"),
    Column("how", String, comment="booked, settings_changed, answered, superseded"),
    Column("message", String),
    comment="what waits for a person; written by the desk, from orders.desk.v1",
)
Index("held_key", held.c.tenant, held.c.key)
Index("held_open", held.c.tenant, postgresql_where=text("closed_at is null"))

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("place", String, primary_key=True, comment="topic/partition/offset"),
    Column("topic", String, nullable=False),
    Column("tenant", String, nullable=False, comment="as far as the record's key tells"),
    Column("body", JSONB, nullable=False, comment="the DeadLetter in its envelope"),
    Column("state", String, nullable=False, comment="open, replayed, discarded"),
    _when("found_at", nullable=False),
    _when("closed_at"),
    comment="what could not be read; written by the desk, from dead-letters.v1",
)
