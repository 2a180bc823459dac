"""Whom an OpenID provider vouches for is an account's for ever: an address of mail may be somebody else's one day."""

from alembic import op

revision = "0019"
down_revision = "0018"

_OPENID = """
alter table accounts add column openid varchar;
comment on column accounts.openid is
    'issuer and subject: whom an OpenID provider vouched for first; nobody else from then on';
"""


def upgrade() -> None:
    """Add the column."""
    op.execute(_OPENID)
