"""Links with which somebody who has an account joins another company."""

from alembic import op

revision = "0029"
down_revision = "0028"

_TABLE = """
create table joinings (
    sha256 varchar primary key,
    account_id uuid not null,
    tenant varchar not null,
    role varchar not null,
    made_by varchar not null,
    made_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
comment on table joinings is
    'links with which somebody who has an account joins another company; written by the desk';
comment on column joinings.sha256 is 'of the link''s token, which is not kept';
comment on column joinings.role is 'what they are there once they have opened it';
create index joinings_account on joinings (account_id);
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_TABLE)
