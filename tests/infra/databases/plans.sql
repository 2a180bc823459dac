-- A database as commit 3bacbd9 left it, marked 0002.

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

create table secrets_key (
    id serial not null,
    wrapped bytea not null,
    primary key (id)
);
comment on table secrets_key is
    'what everything secret is encrypted with; written once, and when BOKBUSS_SECRET_KEY is replaced';
comment on column secrets_key.id is '1: there is one';
comment on column secrets_key.wrapped is 'the data key, encrypted with BOKBUSS_SECRET_KEY';

create table connections (
    tenant varchar not null,
    system varchar not null,
    grant_type varchar not null,
    state varchar not null,
    reason varchar default '' not null,
    generation bigint default '0' not null,
    access bytea,
    access_until timestamptz,
    refresh bytea,
    refresh_until timestamptz,
    renewer varchar default '' not null,
    renewing_until timestamptz,
    asked_at timestamptz,
    scopes varchar default '' not null,
    company_name varchar default '' not null,
    consented_by varchar default '' not null,
    consented_at timestamptz,
    changed_at timestamptz not null,
    primary key (tenant, system)
);
comment on table connections is
    'what we hold of each company''s connection to a system; asked_at: a renewal whose answer is not known yet';
comment on column connections.grant_type is 'client_credentials, authorization_code, token';
comment on column connections.state is 'connected, needs_consent, licence_missing, paused, disconnected';
comment on column connections.reason is 'why it is in this state, for people';
comment on column connections.generation is 'one more with each new pair';
comment on column connections.access is 'the access token, encrypted';
comment on column connections.refresh is 'the refresh token (or the system''s own secret), encrypted';
comment on column connections.renewer is 'the process that renews the tokens now';

create table activation_links (
    link_id varchar not null,
    tenant varchar not null,
    system varchar not null,
    scopes varchar not null,
    service boolean not null,
    made_by varchar not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (link_id)
);
comment on table activation_links is
    'links that ask for a company''s consent; written by bokbuss connect and the consent pages';
comment on column activation_links.link_id is 'a part of the link; without its signature it opens nothing';
comment on column activation_links.service is 'a service account is asked for';

create table reference_data (
    tenant varchar not null,
    system varchar not null,
    kind varchar not null,
    year_id integer default '0' not null,
    body jsonb not null,
    read_at timestamptz not null,
    primary key (tenant, system, kind, year_id)
);
comment on table reference_data is
    'what was read of a company''s set-up, and when; dropped when an answer contradicts it';
comment on column reference_data.kind is 'years, series, accounts, cost_centres, projects, ...';
comment on column reference_data.year_id is '0: not of a financial year';

create table budget_requests (
    id bigserial not null,
    lease varchar not null,
    priority integer not null,
    calls integer not null,
    asked_at timestamptz not null,
    granted_at timestamptz,
    primary key (id)
);
comment on table budget_requests is
    'calls that another process than the lane''s owner wants to make; granted by the owner';
comment on column budget_requests.lease is 'the lane''s: fortnox/<tenant>';
comment on column budget_requests.priority is '1 look-ups, 2 backfill; live orders need not ask';

create table checks (
    tenant varchar not null,
    system varchar not null,
    "check" varchar not null,
    ok boolean not null,
    body jsonb not null,
    checked_at timestamptz not null,
    primary key (tenant, system, "check")
);
comment on table checks is 'the last result of each check of bokbuss doctor';
comment on column checks.body is 'what was found';

create table sightings (
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

create table readings (
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

create table plans (
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

create table plan_rows (
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
comment on table flow_state is 'what a flow remembers of each key; written by flows';
comment on column flow_state.waiting is 'why it waits for other settings';

create table outbox (
    id bigserial not null,
    tenant varchar not null,
    topic varchar not null,
    value bytea not null,
    written_at timestamptz not null,
    primary key (id)
);
create index outbox_tenant on outbox (tenant);
comment on table outbox is
    'orders decided and not known to be in Kafka yet; written with the states and lines that they belong to';
comment on column outbox.value is 'the message as it goes to Kafka; its key is the tenant';

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
    place bigint not null,
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
create index journal_open on journal (sink, tenant, place, seq) where state in ('queued', 'sending', 'unknown');
comment on table journal is 'orders for sinks and what became of them; written by sinks';
comment on column journal.place is 'in its key: its own seq, or the place of what it replaces';
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
create index audit_voucher on audit using gin ((body -> 'voucher') jsonb_path_ops);
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
create index held_key on held (tenant, key);
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
insert into alembic_version values ('0002');
