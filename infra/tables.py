"""The tables: what is durable besides Kafka, and who may write it. ``infra/migrations`` makes them."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

KEPT: Final = {"kept": True}
"""What the law keeps: when its company is removed, its rows stay, under the name that ``infra.tenants`` gives it."""
HOST: Final = {"host": True}
"""What is of no single company, or goes away by itself: orders that are on their way are sent, and withdrawn there."""


def locked(*contexts: str) -> dict[str, tuple[str, ...]]:
    """Mark a column whose secrets the vault locks, with the contexts that one can have: formats over its row."""
    return {"locked": contexts}


def own(rows: str = "tenant = :tenant") -> dict[str, str]:
    """Mark what is a company's own: when it is removed, these rows go with it."""
    return {"own": rows}


def _when(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


tenants = Table(
    "tenants",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("organisation_number", String),
    Column("database_number", BigInteger, unique=True, comment="Fortnox's own id of the company: one of ours has it"),
    Column("settings_version", Integer, nullable=False, server_default="0", comment="the last one given out"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("incarnation", Integer, nullable=False, server_default="0", comment="how many of this name were removed"),
    comment="companies; written by bokbuss tenant",
    info=own(),
)

removed_tenants = Table(
    "removed_tenants",
    metadata,
    Column("tenant", String, primary_key=True, comment="what its rows are kept under: shop.1, the first called shop"),
    Column("name", String, nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("organisation_number", String),
    Column("database_number", BigInteger),
    _when("created_at", nullable=False),
    _when("removed_at", nullable=False),
    Column("removed_by", String, nullable=False),
    comment="companies that were removed; written by bokbuss tenant",
    info=KEPT,
)
Index("removed_tenants_name", removed_tenants.c.name, removed_tenants.c.incarnation, unique=True)

signing_secrets = Table(
    "signing_secrets",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column(
        "secret",
        LargeBinary,
        nullable=False,
        comment="encrypted with BOKBUSS_SECRET_KEY",
        info=locked("{tenant}/{system}"),
    ),
    PrimaryKeyConstraint("tenant", "system"),
    comment="what deliveries are signed with; written by bokbuss tenant",
    info=own(),
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
    info=own(),
)

way_secrets = Table(
    "way_secrets",
    metadata,
    Column("tenant", String, nullable=False),
    Column("way", String, nullable=False, comment="its name in the settings"),
    Column(
        "secret",
        LargeBinary,
        nullable=False,
        comment="a database's URL, a password or a private key, encrypted",
        info=locked("{tenant}/ways/{way}/OutboxTable", "{tenant}/ways/{way}/SftpFolder"),
    ),
    Column("given_by", String, nullable=False),
    _when("given_at", nullable=False),
    PrimaryKeyConstraint("tenant", "way"),
    comment="what opens the ways in that payloads are fetched by; written by bokbuss ways secret",
    info=own(),
)

outbox_positions = Table(
    "outbox_positions",
    metadata,
    Column("tenant", String, nullable=False),
    Column("way", String, nullable=False),
    Column(
        "relation",
        BigInteger,
        nullable=False,
        comment="the table's own id there: another table is read from its beginning",
    ),
    Column("passed", BigInteger, nullable=False, comment="rows up to this id were read, but for the holes"),
    Column("holes", JSONB, nullable=False, comment="ids that are missing, and may still come"),
    _when("moved_at", nullable=False),
    PrimaryKeyConstraint("tenant", "way"),
    comment="how far each till's outbox was read; written by sources, after Kafka has the facts",
    info=own(),
)

secrets_key = Table(
    "secrets_key",
    metadata,
    Column("id", Integer, primary_key=True, comment="1: the first, which seals personal data as well"),
    Column("wrapped", LargeBinary, nullable=False, comment="the data key, encrypted with BOKBUSS_SECRET_KEY"),
    Column("wrapped_before", LargeBinary, comment="and with the one before, until the rotation ends"),
    Column("locks", Boolean, nullable=False, server_default="true", comment="false: every process is to know it first"),
    Column("made_by", String, nullable=False, server_default=""),
    Column("made_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("done_at", DateTime(timezone=True), comment="when everything was locked with it"),
    comment="what everything secret is encrypted with; written once, and by bokbuss keys rotate",
    info=HOST,
)

person_keys = Table(
    "person_keys",
    metadata,
    Column("tenant", String, nullable=False),
    Column("record", String, nullable=False, comment="the key of a person, or of an employee in the books"),
    Column("key_id", String, nullable=False, unique=True, comment="as seals name it"),
    Column("locked", LargeBinary, nullable=False, comment="the key, encrypted", info=locked("person/{key_id}")),
    _when("made_at", nullable=False),
    PrimaryKeyConstraint("tenant", "record"),
    comment="what each person's values are sealed under; written with the first of them",
    info=own(),
)

erasures = Table(
    "erasures",
    metadata,
    Column("tenant", String, nullable=False),
    Column("record", String, nullable=False),
    _when("erased_at", nullable=False),
    Column("erased_by", String, nullable=False),
    _when("released_at"),
    Column("released_by", String, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "record"),
    comment="whose keys were dropped: nothing new is taken in of them; written by the desk",
    info=own(),
)

connections = Table(
    "connections",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("grant_type", String, nullable=False, comment="client_credentials, authorization_code, token"),
    Column("state", String, nullable=False, comment="connected, needs_consent, licence_missing, paused, disconnected"),
    Column("reason", String, nullable=False, server_default="", comment="why it is in this state, for people"),
    Column("wording", JSONB, comment="of the reason, for readers of other languages"),
    Column("generation", BigInteger, nullable=False, server_default="0", comment="one more with each new pair"),
    Column("access", LargeBinary, comment="the access token, encrypted", info=locked("{tenant}/{system}/access")),
    _when("access_until"),
    _when("renew_at"),
    Column(
        "refresh",
        LargeBinary,
        comment="the refresh token (or the system's own secret), encrypted",
        info=locked("{tenant}/{system}/refresh"),
    ),
    _when("refresh_until"),
    Column("renewer", String, nullable=False, server_default="", comment="who renews the tokens now; else empty"),
    Column("renewing_until", DateTime(timezone=True), comment="nobody else renews them before"),
    _when("asked_at"),
    Column("scopes", String, nullable=False, server_default=""),
    Column("company_name", String, nullable=False, server_default=""),
    Column("consented_by", String, nullable=False, server_default=""),
    _when("consented_at"),
    _when("changed_at", nullable=False),
    Column("opened", BigInteger, comment="another company's number, which its tokens open; until a new consent"),
    PrimaryKeyConstraint("tenant", "system"),
    comment="what we hold of each company's connection to a system; asked_at: a renewal whose answer is not known yet",
    info=own(),
)

activation_links = Table(
    "activation_links",
    metadata,
    Column("link_id", String, primary_key=True, comment="a part of the link; without its signature it opens nothing"),
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("service", Boolean, nullable=False, comment="a service account is asked for"),
    Column(
        "another", Boolean, nullable=False, server_default="false", comment="another company than before may consent"
    ),
    Column("made_by", String, nullable=False),
    _when("made_at", nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
    Column("extras", String, nullable=False, server_default="", comment="what is asked for besides, as documents"),
    comment="links that ask for a company's consent; written by bokbuss connect and the consent pages",
    info=own(),
)

reference_data = Table(
    "reference_data",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("kind", String, nullable=False, comment="years, series, accounts, cost_centres, projects, ..."),
    Column("year_id", Integer, nullable=False, server_default="0", comment="0: not of a financial year"),
    Column("body", JSONB, nullable=False),
    _when("read_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "kind", "year_id"),
    comment="what was read of a company's set-up, and when; dropped when an answer contradicts it",
    info=own(),
)

budget_requests = Table(
    "budget_requests",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("lease", String, nullable=False, comment="the lane's: fortnox/<tenant>"),
    Column("priority", Integer, nullable=False, comment="1 look-ups, 2 backfill; live orders need not ask"),
    Column("calls", Integer, nullable=False),
    Column("pause", Float, comment="no request, but news: the target wants nobody to call for so many seconds"),
    _when("asked_at", nullable=False),
    _when("seen_at", nullable=False),
    _when("granted_at"),
    comment="calls that others than the lane want to make; granted by its owner; seen_at: when the guest looked",
    info=own("split_part(lease, '/', 2) = :tenant"),
)

checks = Table(
    "checks",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("check", String, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("body", JSONB, nullable=False, comment="what was found"),
    _when("checked_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "check"),
    comment="the last result of each check of bokbuss doctor",
    info=own(),
)

sightings = Table(
    "sightings",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("kind", String, nullable=False, comment="employee, leave"),
    Column("record", String, nullable=False, comment="the record's id there"),
    Column("fingerprint", String, nullable=False, comment="of what it held when it was last told as a fact"),
    _when("seen_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "kind", "record"),
    comment="what was seen of a system's records, to tell only what differs; written after Kafka has the facts",
    info=own(),
)

readings = Table(
    "readings",
    metadata,
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("kind", String, nullable=False),
    _when("whole_at"),
    Column("records", Integer, nullable=False, server_default="0"),
    Column("cursor", String, nullable=False, server_default="", comment="where reading what changed goes on"),
    _when("asked_at"),
    PrimaryKeyConstraint("tenant", "system", "kind"),
    comment="when a system's records were read in full, and how far the reading of changes has come",
    info=own(),
)

documents = Table(
    "documents",
    metadata,
    Column("tenant", String, nullable=False),
    Column("year_to", Date, nullable=False, comment="the last day of the voucher's financial year"),
    Column("series", String, nullable=False),
    Column("number", String, nullable=False, comment="empty: the note is about all of the module in this year"),
    Column("source_id", String, nullable=False, comment="the document's id at its system"),
    Column("module", String, nullable=False, comment="accounting, suppliers, billing"),
    Column("sha256", String, comment="of its content, which is stored under it; none while it waits or is missing"),
    Column("size", BigInteger),
    Column("type", String, nullable=False, server_default="", comment="as the first bytes tell it"),
    Column("note", String, nullable=False, server_default="", comment="why it is missing"),
    _when("listed_at", nullable=False),
    _when("read_at"),
    PrimaryKeyConstraint("tenant", "year_to", "series", "number", "source_id"),
    comment="documents of vouchers; written by whoever reads them, after their contents are stored",
    info=own(),
)
Index("documents_source", documents.c.tenant, documents.c.source_id)

plans = Table(
    "plans",
    metadata,
    Column("plan_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("flow", String, nullable=False),
    Column("state", String, nullable=False, comment="made, applied, dropped"),
    Column("body", JSONB, nullable=False, comment="the Plan"),
    _when("made_at", nullable=False),
    comment="plans; written by bokbuss plan and apply",
    info=own(),
)

plan_rows = Table(
    "plan_rows",
    metadata,
    Column("plan_id", Uuid, nullable=False),
    Column("row", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("action", String, nullable=False),
    Column("body", JSONB, nullable=False, comment="the PlanRow; personal data is sealed in it"),
    Column("fact_id", String, comment="of the row as it was applied"),
    PrimaryKeyConstraint("plan_id", "row"),
    comment="the rows of plans",
    info=own("plan_id in (select plan_id from plans where tenant = :tenant)"),
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
    info=own(),
)

settings_history = Table(
    "settings_history",
    metadata,
    Column("tenant", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("applied_by", String, nullable=False),
    _when("applied_at", nullable=False),
    PrimaryKeyConstraint("tenant", "version"),
    comment="every version of the settings that took effect; written by flows with settings",
    info=own(),
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
    info=own(),
)
Index("flow_state_waiting", flow_state.c.tenant, flow_state.c.flow, postgresql_where=text("waiting is not null"))
DAY_OF_KEY: Final = "substring(key::text, '/([0-9]{4}-[0-9]{2}-[0-9]{2})(/[0-9]+)?$')"
"""The day that a key ends in; null where it names none."""
Index("flow_state_day", flow_state.c.flow, flow_state.c.tenant, text(DAY_OF_KEY))

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("message_id", String, nullable=False),
    Column("value", LargeBinary, nullable=False, comment="the message as it goes to Kafka; its key is the tenant"),
    _when("written_at", nullable=False),
    Column("sent_as", String, comment="the life of the topic that has it"),
    comment="what was decided and has not arrived yet; written with states and lines, removed by whoever it is for",
    info=HOST,
)
Index("outbox_unsent", outbox.c.tenant, postgresql_where=text("sent_as is null"))
Index("outbox_message", outbox.c.message_id)

topic_lives = Table(
    "topic_lives",
    metadata,
    Column("topic", String, nullable=False),
    Column("number", Integer, nullable=False, comment="1: the first that was met"),
    Column("topic_id", String, nullable=False, comment="Kafka's own"),
    Column("cluster_id", String, nullable=False),
    _when("met_at", nullable=False),
    PrimaryKeyConstraint("topic", "number"),
    comment="the lives of each topic: it was deleted and made anew, or another broker has it; written by readers",
    info=HOST,
)

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
    info=KEPT,
)
Index("decided_fact", decided.c.tenant, decided.c.fact_id)
Index("decided_key", decided.c.tenant, decided.c.key)
Index("decided_accepted", decided.c.accepted_at, postgresql_using="brin")

parked = Table(
    "parked",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=True, comment="their order"),
    Column("reader", String, nullable=False, comment="flows, sinks-fortnox, desk, ..."),
    Column("tenant", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    _when("recorded_at", nullable=False),
    Column("record_key", LargeBinary),
    Column("record_value", LargeBinary),
    Column("about", String, nullable=False, comment="the business key"),
    Column("fact_id", String, nullable=False),
    Column("state", String, nullable=False, comment="waiting, set_aside, discarded"),
    Column("code", String, nullable=False, comment="what was raised; empty: it waits behind another"),
    Column("rule", String, nullable=False, comment="the function that raised"),
    Column("reason", String, nullable=False, comment="in words that hold no values"),
    Column("attempts", Integer, nullable=False),
    Column("tried", ARRAY(String), nullable=False, comment="the code, in versions of bokbuss, that has tried it"),
    _when("parked_at", nullable=False),
    comment="records that their reader cannot handle, and what comes later of the same company; written by each reader",
    info=own(),
)
Index("parked_place", parked.c.reader, parked.c.topic, parked.c.partition, parked.c.offset, unique=True)
Index("parked_waiting", parked.c.reader, parked.c.tenant, parked.c.number, postgresql_where=text("state = 'waiting'"))
Index("parked_about", parked.c.tenant, parked.c.about)
Index("parked_kept", parked.c.tenant, parked.c.number, postgresql_where=text("state <> 'discarded'"))

audited = Table(
    "audited",
    metadata,
    Column("topic", String, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("upto", BigInteger, nullable=False, comment="every record before this offset is decided"),
    Column(
        "forgotten",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="what lies before this offset is decided, and may have no line any more",
    ),
    PrimaryKeyConstraint("topic", "partition"),
    comment="how far the auditor has proved each partition",
    info=HOST,
)

journal = Table(
    "journal",
    metadata,
    Column("order_id", Uuid, nullable=False),
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
    Column("hop", String, comment="the traceparent of the step that gave it, where that was traced"),
    Column("state", String, nullable=False, comment="queued, sending, unknown, delivered, rejected, withdrawn"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("looks", Integer, nullable=False, server_default="0", comment="looks that did not find it, after settling"),
    _when("due_at", nullable=False),
    _when("sent_at"),
    Column("calls", JSONB, nullable=False, server_default=text("'[]'")),
    Column("outcome", JSONB),
    _when("accepted_at", nullable=False),
    _when("journaled_at", nullable=False),
    _when("finished_at"),
    PrimaryKeyConstraint("order_id", "tenant"),
    comment="orders for sinks and what became of them; written by sinks",
    info=KEPT,
)
Index(
    "journal_open",
    journal.c.sink,
    journal.c.tenant,
    journal.c.place,
    journal.c.seq,
    postgresql_where=text("state in ('queued', 'sending', 'unknown')"),
)
Index("journal_unknown", journal.c.sink, journal.c.tenant, postgresql_where=text("state = 'unknown'"))
Index("journal_key", journal.c.tenant, journal.c.key)
Index("journal_fact", journal.c.tenant, journal.c.fact_id)
Index("journal_moved", text("COALESCE(finished_at, sent_at, journaled_at)"), postgresql_using="brin", _table=journal)
Index(
    "journal_vouchers",
    journal.c.tenant,
    text("((body -> 'data'::text) ->> 'voucher_date'::text)"),
    postgresql_where=text("type = 'bokbuss.post-voucher.v1'"),
)

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
    info=HOST,
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
    info=KEPT,
)
Index("audit_sequence", audit.c.tenant, audit.c.sequence, unique=True)
Index("audit_unpublished", audit.c.id, postgresql_where=text("published_at is null"))
Index("audit_message", audit.c.tenant, audit.c.message_id)
Index(
    "audit_booked",
    audit.c.tenant,
    audit.c.id,
    postgresql_where=text("body ->> 'outcome' in ('delivered', 'already_there') and body -> 'voucher' <> 'null'"),
)
Index("audit_voucher", text("(body -> 'voucher') jsonb_path_ops"), postgresql_using="gin", _table=audit)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", String, nullable=False),
    comment="the end of each company's chain",
    info=KEPT,
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
    Column("how", String, comment="booked, settings_changed, checks_passed, answered, superseded, ..."),
    Column("message", String),
    Column("wording", JSONB, comment="of the message, for readers of other languages"),
    comment="what waits for a person; written by the desk, from orders.desk.v1",
    info=own(),
)
Index("held_key", held.c.tenant, held.c.key)
Index("held_open", held.c.tenant, held.c.held_at, held.c.hold_id, postgresql_where=text("closed_at is null"))
Index("held_closed", held.c.tenant, held.c.held_at, held.c.hold_id, postgresql_where=text("closed_at is not null"))

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
    info=own(),
)
Index("dead_letters_open", dead_letters.c.tenant, dead_letters.c.found_at, postgresql_where=text("state = 'open'"))

installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="1: there is one"),
    Column("installation", Uuid, nullable=False),
    Column("epoch", BigInteger, nullable=False, comment="how often it was restored"),
    Column("place", String, nullable=False, comment="server, timeline, database and table, as PostgreSQL names them"),
    Column(
        "written_by",
        String,
        nullable=False,
        comment="the transaction that wrote this row: another one has if it was copied",
    ),
    Column("pulse", BigInteger, nullable=False, comment="one more every few seconds; Kafka is told"),
    _when("pulsed_at", nullable=False),
    Column("targets", JSONB, nullable=False, comment="where each system is that orders are carried out in"),
    Column("writing", Boolean, nullable=False, comment="false: what happened after the backup is not taken in yet"),
    Column(
        "fenced_at",
        DateTime(timezone=True),
        comment="an order of a fact that Kafka had before is looked for before it is sent",
    ),
    Column("since", DateTime(timezone=True), comment="when the backup was made that was restored last"),
    Column("noticed", String, nullable=False, server_default="", comment="how a restore was noticed"),
    comment="which installation this is, and whether it is the database that we left; written by every role",
    info=HOST,
)

fenced = Table(
    "fenced",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("state", String, nullable=False, comment="closed, held, open"),
    Column(
        "found",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="what was found of it in Kafka and in the books",
    ),
    _when("closed_at", nullable=False),
    _when("opened_at"),
    Column("opened_by", String, nullable=False, server_default=""),
    comment="companies of a database that was restored; written by roles, and by bokbuss fence",
    info=own(),
)

proofs = Table(
    "proofs",
    metadata,
    Column("tenant", String, nullable=False),
    Column("source", String, nullable=False, comment="fortnox: the books; sie: a year that came in as a file"),
    Column("year_to", Date, nullable=False),
    _when("read_at", nullable=False),
    Column("differences", Integer, nullable=False, comment="that nobody has accepted"),
    Column("body", JSONB, nullable=False, comment="the BooksProved"),
    PrimaryKeyConstraint("tenant", "source", "year_to"),
    comment="the last proof of each year; written by bokbuss ledger prove, and each night",
    info=own(),
)

proof_rounds = Table(
    "proof_rounds",
    metadata,
    Column("tenant", String, primary_key=True),
    _when("due_at", nullable=False),
    _when("done_at"),
    Column("trouble", String, nullable=False, server_default="", comment="why the last night's could not be"),
    comment="companies that have posted something, and when their books were last compared; written each night",
    info=own(),
)

accepted_differences = Table(
    "accepted_differences",
    metadata,
    Column("tenant", String, nullable=False),
    Column("id", String, nullable=False),
    Column("accepted_by", String, nullable=False),
    Column("comment", String, nullable=False),
    _when("accepted_at", nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    comment="differences of proofs that are as they should be; written by bokbuss ledger accept",
    info=own(),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", String, primary_key=True, comment="a part of the key; without its secret it opens nothing"),
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False),
    Column("holder", String, nullable=False, comment="whom it was given to"),
    Column("sha256", String, nullable=False, comment="of the secret, which is not kept"),
    Column("made_by", String, nullable=False),
    _when("made_at", nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
    _when("revoked_at"),
    Column("revoked_by", String, nullable=False, server_default=""),
    comment="keys that open a company's packages; written by bokbuss ledger key",
    info=own(),
)
Index("api_keys_tenant", api_keys.c.tenant)

package_fetches = Table(
    "package_fetches",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    Column("tenant", String, nullable=False),
    Column("system", String, nullable=False, comment="senseworks: over HTTP; desk: by a command"),
    Column("year_to", Date, nullable=False),
    Column("fetched_by", String, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("sha256", String, nullable=False, comment="of the package"),
    Column("status", String, nullable=False, comment="whole, or from which byte on"),
    _when("fetched_at", nullable=False),
    comment="who fetched which package of a year; written by whoever gave it",
    info=own(),
)
Index("package_fetches_tenant", package_fetches.c.tenant)

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("email", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("password", String, comment="what proves it: Argon2id, as a PHC string; none before the invitation is used"),
    Column("code_secret", LargeBinary, comment="of one-time codes, encrypted", info=locked("account/{account_id}")),
    Column(
        "code_step", BigInteger, nullable=False, server_default="0", comment="the last time step whose code was used"
    ),
    Column("language", String),
    Column(
        "openid",
        String,
        comment="issuer and subject: whom an OpenID provider vouched for first; nobody else from then on",
    ),
    Column("made_by", String, nullable=False),
    _when("made_at", nullable=False),
    _when("disabled_at"),
    comment="people who can sign in at the desk; written by it, and by bokbuss desk",
    info=HOST,
)

memberships = Table(
    "memberships",
    metadata,
    Column("account_id", Uuid, nullable=False),
    Column("tenant", String, nullable=False, comment="*: every company"),
    Column("role", String, nullable=False, comment="viewer, accountant, approver, admin"),
    Column("given_by", String, nullable=False),
    _when("given_at", nullable=False),
    PrimaryKeyConstraint("account_id", "tenant"),
    comment="what people are in which company; written by the desk, and by bokbuss desk",
    info=own(),
)
Index("memberships_tenant", memberships.c.tenant)

invitations = Table(
    "invitations",
    metadata,
    Column("sha256", String, primary_key=True, comment="of the link's token, which is not kept"),
    Column("account_id", Uuid, nullable=False),
    Column("made_by", String, nullable=False),
    _when("made_at", nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
    comment="links with which a password is chosen; written by the desk, and by bokbuss desk",
    info=HOST,
)
Index("invitations_account", invitations.c.account_id)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String, primary_key=True, comment="of the cookie, which is not kept"),
    Column("session_id", Uuid, nullable=False, unique=True),
    Column("account_id", Uuid, nullable=False),
    _when("made_at", nullable=False),
    _when("seen_at", nullable=False),
    _when("ends_at", nullable=False),
    _when("ended_at"),
    Column(
        "how",
        String,
        nullable=False,
        server_default="",
        comment="how it ended: signed_out, ended, new_password, account_closed",
    ),
    Column("address", String, nullable=False),
    Column("agent", String, nullable=False),
    comment="who is, and was, signed in at the desk; written by it",
    info=HOST,
)
Index("sessions_account", sessions.c.account_id)

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    Column(
        "who",
        String,
        primary_key=True,
        comment="account/ and the hash of an address of mail, or address/ and a machine's",
    ),
    _when("since", nullable=False),
    Column("tries", Integer, nullable=False),
    comment="how often somebody has tried to sign in lately; written by the desk",
    info=HOST,
)

alert_hooks = Table(
    "alert_hooks",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("url", LargeBinary, comment="encrypted: an address may hold a token", info=locked("{tenant}/alerts/url")),
    Column(
        "secret", LargeBinary, comment="what is sent there is signed with it; encrypted", info=locked("{tenant}/alerts")
    ),
    Column("mail_to", String, nullable=False, server_default="", comment="addresses, with spaces between them"),
    Column("set_by", String, nullable=False),
    _when("set_at", nullable=False),
    comment="where a company's alerts are told; written by bokbuss alerts",
    info=own(),
)

mailings = Table(
    "mailings",
    metadata,
    Column("address", String, primary_key=True),
    _when("sent_at", nullable=False),
    comment="when each address was mailed last what waits; written by the desk",
    info=HOST,
)

alerts = Table(
    "alerts",
    metadata,
    Column("tenant", String, nullable=False),
    Column("alert", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("about", JSONB, nullable=False),
    _when("raised_at", nullable=False),
    _when("ended_at"),
    Column(
        "told",
        String,
        nullable=False,
        server_default="",
        comment="what was told of it last: raised, ended; empty: nothing",
    ),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("given_up", Boolean, nullable=False, server_default=text("false")),
    Column("why", String, nullable=False, server_default="", comment="why it was not taken the last time"),
    _when("due_at", nullable=False),
    PrimaryKeyConstraint("tenant", "alert"),
    comment="what is wrong with a company, until it is over and that is told; written by the desk",
    info=own(),
)

tasks = Table(
    "tasks",
    metadata,
    Column("task_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False, comment="running, done, failed, died"),
    Column("begun_by", String, nullable=False),
    _when("begun_at", nullable=False),
    _when("seen_at", nullable=False),
    _when("ended_at"),
    Column("said_sv", String, nullable=False, server_default="", comment="the step that it is at"),
    Column("said_en", String, nullable=False, server_default=""),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0", comment="0: it is not known"),
    Column("result", String, nullable=False, server_default="", comment="what it has made"),
    Column("why", String, nullable=False, server_default="", comment="what went wrong"),
    comment="work that pages begin, and how far it has come; written by the process that does it",
    info=own(),
)
Index("tasks_running", tasks.c.tenant, tasks.c.kind, unique=True, postgresql_where=text("state = 'running'"))
Index("tasks_begun", tasks.c.tenant, tasks.c.kind, tasks.c.begun_at)
