"""An order knows the step that gave it, where that was traced."""

from alembic import op

revision = "0020"
down_revision = "0019"

_HOP = """
alter table journal add column hop varchar;
comment on column journal.hop is 'the traceparent of the step that gave it, where that was traced';
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(_HOP)
