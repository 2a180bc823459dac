"""A link says what it asks for besides what the settings need."""

from alembic import op

revision = "0009"
down_revision = "0008"

_LINKS = """
alter table activation_links drop column documents;
alter table activation_links add column extras varchar not null default '';
comment on column activation_links.extras is 'what is asked for besides, as documents';
"""


def upgrade() -> None:
    """Say more than one thing where there was a column for one; no link has said it yet."""
    op.execute(_LINKS)
