-- A database as commit 2174827 left it, marked 0001.

create sequence journal_seq;
create table tenants (
    tenant varchar not null,
    organisation_number varchar,
    database_number bigint,
    settings_version integer default '0' not null,
    created_at timestamptz not null,
    primary key (tenant)
);
comment on table tenants is 'companies; written by bokbuss tenant';
comment on column tenants.database_number is 'Fortnox''s own id of the company';
comment on column tenants.settings_version is 'the last one given out';

create table signing_secrets (
    tenant varchar not null,
    system varchar not null,
    secret bytea not null,
    primary key (tenant, system)
);
comment on table signing_secrets is 'what deliveries are signed with; written by bokbuss tenant';
comment on column signing_secrets.secret is 'encrypted with BOKBUSS_SECRET_KEY';

create table deliveries (
    tenant varchar not null,
    system varchar not null,
    delivery_id varchar not null,
    body_sha256 varchar not null,
    event_ids jsonb not null,
    accepted_at timestamptz not null,
    primary key (tenant, system, delivery_id)
);
comment on table deliveries is 'deliveries accepted over HTTP; written by sources, after Kafka acknowledged';

create table settings (
    tenant varchar not null,
    version integer not null,
    body jsonb not null,
    applied_by varchar not null,
    applied_at timestamptz not null,
    primary key (tenant)
);
comment on table settings is 'the settings that decisions are made with; written by flows, from settings.v1';

create table flow_state (
    flow varchar not null,
    tenant varchar not null,
    key varchar not null,
    state jsonb not null,
    waiting varchar,
    primary key (flow, tenant, key)
);
create index flow_state_waiting on flow_state (tenant, flow) where waiting is not null;
comment on table flow_state is
    'what a flow remembers of each key; written by flows, after the orders were acknowledged';
comment on column flow_state.waiting is 'why it waits for other settings';

create table decided (
    topic varchar not null,
    partition integer not null,
    "offset" bigint not null,
    tenant varchar not null,
    fact_id varchar not null,
    key varchar not null,
    rules varchar default '' not null,
    accepted_at timestamptz not null,
    decided_at timestamptz not null,
    primary key (topic, partition, "offset")
);
create index decided_fact on decided (tenant, fact_id);
create index decided_key on decided (tenant, key);
comment on table decided is 'the line ''decided'' of each record; written by flows and the auditor';

create table audited (
    topic varchar not null,
    partition integer not null,
    upto bigint not null,
    primary key (topic, partition)
);
comment on table audited is 'how far the auditor has proved each partition';
comment on column audited.upto is 'every record before this offset is decided';

create table journal (
    order_id uuid not null,
    seq bigint default nextval('journal_seq') not null,
    sink varchar not null,
    partition integer not null,
    tenant varchar not null,
    key varchar not null,
    type varchar not null,
    fact_id varchar not null,
    body jsonb not null,
    replaces uuid,
    state varchar not null,
    attempt integer default '0' not null,
    looks integer default '0' not null,
    due_at timestamptz not null,
    sent_at timestamptz,
    calls jsonb default '[]' not null,
    outcome jsonb,
    accepted_at timestamptz not null,
    journaled_at timestamptz not null,
    finished_at timestamptz,
    primary key (order_id),
    unique (seq)
);
create index journal_fact on journal (tenant, fact_id);
create index journal_key on journal (tenant, key);
create index journal_open on journal (sink, tenant, seq) where state in ('queued', 'sending', 'unknown');
comment on table journal is 'orders for sinks and what became of them; written by sinks';
comment on column journal.partition is 'of the orders topic: whoever is assigned it runs the lane';
comment on column journal.body is 'the order in its envelope';
comment on column journal.state is 'queued, sending, unknown, delivered, rejected';
comment on column journal.looks is 'looks that did not find it, after settling';

create table leases (
    name varchar not null,
    owner varchar not null,
    epoch bigint not null,
    deadline timestamptz not null,
    budget jsonb default '[]' not null,
    primary key (name)
);
comment on table leases is 'who may act: for a company at a sink, as relay, as auditor';
comment on column leases.epoch is 'one more with each owner: what an old one writes is refused';
comment on column leases.budget is 'when the last requests left, in seconds';

create table audit (
    id bigserial not null,
    tenant varchar not null,
    sequence bigint not null,
    key varchar not null,
    fact_id varchar not null,
    message_id varchar not null,
    trace varchar not null,
    body jsonb not null,
    published_at timestamptz,
    primary key (id)
);
create index audit_message on audit (tenant, message_id);
create unique index audit_sequence on audit (tenant, sequence);
create index audit_unpublished on audit (id) where published_at is null;
comment on table audit is 'the audit trail; written with the outcome that it records, in the same transaction';

create table audit_heads (
    tenant varchar not null,
    sequence bigint not null,
    hash varchar not null,
    primary key (tenant)
);
comment on table audit_heads is 'the end of each company''s chain';

create table held (
    hold_id uuid not null,
    tenant varchar not null,
    flow varchar not null,
    key varchar not null,
    body jsonb not null,
    held_at timestamptz not null,
    closed_at timestamptz,
    how varchar,
    message varchar,
    primary key (hold_id)
);
create index held_open on held (tenant) where closed_at is null;
comment on table held is 'what waits for a person; written by the desk, from orders.desk.v1';
comment on column held.body is 'the HoldForReview in its envelope';
comment on column held.how is 'booked, settings_changed, answered, superseded';

create table dead_letters (
    place varchar not null,
    topic varchar not null,
    tenant varchar not null,
    body jsonb not null,
    state varchar not null,
    found_at timestamptz not null,
    closed_at timestamptz,
    primary key (place)
);
comment on table dead_letters is 'what could not be read; written by the desk, from dead-letters.v1';
comment on column dead_letters.place is 'topic/partition/offset';
comment on column dead_letters.tenant is 'as far as the record''s key tells';
comment on column dead_letters.body is 'the DeadLetter in its envelope';
comment on column dead_letters.state is 'open, replayed, discarded';

create table alembic_version (version_num varchar(32) not null primary key);
insert into alembic_version values ('0001');
