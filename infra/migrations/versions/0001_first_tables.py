"""The first tables."""

import sqlalchemy as sa
from alembic import op

from infra.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables as ``infra.tables`` declares them today; later changes are migrations of their own."""
    op.execute(sa.schema.CreateSequence(sa.Sequence("journal_seq")))
    metadata.create_all(op.get_bind())
