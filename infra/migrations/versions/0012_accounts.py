"""People at the desk: accounts, what they are in which company, invitations, sessions, tries to sign in.

And vouchers found by their date, for its pages.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

_ACCOUNTS = """
create table accounts (
    account_id uuid primary key,
    email varchar not null unique,
    name varchar not null,
    password varchar,
    code_secret bytea,
    code_step bigint not null default '0',
    language varchar,
    made_by varchar not null,
    made_at timestamptz not null,
    disabled_at timestamptz
);
comment on table accounts is 'people who can sign in at the desk; written by it, and by bokbuss desk';
comment on column accounts.password is 'what proves it: Argon2id, as a PHC string; none before the invitation is used';
comment on column accounts.code_secret is 'of one-time codes, encrypted';
comment on column accounts.code_step is 'the last time step whose code was used';
"""

_MEMBERSHIPS = """
create table memberships (
    account_id uuid not null,
    tenant varchar not null,
    role varchar not null,
    given_by varchar not null,
    given_at timestamptz not null,
    primary key (account_id, tenant)
);
comment on table memberships is 'what people are in which company; written by the desk, and by bokbuss desk';
comment on column memberships.tenant is '*: every company';
comment on column memberships.role is 'viewer, accountant, approver, admin';
create index memberships_tenant on memberships (tenant);
"""

_INVITATIONS = """
create table invitations (
    sha256 varchar primary key,
    account_id uuid not null,
    made_by varchar not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
comment on table invitations is 'links with which a password is chosen; written by the desk, and by bokbuss desk';
comment on column invitations.sha256 is 'of the link''s token, which is not kept';
create index invitations_account on invitations (account_id);
"""

_SESSIONS = """
create table sessions (
    sha256 varchar primary key,
    session_id uuid not null unique,
    account_id uuid not null,
    made_at timestamptz not null,
    seen_at timestamptz not null,
    ends_at timestamptz not null,
    ended_at timestamptz,
    how varchar not null default '',
    address varchar not null,
    agent varchar not null
);
comment on table sessions is 'who is, and was, signed in at the desk; written by it';
comment on column sessions.sha256 is 'of the cookie, which is not kept';
comment on column sessions.how is 'how it ended: signed_out, ended, new_password, account_closed';
create index sessions_account on sessions (account_id);
"""

_TRIES = """
create table sign_in_tries (
    who varchar primary key,
    since timestamptz not null,
    tries integer not null
);
comment on table sign_in_tries is 'how often somebody has tried to sign in lately; written by the desk';
comment on column sign_in_tries.who is 'account/ and the hash of an address of mail, or address/ and a machine''s';
"""

_VOUCHERS = """
create index journal_vouchers on journal (tenant, (body -> 'data' ->> 'voucher_date'))
    where type = 'bokbuss.post-voucher.v1';
"""


def upgrade() -> None:
    """Make the tables."""
    for statements in (_ACCOUNTS, _MEMBERSHIPS, _INVITATIONS, _SESSIONS, _TRIES, _VOUCHERS):
        op.execute(statements)
