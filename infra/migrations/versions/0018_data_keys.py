"""Data keys that are replaced: several of them, each wrapped by one BOKBUSS_SECRET_KEY or, for a while, by two."""

from alembic import op

revision = "0018"
down_revision = "0017"

_DATA_KEYS = """
alter table secrets_key
    add column wrapped_before bytea,
    add column locks boolean not null default 'true',
    add column made_by varchar not null default '',
    add column made_at timestamptz not null default now(),
    add column done_at timestamptz;
comment on table secrets_key is
    'what everything secret is encrypted with; written once, and by bokbuss keys rotate';
comment on column secrets_key.id is '1: the first, which seals personal data as well';
comment on column secrets_key.wrapped is 'the data key, encrypted with BOKBUSS_SECRET_KEY';
comment on column secrets_key.wrapped_before is 'and with the one before, until the rotation ends';
comment on column secrets_key.locks is 'false: every process is to know it first';
comment on column secrets_key.done_at is 'when everything was locked with it';
"""


def upgrade() -> None:
    """Widen the table."""
    op.execute(_DATA_KEYS)
