"""Ways in by which payloads are fetched: their secrets, and how far a till's outbox was read."""

from alembic import op

revision = "0014"
down_revision = "0013"

_SECRETS = """
create table way_secrets (
    tenant varchar not null,
    way varchar not null,
    secret bytea not null,
    given_by varchar not null,
    given_at timestamptz not null,
    primary key (tenant, way)
);
comment on table way_secrets is 'what opens the ways in that payloads are fetched by; written by bokbuss ways secret';
comment on column way_secrets.way is 'its name in the settings';
comment on column way_secrets.secret is 'a database''s URL, a password or a private key, encrypted';
"""

_POSITIONS = """
create table outbox_positions (
    tenant varchar not null,
    way varchar not null,
    relation bigint not null,
    passed bigint not null,
    holes jsonb not null,
    moved_at timestamptz not null,
    primary key (tenant, way)
);
comment on table outbox_positions is
    'how far each till''s outbox was read; written by sources, after Kafka has the facts';
comment on column outbox_positions.relation is 'the table''s own id there: another table is read from its beginning';
comment on column outbox_positions.passed is 'rows up to this id were read, but for the holes';
comment on column outbox_positions.holes is 'ids that are missing, and may still come';
"""


def upgrade() -> None:
    """Make the tables."""
    for table in (_SECRETS, _POSITIONS):
        op.execute(table)
