"""Why something waits no longer, with what each reader reads in their own language."""

from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the column."""
    op.execute("alter table held add column wording jsonb")
    op.execute("comment on column held.wording is 'of the message, for readers of other languages'")
