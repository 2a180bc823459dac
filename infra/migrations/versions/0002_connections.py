"""Connections, activation links, reference data, shared budgets, checks and the key of secrets, as they were then."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
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
"""


def upgrade() -> None:
    """Add the tables of what a company consents to, and what is read of its set-up."""
    op.execute(_TABLES)
