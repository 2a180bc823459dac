"""What moved lately is found without reading all that ever did: by blocks, which costs nothing to write."""

from alembic import op

revision = "0025"
down_revision = "0024"

_INDEXES = """
create index decided_accepted on decided using brin (accepted_at);
create index journal_moved on journal using brin (coalesce(finished_at, sent_at, journaled_at));
"""


def upgrade() -> None:
    """Make the indexes."""
    op.execute(_INDEXES)
