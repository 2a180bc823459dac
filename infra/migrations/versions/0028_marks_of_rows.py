"""The last row of a till's outbox that was read, so that ids that begin anew are noticed however far they come."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Make the column."""
    op.execute("alter table outbox_positions add column mark varchar")
    op.execute(
        "comment on column outbox_positions.mark is 'tells the row of that id from a later one that was given the same'"
    )
