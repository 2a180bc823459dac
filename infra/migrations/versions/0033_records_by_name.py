"""What was written at a system is found by the name that it has there: an invoice's number, a customer's."""

from alembic import op

revision = "0033"
down_revision = "0032"
works_from = "0030"

_INDEX = "create index audit_record on audit ((body ->> 'record')) where body ->> 'record' <> ''"


def upgrade() -> None:
    """Make the index."""
    op.execute(_INDEX)
