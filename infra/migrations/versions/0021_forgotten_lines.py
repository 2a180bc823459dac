"""Up to where the lines of answers may be gone, as everything before it is decided."""

from alembic import op

revision = "0021"
down_revision = "0020"

_FORGOTTEN = """
alter table audited add column forgotten bigint not null default '0';
comment on column audited.forgotten is 'what lies before this offset is decided, and may have no line any more';
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(_FORGOTTEN)
