"""A signing secret that is replaced stays good for a while: it is kept beside the new one, locked as that is."""

from alembic import op

revision = "0032"
down_revision = "0031"
works_from = "0030"
"""What these two revisions add is left alone by the version of before, which a roll-back starts again."""

_TABLE = """
create table replaced_secrets (
    number bigserial primary key,
    tenant varchar not null,
    system varchar not null,
    secret bytea not null,
    replaced_at timestamptz not null,
    until timestamptz not null,
    used_at timestamptz
);
create index replaced_secrets_of on replaced_secrets (tenant, system);
comment on table replaced_secrets is
    'what deliveries were signed with before, and may be for a while; written by bokbuss tenant, sources';
comment on column replaced_secrets.secret is 'encrypted with BOKBUSS_SECRET_KEY';
comment on column access_changes.value is
    'the role, none where it was taken away; closed, opened, renewed, renewed_at_once, old_ended';
"""


def upgrade() -> None:
    """Make the table. What was replaced until now ended with that."""
    op.execute(_TABLE)
