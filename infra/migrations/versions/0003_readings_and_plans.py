"""What was read of systems, plans, and what the code of 2026-11-21 added without a revision of its own.

Revisions 0001 and 0002 once made whatever tables the code declared on that day. So a database that is marked with
either may have been made by any version before this one: each step asks what is there.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

_FIRST_DAY = """
create table if not exists outbox (
    id bigserial not null,
    tenant varchar not null,
    topic varchar not null,
    value bytea not null,
    written_at timestamptz not null,
    primary key (id)
);
create index if not exists outbox_tenant on outbox (tenant);
comment on table outbox is
    'orders decided and not known to be in Kafka yet; written with the states and lines that they belong to';
comment on column outbox.value is 'the message as it goes to Kafka; its key is the tenant';

comment on table flow_state is 'what a flow remembers of each key; written by flows';

alter table journal add column if not exists place bigint;
update journal set place = seq where place is null;
alter table journal alter column place set not null;
drop index if exists journal_open;
create index journal_open on journal (sink, tenant, place, seq) where state in ('queued', 'sending', 'unknown');
comment on column journal.place is 'in its key: its own seq, or the place of what it replaces';

create index if not exists audit_voucher on audit using gin ((body -> 'voucher') jsonb_path_ops);
create index if not exists held_key on held (tenant, key);
comment on column held.how is 'booked, settings_changed, checks_passed, answered, superseded, ...';
"""

_CONNECTIONS = """
alter table connections add column if not exists renew_at timestamptz;
comment on column connections.renewer is 'who renews the tokens now; else empty';
comment on column connections.renewing_until is 'nobody else renews them before';

alter table activation_links drop column if exists scopes;

alter table budget_requests add column if not exists pause double precision;
alter table budget_requests add column if not exists seen_at timestamptz;
update budget_requests set seen_at = asked_at where seen_at is null;
alter table budget_requests alter column seen_at set not null;
comment on table budget_requests is
    'calls that others than the lane want to make; granted by its owner; seen_at: when the guest looked';
comment on column budget_requests.pause is
    'no request, but news: the target wants nobody to call for so many seconds';
"""

_READ_AND_PLANNED = """
create table if not exists sightings (
    tenant varchar not null,
    system varchar not null,
    kind varchar not null,
    record varchar not null,
    fingerprint varchar not null,
    seen_at timestamptz not null,
    primary key (tenant, system, kind, record)
);
comment on table sightings is
    'what was seen of a system''s records, to tell only what differs; written after Kafka has the facts';
comment on column sightings.kind is 'employee, leave';
comment on column sightings.record is 'the record''s id there';
comment on column sightings.fingerprint is 'of what it held when it was last told as a fact';

create table if not exists readings (
    tenant varchar not null,
    system varchar not null,
    kind varchar not null,
    whole_at timestamptz,
    records integer default '0' not null,
    cursor varchar default '' not null,
    asked_at timestamptz,
    primary key (tenant, system, kind)
);
comment on table readings is
    'when a system''s records were read in full, and how far the reading of changes has come';
comment on column readings.cursor is 'where reading what changed goes on';

create table if not exists plans (
    plan_id uuid not null,
    tenant varchar not null,
    flow varchar not null,
    state varchar not null,
    body jsonb not null,
    made_at timestamptz not null,
    primary key (plan_id)
);
comment on table plans is 'plans; written by bokbuss plan and apply';
comment on column plans.state is 'made, applied, dropped';
comment on column plans.body is 'the Plan';

create table if not exists plan_rows (
    plan_id uuid not null,
    row integer not null,
    state varchar not null,
    action varchar not null,
    body jsonb not null,
    fact_id varchar,
    primary key (plan_id, row)
);
comment on table plan_rows is 'the rows of plans';
comment on column plan_rows.body is 'the PlanRow; personal data is sealed in it';
comment on column plan_rows.fact_id is 'of the row as it was applied';
"""


def upgrade() -> None:
    """Bring any database of before to the same tables."""
    op.execute(_FIRST_DAY)
    op.execute(_CONNECTIONS)
    op.execute(_READ_AND_PLANNED)
