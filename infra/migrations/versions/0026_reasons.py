"""Why a connection stands as it does, with what each reader reads in their own language."""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the column."""
    op.execute("alter table connections add column wording jsonb")
    op.execute("comment on column connections.wording is 'of the reason, for readers of other languages'")
