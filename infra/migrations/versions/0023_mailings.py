"""When each address was mailed last what waits: there is one letter in a period."""

from alembic import op

revision = "0023"
down_revision = "0022"

_MAILINGS = """
create table mailings (
    address varchar primary key,
    sent_at timestamptz not null
);
comment on table mailings is 'when each address was mailed last what waits; written by the desk';
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_MAILINGS)
