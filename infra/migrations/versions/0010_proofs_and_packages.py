"""Proofs of the books, and packages for auditors.

Of proofs: the last one of each year, each night's round, and the differences that people accepted. Of packages: the
keys that open them, and who fetched which.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

_PROOFS = """
create table proofs (
    tenant varchar not null,
    source varchar not null,
    year_to date not null,
    read_at timestamptz not null,
    differences integer not null,
    body jsonb not null,
    primary key (tenant, source, year_to)
);
comment on table proofs is 'the last proof of each year; written by bokbuss ledger prove, and each night';
comment on column proofs.source is 'fortnox: the books; sie: a year that came in as a file';
comment on column proofs.differences is 'that nobody has accepted';
comment on column proofs.body is 'the BooksProved';
"""

_ROUNDS = """
create table proof_rounds (
    tenant varchar primary key,
    due_at timestamptz not null,
    done_at timestamptz,
    trouble varchar not null default ''
);
comment on table proof_rounds is
    'companies that have posted something, and when their books were last compared; written each night';
comment on column proof_rounds.trouble is 'why the last night''s could not be';
"""

_ACCEPTED = """
create table accepted_differences (
    tenant varchar not null,
    id varchar not null,
    accepted_by varchar not null,
    comment varchar not null,
    accepted_at timestamptz not null,
    primary key (tenant, id)
);
comment on table accepted_differences is
    'differences of proofs that are as they should be; written by bokbuss ledger accept';
"""

_KEYS = """
create table api_keys (
    key_id varchar primary key,
    tenant varchar not null,
    system varchar not null,
    holder varchar not null,
    sha256 varchar not null,
    made_by varchar not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    revoked_at timestamptz,
    revoked_by varchar not null default ''
);
create index api_keys_tenant on api_keys (tenant);
comment on table api_keys is 'keys that open a company''s packages; written by bokbuss ledger key';
comment on column api_keys.key_id is 'a part of the key; without its secret it opens nothing';
comment on column api_keys.holder is 'whom it was given to';
comment on column api_keys.sha256 is 'of the secret, which is not kept';
"""

_FETCHES = """
create table package_fetches (
    id bigserial primary key,
    tenant varchar not null,
    system varchar not null,
    year_to date not null,
    fetched_by varchar not null,
    bytes bigint not null,
    sha256 varchar not null,
    status varchar not null,
    fetched_at timestamptz not null
);
create index package_fetches_tenant on package_fetches (tenant);
comment on table package_fetches is 'who fetched which package of a year; written by whoever gave it';
comment on column package_fetches.system is 'senseworks: over HTTP; desk: by a command';
comment on column package_fetches.sha256 is 'of the package';
comment on column package_fetches.status is 'whole, or from which byte on';
"""


def upgrade() -> None:
    """Make the tables."""
    for table in (_PROOFS, _ROUNDS, _ACCEPTED, _KEYS, _FETCHES):
        op.execute(table)
