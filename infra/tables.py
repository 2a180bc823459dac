"""The tables: what is durable besides Kafka, and who may write it. ``infra/migrations`` makes them."""

from collections.abc import Mapping
from typing import Any, Final

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
from sqlalchemy.schema import SchemaItem

from infra import rows

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


def _table(name: str, *columns: SchemaItem, comment: str, info: Mapping[str, object]) -> Table:
    return Table(name, metadata, *columns, comment=comment, info=dict(info))


def _always(name: str, kind: Any, *, default: Any = None, **more: Any) -> Column[Any]:
    """Return a column that always holds something."""
    return Column(name, kind, nullable=False, server_default=default, **more)


def _when(name: str, *, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


tenants = _table(
    "tenants",
    Column("tenant", String, primary_key=True),
    Column("organisation_number", String),
    Column("database_number", BigInteger, unique=True, comment="Fortnox's own id of the company: one of ours has it"),
    _always("settings_version", Integer, default="0", comment="the last one given out"),
    _when("created_at", nullable=False),
    _always("incarnation", Integer, default="0", comment="how many of this name were removed"),
    comment="companies; written by bokbuss tenant",
    info=own(),
)

removed_tenants = _table(
    "removed_tenants",
    Column("tenant", String, primary_key=True, comment="what its rows are kept under: shop.1, the first called shop"),
    _always("name", String),
    _always("incarnation", Integer),
    Column("organisation_number", String),
    Column("database_number", BigInteger),
    _when("created_at", nullable=False),
    _when("removed_at", nullable=False),
    _always("removed_by", String),
    comment="companies that were removed; written by bokbuss tenant",
    info=KEPT,
)
Index("removed_tenants_name", removed_tenants.c.name, removed_tenants.c.incarnation, unique=True)

signing_secrets = _table(
    "signing_secrets",
    _always("tenant", String),
    _always("system", String),
    _always("secret", LargeBinary, comment="encrypted with BOKBUSS_SECRET_KEY", info=locked("{tenant}/{system}")),
    PrimaryKeyConstraint("tenant", "system"),
    comment="what deliveries are signed with; written by bokbuss tenant",
    info=own(),
)

replaced_secrets = _table(
    "replaced_secrets",
    Column("number", BigInteger, primary_key=True, autoincrement=True),
    _always("tenant", String),
    _always("system", String),
    _always("secret", LargeBinary, comment="encrypted with BOKBUSS_SECRET_KEY", info=locked("{tenant}/{system}")),
    _when("replaced_at", nullable=False),
    _when("until", nullable=False),
    _when("used_at"),
    comment="what deliveries were signed with before, and may be for a while; written by bokbuss tenant, sources",
    info=own(),
)
Index("replaced_secrets_of", replaced_secrets.c.tenant, replaced_secrets.c.system)

deliveries = _table(
    "deliveries",
    _always("tenant", String),
    _always("system", String),
    _always("delivery_id", String),
    _always("body_sha256", String),
    _always("event_ids", JSONB),
    _when("accepted_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "delivery_id"),
    comment="deliveries accepted over HTTP; written by sources, after Kafka acknowledged",
    info=own(),
)

way_secrets = _table(
    "way_secrets",
    _always("tenant", String),
    _always("way", String, comment="its name in the settings"),
    _always(
        "secret",
        LargeBinary,
        comment="a database's URL, a password or a private key, encrypted",
        info=locked(
            "{tenant}/ways/{way}/OutboxTable",
            "{tenant}/ways/{way}/SftpFolder/{destination}",
            "{tenant}/ways/{way}/SftpFolder",
        ),
    ),
    _always("destination", String, default="", comment="the only user, host and port that it is sent to"),
    _always("given_by", String),
    _when("given_at", nullable=False),
    PrimaryKeyConstraint("tenant", "way"),
    comment="what opens the ways in that payloads are fetched by; written by bokbuss ways secret",
    info=own(),
)

outbox_positions = _table(
    "outbox_positions",
    _always("tenant", String),
    _always("way", String),
    _always("relation", BigInteger, comment="the table's own id there: another table is read from its beginning"),
    _always("passed", BigInteger, comment="rows up to this id were read, but for the holes"),
    _always("holes", JSONB, comment="ids that are missing, and may still come"),
    Column("mark", String, comment="tells the row of that id from a later one that was given the same"),
    _when("moved_at", nullable=False),
    PrimaryKeyConstraint("tenant", "way"),
    comment="how far each till's outbox was read; written by sources, after Kafka has the facts",
    info=own(),
)

secrets_key = _table(
    "secrets_key",
    Column("id", Integer, primary_key=True, comment="1: the first, which seals personal data as well"),
    _always("wrapped", LargeBinary, comment="the data key, encrypted with BOKBUSS_SECRET_KEY"),
    Column("wrapped_before", LargeBinary, comment="and with the one before, until the rotation ends"),
    _always("locks", Boolean, default="true", comment="false: every process is to know it first"),
    _always("made_by", String, default=""),
    _always("made_at", DateTime(timezone=True), default=text("now()")),
    Column("done_at", DateTime(timezone=True), comment="when everything was locked with it"),
    comment="what everything secret is encrypted with; written once, and by bokbuss keys rotate",
    info=HOST,
)

person_keys = _table(
    "person_keys",
    _always("tenant", String),
    _always("record", String, comment="the key of a person, or of an employee in the books"),
    _always("key_id", String, unique=True, comment="as seals name it"),
    _always("locked", LargeBinary, comment="the key, encrypted", info=locked("person/{key_id}")),
    _when("made_at", nullable=False),
    PrimaryKeyConstraint("tenant", "record"),
    comment="what each person's values are sealed under; written with the first of them",
    info=own(),
)

erasures = _table(
    "erasures",
    _always("tenant", String),
    _always("record", String),
    _when("erased_at", nullable=False),
    _always("erased_by", String),
    _when("released_at"),
    _always("released_by", String, default=""),
    PrimaryKeyConstraint("tenant", "record"),
    comment="whose keys were dropped: nothing new is taken in of them; written by the desk",
    info=own(),
)

connections = _table(
    "connections",
    _always("tenant", String),
    _always("system", String),
    _always("grant_type", String, comment="client_credentials, authorization_code, token"),
    _always("state", String, comment="connected, needs_consent, licence_missing, paused, disconnected"),
    _always("reason", String, default="", comment="why it is in this state, for people"),
    Column("wording", JSONB, comment="of the reason, for readers of other languages"),
    _always("generation", BigInteger, default="0", comment="one more with each new pair"),
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
    _always("renewer", String, default="", comment="who renews the tokens now; else empty"),
    Column("renewing_until", DateTime(timezone=True), comment="nobody else renews them before"),
    _when("asked_at"),
    _always("scopes", String, default=""),
    _always("company_name", String, default=""),
    _always("consented_by", String, default=""),
    _when("consented_at"),
    _when("changed_at", nullable=False),
    Column("opened", BigInteger, comment="another company's number, which its tokens open; until a new consent"),
    PrimaryKeyConstraint("tenant", "system"),
    comment="what we hold of each company's connection to a system; asked_at: a renewal whose answer is not known yet",
    info=own(),
)

activation_links = _table(
    "activation_links",
    Column("link_id", String, primary_key=True, comment="a part of the link; without its signature it opens nothing"),
    _always("tenant", String),
    _always("system", String),
    _always("service", Boolean, comment="a service account is asked for"),
    _always("another", Boolean, default="false", comment="another company than before may consent"),
    _always("made_by", String),
    _when("made_at", nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
    _always("extras", String, default="", comment="what is asked for besides, as documents"),
    comment="links that ask for a company's consent; written by bokbuss connect and the consent pages",
    info=own(),
)

reference_data = _table(
    "reference_data",
    _always("tenant", String),
    _always("system", String),
    _always("kind", String, comment="years, series, accounts, cost_centres, projects, ..."),
    _always("year_id", Integer, default="0", comment="0: not of a financial year"),
    _always("body", JSONB),
    _when("read_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "kind", "year_id"),
    comment="what was read of a company's set-up, and when; dropped when an answer contradicts it",
    info=own(),
)

budget_requests = _table(
    "budget_requests",
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    _always("lease", String, comment="the lane's: fortnox/<tenant>"),
    _always("priority", Integer, comment="1 look-ups, 2 backfill; live orders need not ask"),
    _always("calls", Integer),
    Column("pause", Float, comment="no request, but news: the target wants nobody to call for so many seconds"),
    _when("asked_at", nullable=False),
    _when("seen_at", nullable=False),
    _when("granted_at"),
    comment="calls that others than the lane want to make; granted by its owner; seen_at: when the guest looked",
    info=own("split_part(lease, '/', 2) = :tenant"),
)

checks = _table(
    "checks",
    _always("tenant", String),
    _always("system", String),
    _always("check", String),
    _always("ok", Boolean),
    _always("body", JSONB, comment="what was found"),
    _when("checked_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "check"),
    comment="the last result of each check of bokbuss doctor",
    info=own(),
)

sightings = _table(
    "sightings",
    _always("tenant", String),
    _always("system", String),
    _always("kind", String, comment="employee, leave"),
    _always("record", String, comment="the record's id there"),
    _always("fingerprint", String, comment="of what it held when it was last told as a fact"),
    _when("seen_at", nullable=False),
    PrimaryKeyConstraint("tenant", "system", "kind", "record"),
    comment="what was seen of a system's records, to tell only what differs; written after Kafka has the facts",
    info=own(),
)

readings = _table(
    "readings",
    _always("tenant", String),
    _always("system", String),
    _always("kind", String),
    _when("whole_at"),
    _always("records", Integer, default="0"),
    _always("cursor", String, default="", comment="where reading what changed goes on"),
    _when("asked_at"),
    PrimaryKeyConstraint("tenant", "system", "kind"),
    comment="when a system's records were read in full, and how far the reading of changes has come",
    info=own(),
)

documents = _table(
    "documents",
    _always("tenant", String),
    _always("year_to", Date, comment="the last day of the voucher's financial year"),
    _always("series", String),
    _always("number", String, comment="empty: the note is about all of the module in this year"),
    _always("source_id", String, comment="the document's id at its system"),
    _always("module", String, comment="accounting, suppliers, billing"),
    Column("sha256", String, comment="of its content, which is stored under it; none while it waits or is missing"),
    Column("size", BigInteger),
    _always("type", String, default="", comment="as the first bytes tell it"),
    _always("note", String, default="", comment="why it is missing"),
    _when("listed_at", nullable=False),
    _when("read_at"),
    PrimaryKeyConstraint("tenant", "year_to", "series", "number", "source_id"),
    comment="documents of vouchers; written by whoever reads them, after their contents are stored",
    info=own(),
)
Index("documents_source", documents.c.tenant, documents.c.source_id)

plans = _table(
    "plans",
    Column("plan_id", Uuid, primary_key=True),
    _always("tenant", String),
    _always("flow", String),
    _always("state", String, comment="made, applied, dropped"),
    _always("body", JSONB, comment="the Plan"),
    _when("made_at", nullable=False),
    comment="plans; written by bokbuss plan and apply",
    info=own(),
)

plan_rows = _table(
    "plan_rows",
    _always("plan_id", Uuid),
    _always("row", Integer),
    _always("state", String),
    _always("action", String),
    _always("body", JSONB, comment="the PlanRow; personal data is sealed in it"),
    Column("fact_id", String, comment="of the row as it was applied"),
    PrimaryKeyConstraint("plan_id", "row"),
    comment="the rows of plans",
    info=own("plan_id in (select plan_id from plans where tenant = :tenant)"),
)

settings = _table(
    "settings",
    Column("tenant", String, primary_key=True),
    _always("version", Integer),
    _always("body", JSONB),
    _always("applied_by", String),
    _when("applied_at", nullable=False),
    comment="the settings that decisions are made with; written by flows, from settings.v1",
    info=own(),
)

settings_history = _table(
    "settings_history",
    _always("tenant", String),
    _always("version", Integer),
    _always("body", JSONB),
    _always("applied_by", String),
    _when("applied_at", nullable=False),
    PrimaryKeyConstraint("tenant", "version"),
    comment="every version of the settings that took effect; written by flows with settings",
    info=own(),
)

flow_state = _table(
    "flow_state",
    _always("flow", String),
    _always("tenant", String),
    _always("key", String),
    _always("state", JSONB),
    Column("waiting", String, comment="why it waits for other settings"),
    PrimaryKeyConstraint("flow", "tenant", "key"),
    comment="what a flow remembers of each key; written by flows",
    info=own(),
)
Index("flow_state_waiting", flow_state.c.tenant, flow_state.c.flow, postgresql_where=text("waiting is not null"))
Index("flow_state_day", flow_state.c.flow, flow_state.c.tenant, text(rows.DAY_OF_KEY))

outbox = _table(
    "outbox",
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    _always("tenant", String),
    _always("topic", String),
    _always("message_id", String),
    _always("value", LargeBinary, comment="the message as it goes to Kafka; its key is the tenant"),
    _when("written_at", nullable=False),
    Column("sent_as", String, comment="the life of the topic that has it"),
    comment="what was decided and has not arrived yet; written with states and lines, removed by whoever it is for",
    info=HOST,
)
Index("outbox_unsent", outbox.c.tenant, postgresql_where=text("sent_as is null"))
Index("outbox_message", outbox.c.message_id)

topic_lives = _table(
    "topic_lives",
    _always("topic", String),
    _always("number", Integer, comment="1: the first that was met"),
    _always("topic_id", String, comment="Kafka's own"),
    _always("cluster_id", String),
    _when("met_at", nullable=False),
    PrimaryKeyConstraint("topic", "number"),
    comment="the lives of each topic: it was deleted and made anew, or another broker has it; written by readers",
    info=HOST,
)

decided = _table(
    "decided",
    _always("topic", String),
    _always("partition", Integer),
    _always("offset", BigInteger),
    _always("tenant", String),
    _always("fact_id", String),
    _always("key", String),
    _always("rules", String, default=""),
    _when("accepted_at", nullable=False),
    _when("decided_at", nullable=False),
    PrimaryKeyConstraint("topic", "partition", "offset"),
    comment="the line 'decided' of each record; written by flows and the auditor",
    info=KEPT,
)
Index("decided_fact", decided.c.tenant, decided.c.fact_id)
Index("decided_key", decided.c.tenant, decided.c.key)
Index("decided_accepted", decided.c.accepted_at, postgresql_using="brin")

parked = _table(
    "parked",
    Column("number", BigInteger, primary_key=True, autoincrement=True, comment="their order"),
    _always("reader", String, comment="flows, sinks-fortnox, desk, ..."),
    _always("tenant", String),
    _always("topic", String),
    _always("partition", Integer),
    _always("offset", BigInteger),
    _when("recorded_at", nullable=False),
    Column("record_key", LargeBinary),
    Column("record_value", LargeBinary),
    _always("about", String, comment="the business key"),
    _always("fact_id", String),
    _always("state", String, comment="waiting, set_aside, discarded"),
    _always("code", String, comment="what was raised; empty: it waits behind another"),
    _always("rule", String, comment="the function that raised"),
    _always("reason", String, comment="in words that hold no values"),
    _always("attempts", Integer),
    _always("tried", ARRAY(String), comment="the code, in versions of bokbuss, that has tried it"),
    _when("parked_at", nullable=False),
    comment="records that their reader cannot handle, and what comes later of the same company; written by each reader",
    info=own(),
)
Index("parked_place", parked.c.reader, parked.c.topic, parked.c.partition, parked.c.offset, unique=True)
Index("parked_waiting", parked.c.reader, parked.c.tenant, parked.c.number, postgresql_where=text("state = 'waiting'"))
Index("parked_about", parked.c.tenant, parked.c.about)
Index("parked_kept", parked.c.tenant, parked.c.number, postgresql_where=text("state <> 'discarded'"))

audited = _table(
    "audited",
    _always("topic", String),
    _always("partition", Integer),
    _always("upto", BigInteger, comment="every record before this offset is decided"),
    _always(
        "forgotten",
        BigInteger,
        default="0",
        comment="what lies before this offset is decided, and may have no line any more",
    ),
    PrimaryKeyConstraint("topic", "partition"),
    comment="how far the auditor has proved each partition",
    info=HOST,
)

journal = _table(
    "journal",
    _always("order_id", Uuid),
    _always("seq", BigInteger, autoincrement=True, unique=True, default=text("nextval('journal_seq')")),
    _always("place", BigInteger, comment="in its key: its own seq, or the place of what it replaces"),
    _always("sink", String),
    _always("partition", Integer, comment="of the orders topic: whoever is assigned it runs the lane"),
    _always("tenant", String),
    _always("key", String),
    _always("type", String),
    _always("fact_id", String),
    _always("body", JSONB, comment="the order in its envelope"),
    Column("replaces", Uuid),
    Column("hop", String, comment="the traceparent of the step that gave it, where that was traced"),
    _always("state", String, comment="queued, sending, unknown, delivered, rejected, withdrawn"),
    _always("attempt", Integer, default="0"),
    _always("looks", Integer, default="0", comment="looks that did not find it, after settling"),
    _when("due_at", nullable=False),
    _when("sent_at"),
    _always("calls", JSONB, default=text("'[]'")),
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

leases = _table(
    "leases",
    Column("name", String, primary_key=True),
    _always("owner", String),
    _always("epoch", BigInteger, comment="one more with each owner: what an old one writes is refused"),
    _when("deadline", nullable=False),
    _always("budget", JSONB, default=text("'[]'"), comment="when the last requests left, in seconds"),
    comment="who may act: for a company at a sink, as relay, as auditor",
    info=HOST,
)

audit = _table(
    "audit",
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    _always("tenant", String),
    _always("sequence", BigInteger),
    _always("key", String),
    _always("fact_id", String),
    _always("message_id", String),
    _always("trace", String),
    Column("hop", String, comment="the traceparent of the step that wrote it, where that was traced"),
    _always("body", JSONB),
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
Index("audit_record", text("(body ->> 'record')"), postgresql_where=text("body ->> 'record' <> ''"), _table=audit)

audit_heads = _table(
    "audit_heads",
    Column("tenant", String, primary_key=True),
    _always("sequence", BigInteger),
    _always("hash", String),
    comment="the end of each company's chain",
    info=KEPT,
)

held = _table(
    "held",
    Column("hold_id", Uuid, primary_key=True),
    _always("tenant", String),
    _always("flow", String),
    _always("key", String),
    _always("body", JSONB, comment="the HoldForReview in its envelope"),
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

dead_letters = _table(
    "dead_letters",
    Column("place", String, primary_key=True, comment="topic/partition/offset"),
    _always("topic", String),
    _always("tenant", String, comment="as far as the record's key tells"),
    _always("body", JSONB, comment="the DeadLetter in its envelope"),
    _always("state", String, comment="open, replayed, discarded"),
    _when("found_at", nullable=False),
    _when("closed_at"),
    comment="what could not be read; written by the desk, from dead-letters.v1",
    info=own(),
)
Index("dead_letters_open", dead_letters.c.tenant, dead_letters.c.found_at, postgresql_where=text("state = 'open'"))

installation = _table(
    "installation",
    Column("id", Integer, primary_key=True, autoincrement=False, comment="1: there is one"),
    _always("installation", Uuid),
    _always("epoch", BigInteger, comment="how often it was restored"),
    _always("place", String, comment="server, timeline, database and table, as PostgreSQL names them"),
    _always("written_by", String, comment="the transaction that wrote this row: another one has if it was copied"),
    _always("pulse", BigInteger, comment="one more every few seconds; Kafka is told"),
    _when("pulsed_at", nullable=False),
    _always("targets", JSONB, comment="where each system is that orders are carried out in"),
    _always("writing", Boolean, comment="false: what happened after the backup is not taken in yet"),
    Column(
        "fenced_at",
        DateTime(timezone=True),
        comment="an order of a fact that Kafka had before is looked for before it is sent",
    ),
    Column("since", DateTime(timezone=True), comment="when the backup was made that was restored last"),
    _always("noticed", String, default="", comment="how a restore was noticed"),
    comment="which installation this is, and whether it is the database that we left; written by every role",
    info=HOST,
)

fenced = _table(
    "fenced",
    Column("tenant", String, primary_key=True),
    _always("state", String, comment="closed, held, open"),
    _always("found", JSONB, default=text("'{}'"), comment="what was found of it in Kafka and in the books"),
    _when("closed_at", nullable=False),
    _when("opened_at"),
    _always("opened_by", String, default=""),
    comment="companies of a database that was restored; written by roles, and by bokbuss fence",
    info=own(),
)

proofs = _table(
    "proofs",
    _always("tenant", String),
    _always("source", String, comment="fortnox: the books; sie: a year that came in as a file"),
    _always("year_to", Date),
    _when("read_at", nullable=False),
    _always("differences", Integer, comment="that nobody has accepted"),
    _always("body", JSONB, comment="the BooksProved"),
    PrimaryKeyConstraint("tenant", "source", "year_to"),
    comment="the last proof of each year; written by bokbuss ledger prove, and each night",
    info=own(),
)

proof_rounds = _table(
    "proof_rounds",
    Column("tenant", String, primary_key=True),
    _when("due_at", nullable=False),
    _when("done_at"),
    _always("trouble", String, default="", comment="why the last night's could not be"),
    comment="companies that have posted something, and when their books were last compared; written each night",
    info=own(),
)

accepted_differences = _table(
    "accepted_differences",
    _always("tenant", String),
    _always("id", String),
    _always("accepted_by", String),
    _always("comment", String),
    _when("accepted_at", nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    comment="differences of proofs that are as they should be; written by bokbuss ledger accept",
    info=own(),
)

api_keys = _table(
    "api_keys",
    Column("key_id", String, primary_key=True, comment="a part of the key; without its secret it opens nothing"),
    _always("tenant", String),
    _always("system", String),
    _always("holder", String, comment="whom it was given to"),
    _always("sha256", String, comment="of the secret, which is not kept"),
    _always("made_by", String),
    _when("made_at", nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
    _when("revoked_at"),
    _always("revoked_by", String, default=""),
    comment="keys that open a company's packages; written by bokbuss ledger key",
    info=own(),
)
Index("api_keys_tenant", api_keys.c.tenant)

package_fetches = _table(
    "package_fetches",
    Column("id", BigInteger, primary_key=True, autoincrement=True),
    _always("tenant", String),
    _always("system", String, comment="senseworks: over HTTP; desk: by a command"),
    _always("year_to", Date),
    _always("fetched_by", String),
    _always("bytes", BigInteger),
    _always("sha256", String, comment="of the package"),
    _always("status", String, comment="whole, or from which byte on"),
    _when("fetched_at", nullable=False),
    comment="who fetched which package of a year; written by whoever gave it",
    info=own(),
)
Index("package_fetches_tenant", package_fetches.c.tenant)

accounts = _table(
    "accounts",
    Column("account_id", Uuid, primary_key=True),
    _always("email", String, unique=True),
    _always("name", String),
    Column("password", String, comment="what proves it: Argon2id, as a PHC string; none before the invitation is used"),
    Column("code_secret", LargeBinary, comment="of one-time codes, encrypted", info=locked("account/{account_id}")),
    _always("code_step", BigInteger, default="0", comment="the last time step whose code was used"),
    Column("language", String),
    Column(
        "openid",
        String,
        comment="issuer and subject: whom an OpenID provider vouched for first; nobody else from then on",
    ),
    _always("made_by", String),
    _when("made_at", nullable=False),
    _when("disabled_at"),
    comment="people who can sign in at the desk; written by it, and by bokbuss desk",
    info=HOST,
)

memberships = _table(
    "memberships",
    _always("account_id", Uuid),
    _always("tenant", String, comment="*: every company"),
    _always("role", String, comment="viewer, accountant, approver, admin"),
    _always("given_by", String),
    _when("given_at", nullable=False),
    PrimaryKeyConstraint("account_id", "tenant"),
    comment="what people are in which company; written by the desk, and by bokbuss desk",
    info=own(),
)
Index("memberships_tenant", memberships.c.tenant)

invitations = _table(
    "invitations",
    Column("sha256", String, primary_key=True, comment="of the link's token, which is not kept"),
    _always("account_id", Uuid),
    _always("made_by", String),
    _when("made_at", nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
    comment="links with which a password is chosen; written by the desk, and by bokbuss desk",
    info=HOST,
)
Index("invitations_account", invitations.c.account_id)

joinings = _table(
    "joinings",
    Column("sha256", String, primary_key=True, comment="of the link's token, which is not kept"),
    _always("account_id", Uuid),
    _always("tenant", String),
    _always("role", String, comment="what they are there once they have opened it"),
    _always("made_by", String),
    _when("made_at", nullable=False),
    _when("expires_at", nullable=False),
    _when("used_at"),
    comment="links with which somebody who has an account joins another company; written by the desk",
    info=own(),
)
Index("joinings_account", joinings.c.account_id)

access_changes = _table(
    "access_changes",
    Column("number", BigInteger, primary_key=True, autoincrement=True),
    _when("at", nullable=False),
    _always("tenant", String, comment="*: every company"),
    _always("what", String, comment="role, account, signing_secret"),
    _always("subject", String, comment="the address of an account, or the system whose deliveries are signed"),
    _always(
        "value",
        String,
        comment="the role, none where it was taken away; closed, opened, renewed, renewed_at_once, old_ended",
    ),
    _always("by", String),
    comment="who was let into what, by whom; written with each change of a role, an account, or what signs deliveries",
    info=KEPT,
)
Index("access_changes_tenant", access_changes.c.tenant, access_changes.c.number)

sessions = _table(
    "sessions",
    Column("sha256", String, primary_key=True, comment="of the cookie, which is not kept"),
    _always("session_id", Uuid, unique=True),
    _always("account_id", Uuid),
    _when("made_at", nullable=False),
    _when("seen_at", nullable=False),
    _when("ends_at", nullable=False),
    _when("ended_at"),
    _always("how", String, default="", comment="how it ended: signed_out, ended, new_password, account_closed"),
    _always("address", String),
    _always("agent", String),
    comment="who is, and was, signed in at the desk; written by it",
    info=HOST,
)
Index("sessions_account", sessions.c.account_id)

sign_in_tries = _table(
    "sign_in_tries",
    Column(
        "who",
        String,
        primary_key=True,
        comment="account/ and the hash of an address of mail, or address/ and a machine's",
    ),
    _when("since", nullable=False),
    _always("tries", Integer),
    comment="how often somebody has tried to sign in lately; written by the desk",
    info=HOST,
)

alert_hooks = _table(
    "alert_hooks",
    Column("tenant", String, primary_key=True),
    Column("url", LargeBinary, comment="encrypted: an address may hold a token", info=locked("{tenant}/alerts/url")),
    Column(
        "secret", LargeBinary, comment="what is sent there is signed with it; encrypted", info=locked("{tenant}/alerts")
    ),
    _always("mail_to", String, default="", comment="addresses, with spaces between them"),
    _always("set_by", String),
    _when("set_at", nullable=False),
    comment="where a company's alerts are told; written by bokbuss alerts",
    info=own(),
)

mailings = _table(
    "mailings",
    Column("address", String, primary_key=True),
    _when("sent_at", nullable=False),
    comment="when each address was mailed last what waits; written by the desk",
    info=HOST,
)

alerts = _table(
    "alerts",
    _always("tenant", String),
    _always("alert", String),
    _always("kind", String),
    _always("about", JSONB),
    _when("raised_at", nullable=False),
    _when("ended_at"),
    _always("told", String, default="", comment="what was told of it last: raised, ended; empty: nothing"),
    _always("attempts", Integer, default="0"),
    _always("given_up", Boolean, default=text("false")),
    _always("why", String, default="", comment="why it was not taken the last time"),
    _when("due_at", nullable=False),
    PrimaryKeyConstraint("tenant", "alert"),
    comment="what is wrong with a company, until it is over and that is told; written by the desk",
    info=own(),
)

tasks = _table(
    "tasks",
    Column("task_id", Uuid, primary_key=True),
    _always("tenant", String),
    _always("kind", String),
    _always("state", String, comment="running, done, failed, died"),
    _always("begun_by", String),
    _when("begun_at", nullable=False),
    _when("seen_at", nullable=False),
    _when("ended_at"),
    _always("said_sv", String, default="", comment="the step that it is at"),
    _always("said_en", String, default=""),
    _always("done", Integer, default="0"),
    _always("total", Integer, default="0", comment="0: it is not known"),
    _always("result", String, default="", comment="what it has made"),
    _always("why", String, default="", comment="what went wrong"),
    comment="work that pages begin, and how far it has come; written by the process that does it",
    info=own(),
)
Index("tasks_running", tasks.c.tenant, tasks.c.kind, unique=True, postgresql_where=text("state = 'running'"))
Index("tasks_begun", tasks.c.tenant, tasks.c.kind, tasks.c.begun_at)
