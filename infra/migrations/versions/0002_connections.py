"""Connections, activation links, reference data, shared budgets and checks."""

from alembic import op

from infra.tables import metadata

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables that are not there yet."""
    metadata.create_all(op.get_bind(), checkfirst=True)
