"""The step that put a record of the trail down, for the traces of whoever reads it."""

from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Make the column."""
    op.execute("alter table audit add column hop varchar")
    op.execute("comment on column audit.hop is 'the traceparent of the step that wrote it, where that was traced'")
